//! One endpoint of the EC2 dialect as requests go to it: forms signed and sent,
//! XML read, and error codes turned into what a caller decides by.

use super::signature::{AccessKey, ToSign, amz_date, authorization, encoded};
use crate::connectors::xml::Element;
use hansa_pim::connectors::http::{HttpAnswer, HttpCall, HttpSystem};
use hansa_repository::{
    ambient::{SharedClock, SystemClock},
    system::{SystemConnection, SystemError, SystemErrorKind},
};
use reqwest::{
    Method, Url,
    header::{self, HeaderValue},
};
use std::{fmt, sync::Arc, time::Duration};

/// The version of the API that is spoken.
const VERSION: &str = "2016-11-15";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
const ANSWER: Duration = Duration::from_secs(20);
/// So many are asked for on one page.
const PAGE: &str = "100";

/// An endpoint.
pub(super) struct Endpoint {
    http: HttpSystem,
    url: Url,
    host: String,
    pub(super) region: String,
    key: AccessKey,
    pub(super) clock: SharedClock,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("url", &self.url.as_str())
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// A request: an action with its parameters.
#[derive(Debug, Clone)]
pub(super) struct Request {
    action: &'static str,
    parameters: Vec<(String, String)>,
    may_repeat: bool,
}

impl Request {
    /// Asking this twice does no more than asking it once.
    pub(super) fn new(action: &'static str) -> Self {
        Self { action, parameters: Vec::new(), may_repeat: true }
    }

    /// Asking it twice makes two.
    pub(super) fn once(action: &'static str) -> Self {
        Self { may_repeat: false, ..Self::new(action) }
    }

    pub(super) fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Only what has one of these values there.
    pub(super) fn filter(mut self, name: &str, values: &[&str]) -> Self {
        let n = 1 + self
            .parameters
            .iter()
            .filter(|(name, _)| name.starts_with("Filter.") && name.ends_with(".Name"))
            .count();
        self.parameters.push((format!("Filter.{n}.Name"), name.to_owned()));
        for (i, value) in values.iter().enumerate() {
            self.parameters.push((format!("Filter.{n}.Value.{}", i + 1), (*value).to_owned()));
        }
        self
    }

    /// Tags of what is made.
    pub(super) fn tags<'a>(mut self, n: usize, kind: &str, tags: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        self.parameters.push((format!("TagSpecification.{n}.ResourceType"), kind.to_owned()));
        for (i, (key, value)) in tags.enumerate() {
            self.parameters.push((format!("TagSpecification.{n}.Tag.{}.Key", i + 1), key.to_owned()));
            self.parameters.push((format!("TagSpecification.{n}.Tag.{}.Value", i + 1), value.to_owned()));
        }
        self
    }
}

