//! The messages as types. A type's name is its `@type`.

use super::{
    CONTEXT, MessageKind, Policy,
    negotiation::{State, Step},
    schema,
};
use crate::{FederationError, json, limits};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `@context`: a list with at least [`CONTEXT`] in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Context(pub Vec<String>);

impl Default for Context {
    fn default() -> Self {
        Self(vec![CONTEXT.to_owned()])
    }
}

/// Consumer → provider: a request, or a counter-offer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "@type", rename_all = "camelCase", rename = "ContractRequestMessage")]
pub struct ContractRequestMessage {
    /// The context.
    #[serde(rename = "@context", default)]
    pub context: Context,
    /// The consumer's id of the negotiation.
    pub consumer_pid: String,
    /// The provider's; absent in the first message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_pid: Option<String>,
    /// What is asked for, with its target.
    pub offer: Policy,
    /// The base URL for messages to the consumer; in the first message only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_address: Option<String>,
}

/// Provider → consumer: an offer, or a counter-offer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "@type", rename_all = "camelCase", rename = "ContractOfferMessage")]
pub struct ContractOfferMessage {
    /// The context.
    #[serde(rename = "@context", default)]
    pub context: Context,
    /// The provider's id of the negotiation.
    pub provider_pid: String,
    /// The consumer's; absent in a first message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumer_pid: Option<String>,
    /// What is offered, with its target.
    pub offer: Policy,
    /// The base URL for messages to the provider; in a first message only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_address: Option<String>,
}

/// Provider → consumer: the agreement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "@type", rename_all = "camelCase", rename = "ContractAgreementMessage")]
pub struct ContractAgreementMessage {
    /// The context.
    #[serde(rename = "@context", default)]
    pub context: Context,
    /// The provider's id of the negotiation.
    pub provider_pid: String,
    /// The consumer's.
    pub consumer_pid: String,
    /// The agreement.
    pub agreement: Policy,
}

/// Consumer → provider: the agreement is as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "@type", rename_all = "camelCase", rename = "ContractAgreementVerificationMessage")]
pub struct ContractAgreementVerificationMessage {
    /// The context.
    #[serde(rename = "@context", default)]
    pub context: Context,
    /// The provider's id of the negotiation.
    pub provider_pid: String,
    /// The consumer's.
    pub consumer_pid: String,
}

/// Consumer → provider: accepted. Provider → consumer: finalized.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "@type", rename_all = "camelCase", rename = "ContractNegotiationEventMessage")]
pub struct ContractNegotiationEventMessage {
    /// The context.
    #[serde(rename = "@context", default)]
    pub context: Context,
    /// The provider's id of the negotiation.
    pub provider_pid: String,
    /// The consumer's.
    pub consumer_pid: String,
    /// Which.
    pub event_type: EventType,
}

/// What an event tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EventType {
    /// The consumer accepts the provider's offer.
    Accepted,
    /// The provider closes the contract.
    Finalized,
}

/// Either → other: no contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "@type", rename_all = "camelCase", rename = "ContractNegotiationTerminationMessage")]
pub struct ContractNegotiationTerminationMessage {
    /// The context.
    #[serde(rename = "@context", default)]
    pub context: Context,
    /// The provider's id of the negotiation.
    pub provider_pid: String,
    /// The consumer's.
    pub consumer_pid: String,
    /// A code of the sender's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reason: Vec<Value>,
}

/// The answer to a message and to `GET negotiations/{pid}`: where the negotiation stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "@type", rename_all = "camelCase", rename = "ContractNegotiation")]
pub struct ContractNegotiation {
    /// The context.
    #[serde(rename = "@context", default)]
    pub context: Context,
    /// The provider's id of the negotiation.
    pub provider_pid: String,
    /// The consumer's.
    pub consumer_pid: String,
    /// Its state.
    pub state: State,
}

/// The body of an error answer in a negotiation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "@type", rename_all = "camelCase", rename = "ContractNegotiationError")]
pub struct ContractNegotiationError {
    /// The context.
    #[serde(rename = "@context", default)]
    pub context: Context,
    /// The provider's id of the negotiation; empty where it isn't known.
    pub provider_pid: String,
    /// The consumer's; empty where it isn't known.
    pub consumer_pid: String,
    /// The name of a [`crate::wire::ProblemKind`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reason: Vec<Value>,
}

