//! Statements: both sides make the same, and whatever was changed is seen.

use super::*;
use crate::{
    AccountingError,
    price::round,
    testing::{broker, day, moment},
};
use chrono::TimeDelta;
use hansa_ontology::{Currency, MachineId};
use proptest::prelude::*;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use uuid::Uuid;

fn charge(seller: &str, number: u128, quantity: u64) -> SettledCharge {
    SettledCharge {
        seller: broker(seller),
        day: day("2026-02-03"),
        resource: "machine/1".to_owned(),
        meter: "machine-seconds".to_owned(),
        plan: "wholesale".to_owned(),
        charge: Uuid::from_u128(number),
        quantity,
        price_micros: 7,
        unit_size: 2,
        micros: i64::try_from(round::half_even(i128::from(quantity) * 7, 2)).unwrap(),
        usage: vec!["ab".to_owned()],
    }
}

fn statement(one: &str, other: &str, charges: Vec<SettledCharge>) -> Result<Statement, AccountingError> {
    stated(one, other, Content { charges, ..Content::default() })
}

fn stated(one: &str, other: &str, content: Content) -> Result<Statement, AccountingError> {
    let period = (day("2026-02-01"), day("2026-02-28"));
    Statement::new([&broker(one), &broker(other)], period, Currency::EUR, content)
}

/// What a claim is in a statement.
fn settled(claim: &Claim) -> SettledClaim {
    SettledClaim {
        seller: claim.seller.clone(),
        day: claim.day(),
        resource: format!("machine/{}", claim.order),
        claim: claim.id(),
        document: "cd".to_owned(),
        credit: claim.credit.clone(),
    }
}

/// A charge, a claim of 0.03 and a stretch that isn't agreed.
fn full() -> Content {
    let left = LeftOut {
        seller: broker("north"),
        resource: "machine/1".to_owned(),
        from: moment("2026-02-03T00:00:00Z"),
        seconds: 60,
    };
    Content {
        charges: vec![charge("north", 1, 1_000), charge("south", 2, 400)],
        claims: vec![settled(&claim::tests::claim())],
        left_out: vec![left],
    }
}

#[test]
fn both_sides_make_the_same_bytes_and_verify_them_alone() {
    let charges = vec![charge("north", 1, 1_001), charge("south", 2, 400), charge("north", 3, 10)];
    let mut turned = charges.clone();
    turned.reverse();
    turned.push(charges[0].clone());
    let (ours, theirs) = (statement("north", "south", charges), statement("south", "north", turned));
    let bytes = ours.clone().unwrap().bytes().unwrap();
    assert_eq!(bytes, theirs.unwrap().bytes().unwrap());
    let read = Statement::verify(&bytes).unwrap();
    // 1001 x 7 / 2 is 3503.5: to the even neighbour.
    assert_eq!((read.by_first_micros, read.by_second_micros, read.first_pays_micros), (3_504 + 35, 1_400, -2_139));
}

