//! Flavours: named shapes of machines that offers are made of.

use super::{Entered, choice, line};
use crate::portal::{
    Frame,
    pages::offers::{decimal, encoded, kind_word, memory},
    parts::{Empty, Field, FieldKind},
    sheet::{Cell, Column, FormBox, Row, Section, Sheet, Table},
};
use hansa_iam::model::Action;
use hansa_ontology::offer::{CpuArch, OfferKind};
use hansa_repository::catalogue::sale::NamedFlavour;
use rust_decimal::Decimal;

/// Where the list is.
pub(crate) const LIST: &str = "/infrastructure/flavours";
/// The fields of a flavour; the first stands for the whole.
pub(crate) const FIELDS: [&str; 9] =
    ["name", "kind", "cpuMilli", "memoryMib", "diskMib", "cpuArch", "gpu", "gpuModel", "bandwidthMbps"];

const KINDS: [OfferKind; 3] = [OfferKind::VirtualMachine, OfferKind::Container, OfferKind::BareMetal];
const ARCHITECTURES: [(CpuArch, &str, &str); 3] =
    [(CpuArch::Amd64, "amd64", "x86-64"), (CpuArch::Arm64, "arm64", "Arm64"), (CpuArch::Riscv64, "riscv64", "RISC-V")];

fn address(name: &str) -> String {
    format!("{LIST}/{}", encoded(name))
}

/// Processors, memory and disk of a flavour, in one line.
pub(crate) fn shape(frame: &Frame, named: &NamedFlavour) -> String {
    let flavour = &named.flavour;
    frame
        .msg("flavours-shape")
        .with("cpu", decimal(frame.language, Decimal::new(i64::from(flavour.cpu_milli), 3), 3))
        .with("memory", memory(frame.language, flavour.memory_mib))
        .with("disk", memory(frame.language, flavour.disk_mib))
        .to_string()
}

/// The list, and the form for another one.
pub(crate) fn list(frame: Frame, all: &[NamedFlavour], said: &Entered) -> Sheet {
    let section = Section::plain("flavours");
    let section = if all.is_empty() {
        section.with(Empty::new(frame.t("flavours-none"), frame.t("flavours-none-text")))
    } else {
        section.with(table(&frame, all, &frame.t("flavours-title")))
    };
    let sheet = Sheet::new(frame.clone(), frame.t("flavours-title"))
        .crumb("/infrastructure", frame.t("nav-infrastructure"))
        .intro(frame.t("flavours-intro"))
        .notice(said.notice(frame.t("flavours-refused")))
        .section(section)
        .also(|also| {
            also.cli(&["flavour", "list"]).cli(&["flavour", "add", "flavour.yaml"]).get("/admin/v1/flavours").request(
                "POST",
                "/admin/v1/flavours",
                Some(("application/json", "@flavour.json")),
                &["Idempotency-Key: KEY"],
            )
        });
    if !frame.may(Action::FlavourWrite) {
        return sheet;
    }
    let name = line(&frame, "name", "sheet-name").hint(frame.t("flavours-name-hint")).required();
    let form = FormBox::new(&frame, LIST, frame.t("flavours-add")).field(said.fill(name));
    let form = fields(&frame).into_iter().fold(form, |form, field| form.field(said.fill(field)));
    sheet.section(Section::new("add", frame.t("flavours-add")).with(form.main()))
}

fn table(frame: &Frame, all: &[NamedFlavour], caption: &str) -> Table {
    let rows = all.iter().map(|named| {
        let flavour = &named.flavour;
        let draft = if frame.may(Action::OfferWrite) {
            let href = format!("{}/new?flavour={}", super::sales::LIST, encoded(&flavour.name));
            Cell::link(href, frame.t("sales-draft"))
        } else {
            Cell::Nothing(frame.t("none"))
        };
        Row::new([
            Cell::link(address(&flavour.name), &flavour.name),
            Cell::Text(kind_word(frame.language, named.kind)),
            Cell::number(decimal(frame.language, Decimal::new(i64::from(flavour.cpu_milli), 3), 3)),
            Cell::number(memory(frame.language, flavour.memory_mib)),
            Cell::number(memory(frame.language, flavour.disk_mib)),
            match &flavour.gpu {
                Some(gpu) => Cell::Text(format!("{} \u{d7} {}", gpu.count, gpu.model)),
                None => Cell::Nothing(frame.t("none")),
            },
            draft,
        ])
    });
    let columns = [
        Column::new(frame.t("sheet-name")),
        Column::new(frame.t("offers-kind")),
        Column::number(frame.t("infrastructure-processors")),
        Column::number(frame.t("infrastructure-memory")),
        Column::number(frame.t("offer-disk")),
        Column::new(frame.t("offer-gpu")),
        Column::new(frame.t("offers-title")),
    ];
    Table::new(caption, columns).rows(rows)
}

