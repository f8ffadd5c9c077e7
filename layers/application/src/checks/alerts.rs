//! Alerts: each has a name of its own, a question that can be asked, and a time.

use super::Checker;
use crate::{
    descriptor::node::{field, item},
    diagnostic::Code,
    finding::Finding,
};
use hansa_assurance::{Query, QueryError};
use hansa_scaling::micado::span;
use std::collections::BTreeSet;

impl Checker<'_> {
    pub(super) fn alerts(&mut self) {
        let mut names = BTreeSet::new();
        for (place, alert) in self.draft.alerts.iter().flatten().enumerate() {
            let pointer = item("/alerts", place);
            if alert.alert.trim().is_empty() {
                self.alert_fault(&pointer, "alert", Code::InvalidText, "must not be empty", "name it, such as busy");
            } else if !names.insert(&alert.alert) {
                let why = "is the name of another alert, too";
                self.alert_fault(&pointer, "alert", Code::DuplicateEntry, why, "give one of them another name");
            }
            // What this broker can't compute a Prometheus may.
            if let Err(error @ (QueryError::Syntax(_) | QueryError::Kind(_))) = Query::parse(&alert.expr) {
                let why = format!("can't be asked: {error}");
                self.alert_fault(&pointer, "expr", Code::InvalidText, &why, "such as sum(rate(x_total[1m])) > 5");
            }
            if alert.duration.as_deref().is_some_and(|text| span(text).is_none()) {
                self.alert_fault(&pointer, "for", Code::InvalidText, "must be a time span", "such as 30s or 1m");
            }
        }
    }

    fn alert_fault(&mut self, pointer: &str, name: &str, code: Code, why: &str, advice: &str) {
        let pointer = field(pointer, name);
        let message = format!("{} {why}", self.subject(&pointer));
        self.faults.push(Finding::value(pointer, code, message).hint(advice));
    }
}
