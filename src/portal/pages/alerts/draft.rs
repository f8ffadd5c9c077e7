//! A rule that is stated or changed: tested first, then kept.

use super::{LIST, RULES, labels, lacking, of_project, of_rule, severity, value};
use crate::portal::{
    Frame,
    pages::owners::Entered,
    parts::{Choice, Empty, Field, FieldKind},
    sheet::{Column, FormBox, Part, Row, Section, Sheet, Table},
};
use hansa_assurance::{
    alert::{Answer, Rule},
    fault::Severity,
};

/// The fields of a rule; the first stands for the whole.
pub(crate) const FIELDS: [&str; 6] = ["expr", "name", "for", "severity", "summary", "enabled"];

/// What was entered of a rule.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// The rule that is changed; none: another.
    pub(crate) name: Option<String>,
    /// The version of it that was shown.
    pub(crate) version: Option<i64>,
    /// What stands in the fields.
    pub(crate) said: Entered,
}

/// What came of a test.
#[derive(Debug)]
pub(crate) struct Trial(pub(crate) Answer);

/// What stands in the fields of a rule.
pub(super) fn entered(rule: &Rule) -> Entered {
    Entered::of([
        ("expr", rule.expr.clone()),
        ("for", rule.hold.to_string()),
        ("severity", rule.severity.name().to_owned()),
        ("summary", rule.summary.clone().unwrap_or_default()),
        ("enabled", if rule.enabled { "yes" } else { "no" }.to_owned()),
    ])
}

/// The page: the form, and once the rule was tested what it holds for now, and the button that keeps it.
pub(crate) fn draft(frame: Frame, project: &str, draft: &Draft, trial: Option<&Trial>) -> Sheet {
    let title = match &draft.name {
        Some(name) => frame.msg("alerts-change-title").with("name", name).to_string(),
        None => frame.t("alerts-new"),
    };
    let sheet = Sheet::new(frame.clone(), title).crumb(of_project(LIST, project), frame.t("nav-alerts"));
    let sheet = match &draft.name {
        Some(name) => sheet.crumb(of_rule(name, project), name),
        None => sheet,
    };
    let sheet = sheet
        .intro(frame.t("alerts-test-text"))
        .notice(draft.said.notice(frame.t("alerts-refused")))
        .notice(lacking(&frame, trial.and_then(|trial| trial.0.lacking.as_deref())));
    let sheet = match trial {
        Some(trial) => sheet.section(tested(&frame, project, draft, trial)),
        None => sheet,
    };
    let name = draft.name.as_deref().unwrap_or("NAME");
    let body = r#"{"expr": "hansa_workload_healthy == 0", "for": "2m", "severity": "major"}"#;
    sheet.section(Section::new("rule", frame.t("alerts-rule")).with(form(&frame, project, draft))).also(|also| {
        also.cli(&["alert", "set", name, "hansa_workload_healthy == 0", "--for", "2m"])
            .cli(&["alert", "test", name])
            .request(
                "PUT",
                &of_project(&format!("/api/v1/alerts/{name}"), project),
                Some(("application/json", body)),
                &[],
            )
    })
}

/// What it holds for now, and the button that keeps it.
fn tested(frame: &Frame, project: &str, draft: &Draft, Trial(answer): &Trial) -> Section {
    let columns = [Column::new(frame.t("alerts-labels")), Column::number(frame.t("alerts-value"))];
    let holds: Part = if answer.holds.is_empty() {
        Empty::new(frame.t("alerts-holds-none"), frame.t("alerts-tested-none")).into()
    } else {
        let rows = answer.holds.iter().map(|one| Row::new([labels(frame, &one.labels), value(frame, one.value)]));
        Table::new(frame.t("alerts-tested"), columns).rows(rows).into()
    };
    let save = FormBox::new(frame, of_project(RULES, project), frame.t("alerts-save")).main().hidden("step", "save");
    let save = FIELDS
        .iter()
        .filter(|field| **field != "name")
        .fold(identified(save, draft), |form, field| form.hidden(field, draft.said.value(field)));
    let save = if draft.name.is_none() { save.hidden("name", draft.said.value("name")) } else { save };
    Section::new("tested", frame.t("alerts-tested")).with(holds).with(save)
}

/// With the rule that is changed, and its version.
fn identified(form: FormBox, draft: &Draft) -> FormBox {
    let form = match &draft.name {
        Some(name) => form.hidden("name", name).hidden("changed", "yes"),
        None => form,
    };
    match draft.version {
        Some(version) => form.hidden("version", version.to_string()),
        None => form,
    }
}

/// The fields, which are tested.
pub(super) fn form(frame: &Frame, project: &str, draft: &Draft) -> FormBox {
    let line = |name, label| Field::new(name, frame.t(label), FieldKind::Line("text"));
    let choice = |values: Vec<(&str, String)>| {
        let choices = values.into_iter().map(|(value, label)| Choice { value: value.to_owned(), label });
        FieldKind::Choice(choices.collect())
    };
    let severities = Severity::ALL.iter().map(|one| (one.name(), severity(frame, one.name()))).collect();
    let asked = vec![("yes", frame.t("alerts-on")), ("no", frame.t("alerts-off"))];
    let said = &draft.said;
    let form = FormBox::new(frame, of_project(RULES, project), frame.t("alerts-test")).hidden("step", "test");
    let form = identified(form, draft);
    let form = match &draft.name {
        Some(_) => form,
        None => form.field(said.fill(line("name", "sheet-name").hint(frame.t("alerts-name-hint")).required())),
    };
    let expr = Field::new("expr", frame.t("alerts-expr"), FieldKind::Lines(3)).hint(frame.t("alerts-expr-hint"));
    let severity = Field::new("severity", frame.t("faults-severity"), choice(severities)).value("major");
    form.field(said.fill(expr.required()))
        .field(said.fill(line("for", "alerts-for").hint(frame.t("alerts-for-hint"))))
        .field(said.fill(severity))
        .field(said.fill(line("summary", "alerts-summary").hint(frame.t("alerts-summary-hint"))))
        .field(said.fill(Field::new("enabled", frame.t("alerts-enabled"), choice(asked)).value("yes")))
}
