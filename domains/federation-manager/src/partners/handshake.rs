//! The newcomer's side of an invitation. Our owner's consent is written down
//! first; then a worker talks to the inviter until it has agreed, so an answer
//! that was lost costs a repetition and nothing else.

use super::{Partner, PartnerEvent, PartnerState, event};
use crate::{
    Call, FederationError, FederationManager, Method,
    exchange::PULL_QUEUE,
    store::{self, invitations},
    transport::TransportError,
};
use hansa_federation::{
    Did, DidDocument, KeySet, json as strict,
    keys::chain_follow,
    limits,
    wire::{AcceptAnswer, AcceptRequest, BASE, Invitation, KeyLists},
};
use hansa_ontology::Actor;
use hansa_repository::{event as log, work};

impl FederationManager {
    /// Our owner accepts an invitation: the line that the partner's owner handed
    /// over. Tries at once, and goes on by itself where that fails; the answer
    /// shows how far it is.
    ///
    /// # Errors
    /// When the line can't be read, is our own, or the partner is one already.
    pub async fn partner_accept(&self, line: &str, actor: Actor) -> Result<Partner, FederationError> {
        let invitation: Invitation = line.parse()?;
        if invitation.did == *self.did() {
            return Err(FederationError::invalid("invitation", "it is this broker's own; hand it to the other owner"));
        }
        self.options().guard.url_check(&invitation.endpoint)?;
        let did = invitation.did.to_string();
        self.acceptance_note(invitation, line.trim().to_owned(), actor).await?;
        if let Err(error) = self.handshake(&did).await {
            tracing::info!(partner = did, %error, "the inviter doesn't agree yet; it is asked again");
        }
        self.partner_get(&did).await
    }

    async fn acceptance_note(&self, invitation: Invitation, line: String, actor: Actor) -> Result<(), FederationError> {
        let now = self.now();
        let id = self.inner.rooms.ids.next().to_string();
        let expires = now + self.options().invitation_valid;
        self.database()
            .write(move |connection| {
                let did = invitation.did.to_string();
                let before = store::partners::find(connection, &did)?;
                match before.as_ref().map(|partner| partner.state) {
                    None | Some(PartnerState::Terminated) => {}
                    // A second line of an inviter that hasn't agreed yet takes the place of the first.
                    Some(PartnerState::Handshake) => {
                        if let Some(mut old) = invitations::taken(connection, &did)? {
                            old.use_up(&did, now);
                            invitations::put(connection, &old)?;
                        }
                    }
                    Some(state) => {
                        let message = format!("{did} is a partner already, and {state}");
                        return Err(FederationError::Conflict(message));
                    }
                }
                let partner = Partner::new(&invitation.did, invitation.endpoint.as_str(), PartnerState::Handshake, now);
                store::partners::put(connection, &partner)?;
                store::partners::position_put(connection, &store::partners::Position::new(&did))?;
                invitations::put(connection, &invitations::Invitation::taken(id, did.clone(), line, now, expires))?;
                let message = format!("The invitation of {did} was accepted; it is being told.");
                log::append(connection, &event::of_partner(&partner, "partner.handshake", message, actor, now))?;
                work::enqueue(connection, PULL_QUEUE, &did, now)?;
                Ok(())
            })
            .await
    }

    /// Tells the inviter, if an invitation of it is open here.
    pub(crate) async fn handshake(&self, did: &str) -> Result<(), FederationError> {
        let partner = did.to_owned();
        let Some(open) = self.database().read(move |connection| invitations::taken(connection, &partner)).await? else {
            return Ok(());
        };
        let invitation: Invitation = open.secret.parse()?;
        let keys = self.inviter_keys(&invitation).await?;
        let request = AcceptRequest {
            invitation: invitation.secret.clone(),
            did: self.did().clone(),
            name: self.options().name.clone(),
            endpoint: self.options().endpoint.clone(),
            provider: self.options().provider.clone(),
        };
        let call = Call {
            partner: did.to_owned(),
            endpoint: invitation.endpoint.as_str().trim_end_matches('/').to_owned(),
            method: Method::Post,
            path: format!("{BASE}/partners"),
            body: strict::write("request", &request)?,
            timeout: self.options().call_timeout,
            limit: limits::ANSWER_BYTES,
        };
        match self.transport().call(&call).await {
            Ok(answer) => self.agreed(did, open, keys, &answer.body).await,
            Err(source) => {
                self.call_failed(did, &source).await?;
                Err(FederationError::Partner { partner: did.to_owned(), source })
            }
        }
    }

