//! Faults: what is wrong, why, since when, and who sees to it.

use super::{costs::project_filter, offers::encoded, owners::Entered};
use crate::portal::{
    Frame,
    parts::{Choice, Empty, Field, FieldKind, Instant, StateMark, Tone},
    sheet::{Cell, Column, Facts, Filters, FormBox, Part, Row, Section, Sheet, Table},
};
use hansa_assurance::fault::{Cause, Ended, Fault, FaultKind, FaultState, Note, Resolution, Severity};
use std::collections::BTreeMap;

/// Where those of projects are.
pub(crate) const LIST: &str = "/faults";
/// Where those of the broker itself are.
pub(crate) const OWN: &str = "/infrastructure/faults";
/// The only field of what is said of one.
pub(crate) const FIELDS: [&str; 1] = ["note"];

/// What there is to show.
#[derive(Debug)]
pub(crate) struct Faults {
    /// Every project that the visitor may see, and the one that is shown; none: the broker's own.
    pub(crate) project: Option<(Vec<String>, String)>,
    /// Which are shown: `living`, `resolved`, or all.
    pub(crate) state: String,
    /// What people call applications, by id.
    pub(crate) names: BTreeMap<String, String>,
    /// The newest first.
    pub(crate) faults: Vec<Fault>,
}

/// How a visitor stands to a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Looks {
    /// The visitor sees what is the broker's own.
    pub(crate) sees_all: bool,
    /// The visitor may act on it.
    pub(crate) may_act: bool,
    /// It is shown among the broker's own.
    pub(crate) own: bool,
}

/// The list.
pub(crate) fn list(frame: Frame, shown: &Faults) -> Sheet {
    let own = shown.project.is_none();
    let title = if own { frame.t("faults-own") } else { frame.t("nav-faults") };
    let section = Section::plain("faults");
    let section = if shown.faults.is_empty() {
        section.with(Empty::new(frame.t("faults-none"), frame.t("faults-none-text")))
    } else {
        let columns = [
            Column::new(frame.t("faults-number")),
            Column::new(frame.t("sheet-state")),
            Column::new(frame.t("faults-kind")),
            Column::new(frame.t("faults-severity")),
            Column::new(frame.t("faults-of")),
            Column::new(frame.t("faults-message")),
            Column::number(frame.t("faults-count")),
            Column::new(frame.t("sheet-since")),
        ];
        section.with(Table::new(&title, columns).rows(shown.faults.iter().map(|fault| row(&frame, shown, fault))))
    };
    let sheet = Sheet::new(frame.clone(), title)
        .intro(frame.t("faults-intro"))
        .section(Section::plain("choice").with(filters(&frame, shown)))
        .section(section);
    if own {
        sheet
            .crumb("/infrastructure", frame.t("nav-infrastructure"))
            .also(|also| also.cli(&["fault", "list", "--broker"]).get("/admin/v1/faults"))
    } else {
        sheet.also(|also| also.cli(&["fault", "list"]).get("/api/v1/faults"))
    }
}

fn filters(frame: &Frame, shown: &Faults) -> Filters {
    let which = [("living", "faults-living"), ("resolved", "faults-resolved"), ("all", "faults-all")]
        .map(|(value, label)| Choice { value: value.to_owned(), label: frame.t(label) });
    let filters = match &shown.project {
        Some((projects, project)) => project_filter(frame, LIST, projects, project),
        None => Filters::new(OWN, frame.t("sheet-filter")),
    };
    let field = Field::new("state", frame.t("faults-show"), FieldKind::Choice(which.into()));
    filters.field(field.value(shown.state.clone()))
}

fn row(frame: &Frame, shown: &Faults, fault: &Fault) -> Row {
    let base = if shown.project.is_none() { OWN } else { LIST };
    let number = fault.number.to_string();
    Row::new([
        Cell::link(format!("{base}/{number}"), number),
        Cell::State(state(frame, fault)),
        Cell::Text(kind(frame, fault.kind)),
        Cell::Text(severity(frame, fault.severity)),
        of(frame, &shown.names, fault),
        Cell::English(fault.message.clone()),
        Cell::number(fault.count),
        Cell::Time(Instant::minute(frame.language, fault.since)),
    ])
}

