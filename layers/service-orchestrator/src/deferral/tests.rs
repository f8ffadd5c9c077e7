//! What is decided of jobs that may wait, whatever is said of their hours.

use super::{
    round::{Looked, Told, decided, is_due},
    *,
};
use proptest::prelude::*;
use serde_json::json;

fn moment(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn site(name: &str) -> SiteId {
    SiteId::new(format!("urn:hansa:site:{name}")).unwrap()
}

fn job(policy: serde_json::Value) -> DeferredJob {
    waiting("r1".to_owned(), &serde_json::from_value(policy).unwrap(), moment(0))
}

fn advice(begin: i64, known: bool) -> JobAdvice {
    let start = |site, begin, grams: i64| JobStart {
        site,
        begin: moment(begin),
        intensity: known.then(|| Decimal::from(grams)),
        micrograms: known.then_some(grams * 1_000_000),
        micros: None,
    };
    JobAdvice {
        at_once: start(site("north"), 0, 400),
        chosen: start(site("south"), begin, 100),
        known,
        sources: ["the grid".to_owned()].into(),
        currency: Currency::EUR,
    }
}

#[test]
fn it_waits_for_what_is_best_and_tells_only_what_changes() {
    let new = job(json!({ "deadline": "24h", "duration": "2h" }));
    assert!(is_due(&new, 7, moment(0)));
    let (waits, told) = decided(new, Looked::Advice(advice(7_200, true)), 7, moment(0));
    assert_eq!((&waits.state, told), (&JobState::Waiting, Told::Deferred));
    assert_eq!(waits.advice.as_ref().unwrap().saves_micrograms(), Some(300_000_000));
    assert!(!is_due(&waits, 7, moment(60)) && is_due(&waits, 8, moment(60)) && is_due(&waits, 7, moment(300)));
    let (same, told) = decided(waits.clone(), Looked::Advice(advice(7_200, true)), 7, moment(300));
    assert_eq!((&same.state, told), (&JobState::Waiting, Told::Nothing));
    let (_, told) = decided(waits.clone(), Looked::Advice(advice(3_600, true)), 8, moment(300));
    assert_eq!(told, Told::Deferred, "it is another hour");
    // Nobody can say anything now: what was decided holds, and no longer.
    let (kept, told) = decided(waits.clone(), Looked::Unsaid("away".to_owned()), 8, moment(600));
    assert_eq!((&kept.state, told), (&JobState::Waiting, Told::Nothing));
    let (begun, told) = decided(kept, Looked::NoPlan("full".to_owned()), 8, moment(7_200));
    assert_eq!(begun.state, JobState::Begun { at: moment(7_200), site: None });
    assert!(matches!(told, Told::Begun { home: None, why } if why.contains("full")));
    let (begun, told) = decided(waits, Looked::Advice(advice(7_199, true)), 7, moment(7_200));
    assert_eq!(begun.state, JobState::Begun { at: moment(7_200), site: Some(site("south")) });
    let Told::Begun { home, why } = told else { panic!("{told:?}") };
    assert_eq!(home, Some(site("north")));
    assert_eq!(why, "at south: 100 g/kWh instead of 400 at once at north; 300 g are expected to be saved");
}

#[test]
fn where_nothing_is_known_it_begins_at_once_and_says_so() {
    let new = job(json!({ "deadline": "24h", "duration": "2h" }));
    let (begun, told) = decided(new.clone(), Looked::Advice(advice(0, false)), 1, moment(1));
    assert!(matches!(begun.state, JobState::Begun { .. }));
    assert!(matches!(told, Told::Begun { why, .. } if why.contains("no carbon intensity is stated for north")));
    let (_, told) = decided(new, Looked::Unsaid("the database is away".to_owned()), 1, moment(1));
    assert!(matches!(told, Told::Begun { why, .. } if why.contains("the database is away")));
    // Not before it may.
    let later = job(json!({ "earliest": "1h", "deadline": "24h", "duration": "2h" }));
    let (waits, told) = decided(later, Looked::Unsaid("away".to_owned()), 1, moment(1));
    assert_eq!((&waits.state, told), (&JobState::Waiting, Told::Nothing));
    assert!(!is_due(&waits, 1, moment(60)) && is_due(&waits, 1, moment(3_600)));
}

#[test]
fn what_waits_is_not_in_effect_and_what_begins_is_held_to_its_site_for_a_while() {
    let mut model: ResourceModel = serde_json::from_value(json!({
        "hansa": 1, "name": "night",
        "components": {
            "report": {
                "package": { "process": { "command": ["report"] } }, "run": "once", "replicas": 3,
                "defer": { "deadline": "24h", "duration": "2h" }
            },
            "web": { "package": { "process": { "command": ["web"] } } }
        }
    }))
    .unwrap();
    let whole = model.clone();
    let waits = job(json!({ "deadline": "24h", "duration": "2h" }));
    let jobs = |state: JobState| BTreeMap::from([("report".to_owned(), DeferredJob { state, ..waits.clone() })]);
    in_effect(&mut model, &jobs(JobState::Waiting), moment(0));
    assert_eq!(model.components["report"].replicas, Replicas::Fixed(0));
    assert_eq!(model.components["web"], whole.components["web"]);
    let begun = JobState::Begun { at: moment(0), site: Some(site("south")) };
    for (seconds, held) in [(0, true), (29, true), (30, false)] {
        let mut model = whole.clone();
        in_effect(&mut model, &jobs(begun.clone()), moment(seconds));
        assert_eq!(model.components["report"].constraints.site.allow.contains("urn:hansa:site:south"), held);
        assert_eq!(model.components["report"].replicas, Replicas::Fixed(3));
    }
    let mut model = whole.clone();
    in_effect(&mut model, &jobs(JobState::Done { at: moment(0) }), moment(1));
    assert_eq!(model, whole);
    for job in [jobs(begun), jobs(JobState::Waiting)] {
        let text = serde_json::to_string(&job).unwrap();
        assert_eq!(serde_json::from_str::<BTreeMap<String, DeferredJob>>(&text).unwrap(), job);
    }
}

/// What is said in a round: a begin from now on until the latest, that nothing is
/// known, that nobody can say, or that there is no plan.
fn said() -> impl Strategy<Value = (u8, u32)> {
    (0_u8..5, any::<u32>())
}

proptest! {
    /// Whatever is said, and however late rounds are, it begins in the first round after
    /// its latest moment, and never before it may; with rounds every second thus in time.
    #[test]
    fn it_is_never_late(
        earliest in 0_i64..20_000, room in 0_i64..90_000, duration in 1_i64..20_000,
        rounds in prop::collection::vec((said(), 1_i64..4_000, 0_u64..3), 1..400),
    ) {
        let margin = 600;
        let policy = json!({
            "earliest": format!("{earliest}s"), "duration": format!("{duration}s"),
            "deadline": format!("{}s", earliest + room + duration + margin),
        });
        let mut one = job(policy);
        let (latest, deadline) = (one.opening.latest, one.opening.deadline);
        prop_assert_eq!(deadline - latest, TimeDelta::seconds(duration + margin));
        let (mut now, mut before) = (moment(0), moment(0));
        for ((what, share), gap, version) in rounds {
            if one.state == JobState::Waiting && is_due(&one, version, now) {
                let from = now.max(one.opening.earliest);
                let span = (latest.max(from) - from).num_seconds();
                let begin = (from - moment(0)).num_seconds() + i64::from(share) % (span + 1);
                let looked = match what {
                    0 | 1 => Looked::Advice(advice(begin, true)),
                    2 => Looked::Advice(advice((from - moment(0)).num_seconds(), false)),
                    3 => Looked::Unsaid("away".to_owned()),
                    _ => Looked::NoPlan("full".to_owned()),
                };
                one = decided(one, looked, version, now).0;
            }
            if let JobState::Begun { at, .. } = one.state {
                prop_assert!(at >= one.opening.earliest.min(latest));
                prop_assert!(at <= latest || before < latest, "the round before {at} was after {latest} already");
                break;
            }
            prop_assert!(now < latest, "it still waits at {}", now);
            before = now;
            now += TimeDelta::seconds(gap);
        }
    }
}
