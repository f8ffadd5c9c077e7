//! Partners that lie, forge, flood or are broken: what is wrong is quarantined
//! with its reason and told in an event, and what is right is taken all the same.

use crate::support::{Broker, Stage, catalogue, offer, on_each_database, provider, site};
use chrono::{DateTime, Utc};
use hansa_federation::{
    KeyStore, SignedDocument, document,
    wire::{Change, FeedItem, FeedPage, Tombstone},
};
use hansa_federation_manager::{ErrorKind, exchange::PullReport, testing::federate};
use hansa_ontology::{Actor, Offer, rdf};
use hansa_repository::catalogue::ImportRequest;
use std::sync::{Arc, Mutex};

/// A feed that a test writes itself, in place of the partner's own.
#[derive(Clone, Default)]
struct Feed(Arc<Mutex<Vec<FeedItem>>>);

impl Feed {
    /// From now on the partner serves this.
    fn serve(&self, stage: &Stage) {
        let feed = self.clone();
        stage.network.alter(move |path, body| feed.answer(path, body));
    }

    fn answer(&self, path: &str, body: Vec<u8>) -> Vec<u8> {
        let items = self.0.lock().unwrap();
        let head = items.last().map_or(0, |item| item.sequence);
        if path == "/federation/v1/status" {
            let mut status: serde_json::Value = serde_json::from_slice(&body).unwrap();
            status["feedHead"] = head.into();
            return serde_json::to_vec(&status).unwrap();
        }
        let Some((_, after)) = path.split_once("after=") else { return body };
        let after: u64 = after.parse().unwrap();
        let page: Vec<FeedItem> = items.iter().filter(|item| item.sequence > after).take(100).cloned().collect();
        let next = page.last().map_or(head.max(after), |item| item.sequence);
        serde_json::to_vec(&FeedPage { after, next, head, sealed: false, items: page }).unwrap()
    }

    fn add(&self, subject: &str, document: SignedDocument, kind: Change) {
        let mut items = self.0.lock().unwrap();
        let sequence = items.last().map_or(0, |item| item.sequence) + 1;
        items.push(FeedItem { sequence, kind, subject: subject.to_owned(), document });
    }

    async fn turtle(&self, keys: &dyn KeyStore, subject: &str, text: String, now: DateTime<Utc>) {
        self.add(subject, document::sign(keys, document::TURTLE, text, now).await.unwrap(), Change::Put);
    }

    async fn offer(&self, keys: &dyn KeyStore, offer: &Offer, now: DateTime<Utc>) {
        self.turtle(keys, offer.id.as_str(), rdf::write_offer_turtle(offer), now).await;
    }

    /// Provider and site of the seller.
    async fn begin(&self, keys: &dyn KeyStore, now: DateTime<Utc>) {
        let (provider, site) = (provider("seller"), site("seller"));
        self.turtle(keys, provider.id.as_str(), rdf::write_provider_turtle(&provider), now).await;
        self.turtle(keys, site.id.as_str(), rdf::write_site_turtle(&site), now).await;
    }
}

/// Breaks a page.
type Breaking = fn(FeedPage) -> FeedPage;

async fn quarantined(buyer: &Broker, subject: &str) -> String {
    let view = buyer.manager.quarantine_list(None, 1_000).await.unwrap();
    let found = view.items.into_iter().find(|item| item.subject == subject);
    found.map(|item| item.reason).unwrap_or_else(|| format!("{subject} is not in quarantine"))
}

