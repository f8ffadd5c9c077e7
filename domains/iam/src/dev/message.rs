//! Requests and answers of the development login, as values: whoever has a
//! server carries them.

use std::collections::BTreeMap;

/// A request below the issuer's path.
#[derive(Debug, Clone, Default)]
pub struct DevRequest {
    /// `GET` or `POST`.
    pub method: String,
    /// The path after the issuer's: `/authorize`.
    pub path: String,
    /// The query, as it came.
    pub query: String,
    /// The body of a form (`application/x-www-form-urlencoded`), as it came.
    pub form: String,
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The header `Origin`.
    pub origin: Option<String>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct DevResponse {
    /// The status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

/// Parameters, each at most once (RFC 6749, section 3.1).
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads a query or a form. None: one stands twice.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut read = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            if read.insert(name.into_owned(), value.into_owned()).is_some() {
                return None;
            }
        }
        Some(Self(read))
    }

    /// A parameter; one without a value counts as absent (RFC 6749, section 3.1).
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl DevResponse {
    /// JSON, never kept (RFC 6749, section 5.1).
    pub(super) fn json(status: u16, body: &serde_json::Value) -> Self {
        let headers = vec![("Content-Type", "application/json".to_owned()), ("Cache-Control", "no-store".to_owned())];
        Self { status, headers, body: body.to_string() }
    }

    /// An error of OAuth (RFC 6749, section 5.2).
    pub(super) fn error(error: &str, description: &str) -> Self {
        let status = if error == "invalid_client" { 401 } else { 400 };
        Self::json(status, &serde_json::json!({"error": error, "error_description": description}))
    }

    /// To another address, by GET.
    pub(super) fn see_other(location: &str) -> Self {
        let headers = vec![
            ("Location", location.to_owned()),
            ("Cache-Control", "no-store".to_owned()),
            ("Referrer-Policy", "no-referrer".to_owned()),
        ];
        Self { status: 303, headers, body: String::new() }
    }
}
