//! Query parameters: what is unknown or wrong is a problem, never passed over.

use super::problem::{ApiError, ProblemKind};
use actix_web::{FromRequest, HttpRequest, dev::Payload, error::QueryPayloadError, web};
use serde::{Deserialize, de::DeserializeOwned};
use std::future::{Ready, ready};
use utoipa::IntoParams;

/// Items of a page where the caller names no number.
pub(crate) const DEFAULT_LIMIT: usize = 100;
/// Items of a page at most.
pub(crate) const LARGEST_LIMIT: usize = 500;

/// Query parameters of a shape that refuses unknown ones.
#[derive(Debug)]
pub(crate) struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(
            web::Query::<T>::from_query(request.query_string())
                .map(|query| Self(query.into_inner()))
                .map_err(|error| bad_query(&error)),
        )
    }
}

/// The problem of query parameters that are not understood.
pub(crate) fn bad_query(error: &QueryPayloadError) -> ApiError {
    ApiError::new(
        ProblemKind::Malformed,
        format!(
            "the query parameters are not understood: {}",
            error.to_string().trim_start_matches("Query deserialize error: ")
        ),
    )
}

/// The value of one query parameter, as text.
pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query).ok()?.into_inner();
    pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// Which page.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct PageQuery {
    /// Items in the page: 1 to 500, 100 where it is absent.
    pub limit: Option<usize>,
    /// The token that the page before gave as `next`.
    pub page_token: Option<String>,
}

/// A number of items that is checked and not obeyed: such a list comes whole.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "usize")]
pub(crate) struct Limit;

impl TryFrom<usize> for Limit {
    type Error = String;

    fn try_from(limit: usize) -> Result<Self, String> {
        if (1..=LARGEST_LIMIT).contains(&limit) {
            Ok(Self)
        } else {
            Err(format!("limit: {limit} is out of bounds; give 1 to {LARGEST_LIMIT}"))
        }
    }
}

/// The number of items asked for.
///
/// # Errors
/// When it is out of bounds.
pub(crate) fn page_size(limit: Option<usize>) -> Result<usize, ApiError> {
    match limit {
        None => Ok(DEFAULT_LIMIT),
        Some(limit @ 1..=LARGEST_LIMIT) => Ok(limit),
        Some(limit) => Err(ApiError::new(
            ProblemKind::Malformed,
            format!("limit: {limit} is out of bounds; give 1 to {LARGEST_LIMIT}"),
        )),
    }
}
