//! A browser as far as these tests need one: it follows what issuers say.

use crate::server::{Answer, Request};
use hansa_iam::dev::{DevProvider, DevRequest, DevResponse, PATH};
use std::collections::BTreeMap;
use url::Url;

/// The development login behind a real server: a handler for `serve`.
pub(crate) fn carried(provider: &DevProvider, request: &Request) -> Answer {
    let response = provider.handle(&DevRequest {
        method: request.method.clone(),
        path: request.path.strip_prefix(PATH).unwrap_or("/nowhere").to_owned(),
        query: request.query.clone(),
        form: request.body.clone(),
        authorization: request.header("authorization").map(str::to_owned),
        origin: request.header("origin").map(str::to_owned),
    });
    let headers = response.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Answer { status: response.status, headers, body: response.body }
}

/// Opens a page of the development login.
pub(crate) fn open(provider: &DevProvider, url: &Url) -> DevResponse {
    let path = url.path().strip_prefix(PATH).unwrap().to_owned();
    let query = url.query().unwrap_or_default().to_owned();
    provider.handle(&DevRequest { method: "GET".into(), path, query, ..DevRequest::default() })
}

/// Sends a form of the development login.
pub(crate) fn send(provider: &DevProvider, path: &str, fields: &[(&str, &str)], origin: Option<&str>) -> DevResponse {
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let origin = origin.map(str::to_owned);
    provider.handle(&DevRequest { method: "POST".into(), path: path.into(), form, origin, ..DevRequest::default() })
}

/// The value of a hidden field of a page.
pub(crate) fn hidden(page: &DevResponse, name: &str) -> String {
    let (_, rest) =
        page.body.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{}", page.body));
    rest.split('"').next().unwrap().to_owned()
}

/// Where an answer leads, with its parameters.
pub(crate) fn led(answer: &DevResponse) -> (Url, BTreeMap<String, String>) {
    assert_eq!(answer.status, 303, "{}", answer.body);
    let (_, location) = answer.headers.iter().find(|(name, _)| *name == "Location").unwrap();
    let url: Url = location.parse().unwrap();
    let parameters = url.query_pairs().into_owned().collect();
    (url, parameters)
}
