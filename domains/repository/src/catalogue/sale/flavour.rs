//! Flavours: named shapes of machines, of which offers are made. An offer
//! keeps the shape that it was made of; changing the flavour changes no offer.

use super::{NamedFlavour, store};
use crate::{
    Connection, OwnerChange,
    catalogue::CatalogueService,
    error::RepositoryError,
    event::{self, NewEvent},
};
use serde_json::json;

impl CatalogueService {
    /// Every flavour, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn flavour_list(&self) -> Result<Vec<NamedFlavour>, RepositoryError> {
        self.database.read(store::flavour_list).await
    }

    /// One flavour.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotFound`].
    pub async fn flavour(&self, name: &str) -> Result<NamedFlavour, RepositoryError> {
        let name = name.to_owned();
        self.database.read(move |connection| find(connection, &name)).await
    }

    /// Adds a flavour; None where one of this name is expected, else replaces it.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Conflict`] where a new one's name is taken;
    /// [`crate::ErrorKind::NotFound`] where there is none to replace.
    pub async fn flavour_put(
        &self,
        flavour: NamedFlavour,
        new: bool,
        change: OwnerChange,
    ) -> Result<NamedFlavour, RepositoryError> {
        self.database
            .write(move |connection| {
                let known = store::flavour_get(connection, &flavour.flavour.name)?;
                let version = match (&known, new) {
                    (Some(_), true) => {
                        let message =
                            format!("there is a flavour `{}`; change it, or take another name", flavour.flavour.name);
                        return Err(RepositoryError::Conflict { message, source: None });
                    }
                    (None, true) => 1,
                    (None, false) => return Err(missing(&flavour.flavour.name)),
                    (Some(known), false) => {
                        change.expect("flavour", known.version)?;
                        known.version + 1
                    }
                };
                let written = NamedFlavour { version, ..flavour };
                if !change.dry_run {
                    store::flavour_put(connection, &written, change.now)?;
                    let kind = if new { "flavour.added" } else { "flavour.changed" };
                    told(connection, &written.flavour.name, kind, &change)?;
                }
                Ok(written)
            })
            .await
    }

    /// Removes a flavour. Offers that were made of it stay as they are.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotFound`].
    pub async fn flavour_remove(&self, name: &str, change: OwnerChange) -> Result<(), RepositoryError> {
        let name = name.to_owned();
        self.database
            .write(move |connection| {
                let known = find(connection, &name)?;
                change.expect("flavour", known.version)?;
                if !change.dry_run {
                    store::flavour_delete(connection, &name)?;
                    told(connection, &name, "flavour.removed", &change)?;
                }
                Ok(())
            })
            .await
    }
}

fn missing(name: &str) -> RepositoryError {
    RepositoryError::NotFound(format!("flavour {name}"))
}

fn find(connection: &mut Connection, name: &str) -> Result<NamedFlavour, RepositoryError> {
    store::flavour_get(connection, name)?.ok_or_else(|| missing(name))
}

fn told(connection: &mut Connection, name: &str, kind: &str, change: &OwnerChange) -> Result<(), RepositoryError> {
    let new = NewEvent {
        at: change.now,
        actor: change.actor.clone(),
        application: None,
        subject: format!("flavour/{name}"),
        kind: kind.to_owned(),
        message: format!("flavour {name}: {}", kind.trim_start_matches("flavour.")),
        data: json!({}),
    };
    event::append(connection, &new).map(drop)
}
