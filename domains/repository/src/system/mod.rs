//! The resource repository: the real systems that sites have, what each was
//! last found to have, and which offers each delivers.
//!
//! A layer's connectors speak to the systems; this room keeps where they are,
//! who opens them, and what they told, with the time of it.

mod error;
mod first_boot;
mod live;
mod made;
mod model;
mod store;

pub use error::{SystemError, SystemErrorKind};
pub use first_boot::{BootScript, FirstBoot, SettingFault};
pub use live::{Connecting, Kind, LiveConnectors};
pub use made::{ClusterDoor, ClusterDoors, MadeCluster};
pub use model::{
    AGENT_SETTING, ALLOCATION_RATIO_SETTING, AgentRuns, Backing, CAPABILITIES_SETTING, HOST_SETTINGS, Host, HostState,
    Room, Standing, System, SystemConnection, SystemFlavour, SystemImage, SystemQuota, SystemReport, SystemSecret,
    Trouble,
};

use crate::{
    Connection, Database, OwnerChange,
    ambient::{SharedClock, SharedIds},
    error::RepositoryError,
    event::{self, NewEvent},
};
use async_trait::async_trait;
use hansa_ontology::OfferId;
use serde_json::json;
use std::{collections::BTreeMap, fmt::Debug, sync::Arc};

/// Names that mean something else where systems are listed.
const RESERVED: [&str; 3] = ["kinds", "local", "test"];
/// The longest name of a system: it begins the names of its hosts.
const LONGEST_NAME: usize = 32;

/// Opens credentials for connectors.
#[async_trait]
pub trait SystemSecrets: Send + Sync + Debug {
    /// The secret of a credential.
    ///
    /// # Errors
    /// Why there is none, for people.
    async fn secret(&self, credential: &str) -> Result<SystemSecret, String>;

    /// The version of a credential: it grows whenever the secret changes.
    ///
    /// # Errors
    /// As [`Self::secret`].
    async fn version(&self, credential: &str) -> Result<i64, String>;
}

/// The systems of this broker. Clones share everything.
#[derive(Debug, Clone)]
pub struct Systems {
    database: Database,
    clock: SharedClock,
    secrets: Arc<dyn SystemSecrets>,
    broker: Arc<str>,
    boots: Option<Arc<dyn FirstBoot>>,
}

