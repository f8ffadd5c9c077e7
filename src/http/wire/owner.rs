//! What owners of infrastructure send and get: nodes, sites, maintenance,
//! credentials.

use super::{Coordinates, Energy};
use chrono::{DateTime, Utc};
use hansa_iam::Credential as Stored;
use hansa_mco::{Departure, Fate};
use hansa_ontology::Actor;
use hansa_pim::Maintenance as Begun;
use hansa_service_orchestrator::Move as Moving;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};
use utoipa::ToSchema;

/// A node that is to be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "n2", "site": "urn:hansa:site:local", "cpuMilli": 4000, "memoryMib": 8192, "diskMib": 20480, "capabilities": ["database"]}))]
pub(crate) struct NodeRequest {
    /// Its name, unique in this broker: lower-case letters, digits, `-` and `.`.
    #[schema(min_length = 1, max_length = 63, pattern = "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")]
    pub name: String,
    /// The site: IRI, or its last segment.
    #[schema(min_length = 1, max_length = 2048)]
    pub site: String,
    /// The address of this machine under which its workloads are reached; 127.0.0.1 where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 45)]
    pub address: Option<IpAddr>,
    /// Thousandths of a processor that it may give away.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub cpu_milli: u64,
    /// Memory that it may give away, MiB.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub memory_mib: u64,
    /// Disk that it may give away, MiB.
    #[schema(maximum = 1_000_000_000)]
    pub disk_mib: u64,
    /// Graphics processors that it may give away.
    #[serde(default)]
    #[schema(maximum = 1_000_000)]
    pub gpus: u64,
    /// What it can be used for.
    #[serde(default)]
    #[schema(max_items = 64)]
    pub capabilities: BTreeSet<String>,
}

/// What is to be different of a node; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"cpuMilli": 8000}))]
pub(crate) struct NodePatch {
    /// The address under which its workloads are reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 45)]
    pub address: Option<IpAddr>,
    /// Thousandths of a processor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub cpu_milli: Option<u64>,
    /// Memory, MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub memory_mib: Option<u64>,
    /// Disk, MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 1_000_000_000)]
    pub disk_mib: Option<u64>,
    /// Graphics processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 1_000_000)]
    pub gpus: Option<u64>,
    /// What it can be used for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 64)]
    pub capabilities: Option<BTreeSet<String>>,
}

/// A site as its owner writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"id": "urn:hansa:site:hamburg", "name": "Hamburg 1", "country": "DE", "coordinates": {"latitude": "53.55", "longitude": "10.0"}}))]
pub(crate) struct SiteRequest {
    /// Its IRI. It stays.
    #[schema(min_length = 1, max_length = 2048)]
    pub id: String,
    /// Its name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Country (ISO 3166-1 alpha-2).
    #[schema(pattern = "^[A-Z]{2,3}$")]
    pub country: String,
    /// Degrees north and east, decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
    /// The laws that bind what is stored here; the country's where it is empty.
    #[serde(default)]
    #[schema(max_items = 32)]
    pub jurisdictions: BTreeSet<String>,
    /// Round-trip time to other sites, in microseconds, by their IRI.
    #[serde(default)]
    pub latencies_micros: BTreeMap<String, u32>,
    /// Its energy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy: Option<Energy>,
}

/// What is to be drained: a node, or a site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"node": "n1", "reason": "a new disk", "deadline": "2030-01-01T06:00:00Z"}))]
pub(crate) struct MaintenanceRequest {
    /// The node's name. Either this or `site`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 63)]
    pub node: Option<String>,
    /// The site: IRI, or its last segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 2048)]
    pub site: Option<String>,
    /// Why, for people.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub reason: String,
    /// Until when it should be empty. Passing it stops nothing; an event tells of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<DateTime<Utc>>,
    /// Whether components that keep data in a volume move too: they begin with
    /// empty volumes elsewhere. Without it they stay, and are told.
    #[serde(default)]
    pub leave_volumes: bool,
}

/// A node or site under maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Maintenance {
    /// Its id.
    pub id: String,
    /// `node/NAME` or `site/IRI`.
    pub target: String,
    /// Why.
    pub reason: String,
    /// `draining`, `blocked` (nothing more can move now), `overdue` or `drained`.
    pub state: String,
    /// Until when it should be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<DateTime<Utc>>,
    /// Whether what keeps data in a volume moves too.
    pub leave_volumes: bool,
    /// Since when.
    pub begun_at: DateTime<Utc>,
    /// Who wanted it.
    #[schema(value_type = Object)]
    pub begun_by: Actor,
    /// When it was empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drained_at: Option<DateTime<Utc>>,
    /// How many machines were there at the beginning.
    pub machines_at_begin: u64,
    /// How many are there now.
    pub machines: usize,
    /// What is there, and what becomes of it.
    pub moves: Vec<Move>,
    /// What `If-Match` compares.
    pub version: i64,
    /// Nothing was written.
    #[serde(default)]
    pub dry_run: bool,
}

