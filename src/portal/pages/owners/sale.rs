//! One of the owner's offers: what it says, what it was and will be, and what
//! can be done with it in its state.

use super::{
    Entered, line,
    sales::{LIST, address},
};
use crate::portal::{
    Frame,
    pages::{
        names::Names,
        offer::promises,
        offers::{address as in_catalogue, encoded, kind_word, size},
    },
    parts::{Field, FieldKind, Instant, StateMark},
    sheet::{Cell, Column, Facts, FormBox, Row, Section, Sheet, Table},
};
use hansa_iam::model::Action;
use hansa_repository::catalogue::sale::{Sale, SaleState, SaleVersion};

/// The page of an offer.
pub(crate) fn page(frame: Frame, sale: &Sale, history: &[SaleVersion], names: &Names, said: &Entered) -> Sheet {
    let iri = sale.offer.id.as_str();
    let path = format!("/admin/v1/offers/{}", encoded(iri));
    let tag = format!("If-Match: \"{}\"", sale.version);
    let writes = frame.may(Action::OfferWrite);
    let mut sheet = Sheet::new(frame.clone(), &sale.offer.title)
        .crumb("/infrastructure", frame.t("nav-infrastructure"))
        .crumb(LIST, frame.t("sales-title"))
        .state(StateMark::of(frame.language, sale.state.name()))
        .notice(said.notice(frame.t("sales-refused")))
        .section(Section::plain("offer").with(facts(&frame, sale, names)))
        .also(|also| {
            let also = also.cli(&["offer", "draft", "show", iri]).cli(&["offer", "draft", "history", iri]).get(&path);
            match sale.state {
                SaleState::Draft => also.cli(&["offer", "draft", "publish", iri]).request(
                    "POST",
                    &format!("{path}/publish"),
                    None,
                    &[&tag],
                ),
                SaleState::Published => also
                    .cli(&["offer", "draft", "price", iri, "0.02"])
                    .cli(&["offer", "draft", "units", iri, "8"])
                    .cli(&["offer", "withdraw", iri])
                    .request("POST", &format!("{path}/withdraw"), None, &[]),
                SaleState::Withdrawn => also,
            }
        });
    if sale.state == SaleState::Published {
        sheet = sheet.action(in_catalogue(iri), frame.t("sales-in-catalogue"));
    }
    if writes && sale.state == SaleState::Draft {
        sheet = sheet.action(format!("{}/edit", address(sale)), frame.t("sales-edit")).section(publish(&frame, sale));
    }
    sheet = sheet.section(promises(&frame, sale.offer.sla.as_ref()));
    if writes && sale.state == SaleState::Published {
        sheet = sheet.section(price(&frame, sale, said)).section(units(&frame, sale, said));
    }
    sheet = sheet.section(versions(&frame, history));
    match (writes, sale.state) {
        (true, SaleState::Draft) => sheet.section(discard(&frame, sale)),
        (true, SaleState::Published) => sheet.section(withdraw(&frame, sale)),
        _ => sheet,
    }
}

fn facts(frame: &Frame, sale: &Sale, names: &Names) -> Facts {
    let (offer, language) = (&sale.offer, frame.language);
    let units = language.decimal(&offer.capacity.available_units.to_string());
    let units = if sale.units_from_nodes {
        frame.msg("sales-units-from-nodes").with("units", units).to_string()
    } else {
        units
    };
    let list = |items: Vec<String>| (!items.is_empty()).then(|| Cell::Text(items.join(", ")));
    let day = |at| Cell::Time(Instant::minute(language, at));
    Facts::new()
        .with(frame.t("sales-price"), Cell::Text(language.money(offer.price_plan.price_per_hour)))
        .with(
            frame.t("offers-site"),
            Cell::link(format!("/sites/{}", encoded(offer.site.as_str())), names.site(&offer.site)),
        )
        .with(frame.t("offers-kind"), Cell::Text(kind_word(language, offer.kind)))
        .with(frame.t("offer-flavour"), Cell::Text(format!("{} \u{b7} {}", offer.flavour.name, size(language, offer))))
        .with(frame.t("offers-units"), Cell::Text(units))
        .maybe(frame.t("offers-capability"), list(offer.capabilities.iter().cloned().collect()))
        .maybe(frame.t("offer-service-area"), list(offer.service_area.iter().map(ToString::to_string).collect()))
        .maybe(frame.t("offer-valid-from"), offer.valid_from.map(day))
        .maybe(frame.t("offer-valid-through"), offer.valid_through.map(day))
        .with(frame.t("sales-changed"), day(sale.changed_at))
        .with(frame.t("sales-by"), Cell::text(sale.changed_by.to_string()))
        .with(frame.t("offer-iri"), Cell::Code(offer.id.to_string()))
}

