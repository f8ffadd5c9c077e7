//! Organisations and projects: who works in them, how much they may use, and
//! the service accounts that work for them.

use super::{
    account::{token_fields, token_table},
    offers::{decimal, encoded, memory},
    partners::{Refused, again},
};
use crate::portal::{
    Frame,
    parts::{Choice, Empty, Field, FieldKind, Instant, Notice, StateMark, Tone},
    sheet::{Cell, Column, Facts, FormBox, Meter, Part, Row, Section, Sheet, Table},
};
use hansa_iam::{
    GrantScope, HeldQuota, Member, Organisation, Place, Project, Role,
    account::{Account, AccountOwner},
    token::Token,
};
use hansa_ontology::{
    Money, ProjectId,
    quota::{Quota, QuotaUsage},
};
use rust_decimal::Decimal;

/// Roles that members of an organisation or a project have.
pub(crate) const MEMBER_ROLES: [Role; 4] =
    [Role::UseCaseUser, Role::UseCaseAdministrator, Role::Auditor, Role::Billing];

/// What the one who looks may change here.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rights {
    /// Members.
    pub(crate) members: bool,
    /// The quota.
    pub(crate) quota: bool,
    /// The title; closing it; of an organisation, its projects.
    pub(crate) write: bool,
    /// Service accounts.
    pub(crate) services: bool,
}

/// An organisation or a project with what belongs to it.
#[derive(Debug)]
pub(crate) struct Home {
    /// What it is.
    pub(crate) place: Place,
    /// Its title.
    pub(crate) title: String,
    /// Its version, which forms carry.
    pub(crate) version: i64,
    /// Its members; None: the one who looks may not see them.
    pub(crate) members: Option<Vec<Member>>,
    /// Its quota and what is used of it; None: may not be seen.
    pub(crate) quota: Option<(HeldQuota, QuotaUsage)>,
    /// Its service accounts with their tokens.
    pub(crate) services: Vec<(Account, Vec<Token>)>,
    /// Of an organisation, its projects.
    pub(crate) projects: Vec<Project>,
    /// What may be changed.
    pub(crate) rights: Rights,
}

/// The page's address.
pub(crate) fn address(place: &Place) -> String {
    match place {
        Place::Organisation(id) => format!("/organisations/{id}"),
        Place::Project(id) => format!("/projects/{id}"),
    }
}

/// The list of organisations and their projects.
pub(crate) fn list(
    frame: Frame,
    organisations: &[Organisation],
    projects: &[Project],
    may_write: bool,
    refused: Option<&Refused>,
) -> Sheet {
    let section = Section::plain("projects");
    let section = if projects.is_empty() {
        section.with(Empty::new(frame.t("projects-none"), frame.t("projects-none-text")))
    } else {
        section.with(project_table(&frame, projects))
    };
    let mut sheet = Sheet::new(frame.clone(), frame.t("nav-projects"))
        .intro(frame.t("projects-intro"))
        .section(section)
        .also(|also| {
            also.cli(&["project", "list"])
                .cli(&["organisation", "list"])
                .get("/api/v1/projects")
                .get("/api/v1/organisations")
        });
    if !organisations.is_empty() {
        let rows = organisations.iter().map(|one| {
            Row::new([
                Cell::link(format!("/organisations/{}", one.id), one.id.as_str()),
                Cell::text(&one.title),
                Cell::Time(Instant::day(frame.language, one.created_at)),
            ])
        });
        let columns = ["sheet-name", "projects-title", "sheet-created"].map(|key| Column::new(frame.t(key)));
        let table = Table::new(frame.t("projects-organisations"), columns).rows(rows);
        sheet = sheet.section(Section::new("organisations", frame.t("projects-organisations")).with(table));
    }
    if may_write {
        let form = naming(&frame, refused)
            .into_iter()
            .fold(FormBox::new(&frame, "/organisations", frame.t("projects-new-organisation")), FormBox::field);
        let text = frame.t("projects-new-organisation-text");
        sheet = sheet.section(Section::new("new", frame.t("projects-new-organisation")).text(text).with(form));
    }
    sheet
}

