//! Amounts side by side, one for each day. Beside it there is always a table
//! that says the same.

use askama::{Template, filters::HtmlSafe};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 140.0;
/// Room for half a line above, and for the names below.
const TOP: f64 = 10.0;
const BOTTOM: f64 = 22.0;

/// The picture.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "parts/bars.html")]
pub(crate) struct Bars {
    title: String,
    bars: Vec<Bar>,
    /// What the highest one comes to.
    most: String,
}

#[derive(Debug, Clone, PartialEq)]
struct Bar {
    x: String,
    y: String,
    width: String,
    height: String,
    middle: String,
    /// Named below it; not every one, where they are many.
    name: Option<String>,
    /// What it says when somebody points at it.
    said: String,
}

impl HtmlSafe for Bars {}

impl Bars {
    /// Draws a month of so many days, `2026-11`: each has its place, whether there
    /// is anything to see or not. `of` gives a day's amount and how it is said.
    pub(crate) fn of_month(
        title: String,
        most: String,
        (month, days): (&str, u32),
        of: impl Fn(&str) -> (i64, String),
    ) -> Option<Self> {
        let day = |number: u32| {
            let day = format!("{month}-{number:02}");
            let (amount, said) = of(&day);
            (number.to_string(), amount, format!("{day}: {said}"))
        };
        Self::new(title, most, &(1..=days).map(day).collect::<Vec<_>>())
    }

    /// Draws amounts in their order, each with its name and what it says. What
    /// is below 0 has no height. `most` names the highest; `title` says what it
    /// is, for those who don't see it. None: there is nothing to see.
    pub(crate) fn new(title: String, most: String, amounts: &[(String, i64, String)]) -> Option<Self> {
        let highest = amounts.iter().map(|(_, amount, _)| *amount).max().filter(|highest| *highest > 0)?;
        let every = amounts.len().div_ceil(8).max(1);
        let step = WIDTH / precise(i64::try_from(amounts.len()).unwrap_or(i64::MAX));
        let bars = amounts.iter().enumerate().map(|(place, (name, amount, said))| {
            let left = step * precise(i64::try_from(place).unwrap_or(i64::MAX));
            let height = (HEIGHT - TOP - BOTTOM) * precise((*amount).max(0)) / precise(highest);
            Bar {
                x: short(left + step * 0.1),
                y: short(HEIGHT - BOTTOM - height),
                width: short(step * 0.8),
                height: short(height),
                middle: short(left + step / 2.0),
                name: (place % every == 0).then(|| name.clone()),
                said: said.clone(),
            }
        });
        Some(Self { title, bars: bars.collect(), most })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a picture needs no more than 52 bits")]
const fn precise(number: i64) -> f64 {
    number as f64
}

fn short(place: f64) -> String {
    format!("{place:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(amounts: &[i64]) -> Vec<(String, i64, String)> {
        amounts.iter().enumerate().map(|(day, amount)| (day.to_string(), *amount, format!("<{amount}>"))).collect()
    }

    #[test]
    fn the_highest_fills_the_picture_and_credits_have_no_height() {
        assert_eq!(Bars::new(String::new(), String::new(), &amounts(&[])), None);
        assert_eq!(Bars::new(String::new(), String::new(), &amounts(&[0, -3])), None);
        let drawn = Bars::new("<b>".to_owned(), "2".to_owned(), &amounts(&[1, 2, -1])).unwrap();
        let heights: Vec<&str> = drawn.bars.iter().map(|bar| bar.height.as_str()).collect();
        assert_eq!(heights, ["54.0", "108.0", "0.0"]);
        let html = drawn.to_string();
        assert!(!html.contains("<b>") && !html.contains("<-1>"), "{html}");
    }

    #[test]
    fn of_a_month_not_every_day_is_named() {
        let drawn = Bars::new(String::new(), String::new(), &amounts(&[1; 31])).unwrap();
        assert_eq!(drawn.bars.iter().filter(|bar| bar.name.is_some()).count(), 8);
    }
}
