//! Maintenance: what is drained and how far, what would move, what can't and why.

use super::{Entered, choice, columns, line, text_or_none};
use crate::portal::{
    Frame,
    pages::{names::Names, offers::encoded},
    parts::{Empty, Field, FieldKind, Instant, Notice, StateMark, Tone},
    sheet::{Cell, Facts, FormBox, Meter, Part, Row, Section, Sheet, Table},
};
use chrono::{DateTime, Utc};
use hansa_iam::model::Action;
use hansa_mco::Fate;
use hansa_ontology::SiteId;
use hansa_pim::{Maintenance, MaintenanceTarget};
use hansa_service_orchestrator::Move;

/// Where the list is.
pub(crate) const LIST: &str = "/infrastructure/maintenance";
/// The fields of what is to be drained; the first stands for the whole.
pub(crate) const FIELDS: [&str; 4] = ["target", "reason", "deadline", "leaveVolumes"];

/// How a maintenance stands.
#[derive(Debug)]
pub(crate) struct Stands {
    /// What was begun, or would be.
    pub(crate) begun: Maintenance,
    /// What is there, and what becomes of it.
    pub(crate) moves: Vec<Move>,
    /// Its state's stable name.
    pub(crate) state: &'static str,
}

/// What can be drained.
#[derive(Debug)]
pub(crate) struct Targets {
    /// Nodes by name, with their sites.
    pub(crate) nodes: Vec<(String, SiteId)>,
    /// Sites that have nodes, with their names.
    pub(crate) sites: Vec<(SiteId, String)>,
}

/// The page of a maintenance.
pub(crate) fn address(begun: &Maintenance) -> String {
    format!("{LIST}/{}", begun.id)
}

/// Where one asks what draining a node would move.
pub(crate) fn of_node(name: &str) -> String {
    format!("{LIST}/new?target={}", encoded(&format!("node/{name}")))
}

/// What people call it, where no catalogue is at hand.
pub(crate) fn target_name(target: &MaintenanceTarget) -> String {
    match target {
        MaintenanceTarget::Node(name) => name.clone(),
        MaintenanceTarget::Site(site) => site.short().to_owned(),
    }
}

fn called(frame: &Frame, target: &MaintenanceTarget, names: &Names) -> String {
    match target {
        MaintenanceTarget::Node(name) => frame.msg("maintenance-node").with("name", name).to_string(),
        MaintenanceTarget::Site(site) => frame.msg("maintenance-site").with("name", names.site(site)).to_string(),
    }
}

/// What is under maintenance.
pub(crate) fn list(frame: Frame, all: &[Stands], names: &Names) -> Sheet {
    let section = Section::plain("maintenance");
    let section = if all.is_empty() {
        section.with(Empty::new(frame.t("maintenance-none"), frame.t("maintenance-none-text")))
    } else {
        let rows = all.iter().map(|one| {
            Row::new([
                Cell::link(address(&one.begun), called(&frame, &one.begun.target, names)),
                Cell::State(StateMark::of(frame.language, one.state)),
                progress(&frame, one),
                text_or_none(&frame, &one.begun.reason),
                Cell::Time(Instant::ago(frame.language, one.begun.begun_at, frame.now)),
                deadline(&frame, one.begun.deadline),
            ])
        });
        let labels = [
            "maintenance-what",
            "sheet-state",
            "maintenance-progress",
            "maintenance-reason",
            "sheet-since",
            "maintenance-deadline",
        ];
        section.with(Table::new(frame.t("maintenance-title"), columns(&frame, labels)).rows(rows))
    };
    let sheet = Sheet::new(frame.clone(), frame.t("maintenance-title"))
        .crumb("/infrastructure", frame.t("nav-infrastructure"))
        .intro(frame.t("maintenance-intro"))
        .section(section)
        .also(|also| also.cli(&["maintenance", "list"]).get("/admin/v1/maintenance"));
    if frame.may(Action::MaintenanceWrite) {
        sheet.action(format!("{LIST}/new"), frame.t("maintenance-new"))
    } else {
        sheet
    }
}

