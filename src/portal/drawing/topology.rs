//! An application as a picture: components, who calls whom, and for each
//! instance its state, site and provider. Beside it there is always a table
//! that says the same.

use super::layers;
use crate::portal::parts::Tone;
use askama::{Template, filters::HtmlSafe};
use std::collections::BTreeMap;

const WIDTH: usize = 252;
const GAP: usize = 78;
const HEAD: usize = 38;
const LINE: usize = 22;
const SPACE: usize = 22;
/// Lines of a component; the table has all.
const MOST_LINES: usize = 4;
/// Letters that fit: of a name, and of a line.
const NAME_LETTERS: usize = 23;
const LINE_LETTERS: usize = 29;

/// A component to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Component {
    /// Its name.
    pub name: String,
    /// `2/3`: how many work of how many are wanted.
    pub count: String,
    /// Its instances.
    pub lines: Vec<Line>,
    /// Said instead of further lines: `and 3 more`.
    pub more: String,
}

/// Instances of a component that are alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    /// How they are.
    pub tone: Tone,
    /// State, for those who point at it.
    pub state: String,
    /// Where they are: site and provider.
    pub place: String,
    /// What the provider or the workload says of its trouble.
    pub error: Option<String>,
}

/// Who calls whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// The caller's name.
    pub from: String,
    /// Whom it calls.
    pub to: String,
    /// Round-trip time, where it is known.
    pub label: String,
}

/// The picture.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "parts/topology.html")]
pub(crate) struct Topology {
    title: String,
    width: usize,
    height: usize,
    boxes: Vec<Drawn>,
    arrows: Vec<Arrow>,
}