/// A machine that is on a node under maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Move {
    /// The machine.
    pub machine: String,
    /// The node that it leaves.
    pub node: String,
    /// The application's id.
    pub application: String,
    /// The application's name.
    pub name: String,
    /// The partner whose order it is, by DID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    /// What runs in it: `component#ordinal`.
    pub instances: Vec<String>,
    /// `moves` (it will), `moving` (its replacement is on its way) or `stays` (it can't now).
    pub outcome: String,
    /// Where what runs in it goes: the IRIs of sites.
    pub to: Vec<String>,
    /// Why it can't move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A credential that is to be kept. Its secret never comes back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "openstack-north", "kind": "openstack", "secret": "s3cret"}))]
pub(crate) struct CredentialRequest {
    /// Its name.
    #[schema(min_length = 1, max_length = 63, pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
    pub name: String,
    /// What it is for, in its owner's words: `openstack`, `kubeconfig`, `redfish`.
    #[schema(min_length = 1, max_length = 63, pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
    pub kind: String,
    /// The secret: sealed, and never shown again.
    #[schema(min_length = 1, max_length = 65_536, write_only)]
    pub secret: String,
}

/// A new secret of a credential.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"secret": "an0ther"}))]
pub(crate) struct SecretRequest {
    /// The secret: sealed, and never shown again.
    #[schema(min_length = 1, max_length = 65_536, write_only)]
    pub secret: String,
}

/// A credential, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Credential {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: String,
    /// Tells whether two secrets are the same, and nothing else about them.
    pub fingerprint: String,
    /// When it was first written.
    pub created_at: DateTime<Utc>,
    /// By whom.
    #[schema(value_type = Object)]
    pub created_by: Actor,
    /// When its secret was last replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotated_at: Option<DateTime<Utc>>,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub rotated_by: Option<Actor>,
    /// What `If-Match` compares.
    pub version: i64,
}

/// What was removed, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Removal {
    /// What: `node/n1`, `site/urn:…`.
    pub removed: String,
    /// Nothing was written.
    pub dry_run: bool,
}

impl std::fmt::Debug for CredentialRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CredentialRequest").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SecretRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretRequest(…)")
    }
}

impl From<Stored> for Credential {
    fn from(stored: Stored) -> Self {
        Self {
            name: stored.name,
            kind: stored.kind,
            fingerprint: stored.fingerprint,
            created_at: stored.created_at,
            created_by: stored.created_by,
            rotated_at: stored.rotated_at,
            rotated_by: stored.rotated_by,
            version: stored.version,
        }
    }
}

impl From<Moving> for Move {
    fn from(moving: Moving) -> Self {
        let Departure { machine, application, customer, node, instances, fate } = moving.departure;
        let (outcome, to, reason) = match fate {
            Fate::Going => ("moving", Vec::new(), None),
            Fate::To(places) => ("moves", places.into_iter().map(|(_, site)| site.to_string()).collect(), None),
            Fate::Stays(why) => ("stays", Vec::new(), Some(why)),
        };
        Self {
            machine: machine.to_string(),
            node,
            application: application.to_string(),
            name: moving.name,
            partner: customer,
            instances: instances.iter().map(|one| format!("{}#{}", one.component, one.ordinal)).collect(),
            outcome: outcome.to_owned(),
            to,
            reason,
        }
    }
}

impl Maintenance {
    /// `drained`, `overdue`, `blocked` or `draining`.
    pub(crate) fn state_of(begun: &Begun, moves: &[Moving], now: DateTime<Utc>) -> &'static str {
        let overdue = begun.deadline.is_some_and(|deadline| deadline < now);
        match moves {
            [] => "drained",
            _ if overdue => "overdue",
            all if all.iter().all(|one| matches!(one.departure.fate, Fate::Stays(_))) => "blocked",
            _ => "draining",
        }
    }

    /// How it stands, with what is there now.
    pub(crate) fn new(begun: Begun, moves: Vec<Moving>, now: DateTime<Utc>, dry_run: bool) -> Self {
        let state = Self::state_of(&begun, &moves, now);
        let moves: Vec<Move> = moves.into_iter().map(Move::from).collect();
        Self {
            id: begun.id.to_string(),
            target: begun.target.to_string(),
            reason: begun.reason,
            state: state.to_owned(),
            deadline: begun.deadline,
            leave_volumes: begun.leave_volumes,
            begun_at: begun.begun_at,
            begun_by: begun.begun_by,
            drained_at: begun.drained_at,
            machines_at_begin: begun.machines_at_begin,
            machines: moves.len(),
            moves,
            version: begun.version,
            dry_run,
        }
    }
}
