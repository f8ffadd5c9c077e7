//! An offer of ours as the Dataspace Protocol sees it: a dcat:Dataset with one
//! odrl:Offer, which names the signed document that it stands for.

use super::{Context, Policy};
use crate::Did;
use hansa_ontology::{Offer, Site};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

const TERMS: &str = "urn:hansa:terms:sha256:";

/// A dcat:Dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dataset {
    /// `Dataset`.
    #[serde(rename = "@type", default = "dataset_type")]
    pub kind: String,
    /// The context; absent inside a catalogue.
    #[serde(rename = "@context", default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Context>,
    /// The offer's IRI.
    #[serde(rename = "@id")]
    pub id: String,
    /// The odrl:Offer, without a target.
    pub has_policy: Vec<Policy>,
    /// How it is delivered.
    pub distribution: Vec<Distribution>,
    /// What describes the offer for people and machines that don't read its document.
    #[serde(flatten)]
    pub properties: Map<String, Value>,
}

fn dataset_type() -> String {
    "Dataset".to_owned()
}

/// A dcat:Distribution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "@type", rename_all = "camelCase", rename = "Distribution")]
pub struct Distribution {
    /// [`FORMAT`].
    pub format: String,
    /// The `@id` of the data service, or the service itself.
    pub access_service: Value,
}

/// The format of the distribution: machines by order, under `/federation/v1`.
pub const FORMAT: &str = hansa_ontology::vocabulary::ORDER.iri;

/// A dcat:DataService.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "@type", rename_all = "camelCase", rename = "DataService")]
pub struct DataService {
    /// Its id.
    #[serde(rename = "@id")]
    pub id: String,
    /// Its URL.
    #[serde(rename = "endpointURL")]
    pub endpoint_url: String,
}

/// A dcat:Catalog.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "@type", rename_all = "camelCase", rename = "Catalog")]
pub struct Catalog {
    /// The context.
    #[serde(rename = "@context", default)]
    pub context: Context,
    /// Its id.
    #[serde(rename = "@id")]
    pub id: String,
    /// The provider's DID.
    pub participant_id: String,
    /// The broker that serves it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service: Vec<DataService>,
    /// The offers; absent where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dataset: Vec<Dataset>,
}

/// What a dataset says about the signed offer that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferReference {
    /// The offer's IRI.
    pub offer: String,
    /// SHA-256 of the signed document's content, base64url.
    pub digest: String,
}

/// The `@id` of the odrl:Offer of a signed offer: `urn:hansa:terms:sha256:` and its digest.
#[must_use]
pub fn terms_id(digest: &str) -> String {
    format!("{TERMS}{digest}")
}

/// The digest of the signed offer that an odrl:Offer's `@id` names.
#[must_use]
pub fn terms_digest(id: &str) -> Option<&str> {
    id.strip_prefix(TERMS).filter(|digest| digest.len() == 43)
}

/// The dataset of an offer whose signed document has that digest. `service` is
/// the `@id` of the [`DataService`]. The site's jurisdictions and energy become
/// clauses where it is given.
#[must_use]
pub fn dataset(offer: &Offer, site: Option<&Site>, digest: &str, service: &str) -> Dataset {
    let properties = [
        ("http://purl.org/dc/terms/title", Value::from(offer.title.as_str())),
        ("http://purl.org/dc/terms/publisher", json!({"@id": offer.provider.as_str()})),
        ("https://w3id.org/hansa/ns#atSite", json!({"@id": offer.site.as_str()})),
    ];
    Dataset {
        kind: dataset_type(),
        context: None,
        id: offer.id.to_string(),
        has_policy: vec![super::terms::policy(offer, site, digest)],
        distribution: vec![Distribution { format: FORMAT.to_owned(), access_service: service.into() }],
        properties: properties.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

/// The catalogue of a broker at a base URL.
#[must_use]
pub fn catalog(did: &Did, base: &url::Url, dataset: Vec<Dataset>) -> Catalog {
    let base = base.as_str().trim_end_matches('/');
    Catalog {
        context: Context::default(),
        id: format!("{base}{}/catalog", super::BASE),
        participant_id: did.to_string(),
        service: vec![DataService { id: service_id(did), endpoint_url: format!("{base}{}", super::BASE) }],
        dataset,
    }
}

/// The `@id` of a broker's [`DataService`].
#[must_use]
pub fn service_id(did: &Did) -> String {
    format!("{did}#broker")
}

/// Which signed offer a dataset stands for, where it is one of a broker like this.
#[must_use]
pub fn offer_reference(dataset: &Dataset) -> Option<OfferReference> {
    let digest = dataset.has_policy.iter().find_map(|policy| terms_digest(&policy.id))?;
    Some(OfferReference { offer: dataset.id.clone(), digest: digest.to_owned() })
}
