//! Tokens of workloads: with one, an instance of an application looks up its
//! peers, and nothing else.
//!
//! A token names its workload and carries a keyed digest of it (HMAC-SHA-256
//! under a key that is derived from the broker's sealing key). So nothing is
//! stored that could be stolen, a broker that starts again takes the tokens of
//! the workloads that it adopts, and the token says nothing by itself: whoever
//! asks has to look whether the workload is still one.

use crate::{
    IamError, SealingKey, Secret,
    secret::{hex, named, same},
};
use aws_lc_rs::hmac;
use hansa_ontology::WorkloadId;
use std::fmt;

/// What the token of a workload begins with.
const PREFIX: &str = "hansa_wlt_";

/// Makes and reads the tokens of workloads.
#[derive(Clone)]
pub struct WorkloadTokens {
    key: hmac::Key,
}

impl fmt::Debug for WorkloadTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WorkloadTokens(…)")
    }
}

impl WorkloadTokens {
    /// Tokens under a key that is derived from this one.
    #[must_use]
    pub fn new(key: &SealingKey) -> Self {
        Self { key: key.of_workloads() }
    }

    /// The token of a workload: the same each time.
    #[must_use]
    pub fn make(&self, workload: WorkloadId) -> Secret {
        Secret::new(format!("{PREFIX}{}_{}", workload.0.simple(), self.digest(workload)))
    }

    /// Whether a text says to be the token of a workload.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// Whose token it is. Whether the workload is still there isn't asked here.
    ///
    /// # Errors
    /// `Unauthenticated` when this broker didn't make it.
    pub fn read(&self, text: &str) -> Result<WorkloadId, IamError> {
        let read = || {
            let (id, digest) = named(text, PREFIX)?;
            let workload = WorkloadId(id);
            same(digest, &self.digest(workload)).then_some(workload)
        };
        read().ok_or_else(|| IamError::unauthenticated("the token is not one that this broker gave to a workload"))
    }

    fn digest(&self, workload: WorkloadId) -> String {
        hex(hmac::sign(&self.key, format!("hansa workload 1\n{workload}").as_bytes()).as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn tokens() -> WorkloadTokens {
        let directory = tempfile::tempdir().unwrap();
        WorkloadTokens::new(&SealingKey::in_file(&directory.path().join("k")).unwrap())
    }

    #[test]
    fn a_token_is_its_workload_s_and_this_broker_s() {
        let (tokens, one, other) = (tokens(), WorkloadId(Uuid::from_u128(1)), WorkloadId(Uuid::from_u128(2)));
        let token = tokens.make(one);
        assert_eq!(tokens.read(token.reveal()).unwrap(), one);
        assert_eq!(token, tokens.make(one), "the same after a restart");
        assert!(self::tokens().read(token.reveal()).is_err(), "another broker's key");
        let borrowed = token.reveal().replace(&one.0.simple().to_string(), &other.0.simple().to_string());
        assert!(tokens.read(&borrowed).is_err(), "another's digest");
        assert!(!format!("{tokens:?} {token:?}").contains(&tokens.digest(one)));
    }

    #[test]
    fn nothing_but_the_text_itself_is_read() {
        let (tokens, one) = (tokens(), WorkloadId(Uuid::from_u128(0xab)));
        let token = tokens.make(one).reveal().to_owned();
        let spelled = token.replace(&one.0.simple().to_string(), &one.to_string());
        let last = &token[..token.len() - 1];
        for bad in ["", PREFIX, last, &token.to_uppercase(), &spelled, &format!("{token}0"), &format!(" {token}")] {
            assert!(tokens.read(bad).is_err(), "{bad}");
        }
        assert!(WorkloadTokens::is_one(&token) && !WorkloadTokens::is_one("hansa_pat_1"));
    }
}
