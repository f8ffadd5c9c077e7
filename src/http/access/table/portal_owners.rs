//! The portal's pages of owners of infrastructure. Each needs what the same
//! operation of the owners' API needs.

use super::{Object::Broker, Route, page};
use hansa_iam::Action;

/// Short names, so that each route is one line.
const SEE: Action = Action::NodeRead;
const OFFER: Action = Action::OfferWrite;
const FLAVOUR: Action = Action::FlavourWrite;
const SYSTEM: Action = Action::SystemWrite;
const CREDENTIAL: Action = Action::CredentialWrite;
const MAINTENANCE: Action = Action::MaintenanceWrite;

pub(super) const ROUTES: &[Route] = &[
    page("GET", "/infrastructure/maintenance", SEE, Broker),
    page("POST", "/infrastructure/maintenance", MAINTENANCE, Broker),
    page("GET", "/infrastructure/maintenance/new", MAINTENANCE, Broker),
    page("GET", "/infrastructure/maintenance/{maintenance}", SEE, Broker),
    page("POST", "/infrastructure/maintenance/{maintenance}/end", MAINTENANCE, Broker),
    page("GET", "/infrastructure/faults", Action::EventRead, Broker),
    page("GET", "/infrastructure/faults/{fault}", Action::EventRead, Broker),
    page("POST", "/infrastructure/faults/{fault}/acknowledge", Action::FaultWrite, Broker),
    page("POST", "/infrastructure/faults/{fault}/resolve", Action::FaultWrite, Broker),
    page("GET", "/infrastructure/offers", SEE, Broker),
    page("POST", "/infrastructure/offers", OFFER, Broker),
    page("GET", "/infrastructure/offers/new", OFFER, Broker),
    page("GET", "/infrastructure/offers/{offer}", SEE, Broker),
    page("GET", "/infrastructure/offers/{offer}/edit", OFFER, Broker),
    page("POST", "/infrastructure/offers/{offer}/edit", OFFER, Broker),
    page("POST", "/infrastructure/offers/{offer}/publish", OFFER, Broker),
    page("POST", "/infrastructure/offers/{offer}/withdraw", OFFER, Broker),
    page("POST", "/infrastructure/offers/{offer}/price", OFFER, Broker),
    page("POST", "/infrastructure/offers/{offer}/units", OFFER, Broker),
    page("POST", "/infrastructure/offers/{offer}/discard", OFFER, Broker),
    page("GET", "/infrastructure/flavours", SEE, Broker),
    page("POST", "/infrastructure/flavours", FLAVOUR, Broker),
    page("GET", "/infrastructure/flavours/{flavour}", SEE, Broker),
    page("POST", "/infrastructure/flavours/{flavour}", FLAVOUR, Broker),
    page("POST", "/infrastructure/flavours/{flavour}/remove", FLAVOUR, Broker),
    page("GET", "/infrastructure/systems", SEE, Broker),
    page("POST", "/infrastructure/systems", SYSTEM, Broker),
    page("GET", "/infrastructure/systems/{system}", SEE, Broker),
    page("POST", "/infrastructure/systems/{system}", SYSTEM, Broker),
    page("POST", "/infrastructure/systems/{system}/test", SYSTEM, Broker),
    page("POST", "/infrastructure/systems/{system}/offers", OFFER, Broker),
    page("POST", "/infrastructure/systems/{system}/disconnect", SYSTEM, Broker),
    page("GET", "/infrastructure/credentials", CREDENTIAL, Broker),
    page("POST", "/infrastructure/credentials", CREDENTIAL, Broker),
    page("GET", "/infrastructure/credentials/{credential}", CREDENTIAL, Broker),
    page("POST", "/infrastructure/credentials/{credential}/secret", CREDENTIAL, Broker),
    page("POST", "/infrastructure/credentials/{credential}/remove", CREDENTIAL, Broker),
];
