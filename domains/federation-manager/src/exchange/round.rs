//! One round with a partner, whatever its state: the handshake goes on, offers
//! are pulled, a partner that is left comes to its end.

use crate::{
    FederationError, FederationManager,
    partners::{self, Partner, PartnerEvent, PartnerState},
    store,
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::Actor;

impl FederationManager {
    /// One round with a partner; when the next is due. None: there is nothing more to do with it.
    pub(super) async fn round(&self, did: &str) -> Result<Option<DateTime<Utc>>, FederationError> {
        let begun = self.now();
        self.inner.exchange.round_begins(did, begun);
        let partner = self.partner_get(did).await?;
        let every = TimeDelta::from_std(self.options().pull_every).unwrap_or(TimeDelta::seconds(10));
        match partner.state {
            PartnerState::Invited | PartnerState::Terminated => Ok(None),
            PartnerState::Handshake => {
                if !self.invitation_over(&partner).await? {
                    self.handshake(did).await?;
                }
                Ok(Some(self.now()))
            }
            PartnerState::Active | PartnerState::Suspended => {
                let report = self.pull(did).await?;
                let now = self.now();
                // A feed that takes long gets no more than every second turn.
                let used = now.signed_duration_since(begun).max(TimeDelta::seconds(1));
                Ok(Some(now + if report.complete { spread(did, every, now) } else { used }))
            }
            PartnerState::Draining => {
                // So that it learns that it is being left, and we that it is gone.
                if let Err(error) = self.pull(did).await {
                    tracing::debug!(partner = did, %error, "the partner that is being left isn't reached");
                }
                Ok((!self.drained_check(did).await?).then(|| self.now() + every))
            }
        }
    }

    /// The invitation that our owner accepted has expired before the inviter agreed: it is given up.
    /// Looked at within the change itself: the inviter may be agreeing just now.
    async fn invitation_over(&self, partner: &Partner) -> Result<bool, FederationError> {
        let (did, now) = (partner.did.clone(), self.now());
        self.database()
            .write(move |connection| {
                let waiting = store::partners::get(connection, &did)?.state == PartnerState::Handshake;
                let open = store::invitations::taken(connection, &did)?;
                if !waiting || open.is_some_and(|open| open.expires_at() > now) {
                    return Ok(false);
                }
                let reason = Some("the invitation has expired before the partner agreed".to_owned());
                partners::change(connection, &did, PartnerEvent::Terminate, reason, Actor::Broker, now)?;
                Ok(true)
            })
            .await
    }
}

/// Up to a tenth earlier, differently each time, so that brokers don't fall into step.
fn spread(did: &str, every: TimeDelta, now: DateTime<Utc>) -> TimeDelta {
    let seed =
        did.bytes().fold(now.timestamp_subsec_micros(), |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    every - every * i32::try_from(seed % 100).unwrap_or_default() / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_a_little_uneven() {
        let now = DateTime::from_timestamp(1_780_000_000, 0).unwrap();
        let every = TimeDelta::seconds(10);
        let pauses: Vec<TimeDelta> =
            (0..50).map(|n| spread("did:web:b.example", every, now + TimeDelta::microseconds(n * 7))).collect();
        assert!(pauses.iter().all(|pause| *pause <= every && *pause >= TimeDelta::seconds(9)));
        assert!(pauses.iter().any(|pause| *pause != pauses[0]));
    }
}
