//! Partners: how we stand with them, inviting, accepting, leaving, what they may.

use super::offers::encoded;
use crate::portal::{
    Frame,
    parts::{Empty, Field, FieldKind, Instant, Notice, StateMark, Tone},
    sheet::{Cell, Column, Facts, FormBox, Part, Row, Section, Sheet, Table},
};
use chrono::{DateTime, Utc};
use hansa_federation_manager::{
    exchange::Quarantined,
    partners::{GivenInvitation, Partner, PartnerEvent},
};
use hansa_iam::model::Action;
use std::collections::BTreeMap;

/// What a form said that can't be done: the field, what was entered, and the broker's own words.
#[derive(Debug, Clone, Default)]
pub(crate) struct Refused {
    /// The field's name.
    pub(crate) field: &'static str,
    /// What was entered.
    pub(crate) value: String,
    /// Why it is refused.
    pub(crate) error: String,
}

/// What the list of partners is made of.
#[derive(Debug)]
pub(crate) struct PartnerList {
    /// Partners, by DID.
    pub(crate) partners: Vec<Partner>,
    /// Invitations that were made.
    pub(crate) invitations: Vec<GivenInvitation>,
    /// Entries of each partner in quarantine.
    pub(crate) quarantine: BTreeMap<String, i64>,
}

/// A field with what was entered and refused, where that was this one.
pub(crate) fn again(field: Field, refused: Option<&Refused>) -> Field {
    match refused.filter(|refused| refused.field == field.name) {
        Some(refused) => field.value(&refused.value).error(Some(refused.error.clone())),
        None => field,
    }
}

/// The list of partners.
pub(crate) fn list(frame: Frame, list: &PartnerList, refused: Option<&Refused>) -> Sheet {
    let mut sheet = Sheet::new(frame.clone(), frame.t("partners-title"))
        .intro(frame.t("partners-intro"))
        .action("/partners/quarantine", frame.t("partners-quarantine"))
        .section(Section::plain("partners").with(table(&frame, list)))
        .also(|also| {
            also.cli(&["partner", "list"])
                .cli(&["partner", "invite"])
                .cli(&["partner", "accept", "hansa-invite:…"])
                .get("/admin/v1/partners")
        });
    let open: Vec<&GivenInvitation> =
        list.invitations.iter().filter(|given| given.used_at.is_none() && given.expires_at > frame.now).collect();
    if !open.is_empty() {
        sheet = sheet.section(Section::new("open", frame.t("partners-open")).with(invitations(&frame, &open)));
    }
    if frame.may(Action::PartnerWrite) {
        sheet = sheet.section(invite(&frame)).section(accept(&frame, refused));
    }
    sheet
}

fn table(frame: &Frame, list: &PartnerList) -> Part {
    if list.partners.is_empty() {
        return Empty::new(frame.t("partners-none"), frame.t("partners-none-text")).into();
    }
    let language = frame.language;
    let rows = list.partners.iter().map(|partner| {
        let refused = list.quarantine.get(&partner.did).copied().unwrap_or_default();
        let count = language.decimal(&refused.to_string());
        Row::new([
            Cell::link(address(partner), &partner.name),
            Cell::State(state(frame, partner)),
            Cell::State(health(frame, partner)),
            heard(frame, partner.last_heard),
            Cell::number(feed(frame, partner)),
            if refused == 0 {
                Cell::number(0)
            } else {
                Cell::link(format!("/partners/quarantine?partner={}", encoded(&partner.did)), count)
            },
        ])
    });
    let columns = [
        Column::new(frame.t("sheet-partner")),
        Column::new(frame.t("sheet-state")),
        Column::new(frame.t("partners-health")),
        Column::new(frame.t("partners-heard")),
        Column::number(frame.t("partners-feed")),
        Column::number(frame.t("partners-quarantine")),
    ];
    Table::new(frame.t("partners-title"), columns).rows(rows).into()
}

fn address(partner: &Partner) -> String {
    format!("/partners/{}", encoded(&partner.did))
}

fn state(frame: &Frame, partner: &Partner) -> StateMark {
    StateMark::of(frame.language, &partner.state.name().to_lowercase())
}

/// Whether calls to it succeed.
fn health(frame: &Frame, partner: &Partner) -> StateMark {
    match (partner.unreachable_since, partner.state.is_connected()) {
        (Some(_), true) => StateMark::new(Tone::Bad, frame.t("state-unreachable")),
        (None, true) => StateMark::new(Tone::Good, frame.t("partners-reachable")),
        (_, false) => StateMark::new(Tone::Quiet, frame.t("partners-not-connected")),
    }
}

fn heard(frame: &Frame, at: Option<DateTime<Utc>>) -> Cell {
    at.map_or_else(
        || Cell::Nothing(frame.t("partners-never")),
        |at| Cell::Time(Instant::ago(frame.language, at, frame.now)),
    )
}

fn feed(frame: &Frame, partner: &Partner) -> String {
    let number = |number: i64| frame.language.decimal(&number.to_string());
    format!("{} / {}", number(partner.feed.position), number(partner.feed.head))
}

