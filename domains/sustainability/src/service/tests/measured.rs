//! Machines of which something is measured, and what shares them.

use super::*;
use std::collections::BTreeMap;

async fn readings(broker: &Broker, hour: u32, of: impl Fn(DateTime<Utc>) -> Vec<NewReading>) -> Taken {
    let mut all = Vec::new();
    for minute in 0..60 {
        all.extend(of(moment(&format!("2026-02-27T{hour:02}:{minute:02}:30Z"))));
    }
    broker.sustainability.readings_take(all).await.unwrap()
}

fn used(workload: WorkloadId, at: DateTime<Utc>, cpu_milli: u32) -> NewReading {
    NewReading::Workload { workload, at, cpu_milli }
}

/// Watt-hours by component.
fn by_component(report: &Report, of: fn(&Figures) -> Energy) -> BTreeMap<String, f64> {
    let row = |row: &Row| (row.of[&Dimension::Component].clone(), of(&row.figures).get() as f64 / 3.6e9);
    report.rows.iter().map(row).collect()
}

#[test]
fn measured_use_decides_what_a_machine_draws_and_whose_it_is() {
    for_each(async |database| {
        let broker = Broker::new(database.database(), "2026-02-27T00:00:00Z").await;
        broker.rent(rental(Some(small()), Some(energy(Some(50))))).await;
        broker.place(FRONT, "front", 500).await;
        broker.place(BACK, "back", 1_000).await;
        broker.follow().await;
        broker.set("2026-02-27T01:00:00Z");
        // A fifth of the machine: 300 + 100 of 2000 thousandths.
        let taken = readings(&broker, 0, |at| vec![used(FRONT, at, 300), used(BACK, at, 100)]).await;
        assert_eq!(taken, Taken { kept: 120, left_out: 0 });
        let again = readings(&broker, 0, |at| vec![used(FRONT, at, 300), used(BACK, at, 100)]).await;
        assert_eq!(again.kept, 120, "repeated they change nothing");
        let stranger = WorkloadId(Uuid::from_u128(99));
        assert_eq!(readings(&broker, 0, |at| vec![used(stranger, at, 1)]).await.left_out, 60);
        let live = broker.carbon("2026-02-27", "2026-02-27", &[Dimension::Component]).await;
        broker.until("2026-02-27T01:30:00Z").await;
        assert_eq!(readings(&broker, 0, |at| vec![used(FRONT, at, 900)]).await.left_out, 60, "the hour is counted");
        broker.set("2026-02-27T01:00:00Z");
        let report = broker.carbon("2026-02-27", "2026-02-27", &[Dimension::Component]).await;
        assert_eq!(report, live, "what is live is what is counted then");
        let whole = hour_by_hand(0.2);
        close("the machine", report.total.utilised.kwh(), whole / 1e3);
        assert_eq!((report.total.stated, report.total.assumed), (Energy::ZERO, Energy::ZERO));
        let idle = hour_by_hand(0.0);
        let parts = by_component(&report, |figures| figures.utilised);
        let close = |part: f64, hand: f64| assert!((part - hand).abs() < 1e-6, "{parts:?}: {part} is not {hand}");
        close(parts["front"], idle * 0.25 + (whole - idle) * 0.75);
        close(parts["back"], idle * 0.5 + (whole - idle) * 0.25);
        close(parts[""], idle * 0.25);
        // The next hour nobody measured: by the power that the offer states.
        broker.until("2026-02-27T02:30:00Z").await;
        broker.set("2026-02-27T02:00:00Z");
        let report = broker.carbon("2026-02-27", "2026-02-27", &[Dimension::Component]).await;
        assert_eq!(report.total.stated, Energy::of_power(50_000, 3_600_000));
        let parts = by_component(&report, |figures| figures.stated);
        assert!((parts["front"] - 12.5).abs() < 1e-6 && (parts["back"] - 25.0).abs() < 1e-6, "{parts:?}");
        let sum: Energy = report.rows.iter().map(|row| row.figures.footprint.facility).sum();
        assert_eq!(sum, report.total.footprint.facility);
    });
}

#[test]
fn a_meter_counts_before_any_model() {
    for_each(async |database| {
        let broker = Broker::new(database.database(), "2026-02-27T00:00:00Z").await;
        broker.rent(rental(Some(small()), Some(energy(None)))).await;
        broker.place(FRONT, "front", 2_000).await;
        broker.follow().await;
        broker.set("2026-02-27T02:00:00Z");
        // 120 W in the first hour's second half, and the whole second hour.
        let power = |at: DateTime<Utc>, from: &str| {
            let reading = NewReading::Power { machine: MACHINE, at, milliwatts: 120_000 };
            if at >= moment(from) { vec![reading] } else { Vec::new() }
        };
        readings(&broker, 0, |at| power(at, "2026-02-27T00:30:00Z")).await;
        readings(&broker, 1, |at| power(at, "2026-02-27T00:30:00Z")).await;
        // The last half minute has no sample behind it yet.
        let last = NewReading::Power { machine: MACHINE, at: moment("2026-02-27T02:00:00Z"), milliwatts: 120_000 };
        broker.sustainability.readings_take(vec![last]).await.unwrap();
        broker.until("2026-02-27T02:30:00Z").await;
        broker.set("2026-02-27T02:00:00Z");
        let report = broker.carbon("2026-02-27", "2026-02-27", &[Dimension::Component]).await;
        let half = 29.5 / 60.0;
        close("measured", report.total.footprint.measured.kwh(), 0.12 * (1.0 + half));
        close("modelled", report.total.assumed.kwh(), hour_by_hand(0.5) * (1.0 - half) / 1e3);
        assert_eq!(report.rows.len(), 1, "nothing is left of what it reserved: {report:?}");
    });
}