impl Systems {
    /// The systems in this database, which are opened with these secrets.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open(
        database: Database,
        clock: SharedClock,
        ids: &SharedIds,
        secrets: Arc<dyn SystemSecrets>,
    ) -> Result<Self, RepositoryError> {
        let new = ids.next().to_string();
        let broker = database.write(move |connection| store::broker(connection, &new)).await?;
        Ok(Self { database, clock, secrets, broker: broker.into(), boots: None })
    }

    /// The same systems, whose machines get agents where their owner wishes it.
    #[must_use]
    pub fn with_first_boot(self, boots: Arc<dyn FirstBoot>) -> Self {
        Self { boots: Some(boots), ..self }
    }

    /// Who this broker is to real systems: what it makes there is labelled
    /// with this, and what has another label it never touches. A UUID.
    #[must_use]
    pub fn broker(&self) -> &str {
        &self.broker
    }

    /// Every system by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn system_list(&self) -> Result<Vec<System>, RepositoryError> {
        self.database.read(store::list).await
    }

    /// One system.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotFound`].
    pub async fn system(&self, name: &str) -> Result<System, RepositoryError> {
        let name = name.to_owned();
        self.database.read(move |connection| find(connection, &name)).await
    }

    /// Connects a system: writes down where it is. It is not asked.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Conflict`] where the name is taken; `Invalid` where a field breaks a rule.
    pub async fn system_add(&self, new: System, change: OwnerChange) -> Result<System, RepositoryError> {
        check(&new)?;
        self.database
            .write(move |connection| {
                if store::get(connection, &new.name)?.is_some() {
                    let message = format!("there is a system `{}`; change it, or take another name", new.name);
                    return Err(RepositoryError::Conflict { message, source: None });
                }
                let new = System { version: 1, created_at: change.now, created_by: change.actor.clone(), ..new };
                if !change.dry_run {
                    store::insert(connection, &new)?;
                    told(connection, &new, "system.connected", "was connected", &change)?;
                }
                Ok(new)
            })
            .await
    }

    /// Changes where a system is and who opens it. Kind and site stay.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotFound`]; `Changed` when it isn't of the expected
    /// version; `Invalid` where a field breaks a rule.
    pub async fn system_change(&self, changed: System, change: OwnerChange) -> Result<System, RepositoryError> {
        check(&changed)?;
        self.database
            .write(move |connection| {
                let known = find(connection, &changed.name)?;
                change.expect(&format!("system {}", known.name), known.version)?;
                let changed = System {
                    address: changed.address,
                    credential: changed.credential,
                    trust: changed.trust,
                    settings: changed.settings,
                    version: known.version + 1,
                    ..known
                };
                if !change.dry_run {
                    store::update(connection, &changed)?;
                    told(connection, &changed, "system.changed", "was changed", &change)?;
                }
                Ok(changed)
            })
            .await
    }

    /// Forgets a system. Nothing in it is touched.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotFound`]; `Changed`; `Conflict` while offers are mapped to it.
    pub async fn system_remove(&self, name: &str, change: OwnerChange) -> Result<System, RepositoryError> {
        let name = name.to_owned();
        self.database
            .write(move |connection| {
                let known = find(connection, &name)?;
                change.expect(&format!("system {name}"), known.version)?;
                if let Some(backing) = store::backings(connection, Some(&name))?.first() {
                    let message =
                        format!("system {name} delivers the offer {}; withdraw the offer first", backing.offer);
                    return Err(RepositoryError::Conflict { message, source: None });
                }
                if !change.dry_run {
                    store::delete(connection, &name)?;
                    told(connection, &known, "system.disconnected", "was disconnected", &change)?;
                }
                Ok(known)
            })
            .await
    }

    /// How a system was last found.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn standing(&self, name: &str) -> Result<Standing, RepositoryError> {
        let name = name.to_owned();
        Ok(self.database.read(move |connection| store::standing(connection, &name)).await?.unwrap_or_default())
    }

    /// How each system was last found that was ever asked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn standings(&self) -> Result<BTreeMap<String, Standing>, RepositoryError> {
        self.database.read(store::standings).await
    }

    /// Writes down what a system told when it was asked. That it can't be
    /// used, and that it can again, are events.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn asked(&self, system: &System, told: Result<SystemReport, SystemError>) -> Result<(), RepositoryError> {
        let (system, now) = (system.clone(), self.clock.now());
        self.database
            .write(move |connection| {
                let before = store::standing(connection, &system.name)?.unwrap_or_default();
                let (was_in_trouble, change) = (before.trouble.is_some(), OwnerChange::of_broker(now));
                let after = match told {
                    Ok(report) => Standing { report: Some(report), trouble: None, tried_at: Some(now) },
                    Err(error) => Standing {
                        trouble: Some(Trouble {
                            since: before.trouble.map_or(now, |trouble| trouble.since),
                            kind: error.kind.name().to_owned(),
                            message: error.to_string(),
                        }),
                        report: before.report,
                        tried_at: Some(now),
                    },
                };
                store::standing_put(connection, &system.name, &after)?;
                match (&after.trouble, was_in_trouble) {
                    (Some(trouble), false) => self::told(
                        connection,
                        &system,
                        "system.lost",
                        &format!("can't be used: {}", trouble.message),
                        &change,
                    ),
                    (None, true) => self::told(connection, &system, "system.found", "can be used again", &change),
                    _ => Ok(()),
                }
            })
            .await
    }

    /// What stands behind this broker's offers: of one system, or of all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backing_list(&self, system: Option<&str>) -> Result<Vec<Backing>, RepositoryError> {
        let system = system.map(str::to_owned);
        self.database.read(move |connection| store::backings(connection, system.as_deref())).await
    }

    /// What stands behind an offer. None: the nodes of this very machine.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backing(&self, offer: &OfferId) -> Result<Option<Backing>, RepositoryError> {
        let offer = offer.to_string();
        self.database.read(move |connection| store::backing(connection, &offer)).await
    }

    /// Maps an offer to a system. Machines that were rented before stay where they are.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotFound`] when there is no such system.
    pub async fn backing_set(&self, new: Backing) -> Result<(), RepositoryError> {
        self.database
            .write(move |connection| {
                find(connection, &new.system)?;
                store::backing_put(connection, &new)
            })
            .await
    }

    /// Unmaps an offer. Already unmapped is success.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backing_clear(&self, offer: &OfferId) -> Result<(), RepositoryError> {
        let offer = offer.to_string();
        self.database.write(move |connection| store::backing_delete(connection, &offer)).await
    }

    /// All that a connector needs to speak to a system that is connected.
    ///
    /// # Errors
    /// `NotFound` when there is no such system; `Unauthenticated` when its
    /// credential can't be opened; `Failed` when the database fails.
    pub async fn connection(&self, name: &str) -> Result<SystemConnection, SystemError> {
        let system = self.connected(name).await?;
        self.opened(system).await
    }

    /// The same for a system that need not be connected.
    ///
    /// # Errors
    /// As [`Self::connection`].
    pub async fn opened(&self, system: System) -> Result<SystemConnection, SystemError> {
        let secret = match &system.credential {
            None => None,
            Some(credential) => {
                Some(self.secrets.secret(credential).await.map_err(|said| unopened(&system.name, said))?)
            }
        };
        Ok(SystemConnection { system, secret, broker: Arc::clone(&self.broker) })
    }

    /// The kind of a system, and the versions of it and of its credential: a
    /// connector is good as long as both stay.
    pub(super) async fn versions(&self, name: &str) -> Result<(String, (i64, i64)), SystemError> {
        let system = self.connected(name).await?;
        let credential = match &system.credential {
            None => 0,
            Some(credential) => self.secrets.version(credential).await.map_err(|said| unopened(name, said))?,
        };
        Ok((system.kind, (system.version, credential)))
    }

    async fn connected(&self, name: &str) -> Result<System, SystemError> {
        self.system(name).await.map_err(|error| SystemError {
            system: name.to_owned(),
            kind: match error.kind() {
                crate::ErrorKind::NotFound => SystemErrorKind::NotFound,
                _ => SystemErrorKind::Failed,
            },
            action: "look up where it is".to_owned(),
            said: error.to_string(),
            remedy: "connect it with `hansa system connect`".to_owned(),
        })
    }
}

