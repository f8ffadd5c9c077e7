//! Agreements, orders and holds with partners, in both directions.

use super::{
    offer::promises,
    offers::{choices, encoded},
};
use crate::portal::{
    Frame,
    offers::encoded_query,
    parts::{Empty, Field, Instant, StateMark},
    sheet::{Cell, Column, Facts, Filters, Part, Row, Section, Sheet, Table},
};
use chrono::{DateTime, Utc};
use hansa_federation::{SignedDocument, dsp::negotiation::Role};
use hansa_federation_manager::contracts::{Agreement, AgreementState};
use std::collections::BTreeMap;

/// Entries that a page shows at most; the filters narrow the rest.
const MOST: usize = 500;

/// States that an order can be filtered by.
const ORDER_STATES: [&str; 9] =
    ["pending", "held", "acknowledged", "in-progress", "completed", "failed", "ending", "ended", "lost"];

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Narrowed {
    /// Only with this partner, by DID.
    pub(crate) partner: Option<String>,
    /// Only in this state.
    pub(crate) state: Option<String>,
}

/// Partners' names by their DIDs.
pub(crate) type Names = BTreeMap<String, String>;

/// An order as it is shown.
#[derive(Debug, Clone)]
pub(crate) struct OrderView {
    /// Its id.
    pub(crate) id: String,
    /// The partner's DID.
    pub(crate) partner: String,
    /// The partner's name.
    pub(crate) partner_name: String,
    /// Whether the partner delivers for us.
    pub(crate) bought: bool,
    /// Its state's name.
    pub(crate) state: String,
    /// The offer's IRI.
    pub(crate) offer: String,
    /// The agreement's id.
    pub(crate) agreement: Option<String>,
    /// The application of ours.
    pub(crate) application: Option<String>,
    /// The generation that is wanted.
    pub(crate) generation: i64,
    /// What is waited for, or what went wrong.
    pub(crate) reason: Option<String>,
    /// What runs.
    pub(crate) workloads: Vec<String>,
    /// When that was so.
    pub(crate) as_of: Option<DateTime<Utc>>,
    /// When it was first wished for.
    pub(crate) created_at: DateTime<Utc>,
}

/// A hold as it is shown.
#[derive(Debug, Clone)]
pub(crate) struct HoldView {
    /// The order's id.
    pub(crate) id: String,
    /// The partner's DID.
    pub(crate) partner: String,
    /// The partner's name.
    pub(crate) partner_name: String,
    /// Whether the partner keeps it for us.
    pub(crate) bought: bool,
    /// Its state's name.
    pub(crate) state: String,
    /// The offer's IRI.
    pub(crate) offer: String,
    /// Until when it is kept.
    pub(crate) until: DateTime<Utc>,
}

fn role(frame: &Frame, customer: bool) -> Cell {
    Cell::Text(frame.t(if customer { "sheet-customer" } else { "sheet-seller" }))
}

pub(super) fn name(names: &Names, did: &str) -> String {
    names.get(did).cloned().unwrap_or_else(|| did.to_owned())
}

/// An offer, by the last segment of its IRI.
fn offer(iri: &str) -> Cell {
    let short = iri.rsplit(['/', '#', ':']).find(|part| !part.is_empty()).unwrap_or(iri);
    Cell::link(format!("/offers/{}", encoded(iri)), short)
}

/// The form that narrows a list.
fn filters(frame: &Frame, path: &str, narrowed: &Narrowed, names: &Names, states: &[&str]) -> Filters {
    let partners = names.iter().map(|(did, name)| (did.clone(), name.clone()));
    let states = states.iter().map(|state| ((*state).to_owned(), StateMark::of(frame.language, state).word));
    let partner = Field::new("partner", frame.t("sheet-partner"), choices(frame.t("sheet-any"), partners))
        .value(narrowed.partner.clone().unwrap_or_default());
    let state = Field::new("state", frame.t("sheet-state"), choices(frame.t("sheet-any"), states))
        .value(narrowed.state.clone().unwrap_or_default());
    let narrowed = narrowed.partner.is_some() || narrowed.state.is_some();
    Filters::new(path, frame.t("sheet-filter"))
        .field(partner)
        .field(state)
        .reset(narrowed.then(|| frame.t("sheet-reset")))
}

