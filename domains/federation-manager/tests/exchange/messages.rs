//! Messages that aren't what they say: each is refused with a reason and an event.

use crate::support::{Broker, Stage, on_each_database};
use hansa_federation::{
    Did, FileKeyStore, KeyStore,
    keys::Rotation,
    token::{self, Request},
    wire::ProblemKind,
};
use hansa_federation_manager::{FederationError, Inbound, Peer};
use hansa_ontology::Actor;
use uuid::Uuid;

const STATUS: &str = "/federation/v1/status";

/// A request as the buyer would sign it.
struct Signed {
    token: String,
    id: u128,
}

async fn sign(keys: &dyn KeyStore, audience: &str, request: Request<'_>, id: u128, stage: &Stage) -> Signed {
    let audience = Did::new(audience).unwrap();
    let token = token::issue(keys, &audience, request, Uuid::from_u128(id), stage.now()).await.unwrap();
    Signed { token: format!("Bearer {token}"), id }
}

fn status() -> Request<'static> {
    Request { method: "GET", path_and_query: STATUS, body: b"" }
}

async fn send(to: &Broker, request: Request<'_>, token: Option<&str>) -> Result<Peer, FederationError> {
    let Request { method, path_and_query, body } = request;
    to.manager.authenticate(&Inbound { method, path_and_query, body, authorization: token }).await
}

fn refused(result: Result<Peer, FederationError>, kind: ProblemKind, words: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.problem(), kind, "{error}");
    assert!(error.to_string().contains(words), "{error}");
}

#[test]
fn only_a_good_new_message_for_us_is_taken() {
    on_each_database(async |stage: Stage| {
        let (seller, buyer) = stage.pair(0).await;
        let folder = tempfile::tempdir().unwrap();
        let keys = stage.keys_of(&buyer.name);
        let (us, now) = (seller.did(), stage.now());

        let good = sign(keys.as_ref(), &us, status(), 1_000, &stage).await;
        let peer = send(&seller, status(), Some(&good.token)).await.unwrap();
        assert_eq!((peer.did, peer.name), (buyer.did(), "buyer".to_owned()));
        refused(send(&seller, status(), Some(&good.token)).await, ProblemKind::Replayed, "before");

        // Also after a restart: another process over the same database.
        let again = stage.broker_on("seller", seller.database.clone(), |_| {});
        refused(send(&again, status(), Some(&good.token)).await, ProblemKind::Replayed, "before");

        refused(send(&seller, status(), None).await, ProblemKind::Untrusted, "missing");
        let other = Request { path_and_query: "/federation/v1/offers", ..status() };
        let token = sign(keys.as_ref(), &us, status(), good.id + 1, &stage).await.token;
        refused(send(&seller, other, Some(&token)).await, ProblemKind::Untrusted, "path");
        let body = Request { body: b"{}", ..status() };
        refused(send(&seller, body, Some(&token)).await, ProblemKind::Untrusted, "body");
        let astray = sign(keys.as_ref(), "did:web:other.example", status(), good.id + 2, &stage).await;
        refused(send(&seller, status(), Some(&astray.token)).await, ProblemKind::Untrusted, "aud");

        // Forged: the right name with other keys.
        let forger = FileKeyStore::open(folder.path().join("f"), Did::new(buyer.did()).unwrap(), now).unwrap();
        let forged = sign(&forger, &us, status(), good.id + 3, &stage).await;
        refused(send(&seller, status(), Some(&forged.token)).await, ProblemKind::Untrusted, "not among those known");
        let stranger = Did::new("did:web:stranger.example").unwrap();
        let strangers = FileKeyStore::open(folder.path().join("s"), stranger, now).unwrap();
        let strange = sign(&strangers, &us, status(), 1, &stage).await;
        refused(send(&seller, status(), Some(&strange.token)).await, ProblemKind::Untrusted, "no partner");

        // Altered: one letter of the signature.
        let mut altered = sign(keys.as_ref(), &us, status(), good.id + 4, &stage).await.token;
        let letter = altered.remove(altered.len() - 10);
        altered.insert(altered.len() - 9, if letter == 'A' { 'B' } else { 'A' });
        refused(send(&seller, status(), Some(&altered)).await, ProblemKind::Untrusted, "");

        let old = sign(keys.as_ref(), &us, status(), good.id + 5, &stage).await;
        stage.later(120);
        refused(send(&seller, status(), Some(&old.token)).await, ProblemKind::Clock, "clock");
        let events = seller.events("federation.refused").await;
        assert_eq!(events.len(), 10, "{events:#?}");
        assert!(events.iter().any(|event| event.actor == Actor::Partner(buyer.did())));
    });
}

