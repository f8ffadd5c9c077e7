//! One import as one transaction: all that is accepted, or nothing.

use super::{
    difference::{self, Before},
    model::{Change, ImportReport, ImportRequest, Outcome, Resource},
    references::{self, Known},
    store::{self, Row},
};
use crate::{Connection, error::RepositoryError, event, json, time};
use hansa_ontology::{Offer, Provider, Site, catalogue::Catalogue, reading::Reading};
use std::collections::BTreeMap;

/// A document that was read, and how to go on with it.
pub(super) struct Import {
    pub(super) reading: Reading,
    pub(super) request: ImportRequest,
}

/// What is to be written.
#[derive(Default)]
struct Work {
    rows: Vec<Row>,
    changes: Vec<Change>,
    unchanged: usize,
}

impl Import {
    /// Checks, compares, and writes unless this is a dry run or refused.
    pub(super) fn carry_out(mut self, connection: &mut Connection) -> Result<ImportReport, RepositoryError> {
        let iris = iris(&self.reading.accepted);
        let before = store::before(connection, &iris)?;
        let known = Known {
            providers: store::providers(connection)?,
            sites: store::sites(connection)?,
            classes: before.iter().map(|(iri, (class, _))| (iri.clone(), class.clone())).collect(),
            partners: partners(&before),
        };
        let mut refused = std::mem::take(&mut self.reading.refused);
        refused.extend(references::check(&mut self.reading.accepted, known));
        let outcome = match () {
            () if self.request.strict && !refused.is_empty() => Outcome::Refused,
            () if self.request.dry_run => Outcome::DryRun,
            () => Outcome::Imported,
        };
        let work = self.work(&before)?;
        let report = ImportReport { outcome, changes: work.changes, unchanged: work.unchanged, refused };
        if outcome == Outcome::Imported && !report.changes.is_empty() {
            self.write(connection, work.rows, &report.changes)?;
        }
        Ok(report)
    }

    fn work(&self, before: &BTreeMap<String, (String, Before)>) -> Result<Work, RepositoryError> {
        let mut work = Work::default();
        self.compare::<Provider>(before, &mut work)?;
        self.compare::<Site>(before, &mut work)?;
        self.compare::<Offer>(before, &mut work)?;
        Ok(work)
    }

    fn compare<T: Resource>(
        &self,
        before: &BTreeMap<String, (String, Before)>,
        work: &mut Work,
    ) -> Result<(), RepositoryError> {
        let original = self.original();
        for resource in T::list(&self.reading.accepted) {
            let document = json::to_column(T::CLASS.name(), resource)?;
            let statements = self.reading.sources.get(resource.iri()).cloned().unwrap_or_default();
            let stored = before.get(resource.iri()).map(|(_, before)| before);
            let Some(change) = difference::change(resource, &document, &statements, stored)? else {
                work.unchanged += 1;
                continue;
            };
            work.changes.push(change);
            work.rows.push(Row {
                iri: resource.iri().to_owned(),
                class: T::CLASS.name().to_owned(),
                document,
                statements,
                original: original.clone(),
                original_media_type: original.as_ref().map(|_| self.request.format.media_type().to_owned()),
                imported_at: time::to_column(self.request.now),
                withdrawn: false,
                generation: 0,
                partner: None,
                signature: None,
                received_at: None,
                holds_until: None,
                units: None,
                units_as_of: None,
            });
        }
        Ok(())
    }

    /// The document itself, if it is about one resource alone.
    fn original(&self) -> Option<String> {
        if self.reading.sources.len() != 1 {
            return None;
        }
        std::str::from_utf8(&self.request.bytes).ok().filter(|text| !text.contains('\0')).map(str::to_owned)
    }

    fn write(
        &self,
        connection: &mut Connection,
        mut rows: Vec<Row>,
        changes: &[Change],
    ) -> Result<(), RepositoryError> {
        let generation = store::next_generation(connection)?;
        for row in &mut rows {
            row.generation = generation;
        }
        store::replace(connection, rows)?;
        let events: Vec<_> =
            changes.iter().map(|change| difference::event(change, &self.request.actor, self.request.now)).collect();
        event::append_all(connection, &events)?;
        Ok(())
    }
}

/// What a partner has put under an IRI of the document.
fn partners(before: &BTreeMap<String, (String, Before)>) -> BTreeMap<String, String> {
    let living = before.iter().filter(|(_, (_, before))| !before.withdrawn);
    living.filter_map(|(iri, (_, before))| Some((iri.clone(), before.partner.clone()?))).collect()
}

fn iris(catalogue: &Catalogue) -> Vec<String> {
    fn of<T: Resource>(catalogue: &Catalogue) -> impl Iterator<Item = String> {
        T::list(catalogue).iter().map(|resource| resource.iri().to_owned())
    }
    of::<Provider>(catalogue).chain(of::<Site>(catalogue)).chain(of::<Offer>(catalogue)).collect()
}
