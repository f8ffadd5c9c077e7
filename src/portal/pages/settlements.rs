//! What this broker and its partners owe each other: statements, claims, payments.

use super::{
    contracts::{Names, name, short},
    offers::encoded,
    promises::objective,
};
use crate::portal::{
    Frame,
    parts::{Choice, Empty, Field, FieldKind, Instant, StateMark},
    sheet::{Cell, Column, Facts, FormBox, Part, Row, Section, Sheet, Table},
};
use chrono::{Datelike as _, NaiveDate, TimeDelta};
use hansa_accounting::settle::{LeftOut, Payment, Statement};
use hansa_federation_manager::{
    orders::UsageRole,
    settlement::{ClaimRecord, ClaimState, Settlement, SettlementState},
};
use hansa_iam::Action;
use hansa_ontology::Money;

/// What there is to show.
#[derive(Debug)]
pub(crate) struct Settlements {
    /// Partners' names by their DIDs.
    pub(crate) names: Names,
    /// How long a dispute may last.
    pub(crate) deadline: TimeDelta,
    /// Statements, the newest period first.
    pub(crate) statements: Vec<Settlement>,
    /// Claims, the newest first.
    pub(crate) claims: Vec<ClaimRecord>,
    /// What settles all agreed statements.
    pub(crate) payments: Vec<Payment>,
    /// What was asked and can't be, with its form's field.
    pub(crate) refused: Option<Asked>,
}

/// A statement that was asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    /// With whom: a DID.
    pub(crate) partner: String,
    /// The first day.
    pub(crate) from: String,
    /// The last day.
    pub(crate) through: String,
    /// The currency, by ISO 4217.
    pub(crate) currency: String,
    /// The field that is wrong, and how.
    pub(crate) error: (String, String),
}

/// The page.
pub(crate) fn page(frame: Frame, all: &Settlements) -> Sheet {
    let sheet = Sheet::new(frame.clone(), frame.t("nav-settlements"))
        .intro(frame.t("settlements-intro"))
        .section(statements(&frame, all))
        .section(claims(&frame, all))
        .section(payments(&frame, all));
    let sheet =
        if frame.may(Action::PartnerWrite) && !all.names.is_empty() { sheet.section(make(&frame, all)) } else { sheet };
    sheet.also(|also| {
        also.cli(&["settlement", "list"])
            .cli(&["claim", "list"])
            .cli(&["settlement", "payments"])
            .get("/admin/v1/settlements")
    })
}

fn partner(names: &Names, did: &str) -> Cell {
    Cell::link(format!("/partners/{}", encoded(did)), name(names, did))
}

/// A partner, or this broker.
fn who(frame: &Frame, names: &Names, did: &str) -> String {
    names.get(did).cloned().unwrap_or_else(|| frame.t("settlements-we"))
}

/// A state, and that it has taken too long where that is so.
fn state(frame: &Frame, state: StateMark, overdue: bool) -> Cell {
    if overdue {
        Cell::Lines(vec![Cell::State(state), Cell::State(StateMark::of(frame.language, "overdue"))])
    } else {
        Cell::State(state)
    }
}

/// How a statement stands.
fn standing(frame: &Frame, one: &Settlement) -> StateMark {
    let name = match one.state {
        SettlementState::Open => "pending",
        SettlementState::Proposed => "proposed",
        SettlementState::Agreed => "agreed",
        SettlementState::Disputed => "disputed",
    };
    StateMark::of(frame.language, name)
}

fn reason(frame: &Frame, reason: Option<&String>) -> Cell {
    reason.cloned().map_or_else(|| Cell::Nothing(frame.t("none")), Cell::English)
}

/// What this broker is to pay by a statement; below 0: what it is to get.
fn to_pay(settlement: &Settlement) -> Option<Money> {
    let micros = settlement.statement()?.first_pays_micros;
    Some(Money::new(if settlement.is_proposed_by_partner() { -micros } else { micros }, settlement.currency))
}

fn balance(frame: &Frame, settlement: &Settlement) -> Cell {
    let Some(money) = to_pay(settlement) else { return Cell::Nothing(frame.t("settlements-not-yet")) };
    let amount = frame.language.money(Money::new(money.micros.saturating_abs(), money.currency));
    let key = if money.micros < 0 { "settlements-we-get" } else { "settlements-we-pay" };
    Cell::number(frame.msg(key).with("amount", amount).to_string())
}

fn period(from: NaiveDate, through: NaiveDate) -> String {
    format!("{from} \u{2013} {through}")
}

