//! The states of a negotiation: the whole table, and what follows from it.

use hansa_federation::dsp::negotiation::{Role, State, Step, next, path_segment};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use proptest::{collection::vec, sample::select};

/// All that is allowed, written out once more by hand from the specification.
const ALLOWED: [(&str, &str, &str, &str); 19] = [
    ("-", "Request", "consumer", "REQUESTED"),
    ("-", "Offer", "provider", "OFFERED"),
    ("REQUESTED", "Offer", "provider", "OFFERED"),
    ("REQUESTED", "Agree", "provider", "AGREED"),
    ("REQUESTED", "Terminate", "consumer", "TERMINATED"),
    ("REQUESTED", "Terminate", "provider", "TERMINATED"),
    ("OFFERED", "Request", "consumer", "REQUESTED"),
    ("OFFERED", "Accept", "consumer", "ACCEPTED"),
    ("OFFERED", "Terminate", "consumer", "TERMINATED"),
    ("OFFERED", "Terminate", "provider", "TERMINATED"),
    ("ACCEPTED", "Agree", "provider", "AGREED"),
    ("ACCEPTED", "Terminate", "consumer", "TERMINATED"),
    ("ACCEPTED", "Terminate", "provider", "TERMINATED"),
    ("AGREED", "Verify", "consumer", "VERIFIED"),
    ("AGREED", "Terminate", "consumer", "TERMINATED"),
    ("AGREED", "Terminate", "provider", "TERMINATED"),
    ("VERIFIED", "Finalize", "provider", "FINALIZED"),
    ("VERIFIED", "Terminate", "consumer", "TERMINATED"),
    ("VERIFIED", "Terminate", "provider", "TERMINATED"),
];

fn states() -> Vec<Option<State>> {
    std::iter::once(None).chain(State::ALL.map(Some)).collect()
}

#[test]
fn every_state_message_and_role() {
    let mut allowed = Vec::new();
    let mut asked = 0;
    for state in states() {
        for step in Step::ALL {
            for role in Role::ALL {
                asked += 1;
                if let Ok(then) = next(state, step, role) {
                    let from = state.map_or("-", State::as_str).to_owned();
                    allowed.push((from, format!("{step:?}"), role.as_str().to_owned(), then.as_str().to_owned()));
                }
            }
        }
    }
    assert_eq!(asked, 8 * 7 * 2);
    let mut wanted: Vec<_> =
        ALLOWED.map(|(a, b, c, d)| (a.to_owned(), b.to_owned(), c.to_owned(), d.to_owned())).to_vec();
    wanted.sort();
    allowed.sort();
    assert_eq!(allowed, wanted);
}

#[test]
fn a_refusal_says_who_tried_what_when() {
    let error = next(Some(State::Requested), Step::Verify, Role::Consumer).unwrap_err();
    assert_eq!(error.to_string(), "the consumer can't verify a negotiation in state REQUESTED");
    let error = next(None, Step::Agree, Role::Provider).unwrap_err();
    assert_eq!(error.to_string(), "the provider can't agree on a negotiation that has not begun");
}

#[test]
fn paths_are_those_of_the_binding() {
    for (step, sender, pid, path) in [
        (Step::Request, Role::Consumer, None, Some("/negotiations/request")),
        (Step::Request, Role::Consumer, Some("urn:uuid:1"), Some("/negotiations/urn:uuid:1/request")),
        (Step::Offer, Role::Provider, None, Some("/negotiations/offers")),
        (Step::Offer, Role::Provider, Some("c"), Some("/negotiations/c/offers")),
        (Step::Agree, Role::Provider, Some("c"), Some("/negotiations/c/agreement")),
        (Step::Verify, Role::Consumer, Some("p"), Some("/negotiations/p/agreement/verification")),
        (Step::Accept, Role::Consumer, Some("p"), Some("/negotiations/p/events")),
        (Step::Finalize, Role::Provider, Some("c"), Some("/negotiations/c/events")),
        (Step::Terminate, Role::Provider, Some("c"), Some("/negotiations/c/termination")),
        (Step::Terminate, Role::Consumer, Some("../x?"), Some("/negotiations/..%2Fx%3F/termination")),
        (Step::Verify, Role::Consumer, None, None),
        (Step::Offer, Role::Consumer, Some("p"), None),
        (Step::Agree, Role::Consumer, Some("p"), None),
        (Step::Finalize, Role::Consumer, Some("p"), None),
        (Step::Accept, Role::Provider, Some("c"), None),
    ] {
        assert_eq!(step.path(sender, pid).as_deref(), path, "{step:?} {sender} {pid:?}");
    }
}

proptest! {
    #[test]
    fn any_run_ends_well(moves in vec((select(&Step::ALL[..]), select(&Role::ALL[..])), 0..60)) {
        let mut state = None;
        let mut seen = Vec::new();
        for (step, role) in moves {
            if let Ok(then) = next(state, step, role) {
                // What is final stays; both sides, who hold the same table, stay together.
                prop_assert!(!state.is_some_and(State::is_final));
                prop_assert_eq!(next(state, step, role), Ok(then));
                // A message that came is never right a second time at once, except a counter to a counter.
                prop_assert!(next(Some(then), step, role).is_err());
                state = Some(then);
                seen.push(then);
            }
        }
        // No contract without agreement and verification before it, in this order.
        if state == Some(State::Finalized) {
            let at = |wanted| seen.iter().position(|state| *state == wanted);
            prop_assert!(at(State::Agreed) < at(State::Verified) && at(State::Verified) < at(State::Finalized));
            prop_assert!(at(State::Agreed).is_some());
        }
    }

    #[test]
    fn an_id_stays_one_segment(id in any::<String>()) {
        let url = url::Url::parse(&format!("https://a.example/x/{}/y", path_segment(&id))).unwrap();
        prop_assert!(url.query().is_none() && url.fragment().is_none());
        // A lone dot segment would be resolved away; ids are never that, and the path still can't leave the host.
        if id != "." && id != ".." {
            prop_assert_eq!(url.path_segments().unwrap().count(), 3);
        }
    }
}
