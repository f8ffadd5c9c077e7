//! What callers hand in and get back.

use chrono::{DateTime, Utc};
use hansa_ontology::{
    Actor, Offer, OfferKind, Provider, ProviderId, Site, SiteId, catalogue::Catalogue, offer::Capacity, rdf::RdfFormat,
    reading::RefusedResource,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A document that is to be imported.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// The document.
    pub bytes: Vec<u8>,
    /// Its syntax.
    pub format: RdfFormat,
    /// Who imports it.
    pub actor: Actor,
    /// When.
    pub now: DateTime<Utc>,
    /// Check and report only.
    pub dry_run: bool,
    /// Import nothing if anything is refused. Otherwise what is good is imported.
    pub strict: bool,
}

impl ImportRequest {
    /// A strict import for good.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>, format: RdfFormat, actor: Actor, now: DateTime<Utc>) -> Self {
        Self { bytes: bytes.into(), format, actor, now, dry_run: false, strict: true }
    }
}

/// What came of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// Whether anything was written.
    pub outcome: Outcome,
    /// What is new or has changed, or would be.
    pub changes: Vec<Change>,
    /// How many accepted resources were in the catalogue already, just so.
    pub unchanged: usize,
    /// What was refused, and why.
    pub refused: Vec<RefusedResource>,
}

/// Whether anything was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// All that was accepted is in the catalogue.
    Imported,
    /// Nothing was written because none was to be: a dry run.
    DryRun,
    /// Nothing was written because something was refused and the import was strict.
    Refused,
}

/// A resource that is new, has changed or was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Its IRI.
    pub iri: String,
    /// What it is.
    pub class: Class,
    /// Its name for people.
    pub title: String,
    /// What happened to it.
    #[serde(flatten)]
    pub kind: ChangeKind,
}

/// What happened to a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "change")]
pub enum ChangeKind {
    /// It was not in the catalogue.
    Imported,
    /// It was in the catalogue otherwise.
    Changed {
        /// Which of its fields differ. None: only what Hansa has no word for.
        fields: Vec<String>,
    },
    /// It is not in the catalogue any more.
    Withdrawn,
}

impl ChangeKind {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::Changed { .. } => "changed",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// A provider.
    Provider,
    /// A site.
    Site,
    /// An offer.
    Offer,
}

impl Class {
    pub(super) const ALL: [Self; 3] = [Self::Provider, Self::Site, Self::Offer];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Site => "site",
            Self::Offer => "offer",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The catalogue at one moment, each list sorted by IRI.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Grows with every change of the catalogue.
    pub generation: i64,
    /// All that is not withdrawn.
    pub catalogue: Catalogue,
}

/// A resource and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stored<T> {
    /// The resource.
    pub resource: T,
    /// The resource as it was exchanged.
    pub source: Source,
    /// When it was imported or last changed.
    pub imported_at: DateTime<Utc>,
    /// Where it comes from; None: it is our own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// Where a resource comes from that isn't our own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// The partner, by its DID.
    pub partner: String,
    /// Its detached signature (RFC 7515 appendix F) over the bytes of [`Source::text`].
    pub signature: String,
    /// When this version came.
    pub received_at: DateTime<Utc>,
    /// Until when it is used unless the partner confirms it, whatever it says itself.
    pub holds_until: Option<DateTime<Utc>>,
}

/// A resource as it was exchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// How the text is to be read.
    pub media_type: String,
    /// The very document, where it came as one of its own; otherwise all that
    /// the larger document says about it, as sorted N-Triples.
    pub text: String,
}

/// Which offers. The default: all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OfferFilter {
    /// Only those of this kind.
    pub kind: Option<OfferKind>,
    /// Only those of this provider.
    pub provider: Option<ProviderId>,
    /// Only those at this site.
    pub site: Option<SiteId>,
    /// Only those with each of these words in IRI, title, flavour or capabilities.
    pub text: Option<String>,
}

/// Which sites. The default: all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SiteFilter {
    /// Only those of this provider.
    pub provider: Option<ProviderId>,
    /// Only those with each of these words in IRI, name or country.
    pub text: Option<String>,
}

impl OfferFilter {
    pub(super) fn passes(&self, offer: &Offer) -> bool {
        self.kind.is_none_or(|kind| offer.kind == kind)
            && self.provider.as_ref().is_none_or(|provider| offer.provider == *provider)
            && self.site.as_ref().is_none_or(|site| offer.site == *site)
            && has_words(self.text.as_deref(), || {
                let capabilities: Vec<&str> = offer.capabilities.iter().map(String::as_str).collect();
                format!("{} {} {} {}", offer.id, offer.title, offer.flavour.name, capabilities.join(" "))
            })
    }
}

impl SiteFilter {
    pub(super) fn passes(&self, site: &Site) -> bool {
        self.provider.as_ref().is_none_or(|provider| site.provider == *provider)
            && has_words(self.text.as_deref(), || format!("{} {} {}", site.id, site.name, site.country))
    }
}

fn has_words(words: Option<&str>, text: impl FnOnce() -> String) -> bool {
    let Some(words) = words else { return true };
    let text = text().to_lowercase();
    words.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

/// What the three classes have in common.
pub(super) trait Resource: Serialize + serde::de::DeserializeOwned + Clone + Send + 'static {
    const CLASS: Class;
    fn iri(&self) -> &str;
    fn title(&self) -> &str;
    fn list(catalogue: &Catalogue) -> &Vec<Self>;
    fn list_mut(catalogue: &mut Catalogue) -> &mut Vec<Self>;
    /// Says what is known beside the document.
    fn overlay(&mut self, _overlay: &Overlay) {}
}

/// What is known of a partner's offer beside its document.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Overlay {
    pub(super) holds_until: Option<DateTime<Utc>>,
    pub(super) capacity: Option<Capacity>,
}

macro_rules! resource {
    ($type:ty, $class:expr, $title:ident, $list:ident $(, $overlay:item)?) => {
        impl Resource for $type {
            const CLASS: Class = $class;
            fn iri(&self) -> &str {
                self.id.as_str()
            }
            fn title(&self) -> &str {
                &self.$title
            }
            fn list(catalogue: &Catalogue) -> &Vec<Self> {
                &catalogue.$list
            }
            fn list_mut(catalogue: &mut Catalogue) -> &mut Vec<Self> {
                &mut catalogue.$list
            }
            $($overlay)?
        }
    };
}

resource!(Provider, Class::Provider, name, providers);
resource!(Site, Class::Site, name, sites);
resource!(
    Offer,
    Class::Offer,
    title,
    offers,
    fn overlay(&mut self, overlay: &Overlay) {
        let ends = [self.valid_through, overlay.holds_until];
        self.valid_through = ends.into_iter().flatten().min();
        if let Some(capacity) = overlay.capacity.filter(|capacity| capacity.as_of >= self.capacity.as_of) {
            self.capacity = capacity;
        }
    }
);
