//! `hansa policy …`: scaling policies over recorded measurements, without a broker.

use super::{
    Output, OutputFormat, Table,
    model::{read_model, refused},
    policy_arguments::{PolicyCommand, PolicyTest},
    read_input, tosca,
};
use crate::failure::Failure;
use hansa_application::is_template;
use hansa_ontology::{
    ResourceModel,
    resource_model::scaling::{MicadoLevel, Scaling},
};
use hansa_scaling::{
    micado::PolicySet,
    replay::{Compared, MOST_ROUNDS, Replayed, Series, micado_names_asked, names_asked, replay, replay_micado, table},
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// How the policies of one target did.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Tested {
    file: String,
    target: String,
    kind: Kind,
    #[serde(flatten)]
    replayed: Replayed,
}

/// What a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Component,
    Machines,
}

/// Replays.
pub(super) async fn run(format: OutputFormat, ca_file: Option<&Path>, command: PolicyCommand) -> Result<(), Failure> {
    let PolicyCommand::Test(asked) = command;
    let inputs = asked.files.iter().chain([&asked.series]).filter(|file| file.as_os_str() == "-").count();
    if inputs > 1 {
        return Err(Failure::input("only one of FILE and SERIES can be standard input (`-`): save the others"));
    }
    let mut models = Vec::new();
    for file in &asked.files {
        models.push((file.display().to_string(), read(ca_file, file, &asked).await?));
    }
    let series = read_series(&asked.series)?;
    if let Some(objective) = asked.objective.as_ref().filter(|it| !series.names().any(|name| *name == it.metric)) {
        return Err(Failure::input(format!("--objective: {}", lacks(&asked.series, &series, [&objective.metric]))));
    }
    let mut tested = Vec::new();
    for (file, model) in &models {
        measured(file, model, &series, &asked)?;
        tested.extend(replayed(file, model, &series, &asked));
    }
    if tested.iter().any(|one| one.replayed.cut) {
        let end = "the rest of the series was left out: give a longer --interval";
        eprintln!("warning: {MOST_ROUNDS} rounds were replayed, and {end}");
    }
    show(format, &asked, tested)
}

/// A model of a file, with the targets that are asked for alone.
async fn read(ca_file: Option<&Path>, file: &Path, asked: &PolicyTest) -> Result<ResourceModel, Failure> {
    let bytes = read_input(file)?;
    let mut model = if is_template(&bytes) {
        tosca::model(ca_file, file, bytes, &asked.values).await?.0
    } else {
        let (model, warnings) = read_model(file, &bytes).map_err(refused)?;
        for warning in warnings {
            eprintln!("warning: {warning}");
        }
        model
    };
    let targets = targets(&model);
    let name = file.display();
    if targets.is_empty() {
        let remedy = "give a component or a machine group a `scaling`, or the model policies of MiCADO (`micado`)";
        return Err(Failure::input(format!("{name}: it has no scaling policy: {remedy}")));
    }
    if let Some(component) = &asked.component {
        if !targets.contains(component) {
            let said = format!("{name}: --component: no policy scales `{component}`; those that are scaled: ");
            return Err(Failure::input(said + &list(&targets)));
        }
        model.components.iter_mut().filter(|(name, _)| *name != component).for_each(|(_, it)| it.scaling = None);
        model.machines.iter_mut().filter(|(name, _)| *name != component).for_each(|(_, it)| it.scaling = None);
        // MiCADO's policies decide together; one alone would decide otherwise.
        if !model.micado.iter().any(|policy| policy.target == *component) {
            model.micado.clear();
        }
    }
    Ok(model)
}

/// What is scaled, by name.
fn targets(model: &ResourceModel) -> BTreeSet<String> {
    let own = scaled(model).map(|(_, name, _)| name);
    own.chain(model.micado.iter().map(|policy| policy.target.as_str())).map(str::to_owned).collect()
}

fn scaled(model: &ResourceModel) -> impl Iterator<Item = (Kind, &str, &Scaling)> {
    let components = model.components.iter().map(|(name, it)| (Kind::Component, name, it.scaling.as_ref()));
    let groups = model.machines.iter().map(|(name, it)| (Kind::Machines, name, it.scaling.as_ref()));
    components.chain(groups).filter_map(|(kind, name, scaling)| Some((kind, name.as_str(), scaling?)))
}

fn read_series(file: &Path) -> Result<Series, Failure> {
    let (name, bytes) = (file.display(), read_input(file)?);
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Failure::input(format!("{name}: line {line}: it holds a byte that is no UTF-8: save the file as UTF-8"))
    })?;
    let series = Series::parse(text).map_err(|fault| Failure::input(format!("{name}: {fault}")))?;
    if series.span().is_none() {
        return Err(Failure::input(format!("{name}: it has no sample: write lines of time,name,value")));
    }
    Ok(series)
}

