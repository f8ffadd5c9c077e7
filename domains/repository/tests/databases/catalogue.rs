//! The catalogue: what is imported, refused, changed, withdrawn and found.

use crate::offers::{catalogue, offer, provider, site};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection as _;
use hansa_ontology::{
    Actor, OfferId, OfferKind, ProviderId, SiteId,
    catalogue::Catalogue,
    graph::{QueryAnswer, QueryLimits},
    rdf::{self, RdfFormat},
};
use hansa_repository::{
    Database, DatabaseOptions, ErrorKind, RepositoryError,
    ambient::Clock as _,
    catalogue::{
        CatalogueService, ChangeKind, ImportReport, ImportRequest, OfferFilter, Outcome, PageRequest, SiteFilter,
    },
    event::{self, EventFilter, Order},
    testing::{HandClock, for_each_database, for_each_test_database},
};

fn now() -> DateTime<Utc> {
    HandClock::default().now()
}

fn request(catalogue: &Catalogue) -> ImportRequest {
    ImportRequest::new(rdf::write_turtle(catalogue), RdfFormat::Turtle, Actor::Local, now())
}

async fn import(service: &CatalogueService, catalogue: &Catalogue) -> ImportReport {
    service.import(request(catalogue)).await.unwrap()
}

async fn kinds(db: &Database) -> Vec<String> {
    let events = db.read(|c| event::list(c, &EventFilter::default(), 100, Order::OldestFirst)).await.unwrap();
    events.into_iter().map(|event| event.kind).collect()
}

fn id(offer: &hansa_ontology::Offer) -> OfferId {
    offer.id.clone()
}

#[test]
fn what_is_imported_is_there_with_its_source_and_its_event() {
    for_each_database(&[], async |db| {
        let service = CatalogueService::new(db.clone()).unwrap();
        let given = catalogue(2);
        let report = import(&service, &given).await;
        assert_eq!((report.outcome, report.changes.len(), report.unchanged), (Outcome::Imported, 4, 0));
        assert_eq!(report.refused, []);
        assert_eq!(service.snapshot().await.unwrap().catalogue, given);
        assert_eq!(kinds(&db).await, ["provider.imported", "site.imported", "offer.imported", "offer.imported"]);

        let stored = service.offer(&id(&given.offers[1])).await.unwrap();
        assert_eq!((stored.resource, stored.imported_at), (given.offers[1].clone(), now()));
        assert_eq!(stored.source.media_type, "application/n-triples");
        let read = hansa_ontology::reading::read(stored.source.text.as_bytes(), RdfFormat::NTriples).unwrap();
        assert_eq!(read.accepted.offers, [given.offers[1].clone()]);
        assert_eq!(service.site(&given.sites[0].id).await.unwrap().resource, given.sites[0]);
        assert_eq!(service.provider(&given.providers[0].id).await.unwrap().resource, given.providers[0]);
    });
}

#[test]
fn a_document_of_one_resource_is_kept_to_the_byte() {
    for_each_database(&[], async |db| {
        let service = CatalogueService::new(db.clone()).unwrap();
        import(&service, &catalogue(0)).await;
        let text = format!("# signed by nobody\n{}", rdf::write_offer_turtle(&offer(7)));
        let request = ImportRequest::new(text.clone(), RdfFormat::Turtle, Actor::Local, now());
        assert_eq!(service.import(request).await.unwrap().outcome, Outcome::Imported);
        let source = service.offer(&id(&offer(7))).await.unwrap().source;
        assert_eq!((source.media_type.as_str(), source.text), ("text/turtle", text));
    });
}

#[test]
fn the_same_again_changes_nothing_and_a_change_names_its_fields() {
    for_each_database(&[], async |db| {
        let service = CatalogueService::new(db.clone()).unwrap();
        import(&service, &catalogue(3)).await;
        let before = service.snapshot().await.unwrap();
        let report = import(&service, &catalogue(3)).await;
        assert_eq!((report.outcome, report.changes.as_slice(), report.unchanged), (Outcome::Imported, &[][..], 5));
        assert_eq!(service.snapshot().await.unwrap(), before);

        let mut dearer = catalogue(3);
        dearer.offers[1].price_plan.price_per_hour.micros += 1;
        let report = import(&service, &dearer).await;
        assert_eq!(report.changes.len(), 1);
        assert_eq!(report.changes[0].kind, ChangeKind::Changed { fields: vec!["pricePlan".to_owned()] });
        assert_eq!(service.snapshot().await.unwrap().catalogue, dearer);
        assert_eq!(kinds(&db).await.iter().filter(|kind| *kind == "offer.changed").count(), 1);
        assert_eq!(kinds(&db).await.len(), 6);
    });
}

