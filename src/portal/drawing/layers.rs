//! Who stands in which column of a picture of who calls whom.

use std::collections::{BTreeMap, BTreeSet};

/// Rows of a column of those that call nobody and are called by nobody.
const GRID_ROWS: usize = 6;

/// Puts names into columns: each left of those it calls, where calls don't go
/// round in a circle. Those without calls come last, in columns of their own.
/// Links that name somebody unknown are left out.
pub(crate) fn columns(names: &[&str], links: &[(&str, &str)]) -> Vec<Vec<usize>> {
    let place: BTreeMap<&str, usize> = names.iter().enumerate().map(|(index, name)| (*name, index)).collect();
    let edges: BTreeSet<(usize, usize)> = links
        .iter()
        .filter_map(|(from, to)| Some((*place.get(from)?, *place.get(to)?)))
        .filter(|(from, to)| from != to)
        .collect();
    let linked: BTreeSet<usize> = edges.iter().flat_map(|(from, to)| [*from, *to]).collect();
    let depth = depths(names.len(), &acyclic(names.len(), &edges));
    let mut columns: Vec<Vec<usize>> = Vec::new();
    for index in linked.iter().copied() {
        let column = depth.get(index).copied().unwrap_or_default();
        if columns.len() <= column {
            columns.resize_with(column + 1, Vec::new);
        }
        if let Some(column) = columns.get_mut(column) {
            column.push(index);
        }
    }
    straighten(&mut columns, &edges);
    let alone: Vec<usize> = (0..names.len()).filter(|index| !linked.contains(index)).collect();
    columns.extend(alone.chunks(GRID_ROWS.max(alone.len().isqrt())).map(<[usize]>::to_vec));
    columns
}

/// The edges without those that lead back to where one came from.
fn acyclic(count: usize, edges: &BTreeSet<(usize, usize)>) -> BTreeSet<(usize, usize)> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        No,
        Open,
        Done,
    }
    let mut seen = vec![Seen::No; count];
    let mut kept = BTreeSet::new();
    let next = |from: usize| edges.range((from, 0)..=(from, usize::MAX)).map(|(_, to)| *to).collect::<Vec<_>>();
    for start in 0..count {
        let mut stack = vec![(start, None::<usize>)];
        while let Some((node, at)) = stack.pop() {
            let Some(state) = seen.get_mut(node) else { continue };
            let at = match at {
                None if *state != Seen::No => continue,
                None => {
                    *state = Seen::Open;
                    0
                }
                Some(at) => at,
            };
            let targets = next(node);
            match targets.get(at) {
                None => {
                    if let Some(state) = seen.get_mut(node) {
                        *state = Seen::Done;
                    }
                }
                Some(target) => {
                    stack.push((node, Some(at + 1)));
                    if seen.get(*target) != Some(&Seen::Open) {
                        kept.insert((node, *target));
                        stack.push((*target, None));
                    }
                }
            }
        }
    }
    kept
}

/// The longest way to each.
fn depths(count: usize, edges: &BTreeSet<(usize, usize)>) -> Vec<usize> {
    let mut depth = vec![0_usize; count];
    // Each round settles one column at least; without circles there are at most `count`.
    for _ in 0..count {
        let mut changed = false;
        for (from, to) in edges {
            let least = depth.get(*from).copied().unwrap_or_default() + 1;
            if let Some(known) = depth.get_mut(*to).filter(|known| **known < least) {
                *known = least;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    depth
}

/// Orders each column by where its callers stand, so that lines cross less.
fn straighten(columns: &mut [Vec<usize>], edges: &BTreeSet<(usize, usize)>) {
    let mut row: BTreeMap<usize, usize> = BTreeMap::new();
    for column in columns {
        let weight = |node: &usize| {
            let callers: Vec<usize> =
                edges.iter().filter(|(_, to)| to == node).filter_map(|(from, _)| row.get(from).copied()).collect();
            (callers.iter().sum::<usize>() * 1_000).checked_div(callers.len()).unwrap_or(usize::MAX)
        };
        let mut ordered: Vec<(usize, usize)> = column.iter().map(|node| (weight(node), *node)).collect();
        ordered.sort_unstable();
        *column = ordered.into_iter().map(|(_, node)| node).collect();
        row.extend(column.iter().enumerate().map(|(index, node)| (*node, index)));
    }
}

#[cfg(test)]
mod tests {
    use super::columns;

    #[test]
    fn callers_stand_left_of_whom_they_call() {
        let names = ["application", "database", "idle", "proxy"];
        let links = [("proxy", "application"), ("application", "database"), ("proxy", "gone")];
        assert_eq!(columns(&names, &links), vec![vec![3], vec![0], vec![1], vec![2]]);
    }

    #[test]
    fn circles_end() {
        let found = columns(&["a", "b", "c"], &[("a", "b"), ("b", "c"), ("c", "a"), ("a", "a")]);
        assert_eq!(found, vec![vec![0], vec![1], vec![2]]);
    }

    #[test]
    fn everybody_has_one_place() {
        let names: Vec<String> = (0..60).map(|number| format!("c{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let links: Vec<(&str, &str)> = names.iter().zip(names.iter().skip(7)).map(|(a, b)| (*a, *b)).take(30).collect();
        let mut placed: Vec<usize> = columns(&names, &links).into_iter().flatten().collect();
        placed.sort_unstable();
        assert_eq!(placed, (0..60).collect::<Vec<_>>());
        assert!(columns(&[], &[]).is_empty());
    }
}
