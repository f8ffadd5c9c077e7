//! One's own account: sessions, tokens, language.

use super::{
    offers::choices,
    partners::{Refused, again},
};
use crate::portal::{
    Frame, Language,
    parts::{Choice, Empty, Field, FieldKind, Instant, Notice, StateMark, Tone},
    sheet::{Cell, Column, Facts, FormBox, Part, Row, Section, Sheet, Table},
};
use hansa_iam::{
    Action,
    account::{Account, AccountOwner},
    session::Session,
    token::{CreatedToken, Token},
};
use hansa_ontology::ProjectId;
use uuid::Uuid;

/// Days that a token may live, to choose from.
pub(crate) const DAYS: [u32; 4] = [7, 30, 90, 365];

/// What a token may be limited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All that its owner may.
    All,
    /// Reading.
    Read,
    /// Applications: plan, deploy, change, remove, and see what there is.
    Deploy,
}

impl Reach {
    /// Every reach.
    pub(crate) const ALL: [Self; 3] = [Self::Read, Self::Deploy, Self::All];

    /// Its name in the form.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Read => "read",
            Self::Deploy => "deploy",
        }
    }

    /// Whether an action is within it.
    pub(crate) fn has(self, action: Action) -> bool {
        let name = action.name();
        match self {
            Self::All => true,
            Self::Read => name.ends_with(".read") || action == Action::ApplicationLogs,
            Self::Deploy => {
                name.starts_with("application.")
                    || matches!(
                        action,
                        Action::PlanCreate | Action::CatalogueRead | Action::UsageRead | Action::QuotaRead
                    )
            }
        }
    }
}

/// What the page is made of.
#[derive(Debug)]
pub(crate) struct Own {
    /// The account.
    pub(crate) account: Account,
    /// Its sessions.
    pub(crate) sessions: Vec<Session>,
    /// The one that this page is seen with.
    pub(crate) this: Option<Uuid>,
    /// Its tokens.
    pub(crate) tokens: Vec<Token>,
    /// The projects that a token can be limited to.
    pub(crate) projects: Vec<ProjectId>,
}

/// The page of a broker without login: nobody has an account.
pub(crate) fn nobody(frame: Frame) -> Sheet {
    let empty = Empty::new(frame.t("account-none"), frame.t("account-none-text"));
    Sheet::new(frame.clone(), frame.t("account-title"))
        .section(Section::plain("account").with(empty))
        .also(|also| also.cli(&["login"]).get("/api/v1/me"))
}

/// The page of one's own account.
pub(crate) fn page(frame: Frame, own: &Own, refused: Option<&Refused>) -> Sheet {
    Sheet::new(frame.clone(), frame.t("account-title"))
        .intro(frame.t("account-intro"))
        .section(Section::plain("account").with(facts(&frame, &own.account)))
        .section(language(&frame))
        .section(sessions(&frame, own))
        .section(tokens(&frame, own))
        .section(new_token(&frame, &own.projects, refused))
        .also(|also| {
            also.cli(&["token", "list"]).cli(&["token", "create", "laptop"]).get("/api/v1/me").get("/api/v1/tokens")
        })
}

fn facts(frame: &Frame, account: &Account) -> Facts {
    let issuer = match &account.owner {
        AccountOwner::Person { issuer, .. } => issuer.clone(),
        AccountOwner::Service { over, .. } => format!("{over:?}"),
    };
    Facts::new()
        .with(frame.t("sheet-name"), Cell::text(&account.name))
        .with(frame.t("account-handle"), Cell::Code(account.handle.clone()))
        .maybe(frame.t("account-email"), account.email.as_ref().map(Cell::text))
        .with(frame.t("account-issuer"), Cell::Code(issuer))
        .with(frame.t("sheet-created"), Cell::Time(Instant::day(frame.language, account.created_at)))
}

fn language(frame: &Frame) -> Section {
    let all = Language::ALL
        .map(|language| Choice { value: language.tag().to_owned(), label: language.own_name().to_owned() });
    let field =
        Field::new("language", frame.t("switch-language"), FieldKind::Choice(all.to_vec())).value(frame.language.tag());
    Section::new("language", frame.t("switch-language"))
        .text(frame.t("account-language-text"))
        .with(FormBox::new(frame, "/account/language", frame.t("sheet-save")).field(field))
}

fn sessions(frame: &Frame, own: &Own) -> Section {
    let rows = own.sessions.iter().map(|session| {
        let agent = session.agent.clone().unwrap_or_else(|| frame.t("unknown"));
        let end = if own.this == Some(session.id) {
            Cell::State(StateMark::new(Tone::Good, frame.t("account-this-session")))
        } else {
            let action = format!("/account/sessions/{}/revoke", session.id);
            Cell::Form(Box::new(FormBox::new(frame, action, frame.t("account-end")).about(&agent).danger()))
        };
        Row::new([
            Cell::Text(agent),
            session.address.clone().map_or_else(|| Cell::Nothing(frame.t("unknown")), Cell::Code),
            Cell::Time(Instant::ago(frame.language, session.created_at, frame.now)),
            Cell::Time(Instant::ago(frame.language, session.seen_at, frame.now)),
            Cell::Time(Instant::minute(frame.language, session.expires_at)),
            end,
        ])
    });
    let columns = ["account-agent", "account-address", "account-since", "account-seen", "sheet-until", "account-end"];
    let section = Section::new("sessions", frame.t("account-sessions"))
        .with(Table::new(frame.t("account-sessions"), columns.map(|key| Column::new(frame.t(key)))).rows(rows));
    if own.sessions.len() > 1 {
        section.with(FormBox::new(frame, "/account/sessions/revoke-others", frame.t("account-end-others")).danger())
    } else {
        section
    }
}

