//! Every route for every role, with one's own, another's and no object at all,
//! against a whole broker over real HTTP. A route without a line in the table,
//! and a line without a case here, fail.

mod cut_off;
mod portal;
mod streams;
mod tenants;

use super::table::{self, Need, Object, Proof, Route};
use crate::{
    demo,
    http::{
        server::{Audience, application},
        wire::{Accepted, Page, Problem},
    },
    metrics::Metrics,
    wiring::{self, RunningBroker},
};
use actix_web::{test, web};
use hansa_iam::Action;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tempfile::TempDir;

/// A broker, with people or without.
struct Border {
    running: RunningBroker,
    http: Client,
    tokens: BTreeMap<&'static str, String>,
    _directory: TempDir,
}

impl Border {
    async fn open(login: bool) -> Self {
        Self::open_with(login, |_| {}).await
    }

    async fn open_with(login: bool, change: impl FnOnce(&mut crate::config::Settings)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut settings = demo::demo_settings(directory.path(), 0).unwrap();
        settings.auth.dev_login = login;
        settings.server.limits.address_rate = 0;
        settings.server.limits.actor_rate = 0;
        settings.server.limits.failures_per_minute = 0;
        settings.server.limits.streams = 10_000;
        change(&mut settings);
        let running = wiring::start(settings, Arc::new(Metrics::new())).await.unwrap();
        let people = running.broker.dev_login.as_ref().map(|provider| provider.tokens().unwrap()).unwrap_or_default();
        let tokens = people.into_iter().map(|(name, token)| (name, token.token.reveal().to_owned())).collect();
        let http = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { running, http, tokens, _directory: directory }
    }

    async fn send(&self, method: &str, path: &str, who: Option<&str>) -> Response {
        self.send_with(method, path, who, "").await
    }

    async fn send_with(&self, method: &str, path: &str, who: Option<&str>, body: &str) -> Response {
        let method: Method = method.parse().unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.running.url)).body(body.to_owned());
        if let Some(who) = who {
            request = request.bearer_auth(&self.tokens[who]);
        }
        request.send().await.unwrap()
    }

    /// Submits an application and gives its id and its operation's.
    async fn submit(&self, who: &str, project: &str, name: &str) -> Accepted {
        let model = demo::THREE_TIER.replacen("name: three-tier", &format!("name: {name}"), 1);
        let path = format!("/api/v1/applications?project={project}");
        let answer = self.send_with("POST", &path, Some(who), &model).await;
        assert_eq!(answer.status(), StatusCode::ACCEPTED, "{}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }
}

/// Every pattern that the router has.
async fn patterns(border: &Border) -> BTreeSet<String> {
    let state = web::Data::new(border.running.broker.clone());
    let app = test::init_service(application(state, Audience::All)).await;
    let answer = test::call_service(&app, test::TestRequest::get().uri("/livez").to_request()).await;
    let tree = format!("{:#?}", answer.request().resource_map());
    let (mut stack, mut found, mut skip): (Vec<(usize, String)>, BTreeSet<String>, Option<usize>) =
        (Vec::new(), BTreeSet::new(), None);
    let mut lines = tree.lines().peekable();
    while let Some(line) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        // The names are a second way to the same resources.
        match (skip, line.trim()) {
            (Some(until), _) if indent > until => continue,
            (_, "named: {") => skip = Some(indent),
            (_, "patterns: Single(") => {
                let text = lines.next().unwrap().trim().trim_end_matches(',').trim_matches('"').to_owned();
                stack.retain(|(outer, _)| *outer < indent);
                stack.push((indent, text));
            }
            (_, "nodes: None,") => {
                found.insert(stack.iter().map(|(_, part)| part.as_str()).collect());
            }
            _ => skip = None,
        }
    }
    found
}

#[tokio::test]
async fn every_route_has_a_line_and_every_line_a_route() {
    let border = Border::open(false).await;
    let listed: BTreeSet<String> = table::routes().map(|route| route.path.to_owned()).collect();
    let there = patterns(&border).await;
    assert!(there.len() > 100, "{there:?}");
    let unlisted: Vec<&String> = there.difference(&listed).collect();
    assert!(unlisted.is_empty(), "these lack a line in the table of access: {unlisted:#?}");
    // What only tests of the protocol have, where the settings ask for it.
    let gone: Vec<&String> = listed.difference(&there).filter(|path| !path.starts_with("/conformance")).collect();
    assert!(gone.is_empty(), "the table has lines for nothing: {gone:#?}");
    for document in ["/openapi.json", "/admin/openapi.json"] {
        let document: Value = border.send("GET", document, None).await.json().await.unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys().filter(|key| *key != "parameters") {
                let said = item[method]["x-hansa-action"].as_str().unwrap_or_else(|| panic!("{method} {path}"));
                let method: Method = method.to_uppercase().parse().unwrap();
                let pattern = there.iter().find(|pattern| same(pattern, path)).unwrap_or(path);
                let route = table::find(&method.as_str().parse().unwrap(), pattern);
                let route = route.unwrap_or_else(|| panic!("{method} {path} has no line"));
                let expected = match (route.need, route.proof) {
                    (Need::May(action, _), _) => action.name(),
                    (Need::SignedIn, _) => "signed-in",
                    (Need::Nothing, Proof::Signature) => "partner",
                    (Need::Nothing, Proof::Machine) => "machine",
                    (Need::Nothing, _) => "none",
                };
                assert_eq!(said, expected, "{method} {path}");
            }
        }
    }
    border.running.stop().await;
}

