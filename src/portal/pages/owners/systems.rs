//! Real systems: what is connected, what each has, and offers made of that.

use super::{Entered, choice, columns, line, text_or_none};
use crate::portal::{
    Frame,
    pages::offers::{decimal, encoded, kind_word, memory},
    parts::{Empty, Field, FieldKind, Instant, Notice, StateMark, Tone},
    sheet::{Cell, Column, Facts, FormBox, Row, Section, Sheet, Table},
};
use hansa_iam::model::Action;
use hansa_ontology::{OfferKind, Site};
use hansa_repository::system::{Backing, Host, HostState, Room, Standing, System, SystemReport};
use rust_decimal::Decimal;

/// Where the list is.
pub(crate) const LIST: &str = "/infrastructure/systems";
/// The fields of a system; the first stands for the whole.
pub(crate) const FIELDS: [&str; 7] = ["name", "kind", "site", "address", "credential", "trust", "settings"];
/// The fields of the rule by which offers are made.
pub(crate) const RULE: [&str; 9] = [
    "flavours",
    "currency",
    "base",
    "perCpu",
    "perGibMemory",
    "perGibDisk",
    "perGpu",
    "capabilities",
    "availabilityPercent",
];

/// What a form offers to choose from.
#[derive(Debug, Default)]
pub(crate) struct Choices {
    /// Kinds of system.
    pub(crate) kinds: Vec<&'static str>,
    /// Sites of this provider.
    pub(crate) sites: Vec<Site>,
    /// Names of credentials.
    pub(crate) credentials: Vec<String>,
}

/// A system with how it was last found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) system: System,
    pub(crate) gives: Option<OfferKind>,
    pub(crate) standing: Standing,
}

fn address(name: &str) -> String {
    format!("{LIST}/{}", encoded(name))
}

/// The list, and the form for another one.
pub(crate) fn list(frame: Frame, all: &[Found], choices: &Choices, said: &Entered) -> Sheet {
    let section = Section::plain("systems");
    let section = if all.is_empty() {
        section.with(Empty::new(frame.t("systems-none"), frame.t("systems-none-text")))
    } else {
        let rows = all.iter().map(|found| {
            let system = &found.system;
            let software = found.standing.report.as_ref().map_or("", |report| report.software.as_str());
            Row::new([
                Cell::link(address(&system.name), &system.name),
                Cell::text(&system.kind),
                Cell::text(system.site.short()),
                Cell::State(state(&frame, &found.standing)),
                text_or_none(&frame, software),
                seen(&frame, &found.standing),
            ])
        });
        let labels = ["sheet-name", "systems-kind", "offers-site", "sheet-state", "systems-software", "systems-seen"];
        section.with(Table::new(frame.t("systems-title"), columns(&frame, labels)).rows(rows))
    };
    let body = r#"{"name": "edge", "kind": "docker", "site": "SITE", "address": "unix:///run/docker.sock"}"#;
    let sheet = Sheet::new(frame.clone(), frame.t("systems-title"))
        .crumb("/infrastructure", frame.t("nav-infrastructure"))
        .intro(frame.t("systems-intro"))
        .notice(said.notice(frame.t("systems-refused")))
        .section(section)
        .also(|also| {
            also.cli(&["system", "list"])
                .cli(&[
                    "system",
                    "connect",
                    "edge",
                    "--kind",
                    "docker",
                    "--site",
                    "SITE",
                    "--address",
                    "unix:///run/docker.sock",
                ])
                .get("/admin/v1/systems")
                .request("POST", "/admin/v1/systems", Some(("application/json", body)), &["Idempotency-Key: KEY"])
        });
    if !frame.may(Action::SystemWrite) {
        return sheet;
    }
    let kinds = choice(choices.kinds.iter().map(|kind| ((*kind).to_owned(), (*kind).to_owned())));
    let sites = choice(choices.sites.iter().map(|site| (site.id.to_string(), site.name.clone())));
    let form = FormBox::new(&frame, LIST, frame.t("systems-connect"))
        .field(said.fill(line(&frame, "name", "sheet-name").hint(frame.t("systems-name-hint")).required()))
        .field(said.fill(Field::new("kind", frame.t("systems-kind"), kinds)))
        .field(said.fill(Field::new("site", frame.t("offers-site"), sites)));
    let form = reached(&frame, choices, said).into_iter().fold(form, FormBox::field);
    sheet.section(
        Section::new("connect", frame.t("systems-connect")).text(frame.t("systems-connect-text")).with(form.main()),
    )
}

