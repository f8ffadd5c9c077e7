//! Instances that move, machines that are put together, and callers that are
//! led to another revision: each is shown before anything is done.

use super::{names::Names, offers::encoded, owners::Entered, plan::monthly};
use crate::portal::{
    Frame,
    parts::{Choice, Empty, Field, FieldKind, Notice, Tone},
    sheet::{Cell, Column, Facts, FormBox, Part, Row, Section, Sheet, Table},
};
use hansa_mco::{model::Instance, relocation::Spot};
use hansa_ontology::Money;
use hansa_service_orchestrator::{Application, ApplicationDetail, MovePreview};

/// The fields of a move.
pub(crate) const FIELDS: [&str; 3] = ["what", "to", "leaveVolumes"];

/// What a deed is done to, and on which condition.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    /// The application.
    pub(crate) application: &'a Application,
    /// What people call sites.
    pub(crate) names: &'a Names,
    /// The version that was shown.
    pub(crate) version: &'a str,
    /// A key under which it is done once.
    pub(crate) key: String,
}

impl Subject<'_> {
    fn address(&self, rest: &str) -> String {
        format!("/applications/{}{rest}", self.application.id)
    }

    fn api(&self, rest: &str) -> String {
        format!("/api/v1/applications/{}{rest}", encoded(&self.application.name))
    }

    fn sheet(&self, frame: &Frame, title: &str) -> Sheet {
        let title = frame.msg(title).with("name", &self.application.name).to_string();
        Sheet::new(frame.clone(), title)
            .crumb("/applications", frame.t("nav-applications"))
            .crumb(self.address(""), &self.application.name)
    }

    fn form(&self, frame: &Frame, rest: &str, button: &str) -> FormBox {
        FormBox::new(frame, self.address(rest), frame.t(button))
            .main()
            .hidden("version", self.version)
            .hidden("key", &self.key)
    }
}

/// Why it can't be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal<'a> {
    /// Nothing is named that is to move.
    NothingChosen,
    /// The broker says why.
    Told(&'a str),
}

fn refused(frame: &Frame, why: Option<Refusal<'_>>) -> Option<Notice> {
    why.map(|why| match why {
        Refusal::NothingChosen => Notice::new(Tone::Bad, frame.t("moves-choose")),
        Refusal::Told(why) => Notice::new(Tone::Bad, frame.t("moves-refused")).detail(why),
    })
}

fn called(instance: &Instance) -> String {
    format!("{}#{}", instance.component, instance.ordinal)
}