fn invitations(frame: &Frame, open: &[&GivenInvitation]) -> Table {
    let rows = open.iter().map(|given| {
        let name = if given.note.is_empty() { frame.t("partners-unnamed") } else { given.note.clone() };
        let take_back = if frame.may(Action::PartnerWrite) {
            let action = format!("/partners/invitations/{}/withdraw", encoded(&given.id));
            Cell::Form(Box::new(FormBox::new(frame, action, frame.t("partners-take-back")).about(&name).danger()))
        } else {
            Cell::Nothing(frame.t("none"))
        };
        Row::new([
            Cell::Text(name),
            Cell::Time(Instant::minute(frame.language, given.created_at)),
            Cell::Time(Instant::minute(frame.language, given.expires_at)),
            take_back,
        ])
    });
    let columns = ["partners-for", "sheet-created", "sheet-until", "partners-take-back"];
    Table::new(frame.t("partners-open"), columns.map(|key| Column::new(frame.t(key)))).rows(rows)
}

fn invite(frame: &Frame) -> Section {
    let name = Field::new("name", frame.t("partners-invite-name"), FieldKind::Line("text"));
    Section::new("invite", frame.t("partners-invite"))
        .text(frame.t("partners-invite-text"))
        .with(FormBox::new(frame, "/partners/invite", frame.t("partners-invite")).field(name).main())
}

fn accept(frame: &Frame, refused: Option<&Refused>) -> Section {
    let line = Field::new("invitation", frame.t("partners-line"), FieldKind::Lines(3)).required();
    Section::new("accept", frame.t("partners-accept"))
        .text(frame.t("partners-accept-text"))
        .with(FormBox::new(frame, "/partners/accept", frame.t("partners-accept")).field(again(line, refused)))
}

/// An invitation that was just made: shown this once.
pub(crate) fn invited(frame: Frame, line: &str, expires_at: DateTime<Utc>) -> Sheet {
    let until = frame.msg("partners-made-text").with("until", frame.language.minute(expires_at)).to_string();
    Sheet::new(frame.clone(), frame.t("partners-made"))
        .crumb("/partners", frame.t("partners-title"))
        .intro(until)
        .notice(Some(Notice::new(Tone::Warn, frame.t("partners-once"))))
        .section(Section::plain("line").with(Part::Listing(line.to_owned())))
        .also(|also| also.cli(&["partner", "invite"]).request("POST", "/admin/v1/partners/invite", None, &[]))
}

/// A partner.
pub(crate) fn partner(frame: Frame, partner: &Partner, version: i64, refused: Option<&Refused>) -> Sheet {
    let did = partner.did.as_str();
    let path = format!("/admin/v1/partners/{}", encoded(did));
    let unreachable =
        partner.last_error.as_ref().map(|why| Notice::new(Tone::Warn, frame.t("partners-last-error")).detail(why));
    let keys = partner.keys.keys.iter().map(|key| Cell::Code(key.public_key.thumbprint()));
    let section = Section::new("keys", frame.t("partners-keys")).text(frame.t("partners-keys-text"));
    let keys: Vec<Cell> = keys.collect();
    let section = section.with(Facts::new().with(
        frame.t("partners-thumbprints"),
        if keys.is_empty() { Cell::Nothing(frame.t("none")) } else { Cell::Lines(keys) },
    ));
    let sheet = Sheet::new(frame.clone(), &partner.name)
        .crumb("/partners", frame.t("partners-title"))
        .state(state(&frame, partner))
        .notice(unreachable)
        .section(Section::plain("partner").with(facts(&frame, partner)))
        .section(section)
        .section(policy(&frame, partner, version, refused))
        .also(|also| {
            also.cli(&["partner", "show", did])
                .cli(&["partner", "policy", did, "policy.yaml"])
                .cli(&["partner", "suspend", did])
                .get(&path)
                .request("PUT", &format!("{path}/policy"), Some(("application/json", "@policy.json")), &[])
        });
    if frame.may(Action::PartnerWrite) { sheet.section(changes(&frame, partner, version)) } else { sheet }
}

