//! One offer, and a few offers side by side.

use super::offers::{Origin, address, decimal, encoded, kind_word, laws, memory, size};
use crate::portal::{
    Frame, Language,
    offers::{OfferQuery, Row as Compared},
    parts::{Empty, Instant, Notice, Tone},
    sheet::{Cell, Column, Facts, FormBox, Row, Section, Sheet, Table},
};
use hansa_iam::model::Action;
use hansa_ontology::{
    Offer,
    offer::{ComplianceClaim, CpuArch, PricingModel},
    sla::{Metric, ServiceLevelObjective, Sla, Window},
};
use hansa_repository::catalogue::Stored;
use rust_decimal::Decimal;

/// The longest document that is shown, in bytes; the rest is one link away.
const LONGEST_DOCUMENT: usize = 64 << 10;

/// One offer with everything that is known of it.
#[derive(Debug)]
pub(crate) struct Shown<'a> {
    /// The offer.
    pub(crate) offer: &'a Offer,
    /// What is compared of it.
    pub(crate) row: &'a Compared,
    /// Where it comes from.
    pub(crate) origin: Origin,
}

/// The page of an offer.
pub(crate) fn page(frame: Frame, shown: &Shown<'_>, stored: &Stored<Offer>) -> Sheet {
    let (offer, language) = (shown.offer, frame.language);
    let iri = offer.id.as_str();
    let withdraw = (shown.origin.partner.is_none() && frame.may(Action::OfferWrite)).then(|| withdraw(&frame, offer));
    let facts = Section::plain("offer").with(facts(&frame, shown, stored));
    let sheet = Sheet::new(frame.clone(), &offer.title)
        .crumb("/offers", frame.t("offers-title"))
        .state(shown.origin.state.clone())
        .notice(
            shown.origin.unusable.as_ref().map(|why| Notice::new(Tone::Warn, frame.t("offer-unusable")).detail(why)),
        )
        .section(facts)
        .section(promises(&frame, offer.sla.as_ref()))
        .section(energy(&frame, shown))
        .section(claims(&frame, &offer.claims))
        .section(document(&frame, stored))
        .also(|also| {
            also.cli(&["offer", "show", iri])
                .cli(&["offer", "show", iri, "--turtle"])
                .get(&format!("/api/v1/offers/{}", encoded(iri)))
                .request("GET", &format!("/api/v1/offers/{}", encoded(iri)), None, &["Accept: text/turtle"])
        });
    let sheet = sheet.action(format!("/offers/compare?pick={}", encoded(iri)), language.t("offer-compare"));
    match withdraw {
        Some(section) => sheet.section(section),
        None => sheet,
    }
}

fn withdraw(frame: &Frame, offer: &Offer) -> Section {
    let action = format!("{}/withdraw", address(offer.id.as_str()));
    Section::new("withdraw", frame.t("offer-withdraw"))
        .text(frame.t("offer-withdraw-text"))
        .with(FormBox::new(frame, action, frame.t("offer-withdraw")).danger())
}

fn facts(frame: &Frame, shown: &Shown<'_>, stored: &Stored<Offer>) -> Facts {
    let (offer, row, language) = (shown.offer, shown.row, frame.language);
    let text = |text: String| Cell::Text(text);
    let day = |at| Cell::Time(Instant::day(language, at));
    Facts::new()
        .with(frame.t("offers-price"), text(price(frame, offer)))
        .with(frame.t("offers-provider"), text(row.provider.clone()))
        .with(frame.t("offers-site"), Cell::link(format!("/sites/{}", encoded(offer.site.as_str())), &row.site))
        .with(frame.t("offers-law-column"), text(laws(row)))
        .with(frame.t("offers-kind"), text(kind_word(language, offer.kind)))
        .with(frame.t("offers-size-column"), text(size(language, offer)))
        .with(frame.t("offer-flavour"), text(offer.flavour.name.clone()))
        .with(frame.t("offer-disk"), text(memory(language, offer.flavour.disk_mib)))
        .with(frame.t("offer-architecture"), text(architecture(offer.flavour.cpu_arch).to_owned()))
        .maybe(
            frame.t("offer-gpu"),
            offer.flavour.gpu.as_ref().map(|gpu| text(format!("{} \u{d7} {}", gpu.count, gpu.model))),
        )
        .maybe(
            frame.t("offer-bandwidth"),
            offer
                .flavour
                .bandwidth_mbps
                .map(|rate| text(format!("{}\u{a0}Mbit/s", language.decimal(&rate.to_string())))),
        )
        .maybe(frame.t("offers-capability"), list(offer.capabilities.iter().cloned()))
        .maybe(frame.t("offer-service-area"), list(offer.service_area.iter().map(ToString::to_string)))
        .with(frame.t("offers-units"), text(language.decimal(&offer.capacity.available_units.to_string())))
        .with(frame.t("offer-units-as-of"), Cell::Time(Instant::ago(language, offer.capacity.as_of, frame.now)))
        .maybe(frame.t("offer-valid-from"), offer.valid_from.map(day))
        .maybe(frame.t("offer-valid-through"), offer.valid_through.map(day))
        .maybe(frame.t("offer-partner"), shown.origin.partner.clone().map(text))
        .maybe(frame.t("offer-heard"), shown.origin.heard.map(|at| Cell::Time(Instant::ago(language, at, frame.now))))
        .with(frame.t("offer-imported"), Cell::Time(Instant::minute(language, stored.imported_at)))
        .with(frame.t("offer-iri"), Cell::Code(offer.id.to_string()))
}

