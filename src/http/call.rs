//! A request that changes something: who, under which key, on what condition,
//! and its body, read once and within the limit.

use super::{
    Broker,
    access::Caller,
    characters,
    problem::{ApiError, ProblemKind},
    query::bad_query,
};
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures_util::{StreamExt, future::LocalBoxFuture};
use hansa_application::Described;
use hansa_ontology::{
    Actor, ApplicationId, ProjectId,
    quantity::{Mebibytes, TimeSpan},
    quota::{Quota, QuotaHolder},
};
use hansa_service_orchestrator::{Change, IdempotencyKey};
use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

/// The header of the idempotency key (draft-ietf-httpapi-idempotency-key-header).
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// The longest key.
const LONGEST_KEY: usize = 255;

/// A request that changes something.
#[derive(Debug)]
pub(crate) struct Call {
    /// Who asks.
    pub actor: Actor,
    /// The caller's key.
    pub key: Option<IdempotencyKey>,
    /// The version that the caller saw.
    pub expected_version: Option<i64>,
    /// Only say what would happen.
    pub dry_run: bool,
    /// Plan over offers that nobody here delivers, too.
    pub what_if: bool,
    /// Take in what is good when something is refused.
    pub partial: bool,
    /// What an application is to be called whose description doesn't say it.
    name: Option<String>,
    /// How a series is written, who says it, and in whose time.
    pub series: SeriesOptions,
    content_type: Option<String>,
    body: web::Bytes,
}

/// How a series is written, who says it, in whose time, and which of a zone is meant.
#[derive(Debug, Clone, Default)]
pub(crate) struct SeriesOptions {
    pub(crate) format: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) time_zone: Option<String>,
    pub(crate) variant: Option<String>,
}

/// The query parameters of requests that change something.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CallQuery {
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    what_if: bool,
    #[serde(default)]
    partial: bool,
    name: Option<String>,
    format: Option<String>,
    source: Option<String>,
    time_zone: Option<String>,
    variant: Option<String>,
    /// Read by the layer of access: whose it is.
    #[serde(rename = "project")]
    _project: Option<String>,
}

impl Call {
    /// Who changes what in a project, as the orchestrator wants it, with the
    /// quotas and budgets that the change has to fit into.
    pub(crate) async fn change(
        &self,
        broker: &Broker,
        project: &ProjectId,
        application: Option<ApplicationId>,
    ) -> Result<Change, ApiError> {
        let (quotas, frozen) = limits(broker, project, application).await?;
        Ok(Change { quotas, frozen, ..self.change_unlimited(project) })
    }

    /// As [`Self::change`], for what takes of no quota.
    pub(crate) fn change_unlimited(&self, project: &ProjectId) -> Change {
        Change {
            actor: self.actor.clone(),
            project: project.clone(),
            quotas: Vec::new(),
            frozen: None,
            expected_version: self.expected_version,
            idempotency: self.key.clone(),
        }
    }

    /// The body as a description of an application: a resource model (YAML or
    /// JSON), or a template of TOSCA (YAML or CSAR), which has no name and gets this one.
    pub(crate) fn described(&self, name: &str) -> Result<Described, ApiError> {
        let texts = ["application/yaml", "application/x-yaml", "text/yaml", "application/json", "text/plain"];
        self.expect_type(&[&texts[..], &["application/zip"]].concat())?;
        Ok(hansa_application::read_description(self.name.as_deref().unwrap_or(name), &self.body)?)
    }