impl Endpoint {
    pub(super) fn new(connection: &SystemConnection) -> Result<Self, SystemError> {
        let http = HttpSystem::new(connection)?;
        let invalid =
            |action: &str, said: String, remedy: &str| http.complaint(action, SystemErrorKind::Invalid, said, remedy);
        let url = Url::parse(&connection.system.address).map_err(|error| {
            invalid("read its address", error.to_string(), "give its address as https://ec2.eu-central-1.example")
        })?;
        let remedy = r#"store the credential as JSON: {"accessKeyId":"…","secretAccessKey":"…"}"#;
        let secret = connection.secret.as_ref().ok_or_else(|| invalid("read its credential", String::new(), remedy))?;
        // What serde says may show a part of the secret: only where it is wrong is told.
        let key = serde_json::from_slice(secret.reveal()).map_err(|error| {
            invalid("read its credential", format!("no such JSON at column {}", error.column()), remedy)
        })?;
        let Some(region) = connection.setting("region") else {
            return Err(invalid("read its settings", String::new(), "set region, such as eu-central-1"));
        };
        let host = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        };
        Ok(Self { http, url, host, region: region.to_owned(), key, clock: Arc::new(SystemClock) })
    }

    /// Asks.
    pub(super) async fn ask(&self, request: &Request) -> Result<Element, SystemError> {
        let call = self.call(request);
        let answer = self.http.send(&call).await?;
        let text = String::from_utf8_lossy(&answer.body);
        if !answer.status.is_success() {
            return Err(self.refused(&call, &answer, Element::parse(&text).ok()));
        }
        Element::parse(&text)
            .map_err(|why| self.http.error(&call, SystemErrorKind::Failed, format!("its answer is no XML: {why}")))
    }

    /// Asks for all pages; answers what stands in the named set of each.
    pub(super) async fn all(&self, request: Request, items: &str) -> Result<Vec<Element>, SystemError> {
        let (mut found, mut token): (Vec<Element>, Option<String>) = (Vec::new(), None);
        loop {
            let mut page = request.clone().with("MaxResults", PAGE);
            if let Some(token) = &token {
                page = page.with("NextToken", token);
            }
            let answer = self.ask(&page).await?;
            found.extend(answer.all(items).cloned());
            let next = answer.text("nextToken").map(str::to_owned);
            if next.is_none() || next == token {
                return Ok(found);
            }
            token = next;
        }
    }

    /// An error that is about no single request.
    pub(super) fn complaint(&self, action: &str, kind: SystemErrorKind, said: &str, remedy: &str) -> SystemError {
        self.http.complaint(action, kind, said, remedy)
    }

    fn call(&self, request: &Request) -> HttpCall {
        let fixed = [("Action", request.action), ("Version", VERSION)];
        let parameters = request.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let body: Vec<String> = fixed
            .into_iter()
            .chain(parameters)
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        let body = body.join("&").into_bytes();
        let (at, token) = (self.clock.now(), self.key.session_token.as_deref());
        let date = amz_date(at);
        let mut headers = vec![("content-type", FORM), ("host", self.host.as_str()), ("x-amz-date", date.as_str())];
        headers.extend(token.map(|token| ("x-amz-security-token", token)));
        let path = self.url.path();
        let to_sign = ToSign { method: "POST", path, query: "", headers: &headers, body: &body };
        let signed = authorization(&self.key, &self.region, "ec2", at, &to_sign);
        let mut call = HttpCall::new(Method::POST, self.url.clone(), request.action)
            .secret("authorization", &signed)
            .secret("x-amz-date", &date);
        if let Some(token) = token {
            call = call.secret("x-amz-security-token", token);
        }
        call.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(FORM));
        HttpCall { body: Some(body), timeout: ANSWER, may_repeat: request.may_repeat, ..call }
    }

    fn refused(&self, call: &HttpCall, answer: &HttpAnswer, body: Option<Element>) -> SystemError {
        let found = body.as_ref().and_then(|body| body.at("Errors/Error").or_else(|| body.at("Error")));
        let Some((code, message)) = found.map(|error| (error.text("Code").unwrap_or(""), error.text("Message"))) else {
            return self.http.refusal(call, answer);
        };
        let error = self.http.error(call, kind_of(code), format!("{code}: {}", message.unwrap_or_default()));
        if !is_of_time(code, message.unwrap_or_default()) {
            return error;
        }
        let theirs = answer.headers.get(header::DATE).and_then(|date| date.to_str().ok()).unwrap_or("not told");
        let ours = self.clock.now().format("%a, %d %b %Y %T GMT");
        let remedy = format!("set the clocks right: here it is {ours}, there {theirs}");
        SystemError { remedy, ..error }
    }
}

/// A request is refused for the time on it.
fn is_of_time(code: &str, message: &str) -> bool {
    matches!(code, "RequestExpired" | "RequestTimeTooSkewed" | "InvalidSignatureTime")
        || message.contains("Signature expired")
        || message.contains("Signature not yet current")
}