    /// The inviter's keys as they are now, proved by those that the invitation names.
    async fn inviter_keys(&self, invitation: &Invitation) -> Result<KeySet, FederationError> {
        let served = self.did_keys(&invitation.did).await?;
        let pinned = KeySet {
            did: served.did.clone(),
            keys: served
                .keys
                .iter()
                .filter(|key| invitation.keys.contains(&key.public_key.thumbprint()))
                .cloned()
                .collect(),
        };
        if pinned.keys.is_empty() {
            let reason = format!(
                "the DID document of {} has none of the keys that the invitation names; ask its owner for a new invitation",
                invitation.did
            );
            return Err(FederationError::unauthenticated(reason));
        }
        if pinned.keys.len() == served.keys.len() {
            return Ok(served);
        }
        let endpoint = invitation.endpoint.as_str().trim_end_matches('/');
        let lists = self.key_lists_of(invitation.did.as_str(), endpoint).await?;
        Ok(chain_follow(&pinned, &lists.lists, &served, self.now())?)
    }

    /// The keys in the DID document that is served for a DID now.
    pub(crate) async fn did_keys(&self, did: &Did) -> Result<KeySet, FederationError> {
        Ok(self.did_document_of(did).await?.keys()?)
    }

    /// The DID document that is served for a DID now.
    pub(crate) async fn did_document_of(&self, did: &Did) -> Result<DidDocument, FederationError> {
        let served = self.transport().did_document(did).await;
        let bytes = served.map_err(|source| FederationError::Partner { partner: did.to_string(), source })?;
        Ok(DidDocument::read(&bytes, did, &self.options().guard)?)
    }

    /// Every key list of a partner.
    pub(crate) async fn key_lists_of(&self, did: &str, endpoint: &str) -> Result<KeyLists, FederationError> {
        let call = Call {
            partner: did.to_owned(),
            endpoint: endpoint.to_owned(),
            method: Method::Get,
            path: format!("{BASE}/keys"),
            body: Vec::new(),
            timeout: self.options().call_timeout,
            limit: limits::FEED_PAGE_BYTES,
        };
        let answer = self.transport().call(&call).await;
        let answer = answer.map_err(|source| FederationError::Partner { partner: did.to_owned(), source })?;
        Ok(strict::read("key lists", &answer.body, limits::FEED_PAGE_BYTES)?)
    }

    async fn agreed(
        &self,
        did: &str,
        mut open: invitations::Invitation,
        keys: KeySet,
        body: &[u8],
    ) -> Result<(), FederationError> {
        let answer: AcceptAnswer = strict::read("answer", body, limits::ANSWER_BYTES)?;
        let broken = |message: String| FederationError::Protocol { partner: did.to_owned(), message };
        if answer.did.as_str() != did {
            return Err(broken(format!("it answers as {}", answer.did)));
        }
        self.options().guard.url_check(&answer.endpoint)?;
        let (did, now) = (did.to_owned(), self.now());
        let own = self.options().provider.clone();
        self.database()
            .write(move |connection| {
                let mut partner = store::partners::get(connection, &did)?;
                if partner.state != PartnerState::Handshake {
                    return Ok(());
                }
                super::provider_check(connection, &answer.provider, &did, &own)?;
                partner.name = event::short(&answer.name);
                partner.endpoint = answer.endpoint.as_str().trim_end_matches('/').to_owned();
                partner.provider = Some(answer.provider);
                partner.keys = keys;
                partner.last_heard = Some(now);
                partner.unreachable_since = None;
                partner.last_error = None;
                partner.apply(PartnerEvent::Activate, None, now)?;
                store::partners::put(connection, &partner)?;
                open.use_up(&did, now);
                invitations::put(connection, &open)?;
                let message = format!("{} ({did}) has agreed, and is a partner now.", partner.name);
                let told = event::of_partner(&partner, "partner.active", message, Actor::Partner(did.clone()), now);
                log::append(connection, &told)?;
                work::enqueue(connection, PULL_QUEUE, &did, now)?;
                Ok(())
            })
            .await
    }

    /// Notes that a call came to nothing, with an event when it was the first one.
    pub(crate) async fn call_failed(&self, did: &str, error: &TransportError) -> Result<(), FederationError> {
        let (did, text, now) = (did.to_owned(), event::short(&error.to_string()), self.now());
        self.database()
            .write_relaxed(move |connection| {
                if store::partners::unreachable(connection, &did, &text, now)? {
                    let partner = store::partners::get(connection, &did)?;
                    let message = format!("Calls to {} fail: {text}", partner.name);
                    let told = event::of_partner(&partner, "partner.unreachable", message, Actor::Broker, now);
                    log::append(connection, &told)?;
                }
                Ok(())
            })
            .await
    }
}
