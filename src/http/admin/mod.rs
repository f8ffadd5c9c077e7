//! `/admin/v1`: what owners and operators of infrastructure do. Tenants' API is
//! in `http::routes`, partners' brokers call `http::federation`.

pub(super) mod audit;
pub(super) mod catalogue;
pub(super) mod federation;
mod nodes;

use utoipa_actix_web::service_config::ServiceConfig;

/// The path under which all of it lies.
pub(crate) const BASE: &str = "/admin/v1";

/// Everything under `/admin/v1`. One scope: a second with the same prefix would never be reached.
pub(crate) fn api(config: &mut ServiceConfig<'_>) {
    config
        .service(catalogue::offer_import)
        .service(catalogue::offer_withdraw)
        .service(nodes::node_list)
        .configure(audit)
        .configure(partners);
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

/// The owner's side of the federation. Words before references: `invite` is no partner.
fn partners(config: &mut ServiceConfig<'_>) {
    use federation::{contracts, identity, partners};
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
        .service(contracts::hold_list);
}
