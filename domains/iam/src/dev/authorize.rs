//! The authorization endpoint: a request is checked, somebody is chosen, a
//! code goes back (OpenID Connect Core 1.0, section 3.1.2; RFC 7636; RFC 9207).

use super::{
    DevProvider,
    message::{DevRequest, DevResponse, Parameters},
    pages,
    people::person,
    state::{Asked, CODE_LIFE, Code, PATIENCE},
};
use crate::IamError;
use url::Url;

impl DevProvider {
    /// Shows whom one can be.
    pub(super) fn authorize(&self, request: &DevRequest) -> Result<DevResponse, IamError> {
        let wrong = |text: &str| Ok(pages::told(400, "This request can't be used", text));
        let Some(given) = Parameters::read(&request.query) else {
            return wrong("A parameter stands twice in it.");
        };
        // Until client and address are known there is nobody to answer but the person.
        let (Some(client), Some(redirect)) = (given.get("client_id"), given.get("redirect_uri")) else {
            return wrong("It names no client, or no address to go back to.");
        };
        if !self.is_redirect(client, redirect) {
            return wrong("Its client is not known, or may not be gone back to at that address.");
        }
        if let Some((error, text)) = fault(&given) {
            return Ok(DevResponse::see_other(&self.back(
                redirect,
                given.get("state"),
                &[("error", error), ("error_description", text)],
            )));
        }
        let asked = Asked {
            client: client.to_owned(),
            redirect: redirect.to_owned(),
            state: given.get("state").map(str::to_owned),
            nonce: given.get("nonce").map(str::to_owned),
            challenge: given.get("code_challenge").unwrap_or_default().to_owned(),
        };
        let now = self.now();
        let ticket = self.state().asked.put(asked, now + PATIENCE, now)?;
        let action = self.endpoint("/authorize");
        Ok(pages::choose(&action, &[("ticket", ticket.reveal())], "Who would you like to be?", "Sign in"))
    }

    /// Somebody was chosen. The ticket of the page proves that it was shown here.
    pub(super) fn authorized(&self, request: &DevRequest) -> Result<DevResponse, IamError> {
        let given = Parameters::read(&request.form);
        let parameter = |name: &str| given.as_ref().and_then(|given| given.get(name));
        let chosen = parameter("person").and_then(person);
        let now = self.now();
        let asked = parameter("ticket").and_then(|ticket| self.state().asked.take(ticket, now));
        let (Some(asked), Some(person), true) = (asked, chosen, self.is_own_origin(request)) else {
            return Ok(pages::told(400, "This page is too old", "Go back to where you came from and sign in again."));
        };
        let (redirect, state) = (asked.redirect.clone(), asked.state.clone());
        let code = self.state().codes.put(Code { asked, person }, now + CODE_LIFE, now)?;
        Ok(DevResponse::see_other(&self.back(&redirect, state.as_deref(), &[("code", code.reveal())])))
    }

    fn back(&self, redirect: &str, state: Option<&str>, answer: &[(&str, &str)]) -> String {
        let Ok(mut url) = Url::parse(redirect) else {
            return self.endpoint("/");
        };
        url.query_pairs_mut()
            .extend_pairs(answer)
            .extend_pairs(state.map(|state| ("state", state)))
            .append_pair("iss", self.issuer());
        url.to_string()
    }

    /// Ends nothing, since nothing is kept here, and goes back (RP-Initiated Logout 1.0, section 3).
    pub(super) fn logout(&self, request: &DevRequest) -> DevResponse {
        let given = Parameters::read(if request.method == "POST" { &request.form } else { &request.query });
        let parameter = |name: &str| given.as_ref().and_then(|given| given.get(name)).map(str::to_owned);
        match parameter("post_logout_redirect_uri") {
            Some(home) if self.is_home(&home) => {
                let state = parameter("state");
                let Ok(mut url) = Url::parse(&home) else {
                    return pages::told(200, "Signed out", "You can close this page.");
                };
                if let Some(state) = state {
                    url.query_pairs_mut().append_pair("state", &state);
                }
                DevResponse::see_other(url.as_str())
            }
            _ => pages::told(200, "Signed out", "You can close this page."),
        }
    }
}

/// What is wrong with a request of a known client.
fn fault(given: &Parameters) -> Option<(&'static str, &'static str)> {
    if given.get("request").is_some() {
        return Some(("request_not_supported", "request objects are not read here"));
    }
    if given.get("request_uri").is_some() {
        return Some(("request_uri_not_supported", "request objects are not read here"));
    }
    if given.get("response_type") != Some("code") {
        return Some(("unsupported_response_type", "only the code flow is spoken here"));
    }
    if given.get("response_mode").is_some_and(|mode| mode != "query") {
        return Some(("invalid_request", "answers come in the query alone"));
    }
    if !given.get("scope").unwrap_or_default().split(' ').any(|scope| scope == "openid") {
        return Some(("invalid_scope", "the scope openid is missing"));
    }
    let challenge = given.get("code_challenge").unwrap_or_default();
    if given.get("code_challenge_method") != Some("S256") || challenge.len() != 43 {
        return Some(("invalid_request", "PKCE with S256 is obligatory"));
    }
    if given.get("prompt") == Some("none") {
        return Some(("login_required", "nobody is signed in here, ever"));
    }
    None
}
