//! The samples of one series.

use crate::Labels;
use std::collections::VecDeque;

/// One sample: milliseconds since 1970, and its value.
pub(crate) type Sample = (i64, f64);

/// What Prometheus writes where a series ends: a NaN of its own.
const END: u64 = 0x7ff0_0000_0000_0002;
/// Any other NaN, as Prometheus writes it.
const NOT_A_NUMBER: u64 = 0x7ff8_0000_0000_0001;

/// The fewest samples for which there is room.
const LEAST: usize = 16;
/// Bytes of a sample.
const SAMPLE: usize = size_of::<Sample>();
/// Bytes of a series besides its samples and the text of its labels: itself, its place in two tables.
const SERIES: usize = size_of::<Stream>() + 160;
/// Bytes of a label besides its text, on the series' own copy and on the caller's: two shared texts with their counts.
const LABEL: usize = 128;

/// Whether the series ends with this value.
pub(crate) const fn is_end(value: f64) -> bool {
    value.to_bits() == END
}

/// The samples of one series, the oldest first.
#[derive(Debug)]
pub(super) struct Stream {
    /// Its labels, name of the metric included.
    pub(super) labels: Labels,
    /// Bytes that it takes with no more room than it began with.
    least: usize,
    samples: VecDeque<Sample>,
}

impl Stream {
    pub(super) fn new(labels: Labels) -> Self {
        let least = Self::cost(labels.len(), labels.text_bytes());
        Self { samples: VecDeque::with_capacity(LEAST), least, labels }
    }

    /// Bytes that a new series with these labels takes.
    pub(super) fn cost(labels: usize, text_bytes: usize) -> usize {
        SERIES + labels * LABEL + text_bytes + LEAST * SAMPLE
    }

    /// Bytes that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.least + self.samples.capacity().saturating_sub(LEAST) * SAMPLE
    }

    pub(super) fn len(&self) -> usize {
        self.samples.len()
    }

    /// When it was last seen, and whether it goes on.
    pub(super) fn last(&self) -> Option<(i64, bool)> {
        self.samples.back().map(|(at, value)| (*at, !is_end(*value)))
    }

    /// The bytes by which it would grow for one sample more.
    pub(super) fn growth(&self) -> usize {
        let full = self.samples.len() == self.samples.capacity();
        if full { self.samples.capacity().max(LEAST) * SAMPLE } else { 0 }
    }

    /// Adds a sample, at a time after the last. Without `grow` the oldest goes where there is no room.
    /// Answers whether one went.
    pub(super) fn push(&mut self, at: i64, value: f64, most: usize, grow: bool) -> bool {
        let full = self.samples.len() == self.samples.capacity();
        let shortened = self.samples.len() >= most.max(1) || (full && !grow);
        if shortened {
            self.samples.pop_front();
        } else if full {
            self.samples.reserve_exact(self.samples.capacity().max(LEAST));
        }
        let value = if value.is_nan() { f64::from_bits(NOT_A_NUMBER) } else { value };
        self.samples.push_back((at, value));
        shortened
    }

    /// Marks its end, no earlier than just after its last sample.
    pub(super) fn end(&mut self, at: i64) -> bool {
        let Some((last, true)) = self.last() else { return false };
        let at = at.max(last.saturating_add(1));
        if self.samples.len() == self.samples.capacity() {
            self.samples.pop_front();
        }
        self.samples.push_back((at, f64::from_bits(END)));
        true
    }

    /// Takes away what is older.
    pub(super) fn trim(&mut self, before: i64) {
        while self.samples.front().is_some_and(|(at, _)| *at < before) {
            self.samples.pop_front();
        }
    }

    /// Gives back room that is no longer needed.
    pub(super) fn shrink(&mut self) {
        if self.samples.capacity() > LEAST.max(self.samples.len().saturating_mul(4)) {
            self.samples.shrink_to(LEAST.max(self.samples.len().saturating_mul(2)));
        }
    }

    /// The samples from one time to another, both included, and how many they are.
    pub(super) fn between(&self, from: i64, to: i64) -> impl ExactSizeIterator<Item = Sample> {
        let first = self.samples.partition_point(|(at, _)| *at < from);
        let behind = self.samples.partition_point(|(at, _)| *at <= to).max(first);
        self.samples.range(first..behind).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_keeps_the_newest_and_gives_room_back() {
        let mut stream = Stream::new(Labels::new([("a", "b")]));
        let least = stream.bytes();
        for at in 0..100 {
            assert!(!stream.push(at, 1.0, 100, true));
        }
        assert!(stream.push(100, 1.0, 100, true), "100 are the most");
        assert_eq!((stream.len(), stream.last()), (100, Some((100, true))));
        assert!(stream.bytes() >= least + (100 - 16) * 16);
        assert_eq!(stream.between(5, 7).map(|(at, _)| at).collect::<Vec<_>>(), [5, 6, 7]);
        assert_eq!((stream.between(200, 300).len(), stream.between(7, 5).len()), (0, 0));
        stream.trim(99);
        stream.shrink();
        assert_eq!(stream.len(), 2);
        assert_eq!(stream.bytes(), least);
        for at in 101..=114 {
            assert!(!stream.push(at, 1.0, 100, false));
        }
        assert!(stream.push(115, 1.0, 100, false), "it may not grow: the oldest goes");
        assert_eq!((stream.len(), stream.bytes()), (16, least));
    }

    #[test]
    fn an_end_is_a_value_of_its_own() {
        let mut stream = Stream::new(Labels::empty());
        assert!(!stream.end(5), "what never was can't end");
        stream.push(10, f64::from_bits(END), 10, true);
        assert_eq!(stream.last(), Some((10, true)), "a measured NaN ends nothing");
        assert!(stream.end(3) && !stream.end(20));
        assert_eq!(stream.last(), Some((11, false)));
    }
}
