//! What this provider runs itself: its sites, its nodes and what is free on
//! them, its offers; and taking in descriptions of offers.

use super::{
    faults,
    offers::{decimal, encoded, memory},
    owners,
    partners::{Refused, again},
};
use crate::portal::{
    Frame,
    parts::{Empty, Field, FieldKind, Notice, StateMark, Tone},
    sheet::{Cell, Column, FormBox, Meter, Part, Row, Section, Sheet, Table},
};
use hansa_iam::model::Action;
use hansa_ontology::{Site, SiteId};
use hansa_pim::{NodeState, NodeUsage, RestState};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// What the page is made of.
#[derive(Debug)]
pub(crate) struct Infrastructure<'a> {
    /// Sites of this provider.
    pub(crate) sites: Vec<&'a Site>,
    /// Its nodes.
    pub(crate) nodes: Vec<NodeUsage>,
    /// Its offers at each site.
    pub(crate) offers: BTreeMap<SiteId, usize>,
}

/// The page of this provider's own infrastructure.
pub(crate) fn page(frame: Frame, own: &Infrastructure<'_>, refused: Option<&Refused>, faults: &[String]) -> Sheet {
    let offers: usize = own.offers.values().sum();
    let number = frame.language.decimal(&offers.to_string());
    let count = frame.msg("infrastructure-offers-count").with("count", offers).with("number", number).to_string();
    let mut sheet = Sheet::new(frame.clone(), frame.t("nav-infrastructure"))
        .intro(frame.t("infrastructure-intro"))
        .action(owners::maintenance::LIST, frame.t("maintenance-title"))
        .action(owners::systems::LIST, frame.t("systems-title"))
        .action(owners::sales::LIST, frame.t("sales-title"))
        .action(owners::flavours::LIST, frame.t("flavours-title"))
        .notice((!faults.is_empty()).then(|| notice(&frame, faults)))
        .section(
            Section::new("nodes", frame.t("infrastructure-nodes"))
                .text(frame.t("infrastructure-nodes-text"))
                .with(nodes(&frame, own)),
        )
        .section(Section::new("sites", frame.t("sites-title")).text(count).with(sites(&frame, own)))
        .also(|also| {
            also.cli(&["node", "list"]).cli(&["offer", "import", "offers.ttl"]).get("/admin/v1/nodes").request(
                "POST",
                "/admin/v1/offers/import",
                Some(("text/turtle", "@offers.ttl")),
                &[],
            )
        });
    if frame.may(Action::EventRead) {
        sheet = sheet.action(faults::OWN, frame.t("faults-own"));
    }
    if frame.may(Action::CredentialWrite) {
        sheet = sheet.action(owners::credentials::LIST, frame.t("credentials-title"));
    }
    if frame.may(Action::OfferWrite) {
        sheet = sheet.section(import(&frame, refused));
    }
    sheet
}

fn notice(frame: &Frame, faults: &[String]) -> Notice {
    let notice = Notice::new(Tone::Bad, frame.t("infrastructure-refused"));
    faults.iter().fold(notice, |notice, fault| notice.detail(fault))
}

fn nodes(frame: &Frame, own: &Infrastructure<'_>) -> Part {
    if own.nodes.is_empty() {
        return Empty::new(frame.t("infrastructure-no-nodes"), frame.t("infrastructure-no-nodes-text")).into();
    }
    let names: BTreeMap<&SiteId, &str> = own.sites.iter().map(|site| (&site.id, site.name.as_str())).collect();
    let rows = own.nodes.iter().map(|usage| {
        let site = names.get(&usage.node.site).copied().unwrap_or_else(|| usage.node.site.short());
        let (given, whole) = (&usage.given, &usage.capacity);
        Row::new([
            Cell::text(&usage.node.name),
            Cell::link(format!("/sites/{}", encoded(usage.node.site.as_str())), site),
            state(frame, usage),
            Cell::Meter(Meter::new(
                given.cpu_milli,
                whole.cpu_milli,
                used(frame, processors(frame, given.cpu_milli), processors(frame, whole.cpu_milli)),
            )),
            Cell::Meter(Meter::new(
                given.memory_mib,
                whole.memory_mib,
                used(frame, memory(frame.language, given.memory_mib), memory(frame.language, whole.memory_mib)),
            )),
            Cell::Meter(Meter::new(
                given.disk_mib,
                whole.disk_mib,
                used(frame, memory(frame.language, given.disk_mib), memory(frame.language, whole.disk_mib)),
            )),
            Cell::number(frame.language.decimal(&usage.machines.len().to_string())),
        ])
    });
    let columns = [
        Column::new(frame.t("infrastructure-node")),
        Column::new(frame.t("offers-site")),
        Column::new(frame.t("sheet-state")),
        Column::new(frame.t("infrastructure-processors")),
        Column::new(frame.t("infrastructure-memory")),
        Column::new(frame.t("offer-disk")),
        Column::number(frame.t("infrastructure-machines")),
    ];
    Table::new(frame.t("infrastructure-nodes-caption"), columns).rows(rows).into()
}

