//! What this broker does next in a negotiation: a pure function of where it
//! stands and what is known. Conformance tests bring a script instead.

use hansa_federation::dsp::negotiation::{Role, State, Step};

/// What this broker thinks of what is on the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opinion {
    /// It is as wanted.
    Good,
    /// It isn't, but something near it would be: make a counter-offer.
    Near,
    /// It isn't; why.
    Bad(String),
    /// Can't be told yet.
    Open,
}

/// What is done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// A message is sent.
    Send(Step),
    /// The negotiation is terminated, with the reason.
    Terminate(String),
    /// The agreement is signed.
    Sign,
    /// It is the partner's turn, or too early to tell.
    Wait,
    /// Nothing more is to be done.
    Close,
}

/// The next thing to do.
#[must_use]
pub fn decide(role: Role, state: Option<State>, opinion: &Opinion) -> Decision {
    let Some(state) = state else {
        return match role {
            Role::Consumer => Decision::Send(Step::Request),
            Role::Provider => Decision::Wait,
        };
    };
    match (role, state) {
        (_, State::Terminated) | (Role::Provider, State::Finalized) => Decision::Close,
        (Role::Consumer, State::Finalized) => Decision::Sign,
        (Role::Consumer, State::Offered) => by(opinion, Step::Accept, Some(Step::Request)),
        (Role::Consumer, State::Agreed) => by(opinion, Step::Verify, None),
        (Role::Provider, State::Requested) => by(opinion, Step::Agree, Some(Step::Offer)),
        (Role::Provider, State::Accepted) => by(opinion, Step::Agree, None),
        (Role::Provider, State::Verified) => Decision::Send(Step::Finalize),
        (Role::Consumer, State::Requested | State::Accepted | State::Verified)
        | (Role::Provider, State::Offered | State::Agreed) => Decision::Wait,
    }
}

fn by(opinion: &Opinion, good: Step, near: Option<Step>) -> Decision {
    match (opinion, near) {
        (Opinion::Good, _) => Decision::Send(good),
        (Opinion::Near, Some(step)) => Decision::Send(step),
        (Opinion::Near, None) => Decision::Terminate("these are not the terms that were negotiated".to_owned()),
        (Opinion::Bad(reason), _) => Decision::Terminate(reason.clone()),
        (Opinion::Open, _) => Decision::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hansa_federation::dsp::negotiation::next;

    fn opinions() -> [Opinion; 4] {
        [Opinion::Good, Opinion::Near, Opinion::Bad("too dear".to_owned()), Opinion::Open]
    }

    #[test]
    fn whatever_is_decided_the_protocol_allows() {
        for role in Role::ALL {
            for state in State::ALL.into_iter().map(Some).chain([None]) {
                for opinion in opinions() {
                    match decide(role, state, &opinion) {
                        Decision::Send(step) => assert!(next(state, step, role).is_ok(), "{role} {state:?} {step}"),
                        Decision::Terminate(_) => assert!(next(state, Step::Terminate, role).is_ok()),
                        Decision::Sign => assert_eq!(state, Some(State::Finalized)),
                        Decision::Close => assert!(state.is_some_and(State::is_final)),
                        Decision::Wait => assert_ne!(state, Some(State::Terminated)),
                    }
                }
            }
        }
    }

    #[test]
    fn two_brokers_that_agree_come_to_a_contract() {
        for first in [Opinion::Good, Opinion::Near] {
            let (mut state, mut steps) = (None, Vec::new());
            let mut provider = first.clone();
            while state != Some(State::Finalized) {
                let consumer = decide(Role::Consumer, state, &Opinion::Good);
                let (role, decision) = match consumer {
                    Decision::Wait => (Role::Provider, decide(Role::Provider, state, &provider)),
                    decision => (Role::Consumer, decision),
                };
                let Decision::Send(step) = decision else { panic!("{role} in {state:?}: {decision:?}") };
                state = Some(next(state, step, role).unwrap());
                if role == Role::Provider {
                    provider = Opinion::Good;
                }
                steps.push(step);
            }
            let agreed = [Step::Agree, Step::Verify, Step::Finalize];
            let expected = match first {
                Opinion::Good => [&[Step::Request][..], &agreed].concat(),
                _ => [&[Step::Request, Step::Offer, Step::Accept][..], &agreed].concat(),
            };
            assert_eq!(steps, expected);
        }
    }
}