#[test]
fn what_is_wrong_is_quarantined_and_what_is_right_is_taken() {
    on_each_database(async |stage: Stage| {
        let (_seller, buyer) = stage.pair(0).await;
        let third = stage.broker("third");
        third.sell(1).await;
        federate(&third.manager, &buyer.manager).await.unwrap();
        buyer.pull(&third).await;
        buyer.sell(1).await;
        let (keys, thirds, now) = (stage.keys_of("seller"), stage.keys_of("third"), stage.now());
        let feed = Feed::default();
        feed.serve(&stage);
        feed.begin(keys.as_ref(), now).await;
        let of = |number: u32| offer("seller", number);
        feed.offer(keys.as_ref(), &of(0), now).await;
        feed.offer(thirds.as_ref(), &of(1), now).await;
        // Another provider's, another's site, another's and our own IRI.
        let mut foreign = of(2);
        foreign.provider = provider("third").id;
        feed.offer(keys.as_ref(), &foreign, now).await;
        let mut elsewhere = of(3);
        elsewhere.site = site("third").id;
        feed.offer(keys.as_ref(), &elsewhere, now).await;
        let mut theirs = offer("third", 0);
        (theirs.provider, theirs.site) = (provider("seller").id, site("seller").id);
        feed.offer(keys.as_ref(), &theirs, now).await;
        let mut ours = theirs.clone();
        ours.id = offer("buyer", 0).id;
        feed.offer(keys.as_ref(), &ours, now).await;
        // Altered after it was signed; of another thing than it says; no Turtle; against its shape.
        let mut altered =
            document::sign(keys.as_ref(), document::TURTLE, rdf::write_offer_turtle(&of(4)), now).await.unwrap();
        altered.content = altered.content.replace("Offer 4", "Offer 5");
        feed.add(of(4).id.as_str(), altered, Change::Put);
        feed.turtle(keys.as_ref(), of(5).id.as_str(), rdf::write_offer_turtle(&of(6)), now).await;
        feed.turtle(keys.as_ref(), of(7).id.as_str(), "<urn:x> nonsense".to_owned(), now).await;
        let negative = rdf::write_offer_turtle(&of(8)).replace("0.0125", "-0.0125");
        feed.turtle(keys.as_ref(), of(8).id.as_str(), negative, now).await;
        let later = now + chrono::TimeDelta::hours(1);
        feed.offer(keys.as_ref(), &of(9), later).await;
        feed.turtle(keys.as_ref(), "not an id at all", rdf::write_offer_turtle(&of(10)), now).await;
        let seller = "did:web:seller.example";
        let report = buyer.manager.pull(seller).await.unwrap();
        assert_eq!((report.taken, report.quarantined, report.complete), (3, 11, true));
        assert_eq!(buyer.offers_of("seller").await.len(), 1);
        for (subject, words) in [
            (of(1).id, "did:web:third.example"),
            (of(2).id, "urn:hansa:provider:third"),
            (of(3).id, "belongs to did:web:third.example"),
            (offer("third", 0).id, "the partner did:web:third.example"),
            (offer("buyer", 0).id, "from us"),
            (of(4).id, "signature"),
            (of(5).id, "not its subject"),
            (of(7).id, "Turtle"),
            (of(8).id, "price"),
            (of(9).id, "later than it came"),
        ] {
            let reason = quarantined(&buyer, subject.as_str()).await;
            assert!(reason.contains(words), "{subject}: {reason}");
        }
        let events = buyer.events("offer.quarantined").await;
        assert_eq!((events.len(), &events[0].actor), (1, &Actor::Partner(seller.to_owned())));
        assert_eq!(events[0].data["count"], 11);
        assert_eq!(buyer.offers_of("third").await.len(), 1, "the third's offer is untouched");

        // The same again says nothing new; a good version takes its place.
        feed.offer(keys.as_ref(), &of(4), now).await;
        buyer.manager.pull(seller).await.unwrap();
        assert_eq!(buyer.events("offer.quarantined").await.len(), 1);
        assert_eq!(buyer.offers_of("seller").await.len(), 2);
        assert!(quarantined(&buyer, of(4).id.as_str()).await.contains("not in quarantine"));

        // What no database keeps is no message at all.
        feed.turtle(keys.as_ref(), "nul\0 and such", rdf::write_offer_turtle(&of(10)), now).await;
        let error = buyer.manager.pull(seller).await.unwrap_err();
        assert!(error.to_string().contains("U+0000"), "{error}");
        assert_eq!(buyer.offers_of("seller").await.len(), 2, "what was there stays");
    });
}

