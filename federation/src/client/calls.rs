//! Every call of the protocol by its name.

use super::{Answer, Call, CallError, Client, Peer, fetch};
use crate::{
    FederationError, SignedDocument,
    dsp::{
        self, CatalogRequestMessage, ContractNegotiation, MessageKind, NegotiationMessage,
        catalogue::{Catalog, Dataset},
        negotiation::{Role, path_segment},
    },
    json, limits,
    wire::{
        AcceptAnswer, AcceptRequest, AgreementEvent, BASE, FeedPage, Hint, HoldAnswer, HoldRequest, KeyLists,
        OrderLogs, OrderPage, OrderPut, PeerStatus, UsagePage,
    },
};
use chrono::{DateTime, SecondsFormat, Utc};
use hansa_ontology::{MachineId, order::OrderReport};
use reqwest::Method;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use url::{Url, form_urlencoded};

/// A page that may be known already.
#[derive(Debug, Clone)]
pub enum Page<T> {
    /// It is as it was when its ETag was given.
    Unchanged,
    /// It is this, with that ETag.
    New(Box<T>, Option<String>),
}

impl Client {
    /// `POST /federation/v1/partners`: accepts an invitation.
    ///
    /// # Errors
    /// [`CallError`], here as in all that follow.
    pub async fn partner_accept(&self, peer: &Peer, request: &AcceptRequest) -> Result<AcceptAnswer, CallError> {
        self.put_json(peer, Method::POST, "/partners", request).await
    }