/// How much has left. What has none is empty from the beginning.
fn progress(frame: &Frame, one: &Stands) -> Cell {
    let left = one.moves.len() as u64;
    let whole = one.begun.machines_at_begin.max(left);
    let said = frame.msg("maintenance-left").with("left", left).with("whole", whole).to_string();
    if whole == 0 {
        Cell::Text(frame.t("maintenance-empty"))
    } else {
        Cell::Meter(Meter::progress(whole - left, whole, said))
    }
}

fn deadline(frame: &Frame, deadline: Option<DateTime<Utc>>) -> Cell {
    match deadline {
        Some(at) => Cell::Time(Instant::minute(frame.language, at)),
        None => Cell::Nothing(frame.t("none")),
    }
}

/// What is to be drained, and what would move then.
pub(crate) fn new(frame: Frame, targets: &Targets, said: &Entered, preview: Option<&Stands>, names: &Names) -> Sheet {
    let sheet = Sheet::new(frame.clone(), frame.t("maintenance-new"))
        .crumb("/infrastructure", frame.t("nav-infrastructure"))
        .crumb(LIST, frame.t("maintenance-title"))
        .intro(frame.t("maintenance-new-text"))
        .notice(said.notice(frame.t("maintenance-refused")))
        .section(asking(&frame, targets, said, preview.is_none()))
        .also(|also| {
            let target = match said.value("target") {
                "" => "node/NAME",
                target => target,
            };
            let (kind, name) = target.split_once('/').unwrap_or(("node", "NAME"));
            let body = serde_json::json!({ kind: name }).to_string();
            let body = Some(("application/json", body.as_str()));
            also.cli(&["maintenance", "drain", target, "--dry-run"])
                .cli(&["maintenance", "drain", target, "--wait"])
                .request("POST", "/admin/v1/maintenance?dryRun=true", body, &[])
                .request("POST", "/admin/v1/maintenance", body, &["Idempotency-Key: KEY"])
        });
    match preview {
        Some(preview) => sheet.section(would(&frame, said, preview, names)),
        None => sheet,
    }
}

fn asking(frame: &Frame, targets: &Targets, said: &Entered, first: bool) -> Section {
    let nodes = targets.nodes.iter().map(|(name, site)| {
        let site = targets.sites.iter().find(|(id, _)| id == site).map_or(site.short(), |(_, name)| name.as_str());
        let label = frame.msg("maintenance-node-at").with("name", name).with("site", site).to_string();
        (format!("node/{name}"), label)
    });
    let sites = targets
        .sites
        .iter()
        .map(|(id, name)| (format!("site/{id}"), frame.msg("maintenance-site").with("name", name).to_string()));
    let yes_no = [("", "maintenance-volumes-stay"), ("yes", "maintenance-volumes-leave")];
    let form = FormBox::new(frame, format!("{LIST}/new"), frame.t("maintenance-preview"))
        .asking()
        .field(said.fill(Field::new("target", frame.t("maintenance-what"), choice(nodes.chain(sites))).required()))
        .field(said.fill(line(frame, "reason", "maintenance-reason").hint(frame.t("maintenance-reason-hint"))))
        .field(
            said.fill(
                Field::new("deadline", frame.t("maintenance-deadline-field"), FieldKind::Line("datetime-local"))
                    .hint(frame.t("maintenance-deadline-hint")),
            ),
        )
        .field(said.fill(Field::new(
            "leaveVolumes",
            frame.t("maintenance-volumes"),
            choice(yes_no.map(|(value, label)| (value.to_owned(), frame.t(label)))),
        )));
    Section::plain("ask").with(if first { form.main() } else { form })
}

/// What would move, before anything does.
fn would(frame: &Frame, said: &Entered, preview: &Stands, names: &Names) -> Section {
    let stays = preview.moves.iter().filter(|one| matches!(one.departure.fate, Fate::Stays(_))).count();
    let count = frame.msg("maintenance-would-count").with("count", preview.moves.len()).to_string();
    let section = Section::new(
        "would",
        frame.msg("maintenance-would").with("name", called(frame, &preview.begun.target, names)).to_string(),
    )
    .text(count)
    .with(moves(frame, &preview.moves, names));
    let section = if stays > 0 {
        let told = frame.msg("maintenance-would-stay").with("count", stays).to_string();
        section.with(Notice::new(Tone::Warn, told))
    } else {
        section
    };
    let begin = FIELDS.iter().fold(FormBox::new(frame, LIST, frame.t("maintenance-begin")), |form, name| {
        form.hidden(name, said.value(name))
    });
    section.with(begin.main())
}

