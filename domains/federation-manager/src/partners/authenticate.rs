//! Whether a message comes from the partner that it says, is for us, is new,
//! and isn't one too many.

use super::{Partner, PartnerState, event};
use crate::{FederationError, FederationManager, Inbound, Peer, store};
use hansa_federation::{
    Did, ErrorKind as WordsKind,
    token::{Claims, Request, UnverifiedToken},
};
use hansa_ontology::Actor;
use hansa_repository::event as log;
use serde_json::json;

/// What a partner that is left may still ask: how we stand, and our keys to read old documents.
const ALWAYS: [&str; 2] = ["/federation/v1/status", "/federation/v1/keys"];

impl FederationManager {
    /// Who sent this. Every message of a partner comes through here before
    /// anything else is done with it.
    ///
    /// # Errors
    /// `Unauthenticated`, `Replayed`, `TooMany`, `Forbidden`; each is told in an event `federation.refused`.
    pub async fn authenticate(&self, inbound: &Inbound<'_>) -> Result<Peer, FederationError> {
        let mut sender = None;
        let peer = self.authenticated(inbound, &mut sender).await;
        if let Err(error) = &peer {
            self.refused(sender.as_deref(), inbound, error).await;
        }
        peer
    }

    async fn authenticated(&self, inbound: &Inbound<'_>, sender: &mut Option<String>) -> Result<Peer, FederationError> {
        let token = match UnverifiedToken::from_authorization(inbound.authorization) {
            Ok(token) => token,
            Err(error) => {
                self.rate_check(None)?;
                return Err(error.into());
            }
        };
        let issuer = token.issuer().clone();
        let Some(partner) = self.known(&issuer).await? else {
            self.rate_check(None)?;
            let reason = format!("{issuer} is no partner of this broker; ask its owner for an invitation");
            return Err(FederationError::unauthenticated(reason));
        };
        *sender = Some(partner.did.clone());
        let claims = match self.verified(&partner, token, inbound).await {
            Ok(claims) => claims,
            Err(error) => {
                let now = self.now();
                self.inner.partners.failure(&partner.did, now).map_err(too_many)?;
                return Err(error);
            }
        };
        self.rate_check(Some(&partner.did))?;
        self.admit(partner, &claims, inbound).await
    }

    async fn known(&self, did: &Did) -> Result<Option<Partner>, FederationError> {
        let did = did.to_string();
        let partner = self.database().read(move |connection| store::partners::find(connection, &did)).await?;
        Ok(partner.filter(|partner| !partner.keys.keys.is_empty()))
    }

    /// Verifies the token; where it names a key that isn't known yet, after looking for new keys.
    async fn verified(
        &self,
        partner: &Partner,
        token: UnverifiedToken<'_>,
        inbound: &Inbound<'_>,
    ) -> Result<Claims, FederationError> {
        let (request, now) = (request_of(inbound), self.now());
        let refused = match token.verify(&partner.keys, self.did(), request, now) {
            Ok(claims) => return Ok(claims),
            Err(refused) => refused,
        };
        if refused.kind() != WordsKind::UnknownKey {
            return Err(refused.into());
        }
        let Some(keys) = self.keys_newer(partner).await? else {
            return Err(refused.into());
        };
        let token = UnverifiedToken::from_authorization(inbound.authorization)?;
        Ok(token.verify(&keys, self.did(), request, now)?)
    }

    async fn admit(&self, partner: Partner, claims: &Claims, inbound: &Inbound<'_>) -> Result<Peer, FederationError> {
        let now = self.now();
        let (did, jti) = (partner.did.clone(), claims.jti.clone());
        let until = claims.remember_until().unwrap_or(now);
        let back = self
            .database()
            .write_relaxed(move |connection| {
                if !store::tokens::note(connection, &did, &jti, until)? {
                    return Err(FederationError::Replayed);
                }
                Ok(store::partners::heard(connection, &did, now)?)
            })
            .await?;
        if back {
            self.heard_again(&partner.did).await?;
        }
        let path = inbound.path_and_query.split('?').next().unwrap_or_default();
        if partner.state == PartnerState::Terminated && !ALWAYS.iter().any(|allowed| path.ends_with(allowed)) {
            let reason = "the partnership has ended; a new one begins with a new invitation";
            return Err(FederationError::forbidden(reason));
        }
        Ok(Peer { did: partner.did, name: partner.name, state: partner.state })
    }

    /// A partner that didn't answer was heard again: said, and taken up at once.
    pub(crate) async fn heard_again(&self, did: &str) -> Result<(), FederationError> {
        let (did, now) = (did.to_owned(), self.now());
        let told = did.clone();
        self.database()
            .write(move |connection| -> Result<(), FederationError> {
                let partner = store::partners::get(connection, &told)?;
                let message = format!("{} is heard again.", partner.name);
                let told = event::of_partner(&partner, "partner.heard-again", message, Actor::Broker, now);
                log::append(connection, &told)?;
                Ok(())
            })
            .await?;
        self.pull_soon(&did).await
    }

    /// Takes a token of the sender's bucket.
    pub(crate) fn rate_check(&self, did: Option<&str>) -> Result<(), FederationError> {
        let options = self.options();
        let taken = self.inner.partners.message(did, options.rate_per_second, options.rate_burst, self.now());
        taken.map_err(too_many)
    }

    /// Tells of a message that was refused: who, what and why. Who is refused
    /// often is told of rarely, with how often it was.
    pub async fn refused(&self, sender: Option<&str>, inbound: &Inbound<'_>, error: &FederationError) {
        let now = self.now();
        let Some(untold) = self.inner.partners.refusal(sender, now) else { return };
        let who = sender.unwrap_or("a stranger");
        let path = event::short(inbound.path_and_query.split('?').next().unwrap_or_default());
        let reason = event::short(&error.to_string());
        let more = if untold > 0 { format!(" ({untold} more were refused before)") } else { String::new() };
        let data = json!({
            "sender": sender,
            "method": event::short(inbound.method),
            "path": path,
            "problem": error.problem().name(),
            "reason": reason,
            "untold": untold,
        });
        let message = format!("A message of {who} was refused: {reason}{more}");
        let actor = sender.map_or(Actor::Broker, |did| Actor::Partner(did.to_owned()));
        let told = event::with_data(sender.unwrap_or("unknown"), "federation.refused", message, data, actor, now);
        let written = self.database().write_relaxed(move |connection| log::append(connection, &told)).await;
        if let Err(error) = written {
            tracing::warn!(%error, "a refusal can't be written down");
        }
    }
}

pub(super) fn request_of<'a>(inbound: &Inbound<'a>) -> Request<'a> {
    Request { method: inbound.method, path_and_query: inbound.path_and_query, body: inbound.body }
}

fn too_many(retry_after: std::time::Duration) -> FederationError {
    FederationError::TooMany { reason: "too many messages".to_owned(), retry_after }
}
