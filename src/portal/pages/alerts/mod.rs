//! Alert rules of a project: what people want to be warned of, and how it
//! stands; and who is told.

mod draft;
mod notify;

pub(crate) use draft::{Draft, FIELDS, Trial, draft};
pub(crate) use notify::{FIELDS as NOTIFY_FIELDS, Told, deliveries, made};

use super::{costs::project_filter, offers::encoded, owners::Entered};
use crate::portal::{
    Frame,
    offers::encoded_query,
    parts::{Empty, Instant, Notice, StateMark, Tone},
    sheet::{Cell, Column, Facts, FormBox, Part, Row, Section, Sheet, Table},
};
use chrono::{DateTime, Utc};
use hansa_assurance::alert::{LabelSet, Rule, Standing};

/// Where those of a project are, and who is told.
pub(crate) const LIST: &str = "/alerts";
/// Where one states another.
pub(crate) const NEW: &str = "/alerts/new";
/// Where each of them is.
pub(crate) const RULES: &str = "/alerts/rules";
/// Where it is said who is told.
pub(crate) const NOTIFICATIONS: &str = "/alerts/notifications";

/// What there is to show of a project.
#[derive(Debug)]
pub(crate) struct Alerts {
    /// Every project that the visitor may see.
    pub(crate) projects: Vec<String>,
    /// The one that is shown.
    pub(crate) project: String,
    /// The visitor may change it.
    pub(crate) may_change: bool,
    /// Its rules.
    pub(crate) rules: Vec<Rule>,
    /// Who is told.
    pub(crate) told: Vec<Told>,
    /// What has to be read first: what came of a test.
    pub(crate) notice: Option<Notice>,
}

/// An address of a project's.
pub(crate) fn of_project(path: &str, project: &str) -> String {
    format!("{path}{}", encoded_query([("project", Some(project))]))
}

/// The address of a rule.
pub(crate) fn of_rule(name: &str, project: &str) -> String {
    of_project(&format!("{RULES}/{}", encoded(name)), project)
}

/// The list of rules, and who is told; with what was entered for another who is told.
pub(crate) fn list(frame: Frame, shown: &Alerts, said: &Entered) -> Sheet {
    let rules = Section::new("rules", frame.t("alerts-rules")).text(frame.t("alerts-rules-text"));
    let rules = if shown.rules.is_empty() {
        rules.with(Empty::new(frame.t("alerts-none"), frame.t("alerts-none-text")))
    } else {
        let columns = ["sheet-name", "sheet-state", "sheet-since", "faults-severity", "alerts-summary", "alerts-expr"]
            .map(|key| Column::new(frame.t(key)));
        let rows = shown.rules.iter().map(|rule| row(&frame, shown, rule));
        rules.with(Table::new(frame.t("alerts-rules"), columns).rows(rows))
    };
    let sheet = Sheet::new(frame.clone(), frame.t("nav-alerts")).intro(frame.t("alerts-intro"));
    let sheet = match shown.may_change {
        true => sheet.action(of_project(NEW, &shown.project), frame.t("alerts-new")),
        false => sheet,
    };
    let choice = project_filter(&frame, LIST, &shown.projects, &shown.project);
    let sheet = sheet
        .notice(shown.notice.clone())
        .notice(said.notice(frame.t("alerts-refused")))
        .section(Section::plain("choice").with(choice))
        .section(rules)
        .section(notify::section(&frame, shown));
    notify::another(&frame, shown, said).into_iter().fold(sheet, Sheet::section).also(|also| {
        also.cli(&["alert", "list"])
            .cli(&["notify", "list"])
            .get(&of_project("/api/v1/alerts", &shown.project))
            .get(&of_project("/api/v1/notifications", &shown.project))
    })
}

fn row(frame: &Frame, shown: &Alerts, rule: &Rule) -> Row {
    let since = since(rule)
        .map_or_else(|| Cell::Nothing(frame.t("none")), |since| Cell::Time(Instant::minute(frame.language, since)));
    let summary = match &rule.summary {
        Some(summary) => Cell::text(summary),
        None => Cell::Nothing(frame.t("none")),
    };
    Row::new([
        Cell::link(of_rule(&rule.name, &shown.project), &rule.name),
        Cell::State(state(frame, rule)),
        since,
        Cell::Text(severity(frame, rule.severity.name())),
        summary,
        Cell::Code(rule.expr.clone()),
    ])
}

fn severity(frame: &Frame, name: &str) -> String {
    frame.t(&format!("faults-{name}"))
}

fn state(frame: &Frame, rule: &Rule) -> StateMark {
    if !rule.enabled {
        return StateMark::new(Tone::Quiet, frame.t("alerts-off"));
    }
    let (tone, key) = match rule.watch.state() {
        "ok" => (Tone::Good, "alerts-state-ok"),
        "pending" => (Tone::Busy, "alerts-state-pending"),
        "firing" => (Tone::Bad, "alerts-state-firing"),
        "unknown" => (Tone::Warn, "alerts-state-unknown"),
        _ => (Tone::Quiet, "alerts-state-new"),
    };
    StateMark::new(tone, frame.t(key))
}

