//! A month of a million records, and who is billed for it.

use hansa_accounting::{
    invoice::Party,
    price::BillingMonth,
    usage::{Meter, PlanId, Resource, ResourceKind, Source, Standing, Subject, UsageRecord},
};
use hansa_ontology::{ProjectId, ProviderId, place::Area};
use std::sync::Arc;

/// Machines that run through March 2026 in Berlin: 743 hours each.
const MACHINES: u32 = 1_346;

pub(crate) fn acme() -> ProjectId {
    ProjectId::new("acme/web").unwrap()
}

pub(crate) fn month() -> BillingMonth {
    BillingMonth::new(2026, 3, chrono_tz::Tz::Europe__Berlin).unwrap()
}

/// In no order, and one in a hundred twice. `machine` gives the id and the plan of each.
pub(crate) fn records(source: Source, machine: impl Fn(u32) -> (String, &'static str)) -> Vec<UsageRecord> {
    let whole = month().interval().unwrap();
    let mut records = Vec::new();
    for number in 0..MACHINES {
        let (id, plan) = machine(number);
        let subject = Arc::new(Subject {
            provider: ProviderId::new("did:web:north.example").unwrap(),
            resource: Resource { kind: ResourceKind::Machine, id },
            meter: Meter::machine_seconds(),
            project: acme(),
            application: None,
            offer: None,
            plan: PlanId::new(plan).unwrap(),
        });
        for cell in whole.cells() {
            let (subject, standing) = (Arc::clone(&subject), Standing::Measured);
            records.push(UsageRecord::new(subject, cell, cell.seconds(), 1, standing, source).unwrap());
        }
    }
    records.extend_from_within(..records.len() / 100);
    let mut state = 1_u64;
    for place in (1..records.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        records.swap(place, usize::try_from(state >> 33).unwrap() % (place + 1));
    }
    records
}

pub(crate) fn party(name: &str) -> Party {
    Party {
        name: name.to_owned(),
        street: "Street 1".to_owned(),
        city: "City".to_owned(),
        post_code: "12345".to_owned(),
        country: Area::new("DE").unwrap(),
        vat_id: Some("DE123456789".to_owned()),
        legal_id: None,
        email: None,
    }
}