/// `POST catalog/request`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "@type", rename_all = "camelCase", rename = "CatalogRequestMessage")]
pub struct CatalogRequestMessage {
    /// The context.
    #[serde(rename = "@context", default)]
    pub context: Context,
    /// A query in terms of the provider's own; this broker knows none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filter: Vec<Value>,
}

/// The body of `GET catalog/datasets/{id}` where a binding has one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "@type", rename_all = "camelCase", rename = "DatasetRequestMessage")]
pub struct DatasetRequestMessage {
    /// The context.
    #[serde(rename = "@context", default)]
    pub context: Context,
    /// The dataset's `@id`.
    pub dataset: String,
}

/// The body of an error answer of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "@type", rename_all = "camelCase", rename = "CatalogError")]
pub struct CatalogError {
    /// The context.
    #[serde(rename = "@context", default)]
    pub context: Context,
    /// The name of a [`crate::wire::ProblemKind`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reason: Vec<Value>,
}

/// Any message that moves a negotiation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum NegotiationMessage {
    /// A request.
    Request(ContractRequestMessage),
    /// An offer.
    Offer(ContractOfferMessage),
    /// An agreement.
    Agreement(ContractAgreementMessage),
    /// A verification.
    Verification(ContractAgreementVerificationMessage),
    /// An event.
    Event(ContractNegotiationEventMessage),
    /// A termination.
    Termination(ContractNegotiationTerminationMessage),
}

impl NegotiationMessage {
    /// Reads a message: strict JSON, checked against the schema of its `@type`.
    ///
    /// # Errors
    /// [`FederationError::TooLarge`], [`FederationError::Invalid`] for another
    /// `@type`, [`FederationError::Schema`].
    pub fn read(bytes: &[u8]) -> Result<Self, FederationError> {
        let value = json::value("message", bytes, limits::REQUEST_BYTES)?;
        let name = value.get("@type").and_then(Value::as_str).unwrap_or_default();
        let kind = MessageKind::named(name)
            .ok_or_else(|| FederationError::invalid("@type", "it is no message of a contract negotiation"))?;
        schema::validate(kind, &value)?;
        match kind {
            MessageKind::ContractRequest => from(value).map(Self::Request),
            MessageKind::ContractOffer => from(value).map(Self::Offer),
            MessageKind::ContractAgreement => from(value).map(Self::Agreement),
            MessageKind::ContractAgreementVerification => from(value).map(Self::Verification),
            MessageKind::ContractNegotiationEvent => from(value).map(Self::Event),
            MessageKind::ContractNegotiationTermination => from(value).map(Self::Termination),
            _ => Err(FederationError::invalid("@type", "it is no message of a contract negotiation")),
        }
    }

    /// Which step it is.
    #[must_use]
    pub const fn step(&self) -> Step {
        match self {
            Self::Request(_) => Step::Request,
            Self::Offer(_) => Step::Offer,
            Self::Agreement(_) => Step::Agree,
            Self::Verification(_) => Step::Verify,
            Self::Event(event) => match event.event_type {
                EventType::Accepted => Step::Accept,
                EventType::Finalized => Step::Finalize,
            },
            Self::Termination(_) => Step::Terminate,
        }
    }

    /// The provider's and the consumer's id of the negotiation.
    #[must_use]
    pub fn pids(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::Request(m) => (m.provider_pid.as_deref(), Some(&m.consumer_pid)),
            Self::Offer(m) => (Some(&m.provider_pid), m.consumer_pid.as_deref()),
            Self::Agreement(m) => (Some(&m.provider_pid), Some(&m.consumer_pid)),
            Self::Verification(m) => (Some(&m.provider_pid), Some(&m.consumer_pid)),
            Self::Event(m) => (Some(&m.provider_pid), Some(&m.consumer_pid)),
            Self::Termination(m) => (Some(&m.provider_pid), Some(&m.consumer_pid)),
        }
    }
}

fn from<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, FederationError> {
    serde_json::from_value(value).map_err(|error| FederationError::invalid("message", error.to_string()))
}