/// The fields that may change: where it is, and who opens it.
fn reached(frame: &Frame, choices: &Choices, said: &Entered) -> [Field; 4] {
    let none = (String::new(), frame.t("none"));
    let credentials = choices.credentials.iter().map(|name| (name.clone(), name.clone()));
    let credentials = choice(std::iter::once(none).chain(credentials));
    let fields = [
        line(frame, "address", "systems-address").hint(frame.t("systems-address-hint")).required(),
        Field::new("credential", frame.t("systems-credential"), credentials).hint(frame.t("systems-credential-hint")),
        Field::new("trust", frame.t("systems-trust"), FieldKind::Lines(3)).hint(frame.t("systems-trust-hint")),
        Field::new("settings", frame.t("systems-settings"), FieldKind::Lines(3)).hint(frame.t("systems-settings-hint")),
    ];
    fields.map(|field| said.fill(field))
}

fn state(frame: &Frame, standing: &Standing) -> StateMark {
    match (&standing.trouble, &standing.report) {
        (Some(_), _) => StateMark::new(Tone::Bad, frame.t("systems-unreachable")),
        (None, Some(_)) => StateMark::of(frame.language, "ready"),
        (None, None) => StateMark::of(frame.language, "pending"),
    }
}

fn seen(frame: &Frame, standing: &Standing) -> Cell {
    match &standing.report {
        Some(report) => Cell::Time(Instant::ago(frame.language, report.observed_at, frame.now)),
        None => Cell::Nothing(frame.t("none")),
    }
}

/// One: how it stands, what it has, what is offered of it.
pub(crate) fn one(
    frame: Frame,
    found: &Found,
    backings: &[Backing],
    choices: &Choices,
    said: Option<&Entered>,
    rule: &Entered,
) -> Sheet {
    let system = &found.system;
    let (name, version) = (system.name.as_str(), system.version.to_string());
    let path = format!("/admin/v1/systems/{}", encoded(name));
    let stored = entered(system);
    let said = said.unwrap_or(&stored);
    let trouble = found.standing.trouble.as_ref();
    let notice = trouble.map(|trouble| Notice::new(Tone::Bad, frame.t("systems-trouble")).detail(&trouble.message));
    let tag = format!("If-Match: \"{version}\"");
    let mut sheet = Sheet::new(frame.clone(), name)
        .crumb("/infrastructure", frame.t("nav-infrastructure"))
        .crumb(LIST, frame.t("systems-title"))
        .state(state(&frame, &found.standing))
        .notice(said.notice(frame.t("systems-refused")))
        .notice(rule.notice(frame.t("systems-offers-refused")))
        .notice(notice)
        .section(Section::plain("system").with(facts(&frame, found)))
        .also(|also| {
            also.cli(&["system", "show", name])
                .cli(&["system", "inventory", name])
                .cli(&["system", "test", name])
                .cli(&["system", "offers", name, "--flavour", "small", "--per-cpu", "0.01", "--publish"])
                .get(&path)
                .get(&format!("{path}/inventory"))
                .request("POST", &format!("{path}/test"), None, &["Idempotency-Key: KEY"])
                .request("DELETE", &path, None, &[&tag])
        });
    if let Some(report) = &found.standing.report {
        sheet = inventory(&frame, report).into_iter().fold(sheet, Sheet::section);
    }
    sheet = sheet.section(offered(&frame, name, backings, rule));
    if frame.may(Action::SystemWrite) {
        sheet = changes(&frame, name, &version, choices, said).into_iter().fold(sheet, Sheet::section);
    }
    sheet
}

