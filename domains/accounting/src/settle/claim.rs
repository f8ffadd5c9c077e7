//! A claim: one objective of one order was missed in one window, and what is
//! owed for it. Whoever has its bytes and the signed offer computes it again.

use super::Credit;
use crate::{AccountingError, hex};
use chrono::{DateTime, NaiveDate, Utc};
use hansa_ontology::{
    Currency, MachineId, OfferId, ProviderId,
    sla::{Metric, ServiceLevelObjective, Sla, Window},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// By how much a measured percentage may be rounded.
const ROUNDED: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// A stretch of time in which an order could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stretch {
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
}

impl Stretch {
    /// Its length in milliseconds; below 0 where it ends before it begins.
    #[must_use]
    pub fn milliseconds(&self) -> i64 {
        (self.until - self.from).num_milliseconds()
    }
}

/// What a buyer claims of a seller: the content of a signed document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Claim {
    /// Who claims: the DID of the broker that ordered.
    pub buyer: ProviderId,
    /// Of whom: the DID of the broker that delivered.
    pub seller: ProviderId,
    /// The order.
    pub order: MachineId,
    /// The `@id` of its agreement.
    pub agreement: String,
    /// The offer.
    pub offer: OfferId,
    /// What was missed.
    pub metric: Metric,
    /// The target, in the metric's unit.
    pub target: Decimal,
    /// The window of the objective.
    pub window: Window,
    /// The percentile that the target binds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentile: Option<Decimal>,
    /// The begin of the stretch that was judged: within the window, as long as the order was there.
    pub from: DateTime<Utc>,
    /// Its end.
    pub until: DateTime<Utc>,
    /// Seconds that count: the stretch without what is excluded, such as announced maintenance.
    pub observed_seconds: u64,
    /// The measured value, in the metric's unit.
    pub measured: Decimal,
    /// When the order could not be used, in order.
    pub down: Vec<Stretch>,
    /// The digests of the acknowledged usage records that the amount rests on, in order.
    pub usage: Vec<String>,
    /// The currency.
    pub currency: Currency,
    /// The amount.
    pub credit: Credit,
}

impl Claim {
    /// The window that was judged: its begin, and the begin of the next one.
    #[must_use]
    pub fn window_bounds(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        self.window.containing(self.from)
    }

    /// From when usage counts for the cap: the begin of the billing month (UTC)
    /// in which the window begins, or the window's own where that is earlier.
    #[must_use]
    pub fn cap_begin(&self) -> DateTime<Utc> {
        let begin = self.window_bounds().0;
        begin.min(Window::Month.containing(begin).0)
    }

    /// Its name, the same for whoever claims the same: one for each order, objective and window.
    #[must_use]
    pub fn id(&self) -> String {
        let number = |value: Decimal| value.normalize().to_string();
        let parts = [
            self.order.to_string(),
            self.metric.name().to_owned(),
            number(self.target),
            self.window.name().to_owned(),
            self.percentile.map(number).unwrap_or_default(),
            self.window_bounds().0.to_rfc3339(),
        ];
        hex(&Sha256::digest(parts.join("\n")))
    }

    /// How long it was down, in milliseconds.
    #[must_use]
    pub fn down_milliseconds(&self) -> i64 {
        self.down.iter().fold(0_i64, |sum, stretch| sum.saturating_add(stretch.milliseconds()))
    }

    /// Whether it is one in itself: times in order and within the window, a
    /// value that follows from the stretches, an amount that follows from its parts.
    ///
    /// # Errors
    /// Names the field that can't be right.
    pub fn check(&self) -> Result<(), AccountingError> {
        let wrong = |field: &'static str, problem: &str| Err(AccountingError::invalid(field, problem));
        if self.from >= self.until || self.until > self.window_bounds().1 {
            return wrong("until", "the stretch is empty or leaves the window in which it begins");
        }
        let length = (self.until - self.from).num_milliseconds();
        let observed = i64::try_from(self.observed_seconds).unwrap_or(i64::MAX).saturating_mul(1_000);
        if observed == 0 || observed > length.saturating_add(999) {
            return wrong("observedSeconds", "must be from 1 to the seconds of the stretch");
        }
        let mut through = self.from;
        for stretch in &self.down {
            if stretch.from < through || stretch.until <= stretch.from || stretch.until > self.until {
                return wrong("down", "must be stretches within from and until, in order, none over another");
            }
            through = stretch.until;
        }
        if self.down_milliseconds() > observed.saturating_add(999) {
            return wrong("down", "are longer than what was observed");
        }
        let mut sorted = self.usage.clone();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted != self.usage {
            return wrong("usage", "the digests must be in order, none twice");
        }
        if self.metric == Metric::Availability {
            let up = Decimal::from(observed.saturating_sub(self.down_milliseconds()).max(0));
            let follows = up * Decimal::ONE_HUNDRED / Decimal::from(observed);
            if (follows - self.measured).abs() > ROUNDED {
                let problem = format!("{} % follow from observedSeconds and down", follows.round_dp(4));
                return Err(AccountingError::invalid("measured", problem));
            }
        }
        self.credit.check()
    }

