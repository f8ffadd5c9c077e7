//! The frames of both descriptions: what each API is for, its parts, and how
//! callers prove who they are.

use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

/// The frame of what tenants and partners call.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Hansa",
        contact(name = "Hansa", url = "https://github.com/hansa-broker/hansa"),
        description = "A federated multi-provider cloud-edge broker: describe an application, and the broker plans, deploys, heals and scales it over the offers of many providers.\n\nErrors are problem documents (RFC 9457); `/problems` lists their types. Long work answers 202 with an operation to follow. Every POST takes an `Idempotency-Key`; every change takes `dryRun=true`. What owners of infrastructure do has a description of its own, `/admin/openapi.json`."
    ),
    tags(
        (name = "plans", description = "What would run where, at what price and why"),
        (name = "applications", description = "Resource models that the broker keeps at their desired state"),
        (name = "operations", description = "Long work that a person can follow"),
        (name = "catalogue", description = "Providers, sites and offers"),
        (name = "people", description = "Who one is, tokens, organisations, projects, members, quotas"),
        (name = "federation", description = "What partners' brokers call: `/federation/v1`, and the Dataspace Protocol 2025-1. `docs/federation.md` has the protocol"),
        (name = "usage", description = "What was used, and what it costs"),
        (name = "carbon", description = "What was drawn and emitted, and how it would be less"),
        (name = "sla", description = "What was promised of rented machines, and how it is kept"),
        (name = "faults", description = "What is wrong, why, and who sees to it"),
        (name = "notifications", description = "Who is told of what, by webhook or mail"),
        (name = "alerts", description = "What people want to be warned of, over what is measured"),
        (name = "events", description = "What happened"),
        (name = "audit", description = "Who did what, when, from where, and why it was allowed"),
        (name = "health", description = "Health and metrics"),
        (name = "documents", description = "Vocabulary, shapes, schemas")
    ),
    modifiers(&Schemes)
)]
pub(crate) struct Frame;

/// The frame of what owners and operators of infrastructure call.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Hansa for owners",
        contact(name = "Hansa", url = "https://github.com/hansa-broker/hansa"),
        description = "What owners of infrastructure do with their broker: sites and nodes, flavours and offers, credentials, maintenance, partners and what is agreed with them.\n\nErrors are problem documents (RFC 9457); `/problems` lists their types. Every POST takes an `Idempotency-Key`; every change takes `dryRun=true`, and `If-Match` where the thing has an ETag. What tenants do has a description of its own, `/openapi.json`."
    ),
    tags(
        (name = "providers", description = "Who runs the infrastructure"),
        (name = "sites", description = "Places with resources"),
        (name = "nodes", description = "The machines of a site, and what is given away of each"),
        (name = "credentials", description = "What connectors need to reach infrastructure: written, never read"),
        (name = "flavours", description = "Named shapes of machines"),
        (name = "systems", description = "Real systems of sites: connected, asked what they have, made offers of"),
        (name = "offers", description = "What is sold: draft, published, withdrawn"),
        (name = "maintenance", description = "Draining nodes and sites; maintenance that is announced"),
        (name = "faults", description = "What is wrong with systems, hosts and partners, why, and who sees to it"),
        (name = "notifications", description = "Who is told of what concerns the broker itself, by webhook or mail"),
        (name = "alerts", description = "What owners want to be warned of, over what the broker counts of itself"),
        (name = "partners", description = "Other providers' brokers, and what is agreed with and ordered of each other"),
        (name = "carbon", description = "Series of carbon intensity, of prices and generation of energy"),
        (name = "billing", description = "Who sells at which prices, what was agreed with whom, what is billed, and the books"),
        (name = "people", description = "Organisations, projects, accounts, quotas"),
        (name = "audit", description = "Who did what, when, from where, and why it was allowed"),
        (name = "documents", description = "This description")
    )
)]
pub(super) struct AdminFrame;

/// How callers prove who they are.
struct Schemes;

impl Modify for Schemes {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let person = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A personal access token (`hansa_pat_…`), the token of a service account (`hansa_sat_…`), or an access token (JWT) of a trusted issuer. A broker without login asks nobody on its own machine for one."))
            .build();
        let partner = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("A token for this one request, signed (EdDSA) by the partner's key: iss = sub = its DID, aud = this broker's DID, jti once, exp at most 60 s after iat, htm = method, htu = path with query, bh = SHA-256 of the body (base64url)."))
            .build();
        let components = api.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(person));
        components.add_security_scheme("partner", SecurityScheme::Http(partner));
    }
}