fn list(items: impl Iterator<Item = String>) -> Option<Cell> {
    let items: Vec<String> = items.collect();
    (!items.is_empty()).then(|| Cell::Text(items.join(", ")))
}

/// The price with the way it is sold.
fn price(frame: &Frame, offer: &Offer) -> String {
    let amount = frame.msg("per-hour").with("amount", frame.language.money(offer.price_plan.price_per_hour));
    let sold = match offer.price_plan.model {
        PricingModel::OnDemand => "offer-on-demand",
        PricingModel::Reserved => "offer-reserved",
        PricingModel::Spot => "offer-spot",
    };
    format!("{amount} \u{b7} {}", frame.t(sold))
}

const fn architecture(arch: CpuArch) -> &'static str {
    match arch {
        CpuArch::Amd64 => "x86-64",
        CpuArch::Arm64 => "Arm64",
        CpuArch::Riscv64 => "RISC-V",
    }
}

/// What is promised, and what follows where it isn't kept.
pub(crate) fn promises(frame: &Frame, sla: Option<&Sla>) -> Section {
    let section = Section::new("sla", frame.t("offer-sla"));
    let Some(sla) = sla else {
        return section.with(Empty::new(frame.t("offer-no-sla"), frame.t("offer-no-sla-text")));
    };
    let columns = [
        Column::new(frame.t("offer-metric")),
        Column::number(frame.t("offer-target")),
        Column::new(frame.t("offer-window")),
        Column::new(frame.t("offer-remedies")),
    ];
    let rows = sla.objectives.iter().map(|objective| promise(frame, objective));
    let section = section.with(Table::new(frame.t("offer-sla-caption"), columns).rows(rows));
    match sla.credit_cap_percent {
        Some(cap) => {
            let cap = frame.language.percentage(&cap.normalize().to_string());
            section.text(frame.msg("offer-cap").with("percent", cap).to_string())
        }
        None => section,
    }
}

fn promise(frame: &Frame, objective: &ServiceLevelObjective) -> Row {
    let language = frame.language;
    let value = |value: Decimal| metric_value(language, objective.metric, value);
    let target = match objective.percentile {
        Some(percentile) => format!("{} (p{})", value(objective.target), percentile.normalize()),
        None => value(objective.target),
    };
    let remedies = objective.remedies.iter().map(|remedy| {
        let credit = language.percentage(&remedy.credit_percent.normalize().to_string());
        let said = frame.msg("offer-remedy").with("threshold", value(remedy.threshold)).with("credit", credit);
        Cell::Text(said.to_string())
    });
    let remedies: Vec<Cell> = remedies.collect();
    Row::new([
        Cell::Text(metric_word(frame, objective.metric)),
        Cell::Text(target),
        Cell::Text(window_word(frame, objective.window)),
        if remedies.is_empty() { Cell::Nothing(frame.t("none")) } else { Cell::Lines(remedies) },
    ])
}

fn metric_word(frame: &Frame, metric: Metric) -> String {
    frame.t(match metric {
        Metric::Availability => "offer-metric-availability",
        Metric::Latency => "offer-metric-latency",
        Metric::Throughput => "offer-metric-throughput",
        Metric::ErrorRate => "offer-metric-error-rate",
        Metric::ProvisioningTime => "offer-metric-provisioning-time",
        Metric::RepairTime => "offer-metric-repair-time",
    })
}