/// OpenAPI has `{id}` where the router has `{id:.+}`.
fn same(pattern: &str, path: &str) -> bool {
    let plain: String = pattern
        .split('/')
        .map(|part| part.split_once(':').map_or(part.to_owned(), |(name, _)| format!("{name}}}")))
        .collect::<Vec<_>>()
        .join("/");
    plain == path
}

const USER: &str = "application.read application.discover application.create application.update application.remove application.logs plan.create usage.read project.read member.read quota.read";
const ADMINISTRATOR: &str = "member.write service-account.write budget.write";
const ORGANISATION: &str = "project.write quota.write";
const BILLING: &str = "usage.read budget.write project.read quota.read";
const AUDITOR: &str =
    "application.read application.discover application.logs usage.read project.read member.read quota.read audit.read";
const AUDITOR_OF_BROKER: &str =
    "node.read partner.read agreement.read account.read billing.read event.read metrics.read";
const INFRASTRUCTURE: &str = "offer.write site.write node.read node.write credential.write flavour.write system.write maintenance.write fault.write event.read metrics.read partner.read agreement.read";
const CLOUD_EDGE: &str = "partner.read partner.write agreement.read key.rotate node.read project.read project.write organisation.write member.read member.write quota.read quota.write service-account.write account.read account.write billing.read billing.write fault.write event.read metrics.read application.read application.discover usage.read";

/// What somebody may do to the broker, to acme, and to acme/web: written down
/// once more, so that a policy that gives more is noticed.
fn permissions(who: &str) -> [BTreeSet<&'static str>; 3] {
    let words = |texts: &[&'static str]| texts.iter().flat_map(|text| text.split(' ')).collect::<BTreeSet<_>>();
    let without = |mut set: BTreeSet<&'static str>, word: &str| {
        set.remove(word);
        set
    };
    match who {
        "ada" => {
            let all = words(&["catalogue.read", CLOUD_EDGE, INFRASTRUCTURE, AUDITOR, AUDITOR_OF_BROKER]);
            [all.clone(), all.clone(), all]
        }
        "ines" => [words(&["catalogue.read", INFRASTRUCTURE]), BTreeSet::new(), BTreeSet::new()],
        "otto" => {
            let own = words(&[AUDITOR]);
            [words(&["catalogue.read", AUDITOR, AUDITOR_OF_BROKER]), own.clone(), own]
        }
        "uma" => {
            let project = words(&[USER, ADMINISTRATOR, ORGANISATION]);
            // What the organisation itself may have is not its own to say.
            [words(&["catalogue.read"]), without(project.clone(), "quota.write"), project]
        }
        "ben" => [words(&["catalogue.read"]), BTreeSet::new(), words(&[USER])],
        "bea" => [words(&["catalogue.read"]), words(&[BILLING]), words(&[BILLING])],
        "tess" => [words(&["catalogue.read"]), BTreeSet::new(), BTreeSet::new()],
        "pia" | "noah" => [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()],
        other => panic!("{other} has no case"),
    }
}

/// What somebody may do somewhere, which decides over lists.
fn anywhere(who: &str) -> BTreeSet<&'static str> {
    let mut all: BTreeSet<&str> = permissions(who).into_iter().flatten().collect();
    match who {
        "tess" => all.extend([USER, ADMINISTRATOR, ORGANISATION].iter().flat_map(|text| text.split(' '))),
        "pia" => all.extend(["partner.read", "agreement.read"]),
        _ => {}
    }
    all
}

/// What is to come of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The handler has it.
    Reached,
    /// 403, and the permission is named.
    Forbidden,
    /// 404, as if it weren't there.
    Missing,
}

const SEEING: [&str; 4] = ["application.read", "usage.read", "project.read", "audit.read"];

