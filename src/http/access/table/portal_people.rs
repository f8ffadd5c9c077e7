//! The portal's pages about people: accounts, projects, members, and the audit trail.

use super::{
    Object::{self, Broker, Chosen, Organisation, Project, Seen},
    Route, own_page, page,
};
use hansa_iam::Action;

const MEMBER: Action = Action::MemberWrite;
const SERVICE: Action = Action::ServiceAccountWrite;
const P: Object = Project("organisation", "project");
const O: Object = Organisation("organisation");

pub(super) const ROUTES: &[Route] = &[
    page("GET", "/audit", Action::AuditRead, Seen),
    page("GET", "/audit/export", Action::AuditRead, Broker),
    page("GET", "/costs", Action::UsageRead, Seen),
    page("GET", "/promises", Action::ApplicationRead, Seen),
    page("GET", "/carbon", Action::UsageRead, Seen),
    page("GET", "/carbon/compare", Action::UsageRead, Seen),
    page("GET", "/carbon/compare/export", Action::UsageRead, Seen),
    page("GET", "/costs/export", Action::UsageRead, Chosen),
    page("GET", "/costs/invoices/{number}", Action::UsageRead, Chosen),
    page("GET", "/audit/{place}", Action::AuditRead, Seen),
    own_page("GET", "/account"),
    own_page("POST", "/account/language"),
    own_page("POST", "/account/tokens"),
    own_page("POST", "/account/tokens/{token}/revoke"),
    own_page("POST", "/account/sessions/revoke-others"),
    own_page("POST", "/account/sessions/{session}/revoke"),
    page("GET", "/projects", Action::ProjectRead, Seen),
    page("POST", "/organisations", Action::OrganisationWrite, Broker),
    page("POST", "/organisations/{organisation}/projects", Action::ProjectWrite, O),
    page("GET", "/organisations/{organisation}", Action::ProjectRead, O),
    page("POST", "/organisations/{organisation}/members", MEMBER, O),
    page("POST", "/organisations/{organisation}/members/{member}/remove", MEMBER, O),
    page("POST", "/organisations/{organisation}/quota", Action::QuotaWrite, O),
    page("POST", "/organisations/{organisation}/title", Action::OrganisationWrite, O),
    page("POST", "/organisations/{organisation}/close", Action::OrganisationWrite, O),
    page("POST", "/organisations/{organisation}/service-accounts", SERVICE, O),
    page("POST", "/organisations/{organisation}/service-accounts/{account}/remove", SERVICE, O),
    page("POST", "/organisations/{organisation}/service-accounts/{account}/tokens", SERVICE, O),
    page("POST", "/organisations/{organisation}/service-accounts/{account}/tokens/{token}/revoke", SERVICE, O),
    page("GET", "/projects/{organisation}/{project}", Action::ProjectRead, P),
    page("POST", "/projects/{organisation}/{project}/members", MEMBER, P),
    page("POST", "/projects/{organisation}/{project}/members/{member}/remove", MEMBER, P),
    page("POST", "/projects/{organisation}/{project}/quota", Action::QuotaWrite, P),
    page("POST", "/projects/{organisation}/{project}/title", Action::ProjectWrite, P),
    page("POST", "/projects/{organisation}/{project}/close", Action::ProjectWrite, P),
    page("POST", "/projects/{organisation}/{project}/service-accounts", SERVICE, P),
    page("POST", "/projects/{organisation}/{project}/service-accounts/{account}/remove", SERVICE, P),
    page("POST", "/projects/{organisation}/{project}/service-accounts/{account}/tokens", SERVICE, P),
    page("POST", "/projects/{organisation}/{project}/service-accounts/{account}/tokens/{token}/revoke", SERVICE, P),
];
