//! The portal's pages and forms.

use super::{
    Object::{Application, Broker, Chosen, Seen},
    Route, open_page, own_page, page,
};
use hansa_iam::Action;

/// Short names, so that each route is one line.
const READ: Action = Action::ApplicationRead;
const UPDATE: Action = Action::ApplicationUpdate;
const REMOVE: Action = Action::ApplicationRemove;
const CREATE: Action = Action::ApplicationCreate;
const CATALOGUE: Action = Action::CatalogueRead;
const PARTNER: Action = Action::PartnerRead;
const CHANGE: Action = Action::PartnerWrite;
const APPLICATION: super::Object = Application("reference");

pub(super) const ROUTES: &[Route] = &[
    own_page("GET", "/"),
    open_page("GET", "/login"),
    open_page("GET", "/login/callback/{issuer}"),
    open_page("GET", "/login/{issuer}"),
    open_page("POST", "/logout"),
    open_page("GET", "/dev/oidc/{tail:.*}"),
    open_page("POST", "/dev/oidc/{tail:.*}"),
    open_page("POST", "/preferences"),
    open_page("GET", "/assets/{file}"),
    page("GET", "/applications", READ, Seen),
    // The form names the project; its handler asks for it.
    page("POST", "/applications", CREATE, Seen),
    // Whoever may make none is told what they can do about it.
    own_page("GET", "/applications/new"),
    page("POST", "/applications/new", Action::PlanCreate, Seen),
    page("GET", "/applications/{reference}", READ, APPLICATION),
    page("GET", "/applications/{reference}/live", READ, APPLICATION),
    page("GET", "/applications/{reference}/update", UPDATE, APPLICATION),
    page("POST", "/applications/{reference}/update", UPDATE, APPLICATION),
    page("POST", "/applications/{reference}/scale", UPDATE, APPLICATION),
    page("POST", "/applications/{reference}/rollback", UPDATE, APPLICATION),
    page("GET", "/applications/{reference}/move", UPDATE, APPLICATION),
    page("POST", "/applications/{reference}/move", UPDATE, APPLICATION),
    page("GET", "/applications/{reference}/consolidate", UPDATE, APPLICATION),
    page("POST", "/applications/{reference}/consolidate", UPDATE, APPLICATION),
    page("GET", "/applications/{reference}/promote", UPDATE, APPLICATION),
    page("POST", "/applications/{reference}/promote", UPDATE, APPLICATION),
    page("GET", "/applications/{reference}/remove", REMOVE, APPLICATION),
    page("POST", "/applications/{reference}/remove", REMOVE, APPLICATION),
    page("GET", "/alerts", READ, Seen),
    page("GET", "/alerts/new", UPDATE, Seen),
    page("GET", "/alerts/rules/{alert}", READ, Seen),
    page("POST", "/alerts/rules", UPDATE, Chosen),
    page("POST", "/alerts/rules/{alert}/remove", UPDATE, Chosen),
    page("POST", "/alerts/notifications", UPDATE, Chosen),
    page("GET", "/alerts/notifications/{notification}", READ, Seen),
    page("POST", "/alerts/notifications/{notification}/test", UPDATE, Chosen),
    page("POST", "/alerts/notifications/{notification}/remove", UPDATE, Chosen),
    page("GET", "/faults", READ, Seen),
    page("GET", "/faults/{fault}", READ, Seen),
    // The handler asks for the project of the fault.
    page("POST", "/faults/{fault}/acknowledge", UPDATE, Seen),
    page("POST", "/faults/{fault}/resolve", UPDATE, Seen),
    page("GET", "/offers", CATALOGUE, Broker),
    page("GET", "/offers/compare", CATALOGUE, Broker),
    page("GET", "/offers/{offer}", CATALOGUE, Broker),
    page("POST", "/offers/{offer}/withdraw", Action::OfferWrite, Broker),
    page("GET", "/sites", CATALOGUE, Broker),
    page("GET", "/sites/{site}", CATALOGUE, Broker),
    page("GET", "/infrastructure", Action::NodeRead, Broker),
    page("POST", "/infrastructure/import", Action::OfferWrite, Broker),
    page("GET", "/partners", PARTNER, Broker),
    page("GET", "/partners/quarantine", PARTNER, Broker),
    page("POST", "/partners/invite", CHANGE, Broker),
    page("POST", "/partners/accept", CHANGE, Broker),
    page("POST", "/partners/invitations/{invitation}/withdraw", CHANGE, Broker),
    page("GET", "/partners/{partner}", PARTNER, Broker),
    page("POST", "/partners/{partner}/suspend", CHANGE, Broker),
    page("POST", "/partners/{partner}/resume", CHANGE, Broker),
    page("POST", "/partners/{partner}/terminate", CHANGE, Broker),
    page("POST", "/partners/{partner}/policy", CHANGE, Broker),
    page("GET", "/agreements", Action::AgreementRead, Broker),
    page("GET", "/agreements/{agreement}", Action::AgreementRead, Broker),
    page("GET", "/orders", Action::AgreementRead, Broker),
    page("GET", "/orders/holds", Action::AgreementRead, Broker),
    page("GET", "/orders/{order}", Action::AgreementRead, Broker),
    page("GET", "/settlements", Action::AgreementRead, Broker),
    page("GET", "/settlements/{settlement}", Action::AgreementRead, Broker),
    page("POST", "/settlements", CHANGE, Broker),
    page("POST", "/settlements/claims/{claim}/accept", CHANGE, Broker),
    page("POST", "/settlements/claims/{claim}/withdraw", CHANGE, Broker),
];
