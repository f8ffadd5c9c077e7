//! A login that was begun at an issuer and has not come back.

use crate::Secret;
use chrono::{DateTime, TimeDelta, Utc};

/// How long somebody may take to log in.
pub(crate) const ATTEMPT_LIFE: TimeDelta = TimeDelta::minutes(10);
/// The longest path that is gone back to, in bytes.
const LONGEST_PATH: usize = 2_000;

/// A login under way. Used once.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// The hash of `state`.
    pub(crate) state: String,
    /// The hash of the value in the browser's cookie.
    pub(crate) browser: String,
    /// The issuer's id.
    pub(crate) issuer: String,
    /// What the ID token has to say.
    pub(crate) nonce: String,
    /// The code verifier (RFC 7636).
    pub(crate) verifier: Secret,
    /// Where to go on.
    pub(crate) return_to: String,
    /// Until when it may come back.
    pub(crate) expires_at: DateTime<Utc>,
}

/// The path to go on to after a login: one of this broker, or `/`. Anything
/// that a browser could take for another host is not gone to.
pub(crate) fn return_path(wished: &str) -> String {
    let path = wished.split('#').next().unwrap_or_default();
    let inside = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && path.len() <= LONGEST_PATH
        && path.chars().all(|letter| letter.is_ascii_graphic());
    let elsewhere = ["/login", "/logout", "/dev/"].iter().any(|prefix| path.starts_with(prefix));
    if inside && !elsewhere { path.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::return_path;
    use proptest::prelude::*;

    #[test]
    fn only_paths_of_this_broker_are_gone_back_to() {
        assert_eq!(return_path("/applications?state=running#top"), "/applications?state=running");
        for bad in [
            "",
            "x",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "/login",
            "/logout",
            "/a b",
        ] {
            assert_eq!(return_path(bad), "/", "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_path_never_leads_to_another_host(wished in "[/\\\\a-z:.?#\\t\\n %-]{0,40}") {
            let base = url::Url::parse("https://broker.example/").unwrap();
            let url = base.join(&return_path(&wished)).unwrap();
            prop_assert_eq!(url.host_str(), Some("broker.example"));
        }
    }
}
