//! The desk where faults are kept: events come in, in their order.

use super::{
    Around, Ended, Fault, FaultState, Hand, Sign,
    cause::{causes, is_about, may_explain},
    reading::{self, CLOSED, Opening, Reading},
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_repository::event::Event;
use std::collections::{BTreeMap, BTreeSet};

/// A fault that comes again within this time after it was resolved is the same one.
pub(crate) const REOPENED_WITHIN: TimeDelta = TimeDelta::minutes(30);

/// What became of a fault, to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    /// It is there.
    Opened,
    /// It is there again.
    Reopened,
    /// It is over.
    Resolved,
}

/// Faults by number: all that are not resolved, and those that were lately.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Desk {
    faults: BTreeMap<i64, Fault>,
    /// The number of the last one that ever opened.
    last: i64,
    changed: BTreeSet<i64>,
    news: Vec<(News, i64)>,
}

impl Desk {
    /// With what is known. `last` is the number of the last fault that ever opened.
    pub(crate) fn new(known: Vec<Fault>, last: i64) -> Self {
        let faults = known.into_iter().map(|fault| (fault.number, fault)).collect();
        Self { faults, last, ..Self::default() }
    }

    /// All that it has, by number.
    #[must_use]
    pub const fn faults(&self) -> &BTreeMap<i64, Fault> {
        &self.faults
    }

    /// What has changed.
    pub(crate) fn changed(&self) -> impl Iterator<Item = &Fault> {
        self.changed.iter().filter_map(|number| self.faults.get(number))
    }

    /// What is to be told, in its order.
    pub(crate) fn news(&self) -> impl Iterator<Item = (News, &Fault)> {
        self.news.iter().filter_map(|(news, number)| Some((*news, self.faults.get(number)?)))
    }

    /// An event was told. `around` is what the log tells of a machine that is lost.
    pub(crate) fn take(&mut self, event: &Event, around: &Around) {
        self.expire(event.at);
        for reading in reading::read(event, around) {
            match reading {
                Reading::Opens(opening) => self.open(event, opening),
                Reading::Ends(kind, thing) => self.end(event, |fault| fault.kind == kind && is_about(fault, &thing)),
                Reading::Gone(kind, thing) => self.end(event, |fault| {
                    fault.kind == kind && is_about(fault, &thing) && fault.subject == event.subject
                }),
                Reading::Over(application) => self.end(event, |fault| fault.application == Some(application)),
                Reading::Hand(hand) => self.hand(event, &hand),
            }
        }
    }

    /// What was over by itself by now is resolved.
    pub(crate) fn expire(&mut self, now: DateTime<Utc>) {
        let over = |fault: &&Fault| fault.is_open() && fault.until.is_some_and(|until| until <= now);
        let over: Vec<(i64, DateTime<Utc>)> =
            self.faults.values().filter(over).filter_map(|fault| Some((fault.number, fault.until?))).collect();
        for (number, at) in over {
            self.resolve(number, at, Ended::Time);
        }
    }

    fn open(&mut self, event: &Event, opening: Opening) {
        let same = |fault: &&Fault| fault.kind == opening.kind && fault.thing == opening.thing;
        let known = self.faults.values().rev().find(same).map(|fault| (fault.number, fault.resolved_at()));
        let number = match known {
            Some((number, None)) => {
                self.again(number, event, opening);
                number
            }
            Some((number, Some(resolved))) if event.at - resolved <= REOPENED_WITHIN => {
                if let Some(fault) = self.faults.get_mut(&number) {
                    fault.state = FaultState::Open;
                    fault.opened = event.at;
                    fault.reopened += 1;
                }
                self.again(number, event, opening);
                self.news.push((News::Reopened, number));
                number
            }
            _ => self.first(event, opening),
        };
        self.changed.insert(number);
        self.explain(number);
    }

    fn first(&mut self, event: &Event, opening: Opening) -> i64 {
        self.last += 1;
        let Opening { kind, thing, also, subject, rests_on, until, severity } = opening;
        let fault = Fault {
            number: self.last,
            kind,
            severity: severity.unwrap_or_else(|| kind.severity()),
            thing,
            also,
            subject: subject.unwrap_or_else(|| event.subject.clone()),
            project: event.project.clone(),
            application: event.application,
            message: event.message.clone(),
            since: event.at,
            opened: event.at,
            count: 1,
            reopened: 0,
            open_seconds: 0,
            signs: vec![Sign::of(event)],
            rests_on,
            causes: Vec::new(),
            state: FaultState::Open,
            until,
        };
        self.faults.insert(self.last, fault);
        self.news.push((News::Opened, self.last));
        self.last
    }

    /// It was told once more; counted where it is the kind of event that opened it.
    fn again(&mut self, number: i64, event: &Event, opening: Opening) {
        let Some(fault) = self.faults.get_mut(&number) else { return };
        if fault.signs.first().is_some_and(|first| first.kind == event.kind) {
            fault.count += 1;
        }
        fault.sign(event);
        fault.subject = opening.subject.unwrap_or_else(|| event.subject.clone());
        for thing in opening.rests_on {
            if !fault.rests_on.contains(&thing) {
                fault.rests_on.push(thing);
            }
        }
        fault.until = opening.until;
        fault.severity = opening.severity.unwrap_or(fault.severity);
    }

    fn end(&mut self, event: &Event, which: impl Fn(&Fault) -> bool) {
        let ended = self.faults.values().filter(|fault| fault.is_open() && which(fault));
        let ended: Vec<i64> = ended.map(|fault| fault.number).collect();
        for number in ended {
            self.resolve(number, event.at, Ended::Event(Sign::of(event)));
        }
    }

    fn resolve(&mut self, number: i64, at: DateTime<Utc>, by: Ended) {
        if let Some(fault) = self.faults.get_mut(&number) {
            let by_hand = matches!(by, Ended::Hand(_));
            fault.resolve(at, by);
            self.changed.insert(number);
            // What somebody has said is in the log already.
            if !by_hand {
                self.news.push((News::Resolved, number));
            }
        }
    }

    /// Somebody acts. What is over stays over.
    fn hand(&mut self, event: &Event, hand: &Hand) {
        let Some(fault) = self.faults.get_mut(&hand.fault).filter(|fault| fault.is_open()) else { return };
        let note = hand.note(event);
        if event.kind == CLOSED {
            self.resolve(hand.fault, event.at, Ended::Hand(note));
        } else {
            fault.state = FaultState::Acknowledged(note);
            self.changed.insert(hand.fault);
        }
    }

    /// What explains a fault that opened, and what it explains itself.
    fn explain(&mut self, opened: i64) {
        let (mut left, mut seen) = (vec![opened], BTreeSet::new());
        self.explained(opened);
        while let Some(first) = left.pop() {
            let Some(fault) = self.faults.get(&first).filter(|_| seen.insert(first)) else { continue };
            let others = self.faults.values().filter(|other| other.is_open() && may_explain(fault, other));
            let others: Vec<i64> = others.map(|other| other.number).collect();
            left.extend(others.into_iter().filter(|other| self.explained(*other)));
        }
    }

    /// Writes down what explains a fault; whether that is news.
    fn explained(&mut self, number: i64) -> bool {
        let Some(fault) = self.faults.get(&number) else { return false };
        let causes = causes(fault, &self.faults);
        if causes == fault.causes {
            return false;
        }
        if let Some(fault) = self.faults.get_mut(&number) {
            fault.causes = causes;
        }
        self.changed.insert(number)
    }
}
