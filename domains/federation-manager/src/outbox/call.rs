//! Calls to partners: to the address that the partner has now, with what came
//! of it noted for its breaker and for when it was heard.

use super::{Breaker, Contact, Permit};
use crate::{Answer, Call, FederationError, FederationManager, Method, TransportError, store};
use serde::de::DeserializeOwned;
use std::sync::PoisonError;

/// The most bytes of an answer about contracts and orders.
const ANSWER_BYTES: usize = 4 << 20;

/// How a call to a partner went, as its caller sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is done; the answer.
    Done(Answer),
    /// There is no such thing at the partner.
    Missing,
    /// No; asking again won't help.
    Refused {
        /// The problem's type.
        kind: String,
        /// For people.
        reason: String,
    },
}

impl Outcome {
    /// Whether the refusal is of this kind.
    pub(crate) fn is_kind(kind: &str, name: &str) -> bool {
        kind.rsplit('/').next() == Some(name)
    }
}

impl FederationManager {
    /// Makes a call to a partner, once. `Err`: it may or may not have been
    /// done, or can't be now; look before trying again.
    pub(crate) async fn partner_call(
        &self,
        partner: &str,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Outcome, FederationError> {
        let did = partner.to_owned();
        let found = self.database().read(move |connection| store::partners::find(connection, &did)).await?;
        let Some(found) = found else {
            return Err(FederationError::NotFound(format!("the partner {partner}")));
        };
        self.address_call(partner, &found.endpoint, method, path, body).await
    }

    /// As [`Self::partner_call`], to an address that was given otherwise.
    pub(crate) async fn address_call(
        &self,
        partner: &str,
        endpoint: &str,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Outcome, FederationError> {
        let call = Call {
            partner: partner.to_owned(),
            endpoint: endpoint.to_owned(),
            method,
            path: path.to_owned(),
            body: body.unwrap_or_default(),
            timeout: self.options().call_timeout,
            limit: ANSWER_BYTES,
        };
        let result = self.transport().call(&call).await;
        let failed = result.as_ref().err().is_some_and(TransportError::is_transient);
        self.contact_note(partner, if failed { Contact::Failed } else { Contact::Answered });
        if result.is_ok() {
            let (did, now) = (partner.to_owned(), self.now());
            self.database()
                .write_relaxed(move |connection| store::partners::heard(connection, &did, now).map(|_| ()))
                .await?;
        }
        match result {
            Ok(answer) => Ok(Outcome::Done(answer)),
            Err(TransportError::Refused { status: 404, .. }) => Ok(Outcome::Missing),
            // A token that was refused for the clock or as a repetition is made anew; 401 for
            // good means that keys have changed, which the owners have to settle.
            Err(TransportError::Refused { status, kind, detail, .. })
                if status != 401 && status < 500 && !matches!(status, 408 | 425 | 429) =>
            {
                Ok(Outcome::Refused { kind, reason: detail })
            }
            Err(source) => Err(FederationError::Partner { partner: partner.to_owned(), source }),
        }
    }

    /// A call whose answer is JSON of one type.
    pub(crate) async fn partner_json<T: DeserializeOwned>(
        &self,
        partner: &str,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<T, FederationError> {
        match self.partner_call(partner, method, path, body).await? {
            Outcome::Done(answer) => self.read_answer(partner, &answer),
            Outcome::Missing => Err(FederationError::NotFound(format!("{path} at {partner}"))),
            Outcome::Refused { reason, .. } => Err(FederationError::Conflict(format!("{partner} says no: {reason}"))),
        }
    }

    pub(crate) fn read_answer<T: DeserializeOwned>(
        &self,
        partner: &str,
        answer: &Answer,
    ) -> Result<T, FederationError> {
        serde_json::from_slice(&answer.body).map_err(|error| FederationError::Protocol {
            partner: partner.to_owned(),
            message: format!("its answer isn't what was asked for: {error}"),
        })
    }

    pub(super) fn breaker_permit(&self, partner: &str) -> Permit {
        let breakers = self.inner.orders.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        breakers.get(partner).copied().unwrap_or_default().permit(self.now())
    }

    fn contact_note(&self, partner: &str, contact: Contact) {
        let now = self.now();
        let spread = now.timestamp_subsec_micros().to_le_bytes().first().copied().unwrap_or_default();
        let mut breakers = self.inner.orders.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        let breaker: &mut Breaker = breakers.entry(partner.to_owned()).or_default();
        breaker.note(contact, now, spread);
    }
}

/// JSON for a call.
pub(crate) fn body<T: serde::Serialize>(value: &T) -> Result<Option<Vec<u8>>, FederationError> {
    let bytes = serde_json::to_vec(value);
    bytes.map(Some).map_err(|error| FederationError::Internal(format!("a message has no JSON form: {error}")))
}

/// A value of a query, with all but unreserved characters escaped (RFC 3986 section 2.3).
pub(crate) fn query_escape(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}
