//! What is due of a blue-green update, whatever is found.

use super::*;
use proptest::prelude::*;

fn moment(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn policy(promote: Promotion) -> UpdatePolicy {
    let seconds = |number: u64| TimeSpan::from_millis(number * 1_000);
    UpdatePolicy { settle: seconds(10), deadline: seconds(60), keep: seconds(30), promote, ..UpdatePolicy::default() }
}

fn look(since: Option<i64>) -> BesideLook {
    let problems = if since.is_some() { Vec::new() } else { vec!["web#0 is failed: no such program".to_owned()] };
    let ready = since.map_or(1, |_| 2);
    BesideLook { revision: 2, wanted: 2, ready, since: since.map(moment), problems, ..BesideLook::default() }
}

#[test]
fn it_switches_when_all_has_been_healthy_for_a_while_and_goes_when_that_takes_too_long() {
    let (new, automatic) = (BlueGreen::new(2, 1, moment(0)), policy(Promotion::Automatic));
    for (now, since, due) in [
        (5, None, Step::Stay),
        (20, Some(11), Step::Stay),
        (21, Some(11), Step::Switch),
        // A broker that was away beyond the deadline finds that it works.
        (600, Some(11), Step::Switch),
    ] {
        assert_eq!(step(&new, &automatic, &look(since), moment(now)), due, "at {now}");
    }
    let Step::Abandon(why) = step(&new, &automatic, &look(None), moment(60)) else { panic!("it is too late") };
    assert_eq!(
        why,
        "it wasn't healthy for 10s within 1m: 1 of 2 workloads are ready; web#0 is failed: no such program"
    );
    // Healthy, and not for long enough.
    assert!(matches!(step(&new, &automatic, &look(Some(59)), moment(60)), Step::Abandon(_)));
    let switched = new.at(UpdateStage::Switched { at: moment(100) });
    assert_eq!(step(&switched, &automatic, &look(None), moment(129)), Step::Stay);
    assert_eq!(step(&switched, &automatic, &look(None), moment(130)), Step::Finish);
}

#[test]
fn where_a_person_decides_it_waits_for_them_and_switches_only_to_what_works() {
    let (new, manual) = (BlueGreen::new(2, 1, moment(0)), policy(Promotion::Manual));
    assert_eq!(step(&new, &manual, &look(Some(0)), moment(10)), Step::Ready);
    let waits = new.at(UpdateStage::Ready { since: moment(10), promoted: None });
    for since in [None, Some(0)] {
        assert_eq!(step(&waits, &manual, &look(since), moment(1_000_000)), Step::Stay);
    }
    let promoted = new.at(UpdateStage::Ready { since: moment(10), promoted: Some(moment(500)) });
    assert_eq!(step(&promoted, &manual, &look(Some(0)), moment(500)), Step::Switch);
    assert_eq!(step(&promoted, &manual, &look(None), moment(501)), Step::Stay, "it broke meanwhile");
    assert!(matches!(step(&promoted, &manual, &look(None), moment(560)), Step::Abandon(_)));
}

/// What a round finds: nothing ready, or all since so many seconds ago.
fn found() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![2 => Just(None), 3 => (0_i64..40).prop_map(Some)]
}

proptest! {
    /// Whatever rounds find, and however far apart they are: callers are led to the new only
    /// when it was healthy for long enough in that very round, in manual mode only after
    /// somebody said so; and the first round after a deadline decides one way or the other.
    #[test]
    fn nobody_is_led_to_what_is_not_proved(
        rounds in prop::collection::vec((found(), 1_i64..30, any::<bool>()), 1..80), manual in any::<bool>(),
    ) {
        let policy = policy(if manual { Promotion::Manual } else { Promotion::Automatic });
        let (mut update, mut now, mut said) = (BlueGreen::new(2, 1, moment(0)), moment(0), false);
        for (healthy, gap, promotes) in rounds {
            now += TimeDelta::seconds(gap);
            let look = BesideLook { since: healthy.map(|ago| now - TimeDelta::seconds(ago)), ..look(None) };
            if let UpdateStage::Ready { since, promoted: None } = update.stage && promotes {
                said = true;
                update.stage = UpdateStage::Ready { since, promoted: Some(now) };
            }
            let late = update.until(&policy).is_some_and(|until| now >= until);
            update.stage = match step(&update, &policy, &look, now) {
                Step::Switch => {
                    prop_assert!(healthy.is_some_and(|ago| ago >= 10) && said == manual);
                    UpdateStage::Switched { at: now }
                }
                Step::Ready => {
                    prop_assert!(manual && update.stage == UpdateStage::Starting);
                    UpdateStage::Ready { since: now, promoted: None }
                }
                Step::Abandon(reason) => {
                    prop_assert!(late && healthy.is_none_or(|ago| ago < 10));
                    UpdateStage::Abandoned { at: now, reason }
                }
                Step::Finish => {
                    let switched = matches!(update.stage, UpdateStage::Switched { .. });
                    prop_assert!(late && switched);
                    return Ok(());
                }
                Step::Stay => {
                    prop_assert!(!late);
                    update.stage.clone()
                }
            };
            let abandoned = matches!(update.stage, UpdateStage::Abandoned { .. });
            if abandoned {
                prop_assert_eq!(step(&update, &policy, &look, now + TimeDelta::days(9)), Step::Stay);
                return Ok(());
            }
            let text = serde_json::to_string(&update).unwrap();
            prop_assert_eq!(serde_json::from_str::<BlueGreen>(&text).unwrap(), update.clone());
        }
    }
}
