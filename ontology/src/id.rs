//! Typed identifiers. What crosses the border between providers is named by
//! an absolute IRI (RFC 3987); what lives in one broker by a UUID (RFC 9562).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// The text is not an absolute IRI, or not a UUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct InvalidId {
    /// What was given.
    pub text: String,
    /// What would have been right.
    pub expected: &'static str,
}

macro_rules! iri_id {
    ($(#[$doc:meta] $name:ident;)+) => {$(
        #[$doc]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes an absolute IRI such as `urn:hansa:offer:small` or `https://a.example/o/1`.
            ///
            /// # Errors
            /// When the text is no absolute IRI (RFC 3987).
            pub fn new(iri: impl Into<String>) -> Result<Self, InvalidId> {
                let text = iri.into();
                if is_absolute_iri(&text) {
                    Ok(Self(text))
                } else {
                    Err(InvalidId { text, expected: "an absolute IRI, such as urn:example:name" })
                }
            }

            /// The IRI as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The last segment of the IRI: what people call it in a table.
            #[must_use]
            pub fn short(&self) -> &str {
                self.0.rsplit(['/', '#', ':']).find(|part| !part.is_empty()).unwrap_or(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    )+};
}

macro_rules! uuid_id {
    ($(#[$doc:meta] $name:ident;)+) => {$(
        #[$doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.parse().map(Self).map_err(|_: uuid::Error| InvalidId {
                    text: text.to_owned(),
                    expected: "a UUID",
                })
            }
        }
    )+};
}

iri_id! {
    /// A provider, in the manner of `did:web:provider.example`.
    ProviderId;
    /// A site of a provider.
    SiteId;
    /// An offer.
    OfferId;
}

uuid_id! {
    /// An application: a resource model kept at its desired state.
    ApplicationId;
    /// A long-running operation that a person can follow.
    OperationId;
    /// A rented instance of an offer.
    MachineId;
    /// One running instance of a component.
    WorkloadId;
    /// An account: of a person, or of a service.
    AccountId;
}

/// A scheme, a colon and a rest that RFC 3987 allows. What RDF would refuse is refused here.
fn is_absolute_iri(text: &str) -> bool {
    text.len() <= 2_048
        && text.split_once(':').is_some_and(|(_, rest)| !rest.is_empty())
        && oxigraph::model::NamedNode::new(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_absolute_iris_only() {
        for good in ["urn:hansa:offer:1", "https://a.example/x#y", "did:web:a.example", "urn:ä"] {
            assert!(OfferId::new(good).is_ok(), "{good}");
        }
        for bad in ["", "offer", ":x", "1a:x", "urn:", "urn:a b", "https://a/<b>", "urn:a\n", "urn:%zz", "https://["] {
            assert!(OfferId::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn short_name_is_the_last_segment() {
        let short = |iri: &str| OfferId::new(iri).map(|id| id.short().to_owned());
        assert_eq!(short("urn:hansa:offer:small").as_deref(), Ok("small"));
        assert_eq!(short("https://a.example/offers/big/").as_deref(), Ok("big"));
    }
}
