//! Claims and statements.

use crate::{
    Examples,
    contracts::{order, usage},
    dataspace::agreement,
    offers::offer_id,
    pretty,
    signer::{minutes, noon, north, south},
};
use chrono::{DateTime, NaiveDate, Utc};
use hansa_accounting::settle::{
    Claim, Content, Credit, CreditCap, LeftOut, SettledCharge, SettledClaim, Statement, Stretch,
};
use hansa_federation::{
    SignedDocument,
    wire::{
        ClaimAnswer, ClaimVerdict, ClaimWithdrawal, DisputedRecord, StatementAnswer, StatementDispute,
        StatementProposal, StatementRequest, StatementVerdict,
    },
};
use hansa_ontology::{
    Currency, ProviderId,
    sla::{Metric, Window},
};
use rust_decimal::Decimal;

fn named(did: &impl ToString) -> ProviderId {
    ProviderId::new(did.to_string()).unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// An order of half an hour, six minutes of which it could not be used.
fn claim() -> Claim {
    let record = north().signed_json(&usage());
    let cap = CreditCap { percent: Decimal::from(30), seconds: 3_600, before_micros: 0 };
    Claim {
        buyer: named(&south().did),
        seller: named(&north().did),
        order: order(),
        agreement: agreement().id,
        offer: offer_id(),
        metric: Metric::Availability,
        target: Decimal::new(999, 1),
        window: Window::Month,
        percentile: None,
        from: minutes(3),
        until: minutes(63),
        observed_seconds: 3_600,
        measured: Decimal::from(90),
        down: vec![Stretch { from: minutes(20), until: minutes(26) }],
        usage: vec![record.digest()],
        currency: Currency::EUR,
        credit: Credit::new(3_600, (12_500, 3_600), Decimal::from(10), Some(cap)).unwrap(),
    }
}

fn period() -> (NaiveDate, NaiveDate) {
    ("2026-11-01".parse().unwrap(), "2026-11-30".parse().unwrap())
}

fn statement(claim: &Claim, document: &SignedDocument) -> Statement {
    let (south, north) = (named(&south().did), named(&north().did));
    let record = crate::signer::north().signed_json(&usage());
    let day = noon().date_naive();
    let of = (&north, order(), usage().agreement);
    let charge = SettledCharge::of_usage((of.0, of.1, &of.2), day, (3_600, 12_500), vec![record.digest()]).unwrap();
    let settled = SettledClaim {
        seller: north.clone(),
        day: claim.day(),
        resource: format!("machine/{}", claim.order),
        claim: claim.id(),
        document: document.digest(),
        credit: claim.credit.clone(),
    };
    let left = LeftOut {
        seller: north.clone(),
        resource: format!("machine/{}", claim.order),
        from: at("2026-11-22T08:00:00Z"),
        seconds: 3_600,
    };
    let content = Content { charges: vec![charge], claims: vec![settled], left_out: vec![left] };
    Statement::new([&south, &north], period(), Currency::EUR, content).unwrap()
}

fn dispute(made: &Statement, proposal: &SignedDocument) -> StatementDispute {
    let none = Content { left_out: made.left_out.clone(), claims: made.claims.clone(), ..Content::default() };
    let own = Statement::new([&made.first, &made.second], period(), Currency::EUR, none).unwrap();
    let differing = Statement::differences(made, &own);
    let record = south().signed_json(&usage());
    StatementDispute {
        statement: Statement::id([&made.first, &made.second], period(), Currency::EUR),
        revision: 1,
        digest: proposal.digest(),
        reason: "by our books 1 items differ, the first is the charge of this order".to_owned(),
        differences: differing.iter().map(|one| serde_json::to_value(one).unwrap()).collect(),
        records: vec![DisputedRecord {
            digest: record.digest(),
            order: order().to_string(),
            from: usage().from,
            unit_seconds: 3_600,
            state: "DISPUTED".to_owned(),
        }],
    }
}

pub(crate) fn examples() -> Examples {
    let claim = claim();
    claim.check().unwrap();
    let signed = south().signed_json(&claim);
    let answer = ClaimAnswer {
        claim: claim.id(),
        digest: signed.digest(),
        verdict: ClaimVerdict::Disputed,
        reason: Some("down: 360 s are claimed, 60 s were measured here".to_owned()),
        own_down_seconds: Some(60),
    };
    let withdrawal = ClaimWithdrawal {
        claim: claim.id(),
        digest: signed.digest(),
        reason: "our own clock was wrong".to_owned(),
        at: minutes(90),
    };
    let made = statement(&claim, &signed);
    // The proposer is who comes first: here `did:web:north.example`.
    let proposal = north().signed_json(&made);
    assert_eq!(Statement::verify(proposal.content.as_bytes()).unwrap(), made);
    let countersigned = south().signed_json(&made);
    let id = Statement::id([&made.first, &made.second], period(), Currency::EUR);
    assert_eq!(id.len(), 64);
    let request = StatementRequest { from: period().0, through: period().1, currency: "EUR".to_owned() };
    let dispute = dispute(&made, &proposal);
    let agreed = StatementAnswer { revision: 1, verdict: StatementVerdict::Agreed, document: countersigned };
    Examples::from([
        ("claim", pretty(&claim)),
        ("claim-answer", pretty(&answer)),
        ("claim-withdrawal", pretty(&withdrawal)),
        ("statement", pretty(&made)),
        ("statement-request", pretty(&request)),
        ("statement-proposal", pretty(&StatementProposal { revision: 1, document: proposal })),
        ("statement-answer", pretty(&agreed)),
        ("statement-dispute", pretty(&dispute)),
    ])
}
