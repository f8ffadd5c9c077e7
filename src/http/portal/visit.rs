//! A visit to the portal: who looks, in which language and theme, and what
//! forms of this visitor carry.

use super::{Cookies, Flash, csrf};
use crate::{
    http::{
        Broker,
        access::Caller,
        problem::{ApiError, ProblemKind, Reply},
    },
    portal::{Frame, Language, Place, Theme, frame::Person},
};
use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::{StatusCode, header},
    web,
};
use askama::Template;
use hansa_iam::{
    Principal,
    model::{Action, Via},
};
use std::{
    collections::BTreeSet,
    future::{Ready, ready},
};

/// What may be loaded, and by whom the portal may be framed: only what is its own.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The longest path and query that is kept to come back to.
const LONGEST_PATH: usize = 1_000;

/// What a browser said with its request: cheap to take, before anybody knows who asks.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The cookies' names here.
    pub cookies: Cookies,
    /// The language of the answer.
    pub language: Language,
    /// Light or dark.
    pub theme: Theme,
    /// Path and query.
    pub path: String,
    /// What only this visitor's browser knows.
    secret: Option<String>,
    flash: Option<Flash>,
    host: String,
}

impl Asked {
    /// What this request says.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let cookies = Cookies::of(request);
        let value = |name: String| request.cookie(&name).map(|cookie| cookie.value().to_owned());
        let accepted = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let language = value(cookies.language())
            .and_then(|tag| Language::of_tag(&tag))
            .unwrap_or_else(|| Language::negotiated(accepted.unwrap_or_default()));
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        Self {
            language,
            theme: value(cookies.theme()).and_then(|name| Theme::of_name(&name)).unwrap_or_default(),
            path: local_path(path).unwrap_or("/").to_owned(),
            secret: value(cookies.session()).or_else(|| value(cookies.visitor())).filter(|secret| !secret.is_empty()),
            flash: value(cookies.flash()).and_then(|value| Flash::of_cookie(&value)),
            host: host(request),
            cookies,
        }
    }

    /// The same browser once its session has ended: it begins anew, at the page where one signs in.
    pub(crate) fn signed_out(mut self) -> Self {
        self.secret = None;
        "/login".clone_into(&mut self.path);
        self
    }

    /// Whether a form's token was made for this visitor.
    pub(super) fn is_own(&self, token: &str) -> bool {
        self.secret.as_deref().is_some_and(|secret| csrf::is_ours(secret, token))
    }

    /// Renders a page for this visitor. `page` is made of the frame.
    pub(crate) fn render<P: Template>(
        mut self,
        broker: &Broker,
        status: StatusCode,
        principal: Option<&Principal>,
        place: Place,
        page: impl FnOnce(Frame) -> P,
    ) -> Reply {
        let fresh = self.secret.is_none();
        let secret = self.secret.take().unwrap_or_else(|| {
            // Two identifiers hold some 148 bits that nobody can guess.
            format!("{}{}", broker.ids.next().simple(), broker.ids.next().simple())
        });
        let flash = self.flash.take();
        let mut response = HttpResponse::build(status);
        if fresh {
            response.cookie(self.cookies.make(self.cookies.visitor(), secret.clone()));
        }
        if flash.is_some() {
            response.cookie(self.cookies.gone(self.cookies.flash()));
        }
        let frame = Frame {
            language: self.language,
            theme: self.theme,
            place,
            person: principal.map(person),
            allowed: principal.map(|principal| allowed(broker, principal)).unwrap_or_default(),
            csrf: csrf::token(&secret, &broker.ids.next().simple().to_string()),
            flash: flash.map(|flash| flash.notice(self.language)),
            now: broker.clock.now(),
            broker: broker.settings.provider.name.clone(),
            address: address(broker, &self.cookies, &self.host),
            login: principal.is_some_and(|principal| principal.via != Via::Loopback),
            path: self.path,
        };
        let rendered = page(frame).render().map_err(|error| {
            ApiError::new(ProblemKind::Internal, "the page can't be shown; the broker's log tells more")
                .for_operator(error)
        })?;
        Ok(response
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
            .insert_header((header::REFERRER_POLICY, "same-origin"))
            .insert_header((header::CONTENT_LANGUAGE, self.language.tag()))
            .insert_header((header::VARY, "Accept-Language, Cookie"))
            .body(rendered))
    }
}

