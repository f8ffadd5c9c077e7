//! What the owner takes into the catalogue as RDF, and takes out of it.

use crate::http::{
    Broker,
    call::Call,
    problem::{ApiError, ProblemKind, Reply},
    replay::{self, serialise},
    routes::offers::find,
    wire::{Fault, ImportReport, Problem, RefusedResource, Withdrawal},
};
use actix_web::{HttpResponse, post, web};
use hansa_ontology::rdf::RdfFormat;
use hansa_repository::catalogue::ImportRequest;

/// Import providers, sites and offers (RDF).
///
/// Each resource is checked against its shape. When one breaks it nothing is
/// written and each fault is told; with `partial=true` the others are taken in.
#[utoipa::path(
    tag = "offers",
    params(
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("partial" = Option<bool>, Query, description = "Take in what is good when something is refused.")
    ),
    request_body(content = String, content_type = "text/turtle"),
    responses((status = 200, body = ImportReport), (status = 422, body = Problem, content_type = "application/problem+json"))
)]
#[post("/offers/import")]
pub(crate) async fn offer_import(broker: web::Data<Broker>, call: Call) -> Reply {
    let format = format(&call)?;
    if call.bytes().is_empty() {
        return Err(ApiError::new(
            ProblemKind::Malformed,
            "the body is empty; send providers, sites and offers as RDF",
        ));
    }
    replay::once(&broker, &call, async {
        let request = ImportRequest {
            dry_run: call.dry_run,
            strict: !call.partial,
            ..ImportRequest::new(call.bytes().to_vec(), format, call.actor.clone(), broker.clock.now())
        };
        let report = ImportReport::from(broker.catalogue.import(request).await?);
        if !call.partial && !report.refused.is_empty() {
            return Err(refusal(report));
        }
        serialise(&report)
    })
    .await
}

/// Withdraw an offer: it is not rented any more; what runs on it goes on.
#[utoipa::path(
    tag = "offers",
    params(
        ("reference" = String, Path, description = "IRI (percent-encoded) or its last segment"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 200, body = Withdrawal), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[post("/offers/{reference}/withdraw")]
pub(crate) async fn offer_withdraw(broker: web::Data<Broker>, reference: web::Path<String>, call: Call) -> Reply {
    let offer = find(&broker, &reference).await?;
    if !call.dry_run {
        broker.catalogue.offer_withdraw(&offer.id, call.actor.clone(), broker.clock.now()).await?;
    }
    Ok(HttpResponse::Ok().json(Withdrawal { offer: offer.id.to_string(), dry_run: call.dry_run }))
}

/// A problem with every fault of the refused resources.
pub(crate) fn refusal(report: ImportReport) -> ApiError {
    faults(report.refused)
}

/// The same of what an owner writes as JSON: faults name its fields.
pub(super) fn faults(refused: Vec<RefusedResource>) -> ApiError {
    let count = refused.len();
    let faults = refused.into_iter().flat_map(|resource| {
        let subject = resource.subject;
        resource.violations.into_iter().map(move |violation| {
            let field = if violation.field.is_empty() { String::new() } else { format!(" {}", violation.field) };
            let value = violation.value.map(|value| format!(" (value: {value})")).unwrap_or_default();
            let shape = if violation.shape.is_empty() { String::new() } else { format!(" [{}]", violation.shape) };
            // The shape's message begins with the field's last part, which has been said.
            let last = violation.field.rsplit(" / ").next().unwrap_or_default();
            let message = violation.message.strip_prefix(&format!("{last}: ")).unwrap_or(&violation.message);
            let detail = format!("{subject}{field}: {message}{value}{shape}");
            Fault { pointer: pointer(last).map(str::to_owned), detail, ..Fault::default() }
        })
    });
    let said = if count == 1 {
        "1 resource breaks its shape".to_owned()
    } else {
        format!("{count} resources break their shapes")
    };
    ApiError::new(ProblemKind::Invalid, format!("{said}; nothing was written")).with_errors(faults.collect())
}

/// The field of an owner's request that a property was made of.
fn pointer(property: &str) -> Option<&'static str> {
    Some(match property {
        "schema:price" | "hansa:pricePlan" | "schema:priceCurrency" => "/pricePerHour",
        "dcterms:title" => "/title",
        "schema:name" => "/name",
        "hansa:atSite" => "/site",
        "schema:addressCountry" => "/country",
        "hansa:availableUnits" => "/units",
        "hansa:capability" => "/capabilities",
        "hansa:sla" | "hansa:target" | "hansa:objective" => "/sla",
        "hansa:pue" => "/energy/pue",
        "hansa:carbonIntensity" => "/energy/carbonIntensity",
        _ => return None,
    })
}

pub(super) fn format(call: &Call) -> Result<RdfFormat, ApiError> {
    let given = call.media_type().unwrap_or(RdfFormat::Turtle.media_type());
    RdfFormat::from_media_type(given).ok_or_else(|| {
        let known: Vec<&str> = RdfFormat::ALL.iter().map(|format| format.media_type()).collect();
        ApiError::new(
            ProblemKind::UnsupportedMediaType,
            format!("a body of type {given} is not read here; send one of {}", known.join(", ")),
        )
    })
}
