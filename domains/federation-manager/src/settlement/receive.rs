//! Statements that a partner proposes: we make our own, and sign the same bytes
//! or say, signed, what differs. Either word is final for that proposal.

use super::{
    books::{self, Books, Picked},
    named, ruled,
    statement::{Settlement, SettlementState},
    work::text,
};
use crate::{FederationError, FederationManager, Peer, store};
use hansa_accounting::settle::{Difference, Statement};
use hansa_federation::{
    SignedDocument, document,
    wire::{DisputedRecord, StatementAnswer, StatementDispute, StatementProposal, StatementVerdict},
};
use std::collections::BTreeSet;

/// Differences and records that a dispute lists at most.
const LISTED: usize = 1_000;

impl FederationManager {
    /// `PUT statements/{id}`: a partner's proposal. Answers with our signature
    /// under the same bytes, or with a signed dispute; again with the same.
    ///
    /// # Errors
    /// [`FederationError::Invalid`] when it doesn't verify from its bytes or is
    /// not the partner's to propose, [`FederationError::Conflict`] when it is
    /// agreed with other content or a later proposal has come,
    /// [`FederationError::Words`] for a signature that doesn't hold.
    pub async fn statement_receive(
        &self,
        peer: &Peer,
        id: &str,
        proposal: StatementProposal,
    ) -> Result<StatementAnswer, FederationError> {
        self.signature_check(&peer.did, &proposal.document).await?;
        if proposal.revision == 0 {
            return Err(FederationError::invalid("revision", "the first proposal has the revision 1"));
        }
        if proposal.document.content_type != document::JSON {
            return Err(FederationError::invalid("contentType", format!("a statement is {}", document::JSON)));
        }
        let statement = Statement::verify(proposal.document.content.as_bytes()).map_err(ruled)?;
        self.ours(peer, id, &statement)?;
        let (did, key) = (peer.did.clone(), id.to_owned());
        let known = self.database().read(move |connection| store::settlements::find(connection, &did, &key)).await?;
        if let Some(known) = &known
            && let Some(answer) = answered(known, &proposal)?
        {
            return Ok(answer);
        }
        let wanted = self.wanted(known, &statement)?;
        let (own, partner, before) = (self.did().to_string(), peer.did.clone(), wanted.bounds().1);
        let books = self.database().read(move |connection| books::read(connection, &own, &partner, before)).await?;
        let (made, picked) = books.statement(&wanted)?;
        let content = &proposal.document.content;
        let word = if text(&made)? == *content {
            document::sign(self.keys(), document::JSON, content.clone(), self.now()).await?
        } else {
            self.sign_json(&dispute(id, &proposal, &Statement::differences(&statement, &made), &books)).await?
        };
        let agreed = (text(&made)? == *content).then_some((made, picked));
        self.statement_answer(peer, wanted, proposal, agreed, word).await
    }

    /// Whether the partner may propose this one here, now, under this name.
    fn ours(&self, peer: &Peer, id: &str, statement: &Statement) -> Result<(), FederationError> {
        if statement.first.as_str() != peer.did || statement.second.as_str() != self.did().as_str() {
            let message = "a statement is proposed by its first party, and sent to its second";
            return Err(FederationError::invalid("first", message));
        }
        let period = (statement.from, statement.through);
        let name = Statement::id([&statement.first, &statement.second], period, statement.currency);
        if name != id {
            return Err(FederationError::invalid("id", format!("this statement's id is {name}")));
        }
        if statement.through > self.now().date_naive() {
            return Err(FederationError::invalid("through", "the day hasn't come (UTC)"));
        }
        Ok(())
    }

    fn wanted(&self, known: Option<Settlement>, statement: &Statement) -> Result<Settlement, FederationError> {
        let (own, partner) = (named(self.did().as_str())?, statement.first.clone());
        let period = (statement.from, statement.through);
        Ok(known.unwrap_or_else(|| Settlement::open([&own, &partner], period, statement.currency, self.now())))
    }

