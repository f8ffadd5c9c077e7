//! The buyer's look at what a partner tells of an order's usage: each record is
//! verified, compared with our own measure, and answered once.

use super::{
    Purchase,
    buyer::get,
    service::{self, Reports},
    usage::{Usage, UsageRole, UsageState, told},
};
use crate::{
    FederationError, FederationManager, Method,
    outbox::{self, Next, Outcome},
    partners::PartnerState,
    store,
};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use hansa_federation::{
    SignedDocument,
    wire::{self, UsageAcknowledgement, UsagePage, UsageReason, UsageRecord, UsageVerdict},
};
use hansa_ontology::{Actor, MachineId};

/// So long after its end an order's last record is asked for.
const PATIENCE: TimeDelta = TimeDelta::days(7);
/// Records that are taken in one round.
const RECORDS: usize = 100;
/// The longest pause between two looks.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(10);

/// One round for the usage of one order.
///
/// # Errors
/// When the partner can't be asked now; the round is repeated.
pub(crate) async fn usage_work(manager: &FederationManager, id: &str) -> Result<Next, FederationError> {
    let Ok(id) = id.parse::<MachineId>() else {
        return Ok(Next::Never);
    };
    let found = manager
        .database()
        .read(move |connection| {
            let purchase = get(connection, id)?;
            let partner = store::partners::get(connection, &purchase.partner)?;
            let known = store::usage::of_order(connection, UsageRole::Buyer, &purchase.partner, id)?;
            Ok::<_, FederationError>((purchase, partner.state, known))
        })
        .await?;
    let (purchase, state, mut known) = found;
    if state == PartnerState::Terminated {
        return Ok(Next::Never);
    }
    let page = fetch(manager, &purchase, known.last()).await?;
    let mut reports = manager.service_verified(&purchase, page.reports).await?;
    for document in page.records {
        known.push(take(manager, &purchase, &known, document, &mut reports).await?);
    }
    for usage in known.iter().filter(|usage| !usage.told) {
        answer(manager, usage).await?;
    }
    Ok(pause(manager, &purchase, &known))
}

async fn fetch(
    manager: &FederationManager,
    purchase: &Purchase,
    last: Option<&Usage>,
) -> Result<UsagePage, FederationError> {
    let after = last.map(|usage| usage.record.from.to_rfc3339_opts(SecondsFormat::Micros, true));
    let query = after.map(|after| format!("?after={}", outbox::query_escape(&after))).unwrap_or_default();
    let path = format!("{}/orders/{}/usage{query}", wire::BASE, purchase.id);
    match manager.partner_call(&purchase.partner, Method::Get, &path, None).await? {
        Outcome::Done(answer) => {
            let mut page: UsagePage = manager.read_answer(&purchase.partner, &answer)?;
            page.records.truncate(RECORDS);
            page.reports.truncate(RECORDS);
            Ok(page)
        }
        Outcome::Missing => Ok(UsagePage { records: Vec::new(), reports: Vec::new() }),
        Outcome::Refused { reason, .. } => Err(FederationError::Conflict(format!("usage can't be read: {reason}"))),
    }
}

/// Verifies a record, decides on it, and writes both down.
async fn take(
    manager: &FederationManager,
    purchase: &Purchase,
    known: &[Usage],
    document: SignedDocument,
    reports: &mut Reports,
) -> Result<Usage, FederationError> {
    manager.signature_check(&purchase.partner, &document).await?;
    let record: UsageRecord = document.json()?;
    if record.order != purchase.id {
        let message = format!("the usage of {} from {} is of another order", purchase.id, record.from);
        return Err(FederationError::Protocol { partner: purchase.partner.clone(), message });
    }
    let now = manager.now();
    let tolerance = TimeDelta::from_std(manager.options().usage_tolerance).unwrap_or(TimeDelta::zero());
    let reason = fault(purchase, known, &record, tolerance, now);
    let verdict = if reason.is_none() { UsageVerdict::Acknowledged } else { UsageVerdict::Disputed };
    let word = UsageAcknowledgement {
        order: record.order,
        from: record.from,
        digest: document.digest(),
        verdict,
        reason: reason.clone(),
    };
    let service = service::of_record(reports, &record);
    let usage = Usage {
        role: UsageRole::Buyer,
        partner: purchase.partner.clone(),
        record,
        document,
        service: service.as_ref().map(|(_, document)| document.clone()),
        answer: Some(manager.sign_json(&word).await?),
        state: UsageState::of(verdict),
        reason,
        told: false,
        settled_in: None,
    };
    let (kept, purchase) = (usage.clone(), purchase.clone());
    manager
        .database()
        .write(move |connection| {
            store::usage::insert(connection, &kept)?;
            told(connection, &kept, Actor::Broker, now)?;
            service.map_or(Ok(()), |service| service::told(connection, &purchase, &service, now))
        })
        .await?;
    Ok(usage)
}

