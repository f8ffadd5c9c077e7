//! `/admin/v1`: what owners and operators of infrastructure do. Tenants' API is
//! in `http::routes`, partners' brokers call `http::federation`.

mod accounts;
mod alerts;
mod announcements;
pub(super) mod audit;
mod billing;
pub(super) mod catalogue;
mod credentials;
pub(super) mod derived;
mod faults;
pub(super) mod federation;
pub(super) mod flavours;
mod green;
mod intensities;
mod invoices;
pub(super) mod limits;
pub(super) mod maintenance;
mod nodes;
mod notifications;
pub(super) mod offers;
mod sites;
pub(super) mod systems;

use crate::http::{Broker, call::Call};
use hansa_repository::OwnerChange;
use utoipa_actix_web::service_config::ServiceConfig;

/// The path under which all of it lies.
pub(crate) const BASE: &str = "/admin/v1";

/// Everything under `/admin/v1`. One scope: a second with the same prefix would never be reached.
pub(crate) fn api(config: &mut ServiceConfig<'_>) {
    config
        .service(catalogue::offer_import)
        .service(catalogue::offer_withdraw)
        .service(offers::sale_list)
        .service(offers::sale_draft)
        .service(offers::sale_show)
        .service(offers::sale_change_draft)
        .service(offers::sale_remove)
        .service(offers::sale_history)
        .service(offers::sale_publish)
        .service(offers::sale_price)
        .service(offers::sale_capacity)
        .service(nodes::node_list)
        .service(nodes::node_add)
        .service(nodes::node_show)
        .service(nodes::node_change)
        .service(nodes::node_remove)
        .service(sites::site_add)
        .service(sites::site_show)
        .service(sites::site_change)
        .service(sites::site_remove)
        .service(flavours::flavour_list)
        .service(flavours::flavour_add)
        .service(flavours::flavour_show)
        .service(flavours::flavour_change)
        .service(flavours::flavour_remove)
        .service(credentials::credential_list)
        .service(credentials::credential_add)
        .service(credentials::credential_show)
        .service(credentials::credential_rotate)
        .service(credentials::credential_remove)
        .service(announcements::announcement_list)
        .service(announcements::announcement_make)
        .service(announcements::announcement_withdraw)
        .service(maintenance::maintenance_list)
        .service(maintenance::maintenance_begin)
        .service(maintenance::maintenance_show)
        .service(maintenance::maintenance_end)
        .configure(green)
        .configure(troubles)
        .configure(intensities)
        .configure(systems)
        .configure(accounts)
        .configure(audit)
        .configure(billing)
        .configure(partners);
}

/// Where idle nodes are turned off.
fn green(config: &mut ServiceConfig<'_>) {
    config
        .service(green::green_list)
        .service(green::node_green)
        .service(green::node_green_end)
        .service(green::site_green)
        .service(green::site_green_end);
}

/// What is wrong, and who is told.
fn troubles(config: &mut ServiceConfig<'_>) {
    config
        .service(faults::own_fault_list)
        .service(faults::own_fault_show)
        .service(faults::own_fault_acknowledge)
        .service(faults::own_fault_resolve)
        .service(notifications::own_notification_list)
        .service(notifications::own_notification_add)
        .service(notifications::own_notification_show)
        .service(notifications::own_notification_remove)
        .service(notifications::own_notification_test)
        .service(notifications::own_notification_deliveries)
        .service(alerts::own_alert_list)
        .service(alerts::own_alert_show)
        .service(alerts::own_alert_put)
        .service(alerts::own_alert_remove)
        .service(alerts::own_alert_test);
}

/// Series of carbon intensity, of prices and generation of energy.
fn intensities(config: &mut ServiceConfig<'_>) {
    config
        .service(intensities::series_list)
        .service(intensities::series_put)
        .service(intensities::series_forecast)
        .service(intensities::series_show)
        .service(intensities::series_remove);
}

/// Real systems. Words before names: `test` and `kinds` are none.
fn systems(config: &mut ServiceConfig<'_>) {
    config
        .service(systems::system_list)
        .service(systems::system_kinds)
        .service(systems::system_connect)
        .service(systems::system_try)
        .service(systems::system_show)
        .service(systems::system_change)
        .service(systems::system_disconnect)
        .service(systems::system_inventory)
        .service(systems::system_test)
        .service(systems::system_offers);
}

/// Accounts of people and services.
fn accounts(config: &mut ServiceConfig<'_>) {
    config
        .service(accounts::account_list)
        .service(accounts::account_show)
        .service(accounts::account_lock)
        .service(accounts::account_unlock)
        .service(accounts::account_sessions_end)
        .service(accounts::account_tokens_revoke);
}

/// The audit trail. Words before places: `export` is none.
fn audit(config: &mut ServiceConfig<'_>) {
    config
        .service(audit::audit_list)
        .service(audit::audit_export)
        .service(audit::audit_checkpoint_list)
        .service(audit::audit_key_list)
        .service(audit::audit_key_rotate)
        .service(audit::audit_consistency)
        .service(audit::audit_show)
        .service(audit::audit_inclusion);
}

/// What is stated about money, what is billed, and the books.
fn billing(config: &mut ServiceConfig<'_>) {
    config
        .service(billing::billing_account_list)
        .service(billing::billing_account_show)
        .service(billing::billing_account_put)
        .service(billing::seller_show)
        .service(billing::seller_put)
        .service(billing::price_plan_list)
        .service(billing::price_plan_show)
        .service(billing::price_plan_put)
        .service(billing::exchange_rate_list)
        .service(billing::exchange_rate_put)
        .service(billing::tax_rate_list)
        .service(billing::tax_rate_put)
        .service(billing::metering_fault_list)
        .service(invoices::all_invoice_list)
        .service(invoices::any_invoice_show)
        .service(invoices::month_bill)
        .service(invoices::invoice_credit)
        .service(invoices::ledger_balance)
        .service(invoices::ledger_entries)
        .service(invoices::closing_list)
        .service(invoices::books_close)
        .service(invoices::books_check);
}

/// The owner's side of the federation. Words before references: `invite` is no partner.
fn partners(config: &mut ServiceConfig<'_>) {
    use federation::{contracts, identity, partners, settlement};
    config
        .service(identity::identity_show)
        .service(identity::key_rotate)
        .service(identity::quarantine_list)
        .service(partners::partner_list)
        .service(partners::partner_invite)
        .service(partners::partner_accept)
        .service(partners::partner_show)
        .service(partners::partner_suspend)
        .service(partners::partner_resume)
        .service(partners::partner_terminate)
        .service(partners::partner_repin)
        .service(partners::partner_policy)
        .service(contracts::agreement_list)
        .service(contracts::agreement_show)
        .service(contracts::order_list)
        .service(contracts::order_show)
        .service(contracts::hold_list)
        .service(settlement::claim_list)
        .service(settlement::claim_accept)
        .service(settlement::claim_withdraw)
        .service(settlement::settlement_list)
        .service(settlement::settlement_show)
        .service(settlement::settlement_make)
        .service(settlement::payment_list);
}

/// Who changes an offer, a flavour or a site, and on what condition.
fn sale_change(broker: &Broker, call: &Call) -> OwnerChange {
    OwnerChange {
        actor: call.actor.clone(),
        now: broker.clock.now(),
        expected: call.expected_version,
        dry_run: call.dry_run,
    }
}