/// A value in the metric's unit.
fn metric_value(language: Language, metric: Metric, value: Decimal) -> String {
    let number = value.normalize().to_string();
    let unit = match metric {
        Metric::Availability | Metric::ErrorRate => return language.percentage(&number),
        Metric::Latency => "ms",
        Metric::Throughput => "Mbit/s",
        Metric::ProvisioningTime => "s",
        Metric::RepairTime => "min",
    };
    format!("{}\u{a0}{unit}", language.decimal(&number))
}

fn window_word(frame: &Frame, window: Window) -> String {
    frame.t(match window {
        Window::Hour => "offer-window-hour",
        Window::Day => "offer-window-day",
        Window::Week => "offer-window-week",
        Window::Month => "offer-window-month",
        Window::Year => "offer-window-year",
    })
}

fn energy(frame: &Frame, shown: &Shown<'_>) -> Section {
    let (row, language) = (shown.row, frame.language);
    let section = Section::new("energy", frame.t("offer-energy"));
    let Some(grams) = row.grams else {
        return section.with(Empty::new(frame.t("offer-no-energy"), frame.t("offer-no-energy-text")));
    };
    let energy = shown.offer.energy.as_ref();
    let emitted = frame.msg("offer-grams").with("grams", decimal(language, grams, 2)).to_string();
    let how = frame.t(if row.estimated { "offer-power-estimated" } else { "offer-power-stated" });
    let facts = Facts::new()
        .with(frame.t("offers-carbon"), Cell::Text(emitted))
        .maybe(
            frame.t("offer-intensity"),
            row.intensity.map(|grams| {
                Cell::Text(frame.msg("offers-intensity").with("grams", decimal(language, grams, 1)).to_string())
            }),
        )
        .maybe(frame.t("offer-pue"), energy.map(|energy| Cell::Text(decimal(language, energy.pue, 3))))
        .maybe(
            frame.t("offer-renewable"),
            energy
                .and_then(|energy| energy.renewable_share)
                .map(|share| Cell::Text(language.percentage(&(share * Decimal::ONE_HUNDRED).normalize().to_string()))),
        )
        .with(frame.t("offer-power"), Cell::Text(how));
    section.with(facts)
}

fn claims(frame: &Frame, claims: &[ComplianceClaim]) -> Section {
    let section = Section::new("claims", frame.t("offer-claims")).text(frame.t("offer-claims-text"));
    if claims.is_empty() {
        return section.with(Empty::new(frame.t("offer-no-claims"), frame.t("offer-no-claims-text")));
    }
    let nothing = || Cell::Nothing(frame.t("unknown"));
    let rows = claims.iter().map(|claim| {
        let evidence = claim
            .evidence
            .as_ref()
            .map(|iri| if iri.starts_with("https://") { Cell::link(iri, iri) } else { Cell::Code(iri.clone()) });
        Row::new([
            Cell::text(&claim.scheme),
            claim.issuer.as_ref().map_or_else(nothing, Cell::text),
            evidence.unwrap_or_else(nothing),
            claim.valid_through.map_or_else(nothing, |end| Cell::Time(Instant::day(frame.language, end))),
        ])
    });
    let columns = ["offer-scheme", "offer-issuer", "offer-evidence", "offer-valid-through"];
    section.with(Table::new(frame.t("offer-claims"), columns.map(|key| Column::new(frame.t(key)))).rows(rows))
}