/// Whether the series has what the policies ask. Without anything of it a
/// replay says nothing; without a part it goes on as the broker would, and that is told.
fn measured(file: &str, model: &ResourceModel, series: &Series, asked: &PolicyTest) -> Result<(), Failure> {
    let mut names = BTreeMap::<String, Vec<&str>>::new();
    for (_, target, scaling) in scaled(model) {
        for name in names_asked(scaling) {
            names.entry(name).or_default().push(target);
        }
    }
    let shared = names.iter().find(|(name, by)| by.len() > 1 && !name.starts_with("promql:"));
    if let Some((name, by)) = shared {
        let said = format!("{file}: {} measure `{name}` each of their own, and a series has one of it", list(by));
        return Err(Failure::input(format!("{said}: choose one of them with --component")));
    }
    let (queries, alerts) = micado_names_asked(&PolicySet::compile(&model.micado).0);
    let has = |name: &&String| series.names().any(|one| one == *name);
    let all: BTreeSet<&String> = names.keys().chain(&queries).chain(&alerts).collect();
    let missing: BTreeSet<&String> = all.iter().copied().filter(|name| !has(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let said = format!("{file}: {}", lacks(&asked.series, series, missing.iter().copied()));
    if missing.len() == all.len() {
        return Err(Failure::input(said));
    }
    let (silent, unmeasured): (Vec<&String>, _) = missing.into_iter().partition(|name| alerts.contains(*name));
    if !unmeasured.is_empty() {
        eprintln!("warning: {said}; what is missing is replayed as a measurement that fails");
    }
    if !silent.is_empty() {
        eprintln!("warning: {file}: without a sample these alerts never hold: {}", list(silent));
    }
    Ok(())
}

fn lacks<'n>(file: &Path, series: &Series, missing: impl IntoIterator<Item = &'n String>) -> String {
    format!("{} has no {}; it has {}", file.display(), list(missing), list(series.names()))
}

/// The first names of a list, in words.
fn list<T: std::fmt::Display>(names: impl IntoIterator<Item = T>) -> String {
    const MOST: usize = 20;
    let all: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match all.split_at_checked(MOST) {
        Some((first, rest)) if !rest.is_empty() => format!("{} and {} more", first.join(", "), rest.len()),
        _ => all.join(", "),
    }
}

fn replayed(file: &str, model: &ResourceModel, series: &Series, asked: &PolicyTest) -> Vec<Tested> {
    let options = asked.options();
    let tested = |target: &str, kind: Kind, replayed: Replayed| Tested {
        file: file.to_owned(),
        target: target.to_owned(),
        kind,
        replayed,
    };
    let mut all: Vec<Tested> = scaled(model)
        .map(|(kind, target, scaling)| tested(target, kind, replay(target, scaling, series, &options)))
        .collect();
    let (set, _) = PolicySet::compile(&model.micado);
    for (level, target, replayed) in replay_micado(&set, series, &options) {
        let kind = if level == MicadoLevel::Machine { Kind::Machines } else { Kind::Component };
        if asked.component.as_deref().is_none_or(|component| component == target) {
            all.push(tested(target, kind, replayed));
        }
    }
    all
}

fn show(format: OutputFormat, asked: &PolicyTest, mut tested: Vec<Tested>) -> Result<(), Failure> {
    let table_of = format == OutputFormat::Table;
    if asked.changes || (table_of && !asked.all) {
        for one in &mut tested {
            one.replayed.decisions.retain(hansa_scaling::Decision::changes);
        }
    }
    Output::new(format).show(&tested, |tested| {
        let several = asked.files.len() > 1;
        // Of several files it is the comparison that is asked.
        let mut text = if several && !asked.all && !asked.changes { String::new() } else { decisions_text(tested) };
        let name = |one: &Tested| if several { format!("{}: {}", one.file, one.target) } else { one.target.clone() };
        let compared: Vec<Compared> = tested.iter().map(|one| Compared::of(name(one), &one.replayed)).collect();
        text.push_str(&table(&compared));
        text
    })
}

/// All decisions in the order of time.
fn decisions_text(tested: &[Tested]) -> String {
    let mut rows: Vec<_> =
        tested.iter().flat_map(|one| one.replayed.decisions.iter().map(move |it| (one, it))).collect();
    rows.sort_by_key(|(one, decision)| (&one.file, decision.at));
    let several = tested.iter().any(|one| tested.first().is_some_and(|first| first.file != one.file));
    let headings = ["FILE", "TIME", "TARGET", "FROM", "TO", "WHY"];
    let first = usize::from(!several);
    let mut table = Table::with_headings("no decision changes the number", headings.get(first..).unwrap_or_default())
        .right(&[3 - first, 4 - first]);
    for (one, decision) in rows {
        let file = several.then(|| one.file.clone());
        let cells = [
            decision.at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
            decision.target.clone(),
            decision.from.to_string(),
            decision.to.to_string(),
            decision.why(),
        ];
        table.cells(file.into_iter().chain(cells));
    }
    format!("{}\n\n", table.text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_cut() {
        assert_eq!(list(["a", "b"]), "`a`, `b`");
        assert!(list(0..25).ends_with("`19` and 5 more"));
    }
}
