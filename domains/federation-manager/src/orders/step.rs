//! What the buyer does next about one order: a pure function of what is wanted
//! and what is known. It takes no input but these, so a lost answer, a kill
//! between two steps and a wish that changes half way all end the same.

use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::order::OrderState;

/// What is wanted of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Capacity that is kept for it.
    Hold,
    /// That it is delivered as this generation says.
    Deliver {
        /// From 1.
        generation: i64,
    },
    /// That nothing of it is left.
    End,
}

/// What is known of the agreement that the order goes under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgreementView {
    /// None yet.
    Missing,
    /// There is one, and it is active.
    Active,
}

/// What is known of the hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldView {
    /// None was asked for, or it has ended.
    None,
    /// Asked for; whether it was granted is not known.
    Asked {
        /// Until when it was asked for.
        until: DateTime<Utc>,
    },
    /// Granted.
    Held {
        /// Until when.
        until: DateTime<Utc>,
    },
}

/// What is known of the order at the partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OrderView {
    /// The highest generation that was sent, perhaps in vain. 0: none.
    pub tried: i64,
    /// The highest generation that the partner has confirmed. 0: none.
    pub placed: i64,
    /// An order was sent at any time, perhaps in vain, and may still arrive.
    pub sent: bool,
    /// The partner was told to end it, and has confirmed.
    pub ending: bool,
    /// The partner has confirmed that nothing of it is left.
    pub ended: bool,
    /// Its state in the last report.
    pub state: Option<OrderState>,
}

/// All that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The agreement.
    pub agreement: AgreementView,
    /// The hold.
    pub hold: HoldView,
    /// The order.
    pub order: OrderView,
    /// The partner has refused the wish as it is now.
    pub refused: bool,
}

/// The next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Find a standing agreement or negotiate one.
    Agree,
    /// Ask for a hold.
    HoldPlace,
    /// Read what became of the hold that was asked for.
    HoldRead,
    /// Give the hold back.
    HoldRelease,
    /// Send the order.
    OrderPut,
    /// Read what became of the order that was sent.
    OrderRead,
    /// Read how the order stands.
    Poll,
    /// Tell the partner to end the order.
    OrderEnd,
    /// Nothing was ever sent, or nothing is left: it has ended.
    Close,
    /// Nothing, until the wish changes or the time has come.
    Rest {
        /// When to look again.
        until: Option<DateTime<Utc>>,
    },
}

/// A hold that ends so soon is not relied on.
const MARGIN: TimeDelta = TimeDelta::milliseconds(500);

/// The next step towards the wish.
#[must_use]
pub fn step(wish: Wish, known: &Known, now: DateTime<Utc>) -> Step {
    match wish {
        Wish::End => end_step(known),
        Wish::Hold | Wish::Deliver { .. } if known.refused => {
            // A changed wish was refused; what was placed before goes on and is watched.
            if known.order.placed > 0 && !known.order.ended { Step::Poll } else { Step::Rest { until: None } }
        }
        Wish::Hold => hold_step(known, now),
        Wish::Deliver { generation } => deliver_step(generation, known, now),
    }
}

fn end_step(known: &Known) -> Step {
    let order = &known.order;
    if order.ended {
        Step::Rest { until: None }
    } else if order.ending {
        Step::Poll
    } else if order.sent || order.tried > 0 || order.placed > 0 {
        Step::OrderEnd
    } else if known.hold == HoldView::None {
        Step::Close
    } else {
        Step::HoldRelease
    }
}

fn hold_step(known: &Known, now: DateTime<Utc>) -> Step {
    if known.agreement == AgreementView::Missing {
        return Step::Agree;
    }
    match known.hold {
        HoldView::Held { until } if until > now + MARGIN => Step::Rest { until: Some(until - MARGIN) },
        HoldView::Asked { until } if until > now + MARGIN => Step::HoldRead,
        _ => Step::HoldPlace,
    }
}

fn deliver_step(generation: i64, known: &Known, now: DateTime<Utc>) -> Step {
    let order = &known.order;
    if order.placed >= generation {
        return Step::Poll;
    }
    if order.tried >= generation {
        return Step::OrderRead;
    }
    if order.placed > 0 {
        // The unit is rented; a change needs no hold.
        return Step::OrderPut;
    }
    match hold_step(known, now) {
        Step::Rest { .. } => Step::OrderPut,
        first => first,
    }
}

