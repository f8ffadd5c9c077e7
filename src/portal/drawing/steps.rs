//! A number over time, as steps. Beside it there is always a table that says
//! the same.

use askama::{Template, filters::HtmlSafe};
use chrono::{DateTime, TimeDelta, Utc};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 120.0;
/// Room for the numbers at the left, and for half a line above and below.
const LEFT: f64 = 34.0;
const EDGE: f64 = 10.0;

/// The picture.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "parts/steps.html")]
pub(crate) struct Steps {
    title: String,
    path: String,
    /// The horizontal lines: how far down, and the number.
    lines: Vec<(String, u32)>,
    /// Where the number changed.
    marks: Vec<(String, String)>,
}

impl HtmlSafe for Steps {}

impl Steps {
    /// Draws a number that was `first` before the first of its `changes`, each
    /// with its time and the number from then on, oldest first; until `end`.
    /// `title` says what it is, for those who don't see it. None: it did not change.
    pub(crate) fn new(title: String, first: u32, changes: &[(DateTime<Utc>, u32)], end: DateTime<Utc>) -> Option<Self> {
        let (begin, last) = (changes.first()?.0, changes.last()?.0);
        // A moment of what was before the first change is seen, too.
        let begin = begin - ((end.max(last) - begin) / 20).max(TimeDelta::seconds(1));
        let whole = seconds(end.max(last) - begin);
        let most = changes.iter().map(|(_, number)| *number).max().unwrap_or(0).max(first).max(1);
        let across = |at: DateTime<Utc>| short(LEFT + (WIDTH - LEFT - EDGE) * seconds(at - begin) / whole);
        let down = |number: u32| short(HEIGHT - EDGE - (HEIGHT - 2.0 * EDGE) * f64::from(number) / f64::from(most));
        let mut path = format!("M{} {}", short(LEFT), down(first));
        let mut marks = Vec::new();
        for (at, number) in changes {
            path.push_str(&format!("H{}V{}", across(*at), down(*number)));
            marks.push((across(*at), down(*number)));
        }
        path.push_str(&format!("H{}", short(WIDTH - EDGE)));
        let mut lines: Vec<_> = [0, most / 2, most].map(|number| (down(number), number)).into();
        lines.dedup();
        Some(Self { title, path, lines, marks })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a picture needs no more than 52 bits")]
fn seconds(span: TimeDelta) -> f64 {
    span.num_milliseconds() as f64 / 1_000.0
}

fn short(place: f64) -> String {
    format!("{place:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_782_892_800 + second, 0).unwrap()
    }

    #[test]
    fn each_change_is_a_step() {
        assert_eq!(Steps::new(String::new(), 1, &[], at(9)), None);
        let drawn = Steps::new("<b>".to_owned(), 1, &[(at(0), 4), (at(100), 2)], at(200)).unwrap();
        // The line begins 10 s before the first change, of 210 s in all.
        assert_eq!(drawn.path, "M34.0 85.0H62.4V10.0H346.2V60.0H630.0");
        assert_eq!(drawn.lines, [("110.0".to_owned(), 0), ("60.0".to_owned(), 2), ("10.0".to_owned(), 4)]);
        assert!(!drawn.to_string().contains("<b>"));
    }

    #[test]
    fn what_changed_just_now_is_drawn_too() {
        let drawn = Steps::new(String::new(), 0, &[(at(5), 1)], at(5)).unwrap();
        assert_eq!(drawn.path, "M34.0 110.0H630.0V10.0H630.0");
        assert_eq!(drawn.lines.len(), 2);
    }
}
