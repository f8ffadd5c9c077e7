//! The picture of an application: what runs where, and who calls whom.

use super::Seen;
use crate::portal::{
    Language,
    drawing::topology::{Call, Component, Line, Topology},
    pages::plan::latency,
    parts::{StateMark, Tone},
};
use askama::{Template, filters::HtmlSafe};
use hansa_mco::model::{LinkLatency, Workload};

/// The picture with who calls whom.
#[derive(Debug, Template)]
#[template(path = "parts/app_picture.html")]
pub(super) struct Picture {
    language: Language,
    drawing: Topology,
    links: Vec<LinkRow>,
}

impl HtmlSafe for Picture {}

#[derive(Debug)]
struct LinkRow {
    from: String,
    to: String,
    port: String,
    expected: String,
    most: String,
}

impl Picture {
    pub(super) fn new(language: Language, seen: &Seen) -> Self {
        let model = &seen.detail.application.model;
        let plan = seen.detail.plan.as_ref().map(|(_, plan)| plan);
        let known: &[LinkLatency] = plan.map_or(&[], |plan| &plan.link_latencies);
        let expected = |from: &str, to: &str| {
            let found = known.iter().find(|link| link.from == from && link.to == to)?;
            found.worst_micros.map(|micros| latency(language, micros))
        };
        let components = model.components.iter().map(|(name, one)| {
            let wanted = plan
                .and_then(|plan| plan.components.get(name))
                .map_or_else(|| one.replicas.min(), |report| report.replicas);
            component(language, seen, name, wanted)
        });
        let calls: Vec<Call> = model
            .links
            .iter()
            .map(|link| Call {
                from: link.from.clone(),
                to: link.to.clone(),
                label: expected(&link.from, &link.to).unwrap_or_default(),
            })
            .collect();
        let links = model.links.iter().map(|link| LinkRow {
            from: link.from.clone(),
            to: link.to.clone(),
            port: link.port.clone().unwrap_or_default(),
            expected: expected(&link.from, &link.to).unwrap_or_else(|| language.t("unknown")),
            most: link.max_latency.map_or_else(String::new, |most| {
                latency(language, u32::try_from(most.duration().as_micros()).unwrap_or(u32::MAX))
            }),
        });
        let title = language.msg("app-picture-title").with("name", &seen.detail.application.name).to_string();
        Self { language, drawing: Topology::new(title, components.collect(), &calls), links: links.collect() }
    }
}

fn component(language: Language, seen: &Seen, name: &str, wanted: u32) -> Component {
    let workloads: Vec<&Workload> = seen.detail.workloads.iter().filter(|one| one.component == name).collect();
    let healthy = workloads.iter().filter(|one| one.state.is_fulfilled()).count();
    let mut lines: Vec<Line> = workloads.iter().map(|one| line(language, seen, one)).collect();
    let there = workloads.len();
    for _ in there..usize::try_from(wanted).unwrap_or_default().min(there + 1) {
        let word = language.t("state-missing");
        lines.push(Line { tone: Tone::Quiet, state: word.clone(), place: word, error: None });
    }
    // Trouble first: what doesn't fit is what is well.
    lines.sort_by_key(|line| std::cmp::Reverse((line.error.is_some(), trouble(line.tone))));
    let lines = grouped(lines);
    let more = language.msg("app-more").with("count", lines.len().saturating_sub(4)).to_string();
    Component { name: name.to_owned(), count: format!("{healthy}/{wanted}"), lines, more }
}

const fn trouble(tone: Tone) -> u8 {
    match tone {
        Tone::Bad => 4,
        Tone::Warn => 3,
        Tone::Busy => 2,
        Tone::Quiet => 1,
        Tone::Good => 0,
    }
}

/// Those that are alike become one line with their number.
fn grouped(lines: Vec<Line>) -> Vec<Line> {
    let mut groups: Vec<(Line, usize)> = Vec::new();
    for line in lines {
        match groups.iter_mut().find(|(known, _)| *known == line) {
            Some((_, count)) => *count += 1,
            None => groups.push((line, 1)),
        }
    }
    let said = |(line, count): (Line, usize)| match count {
        1 => line,
        count => Line { place: format!("{count} \u{d7} {}", line.place), ..line },
    };
    groups.into_iter().map(said).collect()
}

fn line(language: Language, seen: &Seen, workload: &Workload) -> Line {
    let mark = StateMark::of(language, workload.state.name());
    let machine = seen.detail.machines.iter().find(|machine| machine.id == workload.machine);
    let lost = machine.is_some_and(|machine| machine.state == hansa_mco::model::MachineState::Lost);
    Line {
        tone: if lost { Tone::Bad } else { mark.tone },
        state: if lost { language.t("app-partner-lost") } else { mark.word },
        place: format!("{} \u{b7} {}", seen.names.site(&workload.site), seen.names.provider(&workload.provider)),
        error: if lost { Some(language.t("app-partner-lost")) } else { workload.state.reason().map(str::to_owned) },
    }
}