/// What a caller decides by.
pub(super) fn kind_of(code: &str) -> SystemErrorKind {
    match code {
        "RequestLimitExceeded" | "Throttling" | "ThrottlingException" | "EC2ThrottledException" => {
            SystemErrorKind::RateLimited
        }
        "AuthFailure"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "RequestTimeTooSkewed"
        | "InvalidSignatureTime"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "InvalidAccessKeyId" => SystemErrorKind::Unauthenticated,
        "UnauthorizedOperation"
        | "AccessDenied"
        | "AccessDeniedException"
        | "OptInRequired"
        | "Blocked"
        | "PendingVerification" => SystemErrorKind::Forbidden,
        "InsufficientInstanceCapacity"
        | "InsufficientHostCapacity"
        | "InsufficientCapacity"
        | "InsufficientFreeAddressesInSubnet"
        | "InsufficientAddressCapacity"
        | "InsufficientVolumeCapacity" => SystemErrorKind::NoRoom,
        "Unsupported" | "UnsupportedOperation" | "InvalidAction" => SystemErrorKind::Unsupported,
        "IncorrectInstanceState" | "IncorrectState" | "DependencyViolation" | "IdempotentParameterMismatch" => {
            SystemErrorKind::Conflict
        }
        "InternalError" | "InternalFailure" | "ServiceUnavailable" | "Unavailable" => SystemErrorKind::Failed,
        code if code.ends_with("LimitExceeded") || code.ends_with("QuotaExceeded") => SystemErrorKind::Quota,
        // What an offer or a setting names and the cloud does not have: another provider may.
        "InvalidInstanceType.NotFound"
        | "InvalidAMIID.NotFound"
        | "InvalidAMIID.Unavailable"
        | "InvalidSubnetID.NotFound"
        | "InvalidVpcID.NotFound"
        | "InvalidKeyPair.NotFound" => SystemErrorKind::Invalid,
        code if code.ends_with(".NotFound") || code.ends_with(".Unavailable") => SystemErrorKind::NotFound,
        code if code.ends_with(".Duplicate") || code.ends_with(".InUse") || code.ends_with("InProgress") => {
            SystemErrorKind::Conflict
        }
        code if code.starts_with("Invalid") || code.starts_with("Missing") || code.starts_with("Unknown") => {
            SystemErrorKind::Invalid
        }
        _ => SystemErrorKind::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lead_the_planner() {
        for (code, kind) in [
            ("InstanceLimitExceeded", SystemErrorKind::Quota),
            ("VcpuLimitExceeded", SystemErrorKind::Quota),
            ("AddressLimitExceeded", SystemErrorKind::Quota),
            ("InsufficientInstanceCapacity", SystemErrorKind::NoRoom),
            ("RequestLimitExceeded", SystemErrorKind::RateLimited),
            ("RequestExpired", SystemErrorKind::Unauthenticated),
            ("UnauthorizedOperation", SystemErrorKind::Forbidden),
            ("InvalidAMIID.NotFound", SystemErrorKind::Invalid),
            ("InvalidGroup.NotFound", SystemErrorKind::NotFound),
            ("InvalidGroup.Duplicate", SystemErrorKind::Conflict),
            ("InvalidParameterValue", SystemErrorKind::Invalid),
            ("SomethingNew", SystemErrorKind::Failed),
        ] {
            assert_eq!(kind_of(code), kind, "{code}");
        }
        assert!(is_of_time("AuthFailure", "Signature expired: 20150830T123600Z is now earlier than"));
    }

    #[test]
    fn filters_and_tags_are_numbered() {
        let request = Request::new("DescribeInstances").filter("a", &["1", "2"]).filter("b", &["3"]);
        let names: Vec<&str> = request.parameters.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["Filter.1.Name", "Filter.1.Value.1", "Filter.1.Value.2", "Filter.2.Name", "Filter.2.Value.1"]
        );
    }
}
