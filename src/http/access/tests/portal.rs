//! The portal's routes for every role, with real sessions.

use super::{Border, Names, Outcome, bare, names_something, outcome, path};
use crate::http::{
    access::table::{self, Need, Proof},
    wire::Problem,
};
use reqwest::{Response, StatusCode, header};
use std::collections::BTreeMap;

/// A browser's cookies, as it sends them.
pub(super) struct Session(pub(super) String);

fn cookies(answer: &Response) -> String {
    let set = answer.headers().get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap());
    let pairs: Vec<&str> = set.map(|cookie| cookie.split(';').next().unwrap()).collect();
    pairs.into_iter().filter(|pair| !pair.ends_with('=')).collect::<Vec<_>>().join("; ")
}

fn location(answer: &Response) -> String {
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

pub(super) fn after(text: &str, mark: &str) -> String {
    text.split_once(mark).unwrap_or_else(|| panic!("no {mark} in {text}")).1.split('"').next().unwrap().to_owned()
}

impl Border {
    /// Logs in as a browser does: at the development login, by the code flow.
    pub(super) async fn session(&self, who: &str) -> Session {
        let login = self.http.get(format!("{}/login/dev", self.running.url)).send().await.unwrap();
        let (began, to) = (cookies(&login), location(&login));
        let chooser = self.http.get(to).send().await.unwrap().text().await.unwrap();
        let ticket = after(&chooser, "name=\"ticket\" value=\"");
        let chosen = self.http.post(format!("{}/dev/oidc/authorize", self.running.url));
        let chosen = chosen.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let chosen = chosen.header(header::ORIGIN, &self.running.url).body(format!("ticket={ticket}&person={who}"));
        let back = location(&chosen.send().await.unwrap());
        let entered = self.http.get(back).header(header::COOKIE, began).send().await.unwrap();
        assert_eq!(location(&entered), "/");
        Session(cookies(&entered))
    }

    pub(super) async fn visit(&self, method: &str, path: &str, session: &Session) -> Response {
        let method: reqwest::Method = method.parse().unwrap();
        let request = self.http.request(method, format!("{}{path}", self.running.url));
        request.header(header::COOKIE, &session.0).send().await.unwrap()
    }
}

/// Whether the policies refused, and with which permission. A form without its
/// token is refused as well (403), by its handler, and names none.
async fn refused(answer: Response) -> Option<String> {
    if answer.status() != StatusCode::FORBIDDEN {
        return None;
    }
    answer.json::<Problem>().await.unwrap().permission
}

#[tokio::test]
async fn every_page_and_form_for_every_role_and_own_foreign_and_missing_object() {
    let border = Border::open(true).await;
    let own = border.submit("ben", "acme/web", "shop").await;
    let other = border.submit("tess", "globex/shop", "shop").await;
    let names = |organisation: &str, project: &str, application: &str| Names {
        organisation: organisation.to_owned(),
        project: project.to_owned(),
        application: application.to_owned(),
        operation: "00000000-0000-7000-8000-000000000000".to_owned(),
    };
    let acme = names("acme", "web", &own.application);
    let globex = names("globex", "shop", &other.application);
    let nothing = names("nowhere", "nothing", "00000000-0000-7000-8000-000000000000");
    let mut sessions = BTreeMap::new();
    for who in border.tokens.keys() {
        sessions.insert(*who, border.session(who).await);
    }
    assert_eq!(sessions.len(), 9);
    let stranger = Session("hansa-1-session=x".to_owned());
    let mut asked = 0;
    for route in table::routes().filter(|route| route.proof == Proof::Session && route.need != Need::Nothing) {
        let line = format!("{} {}", route.method, route.path);
        // A token proves nothing here, and no cookie less.
        let by_token = border.send(route.method, &path(route, &acme), Some("ada")).await;
        assert_eq!(by_token.status(), StatusCode::UNAUTHORIZED, "{line} with a token");
        let unknown = border.visit(route.method, &path(route, &acme), &stranger).await;
        assert_eq!(unknown.status(), StatusCode::UNAUTHORIZED, "{line} without a session");
        let Need::May(action, object) = route.need else { continue };
        for (who, session) in &sessions {
            asked += 1;
            let answer = border.visit(route.method, &path(route, &acme), session).await;
            let status = answer.status();
            match outcome(who, action, object) {
                Outcome::Missing => assert_eq!(status, StatusCode::NOT_FOUND, "{line} by {who}"),
                Outcome::Forbidden => {
                    let told = refused(answer).await;
                    assert_eq!(told.as_deref(), Some(action.name()), "{line} by {who}: {status}");
                }
                Outcome::Reached => {
                    assert_ne!(status, StatusCode::UNAUTHORIZED, "{line} by {who}");
                    assert!(!status.is_server_error(), "{line} by {who}: {status}");
                    assert_eq!(refused(answer).await, None, "{line} by {who}");
                }
            }
            if !names_something(object) {
                continue;
            }
            let missing = border.visit(route.method, &path(route, &nothing), session).await;
            assert_eq!(missing.status(), StatusCode::NOT_FOUND, "{line} by {who}, nothing");
            let missing = bare(missing, &nothing).await;
            if !matches!(*who, "ada" | "otto" | "tess") {
                let foreign = border.visit(route.method, &path(route, &globex), session).await;
                assert_eq!(foreign.status(), StatusCode::NOT_FOUND, "{line} by {who}, another's");
                assert_eq!(bare(foreign, &globex).await, missing, "{line} by {who}");
            }
        }
    }
    assert!(asked > 500, "{asked}");
    border.running.stop().await;
}

#[tokio::test]
async fn a_form_with_a_control_character_is_refused_by_name() {
    let border = Border::open(true).await;
    let session = border.session("ben").await;
    let page = border.visit("GET", "/account", &session).await.text().await.unwrap();
    let token = after(&page, "name=\"csrf\" value=\"");
    let form = border.http.post(format!("{}/account/tokens", border.running.url)).header(header::COOKIE, &session.0);
    let form = form.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = form.body(format!("csrf={token}&name=a%00b")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let told = answer.text().await.unwrap();
    assert!(told.contains("name: it holds the control character U+0000"), "{told}");
    border.running.stop().await;
}
