//! What one item of a partner's feed is worth by itself: is it signed by the
//! partner, is it about what it says, does it fulfil its shape. Pure and slow:
//! it runs where slow things run.

use crate::store::received::Received;
use chrono::{DateTime, Utc};
use hansa_federation::{
    ErrorKind, KeySet, document,
    wire::{Change, FeedItem, Tombstone},
};
use hansa_ontology::{
    rdf::RdfFormat,
    reading::{Reader, Reading, RefusedResource},
};
use hansa_repository::catalogue::{
    Source,
    partner::{AnyResource, PartnerResource},
};
use std::collections::BTreeMap;

/// Judges items.
pub(super) struct Judge {
    pub(super) keys: KeySet,
    pub(super) reader: Reader,
    /// The most bytes of one resource.
    pub(super) bytes: usize,
    /// No further offers are taken of this partner.
    pub(super) full: bool,
    pub(super) now: DateTime<Utc>,
}

/// An item and what it is worth.
pub(super) struct Judged {
    pub(super) item: FeedItem,
    pub(super) digest: String,
    pub(super) issued_at: DateTime<Utc>,
    pub(super) verdict: Verdict,
}

/// What an item is worth.
pub(super) enum Verdict {
    /// Good.
    Put(Box<PartnerResource>),
    /// Good: its subject is no more.
    Withdrawn,
    /// Just this was taken before.
    Known,
    /// One offer more than we take of a partner; not looked at.
    TooMany,
    /// Not good.
    Refused {
        /// Why.
        reason: String,
        /// Its key isn't known: looking for new keys may help.
        unknown_key: bool,
    },
}

impl Judge {
    /// Judges the items of a page. Of several about one subject the last counts.
    pub(super) fn judge(&mut self, items: Vec<FeedItem>, known: &BTreeMap<String, Received>) -> Vec<Judged> {
        let mut latest: BTreeMap<String, FeedItem> = BTreeMap::new();
        for item in items {
            latest.insert(item.subject.clone(), item);
        }
        let mut judged: Vec<Judged> = latest.into_values().map(|item| self.item(item, known)).collect();
        judged.sort_by_key(Judged::rank);
        judged
    }

    fn item(&mut self, item: FeedItem, known: &BTreeMap<String, Received>) -> Judged {
        let digest = item.document.digest();
        let before = known.get(&item.subject);
        let mut issued_at = self.now;
        let verdict = if item.kind == Change::Put && before.is_some_and(|before| before.digest == digest) {
            Verdict::Known
        } else if self.full && before.is_none() && item.kind == Change::Put && item.document.content.contains("Offer") {
            Verdict::TooMany
        } else {
            self.verdict(&item, before, &mut issued_at)
        };
        Judged { item, digest, issued_at, verdict }
    }

    fn verdict(&mut self, item: &FeedItem, before: Option<&Received>, issued_at: &mut DateTime<Utc>) -> Verdict {
        let refused = |reason: String| Verdict::Refused { reason, unknown_key: false };
        if item.document.content.len() > self.bytes {
            let reason = format!("it has {} bytes, more than the {} taken", item.document.content.len(), self.bytes);
            return refused(reason);
        }
        if item.document.content.contains('\0') {
            return refused("it holds the character U+0000, which can't be kept".to_owned());
        }
        match document::verify(&item.document, &self.keys, self.now) {
            Ok(verified) => *issued_at = verified.issued_at,
            Err(error) => {
                let unknown_key = error.kind() == ErrorKind::UnknownKey;
                return Verdict::Refused { reason: error.to_string(), unknown_key };
            }
        }
        if before.is_some_and(|before| before.issued_at() > *issued_at) {
            return refused("it was signed before what is here: an older version doesn't take its place".to_owned());
        }
        match item.kind {
            Change::Put => self.resource(item).map_or_else(refused, |resource| Verdict::Put(Box::new(resource))),
            Change::Withdrawn => match item.document.json::<Tombstone>() {
                Ok(tombstone) if tombstone.withdrawn == item.subject => Verdict::Withdrawn,
                Ok(tombstone) => refused(format!("it withdraws {}, and not its subject", tombstone.withdrawn)),
                Err(error) => refused(error.to_string()),
            },
        }
    }

    /// The one resource that the document describes.
    fn resource(&mut self, item: &FeedItem) -> Result<PartnerResource, String> {
        if item.document.content_type != document::TURTLE {
            return Err(format!("it is {}, and not {}", item.document.content_type, document::TURTLE));
        }
        let bytes = item.document.content.as_bytes();
        let reading = self.reader.read(bytes, RdfFormat::Turtle).map_err(|error| error.to_string())?;
        if let Some(refused) = reading.refused.first() {
            return Err(faults(refused));
        }
        let (resource, statements) = single(reading, &item.subject)?;
        let source = Source { media_type: item.document.content_type.clone(), text: item.document.content.clone() };
        Ok(PartnerResource { resource, statements, source, signature: item.document.signature.clone() })
    }
}

/// The only resource of a reading, which has to be the subject.
fn single(mut reading: Reading, subject: &str) -> Result<(AnyResource, String), String> {
    let count = reading.accepted.len();
    if count != 1 {
        return Err(format!("it describes {count} resources; an item describes one"));
    }
    let accepted = &mut reading.accepted;
    let resource = accepted
        .providers
        .pop()
        .map(AnyResource::Provider)
        .or_else(|| accepted.sites.pop().map(AnyResource::Site))
        .or_else(|| accepted.offers.pop().map(|offer| AnyResource::Offer(Box::new(offer))));
    let Some(resource) = resource else {
        return Err("it describes nothing".to_owned());
    };
    if resource.iri() != subject {
        return Err(format!("it describes {}, and not its subject", resource.iri()));
    }
    let statements = reading.sources.remove(subject).unwrap_or_default();
    if statements.contains('\0') {
        return Err("it says something with the character U+0000, which can't be kept".to_owned());
    }
    Ok((resource, statements))
}

fn faults(refused: &RefusedResource) -> String {
    let each: Vec<String> = refused
        .violations
        .iter()
        .take(5)
        .map(|violation| match violation.field.as_str() {
            "" => violation.message.clone(),
            field => format!("{field}: {}", violation.message),
        })
        .collect();
    let more = refused.violations.len().saturating_sub(5);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("{}{more}", each.join("; "))
}

impl Judged {
    /// What others refer to comes first.
    fn rank(&self) -> u8 {
        match &self.verdict {
            Verdict::Put(resource) => match resource.resource {
                AnyResource::Provider(_) => 0,
                AnyResource::Site(_) => 1,
                AnyResource::Offer(_) => 2,
            },
            _ => 3,
        }
    }
}
