//! The audit trail: who did what, when, from where, and why it was allowed.

use super::offers::{choices, encoded};
use crate::portal::{
    Frame,
    offers::encoded_query,
    parts::{Empty, Field, FieldKind, Instant, Notice, Pager, StateMark, Tone},
    sheet::{Cell, Column, Facts, Filters, Part, Row, Section, Sheet, Table},
};
use hansa_iam::{
    AuditOutcome, Via,
    audit::{InclusionProof, Listed, Record, RecordKind, StoredCheckpoint},
};
use std::collections::BTreeMap;

/// What the list is narrowed to, as it stands in the address.
#[derive(Debug, Clone, Default)]
pub(crate) struct AuditQuery {
    /// Who: a handle, a DID, `local`, `broker`.
    pub(crate) actor: Option<String>,
    /// Action or kind of event that begins so.
    pub(crate) action: Option<String>,
    /// About what.
    pub(crate) subject: Option<String>,
    /// `allowed`, `denied`, `failed`.
    pub(crate) outcome: Option<String>,
    /// `decision` or `event`.
    pub(crate) kind: Option<String>,
    /// A request's id.
    pub(crate) request: Option<String>,
    /// From this day on, `2026-11-22`.
    pub(crate) from: Option<String>,
    /// Until this day, with it.
    pub(crate) until: Option<String>,
    /// Only those before this place: the page.
    pub(crate) before: Option<String>,
    /// Fields that can't be read, with the reason.
    pub(crate) faults: BTreeMap<&'static str, String>,
}

impl AuditQuery {
    fn fields(&self) -> [(&'static str, Option<&str>); 8] {
        [
            ("actor", self.actor.as_deref()),
            ("action", self.action.as_deref()),
            ("subject", self.subject.as_deref()),
            ("outcome", self.outcome.as_deref()),
            ("kind", self.kind.as_deref()),
            ("request", self.request.as_deref()),
            ("from", self.from.as_deref()),
            ("until", self.until.as_deref()),
        ]
    }

    fn address(&self, before: Option<&str>) -> String {
        format!("/audit{}", encoded_query(self.fields().into_iter().chain([("before", before)])))
    }
}

/// The list of records.
pub(crate) fn list(
    frame: Frame,
    query: &AuditQuery,
    records: &[Listed],
    more: bool,
    checkpoint: Option<&StoredCheckpoint>,
) -> Sheet {
    let section = Section::plain("records").with(filters(&frame, query));
    let section = if records.is_empty() {
        section.with(Empty::new(frame.t("audit-none"), frame.t("audit-none-text")))
    } else {
        let last = records.last().map(|listed| listed.record.place.to_string());
        section.with(table(&frame, records)).with(Pager {
            language: frame.language,
            shown: frame.t("audit-order"),
            first: query.before.as_ref().map(|_| query.address(None)),
            previous: None,
            next: last.filter(|_| more).map(|last| query.address(Some(&last))),
        })
    };
    let altered = records.iter().find(|listed| listed.altered.is_some());
    let altered = altered.map(|listed| {
        let said = frame.msg("audit-altered").with("place", listed.record.place).to_string();
        Notice::new(Tone::Bad, said).link(address(listed.record.place), frame.t("audit-look"))
    });
    Sheet::new(frame.clone(), frame.t("nav-audit"))
        .intro(frame.t("audit-intro"))
        .action("/audit/export", frame.t("audit-export"))
        .notice(altered)
        .section(section)
        .section(chain(&frame, checkpoint))
        .also(|also| {
            also.cli(&["audit", "list"])
                .cli(&["audit", "export", "audit.jsonl"])
                .cli(&["audit", "verify", "audit.jsonl"])
                .get(&format!("/admin/v1/audit{}", encoded_query(query.fields())))
        })
}

fn address(place: u64) -> String {
    format!("/audit/{place}")
}

fn filters(frame: &Frame, query: &AuditQuery) -> Filters {
    let outcomes = ["allowed", "denied", "failed"].map(|name| (name.to_owned(), outcome_word(frame, name)));
    let kinds = [RecordKind::Decision, RecordKind::Event].map(|kind| (kind.name().to_owned(), kind_word(frame, kind)));
    let field = |name: &'static str, label: &str, kind: FieldKind| {
        let value = query.fields().into_iter().find(|(known, _)| *known == name).and_then(|(_, value)| value);
        Field::new(name, frame.t(label), kind).value(value.unwrap_or_default()).error(query.faults.get(name).cloned())
    };
    let line = || FieldKind::Line("text");
    let narrowed = query.fields().iter().any(|(_, value)| value.is_some());
    Filters::new("/audit", frame.t("sheet-filter"))
        .field(field("actor", "audit-actor", line()))
        .field(field("action", "audit-action", line()))
        .field(field("subject", "audit-subject", line()))
        .field(field("outcome", "audit-outcome", choices(frame.t("sheet-any"), outcomes)))
        .field(field("kind", "audit-kind", choices(frame.t("sheet-any"), kinds)))
        .field(field("from", "audit-from", FieldKind::Line("date")))
        .field(field("until", "audit-until", FieldKind::Line("date")))
        .field(field("request", "audit-request", line()))
        .reset(narrowed.then(|| frame.t("sheet-reset")))
}