fn statements(frame: &Frame, all: &Settlements) -> Section {
    let section = Section::new("statements", frame.t("settlements-statements"));
    if all.statements.is_empty() {
        let text = frame.t("settlements-no-statement-text");
        return section.with(Empty::new(frame.t("settlements-no-statement"), text));
    }
    let row = |one: &Settlement| {
        Row::new([
            Cell::link(format!("/settlements/{}", encoded(&one.id)), period(one.from, one.through)),
            partner(&all.names, &one.partner),
            state(frame, standing(frame, one), one.is_overdue(all.deadline, frame.now)),
            balance(frame, one),
            reason(frame, one.reason.as_ref()),
            Cell::Time(Instant::minute(frame.language, one.since)),
        ])
    };
    let columns = [
        Column::new(frame.t("costs-period")),
        Column::new(frame.t("sheet-partner")),
        Column::new(frame.t("sheet-state")),
        Column::number(frame.t("settlements-balance")),
        Column::new(frame.t("sheet-reason")),
        Column::new(frame.t("settlements-since")),
    ];
    section.with(Table::new(frame.t("settlements-statements"), columns).rows(all.statements.iter().map(row)))
}

fn claims(frame: &Frame, all: &Settlements) -> Section {
    let section = Section::new("claims", frame.t("settlements-claims")).text(frame.t("settlements-claims-text"));
    if all.claims.is_empty() {
        return section.with(Empty::new(frame.t("settlements-no-claim"), frame.t("settlements-no-claim-text")));
    }
    let columns = [
        Column::new(frame.t("contracts-order")),
        Column::new(frame.t("sheet-partner")),
        Column::new(frame.t("sheet-role")),
        Column::new(frame.t("promises-objective")),
        Column::number(frame.t("settlements-amount")),
        Column::new(frame.t("sheet-state")),
        Column::new(frame.t("sheet-reason")),
        Column::new(frame.t("settlements-decide")),
    ];
    let rows = all.claims.iter().map(|one| claim(frame, all, one));
    section.with(Table::new(frame.t("settlements-claims"), columns).rows(rows))
}

fn claim(frame: &Frame, all: &Settlements, one: &ClaimRecord) -> Row {
    let (language, terms) = (frame.language, &one.terms);
    let bought = one.role == UsageRole::Buyer;
    let amount = one.claim.as_ref().map(|made| language.money(Money::new(made.credit.micros, made.currency)));
    Row::new([
        Cell::link(format!("/orders/{}", one.order), short(&one.order.to_string())),
        partner(&all.names, &one.partner),
        Cell::Text(frame.t(if bought { "sheet-customer" } else { "sheet-seller" })),
        Cell::Lines(vec![
            Cell::text(objective(frame, terms.metric, terms.target, terms.window)),
            Cell::Time(Instant::minute(language, terms.from)),
        ]),
        amount.map_or_else(|| Cell::Nothing(frame.t("settlements-not-yet")), Cell::Number),
        state(
            frame,
            StateMark::of(language, &one.state.name().to_lowercase()),
            one.is_overdue(all.deadline, frame.now),
        ),
        reason(frame, one.reason.as_ref()),
        decide(frame, one),
    ])
}

/// What a person may do about a claim: the seller accepts, the buyer takes back.
fn decide(frame: &Frame, one: &ClaimRecord) -> Cell {
    let open = matches!(one.state, ClaimState::Raised | ClaimState::Disputed);
    let (what, key) = match (one.role, one.state) {
        (UsageRole::Seller, ClaimState::Disputed) => ("accept", "settlements-accept"),
        (UsageRole::Buyer, _) if open => ("withdraw", "settlements-withdraw"),
        _ => return Cell::Nothing(frame.t("none")),
    };
    if !frame.may(Action::PartnerWrite) {
        return Cell::Nothing(frame.t("none"));
    }
    let action = format!("/settlements/claims/{}/{what}", encoded(&one.id));
    Cell::Form(Box::new(FormBox::new(frame, action, frame.t(key)).about(short(&one.order.to_string()))))
}

fn payments(frame: &Frame, all: &Settlements) -> Section {
    let section = Section::new("payments", frame.t("settlements-payments")).text(frame.t("settlements-payments-text"));
    if all.payments.is_empty() {
        return section.with(Empty::new(frame.t("settlements-no-payment"), frame.t("settlements-no-payment-text")));
    }
    let row = |one: &Payment| {
        Row::new([
            Cell::text(who(frame, &all.names, one.payer.as_str())),
            Cell::text(who(frame, &all.names, one.payee.as_str())),
            Cell::number(frame.language.money(Money::new(one.micros, one.currency))),
        ])
    };
    let columns = [
        Column::new(frame.t("settlements-payer")),
        Column::new(frame.t("settlements-payee")),
        Column::number(frame.t("settlements-amount")),
    ];
    section.with(Table::new(frame.t("settlements-payments"), columns).rows(all.payments.iter().map(row)))
}

