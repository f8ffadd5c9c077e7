//! `hansa offer …`: what providers sell.

use super::{Context, Table, arguments::OfferCommand, event, output::write, plan::short, read_input};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{ImportReport, Offer, Withdrawal},
};
use hansa_repository::ambient::{IdSource, RandomIds};
use reqwest::Method;
use std::path::{Path, PathBuf};

/// Does what is asked of offers.
pub(super) async fn run(context: &Context, command: OfferCommand) -> Result<(), Failure> {
    match command {
        OfferCommand::List { site, provider, capability, limit } => {
            let mut request = Request::get(&["offers"]).maybe_query("site", site).maybe_query("provider", provider);
            if !capability.is_empty() {
                request = request.query("capability", capability.join(","));
            }
            let offers: Vec<Offer> = context.client.list(request, limit).await?;
            context.output.show(&offers, |offers| list_text(offers))
        }
        OfferCommand::Show { offer, turtle: true } => {
            let request = Request::get(&["offers", &offer]).header("Accept", "text/turtle");
            write(context.client.text(request).await?.as_bytes())
        }
        OfferCommand::Show { offer, turtle: false } => {
            let offer: Offer = context.client.json(Request::get(&["offers", &offer])).await?;
            context.output.show(&offer, offer_text)
        }
        OfferCommand::Draft(command) => super::owner::run_drafts(context, command).await,
        OfferCommand::Import { files, dry_run, partial } => import(context, &files, dry_run, partial).await,
        OfferCommand::Withdraw { offer, dry_run } => {
            let request = Request::admin(Method::POST, &["offers", &offer, "withdraw"]).query("dryRun", dry_run);
            let withdrawn: Withdrawal = context.client.json(request).await?;
            context.output.show(&withdrawn, |withdrawn| {
                let done = if withdrawn.dry_run { "would be withdrawn" } else { "is withdrawn" };
                format!("{} {done}", withdrawn.offer)
            })
        }
    }
}

async fn import(context: &Context, files: &[PathBuf], dry_run: bool, partial: bool) -> Result<(), Failure> {
    let mut refused = Vec::new();
    for file in files {
        let name = file.display().to_string();
        let request = Request::admin(Method::POST, &["offers", "import"])
            .query("dryRun", dry_run)
            .query("partial", partial)
            .header("Idempotency-Key", RandomIds.next().to_string())
            .body(media_type(file)?, read_input(file)?);
        let report: ImportReport = context.client.json(request).await.map_err(|error| error.failure(Some(&name)))?;
        context.output.show(&report, |report| format!("{name}: {}", report_text(report)))?;
        for resource in &report.refused {
            refused.extend(resource.violations.iter().map(|violation| {
                let value = violation.value.as_ref().map(|value| format!(" (value: {value})")).unwrap_or_default();
                format!("{name}: {} {}: {}{value}", resource.subject, violation.field, violation.message)
            }));
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    Err(Failure::input("some resources break their shapes and were refused").with_details(refused))
}

fn report_text(report: &ImportReport) -> String {
    let of = |kind: &str| report.changes.iter().filter(|change| change.change == kind).count();
    let would = if report.outcome == "dry-run" { "would be " } else { "" };
    format!(
        "{} {would}imported, {} {would}changed, {} unchanged, {} refused",
        of("imported"),
        of("changed"),
        report.unchanged,
        report.refused.len()
    )
}

/// The media type by the file's ending.
fn media_type(file: &Path) -> Result<&'static str, Failure> {
    let extension = file.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        None | Some("ttl" | "turtle") => Ok("text/turtle"),
        Some("nt") => Ok("application/n-triples"),
        Some("rdf" | "xml" | "owl") => Ok("application/rdf+xml"),
        Some("jsonld" | "json") => Ok("application/ld+json"),
        Some(other) => Err(Failure::input(format!(
            "{}: `.{other}` is no known ending of an RDF file; use .ttl, .nt, .rdf or .jsonld",
            file.display()
        ))),
    }
}

fn list_text(offers: &[Offer]) -> String {
    let mut table = Table::new(
        "there is no offer; `hansa offer import FILE` takes some in",
        [
            "OFFER",
            "KIND",
            "SITE",
            "PROVIDER",
            "FROM",
            "FRESHNESS",
            "CPU",
            "MEMORY",
            "UNITS",
            "PRICE/H",
            "SLA",
            "CAPABILITIES",
        ],
    )
    .right(&[6, 7, 8, 9, 10]);
    for offer in offers {
        table.row([
            short(&offer.id),
            offer.kind.clone(),
            short(&offer.site),
            short(&offer.provider),
            offer.source.as_ref().map_or_else(|| "here".to_owned(), |source| source.partner_name.clone()),
            offer.source.as_ref().map_or_else(|| "-".to_owned(), |source| source.freshness.clone()),
            cpu(offer),
            format!("{} MiB", offer.memory_mib),
            offer.available_units.to_string(),
            offer.price_per_hour.to_string(),
            offer.availability_percent.as_ref().map_or_else(|| "-".to_owned(), |percent| format!("{percent} %")),
            offer.capabilities.join(" "),
        ]);
    }
    table.text()
}

fn cpu(offer: &Offer) -> String {
    rust_decimal::Decimal::new(offer.cpu_milli.into(), 3).normalize().to_string()
}

fn offer_text(offer: &Offer) -> String {
    let or_dash = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let rows = [
        ("offer", offer.id.clone()),
        ("title", offer.title.clone()),
        ("provider", offer.provider.clone()),
        ("site", offer.site.clone()),
        ("kind", offer.kind.clone()),
        (
            "flavour",
            format!(
                "{}: {} CPU ({}), {} MiB, {} MiB disk",
                offer.flavour,
                cpu(offer),
                offer.cpu_arch,
                offer.memory_mib,
                offer.disk_mib
            ),
        ),
        ("gpu", or_dash(&offer.gpu)),
        ("units", offer.available_units.to_string()),
        ("price", format!("{} an hour, {}", offer.price_per_hour, offer.pricing_model)),
        (
            "SLA",
            offer
                .availability_percent
                .as_ref()
                .map_or_else(|| "-".to_owned(), |percent| format!("{percent} % availability")),
        ),
        (
            "carbon",
            offer
                .energy
                .as_ref()
                .map_or_else(|| "the site's".to_owned(), |energy| format!("{} g/kWh", energy.carbon_intensity)),
        ),
        ("claims", offer.claims.join(" ")),
        ("capabilities", offer.capabilities.join(" ")),
        (
            "serves",
            if offer.service_area.is_empty() { "the site's country".to_owned() } else { offer.service_area.join(" ") },
        ),
    ];
    let text: String = rows.iter().map(|(name, value)| format!("{name:<13} {value}\n")).collect();
    text + &source_text(offer)
}

fn source_text(offer: &Offer) -> String {
    let Some(source) = &offer.source else { return "from          this broker's own provider\n".to_owned() };
    let heard = source.last_heard.map_or_else(|| "never".to_owned(), event::time);
    let unusable = source.unusable.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    format!(
        "from          {} ({}), last heard {heard}\nfreshness     {}{unusable}\n",
        source.partner_name, source.partner, source.freshness
    )
}