/// A form about this offer, unless it has changed since.
fn form(frame: &Frame, sale: &Sale, what: &str, button: &str) -> FormBox {
    FormBox::new(frame, format!("{}/{what}", address(sale)), frame.t(button))
        .hidden("version", sale.version.to_string())
}

fn publish(frame: &Frame, sale: &Sale) -> Section {
    Section::new("publish", frame.t("sales-publish"))
        .text(frame.t("sales-publish-text"))
        .with(form(frame, sale, "publish", "sales-publish").main())
}

fn price(frame: &Frame, sale: &Sale, said: &Entered) -> Section {
    let now = sale.offer.price_plan.price_per_hour.to_string();
    let price = line(frame, "pricePerHour", "sales-price-field").value(now).required();
    let from = Field::new("validFrom", frame.t("sales-from"), FieldKind::Line("datetime-local"));
    Section::new("price", frame.t("sales-reprice")).text(frame.t("sales-reprice-text")).with(
        form(frame, sale, "price", "sales-set-price")
            .field(said.fill(price))
            .field(said.fill(from.hint(frame.t("sales-from-hint")))),
    )
}

fn units(frame: &Frame, sale: &Sale, said: &Entered) -> Section {
    let now = if sale.units_from_nodes { String::new() } else { sale.offer.capacity.available_units.to_string() };
    let units = Field::new("units", frame.t("offers-units"), FieldKind::Line("number")).value(now);
    Section::new("units", frame.t("sales-units"))
        .with(form(frame, sale, "units", "sales-units").field(said.fill(units.hint(frame.t("sales-units-hint")))))
}

fn withdraw(frame: &Frame, sale: &Sale) -> Section {
    Section::new("withdraw", frame.t("offer-withdraw"))
        .text(frame.t("offer-withdraw-text"))
        .with(form(frame, sale, "withdraw", "offer-withdraw").danger())
}

fn discard(frame: &Frame, sale: &Sale) -> Section {
    Section::new("discard", frame.t("sales-discard"))
        .text(frame.t("sales-discard-text"))
        .with(form(frame, sale, "discard", "sales-discard").danger())
}

/// What was done to an offer, in the page's language.
fn deed(frame: &Frame, change: &str) -> String {
    match change {
        "drafted" => frame.t("sales-did-drafted"),
        "changed" => frame.t("sales-did-changed"),
        "published" => frame.t("sales-did-published"),
        "priced" => frame.t("sales-did-priced"),
        "units" => frame.t("sales-did-units"),
        "withdrawn" => frame.t("sales-did-withdrawn"),
        other => other.to_owned(),
    }
}

fn versions(frame: &Frame, history: &[SaleVersion]) -> Section {
    let rows = history.iter().map(|version| {
        let from = Cell::Time(Instant::minute(frame.language, version.valid_from));
        let waits = || Cell::Text(frame.t("sales-waits"));
        Row::new([
            Cell::number(version.version),
            Cell::Text(deed(frame, &version.change)),
            Cell::number(frame.language.money(version.offer.price_plan.price_per_hour)),
            Cell::number(frame.language.decimal(&version.offer.capacity.available_units.to_string())),
            if version.in_force { from } else { Cell::Lines(vec![from, waits()]) },
            Cell::text(version.changed_by.to_string()),
        ])
    });
    let columns = [
        Column::new(frame.t("sales-version")),
        Column::new(frame.t("sales-did")),
        Column::number(frame.t("sales-price")),
        Column::number(frame.t("offers-units")),
        Column::new(frame.t("sales-counts-from")),
        Column::new(frame.t("sales-by")),
    ];
    Section::new("history", frame.t("sales-history")).with(Table::new(frame.t("sales-history"), columns).rows(rows))
}
