//! New keys of a partner: followed by themselves where a pinned key vouches for
//! them, else by our owner's decision.

use super::{Partner, PartnerState, event};
use crate::{FederationError, FederationManager, store};
use chrono::{DateTime, Utc};
use hansa_federation::{Did, KeySet, keys::chain_follow};
use hansa_ontology::Actor;
use hansa_repository::event as log;

impl FederationManager {
    /// Looks up a partner's keys, takes those that a pinned one vouches for, and gives all.
    ///
    /// # Errors
    /// When the partner can't be asked, or nothing vouches for what it serves.
    pub(crate) async fn keys_follow(&self, did: &str) -> Result<KeySet, FederationError> {
        let partner = self.partner_get(did).await?;
        let served = self.did_keys(&Did::new(did)?).await?;
        if served == partner.keys {
            return Ok(served);
        }
        let lists = self.key_lists_of(did, &partner.endpoint).await?;
        let keys = chain_follow(&partner.keys, &lists.lists, &served, self.now())?;
        if keys != partner.keys {
            self.keys_pin(partner, keys.clone(), Actor::Partner(did.to_owned())).await?;
        }
        Ok(keys)
    }

    /// Other keys of a partner than those at hand, after something came that
    /// was signed by an unknown one. None: there are none, or it was looked for
    /// just now.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn keys_newer(&self, at_hand: &Partner) -> Result<Option<KeySet>, FederationError> {
        let turn = self.inner.partners.keys_turn(&at_hand.did);
        let _turn = turn.lock().await;
        let pinned = self.partner_get(&at_hand.did).await?.keys;
        if pinned != at_hand.keys {
            return Ok(Some(pinned));
        }
        if !self.inner.partners.keys_due(&at_hand.did, self.now()) {
            return Ok(None);
        }
        match self.keys_follow(&at_hand.did).await {
            Ok(keys) => Ok((keys != at_hand.keys).then_some(keys)),
            Err(error) => {
                tracing::info!(partner = at_hand.did, %error, "no new keys of the partner");
                Ok(None)
            }
        }
    }

    /// Our owner's decision to trust the keys that a partner serves now,
    /// whatever was pinned. `expected`: thumbprints (RFC 7638) that the owner
    /// has from the partner's owner; each has to be among them.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when an expected key isn't served.
    pub async fn partner_repin(
        &self,
        did: &str,
        expected: &[String],
        actor: Actor,
    ) -> Result<Partner, FederationError> {
        let partner = self.partner_get(did).await?;
        if matches!(partner.state, PartnerState::Terminated | PartnerState::Handshake) {
            return Err(FederationError::Conflict(format!(
                "{did} is {}; keys are pinned by its invitation",
                partner.state
            )));
        }
        let served = self.did_keys(&Did::new(did)?).await?;
        let prints: Vec<String> = served.keys.iter().map(|key| key.public_key.thumbprint()).collect();
        if let Some(missing) = expected.iter().find(|print| !prints.contains(print)) {
            return Err(FederationError::Conflict(format!(
                "{did} serves no key with the thumbprint {missing}; it serves {}",
                prints.join(", ")
            )));
        }
        self.keys_pin(partner, served, actor).await?;
        self.partner_get(did).await
    }

    async fn keys_pin(&self, partner: Partner, keys: KeySet, actor: Actor) -> Result<(), FederationError> {
        let now = self.now();
        self.database()
            .write(move |connection| {
                let mut current = store::partners::get(connection, &partner.did)?;
                if current.keys != partner.keys {
                    // Somebody else was faster; what they pinned counts.
                    return Ok(());
                }
                current.keys = keys;
                store::partners::put(connection, &current)?;
                let prints = current.keys.thumbprints(now).join(", ");
                let message = format!("{} signs with other keys now: {prints}.", current.name);
                let told = event::of_partner(&current, "partner.keys-rotated", message, actor, now);
                log::append(connection, &told)?;
                Ok(())
            })
            .await
    }
}

impl Partner {
    /// The thumbprints of the keys that it may sign requests with now.
    #[must_use]
    pub fn thumbprints(&self, now: DateTime<Utc>) -> Vec<String> {
        self.keys.thumbprints(now)
    }
}
