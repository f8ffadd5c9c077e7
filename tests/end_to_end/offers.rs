//! Offers in RDF: good ones by the thousand, and bad ones.

use crate::harness::{self, Answer, Broker, single};
use hansa_ontology::{Catalogue, rdf::write_turtle};
use reqwest::Method;
use serde_json::json;

/// A catalogue of a provider with one site and so many offers.
fn catalogue(offers: u32) -> Catalogue {
    harness::catalogue("did:web:north.example", "https://north.example/sites/hel", "https://north.example", offers)
}

impl Broker {
    fn import(&self, turtle: &str) -> Answer {
        self.call(Method::POST, "/admin/v1/offers/import").body("text/turtle", turtle).send()
    }

    fn offer_count(&self) -> usize {
        let mut count = 0;
        let mut token = String::new();
        loop {
            let page = self.get(&format!("/api/v1/offers?provider=did:web:north.example&limit=500{token}")).ok();
            count += page["items"].as_array().unwrap().len();
            match page["next"].as_str() {
                Some(next) => token = format!("&pageToken={next}"),
                None => return count,
            }
        }
    }
}

#[test]
fn two_thousand_offers_are_imported_and_planned_over() {
    let broker = Broker::usual();
    let file = broker.file("offers.ttl", &write_turtle(&catalogue(2_000)));
    broker.cli(&["offer", "import", &file]).ok();
    assert_eq!(broker.offer_count(), 2_000);
    // Again: nothing changes.
    let generation = |broker: &Broker| broker.get("/api/v1/events?kind=offer.&limit=500&order=newest").ok();
    let before = generation(&broker);
    broker.cli(&["offer", "import", &file]).ok();
    assert_eq!(generation(&broker), before);

    let mut model = single("abroad", &["sleep"]);
    model["constraints"] = json!({ "site": { "allow": ["hel"] } });
    model["components"]["web"]["replicas"] = 12.into();
    model["components"]["web"]["resources"] = json!({ "cpu": "900m", "memory": "1Gi" });
    let file = broker.file("abroad.json", &model.to_string());
    let said = broker.cli(&["plan", &file]).failed(1);
    assert!(said.contains("nobody here can deliver it"), "{said}");
    let plan: serde_json::Value =
        serde_json::from_str(&broker.cli(&["plan", &file, "--what-if", "-o", "json"]).ok()).unwrap();
    assert_eq!(plan["proof"]["status"], "optimal", "{}", plan["proof"]);
    assert!(plan["proof"]["offersConsidered"].as_u64().unwrap() >= 2_000, "{}", plan["proof"]);
    let placed: usize =
        plan["machines"].as_array().unwrap().iter().map(|machine| machine["instances"].as_array().unwrap().len()).sum();
    assert_eq!(placed, 12);
}

#[test]
fn a_withdrawn_offer_is_no_longer_planned() {
    let broker = Broker::usual();
    broker.import(&write_turtle(&catalogue(2))).ok();
    let mut model = single("abroad", &["sleep"]);
    model["constraints"] = json!({ "site": { "allow": ["hel"] } });
    let chosen = || {
        let plan = broker.call(Method::POST, "/api/v1/plans?whatIf=true").json(&model).send().ok();
        plan["machines"][0]["offer"].as_str().unwrap().to_owned()
    };
    assert_eq!(chosen(), "https://north.example/offers/0");
    broker.cli(&["offer", "withdraw", "https://north.example/offers/0"]).ok();
    assert_eq!(chosen(), "https://north.example/offers/1");
    broker.get("/api/v1/offers/https:%2F%2Fnorth.example%2Foffers%2F0").problem(404, "not-found");
    let asked = broker.cli(&["query", "ASK { <https://north.example/offers/0> ?p ?o }"]).ok();
    assert_eq!(asked.trim(), "no");
    // Imported again, it is there again.
    broker.import(&write_turtle(&catalogue(2))).ok();
    assert_eq!(chosen(), "https://north.example/offers/0");
}

