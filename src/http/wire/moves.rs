//! Moves of what runs, on the wire.

use super::{Plan, Price};
use hansa_mco::relocation;
use hansa_service_orchestrator as orchestrator;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is to move, and where to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MoveRequest {
    /// Instances such as `web#0`, and ids of machines of which all goes.
    #[schema(min_items = 1)]
    pub what: Vec<String>,
    /// Sites and offers (IRI or its last segment), and ids of machines of the
    /// application. Where it is absent: anywhere but to a new machine of the offer that is left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// What keeps data in volumes begins with empty ones, or with what is at its new
    /// place. Otherwise they are copied, and where that can't be done it stays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leave_volumes: bool,
}

/// What a move would come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MovePreview {
    /// Who goes where.
    pub moves: Vec<Transfer>,
    /// What is stopped before its replacement starts, and away until that works.
    pub interruptions: Vec<Interruption>,
    /// What the machines cost an hour now.
    pub price_per_hour_now: Price,
    /// What they would cost.
    pub price_per_hour: Price,
    /// The plan with it.
    pub plan: Plan,
}

/// An instance that goes from one machine to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Transfer {
    /// The instance: `web#0`.
    pub instance: String,
    /// The machine that it leaves.
    pub from: Spot,
    /// The machine that it goes to; absent where nothing asks for it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Spot>,
}

/// A machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Spot {
    /// Its id; absent where it is to be rented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// The offer's IRI.
    pub offer: String,
    /// The site's IRI.
    pub site: String,
}

/// An instance that is away for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Interruption {
    /// The instance: `database#0`.
    pub instance: String,
    /// How long its replacement may take until it works, in seconds; absent where nothing bounds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most_seconds: Option<f64>,
    /// Volumes whose data is not copied.
    pub volumes: Vec<String>,
    /// Volumes whose data is copied while it is away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copied_volumes: Vec<String>,
    /// How much these hold, in bytes; absent where their system doesn't tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_bytes: Option<u64>,
    /// How long copying takes, in seconds, at the rate that is assumed beforehand (50 MB a second).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_seconds: Option<u64>,
    /// The same for people.
    pub text: String,
}

impl From<MoveRequest> for orchestrator::MoveRequest {
    fn from(request: MoveRequest) -> Self {
        Self { what: request.what, to: request.to, leave_volumes: request.leave_volumes }
    }
}

impl From<orchestrator::MovePreview> for MovePreview {
    fn from(preview: orchestrator::MovePreview) -> Self {
        let price = |money: hansa_ontology::Money| Price::new(money.micros, money.currency);
        Self {
            moves: preview.transfers.into_iter().map(Transfer::from).collect(),
            interruptions: preview.interruptions.into_iter().map(Interruption::from).collect(),
            price_per_hour_now: price(preview.before),
            price_per_hour: price(preview.after),
            plan: Plan::from(preview.plan),
        }
    }
}

impl From<relocation::Transfer> for Transfer {
    fn from(transfer: relocation::Transfer) -> Self {
        Self { instance: named(&transfer.instance), from: Spot::from(transfer.from), to: transfer.to.map(Spot::from) }
    }
}

impl From<relocation::Spot> for Spot {
    fn from(spot: relocation::Spot) -> Self {
        Self {
            machine: spot.machine.map(|machine| machine.to_string()),
            offer: spot.offer.to_string(),
            site: spot.site.to_string(),
        }
    }
}

impl From<orchestrator::Interruption> for Interruption {
    fn from(interruption: orchestrator::Interruption) -> Self {
        Self {
            text: interruption.to_string(),
            instance: named(&interruption.instance),
            at_most_seconds: interruption.at_most.map(|longest| longest.duration().as_secs_f64()),
            volumes: interruption.volumes,
            copy_bytes: interruption.copied.as_ref().and_then(|copied| copied.bytes),
            copy_seconds: interruption.copied.as_ref().and_then(orchestrator::CopyForecast::seconds),
            copied_volumes: interruption.copied.map(|copied| copied.volumes).unwrap_or_default(),
        }
    }
}

fn named(instance: &hansa_mco::model::Instance) -> String {
    format!("{}#{}", instance.component, instance.ordinal)
}