#[test]
fn an_older_version_and_a_withdrawal_of_another_are_refused() {
    on_each_database(async |stage: Stage| {
        let (_seller, buyer) = stage.pair(0).await;
        let (keys, now) = (stage.keys_of("seller"), stage.now());
        let feed = Feed::default();
        feed.serve(&stage);
        feed.begin(keys.as_ref(), now).await;
        let cheap = offer("seller", 0);
        let mut dear = cheap.clone();
        dear.price_plan.price_per_hour.micros *= 10;
        stage.later(100);
        feed.offer(keys.as_ref(), &dear, stage.now()).await;
        buyer.manager.pull("did:web:seller.example").await.unwrap();
        // Whoever gets between replays the cheap version of long ago.
        feed.offer(keys.as_ref(), &cheap, now).await;
        let other = Tombstone { withdrawn: "urn:hansa:offer:another".to_owned(), at: stage.now() };
        feed.add(
            dear.id.as_str(),
            document::sign_json(keys.as_ref(), &other, stage.now()).await.unwrap(),
            Change::Withdrawn,
        );
        let report = buyer.manager.pull("did:web:seller.example").await.unwrap();
        assert_eq!((report.taken, report.withdrawn), (0, 0));
        let here = buyer.offers_of("seller").await;
        assert_eq!(here[0].price_plan.price_per_hour, dear.price_plan.price_per_hour);
        let real = Tombstone { withdrawn: dear.id.to_string(), at: stage.now() };
        feed.add(
            dear.id.as_str(),
            document::sign_json(keys.as_ref(), &real, stage.now()).await.unwrap(),
            Change::Withdrawn,
        );
        assert_eq!(buyer.manager.pull("did:web:seller.example").await.unwrap().withdrawn, 1);
        assert_eq!(buyer.offers_of("seller").await.len(), 0);
    });
}

#[test]
fn a_catalogue_without_end_is_cut_off_and_the_rest_goes_on() {
    on_each_database(async |stage: Stage| {
        let seller = stage.broker("seller");
        let buyer = stage.broker_with("buyer", |options| options.offers_per_partner = 120);
        let other = stage.broker("other");
        other.sell(2).await;
        for partner in [&seller, &other] {
            federate(&partner.manager, &buyer.manager).await.unwrap();
        }
        seller.sell(300).await;
        let report: PullReport = buyer.pull(&seller).await;
        assert_eq!((report.cut_off, report.complete), (180, true));
        assert_eq!(buyer.offers_of("seller").await.len(), 120);
        let view = buyer.manager.quarantine_list(Some(&seller.did()), 10).await.unwrap();
        assert_eq!(view.items.len(), 1, "one entry for all of it");
        assert!(view.items[0].reason.contains("more than the 120 offers"));
        assert_eq!(buyer.kinds("offer.quarantined").await.len(), 1);
        assert_eq!(buyer.manager.partner_get(&seller.did()).await.unwrap().feed.cut_off, 180);
        buyer.pull(&other).await;
        assert_eq!(buyer.offers_of("other").await.len(), 2);

        // Where there is room again the rest is read.
        for number in 0..200 {
            let id = offer("seller", number).id;
            seller.catalogue().offer_withdraw(&id, Actor::Local, stage.now()).await.unwrap();
        }
        seller.manager.publish().await.unwrap();
        buyer.pull(&seller).await;
        stage.later(61);
        buyer.pull(&seller).await;
        assert_eq!(buyer.offers_of("seller").await.len(), 100);
        assert_eq!(buyer.quarantine().await, [""; 0]);
    });
}

