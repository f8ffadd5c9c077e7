//! The handlers, a file for each resource: parse, one call, convert.

mod account;
pub(crate) mod alerts;
mod applications;
mod budgets;
mod carbon;
mod documents;
mod events;
mod fallback;
pub(crate) mod faults;
pub(crate) mod health;
pub(crate) mod invoices;
mod logs;
mod members;
mod moves;
pub(crate) mod notifications;
pub(crate) mod offers;
mod operations;
mod plans;
mod revisions;
mod service_accounts;
pub(crate) mod sites;
mod sla;
mod sparql;
mod tenancy;
pub(crate) mod usage;

pub(crate) use fallback::unknown;

use utoipa_actix_web::service_config::ServiceConfig;

/// Everything under `/api/v1`. One scope: a second with the same prefix would never be reached.
pub(crate) fn api(config: &mut ServiceConfig<'_>) {
    config
        .service(account::login_show)
        .service(account::me_show)
        .service(account::token_list)
        .service(account::token_create)
        .service(account::token_show)
        .service(account::token_revoke)
        .service(account::session_list)
        .service(account::session_revoke)
        .service(service_accounts::projects::service_account_list)
        .service(service_accounts::projects::service_account_create)
        .service(service_accounts::projects::service_account_show)
        .service(service_accounts::projects::service_account_remove)
        .service(service_accounts::projects::service_token_list)
        .service(service_accounts::projects::service_token_create)
        .service(service_accounts::projects::service_token_rotate)
        .service(service_accounts::projects::service_token_revoke)
        .service(service_accounts::organisations::organisation_service_account_list)
        .service(service_accounts::organisations::organisation_service_account_create)
        .service(service_accounts::organisations::organisation_service_account_show)
        .service(service_accounts::organisations::organisation_service_account_remove)
        .service(service_accounts::organisations::organisation_service_token_list)
        .service(service_accounts::organisations::organisation_service_token_create)
        .service(service_accounts::organisations::organisation_service_token_rotate)
        .service(service_accounts::organisations::organisation_service_token_revoke)
        .service(plans::plan_create)
        .service(applications::application_create)
        .service(applications::application_list)
        .service(applications::application_show)
        .service(applications::application_update)
        .service(applications::application_scale)
        .service(applications::application_remove)
        .service(applications::application_plan)
        .service(applications::application_workloads)
        .service(applications::application_endpoints)
        .service(revisions::revision_list)
        .service(revisions::application_rollback)
        .service(revisions::application_promote)
        .service(moves::application_move)
        .service(moves::application_consolidate)
        .service(applications::application_scaling)
        .service(applications::application_service_levels)
        .service(logs::application_logs)
        .service(events::application_events)
        .service(operations::operation_list)
        .service(operations::operation_show)
        .service(operations::operation_stream)
        .service(events::event_list)
        .service(events::event_stream)
        .service(offers::offer_list)
        .service(offers::offer_show)
        .service(sites::site_list)
        .service(sites::site_show)
        .service(sites::provider_list)
        .service(sparql::sparql_get)
        .service(sparql::sparql_post)
        .configure(troubles)
        .configure(emissions)
        .configure(billing)
        .configure(people);
}

/// Costs, invoices and budgets. Words before numbers: `draft` is none.
fn billing(config: &mut ServiceConfig<'_>) {
    config
        .service(usage::project_usage)
        .service(usage::project_costs)
        .service(usage::project_forecast)
        .service(usage::project_export)
        .service(invoices::project_account)
        .service(invoices::invoice_list)
        .service(invoices::invoice_draft)
        .service(invoices::invoice_show)
        .service(budgets::budget_list)
        .service(budgets::budget_show)
        .service(budgets::budget_put)
        .service(budgets::budget_remove)
        .service(sla::sla_list)
        .service(sla::sla_breach_list);
}

/// What is wrong, and who is told.
fn troubles(config: &mut ServiceConfig<'_>) {
    config
        .service(faults::fault_list)
        .service(faults::fault_show)
        .service(faults::fault_acknowledge)
        .service(faults::fault_resolve)
        .service(notifications::notification_list)
        .service(notifications::notification_add)
        .service(notifications::notification_show)
        .service(notifications::notification_remove)
        .service(notifications::notification_test)
        .service(notifications::notification_deliveries)
        .service(alerts::alert_list)
        .service(alerts::alert_show)
        .service(alerts::alert_put)
        .service(alerts::alert_remove)
        .service(alerts::alert_test);
}

/// Energy and carbon. Words before names.
fn emissions(config: &mut ServiceConfig<'_>) {
    config
        .service(carbon::project_carbon)
        .service(carbon::application_sci)
        .service(carbon::project_advice)
        .service(carbon::project_comparison)
        .service(carbon::project_savings)
        .service(carbon::project_move_savings)
        .service(carbon::carbon_limit_list)
        .service(carbon::carbon_limit_set)
        .service(carbon::carbon_limit_remove);
}

/// Organisations, projects, their members and quotas.
fn people(config: &mut ServiceConfig<'_>) {
    config
        .service(tenancy::organisation_list)
        .service(tenancy::organisation_create)
        .service(tenancy::organisation_show)
        .service(tenancy::organisation_update)
        .service(tenancy::organisation_close)
        .service(tenancy::project_list)
        .service(tenancy::project_create)
        .service(tenancy::project_show)
        .service(tenancy::project_update)
        .service(tenancy::project_close)
        .service(members::organisation_members)
        .service(members::organisation_member)
        .service(members::organisation_member_set)
        .service(members::organisation_member_remove)
        .service(members::organisation_quota)
        .service(members::organisation_quota_set)
        .service(members::project_members)
        .service(members::project_member)
        .service(members::project_member_set)
        .service(members::project_member_remove)
        .service(members::project_quota)
        .service(members::project_quota_set);
}

/// What partners may want of the documents: the words that offers are written in, and the rules for them.
pub(crate) fn for_partners(config: &mut ServiceConfig<'_>) {
    config.service(documents::vocabulary).service(documents::shapes).service(health::livez);
}

/// Everything beside it: health, metrics, documents.
pub(crate) fn beside(config: &mut ServiceConfig<'_>) {
    config
        .service(health::livez)
        .service(health::readyz)
        .service(health::metrics)
        .service(documents::openapi)
        .service(documents::admin_openapi)
        .service(documents::admin_docs)
        .service(documents::docs)
        .service(documents::vocabulary)
        .service(documents::shapes)
        .service(documents::model_schema)
        .service(documents::problems);
}
