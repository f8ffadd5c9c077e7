//! A text with the faults beside their lines, and the difference of two texts.

use std::collections::{BTreeMap, BTreeSet};

/// Lines shown before and after a fault.
const AROUND: usize = 2;
/// Lines of the longest texts that are compared.
const MOST_COMPARED: usize = 3_000;
/// Unchanged lines shown before and after a change.
const CONTEXT: usize = 3;

/// A fault of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Line, from 1; 0 where it has none.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong, in the broker's words.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// A line of the text, with what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceLine {
    /// Its number, from 1. None: lines are left out here.
    pub number: Option<usize>,
    /// What stands there.
    pub text: String,
    /// Column and text of each fault.
    pub faults: Vec<Fault>,
}

/// The lines around the faults, in the order of the text.
pub(crate) fn beside(text: &str, faults: &[Fault]) -> Vec<SourceLine> {
    let mut at: BTreeMap<usize, Vec<Fault>> = BTreeMap::new();
    for fault in faults.iter().filter(|fault| fault.line > 0) {
        at.entry(fault.line).or_default().push(fault.clone());
    }
    let hit: BTreeSet<usize> = at.keys().copied().collect();
    let near = |number: usize| hit.range(number.saturating_sub(AROUND)..=number + AROUND).next().is_some();
    let mut lines = Vec::new();
    let mut last = 0;
    for (number, line) in
        text.lines().enumerate().map(|(index, line)| (index + 1, line)).filter(|(number, _)| near(*number))
    {
        if last > 0 && number > last + 1 {
            lines.push(SourceLine { number: None, text: "\u{22ee}".to_owned(), faults: Vec::new() });
        }
        lines.push(SourceLine {
            number: Some(number),
            text: line.chars().take(400).collect(),
            faults: at.remove(&number).unwrap_or_default(),
        });
        last = number;
    }
    // A fault at the end of the text lies after its last line.
    let after: Vec<Fault> = at.into_values().flatten().collect();
    if !after.is_empty() {
        lines.push(SourceLine { number: Some(text.lines().count() + 1), text: String::new(), faults: after });
    }
    lines
}

/// A line of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change<'a> {
    /// In both.
    Same(&'a str),
    /// Only in the new text.
    Added(&'a str),
    /// Only in the old text.
    Gone(&'a str),
    /// Unchanged lines that are left out.
    Skipped,
}

/// What changes from one text to another, with a few lines around it. None:
/// the texts are too long to be compared.
pub(crate) fn difference<'a>(old: &'a str, new: &'a str) -> Option<Vec<Change<'a>>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    if old.len() > MOST_COMPARED || new.len() > MOST_COMPARED {
        return None;
    }
    let begin = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let end = end.min(old.len() - begin).min(new.len() - begin);
    let middle = |lines: &[&'a str]| lines.get(begin..lines.len() - end).unwrap_or_default().to_vec();
    let mut all: Vec<Change<'a>> = old.iter().take(begin).map(|line| Change::Same(line)).collect();
    all.extend(compared(&middle(&old), &middle(&new)));
    all.extend(old.iter().skip(old.len() - end).map(|line| Change::Same(line)));
    Some(shortened(&all))
}

/// By the longest common subsequence.
fn compared<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Change<'a>> {
    let width = new.len() + 1;
    let mut longest = vec![0_u32; (old.len() + 1) * width];
    let at =
        |longest: &[u32], row: usize, column: usize| longest.get(row * width + column).copied().unwrap_or_default();
    for (row, line) in old.iter().enumerate().rev() {
        for (column, other) in new.iter().enumerate().rev() {
            let best = if line == other {
                at(&longest, row + 1, column + 1) + 1
            } else {
                at(&longest, row + 1, column).max(at(&longest, row, column + 1))
            };
            if let Some(cell) = longest.get_mut(row * width + column) {
                *cell = best;
            }
        }
    }
    let (mut row, mut column, mut found) = (0, 0, Vec::new());
    loop {
        match (old.get(row), new.get(column)) {
            (Some(a), Some(b)) if a == b => {
                found.push(Change::Same(a));
                (row, column) = (row + 1, column + 1);
            }
            (Some(a), other) if other.is_none() || at(&longest, row + 1, column) >= at(&longest, row, column + 1) => {
                found.push(Change::Gone(a));
                row += 1;
            }
            (_, Some(b)) => {
                found.push(Change::Added(b));
                column += 1;
            }
            (_, None) => return found,
        }
    }
}

fn shortened<'a>(all: &[Change<'a>]) -> Vec<Change<'a>> {
    let changed: Vec<usize> = all
        .iter()
        .enumerate()
        .filter(|(_, change)| !matches!(change, Change::Same(_)))
        .map(|(index, _)| index)
        .collect();
    let mut kept = Vec::new();
    for (index, change) in all.iter().enumerate() {
        let next = changed.partition_point(|at| at + CONTEXT < index);
        if changed.get(next).is_some_and(|at| *at <= index + CONTEXT) {
            kept.push(*change);
        } else if kept.last() != Some(&Change::Skipped) && !changed.is_empty() {
            kept.push(Change::Skipped);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(line: usize) -> Fault {
        Fault { line, column: 3, message: "wrong".to_owned(), hint: None }
    }

    #[test]
    fn faults_stand_at_their_lines() {
        let text: String = (1..=30).map(|number| format!("line {number}\n")).collect();
        let lines = beside(&text, &[fault(2), fault(20), fault(20), fault(0), fault(31)]);
        let numbers: Vec<Option<usize>> = lines.iter().map(|line| line.number).collect();
        let expected = [1, 2, 3, 4, 0, 18, 19, 20, 21, 22, 0, 29, 30, 31].map(|number| (number > 0).then_some(number));
        assert_eq!(numbers, expected);
        assert_eq!(lines.iter().map(|line| line.faults.len()).sum::<usize>(), 4);
    }

    #[test]
    fn what_changes_is_told_with_a_little_around_it() {
        let old: String = (1..=20).map(|number| format!("{number}\n")).collect();
        let new = old.replace("\n10\n", "\nten\n10b\n");
        let found = difference(&old, &new).unwrap();
        assert!(found.contains(&Change::Gone("10")) && found.contains(&Change::Added("ten")));
        assert_eq!(found.iter().filter(|change| matches!(change, Change::Same(_))).count(), 6);
        assert_eq!(found.iter().filter(|change| **change == Change::Skipped).count(), 2);
        assert_eq!(difference("a\n", "a\n"), Some(Vec::new()));
        assert_eq!(difference("", "a\n"), Some(vec![Change::Added("a")]));
        assert_eq!(difference("a\nb\n", "b\n"), Some(vec![Change::Gone("a"), Change::Same("b")]));
        assert!(difference(&"x\n".repeat(3_001), "").is_none());
    }
}