    /// The body as JSON of this shape.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        self.expect_type(&["application/json", "application/merge-patch+json"])?;
        characters::expect_in_json(&self.body)?;
        serde_json::from_slice(&self.body).map_err(|error| {
            let kind = if error.is_data() { ProblemKind::Invalid } else { ProblemKind::Malformed };
            let fault = super::wire::Fault {
                line: Some(error.line() as u64),
                column: Some(error.column() as u64),
                detail: error.to_string(),
                ..super::wire::Fault::default()
            };
            ApiError::new(kind, format!("the body is not the JSON that is expected: {error}")).with_errors(vec![fault])
        })
    }

    /// As [`Self::json`], of a body that holds a secret: what is wrong is said
    /// without anything of the body.
    pub(crate) fn json_secret<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        self.json().map_err(|error| match error.kind() {
            kind @ (ProblemKind::Invalid | ProblemKind::Malformed) => {
                ApiError::new(kind, "the body is not the JSON that is expected: see the description of this operation")
            }
            _ => error,
        })
    }

    /// As [`Self::json`]; no body at all is the shape's default.
    pub(crate) fn json_or_default<T: DeserializeOwned + Default>(&self) -> Result<T, ApiError> {
        if self.body.is_empty() { Ok(T::default()) } else { self.json() }
    }

    /// The bytes of the body.
    pub(crate) fn bytes(&self) -> &web::Bytes {
        &self.body
    }

    /// The body's media type without parameters, in lower case.
    pub(crate) fn media_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    fn expect_type(&self, known: &[&str]) -> Result<(), ApiError> {
        match self.media_type() {
            Some(given) if !known.contains(&given) => Err(ApiError::new(
                ProblemKind::UnsupportedMediaType,
                format!(
                    "a body of type {given} is not read here; send Content-Type: {}",
                    known.first().copied().unwrap_or_default()
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// The quotas that an application of a project has to fit into, and why it may
/// not grow at all, if it may not.
pub(crate) async fn limits(
    broker: &Broker,
    project: &ProjectId,
    application: Option<ApplicationId>,
) -> Result<(Vec<(QuotaHolder, Quota)>, Option<String>), ApiError> {
    // What partners ordered was agreed with them; it takes of nobody's quota or budget.
    if *project == ProjectId::orders() {
        return Ok((Vec::new(), None));
    }
    let exhausted = broker.accounting.budget_exhausted(project, application).await?;
    Ok((broker.iam.quotas_of(project).await?, exhausted.map(|budget| budget.exhausted())))
}

impl FromRequest for Call {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let caller = Caller::extract(&request).await?;
            let query = web::Query::<CallQuery>::from_query(request.query_string())
                .map_err(|error| bad_query(&error))?
                .into_inner();
            let limit = request
                .app_data::<web::Data<Broker>>()
                .map_or(Mebibytes(1), |broker| broker.settings.server.body_limit);
            let slowest =
                request.app_data::<web::Data<Broker>>().map(|broker| broker.settings.server.limits.body_timeout);
            let body = in_time(slowest, read_body(payload, limit)).await?;
            let digest = digest(&request, &body);
            Ok(Self {
                actor: caller.actor(),
                key: idempotency_key(&request)?.map(|key| IdempotencyKey { key, digest }),
                expected_version: if_match(&request)?,
                dry_run: query.dry_run,
                what_if: query.what_if,
                partial: query.partial,
                name: query.name,
                series: SeriesOptions {
                    format: query.format,
                    source: query.source,
                    time_zone: query.time_zone,
                    variant: query.variant,
                },
                content_type: header_text(&request, header::CONTENT_TYPE.as_str())
                    .map(|value| value.split(';').next().unwrap_or_default().trim().to_lowercase()),
                body,
            })
        })
    }
}

/// What is read, unless the client takes too long to send it.
async fn in_time(
    limit: Option<TimeSpan>,
    reading: impl Future<Output = Result<web::Bytes, ApiError>>,
) -> Result<web::Bytes, ApiError> {
    let Some(limit) = limit else { return reading.await };
    tokio::time::timeout(limit.duration(), reading).await.unwrap_or_else(|_| {
        Err(ApiError::new(
            ProblemKind::Slow,
            format!("the body did not come within {limit} (server.limits.body_timeout); send it faster, or in parts"),
        ))
    })
}

async fn read_body(mut payload: Payload, limit: Mebibytes) -> Result<web::Bytes, ApiError> {
    let most = usize::try_from(limit.0.saturating_mul(1 << 20)).unwrap_or(usize::MAX);
    let mut body = web::BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk =
            chunk.map_err(|error| ApiError::new(ProblemKind::Malformed, format!("the body broke off: {error}")))?;
        if body.len() + chunk.len() > most {
            return Err(ApiError::new(
                ProblemKind::TooLarge,
                format!("the body is larger than {limit}; send less, or raise server.body_limit"),
            ));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// What makes a request the same request again: method, path, query and body.
fn digest(request: &HttpRequest, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    for part in [request.method().as_str().as_bytes(), request.uri().to_string().as_bytes(), body] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    BASE64_STANDARD.encode(hash.finalize())
}

fn header_text<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

/// The key, with or without the quotation marks of a structured header.
fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, ApiError> {
    let Some(value) = request.headers().get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let key = value.to_str().unwrap_or_default();
    let key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
    if key.is_empty() || key.len() > LONGEST_KEY || !key.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err(ApiError::new(
            ProblemKind::Malformed,
            format!("Idempotency-Key must have 1 to {LONGEST_KEY} printable ASCII characters; a UUID will do"),
        ));
    }
    Ok(Some(key.to_owned()))
}

/// The version of If-Match (RFC 9110, section 13.1.1). `*` asks for nothing.
fn if_match(request: &HttpRequest) -> Result<Option<i64>, ApiError> {
    let Some(value) = request.headers().get(header::IF_MATCH) else {
        return Ok(None);
    };
    let value = value.to_str().unwrap_or_default().trim();
    if value == "*" {
        return Ok(None);
    }
    let version =
        value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).and_then(|value| value.parse().ok());
    version.map(Some).ok_or_else(|| {
        ApiError::new(ProblemKind::Malformed, "If-Match must be one strong ETag as the API gave it, such as \"3\"")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn if_match_takes_one_strong_tag() {
        let read =
            |value: &str| if_match(&TestRequest::get().insert_header((header::IF_MATCH, value)).to_http_request());
        assert_eq!(read("\"3\"").unwrap(), Some(3));
        assert_eq!(read("*").unwrap(), None);
        for bad in ["3", "W/\"3\"", "\"3\", \"4\"", "\"x\""] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_digest_tells_requests_apart() {
        let of = |uri: &str, body: &[u8]| digest(&TestRequest::post().uri(uri).to_http_request(), body);
        assert_eq!(of("/a", b"x"), of("/a", b"x"));
        assert_ne!(of("/a", b"x"), of("/a", b"y"));
        assert_ne!(of("/a?dryRun=true", b"x"), of("/a", b"x"));
    }
}