fn unopened(system: &str, said: String) -> SystemError {
    SystemError {
        system: system.to_owned(),
        kind: SystemErrorKind::Unauthenticated,
        action: "open its credential".to_owned(),
        said,
        remedy: "add or rotate the credential with `hansa credential`".to_owned(),
    }
}

fn find(connection: &mut Connection, name: &str) -> Result<System, RepositoryError> {
    store::get(connection, name)?.ok_or_else(|| RepositoryError::NotFound(format!("system {name}")))
}

fn check(system: &System) -> Result<(), RepositoryError> {
    let invalid = |field: &str, message: String| Err(RepositoryError::Invalid { field: field.to_owned(), message });
    let letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let name = &system.name;
    let good = (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(letter);
    if !good || name.starts_with('-') || name.ends_with('-') || RESERVED.contains(&name.as_str()) {
        let reserved = RESERVED.join(", ");
        let text =
            format!("must be 1 to {LONGEST_NAME} of a-z, 0-9 and -, such as edge-cluster, and none of: {reserved}");
        return invalid("/name", text);
    }
    if system.address.is_empty() || system.address.contains(char::is_whitespace) {
        return invalid(
            "/address",
            "must be a URL, such as https://cloud.example:5000/v3 or unix:///run/docker.sock".to_owned(),
        );
    }
    if system
        .address
        .split_once("://")
        .is_some_and(|(_, rest)| rest.split('/').next().is_some_and(|host| host.contains('@')))
    {
        return invalid("/address", "holds a name or password; put it into a credential and name that".to_owned());
    }
    if let Some(runs) = system.settings.get(AGENT_SETTING)
        && let Err(problem) = runs.parse::<AgentRuns>()
    {
        return invalid("/settings/agent", problem);
    }
    Ok(())
}

fn told(
    connection: &mut Connection,
    system: &System,
    kind: &str,
    what: &str,
    change: &OwnerChange,
) -> Result<(), RepositoryError> {
    let new = NewEvent {
        at: change.now,
        actor: change.actor.clone(),
        application: None,
        subject: format!("system/{}", system.name),
        kind: kind.to_owned(),
        message: format!("system {} ({} at {}) {what}", system.name, system.kind, system.site.short()),
        data: json!({ "system": system.name, "kind": system.kind, "site": system.site }),
    };
    event::append(connection, &new).map(drop)
}
