//! How the service levels of an application stand.

use super::Seen;
use crate::portal::{
    Language,
    parts::{Instant, StateMark},
};
use askama::{Template, filters::HtmlSafe};
use hansa_ontology::resource_model::ServiceLevel;
use hansa_service_orchestrator::ServiceLevelView;
use rust_decimal::Decimal;

/// What is to be achieved, and what is.
#[derive(Debug, Template)]
#[template(path = "parts/app_levels.html")]
pub(super) struct LevelsPart {
    language: Language,
    rows: Vec<Row>,
}

impl HtmlSafe for LevelsPart {}

#[derive(Debug)]
struct Row {
    name: String,
    what: String,
    state: StateMark,
    target: String,
    good: String,
    spent: String,
    rounds: String,
    latest: Option<(String, Instant)>,
}

impl LevelsPart {
    pub(super) fn new(language: Language, seen: &Seen) -> Self {
        Self { language, rows: seen.levels.iter().map(|view| Row::new(language, view)).collect() }
    }
}

impl Row {
    fn new(language: Language, view: &ServiceLevelView) -> Self {
        let percent = |exact: Decimal| language.percentage(&exact.round_dp(2).normalize().to_string());
        let none = || "\u{2013}".to_owned();
        let compliance = &view.compliance;
        let window = language.t(match view.level.window() {
            hansa_ontology::sla::Window::Hour => "app-levels-hour",
            hansa_ontology::sla::Window::Day => "app-levels-day",
            hansa_ontology::sla::Window::Week => "app-levels-week",
            hansa_ontology::sla::Window::Month => "app-levels-month",
            hansa_ontology::sla::Window::Year => "app-levels-year",
        });
        let latest = view.latest.as_ref().map(|latest| {
            let seconds = |value: f64| language.decimal(&format!("{value:.3}"));
            let said = match (&latest.said, latest.value, &view.level) {
                (Some(said), ..) => said.clone(),
                (None, Some(value), ServiceLevel::Query(_)) => language.decimal(&value.to_string()),
                (None, Some(value), _) => {
                    language.msg("app-levels-answered").with("seconds", seconds(value)).to_string()
                }
                (None, None, _) => none(),
            };
            (said, Instant::minute(language, latest.at))
        });
        Self {
            name: view.name.clone(),
            what: what(language, &view.level),
            state: StateMark::of(language, compliance.state.name()),
            target: language
                .msg("app-levels-of")
                .with("target", percent(view.level.target()))
                .with("window", window)
                .to_string(),
            good: compliance.tally.percent().map_or_else(none, percent),
            spent: compliance.spent.map_or_else(none, percent),
            rounds: (compliance.tally.all() / hansa_assurance::ROUND).to_string(),
            latest,
        }
    }
}

fn what(language: Language, level: &ServiceLevel) -> String {
    match level {
        ServiceLevel::Availability(level) => {
            language.msg("app-levels-availability").with("component", &level.component).to_string()
        }
        ServiceLevel::Latency(level) => language
            .msg("app-levels-latency")
            .with("component", &level.component)
            .with("below", level.below.to_string())
            .to_string(),
        ServiceLevel::Query(level) => {
            let bounds =
                [level.at_least.map(|least| format!("≥ {least}")), level.at_most.map(|most| format!("≤ {most}"))];
            let bounds: Vec<String> = bounds.into_iter().flatten().collect();
            format!("{} {}", level.promql, bounds.join(", "))
        }
    }
}
