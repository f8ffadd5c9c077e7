//! Sites of the owner's: added, changed, removed when they are empty. Those of
//! the configuration file are changed there.

use super::{catalogue::faults, limits, sale_change};
use crate::http::{
    Broker,
    call::Call,
    problem::{ApiError, ProblemKind, Reply},
    replay::{self, serialise},
    routes::sites::find,
    wire::{Energy, Removal, Site, SiteRequest},
};
use actix_web::{HttpResponse, delete, get, http::header, post, put, web};
use hansa_ontology::{self as ontology, Catalogue, SiteId, place::Area, site::EnergyProfile};
use hansa_repository::catalogue::Class;
use rust_decimal::Decimal;

/// Show a site, with the version that `If-Match` compares.
#[utoipa::path(
    tag = "sites",
    params(("reference" = String, Path, description = "IRI (percent-encoded) or its last segment")),
    responses((status = 200, body = Site))
)]
#[get("/sites/{reference}")]
pub(crate) async fn site_show(broker: web::Data<Broker>, reference: web::Path<String>) -> Reply {
    let site = find(&broker, &reference).await?;
    let version = broker.catalogue.resource_version(Class::Site, site.id.as_str()).await?;
    Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{version}\""))).json(Site::from(site)))
}

/// Add a site.
#[utoipa::path(
    tag = "sites",
    params(("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")),
    request_body = SiteRequest,
    responses((status = 200, body = Site))
)]
#[post("/sites")]
pub(crate) async fn site_add(broker: web::Data<Broker>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let site = read(&broker, &call)?;
        if let Ok(known) = find(&broker, site.id.as_str()).await {
            return Err(ApiError::new(
                ProblemKind::Conflict,
                format!("there is a site {}; change it with PUT", known.id),
            ));
        }
        write(&broker, &call, site, None).await
    })
    .await
}

/// Change a site: what is absent is taken away.
#[utoipa::path(
    tag = "sites",
    params(
        ("reference" = String, Path, description = "IRI (percent-encoded) or its last segment"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body = SiteRequest,
    responses((status = 200, body = Site))
)]
#[put("/sites/{reference}")]
pub(crate) async fn site_change(broker: web::Data<Broker>, reference: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let known = find(&broker, &reference).await?;
        changeable(&broker, &known.id)?;
        let site = read(&broker, &call)?;
        if site.id != known.id {
            return Err(ApiError::field("/id", format!("a site keeps its IRI, {}", known.id)));
        }
        let expected = call.expected_version.map(|version| (Class::Site, known.id.to_string(), version));
        write(&broker, &call, site, expected).await
    })
    .await
}

/// Remove a site at which there is neither an offer nor a node.
#[utoipa::path(
    tag = "sites",
    params(
        ("reference" = String, Path, description = "IRI (percent-encoded) or its last segment"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    responses((status = 200, body = Removal))
)]
#[delete("/sites/{reference}")]
pub(crate) async fn site_remove(broker: web::Data<Broker>, reference: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let known = find(&broker, &reference).await?;
        changeable(&broker, &known.id)?;
        let removed = broker.catalogue.site_remove(&known.id, sale_change(&broker, &call), |connection, site| {
            let nodes = hansa_pim::nodes_at(connection, site)?;
            Ok((nodes > 0).then(|| format!("site {site} has {nodes} nodes; remove them first")))
        });
        removed.await?;
        serialise(&Removal { removed: format!("site/{}", known.id), dry_run: call.dry_run })
    })
    .await
}

fn changeable(broker: &Broker, site: &SiteId) -> Result<(), ApiError> {
    if broker.settings.sites.iter().all(|configured| configured.id != *site) {
        return Ok(());
    }
    let text = format!("site {site} stands in the configuration file: change it there and restart the broker");
    Err(ApiError::new(ProblemKind::Conflict, text))
}

async fn write(
    broker: &Broker,
    call: &Call,
    site: ontology::Site,
    expected: Option<(Class, String, i64)>,
) -> Result<String, ApiError> {
    let snapshot = broker.catalogue.snapshot().await?;
    let own = &broker.settings.provider;
    let provider = ontology::Provider { id: own.id.clone(), name: own.name.clone(), country: own.country.clone() };
    let known = snapshot.catalogue.providers.iter().any(|known| known.id == provider.id);
    let catalogue = Catalogue {
        providers: if known { Vec::new() } else { vec![provider] },
        sites: vec![site.clone()],
        offers: Vec::new(),
    };
    let refused = broker.catalogue.own_put(catalogue, expected, sale_change(broker, call)).await?;
    if !refused.is_empty() {
        return Err(faults(refused.into_iter().map(Into::into).collect()));
    }
    serialise(&Site::from(site))
}

fn read(broker: &Broker, call: &Call) -> Result<ontology::Site, ApiError> {
    let wanted: SiteRequest = call.json()?;
    limits::reference("/id", &wanted.id)?;
    limits::text("/name", &wanted.name, 1, 200)?;
    let area =
        |field: &'static str, text: &str| Area::new(text).map_err(|error| ApiError::field(field, error.to_string()));
    let country = area("/country", &wanted.country)?;
    let mut jurisdictions =
        wanted.jurisdictions.iter().map(|law| area("/jurisdictions", law)).collect::<Result<_, _>>()?;
    if wanted.jurisdictions.is_empty() {
        jurisdictions = [country.clone()].into();
    }
    let site =
        |field: &'static str, iri: &str| SiteId::new(iri).map_err(|error| ApiError::field(field, error.to_string()));
    let latency = |(iri, micros): (&String, &u32)| Ok::<_, ApiError>((site("/latenciesMicros", iri)?, *micros));
    Ok(ontology::Site {
        id: site("/id", &wanted.id)?,
        name: wanted.name,
        provider: broker.settings.provider.id.clone(),
        country,
        coordinates: match wanted.coordinates {
            Some(point) => Some(ontology::place::Coordinates {
                latitude: decimal("/coordinates/latitude", &point.latitude)?,
                longitude: decimal("/coordinates/longitude", &point.longitude)?,
            }),
            None => None,
        },
        jurisdictions,
        latencies: wanted.latencies_micros.iter().map(latency).collect::<Result<_, _>>()?,
        energy: wanted.energy.map(energy).transpose()?,
    })
}

fn energy(energy: Energy) -> Result<EnergyProfile, ApiError> {
    let maybe = |field, text: Option<String>| text.map(|text| decimal(field, &text)).transpose();
    Ok(EnergyProfile {
        carbon_intensity: decimal("/energy/carbonIntensity", &energy.carbon_intensity)?,
        pue: decimal("/energy/pue", &energy.pue)?,
        renewable_share: maybe("/energy/renewableShare", energy.renewable_share)?,
        power_watts: maybe("/energy/powerWatts", energy.power_watts)?,
    })
}

/// A decimal number as it is written.
pub(super) fn decimal(field: &str, text: &str) -> Result<Decimal, ApiError> {
    text.parse().ok().ok_or_else(|| ApiError::field(field, "is no decimal number, such as 52.5"))
}
