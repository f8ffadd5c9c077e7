//! Logging in and out with a browser. The browser carries two random values
//! at most, in cookies that no script reads; never a token.

use super::{
    Broker,
    defence::ClientAddress,
    portal::{Asked, Cookies, Flash, Form, see_other},
    problem::{ApiError, Reply},
    query::Query,
};
use crate::portal::{Place, pages::sign_out::SignOutPage};
use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, time::Duration},
    guard,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
    web,
};
use hansa_iam::{LoginAnswer, session::Origin};
use serde::Deserialize;

/// How long the browser keeps what ties it to the login that it began.
const ATTEMPT: Duration = Duration::minutes(10);

/// The routes.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    let read = || web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
    config
        .service(web::resource("/login/callback/{issuer}").route(read().to(finish)))
        .service(web::resource("/login/{issuer}").route(read().to(begin)))
        .service(web::resource("/logout").route(web::post().to(logout)));
}

#[derive(Debug, Deserialize)]
struct BeginQuery {
    #[serde(rename = "return")]
    return_to: Option<String>,
}

/// What issuers answer; what more they send (`session_state`, `scope`) is passed over.
#[derive(Debug, Deserialize)]
struct AnswerQuery {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

async fn begin(
    broker: web::Data<Broker>,
    request: HttpRequest,
    issuer: web::Path<String>,
    query: Query<BeginQuery>,
) -> Reply {
    if let Some(home) = elsewhere(&broker, &request) {
        return Ok(moved(&home));
    }
    let cookies = Cookies::of(&request);
    let begun = broker.iam.login_begin(&issuer, query.0.return_to.as_deref().unwrap_or("/")).await?;
    let mut cookie = cookies.make(cookies.login(), begun.browser.reveal());
    cookie.set_max_age(ATTEMPT);
    let mut response = moved(begun.url.as_str());
    set(&mut response, &cookie)?;
    Ok(response)
}

async fn finish(
    broker: web::Data<Broker>,
    request: HttpRequest,
    issuer: web::Path<String>,
    query: Query<AnswerQuery>,
) -> Reply {
    let cookies = Cookies::of(&request);
    let (browser, prior) = (request.cookie(&cookies.login()), request.cookie(&cookies.session()));
    let AnswerQuery { code, state, iss, error, error_description } = query.0;
    let answer = LoginAnswer { issuer: issuer.into_inner(), code, state, iss, error, error_description };
    let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let origin = Origin { address: ClientAddress::of(&request).map(|address| address.to_string()), agent };
    let (browser, prior) = (browser.as_ref().map(Cookie::value), prior.as_ref().map(Cookie::value));
    let entered = broker.iam.login_finish(answer, browser, prior, origin).await?;
    tracing::info!(actor = %entered.principal.actor, session = %entered.opened.session.id, "logged in");
    let mut response = moved(&entered.return_to);
    // Whatever tied forms to the visitor before ties them no more.
    for gone in [cookies.login(), cookies.visitor()] {
        set(&mut response, &cookies.gone(gone))?;
    }
    set(&mut response, &cookies.make(cookies.session(), entered.opened.cookie.reveal()))?;
    Ok(response)
}

async fn logout(broker: web::Data<Broker>, request: HttpRequest, form: Form) -> Reply {
    let cookies = Cookies::of(&request);
    let to = match request.cookie(&cookies.session()) {
        Some(cookie) => broker.iam.logout(cookie.value()).await?,
        None => None,
    };
    let home = if broker.iam.login_required() { "/login" } else { "/" };
    let mut response = match to {
        // A form may lead to this origin alone, redirects included (CSP, form-action);
        // a page that leads on is no form.
        Some(url) => leading(&broker, form.visit.asked, url.as_str())?,
        None => see_other(&form.visit.asked, home, Some(Flash::signed_out())),
    };
    set(&mut response, &cookies.gone(cookies.session()))?;
    // The browser forgets what it has of the pages, so that none comes back by its "back".
    response.headers_mut().insert(header::CLEAR_SITE_DATA, header::HeaderValue::from_static("\"cache\""));
    Ok(response)
}

/// Where to go first when the browser came under another name than the one
/// that issuers send it back to: cookies belong to a name.
fn elsewhere(broker: &Broker, request: &HttpRequest) -> Option<String> {
    let home = broker.iam.options().public_url.as_ref()?;
    let port = home.port().map(|port| format!(":{port}")).unwrap_or_default();
    let name = format!("{}{port}", home.host_str()?);
    let came = request.headers().get(header::HOST)?.to_str().ok()?;
    if came.eq_ignore_ascii_case(&name) {
        return None;
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    Some(format!("{}{path}", home.as_str().trim_end_matches('/')))
}

fn moved(to: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, to))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .finish()
}

/// The page that leads on to where the session at the issuer ends. Its
/// address is sent as a header: no script, and no form, which may lead to this
/// origin alone.
fn leading(broker: &Broker, asked: Asked, to: &str) -> Reply {
    let on = to.to_owned();
    let page = asked.signed_out();
    let mut response = page.render(broker, StatusCode::OK, None, Place::None, |frame| SignOutPage { frame, on })?;
    let refresh = HeaderValue::from_str(&format!("0; url={to}")).map_err(|error| {
        ApiError::new(super::problem::ProblemKind::Internal, "the issuer's address can't be led to").for_operator(error)
    })?;
    response.headers_mut().insert(header::REFRESH, refresh);
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

fn set(response: &mut HttpResponse, cookie: &Cookie<'_>) -> Result<(), ApiError> {
    response.add_cookie(cookie).map_err(|error| {
        ApiError::new(super::problem::ProblemKind::Internal, "the login can't be kept").for_operator(error)
    })
}
