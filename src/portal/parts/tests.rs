//! Whatever it is given, a part escapes it.

use super::*;
use crate::portal::{Frame, Language, Place, Theme};
use chrono::{DateTime, Utc};

const HOSTILE: &str = "\"><script>alert('x')</script>&{{7*7}}";

fn escaped(text: &str) {
    // HOSTILE ends an attribute and begins an element: neither must come through.
    assert!(!text.contains("<script") && !text.contains("\"><script"), "{text}");
}

fn frame() -> Frame {
    Frame {
        language: Language::English,
        theme: Theme::System,
        place: Place::None,
        path: HOSTILE.to_owned(),
        person: None,
        allowed: Default::default(),
        csrf: HOSTILE.to_owned(),
        flash: None,
        now: DateTime::<Utc>::UNIX_EPOCH,
        broker: HOSTILE.to_owned(),
        address: "http://127.0.0.1:9".to_owned(),
        login: true,
    }
}

#[test]
fn every_part_escapes() {
    for tone in [Tone::Good, Tone::Busy, Tone::Warn, Tone::Bad, Tone::Quiet] {
        escaped(&StateMark::new(tone, HOSTILE).to_string());
        escaped(&Notice::new(tone, HOSTILE).detail(HOSTILE).link(HOSTILE, HOSTILE).to_string());
    }
    escaped(&StateMark::of(Language::German, HOSTILE).to_string());
    escaped(&Empty::new(HOSTILE, HOSTILE).action(HOSTILE, HOSTILE).to_string());
    let choices = vec![Choice { value: HOSTILE.to_owned(), label: HOSTILE.to_owned() }];
    for kind in [FieldKind::Line("text"), FieldKind::Lines(3), FieldKind::Choice(choices)] {
        let field = Field::new(HOSTILE, HOSTILE, kind).value(HOSTILE).hint(HOSTILE).error(Some(HOSTILE.to_owned()));
        escaped(&field.to_string());
    }
    escaped(&AlsoBy::new(&frame()).cli(&["app", "show", HOSTILE]).get(HOSTILE).to_string());
    let hostile = || Some(HOSTILE.to_owned());
    let pager = Pager {
        language: Language::French,
        shown: HOSTILE.to_owned(),
        first: hostile(),
        previous: hostile(),
        next: hostile(),
    };
    escaped(&pager.to_string());
}

#[test]
fn a_text_that_begins_with_a_line_end_keeps_it() {
    // HTML drops the first line end after <textarea>.
    let shown = Field::new("model", "Model", FieldKind::Lines(3)).value("\nhansa: 1\n").to_string();
    assert!(shown.contains(">\n\nhansa: 1\n</textarea>"), "{shown}");
}

#[test]
fn an_error_is_tied_to_its_field() {
    let shown = Field::new("name", "Name", FieldKind::Line("text")).error(Some("is taken".to_owned())).to_string();
    assert!(shown.contains("aria-invalid=\"true\"") && shown.contains("aria-describedby=\"f-name-error\""), "{shown}");
    assert!(shown.contains("id=\"f-name-error\""));
}

#[test]
fn every_state_has_a_word_in_every_language() {
    let phases = ["planning", "deploying", "running", "degraded", "blocked", "removing", "removed"];
    let workloads = ["prepared", "starting", "running", "unhealthy", "backing-off", "failed", "completed", "stopping"];
    let machines = ["held", "ordered", "ready", "lost", "releasing"];
    for language in Language::ALL {
        for name in phases.iter().chain(&workloads).chain(&machines) {
            assert!(language.knows(&format!("state-{name}")), "{name} in {}", language.tag());
        }
    }
}

#[test]
fn commands_name_the_broker_and_ask_for_a_token() {
    let shown = AlsoBy::new(&frame()).cli(&["app", "list"]).get("/api/v1/applications").to_string();
    for part in ["HANSA_SERVER=http://127.0.0.1:9", "hansa login", "$HANSA_TOKEN", "hansa app list"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}
