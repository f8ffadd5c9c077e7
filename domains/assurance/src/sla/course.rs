//! The course of one rental: when the machine was there, and when it was not.

use super::{Stretch, Terms, report::Reports, stretch::time};
use chrono::{DateTime, Utc};
use hansa_ontology::MachineId;
use serde::{Deserialize, Serialize};

/// Seconds for which outages of what a partner ordered are known after they were judged.
const REPORTED_WITHIN: i64 = 2 * 86_400;

/// What was told of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// The number of the event.
    pub sequence: i64,
    /// When, by the clock of who wrote it.
    pub at: DateTime<Utc>,
    /// What.
    pub change: Change,
}

/// What happened to a rented machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It can be used (again).
    There,
    /// It can't be used, and nobody wanted that.
    Lost,
    /// It was given up.
    Ended,
}

/// A time in which the machine could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Down {
    /// Since this second.
    pub from: i64,
    /// Until this second; none: it still can't be used.
    pub until: Option<i64>,
    /// The numbers of the events that show it.
    pub events: Vec<i64>,
}

/// One rental of one machine. It begins when the machine can be used, goes on
/// while the machine is lost, and is over when the machine is given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Course {
    /// The machine.
    pub machine: MachineId,
    /// What was promised, of what, to whom.
    pub terms: Terms,
    /// Seconds from the order until it could be used, where that is known.
    pub provisioned: Option<i64>,
    pub(super) begun: i64,
    /// The event that tells of the begin.
    begun_by: i64,
    pub(super) ended: Option<i64>,
    /// What is not judged yet by all objectives.
    pub(super) downs: Vec<Down>,
    /// The number and the time of the last event.
    last: (i64, i64),
    /// Of each objective: from where on it is not judged.
    pub(super) open: Vec<i64>,
    /// Of each objective: in which stretch its risk was told, by its begin.
    pub(super) warned: Vec<Option<i64>>,
    /// What the partner who delivers it has reported.
    #[serde(default)]
    pub(super) reports: Reports,
}

impl Course {
    /// A rental that begins. A time that can't be is held at `now`.
    #[must_use]
    pub fn new(
        machine: MachineId,
        terms: Terms,
        (sequence, at): (i64, DateTime<Utc>),
        ordered: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Self {
        let begun = at.min(now).timestamp();
        let objectives = terms.sla.objectives.len();
        Self {
            machine,
            terms,
            provisioned: ordered.map(|ordered| begun.saturating_sub(ordered.timestamp()).max(0)),
            begun,
            begun_by: sequence,
            ended: None,
            downs: Vec::new(),
            last: (sequence, begun),
            open: vec![begun; objectives],
            warned: vec![None; objectives],
            reports: Reports::default(),
        }
    }

    /// The same machine on the same terms, there again after it was given up.
    #[must_use]
    pub fn again(&self, event: (i64, DateTime<Utc>), now: DateTime<Utc>) -> Self {
        let at = event.1.max(time(self.last.1));
        Self::new(self.machine, self.terms.clone(), (event.0, at), None, now.max(at))
    }

    /// From which second on something of it is not judged.
    #[must_use]
    pub fn open_since(&self) -> i64 {
        let downs = self.downs.iter().map(|down| down.from);
        self.open.iter().copied().chain(downs).min().unwrap_or(self.begun)
    }

    /// Whether it goes on.
    #[must_use]
    pub const fn goes_on(&self) -> bool {
        self.ended.is_none()
    }

    /// Whether the machine can't be used.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.goes_on() && self.downs.last().is_some_and(|down| down.until.is_none())
    }

    /// Takes in an event; one that was taken in before, or that tells nothing
    /// new, changes nothing. Events count in the order of their numbers: a time
    /// before that of the last one is held at it, and one after `now` at `now`.
    /// Gives the time that was taken where it is another one.
    pub fn take(&mut self, told: Told, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.ended.is_some() || told.sequence <= self.last.0 {
            return None;
        }
        // A second in which it was away counts whole.
        let whole = |at: DateTime<Utc>| match told.change {
            Change::Lost => at.timestamp(),
            Change::There | Change::Ended => at.timestamp().saturating_add(i64::from(at.timestamp_subsec_nanos() > 0)),
        };
        let at = whole(told.at.min(now)).max(self.last.1);
        self.last = (told.sequence, at);
        match (told.change, self.downs.last_mut().filter(|down| down.until.is_none())) {
            (Change::Lost, None) => self.downs.push(Down { from: at, until: None, events: vec![told.sequence] }),
            (Change::There, Some(down)) => {
                down.until = Some(at);
                down.events.push(told.sequence);
            }
            (Change::Ended, Some(down)) => down.events.push(told.sequence),
            (Change::Lost, Some(_)) | (Change::There | Change::Ended, None) => {}
        }
        if told.change == Change::Ended {
            self.ended = Some(at);
            if let Some(down) = self.downs.last_mut().filter(|down| down.until.is_none()) {
                down.until = Some(at);
            }
        }
        (at != whole(told.at)).then(|| time(at))
    }

    /// Whether an event comes after all that were taken in; from now on it was.
    pub(super) const fn takes(&mut self, sequence: i64) -> bool {
        let news = sequence > self.last.0;
        if news {
            self.last.0 = sequence;
        }
        news
    }

    /// Everything through this second is judged: what is told later with an
    /// earlier time is held there.
    pub(super) fn hold(&mut self, at: i64) {
        self.last.1 = self.last.1.max(at);
    }

    /// How long it took to provide the machine, with the event that shows it.
    pub(super) fn provision(&self) -> Option<(Stretch, i64)> {
        let begin = self.begun.saturating_sub(self.provisioned?);
        Some((Stretch::new(begin, self.begun)?, self.begun_by))
    }

    /// Until when a stretch of the rental may reach: until it is over.
    pub(super) fn within(&self, from: i64, until: i64) -> Option<Stretch> {
        Stretch::new(from, self.ended.map_or(until, |ended| ended.min(until)))
    }

    /// Forgets what all objectives have judged.
    pub(super) fn forget(&mut self) {
        let open = self.open.iter().copied().min().unwrap_or(i64::MAX);
        // What a partner ordered is reported to it when an hour of use is over.
        let kept = if self.terms.customer.is_some() { open.saturating_sub(REPORTED_WITHIN) } else { open };
        self.downs.retain(|down| down.until.is_none_or(|until| until >= kept));
        self.reports_forget(open);
    }
}
