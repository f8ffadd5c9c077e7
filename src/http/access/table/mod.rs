//! The table of routes: for each what may be asked for and about what. A route
//! that is missing here is refused, and a test fails.
//!
//! One line a route, in the file of its area. A line names the action, and
//! where the object comes from:
//!
//! | object | what it is | what a handler has of it |
//! |---|---|---|
//! | `Broker` | the broker as a whole | |
//! | `Seen` | a list, which the handler cuts down | `caller.scope(..)`, `caller.partners(..)` |
//! | `Chosen` | the project of `?project=`, or the caller's only one | `caller.project()` |
//! | `Application("x")` | the application that the path names | `caller.application()` |
//! | `Operation("x")` | the operation that the path names | its application was decided on |
//! | `Organisation("x")` | the organisation that the path names | `caller.organisation()` |
//! | `Project("x", "y")` | the project that the path names | `caller.project()` |
//! | `Partner("x")` | the partner that the path names | `caller.partner()` |
//! | `Own` | the caller's own account | `caller.account()` |

mod machines;
mod owners;
mod partners;
mod people;
mod portal;
mod portal_owners;
mod portal_people;
mod public;
mod tenants;

use actix_web::http::Method;
use hansa_iam::Action;
use std::{collections::HashMap, sync::LazyLock};

/// A route, and what it needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route {
    /// Its method.
    pub method: &'static str,
    /// Its pattern, exactly as actix has it.
    pub path: &'static str,
    /// What it needs.
    pub need: Need,
    /// How its callers prove who they are.
    pub proof: Proof,
}

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing.
    Nothing,
    /// Whoever asks is known.
    SignedIn,
    /// An action on an object is permitted.
    May(Action, Object),
}

/// How callers prove who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// By a token in the Authorization header. A cookie proves nothing here.
    Bearer,
    /// By the cookie of a session.
    Session,
    /// By a partner's signature, which the handler checks.
    Signature,
    /// By what the agent of a machine shows, which the handler checks.
    Machine,
}

/// Where the object comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Object {
    /// The broker as a whole.
    Broker,
    /// Whatever of it the caller may see; the handler cuts the list down.
    Seen,
    /// The project of `?project=`, or the caller's only one.
    Chosen,
    /// The application that this part of the path names.
    Application(&'static str),
    /// The operation that this part of the path names.
    Operation(&'static str),
    /// The organisation that this part of the path names.
    Organisation(&'static str),
    /// The project that these parts of the path name.
    Project(&'static str, &'static str),
    /// The partner that this part of the path names.
    Partner(&'static str),
    /// The caller's own account.
    Own,
}

/// A route of the API.
const fn on(method: &'static str, path: &'static str, action: Action, object: Object) -> Route {
    Route { method, path, need: Need::May(action, object), proof: Proof::Bearer }
}

/// A route of the API for whoever is known.
const fn known(method: &'static str, path: &'static str) -> Route {
    Route { method, path, need: Need::SignedIn, proof: Proof::Bearer }
}

/// A page or form of the portal.
const fn page(method: &'static str, path: &'static str, action: Action, object: Object) -> Route {
    Route { method, path, need: Need::May(action, object), proof: Proof::Session }
}

/// A page or form of the portal for whoever is signed in.
const fn own_page(method: &'static str, path: &'static str) -> Route {
    Route { method, path, need: Need::SignedIn, proof: Proof::Session }
}

/// A page or form of the portal for everybody, also before signing in.
const fn open_page(method: &'static str, path: &'static str) -> Route {
    Route { method, path, need: Need::Nothing, proof: Proof::Session }
}

/// A route for everybody.
const fn open(path: &'static str) -> Route {
    Route { method: "GET", path, need: Need::Nothing, proof: Proof::Bearer }
}

/// A route of partners' brokers.
const fn signed(method: &'static str, path: &'static str) -> Route {
    Route { method, path, need: Need::Nothing, proof: Proof::Signature }
}

/// A route of machines' agents.
const fn of_machine(method: &'static str, path: &'static str) -> Route {
    Route { method, path, need: Need::Nothing, proof: Proof::Machine }
}

/// Every route.
pub(crate) fn routes() -> impl Iterator<Item = &'static Route> {
    [
        tenants::ROUTES,
        people::ROUTES,
        owners::ROUTES,
        portal::ROUTES,
        portal_owners::ROUTES,
        portal_people::ROUTES,
        public::ROUTES,
        partners::ROUTES,
        machines::ROUTES,
    ]
    .into_iter()
    .flatten()
}

static BY_PATTERN: LazyLock<HashMap<&'static str, Vec<&'static Route>>> = LazyLock::new(|| {
    let mut table: HashMap<&'static str, Vec<&'static Route>> = HashMap::new();
    for route in routes() {
        table.entry(route.path).or_default().push(route);
    }
    table
});

/// The route of a method at a pattern. HEAD is what GET is (RFC 9110, section 9.3.2).
pub(crate) fn find(method: &Method, pattern: &str) -> Option<&'static Route> {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    BY_PATTERN.get(pattern)?.iter().copied().find(|route| route.method == method)
}

/// What the operation of a description needs: the name of a permission,
/// `signed-in` where it is enough to be known, `partner` for a partner's
/// signature, `machine` for what a machine's agent shows, `none`. `path` has `{id}` where the router has `{id:.+}`.
pub(crate) fn needed(method: &str, path: &str) -> Option<&'static str> {
    let same = |route: &Route| {
        let mut parts = route.path.split('/').zip(path.split('/'));
        let alike = |(pattern, part): (&str, &str)| match pattern.split_once(':') {
            Some((name, _)) => part.strip_suffix('}') == Some(name),
            None => pattern == part,
        };
        route.method.eq_ignore_ascii_case(method)
            && route.path.split('/').count() == path.split('/').count()
            && parts.all(alike)
    };
    routes().find(|route| same(route)).map(|route| match (route.need, route.proof) {
        (Need::May(action, _), _) => action.name(),
        (Need::SignedIn, _) => "signed-in",
        (Need::Nothing, Proof::Signature) => "partner",
        (Need::Nothing, Proof::Machine) => "machine",
        (Need::Nothing, _) => "none",
    })
}

/// The methods that a pattern has.
pub(crate) fn methods(pattern: &str) -> Vec<&'static str> {
    BY_PATTERN.get(pattern).into_iter().flatten().map(|route| route.method).collect()
}
