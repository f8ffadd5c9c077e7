//! What every answer tells browsers. A handler that knows better (the portal's
//! pages, assets with a hash in their name) sets its own.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// What an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Data, errors, pages that state their own policy.
    Data,
    /// The description to browse (Swagger UI), which brings its own scripts and inline styles.
    Description,
}

impl Sort {
    /// What lies at a path.
    pub(crate) fn of(path: &str) -> Self {
        if path.starts_with("/docs/") || path.starts_with("/admin/docs/") { Self::Description } else { Self::Data }
    }

    const fn policy(self) -> &'static str {
        match self {
            Self::Data => "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
            Self::Description => {
                "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                 font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
            }
        }
    }
}

/// Headers that are the same everywhere.
const EVERYWHERE: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(self), \
         geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), \
         publickey-credentials-get=(), screen-wake-lock=(), usb=(), xr-spatial-tracking=()",
    ),
];
/// Half a year and more, as the preload list asks for; subdomains are somebody else's.
const BY_HTTPS_ALONE: &str = "max-age=31536000";

/// Adds what is missing.
pub(crate) fn harden(headers: &mut HeaderMap, sort: Sort, https: bool) {
    for (name, value) in EVERYWHERE {
        missing(headers, name, value);
    }
    missing(headers, header::CONTENT_SECURITY_POLICY, sort.policy());
    missing(headers, header::CACHE_CONTROL, "no-store");
    if https {
        missing(headers, header::STRICT_TRANSPORT_SECURITY, BY_HTTPS_ALONE);
    }
}

fn missing(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    if !headers.contains_key(&name) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_handler_says_itself_stays() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=1"));
        harden(&mut headers, Sort::Data, true);
        assert_eq!(headers.get(header::CACHE_CONTROL).unwrap(), "max-age=1");
        assert_eq!(headers.get(header::X_CONTENT_TYPE_OPTIONS).unwrap(), "nosniff");
        assert!(headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
        let mut plain = HeaderMap::new();
        harden(&mut plain, Sort::Description, false);
        assert!(!plain.contains_key(header::STRICT_TRANSPORT_SECURITY));
        assert!(plain.get(header::CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap().contains("script-src 'self'"));
        for value in plain.iter().map(|(_, value)| value.to_str().unwrap()) {
            assert!(!value.contains("  "), "{value}");
        }
    }
}
