//! Invitations that our owner gives: one line of text, for one use.

use super::event;
use crate::{FederationError, FederationManager, store};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_federation::wire::Invitation;
use hansa_ontology::Actor;
use hansa_repository::event as log;
use serde::Serialize;
use serde_json::json;

/// An invitation that was just made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewInvitation {
    /// Its id here.
    pub id: String,
    /// The line to hand over by a way that both owners trust. It holds the secret, and is shown this once.
    pub line: String,
    /// Until when it can be accepted.
    pub expires_at: DateTime<Utc>,
}

/// An invitation as it is shown later: without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GivenInvitation {
    /// Its id here.
    pub id: String,
    /// For whom it is, in our owner's words.
    pub note: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Until when it can be accepted.
    pub expires_at: DateTime<Utc>,
    /// Who has used it, and when.
    pub used_by: Option<String>,
    /// When it was used.
    pub used_at: Option<DateTime<Utc>>,
}

impl FederationManager {
    /// Makes an invitation. `note` says for whom it is, for our own people.
    ///
    /// # Errors
    /// When the keys or the database can't be used.
    pub async fn partner_invite(&self, note: &str, actor: Actor) -> Result<NewInvitation, FederationError> {
        let now = self.now();
        // Retired keys too: whoever pins them can follow the chain of key lists from any of them.
        let keys: Vec<String> = self.keys().keys()?.keys.iter().map(|key| key.public_key.thumbprint()).collect();
        let invitation = Invitation::new(self.did().clone(), self.options().endpoint.clone(), keys)?;
        let valid = TimeDelta::from_std(self.options().invitation_valid).unwrap_or(TimeDelta::MAX);
        let expires_at = now.checked_add_signed(valid).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let id = self.inner.rooms.ids.next().to_string();
        let row = store::invitations::Invitation::given(
            id.clone(),
            invitation.secret_hash(),
            event::short(note),
            now,
            expires_at,
        );
        let told = event::with_data(
            &id,
            "partner.invited",
            format!("An invitation for {} was made; it can be accepted until {expires_at}.", whom(note)),
            json!({ "invitation": id, "note": note, "expiresAt": expires_at }),
            actor,
            now,
        );
        self.database()
            .write(move |connection| {
                store::invitations::put(connection, &row)?;
                log::append(connection, &told).map(|_| ())
            })
            .await?;
        Ok(NewInvitation { id, line: invitation.to_line()?, expires_at })
    }

    /// The invitations that were made, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invitation_list(&self) -> Result<Vec<GivenInvitation>, FederationError> {
        let rows = self.database().read(store::invitations::given_list).await?;
        Ok(rows
            .into_iter()
            .map(|row| GivenInvitation {
                created_at: row.created_at(),
                expires_at: row.expires_at(),
                used_at: row.used_at(),
                id: row.id,
                note: row.note,
                used_by: row.partner,
            })
            .collect())
    }

    /// Takes an invitation back that nobody has used.
    ///
    /// # Errors
    /// `NotFound` when there is no such invitation, or it was used.
    pub async fn invitation_withdraw(&self, id: &str, actor: Actor) -> Result<(), FederationError> {
        let (id, now) = (id.to_owned(), self.now());
        self.database()
            .write(move |connection| {
                if !store::invitations::given_delete(connection, &id)? {
                    return Err(FederationError::NotFound(format!("an open invitation {id}")));
                }
                let data = json!({ "invitation": id });
                let message = "An invitation was taken back.".to_owned();
                let told = event::with_data(&id, "partner.invitation-withdrawn", message, data, actor, now);
                log::append(connection, &told)?;
                Ok(())
            })
            .await
    }
}

fn whom(note: &str) -> String {
    if note.is_empty() { "a partner".to_owned() } else { event::short(note) }
}
