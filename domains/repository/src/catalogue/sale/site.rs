//! Providers and sites of the owner's: changed by the same checks as an
//! import, and removed when nothing hangs on them.

use crate::{
    Connection, OwnerChange,
    catalogue::{CatalogueService, ImportRequest, import::Import, model::Class, service::withdraw_resource, store},
    error::RepositoryError,
};
use hansa_ontology::{Catalogue, Offer, Site, SiteId, rdf, rdf::RdfFormat, reading};

impl CatalogueService {
    /// The version of a resource of our own: it changes with every change of it.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotFound`].
    pub async fn resource_version(&self, class: Class, iri: &str) -> Result<i64, RepositoryError> {
        let iri = iri.to_owned();
        self.database.read(move |connection| Ok(store::get(connection, class, &iri)?.generation)).await
    }

    /// Writes providers and sites of our own. Some: what is wrong with them;
    /// then nothing is written.
    ///
    /// # Errors
    /// [`RepositoryError::Changed`] where it isn't as the caller saw it.
    pub async fn own_put(
        &self,
        catalogue: Catalogue,
        expected: Option<(Class, String, i64)>,
        change: OwnerChange,
    ) -> Result<Vec<reading::RefusedResource>, RepositoryError> {
        self.database
            .write(move |connection| {
                if let Some((class, iri, version)) = expected
                    && store::get(connection, class, &iri)?.generation != version
                {
                    return Err(RepositoryError::Changed(format!("{class} {iri}")));
                }
                let bytes = rdf::write_turtle(&catalogue).into_bytes();
                let reading = reading::read(&bytes, RdfFormat::Turtle)?;
                let request = ImportRequest {
                    dry_run: change.dry_run,
                    ..ImportRequest::new(bytes, RdfFormat::Turtle, change.actor, change.now)
                };
                Ok(Import { reading, request }.carry_out(connection)?.refused)
            })
            .await
    }

    /// Removes a site of our own. `used` tells, in the same transaction, what
    /// else hangs on it.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Conflict`] where offers or something else hang on it.
    pub async fn site_remove(
        &self,
        id: &SiteId,
        change: OwnerChange,
        used: impl FnOnce(&mut Connection, &SiteId) -> Result<Option<String>, RepositoryError> + Send + 'static,
    ) -> Result<(), RepositoryError> {
        let id = id.clone();
        self.database
            .write(move |connection| {
                let row = store::get(connection, Class::Site, id.as_str())?;
                change.expect("site", row.generation)?;
                if let Some(partner) = &row.partner {
                    return Err(conflict(format!(
                        "site {id} comes from the partner {partner}: it alone may remove it"
                    )));
                }
                let offers = offers_at(connection, &id)?;
                if offers > 0 {
                    return Err(conflict(format!("{offers} offers are made at site {id}; withdraw them first")));
                }
                if let Some(why) = used(connection, &id)? {
                    return Err(conflict(why));
                }
                if !change.dry_run {
                    withdraw_resource::<Site>(connection, row, &change.actor, change.now)?;
                }
                Ok(())
            })
            .await
    }
}

fn offers_at(connection: &mut Connection, site: &SiteId) -> Result<usize, RepositoryError> {
    let offers = store::documents(connection, Class::Offer)?;
    let mut count = 0;
    for document in offers {
        count += usize::from(crate::json::from_column::<Offer>("offer", &document)?.site == *site);
    }
    Ok(count)
}

fn conflict(message: String) -> RepositoryError {
    RepositoryError::Conflict { message, source: None }
}
