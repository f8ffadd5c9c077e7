//! An offer as dataset: fits the schemas, names its signed document, keeps every clause.

use hansa_federation::{
    Did,
    dsp::{
        MessageKind, Policy,
        catalogue::{Dataset, catalog, dataset, offer_reference, service_id, terms_digest, terms_id},
        policy, validate,
    },
    json,
};
use hansa_ontology::{Offer, Site};
use serde_json::{Value, json};
use url::Url;

pub(crate) fn offer() -> Offer {
    serde_json::from_value(json!({
        "id": "https://a.example/offers/small", "title": "Small machine", "provider": "https://a.example/about",
        "site": "https://a.example/sites/par1", "kind": "virtual-machine",
        "flavour": {"name": "s1", "cpuMilli": 1000, "memoryMib": 2048, "diskMib": 10240, "cpuArch": "amd64"},
        "capacity": {"availableUnits": 12, "asOf": "2026-11-21T12:00:00Z"},
        "pricePlan": {"model": "on-demand", "pricePerHour": {"micros": 12_500, "currency": "EUR"}},
        "sla": {"creditCapPercent": "30", "objectives": [
            {"metric": "availability", "target": "99.9", "window": "month", "percentile": null, "remedies": [
                {"threshold": "99.9", "creditPercent": "10"}, {"threshold": "99", "creditPercent": "25"}]},
            {"metric": "latency", "target": "20", "window": "day", "percentile": "95", "remedies": []}]},
        "energy": null, "claims": [], "capabilities": ["proxy"], "serviceArea": ["FR", "DE"],
        "validFrom": "2026-11-01T00:00:00Z", "validThrough": "2026-12-31T23:59:59Z"
    }))
    .unwrap()
}

pub(crate) fn site() -> Site {
    serde_json::from_value(json!({
        "id": "https://a.example/sites/par1", "name": "Paris 1", "provider": "https://a.example/about", "country": "FR",
        "coordinates": null, "jurisdictions": ["FR", "EU"], "latencies": {},
        "energy": {"carbonIntensity": "56", "pue": "1.2", "renewableShare": "0.4", "powerWatts": null}
    }))
    .unwrap()
}

fn digest() -> String {
    json::sha256(b"the signed bytes")
}

fn written(dataset: &Dataset) -> Value {
    let mut value = serde_json::to_value(dataset).unwrap();
    value["@context"] = json!([hansa_federation::dsp::CONTEXT]);
    value
}

#[test]
fn a_dataset_fits_the_schema_and_names_its_document() {
    let did = Did::new("did:web:a.example").unwrap();
    let dataset = dataset(&offer(), Some(&site()), &digest(), &service_id(&did));
    validate(MessageKind::Dataset, &written(&dataset)).unwrap();
    let reference = offer_reference(&dataset).unwrap();
    assert_eq!((reference.offer.as_str(), reference.digest), ("https://a.example/offers/small", digest()));
    assert_eq!(terms_digest(&terms_id(&digest())), Some(digest().as_str()));
    assert_eq!(terms_digest("urn:uuid:1"), None);
    let back: Dataset = serde_json::from_value(written(&dataset)).unwrap();
    assert_eq!(back.has_policy, dataset.has_policy);
    assert_eq!(back.properties["http://purl.org/dc/terms/title"], "Small machine");
    assert!(!back.properties.contains_key("@type"), "the type is no property");
}

#[test]
fn every_clause_is_there() {
    let policy = policy(&offer(), Some(&site()), &digest());
    let text = serde_json::to_string(&policy.rules).unwrap();
    for clause in [
        r#"{"leftOperand":"odrl:payAmount","operator":"eq","rightOperand":"0.0125"}"#,
        r#""operator":"eq","rightOperand":"EUR"}"#,
        r#"schema.org/validFrom","operator":"eq","rightOperand":"2026-11-01T00:00:00Z""#,
        r#"schema.org/validThrough","operator":"eq","rightOperand":"2026-12-31T23:59:59Z""#,
        r#"ns#serviceArea","operator":"isAnyOf","rightOperand":["DE","FR"]"#,
        r#"ns#Availability","operator":"gteq","rightOperand":"99.9""#,
        r#"ns#Availability","operator":"lt","rightOperand":"99""#,
        r#"ns#RoundTripTime","operator":"lteq","rightOperand":"20""#,
        r#"ns#percentile","operator":"eq","rightOperand":"95""#,
        r#"ns#creditPercent","operator":"eq","rightOperand":"25""#,
        r#"ns#creditCapPercent","operator":"lteq","rightOperand":"30""#,
        r#"ns#jurisdiction","operator":"isAllOf","rightOperand":["EU","FR"]"#,
        r#"ns#carbonIntensity","operator":"lteq","rightOperand":"56""#,
        r#"ns#renewableShare","operator":"gteq","rightOperand":"0.4""#,
    ] {
        assert!(text.contains(clause), "{clause} in {text}");
    }
}

#[test]
fn an_offer_with_nothing_but_a_price_fits_too() {
    let mut offer = offer();
    offer.sla = None;
    offer.service_area.clear();
    (offer.valid_from, offer.valid_through) = (None, None);
    let dataset = dataset(&offer, None, &digest(), "did:web:a.example#broker");
    let value = written(&dataset);
    validate(MessageKind::Dataset, &value).unwrap();
    assert!(value["hasPolicy"][0].get("obligation").is_none());
}

#[test]
fn a_catalogue_fits_with_offers_and_without() {
    let did = Did::new("did:web:a.example").unwrap();
    let base = Url::parse("https://a.example/").unwrap();
    let one = dataset(&offer(), Some(&site()), &digest(), &service_id(&did));
    for datasets in [vec![], vec![one.clone()], vec![one; 3]] {
        let catalog = serde_json::to_value(catalog(&did, &base, datasets)).unwrap();
        validate(MessageKind::Catalog, &catalog).unwrap();
        assert_eq!(catalog["service"][0]["endpointURL"], "https://a.example/dsp/2025-1");
        assert_eq!(catalog["participantId"], "did:web:a.example");
    }
}

#[test]
fn a_policy_goes_into_messages_and_agreements_unchanged() {
    let offered = policy(&offer(), Some(&site()), &digest());
    let asked = offered.targeted("https://a.example/offers/small");
    assert!(asked.same_terms(&offered));
    let agreement = asked.agreed(
        "urn:uuid:1".to_owned(),
        "https://a.example/offers/small",
        "did:web:a.example",
        "did:web:b.example",
        "2026-11-21T12:00:00Z".to_owned(),
    );
    assert!(agreement.same_terms(&offered));
    let back: Policy = serde_json::from_value(serde_json::to_value(&agreement).unwrap()).unwrap();
    assert_eq!(back, agreement);
    let mut cheaper = agreement;
    cheaper.rules["permission"][0]["duty"][0]["constraint"][0]["rightOperand"] = "0.001".into();
    assert!(!cheaper.same_terms(&offered));
}