    /// Whether the promise has this objective, this value misses it, and the
    /// credit and its cap are those promised.
    ///
    /// # Errors
    /// Says what doesn't follow from the promise.
    pub fn follows_from(&self, promised: &Sla) -> Result<(), AccountingError> {
        let wrong = |field: &'static str, problem: String| Err(AccountingError::invalid(field, problem));
        let key = |one: &ServiceLevelObjective| (one.metric, one.target, one.window, one.percentile);
        let own = (self.metric, self.target, self.window, self.percentile);
        let Some(objective) = promised.objectives.iter().find(|one| key(one) == own) else {
            return wrong("metric", "the offer has no such objective with this target and window".to_owned());
        };
        let Some(remedy) = objective.remedy(self.measured) else {
            return wrong("measured", format!("for {} nothing is owed by the offer", self.measured));
        };
        if remedy.credit_percent != self.credit.percent {
            let problem = format!("{} % are owed by the offer for {}", remedy.credit_percent, self.measured);
            return wrong("credit.percent", problem);
        }
        let cap = self.credit.cap.as_ref().map(|cap| cap.percent);
        if cap != promised.credit_cap_percent {
            return wrong("credit.cap", "it isn't the offer's".to_owned());
        }
        Ok(())
    }

    /// The day on which it counts in a statement of a period: that on which the
    /// judged stretch ends, or the period's first where that is earlier.
    #[must_use]
    pub fn day(&self) -> NaiveDate {
        (self.until - chrono::TimeDelta::microseconds(1)).date_naive()
    }
}

/// An accepted claim in a statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SettledClaim {
    /// Of whom it is claimed, who pays it back.
    pub seller: ProviderId,
    /// The day on which it counts.
    pub day: NaiveDate,
    /// The thing: `machine/<order>`.
    pub resource: String,
    /// The claim.
    pub claim: String,
    /// SHA-256 of the claim's signed bytes, base64url.
    pub document: String,
    /// The amount.
    pub credit: Credit,
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::settle::CreditCap;
    use crate::testing::{broker, moment};
    use hansa_ontology::sla::Remedy;

    pub(crate) fn promised() -> Sla {
        let remedy = |threshold: i64, percent: i64| Remedy {
            threshold: Decimal::new(threshold, 1),
            credit_percent: Decimal::from(percent),
        };
        Sla {
            objectives: vec![ServiceLevelObjective {
                metric: Metric::Availability,
                target: Decimal::new(999, 1),
                window: Window::Day,
                percentile: None,
                remedies: vec![remedy(999, 10), remedy(900, 50)],
            }],
            credit_cap_percent: Some(Decimal::from(30)),
        }
    }

    /// Down for 43.2 minutes of a day: 97 %.
    pub(crate) fn claim() -> Claim {
        let cap = CreditCap { percent: Decimal::from(30), seconds: 86_400, before_micros: 0 };
        Claim {
            buyer: broker("south"),
            seller: broker("north"),
            order: MachineId(uuid::Uuid::from_u128(7)),
            agreement: "urn:uuid:1".to_owned(),
            offer: OfferId::new("https://north.example/offers/small").unwrap(),
            metric: Metric::Availability,
            target: Decimal::new(999, 1),
            window: Window::Day,
            percentile: None,
            from: moment("2026-02-03T00:00:00Z"),
            until: moment("2026-02-04T00:00:00Z"),
            observed_seconds: 86_400,
            measured: Decimal::from(97),
            down: vec![Stretch { from: moment("2026-02-03T10:00:00Z"), until: moment("2026-02-03T10:43:12Z") }],
            usage: vec!["a".to_owned(), "b".to_owned()],
            currency: Currency::EUR,
            credit: Credit::new(86_400, (12_500, 3_600), Decimal::from(10), Some(cap)).unwrap(),
        }
    }

    #[test]
    fn a_claim_follows_from_its_parts_and_the_promise() {
        let good = claim();
        good.check().unwrap();
        good.follows_from(&promised()).unwrap();
        assert_eq!((good.credit.micros, good.day().to_string().as_str()), (30_000, "2026-02-03"));
        assert_eq!(good.cap_begin(), moment("2026-02-01T00:00:00Z"));
    }

    #[test]
    fn one_for_each_order_objective_and_window() {
        let good = claim();
        let part = Claim { from: moment("2026-02-03T05:00:00Z"), target: Decimal::new(9990, 2), ..good.clone() };
        assert_eq!(part.id(), good.id(), "the same window, the same target");
        let next = Claim { from: moment("2026-02-04T05:00:00Z"), ..good.clone() };
        let other = Claim { percentile: Some(Decimal::from(95)), ..good.clone() };
        assert!(next.id() != good.id() && other.id() != good.id());
    }

    type Bend = fn(&mut Claim);

    #[test]
    fn whatever_was_bent_is_named() {
        let inner: [(&str, Bend); 9] = [
            ("until", |claim| claim.until = claim.from),
            ("until", |claim| claim.until = moment("2026-02-04T00:00:01Z")),
            ("observedSeconds", |claim| claim.observed_seconds = 86_402),
            ("observedSeconds", |claim| claim.observed_seconds = 0),
            ("down", |claim| claim.down.push(claim.down[0])),
            ("down", |claim| claim.down[0].until = moment("2026-02-04T00:00:01Z")),
            ("measured", |claim| claim.measured = Decimal::from(80)),
            ("usage", |claim| claim.usage.reverse()),
            ("credit.micros", |claim| claim.credit.micros += 1),
        ];
        for (field, bend) in inner {
            let mut bent = claim();
            bend(&mut bent);
            assert!(bent.check().unwrap_err().to_string().starts_with(field), "{field}");
        }
        let outer: [(&str, Bend); 4] = [
            ("metric", |claim| claim.target = Decimal::from(99)),
            ("measured", |claim| claim.measured = Decimal::new(999, 1)),
            ("credit.percent", |claim| claim.measured = Decimal::from(80)),
            ("credit.cap", |claim| claim.credit.cap = None),
        ];
        for (field, bend) in outer {
            let mut bent = claim();
            bend(&mut bent);
            assert!(bent.follows_from(&promised()).unwrap_err().to_string().starts_with(field), "{field}");
        }
    }
}