/// The document as it was exchanged, and who signed it.
fn document(frame: &Frame, stored: &Stored<Offer>) -> Section {
    let mut facts = Facts::new().with(frame.t("offer-media-type"), Cell::Code(stored.source.media_type.clone()));
    if let Some(origin) = &stored.origin {
        facts = facts
            .with(frame.t("offer-signer"), Cell::Code(origin.partner.clone()))
            .with(frame.t("offer-received"), Cell::Time(Instant::minute(frame.language, origin.received_at)))
            .with(frame.t("offer-signature"), Cell::Code(origin.signature.clone()));
    }
    let text = &stored.source.text;
    let end = (0..=LONGEST_DOCUMENT.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    let shown = text.get(..end).unwrap_or_default().to_owned();
    let signed = frame.t(if stored.origin.is_some() { "offer-document-signed" } else { "offer-document-own" });
    Section::new("document", frame.t("offer-document"))
        .text(signed)
        .with(facts)
        .with(super::super::sheet::Part::Listing(shown))
}

/// Offers side by side, in columns.
pub(crate) fn compare(frame: Frame, query: &OfferQuery, offers: &[Shown<'_>], missing: usize) -> Sheet {
    let back = query.address(None);
    let notice =
        (missing > 0).then(|| Notice::new(Tone::Warn, frame.msg("offer-missing").with("count", missing).to_string()));
    let iris: Vec<&str> = offers.iter().map(|shown| shown.offer.id.as_str()).collect();
    let sheet = Sheet::new(frame.clone(), frame.t("offer-compared"))
        .intro(frame.t("offer-compared-text"))
        .crumb(back, frame.t("offers-title"))
        .notice(notice)
        .also(|also| {
            let also = iris.iter().fold(also, |also, iri| also.cli(&["offer", "show", iri]));
            iris.iter().fold(also, |also, iri| also.get(&format!("/api/v1/offers/{}", encoded(iri))))
        });
    if offers.is_empty() {
        let empty = Empty::new(frame.t("offer-nothing-picked"), frame.t("offers-compare-hint"));
        return sheet.section(Section::plain("compared").with(empty.action("/offers", frame.t("offers-title"))));
    }
    sheet.section(Section::plain("compared").with(side_by_side(&frame, query, offers)))
}

/// How an offer is said in one line of the comparison.
type Said = fn(&Frame, &Shown<'_>) -> Option<String>;

fn side_by_side(frame: &Frame, query: &OfferQuery, offers: &[Shown<'_>]) -> Table {
    let lines: [(&str, Said); 15] = [
        ("offers-price", |frame, one| Some(price(frame, one.offer))),
        ("offers-availability", |frame, one| {
            one.row.availability.map(|percent| frame.language.percentage(&percent.normalize().to_string()))
        }),
        ("offers-law-column", |_, one| Some(laws(one.row))),
        ("offers-carbon", |frame, one| {
            one.row
                .grams
                .map(|grams| frame.msg("offer-grams").with("grams", decimal(frame.language, grams, 2)).to_string())
        }),
        ("offer-intensity", |frame, one| {
            let grams = one.row.intensity?;
            Some(frame.msg("offers-intensity").with("grams", decimal(frame.language, grams, 1)).to_string())
        }),
        ("offers-kind", |frame, one| Some(kind_word(frame.language, one.offer.kind))),
        ("offers-size-column", |frame, one| Some(size(frame.language, one.offer))),
        ("offer-disk", |frame, one| Some(memory(frame.language, one.offer.flavour.disk_mib))),
        ("offer-architecture", |_, one| Some(architecture(one.offer.flavour.cpu_arch).to_owned())),
        ("offer-gpu", |_, one| one.offer.flavour.gpu.as_ref().map(|gpu| format!("{} \u{d7} {}", gpu.count, gpu.model))),
        ("offers-units", |frame, one| Some(frame.language.decimal(&one.offer.capacity.available_units.to_string()))),
        ("offers-provider", |_, one| Some(one.row.provider.clone())),
        ("offers-site", |_, one| Some(one.row.site.clone())),
        ("offer-claims", |_, one| {
            let schemes: Vec<&str> = one.offer.claims.iter().map(|claim| claim.scheme.as_str()).collect();
            (!schemes.is_empty()).then(|| schemes.join(", "))
        }),
        ("offers-source", |_, one| Some(one.origin.partner.clone().unwrap_or_else(|| one.origin.state.word.clone()))),
    ];
    let titles = offers.iter().map(|one| Column::new(&one.offer.title));
    let columns = std::iter::once(Column::new(frame.t("offer-property"))).chain(titles);
    let mut rows: Vec<Row> = lines
        .into_iter()
        .map(|(key, said)| {
            let cells =
                offers.iter().map(|one| said(frame, one).map_or_else(|| Cell::Nothing(frame.t("unknown")), Cell::Text));
            Row::new(std::iter::once(Cell::Text(frame.t(key))).chain(cells))
        })
        .collect();
    let links = offers.iter().map(|one| {
        let iri = one.offer.id.as_str();
        let rest = OfferQuery {
            picked: query.picked.iter().filter(|other| *other != iri).cloned().collect(),
            ..query.clone()
        };
        let without = rest.address(None).replacen("/offers", "/offers/compare", 1);
        Cell::Lines(vec![
            Cell::link(address(iri), frame.msg("offer-open").with("title", &one.offer.title).to_string()),
            Cell::link(without, frame.msg("offer-unpick").with("title", &one.offer.title).to_string()),
        ])
    });
    rows.push(Row::new(std::iter::once(Cell::Text(frame.t("offer-links"))).chain(links)));
    Table::new(frame.t("offer-compared"), columns).rows(rows)
}
