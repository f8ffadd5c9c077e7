//! What owners and operators do: `/admin/v1`.

use super::{
    Object::{Broker, Partner, Seen},
    Route, on,
};
use hansa_iam::Action;

/// Short names, so that each route is one line.
const ACCOUNT: Action = Action::AccountWrite;
const WRITE: Action = Action::PartnerWrite;
const SEE: Action = Action::NodeRead;
const NODE: Action = Action::NodeWrite;
const SITE: Action = Action::SiteWrite;
const OFFER: Action = Action::OfferWrite;
const FLAVOUR: Action = Action::FlavourWrite;
const SYSTEM: Action = Action::SystemWrite;
const CREDENTIAL: Action = Action::CredentialWrite;
const MAINTENANCE: Action = Action::MaintenanceWrite;

pub(super) const ROUTES: &[Route] = &[
    on("GET", "/admin/v1/accounts", Action::AccountRead, Broker),
    on("GET", "/admin/v1/accounts/{account}", Action::AccountRead, Broker),
    on("POST", "/admin/v1/accounts/{account}/lock", ACCOUNT, Broker),
    on("POST", "/admin/v1/accounts/{account}/unlock", ACCOUNT, Broker),
    on("DELETE", "/admin/v1/accounts/{account}/sessions", ACCOUNT, Broker),
    on("DELETE", "/admin/v1/accounts/{account}/tokens", ACCOUNT, Broker),
    on("GET", "/admin/v1/audit", Action::AuditRead, Seen),
    on("GET", "/admin/v1/audit/export", Action::AuditRead, Seen),
    on("GET", "/admin/v1/audit/checkpoints", Action::AuditRead, Seen),
    on("GET", "/admin/v1/audit/keys", Action::AuditRead, Seen),
    on("POST", "/admin/v1/audit/keys/rotate", Action::KeyRotate, Broker),
    on("GET", "/admin/v1/audit/consistency", Action::AuditRead, Seen),
    on("GET", "/admin/v1/audit/{place}", Action::AuditRead, Seen),
    on("GET", "/admin/v1/audit/{place}/proof", Action::AuditRead, Seen),
    on("POST", "/admin/v1/offers/import", OFFER, Broker),
    on("POST", "/admin/v1/offers/{reference}/withdraw", OFFER, Broker),
    on("GET", "/admin/v1/nodes", SEE, Broker),
    on("GET", "/admin/v1/nodes/{node}", SEE, Broker),
    on("POST", "/admin/v1/nodes", NODE, Broker),
    on("PATCH", "/admin/v1/nodes/{node}", NODE, Broker),
    on("DELETE", "/admin/v1/nodes/{node}", NODE, Broker),
    on("GET", "/admin/v1/sites/{reference}", SEE, Broker),
    on("POST", "/admin/v1/sites", SITE, Broker),
    on("PUT", "/admin/v1/sites/{reference}", SITE, Broker),
    on("DELETE", "/admin/v1/sites/{reference}", SITE, Broker),
    on("GET", "/admin/v1/maintenance", SEE, Broker),
    on("GET", "/admin/v1/maintenance/{maintenance}", SEE, Broker),
    on("POST", "/admin/v1/maintenance", MAINTENANCE, Broker),
    on("DELETE", "/admin/v1/maintenance/{maintenance}", MAINTENANCE, Broker),
    on("GET", "/admin/v1/offers", SEE, Broker),
    on("GET", "/admin/v1/offers/{reference}", SEE, Broker),
    on("GET", "/admin/v1/offers/{reference}/history", SEE, Broker),
    on("POST", "/admin/v1/offers", OFFER, Broker),
    on("PUT", "/admin/v1/offers/{reference}", OFFER, Broker),
    on("POST", "/admin/v1/offers/{reference}/publish", OFFER, Broker),
    on("POST", "/admin/v1/offers/{reference}/prices", OFFER, Broker),
    on("PUT", "/admin/v1/offers/{reference}/capacity", OFFER, Broker),
    on("DELETE", "/admin/v1/offers/{reference}", OFFER, Broker),
    on("GET", "/admin/v1/credentials", CREDENTIAL, Broker),
    on("GET", "/admin/v1/credentials/{credential}", CREDENTIAL, Broker),
    on("POST", "/admin/v1/credentials", CREDENTIAL, Broker),
    on("PUT", "/admin/v1/credentials/{credential}/secret", CREDENTIAL, Broker),
    on("DELETE", "/admin/v1/credentials/{credential}", CREDENTIAL, Broker),
    on("GET", "/admin/v1/systems", SEE, Broker),
    on("GET", "/admin/v1/systems/kinds", SEE, Broker),
    on("GET", "/admin/v1/systems/{system}", SEE, Broker),
    on("GET", "/admin/v1/systems/{system}/inventory", SEE, Broker),
    on("POST", "/admin/v1/systems", SYSTEM, Broker),
    on("POST", "/admin/v1/systems/test", SYSTEM, Broker),
    on("POST", "/admin/v1/systems/{system}/test", SYSTEM, Broker),
    on("POST", "/admin/v1/systems/{system}/offers", OFFER, Broker),
    on("PUT", "/admin/v1/systems/{system}", SYSTEM, Broker),
    on("DELETE", "/admin/v1/systems/{system}", SYSTEM, Broker),
    on("GET", "/admin/v1/flavours", SEE, Broker),
    on("GET", "/admin/v1/flavours/{flavour}", SEE, Broker),
    on("POST", "/admin/v1/flavours", FLAVOUR, Broker),
    on("PUT", "/admin/v1/flavours/{flavour}", FLAVOUR, Broker),
    on("DELETE", "/admin/v1/flavours/{flavour}", FLAVOUR, Broker),
    on("GET", "/admin/v1/federation", Action::PartnerRead, Seen),
    on("POST", "/admin/v1/keys/rotate", Action::KeyRotate, Broker),
    on("GET", "/admin/v1/quarantine", Action::PartnerRead, Seen),
    on("GET", "/admin/v1/partners", Action::PartnerRead, Seen),
    on("POST", "/admin/v1/partners/invite", WRITE, Broker),
    on("POST", "/admin/v1/partners/accept", WRITE, Broker),
    on("GET", "/admin/v1/partners/{partner}", Action::PartnerRead, Partner("partner")),
    on("POST", "/admin/v1/partners/{partner}/suspend", WRITE, Partner("partner")),
    on("POST", "/admin/v1/partners/{partner}/resume", WRITE, Partner("partner")),
    on("POST", "/admin/v1/partners/{partner}/terminate", WRITE, Partner("partner")),
    on("POST", "/admin/v1/partners/{partner}/repin", WRITE, Partner("partner")),
    on("PUT", "/admin/v1/partners/{partner}/policy", WRITE, Partner("partner")),
    on("GET", "/admin/v1/agreements", Action::AgreementRead, Seen),
    on("GET", "/admin/v1/agreements/{agreement}", Action::AgreementRead, Seen),
    on("GET", "/admin/v1/orders", Action::AgreementRead, Seen),
    on("GET", "/admin/v1/orders/{order}", Action::AgreementRead, Seen),
    on("GET", "/admin/v1/holds", Action::AgreementRead, Seen),
];
