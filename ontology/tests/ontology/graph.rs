//! The graph: replacing, removing, asking, and what may not be asked.

use crate::support;
use hansa_ontology::{
    Catalogue, Money,
    graph::{AnswerFormat, GraphError, OfferGraph, QueryAnswer, QueryLimits},
    rdf::RdfFormat,
    reading::{self, ErrorKind},
};
use std::time::{Duration, Instant};

fn graph(offers: usize) -> OfferGraph {
    let graph = OfferGraph::new().unwrap();
    graph.put(&support::catalogue(offers)).unwrap();
    graph
}

fn cells(graph: &OfferGraph, sparql: &str) -> Vec<Vec<String>> {
    match graph.query(sparql, &QueryLimits::default()).unwrap() {
        QueryAnswer::Rows { rows, .. } => {
            rows.into_iter().map(|row| row.into_iter().map(|cell| cell.unwrap().to_string()).collect()).collect()
        }
        other => panic!("{other:?}"),
    }
}

const COUNT: &str = "SELECT (COUNT(DISTINCT ?offer) AS ?offers) { ?offer a hansa:Offer }";

#[test]
fn people_ask_across_resources() {
    let rows = cells(
        &graph(3),
        "PREFIX hansa: <https://w3id.org/hansa/ns#>
         SELECT ?title ?price ?site {
           ?offer a hansa:Offer ; dcterms:title ?title ; hansa:atSite/schema:name ?site ;
                  hansa:pricePlan/schema:price ?price ; hansa:sla/hansa:objective/hansa:target ?target .
           FILTER(?target >= 99.5) } ORDER BY DESC(?title) LIMIT 2",
    );
    assert_eq!(rows, [["Small machine 2", "0.0125", "Frankfurt"], ["Small machine 1", "0.0125", "Frankfurt"]]);
}

#[test]
fn what_is_put_replaces_and_what_is_removed_is_gone() {
    let graph = graph(2);
    let size = graph.len().unwrap();
    let mut changed = support::offer(1);
    changed.price_plan.price_per_hour = Money { micros: 99, ..changed.price_plan.price_per_hour };
    graph.put(&Catalogue { offers: vec![changed.clone(), changed], ..Catalogue::default() }).unwrap();
    assert_eq!(graph.len().unwrap(), size, "nothing of the old offer is left");
    assert_eq!(
        cells(&graph, "SELECT ?p { <https://provider.example/offers/1> hansa:pricePlan/schema:price ?p }"),
        [["0.000099"]]
    );

    let iri = support::offer(1).id;
    graph.remove(iri.as_str()).unwrap();
    graph.remove(iri.as_str()).unwrap();
    graph.remove("no iri at all").unwrap();
    assert_eq!(cells(&graph, COUNT), [["1"]]);
    graph.clone().clear().unwrap();
    assert!(graph.is_empty().unwrap(), "clones share");
}

#[test]
fn a_described_offer_can_be_read_again() {
    let sparql = "CONSTRUCT { ?s ?p ?o } { GRAPH <https://provider.example/offers/1> { ?s ?p ?o } }";
    let answer = graph(2).query(sparql, &QueryLimits::default()).unwrap();
    let turtle = answer.write(AnswerFormat::Turtle).unwrap();
    let reading = reading::read(turtle.as_bytes(), RdfFormat::Turtle).unwrap();
    assert_eq!(reading.accepted.offers, [support::offer(1)], "{turtle}\n{:?}", reading.refused);
    let described = graph(2).query("DESCRIBE <https://provider.example/offers/1>", &QueryLimits::default()).unwrap();
    assert!(
        matches!(described, QueryAnswer::Triples { turtle, truncated: false } if turtle.contains("Small machine 1"))
    );
}