#[test]
fn a_key_that_was_rotated_out_signs_no_message() {
    on_each_database(async |stage: Stage| {
        let (seller, buyer) = stage.pair(0).await;
        let keys = stage.keys_of(&buyer.name);
        let old = keys.signer(stage.now()).unwrap();
        let overlap = std::time::Duration::from_secs(60);
        buyer.manager.key_rotate(Rotation { overlap, ..Rotation::default() }, Actor::Local).await.unwrap();
        seller.pull(&buyer).await;
        stage.later(61);
        let keys = OneKey { keys, key: old };
        let token = sign(&keys, &seller.did(), status(), 7, &stage).await.token;
        refused(send(&seller, status(), Some(&token)).await, ProblemKind::Untrusted, "retired");
    });
}

#[test]
fn one_partner_that_sends_too_much_is_slowed_and_the_others_are_not() {
    on_each_database(async |stage: Stage| {
        let seller = stage.broker_with("seller", |options| {
            (options.rate_per_second, options.rate_burst) = (1, 5);
        });
        let (loud, quiet) = (stage.broker("loud"), stage.broker("quiet"));
        for partner in [&loud, &quiet] {
            hansa_federation_manager::testing::federate(&seller.manager, &partner.manager).await.unwrap();
        }
        let keys = stage.keys_of("loud");
        let mut last = Ok(());
        for id in 0..20 {
            let token = sign(keys.as_ref(), &seller.did(), status(), 100 + id, &stage).await.token;
            last = send(&seller, status(), Some(&token)).await.map(drop);
        }
        assert_eq!(last.unwrap_err().problem(), ProblemKind::Busy);
        let token = sign(stage.keys_of("quiet").as_ref(), &seller.did(), status(), 1_000, &stage).await.token;
        assert!(send(&seller, status(), Some(&token)).await.is_ok());
        // Refusals are told of, and not one by one for ever.
        for id in 0..100 {
            let token = sign(keys.as_ref(), &seller.did(), status(), 2_000 + id, &stage).await.token;
            assert!(send(&seller, status(), Some(&token)).await.is_err());
        }
        assert!(seller.kinds("federation.refused").await.len() <= 25);
        stage.later(10);
        let token = sign(keys.as_ref(), &seller.did(), status(), 9_000, &stage).await.token;
        assert!(send(&seller, status(), Some(&token)).await.is_ok());
    });
}

/// A key store that goes on with a key that it should not.
#[derive(Debug)]
struct OneKey {
    keys: std::sync::Arc<dyn KeyStore>,
    key: hansa_federation::KeyId,
}

#[async_trait::async_trait]
impl KeyStore for OneKey {
    fn did(&self) -> &Did {
        self.keys.did()
    }
    fn keys(&self) -> Result<hansa_federation::KeySet, hansa_federation::FederationError> {
        self.keys.keys()
    }
    fn key_lists(&self) -> Result<Vec<hansa_federation::SignedDocument>, hansa_federation::FederationError> {
        self.keys.key_lists()
    }
    fn signer(
        &self,
        _: chrono::DateTime<chrono::Utc>,
    ) -> Result<hansa_federation::KeyId, hansa_federation::FederationError> {
        Ok(self.key.clone())
    }
    async fn sign(
        &self,
        key: &hansa_federation::KeyId,
        message: &[u8],
    ) -> Result<Vec<u8>, hansa_federation::FederationError> {
        self.keys.sign(key, message).await
    }
    async fn rotate(
        &self,
        now: chrono::DateTime<chrono::Utc>,
        rotation: Rotation,
    ) -> Result<hansa_federation::KeyId, hansa_federation::FederationError> {
        self.keys.rotate(now, rotation).await
    }
    async fn revoke(
        &self,
        key: &hansa_federation::KeyId,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<hansa_federation::KeyId, hansa_federation::FederationError> {
        self.keys.revoke(key, now).await
    }
}
