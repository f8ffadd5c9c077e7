//! Invitation, acceptance, states, and the end.

use crate::support::{Broker, Stage, on_each_database};
use hansa_federation::keys::Rotation;
use hansa_federation_manager::{
    ErrorKind,
    partners::{Partner, PartnerState},
    testing::{Fault, federate},
};
use hansa_ontology::Actor;

async fn partner(at: &Broker, of: &Broker) -> Partner {
    at.manager.partner_get(&of.did()).await.unwrap()
}

#[test]
fn both_owners_consent_and_both_are_partners() {
    on_each_database(async |stage: Stage| {
        let (a, b) = (stage.broker("a"), stage.broker("b"));
        let invitation = a.manager.partner_invite("the people at B", Actor::Local).await.unwrap();
        assert!(invitation.line.starts_with("hansa-invite:"));
        assert_eq!(a.manager.partner_list().await.unwrap(), []);
        let accepted = b.manager.partner_accept(&invitation.line, Actor::Local).await.unwrap();
        assert_eq!(accepted.state, PartnerState::Active);

        let (of_b, of_a) = (partner(&a, &b).await, partner(&b, &a).await);
        assert_eq!((of_b.state, of_a.state), (PartnerState::Active, PartnerState::Active));
        assert_eq!((of_b.name.as_str(), of_b.endpoint.as_str()), ("b", "https://b.example"));
        assert_eq!(of_a.keys, a.manager.did_document().unwrap().keys().unwrap());
        assert_eq!(of_b.keys, b.manager.did_document().unwrap().keys().unwrap());
        assert_eq!(a.kinds("partner.").await, ["partner.invited", "partner.handshake", "partner.active"]);
        assert_eq!(b.kinds("partner.").await, ["partner.handshake", "partner.active"]);
        let actors: Vec<Actor> = a.events("partner.").await.into_iter().map(|event| event.actor).collect();
        assert_eq!(actors, [Actor::Local, Actor::Partner(b.did()), Actor::Partner(b.did())]);
        let given = a.manager.invitation_list().await.unwrap();
        assert_eq!((given[0].used_by.as_deref(), given[0].note.as_str()), (Some(b.did().as_str()), "the people at B"));
        // The secret is nowhere: not in the events, not in the list.
        let secret = invitation.line.trim_start_matches("hansa-invite:");
        let shown = format!("{:?} {:?} {given:?}", a.events("").await, b.events("").await);
        assert!(!shown.contains(secret));
    });
}

#[test]
fn an_answer_that_was_lost_costs_a_repetition() {
    on_each_database(async |stage: Stage| {
        let (a, b) = (stage.broker("a"), stage.broker("b"));
        let line = a.manager.partner_invite("", Actor::Local).await.unwrap().line;
        stage.network.fault("/federation/v1/partners", Fault::AnswerLost);
        let waiting = b.manager.partner_accept(&line, Actor::Local).await.unwrap();
        assert_eq!(waiting.state, PartnerState::Handshake);
        assert!(waiting.last_error.unwrap().contains("lost"));
        // A has done it; B hears so when it asks again, by the same line.
        assert_eq!(partner(&a, &b).await.state, PartnerState::Active);
        assert_eq!(b.manager.partner_accept(&line, Actor::Local).await.unwrap().state, PartnerState::Active);
        assert_eq!(a.kinds("partner.active").await.len(), 1);
    });
}

#[test]
fn an_invitation_is_good_once_for_a_time_and_for_one() {
    on_each_database(async |stage: Stage| {
        let (a, b, c) = (stage.broker("a"), stage.broker("b"), stage.broker("c"));
        let line = a.manager.partner_invite("", Actor::Local).await.unwrap().line;
        b.manager.partner_accept(&line, Actor::Local).await.unwrap();
        let refused = c.manager.partner_accept(&line, Actor::Local).await.unwrap();
        assert!(refused.last_error.unwrap().contains("used by somebody else"));
        assert_eq!(a.manager.partner_get(&c.did()).await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(a.kinds("federation.refused").await.len(), 1);

        let line = a.manager.partner_invite("", Actor::Local).await.unwrap().line;
        stage.later(8 * 24 * 3_600);
        let late = c.manager.partner_accept(&line, Actor::Local).await.unwrap();
        assert!(late.last_error.unwrap().contains("expired"));

        let open = a.manager.partner_invite("", Actor::Local).await.unwrap();
        a.manager.invitation_withdraw(&open.id, Actor::Local).await.unwrap();
        let gone = c.manager.partner_accept(&open.line, Actor::Local).await.unwrap();
        assert!(gone.last_error.unwrap().contains("no such invitation"));
        let error = b.manager.partner_accept("hansa-invite:abc", Actor::Local).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let own = a.manager.partner_invite("", Actor::Local).await.unwrap().line;
        assert_eq!(a.manager.partner_accept(&own, Actor::Local).await.unwrap_err().kind(), ErrorKind::Invalid);
    });
}

#[test]
fn who_stands_in_the_way_with_other_keys_is_refused() {
    on_each_database(async |stage: Stage| {
        let (a, b) = (stage.broker("a"), stage.broker("b"));
        let line = a.manager.partner_invite("", Actor::Local).await.unwrap().line;
        // Somebody took over A's domain: it serves other keys than those that the invitation names.
        let keys = tempfile::tempdir().unwrap();
        let thief = stage.network.broker("a", &b.database, keys.path(), &stage.clock).unwrap();
        assert_eq!(thief.did(), a.manager.did());
        let waiting = b.manager.partner_accept(&line, Actor::Local).await.unwrap();
        assert_eq!(waiting.state, PartnerState::Handshake);
        assert!(stage.network.calls().iter().all(|call| !call.contains("/partners")), "the secret was not sent");
    });
}

#[test]
fn a_provider_has_one_partner() {
    on_each_database(async |stage: Stage| {
        let (a, b) = (stage.broker("a"), stage.broker("b"));
        federate(&a.manager, &b.manager).await.unwrap();
        let greedy = stage.broker_with("greedy", |options| {
            options.provider = crate::support::provider("b").id;
        });
        let line = a.manager.partner_invite("", Actor::Local).await.unwrap().line;
        let waiting = greedy.manager.partner_accept(&line, Actor::Local).await.unwrap();
        assert!(waiting.last_error.unwrap().contains("provider of the partner"));
    });
}

#[test]
fn suspended_and_resumed() {
    on_each_database(async |stage: Stage| {
        let (seller, buyer) = stage.pair(2).await;
        buyer.pull(&seller).await;
        seller.manager.partner_suspend(&buyer.did(), Some("unpaid".to_owned()), Actor::Local).await.unwrap();
        buyer.pull(&seller).await;
        let providers = buyer.manager.provider_list().await.unwrap();
        assert!(providers[0].unusable.as_ref().unwrap().contains("SUSPENDED"));
        assert_eq!(buyer.offers_of("seller").await.len(), 2, "what is suspended is shown");
        let again = seller.manager.partner_suspend(&buyer.did(), None, Actor::Local).await.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::Conflict);
        seller.manager.partner_resume(&buyer.did(), Actor::Local).await.unwrap();
        buyer.pull(&seller).await;
        assert_eq!(buyer.manager.provider_list().await.unwrap()[0].unusable, None);
        assert_eq!(seller.kinds("partner.suspended").await.len() + seller.kinds("partner.resumed").await.len(), 2);
    });
}

