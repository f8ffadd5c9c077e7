//! What this very machine draws, by the counters of its processors, as readings
//! of the machines on its nodes.

use super::measuring::parts;
use crate::http::Broker;
use chrono::{DateTime, TimeDelta, Utc};
use hansa_pim::{Counted, NodeShare, Rapl, processors};
use hansa_sustainability::energy::{Counter, CounterReading, of_counter};
use std::{collections::BTreeMap, io, path::Path, time::Duration};

/// Where Linux has the counters.
const ROOT: &str = "/sys/class/powercap";
/// How often they are read.
const ROUND: Duration = Duration::from_secs(15);
/// Readings further apart say nothing of what lies between.
const PATIENCE: TimeDelta = TimeDelta::minutes(5);
/// No package of processors, and no memory, draws more: 5 kW.
const MOST_MILLIWATTS: u64 = 5_000_000;

/// What the counters showed, and when.
type Shown = (DateTime<Utc>, BTreeMap<String, Counted>);

/// Until the broker stops; not at all where there are no counters.
pub(super) async fn follow(broker: Broker) {
    let rapl = match Rapl::find(Path::new(ROOT)) {
        Ok(Some(rapl)) => rapl,
        Ok(None) => return tracing::info!("this machine counts no energy ({ROOT}): what its nodes draw is modelled"),
        Err(error) => {
            return tracing::info!(%error, "this machine's energy can't be read: what its nodes draw is modelled; only root may read it, unless {ROOT} says otherwise");
        }
    };
    let mut before = None;
    loop {
        before = read(&broker, rapl.clone(), before).await;
        tokio::select! {
            () = tokio::time::sleep(ROUND) => {}
            () = broker.shutdown.cancelled() => return,
        }
    }
}

/// One look: what was drawn since the one before goes to the machines.
async fn read(broker: &Broker, rapl: Rapl, before: Option<Shown>) -> Option<Shown> {
    let counted = tokio::task::spawn_blocking(move || rapl.read()).await;
    let counters = match counted.unwrap_or_else(|error| Err(io::Error::other(error))) {
        Ok(counters) => counters,
        Err(error) => {
            tracing::debug!(%error, "this machine's energy can't be read now");
            return None;
        }
    };
    let now = (broker.clock.now(), counters);
    if let Some(before) = before
        && let Some(milliwatts) = between(&before, &now)
    {
        take(broker, milliwatts, (before.0, now.0)).await;
    }
    Some(now)
}

/// The mean power of a time, as that of its begin and of its end: what lies between
/// two readings is taken for the mean of both.
async fn take(broker: &Broker, milliwatts: u32, (from, to): (DateTime<Utc>, DateTime<Utc>)) {
    let (shares, processors) = match (broker.pim.share_list().await, processors()) {
        (Ok(shares), Ok(processors)) => (shares, processors),
        (Err(error), _) => return tracing::warn!(%error, "whose energy it is can't be told now"),
        (_, Err(error)) => return tracing::warn!(%error, "this machine's processors can't be counted now"),
    };
    let here: Vec<&NodeShare> = shares.iter().filter(|share| share.host.is_none()).collect();
    let of = |at| parts(milliwatts, processors.saturating_mul(1_000), &here, at);
    let readings = [of(from + TimeDelta::milliseconds(1)), of(to)].concat();
    if readings.is_empty() {
        return;
    }
    if let Err(error) = broker.sustainability.readings_take(readings).await {
        tracing::warn!(%error, "what this machine draws can't be written down now");
    }
}

/// The mean power between two looks, in milliwatts. None where not all of it is known.
fn between(before: &Shown, now: &Shown) -> Option<u32> {
    let length = now.0 - before.0;
    if length <= TimeDelta::zero() || length > PATIENCE || !before.1.keys().eq(now.1.keys()) {
        return None;
    }
    let mut microjoules = 0;
    for (old, new) in before.1.values().zip(now.1.values()) {
        let reading = |sequence, at, microjoules| CounterReading { sequence, at, boot: 0, microjoules };
        let both = [reading(0, before.0, old.microjoules), reading(1, now.0, new.microjoules)];
        let metered = of_counter(&both, Counter { range: new.range, most_milliwatts: MOST_MILLIWATTS }, now.0);
        if !metered.gaps.is_empty() {
            return None;
        }
        microjoules += metered.total().get();
    }
    // A microjoule in a millisecond is a milliwatt.
    u32::try_from(microjoules / i128::from(length.num_milliseconds().max(1))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: u64 = 262_143_328_850;

    fn shown(second: i64, counts: &[(&str, u64)]) -> Shown {
        let all = counts
            .iter()
            .map(|(name, microjoules)| ((*name).to_owned(), Counted { microjoules: *microjoules, range: Some(RANGE) }));
        (DateTime::from_timestamp(second, 0).unwrap(), all.collect())
    }

    #[test]
    fn the_mean_power_of_all_counters_is_known_or_nothing() {
        let before = shown(0, &[("package-0", RANGE - 300_000_000), ("dram", 5)]);
        // 600 J of the package, which turned at its range, and 30 J of memory in 15 s.
        let now = shown(15, &[("package-0", 299_999_999), ("dram", 30_000_005)]);
        assert_eq!(between(&before, &now), Some(42_000));
        assert_eq!(between(&now, &now), None, "no time has passed");
        assert_eq!(between(&now, &before), None, "the clock went back");
        assert_eq!(between(&before, &shown(15, &[("package-0", 9)])), None, "a part is missing");
        assert_eq!(between(&before, &shown(400, &[("package-0", 1), ("dram", 9)])), None, "too far apart");
        let restarted = shown(15, &[("package-0", 9_000_000), ("dram", 1)]);
        assert_eq!(between(&now, &shown(16, &[("package-0", 9), ("dram", 30_000_006)])), None, "it began anew");
        assert_eq!(between(&before, &restarted), None, "memory began anew");
    }
}
