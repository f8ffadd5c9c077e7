//! A rule: what is asked, for how long it must hold, how bad that is, and what is told.

use super::{News, Standing, Watch, words};
use crate::{Query, SeriesLimits, fault::Severity};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{Actor, ProjectId, quantity::TimeSpan};
use hansa_repository::{RepositoryError, event::NewEvent};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// The longest name and summary, in letters.
const LETTERS: (usize, usize) = (63, 500);
/// The longest time for which an expression must hold.
const LONGEST: TimeDelta = TimeDelta::days(7);

/// What somebody wants to be warned of.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRule {
    /// What people call it: `a-z`, `0-9`, `-`; one name in a project.
    pub name: String,
    /// Over whose measurements; none: those of the broker itself.
    pub project: Option<ProjectId>,
    /// What is asked, in PromQL: it holds for what it gives.
    pub expr: String,
    /// For how long it must hold.
    pub hold: TimeSpan,
    /// How bad that is.
    pub severity: Severity,
    /// What is told, with `{{label}}` and `{{value}}`; none: the expression.
    pub summary: Option<String>,
    /// Whether it is asked.
    pub enabled: bool,
}

/// A rule, and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Over whose measurements; none: those of the broker itself.
    pub project: Option<ProjectId>,
    /// What is asked, in PromQL.
    pub expr: String,
    /// For how long it must hold.
    pub hold: TimeSpan,
    /// How bad that is.
    pub severity: Severity,
    /// What is told.
    pub summary: Option<String>,
    /// Whether it is asked.
    pub enabled: bool,
    /// It grows with each change.
    pub version: i64,
    /// When it was last changed.
    pub changed_at: DateTime<Utc>,
    /// By whom.
    pub changed_by: Actor,
    /// How it stands.
    pub watch: Watch,
}

impl NewRule {
    /// Whether it can be asked, as of a time.
    ///
    /// # Errors
    /// `Invalid` with the field and what to write.
    pub(crate) fn check(&self, limits: &SeriesLimits, now: DateTime<Utc>) -> Result<(), RepositoryError> {
        let (name, summary) = LETTERS;
        let letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        if self.name.is_empty() || self.name.len() > name || !self.name.chars().all(letter) {
            let told = format!("must be 1 to {name} of a-z, 0-9 and -, such as memory-high");
            return Err(RepositoryError::invalid("name", told));
        }
        let query = Query::parse(&self.expr).map_err(|error| RepositoryError::invalid("expr", error.to_string()))?;
        let (kept, back) = (TimeDelta::from_std(limits.span).unwrap_or(TimeDelta::MAX), query.looks_back(now));
        if back > kept {
            let (back, kept) = (back.num_seconds(), kept.num_seconds());
            let told = format!("looks {back} s back, and measurements are kept for {kept} s: look back less far");
            return Err(RepositoryError::invalid("expr", told));
        }
        if hold(self.hold) > LONGEST {
            return Err(RepositoryError::invalid("for", format!("must be at most {} h", LONGEST.num_hours())));
        }
        let text = self.summary.as_deref().unwrap_or_default();
        if text.chars().count() > summary || text.chars().any(char::is_control) {
            let told = format!("must be one line of at most {summary} letters");
            return Err(RepositoryError::invalid("summary", told));
        }
        words::check(text).map_err(|why| RepositoryError::invalid("summary", why))
    }

    /// Whether the same is asked as before, so that what is known of it stays.
    pub(crate) fn asks_as(&self, rule: &Rule) -> bool {
        (&self.expr, self.hold, self.enabled) == (&rule.expr, rule.hold, rule.enabled)
    }

    /// As a rule that was never asked.
    pub(crate) fn rule(self, (id, version): (Uuid, i64), changed_by: Actor, changed_at: DateTime<Utc>) -> Rule {
        let Self { name, project, expr, hold, severity, summary, enabled } = self;
        let watch = Watch::default();
        Rule { id, name, project, expr, hold, severity, summary, enabled, version, changed_at, changed_by, watch }
    }
}

fn hold(span: TimeSpan) -> TimeDelta {
    TimeDelta::from_std(span.duration()).unwrap_or(TimeDelta::MAX)
}

impl Rule {
    /// For how long it must hold.
    #[must_use]
    pub fn hold(&self) -> TimeDelta {
        hold(self.hold)
    }

    /// What its events are about: a project's where it is one's, so that its people see them.
    fn subject(&self) -> String {
        match &self.project {
            Some(project) => format!("project/{project}"),
            None => format!("alert/{}", self.name),
        }
    }

    fn event(&self, kind: &str, message: String, more: serde_json::Value, at: DateTime<Utc>) -> NewEvent {
        let mut data = json!({
            "alert": self.name,
            "rule": self.id,
            "expr": self.expr,
            "for": self.hold,
            "severity": self.severity,
        });
        if let (Some(data), serde_json::Value::Object(more)) = (data.as_object_mut(), more) {
            data.extend(more);
        }
        let (actor, subject) = (Actor::Broker, self.subject());
        NewEvent { at, actor, application: None, subject, kind: kind.to_owned(), message, data }
    }

    /// What is told of what is new, in its order. Each event says how many fire after it.
    pub(crate) fn told(&self, news: &[News], before: usize, now: DateTime<Utc>) -> Vec<NewEvent> {
        let mut fire = before;
        news.iter()
            .map(|news| match news {
                News::Fires(one) => {
                    fire += 1;
                    self.fires(one, fire, now)
                }
                News::Resolved(one) => {
                    fire = fire.saturating_sub(1);
                    self.resolved(one, "no longer fires", fire, now)
                }
                News::Unknown(why) => {
                    let message = format!("the alert {} can't be watched: {why}", self.name);
                    self.event("alert.unknown", message, json!({ "reason": why }), now)
                }
            })
            .collect()
    }

    fn fires(&self, one: &Standing, fire: usize, now: DateTime<Utc>) -> NewEvent {
        let what = match &self.summary {
            Some(summary) => words::fill(summary, &one.labels, one.value),
            None => {
                let time = if self.hold.0 == 0 { String::new() } else { format!(" for {}", self.hold) };
                let (set, value) = (words::set(&one.labels), words::number(one.value));
                format!("{} has held{time}: {set} {value}", self.expr)
            }
        };
        let message = format!("the alert {} fires: {what}", self.name);
        let more = json!({ "labels": one.labels, "value": one.value, "since": one.since, "firing": fire });
        self.event("alert.firing", message, more, now)
    }

    fn resolved(&self, one: &Standing, why: &str, fire: usize, now: DateTime<Utc>) -> NewEvent {
        let message = format!("the alert {} {why}: {}", self.name, words::set(&one.labels));
        self.event("alert.resolved", message, json!({ "labels": one.labels, "firing": fire }), now)
    }

    /// What is told when nobody asks it any more: what fired is over.
    pub(crate) fn ended(&mut self, why: &str, now: DateTime<Utc>) -> Vec<NewEvent> {
        let fired = self.watch.end();
        let each = fired.iter().enumerate().map(|(place, one)| self.resolved(one, why, fired.len() - place - 1, now));
        each.collect()
    }
}
