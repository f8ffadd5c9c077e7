//! Documents as a whole: formats, syntax, limits, what Hansa does not know, and hostile ones.

use crate::support;
use hansa_ontology::{
    Catalogue,
    rdf::{self, RdfFormat},
    reading::{self, ErrorKind, ReadError, ReadLimits, Reading},
};
use proptest::prelude::*;

fn turtle(text: &str) -> Reading {
    let prefixes = "@prefix hansa: <https://w3id.org/hansa/ns#> . @prefix schema: <https://schema.org/> .\n";
    reading::read(format!("{prefixes}{text}").as_bytes(), RdfFormat::Turtle).unwrap()
}

#[test]
fn every_format_says_the_same() {
    let catalogue: Catalogue = support::catalogue(1);
    let in_turtle = reading::read(rdf::write_turtle(&catalogue).as_bytes(), RdfFormat::Turtle).unwrap();
    let n_triples: String =
        in_turtle.sources.values().map(String::as_str).map(|source| source.replace("_:b", "_:x")).next().unwrap();
    assert_eq!(reading::read(n_triples.as_bytes(), RdfFormat::NTriples).unwrap().accepted.len(), 1);

    let provider = &catalogue.providers;
    let json_ld = br#"{"@context": {"schema": "https://schema.org/"}, "@id": "did:web:provider.example",
        "@type": "https://w3id.org/hansa/ns#Provider", "schema:name": "Provider", "schema:addressCountry": "DE"}"#;
    assert_eq!(reading::read(json_ld, RdfFormat::JsonLd).unwrap().accepted.providers, *provider);
    let rdf_xml = br#"<?xml version="1.0"?><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns:h="https://w3id.org/hansa/ns#" xmlns:s="https://schema.org/"><h:Provider r:about="did:web:provider.example">
        <s:name>Provider</s:name><s:addressCountry>DE</s:addressCountry></h:Provider></r:RDF>"#;
    assert_eq!(reading::read(rdf_xml, RdfFormat::RdfXml).unwrap().accepted.providers, *provider);
}

#[test]
fn formats_are_found_by_media_type_and_by_file_name() {
    for format in RdfFormat::ALL {
        assert_eq!(RdfFormat::from_media_type(&format!("{}; charset=utf-8", format.media_type())), Some(format));
        assert_eq!(RdfFormat::from_path(format!("a.{}", format.file_extension()).as_ref()), Some(format));
    }
    assert_eq!(RdfFormat::from_media_type("text/html"), None);
    assert_eq!(RdfFormat::from_path("offers".as_ref()), None);
}