#[test]
fn answers_are_written_as_the_standards_say() {
    let graph = graph(1);
    let ask = |sparql: &str| graph.query(sparql, &QueryLimits::default()).unwrap();
    let values = "SELECT ?a ?b { VALUES (?a ?b) { (\"x,\\\"y\\\"\"@en 1.5) (<urn:a> UNDEF) } }";
    let json: serde_json::Value = serde_json::from_str(&ask(values).write(AnswerFormat::Json).unwrap()).unwrap();
    let decimal = "http://www.w3.org/2001/XMLSchema#decimal";
    assert_eq!(
        json,
        serde_json::json!({"head": {"vars": ["a", "b"]}, "results": {"bindings": [
            {"a": {"type": "literal", "value": "x,\"y\"", "xml:lang": "en"}, "b": {"type": "literal", "value": "1.5", "datatype": decimal}},
            {"a": {"type": "uri", "value": "urn:a"}}
        ]}})
    );
    assert_eq!(ask(values).write(AnswerFormat::Csv).unwrap(), "a,b\r\n\"x,\"\"y\"\"\",1.5\r\nurn:a,\r\n");
    assert_eq!(ask("ASK { ?s a hansa:Site }").write(AnswerFormat::Json).unwrap(), r#"{"head":{},"boolean":true}"#);
    let error = ask("ASK {}").write(AnswerFormat::Csv).unwrap_err();
    assert_eq!(error.to_string(), "the answer to an ASK can't be written as CSV: ask for SPARQL results JSON");
    assert_eq!(ask("ASK {}").natural_format().media_type(), "application/sparql-results+json");
}

#[test]
fn updates_are_refused() {
    let graph = graph(1);
    for update in [
        "DELETE WHERE { ?s ?p ?o }",
        "INSERT DATA { <urn:a> <urn:b> <urn:c> }",
        "CLEAR ALL",
        "LOAD <http://127.0.0.1:9/>",
        "DROP GRAPH <urn:a>",
    ] {
        let error = graph.query(update, &QueryLimits::default()).unwrap_err();
        assert!(matches!(error, GraphError::ReadOnly), "{update}: {error}");
    }
    assert_eq!(cells(&graph, COUNT), [["1"]]);
}

#[test]
fn other_servers_are_not_asked() {
    let graph = graph(1);
    for query in [
        "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "SELECT * { service silent <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "SELECT * { ?s ?p \"\\\\\\\"\" FILTER EXISTS { SERVICE ?s { ?a ?b ?c } } }",
        "ASK { { SELECT * { OPTIONAL { SERVICE <urn:x> {} } } } }",
        "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } MINUS { SERVICE <urn:x> { ?s ?p ?o } } }",
        "SELECT (EXISTS { SERVICE <urn:x> { ?s ?p ?o } } AS ?e) {}",
        "SELECT ?s { ?s ?p ?o } ORDER BY (EXISTS { SERVICE <urn:x> { ?s ?p ?o } })",
    ] {
        let error = graph.query(query, &QueryLimits::default()).unwrap_err();
        assert!(matches!(error, GraphError::Service), "{query}: {error}");
    }
    for harmless in ["SELECT ?service { ?service ?p \"(service <urn:x>\" }", "ASK { ?s <urn:service> '\"(service ' }"] {
        assert!(graph.query(harmless, &QueryLimits::default()).is_ok(), "{harmless}");
    }
}

#[test]
fn malformed_queries_say_where() {
    let error = graph(0).query("SELECT * {\n ?s ?p }", &QueryLimits::default()).unwrap_err();
    assert!(matches!(error, GraphError::Syntax { .. }));
    assert!(error.to_string().contains("2:"), "{error}");
}

#[test]
fn limits_hold() {
    let graph = graph(40);
    let limits = QueryLimits { rows: 7, ..QueryLimits::default() };
    let answer = graph.query("SELECT * { ?s ?p ?o }", &limits).unwrap();
    assert!(answer.truncated());
    assert!(matches!(answer, QueryAnswer::Rows { rows, .. } if rows.len() == 7));
    assert!(graph.query("CONSTRUCT WHERE { ?s ?p ?o }", &limits).unwrap().truncated());
    assert!(!graph.query("SELECT * { ?s ?p ?o } LIMIT 7", &limits).unwrap().truncated());
    let error = graph.query("ASK {}", &QueryLimits { length: 5, ..limits }).unwrap_err();
    assert_eq!(error.to_string(), "the query has 6 bytes, more than the 5 allowed: shorten it");
}

#[test]
fn a_query_without_end_is_given_up_on() {
    let graph = graph(200);
    let start = Instant::now();
    let limits = QueryLimits { time: Duration::from_millis(200), ..QueryLimits::default() };
    let endless = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(CONCAT(STR(?a), STR(?d), STR(?g)) = 'none') }";
    let error = graph.query(endless, &limits).unwrap_err();
    assert!(matches!(error, GraphError::Timeout { .. }), "{error}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn queries_that_were_given_up_are_bounded() {
    let graph = graph(10);
    let limits = QueryLimits { time: Duration::from_millis(200), ..QueryLimits::default() };
    // Over in a while, and never soon: the token is not looked at while the product is counted.
    let long = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }";
    // One that is given up before it has begun to count ends at once, on a busy machine.
    let kinds = (0..60).map(|_| graph.query(long, &limits).unwrap_err().kind());
    let given_up: Vec<ErrorKind> = kinds.take_while(|kind| *kind != ErrorKind::Busy).collect();
    assert!((4..60).contains(&given_up.len()), "{given_up:?}");
    assert!(given_up.iter().all(|kind| *kind == ErrorKind::Timeout), "{given_up:?}");
    let again = (0..600).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        graph.query("ASK {}", &QueryLimits::default()).is_ok()
    });
    assert!(again, "what was given up comes to its end");
}

#[test]
fn nesting_as_deep_as_the_length_allows_does_no_harm() {
    let length = QueryLimits::default().length;
    let half = length / 2 - 100;
    for query in [
        // A graph of its own for each: what is given up holds its slot.
        format!("SELECT * {{ FILTER({}1{}) }}", "(".repeat(half), ")".repeat(half)),
        format!("SELECT * {{ FILTER({}1) }}", "!".repeat(length - 100)),
        format!("SELECT * {{ {}{} }}", "{".repeat(half), "}".repeat(half)),
        format!("SELECT * {{ ?s {}<urn:a>{} ?o }}", "(".repeat(half), ")".repeat(half)),
        format!("SELECT * {{ ?s <urn:a> {}1{} }}", "[<a:> ".repeat(half / 8), "]".repeat(half / 8)),
    ] {
        let answer = graph(0).query(&query, &QueryLimits { time: Duration::from_secs(2), ..QueryLimits::default() });
        assert!(matches!(answer, Ok(_) | Err(GraphError::Syntax { .. } | GraphError::Timeout { .. })), "{answer:?}");
    }
}
