//! What tenants do: `/api/v1`.

use super::{
    Object::{Application, Broker, Chosen, Operation, Seen},
    Route, on,
};
use hansa_iam::Action;

/// Short names, so that each route is one line.
const READ: Action = Action::ApplicationRead;
const UPDATE: Action = Action::ApplicationUpdate;
const CATALOGUE: Action = Action::CatalogueRead;

pub(super) const ROUTES: &[Route] = &[
    on("POST", "/api/v1/plans", Action::PlanCreate, Chosen),
    on("POST", "/api/v1/applications", Action::ApplicationCreate, Chosen),
    on("GET", "/api/v1/applications", READ, Seen),
    on("GET", "/api/v1/applications/{reference}", READ, Application("reference")),
    on("PUT", "/api/v1/applications/{reference}", UPDATE, Application("reference")),
    on("PATCH", "/api/v1/applications/{reference}", UPDATE, Application("reference")),
    on("DELETE", "/api/v1/applications/{reference}", Action::ApplicationRemove, Application("reference")),
    on("GET", "/api/v1/applications/{reference}/plan", READ, Application("reference")),
    on("GET", "/api/v1/applications/{reference}/revisions", READ, Application("reference")),
    on("POST", "/api/v1/applications/{reference}/rollback", UPDATE, Application("reference")),
    on("POST", "/api/v1/applications/{reference}/move", UPDATE, Application("reference")),
    on("POST", "/api/v1/applications/{reference}/consolidate", UPDATE, Application("reference")),
    on("GET", "/api/v1/applications/{reference}/scaling", READ, Application("reference")),
    on("GET", "/api/v1/applications/{reference}/service-levels", READ, Application("reference")),
    on("GET", "/api/v1/applications/{reference}/workloads", READ, Application("reference")),
    on("GET", "/api/v1/applications/{reference}/endpoints", Action::ApplicationDiscover, Application("reference")),
    on("GET", "/api/v1/applications/{reference}/events", READ, Application("reference")),
    on("GET", "/api/v1/applications/{reference}/logs", Action::ApplicationLogs, Application("reference")),
    on("GET", "/api/v1/operations", READ, Seen),
    on("GET", "/api/v1/operations/{id}", READ, Operation("id")),
    on("GET", "/api/v1/operations/{id}/stream", READ, Operation("id")),
    on("GET", "/api/v1/usage", Action::UsageRead, Chosen),
    on("GET", "/api/v1/costs", Action::UsageRead, Chosen),
    on("GET", "/api/v1/costs/forecast", Action::UsageRead, Chosen),
    on("GET", "/api/v1/costs/export", Action::UsageRead, Chosen),
    on("GET", "/api/v1/billing-account", Action::UsageRead, Chosen),
    on("GET", "/api/v1/invoices", Action::UsageRead, Chosen),
    on("GET", "/api/v1/invoices/draft", Action::UsageRead, Chosen),
    on("GET", "/api/v1/invoices/{number}", Action::UsageRead, Chosen),
    on("GET", "/api/v1/budgets", Action::UsageRead, Chosen),
    on("GET", "/api/v1/budgets/{budget}", Action::UsageRead, Chosen),
    on("PUT", "/api/v1/budgets/{budget}", Action::BudgetWrite, Chosen),
    on("DELETE", "/api/v1/budgets/{budget}", Action::BudgetWrite, Chosen),
    on("GET", "/api/v1/carbon", Action::UsageRead, Chosen),
    on("GET", "/api/v1/carbon/sci", Action::UsageRead, Chosen),
    on("GET", "/api/v1/carbon/advice", Action::UsageRead, Chosen),
    on("GET", "/api/v1/carbon/limits", Action::UsageRead, Chosen),
    on("PUT", "/api/v1/carbon/limits/{limit}", Action::ProjectWrite, Chosen),
    on("DELETE", "/api/v1/carbon/limits/{limit}", Action::ProjectWrite, Chosen),
    on("GET", "/api/v1/sla", READ, Seen),
    on("GET", "/api/v1/sla/breaches", READ, Seen),
    on("GET", "/api/v1/events", READ, Seen),
    on("GET", "/api/v1/events/stream", READ, Seen),
    on("GET", "/api/v1/offers", CATALOGUE, Broker),
    on("GET", "/api/v1/offers/{reference}", CATALOGUE, Broker),
    on("GET", "/api/v1/sites", CATALOGUE, Broker),
    on("GET", "/api/v1/sites/{reference}", CATALOGUE, Broker),
    on("GET", "/api/v1/providers", CATALOGUE, Broker),
    on("GET", "/api/v1/sparql", CATALOGUE, Broker),
    on("POST", "/api/v1/sparql", CATALOGUE, Broker),
];