#[test]
fn a_syntax_error_gives_line_and_column() {
    let error = reading::read(b"@prefix a: <urn:a:> .\na:b a:c  ] .\n", RdfFormat::Turtle).unwrap_err();
    let ReadError::Syntax { line, column, .. } = &error else { panic!("{error}") };
    assert_eq!((*line, *column), (Some(2), Some(10)), "{error}");
    assert!(error.to_string().starts_with("line 2, column 10: the document is not well-formed Turtle: "), "{error}");
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[test]
fn what_is_no_document_is_an_error_and_no_panic() {
    let cases: &[(&[u8], RdfFormat)] = &[
        (b"\xff\xfe\x00", RdfFormat::Turtle),
        (b"<relative> a <urn:b> .", RdfFormat::Turtle),
        (b"<http://[> a <urn:b> .", RdfFormat::Turtle),
        (b"<urn:a> <urn:b> <urn:c> <urn:d> .", RdfFormat::NTriples),
        (
            b"{\"@context\": \"https://elsewhere.example/context.jsonld\", \"@id\": \"urn:a\", \"name\": \"x\"}",
            RdfFormat::JsonLd,
        ),
        (b"{\"@graph\": [", RdfFormat::JsonLd),
        (b"<a><b></a>", RdfFormat::RdfXml),
    ];
    for (bytes, format) in cases {
        let error = reading::read(bytes, *format).expect_err(&String::from_utf8_lossy(bytes));
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
}

#[test]
fn nesting_exhausts_neither_stack_nor_time() {
    let depth = 50_000;
    let json = format!("{{\"urn:p\": {}{}}}", "[".repeat(depth), "]".repeat(depth));
    let objects = format!("{}1{}", "{\"urn:p\": ".repeat(depth), "}".repeat(depth));
    let turtle = format!("<urn:a> <urn:p> {}1{} .", "[ <urn:p> ".repeat(depth), "]".repeat(depth));
    let lists = format!("<urn:a> <urn:p> {}1{} .", "(".repeat(depth), ")".repeat(depth));
    let xml = format!(
        "<r:RDF xmlns:r=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:p=\"urn:p:\">{}",
        "<p:A><p:b>".repeat(depth)
    );
    for (text, format) in [(json, RdfFormat::JsonLd), (objects, RdfFormat::JsonLd), (xml, RdfFormat::RdfXml)] {
        let error = reading::read(text.as_bytes(), format).unwrap_err();
        assert!(matches!(error, ReadError::TooDeep { .. }), "{error}");
    }
    for (text, format) in [(turtle, RdfFormat::Turtle), (lists, RdfFormat::Turtle)] {
        if let Ok(reading) = reading::read(text.as_bytes(), format) {
            assert!(reading.accepted.is_empty());
        }
    }
    let brackets_in_text = format!("{{\"@id\": \"urn:a\", \"urn:p\": \"\\\"{}\"}}", "[{".repeat(1_000));
    assert!(reading::read(brackets_in_text.as_bytes(), RdfFormat::JsonLd).is_ok());
}

#[test]
fn limits_hold() {
    let text = rdf::write_turtle(&support::catalogue(2));
    let read = |limits: ReadLimits| reading::read_within(text.as_bytes(), RdfFormat::Turtle, &limits);
    let limits = ReadLimits::default();
    let error = read(ReadLimits { bytes: 100, ..limits }).unwrap_err();
    assert_eq!((error.kind(), error.to_string().contains("more than the 100 allowed")), (ErrorKind::TooLarge, true));
    let error = read(ReadLimits { triples: 10, ..limits }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let reading = read(ReadLimits { triples_per_resource: 20, ..limits }).unwrap();
    assert_eq!((reading.accepted.offers.len(), reading.accepted.sites.len(), reading.refused.len()), (0, 1, 2));
    assert!(reading.refused[0].violations[0].message.contains("more than the 20 triples"));
}

#[test]
fn what_hansa_does_not_know_is_refused_and_not_dropped() {
    let reading = turtle(
        "<urn:car> a <https://other.example/Car> ; schema:name \"Car\" .
         <urn:bare> schema:name \"Nothing\" .
         <urn:lost> a hansa:SLA .
         [] a hansa:Site ; schema:name \"Nameless\" .
         <urn:both> a hansa:Site, hansa:Provider .
         [] <urn:p> [ <urn:q> 1 ] .",
    );
    assert!(reading.accepted.is_empty());
    let told: Vec<(&str, &str)> = reading
        .refused
        .iter()
        .map(|refused| (refused.subject.as_str(), refused.violations[0].message.as_str()))
        .collect();
    assert_eq!(told.len(), 6, "{told:#?}");
    let of = |subject: &str| told.iter().find(|(name, _)| name.starts_with(subject)).unwrap().1;
    assert!(of("urn:car").contains("nothing that Hansa knows: give it one of the classes hansa:Provider, hansa:Site"));
    assert!(of("urn:bare").contains("nothing that Hansa knows"));
    assert!(of("urn:lost").contains("a part of an offer"));
    assert!(of("urn:both").contains("can't be hansa:"));
    let nameless = reading.refused.iter().find(|refused| refused.class == "hansa:Site").unwrap();
    assert!(nameless.violations.iter().any(|violation| violation.message.contains("absolute IRI of its own")));
}

#[test]
fn parts_may_have_names_and_be_shared() {
    let text = rdf::write_turtle(&support::catalogue(2));
    let start = text.find("hansa:sla [").unwrap();
    let end = start
        + text[start..].find("hansa:creditCapPercent 50.0\n    ]").unwrap()
        + "hansa:creditCapPercent 50.0\n    ]".len();
    let sla = &text[start + "hansa:sla [".len()..end - 1];
    let shared = format!(
        "{}\n<https://provider.example/slas/gold> {sla} .\n",
        text.replace(&text[start..end], "hansa:sla <https://provider.example/slas/gold>")
    );
    let reading = reading::read(shared.as_bytes(), RdfFormat::Turtle).unwrap();
    assert_eq!(reading.refused, []);
    assert_eq!(reading.accepted, support::catalogue(2));
    let broken = shared.replace("hansa:creditCapPercent 50.0", "hansa:creditCapPercent 500");
    assert_eq!(reading::read(broken.as_bytes(), RdfFormat::Turtle).unwrap().refused.len(), 2, "both offers");
}

#[test]
fn circles_end() {
    let text = rdf::write_turtle(&support::catalogue(1)).replace("hansa:sla [ a hansa:SLA ;", "hansa:sla _:s . _:s a hansa:SLA ; hansa:objective _:s ; hansa:remedy _:s ; hansa:sla _:s .\n<urn:rest> <urn:p> [ ");
    let reading = reading::read(text.as_bytes(), RdfFormat::Turtle).unwrap();
    assert!(
        reading.refused.iter().any(|refused| refused.subject == "https://provider.example/offers/0"),
        "{reading:#?}"
    );
}

#[test]
fn one_latency_to_one_site() {
    let text = rdf::write_turtle(&support::catalogue(0));
    let twice = text.replace(
        "hansa:latencyTo [",
        "hansa:latencyTo [ hansa:toSite <https://provider.example/sites/ams> ; qudt:numericValue 9 ; qudt:hasUnit unit:MilliSEC ], [",
    );
    let reading = reading::read(twice.as_bytes(), RdfFormat::Turtle).unwrap();
    assert_eq!(reading.refused[0].violations[0].field, "hansa:latencyTo");
    assert!(
        reading.refused[0].violations[0].message.contains("one latency to https://provider.example/sites/ams only")
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// A document with bytes changed is read or refused; it never panics, and
    /// what is accepted can be written and read again.
    #[test]
    fn damaged_documents_do_no_harm(cuts in prop::collection::vec((0_usize..3_000, any::<u8>()), 1..8)) {
        let mut bytes = rdf::write_turtle(&support::catalogue(1)).into_bytes();
        for (place, byte) in cuts {
            let place = place % bytes.len();
            bytes[place] = byte;
        }
        if let Ok(reading) = reading::read(&bytes, RdfFormat::Turtle) {
            let again = reading::read(rdf::write_turtle(&reading.accepted).as_bytes(), RdfFormat::Turtle).unwrap();
            prop_assert_eq!(again.accepted, reading.accepted);
        }
    }
}