#[test]
fn a_dry_run_reports_and_writes_nothing() {
    for_each_database(&[], async |db| {
        let service = CatalogueService::new(db.clone()).unwrap();
        let report = service.import(ImportRequest { dry_run: true, ..request(&catalogue(2)) }).await.unwrap();
        assert_eq!((report.outcome, report.changes.len()), (Outcome::DryRun, 4));
        assert!(service.snapshot().await.unwrap().catalogue.is_empty());
        assert_eq!(kinds(&db).await, [""; 0]);
    });
}

#[test]
fn what_refers_to_something_unknown_is_refused_with_field_and_remedy() {
    for_each_database(&[], async |db| {
        let service = CatalogueService::new(db.clone()).unwrap();
        let mut given = catalogue(3);
        given.offers[0].site = SiteId::new("urn:hansa:site:nowhere").unwrap();
        given.providers.push(provider("other"));
        given.offers[1].provider = ProviderId::new("urn:hansa:provider:other").unwrap();
        given.sites.push(site("lost", "nobody"));
        let report = import(&service, &given).await;
        assert_eq!(report.outcome, Outcome::Refused);
        let reasons: Vec<String> = report
            .refused
            .iter()
            .flat_map(|refused| {
                refused.violations.iter().map(move |v| format!("{} {} {}", refused.subject, v.field, v.message))
            })
            .collect();
        assert_eq!(reasons.len(), 3, "{reasons:#?}");
        for (reason, part) in
            reasons.iter().zip(["provider: import it", "has this site: import it", "belongs to urn:hansa:provider:p"])
        {
            assert!(reason.contains(part), "{reason}");
        }
        assert!(reasons[0].contains("schema:provider") && reasons[1].contains("hansa:atSite"), "{reasons:#?}");
        assert!(service.snapshot().await.unwrap().catalogue.is_empty());
        assert_eq!(kinds(&db).await, [""; 0]);

        let report = service.import(ImportRequest { strict: false, ..request(&given) }).await.unwrap();
        assert_eq!((report.outcome, report.refused.len()), (Outcome::Imported, 3));
        let offers = &service.snapshot().await.unwrap().catalogue.offers;
        assert_eq!(offers.as_slice(), &given.offers[2..]);
    });
}

#[test]
fn what_hangs_on_a_refused_resource_is_refused_with_it() {
    for_each_database(&[], async |db| {
        let service = CatalogueService::new(db.clone()).unwrap();
        let mut given = catalogue(1);
        given.providers.clear();
        let report = service.import(ImportRequest { strict: false, ..request(&given) }).await.unwrap();
        assert_eq!(report.refused.len(), 2);
        assert!(service.snapshot().await.unwrap().catalogue.is_empty());
    });
}

#[test]
fn a_shape_that_is_broken_is_told_and_a_broken_document_is_an_error() {
    for_each_database(&[], async |db| {
        let service = CatalogueService::new(db.clone()).unwrap();
        let good = rdf::write_turtle(&catalogue(1));
        let bad = good.replace("0.0125", "-0.0125");
        assert_ne!(bad, good);
        let report = service.import(ImportRequest::new(bad, RdfFormat::Turtle, Actor::Local, now())).await.unwrap();
        assert_eq!(report.outcome, Outcome::Refused);
        assert_eq!(report.refused.len(), 1, "{:?}", report.refused);
        assert_eq!(report.refused[0].subject, "urn:hansa:offer:00000");
        assert_eq!(report.refused[0].violations[0].value.as_deref(), Some("-0.0125"));

        let broken = ImportRequest::new("<urn:a> <urn:b>", RdfFormat::Turtle, Actor::Local, now());
        let error = service.import(broken).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("not well-formed Turtle"), "{error}");
    });
}

#[test]
fn an_iri_stays_what_it_is_and_a_site_keeps_its_provider() {
    for_each_database(&[], async |db| {
        let service = CatalogueService::new(db.clone()).unwrap();
        import(&service, &catalogue(1)).await;
        let mut thief = Catalogue { providers: vec![provider("q")], sites: vec![site("s", "q")], offers: vec![] };
        let report = import(&service, &thief).await;
        assert!(report.refused[0].violations[0].message.contains("a site keeps its provider"), "{report:?}");
        thief.sites[0].id = SiteId::new(offer(0).id.as_str()).unwrap();
        let report = import(&service, &thief).await;
        assert!(report.refused[0].violations[0].message.contains("of class offer"), "{report:?}");
    });
}

