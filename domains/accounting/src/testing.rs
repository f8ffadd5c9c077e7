//! Things that the tests of several modules use.

use crate::{
    Interval,
    usage::{Meter, PlanId, Resource, ResourceKind, Source, Standing, Terms, UsageRecord},
};
use chrono::{DateTime, NaiveDate, Utc};
use hansa_ontology::{ProjectId, ProviderId};
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};

pub(crate) fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn project() -> ProjectId {
    ProjectId::new("acme/web").unwrap()
}

pub(crate) fn broker(name: &str) -> ProviderId {
    ProviderId::new(format!("did:web:{name}.example")).unwrap()
}

pub(crate) fn meter() -> Meter {
    Meter::new("machine-seconds").unwrap()
}

pub(crate) fn machine(id: &str) -> Resource {
    Resource { kind: ResourceKind::Machine, id: id.to_owned() }
}

/// One machine of `acme/web` at these prices, delivered by north.
pub(crate) fn terms(plan: &str) -> Terms {
    Terms {
        provider: broker("north"),
        project: project(),
        application: None,
        offer: None,
        plan: PlanId::new(plan).unwrap(),
        meters: BTreeMap::from([(meter(), 1)]),
    }
}

/// So many seconds after the begin of 2026.
pub(crate) fn second(number: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600 + number, 0).unwrap()
}

/// Few cells and few seconds, so that many records claim the same.
pub(crate) fn any_record() -> impl Strategy<Value = UsageRecord> {
    let parts = (0_u8..3, 0_i64..3, 0_i64..4, 1_i64..5, 0_u64..4, 0_u64..3, any::<bool>(), any::<bool>());
    parts.prop_map(|(thing, hour, from, length, quantity, revision, known, large)| {
        let begin = hour * 3_600 + from * 600;
        let interval = Interval::new(second(begin), second((begin + length * 600).min((hour + 1) * 3_600))).unwrap();
        let plan = if large { "large" } else { "small" };
        let subject = terms(plan).subject(&machine(&format!("m{thing}")), &meter());
        let standing = if known { Standing::Measured } else { Standing::Estimate };
        UsageRecord::new(Arc::new(subject), interval, quantity * 100, revision, standing, Source::Partner).unwrap()
    })
}