#[test]
fn whatever_was_changed_is_seen() {
    let bytes =
        statement("north", "south", vec![charge("north", 1, 1_000), charge("south", 2, 400)]).unwrap().bytes().unwrap();
    let text = String::from_utf8(bytes).unwrap();
    for (from, to) in [
        ("\"quantity\":1000", "\"quantity\":1002"),
        ("\"micros\":3500", "\"micros\":3501"),
        ("\"firstPaysMicros\":-2100", "\"firstPaysMicros\":-2000"),
        ("\"unitSize\":2", "\"unitSize\":0"),
        ("\"from\":\"2026-02-01\"", "\"from\":\"2026-02-04\""),
        ("{\"first\"", "{ \"first\""),
        ("\"priceMicros\":7", "\"priceMicros\":-7"),
    ] {
        assert!(text.contains(from), "{from}");
        assert!(Statement::verify(text.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
    }
    assert!(Statement::verify(text.as_bytes()).is_ok());
    assert!(statement("north", "west", vec![charge("south", 1, 1)]).is_err());
    assert!(statement("north", "north", vec![]).is_err());
    // A delivery that is paid to its buyer can't be, were it of the largest amount that there is.
    let below = SettledCharge { micros: i64::MIN, price_micros: i64::MIN, ..charge("north", 1, 1) };
    assert!(statement("north", "south", vec![below]).unwrap_err().to_string().contains("is below 0"));
}

#[test]
fn the_largest_amounts_can_be_netted() {
    let empty = |one: &str, other: &str, first_pays_micros| {
        let made = statement(one, other, Vec::new()).unwrap();
        Statement { first_pays_micros, ..made }
    };
    let statements = [empty("a", "b", i64::MAX), empty("a", "c", 1), empty("b", "c", 0)];
    let paid: Vec<_> = net(&statements).unwrap().into_iter().map(|payment| payment.micros).collect();
    assert_eq!(paid, [i64::MAX, 1]);
}

proptest! {
    #[test]
    fn netting_leaves_nobody_owing(deliveries in prop::collection::vec((0_usize..4, 0_usize..4, 1_u64..100_000), 1..20)) {
        let names = ["north", "south", "west", "east"];
        let mut positions = BTreeMap::new();
        let mut statements = Vec::new();
        for (number, (seller, buyer, quantity)) in (1..).zip(deliveries).filter(|(_, (seller, buyer, _))| seller != buyer) {
            let one = charge(names[seller], number, quantity);
            *positions.entry(broker(names[seller])).or_insert(0) += one.micros;
            *positions.entry(broker(names[buyer])).or_insert(0) -= one.micros;
            statements.push(statement(names[seller], names[buyer], vec![one]).unwrap());
        }
        let payments = net(&statements).unwrap();
        prop_assert!(payments.len() < positions.len().max(1));
        for payment in payments {
            prop_assert!(payment.micros > 0 && payment.payer != payment.payee);
            *positions.get_mut(&payment.payer).unwrap() += payment.micros;
            *positions.get_mut(&payment.payee).unwrap() -= payment.micros;
        }
        prop_assert!(positions.values().all(|position| *position == 0));
    }
}

#[test]
fn claims_are_paid_back_and_what_is_left_out_is_not_paid() {
    let made = stated("north", "south", full()).unwrap();
    assert_eq!(
        (made.by_first_micros, made.credited_by_first_micros, made.credited_by_second_micros),
        (3_500, 30_000, 0)
    );
    assert_eq!(made.first_pays_micros, 1_400 - 3_500 + 30_000);
    let text = String::from_utf8(made.bytes().unwrap()).unwrap();
    assert_eq!(Statement::verify(text.as_bytes()).unwrap(), made);
    for (from, to) in [
        ("\"micros\":30000", "\"micros\":30001"),
        ("\"percent\":\"10\"", "\"percent\":\"11\""),
        ("\"beforeMicros\":0", "\"beforeMicros\":80000"),
        ("\"creditedByFirstMicros\":30000", "\"creditedByFirstMicros\":1"),
        ("\"seconds\":86400,\"price", "\"seconds\":864000,\"price"),
    ] {
        assert!(text.contains(from), "{from} in {text}");
        assert!(Statement::verify(text.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
    }
    let mut twice = full();
    twice.claims.push(SettledClaim { document: "other".to_owned(), ..twice.claims[0].clone() });
    assert!(stated("north", "south", twice).unwrap_err().to_string().contains("twice"));
}

#[test]
fn what_differs_is_named_on_both_sides() {
    let own = stated("north", "south", full()).unwrap();
    assert!(Statement::differences(&own, &own).is_empty());
    let mut more = full();
    more.charges[0] = charge("north", 3, 2_000);
    more.claims.clear();
    more.left_out[0].seconds = 61;
    let proposed = stated("north", "south", more).unwrap();
    let differing = Statement::differences(&proposed, &own);
    let told: Vec<_> = differing.iter().map(|one| (one.item.as_str(), one.proposed, one.own)).collect();
    assert_eq!(
        told,
        [
            ("charge", Some((2_000, 7_000)), Some((1_000, 3_500))),
            ("claim", None, Some((86_400, 30_000))),
            ("leftOut", Some((61, 0)), Some((60, 0))),
        ]
    );
}

#[test]
fn a_charge_of_usage_rests_on_all_its_records() {
    let of = |usage: &[&str]| {
        let usage = usage.iter().map(|digest| (*digest).to_owned()).collect();
        let order = MachineId(Uuid::from_u128(1));
        SettledCharge::of_usage((&broker("north"), order, "urn:uuid:1"), day("2026-02-03"), (5_400, 12_500), usage)
    };
    let made = of(&["b", "a"]).unwrap();
    assert_eq!((made.micros, made.unit_size), (18_750, 3_600));
    assert_eq!(made, of(&["a", "b"]).unwrap(), "in any order");
    assert_ne!(made.charge, of(&["a", "c"]).unwrap().charge);
    let stated = statement("north", "south", vec![made]).unwrap();
    assert!(Statement::verify(&stated.bytes().unwrap()).is_ok());
}

proptest! {
    #[test]
    fn in_any_order_it_is_the_same_and_verifies(
        deliveries in prop::collection::vec((any::<bool>(), 0_u64..1_000_000, 0_i64..50), 0..12),
        shares in prop::collection::vec((0_i64..=10_000, 0_u64..1_000_000, prop::option::of(0_i64..5_000)), 0..6),
    ) {
        let seller = |first: bool| if first { "north" } else { "south" };
        let mut content = Content::default();
        for (number, (first, seconds, hours)) in (1_u128..).zip(deliveries) {
            content.charges.push(charge(seller(first), number, seconds));
            content.left_out.push(LeftOut {
                seller: broker(seller(!first)),
                resource: format!("machine/{number}"),
                from: moment("2026-02-03T00:00:00Z") + TimeDelta::hours(hours),
                seconds,
            });
        }
        for (number, (hundredths, seconds, before)) in (1_u128..).zip(shares) {
            let cap = before.map(|before_micros| CreditCap { percent: Decimal::from(30), seconds, before_micros });
            let credit = Credit::new(seconds, (12_500, 3_600), Decimal::new(hundredths, 2), cap).unwrap();
            let order = MachineId(Uuid::from_u128(number));
            content.claims.push(settled(&Claim { order, credit, ..claim::tests::claim() }));
        }
        let mut turned = content.clone();
        turned.charges.reverse();
        turned.claims.reverse();
        turned.left_out.reverse();
        let (ours, theirs) = (stated("north", "south", content).unwrap(), stated("south", "north", turned).unwrap());
        let bytes = ours.bytes().unwrap();
        prop_assert_eq!(&bytes, &theirs.bytes().unwrap());
        prop_assert_eq!(Statement::verify(&bytes).unwrap(), ours);
    }
}
