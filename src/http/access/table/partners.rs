//! What partners' brokers call. Each handler has the sender proved by a
//! signature over the very request.

use super::{Route, signed};

pub(super) const ROUTES: &[Route] = &[
    signed("GET", "/.well-known/did.json"),
    signed("GET", "/.well-known/dspace-version"),
    signed("GET", "/federation/v1/keys"),
    signed("POST", "/federation/v1/partners"),
    signed("GET", "/federation/v1/status"),
    signed("POST", "/federation/v1/inbox"),
    signed("GET", "/federation/v1/offers"),
    signed("GET", "/federation/v1/offers/snapshot"),
    signed("GET", "/federation/v1/capacity"),
    signed("POST", "/federation/v1/reservations"),
    signed("GET", "/federation/v1/reservations/{id}"),
    signed("DELETE", "/federation/v1/reservations/{id}"),
    signed("GET", "/federation/v1/orders"),
    signed("PUT", "/federation/v1/orders/{id}"),
    signed("GET", "/federation/v1/orders/{id}"),
    signed("DELETE", "/federation/v1/orders/{id}"),
    signed("GET", "/federation/v1/orders/{id}/logs"),
    signed("GET", "/federation/v1/orders/{id}/usage"),
    signed("POST", "/federation/v1/orders/{id}/usage/ack"),
    signed("POST", "/federation/v1/agreements/{id}/signature"),
    signed("POST", "/federation/v1/agreements/{id}/events"),
    signed("POST", "/dsp/2025-1/catalog/request"),
    signed("GET", "/dsp/2025-1/catalog/datasets/{id:.+}"),
    signed("POST", "/dsp/2025-1/negotiations/request"),
    signed("GET", "/dsp/2025-1/negotiations/{pid}"),
    signed("POST", "/dsp/2025-1/negotiations/{pid}/request"),
    signed("POST", "/dsp/2025-1/negotiations/offers"),
    signed("POST", "/dsp/2025-1/negotiations/{pid}/offers"),
    signed("POST", "/dsp/2025-1/negotiations/{pid}/agreement"),
    signed("POST", "/dsp/2025-1/negotiations/{pid}/agreement/verification"),
    signed("POST", "/dsp/2025-1/negotiations/{pid}/events"),
    signed("POST", "/dsp/2025-1/negotiations/{pid}/termination"),
    // For the conformance suite alone, where the settings ask for it.
    signed("POST", "/conformance/negotiations/requests"),
];
