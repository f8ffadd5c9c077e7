//! Accounts, tokens, organisations, projects, members, quotas: `/api/v1`.

use super::{
    Object::{Broker, Organisation, Own, Project, Seen},
    Route, known, on, open,
};
use hansa_iam::Action;

const PROJECT: super::Object = Project("organisation", "project");
const SERVICE: Action = Action::ServiceAccountWrite;
const ORGANISATION: super::Object = Organisation("organisation");

pub(super) const ROUTES: &[Route] = &[
    open("/api/v1/login"),
    known("GET", "/api/v1/me"),
    on("GET", "/api/v1/tokens", Action::AccountSelf, Own),
    on("POST", "/api/v1/tokens", Action::AccountSelf, Own),
    on("GET", "/api/v1/tokens/{token}", Action::AccountSelf, Own),
    on("DELETE", "/api/v1/tokens/{token}", Action::AccountSelf, Own),
    on("GET", "/api/v1/sessions", Action::AccountSelf, Own),
    on("DELETE", "/api/v1/sessions/{session}", Action::AccountSelf, Own),
    on("GET", "/api/v1/organisations", Action::ProjectRead, Seen),
    on("POST", "/api/v1/organisations", Action::OrganisationWrite, Broker),
    on("GET", "/api/v1/organisations/{organisation}", Action::ProjectRead, ORGANISATION),
    on("PATCH", "/api/v1/organisations/{organisation}", Action::OrganisationWrite, ORGANISATION),
    on("DELETE", "/api/v1/organisations/{organisation}", Action::OrganisationWrite, ORGANISATION),
    on("GET", "/api/v1/organisations/{organisation}/quota", Action::QuotaRead, ORGANISATION),
    on("PUT", "/api/v1/organisations/{organisation}/quota", Action::QuotaWrite, ORGANISATION),
    on("GET", "/api/v1/organisations/{organisation}/members", Action::MemberRead, ORGANISATION),
    on("GET", "/api/v1/organisations/{organisation}/members/{member}", Action::MemberRead, ORGANISATION),
    on("PUT", "/api/v1/organisations/{organisation}/members/{member}", Action::MemberWrite, ORGANISATION),
    on("DELETE", "/api/v1/organisations/{organisation}/members/{member}", Action::MemberWrite, ORGANISATION),
    on("GET", "/api/v1/projects", Action::ProjectRead, Seen),
    on("POST", "/api/v1/organisations/{organisation}/projects", Action::ProjectWrite, ORGANISATION),
    on("GET", "/api/v1/projects/{organisation}/{project}", Action::ProjectRead, PROJECT),
    on("PATCH", "/api/v1/projects/{organisation}/{project}", Action::ProjectWrite, PROJECT),
    on("DELETE", "/api/v1/projects/{organisation}/{project}", Action::ProjectWrite, PROJECT),
    on("GET", "/api/v1/projects/{organisation}/{project}/quota", Action::QuotaRead, PROJECT),
    on("PUT", "/api/v1/projects/{organisation}/{project}/quota", Action::QuotaWrite, PROJECT),
    on("GET", "/api/v1/projects/{organisation}/{project}/members", Action::MemberRead, PROJECT),
    on("GET", "/api/v1/projects/{organisation}/{project}/members/{member}", Action::MemberRead, PROJECT),
    on("PUT", "/api/v1/projects/{organisation}/{project}/members/{member}", Action::MemberWrite, PROJECT),
    on("DELETE", "/api/v1/projects/{organisation}/{project}/members/{member}", Action::MemberWrite, PROJECT),
    on("GET", "/api/v1/organisations/{organisation}/service-accounts", Action::MemberRead, ORGANISATION),
    on("POST", "/api/v1/organisations/{organisation}/service-accounts", SERVICE, ORGANISATION),
    on("GET", "/api/v1/organisations/{organisation}/service-accounts/{account}", Action::MemberRead, ORGANISATION),
    on("DELETE", "/api/v1/organisations/{organisation}/service-accounts/{account}", SERVICE, ORGANISATION),
    on("GET", "/api/v1/organisations/{organisation}/service-accounts/{account}/tokens", SERVICE, ORGANISATION),
    on("POST", "/api/v1/organisations/{organisation}/service-accounts/{account}/tokens", SERVICE, ORGANISATION),
    on(
        "POST",
        "/api/v1/organisations/{organisation}/service-accounts/{account}/tokens/{token}/rotate",
        SERVICE,
        ORGANISATION,
    ),
    on(
        "DELETE",
        "/api/v1/organisations/{organisation}/service-accounts/{account}/tokens/{token}",
        SERVICE,
        ORGANISATION,
    ),
    on("GET", "/api/v1/projects/{organisation}/{project}/service-accounts", Action::MemberRead, PROJECT),
    on("POST", "/api/v1/projects/{organisation}/{project}/service-accounts", SERVICE, PROJECT),
    on("GET", "/api/v1/projects/{organisation}/{project}/service-accounts/{account}", Action::MemberRead, PROJECT),
    on("DELETE", "/api/v1/projects/{organisation}/{project}/service-accounts/{account}", SERVICE, PROJECT),
    on("GET", "/api/v1/projects/{organisation}/{project}/service-accounts/{account}/tokens", SERVICE, PROJECT),
    on("POST", "/api/v1/projects/{organisation}/{project}/service-accounts/{account}/tokens", SERVICE, PROJECT),
    on(
        "POST",
        "/api/v1/projects/{organisation}/{project}/service-accounts/{account}/tokens/{token}/rotate",
        SERVICE,
        PROJECT,
    ),
    on(
        "DELETE",
        "/api/v1/projects/{organisation}/{project}/service-accounts/{account}/tokens/{token}",
        SERVICE,
        PROJECT,
    ),
];