/// How soon an order is looked at again.
#[must_use]
pub(super) fn poll_pause(state: OrderState, current: bool) -> TimeDelta {
    match state {
        OrderState::Completed if current => TimeDelta::milliseconds(1_500),
        OrderState::Failed => TimeDelta::seconds(2),
        _ => TimeDelta::milliseconds(250),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000 + seconds, 0).unwrap()
    }

    fn known(agreement: AgreementView, hold: HoldView, tried: i64, placed: i64) -> Known {
        Known { agreement, hold, order: OrderView { tried, placed, ..OrderView::default() }, refused: false }
    }

    #[test]
    fn the_way_to_a_delivery() {
        use AgreementView::{Active, Missing};
        let (asked, held) = (HoldView::Asked { until: at(60) }, HoldView::Held { until: at(60) });
        let deliver = |generation| Wish::Deliver { generation };
        let table = [
            (Wish::Hold, known(Missing, HoldView::None, 0, 0), Step::Agree),
            (Wish::Hold, known(Active, HoldView::None, 0, 0), Step::HoldPlace),
            (Wish::Hold, known(Active, asked, 0, 0), Step::HoldRead),
            (Wish::Hold, known(Active, held, 0, 0), Step::Rest { until: Some(at(60) - MARGIN) }),
            (Wish::Hold, known(Active, HoldView::Held { until: at(0) }, 0, 0), Step::HoldPlace),
            (deliver(1), known(Missing, HoldView::None, 0, 0), Step::Agree),
            (deliver(1), known(Active, HoldView::None, 0, 0), Step::HoldPlace),
            (deliver(1), known(Active, asked, 0, 0), Step::HoldRead),
            (deliver(1), known(Active, held, 0, 0), Step::OrderPut),
            (deliver(1), known(Active, HoldView::Held { until: at(-1) }, 0, 0), Step::HoldPlace),
            (deliver(1), known(Active, held, 1, 0), Step::OrderRead),
            (deliver(1), known(Active, HoldView::None, 1, 1), Step::Poll),
            (deliver(2), known(Active, HoldView::None, 1, 1), Step::OrderPut),
            (deliver(2), known(Active, HoldView::None, 2, 1), Step::OrderRead),
            (deliver(2), known(Active, HoldView::None, 2, 2), Step::Poll),
            (Wish::End, known(Missing, HoldView::None, 0, 0), Step::Close),
            (Wish::End, known(Active, asked, 0, 0), Step::HoldRelease),
            (Wish::End, known(Active, held, 0, 0), Step::HoldRelease),
            (Wish::End, known(Active, held, 1, 0), Step::OrderEnd),
            (Wish::End, known(Active, HoldView::None, 1, 1), Step::OrderEnd),
        ];
        for (wish, known, expected) in table {
            assert_eq!(step(wish, &known, at(0)), expected, "{wish:?} {known:?}");
        }
    }

    #[test]
    fn an_end_is_confirmed_before_it_is_believed() {
        let mut known = known(AgreementView::Active, HoldView::None, 1, 1);
        known.order.ending = true;
        assert_eq!(step(Wish::End, &known, at(0)), Step::Poll);
        known.order.ended = true;
        assert_eq!(step(Wish::End, &known, at(0)), Step::Rest { until: None });
    }

    #[test]
    fn what_was_refused_is_not_asked_again() {
        let mut known = known(AgreementView::Missing, HoldView::None, 0, 0);
        known.refused = true;
        assert_eq!(step(Wish::Hold, &known, at(0)), Step::Rest { until: None });
        assert_eq!(step(Wish::End, &known, at(0)), Step::Close);
        known.order.placed = 1;
        assert_eq!(step(Wish::Deliver { generation: 2 }, &known, at(0)), Step::Poll);
    }

    #[test]
    fn whatever_is_known_an_end_never_asks_for_more() {
        let holds = [HoldView::None, HoldView::Asked { until: at(9) }, HoldView::Held { until: at(9) }];
        for hold in holds {
            for tried in 0..3 {
                for placed in 0..=tried {
                    for refused in [false, true] {
                        let known = Known { refused, ..known(AgreementView::Active, hold, tried, placed) };
                        let step = step(Wish::End, &known, at(0));
                        assert!(
                            matches!(step, Step::HoldRelease | Step::OrderEnd | Step::Close),
                            "{known:?}: {step:?}"
                        );
                    }
                }
            }
        }
    }
}
