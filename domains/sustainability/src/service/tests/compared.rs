//! Applications and sites beside each other.

use super::*;

#[test]
fn what_is_reserved_is_what_carbon_is_held_against() {
    for_each(async |database| {
        let broker = Broker::new(database.database(), "2026-02-27T00:00:00Z").await;
        broker.rent(rental(Some(small()), Some(energy(None)))).await;
        broker.place(FRONT, "front", 500).await;
        broker.until("2026-02-27T06:00:00Z").await;
        // A second at half of the hour: and half of the machine is nobody's.
        broker.until("2026-02-27T06:30:00Z").await;
        broker.place(BACK, "back", 1_000).await;
        broker.until("2026-02-27T10:00:00Z").await;
        let total = broker.carbon("2026-02-27", "2026-02-27", &[]).await.total.footprint;
        let compared =
            async |by: &[Dimension]| broker.sustainability.compare(&query("2026-02-27", "2026-02-27", by)).await;

        let sites = compared(&[Dimension::Site]).await.unwrap();
        assert_eq!(sites.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), [SITE]);
        // 10 h of half a processor, 3.5 h of one.
        assert_eq!(sites[0].units, 17 * PROCESSOR_HOUR / 2);
        assert_eq!(sites[0].footprint.facility, total.facility);
        let emitted = (total.location + total.embodied).grams();
        close(
            "for each hour",
            sites[0].each.unwrap().grams(),
            (emitted / Decimal::new(85, 1)).to_string().parse().unwrap(),
        );

        let components = compared(&[Dimension::Component]).await.unwrap();
        let told: Vec<_> = components.iter().map(|one| (one.key.as_str(), one.units, one.each.is_some())).collect();
        assert_eq!(told[2], ("", 0, false), "what nobody reserved did nothing, and comes last: {told:?}");
        assert_eq!(told.iter().map(|(_, units, _)| units).sum::<u64>(), sites[0].units);

        let refused = compared(&[]).await.unwrap_err().to_string();
        assert!(refused.contains("must be one dimension"), "{refused}");
    });
}

#[test]
fn what_lacks_a_figure_is_held_against_nothing() {
    for_each(async |database| {
        let broker = Broker::new(database.database(), "2026-02-27T00:00:00Z").await;
        broker.rent(rental(None, None)).await;
        broker.place(FRONT, "front", 500).await;
        broker.until("2026-02-27T02:00:00Z").await;
        let asked = query("2026-02-27", "2026-02-27", &[Dimension::Site]);
        let compared = broker.sustainability.compare(&asked).await.unwrap();
        assert_eq!((compared[0].units, compared[0].each), (PROCESSOR_HOUR, None));
    });
}
