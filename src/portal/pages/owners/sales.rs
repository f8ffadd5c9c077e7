//! The owner's offers by state: drafts, what is published, what was withdrawn.

use super::choice;
use crate::portal::{
    Frame,
    pages::{names::Names, offers::encoded},
    parts::{Empty, Field, Instant, Pager, StateMark},
    sheet::{Cell, Column, Filters, Row, Section, Sheet, Table},
};
use hansa_iam::model::Action;
use hansa_repository::catalogue::sale::{Sale, SaleState};

/// Where the list is.
pub(crate) const LIST: &str = "/infrastructure/offers";

/// A page's worth of offers.
#[derive(Debug)]
pub(crate) struct Cut {
    /// The offers.
    pub(crate) found: Vec<Sale>,
    /// Only of this state.
    pub(crate) state: Option<String>,
    /// Whether this is the first page.
    pub(crate) first: bool,
    /// The token of the next page.
    pub(crate) next: Option<String>,
}

/// The page of an offer of the owner's.
pub(crate) fn address(sale: &Sale) -> String {
    format!("{LIST}/{}", encoded(sale.offer.id.as_str()))
}

/// The list.
pub(crate) fn list(frame: Frame, cut: &Cut, names: &Names) -> Sheet {
    let states = [SaleState::Draft, SaleState::Published, SaleState::Withdrawn];
    let words = states.map(|state| (state.name().to_owned(), StateMark::of(frame.language, state.name()).word));
    let every = std::iter::once((String::new(), frame.t("sheet-any")));
    let state = cut.state.clone().unwrap_or_default();
    let filter = Field::new("state", frame.t("sheet-state"), choice(every.chain(words))).value(&state);
    let filters = Filters::new(LIST, frame.t("sheet-filter")).field(filter);
    let section = Section::plain("offers").with(filters.reset(cut.state.as_ref().map(|_| frame.t("sheet-reset"))));
    let section = if cut.found.is_empty() {
        let empty = Empty::new(frame.t("sales-none"), frame.t("sales-none-text"));
        section.with(empty)
    } else {
        let of = |token: &str| format!("{LIST}?state={}&page={token}", encoded(&state));
        section.with(table(&frame, cut, names)).with(Pager {
            language: frame.language,
            shown: frame.msg("sales-shown").with("count", cut.found.len()).to_string(),
            first: (!cut.first).then(|| format!("{LIST}?state={}", encoded(&state))),
            previous: None,
            next: cut.next.as_deref().map(of),
        })
    };
    let sheet = Sheet::new(frame.clone(), frame.t("sales-title"))
        .crumb("/infrastructure", frame.t("nav-infrastructure"))
        .intro(frame.t("sales-intro"))
        .section(section)
        .also(|also| match cut.state.as_deref() {
            Some(state) => also
                .cli(&["offer", "draft", "list", "--state", state])
                .get(&format!("/admin/v1/offers?state={}", encoded(state))),
            None => also.cli(&["offer", "draft", "list"]).get("/admin/v1/offers"),
        });
    if frame.may(Action::OfferWrite) { sheet.action(format!("{LIST}/new"), frame.t("sales-draft")) } else { sheet }
}

fn table(frame: &Frame, cut: &Cut, names: &Names) -> Table {
    let rows = cut.found.iter().map(|sale| {
        let offer = &sale.offer;
        Row::new([
            Cell::link(address(sale), &offer.title),
            Cell::State(StateMark::of(frame.language, sale.state.name())),
            Cell::Text(names.site(&offer.site)),
            Cell::text(&offer.flavour.name),
            Cell::number(frame.language.money(offer.price_plan.price_per_hour)),
            Cell::number(frame.language.decimal(&offer.capacity.available_units.to_string())),
            Cell::Time(Instant::ago(frame.language, sale.changed_at, frame.now)),
        ])
    });
    let columns = [
        Column::new(frame.t("sales-offer")),
        Column::new(frame.t("sheet-state")),
        Column::new(frame.t("offers-site")),
        Column::new(frame.t("offer-flavour")),
        Column::number(frame.t("sales-price")),
        Column::number(frame.t("offers-units")),
        Column::new(frame.t("sales-changed")),
    ];
    Table::new(frame.t("sales-title"), columns).rows(rows)
}
