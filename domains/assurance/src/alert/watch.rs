//! What must hold for a time: since when it has held, whether it fires, and
//! what is new about that. For each set of labels by itself.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What has not fired yet and was not seen for so long has to hold anew.
const FORGOTTEN: TimeDelta = TimeDelta::minutes(5);

/// Names and values of labels, without the name of the metric.
pub type LabelSet = BTreeMap<String, String>;

/// What an expression holds for.
#[derive(Debug, Clone, PartialEq)]
pub struct Holding {
    /// Whose it is.
    pub labels: LabelSet,
    /// The value; none where it is infinite or no number.
    pub value: Option<f64>,
}

/// What came of asking an expression.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// What it holds for.
    pub holds: Vec<Holding>,
    /// Why that may not be all. Then nothing is over that was there before.
    pub lacking: Option<String>,
}

/// What has held when it was last asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// Whose it is.
    pub labels: LabelSet,
    /// Since when it has held.
    pub since: DateTime<Utc>,
    /// When it was last seen.
    pub seen: DateTime<Utc>,
    /// Since when it fires; none: it has not held for long enough.
    pub firing: Option<DateTime<Utc>>,
    /// The value when it was last seen; none where it is infinite or no number.
    pub value: Option<f64>,
}

/// That an expression can't be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unknown {
    /// Since when.
    pub since: DateTime<Utc>,
    /// Why, as of the last time.
    pub reason: String,
}

/// What is remembered of an expression between two times at which it is asked.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Watch {
    /// What holds, sorted by labels.
    pub sets: Vec<Standing>,
    /// Where it can't be answered: since when, and why.
    pub unknown: Option<Unknown>,
    /// When it was last asked.
    pub asked: Option<DateTime<Utc>>,
}

/// What is new.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// It has held for long enough.
    Fires(Standing),
    /// It fired, and no longer holds.
    Resolved(Standing),
    /// It can't be answered any more; why.
    Unknown(String),
}

impl Watch {
    /// Takes an answer and says what is new. `hold` is for how long it must
    /// hold. What an answer lacks stays as it was: that is no sign that all is well.
    pub fn look(&mut self, answer: Answer, hold: TimeDelta, now: DateTime<Utc>) -> Vec<News> {
        let mut news = Vec::new();
        let mut known: BTreeMap<LabelSet, Standing> =
            std::mem::take(&mut self.sets).into_iter().map(|one| (one.labels.clone(), one)).collect();
        let mut seen = BTreeSet::new();
        for Holding { labels, value } in answer.holds {
            let new = Standing { labels: labels.clone(), since: now, seen: now, firing: None, value };
            let before = known.remove(&labels).filter(|one| one.firing.is_some() || now - one.seen < FORGOTTEN);
            let mut standing = Standing { seen: now, value, ..before.unwrap_or(new) };
            if standing.firing.is_none() && now - standing.since >= hold {
                standing.firing = Some(now);
                news.push(News::Fires(standing.clone()));
            }
            if seen.insert(labels) {
                self.sets.push(standing);
            }
        }
        if answer.lacking.is_some() {
            self.sets.extend(known.into_values());
        } else {
            news.extend(known.into_values().filter(|one| one.firing.is_some()).map(News::Resolved));
        }
        self.sets.sort_by(|one, other| one.labels.cmp(&other.labels));
        self.unknown = answer.lacking.map(|reason| {
            if self.unknown.is_none() {
                news.push(News::Unknown(reason.clone()));
            }
            Unknown { since: self.unknown.as_ref().map_or(now, |known| known.since), reason }
        });
        self.asked = Some(now);
        news
    }

    /// What fires.
    pub fn firing(&self) -> impl Iterator<Item = &Standing> {
        self.sets.iter().filter(|one| one.firing.is_some())
    }

    /// Forgets all of it, and gives what fired.
    pub fn end(&mut self) -> Vec<Standing> {
        let Self { sets, .. } = std::mem::take(self);
        sets.into_iter().filter(|one| one.firing.is_some()).collect()
    }

    /// `unknown`, `firing`, `pending` or `ok`; `new` before it was asked.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match self {
            Self { asked: None, .. } => "new",
            watch if watch.firing().next().is_some() => "firing",
            Self { unknown: Some(_), .. } => "unknown",
            Self { sets, .. } if !sets.is_empty() => "pending",
            _ => "ok",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(names: &[&str]) -> Vec<Holding> {
        let one = |name: &&str| Holding { labels: [("pod".to_owned(), (*name).to_owned())].into(), value: Some(7.0) };
        names.iter().map(one).collect()
    }

    fn told(news: &[News]) -> Vec<String> {
        let pod = |one: &Standing| one.labels["pod"].clone();
        let one = |news: &News| match news {
            News::Fires(one) => format!("+{}", pod(one)),
            News::Resolved(one) => format!("-{}", pod(one)),
            News::Unknown(why) => format!("?{why}"),
        };
        news.iter().map(one).collect()
    }

    #[test]
    fn each_set_of_labels_fires_and_ends_by_itself_and_is_told_once() {
        let mut watch = Watch::default();
        assert_eq!(watch.state(), "new");
        let mut round = |second: i64, holds: &[&str], lacking: Option<&str>| {
            let answer = Answer { holds: holding(holds), lacking: lacking.map(str::to_owned) };
            let news = watch.look(answer, TimeDelta::seconds(30), DateTime::from_timestamp(second, 0).unwrap());
            // What is kept is what was there, also after a restart.
            watch = serde_json::from_str(&serde_json::to_string(&watch).unwrap()).unwrap();
            (told(&news).join(" "), watch.state())
        };
        assert_eq!(round(0, &["a"], None), (String::new(), "pending"));
        assert_eq!(round(15, &["a", "b"], None), (String::new(), "pending"));
        assert_eq!(round(30, &["a", "b"], None), ("+a".to_owned(), "firing"));
        assert_eq!(round(45, &["a", "b"], None), ("+b".to_owned(), "firing"));
        assert_eq!(round(60, &["b"], None), ("-a".to_owned(), "firing"));
        // What can't be answered is told once, ends nothing and begins nothing.
        assert_eq!(round(75, &[], Some("no data")), ("?no data".to_owned(), "firing"));
        assert_eq!(round(90, &[], Some("still none")), (String::new(), "firing"));
        assert_eq!(round(105, &["a"], Some("still none")), (String::new(), "firing"));
        assert_eq!(round(120, &["a"], None), ("-b".to_owned(), "pending"));
        assert_eq!(round(135, &["a"], None), ("+a".to_owned(), "firing"));
        assert_eq!(round(150, &[], None), ("-a".to_owned(), "ok"));
        assert_eq!(round(165, &[], Some("gone")), ("?gone".to_owned(), "unknown"), "it is told anew");
    }

    #[test]
    fn what_nobody_has_seen_for_long_has_to_hold_anew() {
        let mut watch = Watch::default();
        let at = |minute: i64| DateTime::from_timestamp(minute * 60, 0).unwrap();
        let mut round = |minute, holds: &[&str]| {
            let answer = Answer { holds: holding(holds), lacking: None };
            told(&watch.look(answer, TimeDelta::minutes(2), at(minute))).join(" ")
        };
        assert_eq!(round(0, &["a"]), "");
        assert_eq!(round(60, &["a"]), "", "nobody knows whether it has held meanwhile");
        assert_eq!(round(62, &["a"]), "+a");
        assert_eq!(round(600, &["a"]), "", "what fires goes on firing");
        assert_eq!(watch.end().len(), 1);
        assert_eq!(watch, Watch::default());
    }
}
