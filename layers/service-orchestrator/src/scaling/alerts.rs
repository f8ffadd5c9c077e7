//! Alerts of an application: told in the event log when they begin to fire,
//! when they no longer do, and when they can't be watched.

use super::{answers::Metrics, decide::Memory, readings::Ground};
use crate::model::Application;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use hansa_assurance::alert::{Answer, Holding, LabelSet, News, Watch};
use hansa_ontology::{ProjectId, resource_model::scaling::MicadoAlert};
use hansa_repository::event::NewEvent;
use hansa_scaling::micado;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// What is remembered of alerts between rounds, each by its name.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Watches(BTreeMap<String, Watch>);

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

impl Watches {
    /// What is new. What can't be asked stays as it was: that is no sign that all is well.
    fn news(
        &mut self,
        alerts: &[MicadoAlert],
        mut holds: BTreeMap<String, Result<bool, String>>,
        now: DateTime<Utc>,
    ) -> Vec<AlertNews> {
        let mut news = Vec::new();
        let mut before = std::mem::take(&mut self.0);
        for alert in alerts {
            let mut watch = before.remove(&alert.alert).unwrap_or_default();
            let answer = holds.remove(&alert.alert).map_or_else(Answer::default, answer);
            // One whose time can't be read never fires; the description was refused for it.
            let hold = micado::hold(alert).unwrap_or(TimeDelta::MAX);
            news.extend(watch.look(answer, hold, now).into_iter().map(|one| match one {
                News::Fires(_) => AlertNews::Fires(alert.clone()),
                News::Resolved(_) => AlertNews::Resolved(alert.alert.clone()),
                News::Unknown(why) => AlertNews::Unknown(alert.alert.clone(), why),
            }));
            self.0.insert(alert.alert.clone(), watch);
        }
        // The description has them no more.
        let gone = before.into_iter().filter(|(_, watch)| watch.firing().next().is_some());
        news.extend(gone.map(|(name, _)| AlertNews::Resolved(name)));
        news
    }

    /// Nothing is watched any more: what fired is over.
    pub(super) fn end(&mut self, now: DateTime<Utc>) -> Vec<AlertNews> {
        self.news(&[], BTreeMap::new(), now)
    }
}

/// Of an alert only whether it holds is known.
fn answer(holds: Result<bool, String>) -> Answer {
    match holds {
        Ok(true) => Answer { holds: vec![Holding { labels: LabelSet::new(), value: None }], lacking: None },
        Ok(false) => Answer::default(),
        Err(why) => Answer { holds: Vec::new(), lacking: Some(why) },
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
        memory.watches.news(&self.model.alerts, holds, self.now)
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
        let mut watches = Watches::default();
        let mut round = |second: i64, slow: Result<bool, &str>, quick: Result<bool, &str>| {
            let holds = [("slow", slow), ("quick", quick)]
                .map(|(name, holds)| (name.to_owned(), holds.map_err(str::to_owned)))
                .into();
            told(&watches.news(&alerts, holds, DateTime::from_timestamp(second, 0).unwrap()))
        };
        assert_eq!(round(0, Ok(true), Ok(true)), ["+quick"]);
        assert_eq!(round(10, Ok(true), Ok(true)), [""; 0]);
        assert_eq!(round(30, Ok(true), Ok(false)), ["+slow", "-quick"]);
        // What can't be asked any more goes on firing, and that it can't is told.
        assert_eq!(round(40, Err("no answer"), Ok(false)), ["?slow no answer"]);
        assert_eq!(round(50, Err("no answer"), Err("gone")), ["?quick gone"]);
        assert_eq!(round(60, Ok(false), Ok(true)), ["-slow", "+quick"]);
        assert_eq!(round(70, Err("no answer"), Ok(true)), ["?slow no answer"], "it is told anew after an answer");
        // A description without alerts ends what fired, once.
        assert_eq!(told(&watches.end(DateTime::from_timestamp(80, 0).unwrap())), ["-quick"]);
        assert_eq!(told(&watches.end(DateTime::from_timestamp(90, 0).unwrap())), [""; 0]);
    }
}