/// A path of this portal and nothing else: where it is safe to lead somebody back to.
pub(crate) fn local_path(path: &str) -> Option<&str> {
    let other_host = path.starts_with("//") || path.starts_with("/\\");
    let plain = path.len() <= LONGEST_PATH && path.chars().all(|letter| letter.is_ascii_graphic());
    (path.starts_with('/') && !other_host && plain).then_some(path)
}

/// A text as a value in a query (RFC 3986, section 3.4).
pub(crate) fn encoded(text: &str) -> String {
    crate::portal::pages::applications::encoded(text)
}

/// The name by which the browser came. Not what a proxy is said to have seen
/// (`Forwarded`, `X-Forwarded-Host`): anybody can send that.
fn host(request: &HttpRequest) -> String {
    let told = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let told = told.or_else(|| request.uri().authority().map(|authority| authority.as_str()));
    told.map_or_else(|| request.app_config().local_addr().to_string(), str::to_owned)
}

/// Where the commands on the pages lead: where people reach this broker, or
/// the name by which this one came.
fn address(broker: &Broker, cookies: &Cookies, host: &str) -> String {
    let home = broker.settings.server.public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
    home.unwrap_or_else(|| format!("{}://{host}", cookies.scheme()))
}

fn person(principal: &Principal) -> Person {
    Person { name: principal.name.clone(), signed_in: principal.via != Via::Loopback }
}

/// What somebody may do somewhere: which entries and buttons they are shown.
fn allowed(broker: &Broker, principal: &Principal) -> BTreeSet<Action> {
    Action::ALL.iter().copied().filter(|action| broker.iam.anywhere(principal, *action).allowed).collect()
}

/// A visit by somebody who may see the page.
#[derive(Debug)]
pub(crate) struct Visit {
    /// What the browser said.
    pub asked: Asked,
    /// Who looks.
    pub caller: Caller,
    /// The broker's parts.
    pub broker: web::Data<Broker>,
}

impl Visit {
    /// The language of the page.
    pub(crate) const fn language(&self) -> Language {
        self.asked.language
    }

    /// Answers with a page, which is made of the frame.
    pub(crate) fn show<P: Template>(self, place: Place, page: impl FnOnce(Frame) -> P) -> Reply {
        self.show_as(StatusCode::OK, place, page)
    }

    /// As [`Self::show`] with another status: 422 where a form is to be corrected.
    pub(crate) fn show_as<P: Template>(self, status: StatusCode, place: Place, page: impl FnOnce(Frame) -> P) -> Reply {
        self.asked.render(&self.broker, status, Some(&self.caller.principal), place, page)
    }
}

impl FromRequest for Visit {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let broker = request.app_data::<web::Data<Broker>>().cloned();
        let visit = match (broker, Caller::of(request)) {
            (Some(broker), Some(caller)) => Ok(Self { asked: Asked::of(request), caller, broker }),
            (Some(_), None) => Err(ApiError::new(ProblemKind::Unauthenticated, "sign in first")),
            (None, _) => Err(ApiError::new(ProblemKind::Internal, "the broker isn't wired to its server")),
        };
        ready(visit)
    }
}

#[cfg(test)]
mod tests {
    use super::{host, local_path};
    use actix_web::test::TestRequest;

    #[test]
    fn what_a_proxy_is_said_to_have_seen_names_nobody() {
        let request = TestRequest::get()
            .insert_header(("Host", "broker.example:8443"))
            .insert_header(("X-Forwarded-Host", "evil.example"))
            .insert_header(("Forwarded", "host=evil.example"));
        assert_eq!(host(&request.to_http_request()), "broker.example:8443");
        let request = TestRequest::get().insert_header(("X-Forwarded-Host", "evil.example")).to_http_request();
        assert!(!host(&request).contains("evil"), "{}", host(&request));
    }

    #[test]
    fn nobody_is_led_away() {
        for good in ["/", "/applications?phase=running&page=2", "/applications/three-tier#logs"] {
            assert_eq!(local_path(good), Some(good));
        }
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nSet-Cookie: x",
            "/a b",
            "applications",
        ] {
            assert_eq!(local_path(bad), None, "{bad}");
        }
        assert_eq!(local_path(&format!("/{}", "x".repeat(1_000))), None);
    }
}
