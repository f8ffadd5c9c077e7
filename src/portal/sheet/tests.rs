//! Whatever names are given, a page of parts stays a page: nothing breaks out.

use super::*;
use crate::portal::{
    Language, Place as At, Theme,
    parts::{Choice, Field, FieldKind, Instant, Tone},
};
use chrono::{DateTime, Utc};
use hansa_iam::model::Action;

/// A name that tries to be markup, a template and an address at once.
pub(crate) const HOSTILE: &str = "\"><script>alert('x')</script>&{{7*7}}</textarea></title>";

/// The frame of a visitor who may do everything.
pub(crate) fn frame(language: Language) -> Frame {
    Frame {
        language,
        theme: Theme::System,
        place: At::Offers,
        path: "/offers".to_owned(),
        person: None,
        allowed: Action::ALL.iter().copied().collect(),
        csrf: "token".to_owned(),
        flash: None,
        now: DateTime::<Utc>::UNIX_EPOCH,
        broker: HOSTILE.to_owned(),
        address: "http://127.0.0.1:9".to_owned(),
        login: false,
    }
}

/// Nothing of a hostile name is markup.
pub(crate) fn escaped(page: &str) {
    for markup in ["<script>alert", "\"><script", "</textarea></title>"] {
        assert!(!page.contains(markup), "{markup} in {page}");
    }
    assert!(page.contains("7*7"), "the name is not shown at all");
}

fn cells() -> Vec<Cell> {
    vec![
        Cell::text(HOSTILE),
        Cell::Nothing(HOSTILE.to_owned()),
        Cell::English(HOSTILE.to_owned()),
        Cell::Code(HOSTILE.to_owned()),
        Cell::number(HOSTILE),
        Cell::link(HOSTILE, HOSTILE),
        Cell::State(StateMark::new(Tone::Warn, HOSTILE)),
        Cell::Time(Instant::day(Language::French, DateTime::<Utc>::UNIX_EPOCH)),
        Cell::Meter(Meter::new(1, 2, HOSTILE)),
        Cell::Lines(vec![Cell::text(HOSTILE), Cell::link(HOSTILE, HOSTILE)]),
        Cell::Form(Box::new(FormBox::new(&frame(Language::English), HOSTILE, HOSTILE).about(HOSTILE).danger())),
    ]
}

#[test]
fn every_part_of_a_page_escapes() {
    let columns = cells().iter().map(|_| Column::new(HOSTILE)).collect::<Vec<_>>();
    let field = Field::new("x", HOSTILE, FieldKind::Lines(2)).value(HOSTILE).error(Some(HOSTILE.to_owned()));
    let choice = FieldKind::Choice(vec![Choice { value: HOSTILE.to_owned(), label: HOSTILE.to_owned() }]);
    let facts = cells().into_iter().fold(Facts::new(), |facts, cell| facts.with(HOSTILE, cell));
    let section = Section::new("a", HOSTILE)
        .text(HOSTILE)
        .with(Table::new(HOSTILE, columns).rows([Row::new(cells())]))
        .with(facts)
        .with(FormBox::new(&frame(Language::English), HOSTILE, HOSTILE).field(field).hidden("h", HOSTILE))
        .with(Filters::new(HOSTILE, HOSTILE).field(Field::new("y", HOSTILE, choice)).reset(Some(HOSTILE.to_owned())))
        .with(Notice::new(Tone::Bad, HOSTILE).detail(HOSTILE))
        .with(Empty::new(HOSTILE, HOSTILE))
        .with(Part::Listing(HOSTILE.to_owned()));
    for language in Language::ALL {
        let page = Sheet::new(frame(language), HOSTILE)
            .intro(HOSTILE)
            .crumb(HOSTILE, HOSTILE)
            .action(HOSTILE, HOSTILE)
            .state(StateMark::of(language, HOSTILE))
            .section(section.clone())
            .also(|also| also.cli(&[HOSTILE]).get(HOSTILE));
        escaped(&page.render().unwrap());
    }
}

#[test]
fn a_bar_is_never_longer_than_its_room() {
    assert_eq!(Meter::new(3, 4, "").percent, 75);
    assert_eq!(Meter::new(9, 4, "").percent, 100);
    assert_eq!(Meter::new(9, 0, "").percent, 0);
    assert_eq!(Meter::new(u64::MAX, u64::MAX, "").percent, 100);
    assert!(Meter::new(90, 100, "").is_full() && !Meter::new(89, 100, "").is_full());
}
