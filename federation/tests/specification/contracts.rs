//! Holds, orders, usage, agreements.

use crate::{
    Examples,
    dataspace::agreement,
    offers::{offer_document, offer_id},
    pretty,
    signer::{minutes, noon, north, south},
};
use hansa_federation::{
    json as strict,
    wire::{
        AgreementDocument, AgreementEvent, AgreementEventKind, HoldAnswer, HoldRequest, HoldState, LogLine, OrderLogs,
        OrderPage, OrderPut, ReportedStretch, ServiceReport, UsageAcknowledgement, UsagePage, UsageReason, UsageRecord,
        UsageVerdict,
    },
};
use hansa_ontology::{MachineId, order::OrderReport};
use serde_json::{Value, json};

const ORDER: &str = "01979a40-0000-7000-8000-000000000001";

pub(crate) fn order() -> MachineId {
    ORDER.parse().unwrap()
}

fn order_put() -> OrderPut {
    serde_json::from_value(json!({
        "agreement": agreement().id,
        "order": {
            "id": ORDER,
            "generation": 1,
            "model": {
                "hansa": 1,
                "name": "shop",
                "components": {"web": {
                    "package": {"process": {"command": ["serve", "--port", "${PORT_HTTP}"]}},
                    "resources": {"cpu": "500m", "memory": "512MiB"},
                    "ports": {"http": {"public": true}}
                }},
                "delivery": {
                    "application": "shop",
                    "offer": "https://north.example/offers/small",
                    "instances": [{"component": "web", "ordinal": 0}],
                    "peers": {"database": [{"ordinal": 0, "port": "sql", "address": "198.51.100.7:5432"}]}
                }
            }
        }
    }))
    .unwrap()
}

fn report() -> OrderReport {
    serde_json::from_value(json!({
        "id": ORDER, "generation": 1, "state": "completed",
        "workloads": [{
            "instance": {"component": "web", "ordinal": 0}, "current": true, "state": "running", "healthy": true,
            "restarts": 0, "since": minutes(3),
            "endpoints": {"http": {"address": "203.0.113.20:20001", "protocol": "tcp", "public": true}}
        }],
        "asOf": minutes(4)
    }))
    .unwrap()
}

pub(crate) fn usage() -> UsageRecord {
    UsageRecord {
        order: order(),
        agreement: agreement().id,
        offer: offer_id(),
        from: minutes(3),
        to: minutes(63),
        unit_seconds: 3_600,
        reason: UsageReason::Interim,
    }
}

/// Of that hour, six minutes in which it could not be used.
fn service() -> ServiceReport {
    let UsageRecord { order, agreement, offer, from, to, reason, .. } = usage();
    let down = vec![ReportedStretch { from: minutes(20), until: minutes(26) }];
    let report = ServiceReport { order, agreement, offer, from, to, down, maintenance: Vec::new(), reason };
    assert_eq!(report.fault(&usage()), None);
    report
}

pub(crate) fn examples() -> Examples {
    let hold = HoldRequest { id: order(), agreement: agreement().id, offer: offer_id(), units: 1, until: minutes(10) };
    let held = HoldAnswer { id: order(), state: HoldState::Held, until: minutes(10) };
    let record = north().signed_json(&usage());
    let word = UsageAcknowledgement {
        order: order(),
        from: usage().from,
        digest: record.digest(),
        verdict: UsageVerdict::Acknowledged,
        reason: None,
    };
    let line = LogLine {
        component: "web".to_owned(),
        ordinal: 0,
        time: Some(minutes(3)),
        stream: "stdout".to_owned(),
        text: "listening".to_owned(),
    };
    let paper = AgreementDocument {
        agreement: serde_json::to_value(agreement()).unwrap(),
        provider: north().did,
        consumer: south().did,
        offer: offer_id(),
        offer_digest: offer_document().digest(),
        agreed_at: noon(),
        valid_through: None,
    };
    let event = AgreementEvent { event: AgreementEventKind::Retired, reason: "moved away".to_owned(), at: minutes(90) };
    let signed_word: Value = serde_json::to_value(south().signed_json(&word)).unwrap();
    assert_eq!(strict::sha256(record.content.as_bytes()), word.digest);
    Examples::from([
        ("hold-request", pretty(&hold)),
        ("hold-answer", pretty(&held)),
        ("order-put", pretty(&order_put())),
        ("order-report", pretty(&report())),
        ("order-page", pretty(&OrderPage { orders: vec![report()], next: None })),
        ("order-logs", pretty(&OrderLogs { id: order(), lines: vec![line] })),
        ("usage-record", pretty(&usage())),
        ("usage-page", pretty(&UsagePage { records: vec![record], reports: vec![north().signed_json(&service())] })),
        ("service-report", pretty(&service())),
        ("usage-acknowledgement", pretty(&word)),
        ("usage-acknowledgement-signed", pretty(&signed_word)),
        ("agreement-document", pretty(&paper)),
        ("agreement-signed", pretty(&south().signed_json(&paper))),
        ("agreement-event", pretty(&event)),
    ])
}
