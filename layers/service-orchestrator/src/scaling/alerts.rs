//! Alerts of an application: told in the event log when they begin to fire,
//! when they no longer do, and when they can't be watched.

use super::{answers::Metrics, decide::Memory, readings::Ground};
use crate::model::Application;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use hansa_ontology::{ProjectId, resource_model::scaling::MicadoAlert};
use hansa_repository::event::NewEvent;
use hansa_scaling::micado::{self, Held};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// What is remembered of alerts between rounds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Watch {
    /// Since when each expression has held.
    held: Held,
    /// Those that fire.
    firing: BTreeSet<String>,
    /// Those that can't be watched now.
    unknown: BTreeSet<String>,
}

/// What has changed about an alert.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum AlertNews {
    /// It has held for long enough.
    Fires(MicadoAlert),
    /// It fired, and no longer holds.
    Resolved(String),
    /// It can't be watched any more; why.
    Unknown(String, String),
}

impl Watch {
    /// What is new. What can't be asked stays as it was: that is no sign that all is well.
    fn news(
        &mut self,
        alerts: &[MicadoAlert],
        holds: &BTreeMap<String, Result<bool, String>>,
        now: DateTime<Utc>,
    ) -> Vec<AlertNews> {
        let mut news = Vec::new();
        let holding: BTreeSet<String> = holds
            .iter()
            .filter(|(name, holds)| match holds {
                Ok(holds) => *holds,
                Err(_) => self.held.contains_key(*name),
            })
            .map(|(name, _)| name.clone())
            .collect();
        let firing = micado::firing(alerts.iter(), &holding, &mut self.held, now);
        let begun = alerts.iter().filter(|alert| firing.contains(&alert.alert) && !self.firing.contains(&alert.alert));
        news.extend(begun.cloned().map(AlertNews::Fires));
        news.extend(self.firing.difference(&firing).cloned().map(AlertNews::Resolved));
        let mut unknown = BTreeSet::new();
        for (name, why) in holds.iter().filter_map(|(name, holds)| Some((name, holds.as_ref().err()?))) {
            if !self.unknown.contains(name) {
                news.push(AlertNews::Unknown(name.clone(), why.clone()));
            }
            unknown.insert(name.clone());
        }
        (self.firing, self.unknown) = (firing, unknown);
        news
    }
}

impl Ground<'_> {
    /// Asks every alert.
    pub(super) async fn alerts(&self, project: &ProjectId, metrics: &Metrics, memory: &mut Memory) -> Vec<AlertNews> {
        let of = (self.id, project);
        let asked = self
            .model
            .alerts
            .iter()
            .map(|alert| async move { (alert.alert.clone(), metrics.holds(of, &alert.expr, self.now).await) });
        let holds = join_all(asked).await.into_iter().collect();
        memory.watch.news(&self.model.alerts, &holds, self.now)
    }
}

/// `shop: the alert slow fires: latency > 1 has held for 30s`.
pub(super) fn event(application: &Application, news: &AlertNews, now: DateTime<Utc>) -> NewEvent {
    let app = &application.name;
    let (kind, message, data) = match news {
        AlertNews::Fires(alert) => {
            let time = alert.duration.as_deref().map_or_else(String::new, |time| format!(" for {time}"));
            let message = format!("{app}: the alert {} fires: {} has held{time}", alert.alert, alert.expr);
            ("alert.firing", message, json!({ "alert": alert.alert, "expr": alert.expr, "for": alert.duration }))
        }
        AlertNews::Resolved(name) => {
            ("alert.resolved", format!("{app}: the alert {name} no longer fires"), json!({ "alert": name }))
        }
        AlertNews::Unknown(name, why) => {
            let message = format!("{app}: the alert {name} can't be watched: {why}");
            ("alert.unknown", message, json!({ "alert": name, "reason": why }))
        }
    };
    application.news(kind, message, data, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(news: &[AlertNews]) -> Vec<String> {
        let one = |news: &AlertNews| match news {
            AlertNews::Fires(alert) => format!("+{}", alert.alert),
            AlertNews::Resolved(name) => format!("-{name}"),
            AlertNews::Unknown(name, why) => format!("?{name} {why}"),
        };
        news.iter().map(one).collect()
    }

    #[test]
    fn each_change_is_told_once() {
        let alert = |name: &str, time: Option<&str>| MicadoAlert {
            alert: name.to_owned(),
            expr: "x > 1".to_owned(),
            duration: time.map(str::to_owned),
        };
        let alerts = [alert("slow", Some("30s")), alert("quick", None)];
        let mut watch = Watch::default();
        let mut round = |second: i64, slow: Result<bool, &str>, quick: Result<bool, &str>| {
            let holds = [("slow", slow), ("quick", quick)]
                .map(|(name, holds)| (name.to_owned(), holds.map_err(str::to_owned)))
                .into();
            told(&watch.news(&alerts, &holds, DateTime::from_timestamp(second, 0).unwrap()))
        };
        assert_eq!(round(0, Ok(true), Ok(true)), ["+quick"]);
        assert_eq!(round(10, Ok(true), Ok(true)), [""; 0]);
        assert_eq!(round(30, Ok(true), Ok(false)), ["+slow", "-quick"]);
        // What can't be asked any more goes on firing, and that it can't is told.
        assert_eq!(round(40, Err("no answer"), Ok(false)), ["?slow no answer"]);
        assert_eq!(round(50, Err("no answer"), Err("gone")), ["?quick gone"]);
        assert_eq!(round(60, Ok(false), Ok(true)), ["+quick", "-slow"]);
        assert_eq!(round(70, Err("no answer"), Ok(true)), ["?slow no answer"], "it is told anew after an answer");
    }
}
