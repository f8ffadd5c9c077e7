//! Who is told of what happens in a project.

use super::{Alerts, LIST, NOTIFICATIONS, of_project, severity};
use crate::portal::{
    Frame,
    pages::{offers::encoded, owners::Entered},
    parts::{Choice, Empty, Field, FieldKind, Instant, Notice, StateMark, Tone},
    sheet::{Cell, Column, Facts, FormBox, Part, Row, Section, Sheet, Table},
};
use chrono::{DateTime, Utc};
use hansa_assurance::{fault::Severity, notification::Delivery};

/// The fields of who is told; the first stands for the whole.
pub(crate) const FIELDS: [&str; 5] = ["name", "url", "address", "kinds", "severity"];

/// Somebody who is told.
#[derive(Debug)]
pub(crate) struct Told {
    /// Its name.
    pub(crate) name: String,
    /// By mail; otherwise by webhook.
    pub(crate) mail: bool,
    /// The host, or the address of mail.
    pub(crate) host: String,
    /// The kinds of events begin so.
    pub(crate) kinds: Vec<String>,
    /// The stable name of how bad a fault must be at least.
    pub(crate) severity: Option<String>,
    /// How many events were delivered.
    pub(crate) delivered: u64,
    /// How many were given up.
    pub(crate) given_up: u64,
    /// What went wrong last, and when it is tried again.
    pub(crate) trouble: Option<(String, DateTime<Utc>)>,
}

/// Who is told.
pub(super) fn section(frame: &Frame, shown: &Alerts) -> Section {
    let section = Section::new("told", frame.t("alerts-told")).text(frame.t("alerts-told-text"));
    if shown.told.is_empty() {
        section.with(Empty::new(frame.t("alerts-told-none"), frame.t("alerts-told-none-text")))
    } else {
        section.with(table(frame, shown))
    }
}

/// The form for another who is told.
pub(super) fn another(frame: &Frame, shown: &Alerts, said: &Entered) -> Option<Section> {
    let section = || Section::new("tell", frame.t("alerts-tell")).with(add(frame, &shown.project, said));
    shown.may_change.then(section)
}

fn table(frame: &Frame, shown: &Alerts) -> Table {
    let mut columns = vec![
        Column::new(frame.t("sheet-name")),
        Column::new(frame.t("alerts-to")),
        Column::new(frame.t("alerts-kinds")),
        Column::new(frame.t("alerts-least")),
        Column::number(frame.t("alerts-delivered")),
        Column::number(frame.t("alerts-given-up")),
        Column::new(frame.t("alerts-trouble")),
    ];
    if shown.may_change {
        columns.push(Column::new(frame.t("alerts-do")));
    }
    Table::new(frame.t("alerts-told"), columns).rows(shown.told.iter().map(|one| row(frame, shown, one)))
}

fn row(frame: &Frame, shown: &Alerts, one: &Told) -> Row {
    let how = frame.t(if one.mail { "alerts-mail" } else { "alerts-webhook" });
    let none = || Cell::Nothing(frame.t("none"));
    let trouble = one.trouble.as_ref().map_or_else(none, |(said, next)| {
        let next = frame.msg("alerts-next").with("at", frame.language.minute(*next)).to_string();
        Cell::Lines(vec![Cell::English(said.clone()), Cell::Text(next)])
    });
    let mut cells = vec![
        Cell::link(of_notification(&one.name, &shown.project), &one.name),
        Cell::Lines(vec![Cell::Text(how), Cell::Code(one.host.clone())]),
        Cell::Code(one.kinds.join(", ")),
        one.severity.as_ref().map_or_else(none, |name| Cell::Text(severity(frame, name))),
        Cell::number(one.delivered),
        Cell::number(one.given_up),
        trouble,
    ];
    if shown.may_change {
        let to = |act: &str| of_project(&format!("{NOTIFICATIONS}/{}/{act}", encoded(&one.name)), &shown.project);
        let test = FormBox::new(frame, to("test"), frame.t("alerts-try")).about(&one.name);
        let remove = FormBox::new(frame, to("remove"), frame.t("alerts-untell")).about(&one.name).danger();
        cells.push(Cell::Lines(vec![Cell::Form(Box::new(test)), Cell::Form(Box::new(remove))]));
    }
    Row::new(cells)
}

/// The address of somebody who is told.
fn of_notification(name: &str, project: &str) -> String {
    of_project(&format!("{NOTIFICATIONS}/{}", encoded(name)), project)
}