fn table(frame: &Frame, records: &[Listed]) -> Table {
    let rows = records.iter().map(|listed| {
        let record = &listed.record;
        Row::new([
            Cell::link(address(record.place), record.place.to_string()),
            Cell::Time(Instant::ago(frame.language, record.at, frame.now)),
            Cell::text(record.actor.to_string()),
            Cell::Code(record.action.clone()),
            Cell::Code(record.subject.clone()),
            Cell::State(outcome(frame, record)),
            record.origin.map_or_else(|| Cell::Nothing(frame.t("none")), |origin| Cell::Code(origin.to_string())),
        ])
    });
    let columns = [
        Column::new(frame.t("audit-place")),
        Column::new(frame.t("audit-when")),
        Column::new(frame.t("audit-actor")),
        Column::new(frame.t("audit-action")),
        Column::new(frame.t("audit-subject")),
        Column::new(frame.t("audit-outcome")),
        Column::new(frame.t("audit-origin")),
    ];
    Table::new(frame.t("audit-caption"), columns).rows(rows)
}

fn outcome(frame: &Frame, record: &Record) -> StateMark {
    match &record.outcome {
        Some(outcome) => {
            let tone = match outcome {
                AuditOutcome::Allowed => Tone::Good,
                AuditOutcome::Denied { .. } => Tone::Bad,
                AuditOutcome::Failed { .. } => Tone::Warn,
            };
            StateMark::new(tone, outcome_word(frame, outcome.name()))
        }
        None => StateMark::new(Tone::Quiet, kind_word(frame, RecordKind::Event)),
    }
}

fn outcome_word(frame: &Frame, name: &str) -> String {
    match name {
        "allowed" => frame.t("audit-allowed"),
        "denied" => frame.t("audit-denied"),
        _ => frame.t("audit-failed"),
    }
}

fn kind_word(frame: &Frame, kind: RecordKind) -> String {
    match kind {
        RecordKind::Decision => frame.t("audit-decision"),
        RecordKind::Event => frame.t("audit-event"),
    }
}

/// How far the trail is sealed, and the signed note that says so.
fn chain(frame: &Frame, checkpoint: Option<&StoredCheckpoint>) -> Section {
    let section = Section::new("chain", frame.t("audit-chain")).text(frame.t("audit-chain-text"));
    match checkpoint {
        None => section.with(Empty::new(frame.t("audit-unsealed"), frame.t("audit-unsealed-text"))),
        Some(last) => section
            .with(
                Facts::new()
                    .with(frame.t("audit-sealed"), Cell::Text(frame.language.decimal(&last.size.to_string())))
                    .with(frame.t("audit-signed"), Cell::Time(Instant::ago(frame.language, last.at, frame.now))),
            )
            .with(Part::Listing(last.note.clone())),
    }
}

/// One record, with why it was allowed and the proof that it stands in the trail.
pub(crate) fn record(frame: Frame, listed: &Listed, proof: Option<&InclusionProof>) -> Sheet {
    let record = &listed.record;
    let title = frame.msg("audit-record").with("place", record.place).to_string();
    let altered = listed.altered.map(|column| {
        Notice::new(Tone::Bad, frame.t("audit-altered-text"))
            .detail(format!("the column `{column}` says something else than the sealed line"))
    });
    let data = serde_json::to_string_pretty(&record.data).unwrap_or_default();
    let mut sheet = Sheet::new(frame.clone(), title)
        .crumb("/audit", frame.t("nav-audit"))
        .state(outcome(&frame, record))
        .notice(altered)
        .section(Section::plain("record").with(facts(&frame, record)))
        .section(why(&frame, record))
        .also(|also| {
            let place = record.place.to_string();
            also.cli(&["audit", "show", &place])
                .get(&format!("/admin/v1/audit/{}", record.place))
                .get(&format!("/admin/v1/audit/{}/proof", record.place))
        });
    if !record.data.is_null() {
        sheet = sheet.section(Section::new("data", frame.t("audit-data")).with(Part::Listing(data)));
    }
    sheet.section(proved(&frame, proof))
}

