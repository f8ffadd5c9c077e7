//! The worker of negotiations: one round looks where one stands, decides, and
//! sends at most one message.

use super::{
    conformance,
    decide::{Decision, Opinion, decide},
    model::Negotiation,
    paper,
    receive::{pending_step, told},
    send::{self, Sent},
    terms::KnownOffer,
};
use crate::{
    FederationError, FederationManager,
    outbox::{self, Item, Next},
    store,
};
use chrono::{SecondsFormat, TimeDelta};
use hansa_federation::dsp::{
    Policy, catalogue,
    negotiation::{Role, State, Step, next},
};
use hansa_ontology::OfferId;
use hansa_repository::Connection;
use serde_json::Value;

/// How often the partner's state is looked at while it is its turn.
const LOOK: TimeDelta = TimeDelta::seconds(10);
/// A negotiation in which nothing happened for so long is given up.
const PATIENCE: TimeDelta = TimeDelta::minutes(15);
/// So long terms that can't be told yet are waited for.
const OPEN: TimeDelta = TimeDelta::seconds(30);

/// A negotiation that an order of ours needs, written down in the transaction
/// at hand. Its worker sends the first message.
pub(crate) fn negotiation_begin(
    connection: &mut Connection,
    id: String,
    partner: &str,
    known: &KnownOffer,
    terms: Policy,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<String, FederationError> {
    let offer = known.offer.id.to_string();
    if let Some(found) = store::contracts::negotiation_under_way(connection, partner, &offer, &known.digest)? {
        return Ok(found.id);
    }
    let (terms, about) = (terms.targeted(&offer), (offer, known.digest.clone()));
    let negotiation = Negotiation {
        subject: Some(known.subject()),
        ..Negotiation::begun(id.clone(), partner, Role::Consumer, about, terms, now)
    };
    store::contracts::negotiation_insert(connection, &negotiation, now)?;
    told(connection, &negotiation, "agreement.requested", now)?;
    outbox::enqueue(connection, partner, &Item::Negotiation(id.clone()), now)?;
    Ok(id)
}

/// One round for one negotiation.
///
/// # Errors
/// When the partner can't be asked now; the round is repeated.
pub(crate) async fn negotiation_work(manager: &FederationManager, id: &str) -> Result<Next, FederationError> {
    let key = id.to_owned();
    let found = manager.database().read(move |connection| store::contracts::negotiation(connection, &key)).await?;
    let Some(negotiation) = found.filter(|found| !found.closed) else {
        return Ok(Next::Never);
    };
    if let Some(step) = negotiation.pending.as_ref().and_then(pending_step) {
        return deliver(manager, negotiation, step, true).await;
    }
    if conformance::is_counterpart(&negotiation.partner) && manager.now() - negotiation.since < conformance::PAUSE {
        return Ok(Next::After(conformance::PAUSE));
    }
    let opinion = opinion(manager, &negotiation).await?;
    let scripted = conformance::decision(manager, &negotiation);
    let decision = scripted.unwrap_or_else(|| decide(negotiation.role, negotiation.state, &opinion));
    match decision {
        Decision::Wait => wait(manager, negotiation).await,
        Decision::Close => close(manager, negotiation).await,
        Decision::Sign => manager.agreement_seal(negotiation).await,
        Decision::Terminate(reason) => prepare(manager, negotiation, Step::Terminate, Some(reason)).await,
        Decision::Send(step) => prepare(manager, negotiation, step, None).await,
    }
}

/// What we think of what is on the table.
async fn opinion(manager: &FederationManager, negotiation: &Negotiation) -> Result<Opinion, FederationError> {
    match (negotiation.role, negotiation.state) {
        (Role::Provider, Some(State::Requested | State::Accepted)) => provider_opinion(manager, negotiation).await,
        (Role::Consumer, Some(State::Offered)) => consumer_opinion(manager, negotiation).await,
        (Role::Consumer, Some(State::Agreed)) => Ok(agreement_opinion(manager, negotiation)),
        _ => Ok(Opinion::Good),
    }
}

async fn provider_opinion(manager: &FederationManager, negotiation: &Negotiation) -> Result<Opinion, FederationError> {
    let bad = |reason: &str| Ok(Opinion::Bad(reason.to_owned()));
    let did = negotiation.partner.clone();
    let partner = manager.database().read(move |connection| store::partners::find(connection, &did)).await?;
    let Some(partner) = partner.filter(|partner| partner.state.is_active()) else {
        return bad("nothing new is agreed with you now");
    };
    let Some(known) = own_offer(manager, negotiation).await? else {
        return bad("this isn't offered to you");
    };
    if !partner.policy.offered.shows(&known.offer) {
        return bad("this isn't offered to you");
    }
    if known.offer.valid_through.is_some_and(|end| end <= manager.now()) {
        return bad("this offer's time is over");
    }
    let own = known.policy();
    let asked = catalogue::terms_digest(&negotiation.terms.id);
    if asked == Some(known.digest.as_str()) && negotiation.terms.same_terms(&own) {
        return Ok(Opinion::Good);
    }
    if negotiation.received.len() > 1 {
        return bad("these aren't the terms of this offer, and they aren't negotiable");
    }
    Ok(Opinion::Near)
}

/// A counter-offer is taken when it is what was chosen after all: the same
/// signed offer, with the terms that follow from it.
async fn consumer_opinion(manager: &FederationManager, negotiation: &Negotiation) -> Result<Opinion, FederationError> {
    let changed = "the offer has changed since it was chosen".to_owned();
    if catalogue::terms_digest(&negotiation.terms.id) != Some(negotiation.digest.as_str()) {
        return Ok(Opinion::Bad(changed));
    }
    let known = match OfferId::new(negotiation.offer.clone()) {
        Ok(id) => manager.partner_offer(&negotiation.partner, &id).await?,
        Err(_) => None,
    };
    let good = match known.filter(|known| known.digest == negotiation.digest) {
        Some(known) => negotiation.terms.same_terms(&known.policy()),
        None => false,
    };
    // What the partner says of its site may come a moment later.
    let early = manager.now() - negotiation.since < OPEN;
    Ok(if good {
        Opinion::Good
    } else if early {
        Opinion::Open
    } else {
        Opinion::Bad(changed)
    })
}

fn agreement_opinion(manager: &FederationManager, negotiation: &Negotiation) -> Opinion {
    let Some(agreement) = &negotiation.agreement else {
        return Opinion::Bad("the agreement has no text".to_owned());
    };
    let own = manager.did().to_string();
    let faults = [
        (agreement.target.as_deref() == Some(negotiation.offer.as_str()), "it is about another offer"),
        (agreement.assigner.as_deref() == Some(negotiation.partner.as_str()), "its assigner is another one"),
        (agreement.assignee.as_deref() == Some(own.as_str()), "its assignee is another one"),
        (agreement.same_terms(&negotiation.terms), "its terms aren't those that were negotiated"),
        (paper::agreed_at(agreement).is_ok(), "its timestamp is no time"),
        ((1..=512).contains(&agreement.id.len()), "its @id has not 1 to 512 bytes"),
    ];
    match faults.into_iter().find(|(good, _)| !good) {
        Some((_, fault)) => Opinion::Bad(format!("the agreement isn't what was negotiated: {fault}")),
        None => Opinion::Good,
    }
}

async fn own_offer(
    manager: &FederationManager,
    negotiation: &Negotiation,
) -> Result<Option<KnownOffer>, FederationError> {
    match OfferId::new(negotiation.offer.clone()) {
        Ok(id) => manager.own_offer(&id).await,
        Err(_) => Ok(None),
    }
}

/// Writes the message down, then sends it.
async fn prepare(
    manager: &FederationManager,
    mut negotiation: Negotiation,
    step: Step,
    reason: Option<String>,
) -> Result<Next, FederationError> {
    let now = manager.now();
    let known = if negotiation.role == Role::Provider && matches!(step, Step::Offer | Step::Agree) {
        own_offer(manager, &negotiation).await?
    } else {
        None
    };
    if let Some(known) = &known {
        negotiation.subject = Some(known.subject());
        negotiation.digest.clone_from(&known.digest);
        if step == Step::Offer {
            negotiation.terms = known.policy().targeted(&negotiation.offer);
        }
    }
    let agreement = (step == Step::Agree).then(|| {
        negotiation.terms.agreed(
            manager.new_pid(),
            &negotiation.offer,
            manager.did().as_str(),
            &negotiation.partner,
            now.to_rfc3339_opts(SecondsFormat::Secs, true),
        )
    });
    if let Some(reason) = reason {
        negotiation.reason = Some(reason);
    }
    let callback = conformance::own_address(manager);
    let reason = negotiation.reason.clone();
    let message = send::message(&negotiation, step, &callback, agreement, reason.as_deref())?;
    negotiation.pending = Some(message);
    let negotiation = manager
        .database()
        .write(move |connection| {
            store::contracts::negotiation_swap(connection, &mut negotiation, now)?;
            Ok::<_, FederationError>(negotiation)
        })
        .await?;
    deliver(manager, negotiation, step, false).await
}

/// Sends the pending message and commits its effect when it is acknowledged.
async fn deliver(
    manager: &FederationManager,
    negotiation: Negotiation,
    step: Step,
    look: bool,
) -> Result<Next, FederationError> {
    let Ok(state) = next(negotiation.state, step, negotiation.role) else {
        return drop_pending(manager, negotiation).await;
    };
    if step == Step::Terminate && negotiation.peer_pid.is_none() {
        return commit(manager, negotiation, state, None).await;
    }
    match manager.pending_send(&negotiation, step, state, look).await? {
        Sent::Acknowledged(pid) => commit(manager, negotiation, state, pid).await,
        // A partner that doesn't know it, or is through with it, needs no telling.
        Sent::Missing | Sent::Refused(_) if step == Step::Terminate => commit(manager, negotiation, state, None).await,
        Sent::Missing => give_up(manager, negotiation, "the partner doesn't know this negotiation".to_owned()).await,
        Sent::Refused(reason) => refused(manager, negotiation, step, reason).await,
    }
}

/// The partner refuses the step. It may have gone on meanwhile: what it says of
/// its state decides.
async fn refused(
    manager: &FederationManager,
    negotiation: Negotiation,
    step: Step,
    reason: String,
) -> Result<Next, FederationError> {
    let there = manager.peer_state(&negotiation).await?;
    let reached = next(negotiation.state, step, negotiation.role).ok();
    if let (Some(there), Some(reached)) = (&there, reached)
        && there.state == reached
    {
        return commit(manager, negotiation, reached, None).await;
    }
    give_up(manager, negotiation, format!("the partner refuses to let us {step} it: {reason}")).await
}

/// Commits the effect of our message, unless the partner's next one did.
async fn commit(
    manager: &FederationManager,
    sent: Negotiation,
    state: State,
    pid: Option<String>,
) -> Result<Next, FederationError> {
    let now = manager.now();
    manager
        .database()
        .write(move |connection| {
            let Some(mut negotiation) = store::contracts::negotiation(connection, &sent.id)? else {
                return Ok(Next::Never);
            };
            if negotiation.pending != sent.pending || negotiation.pending.is_none() {
                return Ok(Next::After(TimeDelta::zero()));
            }
            if negotiation.peer_pid.is_none() {
                negotiation.peer_pid = pid;
            }
            let message = negotiation.pending.take();
            if let Some(policy) = message.as_ref().and_then(|message: &Value| message.get("agreement")) {
                negotiation.agreement = serde_json::from_value(policy.clone()).ok();
            }
            negotiation.move_to(state, now);
            store::contracts::negotiation_swap(connection, &mut negotiation, now)?;
            match state {
                State::Agreed => told(connection, &negotiation, "agreement.agreed", now)?,
                State::Terminated => told(connection, &negotiation, "agreement.terminated", now)?,
                _ => {}
            }
            Ok(Next::After(TimeDelta::zero()))
        })
        .await
}

/// A message that has lost its sense because the partner went on.
async fn drop_pending(manager: &FederationManager, sent: Negotiation) -> Result<Next, FederationError> {
    let now = manager.now();
    manager
        .database()
        .write(move |connection| {
            if let Some(mut negotiation) = store::contracts::negotiation(connection, &sent.id)?
                && negotiation.pending == sent.pending
            {
                negotiation.pending = None;
                store::contracts::negotiation_swap(connection, &mut negotiation, now)?;
            }
            Ok(Next::After(TimeDelta::zero()))
        })
        .await
}

/// The negotiation is over for us: the partner needs no telling, or can't be told.
async fn give_up(manager: &FederationManager, read: Negotiation, reason: String) -> Result<Next, FederationError> {
    let now = manager.now();
    manager
        .database()
        .write(move |connection| {
            let Some(mut negotiation) = store::contracts::negotiation(connection, &read.id)? else {
                return Ok(Next::Never);
            };
            if negotiation.version != read.version {
                return Ok(Next::After(TimeDelta::zero()));
            }
            negotiation.pending = None;
            negotiation.reason = Some(reason);
            negotiation.move_to(State::Terminated, now);
            store::contracts::negotiation_swap(connection, &mut negotiation, now)?;
            told(connection, &negotiation, "agreement.terminated", now)?;
            Ok(Next::After(TimeDelta::zero()))
        })
        .await
}

/// It is the partner's turn. What it may have lost or forgotten shows in its state.
async fn wait(manager: &FederationManager, negotiation: Negotiation) -> Result<Next, FederationError> {
    if conformance::is_counterpart(&negotiation.partner) {
        return Ok(Next::Never);
    }
    let waited = manager.now() - negotiation.since;
    let open = negotiation.role == Role::Consumer && negotiation.state == Some(State::Offered);
    if waited < LOOK {
        return Ok(Next::After(if open { TimeDelta::seconds(1) } else { LOOK - waited }));
    }
    match manager.peer_state(&negotiation).await? {
        None => give_up(manager, negotiation, "the partner doesn't know this negotiation any more".to_owned()).await,
        Some(there) if there.state == State::Terminated => {
            give_up(manager, negotiation, "the partner has terminated it".to_owned()).await
        }
        Some(_) if waited > PATIENCE => {
            prepare(manager, negotiation, Step::Terminate, Some("nothing has happened for too long".to_owned())).await
        }
        Some(_) => Ok(Next::After(LOOK)),
    }
}

/// Nothing more is to be done: what waited for it goes on.
async fn close(manager: &FederationManager, read: Negotiation) -> Result<Next, FederationError> {
    let now = manager.now();
    let finalized = read.state == Some(State::Finalized);
    let agreement =
        if finalized && !conformance::is_counterpart(&read.partner) { Some(paper::agreement(&read)?) } else { None };
    manager
        .database()
        .write(move |connection| {
            let Some(mut negotiation) = store::contracts::negotiation(connection, &read.id)? else {
                return Ok(Next::Never);
            };
            if let Some(agreement) = &agreement
                && store::contracts::agreement(connection, &agreement.partner, &agreement.id)?.is_none()
            {
                store::contracts::agreement_save(connection, agreement)?;
            }
            finish(connection, &mut negotiation, now)?;
            Ok(Next::Never)
        })
        .await
}

/// Closes a negotiation and wakes the orders that wait for it.
pub(super) fn finish(
    connection: &mut Connection,
    negotiation: &mut Negotiation,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), FederationError> {
    negotiation.closed = true;
    store::contracts::negotiation_swap(connection, negotiation, now)?;
    if negotiation.state == Some(State::Finalized) {
        told(connection, negotiation, "agreement.finalized", now)?;
    }
    for (partner, order) in store::orders::purchases_waiting(connection, &negotiation.id)? {
        outbox::enqueue(connection, &partner, &Item::Purchase(order), now)?;
    }
    Ok(())
}
