//! How much room there is at each site in each hour.

use super::{Job, Placement, Site};
use std::collections::BTreeMap;

/// What is taken, beside what a site says is taken already.
#[derive(Debug, Default)]
pub(super) struct Room {
    taken: BTreeMap<(usize, i64), u64>,
}

impl Room {
    pub(super) fn free(&self, number: usize, site: &Site, begin: i64) -> u64 {
        let before = site.taken.get(&begin).copied().unwrap_or_default();
        let ours = self.taken.get(&(number, begin)).copied().unwrap_or_default();
        site.room.saturating_sub(before).saturating_sub(ours)
    }

    pub(super) fn take(&mut self, number: usize, job: &Job, placement: &Placement) {
        for begin in &placement.hours {
            let taken = self.taken.entry((number, *begin)).or_default();
            *taken = taken.saturating_add(job.room);
        }
    }

    pub(super) fn give_back(&mut self, number: usize, job: &Job, placement: &Placement) {
        for begin in &placement.hours {
            if let Some(taken) = self.taken.get_mut(&(number, *begin)) {
                *taken = taken.saturating_sub(job.room);
            }
        }
    }
}