fn used(frame: &Frame, given: String, whole: String) -> String {
    frame.msg("infrastructure-used").with("used", given).with("whole", whole).to_string()
}

fn processors(frame: &Frame, milli: u64) -> String {
    decimal(frame.language, Decimal::from(milli) / Decimal::ONE_THOUSAND, 2)
}

/// A node's state, and the way to its maintenance.
fn state(frame: &Frame, usage: &NodeUsage) -> Cell {
    let mark = Cell::State(rest(frame, usage).unwrap_or_else(|| node_state(frame, usage.state)));
    let way = match usage.state {
        NodeState::Draining => Cell::link(owners::maintenance::LIST, frame.t("maintenance-title")),
        _ if frame.may(Action::MaintenanceWrite) => {
            Cell::link(owners::maintenance::of_node(&usage.node.name), frame.t("infrastructure-drain"))
        }
        _ => return mark,
    };
    Cell::Lines(vec![mark, way])
}

/// What green mode has to do with a node that gives what it has.
fn rest(frame: &Frame, usage: &NodeUsage) -> Option<StateMark> {
    if !matches!(usage.state, NodeState::Ready | NodeState::Whole) {
        return None;
    }
    match usage.rest.as_ref()?.state {
        RestState::FallingAsleep => Some(StateMark::new(Tone::Busy, frame.t("infrastructure-falling-asleep"))),
        RestState::Asleep => Some(StateMark::new(Tone::Quiet, frame.t("infrastructure-asleep"))),
        RestState::Waking => Some(StateMark::new(Tone::Busy, frame.t("infrastructure-waking"))),
        RestState::Awake | RestState::Failed => None,
    }
}

fn node_state(frame: &Frame, state: NodeState) -> StateMark {
    match state {
        NodeState::Ready => StateMark::of(frame.language, "ready"),
        NodeState::Whole => StateMark::new(Tone::Quiet, frame.t("infrastructure-whole")),
        NodeState::Overcommitted => StateMark::new(Tone::Warn, frame.t("infrastructure-overcommitted")),
        NodeState::Withdrawn => StateMark::new(Tone::Quiet, frame.t("infrastructure-withdrawn")),
        NodeState::Draining => StateMark::new(Tone::Warn, frame.t("infrastructure-draining")),
        NodeState::Down => StateMark::new(Tone::Bad, frame.t("infrastructure-down")),
    }
}

fn sites(frame: &Frame, own: &Infrastructure<'_>) -> Part {
    if own.sites.is_empty() {
        return Empty::new(frame.t("infrastructure-no-sites"), frame.t("infrastructure-no-sites-text")).into();
    }
    let rows = own.sites.iter().map(|site| {
        let nodes = own.nodes.iter().filter(|usage| usage.node.site == site.id);
        let (mut given, mut whole, mut count) = (0_u64, 0_u64, 0_usize);
        for usage in nodes {
            given = given.saturating_add(usage.given.cpu_milli);
            whole = whole.saturating_add(usage.capacity.cpu_milli);
            count += 1;
        }
        let offers = own.offers.get(&site.id).copied().unwrap_or_default();
        let number = |count: usize| frame.language.decimal(&count.to_string());
        Row::new([
            Cell::link(format!("/sites/{}", encoded(site.id.as_str())), &site.name),
            Cell::text(site.country.as_str()),
            Cell::number(number(count)),
            if whole == 0 {
                Cell::Nothing(frame.t("none"))
            } else {
                Cell::Meter(Meter::new(given, whole, used(frame, processors(frame, given), processors(frame, whole))))
            },
            Cell::link(format!("/offers?source=own&site={}", encoded(site.id.as_str())), number(offers)),
        ])
    });
    let columns = [
        Column::new(frame.t("offers-site")),
        Column::new(frame.t("sites-country")),
        Column::number(frame.t("infrastructure-nodes")),
        Column::new(frame.t("infrastructure-processors")),
        Column::number(frame.t("offers-title")),
    ];
    Table::new(frame.t("infrastructure-sites-caption"), columns).rows(rows).into()
}

fn import(frame: &Frame, refused: Option<&Refused>) -> Section {
    let field = Field::new("document", frame.t("infrastructure-document"), FieldKind::Lines(12)).required();
    Section::new("import", frame.t("infrastructure-import")).text(frame.t("infrastructure-import-text")).with(
        FormBox::new(frame, "/infrastructure/import", frame.t("infrastructure-import")).field(again(field, refused)),
    )
}
