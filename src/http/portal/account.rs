//! One's own account: sessions, tokens, language.

use super::{Flash, Form, Visit, see_other};
use crate::{
    http::problem::{ApiError, ProblemKind, Reply},
    portal::{
        Language, Place,
        pages::{
            account::{self, DAYS, Own, Reach},
            partners::Refused,
        },
    },
};
use actix_web::{
    http::StatusCode,
    web::{self, Path},
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_iam::{Action, IamError, TokenLimits, Via, token::NewToken};
use hansa_ontology::{AccountId, ProjectId, ProjectScope};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Sessions and tokens that are shown at most.
const MOST: usize = 200;

/// Shows one's own account.
pub(crate) async fn show(visit: Visit) -> Reply {
    shown(visit, StatusCode::OK, None).await
}

async fn shown(visit: Visit, status: StatusCode, refused: Option<Refused>) -> Reply {
    let broker = visit.broker.clone();
    let Some(id) = visit.caller.principal.account else {
        return visit.show(Place::Account, account::nobody);
    };
    let this = match &visit.caller.principal.via {
        Via::Session(session) => session.parse().ok(),
        _ => None,
    };
    let own = Own {
        account: broker.iam.account_get(id).await?,
        sessions: broker.iam.session_list(id).await?,
        this,
        tokens: broker.iam.token_list(id, None, MOST).await?,
        projects: projects(&visit).await?,
    };
    visit.show_as(status, Place::Account, |frame| account::page(frame, &own, refused.as_ref()))
}

/// The projects that a token can be limited to: those that its owner sees.
async fn projects(visit: &Visit) -> Result<Vec<ProjectId>, ApiError> {
    match visit.caller.scope(&visit.broker, Action::ApplicationRead).await? {
        ProjectScope::Only(projects) => Ok(projects.into_iter().collect()),
        ProjectScope::All => {
            let all = visit.broker.iam.project_list(ProjectScope::All, None, None, MOST).await?;
            Ok(all.into_iter().map(|project| project.id).collect())
        }
    }
}

/// The token that a form asks for, whose fields' names end so.
pub(super) fn wanted(form: &Form, suffix: &str, now: DateTime<Utc>) -> Result<NewToken, IamError> {
    let field = |name: &str| form.get(&format!("{name}{suffix}")).to_owned();
    let days = DAYS.into_iter().find(|days| field("days") == days.to_string());
    let days = days.ok_or_else(|| IamError::invalid("/days", "choose one of the numbers of days"))?;
    let reach = Reach::ALL.into_iter().find(|reach| field("reach") == reach.name());
    let reach = reach.ok_or_else(|| IamError::invalid("/reach", "choose what the token may do"))?;
    let actions: BTreeSet<Action> = Action::ALL.iter().copied().filter(|action| reach.has(*action)).collect();
    let project = Some(field("project")).filter(|name| !name.is_empty()).map(ProjectId::new).transpose();
    let project = project.map_err(|error| IamError::invalid("/project", error.to_string()))?;
    Ok(NewToken {
        name: field("name"),
        limits: TokenLimits {
            actions: (reach != Reach::All).then_some(actions),
            projects: project.map(|project| BTreeSet::from([project])),
        },
        expires_at: now.checked_add_signed(TimeDelta::days(i64::from(days))),
    })
}

/// What is wrong with a form; anything else is not the form's fault.
pub(super) fn refused(form: &Form, field: &'static str, error: IamError) -> Result<Refused, ApiError> {
    let error = ApiError::from(error);
    match error.kind() {
        ProblemKind::Invalid | ProblemKind::Malformed | ProblemKind::Conflict => {
            Ok(Refused { field, value: form.get(field).to_owned(), error: error.to_string() })
        }
        _ => Err(error),
    }
}

fn own(form: &Form) -> Result<AccountId, ApiError> {
    form.caller().account()
}

/// Makes a token and shows it, once.
pub(crate) async fn token_create(form: Form) -> Reply {
    let (broker, id) = (form.visit.broker.clone(), own(&form)?);
    let made = match wanted(&form, "", broker.clock.now()) {
        Ok(new) => broker.iam.token_create(id, new, &form.caller().principal).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(created) => form.visit.show(Place::Account, |frame| {
            let back = ("/account".to_owned(), frame.t("account-title"));
            account::created(frame, &created, back)
        }),
        Err(error) => {
            let refused = refused(&form, "name", error)?;
            shown(form.visit, StatusCode::UNPROCESSABLE_ENTITY, Some(refused)).await
        }
    }
}

/// Revokes a token.
pub(crate) async fn token_revoke(form: Form, token: Path<Uuid>) -> Reply {
    let revoked = form.visit.broker.iam.token_revoke(own(&form)?, *token).await?;
    Ok(see_other(&form.visit.asked, "/account", Some(Flash::done("done-token-revoked", &revoked.name))))
}

/// Ends another of one's own sessions.
pub(crate) async fn session_revoke(form: Form, session: Path<Uuid>) -> Reply {
    form.visit.broker.iam.session_revoke(own(&form)?, *session).await?;
    Ok(see_other(&form.visit.asked, "/account", Some(Flash::done("done-session-ended", ""))))
}

/// Ends every session but this one.
pub(crate) async fn sessions_revoke(form: Form) -> Reply {
    let this = match &form.caller().principal.via {
        Via::Session(session) => session.parse().ok(),
        _ => None,
    };
    form.visit.broker.iam.session_revoke_all(own(&form)?, this).await?;
    Ok(see_other(&form.visit.asked, "/account", Some(Flash::done("done-session-ended", ""))))
}

/// Keeps the language with the account, and in this browser.
pub(crate) async fn language(form: Form) -> Reply {
    let chosen = Language::of_tag(form.get("language"))
        .ok_or_else(|| ApiError::field("language", "it is none of the portal's languages"))?;
    form.visit.broker.iam.account_locale(own(&form)?, Some(chosen.tag().to_owned())).await?;
    let asked = &form.visit.asked;
    let mut response = see_other(asked, "/account", Some(Flash::done("done-preferences", "")));
    let cookie = asked.cookies.choice(asked.cookies.language(), chosen.tag());
    if let Err(error) = response.add_cookie(&cookie) {
        tracing::warn!(%error, "a cookie can't be set");
    }
    Ok(response)
}

/// The routes of this page.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/account").route(super::page().to(show)))
        .service(web::resource("/account/language").route(web::post().to(language)))
        .service(web::resource("/account/tokens").route(web::post().to(token_create)))
        .service(web::resource("/account/tokens/{token}/revoke").route(web::post().to(token_revoke)))
        .service(web::resource("/account/sessions/revoke-others").route(web::post().to(sessions_revoke)))
        .service(web::resource("/account/sessions/{session}/revoke").route(web::post().to(session_revoke)));
}
