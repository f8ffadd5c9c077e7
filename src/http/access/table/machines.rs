//! What the agents of rented machines call. Each handler has the machine proved
//! by what its agent shows.

use super::{Route, of_machine};

pub(super) const ROUTES: &[Route] = &[
    of_machine("POST", "/agent/v1/enrol"),
    of_machine("POST", "/agent/v1/calls"),
    of_machine("POST", "/agent/v1/answers"),
    of_machine("GET", "/agent/v1/program"),
];