/// Asks what is to move and where to; once that is chosen, also what it comes to.
pub(crate) fn moving(
    frame: Frame,
    subject: &Subject<'_>,
    detail: &ApplicationDetail,
    (said, why): (&Entered, Option<Refusal<'_>>),
    preview: Option<&MovePreview>,
) -> Sheet {
    let sheet = subject.sheet(&frame, "moves-title").intro(frame.t("moves-text")).notice(refused(&frame, why));
    let sheet = match preview {
        Some(preview) => {
            let form = said
                .value("what")
                .split(',')
                .fold(subject.form(&frame, "/move", "moves-move"), |form, instance| form.hidden("what", instance));
            let form = form.hidden("to", said.value("to")).hidden("leaveVolumes", said.value("leaveVolumes"));
            sheet.section(previewed(&frame, subject, preview).with(form))
        }
        None => sheet,
    };
    let name = subject.application.name.as_str();
    let body = r#"{"what": ["COMPONENT#0"], "to": ["SITE"]}"#;
    sheet.section(Section::new("ask", frame.t("moves-ask")).with(ask(&frame, subject, detail, said))).also(|also| {
        also.cli(&["app", "move", name, "COMPONENT#0", "--to", "SITE", "--dry-run"]).request(
            "POST",
            &subject.api("/move?dryRun=true"),
            Some(("application/json", body)),
            &[],
        )
    })
}

/// What can move, and where to.
fn ask(frame: &Frame, subject: &Subject<'_>, detail: &ApplicationDetail, said: &Entered) -> Part {
    let machines = detail.plan.iter().flat_map(|(_, plan)| &plan.machines);
    let place = |title: &str, site| format!("{title} \u{b7} {}", subject.names.site(site));
    let mut what: Vec<(Instance, String)> = machines
        .flat_map(|machine| machine.instances.iter().map(|one| (one.clone(), place(&machine.title, &machine.site))))
        .filter(|(one, _)| subject.application.model.components.contains_key(&one.component))
        .collect();
    if what.is_empty() {
        return Empty::new(frame.t("moves-nothing"), frame.t("moves-nothing-text")).into();
    }
    what.sort_by(|(one, _), (other, _)| (&one.component, one.ordinal).cmp(&(&other.component, other.ordinal)));
    let what = what.into_iter().map(|(one, place)| {
        let name = called(&one);
        Choice { label: format!("{name} \u{b7} {place}"), value: name }
    });
    let mut to = vec![Choice { value: String::new(), label: frame.t("moves-elsewhere") }];
    to.extend(subject.names.sites().map(|(id, name)| {
        let label = frame.msg("moves-site").with("name", name).to_string();
        Choice { value: id.to_string(), label }
    }));
    to.extend(detail.machines.iter().map(|one| {
        let label = frame.msg("moves-machine").with("name", place(&one.terms.title, &one.terms.site)).to_string();
        Choice { value: one.id.to_string(), label }
    }));
    let leave = vec![Choice { value: "yes".to_owned(), label: frame.t("moves-leave-volumes") }];
    let field = |name, label: &str, kind| Field::new(name, frame.t(label), kind);
    FormBox::new(frame, subject.address("/move"), frame.t("moves-show"))
        .asking()
        .field(said.fill(field("what", "moves-what", FieldKind::Checks(what.collect()))))
        .field(said.fill(field("to", "moves-to", FieldKind::Choice(to))))
        .field(said.fill(field("leaveVolumes", "moves-volumes", FieldKind::Checks(leave))))
        .into()
}

/// Who goes where, who is away meanwhile, and what it costs.
fn previewed(frame: &Frame, subject: &Subject<'_>, preview: &MovePreview) -> Section {
    let spot = |spot: &Spot| {
        let at = format!("{} \u{b7} {}", spot.offer.short(), subject.names.site(&spot.site));
        match spot.machine {
            Some(_) => Cell::text(at),
            None => Cell::Text(frame.msg("moves-new").with("name", at).to_string()),
        }
    };
    let columns = ["app-instance", "moves-from", "moves-to"].map(|key| Column::new(frame.t(key)));
    let rows = preview.transfers.iter().map(|one| {
        let to = one.to.as_ref().map_or_else(|| Cell::Nothing(frame.t("moves-ends")), spot);
        Row::new([Cell::text(called(&one.instance)), spot(&one.from), to])
    });
    let (before, after) = (preview.before, preview.after);
    let difference = Money::new(after.micros.saturating_sub(before.micros), after.currency);
    let language = frame.language;
    let monthly = frame.msg("confirm-monthly").with("amount", language.money_rounded(monthly(difference))).to_string();
    let price = format!("{} \u{2192} {} ({monthly})", language.money(before), language.money(after));
    let away = preview.interruptions.iter().map(|one| Cell::English(one.to_string())).collect::<Vec<_>>();
    let away = if away.is_empty() { Cell::Text(frame.t("moves-nobody-away")) } else { Cell::Lines(away) };
    let facts = Facts::new().with(frame.t("plan-per-hour"), Cell::text(price)).with(frame.t("moves-away"), away);
    Section::new("preview", frame.t("moves-preview"))
        .text(frame.t("confirm-text"))
        .with(Table::new(frame.t("moves-who"), columns).rows(rows))
        .with(facts)
}

/// What putting machines together comes to, or why it can't be done.
pub(crate) fn consolidating(frame: Frame, subject: &Subject<'_>, found: Result<&MovePreview, &str>) -> Sheet {
    let sheet = subject.sheet(&frame, "moves-consolidate-title").intro(frame.t("moves-consolidate-text"));
    let sheet = match found {
        Ok(preview) => {
            let form = subject.form(&frame, "/consolidate", "moves-consolidate");
            sheet.section(previewed(&frame, subject, preview).with(form))
        }
        Err(why) => sheet.notice(refused(&frame, Some(Refusal::Told(why)))),
    };
    let name = subject.application.name.as_str();
    sheet.also(|also| {
        also.cli(&["app", "consolidate", name, "--dry-run"]).request(
            "POST",
            &subject.api("/consolidate?dryRun=true"),
            None,
            &[],
        )
    })
}

/// What leads callers to the revision that waits.
pub(crate) fn promoting(frame: Frame, subject: &Subject<'_>, standing: Option<(Facts, Option<Table>)>) -> Sheet {
    let sheet = subject.sheet(&frame, "moves-promote-title");
    let sheet = match standing {
        Some((facts, beside)) => sheet.intro(frame.t("moves-promote-text")).section(
            beside.into_iter().fold(Section::plain("update").with(facts), Section::with).with(subject.form(
                &frame,
                "/promote",
                "moves-promote",
            )),
        ),
        None => sheet.notice(Some(Notice::new(Tone::Warn, frame.t("moves-nothing-waits")))),
    };
    let name = subject.application.name.as_str();
    sheet.also(|also| also.cli(&["app", "promote", name]).request("POST", &subject.api("/promote"), None, &[]))
}
