//! The worker of statements: it makes them from the books, signs, sends until
//! there is an answer, and makes them again after a dispute. At most one
//! proposal in a currency is under way to a partner, so nothing is ever
//! proposed in two.

use super::{
    books, ruled,
    statement::{Settlement, SettlementState},
};
use crate::{
    FederationError, FederationManager, Method,
    orders::UsageState,
    outbox::{self, Item, Next, Outcome},
    store,
};
use chrono::{DateTime, Days, TimeDelta, Utc};
use hansa_accounting::settle::Statement;
use hansa_federation::{
    SignedDocument, document, limits,
    wire::{self, StatementAnswer, StatementDispute, StatementProposal, StatementRequest, StatementVerdict},
};
use hansa_ontology::Actor;
use hansa_repository::Connection;

/// The first and the longest pause before a disputed statement is proposed again.
const PAUSES: (TimeDelta, TimeDelta) = (TimeDelta::seconds(2), TimeDelta::hours(6));
/// Between two looks at a statement that waits for something.
const LOOK: TimeDelta = TimeDelta::minutes(10);

/// One round for one statement.
///
/// # Errors
/// When the partner can't be asked now; the round is repeated.
pub(crate) async fn statement_work(
    manager: &FederationManager,
    partner: &str,
    id: &str,
) -> Result<Next, FederationError> {
    let (did, key) = (partner.to_owned(), id.to_owned());
    let found = manager.database().read(move |connection| store::settlements::find(connection, &did, &key)).await?;
    let Some(settlement) = found else { return Ok(Next::Never) };
    if super::is_left(manager, partner).await? {
        return Ok(Next::Never);
    }
    match settlement.state {
        SettlementState::Agreed => Ok(Next::Never),
        _ if settlement.is_proposed_by_partner() => ask(manager, settlement).await,
        SettlementState::Proposed => send(manager, settlement).await,
        SettlementState::Open | SettlementState::Disputed => propose(manager, settlement).await,
    }
}

/// Asks who proposes for the statement.
async fn ask(manager: &FederationManager, settlement: Settlement) -> Result<Next, FederationError> {
    if settlement.asked {
        return Ok(Next::Never);
    }
    let request = StatementRequest {
        from: settlement.from,
        through: settlement.through,
        currency: settlement.currency.to_string(),
    };
    let path = format!("{}/statements", wire::BASE);
    let outcome = manager.partner_call(&settlement.partner, Method::Post, &path, outbox::body(&request)?).await?;
    let reason = match outcome {
        Outcome::Done(_) => None,
        Outcome::Missing => Some("the partner knows no statements".to_owned()),
        Outcome::Refused { reason, .. } => Some(format!("the partner says no: {reason}")),
    };
    manager
        .database()
        .write(move |connection| {
            let kept = store::settlements::find(connection, &settlement.partner, &settlement.id)?;
            if let Some(mut kept) = kept.filter(|kept| kept.state != SettlementState::Agreed) {
                kept.asked = true;
                kept.reason = reason.or(kept.reason);
                store::settlements::save(connection, &kept)?;
            }
            Ok::<_, FederationError>(Next::Never)
        })
        .await
}

