//! Cuts: rounds combinations of what is wanted, so that the relaxation comes
//! nearer to whole solutions. Made only where all columns are known, so that
//! finding columns stays simple.

use super::{
    master::{Cut, Master},
    problem::Problem,
};

/// Cuts added in one round, and in all.
const EACH: usize = 8;
const MOST: usize = 80;
const VIOLATION: f64 = 0.02;

/// A pattern of the fractional solution with its share.
struct Support<'a> {
    counts: &'a [u32],
    value: f64,
}

/// The combinations that are tried.
#[derive(Debug)]
pub(super) struct Candidates {
    cuts: Vec<Cut>,
    /// So many of them, the simplest, are tried at every node.
    simple: usize,
}

/// Adds the cuts that the fractional solution breaks most; answers how many.
pub(super) fn add_cuts(master: &mut Master<'_>, candidates: &Candidates, values: &[f64], all: bool) -> usize {
    let room = MOST.saturating_sub(master.cut_count()).min(EACH);
    if room == 0 {
        return 0;
    }
    let support: Vec<Support<'_>> = master
        .columns
        .iter()
        .zip(values)
        .filter(|(_, value)| **value > 1e-6)
        .map(|(column, value)| Support { counts: &column.filled.counts, value: *value })
        .collect();
    let tried = if all { candidates.cuts.len() } else { candidates.simple };
    let mut broken: Vec<(f64, &Cut)> = Vec::new();
    for cut in &candidates.cuts[..tried] {
        let there: f64 = support.iter().map(|part| part.value * f64::from(cut.of(part.counts))).sum();
        let violation = master.cut_bound(cut) - there;
        if violation > VIOLATION {
            broken.push((violation, cut));
        }
    }
    broken.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    broken.truncate(room);
    let chosen: Vec<Cut> = broken.into_iter().map(|(_, cut)| cut.clone()).collect();
    let count = chosen.len();
    for cut in chosen {
        master.add_cut(cut);
    }
    count
}

impl Candidates {
    /// All combinations for a problem that round anything.
    pub(super) fn new(problem: &Problem) -> Self {
        let wanted: Vec<u32> = problem.components.iter().map(|component| component.lower).collect();
        let rounds = |(denominator, numerators): &(u32, Vec<u32>)| {
            let asked: u32 = numerators.iter().zip(&wanted).map(|(numerator, wanted)| numerator * wanted).sum();
            !asked.is_multiple_of(*denominator)
        };
        let mut all = combinations(&wanted);
        all.retain(rounds);
        let rich = |(denominator, numerators): &(u32, Vec<u32>)| {
            *denominator > 3 || numerators.iter().filter(|numerator| **numerator > 0).count() > 3
        };
        let (rich, simple): (Vec<_>, Vec<_>) = all.into_iter().partition(rich);
        let cut = |(denominator, numerators)| Cut::Rounded { denominator, numerators };
        Self { simple: simple.len(), cuts: simple.into_iter().chain(rich).map(cut).collect() }
    }
}

/// Halves, thirds, quarters and fifths of up to three components; halves of any
/// set and thirds of any where components are few.
fn combinations(wanted: &[u32]) -> Vec<(u32, Vec<u32>)> {
    let there: Vec<usize> = (0..wanted.len()).filter(|&number| wanted[number] > 0).collect();
    let mut cuts = Vec::new();
    let mut add = |denominator: u32, parts: &[(usize, u32)]| {
        let mut numerators = vec![0; wanted.len()];
        for &(number, numerator) in parts {
            numerators[number] = numerator;
        }
        cuts.push((denominator, numerators));
    };
    for denominator in 2..=5 {
        for (first, &a) in there.iter().enumerate() {
            for p in 1..denominator {
                add(denominator, &[(a, p)]);
                for (second, &b) in there.iter().enumerate().skip(first + 1) {
                    for q in 1..denominator {
                        add(denominator, &[(a, p), (b, q)]);
                        if denominator <= 3 || there.len() <= 8 {
                            for &c in &there[second + 1..] {
                                (1..denominator).for_each(|r| add(denominator, &[(a, p), (b, q), (c, r)]));
                            }
                        }
                    }
                }
            }
        }
    }
    for (denominator, most) in [(2_u32, 10), (3, 8)] {
        if there.len() > 3 && there.len() <= most {
            for code in 0..u64::from(denominator).pow(u32::try_from(there.len()).unwrap_or(0)) {
                let mut rest = code;
                let parts: Vec<(usize, u32)> = there
                    .iter()
                    .map(|&number| {
                        let digit = u32::try_from(rest % u64::from(denominator)).unwrap_or(0);
                        rest /= u64::from(denominator);
                        (number, digit)
                    })
                    .filter(|(_, digit)| *digit > 0)
                    .collect();
                if parts.len() > 3 {
                    add(denominator, &parts);
                }
            }
        }
    }
    cuts
}
