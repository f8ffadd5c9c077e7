//! The inviter's side: a newcomer comes with an invitation of ours and proves
//! who it is. Our owner's consent was the invitation.

use super::{Partner, PartnerEvent, PartnerState, authenticate::request_of, event};
use crate::{
    FederationError, FederationManager, Inbound,
    exchange::PULL_QUEUE,
    store::{self, invitations},
};
use chrono::TimeDelta;
use hansa_federation::{
    KeySet, json as strict, limits,
    token::UnverifiedToken,
    wire::{self, AcceptAnswer, AcceptRequest},
};
use hansa_ontology::Actor;
use hansa_repository::{Connection, event as log, work};

/// How long a newcomer is given to read that it was accepted.
const ANSWER_READ: TimeDelta = TimeDelta::milliseconds(300);

impl FederationManager {
    /// A newcomer accepts an invitation of ours: `POST /federation/v1/partners`.
    /// The same newcomer may repeat it, and gets the same answer.
    ///
    /// # Errors
    /// When the invitation isn't good, or the newcomer's identity isn't proved; each is told in an event.
    pub async fn partner_join(&self, inbound: &Inbound<'_>) -> Result<AcceptAnswer, FederationError> {
        let joined = self.join(inbound).await;
        if let Err(error) = &joined {
            self.refused(None, inbound, error).await;
        }
        joined
    }

    async fn join(&self, inbound: &Inbound<'_>) -> Result<AcceptAnswer, FederationError> {
        self.rate_check(None)?;
        let request: AcceptRequest = strict::read("request", inbound.body, limits::REQUEST_BYTES)?;
        let token = UnverifiedToken::from_authorization(inbound.authorization)?;
        if *token.issuer() != request.did {
            return Err(FederationError::unauthenticated("the request's did is not the token's iss"));
        }
        let hash = wire::secret_hash(&request.invitation);
        let did = request.did.to_string();
        // Before anything is fetched from where the newcomer says: only who holds a secret of ours may make us do that.
        let known = self.invitation_known(&hash, &did).await?;
        let keys = match known {
            Some(partner) => partner.keys,
            None => self.newcomer_keys(&request).await?,
        };
        let now = self.now();
        let claims = token.verify(&keys, self.did(), request_of(inbound), now)?;
        let own = self.options().provider.clone();
        self.database()
            .write(move |connection| {
                let until = claims.remember_until().unwrap_or(now);
                if !store::tokens::note(connection, &did, &claims.jti, until)? {
                    return Err(FederationError::Replayed);
                }
                let mut invitation = usable(connection, &hash, &did, now)?;
                if invitation.used_at().is_some() {
                    return Ok(());
                }
                let partner = newcomer(connection, request, keys, &own, now)?;
                invitation.use_up(&did, now);
                invitations::put(connection, &invitation)?;
                store::partners::put(connection, &partner)?;
                store::partners::position_put(connection, &store::partners::Position::new(&did))?;
                tell(connection, &partner, &did, now)?;
                // The newcomer knows us as a partner when it has read our answer, not before.
                work::enqueue(connection, PULL_QUEUE, &did, now + ANSWER_READ)?;
                Ok(())
            })
            .await?;
        Ok(AcceptAnswer {
            did: self.did().clone(),
            name: self.options().name.clone(),
            endpoint: self.options().endpoint.clone(),
            provider: self.options().provider.clone(),
        })
    }

    /// The partner that has used the invitation before; None: it is unused.
    async fn invitation_known(&self, hash: &str, did: &str) -> Result<Option<Partner>, FederationError> {
        let (hash, did, now) = (hash.to_owned(), did.to_owned(), self.now());
        self.database()
            .read(move |connection| {
                let invitation = usable(connection, &hash, &did, now)?;
                let partner = store::partners::find(connection, &did)?;
                match (invitation.used_at(), partner) {
                    (Some(_), Some(partner)) if partner.state == PartnerState::Terminated => {
                        Err(FederationError::forbidden("the invitation was used, and the partnership has ended since"))
                    }
                    (Some(_), partner) => Ok(partner),
                    (None, Some(partner)) if partner.state != PartnerState::Terminated => {
                        let message = format!("{did} is a partner already, and {}", partner.state);
                        Err(FederationError::Conflict(message))
                    }
                    (None, _) => Ok(None),
                }
            })
            .await
    }

    /// The newcomer's keys, from the DID document that it has to serve.
    async fn newcomer_keys(&self, request: &AcceptRequest) -> Result<KeySet, FederationError> {
        self.options().guard.url_check(&request.endpoint)?;
        let document = self.did_document_of(&request.did).await?;
        let same =
            |url: &url::Url| url.as_str().trim_end_matches('/') == request.endpoint.as_str().trim_end_matches('/');
        if !document.endpoint().as_ref().is_some_and(same) {
            return Err(FederationError::forbidden(format!(
                "the DID document of {} doesn't name the endpoint {} as that of its broker; correct one of the two",
                request.did, request.endpoint
            )));
        }
        Ok(document.keys()?)
    }
}

fn usable(
    connection: &mut Connection,
    hash: &str,
    did: &str,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<invitations::Invitation, FederationError> {
    let Some(invitation) = invitations::given(connection, hash)? else {
        return Err(FederationError::forbidden("there is no such invitation; ask the other owner for a new one"));
    };
    let theirs = invitation.partner.as_deref() == Some(did);
    match invitation.used_at() {
        Some(_) if theirs => Ok(invitation),
        Some(_) => Err(FederationError::forbidden("the invitation was used by somebody else; ask for a new one")),
        None if invitation.expires_at() <= now => {
            Err(FederationError::forbidden("the invitation has expired; ask the other owner for a new one"))
        }
        None => Ok(invitation),
    }
}

fn newcomer(
    connection: &mut Connection,
    request: AcceptRequest,
    keys: KeySet,
    own: &hansa_ontology::ProviderId,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Partner, FederationError> {
    super::provider_check(connection, &request.provider, request.did.as_str(), own)?;
    let mut partner = Partner::new(&request.did, request.endpoint.as_str(), PartnerState::Invited, now);
    partner.name = event::short(&request.name);
    partner.provider = Some(request.provider);
    partner.keys = keys;
    partner.last_heard = Some(now);
    Ok(partner)
}

/// Both steps with an event each: the newcomer has proved itself, and both owners have agreed.
fn tell(
    connection: &mut Connection,
    partner: &Partner,
    did: &str,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), FederationError> {
    let mut partner = partner.clone();
    for (happens, kind, message) in [
        (PartnerEvent::Handshake, "partner.handshake", "has come with our invitation and proved its key"),
        (PartnerEvent::Activate, "partner.active", "is a partner now"),
    ] {
        partner.apply(happens, None, now)?;
        let message = format!("{} ({did}) {message}.", partner.name);
        let told = event::of_partner(&partner, kind, message, Actor::Partner(did.to_owned()), now);
        log::append(connection, &told)?;
    }
    store::partners::put(connection, &partner)?;
    Ok(())
}