fn facts(frame: &Frame, record: &Record) -> Facts {
    let code = |text: String| Cell::Code(text);
    Facts::new()
        .with(frame.t("audit-when"), Cell::Time(Instant::minute(frame.language, record.at)))
        .with(frame.t("audit-kind"), Cell::Text(kind_word(frame, record.kind)))
        .with(
            frame.t("audit-actor"),
            Cell::link(format!("/audit?actor={}", encoded(&record.actor.to_string())), record.actor.to_string()),
        )
        .maybe(frame.t("audit-account"), record.account.map(|id| code(id.to_string())))
        .with(frame.t("audit-action"), code(record.action.clone()))
        .with(
            frame.t("audit-subject"),
            Cell::link(format!("/audit?subject={}", encoded(&record.subject)), &record.subject),
        )
        .maybe(frame.t("audit-project"), record.project.as_ref().map(|project| Cell::text(project.as_str())))
        .maybe(frame.t("audit-origin"), record.origin.map(|origin| code(origin.to_string())))
        .maybe(frame.t("audit-via"), record.via.as_ref().map(|via| Cell::Text(via_words(frame, via))))
        .maybe(
            frame.t("audit-request"),
            record.request.map(|id| Cell::link(format!("/audit?request={id}"), id.to_string())),
        )
        .with(frame.t("audit-previous"), code(record.previous.clone()))
}

fn via_words(frame: &Frame, via: &Via) -> String {
    let said = |key: &str, id: &str| frame.msg(key).with("id", id).to_string();
    match via {
        Via::Loopback => frame.t("audit-via-loopback"),
        Via::Session(id) => said("audit-via-session", id),
        Via::Bearer(id) => said("audit-via-bearer", id),
        Via::Token(id) => said("audit-via-token", id),
        Via::Workload(id) => said("audit-via-workload", id),
        Via::Signature => frame.t("audit-via-signature"),
    }
}

/// Why it was allowed, or what was missing.
fn why(frame: &Frame, record: &Record) -> Section {
    let section = Section::new("why", frame.t("audit-why"));
    let section = match &record.outcome {
        Some(AuditOutcome::Denied { missing }) => {
            section.text(frame.msg("audit-missing").with("permission", missing).to_string())
        }
        Some(AuditOutcome::Failed { status }) => {
            section.text(frame.msg("audit-failed-with").with("status", status.to_string()).to_string())
        }
        Some(AuditOutcome::Allowed) => section.text(frame.t("audit-permitted")),
        None => section.text(frame.t("audit-happened")),
    };
    if record.policies.is_empty() {
        return section;
    }
    let policies = record.policies.iter().map(|policy| Cell::Code(policy.clone())).collect();
    section.with(Facts::new().with(frame.t("audit-policies"), Cell::Lines(policies)))
}

fn proved(frame: &Frame, proof: Option<&InclusionProof>) -> Section {
    let section = Section::new("proof", frame.t("audit-proof"));
    let Some(proof) = proof else { return section.text(frame.t("audit-not-yet")) };
    let (tone, said) =
        if proof.holds() { (Tone::Good, frame.t("audit-holds")) } else { (Tone::Bad, frame.t("audit-broken")) };
    let hashes: Vec<Cell> = proof.hashes.iter().map(|hash| Cell::Code(hash.clone())).collect();
    let facts = Facts::new()
        .with(frame.t("sheet-state"), Cell::State(StateMark::new(tone, said)))
        .with(frame.t("audit-sealed"), Cell::Text(frame.language.decimal(&proof.size.to_string())))
        .with(frame.t("audit-root"), Cell::Code(proof.root.clone()))
        .maybe(frame.t("audit-path"), (!hashes.is_empty()).then_some(Cell::Lines(hashes)));
    section.text(frame.t("audit-proof-text")).with(facts)
}