    /// `GET /federation/v1/status`: the heartbeat.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn status(&self, peer: &Peer) -> Result<PeerStatus, CallError> {
        self.get_json(peer, "/status", limits::ANSWER_BYTES).await
    }

    /// `GET /federation/v1/keys`.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn key_lists(&self, peer: &Peer) -> Result<KeyLists, CallError> {
        self.get_json(peer, "/keys", limits::FEED_PAGE_BYTES).await
    }

    /// `POST /federation/v1/inbox`.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn hint(&self, peer: &Peer, hint: Hint) -> Result<(), CallError> {
        self.post(peer, "/inbox", &hint).await
    }

    /// `GET /federation/v1/offers?after=…`: one page of the feed.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn feed_page(&self, peer: &Peer, after: u64, etag: Option<&str>) -> Result<Page<FeedPage>, CallError> {
        let call = Call {
            if_none_match: etag.map(str::to_owned),
            limit: limits::FEED_PAGE_BYTES,
            ..Call::get(format!("{BASE}/offers?after={after}"))
        };
        let answer = self.send(peer, &call).await?;
        if answer.status == 304 {
            return Ok(Page::Unchanged);
        }
        let page = answer.json(&fetch::host(&peer.endpoint))?;
        Ok(Page::New(Box::new(page), answer.etag))
    }

    /// `GET /federation/v1/offers/snapshot?after=…`: what is there now, for newcomers.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn feed_snapshot(&self, peer: &Peer, after: u64) -> Result<FeedPage, CallError> {
        self.get_json(peer, &format!("/offers/snapshot?after={after}"), limits::FEED_PAGE_BYTES).await
    }

    /// `GET /federation/v1/capacity`: a signed [`crate::wire::CapacityReport`].
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn capacity(&self, peer: &Peer) -> Result<SignedDocument, CallError> {
        self.get_json(peer, "/capacity", limits::ANSWER_BYTES).await
    }

    /// `POST /federation/v1/reservations`.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn hold_place(&self, peer: &Peer, request: &HoldRequest) -> Result<HoldAnswer, CallError> {
        self.put_json(peer, Method::POST, "/reservations", request).await
    }

    /// `GET /federation/v1/reservations/{id}`.
    ///
    /// # Errors
    /// [`CallError`]; 404: it was never placed.
    pub async fn hold_get(&self, peer: &Peer, id: MachineId) -> Result<HoldAnswer, CallError> {
        self.get_json(peer, &format!("/reservations/{id}"), limits::ANSWER_BYTES).await
    }

    /// `DELETE /federation/v1/reservations/{id}`.
    ///
    /// # Errors
    /// [`CallError`]; 404: there is nothing to release.
    pub async fn hold_release(&self, peer: &Peer, id: MachineId) -> Result<HoldAnswer, CallError> {
        self.answer_json(peer, &Call::new(Method::DELETE, format!("{BASE}/reservations/{id}"))).await
    }

    /// `PUT /federation/v1/orders/{id}`.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn order_put(&self, peer: &Peer, order: &OrderPut) -> Result<OrderReport, CallError> {
        self.put_json(peer, Method::PUT, &format!("/orders/{}", order.order.id), order).await
    }

    /// `GET /federation/v1/orders/{id}`.
    ///
    /// # Errors
    /// [`CallError`]; 404: it never came.
    pub async fn order_get(&self, peer: &Peer, id: MachineId) -> Result<OrderReport, CallError> {
        self.get_json(peer, &format!("/orders/{id}"), limits::ANSWER_BYTES).await
    }

    /// `GET /federation/v1/orders?after=…`: this broker's orders at the partner.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn order_list(&self, peer: &Peer, after: Option<MachineId>) -> Result<OrderPage, CallError> {
        let query = after.map(|id| format!("?after={id}")).unwrap_or_default();
        self.get_json(peer, &format!("/orders{query}"), limits::FEED_PAGE_BYTES).await
    }

    /// `DELETE /federation/v1/orders/{id}`.
    ///
    /// # Errors
    /// [`CallError`]; 404: there is nothing to end.
    pub async fn order_end(&self, peer: &Peer, id: MachineId) -> Result<OrderReport, CallError> {
        self.answer_json(peer, &Call::new(Method::DELETE, format!("{BASE}/orders/{id}"))).await
    }

    /// `GET /federation/v1/orders/{id}/logs`: the last `tail` lines of one instance.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn order_logs(
        &self,
        peer: &Peer,
        id: MachineId,
        component: &str,
        ordinal: u32,
        tail: u32,
    ) -> Result<OrderLogs, CallError> {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("component", component)
            .append_pair("ordinal", &ordinal.to_string())
            .append_pair("tail", &tail.min(limits::LOG_LINES).to_string())
            .finish();
        self.get_json(peer, &format!("/orders/{id}/logs?{query}"), limits::FEED_PAGE_BYTES).await
    }

    /// `GET /federation/v1/orders/{id}/usage?after=…`: records that begin after a time.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn usage_list(
        &self,
        peer: &Peer,
        id: MachineId,
        after: Option<DateTime<Utc>>,
    ) -> Result<UsagePage, CallError> {
        let query = after.map(|time| format!("?after={}", time.to_rfc3339_opts(SecondsFormat::Micros, true)));
        let query = query.unwrap_or_default();
        self.get_json(peer, &format!("/orders/{id}/usage{query}"), limits::FEED_PAGE_BYTES).await
    }

    /// `POST /federation/v1/orders/{id}/usage/ack`: a signed [`crate::wire::UsageAcknowledgement`].
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn usage_acknowledge(
        &self,
        peer: &Peer,
        id: MachineId,
        acknowledgement: &SignedDocument,
    ) -> Result<(), CallError> {
        self.post(peer, &format!("/orders/{id}/usage/ack"), acknowledgement).await
    }

    /// `POST /federation/v1/agreements/{id}/signature`: our signature on a
    /// [`crate::wire::AgreementDocument`]; answers the partner's over the same bytes.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn agreement_sign(
        &self,
        peer: &Peer,
        agreement: &str,
        document: &SignedDocument,
    ) -> Result<SignedDocument, CallError> {
        let path = format!("/agreements/{}/signature", path_segment(agreement));
        self.put_json(peer, Method::POST, &path, document).await
    }

    /// `POST /federation/v1/agreements/{id}/events`.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn agreement_event(&self, peer: &Peer, agreement: &str, event: &AgreementEvent) -> Result<(), CallError> {
        self.post(peer, &format!("/agreements/{}/events", path_segment(agreement)), event).await
    }

    /// `POST {dsp}/catalog/request`, and the pages that follow by Link.
    ///
    /// # Errors
    /// [`CallError`]; a catalogue that doesn't fit its schema is [`CallError::Unknown`].
    pub async fn catalog(
        &self,
        peer: &Peer,
        request: &CatalogRequestMessage,
    ) -> Result<(Catalog, Option<String>), CallError> {
        let call = self.called(peer, Call::json(Method::POST, format!("{}/catalog/request", dsp::BASE), request))?;
        let answer = self.send(peer, &call.limited(limits::CATALOG_BYTES)).await?;
        let catalog = checked(peer, MessageKind::Catalog, &answer, limits::CATALOG_BYTES)?;
        Ok((catalog, answer.next))
    }

    /// `GET {dsp}/catalog/datasets/{id}`.
    ///
    /// # Errors
    /// As [`Self::catalog`].
    pub async fn dataset(&self, peer: &Peer, id: &str) -> Result<Dataset, CallError> {
        let answer =
            self.send(peer, &Call::get(format!("{}/catalog/datasets/{}", dsp::BASE, path_segment(id)))).await?;
        checked(peer, MessageKind::Dataset, &answer, limits::ANSWER_BYTES)
    }

    /// Sends a message of a negotiation that we are `role` in. The base is the
    /// partner's DSP base as its catalogue or version document gives it when we
    /// are the consumer, its callback address when we are the provider. `pid` is
    /// the partner's id of the negotiation; None in a first message. A first
    /// message is answered with the negotiation; others may have any body.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn negotiate(
        &self,
        peer: &Peer,
        base: &Url,
        role: Role,
        pid: Option<&str>,
        message: &NegotiationMessage,
    ) -> Result<Option<ContractNegotiation>, CallError> {
        let path = message
            .step()
            .path(role, pid)
            .ok_or_else(|| FederationError::invalid("message", "this side doesn't send it"));
        let call = self.called(peer, path.and_then(|path| Call::json(Method::POST, path, message)))?;
        let base = Peer { did: peer.did.clone(), endpoint: base.clone() };
        let answer = self.send(&base, &call).await?;
        if pid.is_some() {
            return Ok(json::read("answer", &answer.body, limits::ANSWER_BYTES).ok());
        }
        checked(&base, MessageKind::ContractNegotiation, &answer, limits::ANSWER_BYTES).map(Some)
    }

    /// `GET {base}/negotiations/{pid}`: how the partner sees a negotiation; `pid` is its own id.
    ///
    /// # Errors
    /// [`CallError`]; 404: it doesn't know it.
    pub async fn negotiation(&self, peer: &Peer, base: &Url, pid: &str) -> Result<ContractNegotiation, CallError> {
        let base = Peer { did: peer.did.clone(), endpoint: base.clone() };
        let answer = self.send(&base, &Call::get(format!("/negotiations/{}", path_segment(pid)))).await?;
        checked(&base, MessageKind::ContractNegotiation, &answer, limits::ANSWER_BYTES)
    }

    async fn get_json<T: DeserializeOwned>(&self, peer: &Peer, path: &str, limit: usize) -> Result<T, CallError> {
        self.answer_json(peer, &Call::get(format!("{BASE}{path}")).limited(limit)).await
    }

    async fn put_json<B: Serialize, T: DeserializeOwned>(
        &self,
        peer: &Peer,
        method: Method,
        path: &str,
        body: &B,
    ) -> Result<T, CallError> {
        let call = self.called(peer, Call::json(method, format!("{BASE}{path}"), body))?;
        self.answer_json(peer, &call).await
    }

    async fn post<B: Serialize>(&self, peer: &Peer, path: &str, body: &B) -> Result<(), CallError> {
        let call = self.called(peer, Call::json(Method::POST, format!("{BASE}{path}"), body))?;
        self.send(peer, &call).await.map(drop)
    }

    async fn answer_json<T: DeserializeOwned>(&self, peer: &Peer, call: &Call) -> Result<T, CallError> {
        self.send(peer, call).await?.json(&fetch::host(&peer.endpoint))
    }

    fn called(&self, peer: &Peer, call: Result<Call, FederationError>) -> Result<Call, CallError> {
        call.map_err(|error| CallError::NotSent { host: fetch::host(&peer.endpoint), reason: error.to_string() })
    }
}

/// An answer of the Dataspace Protocol, checked with its schema.
fn checked<T: DeserializeOwned>(peer: &Peer, kind: MessageKind, answer: &Answer, limit: usize) -> Result<T, CallError> {
    let read = || -> Result<T, FederationError> {
        let value: Value = json::value("answer", &answer.body, limit)?;
        dsp::validate(kind, &value)?;
        serde_json::from_value(value).map_err(|error| FederationError::invalid("answer", error.to_string()))
    };
    read().map_err(|error| CallError::Unknown {
        host: fetch::host(&peer.endpoint),
        reason: format!("the answer can't be understood: {error}"),
    })
}