#[test]
fn a_feed_that_breaks_the_rules_is_an_error_of_the_partner() {
    on_each_database(async |stage: Stage| {
        let (seller, buyer) = stage.pair(3).await;
        let broken: [(&str, Breaking); 4] = [
            ("doesn't lead on", |page| FeedPage { next: page.after, items: Vec::new(), ..page }),
            ("was asked for", |page| FeedPage { after: page.after + 1, ..page }),
            ("out of order", |mut page| {
                page.items.reverse();
                page
            }),
            ("100 are allowed", |mut page| {
                page.items = (1..=101).map(|sequence| FeedItem { sequence, ..page.items[0].clone() }).collect();
                FeedPage { next: 101, head: 101, ..page }
            }),
        ];
        for (words, change) in broken {
            stage.network.alter(move |path, body| {
                if !path.contains("/offers") {
                    return body;
                }
                serde_json::to_vec(&change(serde_json::from_slice(&body).unwrap())).unwrap()
            });
            let error = buyer.manager.pull(&seller.did()).await.unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
            assert_eq!(error.kind(), ErrorKind::Partner);
        }
        stage.network.alter(|path, body| if path.contains("/offers") { vec![b'['; 100_000] } else { body });
        assert!(buyer.manager.pull(&seller.did()).await.is_err());
        stage.network.alter(|path, body| if path.contains("/offers") { vec![b' '; 64 << 20] } else { body });
        assert!(buyer.manager.pull(&seller.did()).await.unwrap_err().to_string().contains("more than"));
        stage.network.heal();
        buyer.pull(&seller).await;
        assert_eq!(buyer.offers_of("seller").await.len(), 3);
    });
}

#[test]
fn a_capacity_report_of_another_or_for_another_is_refused() {
    on_each_database(async |stage: Stage| {
        let (seller, buyer) = stage.pair(1).await;
        let third = stage.broker("third");
        federate(&seller.manager, &third.manager).await.unwrap();
        seller.units.0.lock().unwrap().insert(offer("seller", 0).id, 3);
        let report = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&report);
        stage.network.alter(move |path, body| {
            if path.ends_with("/capacity") {
                taken.lock().unwrap().clone_from(&body);
            }
            body
        });
        third.pull(&seller).await;
        let for_third = report.lock().unwrap().clone();
        stage.network.alter(move |path, body| if path.ends_with("/capacity") { for_third.clone() } else { body });
        let error = buyer.manager.pull(&seller.did()).await.unwrap_err();
        assert!(error.to_string().contains("for did:web:third.example"), "{error}");
        stage.network.alter(|path, body| {
            if path.ends_with("/capacity") {
                return String::from_utf8(body).unwrap().replace(":3}", ":9}").into_bytes();
            }
            body
        });
        let error = buyer.manager.pull(&seller.did()).await.unwrap_err();
        assert!(error.to_string().contains("capacity report"), "{error}");
        stage.network.heal();
        assert_eq!(buyer.pull(&seller).await.capacity, 1);
    });
}

#[test]
fn neither_side_touches_what_is_the_others() {
    on_each_database(async |stage: Stage| {
        let (seller, buyer) = stage.pair(1).await;
        buyer.pull(&seller).await;
        // Our own owner can't change a partner's offer, nor sell as its provider.
        let mut forged = catalogue("seller", 2);
        forged.offers[0].title = "mine".to_owned();
        let request = ImportRequest {
            strict: false,
            ..ImportRequest::new(rdf::write_turtle(&forged), rdf::RdfFormat::Turtle, Actor::Local, stage.now())
        };
        let report = buyer.catalogue().import(request).await.unwrap();
        assert_eq!(report.changes, []);
        assert_eq!(report.refused.len(), 4, "{report:#?}");
        assert_eq!(buyer.offers_of("seller").await[0].title, offer("seller", 0).title);
        assert_eq!(buyer.manager.publish().await.unwrap(), 0, "what is a partner's is not published as ours");
    });
}
