//! The best placement of one job at one site: exact.

use super::{
    Job, Objective, Placement,
    cost::{Cost, Key, Pricing},
};
use crate::energy::HOUR;

/// The most states that are looked at for an interruptible job; beyond it the job is
/// planned in one piece.
const MOST_STATES: usize = 4_000_000;

/// What an hour of the window costs, in each role that it can have.
struct Slot {
    begin: i64,
    full: Key,
    last: Key,
    restart: Key,
    first: Key,
}

/// Hours of the window in which the job can run; none where it can't.
fn slots(pricing: &Pricing<'_>, objective: Objective, open: impl Fn(i64) -> bool) -> Vec<Option<Slot>> {
    let (first, end) = pricing.job.window();
    let begins = (0_i64..).map(|number| first + number * HOUR).take_while(|begin| *begin < end);
    let key = |cost: Cost| objective.key(&cost);
    let slot = |begin: i64| {
        let known = open(begin).then(|| pricing.work(begin, HOUR.unsigned_abs())).flatten()?;
        Some(Slot {
            begin,
            full: key(known),
            last: key(pricing.work(begin, pricing.job.last())?),
            restart: key(pricing.restart(begin)?),
            first: key(pricing.begin(begin)?),
        })
    };
    begins.map(slot).collect()
}

fn sum(one: Key, other: Key) -> Key {
    (one.0 + other.0, one.1 + other.1)
}

/// The best placement in hours that are open.
pub(super) fn best(pricing: &Pricing<'_>, objective: Objective, open: impl Fn(i64) -> bool) -> Option<Placement> {
    let work = usize::try_from(pricing.job.work()).ok()?;
    let slots = slots(pricing, objective, open);
    let hours = match pricing.job.interruption {
        Some(how) if work > 1 => {
            let least = usize::try_from(how.least_hours).unwrap_or(usize::MAX).clamp(1, work);
            let states = slots.len().saturating_mul(work + 1).saturating_mul(least + 1);
            if states <= MOST_STATES { pieces(&slots, work, least)? } else { one_piece(&slots, work)?.1 }
        }
        _ => one_piece(&slots, work)?.1,
    };
    Some(Placement { site: pricing.site.id.clone(), hours })
}

/// The earliest placement in one piece that is open, whatever it costs.
pub(super) fn earliest(job: &Job, pricing: &Pricing<'_>, open: impl Fn(i64) -> bool) -> Option<Placement> {
    let (first, end) = job.window();
    let (mut run, mut begin) = (Vec::new(), first);
    while begin < end {
        if open(begin) {
            run.push(begin)
        } else {
            run.clear()
        }
        if u64::try_from(run.len()).ok()? == job.work() {
            return Some(Placement { site: pricing.site.id.clone(), hours: run });
        }
        begin += HOUR;
    }
    None
}

fn one_piece(slots: &[Option<Slot>], work: usize) -> Option<(Key, Vec<i64>)> {
    let mut least: Option<(Key, usize)> = None;
    // The sum over the hours before the last one, kept as the window moves on.
    let (mut run, mut full) = (0, (0, 0));
    for (place, slot) in slots.iter().enumerate() {
        let Some(slot) = slot else {
            (run, full) = (0, (0, 0));
            continue;
        };
        run += 1;
        if run > work {
            let gone = slots.get(place - work)?.as_ref()?.full;
            full = (full.0 - gone.0, full.1 - gone.1);
        }
        if run >= work {
            let start = place + 1 - work;
            let key = sum(sum(full, slot.last), slots.get(start)?.as_ref()?.first);
            if least.is_none_or(|(known, _)| key < known) {
                least = Some((key, start));
            }
        }
        full = sum(full, slot.full);
    }
    let (key, start) = least?;
    let hours = slots.get(start..start + work)?.iter().flatten().map(|slot| slot.begin).collect();
    Some((key, hours))
}

/// What is known of a state: the least cost, and whether the hour before was worked.
type State = Option<Key>;

/// Dynamic programming over hours × work done × length of the running piece (0: paused;
/// `least`: may pause). A piece ends when it is long enough or all is done.
fn pieces(slots: &[Option<Slot>], work: usize, least: usize) -> Option<Vec<i64>> {
    let width = least + 1;
    let place = |done: usize, run: usize| done * width + run;
    let mut states: Vec<State> = vec![None; (work + 1) * width];
    *states.get_mut(0)? = Some((0, 0));
    // For each hour and state: from which length of piece it was reached.
    let mut from: Vec<Vec<u32>> = Vec::with_capacity(slots.len());
    for slot in slots {
        let mut next: Vec<State> = vec![None; states.len()];
        let mut origin = vec![0_u32; states.len()];
        let mut reach = |at: usize, key: Key, run: usize| {
            let (Some(known), Some(origin)) = (next.get_mut(at), origin.get_mut(at)) else { return };
            if known.is_none_or(|known| key < known) {
                (*known, *origin) = (Some(key), u32::try_from(run).unwrap_or_default());
            }
        };
        for done in 0..=work {
            for run in 0..width {
                let Some(key) = states.get(place(done, run)).copied().flatten() else { continue };
                if run == 0 || run == least || done == work {
                    reach(place(done, 0), key, run);
                }
                let Some(slot) = slot.as_ref().filter(|_| done < work) else { continue };
                let begins = match (run, done) {
                    (0, 0) => slot.first,
                    (0, _) => slot.restart,
                    _ => (0, 0),
                };
                let hour = if done + 1 == work { slot.last } else { slot.full };
                reach(place(done + 1, (run + 1).min(least)), sum(sum(key, begins), hour), run);
            }
        }
        states = next;
        from.push(origin);
    }
    let ends = (0..width).filter_map(|run| Some((states.get(place(work, run)).copied().flatten()?, run)));
    let (_, mut run) = ends.min()?;
    let (mut done, mut hours) = (work, Vec::with_capacity(work));
    for (number, origin) in from.iter().enumerate().rev() {
        let before = usize::try_from(*origin.get(place(done, run))?).ok()?;
        if run > 0 {
            hours.push(slots.get(number)?.as_ref()?.begin);
            done -= 1;
        }
        run = before;
    }
    hours.reverse();
    Some(hours)
}
