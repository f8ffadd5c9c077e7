//! The form of an offer: of a flavour at a site, at a price, with a promise.

use super::{
    Entered, choice, flavours, line,
    sales::{LIST, address},
};
use crate::portal::{
    Frame,
    parts::{Empty, Field, FieldKind},
    sheet::{FormBox, Section, Sheet},
};
use chrono::{DateTime, Utc};
use hansa_ontology::{
    Currency,
    offer::PricingModel,
    sla::{Metric, Sla, Window},
};
use hansa_repository::catalogue::sale::{NamedFlavour, Sale};

/// The fields of a draft; the first stands for the whole.
pub(crate) const FIELDS: [&str; 12] = [
    "id",
    "title",
    "flavour",
    "site",
    "pricePerHour",
    "pricingModel",
    "units",
    "availabilityPercent",
    "capabilities",
    "serviceArea",
    "validFrom",
    "validThrough",
];

/// What an offer can be made of.
#[derive(Debug)]
pub(crate) struct Choices {
    /// Flavours.
    pub(crate) flavours: Vec<NamedFlavour>,
    /// Sites: IRI and name.
    pub(crate) sites: Vec<(String, String)>,
    /// In which prices are said where no other is.
    pub(crate) currency: Currency,
}

/// Whether all that is promised is what the form asks for: availability in a month.
pub(crate) fn is_plain(sla: Option<&Sla>) -> bool {
    let Some(sla) = sla else { return true };
    match sla.objectives.as_slice() {
        [one] => {
            one.metric == Metric::Availability
                && one.window == Window::Month
                && one.percentile.is_none()
                && one.remedies.is_empty()
                && sla.credit_cap_percent.is_none()
        }
        _ => false,
    }
}

const fn model(model: PricingModel) -> &'static str {
    match model {
        PricingModel::OnDemand => "on-demand",
        PricingModel::Reserved => "reserved",
        PricingModel::Spot => "spot",
    }
}

/// A draft as its form has it.
pub(crate) fn of(sale: &Sale) -> Entered {
    let offer = &sale.offer;
    let time = |at: Option<DateTime<Utc>>| at.map(|at| at.format("%Y-%m-%dT%H:%M").to_string()).unwrap_or_default();
    let promised = offer.sla.as_ref().filter(|sla| is_plain(Some(sla))).and_then(|sla| sla.objectives.first());
    let units = if sale.units_from_nodes { String::new() } else { offer.capacity.available_units.to_string() };
    let words = |items: Vec<String>| items.join(", ");
    Entered::of([
        ("title", offer.title.clone()),
        ("flavour", offer.flavour.name.clone()),
        ("site", offer.site.to_string()),
        ("pricePerHour", offer.price_plan.price_per_hour.to_string()),
        ("pricingModel", model(offer.price_plan.model).to_owned()),
        ("units", units),
        ("availabilityPercent", promised.map(|one| one.target.normalize().to_string()).unwrap_or_default()),
        ("capabilities", words(offer.capabilities.iter().cloned().collect())),
        ("serviceArea", words(offer.service_area.iter().map(ToString::to_string).collect())),
        ("validFrom", time(offer.valid_from)),
        ("validThrough", time(offer.valid_through)),
    ])
}

/// A new draft.
pub(crate) fn new(frame: Frame, choices: &Choices, said: &Entered) -> Sheet {
    let sheet = Sheet::new(frame.clone(), frame.t("sales-draft"))
        .crumb("/infrastructure", frame.t("nav-infrastructure"))
        .crumb(LIST, frame.t("sales-title"))
        .intro(frame.t("sales-draft-text"))
        .notice(said.notice(frame.t("sales-refused")))
        .also(|also| {
            let body = Some(("application/json", "@draft.json"));
            also.cli(&["offer", "draft", "add", "draft.yaml", "--dry-run"])
                .cli(&["offer", "draft", "add", "draft.yaml"])
                .request("POST", "/admin/v1/offers?dryRun=true", body, &[])
                .request("POST", "/admin/v1/offers", body, &["Idempotency-Key: KEY"])
        });
    if choices.flavours.is_empty() {
        let empty = Empty::new(frame.t("sales-no-flavour"), frame.t("sales-no-flavour-text"));
        return sheet.section(Section::plain("draft").with(empty.action(flavours::LIST, frame.t("flavours-title"))));
    }
    let id = line(&frame, "id", "offer-iri").hint(frame.t("sales-iri-hint"));
    let form = fields(&frame, choices, true).into_iter().chain([id]);
    let form =
        form.fold(FormBox::new(&frame, LIST, frame.t("sales-save-draft")), |form, field| form.field(said.fill(field)));
    sheet.section(Section::plain("draft").with(form.main()))
}