/// What is wrong with a record by our own measure. Lengths are compared, not
/// times: the partner's clock may differ.
fn fault(
    purchase: &Purchase,
    known: &[Usage],
    record: &UsageRecord,
    tolerance: TimeDelta,
    now: DateTime<Utc>,
) -> Option<String> {
    if record.offer != purchase.offer.id {
        return Some("it is of another offer".to_owned());
    }
    // What was disputed counts for nothing.
    let known = || known.iter().filter(|usage| usage.state.is_agreed());
    if record.to <= record.from {
        return Some("it ends before it begins".to_owned());
    }
    if known().any(|other| record.from < other.record.to && other.record.from < record.to) {
        return Some("it overlaps what was told before".to_owned());
    }
    let length = (record.to - record.from).num_milliseconds().max(0);
    let seconds = u64::try_from(length).unwrap_or_default().div_ceil(1_000);
    if record.unit_seconds > seconds {
        return Some(format!("{} unit seconds are more than one unit for {seconds} s", record.unit_seconds));
    }
    let told = known().fold(record.unit_seconds, |sum, usage| sum.saturating_add(usage.record.unit_seconds));
    let seen = purchase.begun_at.map_or(TimeDelta::zero(), |begun| purchase.ended_at.unwrap_or(now) - begun);
    let most = u64::try_from((seen + tolerance).num_seconds()).unwrap_or_default();
    // Each record is rounded up to a second.
    let most = most.saturating_add(known().count() as u64 + 1);
    (told > most).then(|| format!("{told} unit seconds in all are told, {} s were seen here", seen.num_seconds()))
}

async fn answer(manager: &FederationManager, usage: &Usage) -> Result<(), FederationError> {
    let path = format!("{}/orders/{}/usage/ack", wire::BASE, usage.record.order);
    match manager.partner_call(&usage.partner, Method::Post, &path, outbox::body(&usage.answer)?).await? {
        Outcome::Done(_) => {}
        Outcome::Missing => return Err(FederationError::NotFound("the usage record at the partner".to_owned())),
        Outcome::Refused { reason, .. } => {
            tracing::warn!(partner = usage.partner, order = %usage.record.order, reason, "our word on a usage record is refused");
        }
    }
    let mut told = usage.clone();
    told.told = true;
    manager.database().write(move |connection| store::usage::update(connection, &told)).await?;
    Ok(())
}

/// When to look again.
fn pause(manager: &FederationManager, purchase: &Purchase, known: &[Usage]) -> Next {
    let last = known.last().map(|usage| usage.record.reason);
    let closed = matches!(last, Some(UsageReason::Ended | UsageReason::Failed));
    match purchase.ended_at {
        Some(_) if closed => Next::Never,
        Some(ended) if manager.now() - ended > PATIENCE => Next::Never,
        Some(ended) => {
            let age = (manager.now() - ended) / 4;
            Next::After(age.clamp(TimeDelta::milliseconds(250), LONGEST_PAUSE))
        }
        None => {
            let half = TimeDelta::from_std(manager.options().usage_period / 2).unwrap_or(LONGEST_PAUSE);
            Next::After(half.clamp(TimeDelta::milliseconds(500), LONGEST_PAUSE))
        }
    }
}