/// Tokens that can still be used, and the form that ends each.
pub(crate) fn token_table(frame: &Frame, tokens: &[Token], revoke: impl Fn(&Token) -> String) -> Part {
    let living: Vec<&Token> =
        tokens.iter().filter(|token| token.revoked_at.is_none() && token.expires_at > frame.now).collect();
    if living.is_empty() {
        return Empty::new(frame.t("account-no-tokens"), frame.t("account-no-tokens-text")).into();
    }
    let rows = living.iter().map(|token| {
        let form = FormBox::new(frame, revoke(token), frame.t("account-revoke")).about(&token.name).danger();
        Row::new([
            Cell::text(&token.name),
            Cell::Text(limits(frame, token)),
            Cell::Time(Instant::day(frame.language, token.created_at)),
            token.used_at.map_or_else(
                || Cell::Nothing(frame.t("account-never")),
                |at| Cell::Time(Instant::ago(frame.language, at, frame.now)),
            ),
            Cell::Time(Instant::day(frame.language, token.expires_at)),
            Cell::Form(Box::new(form)),
        ])
    });
    let columns = ["sheet-name", "account-limits", "sheet-created", "account-used", "sheet-until", "account-revoke"];
    Table::new(frame.t("account-tokens"), columns.map(|key| Column::new(frame.t(key)))).rows(rows).into()
}

/// What a token is limited to, in words.
fn limits(frame: &Frame, token: &Token) -> String {
    let actions = match &token.limits.actions {
        None => frame.t("account-reach-all"),
        Some(actions) => {
            let of = |reach: Reach| {
                actions.len() == Action::ALL.iter().filter(|action| reach.has(**action)).count()
                    && actions.iter().all(|action| reach.has(*action))
            };
            match Reach::ALL.into_iter().find(|reach| of(*reach)) {
                Some(reach) => reach_word(frame, reach),
                None => actions.iter().map(|action| action.name()).collect::<Vec<_>>().join(", "),
            }
        }
    };
    match &token.limits.projects {
        None => actions,
        Some(projects) => {
            let names: Vec<&str> = projects.iter().map(ProjectId::as_str).collect();
            format!("{actions} \u{b7} {}", names.join(", "))
        }
    }
}

fn reach_word(frame: &Frame, reach: Reach) -> String {
    match reach {
        Reach::All => frame.t("account-reach-all"),
        Reach::Read => frame.t("account-reach-read"),
        Reach::Deploy => frame.t("account-reach-deploy"),
    }
}

fn tokens(frame: &Frame, own: &Own) -> Section {
    Section::new("tokens", frame.t("account-tokens")).text(frame.t("account-tokens-text")).with(token_table(
        frame,
        &own.tokens,
        |token| format!("/account/tokens/{}/revoke", token.id),
    ))
}

/// The fields of a new token.
pub(crate) fn token_fields(frame: &Frame, projects: &[ProjectId], refused: Option<&Refused>) -> Vec<Field> {
    let name = Field::new("name", frame.t("sheet-name"), FieldKind::Line("text"))
        .required()
        .hint(frame.t("account-name-hint"));
    let days = DAYS.map(|days| Choice {
        value: days.to_string(),
        label: frame.msg("account-days").with("count", days).to_string(),
    });
    let reaches = Reach::ALL.map(|reach| Choice { value: reach.name().to_owned(), label: reach_word(frame, reach) });
    let projects = projects.iter().map(|project| (project.to_string(), project.to_string()));
    vec![
        again(name, refused),
        Field::new("days", frame.t("account-lives"), FieldKind::Choice(days.to_vec())).value("30"),
        Field::new("reach", frame.t("account-limits"), FieldKind::Choice(reaches.to_vec())).value(Reach::Deploy.name()),
        Field::new("project", frame.t("account-project"), choices(frame.t("account-every-project"), projects)),
    ]
}

fn new_token(frame: &Frame, projects: &[ProjectId], refused: Option<&Refused>) -> Section {
    let form = token_fields(frame, projects, refused)
        .into_iter()
        .fold(FormBox::new(frame, "/account/tokens", frame.t("account-new-token")).main(), FormBox::field);
    Section::new("new-token", frame.t("account-new-token")).text(frame.t("account-new-token-text")).with(form)
}

/// A token that was just made: shown this once.
pub(crate) fn created(frame: Frame, created: &CreatedToken, back: (String, String)) -> Sheet {
    let until = frame.language.minute(created.token.expires_at);
    Sheet::new(frame.clone(), frame.msg("account-created").with("name", &created.token.name).to_string())
        .crumb(back.0, back.1)
        .intro(frame.msg("account-created-text").with("until", until).to_string())
        .notice(Some(Notice::new(Tone::Warn, frame.t("account-once"))))
        .section(Section::plain("secret").with(Part::Listing(created.secret.reveal().to_owned())))
        .also(|also| also.cli(&["token", "list"]).get("/api/v1/tokens"))
}
