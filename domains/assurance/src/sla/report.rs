//! What the partner who delivers a machine reports of it itself, beside our own measure.
//!
//! One rule: what either of us has measured as down counts as down. What a
//! partner says was up takes nothing from our own measure.

use super::{Announcement, Course, Stretch, covered};
use chrono::{DateTime, Utc};
use hansa_repository::report::{ProviderReport, ReportedPart};
use serde::{Deserialize, Serialize};

/// Seconds by which both may differ and still agree: clocks, and who looks when.
const TOLERANCE: i64 = 60;
/// Seconds for which a report on a window that is over is waited for, from when
/// the last one came: an hour of use is told of when it is over.
const PATIENCE: i64 = 7_200;
/// The same after the rental is over: then the partner closes it at once.
const PATIENCE_AFTER: i64 = 600;

/// What was reported of a rental and is not judged by all objectives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reports {
    /// What was reported on, in order.
    told: Vec<Stretch>,
    /// When it was down, with the event that shows it.
    down: Vec<(Stretch, i64)>,
    /// Maintenance that the partner had announced.
    maintenance: Vec<Stretch>,
    /// No other follows.
    last: bool,
    /// Since when one is waited for.
    waits: Option<i64>,
}

/// How a partner's report and our own measure go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// Both have measured the same, within a minute.
    Confirmed,
    /// The partner has measured more outage than we have.
    AdmitsMore,
    /// The partner has measured less.
    AdmitsLess,
}

impl Agreement {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::AdmitsMore => "admits-more",
            Self::AdmitsLess => "admits-less",
        }
    }
}

/// What a partner has reported of a stretch, beside what we measured in the same seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reported {
    /// Seconds of the stretch on which it has reported.
    pub seconds: i64,
    /// Seconds of these in which the machine could not be used by its measure.
    pub down_seconds: i64,
    /// The same by ours.
    pub own_down_seconds: i64,
    /// Seconds that count as down by its word alone.
    pub admitted_seconds: i64,
    /// How both go together.
    pub agreement: Agreement,
}

/// What of a stretch is not in others.
fn without(of: Stretch, others: &[Stretch]) -> Vec<Stretch> {
    let mut left = vec![of];
    for other in others {
        let cut = |part: Stretch| {
            let before = Stretch::new(part.from(), part.until().min(other.from()));
            let after = Stretch::new(part.from().max(other.until()), part.until());
            [before, after].into_iter().flatten()
        };
        left = left.into_iter().flat_map(cut).collect();
    }
    left
}

/// A part of a report in whole seconds. Where the report ends the next one goes on.
fn whole(part: &ReportedPart, report: &ProviderReport) -> Option<Stretch> {
    let begun = |at: DateTime<Utc>| at.timestamp().saturating_add(i64::from(at.timestamp_subsec_nanos() > 0));
    let goes_on = part.until >= report.until && !report.last;
    Stretch::new(part.from.timestamp(), if goes_on { part.until.timestamp() } else { begun(part.until) })
}

impl Course {
    /// Takes in what the partner has signed. The first word on a second holds:
    /// a report on what was reported on before changes nothing, and so does one
    /// that was taken in already.
    pub fn report(&mut self, sequence: i64, report: &ProviderReport) {
        if self.terms.partner.is_none() || !self.takes(sequence) {
            return;
        }
        self.reports.waits = None;
        let told = Stretch::new(report.from.timestamp(), report.until.timestamp());
        let known = told.is_some_and(|told| covered(&told, &self.reports.told) > 0);
        if known || self.reports.last {
            return;
        }
        let parts =
            |all: &[ReportedPart]| -> Vec<Stretch> { all.iter().filter_map(|part| whole(part, report)).collect() };
        self.reports.down.extend(parts(&report.down).into_iter().map(|part| (part, sequence)));
        self.reports.maintenance.extend(parts(&report.maintenance));
        self.reports.last = report.last;
        let Some(told) = told else { return };
        match self.reports.told.last_mut() {
            Some(before) if before.until() == told.from() => {
                *before = Stretch::new(before.from(), told.until()).unwrap_or(told);
            }
            _ => self.reports.told.push(told),
        }
    }