fn project_table(frame: &Frame, projects: &[Project]) -> Table {
    let rows = projects.iter().map(|project| {
        Row::new([
            Cell::link(format!("/projects/{}", project.id), project.id.as_str()),
            Cell::text(&project.title),
            Cell::link(format!("/applications?project={}", encoded(project.id.as_str())), frame.t("nav-applications")),
            Cell::Time(Instant::day(frame.language, project.created_at)),
        ])
    });
    let columns = ["projects-project", "projects-title", "nav-applications", "sheet-created"];
    Table::new(frame.t("nav-projects"), columns.map(|key| Column::new(frame.t(key)))).rows(rows)
}

/// The fields of a new organisation or project.
fn naming(frame: &Frame, refused: Option<&Refused>) -> Vec<Field> {
    let name = Field::new("name", frame.t("sheet-name"), FieldKind::Line("text")).required();
    let title = Field::new("title", frame.t("projects-title"), FieldKind::Line("text")).required();
    vec![again(name.hint(frame.t("projects-name-hint")), refused), again(title, refused)]
}

/// The page of an organisation or a project.
pub(crate) fn home(frame: Frame, home: &Home, refused: Option<&Refused>) -> Sheet {
    let (path, name) = match &home.place {
        Place::Organisation(id) => (format!("/api/v1/organisations/{id}"), id.to_string()),
        Place::Project(id) => (format!("/api/v1/projects/{id}"), id.to_string()),
    };
    let other = refused.filter(|refused| refused.field.is_empty());
    let other = other.map(|refused| Notice::new(Tone::Bad, frame.t("projects-refused")).detail(&refused.error));
    let word = match &home.place {
        Place::Organisation(_) => "organisation",
        Place::Project(_) => "project",
    };
    let mut sheet =
        Sheet::new(frame.clone(), &home.title).crumb("/projects", frame.t("nav-projects")).notice(other).also(|also| {
            also.cli(&[word, "show", &name]).get(&path).get(&format!("{path}/members")).get(&format!("{path}/quota"))
        });
    if let Place::Project(id) = &home.place {
        let organisation = id.organisation();
        sheet = sheet
            .crumb(format!("/organisations/{organisation}"), organisation.as_str())
            .action(format!("/applications?project={}", encoded(id.as_str())), frame.t("nav-applications"));
    }
    sheet = sheet.section(Section::plain("home").with(Facts::new().with(frame.t("sheet-name"), Cell::Code(name))));
    if matches!(home.place, Place::Organisation(_)) {
        sheet = sheet.section(projects(&frame, home, refused));
    }
    if let Some((quota, used)) = &home.quota {
        sheet = sheet.section(quota_section(&frame, home, quota, used, refused));
    }
    if let Some(list) = &home.members {
        sheet = sheet.section(members(&frame, home, list, refused));
    }
    if home.rights.services {
        sheet = sheet.section(services(&frame, home, refused));
    }
    if home.rights.write { sheet.section(settings(&frame, home)) } else { sheet }
}

fn projects(frame: &Frame, home: &Home, refused: Option<&Refused>) -> Section {
    let section = Section::new("projects", frame.t("nav-projects"));
    let section = if home.projects.is_empty() {
        section.with(Empty::new(frame.t("projects-none"), frame.t("projects-none-here")))
    } else {
        section.with(project_table(frame, &home.projects))
    };
    if !home.rights.write {
        return section;
    }
    let action = format!("{}/projects", address(&home.place));
    let form = naming(frame, refused)
        .into_iter()
        .fold(FormBox::new(frame, action, frame.t("projects-new-project")).main(), FormBox::field);
    section.with(form)
}

/// One line of a quota: its name, what is used, and the limit.
type Line = (&'static str, &'static str, u64, Option<u64>, fn(&Frame, u64) -> String);

fn count(frame: &Frame, number: u64) -> String {
    frame.language.decimal(&number.to_string())
}

fn processors(frame: &Frame, milli: u64) -> String {
    decimal(frame.language, Decimal::from(milli) / Decimal::ONE_THOUSAND, 3)
}

fn lines(quota: &Quota, used: &QuotaUsage) -> [Line; 4] {
    [
        ("applications", "nav-applications", used.applications, quota.applications.map(u64::from), count),
        ("instances", "projects-instances", used.instances, quota.instances.map(u64::from), count),
        ("cpu", "projects-processors", used.cpu_milli, quota.cpu.map(|cpu| u64::from(cpu.0)), processors),
        ("memory", "projects-memory", used.memory_mib, quota.memory.map(|memory| memory.0), |frame, mebibytes| {
            memory(frame.language, mebibytes)
        }),
    ]
}

