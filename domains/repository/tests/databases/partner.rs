//! Resources of partners in the catalogue: each source changes its own alone.

use crate::offers::{catalogue, offer, provider, site};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{
    Actor, Offer, Site,
    rdf::{self, RdfFormat},
};
use hansa_repository::{
    Database, RepositoryError,
    ambient::Clock as _,
    catalogue::{
        CatalogueService, Class, ImportRequest, Source,
        partner::{self, AnyResource, OwnCursor, PartnerResource, PartnerSource, Refusal, Taken},
    },
    testing::{HandClock, for_each_database},
};
use std::collections::BTreeMap;

const DID: &str = "did:web:p.example";

fn now() -> DateTime<Utc> {
    HandClock::default().now()
}

fn source(did: &str, name: &str) -> PartnerSource {
    PartnerSource {
        partner: did.to_owned(),
        provider: provider(name).id,
        received_at: now(),
        holds_until: now() + TimeDelta::days(1),
    }
}

fn resource(resource: AnyResource) -> PartnerResource {
    PartnerResource {
        statements: format!("{resource:?}"),
        source: Source { media_type: "text/turtle".to_owned(), text: format!("# {}", resource.iri()) },
        signature: "a..b".to_owned(),
        resource,
    }
}

fn an_offer(offer: Offer) -> PartnerResource {
    resource(AnyResource::Offer(Box::new(offer)))
}

fn a_site(site: Site) -> PartnerResource {
    resource(AnyResource::Site(site))
}

fn begin() -> Vec<PartnerResource> {
    vec![resource(AnyResource::Provider(provider("p"))), a_site(site("s", "p"))]
}

async fn put(db: &Database, source: PartnerSource, resources: Vec<PartnerResource>) -> Vec<Result<Taken, Refusal>> {
    db.write(move |c| -> Result<_, RepositoryError> { partner::put(c, &source, resources) }).await.unwrap()
}

#[test]
fn what_a_partner_brings_is_there_with_its_origin() {
    for_each_database(&[], async |db| {
        let service = CatalogueService::new(db.clone()).unwrap();
        let mut all = begin();
        all.push(an_offer(offer(1)));
        assert_eq!(put(&db, source(DID, "p"), all.clone()).await, vec![Ok(Taken::New); 3]);
        assert_eq!(put(&db, source(DID, "p"), all).await, vec![Ok(Taken::Unchanged); 3]);
        let stored = service.offer(&offer(1).id).await.unwrap();
        let origin = stored.origin.unwrap();
        assert_eq!((origin.partner.as_str(), origin.signature.as_str()), (DID, "a..b"));
        assert_eq!((origin.received_at, stored.source.text), (now(), format!("# {}", offer(1).id)));
        let mut dearer = offer(1);
        dearer.price_plan.price_per_hour.micros += 1;
        assert_eq!(put(&db, source(DID, "p"), vec![an_offer(dearer.clone())]).await, [Ok(Taken::Changed)]);
        let here = service.snapshot().await.unwrap().catalogue.offers[0].clone();
        assert_eq!(here.price_plan, dearer.price_plan);
        assert_eq!(here.valid_through, Some(now() + TimeDelta::days(1)), "it holds no longer than we say");

        let gone = db.write(|c| partner::withdraw_all(c, DID)).await.unwrap();
        assert_eq!(gone, 3);
        assert!(service.snapshot().await.unwrap().catalogue.is_empty());
        assert_eq!(put(&db, source(DID, "p"), begin()).await, vec![Ok(Taken::New); 2]);
    });
}