#[test]
fn what_runs_on_a_withdrawn_offer_goes_on() {
    let broker = Broker::usual();
    broker.done(&broker.submit(&single("sleeper", &["sleep"])));
    let before = broker.running();
    let offer = broker.application("sleeper")["machines"][0]["offer"].as_str().unwrap().to_owned();
    broker.cli(&["offer", "withdraw", &offer]).ok();
    let scaled = broker.scale("sleeper", "web", 2).send();
    broker.done(&scaled);
    assert!(broker.running().contains(&before[0]), "{:?}", broker.running());
}

#[test]
fn offers_that_break_shapes_name_field_and_value_and_nothing_is_half_imported() {
    let broker = Broker::usual();
    let good = write_turtle(&catalogue(3));
    for (right, wrong, field, value) in [
        ("hansa:availableUnits 5", "hansa:availableUnits -5", "availableUnits", Some("-5")),
        ("schema:price 0.001 ", "schema:price \"cheap\" ", "price", Some("cheap")),
        ("\"EUR\"", "\"euros\"", "priceCurrency", Some("euros")),
        ("hansa:cpuArch \"amd64\"", "hansa:cpuArch \"vax\"", "cpuArch", Some("vax")),
        ("dcterms:title \"Machine 1\"", "hansa:ignored \"Machine 1\"", "title", None),
        ("hansa:serviceArea \"EU\"", "hansa:serviceArea \"Europe\"", "serviceArea", Some("Europe")),
    ] {
        let broken = replace_first(&good, right, wrong);
        let answer = broker.import(&broken);
        assert_eq!(answer.status, 422, "{}", answer.body);
        assert!(
            answer.body.contains(field) && value.is_none_or(|value| answer.body.contains(value)),
            "{field} {value:?} in {}",
            answer.body
        );
        assert_eq!(broker.offer_count(), 0, "after {wrong}");
        let file = broker.file("broken.ttl", &broken);
        let said = broker.cli(&["offer", "import", &file]).failed(2);
        assert!(said.contains(field) && said.contains("broken.ttl"), "{said}");
    }
    broker.import(&good).ok();
    assert_eq!(broker.offer_count(), 3);
}

/// The Turtle with one fault.
#[track_caller]
fn replace_first(turtle: &str, right: &str, wrong: &str) -> String {
    assert!(turtle.contains(right), "`{right}` in\n{turtle}");
    turtle.replacen(right, wrong, 1)
}

#[test]
fn what_is_no_turtle_names_the_line() {
    let broker = Broker::usual();
    let turtle = write_turtle(&catalogue(1)).replacen(" ;", " ;;,", 1);
    let answer = broker.import(&turtle);
    assert!(matches!(answer.status, 400 | 422), "{}", answer.body);
    let problem = answer.problem(answer.status, if answer.status == 400 { "malformed" } else { "invalid" });
    assert!(problem["errors"][0]["line"].as_u64().is_some(), "{problem}");
    broker
        .call(Method::POST, "/admin/v1/offers/import")
        .body("image/png", "x")
        .send()
        .problem(415, "unsupported-media-type");
    assert_eq!(broker.offer_count(), 0);
}

#[test]
fn a_dry_run_imports_nothing() {
    let broker = Broker::usual();
    let file = broker.file("offers.ttl", &write_turtle(&catalogue(3)));
    broker.cli(&["offer", "import", &file, "--dry-run"]).ok();
    assert_eq!(broker.offer_count(), 0);
}

#[test]
fn questions_to_the_graph_cannot_change_it() {
    let broker = Broker::usual();
    broker.import(&write_turtle(&catalogue(3))).ok();
    let count = "SELECT (COUNT(?o) AS ?n) WHERE { ?o a <https://w3id.org/hansa/ns#VirtualMachineOffer> ; <https://w3id.org/hansa/ns#atSite> <https://north.example/sites/hel> }";
    assert!(broker.cli(&["query", count]).ok().contains('3'));
    for question in
        ["DELETE WHERE { ?s ?p ?o }", "SELECT * WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", "nonsense"]
    {
        let answer = broker.call(Method::POST, "/api/v1/sparql").body("application/sparql-query", question).send();
        assert!((400..500).contains(&answer.status), "{question}: {} {}", answer.status, answer.body);
    }
    assert!(broker.cli(&["query", count]).ok().contains('3'));
}
