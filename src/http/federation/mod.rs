//! The border to partners: `/federation/v1`, the Dataspace Protocol under
//! `/dsp/2025-1`, and the well-known documents. Each handler reads the exact
//! bytes, has the sender proved, makes one call and converts the answer.

mod agreements;
mod documents;
mod dsp;
mod feed;
mod inbound;
mod orders;
mod partners;
mod refusal;
mod settlement;

pub(crate) use refusal::Refusal;

use hansa_federation::{dsp::BASE as DSP, wire::BASE};
use utoipa_actix_web::{scope, service_config::ServiceConfig};

/// Everything that partners come for.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(documents::did_document)
        .service(documents::versions)
        .service(
            scope::scope(BASE)
                .service(documents::key_lists)
                .service(partners::partner_accept)
                .service(partners::status)
                .service(partners::inbox)
                .service(feed::offers)
                .service(feed::snapshot)
                .service(feed::capacity)
                .service(orders::hold_place)
                .service(orders::hold_get)
                .service(orders::hold_release)
                .service(orders::order_list)
                .service(orders::order_put)
                .service(orders::order_get)
                .service(orders::order_end)
                .service(orders::order_logs)
                .service(orders::usage_list)
                .service(orders::usage_acknowledge)
                .service(agreements::signature)
                .service(agreements::event)
                .service(settlement::claim_put)
                .service(settlement::claim_withdraw)
                .service(settlement::statement_ask)
                .service(settlement::statement_put),
        )
        .service(
            scope::scope(DSP)
                .service(dsp::catalog)
                .service(dsp::dataset)
                // Fixed words before `{pid}`: the guard looks a path up by its first pattern.
                .service(dsp::negotiation_request)
                .service(dsp::negotiation_offer_first)
                .service(dsp::negotiation_get)
                .service(dsp::negotiation_request_again)
                .service(dsp::negotiation_offer)
                .service(dsp::negotiation_agreement)
                .service(dsp::negotiation_verification)
                .service(dsp::negotiation_event)
                .service(dsp::negotiation_termination),
        );
}

/// Where the conformance suite of the Dataspace Protocol has a negotiation begun.
const CONFORMANCE: &str = "/conformance/negotiations/requests";

/// What is there for tests alone, and in no description.
pub(crate) fn conformance(config: &mut actix_web::web::ServiceConfig) {
    config.route(CONFORMANCE, actix_web::web::post().to(dsp::conformance));
}
