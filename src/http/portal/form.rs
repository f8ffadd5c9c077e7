//! A form of the portal that was sent: its fields, once its token against forgery has been checked.

use super::{Asked, Visit, csrf};
use crate::http::{
    access::Caller,
    characters,
    problem::{ApiError, ProblemKind},
};
use actix_multipart::Multipart;
use actix_web::{
    FromRequest, HttpMessage as _, HttpRequest,
    dev::Payload,
    web::{self, BytesMut},
};
use futures_util::{StreamExt as _, TryStreamExt as _, future::LocalBoxFuture};
use hansa_ontology::quantity::Mebibytes;
use hansa_service_orchestrator::IdempotencyKey;
use sha2::{Digest as _, Sha256};

/// Fields of a form at most.
const MOST_FIELDS: usize = 2_000;

/// A form that was sent by a page of this portal.
#[derive(Debug)]
pub(crate) struct Form {
    /// Who sent it.
    pub visit: Visit,
    fields: Vec<(String, String)>,
}

impl Form {
    /// The first value of a field, without the white space around it; empty where there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The first value of a field as it was sent.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// The fields whose names begin so, with the rest of their names.
    pub(crate) fn beginning<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.fields.iter().filter_map(move |(name, value)| name.strip_prefix(prefix).map(|rest| (rest, value.as_str())))
    }
}

impl FromRequest for Form {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let visit = Visit::extract(&request).await?;
            if !csrf::is_same_origin(&request) {
                return Err(forged(&visit.asked));
            }
            let limit = visit.broker.settings.server.body_limit;
            let fields = if request.content_type().eq_ignore_ascii_case("multipart/form-data") {
                parts(&request, payload, limit).await?
            } else {
                urlencoded(payload, limit).await?
            };
            characters::expect_in_fields(&fields)?;
            let form = Self { visit, fields };
            if form.visit.asked.is_own(form.raw(csrf::FIELD)) { Ok(form) } else { Err(forged(&form.visit.asked)) }
        })
    }
}

fn forged(asked: &Asked) -> ApiError {
    ApiError::new(ProblemKind::Forbidden, asked.language.t("error-csrf"))
}

fn most(limit: Mebibytes) -> usize {
    usize::try_from(limit.0.saturating_mul(1 << 20)).unwrap_or(usize::MAX)
}

fn too_large(limit: Mebibytes) -> ApiError {
    ApiError::new(
        ProblemKind::TooLarge,
        format!("the form is larger than {limit}; send less, or raise server.body_limit"),
    )
}

fn broken(error: impl std::fmt::Display) -> ApiError {
    ApiError::new(ProblemKind::Malformed, format!("the form can't be read: {error}"))
}

async fn urlencoded(mut payload: Payload, limit: Mebibytes) -> Result<Vec<(String, String)>, ApiError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(broken)?;
        if body.len() + chunk.len() > most(limit) {
            return Err(too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    let fields = serde_urlencoded_pairs(&body)?;
    if fields.len() > MOST_FIELDS { Err(broken("it has too many fields")) } else { Ok(fields) }
}

fn serde_urlencoded_pairs(body: &[u8]) -> Result<Vec<(String, String)>, ApiError> {
    let text = std::str::from_utf8(body).map_err(broken)?;
    web::Query::<Vec<(String, String)>>::from_query(text).map(web::Query::into_inner).map_err(broken)
}

/// Fields and files alike: a file is a field whose value is its content.
async fn parts(request: &HttpRequest, payload: Payload, limit: Mebibytes) -> Result<Vec<(String, String)>, ApiError> {
    let mut multipart = Multipart::new(request.headers(), payload);
    let (mut fields, mut size) = (Vec::new(), 0_usize);
    while let Some(mut part) = multipart.try_next().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        let mut value = BytesMut::new();
        while let Some(chunk) = part.try_next().await.map_err(broken)? {
            size = size.saturating_add(chunk.len());
            if size > most(limit) {
                return Err(too_large(limit));
            }
            value.extend_from_slice(&chunk);
        }
        if fields.len() == MOST_FIELDS {
            return Err(broken("it has too many fields"));
        }
        let value = String::from_utf8(value.to_vec())
            .map_err(|error| ApiError::field(&name, format!("it is no text in UTF-8: {error}")))?;
        fields.push((name, value));
    }
    Ok(fields)
}

impl Form {
    /// Who sent it.
    pub(crate) const fn caller(&self) -> &Caller {
        &self.visit.caller
    }

    /// What makes this the same form sent once more: where it went, and all
    /// that was in it. Its token against forgery is another on each page that
    /// was shown, so that the same words on a page that was loaded anew are
    /// another form; and as the token isn't kept, nobody can guess from the key
    /// at what was entered.
    pub(crate) fn key(&self) -> IdempotencyKey {
        let mut hash = Sha256::new();
        let path = ("", self.visit.asked.path.as_str());
        let fields = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in std::iter::once(path).chain(fields) {
            for part in [name, value] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part.as_bytes());
            }
        }
        let digest: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        IdempotencyKey { key: format!("portal-{digest}"), digest }
    }
}