fn of(frame: &Frame, names: &BTreeMap<String, String>, fault: &Fault) -> Cell {
    match (fault.application, &fault.project) {
        (Some(id), Some(_)) => {
            let id = id.to_string();
            let name = names.get(&id).cloned().unwrap_or_else(|| id.clone());
            Cell::link(format!("/applications/{}", encoded(&id)), name)
        }
        (_, Some(project)) => Cell::text(project.to_string()),
        (_, None) => Cell::Text(frame.t("faults-broker")),
    }
}

fn state(frame: &Frame, fault: &Fault) -> StateMark {
    match &fault.state {
        FaultState::Open => StateMark::new(Tone::Bad, frame.t("faults-state-open")),
        FaultState::Acknowledged(_) => StateMark::new(Tone::Warn, frame.t("faults-state-acknowledged")),
        FaultState::Resolved(_) => StateMark::new(Tone::Good, frame.t("faults-state-resolved")),
    }
}

fn kind(frame: &Frame, kind: FaultKind) -> String {
    frame.t(match kind {
        FaultKind::ComponentFailing => "faults-kind-component-failing",
        FaultKind::ApplicationBlocked => "faults-kind-application-blocked",
        FaultKind::MachineLost => "faults-kind-machine-lost",
        FaultKind::HostLost => "faults-kind-host-lost",
        FaultKind::SystemLost => "faults-kind-system-lost",
        FaultKind::PartnerSilent => "faults-kind-partner-silent",
        FaultKind::OrderFailed => "faults-kind-order-failed",
        FaultKind::SlaMissed => "faults-kind-sla-missed",
        FaultKind::ServiceLevelMissed => "faults-kind-service-level-missed",
        FaultKind::BudgetExhausted => "faults-kind-budget-exhausted",
        FaultKind::CarbonLimitPassed => "faults-kind-carbon-limit-passed",
        FaultKind::AlertFiring => "faults-kind-alert-firing",
    })
}

fn severity(frame: &Frame, severity: Severity) -> String {
    frame.t(match severity {
        Severity::Minor => "faults-minor",
        Severity::Major => "faults-major",
        Severity::Critical => "faults-critical",
    })
}

/// One of them.
pub(crate) fn one(
    frame: Frame,
    fault: &Fault,
    names: &BTreeMap<String, String>,
    looks: Looks,
    said: &Entered,
) -> Sheet {
    let (list, up, api) = if looks.own {
        (OWN, frame.t("faults-own"), "/admin/v1/faults")
    } else {
        (LIST, frame.t("nav-faults"), "/api/v1/faults")
    };
    let number = fault.number.to_string();
    let flag: &[&str] = if looks.own { &["--broker"] } else { &[] };
    let sheet = Sheet::new(frame.clone(), format!("{} {number}", kind(&frame, fault.kind)))
        .crumb(list, up)
        .state(state(&frame, fault))
        .notice(said.notice(frame.t("faults-refused")))
        .section(Section::plain("facts").with(facts(&frame, fault, names)))
        .section(Section::new("causes", frame.t("faults-causes")).with(causes(&frame, fault, looks)))
        .section(Section::new("signs", frame.t("faults-signs")).with(signs(&frame, fault)))
        .also(|also| {
            also.cli(&[&["fault", "show", &number], flag].concat())
                .cli(&[&["fault", "acknowledge", &number], flag].concat())
                .get(&format!("{api}/{number}"))
        });
    if !looks.may_act || !fault.is_open() {
        return sheet;
    }
    let note = || said.fill(Field::new("note", frame.t("faults-note"), FieldKind::Line("text")));
    let resolve =
        FormBox::new(&frame, format!("{list}/{number}/resolve"), frame.t("faults-resolve")).field(note().required());
    let resolve = Section::new("resolve", frame.t("faults-resolve")).text(frame.t("faults-resolve-text")).with(resolve);
    if matches!(fault.state, FaultState::Acknowledged(_)) {
        return sheet.section(resolve);
    }
    let acknowledge =
        FormBox::new(&frame, format!("{list}/{number}/acknowledge"), frame.t("faults-acknowledge")).main();
    let acknowledge = Section::new("acknowledge", frame.t("faults-acknowledge"))
        .text(frame.t("faults-acknowledge-text"))
        .with(acknowledge);
    sheet.section(acknowledge).section(resolve)
}