/// The form that asks for a statement.
fn make(frame: &Frame, all: &Settlements) -> Section {
    let today = frame.now.date_naive();
    let month_so_far = || Asked {
        from: today.with_day(1).unwrap_or(today).to_string(),
        through: today.to_string(),
        currency: "EUR".to_owned(),
        ..Asked::default()
    };
    let asked = all.refused.clone().unwrap_or_else(month_so_far);
    let fault = |name: &str| (asked.error.0 == name).then(|| asked.error.1.clone());
    let partners = all.names.iter().map(|(did, name)| Choice { value: did.clone(), label: name.clone() });
    let field = |name: &'static str, key, kind, value: &str| {
        Field::new(name, frame.t(key), kind).value(value).error(fault(name)).required()
    };
    let day = || FieldKind::Line("date");
    let form = FormBox::new(frame, "/settlements", frame.t("settlements-make"))
        .field(field("partner", "sheet-partner", FieldKind::Choice(partners.collect()), &asked.partner))
        .field(field("from", "settlements-from", day(), &asked.from))
        .field(field("through", "settlements-through", day(), &asked.through))
        .field(field("currency", "settlements-currency", FieldKind::Line("text"), &asked.currency))
        .main();
    Section::new("make", frame.t("settlements-make")).text(frame.t("settlements-make-text")).with(form)
}

/// A statement, with what both sides signed.
pub(crate) fn statement(frame: Frame, one: &Settlement, names: &Names, bundle: Option<String>) -> Sheet {
    let facts = Facts::new()
        .with(frame.t("contracts-id"), Cell::Code(one.id.clone()))
        .with(frame.t("sheet-partner"), partner(names, &one.partner))
        .with(frame.t("settlements-balance"), balance(&frame, one))
        .with(frame.t("settlements-revision"), Cell::Text(frame.language.decimal(&one.revision.to_string())))
        .maybe(frame.t("sheet-reason"), one.reason.clone().map(Cell::English))
        .with(frame.t("settlements-since"), Cell::Time(Instant::minute(frame.language, one.since)));
    let mut sheet =
        Sheet::new(frame.clone(), format!("{} {}", name(names, &one.partner), period(one.from, one.through)))
            .crumb("/settlements", frame.t("nav-settlements"))
            .state(standing(&frame, one))
            .section(Section::plain("statement").with(facts));
    if let Some(said) = one.statement() {
        sheet = sheet.section(sums(&frame, names, &said));
        if !said.left_out.is_empty() {
            sheet = sheet.section(left_out(&frame, names, &said.left_out));
        }
    }
    if let Some(dispute) = &one.dispute {
        let differs = Part::Listing(dispute.content.clone());
        sheet = sheet.section(Section::new("dispute", frame.t("settlements-dispute")).with(differs));
    }
    if let Some(bundle) = bundle {
        let signed = Section::new("signed", frame.t("contracts-signed")).text(frame.t("settlements-signed-text"));
        sheet = sheet.section(signed.with(Part::Listing(bundle)));
    }
    sheet.also(|also| {
        also.cli(&["settlement", "show", &one.id])
            .cli(&["settlement", "export", &one.id])
            .get(&format!("/admin/v1/settlements/{}", encoded(&one.id)))
    })
}

/// What each has delivered and owes back by claims.
fn sums(frame: &Frame, names: &Names, said: &Statement) -> Section {
    let money = |micros: i64| Cell::number(frame.language.money(Money::new(micros, said.currency)));
    let count = |of: &dyn Fn(&str) -> usize, did: &str| Cell::number(frame.language.decimal(&of(did).to_string()));
    let charges = |did: &str| said.charges.iter().filter(|one| one.seller.as_str() == did).count();
    let claims = |did: &str| said.claims.iter().filter(|one| one.seller.as_str() == did).count();
    let rows = [
        (said.first.as_str(), said.by_first_micros, said.credited_by_first_micros),
        (said.second.as_str(), said.by_second_micros, said.credited_by_second_micros),
    ]
    .map(|(did, delivered, credited)| {
        Row::new([
            Cell::text(who(frame, names, did)),
            count(&charges, did),
            money(delivered),
            count(&claims, did),
            money(credited),
        ])
    });
    let columns = [
        Column::new(frame.t("settlements-by")),
        Column::number(frame.t("settlements-charges")),
        Column::number(frame.t("settlements-delivered")),
        Column::number(frame.t("settlements-claims")),
        Column::number(frame.t("settlements-credited")),
    ];
    Section::new("sums", frame.t("settlements-sums")).with(Table::new(frame.t("settlements-sums"), columns).rows(rows))
}

/// Usage that is not agreed, and not paid.
fn left_out(frame: &Frame, names: &Names, left: &[LeftOut]) -> Section {
    let row = |one: &LeftOut| {
        Row::new([
            Cell::text(who(frame, names, one.seller.as_str())),
            Cell::Code(one.resource.clone()),
            Cell::Time(Instant::minute(frame.language, one.from)),
            Cell::number(frame.language.decimal(&one.seconds.to_string())),
        ])
    };
    let columns = [
        Column::new(frame.t("settlements-by")),
        Column::new(frame.t("costs-resource")),
        Column::new(frame.t("settlements-from")),
        Column::number(frame.t("settlements-seconds")),
    ];
    let title = frame.t("settlements-left-out");
    Section::new("left-out", title.clone())
        .text(frame.t("settlements-left-out-text"))
        .with(Table::new(title, columns).rows(left.iter().map(row)))
}
