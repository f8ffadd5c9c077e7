//! What owners and operators do: `/admin/v1`.

use super::{
    Object::{Broker, Partner, Seen},
    Route, on,
};
use hansa_iam::Action;

const WRITE: Action = Action::PartnerWrite;

pub(super) const ROUTES: &[Route] = &[
    on("GET", "/admin/v1/audit", Action::AuditRead, Seen),
    on("GET", "/admin/v1/audit/export", Action::AuditRead, Seen),
    on("GET", "/admin/v1/audit/checkpoints", Action::AuditRead, Seen),
    on("GET", "/admin/v1/audit/keys", Action::AuditRead, Seen),
    on("POST", "/admin/v1/audit/keys/rotate", Action::KeyRotate, Broker),
    on("GET", "/admin/v1/audit/consistency", Action::AuditRead, Seen),
    on("GET", "/admin/v1/audit/{place}", Action::AuditRead, Seen),
    on("GET", "/admin/v1/audit/{place}/proof", Action::AuditRead, Seen),
    on("POST", "/admin/v1/offers/import", Action::OfferWrite, Broker),
    on("POST", "/admin/v1/offers/{reference}/withdraw", Action::OfferWrite, Broker),
    on("GET", "/admin/v1/nodes", Action::NodeRead, Broker),
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