fn facts(frame: &Frame, fault: &Fault, names: &BTreeMap<String, String>) -> Facts {
    let seconds = fault.duration(frame.now).num_seconds();
    let again = (fault.reopened > 0).then(|| Cell::Time(Instant::minute(frame.language, fault.opened)));
    let (by, end) = match &fault.state {
        FaultState::Open => (None, None),
        FaultState::Acknowledged(note) => (Some(noted(frame, note)), None),
        FaultState::Resolved(resolution) => (None, Some(ended(frame, resolution))),
    };
    Facts::new()
        .with(frame.t("faults-message"), Cell::English(fault.message.clone()))
        .with(frame.t("faults-severity"), Cell::Text(severity(frame, fault.severity)))
        .with(frame.t("faults-thing"), Cell::Code(fault.thing.clone()))
        .with(frame.t("faults-of"), of(frame, names, fault))
        .with(frame.t("sheet-since"), Cell::Time(Instant::minute(frame.language, fault.since)))
        .maybe(frame.t("faults-opened"), again)
        .with(frame.t("faults-count"), Cell::number(fault.count))
        .with(
            frame.t("faults-seconds"),
            Cell::Text(frame.msg("faults-seconds-value").with("seconds", seconds).to_string()),
        )
        .maybe(frame.t("faults-by"), by)
        .maybe(frame.t("faults-end"), end)
}

fn noted(frame: &Frame, note: &Note) -> Cell {
    let by = vec![Cell::text(note.by.to_string()), Cell::Time(Instant::minute(frame.language, note.at))];
    let note = (!note.note.is_empty()).then(|| Cell::text(&note.note));
    Cell::Lines(by.into_iter().chain(note).collect())
}

fn ended(frame: &Frame, resolution: &Resolution) -> Cell {
    let at = Cell::Time(Instant::minute(frame.language, resolution.at));
    match &resolution.by {
        Ended::Event(sign) => Cell::Lines(vec![
            at,
            Cell::Code(format!("{} {}", sign.event, sign.kind)),
            Cell::English(sign.message.clone()),
        ]),
        Ended::Hand(note) => noted(frame, note),
        Ended::Time => Cell::Lines(vec![at, Cell::Text(frame.t("faults-time"))]),
    }
}

fn causes(frame: &Frame, fault: &Fault, looks: Looks) -> Part {
    if fault.causes.is_empty() {
        return Empty::new(frame.t("faults-no-cause"), frame.t("faults-no-cause-text")).into();
    }
    let columns = [
        Column::new(frame.t("faults-kind")),
        Column::new(frame.t("faults-number")),
        Column::new(frame.t("faults-message")),
        Column::new(frame.t("faults-signs")),
    ];
    let row = |cause: &Cause| {
        let what = Cell::Text(kind(frame, cause.kind));
        // What is the broker's own is no business of its tenants.
        if cause.own && !looks.sees_all {
            let none = || Cell::Nothing(frame.t("none"));
            return Row::new([what, none(), Cell::Text(frame.t("faults-provider")), none()]);
        }
        let number = cause.fault.to_string();
        let base = if cause.own { OWN } else { LIST };
        let events: Vec<String> = cause.events.iter().map(i64::to_string).collect();
        Row::new([
            what,
            Cell::link(format!("{base}/{number}"), number),
            Cell::English(cause.message.clone()),
            Cell::Code(events.join(", ")),
        ])
    };
    Table::new(frame.t("faults-causes"), columns).rows(fault.causes.iter().map(row)).into()
}

fn signs(frame: &Frame, fault: &Fault) -> Table {
    let columns = [
        Column::number(frame.t("faults-event")),
        Column::new(frame.t("faults-at")),
        Column::new(frame.t("faults-kind")),
        Column::new(frame.t("faults-message")),
    ];
    let rows = fault.signs.iter().map(|sign| {
        Row::new([
            Cell::number(sign.event),
            Cell::Time(Instant::minute(frame.language, sign.at)),
            Cell::Code(sign.kind.clone()),
            Cell::English(sign.message.clone()),
        ])
    });
    Table::new(frame.t("faults-signs"), columns).rows(rows)
}
