//! Alert rules: people state them, and in rounds what they ask of is measured
//! and they are asked. What begins to fire, and what is over, is told in the log.

use super::Assurance;
use crate::{
    QueryLimits, RecordError, Series, SeriesLimits,
    alert::{Answer, Gauge, Ground, Measured, NewRule, News, Rule},
    store,
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{Actor, ProjectId};
use hansa_repository::{
    Connection, RepositoryError, event,
    work::{self, Claim},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The queue of projects whose rules are asked.
const QUEUE: &str = "alert";
/// What stands in the queue for the broker itself: no project has this name.
const BROKER: &str = "broker";
/// How often rules are asked.
const EVERY: TimeDelta = TimeDelta::seconds(15);
/// How long a worker holds a project without a word: longer than a round may take.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How many rules a project may have, and the broker.
const MOST: usize = 50;
/// How long one rule may be calculated.
const ONE: Duration = Duration::from_millis(500);
/// How long all rules of a project may be calculated in a round.
const ALL: Duration = Duration::from_secs(5);
/// What was not measured for so long has a gap.
const GAP: TimeDelta = TimeDelta::minutes(2);

/// The measurements that rules are asked over, in memory.
#[derive(Debug)]
pub(super) struct Board {
    series: Series,
    measured: Mutex<BTreeMap<String, Stretch>>,
}

/// A time in which something was measured without a gap.
#[derive(Debug)]
struct Stretch {
    since: DateTime<Utc>,
    last: DateTime<Utc>,
}

impl Default for Board {
    fn default() -> Self {
        let limits = SeriesLimits { bytes: 64 << 20, tenant_bytes: 16 << 20, ..SeriesLimits::default() };
        Self { series: Series::new(limits), measured: Mutex::default() }
    }
}

impl Board {
    /// Writes down what was measured. What was there before, and isn't any more, ends.
    fn record(&self, tenant: &str, measured: &mut Measured, now: DateTime<Utc>) {
        for one in &measured.samples {
            match self.series.record(tenant, &one.metric, &one.labels, now, one.value) {
                // Somebody has tested a rule in this very moment.
                Ok(()) | Err(RecordError::Old) => {}
                Err(error) => drop(measured.lacks.entry(one.metric.clone()).or_insert_with(|| error.to_string())),
            }
        }
        let known = |metric: &str| !measured.lacks.keys().any(|begin| metric.starts_with(begin.as_str()));
        self.series.end_unseen(tenant, |labels| labels.metric().is_some_and(known), now);
    }

    /// Since when it has been measured without a gap.
    fn since(&self, tenant: &str, now: DateTime<Utc>) -> DateTime<Utc> {
        let mut all = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        let stretch = all.entry(tenant.to_owned()).or_insert(Stretch { since: now, last: now });
        if now - stretch.last > GAP {
            stretch.since = now;
        }
        stretch.last = now;
        stretch.since
    }

    fn forget(&self, tenant: &str) {
        self.series.forget(tenant);
        self.measured.lock().unwrap_or_else(PoisonError::into_inner).remove(tenant);
    }

    /// Asks rules, one after the other, each within its time and all within theirs.
    fn ask(&self, tenant: &str, rules: &[Rule], measured: &Measured, now: DateTime<Utc>) -> Vec<Answer> {
        let since = self.since(tenant, now);
        let ground = Ground { series: &self.series, tenant, now, since, lacks: &measured.lacks };
        let begun = Instant::now();
        let one = |rule: &Rule| {
            let left = ALL.saturating_sub(begun.elapsed());
            if left.is_zero() {
                let why = format!("all rules together took more than {} s, and its turn did not come", ALL.as_secs());
                return Answer { holds: Vec::new(), lacking: Some(why) };
            }
            ground.ask(&rule.expr, &QueryLimits { time: ONE.min(left), ..QueryLimits::default() })
        };
        rules.iter().map(one).collect()
    }
}

fn key(project: Option<&ProjectId>) -> String {
    project.map_or_else(|| BROKER.to_owned(), ProjectId::to_string)
}

fn named(rules: Vec<Rule>, name: &str) -> Option<Rule> {
    rules.into_iter().find(|rule| rule.name == name)
}

impl Assurance {
    /// States a rule, in the place of the one of its name. Where the same is
    /// asked as before, what is known of it stays; otherwise what fired is over.
    /// With `dry_run` it is only checked.
    ///
    /// # Errors
    /// `Invalid` when a field breaks a rule, or there are too many;
    /// `PreconditionFailed` when it is not of the version that was `expected`;
    /// when the database fails.
    pub async fn rule_put(
        &self,
        new: NewRule,
        expected: Option<i64>,
        by: Actor,
        dry_run: bool,
    ) -> Result<Rule, RepositoryError> {
        let (now, id) = (self.clock.now(), self.ids.next());
        new.check(self.board.series.limits(), now)?;
        self.database
            .write(move |connection| {
                let rules = store::rules_of(connection, new.project.as_ref())?;
                let count = rules.len();
                let known = named(rules, &new.name);
                if expected.is_some_and(|seen| known.as_ref().is_none_or(|known| known.version != seen)) {
                    return Err(RepositoryError::Changed(format!("alert {}", new.name)));
                }
                if known.is_none() && count >= MOST {
                    let told = format!("there are {MOST} already; remove one that nobody needs");
                    return Err(RepositoryError::invalid("name", told));
                }
                let (same, mut ended) = (known.as_ref().is_some_and(|known| new.asks_as(known)), Vec::new());
                let was = known.as_ref().map_or((id, 0), |known| (known.id, known.version));
                let mut rule = new.rule((was.0, was.1 + 1), by, now);
                if let Some(mut known) = known {
                    if same {
                        rule.watch = known.watch;
                    } else {
                        ended = known.ended("was changed and is asked anew", now);
                    }
                }
                if !dry_run {
                    store::rule_put(connection, &rule)?;
                    event::append_all(connection, &ended)?;
                    work::enqueue(connection, QUEUE, &key(rule.project.as_ref()), now)?;
                }
                Ok(rule)
            })
            .await
    }

    /// The rules of a project, or those about the broker itself, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rule_list(&self, project: Option<&ProjectId>) -> Result<Vec<Rule>, RepositoryError> {
        let project = project.cloned();
        self.database.read(move |connection| store::rules_of(connection, project.as_ref())).await
    }

    /// One of them.
    ///
    /// # Errors
    /// `NotFound`; when the database fails.
    pub async fn rule(&self, project: Option<&ProjectId>, name: &str) -> Result<Rule, RepositoryError> {
        let found = named(self.rule_list(project).await?, name);
        found.ok_or_else(|| RepositoryError::NotFound(format!("alert {name}")))
    }

    /// Removes a rule; what fired is over. With `dry_run` it is only looked for.
    ///
    /// # Errors
    /// `NotFound`; when the database fails.
    pub async fn rule_delete(
        &self,
        project: Option<&ProjectId>,
        name: &str,
        dry_run: bool,
    ) -> Result<Rule, RepositoryError> {
        let (project, name, now) = (project.cloned(), name.to_owned(), self.clock.now());
        self.database
            .write(move |connection| {
                let known = named(store::rules_of(connection, project.as_ref())?, &name);
                let mut known = known.ok_or_else(|| RepositoryError::NotFound(format!("alert {name}")))?;
                if !dry_run {
                    store::rule_delete(connection, &known.id.to_string())?;
                    event::append_all(connection, &known.ended("was removed", now))?;
                }
                Ok(known)
            })
            .await
    }

    /// Measures, and asks a rule now: what it holds for, whatever for how long.
    /// Nothing is written or told.
    ///
    /// # Errors
    /// `NotFound`; when the database fails.
    pub async fn rule_test(
        &self,
        project: Option<&ProjectId>,
        name: &str,
        gauge: &dyn Gauge,
    ) -> Result<Answer, RepositoryError> {
        let rule = self.rule(project, name).await?;
        let mut answers = self.ask(project, vec![rule], gauge).await?.1;
        Ok(answers.pop().unwrap_or_default())
    }

    /// As [`Self::rule_test`], of a rule that is not stated yet.
    ///
    /// # Errors
    /// `Invalid` with the field and what to write; when the database fails.
    pub async fn rule_try(&self, new: NewRule, by: Actor, gauge: &dyn Gauge) -> Result<Answer, RepositoryError> {
        let now = self.clock.now();
        new.check(self.board.series.limits(), now)?;
        let project = new.project.clone();
        let rule = new.rule((self.ids.next(), 0), by, now);
        let mut answers = self.ask(project.as_ref(), vec![rule], gauge).await?.1;
        Ok(answers.pop().unwrap_or_default())
    }

    /// Takes a project whose turn it is, measures, and asks its rules. False
    /// when it is nobody's turn.
    ///
    /// # Errors
    /// When the database fails; what was held is taken up again when the lease ends.
    pub async fn rule_round(&self, owner: &str, gauge: &dyn Gauge) -> Result<bool, RepositoryError> {
        let (owner, now) = (owner.to_owned(), self.clock.now());
        let claimed = self.database.write(move |connection| work::claim(connection, QUEUE, &owner, now, LEASE)).await?;
        let Some(claim) = claimed else { return Ok(false) };
        let project = ProjectId::new(&claim.key).ok().filter(|_| claim.key != BROKER);
        let rules = self.rule_list(project.as_ref()).await?;
        if rules.is_empty() {
            self.board.forget(&claim.key);
            self.database.write(move |connection| work::finish(connection, &claim, None)).await?;
            return Ok(true);
        }
        let (rules, answers) = self.ask(project.as_ref(), rules, gauge).await?;
        let (asked, next) = (self.clock.now(), now + EVERY);
        let seen = rules.into_iter().zip(answers).filter(|(rule, _)| rule.enabled).collect();
        self.database.write(move |connection| settle(connection, &claim, seen, (asked, next.max(asked)))).await?;
        Ok(true)
    }

    /// Whether it is somebody's turn now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rule_waits(&self) -> Result<bool, RepositoryError> {
        let due = self.database.read(|connection| work::next_due(connection, QUEUE)).await?;
        Ok(due.is_some_and(|due| due <= self.clock.now()))
    }

    /// Measures, and asks these rules off the event loop.
    async fn ask(
        &self,
        project: Option<&ProjectId>,
        rules: Vec<Rule>,
        gauge: &dyn Gauge,
    ) -> Result<(Vec<Rule>, Vec<Answer>), RepositoryError> {
        let mut measured = gauge.measure(project).await;
        let (board, tenant, now) = (Arc::clone(&self.board), key(project), self.clock.now());
        let asked = tokio::task::spawn_blocking(move || {
            board.record(&tenant, &mut measured, now);
            let answers = board.ask(&tenant, &rules, &measured, now);
            (rules, answers)
        });
        asked.await.map_err(|error| RepositoryError::Internal {
            message: format!("the rules of {} can't be asked: {error}", key(project)),
            source: None,
        })
    }
}

/// Writes what came of a round. A rule that was changed meanwhile is asked the next time.
fn settle(
    connection: &mut Connection,
    claim: &Claim,
    seen: Vec<(Rule, Answer)>,
    (now, next): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), RepositoryError> {
    for (rule, answer) in seen {
        let known = store::rule_find(connection, &rule.id.to_string())?;
        let Some(mut known) = known.filter(|known| known.version == rule.version) else { continue };
        let (fired, hold) = (known.watch.firing().count(), known.hold());
        let news: Vec<News> = known.watch.look(answer, hold, now);
        store::rule_put(connection, &known)?;
        event::append_all(connection, &known.told(&news, fired, now))?;
    }
    work::finish(connection, claim, Some(next))
}