/// A draft that is changed.
pub(crate) fn edit(frame: Frame, sale: &Sale, choices: &Choices, said: &Entered) -> Sheet {
    let iri = sale.offer.id.as_str();
    let path = format!("/admin/v1/offers/{}", crate::portal::pages::offers::encoded(iri));
    let plain = is_plain(sale.offer.sla.as_ref());
    let tag = format!("If-Match: \"{}\"", sale.version);
    let form = FormBox::new(&frame, format!("{}/edit", address(sale)), frame.t("sales-save-draft"))
        .hidden("version", sale.version.to_string());
    let form = fields(&frame, choices, plain).into_iter().fold(form, |form, field| form.field(said.fill(field)));
    let intro = frame.t(if plain { "sales-edit-text" } else { "sales-edit-kept" });
    Sheet::new(frame.clone(), frame.t("sales-edit"))
        .crumb("/infrastructure", frame.t("nav-infrastructure"))
        .crumb(LIST, frame.t("sales-title"))
        .crumb(address(sale), &sale.offer.title)
        .intro(intro)
        .notice(said.notice(frame.t("sales-refused")))
        .section(Section::plain("draft").with(form.main()))
        .also(|also| {
            also.cli(&["offer", "draft", "change", iri, "draft.yaml"]).request(
                "PUT",
                &path,
                Some(("application/json", "@draft.json")),
                &[&tag],
            )
        })
}

/// The fields; `promise`: also what is promised.
fn fields(frame: &Frame, choices: &Choices, promise: bool) -> Vec<Field> {
    let flavours = choices.flavours.iter().map(|named| {
        (named.flavour.name.clone(), format!("{} \u{b7} {}", named.flavour.name, flavours::shape(frame, named)))
    });
    let models = [("on-demand", "offer-on-demand"), ("reserved", "offer-reserved"), ("spot", "offer-spot")];
    let time = |name: &str, label: &str| {
        Field::new(name, frame.t(label), FieldKind::Line("datetime-local")).hint(frame.t("sales-utc"))
    };
    let mut fields = vec![
        Field::new("flavour", frame.t("offer-flavour"), choice(flavours)).required(),
        Field::new("site", frame.t("offers-site"), choice(choices.sites.iter().cloned())).required(),
        line(frame, "title", "projects-title").hint(frame.t("sales-title-hint")),
        line(frame, "pricePerHour", "sales-price-field")
            .hint(frame.msg("sales-price-hint").with("currency", choices.currency.to_string()).to_string())
            .required(),
        Field::new(
            "pricingModel",
            frame.t("sales-sold"),
            choice(models.map(|(value, label)| (value.to_owned(), frame.t(label)))),
        ),
    ];
    if promise {
        fields.push(line(frame, "availabilityPercent", "sales-availability").hint(frame.t("sales-availability-hint")));
    }
    fields.extend([
        Field::new("units", frame.t("offers-units"), FieldKind::Line("number")).hint(frame.t("sales-units-hint")),
        line(frame, "capabilities", "offers-capability").hint(frame.t("sales-words-hint")),
        line(frame, "serviceArea", "offer-service-area").hint(frame.t("sales-area-hint")),
        time("validFrom", "offer-valid-from"),
        time("validThrough", "offer-valid-through"),
    ]);
    fields
}