/// Every field but the name, as a new flavour has them.
fn fields(frame: &Frame) -> [Field; 8] {
    let kinds = choice(KINDS.map(|kind| (kind.to_string(), kind_word(frame.language, kind))));
    let architectures = choice(ARCHITECTURES.map(|(_, value, label)| (value.to_owned(), label.to_owned())));
    let number = |name: &str, label: &str| Field::new(name, frame.t(label), FieldKind::Line("number"));
    [
        Field::new("kind", frame.t("offers-kind"), kinds),
        number("cpuMilli", "flavours-cpu").hint(frame.t("flavours-cpu-hint")).required(),
        number("memoryMib", "flavours-memory").required(),
        number("diskMib", "flavours-disk"),
        Field::new("cpuArch", frame.t("offer-architecture"), architectures).value("amd64"),
        number("gpu", "flavours-gpu"),
        line(frame, "gpuModel", "flavours-gpu-model"),
        number("bandwidthMbps", "flavours-bandwidth"),
    ]
}

/// A flavour as its form has it.
fn of(named: &NamedFlavour) -> Entered {
    let flavour = &named.flavour;
    let architecture =
        ARCHITECTURES.iter().find(|(arch, ..)| *arch == flavour.cpu_arch).map_or("", |(_, value, _)| value);
    let gpu = flavour.gpu.as_ref();
    Entered::of([
        ("kind", named.kind.to_string()),
        ("cpuMilli", flavour.cpu_milli.to_string()),
        ("memoryMib", flavour.memory_mib.to_string()),
        ("diskMib", flavour.disk_mib.to_string()),
        ("cpuArch", architecture.to_owned()),
        ("gpu", gpu.map(|gpu| gpu.count.to_string()).unwrap_or_default()),
        ("gpuModel", gpu.map(|gpu| gpu.model.clone()).unwrap_or_default()),
        ("bandwidthMbps", flavour.bandwidth_mbps.map(|rate| rate.to_string()).unwrap_or_default()),
    ])
}

/// One: what it is, or its form for those who may change it.
pub(crate) fn one(frame: Frame, named: &NamedFlavour, said: Option<&Entered>) -> Sheet {
    let (name, version) = (named.flavour.name.as_str(), named.version.to_string());
    let path = format!("/admin/v1/flavours/{}", encoded(name));
    let stored = of(named);
    let said = said.unwrap_or(&stored);
    let tag = format!("If-Match: \"{version}\"");
    let body = Some(("application/json", "@flavour.json"));
    let sheet = Sheet::new(frame.clone(), name)
        .crumb("/infrastructure", frame.t("nav-infrastructure"))
        .crumb(LIST, frame.t("flavours-title"))
        .intro(frame.t("flavours-one-text"))
        .notice(said.notice(frame.t("flavours-refused")))
        .section(Section::plain("flavour").with(table(&frame, std::slice::from_ref(named), name)))
        .also(|also| {
            also.cli(&["flavour", "show", name])
                .cli(&["flavour", "change", name, "flavour.yaml"])
                .cli(&["flavour", "remove", name])
                .get(&path)
                .request("PUT", &path, body, &[&tag])
                .request("DELETE", &path, None, &[&tag])
        });
    if !frame.may(Action::FlavourWrite) {
        return sheet;
    }
    let form = FormBox::new(&frame, address(name), frame.t("sheet-save")).hidden("version", &version);
    let form = fields(&frame).into_iter().fold(form, |form, field| form.field(said.fill(field)));
    let remove = FormBox::new(&frame, format!("{}/remove", address(name)), frame.t("flavours-remove"))
        .hidden("version", &version)
        .danger();
    sheet
        .section(Section::new("change", frame.t("flavours-change")).with(form.main()))
        .section(Section::new("remove", frame.t("flavours-remove")).text(frame.t("flavours-remove-text")).with(remove))
}