/// Makes the next proposal, signs it and writes it down.
async fn propose(manager: &FederationManager, settlement: Settlement) -> Result<Next, FederationError> {
    let now = manager.now();
    if let Some(retry) = settlement.retry_at.filter(|retry| *retry > now) {
        return Ok(Next::At(retry));
    }
    let (own, asked) = (manager.did().to_string(), settlement.clone());
    let books = manager
        .database()
        .read(move |connection| books::read(connection, &own, &asked.partner, asked.bounds().1))
        .await?;
    if settlement.monthly
        && let Some(until) = waits(manager, &settlement, &books, now)
    {
        return Ok(Next::At(until));
    }
    let (statement, picked) = books.statement(&settlement)?;
    if settlement.revision == 0 && picked.is_empty() && statement.left_out.is_empty() {
        return nothing(manager, settlement).await;
    }
    let text = text(&statement)?;
    if text.len() > limits::DOCUMENT_BYTES {
        return split(manager, settlement).await;
    }
    let document = document::sign(manager.keys(), document::JSON, text, now).await?;
    manager
        .database()
        .write(move |connection| {
            let kept = store::settlements::find(connection, &settlement.partner, &settlement.id)?;
            let Some(mut kept) = kept.filter(|kept| *kept == settlement) else {
                return Ok(Next::After(TimeDelta::zero()));
            };
            let others = store::settlements::of_partner(connection, &kept.partner, SettlementState::Proposed)?;
            if others.iter().any(|other| other.currency == kept.currency) {
                return Ok(Next::After(PAUSES.0));
            }
            let own = if kept.first.as_str() == kept.partner { &kept.second } else { &kept.first }.to_string();
            // What was signed must still be what the books say.
            let again = books::read(connection, &own, &kept.partner, kept.bounds().1)?.statement(&kept)?;
            if again != (statement, picked.clone()) {
                return Ok(Next::After(TimeDelta::zero()));
            }
            kept.revision += 1;
            (kept.proposal, kept.picked, kept.retry_at) = (Some(document), picked, None);
            let since = kept.since;
            let disputed = kept.state == SettlementState::Disputed;
            kept.move_to(connection, SettlementState::Proposed, (Actor::Broker, None), now)?;
            if disputed {
                kept.since = since;
            }
            store::settlements::save(connection, &kept)?;
            Ok(Next::After(TimeDelta::zero()))
        })
        .await
}

/// Until when a month's statement waits: for the last usage to come, and for answers.
fn waits(
    manager: &FederationManager,
    settlement: &Settlement,
    books: &books::Books,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let over = settlement.bounds().1;
    let after = TimeDelta::from_std(manager.options().settle_after).unwrap_or(TimeDelta::hours(6));
    if now < over + after {
        return Some(over + after);
    }
    let open = books.usage.iter().any(|usage| usage.state == UsageState::Reported || !usage.told);
    (open && now < over + manager.settle_grace()).then(|| now + LOOK)
}

pub(super) fn text(statement: &Statement) -> Result<String, FederationError> {
    let bytes = statement.bytes().map_err(ruled)?;
    String::from_utf8(bytes).map_err(|error| FederationError::Internal(format!("a statement is no text: {error}")))
}

/// There is nothing to state.
async fn nothing(manager: &FederationManager, mut settlement: Settlement) -> Result<Next, FederationError> {
    settlement.reason = Some("there is nothing to settle in this period".to_owned());
    manager.database().write(move |connection| store::settlements::save(connection, &settlement)).await?;
    Ok(Next::Never)
}

/// A period with too much for one document becomes two.
async fn split(manager: &FederationManager, settlement: Settlement) -> Result<Next, FederationError> {
    let days = (settlement.through - settlement.from).num_days();
    let middle = settlement.from.checked_add_days(Days::new(u64::try_from(days / 2).unwrap_or_default()));
    let (Some(middle), true) = (middle, days > 0 && settlement.revision == 0) else {
        let message = format!("the statement of {} is larger than a document may be", settlement.from);
        return Err(FederationError::TooLarge(message));
    };
    let now = manager.now();
    manager
        .database()
        .write(move |connection| {
            store::settlements::forget(connection, &settlement.partner, &settlement.id)?;
            let brokers = if settlement.first.as_str() == settlement.partner {
                [&settlement.second, &settlement.first]
            } else {
                [&settlement.first, &settlement.second]
            };
            let next = middle.succ_opt().unwrap_or(middle);
            for period in [(settlement.from, middle), (next, settlement.through)] {
                let half = Settlement::open(brokers, period, settlement.currency, now);
                if store::settlements::find(connection, &half.partner, &half.id)?.is_none() {
                    store::settlements::save(connection, &half)?;
                }
                outbox::enqueue(connection, &half.partner, &Item::Statement(half.id.clone()), now)?;
            }
            Ok::<_, FederationError>(Next::Never)
        })
        .await
}