    /// Writes our word down before it leaves; what is agreed is settled in the same transaction.
    async fn statement_answer(
        &self,
        peer: &Peer,
        wanted: Settlement,
        proposal: StatementProposal,
        agreed: Option<(Statement, Picked)>,
        word: SignedDocument,
    ) -> Result<StatementAnswer, FederationError> {
        let (now, actor, own) = (self.now(), peer.actor(), self.did().to_string());
        self.database()
            .write(move |connection| {
                let known = store::settlements::find(connection, &wanted.partner, &wanted.id)?;
                if let Some(known) = &known
                    && let Some(answer) = answered(known, &proposal)?
                {
                    return Ok(answer);
                }
                let mut settlement = known.unwrap_or(wanted);
                let first = settlement.state != SettlementState::Disputed;
                let since = if first { now } else { settlement.since };
                settlement.revision = proposal.revision;
                settlement.proposal = Some(proposal.document);
                let verdict = match agreed {
                    Some(made) => {
                        let before = settlement.bounds().1;
                        let again =
                            books::read(connection, &own, &settlement.partner, before)?.statement(&settlement)?;
                        if again != made {
                            return Err(changed());
                        }
                        books::settle(connection, &settlement.partner, &settlement.id, &made.1)?;
                        settlement.picked = made.1;
                        settlement.countersigned = Some(word.clone());
                        settlement.dispute = None;
                        settlement.move_to(connection, SettlementState::Agreed, (actor, None), now)?;
                        StatementVerdict::Agreed
                    }
                    None => {
                        let reason = word.json::<StatementDispute>()?.reason;
                        settlement.dispute = Some(word.clone());
                        settlement.move_to(connection, SettlementState::Disputed, (actor, Some(reason)), now)?;
                        settlement.since = since;
                        StatementVerdict::Disputed
                    }
                };
                store::settlements::save(connection, &settlement)?;
                Ok(StatementAnswer { revision: settlement.revision, verdict, document: word })
            })
            .await
    }
}

fn changed() -> FederationError {
    FederationError::Unavailable("the books have just changed; send it again".to_owned())
}

/// Our word on this very proposal, if it was given.
fn answered(known: &Settlement, proposal: &StatementProposal) -> Result<Option<StatementAnswer>, FederationError> {
    let same = known.proposal.as_ref().is_some_and(|kept| kept.content == proposal.document.content);
    let revision = proposal.revision;
    let answer = |verdict, word: &Option<SignedDocument>| {
        word.clone().map(|document| StatementAnswer { revision, verdict, document })
    };
    match known.state {
        SettlementState::Agreed if same => Ok(answer(StatementVerdict::Agreed, &known.countersigned)),
        SettlementState::Agreed => Err(FederationError::Conflict("it is agreed, with other content".to_owned())),
        _ if revision < known.revision => {
            Err(FederationError::Conflict(format!("the proposal {} has come already", known.revision)))
        }
        _ if revision > known.revision => Ok(None),
        SettlementState::Disputed if same => Ok(answer(StatementVerdict::Disputed, &known.dispute)),
        _ => Err(FederationError::Conflict("this proposal has come with other content".to_owned())),
    }
}

fn dispute(id: &str, proposal: &StatementProposal, differing: &[Difference], books: &Books) -> StatementDispute {
    let orders: BTreeSet<&str> = differing.iter().map(|one| one.resource.as_str()).collect();
    let concerned =
        books.usage.iter().filter(|usage| orders.contains(format!("machine/{}", usage.record.order).as_str()));
    let records = concerned.take(LISTED).map(|usage| DisputedRecord {
        digest: usage.document.digest(),
        order: usage.record.order.to_string(),
        from: usage.record.from,
        unit_seconds: usage.record.unit_seconds,
        state: usage.state.name().to_owned(),
    });
    let (count, first) = (differing.len(), differing.first());
    let first = first.map(|one| format!(", the first is the {} of {}", one.item, one.resource)).unwrap_or_default();
    StatementDispute {
        statement: id.to_owned(),
        revision: proposal.revision,
        digest: proposal.document.digest(),
        reason: format!("by our books {count} items differ{first}"),
        differences: differing.iter().take(LISTED).filter_map(|one| serde_json::to_value(one).ok()).collect(),
        records: records.collect(),
    }
}