fn quota_section(
    frame: &Frame,
    home: &Home,
    quota: &HeldQuota,
    used: &QuotaUsage,
    refused: Option<&Refused>,
) -> Section {
    let mut rows: Vec<Row> = lines(&quota.limits, used)
        .into_iter()
        .map(|(_, label, used, limit, said)| {
            let cell = match limit {
                Some(limit) => {
                    let text =
                        frame.msg("projects-used").with("used", said(frame, used)).with("limit", said(frame, limit));
                    Cell::Meter(Meter::new(used, limit, text.to_string()))
                }
                None => Cell::Text(frame.msg("projects-unlimited").with("used", said(frame, used)).to_string()),
            };
            Row::new([Cell::Text(frame.t(label)), cell])
        })
        .collect();
    rows.push(Row::new([Cell::Text(frame.t("projects-price")), price_cell(frame, quota.limits.price_per_hour, used)]));
    let columns = ["projects-what", "projects-use"].map(|key| Column::new(frame.t(key)));
    let section = Section::new("quota", frame.t("projects-quota"))
        .text(frame.t("projects-quota-text"))
        .with(Table::new(frame.t("projects-quota"), columns).rows(rows));
    if !home.rights.quota {
        return section;
    }
    let field = |name: &str, label: &str, value: Option<String>| {
        let field = Field::new(name, frame.t(label), FieldKind::Line("text")).value(value.unwrap_or_default());
        again(field, refused)
    };
    let limits = &quota.limits;
    let form = FormBox::new(frame, format!("{}/quota", address(&home.place)), frame.t("projects-set-quota"))
        .hidden("version", quota.version.to_string())
        .field(field("applications", "nav-applications", limits.applications.map(|number| number.to_string())))
        .field(field("instances", "projects-instances", limits.instances.map(|number| number.to_string())))
        .field(field("cpu", "projects-cpu-field", limits.cpu.map(|cpu| cpu.to_string())))
        .field(field("memory", "projects-memory-field", limits.memory.map(|memory| memory.to_string())))
        .field(field("price", "projects-price-field", limits.price_per_hour.map(|price| price.to_string())));
    section.with(form)
}

/// What all plans cost an hour, by currency, and the limit.
fn price_cell(frame: &Frame, limit: Option<Money>, used: &QuotaUsage) -> Cell {
    let amounts: Vec<String> = used
        .price_micros
        .iter()
        .map(|(currency, micros)| frame.language.money(Money::new(*micros, *currency)))
        .collect();
    let used_text = if amounts.is_empty() { "0".to_owned() } else { amounts.join(" + ") };
    let Some(limit) = limit else {
        return Cell::Text(frame.msg("projects-unlimited").with("used", used_text).to_string());
    };
    let taken = used.price_micros.get(&limit.currency).copied().unwrap_or_default();
    let text = frame.msg("projects-used").with("used", used_text).with("limit", frame.language.money(limit));
    Cell::Meter(Meter::new(taken.max(0).unsigned_abs(), limit.micros.max(0).unsigned_abs(), text.to_string()))
}

fn role_word(frame: &Frame, role: Role) -> String {
    frame.t(match role {
        Role::InfrastructureAdministrator => "projects-role-infrastructure-administrator",
        Role::CloudEdgeAdministrator => "projects-role-cloud-edge-administrator",
        Role::UseCaseAdministrator => "projects-role-use-case-administrator",
        Role::UseCaseUser => "projects-role-use-case-user",
        Role::Auditor => "projects-role-auditor",
        Role::Billing => "projects-role-billing",
        Role::Partner => "projects-role-partner",
    })
}

fn role_choice(frame: &Frame) -> FieldKind {
    FieldKind::Choice(
        MEMBER_ROLES.map(|role| Choice { value: role.name().to_owned(), label: role_word(frame, role) }).to_vec(),
    )
}

