//! A new application for whoever has no project to make it in: what the next
//! step is, and whose.

use crate::portal::{
    Frame,
    sheet::{Cell, Column, Facts, Row, Section, Sheet, Table},
};
use hansa_iam::Organisation;

/// What somebody can do about having no project.
#[derive(Debug, Default)]
pub(crate) struct NextSteps {
    /// Organisations in which they may make projects.
    pub(crate) organisations: Vec<Organisation>,
    /// Whether they may make organisations.
    pub(crate) make_organisation: bool,
    /// By which their account is known to whoever makes them a member.
    pub(crate) handle: Option<String>,
    /// Who can do that, as far as they may see: name and place.
    pub(crate) administrators: Vec<(String, String)>,
}

/// The page in the place of a form that could only fail.
pub(crate) fn page(frame: Frame, steps: &NextSteps) -> Sheet {
    let sheet = Sheet::new(frame.clone(), frame.t("model-no-project"))
        .crumb("/applications", frame.t("nav-applications"))
        .intro(frame.t("model-no-project-text"))
        .also(|also| {
            also.cli(&["project", "list"])
                .cli(&["project", "create", "acme/web", "--title", "TITLE"])
                .get("/api/v1/projects")
                .get("/api/v1/me")
        });
    if !steps.organisations.is_empty() {
        return sheet.section(projects(&frame, steps));
    }
    if steps.make_organisation {
        let section = Section::new("organisation", frame.t("model-make-organisation"))
            .text(frame.t("model-make-organisation-text"));
        return sheet.action("/projects#new", frame.t("projects-new-organisation")).section(section);
    }
    sheet.section(ask(&frame, steps))
}

fn projects(frame: &Frame, steps: &NextSteps) -> Section {
    let rows = steps.organisations.iter().map(|one| {
        Row::new([Cell::link(format!("/organisations/{}#projects", one.id), one.id.as_str()), Cell::text(&one.title)])
    });
    let columns = ["sheet-name", "projects-title"].map(|key| Column::new(frame.t(key)));
    Section::new("project", frame.t("model-make-project"))
        .text(frame.t("model-make-project-text"))
        .with(Table::new(frame.t("projects-organisations"), columns).rows(rows))
}

fn ask(frame: &Frame, steps: &NextSteps) -> Section {
    let section = Section::new("ask", frame.t("model-ask")).text(frame.t("model-ask-text"));
    let section = match &steps.handle {
        Some(handle) => section.with(Facts::new().with(frame.t("account-handle"), Cell::Code(handle.clone()))),
        None => section,
    };
    if steps.administrators.is_empty() {
        return section;
    }
    let rows = steps.administrators.iter().map(|(name, place)| Row::new([Cell::text(name), Cell::text(place)]));
    let columns = ["model-ask-whom", "projects-project"].map(|key| Column::new(frame.t(key)));
    section.with(Table::new(frame.t("model-ask-whom"), columns).rows(rows))
}