/// What is there, and what becomes of it.
fn moves(frame: &Frame, moves: &[Move], names: &Names) -> Part {
    if moves.is_empty() {
        return Empty::new(frame.t("maintenance-nothing"), frame.t("maintenance-nothing-text")).into();
    }
    let rows = moves.iter().map(|one| {
        let departure = &one.departure;
        let name = if one.name.is_empty() { departure.application.to_string() } else { one.name.clone() };
        let name = if frame.may(Action::ApplicationRead) && departure.customer.is_none() {
            Cell::link(format!("/applications/{}", departure.application), name)
        } else {
            Cell::Text(name)
        };
        let name = match &departure.customer {
            Some(partner) => Cell::Lines(vec![name, Cell::Code(partner.clone())]),
            None => name,
        };
        let instances = departure.instances.iter().map(|one| Cell::Text(format!("{}#{}", one.component, one.ordinal)));
        let instances: Vec<Cell> = instances.collect();
        let (state, end) = match &departure.fate {
            Fate::Going => ("moving", Cell::Nothing(frame.t("unknown"))),
            Fate::To(places) => {
                ("moves", Cell::Lines(places.iter().map(|(_, site)| Cell::Text(names.site(site))).collect()))
            }
            Fate::Stays(why) => ("stays", Cell::English(why.clone())),
        };
        Row::new([
            name,
            if instances.is_empty() { Cell::Nothing(frame.t("none")) } else { Cell::Lines(instances) },
            Cell::text(&departure.node),
            Cell::State(StateMark::of(frame.language, state)),
            end,
        ])
    });
    let labels = [
        "maintenance-application",
        "maintenance-instances",
        "infrastructure-node",
        "sheet-state",
        "maintenance-end-of-it",
    ];
    Table::new(frame.t("maintenance-moves"), columns(frame, labels)).rows(rows).into()
}

/// One maintenance: how far it is, what is still there, and its end.
pub(crate) fn one(frame: Frame, stands: &Stands, names: &Names) -> Sheet {
    let (begun, id) = (&stands.begun, stands.begun.id.to_string());
    let path = format!("/admin/v1/maintenance/{id}");
    let facts = Facts::new()
        .with(frame.t("maintenance-progress"), progress(&frame, stands))
        .with(frame.t("maintenance-reason"), text_or_none(&frame, &begun.reason))
        .with(frame.t("maintenance-by"), Cell::text(begun.begun_by.to_string()))
        .with(frame.t("sheet-since"), Cell::Time(Instant::minute(frame.language, begun.begun_at)))
        .with(frame.t("maintenance-deadline"), deadline(&frame, begun.deadline))
        .maybe(
            frame.t("maintenance-drained"),
            begun.drained_at.map(|at| Cell::Time(Instant::minute(frame.language, at))),
        )
        .with(
            frame.t("maintenance-volumes"),
            Cell::Text(frame.t(if begun.leave_volumes {
                "maintenance-volumes-leave"
            } else {
                "maintenance-volumes-stay"
            })),
        );
    let version = format!("If-Match: \"{}\"", begun.version);
    let sheet = Sheet::new(frame.clone(), called(&frame, &begun.target, names))
        .crumb("/infrastructure", frame.t("nav-infrastructure"))
        .crumb(LIST, frame.t("maintenance-title"))
        .state(StateMark::of(frame.language, stands.state))
        .section(Section::plain("facts").with(facts))
        .section(Section::new("there", frame.t("maintenance-there")).with(moves(&frame, &stands.moves, names)))
        .also(|also| {
            also.cli(&["maintenance", "show", &id]).cli(&["maintenance", "resume", &id]).get(&path).request(
                "DELETE",
                &path,
                None,
                &[&version],
            )
        });
    let sheet =
        if stands.moves.is_empty() { sheet } else { sheet.action(address(begun), frame.t("maintenance-again")) };
    if !frame.may(Action::MaintenanceWrite) {
        return sheet;
    }
    let end = FormBox::new(&frame, format!("{}/end", address(begun)), frame.t("maintenance-end"))
        .hidden("version", begun.version.to_string())
        .main();
    sheet.section(Section::new("end", frame.t("maintenance-end")).text(frame.t("maintenance-end-text")).with(end))
}
