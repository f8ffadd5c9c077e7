//! What runs packages on an agent's own machine, as a system: connectors know
//! nothing of agents.

use crate::WdmError;
use chrono::DateTime;
use hansa_ontology::{Actor, MachineId, SiteId};
use hansa_repository::system::{System, SystemConnection};
use std::collections::BTreeMap;

/// A system of the machine's own. What is made in it is labelled with the machine.
pub(super) fn own_system(
    machine: MachineId,
    kind: &str,
    address: &str,
    settings: BTreeMap<String, String>,
) -> Result<SystemConnection, WdmError> {
    let site = SiteId::new("urn:hansa:this-machine")
        .map_err(|error| WdmError::Invalid { field: "site".to_owned(), problem: error.to_string() })?;
    let system = System {
        name: "this-machine".to_owned(),
        kind: kind.to_owned(),
        site,
        address: address.to_owned(),
        credential: None,
        trust: None,
        settings,
        created_at: DateTime::UNIX_EPOCH,
        created_by: Actor::Broker,
        version: 1,
    };
    Ok(SystemConnection { system, secret: None, broker: machine.to_string().into() })
}
