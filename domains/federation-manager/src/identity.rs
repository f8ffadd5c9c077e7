//! Who this broker is towards partners: its DID document and its keys.

use crate::{FederationError, FederationManager};
use hansa_federation::{DidDocument, KeyId, SignedDocument, document, keys::Rotation, wire};
use hansa_ontology::Actor;
use hansa_repository::event::{self, NewEvent};
use serde::Serialize;
use serde_json::json;

impl FederationManager {
    /// The DID document of this broker, for `/.well-known/did.json`.
    ///
    /// # Errors
    /// When the keys can't be read.
    pub fn did_document(&self) -> Result<DidDocument, FederationError> {
        Ok(DidDocument::new(&self.keys().keys()?, &self.options().endpoint))
    }

    /// Every list of this broker's keys, each signed by a key of the one before.
    ///
    /// # Errors
    /// When the keys can't be read.
    pub fn key_lists(&self) -> Result<wire::KeyLists, FederationError> {
        Ok(wire::KeyLists { lists: self.keys().key_lists()? })
    }

    /// Makes a new key. The old one stays good for requests for the overlap,
    /// and for what it has signed for ever.
    ///
    /// # Errors
    /// When the keys can't be written, or the database fails.
    pub async fn key_rotate(&self, rotation: Rotation, actor: Actor) -> Result<KeyId, FederationError> {
        let key = self.keys().rotate(self.now(), rotation).await?;
        self.key_event("keys.rotated", format!("This broker signs with the new key {key}."), &key, actor).await?;
        self.hint_all(wire::HintKind::Identity);
        Ok(key)
    }

    /// Declares a key untrusted, signs anew what it has signed of our offers, and
    /// says which one signs from now on.
    ///
    /// # Errors
    /// When it isn't ours, the keys can't be written, or the database fails.
    pub async fn key_revoke(&self, key: &KeyId, actor: Actor) -> Result<KeyId, FederationError> {
        let next = self.keys().revoke(key, self.now()).await?;
        self.key_event("keys.revoked", format!("The key {key} is not trusted any more; {next} signs."), key, actor)
            .await?;
        self.republish(key).await?;
        self.hint_all(wire::HintKind::Identity);
        Ok(next)
    }

    /// A value as a signed JSON document.
    pub(crate) async fn sign_json<T: Serialize + Sync>(&self, value: &T) -> Result<SignedDocument, FederationError> {
        Ok(document::sign_json(self.keys(), value, self.now()).await?)
    }

    async fn key_event(&self, kind: &str, message: String, key: &KeyId, actor: Actor) -> Result<(), FederationError> {
        let event = NewEvent {
            at: self.now(),
            actor,
            application: None,
            subject: format!("identity/{}", self.did()),
            kind: kind.to_owned(),
            message,
            data: json!({ "key": key }),
        };
        self.database().write(move |connection| event::append(connection, &event).map(|_| ())).await?;
        Ok(())
    }
}
