//! The resources of a document in portions, one for each processor: SHACL is
//! what takes the time, and each resource is checked alone.

use super::{
    ReadError, ReadLimits, Reading,
    document::Document,
    parts::GoodParts,
    resource::{self, Resource},
};
use oxigraph::model::NamedOrBlankNode;
use std::{collections::HashSet, num::NonZero, panic, thread};

/// Below this a second thread costs more than it saves.
const LEAST_RESOURCES: usize = 16;

/// What was read so far, and the subjects that are accounted for by it.
#[derive(Default)]
pub(super) struct Portion {
    pub(super) reading: Reading,
    pub(super) understood: HashSet<NamedOrBlankNode>,
}

/// Reads every resource of the document; the order is the document's.
pub(super) fn read_all(document: &Document, limits: &ReadLimits) -> Result<Portion, ReadError> {
    let subjects: Vec<&NamedOrBlankNode> =
        document.subjects().filter(|subject| is_resource(document, subject)).collect();
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let portions = processors.min(subjects.len() / LEAST_RESOURCES).max(1);
    let size = subjects.len().div_ceil(portions).max(1);
    let mut whole = Portion::default();
    if portions == 1 {
        return read(document, &subjects, limits);
    }
    thread::scope(|scope| {
        let running: Vec<_> =
            subjects.chunks(size).map(|portion| scope.spawn(|| read(document, portion, limits))).collect();
        for thread in running {
            whole.append(thread.join().unwrap_or_else(|fault| panic::resume_unwind(fault))?);
        }
        Ok(whole)
    })
}

fn is_resource(document: &Document, subject: &NamedOrBlankNode) -> bool {
    !resource::shape_classes(document, subject).is_empty()
}

fn read(document: &Document, subjects: &[&NamedOrBlankNode], limits: &ReadLimits) -> Result<Portion, ReadError> {
    read_with(document, subjects, &mut GoodParts::default(), limits)
}

/// Reads every resource of the document on this thread, with what is known to be good from before.
pub(super) fn read_alone(document: &Document, good: &mut GoodParts, limits: &ReadLimits) -> Result<Portion, ReadError> {
    let subjects: Vec<&NamedOrBlankNode> =
        document.subjects().filter(|subject| is_resource(document, subject)).collect();
    read_with(document, &subjects, good, limits)
}

fn read_with(
    document: &Document,
    subjects: &[&NamedOrBlankNode],
    good: &mut GoodParts,
    limits: &ReadLimits,
) -> Result<Portion, ReadError> {
    let mut portion = Portion::default();
    for subject in subjects {
        portion.read(document, subject, good, limits)?;
    }
    Ok(portion)
}

impl Portion {
    fn read(
        &mut self,
        document: &Document,
        subject: &NamedOrBlankNode,
        good: &mut GoodParts,
        limits: &ReadLimits,
    ) -> Result<(), ReadError> {
        let classes = resource::shape_classes(document, subject);
        let Some(class) = classes.first().copied() else {
            return Ok(());
        };
        let nodes = document.nodes_of(subject, |node| is_resource(document, node), limits.triples_per_resource);
        let violations = match &nodes {
            _ if classes.len() > 1 => vec![resource::ambiguous(&classes)],
            None => vec![limits.too_large()],
            Some(nodes) => {
                let resource = Resource { document, subject, class, nodes };
                let violations = resource.accept(&mut self.reading.accepted, good)?;
                if let (NamedOrBlankNode::NamedNode(name), []) = (subject, violations.as_slice()) {
                    self.reading.sources.insert(name.as_str().to_owned(), resource.source());
                }
                violations
            }
        };
        if !violations.is_empty() {
            self.reading.refused.push(resource::refused(document, subject, violations));
        }
        self.understood.insert(subject.clone());
        self.understood.extend(nodes.into_iter().flatten());
        Ok(())
    }

    fn append(&mut self, next: Self) {
        let accepted = &mut self.reading.accepted;
        accepted.providers.extend(next.reading.accepted.providers);
        accepted.sites.extend(next.reading.accepted.sites);
        accepted.offers.extend(next.reading.accepted.offers);
        self.reading.refused.extend(next.reading.refused);
        self.reading.sources.extend(next.reading.sources);
        self.understood.extend(next.understood);
    }
}