#[test]
fn each_source_changes_its_own_alone() {
    for_each_database(&[], async |db| {
        let service = CatalogueService::new(db.clone()).unwrap();
        // Our own: provider "own" with a site and offer 9, which is withdrawn later.
        let mut own = catalogue(0);
        own.providers = vec![provider("own")];
        own.sites = vec![site("ours", "own")];
        let mut ours = offer(9);
        (ours.provider, ours.site) = (provider("own").id, site("ours", "own").id);
        own.offers = vec![ours.clone()];
        let import = |text: String| ImportRequest::new(text, RdfFormat::Turtle, Actor::Local, now());
        assert!(service.import(import(rdf::write_turtle(&own))).await.unwrap().refused.is_empty());
        put(&db, source(DID, "p"), begin()).await;

        let mut at_ours = offer(2);
        at_ours.site = site("ours", "own").id;
        let mut lost = offer(3);
        lost.site = site("nowhere", "p").id;
        let mut as_site = offer(4);
        as_site.id = hansa_ontology::OfferId::new(site("s", "p").id.as_str()).unwrap();
        let answers = put(
            &db,
            source(DID, "p"),
            vec![an_offer(offer(9)), an_offer(ours.clone()), an_offer(at_ours), an_offer(lost), an_offer(as_site)],
        )
        .await;
        assert!(matches!(answers[0], Err(Refusal::Source { partner: None })), "{answers:?}");
        assert!(matches!(answers[1], Err(Refusal::Provider { .. })));
        assert!(matches!(&answers[2], Err(Refusal::Site { owner, .. }) if owner == "us"));
        assert!(matches!(answers[3], Err(Refusal::Missing(_))));
        assert!(matches!(answers[4], Err(Refusal::Class(_))));
        // Another partner can't take the IRI either, while the first has it.
        put(&db, source(DID, "p"), vec![an_offer(offer(5))]).await;
        let mut other = offer(5);
        (other.provider, other.site) = (provider("q").id, site("t", "q").id);
        let theirs = vec![resource(AnyResource::Provider(provider("q"))), a_site(site("t", "q")), an_offer(other)];
        let answers = put(&db, source("did:web:q.example", "q"), theirs).await;
        assert!(matches!(&answers[2], Err(Refusal::Source { partner: Some(did) }) if did == DID));
        // What we have withdrawn no partner brings back; what is a partner's we don't withdraw for it.
        service.offer_withdraw(&ours.id, Actor::Local, now()).await.unwrap();
        assert!(matches!(put(&db, source(DID, "p"), vec![an_offer(offer(9))]).await[0], Err(Refusal::Source { .. })));
        let iri = vec![offer(5).id.to_string()];
        assert_eq!(db.write(move |c| partner::withdraw(c, "did:web:q.example", &iri)).await.unwrap(), 0);
        // And an import of ours takes nothing of a partner's.
        let report = service.import(import(rdf::write_turtle(&catalogue(6)))).await.unwrap();
        assert_eq!((report.changes.len(), report.refused.len()), (0, 8), "{:#?}", report.refused);
    });
}

#[test]
fn units_by_report_and_a_confirmed_end() {
    for_each_database(&[], async |db| {
        let service = CatalogueService::new(db.clone()).unwrap();
        let mut all = begin();
        all.extend([an_offer(offer(1)), an_offer(offer(2))]);
        put(&db, source(DID, "p"), all).await;
        let report = |units: BTreeMap<_, u32>, seconds: i64| {
            let (db, as_of) = (db.clone(), now() + TimeDelta::seconds(seconds));
            async move { db.write(move |c| partner::capacity_set(c, DID, &units, as_of)).await.unwrap() }
        };
        let units = async || -> Vec<u32> {
            let snapshot = service.snapshot().await.unwrap();
            snapshot.catalogue.offers.iter().map(|offer| offer.capacity.available_units).collect()
        };
        assert_eq!(units().await, [10, 10]);
        assert_eq!(report(BTreeMap::from([(offer(1).id, 3)]), 1).await, 2);
        assert_eq!(units().await, [3, 0], "what isn't named has none");
        assert_eq!(report(BTreeMap::from([(offer(1).id, 3)]), 2).await, 0);
        put(&db, source(DID, "p"), vec![an_offer(offer(1))]).await;
        assert_eq!(units().await, [3, 0], "the offer again keeps them");
        assert_eq!(db.read(|c| partner::count(c, DID, Class::Offer)).await.unwrap(), 2);

        let end = async || service.offer(&offer(2).id).await.unwrap().resource.valid_through.unwrap();
        let confirm = |before: TimeDelta, until: TimeDelta| {
            let db = db.clone();
            async move { db.write(move |c| partner::confirm(c, DID, now() + before, now() + until)).await.unwrap() }
        };
        assert_eq!(confirm(TimeDelta::hours(12), TimeDelta::hours(30)).await, 0, "there is time");
        assert_eq!(confirm(TimeDelta::hours(25), TimeDelta::hours(37)).await, 4);
        assert_eq!(end().await, now() + TimeDelta::hours(37));
    });
}

#[test]
fn our_own_changes_are_followed_and_partners_are_not_among_them() {
    for_each_database(&[], async |db| {
        let service = CatalogueService::new(db.clone()).unwrap();
        let text = rdf::write_turtle(&catalogue(7));
        service.import(ImportRequest::new(text, RdfFormat::Turtle, Actor::Local, now())).await.unwrap();
        let theirs = vec![resource(AnyResource::Provider(provider("q"))), a_site(site("t", "q"))];
        put(&db, source("did:web:q.example", "q"), theirs).await;
        service.offer_withdraw(&offer(3).id, Actor::Local, now()).await.unwrap();
        let follow = async |class: Class| {
            let (mut cursor, mut seen) = (OwnCursor::default(), Vec::new());
            loop {
                let after = cursor.clone();
                let some = db.read(move |c| partner::own_changes(c, class, &after, 2)).await.unwrap();
                let Some((_, next)) = some.last().cloned() else { break seen };
                cursor = next;
                seen.extend(some.into_iter().map(|(change, _)| (change.iri, change.resource.is_some())));
            }
        };
        let offers = follow(Class::Offer).await;
        assert_eq!(offers.len(), 7);
        assert_eq!(offers.last().unwrap(), &(offer(3).id.to_string(), false));
        assert_eq!(follow(Class::Site).await, [(site("s", "p").id.to_string(), true)]);
        assert_eq!(follow(Class::Provider).await.len(), 1);
    });
}