/// Since when a rule stands as it does, where that began once.
fn since(rule: &Rule) -> Option<DateTime<Utc>> {
    let earliest = |of: fn(&Standing) -> Option<DateTime<Utc>>| rule.watch.sets.iter().filter_map(of).min();
    match rule.watch.state() {
        "firing" => earliest(|one| one.firing),
        "pending" => earliest(|one| Some(one.since)),
        "unknown" => rule.watch.unknown.as_ref().map(|unknown| unknown.since),
        _ => None,
    }
}

/// A rule: how it stands, what it holds for, and how it is changed.
pub(crate) fn one(frame: Frame, rule: &Rule, project: &str, may_change: bool) -> Sheet {
    let path = format!("/api/v1/alerts/{}", encoded(&rule.name));
    let sheet = Sheet::new(frame.clone(), rule.name.clone())
        .crumb(of_project(LIST, project), frame.t("nav-alerts"))
        .state(state(&frame, rule))
        .notice(lacking(&frame, rule.watch.unknown.as_ref().map(|unknown| unknown.reason.as_str())))
        .section(Section::plain("facts").with(facts(&frame, rule)))
        .section(Section::new("holds", frame.t("alerts-holds")).with(sets(&frame, rule)))
        .also(|also| {
            also.cli(&["alert", "show", &rule.name])
                .cli(&["alert", "test", &rule.name])
                .cli(&["alert", "remove", &rule.name])
                .get(&of_project(&path, project))
                .request("POST", &of_project(&format!("{path}/test"), project), None, &[])
        });
    if !may_change {
        return sheet;
    }
    let change = Draft { name: Some(rule.name.clone()), version: Some(rule.version), said: draft::entered(rule) };
    let remove = of_project(&format!("{RULES}/{}/remove", encoded(&rule.name)), project);
    sheet
        .section(
            Section::new("change", frame.t("alerts-change"))
                .text(frame.t("alerts-test-text"))
                .with(draft::form(&frame, project, &change)),
        )
        .section(
            Section::new("remove", frame.t("alerts-remove"))
                .text(frame.t("alerts-remove-text"))
                .with(FormBox::new(&frame, remove, frame.t("alerts-remove")).about(&rule.name).danger()),
        )
}

fn facts(frame: &Frame, rule: &Rule) -> Facts {
    let time = |at| Cell::Time(Instant::minute(frame.language, at));
    Facts::new()
        .with(frame.t("alerts-expr"), Cell::Code(rule.expr.clone()))
        .with(frame.t("alerts-for"), Cell::text(rule.hold.to_string()))
        .with(frame.t("faults-severity"), Cell::Text(severity(frame, rule.severity.name())))
        .maybe(frame.t("alerts-summary"), rule.summary.as_ref().map(Cell::text))
        .maybe(frame.t("sheet-since"), since(rule).map(time))
        .maybe(frame.t("alerts-asked"), rule.watch.asked.map(time))
        .with(
            frame.t("alerts-changed"),
            Cell::Lines(vec![time(rule.changed_at), Cell::text(rule.changed_by.to_string())]),
        )
}

/// Why there is no answer, or not the whole one.
fn lacking(frame: &Frame, why: Option<&str>) -> Option<Notice> {
    why.map(|why| Notice::new(Tone::Warn, frame.t("alerts-lacking")).detail(why))
}

fn sets(frame: &Frame, rule: &Rule) -> Part {
    if rule.watch.sets.is_empty() {
        return Empty::new(frame.t("alerts-holds-none"), frame.t("alerts-holds-none-text")).into();
    }
    let columns = [
        Column::new(frame.t("alerts-labels")),
        Column::number(frame.t("alerts-value")),
        Column::new(frame.t("alerts-held-since")),
        Column::new(frame.t("alerts-fires-since")),
    ];
    let time = |at| Cell::Time(Instant::minute(frame.language, at));
    let rows = rule.watch.sets.iter().map(|one| {
        let fires = one.firing.map_or_else(|| Cell::Nothing(frame.t("alerts-not-yet")), time);
        Row::new([labels(frame, &one.labels), value(frame, one.value), time(one.since), fires])
    });
    Table::new(frame.t("alerts-holds"), columns).rows(rows).into()
}

fn labels(frame: &Frame, labels: &LabelSet) -> Cell {
    if labels.is_empty() {
        return Cell::Text(frame.t("alerts-no-labels"));
    }
    // cAdvisor's long names say once more what the short ones say.
    let long = |name: &str| name.starts_with("container_label_");
    let again = |value: &String| labels.iter().any(|(name, other)| !long(name) && other == value);
    let shown = labels.iter().filter(|(name, value)| !long(name) || !again(value));
    Cell::Code(shown.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", "))
}

fn value(frame: &Frame, value: Option<f64>) -> Cell {
    value.map_or_else(
        || Cell::Nothing(frame.t("alerts-no-value")),
        |value| Cell::number(frame.language.decimal(&value.to_string())),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::{Language, sheet::tests::frame};

    #[test]
    fn labels_are_told_once_and_none_is_left_out() {
        let frame = frame(Language::English);
        let said = |pairs: &[(&str, &str)]| {
            let set: LabelSet = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            labels(&frame, &set).to_string()
        };
        let long = "container_label_io_kubernetes_pod_name";
        assert!(!said(&[(long, "web-0"), ("pod", "web-0")]).contains(long));
        assert!(said(&[(long, "web-0"), ("name", "web")]).contains("pod_name=web-0"));
        assert!(said(&[]).contains("without labels"));
    }
}