#[test]
fn who_is_left_vanishes_at_once_and_ends_when_nothing_runs() {
    on_each_database(async |stage: Stage| {
        let (seller, buyer) = stage.pair(3).await;
        buyer.pull(&seller).await;
        assert_eq!(buyer.offers_of("seller").await.len(), 3);
        let left = buyer.manager.partner_terminate(&seller.did(), Some("too dear".to_owned()), Actor::Local).await;
        assert_eq!(left.unwrap().state, PartnerState::Draining);
        assert_eq!(buyer.offers_of("seller").await.len(), 0);

        let stop = tokio_util::sync::CancellationToken::new();
        let running = tokio::spawn({
            let (manager, stop) = (buyer.manager.clone(), stop.clone());
            async move { manager.run(stop).await }
        });
        for _ in 0..200 {
            if partner(&buyer, &seller).await.state == PartnerState::Terminated {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        stop.cancel();
        running.await.unwrap().unwrap();
        assert_eq!(partner(&buyer, &seller).await.state, PartnerState::Terminated);
        let kinds = buyer.kinds("partner.").await;
        assert!(kinds.ends_with(&["partner.draining".to_owned(), "partner.terminated".to_owned()]), "{kinds:?}");

        // The other side learns of it when it asks, and comes to its end too.
        seller.pull(&buyer).await;
        assert_eq!(partner(&seller, &buyer).await.state, PartnerState::Draining);
        // What is left may come back with a new invitation.
        stage.later(1);
        let error = buyer.manager.partner_resume(&seller.did(), Actor::Local).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
    });
}

#[test]
fn new_keys_are_followed_and_foreign_ones_are_not() {
    on_each_database(async |stage: Stage| {
        let (seller, buyer) = stage.pair(2).await;
        buyer.pull(&seller).await;
        let before = partner(&buyer, &seller).await.keys;
        stage.later(30);
        let rotation = Rotation { overlap: std::time::Duration::from_secs(60), ..Rotation::default() };
        seller.manager.key_rotate(rotation, Actor::Local).await.unwrap();
        stage.later(120);
        // A message of the seller with its new key makes the buyer look.
        seller.pull(&buyer).await;
        let after = partner(&buyer, &seller).await.keys;
        assert_ne!(before, after);
        assert!(buyer.kinds("partner.keys-rotated").await.len() == 1);
        // What the old key signed stays good; what is new is signed by the new one.
        let mut more = crate::support::catalogue("seller", 3);
        more.offers.remove(0);
        seller.import(&more).await;
        seller.manager.publish().await.unwrap();
        buyer.pull(&seller).await;
        assert_eq!(buyer.offers_of("seller").await.len(), 3);
        assert_eq!(buyer.quarantine().await, [""; 0]);

        // Another key store under the same DID: nothing vouches for its keys.
        let keys = tempfile::tempdir().unwrap();
        let impostor = stage.network.broker("seller", &stage.broker("x").database, keys.path(), &stage.clock).unwrap();
        stage.later(700);
        let line = buyer.manager.pull(&seller.did()).await;
        assert!(line.is_err(), "the impostor knows nothing of the partnership");
        assert_eq!(partner(&buyer, &seller).await.keys, after);
        let served = impostor.did_document().unwrap().keys().unwrap();
        let pinned = buyer.manager.partner_repin(&seller.did(), &[], Actor::Local).await.unwrap();
        assert_eq!(pinned.keys, served, "our owner may decide otherwise");
        let wrong = buyer.manager.partner_repin(&seller.did(), &["x".to_owned()], Actor::Local).await.unwrap_err();
        assert_eq!(wrong.kind(), ErrorKind::Conflict);
    });
}
