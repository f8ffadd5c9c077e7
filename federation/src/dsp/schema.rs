//! The specification's own JSON schemas (2019-09), built in. Every message
//! that is sent or received is checked with them.

use crate::FederationError;
use jsonschema::{Registry, Validator};
use serde_json::Value;
use std::{collections::BTreeMap, sync::LazyLock};

/// The most violations that an error names.
const MOST_VIOLATIONS: usize = 5;
const MOST_LETTERS: usize = 300;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $file:literal;)+) => {
        /// The messages that have a schema.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum MessageKind {
            $($(#[$doc])* $kind,)+
        }

        impl MessageKind {
            /// All kinds.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$kind),+];

            /// Its `@type`; of the version document, which has none, its name in the specification.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }

            const fn schema(self) -> &'static str {
                match self { $(Self::$kind => include_str!(concat!("../../schemas/dsp/", $file)),)+ }
            }
        }
    };
}

kinds! {
    /// A request.
    ContractRequest = "ContractRequestMessage", "negotiation/contract-request-message-schema.json";
    /// An offer.
    ContractOffer = "ContractOfferMessage", "negotiation/contract-offer-message-schema.json";
    /// An agreement.
    ContractAgreement = "ContractAgreementMessage", "negotiation/contract-agreement-message-schema.json";
    /// A verification.
    ContractAgreementVerification = "ContractAgreementVerificationMessage", "negotiation/contract-agreement-verification-message-schema.json";
    /// An event.
    ContractNegotiationEvent = "ContractNegotiationEventMessage", "negotiation/contract-negotiation-event-message-schema.json";
    /// A termination.
    ContractNegotiationTermination = "ContractNegotiationTerminationMessage", "negotiation/contract-negotiation-termination-message-schema.json";
    /// Where a negotiation stands.
    ContractNegotiation = "ContractNegotiation", "negotiation/contract-negotiation-schema.json";
    /// An error in a negotiation.
    ContractNegotiationError = "ContractNegotiationError", "negotiation/contract-negotiation-error-schema.json";
    /// Asks for the catalogue.
    CatalogRequest = "CatalogRequestMessage", "catalog/catalog-request-message-schema.json";
    /// Asks for a dataset.
    DatasetRequest = "DatasetRequestMessage", "catalog/dataset-request-message-schema.json";
    /// The catalogue.
    Catalog = "Catalog", "catalog/catalog-schema.json";
    /// A dataset.
    Dataset = "Dataset", "catalog/dataset-schema.json";
    /// An error of the catalogue.
    CatalogError = "CatalogError", "catalog/catalog-error-schema.json";
    /// The versions.
    VersionResponse = "VersionResponse", "common/protocol-version-schema.json";
}

/// Schemas that others refer to.
const PARTS: [&str; 3] = [
    include_str!("../../schemas/dsp/common/context-schema.json"),
    include_str!("../../schemas/dsp/negotiation/contract-schema.json"),
    include_str!("../../schemas/dsp/catalog/dataset-schema.json"),
];

impl MessageKind {
    /// The kind with that `@type`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

static VALIDATORS: LazyLock<Result<BTreeMap<MessageKind, Validator>, String>> =
    LazyLock::new(|| build().map_err(|error| error.to_string()));

fn build() -> Result<BTreeMap<MessageKind, Validator>, Box<dyn std::error::Error>> {
    let mut resources = Vec::new();
    for text in PARTS {
        let schema: Value = serde_json::from_str(text)?;
        let id = schema.get("$id").and_then(Value::as_str).ok_or("a schema has no $id")?.to_owned();
        resources.push((id, schema));
    }
    let registry = Registry::new().extend(resources)?.prepare()?;
    let mut validators = BTreeMap::new();
    for kind in MessageKind::ALL {
        let schema: Value = serde_json::from_str(kind.schema())?;
        let validator = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft201909)
            .with_registry(&registry)
            .offline()
            .build(&schema)?;
        validators.insert(kind, validator);
    }
    Ok(validators)
}

/// Checks a message against its schema.
///
/// # Errors
/// [`FederationError::Schema`] with the first violations and their places.
pub fn validate(kind: MessageKind, message: &Value) -> Result<(), FederationError> {
    let validators = VALIDATORS.as_ref().map_err(|error| FederationError::Crypto(error.clone()))?;
    let Some(validator) = validators.get(&kind) else {
        return Err(FederationError::Crypto(format!("{} has no schema", kind.as_str())));
    };
    let violations: Vec<String> =
        validator.iter_errors(message).take(MOST_VIOLATIONS).map(|error| shown(&error)).collect();
    if violations.is_empty() { Ok(()) } else { Err(FederationError::Schema { message: kind.as_str(), violations }) }
}

/// A violation with its place, cut to a length that a log can bear.
fn shown(error: &jsonschema::ValidationError<'_>) -> String {
    let text = format!("{}: {error}", error.instance_path());
    match text.char_indices().nth(MOST_LETTERS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