fn facts(frame: &Frame, found: &Found) -> Facts {
    let (system, standing) = (&found.system, &found.standing);
    let report = standing.report.as_ref();
    Facts::new()
        .with(frame.t("systems-kind"), Cell::text(&system.kind))
        .maybe(frame.t("systems-gives"), found.gives.map(|kind| Cell::Text(kind_word(frame.language, kind))))
        .maybe(frame.t("systems-software"), report.map(|report| Cell::text(&report.software)))
        .with(
            frame.t("offers-site"),
            Cell::link(format!("/sites/{}", encoded(system.site.as_str())), system.site.short()),
        )
        .with(frame.t("systems-address"), Cell::Code(system.address.clone()))
        .maybe(frame.t("systems-credential"), system.credential.as_ref().map(Cell::text))
        .with(frame.t("systems-seen"), seen(frame, standing))
        .maybe(
            frame.t("systems-can"),
            report
                .filter(|report| !report.capabilities.is_empty())
                .map(|report| Cell::text(report.capabilities.iter().cloned().collect::<Vec<_>>().join(", "))),
        )
}

/// What the system has, as sections: hosts, flavours, quotas, notes.
fn inventory(frame: &Frame, report: &SystemReport) -> Vec<Section> {
    let mut sections = Vec::new();
    if !report.hosts.is_empty() {
        let table = Table::new(frame.t("systems-hosts"), host_columns(frame))
            .rows(report.hosts.iter().map(|host| row(frame, host)));
        sections.push(Section::new("hosts", frame.t("systems-hosts")).with(table));
    }
    if !report.flavours.is_empty() {
        let rows = report.flavours.iter().map(|flavour| {
            let [cpu, mem, disk] = room(frame, flavour.room);
            let free =
                flavour.units_free.map_or_else(|| frame.t("none"), |units| frame.language.decimal(&units.to_string()));
            Row::new([Cell::text(&flavour.name), cpu, mem, disk, Cell::number(free)])
        });
        let columns = [
            Column::new(frame.t("sheet-name")),
            Column::number(frame.t("infrastructure-processors")),
            Column::number(frame.t("infrastructure-memory")),
            Column::number(frame.t("offer-disk")),
            Column::number(frame.t("systems-free")),
        ];
        let table = Table::new(frame.t("flavours-title"), columns).rows(rows);
        sections.push(Section::new("flavours", frame.t("flavours-title")).with(table));
    }
    if !report.quotas.is_empty() {
        let rows = report.quotas.iter().map(|quota| {
            let limit = quota
                .limit
                .map_or_else(|| frame.t("systems-no-bound"), |limit| frame.language.decimal(&limit.to_string()));
            Row::new([
                Cell::text(&quota.name),
                Cell::number(frame.language.decimal(&quota.used.to_string())),
                Cell::number(limit),
            ])
        });
        let columns = [
            Column::new(frame.t("sheet-name")),
            Column::number(frame.t("systems-used")),
            Column::number(frame.t("systems-limit")),
        ];
        let table = Table::new(frame.t("systems-quotas"), columns).rows(rows);
        sections.push(Section::new("quotas", frame.t("systems-quotas")).with(table));
    }
    if !report.notes.is_empty() {
        let notice = Notice::new(Tone::Warn, frame.t("systems-notes"));
        let notice = report.notes.iter().fold(notice, Notice::detail);
        sections.push(Section::new("notes", frame.t("systems-notes")).with(notice));
    }
    sections
}

fn host_columns(frame: &Frame) -> [Column; 7] {
    [
        Column::new(frame.t("sheet-name")),
        Column::new(frame.t("sheet-state")),
        Column::number(frame.t("infrastructure-processors")),
        Column::number(frame.t("infrastructure-memory")),
        Column::number(frame.t("offer-disk")),
        Column::number(frame.t("systems-others")),
        Column::number(frame.t("systems-power")),
    ]
}

