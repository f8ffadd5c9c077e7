//! Faults: the log is followed, people ask for them, see to them, and say that they are over.

use super::{Assurance, Page, PageRequest, list};
use crate::{
    fault::{
        ACKNOWLEDGED, Around, CLOSED, Desk, Fault, FaultKind, FaultState, Hand, News, REOPENED_WITHIN, Severity,
        instances, is_loss, matters, node_of,
    },
    store::{self, FaultFilter, Owner},
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{Actor, ApplicationId, MachineId, ProjectId, ProjectScope};
use hansa_repository::{
    Connection, RepositoryError,
    event::{self, Event, EventFilter, NewEvent, Order},
    follow::{self, Position},
};
use serde_json::json;

/// Its name among those who follow the log.
const FOLLOWER: &str = "assurance-faults";
/// How many events a round reads.
const EVENTS: usize = 500;
/// How many events are looked at for what was in a machine that is lost.
const LOOKED_BACK: usize = 2_000;
/// How many events about a machine itself are looked at.
const OF_MACHINE: usize = 20;
/// The most letters of a note.
const LETTERS: usize = 1_000;

/// Whose faults somebody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// Those of these projects.
    Projects(ProjectScope),
    /// The broker's own, and those of the orders of partners.
    Broker,
}

/// Which faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultQuery {
    /// Whose.
    pub whose: Whose,
    /// Of one application only.
    pub application: Option<ApplicationId>,
    /// Only those in this state: `open`, `acknowledged`, `resolved`, or `living` for the first two.
    pub state: Option<String>,
    /// Only of this kind.
    pub kind: Option<FaultKind>,
    /// Only those that are at least so bad.
    pub severity: Option<Severity>,
}

/// The state of those that are not resolved.
const LIVING: &str = "living";

impl FaultQuery {
    /// What may be asked for as a state: those that faults have, and all that aren't resolved.
    pub const STATES: [&'static str; 4] = {
        let [open, acknowledged, resolved] = FaultState::NAMES;
        [open, acknowledged, resolved, LIVING]
    };
}

/// How many faults are not resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultCount {
    /// Of this kind.
    pub kind: String,
    /// So bad.
    pub severity: &'static str,
    /// In this state.
    pub state: String,
    /// How many.
    pub count: i64,
}

/// What somebody does with a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultAct {
    /// They see to it.
    Acknowledge,
    /// They say that it is over.
    Resolve,
}

impl Whose {
    /// Whether a fault is one of these.
    #[must_use]
    pub fn covers(&self, fault: &Fault) -> bool {
        match (self, &fault.project) {
            (Self::Projects(scope), Some(project)) => scope.covers(project),
            (Self::Projects(_), None) => false,
            (Self::Broker, project) => project.as_ref().is_none_or(|project| *project == ProjectId::orders()),
        }
    }
}

/// What is to be written.
struct Round {
    from: Position,
    to: i64,
    now: DateTime<Utc>,
    desk: Desk,
    events: usize,
}

impl Assurance {
    /// One round: some events of the log become faults, or their ends. True
    /// when none are left. Call it whenever the log grows, and now and then.
    ///
    /// # Errors
    /// When the database fails; the same call again goes on.
    pub async fn fault_follow(&self) -> Result<bool, RepositoryError> {
        let now = self.clock.now();
        let round = self.database.read(move |connection| Round::read(connection, now)).await?;
        let idle = round.events < EVENTS;
        if round.events == 0 && round.desk.changed().next().is_none() {
            return Ok(true);
        }
        // Where nothing but the position changes, a failure of power may forget it.
        if round.desk.changed().next().is_none() {
            self.database.write_relaxed(move |connection| round.write(connection)).await?;
        } else {
            self.database.write(move |connection| round.write(connection)).await?;
        }
        Ok(idle)
    }

