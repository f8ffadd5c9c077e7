//! Signature version 4: who asks, by a keyed hash over the request. The secret
//! key itself never leaves.

use aws_lc_rs::{digest, hmac};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::fmt::Write as _;

/// An access key, as the credential holds it.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccessKey {
    pub(super) access_key_id: String,
    secret_access_key: String,
    pub(super) session_token: Option<String>,
}

/// A request as it is signed.
#[derive(Debug)]
pub(super) struct ToSign<'a> {
    pub(super) method: &'a str,
    /// The path, already encoded.
    pub(super) path: &'a str,
    /// The query, already encoded and sorted.
    pub(super) query: &'a str,
    /// The headers that are signed: lower-case names, sorted.
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: &'a [u8],
}

/// The value of the header `Authorization`.
pub(super) fn authorization(
    key: &AccessKey,
    region: &str,
    service: &str,
    at: DateTime<Utc>,
    request: &ToSign<'_>,
) -> String {
    let (day, scope) = (at.format("%Y%m%d").to_string(), scope(region, service, at));
    let mut headers = String::new();
    for (name, value) in request.headers {
        headers.push_str(&format!("{name}:{}\n", value.trim()));
    }
    let names = request.headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let ToSign { method, path, query, body, .. } = request;
    let canonical = format!("{method}\n{path}\n{query}\n{headers}\n{names}\n{}", hash(body));
    let to_sign = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{}", amz_date(at), hash(canonical.as_bytes()));
    let mut derived = format!("AWS4{}", key.secret_access_key).into_bytes();
    for part in [day.as_str(), region, service, "aws4_request"] {
        derived = keyed(&derived, part);
    }
    let signature = hex(&keyed(&derived, &to_sign));
    let id = &key.access_key_id;
    format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}")
}

/// The time as the header `X-Amz-Date` has it.
pub(super) fn amz_date(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

fn scope(region: &str, service: &str, at: DateTime<Utc>) -> String {
    format!("{}/{region}/{service}/aws4_request", at.format("%Y%m%d"))
}

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn hash(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a text can't fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}

/// A name or value of a form: everything but unreserved letters (RFC 3986, section 2.3) is
/// encoded, and a space is `+`, as all clients write it.
pub(super) fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => write!(out, "%{byte:02X}").unwrap_or_default(),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(headers: &[(&str, &str)], method: &str, query: &str, body: &[u8], service: &str) -> String {
        let key = AccessKey {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
        };
        let at = "2015-08-30T12:36:00Z".parse().unwrap();
        let request = ToSign { method, path: "/", query, headers, body };
        let header = authorization(&key, "us-east-1", service, at, &request);
        header.rsplit_once("Signature=").unwrap().1.to_owned()
    }

    /// The published vectors `get-vanilla`, `post-vanilla`, `get-vanilla-query-order-key-case`,
    /// and the worked example of the documentation.
    #[test]
    fn the_published_vectors_come_out() {
        let vanilla = [("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")];
        assert_eq!(
            signature(&vanilla, "GET", "", b"", "service"),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        );
        assert_eq!(
            signature(&vanilla, "POST", "", b"", "service"),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        );
        assert_eq!(
            signature(&vanilla, "GET", "Param1=value1&Param2=value2", b"", "service"),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
        );
        let example = [
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("host", "iam.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
        ];
        assert_eq!(
            signature(&example, "GET", "Action=ListUsers&Version=2010-05-08", b"", "iam"),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }

    #[test]
    fn what_is_not_unreserved_is_encoded() {
        assert_eq!(encoded("a b/ü~*"), "a+b%2F%C3%BC~%2A");
    }
}