fn outcome(who: &str, action: Action, object: Object) -> Outcome {
    let [broker, organisation, project] = permissions(who);
    let may = |set: &BTreeSet<&str>| if set.contains(action.name()) { Outcome::Reached } else { Outcome::Forbidden };
    let seen =
        |set: &BTreeSet<&str>| if SEEING.iter().any(|word| set.contains(word)) { may(set) } else { Outcome::Missing };
    match object {
        Object::Broker => may(&broker),
        Object::Seen => may(&anywhere(who)),
        Object::Own => Outcome::Reached,
        Object::Organisation(_) => seen(&organisation),
        Object::Project(..) | Object::Chosen => seen(&project),
        Object::Application(_) | Object::Operation(_)
            if !project.contains("application.read") && !project.contains(action.name()) =>
        {
            Outcome::Missing
        }
        Object::Application(_) | Object::Operation(_) => may(&project),
        // This broker federates with nobody: only who may see partners is told so.
        Object::Partner(_) if !broker.contains("partner.read") => Outcome::Missing,
        Object::Partner(_) => may(&broker),
    }
}

/// What a route's path names.
#[derive(Clone)]
struct Names {
    organisation: String,
    project: String,
    application: String,
    operation: String,
}

fn path(route: &Route, names: &Names) -> String {
    let object = match route.need {
        Need::May(_, object) => Some(object),
        _ => None,
    };
    let part = |part: &str| -> String {
        let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else { return part.to_owned() };
        match object {
            Some(Object::Application(own)) if own == name => names.application.clone(),
            Some(Object::Operation(own)) if own == name => names.operation.clone(),
            Some(Object::Organisation(own)) if own == name => names.organisation.clone(),
            Some(Object::Project(own, _)) if own == name => names.organisation.clone(),
            Some(Object::Project(_, own)) if own == name => names.project.clone(),
            _ => "nobody".to_owned(),
        }
    };
    let path: Vec<String> = route.path.split('/').map(part).collect();
    let query = match object {
        Some(Object::Chosen) => format!("?project={}/{}", names.organisation, names.project),
        _ => String::new(),
    };
    let dry = match (route.method, query.is_empty()) {
        ("GET", _) => "",
        (_, true) => "?dryRun=true",
        (_, false) => "&dryRun=true",
    };
    format!("{}{query}{dry}", path.join("/"))
}

/// A refusal without what differs with each request and each name.
async fn bare(answer: Response, names: &Names) -> String {
    let mut problem: Problem = answer.json().await.unwrap();
    problem.instance = String::new();
    let mut text = serde_json::to_string(&problem).unwrap();
    for name in [
        &names.application,
        &names.operation,
        &format!("{}/{}", names.organisation, names.project),
        &names.organisation,
    ] {
        text = text.replace(&format!("`{name}`"), "`…`");
    }
    text
}