    /// Faults, the newest first.
    ///
    /// # Errors
    /// `Invalid` when the state or the page can't be; when the database fails.
    pub async fn fault_list(&self, query: &FaultQuery, page: &PageRequest) -> Result<Page<Fault>, RepositoryError> {
        let rows = page.rows()?;
        let state = query.state.as_deref();
        if state.is_some_and(|state| !FaultQuery::STATES.contains(&state)) {
            return Err(RepositoryError::invalid("state", "must be open, acknowledged, resolved or living"));
        }
        let filter = FaultFilter {
            owner: match &query.whose {
                Whose::Projects(scope) => Owner::Projects(scope.clone()),
                Whose::Broker => Owner::Broker,
            },
            application: query.application,
            state: state.filter(|state| *state != LIVING).map(str::to_owned),
            living: state == Some(LIVING),
            kind: query.kind,
            severity: query.severity,
            before: list::before(page)?,
        };
        let found = self.database.read(move |connection| store::faults_list(connection, &filter, rows)).await?;
        Ok(Page::cut(found, rows, |one| one.number.to_string()))
    }

    /// One fault, where it is among these.
    ///
    /// # Errors
    /// `NotFound`, also for what is somebody else's; when the database fails.
    pub async fn fault(&self, number: i64, whose: &Whose) -> Result<Fault, RepositoryError> {
        let found = self.database.read(move |connection| store::fault_find(connection, number)).await?;
        found.filter(|fault| whose.covers(fault)).ok_or_else(|| RepositoryError::NotFound(format!("fault {number}")))
    }

    /// How many faults are not resolved, of all owners.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fault_counts(&self) -> Result<Vec<FaultCount>, RepositoryError> {
        let counted = self.database.read(store::faults_count).await?;
        let count = |(kind, severity, state, count)| FaultCount {
            kind,
            severity: store::severity_name(severity),
            state,
            count,
        };
        Ok(counted.into_iter().map(count).collect())
    }

    /// Acknowledges a fault, or says that it is over, with a note. With
    /// `dry_run` it is only checked, and answered as it is.
    ///
    /// What is said is an event, from which the fault follows as from any other
    /// event: so the log alone tells all of it.
    ///
    /// # Errors
    /// `NotFound` when it is not among these; `Conflict` when it is resolved
    /// already; `Invalid` when the note is too long, or missing where a fault
    /// is resolved by hand; when the database fails.
    pub async fn fault_act(
        &self,
        number: i64,
        whose: &Whose,
        (act, note): (FaultAct, String),
        by: Actor,
        dry_run: bool,
    ) -> Result<Fault, RepositoryError> {
        let (now, note, of) = (self.clock.now(), checked(act, &note)?, whose.clone());
        let written = self
            .database
            .write(move |connection| {
                let known = store::fault_find(connection, number)?.filter(|fault| of.covers(fault));
                let known = known.ok_or_else(|| RepositoryError::NotFound(format!("fault {number}")))?;
                if !known.is_open() {
                    let why = format!("fault {number} is resolved already; a new one opens when it comes again");
                    return Err(RepositoryError::conflict(why));
                }
                if dry_run {
                    return Ok(0);
                }
                event::append(connection, &said(&known, act, note, by, now)?)
            })
            .await?;
        while written > 0 && self.fault_position().await?.sequence < written {
            self.fault_follow().await?;
        }
        self.fault(number, whose).await
    }

    async fn fault_position(&self) -> Result<Position, RepositoryError> {
        self.database.read(|connection| follow::position(connection, FOLLOWER)).await
    }
}

fn checked(act: FaultAct, note: &str) -> Result<String, RepositoryError> {
    let note = note.trim().to_owned();
    if note.chars().count() > LETTERS {
        return Err(RepositoryError::invalid("note", format!("must have at most {LETTERS} letters")));
    }
    if act == FaultAct::Resolve && note.is_empty() {
        return Err(RepositoryError::invalid("note", "say why it is over: no event shows it"));
    }
    Ok(note)
}

impl Round {
    fn read(connection: &mut Connection, now: DateTime<Utc>) -> Result<Self, RepositoryError> {
        let from = follow::position(connection, FOLLOWER)?;
        let filter = EventFilter { after: Some(from.sequence), ..EventFilter::default() };
        let events = event::list(connection, &filter, EVENTS, Order::OldestFirst)?;
        let to = events.last().map_or(from.sequence, |event| event.sequence);
        let mut round = Self { from, to, now, desk: Desk::default(), events: events.len() };
        let wanted: Vec<&Event> = events.iter().filter(|event| matters(event)).collect();
        if wanted.is_empty() && !events.is_empty() {
            return Ok(round);
        }
        let earliest = wanted.iter().map(|event| event.at).min().unwrap_or(now);
        // A minute more: what was told in one order may have happened in another.
        let since = earliest.min(now) - REOPENED_WITHIN - TimeDelta::minutes(1);
        let known = store::faults_living(connection, since.timestamp())?;
        round.desk = Desk::new(known, store::faults_last(connection)?);
        for event in wanted {
            let around = around(connection, event)?;
            round.desk.take(event, &around);
        }
        if round.events < EVENTS {
            round.desk.expire(now);
        }
        Ok(round)
    }