fn members(frame: &Frame, home: &Home, list: &[Member], refused: Option<&Refused>) -> Section {
    let section = Section::new("members", frame.t("projects-members")).text(frame.t("projects-members-text"));
    let section = if list.is_empty() {
        section.with(Empty::new(frame.t("projects-no-members"), frame.t("projects-no-members-text")))
    } else {
        let rows = list.iter().map(|member| {
            let roles: Vec<String> = member.roles.iter().map(|role| role_word(frame, *role)).collect();
            let remove = if home.rights.members {
                let action = format!("{}/members/{}/remove", address(&home.place), encoded(&member.handle));
                let form = FormBox::new(frame, action, frame.t("projects-remove")).about(&member.name).danger();
                Cell::Form(Box::new(form.hidden("version", member.version.to_string())))
            } else {
                Cell::Nothing(frame.t("none"))
            };
            Row::new([
                Cell::text(&member.name),
                Cell::Code(member.handle.clone()),
                Cell::Text(roles.join(", ")),
                Cell::Time(Instant::day(frame.language, member.created_at)),
                remove,
            ])
        });
        let columns = ["sheet-name", "account-handle", "projects-roles", "sheet-since", "projects-remove"];
        section.with(Table::new(frame.t("projects-members"), columns.map(|key| Column::new(frame.t(key)))).rows(rows))
    };
    if !home.rights.members {
        return section;
    }
    let handle = Field::new("account", frame.t("account-handle"), FieldKind::Line("text")).required();
    let form = FormBox::new(frame, format!("{}/members", address(&home.place)), frame.t("projects-add-member"))
        .field(again(handle.hint(frame.t("projects-handle-hint")), refused))
        .field(Field::new("role", frame.t("projects-role"), role_choice(frame)).value(Role::UseCaseUser.name()));
    section.with(form)
}

fn services(frame: &Frame, home: &Home, refused: Option<&Refused>) -> Section {
    let base = format!("{}/service-accounts", address(&home.place));
    let mut section = Section::new("services", frame.t("projects-services")).text(frame.t("projects-services-text"));
    if home.services.is_empty() {
        section = section.with(Empty::new(frame.t("projects-no-services"), frame.t("projects-no-services-text")));
    }
    for (account, tokens) in &home.services {
        let role = match &account.owner {
            AccountOwner::Service { role, .. } => role_word(frame, *role),
            AccountOwner::Person { .. } => String::new(),
        };
        let facts = Facts::new()
            .with(frame.t("account-handle"), Cell::Code(account.handle.clone()))
            .with(frame.t("projects-role"), Cell::State(StateMark::new(Tone::Quiet, role)));
        let remove = FormBox::new(frame, format!("{base}/{}/remove", account.id), frame.t("projects-remove-service"));
        let of_account = format!("{base}/{}/tokens", account.id);
        section = section
            .with(facts)
            .with(token_table(frame, tokens, |token: &Token| format!("{of_account}/{}/revoke", token.id)))
            .with(new_service_token(frame, &home.place, account, &of_account))
            .with(remove.about(&account.handle).danger());
    }
    let name = Field::new("service", frame.t("sheet-name"), FieldKind::Line("text")).required();
    let roles =
        Field::new("service-role", frame.t("projects-role"), role_choice(frame)).value(Role::UseCaseUser.name());
    let form = FormBox::new(frame, base, frame.t("projects-new-service")).field(again(name, refused)).field(roles);
    section.with(form)
}

/// A token of a service account that may all that its role may.
fn new_service_token(frame: &Frame, place: &Place, account: &Account, action: &str) -> FormBox {
    let projects: Vec<ProjectId> = match place.scope() {
        GrantScope::Project(project) => vec![project],
        _ => Vec::new(),
    };
    // Each form of the page needs names of its own for its labels.
    let fields = token_fields(frame, &projects, None)
        .into_iter()
        .map(|field| Field { name: format!("{}-{}", field.name, account.id), ..field });
    fields.fold(FormBox::new(frame, action, frame.t("account-new-token")).about(&account.handle), FormBox::field)
}

fn settings(frame: &Frame, home: &Home) -> Section {
    let path = address(&home.place);
    let title =
        Field::new("title-new", frame.t("projects-title"), FieldKind::Line("text")).value(&home.title).required();
    let version = home.version.to_string();
    let rename =
        FormBox::new(frame, format!("{path}/title"), frame.t("sheet-save")).field(title).hidden("version", &version);
    let close =
        FormBox::new(frame, format!("{path}/close"), frame.t("projects-close")).hidden("version", &version).danger();
    Section::new("settings", frame.t("projects-settings"))
        .with(Part::from(rename))
        .text(frame.t("projects-close-text"))
        .with(close)
}
