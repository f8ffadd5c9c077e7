//! Offers that break a shape, each in one way: what is refused, where, and what people are told.

use crate::support;
use hansa_ontology::{
    Catalogue,
    rdf::{self, RdfFormat},
    reading::{self, RefusedResource, Violation},
};

/// A change to the good catalogue; then the field, the value and the shape that the refusal must name.
type Case = (&'static str, &'static str, &'static str, Option<&'static str>, &'static str);

#[rustfmt::skip]
const CASES: &[Case] = &[
    // What is written    what stands there instead                       field                          value             shape
    ("schema:name \"Provider\" ;", "", "schema:name", None, "hansa:ProviderShape"),
    ("schema:name \"Provider\"", "schema:name \"\"", "schema:name", Some(""), "hansa:ProviderShape"),
    ("schema:name \"Provider\"", "schema:name \"Provider\", \"Other\"", "schema:name", None, "hansa:ProviderShape"),
    ("\"Provider\" ;\n    schema:addressCountry \"DE\"", "\"Provider\" ;\n    schema:addressCountry \"Germany\"", "schema:addressCountry", Some("Germany"), "hansa:ProviderShape"),

    ("POINT(8.68 50.11)", "POINT(8.68 91)", "dcat:centroid", Some("POINT(8.68 91)"), "hansa:SiteShape"),
    ("POINT(8.68 50.11)", "POINT(-180.5 50.11)", "dcat:centroid", Some("POINT(-180.5 50.11)"), "hansa:SiteShape"),
    ("POINT(8.68 50.11)", "POINT(8.68)", "dcat:centroid", Some("POINT(8.68)"), "hansa:SiteShape"),
    ("hansa:jurisdiction \"DE\"", "hansa:jurisdiction \"de\"", "hansa:jurisdiction", Some("de"), "hansa:SiteShape"),
    ("qudt:numericValue 7.25", "qudt:numericValue -1.0", "hansa:latencyTo / qudt:numericValue", Some("-1.0"), "hansa:LatencyShape"),
    ("qudt:numericValue 7.25", "qudt:numericValue 7.2525", "hansa:latencyTo / qudt:numericValue", Some("7.2525"), "hansa:LatencyShape"),
    ("qudt:hasUnit unit:MilliSEC", "qudt:hasUnit unit:SEC", "hansa:latencyTo / qudt:hasUnit", Some("unit:SEC"), "hansa:LatencyShape"),
    ("hansa:toSite <https://provider.example/sites/ams>", "hansa:toSite \"ams\"", "hansa:latencyTo / hansa:toSite", Some("ams"), "hansa:LatencyShape"),

    ("hansa:VirtualMachineOffer, dcat:Dataset", "hansa:Offer", "rdf:type", None, "hansa:OfferShape"),
    ("hansa:VirtualMachineOffer, dcat:Dataset", "hansa:VirtualMachineOffer, hansa:ContainerOffer", "rdf:type", None, "hansa:OfferShape"),
    ("dcterms:title \"Small machine 0\" ;", "", "dcterms:title", None, "hansa:OfferShape"),
    ("hansa:atSite <https://provider.example/sites/fra>", "hansa:atSite \"fra\"", "hansa:atSite", Some("fra"), "hansa:OfferShape"),
    ("hansa:serviceArea \"EU\"", "hansa:serviceArea \"Europe\"", "hansa:serviceArea", Some("Europe"), "hansa:OfferShape"),
    ("hansa:capability \"database\"", "hansa:capability 5", "hansa:capability", Some("5"), "hansa:OfferShape"),
    ("hansa:flavour [", "hansa:flavours [", "hansa:flavour", None, "hansa:OfferShape"),
    ("hansa:capacity [", "hansa:capacity \"twelve\" ; hansa:other [", "hansa:capacity", Some("twelve"), "hansa:OfferShape"),
    ("odrl:assigner <did:web:provider.example>", "odrl:assigner <did:web:thief.example>", "odrl:hasPolicy / odrl:assigner", Some("did:web:thief.example"), "hansa:OfferShape"),
    ("    schema:validThrough \"2026-01-31T12:00:00Z\"^^xsd:dateTime ;\n    odrl", "    schema:validFrom \"2026-03-01T00:00:00Z\"^^xsd:dateTime ; schema:validThrough \"2026-02-01T00:00:00Z\"^^xsd:dateTime ;\n    odrl", "schema:validFrom", Some("2026-03-01T00:00:00Z"), "hansa:OfferShape"),

    ("hansa:vcpu 0.5", "hansa:vcpu 0", "hansa:flavour / hansa:vcpu", Some("0"), "hansa:FlavourShape"),
    ("hansa:vcpu 0.5", "hansa:vcpu \"half\"", "hansa:flavour / hansa:vcpu", Some("half"), "hansa:FlavourShape"),
    ("hansa:vcpu 0.5", "hansa:vcpu 0.0005", "hansa:flavour / hansa:vcpu", Some("0.0005"), "hansa:FlavourShape"),
    ("hansa:memoryGiB 0.5", "hansa:memoryGiB 0.3", "hansa:flavour / hansa:memoryGiB", Some("0.3"), "hansa:FlavourShape"),
    ("hansa:memoryGiB 0.5", "hansa:memoryGiB -4", "hansa:flavour / hansa:memoryGiB", Some("-4"), "hansa:FlavourShape"),
    ("hansa:diskGiB 10.0", "hansa:diskGiB 1073741825", "hansa:flavour / hansa:diskGiB", Some("1073741825"), "hansa:FlavourShape"),
    ("hansa:cpuArch \"amd64\"", "hansa:cpuArch \"x86\"", "hansa:flavour / hansa:cpuArch", Some("x86"), "hansa:FlavourShape"),
    ("hansa:bandwidthMbps 1000", "hansa:bandwidthMbps 1.5", "hansa:flavour / hansa:bandwidthMbps", Some("1.5"), "hansa:FlavourShape"),
    ("hansa:bandwidthMbps 1000", "hansa:gpuModel \"L4\"", "hansa:flavour", None, "hansa:FlavourShape"),
    ("hansa:bandwidthMbps 1000", "hansa:gpuModel \"L4\" ; hansa:gpuCount 0", "hansa:flavour / hansa:gpuCount", Some("0"), "hansa:FlavourShape"),

    ("hansa:availableUnits 12", "hansa:availableUnits -1", "hansa:capacity / hansa:availableUnits", Some("-1"), "hansa:CapacityShape"),
    ("hansa:availableUnits 12", "hansa:availableUnits 4294967296", "hansa:capacity / hansa:availableUnits", Some("4294967296"), "hansa:CapacityShape"),
    ("asOf \"2026-01-31T12:00:00Z\"", "asOf \"2026-01-31T12:00:00\"", "hansa:capacity / hansa:asOf", Some("2026-01-31T12:00:00"), "hansa:CapacityShape"),
    ("asOf \"2026-01-31T12:00:00Z\"", "asOf \"2026-02-30T12:00:00Z\"", "hansa:capacity / hansa:asOf", Some("2026-02-30T12:00:00Z"), "hansa:CapacityShape"),

    ("schema:price 0.0125", "schema:price -0.01", "hansa:pricePlan / schema:price", Some("-0.01"), "hansa:PricePlanShape"),
    ("schema:price 0.0125", "schema:price 1", "hansa:pricePlan / schema:price", Some("1"), "hansa:PricePlanShape"),
    ("schema:price 0.0125", "schema:price 0.00000125", "hansa:pricePlan / schema:price", Some("0.00000125"), "hansa:PricePlanShape"),
    ("schema:price 0.0125", "schema:price 9223372036854.775808", "hansa:pricePlan / schema:price", Some("9223372036854.775808"), "hansa:PricePlanShape"),
    ("schema:priceCurrency \"EUR\"", "schema:priceCurrency \"€\"", "hansa:pricePlan / schema:priceCurrency", Some("€"), "hansa:PricePlanShape"),
    ("schema:unitCode \"HUR\"", "schema:unitCode \"MON\"", "hansa:pricePlan / schema:unitCode", Some("MON"), "hansa:PricePlanShape"),
    ("hansa:pricingModel hansa:OnDemand", "hansa:pricingModel \"on demand\"", "hansa:pricePlan / hansa:pricingModel", Some("on demand"), "hansa:PricePlanShape"),

    ("hansa:objective [", "hansa:goal [", "hansa:sla / hansa:objective", None, "hansa:SLAShape"),
    ("hansa:creditCapPercent 50.0", "hansa:creditCapPercent 101", "hansa:sla / hansa:creditCapPercent", Some("101"), "hansa:SLAShape"),
    ("hansa:metric hansa:Availability", "hansa:metric hansa:Throughput", "hansa:sla / hansa:objective", None, "hansa:ServiceLevelObjectiveShape"),
    ("hansa:window hansa:Month", "hansa:window \"month\"", "hansa:sla / hansa:objective / hansa:window", Some("month"), "hansa:ServiceLevelObjectiveShape"),
    ("hansa:target 99.9", "hansa:target \"99,9\"", "hansa:sla / hansa:objective / hansa:target", Some("99,9"), "hansa:ServiceLevelObjectiveShape"),
    ("hansa:target 99.9", "hansa:target 9.99e1", "hansa:sla / hansa:objective / hansa:target", Some("9.99e1"), "hansa:ServiceLevelObjectiveShape"),
    ("hansa:creditPercent 10.0", "hansa:creditPercent 110", "hansa:sla / hansa:objective / hansa:remedy / hansa:creditPercent", Some("110"), "hansa:RemedyShape"),
    ("odrl:action odrl:compensate ;\n                hansa:threshold 99.0", "odrl:action odrl:use ;\n                hansa:threshold 99.0", "hansa:sla / hansa:objective / hansa:remedy / odrl:action", Some("odrl:use"), "hansa:RemedyShape"),

    ("hansa:pue 1.2", "hansa:pue 0.9", "hansa:energy / hansa:pue", Some("0.9"), "hansa:EnergyProfileShape"),
    ("hansa:renewableShare 0.9", "hansa:renewableShare 90", "hansa:energy / hansa:renewableShare", Some("90"), "hansa:EnergyProfileShape"),
    ("hansa:carbonIntensity 35.5 ;", "", "hansa:energy / hansa:carbonIntensity", None, "hansa:EnergyProfileShape"),
    ("hansa:scheme \"iso-27001\"", "hansa:scheme \"ISO 27001\"", "hansa:claim / hansa:scheme", Some("ISO 27001"), "hansa:ComplianceClaimShape"),
    ("cred:evidence <https://provider.example/iso-27001.pdf>", "cred:evidence \"see the web\"", "hansa:claim / cred:evidence", Some("see the web"), "hansa:ComplianceClaimShape"),
];

fn refused(turtle: &str) -> (Catalogue, Vec<RefusedResource>) {
    let reading =
        reading::read(turtle.as_bytes(), RdfFormat::Turtle).unwrap_or_else(|error| panic!("{error}\n{turtle}"));
    (reading.accepted, reading.refused)
}

#[test]
fn each_broken_field_is_named_with_its_value_its_shape_and_the_remedy() {
    let good = rdf::write_turtle(&support::catalogue(2));
    for (written, instead, field, value, shape) in CASES {
        assert!(good.contains(written), "{written} is not in the good catalogue");
        let (accepted, refused) = refused(&good.replacen(written, instead, 1));
        let case = format!("{written} -> {instead}: {refused:#?}");
        assert_eq!((accepted.len(), refused.len()), (3, 1), "the others are accepted; {case}");
        let violation = refused[0].violations.iter().find(|violation| violation.field == *field);
        let Some(Violation { value: found, message, shape: by, .. }) = violation else { panic!("{field}: {case}") };
        assert_eq!(found.as_deref(), *value, "{case}");
        assert_eq!(by, shape, "{case}");
        let name = field.rsplit(" / ").next().unwrap_or_default();
        let of_the_whole = matches!(name, "hansa:flavour" | "hansa:objective");
        assert!(message.contains(name) || of_the_whole && message.contains("hansa:"), "{message} does not name {name}");
        assert!(!message.contains("not satisfied"), "the library's own text: {case}");
        assert!(refused[0].violations.len() <= 2, "no noise: {case}");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let broken = rdf::write_turtle(&support::catalogue(1))
        .replace("schema:price 0.0125", "schema:price -1.0")
        .replace("hansa:vcpu 0.5", "hansa:vcpu 0")
        .replace("hansa:window hansa:Month ;", "");
    let (_, refused) = refused(&broken);
    let fields: Vec<&str> = refused[0].violations.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(
        fields,
        ["hansa:flavour / hansa:vcpu", "hansa:pricePlan / schema:price", "hansa:sla / hansa:objective / hansa:window"]
    );
    assert_eq!(refused[0].subject, "https://provider.example/offers/0");
    assert_eq!(refused[0].class, "hansa:VirtualMachineOffer, dcat:Dataset");
}

#[test]
fn a_part_that_was_good_before_does_not_hide_a_broken_one() {
    // The second offer's parts are those of the first, but for one remedy deep inside.
    let good = rdf::write_turtle(&support::catalogue(2));
    let last = good.rfind("hansa:creditPercent 25.0").unwrap();
    let broken =
        format!("{}hansa:creditPercent 125.0{}", &good[..last], &good[last + "hansa:creditPercent 25.0".len()..]);
    let (accepted, refused) = refused(&broken);
    assert_eq!(accepted.offers.len(), 1);
    assert_eq!(refused[0].subject, "https://provider.example/offers/1");
    assert_eq!(refused[0].violations[0].field, "hansa:sla / hansa:objective / hansa:remedy / hansa:creditPercent");
}

#[test]
fn a_gaia_x_description_is_told_what_it_lacks() {
    let text = r#"@prefix gx: <https://w3id.org/gaia-x/development#> .
        <https://vm.example/1> a gx:VirtualMachineServiceOffering ; gx:providedBy <https://vm.example/p> .
        <https://vm.example/p> a gx:LegalPerson ."#;
    let reading = reading::read(text.as_bytes(), RdfFormat::Turtle).unwrap();
    let messages: Vec<_> = reading.refused.iter().flat_map(|r| &r.violations).map(|v| v.message.as_str()).collect();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages[0].contains("hansa:VirtualMachineOffer besides"), "{messages:?}");
    assert!(messages[1].contains("hansa:Provider besides"), "{messages:?}");
}

#[test]
fn a_context_elsewhere_is_not_fetched_and_named() {
    let text =
        r#"{"@context": ["https://www.w3.org/ns/credentials/v2"], "@id": "https://vm.example/1", "type": "Thing"}"#;
    let error = reading::read(text.as_bytes(), RdfFormat::JsonLd).unwrap_err().to_string();
    assert!(error.contains("https://www.w3.org/ns/credentials/v2") && error.contains("none is fetched"), "{error}");
}