    /// Writes all of it, or nothing where somebody else was faster.
    fn write(self, connection: &mut Connection) -> Result<(), RepositoryError> {
        if !follow::position_move(connection, FOLLOWER, self.from, self.to)? {
            return Ok(());
        }
        for fault in self.desk.changed() {
            store::faults_put(connection, fault)?;
        }
        let news: Vec<NewEvent> = self.desk.news().map(|(news, fault)| told(news, fault, self.now)).collect();
        event::append_all(connection, &news).map(drop)
    }
}

/// What the log tells of a machine that is lost, before that.
pub(super) fn around(connection: &mut Connection, event: &Event) -> Result<Around, RepositoryError> {
    let machine = event.subject.strip_prefix("machine/").and_then(|id| id.parse::<MachineId>().ok());
    let (Some(machine), Some(application), true) = (machine, event.application, is_loss(event)) else {
        return Ok(Around::default());
    };
    let before = EventFilter { before: Some(event.sequence), ..EventFilter::default() };
    let of_machine = EventFilter { subject: Some(event.subject.clone()), ..before.clone() };
    let of_machine = event::list(connection, &of_machine, OF_MACHINE, Order::NewestFirst)?;
    let of_workloads =
        EventFilter { application: Some(application), kind_prefix: Some("workload.".to_owned()), ..before };
    let of_workloads = event::list(connection, &of_workloads, LOOKED_BACK, Order::NewestFirst)?;
    let there = instances(machine, &of_workloads);
    let node = node_of(&of_machine).or_else(|| there.iter().find_map(|instance| instance.node().map(str::to_owned)));
    Ok(Around { instances: there, node })
}

/// What events of a fault are about: a project's where it is one's, so that its people see them.
fn subject(fault: &Fault) -> String {
    match (&fault.project, fault.application) {
        (Some(project), None) => format!("project/{project}"),
        _ => format!("fault/{}", fault.number),
    }
}

fn told(news: News, fault: &Fault, now: DateTime<Utc>) -> NewEvent {
    let (kind, what) = match news {
        News::Opened => ("fault.opened", "opened"),
        News::Reopened => ("fault.reopened", "is there again"),
        News::Resolved => ("fault.resolved", "is resolved"),
    };
    let seconds = fault.duration(now).num_seconds();
    let after = if news == News::Resolved { format!(" after {seconds} s") } else { String::new() };
    NewEvent {
        at: now,
        actor: Actor::Broker,
        application: fault.application,
        subject: subject(fault),
        kind: kind.to_owned(),
        message: format!("fault {} ({}) {what}{after}: {}", fault.number, fault.kind.name(), fault.message),
        data: json!({
            "fault": fault.number,
            "kind": fault.kind,
            "severity": fault.severity,
            "thing": fault.thing,
            "since": fault.since,
            "seconds": seconds,
        }),
    }
}

fn said(
    fault: &Fault,
    act: FaultAct,
    note: String,
    by: Actor,
    now: DateTime<Utc>,
) -> Result<NewEvent, RepositoryError> {
    let (kind, what) = match act {
        FaultAct::Acknowledge => (ACKNOWLEDGED, "is seen to"),
        FaultAct::Resolve => (CLOSED, "was resolved by hand"),
    };
    let colon = if note.is_empty() { "" } else { ": " };
    let message = format!("fault {} ({}) {what}{colon}{note}", fault.number, fault.kind.name());
    let data = serde_json::to_value(Hand { fault: fault.number, note }).map_err(|error| RepositoryError::Internal {
        message: format!("a note has no JSON form: {error}"),
        source: None,
    })?;
    Ok(NewEvent {
        at: now,
        actor: by,
        application: fault.application,
        subject: subject(fault),
        kind: kind.to_owned(),
        message,
        data,
    })
}
