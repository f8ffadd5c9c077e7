//! What moves saved.

use super::{
    advised::{OTHER, site},
    *,
};

const SECOND: MachineId = MachineId(Uuid::from_u128(7));

impl Broker {
    /// A machine at a site of so many grams.
    async fn rent_at(&self, machine: MachineId, site: &str, grams: i64) {
        let profile = EnergyProfile { carbon_intensity: Decimal::from(grams), ..energy(None) };
        let rental =
            Rental { site: hansa_ontology::SiteId::new(site).unwrap(), ..rental(Some(small()), Some(profile)) };
        self.tell(Thing::Machine(machine), LifeChange::Rented(Box::new(rental)), json!({})).await;
    }

    /// As the orchestrator tells that all of it works elsewhere.
    async fn arrived(&self, kind: &str, seconds: i64) {
        self.says(kind, json!({ "seconds": seconds })).await;
    }

    /// As the orchestrator tells of a move.
    async fn says(&self, kind: &str, data: serde_json::Value) {
        let new = event::NewEvent {
            at: self.now(),
            actor: Actor::Broker,
            application: Some(APPLICATION),
            subject: format!("application/{APPLICATION}"),
            kind: kind.to_owned(),
            message: String::new(),
            data,
        };
        self.database.write(move |connection| event::append(connection, &new)).await.unwrap();
    }

    async fn moves(&self, from: &str, through: &str) -> Vec<MoveSaving> {
        let query = SavingsQuery { project: project(), application: None, from: day(from), through: day(through) };
        self.sustainability.move_savings(&query).await.unwrap()
    }
}

#[test]
fn a_move_is_held_against_staying_where_it_was() {
    for_each(async |database| {
        let broker = Broker::new(database.database(), "2026-02-27T00:00:00Z").await;
        broker.sells(vec![site(SITE, "DE", None), site(OTHER, "PT", None)], vec![]).await;
        // Ten hours at 400 g; then it moves to 100 g, and both stand for a quarter of an hour.
        broker.rent_at(MACHINE, SITE, 400).await;
        broker.until("2026-02-27T10:00:00Z").await;
        broker.says("application.moving", json!({ "savesMicrogramsPerHour": 1_500_000 })).await;
        broker.rent_at(SECOND, OTHER, 100).await;
        broker.until("2026-02-27T10:15:00Z").await;
        broker.end(Thing::Machine(MACHINE)).await;
        broker.arrived("application.moved", 900).await;
        assert_eq!(broker.moves("2026-02-27", "2026-02-27").await, [], "no full hour is known since");
        broker.until("2026-02-27T14:30:00Z").await;
        let moves = broker.moves("2026-02-27", "2026-02-27").await;
        let [moved] = moves.as_slice() else { panic!("{moves:?}") };
        assert_eq!((moved.application, moved.kind.as_str(), moved.hours), (APPLICATION, "application.moved", 3));
        assert_eq!((moved.begun, moved.arrived), (moment("2026-02-27T10:00:00Z"), moment("2026-02-27T10:15:00Z")));
        let names = |sites: &std::collections::BTreeSet<hansa_ontology::SiteId>| {
            sites.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!((names(&moved.from), names(&moved.to)), (vec![SITE.to_owned()], vec![OTHER.to_owned()]));
        // By hand: three full hours of the same machine, at 400 g and at 100 g; its making is the same.
        let hour = hour_by_hand(0.5) / 1e3 * 1.2;
        close("if it had stayed", moved.without.unwrap().grams(), 3.0 * (hour * 400.0 + embodied_by_hand()));
        close("as it was", moved.with.unwrap().grams(), 3.0 * (hour * 100.0 + embodied_by_hand()));
        close("expected", moved.expected.unwrap().grams(), 4.5);
        close("saved", moved.saved().unwrap().grams(), 3.0 * hour * 300.0);
        assert_eq!(broker.moves("2026-02-26", "2026-02-26").await, []);
    });
}

#[test]
fn a_move_back_ends_the_one_before_and_one_within_a_site_is_none() {
    for_each(async |database| {
        let broker = Broker::new(database.database(), "2026-02-27T00:00:00Z").await;
        broker.sells(vec![site(SITE, "DE", None), site(OTHER, "PT", None)], vec![]).await;
        broker.rent_at(MACHINE, SITE, 100).await;
        broker.until("2026-02-27T04:30:00Z").await;
        broker.arrived("application.consolidated", 60).await;
        broker.until("2026-02-27T08:00:00Z").await;
        broker.rent_at(SECOND, OTHER, 400).await;
        broker.end(Thing::Machine(MACHINE)).await;
        broker.until("2026-02-27T08:01:00Z").await;
        broker.arrived("application.improved", 60).await;
        broker.until("2026-02-27T12:10:00Z").await;
        let third = MachineId(Uuid::from_u128(8));
        broker.rent_at(third, SITE, 100).await;
        broker.end(Thing::Machine(SECOND)).await;
        broker.arrived("application.moved", 0).await;
        broker.until("2026-02-27T20:30:00Z").await;
        let moves = broker.moves("2026-02-27", "2026-02-27").await;
        let told: Vec<(&str, u32)> = moves.iter().map(|one| (one.kind.as_str(), one.hours)).collect();
        assert_eq!(told, [("application.moved", 7), ("application.improved", 3)]);
        let hour = hour_by_hand(0.5) / 1e3 * 1.2;
        assert_eq!((moves[0].expected, moves[1].expected), (None, None), "nothing was said of either");
        close("the way back", moves[0].saved().unwrap().grams(), 7.0 * hour * 300.0);
        close("it was no better", moves[1].saved().unwrap().grams(), -3.0 * hour * 300.0);
    });
}