#[tokio::test]
async fn every_route_for_every_role_and_own_foreign_and_missing_object() {
    let border = Border::open(true).await;
    let own = border.submit("ben", "acme/web", "shop").await;
    let other = border.submit("tess", "globex/shop", "shop").await;
    let names = |organisation: &str, project: &str, application: &str, operation: &str| Names {
        organisation: organisation.to_owned(),
        project: project.to_owned(),
        application: application.to_owned(),
        operation: operation.to_owned(),
    };
    let acme = names("acme", "web", &own.application, &own.operation);
    let globex = names("globex", "shop", &other.application, &other.operation);
    let id = "00000000-0000-7000-8000-000000000000";
    let nothing = names("nowhere", "nothing", id, id);
    let people: Vec<&'static str> = border.tokens.keys().copied().collect();
    assert_eq!(people.len(), 9);
    for route in table::routes().filter(|route| route.proof == Proof::Bearer) {
        let line = format!("{} {}", route.method, route.path);
        let Need::May(action, object) = route.need else { continue };
        let answer = border.send(route.method, &path(route, &acme), None).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{line} without a token");
        assert!(answer.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer"), "{line}");
        for who in &people {
            let expected = outcome(who, action, object);
            let answer = border.send(route.method, &path(route, &acme), Some(who)).await;
            let status = answer.status();
            match expected {
                Outcome::Reached => assert!(!matches!(status.as_u16(), 401 | 403), "{line} by {who}: {status}"),
                Outcome::Forbidden => {
                    assert_eq!(status, StatusCode::FORBIDDEN, "{line} by {who}");
                    let problem: Problem = answer.json().await.unwrap();
                    assert_eq!(problem.permission.as_deref(), Some(action.name()), "{line} by {who}");
                    assert!(problem.detail.contains(action.name()), "{line} by {who}");
                }
                Outcome::Missing => assert_eq!(status, StatusCode::NOT_FOUND, "{line} by {who}"),
            }
            if !names_something(object) {
                continue;
            }
            let missing = border.send(route.method, &path(route, &nothing), Some(who)).await;
            assert_eq!(missing.status(), StatusCode::NOT_FOUND, "{line} by {who}, nothing");
            let missing = bare(missing, &nothing).await;
            // Those who see the whole broker have nothing foreign in it.
            if !matches!(*who, "ada" | "otto" | "tess") {
                let foreign = border.send(route.method, &path(route, &globex), Some(who)).await;
                assert_eq!(foreign.status(), StatusCode::NOT_FOUND, "{line} by {who}, another's");
                assert_eq!(bare(foreign, &globex).await, missing, "{line} by {who}");
            }
        }
    }
    border.running.stop().await;
}

const fn names_something(object: Object) -> bool {
    matches!(
        object,
        Object::Application(_) | Object::Operation(_) | Object::Organisation(_) | Object::Project(..) | Object::Chosen
    )
}

#[tokio::test]
async fn a_page_needs_a_session_and_the_api_a_token() {
    let border = Border::open(true).await;
    for route in table::routes().filter(|route| route.proof == Proof::Session) {
        let names = Names {
            organisation: "acme".into(),
            project: "web".into(),
            application: "x".into(),
            operation: "x".into(),
        };
        if route.need == Need::Nothing {
            continue;
        }
        // A token that is good for the API is no session.
        for who in [None, Some("ada")] {
            let answer = border.send(route.method, &path(route, &names), who).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{} {} by {who:?}", route.method, route.path);
        }
    }
    border.running.stop().await;
}

#[tokio::test]
async fn without_login_everything_is_open_to_this_machine_alone() {
    let border = Border::open(false).await;
    let names = Names {
        organisation: "local".into(),
        project: "default".into(),
        application: "x".into(),
        operation: "x".into(),
    };
    for route in table::routes().filter(|route| route.proof == Proof::Bearer) {
        let path = path(route, &names);
        let line = format!("{} {path}", route.method);
        let answer = border.send(route.method, &path, None).await;
        assert!(!matches!(answer.status().as_u16(), 401 | 403), "{line}: {}", answer.status());
        if route.need == Need::Nothing {
            continue;
        }
        let rebound = border.http.request(route.method.parse().unwrap(), format!("{}{path}", border.running.url));
        let rebound = rebound.header("Host", "evil.example").send().await.unwrap();
        assert!(matches!(rebound.status().as_u16(), 403 | 421), "{line}: {}", rebound.status());
    }
    border.running.stop().await;
}

#[tokio::test]
async fn a_tenant_finds_nothing_of_another() {
    let border = Border::open(true).await;
    let theirs = border.submit("tess", "globex/shop", "secret-shop").await;
    let ours = border.submit("ben", "acme/web", "secret-shop").await;
    let text = async |path: &str| border.send("GET", path, Some("ben")).await.text().await.unwrap();
    for list in [
        "/api/v1/applications?includeRemoved=true&includeOrders=true",
        "/api/v1/applications?project=globex/shop",
        "/api/v1/operations",
        "/api/v1/events?limit=500",
        "/api/v1/events?limit=500&order=newest",
        "/api/v1/events?project=globex/shop",
        &format!("/api/v1/events?application={}", theirs.application),
        &format!("/api/v1/events?subject=application/{}", theirs.application),
        "/api/v1/projects",
        "/api/v1/organisations",
    ] {
        let found = text(list).await;
        for word in [theirs.application.as_str(), theirs.operation.as_str(), "globex"] {
            assert!(!found.contains(word) || list.contains(word) && found.contains("\"items\":[]"), "{list}: {found}");
        }
    }
    // A name is one's own; the other's whole name leads nowhere.
    let shown: Value = border.send("GET", "/api/v1/applications/secret-shop", Some("ben")).await.json().await.unwrap();
    assert_eq!(shown["id"], ours.application);
    let whole = border.send("GET", "/api/v1/applications/globex%2Fshop%2Fsecret-shop", Some("ben")).await;
    assert_eq!(whole.status(), StatusCode::NOT_FOUND);
    // Who sees both is told how to name one.
    let both = border.send("GET", "/api/v1/applications/secret-shop", Some("ada")).await;
    assert_eq!(both.status(), StatusCode::CONFLICT);
    assert!(both.text().await.unwrap().contains("globex/shop/secret-shop"));
    // A place in another's list is no place in one's own.
    let pages = async |path: &str, who: &str| -> Page<Value> {
        let answer = border.send("GET", path, Some(who)).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path} by {who}");
        answer.json().await.unwrap()
    };
    let own = pages("/api/v1/operations", "ben").await.items;
    assert!(!own.is_empty());
    let mut token = pages("/api/v1/operations?limit=1", "ada").await.next;
    assert!(token.is_some(), "ada sees more than one");
    while let Some(place) = token {
        let path = format!("/api/v1/operations?limit=1&pageToken={place}");
        for found in pages(&path, "ben").await.items {
            assert!(own.contains(&found), "{found}");
        }
        token = pages(&path, "ada").await.next;
    }
    border.running.stop().await;
}