fn row(frame: &Frame, host: &Host) -> Row {
    let state = match &host.state {
        HostState::Ready => Cell::State(StateMark::of(frame.language, "ready")),
        HostState::Closed { reason } => {
            Cell::Lines(vec![Cell::State(StateMark::new(Tone::Warn, frame.t("systems-closed"))), Cell::text(reason)])
        }
        HostState::Down { reason } => Cell::Lines(vec![
            Cell::State(StateMark::new(Tone::Bad, frame.t("infrastructure-down"))),
            Cell::text(reason),
        ]),
    };
    let [cpu, mem, disk] = room(frame, host.capacity);
    let [others, ..] = room(frame, host.used_by_others);
    let power = match host.power_watts.and_then(|watts| Decimal::try_from(watts).ok()) {
        Some(watts) => Cell::number(format!("{} W", decimal(frame.language, watts, 1))),
        None => Cell::Nothing(frame.t("none")),
    };
    Row::new([Cell::text(&host.name), state, cpu, mem, disk, others, power])
}

fn room(frame: &Frame, room: Room) -> [Cell; 3] {
    [
        Cell::number(decimal(frame.language, Decimal::from(room.cpu_milli) / Decimal::ONE_THOUSAND, 2)),
        Cell::number(memory(frame.language, room.memory_mib)),
        Cell::number(memory(frame.language, room.disk_mib)),
    ]
}

/// What is offered of the system, and the form that makes offers of it.
fn offered(frame: &Frame, name: &str, backings: &[Backing], rule: &Entered) -> Section {
    let mut section = Section::new("offers", frame.t("systems-offers")).text(frame.t("systems-offers-text"));
    if !backings.is_empty() {
        let rows = backings.iter().map(|backing| {
            let href = format!("{}/{}", super::sales::LIST, encoded(backing.offer.as_str()));
            let item = backing.item.as_deref().unwrap_or_default();
            Row::new([Cell::link(href, backing.offer.short()), text_or_none(frame, item)])
        });
        let labels = ["offers-title", "systems-item"];
        section = section.with(Table::new(frame.t("systems-offers"), columns(frame, labels)).rows(rows));
    }
    if !frame.may(Action::OfferWrite) {
        return section;
    }
    let price = |name: &str, label: &str| line(frame, name, label);
    let publish =
        choice([("yes".to_owned(), frame.t("systems-publish")), ("no".to_owned(), frame.t("systems-drafts"))]);
    let fields = [
        line(frame, "flavours", "flavours-title").hint(frame.t("systems-flavours-hint")),
        line(frame, "currency", "systems-currency").value("EUR").required(),
        price("base", "systems-base").hint(frame.t("systems-base-hint")),
        price("perCpu", "systems-per-cpu"),
        price("perGibMemory", "systems-per-gib-memory"),
        price("perGibDisk", "systems-per-gib-disk"),
        price("perGpu", "systems-per-gpu"),
        line(frame, "capabilities", "systems-capabilities"),
        line(frame, "availabilityPercent", "systems-availability"),
        Field::new("publish", frame.t("systems-then"), publish),
    ];
    let form = FormBox::new(frame, format!("{}/offers", address(name)), frame.t("systems-offers-make"));
    section.with(fields.into_iter().fold(form, |form, field| form.field(rule.fill(field))).main())
}

/// Asking it now, changing it, letting it go.
fn changes(frame: &Frame, name: &str, version: &str, choices: &Choices, said: &Entered) -> [Section; 3] {
    let test = FormBox::new(frame, format!("{}/test", address(name)), frame.t("systems-test"));
    let form = FormBox::new(frame, address(name), frame.t("sheet-save")).hidden("version", version);
    let form = reached(frame, choices, said).into_iter().fold(form, FormBox::field);
    let remove = FormBox::new(frame, format!("{}/disconnect", address(name)), frame.t("systems-disconnect"))
        .hidden("version", version)
        .danger();
    [
        Section::new("test", frame.t("systems-test")).text(frame.t("systems-test-text")).with(test),
        Section::new("change", frame.t("systems-change")).with(form),
        Section::new("disconnect", frame.t("systems-disconnect")).text(frame.t("systems-disconnect-text")).with(remove),
    ]
}

/// A system as its form has it.
fn entered(system: &System) -> Entered {
    let settings: Vec<String> = system.settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
    Entered::of([
        ("address", system.address.clone()),
        ("credential", system.credential.clone().unwrap_or_default()),
        ("trust", system.trust.clone().unwrap_or_default()),
        ("settings", settings.join("\n")),
    ])
}