fn facts(frame: &Frame, partner: &Partner) -> Facts {
    let language = frame.language;
    let ago = |at| Cell::Time(Instant::ago(language, at, frame.now));
    let provider = partner
        .provider
        .as_ref()
        .map(|provider| Cell::link(format!("/offers?provider={}", encoded(provider.as_str())), provider.as_str()));
    Facts::new()
        .with(frame.t("partners-did"), Cell::Code(partner.did.clone()))
        .with(frame.t("partners-endpoint"), Cell::Code(partner.endpoint.clone()))
        .maybe(frame.t("partners-sells"), provider)
        .with(frame.t("partners-health"), Cell::State(health(frame, partner)))
        .maybe(
            frame.t("partners-their-state"),
            partner.their_state.map(|theirs| Cell::State(StateMark::of(language, &theirs.name().to_lowercase()))),
        )
        .maybe(frame.t("sheet-reason"), partner.reason.clone().map(Cell::English))
        .with(frame.t("sheet-since"), ago(partner.since))
        .with(frame.t("partners-heard"), heard(frame, partner.last_heard))
        .maybe(frame.t("partners-pulled"), partner.last_pulled.map(ago))
        .maybe(frame.t("partners-unreachable-since"), partner.unreachable_since.map(ago))
        .with(frame.t("partners-feed"), Cell::Text(feed(frame, partner)))
        .maybe(
            frame.t("partners-cut-off"),
            (partner.feed.cut_off > 0).then(|| Cell::Text(language.decimal(&partner.feed.cut_off.to_string()))),
        )
        .with(
            frame.t("partners-contracts"),
            Cell::Lines(vec![
                Cell::link(format!("/agreements?partner={}", encoded(&partner.did)), frame.t("nav-agreements")),
                Cell::link(format!("/orders?partner={}", encoded(&partner.did)), frame.t("nav-orders")),
                Cell::link(
                    format!("/partners/quarantine?partner={}", encoded(&partner.did)),
                    frame.t("partners-quarantine"),
                ),
            ]),
        )
}

fn policy(frame: &Frame, partner: &Partner, version: i64, refused: Option<&Refused>) -> Section {
    let json = serde_json::to_string_pretty(&partner.policy).unwrap_or_default();
    let section = Section::new("policy", frame.t("partners-policy")).text(frame.t("partners-policy-text"));
    if !frame.may(Action::PartnerWrite) {
        return section.with(Part::Listing(json));
    }
    let field = Field::new("policy", frame.t("partners-policy-json"), FieldKind::Lines(14)).value(json).required();
    section.with(
        FormBox::new(frame, format!("{}/policy", address(partner)), frame.t("sheet-save"))
            .hidden("version", version.to_string())
            .field(again(field, refused)),
    )
}

/// What can happen to the partner now, each as a form.
fn changes(frame: &Frame, partner: &Partner, version: i64) -> Section {
    let form = |what: &str, button: String| {
        FormBox::new(frame, format!("{}/{what}", address(partner)), button).hidden("version", version.to_string())
    };
    let reason = || Field::new("reason", frame.t("partners-why"), FieldKind::Line("text"));
    let mut section = Section::new("changes", frame.t("partners-changes"));
    if partner.state.after(PartnerEvent::Suspend).is_some() {
        section = section
            .with(form("suspend", frame.t("partners-suspend")).field(reason().hint(frame.t("partners-suspend-text"))));
    }
    if partner.state.after(PartnerEvent::Resume).is_some() {
        section = section.with(form("resume", frame.t("partners-resume")));
    }
    if partner.state.after(PartnerEvent::Terminate).is_some() {
        let ending = Field::new("ending", frame.t("partners-why"), FieldKind::Line("text"));
        section = section.with(
            form("terminate", frame.t("partners-terminate"))
                .field(ending.hint(frame.t("partners-terminate-text")))
                .danger(),
        );
    } else {
        section = section.text(frame.t("partners-nothing-left"));
    }
    section
}

/// What partners sent and was not taken in.
pub(crate) fn quarantine(
    frame: Frame,
    entries: &[Quarantined],
    names: &BTreeMap<String, String>,
    partner: Option<&str>,
) -> Sheet {
    let name = |did: &str| names.get(did).cloned().unwrap_or_else(|| did.to_owned());
    let title = match partner {
        Some(did) => frame.msg("partners-quarantine-of").with("name", name(did)).to_string(),
        None => frame.t("partners-quarantine"),
    };
    let section = Section::plain("quarantine");
    let section = if entries.is_empty() {
        section.with(Empty::new(frame.t("partners-quarantine-none"), frame.t("partners-quarantine-none-text")))
    } else {
        let rows = entries.iter().map(|entry| {
            let how = if entry.waits { frame.t("partners-waits") } else { frame.t("partners-refused") };
            let tone = if entry.waits { Tone::Busy } else { Tone::Bad };
            Row::new([
                Cell::Code(entry.subject.clone()),
                Cell::link(format!("/partners/{}", encoded(&entry.partner)), name(&entry.partner)),
                Cell::State(StateMark::new(tone, how)),
                Cell::English(entry.reason.clone()),
                Cell::Time(Instant::ago(frame.language, entry.at, frame.now)),
            ])
        });
        let columns = ["partners-subject", "sheet-partner", "sheet-state", "sheet-reason", "partners-came"];
        section.with(Table::new(&title, columns.map(|key| Column::new(frame.t(key)))).rows(rows))
    };
    let words: Vec<&str> = match partner {
        Some(did) => vec!["quarantine", "list", "--partner", did],
        None => vec!["quarantine", "list"],
    };
    let path = partner.map(|did| format!("?partner={}", encoded(did))).unwrap_or_default();
    Sheet::new(frame.clone(), title)
        .intro(frame.t("partners-quarantine-text"))
        .crumb("/partners", frame.t("partners-title"))
        .section(section)
        .also(|also| also.cli(&words).get(&format!("/admin/v1/quarantine{path}")))
}