impl HtmlSafe for Topology {}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Drawn {
    x: usize,
    y: usize,
    height: usize,
    name: String,
    full_name: String,
    count: String,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    y: usize,
    tone: Option<Tone>,
    class: &'static str,
    text: String,
    full: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Arrow {
    path: String,
    label_x: usize,
    label_y: usize,
    label: String,
}

impl Topology {
    /// Draws components and calls; `title` says what it is, for those who don't see it.
    pub(crate) fn new(title: String, components: Vec<Component>, calls: &[Call]) -> Self {
        let names: Vec<&str> = components.iter().map(|component| component.name.as_str()).collect();
        let links: Vec<(&str, &str)> = calls.iter().map(|call| (call.from.as_str(), call.to.as_str())).collect();
        let columns = layers::columns(&names, &links);
        let heights: Vec<usize> = components.iter().map(height).collect();
        let tall = |column: &Vec<usize>| {
            column.iter().filter_map(|index| heights.get(*index)).map(|height| height + SPACE).sum::<usize>()
        };
        let height = columns.iter().map(tall).max().unwrap_or_default().saturating_sub(SPACE) + 2;
        let mut boxes: Vec<Option<Drawn>> = components.iter().map(|_| None).collect();
        for (number, column) in columns.iter().enumerate() {
            let mut y = (height + SPACE).saturating_sub(tall(column)) / 2;
            for index in column {
                let (Some(component), Some(place)) = (components.get(*index), boxes.get_mut(*index)) else { continue };
                let drawn = Drawn::new(component, 1 + number * (WIDTH + GAP), y.max(1));
                y += drawn.height + SPACE;
                *place = Some(drawn);
            }
        }
        let boxes: Vec<Drawn> = boxes.into_iter().flatten().collect();
        let arrows = arrows(&boxes, calls);
        let width = (columns.len() * (WIDTH + GAP)).saturating_sub(GAP) + 2;
        Self { title, width, height, boxes, arrows }
    }
}

fn rows_of(component: &Component) -> usize {
    let shown = component.lines.iter().take(MOST_LINES);
    let rows: usize = shown.map(|line| 1 + usize::from(line.error.is_some())).sum();
    rows + usize::from(component.lines.len() > MOST_LINES)
}

fn height(component: &Component) -> usize {
    HEAD + rows_of(component) * LINE + 8
}

impl Drawn {
    fn new(component: &Component, x: usize, y: usize) -> Self {
        let mut rows = Vec::new();
        let mut row = |tone, class, text: &str, full: String| {
            let at = y + HEAD + rows.len() * LINE + 10;
            rows.push(Row { y: at, tone, class, text: shortened(text, LINE_LETTERS), full });
        };
        for line in component.lines.iter().take(MOST_LINES) {
            row(Some(line.tone), "", &line.place, format!("{}: {}", line.place, line.state));
            if let Some(error) = &line.error {
                row(None, "fault", error, error.clone());
            }
        }
        if component.lines.len() > MOST_LINES {
            row(None, "soft", &component.more, component.more.clone());
        }
        Self {
            x,
            y,
            height: height(component),
            name: shortened(&component.name, NAME_LETTERS),
            full_name: component.name.clone(),
            count: component.count.clone(),
            rows,
        }
    }
}

/// Arrows from the right side of the caller to the left side of whom it calls;
/// back to an earlier column they go around below.
fn arrows(boxes: &[Drawn], calls: &[Call]) -> Vec<Arrow> {
    let places: BTreeMap<&str, &Drawn> = boxes.iter().map(|drawn| (drawn.full_name.as_str(), drawn)).collect();
    let arrow = |call: &Call| {
        let (from, to) = (places.get(call.from.as_str())?, places.get(call.to.as_str())?);
        let (x1, y1) = (from.x + WIDTH, from.y + HEAD / 2);
        let (x2, y2) = (to.x, to.y + HEAD / 2);
        let (path, label_x) = if x2 > x1 {
            let bend = (x2 - x1) / 2;
            (format!("M{x1} {y1}C{} {y1} {} {y2} {} {y2}", x1 + bend, x2 - bend, x2 - 5), x1.midpoint(x2))
        } else {
            let low = (from.y + from.height).max(to.y + to.height) + SPACE / 2;
            let (a, b) = (from.x + WIDTH / 2, to.x + WIDTH / 2);
            (format!("M{a} {}V{low}H{b}V{}", from.y + from.height, to.y + to.height + 5), a.midpoint(b))
        };
        let label_y = y1.midpoint(y2).saturating_sub(6).max(10);
        Some(Arrow { path, label_x, label_y, label: call.label.clone() })
    };
    calls.iter().filter_map(arrow).collect()
}

/// The beginning of a text, and a sign where something was left out.
pub(crate) fn shortened(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let kept: String = text.chars().take(letters.saturating_sub(1)).collect();
    format!("{}\u{2026}", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(name: &str, lines: usize) -> Component {
        let line = |number: usize| Line {
            tone: Tone::Bad,
            state: "failed".to_owned(),
            place: format!("site {number} <b>"),
            error: (number == 0).then(|| "</svg><script>".to_owned()),
        };
        Component {
            name: name.to_owned(),
            count: "0/1".to_owned(),
            lines: (0..lines).map(line).collect(),
            more: "more".to_owned(),
        }
    }

    #[test]
    fn whatever_names_hold_is_text() {
        let call = Call { from: "a".to_owned(), to: "b\"><script>".to_owned(), label: "<i>".to_owned() };
        let drawn =
            Topology::new("\"<script>".to_owned(), vec![component("a", 1), component("b\"><script>", 9)], &[call]);
        let text = drawn.to_string();
        assert!(!text.contains("<script>") && !text.contains("<b>") && !text.contains("<i>"), "{text}");
        assert!(!text.contains(" style="));
    }

    #[test]
    fn boxes_do_not_lie_on_each_other() {
        let components: Vec<Component> = (0..60).map(|number| component(&format!("c{number}"), number % 7)).collect();
        let call = |number: usize| Call {
            from: format!("c{number}"),
            to: format!("c{}", number * 2 + 1),
            label: String::new(),
        };
        let drawn = Topology::new(String::new(), components, &(0..30).map(call).collect::<Vec<_>>());
        assert_eq!(drawn.boxes.len(), 60);
        for (index, one) in drawn.boxes.iter().enumerate() {
            assert!(one.x + WIDTH <= drawn.width && one.y + one.height <= drawn.height, "{one:?}");
            for other in &drawn.boxes[index + 1..] {
                let beside = one.x + WIDTH <= other.x || other.x + WIDTH <= one.x;
                let under = one.y + one.height <= other.y || other.y + other.height <= one.y;
                assert!(beside || under, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn long_names_are_cut_and_said_in_full() {
        assert_eq!(shortened("database", 22), "database");
        assert_eq!(shortened("\u{e4}\u{f6}\u{fc}\u{df}", 3), "\u{e4}\u{f6}\u{2026}");
        let name = "a".repeat(63);
        let text = Topology::new(String::new(), vec![component(&name, 0)], &[]).to_string();
        assert!(text.contains(&format!("<title>{name}</title>")), "{text}");
    }
}