/// What was delivered to somebody and what was given up, the newest event first.
pub(crate) fn deliveries(frame: Frame, project: &str, one: &Told, all: &[Delivery]) -> Sheet {
    let section = Section::new("deliveries", frame.t("alerts-deliveries")).text(frame.t("alerts-deliveries-text"));
    let section = if all.is_empty() {
        section.with(Empty::new(frame.t("alerts-deliveries-none"), frame.t("alerts-deliveries-none-text")))
    } else {
        let columns = [
            Column::new(frame.t("faults-event")),
            Column::new(frame.t("alerts-kind")),
            Column::new(frame.t("sheet-state")),
            Column::number(frame.t("alerts-attempts")),
            Column::new(frame.t("faults-at")),
            Column::new(frame.t("alerts-trouble")),
        ];
        let rows = all.iter().map(|of| delivery(&frame, of));
        section.with(Table::new(frame.t("alerts-deliveries"), columns).rows(rows))
    };
    let path = format!("/api/v1/notifications/{}", encoded(&one.name));
    let how = frame.t(if one.mail { "alerts-mail" } else { "alerts-webhook" });
    let facts = Facts::new()
        .with(frame.t("alerts-to"), Cell::Lines(vec![Cell::Text(how), Cell::Code(one.host.clone())]))
        .with(frame.t("alerts-kinds"), Cell::Code(one.kinds.join(", ")));
    Sheet::new(frame.clone(), one.name.clone())
        .crumb(of_project(LIST, project), frame.t("nav-alerts"))
        .section(Section::plain("facts").with(facts))
        .section(section)
        .also(|also| {
            also.cli(&["notify", "deliveries", &one.name]).get(&of_project(&format!("{path}/deliveries"), project))
        })
}

fn delivery(frame: &Frame, of: &Delivery) -> Row {
    let state = match of.delivered {
        true => StateMark::new(Tone::Good, frame.t("alerts-was-delivered")),
        false => StateMark::new(Tone::Bad, frame.t("alerts-was-given-up")),
    };
    Row::new([
        Cell::number(of.event),
        Cell::Code(of.kind.clone()),
        Cell::State(state),
        Cell::number(of.attempts),
        Cell::Time(Instant::minute(frame.language, of.at)),
        of.said.clone().map_or_else(|| Cell::Nothing(frame.t("none")), Cell::English),
    ])
}

fn add(frame: &Frame, project: &str, said: &Entered) -> FormBox {
    let line = |name, label, hint| Field::new(name, frame.t(label), FieldKind::Line("text")).hint(frame.t(hint));
    let any = Choice { value: String::new(), label: frame.t("alerts-any") };
    let severities =
        Severity::ALL.iter().map(|one| Choice { value: one.name().to_owned(), label: severity(frame, one.name()) });
    let least = FieldKind::Choice(std::iter::once(any).chain(severities).collect());
    FormBox::new(frame, of_project(NOTIFICATIONS, project), frame.t("alerts-tell"))
        .field(said.fill(line("name", "sheet-name", "alerts-told-name-hint").required()))
        .field(said.fill(line("url", "alerts-url", "alerts-url-hint")))
        .field(said.fill(line("address", "alerts-address", "alerts-address-hint")))
        .field(said.fill(line("kinds", "alerts-kinds", "alerts-kinds-hint").value("alert., fault.").required()))
        .field(said.fill(Field::new("severity", frame.t("alerts-least"), least)))
}

/// A webhook that was just made: its secret is shown this once.
pub(crate) fn made(frame: Frame, project: &str, name: &str, secret: String) -> Sheet {
    Sheet::new(frame.clone(), frame.msg("alerts-made").with("name", name).to_string())
        .crumb(of_project(LIST, project), frame.t("nav-alerts"))
        .intro(frame.t("alerts-made-text"))
        .notice(Some(Notice::new(Tone::Warn, frame.t("alerts-once"))))
        .section(Section::plain("secret").with(Part::Listing(secret)))
        .also(|also| {
            also.cli(&["notify", "list"])
                .cli(&["notify", "test", name])
                .get(&of_project("/api/v1/notifications", project))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::{
        Language,
        sheet::tests::{HOSTILE, escaped, frame},
    };

    fn shown(may_change: bool) -> Alerts {
        let pager = Told {
            name: "pager".to_owned(),
            mail: false,
            host: "example.org".to_owned(),
            kinds: vec!["alert.".to_owned()],
            severity: Some("critical".to_owned()),
            delivered: 3,
            given_up: 1,
            trouble: Some((HOSTILE.to_owned(), DateTime::UNIX_EPOCH)),
        };
        let (projects, rules) = (Vec::new(), Vec::new());
        Alerts { projects, project: "a/b".to_owned(), may_change, rules, told: vec![pager], notice: None }
    }

    #[test]
    fn what_goes_wrong_is_told_and_only_who_may_is_offered_anything() {
        let frame = frame(Language::English);
        let html = |may_change| section(&frame, &shown(may_change)).to_string();
        let changed = html(true);
        escaped(&changed);
        assert!(changed.contains("/alerts/notifications/pager/test?project=a%2Fb"), "{changed}");
        assert!(changed.contains("/alerts/notifications/pager/remove?project=a%2Fb"), "{changed}");
        assert!(!html(false).contains("<form"), "{}", html(false));
        assert!(another(&frame, &shown(true), &Entered::default()).is_some());
        assert!(another(&frame, &shown(false), &Entered::default()).is_none());
    }
}