#[test]
fn a_withdrawn_offer_is_gone_until_it_is_imported_again() {
    for_each_database(&[], async |db| {
        let service = CatalogueService::new(db.clone()).unwrap();
        import(&service, &catalogue(2)).await;
        service.snapshot().await.unwrap();
        let gone = id(&offer(0));
        service.offer_withdraw(&gone, Actor::Local, now()).await.unwrap();
        assert_eq!(service.offer(&gone).await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(service.offer_withdraw(&gone, Actor::Local, now()).await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(service.snapshot().await.unwrap().catalogue.offers, [offer(1)]);
        assert_eq!(kinds(&db).await.last().unwrap(), "offer.withdrawn");
        let report = import(&service, &catalogue(2)).await;
        assert_eq!((report.changes.len(), report.changes[0].kind.clone()), (1, ChangeKind::Imported));
        assert_eq!(service.snapshot().await.unwrap().catalogue, catalogue(2));
    });
}

#[test]
fn other_processes_see_every_change() {
    for_each_test_database(&[], async |test| {
        let ours = CatalogueService::new(test.database()).unwrap();
        let theirs = CatalogueService::new(test.reopen(&[], DatabaseOptions::default()).unwrap()).unwrap();
        let count = "SELECT (COUNT(?o) AS ?n) WHERE { ?o a hansa:Offer }";
        for round in 0..3_u32 {
            import(&ours, &catalogue(round * 2)).await;
            if round == 2 {
                ours.offer_withdraw(&id(&offer(1)), Actor::Broker, now()).await.unwrap();
            }
            let snapshot = theirs.snapshot().await.unwrap();
            assert_eq!(snapshot, ours.snapshot().await.unwrap());
            let expected = snapshot.catalogue.offers.len().to_string();
            for service in [&ours, &theirs] {
                let answer = service.query(count.to_owned(), QueryLimits::default()).await.unwrap();
                let QueryAnswer::Rows { rows, .. } = answer else { panic!("a SELECT answers rows") };
                assert_eq!(rows[0][0].as_ref().unwrap().to_string(), expected);
            }
        }
        assert_eq!(theirs.snapshot().await.unwrap().catalogue.offers.len(), 3);
    });
}

#[test]
fn lists_filter_and_page() {
    for_each_database(&[], async |db| {
        let service = CatalogueService::new(db.clone()).unwrap();
        let mut given = catalogue(25);
        given.offers[4].kind = OfferKind::Container;
        given.offers[5].capabilities.insert("public-ip".to_owned());
        import(&service, &given).await;
        let (mut seen, mut page) = (Vec::new(), PageRequest { limit: 10, token: None });
        loop {
            let found = service.offer_list(&OfferFilter::default(), &page).await.unwrap();
            assert_eq!(found.total, 25 - seen.len() / 20);
            seen.extend(found.items);
            // What is withdrawn in between shifts nothing.
            if seen.len() == 20 {
                service
                    .offer_withdraw(&id(&given.offers[0]), Actor::Local, now() + TimeDelta::seconds(1))
                    .await
                    .unwrap();
            }
            let Some(next) = found.next else { break };
            page.token = Some(next);
        }
        assert_eq!(seen, given.offers);

        let count =
            async |filter: OfferFilter| service.offer_list(&filter, &PageRequest::default()).await.unwrap().total;
        assert_eq!(count(OfferFilter { kind: Some(OfferKind::Container), ..OfferFilter::default() }).await, 1);
        assert_eq!(count(OfferFilter { text: Some("PUBLIC offer".to_owned()), ..OfferFilter::default() }).await, 1);
        assert_eq!(count(OfferFilter { provider: ProviderId::new("urn:x:y").ok(), ..OfferFilter::default() }).await, 0);
        assert_eq!(count(OfferFilter { site: Some(given.sites[0].id.clone()), ..OfferFilter::default() }).await, 24);
        assert_eq!(
            service.site_list(&SiteFilter::default(), &PageRequest::default()).await.unwrap().items,
            given.sites
        );
        assert_eq!(service.provider_list(&PageRequest::default()).await.unwrap().items, given.providers);

        for page in [PageRequest { limit: 0, token: None }, PageRequest { limit: 9, token: Some("?".to_owned()) }] {
            let error = service.offer_list(&OfferFilter::default(), &page).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
        }
    });
}

#[test]
fn a_restored_backup_is_seen_too() {
    for_each_database(&[], async |db| {
        let service = CatalogueService::new(db.clone()).unwrap();
        import(&service, &catalogue(1)).await;
        import(&service, &catalogue(2)).await;
        let count = "SELECT ?o WHERE { ?o a hansa:Offer }";
        service.query(count.to_owned(), QueryLimits::default()).await.unwrap();
        assert_eq!(service.snapshot().await.unwrap().generation, 2);
        // As a backup from before the second import has it.
        db.write(|c| -> Result<(), RepositoryError> {
            c.batch_execute("DELETE FROM catalogue_resource WHERE generation = 2")?;
            Ok(c.batch_execute("UPDATE counter SET value = 1 WHERE name = 'catalogue-generation'")?)
        })
        .await
        .unwrap();
        assert_eq!(service.snapshot().await.unwrap().catalogue, catalogue(1));
        let answer = service.query(count.to_owned(), QueryLimits::default()).await.unwrap();
        let QueryAnswer::Rows { rows, .. } = answer else { panic!("a SELECT answers rows") };
        assert_eq!(rows.len(), 1);
    });
}