/// The flags of the CLI that narrow a list in the same way.
fn flags<'a>(narrowed: &'a Narrowed, words: &[&'a str]) -> Vec<&'a str> {
    let mut words = words.to_vec();
    for (flag, value) in [("--partner", &narrowed.partner), ("--state", &narrowed.state)] {
        if let Some(value) = value {
            words.extend([flag, value.as_str()]);
        }
    }
    words
}

fn query(narrowed: &Narrowed) -> String {
    encoded_query([("partner", narrowed.partner.as_deref()), ("state", narrowed.state.as_deref())])
}

/// How many there are, and that no more are shown where that is so.
fn count(frame: &Frame, all: usize) -> String {
    let number = frame.language.decimal(&all.to_string());
    let said = frame.msg("sheet-count").with("count", all).with("number", number).to_string();
    if all <= MOST { said } else { format!("{said} {}", frame.msg("contracts-cut").with("most", MOST)) }
}

/// The list of agreements.
pub(crate) fn agreements(frame: Frame, list: &[Agreement], names: &Names, narrowed: &Narrowed) -> Sheet {
    let states = AgreementState::ALL.map(|state| state.name().to_lowercase());
    let states: Vec<&str> = states.iter().map(String::as_str).collect();
    let section = Section::plain("agreements").with(filters(&frame, "/agreements", narrowed, names, &states));
    let section = if list.is_empty() {
        section.with(Empty::new(frame.t("contracts-no-agreements"), frame.t("contracts-no-agreements-text")))
    } else {
        let rows = list.iter().take(MOST).map(|agreement| {
            let price = agreement.clauses.as_ref().map(|clauses| frame.language.money(clauses.price_per_hour));
            Row::new([
                Cell::link(format!("/agreements/{}", encoded(&agreement.id)), short(&agreement.id)),
                Cell::link(format!("/partners/{}", encoded(&agreement.partner)), name(names, &agreement.partner)),
                role(&frame, agreement.role == Role::Consumer),
                Cell::State(StateMark::of(frame.language, &agreement.state.name().to_lowercase())),
                offer(agreement.offer.as_str()),
                price.map_or_else(|| Cell::Nothing(frame.t("unknown")), Cell::Number),
                Cell::Time(Instant::minute(frame.language, agreement.agreed_at)),
            ])
        });
        let columns = [
            Column::new(frame.t("contracts-agreement")),
            Column::new(frame.t("sheet-partner")),
            Column::new(frame.t("sheet-role")),
            Column::new(frame.t("sheet-state")),
            Column::new(frame.t("sheet-offer")),
            Column::number(frame.t("offers-price")),
            Column::new(frame.t("contracts-agreed")),
        ];
        section.with(Table::new(count(&frame, list.len()), columns).rows(rows))
    };
    Sheet::new(frame.clone(), frame.t("nav-agreements"))
        .intro(frame.t("contracts-agreements-intro"))
        .section(section)
        .also(|also| {
            also.cli(&flags(narrowed, &["agreement", "list"])).get(&format!("/admin/v1/agreements{}", query(narrowed)))
        })
}

/// Enough of an id to tell it from others.
pub(super) fn short(id: &str) -> String {
    let tail = id.rsplit([':', '/']).next().unwrap_or(id);
    tail.chars().take(13).collect()
}

/// An agreement, with what both sides signed.
pub(crate) fn agreement(frame: Frame, agreement: &Agreement, names: &Names, bundle: Option<String>) -> Sheet {
    let (language, id) = (frame.language, agreement.id.as_str());
    let signed = |document: Option<&SignedDocument>| match document {
        Some(document) => Cell::Code(document.signature.clone()),
        None => Cell::Nothing(frame.t("contracts-unsigned")),
    };
    let clauses = agreement.clauses.as_ref();
    let facts = Facts::new()
        .with(frame.t("contracts-id"), Cell::Code(id.to_owned()))
        .with(
            frame.t("sheet-partner"),
            Cell::link(format!("/partners/{}", encoded(&agreement.partner)), name(names, &agreement.partner)),
        )
        .with(frame.t("sheet-role"), role(&frame, agreement.role == Role::Consumer))
        .with(frame.t("sheet-offer"), offer(agreement.offer.as_str()))
        .maybe(frame.t("offers-price"), clauses.map(|clauses| Cell::Text(language.money(clauses.price_per_hour))))
        .maybe(frame.t("offers-law-column"), clauses.map(|clauses| Cell::Text(clauses.jurisdictions.join(", "))))
        .with(frame.t("contracts-agreed"), Cell::Time(Instant::minute(language, agreement.agreed_at)))
        .maybe(frame.t("sheet-until"), agreement.valid_through.map(|end| Cell::Time(Instant::minute(language, end))))
        .maybe(frame.t("sheet-reason"), agreement.reason.clone().map(Cell::English));
    let signatures = Facts::new()
        .with(frame.t("contracts-our-signature"), signed(agreement.ours.as_ref()))
        .with(frame.t("contracts-their-signature"), signed(agreement.theirs.as_ref()))
        .with(frame.t("contracts-digest"), Cell::Code(agreement.digest.clone()));
    let mut proof =
        Section::new("signed", frame.t("contracts-signed")).text(frame.t("contracts-signed-text")).with(signatures);
    if let Some(bundle) = bundle {
        proof = proof.with(Part::Listing(bundle));
    }
    let terms = serde_json::to_string_pretty(&agreement.policy).unwrap_or_default();
    Sheet::new(
        frame.clone(),
        frame.msg("contracts-agreement-with").with("name", name(names, &agreement.partner)).to_string(),
    )
    .crumb("/agreements", frame.t("nav-agreements"))
    .state(StateMark::of(language, &agreement.state.name().to_lowercase()))
    .section(Section::plain("agreement").with(facts))
    .section(promises(&frame, clauses.and_then(|clauses| clauses.sla.as_ref())))
    .section(Section::new("terms", frame.t("contracts-terms")).with(Part::Listing(terms)))
    .section(proof)
    .also(|also| {
        also.cli(&["agreement", "show", id])
            .cli(&["agreement", "verify", id])
            .get(&format!("/admin/v1/agreements/{}", encoded(id)))
    })
}

/// The list of orders.
pub(crate) fn orders(frame: Frame, list: &[OrderView], names: &Names, narrowed: &Narrowed) -> Sheet {
    let section = Section::plain("orders").with(filters(&frame, "/orders", narrowed, names, &ORDER_STATES));
    let section = if list.is_empty() {
        section.with(Empty::new(frame.t("contracts-no-orders"), frame.t("contracts-no-orders-text")))
    } else {
        let rows = list.iter().take(MOST).map(|order| {
            Row::new([
                Cell::link(format!("/orders/{}", order.id), short(&order.id)),
                Cell::link(format!("/partners/{}", encoded(&order.partner)), &order.partner_name),
                role(&frame, order.bought),
                Cell::State(StateMark::of(frame.language, &order.state)),
                offer(&order.offer),
                order.reason.clone().map_or_else(|| Cell::Nothing(frame.t("none")), Cell::English),
                Cell::Time(Instant::ago(frame.language, order.created_at, frame.now)),
            ])
        });
        let columns = [
            "contracts-order",
            "sheet-partner",
            "sheet-role",
            "sheet-state",
            "sheet-offer",
            "sheet-reason",
            "sheet-created",
        ];
        section.with(Table::new(count(&frame, list.len()), columns.map(|key| Column::new(frame.t(key)))).rows(rows))
    };
    Sheet::new(frame.clone(), frame.t("nav-orders"))
        .intro(frame.t("contracts-orders-intro"))
        .action("/orders/holds", frame.t("contracts-holds"))
        .section(section)
        .also(|also| {
            also.cli(&flags(narrowed, &["order", "list"])).get(&format!("/admin/v1/orders{}", query(narrowed)))
        })
}

/// An order.
pub(crate) fn order(frame: Frame, order: &OrderView) -> Sheet {
    let language = frame.language;
    let workloads: Vec<Cell> = order.workloads.iter().map(Cell::text).collect();
    let facts = Facts::new()
        .with(frame.t("contracts-id"), Cell::Code(order.id.clone()))
        .with(
            frame.t("sheet-partner"),
            Cell::link(format!("/partners/{}", encoded(&order.partner)), &order.partner_name),
        )
        .with(frame.t("sheet-role"), role(&frame, order.bought))
        .with(frame.t("sheet-offer"), offer(&order.offer))
        .maybe(
            frame.t("contracts-agreement"),
            order.agreement.as_ref().map(|id| Cell::link(format!("/agreements/{}", encoded(id)), short(id))),
        )
        .maybe(
            frame.t("contracts-application"),
            order.application.as_ref().map(|id| Cell::link(format!("/applications/{id}"), id)),
        )
        .with(frame.t("contracts-generation"), Cell::Text(language.decimal(&order.generation.to_string())))
        .maybe(frame.t("sheet-reason"), order.reason.clone().map(Cell::English))
        .with(
            frame.t("contracts-workloads"),
            if workloads.is_empty() { Cell::Nothing(frame.t("none")) } else { Cell::Lines(workloads) },
        )
        .maybe(frame.t("contracts-as-of"), order.as_of.map(|at| Cell::Time(Instant::ago(language, at, frame.now))))
        .with(frame.t("sheet-created"), Cell::Time(Instant::minute(language, order.created_at)));
    let key = if order.bought { "contracts-order-at" } else { "contracts-order-for" };
    Sheet::new(frame.clone(), frame.msg(key).with("name", &order.partner_name).to_string())
        .crumb("/orders", frame.t("nav-orders"))
        .state(StateMark::of(language, &order.state))
        .section(Section::plain("order").with(facts))
        .also(|also| also.cli(&["order", "show", &order.id]).get(&format!("/admin/v1/orders/{}", order.id)))
}

/// The list of holds.
pub(crate) fn holds(frame: Frame, list: &[HoldView], names: &Names, narrowed: &Narrowed) -> Sheet {
    let states = ["placing", "held", "committed", "releasing", "released", "expired"];
    let section = Section::plain("holds").with(filters(&frame, "/orders/holds", narrowed, names, &states));
    let section = if list.is_empty() {
        section.with(Empty::new(frame.t("contracts-no-holds"), frame.t("contracts-no-holds-text")))
    } else {
        let rows = list.iter().take(MOST).map(|hold| {
            Row::new([
                Cell::link(format!("/orders/{}", hold.id), short(&hold.id)),
                Cell::link(format!("/partners/{}", encoded(&hold.partner)), &hold.partner_name),
                role(&frame, hold.bought),
                Cell::State(StateMark::of(frame.language, &hold.state)),
                offer(&hold.offer),
                Cell::Time(Instant::minute(frame.language, hold.until)),
            ])
        });
        let columns = ["contracts-order", "sheet-partner", "sheet-role", "sheet-state", "sheet-offer", "sheet-until"];
        section.with(Table::new(count(&frame, list.len()), columns.map(|key| Column::new(frame.t(key)))).rows(rows))
    };
    let mut cli = vec!["hold", "list"];
    if let Some(partner) = &narrowed.partner {
        cli.extend(["--partner", partner.as_str()]);
    }
    Sheet::new(frame.clone(), frame.t("contracts-holds"))
        .intro(frame.t("contracts-holds-intro"))
        .crumb("/orders", frame.t("nav-orders"))
        .section(section)
        .also(|also| also.cli(&cli).get(&format!("/admin/v1/holds{}", query(narrowed))))
}

/// The page of a broker that federates with nobody.
pub(crate) fn alone(frame: Frame, title: &'static str) -> Sheet {
    let empty = Empty::new(frame.t("sheet-no-federation"), frame.t("sheet-no-federation-text"));
    Sheet::new(frame.clone(), frame.t(title))
        .section(Section::plain("alone").with(empty))
        .also(|also| also.cli(&["federation", "show"]).get("/admin/v1/federation"))
}