/// What the partner has answered to a proposal.
enum Word {
    Agreed(SignedDocument),
    Disputed(Option<SignedDocument>, String),
}

async fn send(manager: &FederationManager, settlement: Settlement) -> Result<Next, FederationError> {
    let Some(document) = settlement.proposal.clone() else {
        return Err(FederationError::Internal("a proposal without its document".to_owned()));
    };
    let proposal = StatementProposal { revision: settlement.revision, document };
    let path = format!("{}/statements/{}", wire::BASE, settlement.id);
    let outcome = manager.partner_call(&settlement.partner, Method::Put, &path, outbox::body(&proposal)?).await?;
    let word = match outcome {
        Outcome::Done(answer) => {
            let answer: StatementAnswer = manager.read_answer(&settlement.partner, &answer)?;
            word(manager, &settlement, &proposal, answer).await?
        }
        Outcome::Missing => Word::Disputed(None, "the partner knows no statements".to_owned()),
        Outcome::Refused { reason, .. } => Word::Disputed(None, format!("the partner refuses it: {reason}")),
    };
    let now = manager.now();
    manager.database().write(move |connection| take(connection, &settlement, word, now)).await
}

async fn word(
    manager: &FederationManager,
    settlement: &Settlement,
    proposal: &StatementProposal,
    answer: StatementAnswer,
) -> Result<Word, FederationError> {
    let broken = |message: &str| FederationError::Protocol {
        partner: settlement.partner.clone(),
        message: format!("its answer to the statement {}: {message}", settlement.id),
    };
    manager.signature_check(&settlement.partner, &answer.document).await?;
    match answer.verdict {
        StatementVerdict::Agreed if answer.document.content == proposal.document.content => {
            Ok(Word::Agreed(answer.document))
        }
        StatementVerdict::Agreed => Err(broken("it signed other bytes than ours")),
        StatementVerdict::Disputed => {
            let dispute: StatementDispute = answer.document.json()?;
            if dispute.digest != proposal.document.digest() || dispute.revision != proposal.revision {
                return Err(broken("it disputes another proposal"));
            }
            Ok(Word::Disputed(Some(answer.document), dispute.reason))
        }
    }
}

/// Writes the answer down; what is agreed is settled in the same transaction.
fn take(
    connection: &mut Connection,
    sent: &Settlement,
    word: Word,
    now: DateTime<Utc>,
) -> Result<Next, FederationError> {
    let kept = store::settlements::find(connection, &sent.partner, &sent.id)?;
    let Some(mut kept) = kept.filter(|kept| kept.state == SettlementState::Proposed && kept.revision == sent.revision)
    else {
        return Ok(Next::After(TimeDelta::zero()));
    };
    let actor = Actor::Partner(kept.partner.clone());
    let next = match word {
        Word::Agreed(document) => {
            books::settle(connection, &kept.partner, &kept.id, &kept.picked)?;
            kept.countersigned = Some(document);
            kept.dispute = None;
            kept.move_to(connection, SettlementState::Agreed, (actor, None), now)?;
            Next::Never
        }
        Word::Disputed(document, reason) => {
            // A dispute lasts since its first revision.
            let since = if kept.revision > 1 { kept.since } else { now };
            let pause = PAUSES.0 * (1 << kept.revision.min(14));
            let retry = now + pause.min(PAUSES.1);
            (kept.dispute, kept.retry_at) = (document, Some(retry));
            kept.move_to(connection, SettlementState::Disputed, (actor, Some(reason)), now)?;
            kept.since = since;
            Next::At(retry)
        }
    };
    store::settlements::save(connection, &kept)?;
    Ok(next)
}