    /// No report is waited for any more.
    pub fn reports_close(&mut self) {
        self.reports.last = true;
    }

    /// Whether what the partner says of a stretch that is over has come, or is
    /// waited for no longer. Says since when it is waited for.
    pub(super) fn is_reported(&mut self, of: &Stretch, now: i64) -> bool {
        let heard = self.reports.told.iter().any(|told| told.until() >= of.until());
        if self.terms.partner.is_none() || self.reports.last || heard {
            return true;
        }
        let since = *self.reports.waits.get_or_insert(now);
        now >= since.saturating_add(self.patience())
    }

    const fn patience(&self) -> i64 {
        if self.goes_on() { PATIENCE } else { PATIENCE_AFTER }
    }

    /// Until when a report is waited for; none: none is.
    pub(super) fn waits_until(&self) -> Option<i64> {
        Some(self.reports.waits?.saturating_add(self.patience()))
    }

    /// Nothing that is over waits any more.
    pub(super) const fn waits_no_more(&mut self) {
        self.reports.waits = None;
    }

    /// What the partner has measured as down and we have not, within a stretch
    /// and in order, with the events that show it. What adjoins an outage of
    /// ours and is short is a matter of clocks; maintenance that it had
    /// announced it doesn't admit.
    pub(super) fn admitted(&self, of: &Stretch) -> Vec<(Stretch, i64)> {
        let own: Vec<Stretch> =
            self.downs.iter().filter_map(|down| Stretch::new(down.from, down.until.unwrap_or(i64::MAX))).collect();
        let adjoins = |part: &Stretch| own.iter().any(|one| one.from() == part.until() || one.until() == part.from());
        let mut found = Vec::new();
        for (down, event) in &self.reports.down {
            let parts = without(*down, &own).into_iter().filter(|part| part.seconds() > TOLERANCE || !adjoins(part));
            let parts = parts.flat_map(|part| without(part, &self.reports.maintenance));
            found.extend(parts.filter_map(|part| Some((part.overlap(of)?, *event))));
        }
        found.sort_unstable();
        found
    }

    /// What the partner has reported of a stretch; none: nothing.
    pub(super) fn reported(&self, of: &Stretch) -> Option<Reported> {
        let told: Vec<Stretch> = self.reports.told.iter().filter_map(|told| told.overlap(of)).collect();
        let seconds: i64 = told.iter().map(Stretch::seconds).sum();
        let theirs: Vec<Stretch> = self.reports.down.iter().map(|(down, _)| *down).collect();
        let own = self.down_in(of);
        let within = |parts: &[Stretch]| -> i64 { told.iter().map(|told| covered(told, parts)).sum() };
        let (down, own) = (within(&theirs), within(&own));
        let agreement = match down - own {
            more if more > TOLERANCE => Agreement::AdmitsMore,
            less if less < -TOLERANCE => Agreement::AdmitsLess,
            _ => Agreement::Confirmed,
        };
        let admitted = self.admitted(of).iter().map(|(part, _)| part.seconds()).sum();
        (seconds > 0).then_some(Reported {
            seconds,
            down_seconds: down,
            own_down_seconds: own,
            admitted_seconds: admitted,
            agreement,
        })
    }

    /// When the machine could not be used within a stretch by our own measure, and
    /// what maintenance of it was announced.
    pub(crate) fn service(&self, of: &Stretch, all: &[Announcement]) -> (Vec<Stretch>, Vec<Stretch>) {
        let announced = self.announced(all).into_iter().filter_map(|(_, stretch)| stretch.overlap(of));
        (self.down_in(of), announced.collect())
    }

    /// Forgets what was reported of what all objectives have judged.
    pub(super) fn reports_forget(&mut self, open: i64) {
        self.reports.down.retain(|(down, _)| down.until() >= open);
        self.reports.maintenance.retain(|one| one.until() >= open);
        // The last one says how far the partner has reported.
        let last = self.reports.told.last().copied();
        self.reports.told.retain(|one| one.until() >= open || Some(*one) == last);
    }
}
