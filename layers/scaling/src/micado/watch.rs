//! Alerts: what must hold for a time.

use crate::measure::delta;
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{quantity::TimeSpan, resource_model::scaling::MicadoAlert};
use std::collections::{BTreeMap, BTreeSet};

/// Since when each alert's expression has held, by its name.
pub type Held = BTreeMap<String, DateTime<Utc>>;

/// How long an alert's expression must hold.
///
/// # Errors
/// When `for` is no time span, in words.
pub fn hold(alert: &MicadoAlert) -> Result<TimeDelta, String> {
    let Some(text) = alert.duration.as_deref() else { return Ok(TimeDelta::zero()) };
    span(text).ok_or_else(|| {
        format!("`for` of the alert {} is `{}`, which is no time span such as 30s or 1m", alert.alert, text.trim())
    })
}

/// A time span as Prometheus writes it: `30s`, `1h30m`. None: it is none.
#[must_use]
pub fn span(text: &str) -> Option<TimeDelta> {
    let (mut sum, mut rest) = (TimeDelta::zero(), text.trim());
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (number, behind) = rest.split_at(digits);
        let letters = behind.find(|letter: char| letter.is_ascii_digit()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(letters);
        let number: u64 = number.parse().ok()?;
        let millis = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            "y" => 31_536_000_000,
            _ => return None,
        };
        let span = number.checked_mul(millis).filter(|span| *span < 1 << 42)?;
        sum += delta(TimeSpan::from_millis(span));
        rest = behind;
    }
    Some(sum)
}

/// The alerts that fire: those that have held for as long as they must.
/// `holding` are those of which the expression holds now.
pub fn firing<'a>(
    alerts: impl Iterator<Item = &'a MicadoAlert>,
    holding: &BTreeSet<String>,
    held: &mut Held,
    now: DateTime<Utc>,
) -> BTreeSet<String> {
    held.retain(|name, _| holding.contains(name));
    let fires = alerts.filter(|alert| {
        let since = holding.contains(&alert.alert).then(|| *held.entry(alert.alert.clone()).or_insert(now));
        since.is_some_and(|since| hold(alert).is_ok_and(|least| now - since >= least))
    });
    fires.map(|alert| alert.alert.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(name: &str, duration: Option<&str>) -> MicadoAlert {
        MicadoAlert { alert: name.to_owned(), expr: "up".to_owned(), duration: duration.map(str::to_owned) }
    }

    #[test]
    fn as_prometheus_writes_time() {
        let seconds = |text| hold(&alert("a", Some(text))).map(|span| span.num_seconds());
        assert_eq!(seconds("30s"), Ok(30));
        assert_eq!(seconds("1h30m"), Ok(5_400));
        assert_eq!(hold(&alert("a", None)), Ok(TimeDelta::zero()));
        for wrong in ["", "30", "s", "1x", "99999999999999999y", "-1s"] {
            assert!(seconds(wrong).unwrap_err().contains("no time span"), "{wrong}");
        }
    }

    #[test]
    fn it_fires_once_it_has_held_for_long_enough() {
        let all = [alert("slow", Some("30s")), alert("quick", None)];
        let (mut held, at) = (Held::new(), |second| DateTime::from_timestamp(second, 0).unwrap());
        let both = BTreeSet::from(["slow".to_owned(), "quick".to_owned()]);
        let mut fire = |holding: &BTreeSet<String>, second| {
            firing(all.iter(), holding, &mut held, at(second)).into_iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(fire(&both, 0), "quick");
        assert_eq!(fire(&both, 29), "quick");
        assert_eq!(fire(&both, 30), "quick slow");
        assert_eq!(fire(&BTreeSet::new(), 31), "");
        // It has to hold anew.
        assert_eq!(fire(&both, 32), "quick");
    }
}
