//! What would happen, before it does: the plan of a new application, of an
//! update, of another number of instances; and what goes with a removal.

use super::{
    names::Names,
    plan::{PlanView, monthly},
    source::{Change, difference},
};
use crate::portal::{Frame, Place, parts::AlsoBy};
use askama::Template;
use hansa_mco::model::{Machine, Plan};
use hansa_ontology::Money;

/// What is about to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deed {
    /// The page's title.
    pub title: String,
    /// The application's id and name, where there is one already.
    pub application: Option<(String, String)>,
    /// Where the form goes.
    pub action: String,
    /// What the form carries, besides its token.
    pub fields: Vec<(String, String)>,
    /// The label of the button.
    pub button: String,
    /// Where one goes back to correct it.
    pub back: String,
}

/// How a new plan differs from what is rented.
#[derive(Debug)]
struct Difference {
    kept: usize,
    new: usize,
    going: Vec<String>,
    before: String,
    after: String,
    monthly: String,
}

/// A deed and its plan.
#[derive(Debug, Template)]
#[template(path = "confirm.html")]
pub(crate) struct ConfirmPage {
    frame: Frame,
    deed: Deed,
    lines: Vec<(char, String)>,
    too_long: bool,
    difference: Option<Difference>,
    plan: PlanView,
    also: AlsoBy,
}

impl ConfirmPage {
    /// Of a plan; with what is rented now where there is something, and with
    /// the model's text before and after where that changes.
    pub(crate) fn new(
        frame: Frame,
        deed: Deed,
        names: &Names,
        plan: &Plan,
        rented: Option<&[Machine]>,
        texts: Option<(&str, &str)>,
        also: AlsoBy,
    ) -> Self {
        let language = frame.language;
        let changes = texts.map(|(old, new)| difference(old, new));
        let too_long = matches!(changes, Some(None));
        let lines = changes.flatten().unwrap_or_default().into_iter().map(|change| match change {
            Change::Same(line) => (' ', line.to_owned()),
            Change::Added(line) => ('+', line.to_owned()),
            Change::Gone(line) => ('-', line.to_owned()),
            Change::Skipped => ('~', String::new()),
        });
        let difference = rented.map(|rented| {
            let before = Money::new(rented.iter().map(|machine| machine.price_per_hour.micros).sum(), plan.currency);
            let after = Money::new(plan.price_per_hour_micros, plan.currency);
            let stays = |machine: &&Machine| plan.machines.iter().any(|planned| planned.held == Some(machine.id));
            let going = rented.iter().filter(|machine| !stays(machine));
            Difference {
                kept: plan.machines.iter().filter(|machine| machine.held.is_some()).count(),
                new: plan.machines.iter().filter(|machine| machine.held.is_none()).count(),
                going: going
                    .map(|machine| format!("{} \u{b7} {}", machine.terms.title, names.site(&machine.terms.site)))
                    .collect(),
                before: language.money(before),
                after: language.money(after),
                monthly: language.money_rounded(monthly(Money::new(after.micros - before.micros, plan.currency))),
            }
        });
        Self {
            lines: lines.collect(),
            too_long,
            difference,
            plan: PlanView::new(language, names, plan),
            frame,
            deed,
            also,
        }
    }
}

/// What goes with an application.
#[derive(Debug, Template)]
#[template(path = "remove.html")]
pub(crate) struct RemovePage {
    frame: Frame,
    id: String,
    name: String,
    version: i64,
    machines: Vec<String>,
    workloads: usize,
    volumes: Vec<String>,
    also: AlsoBy,
}

impl RemovePage {
    /// Of what there is.
    pub(crate) fn new(
        frame: Frame,
        application: &hansa_service_orchestrator::Application,
        names: &Names,
        machines: &[Machine],
        workloads: usize,
    ) -> Self {
        let name = application.name.clone();
        let also = AlsoBy::new(&frame)
            .cli(&["app", "remove", &name, "--dry-run"])
            .cli(&["app", "remove", &name])
            .request("DELETE", &format!("/api/v1/applications/{name}"), None, &[]);
        let of = |machine: &Machine| format!("{} \u{b7} {}", machine.terms.title, names.site(&machine.terms.site));
        let components = application.model.components.iter();
        let volumes = components
            .flat_map(|(component, one)| one.volumes.keys().map(move |volume| format!("{component}/{volume}")));
        Self {
            id: application.id.to_string(),
            version: application.version,
            machines: machines.iter().map(of).collect(),
            workloads,
            volumes: volumes.collect(),
            name,
            also,
            frame,
        }
    }
}
