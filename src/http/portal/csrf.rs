//! Forms that only this portal's own pages can send.
//!
//! The token in a form is made from a secret that only the visitor's own
//! cookie holds (that of the session, or before login one of its own), so it
//! can't be guessed, and changes with the session. It is salted anew each
//! time, so that compression gives nothing of it away. Besides, a request that
//! a browser marks as coming from elsewhere is refused before it is read.

use actix_web::{HttpRequest, http::header};
use sha2::{Digest as _, Sha256};

/// The name of the field.
pub(crate) const FIELD: &str = "csrf";

/// A token for a form.
pub(crate) fn token(secret: &str, salt: &str) -> String {
    let mut hash = Sha256::new();
    for part in ["hansa portal form", secret, salt] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{salt}.{digest}")
}

/// Whether a token was made from this secret.
pub(crate) fn is_ours(secret: &str, given: &str) -> bool {
    let Some((salt, _)) = given.split_once('.') else { return false };
    // Both sides are hashed once more: comparing then tells nothing by its time.
    !secret.is_empty() && Sha256::digest(given.as_bytes()) == Sha256::digest(token(secret, salt).as_bytes())
}

/// Whether the browser says that the request comes from a page of this very
/// origin (Fetch Metadata, and RFC 6454). Programs that say nothing pass: they
/// are held up by the token.
pub(crate) fn is_same_origin(request: &HttpRequest) -> bool {
    let told = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = told("Sec-Fetch-Site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let host = told(header::HOST.as_str()).unwrap_or_default();
    let origin = told(header::ORIGIN.as_str())
        .is_none_or(|origin| origin.split_once("://").is_some_and(|(_, authority)| authority == host));
    site && origin
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn a_token_belongs_to_its_secret() {
        let (one, other) = (token("secret", "1"), token("secret", "2"));
        assert_ne!(one, other);
        assert!(is_ours("secret", &one) && is_ours("secret", &other));
        for forged in ["", ".", "1.", "1", &one.replace("1.", "2."), &format!("{one}0"), &token("other", "1")] {
            assert!(!is_ours("secret", forged), "{forged}");
        }
        assert!(!is_ours("", &token("", "1")), "without a secret nothing is ours");
    }

    #[test]
    fn a_request_from_elsewhere_is_seen() {
        let from = |headers: &[(&'static str, &'static str)]| {
            let mut request = TestRequest::post().insert_header(("Host", "hansa.example:8443"));
            for header in headers {
                request = request.insert_header(*header);
            }
            is_same_origin(&request.to_http_request())
        };
        assert!(from(&[]));
        assert!(from(&[("Origin", "https://hansa.example:8443"), ("Sec-Fetch-Site", "same-origin")]));
        for headers in [
            &[("Origin", "https://evil.example")][..],
            &[("Origin", "null")],
            &[("Origin", "https://hansa.example")],
            &[("Sec-Fetch-Site", "cross-site")],
            &[("Sec-Fetch-Site", "same-site"), ("Origin", "https://hansa.example:8443")],
        ] {
            assert!(!from(headers), "{headers:?}");
        }
    }
}
