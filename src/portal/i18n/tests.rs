//! Every language says everything, with the same arguments; no template says anything by itself.

use super::{Language, catalogue};
use chrono::{DateTime, TimeDelta, Utc};
use fluent_bundle::FluentResource;
use hansa_ontology::{Currency, Money};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Messages of a language with the names of their arguments.
fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::new();
    for (name, text) in catalogue::texts(language) {
        FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(_, errors)| panic!("{name}: {errors:?}"));
        let mut key = String::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let begins = line.starts_with(|letter: char| letter.is_ascii_lowercase());
            if let Some((new, _)) = line.split_once(" = ").filter(|_| begins) {
                new.clone_into(&mut key);
                assert!(all.insert(key.clone(), BTreeSet::new()).is_none(), "{key} stands twice in {}", language.tag());
                let prefixed = *name == "common" || key.starts_with(&format!("{name}-"));
                assert!(prefixed, "{key} in {name}.ftl does not begin with {name}-");
            }
            for part in line.split('$').skip(1) {
                let argument: String =
                    part.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '-').collect();
                all.get_mut(&key).unwrap().insert(argument);
            }
        }
    }
    all
}

#[test]
fn all_languages_say_the_same() {
    let english = messages(Language::English);
    assert!(english.len() > 80);
    for language in [Language::German, Language::French, Language::Spanish] {
        let other = messages(language);
        let keys = |of: &BTreeMap<String, BTreeSet<String>>| of.keys().cloned().collect::<BTreeSet<_>>();
        let (ours, theirs) = (keys(&english), keys(&other));
        let lacks: Vec<_> = ours.symmetric_difference(&theirs).collect();
        assert!(lacks.is_empty(), "{}: {lacks:?}", language.tag());
        for (key, arguments) in &english {
            assert_eq!(arguments, &other[key], "{key} in {}", language.tag());
        }
    }
}

#[test]
fn every_file_is_taken_in() {
    let names: BTreeSet<String> = catalogue::NAMES.iter().map(|name| format!("{name}.ftl")).collect();
    for language in Language::ALL {
        let directory = root().join("locales").join(language.tag());
        let files: BTreeSet<String> =
            fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert_eq!(files, names, "{}", language.tag());
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/portal")
}

fn files(directory: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
}

/// Cuts out everything from each `open` to the next `close`.
fn without(text: &str, open: &str, close: &str, instead: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once(open) {
        kept.push_str(before);
        kept.push_str(instead);
        rest = inside.split_once(close).map_or("", |(_, after)| after);
    }
    kept + rest
}

#[test]
fn no_template_says_anything_by_itself() {
    let mut templates = Vec::new();
    files(&root().join("templates"), "html", &mut templates);
    assert!(templates.len() > 5);
    for path in templates {
        let text = fs::read_to_string(&path).unwrap();
        let bare = without(&without(&without(&text, "{#", "#}", ""), "{%", "%}", ""), "{{", "}}", "0");
        for attribute in ["aria-label=\"", "title=\"", "placeholder=\"", "alt=\"", "data-label=\""] {
            for part in bare.split(attribute).skip(1) {
                let value = part.split('"').next().unwrap_or_default();
                assert!(!value.contains(char::is_alphabetic), "{}: {attribute}{value}\"", path.display());
            }
        }
        let words = without(&bare, "<", ">", " ");
        let words: Vec<&str> = words.split_whitespace().filter(|word| word.contains(char::is_alphabetic)).collect();
        assert!(words.is_empty(), "{}: {words:?}", path.display());
    }
}

#[test]
fn every_message_that_is_asked_for_is_there_and_every_one_there_is_asked_for() {
    let mut sources = Vec::new();
    files(&root(), "html", &mut sources);
    files(&root(), "rs", &mut sources);
    files(&root().join("../http/portal"), "rs", &mut sources);
    sources.retain(|path| !path.ends_with("i18n/tests.rs"));
    let text: String = sources.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let all: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let english = messages(Language::English);
    for call in [".t(\"", ".msg(\""] {
        for part in all.split(call).skip(1) {
            let key = part.split('"').next().unwrap_or_default();
            assert!(english.contains_key(key), "{key} is asked for, and no language says it");
        }
    }
    let composed = ["state-", "plan-code-"];
    for key in english.keys().filter(|key| !composed.iter().any(|prefix| key.starts_with(prefix))) {
        assert!(all.contains(&format!("\"{key}\"")), "{key} is said, and nobody asks for it");
    }
}

#[test]
fn a_browser_gets_the_best_language_it_accepts() {
    for (accepted, best) in [
        ("", Language::English),
        ("de", Language::German),
        ("de-AT,de;q=0.9,en;q=0.5", Language::German),
        ("fr-CA", Language::French),
        ("pt-BR, es;q=0.8, en;q=0.1", Language::Spanish),
        ("ja", Language::English),
        ("*", Language::English),
        ("en;q=0.2, fr;q=0.9", Language::French),
        ("\u{0}\u{ff}nonsense;;;", Language::English),
    ] {
        assert_eq!(Language::negotiated(accepted), best, "{accepted}");
    }
}

#[test]
fn numbers_and_money_are_written_as_the_language_has_them() {
    let euro = |micros| Money::new(micros, Currency::EUR);
    let dollar = Money::new(1_234_500_000, "USD".parse().unwrap());
    let said = |language: Language| {
        [
            language.decimal("1234567.25"),
            language.money(euro(12_500)),
            language.money(dollar),
            language.money_rounded(euro(-1_005_000)),
        ]
    };
    assert_eq!(said(Language::English), ["1,234,567.25", "\u{20ac}0.0125", "USD\u{a0}1,234.50", "\u{20ac}-1.01"]);
    assert_eq!(
        said(Language::German),
        ["1.234.567,25", "0,0125\u{a0}\u{20ac}", "1.234,50\u{a0}USD", "-1,01\u{a0}\u{20ac}"]
    );
    assert_eq!(Language::French.money(euro(2_000_000)), "2,00\u{a0}\u{20ac}");
    assert_eq!(Language::Spanish.percentage("99.95"), "99,95\u{a0}%");
    assert_eq!(Language::English.percent(0.0312, 1), "3.1%");
    assert_eq!(Language::German.decimal("n/a"), "n/a");
}

#[test]
fn time_is_said_as_the_language_has_it() {
    let at: DateTime<Utc> = "2026-03-09T15:04:05Z".parse().unwrap();
    assert_eq!(Language::English.minute(at), "9 Mar 2026, 15:04 UTC");
    assert_eq!(Language::German.minute(at), "09.03.2026, 15:04 UTC");
    assert_eq!(Language::French.day(at), "9 mars 2026");
    assert_eq!(Language::Spanish.day(at), "9 mar 2026");
    let ago = |seconds| Language::German.ago(at, at + TimeDelta::seconds(seconds));
    assert_eq!(ago(2), "gerade eben");
    assert_eq!(ago(60), "vor 1 Minute");
    assert_eq!(ago(7_300), "vor 2 Stunden");
    assert_eq!(ago(90_000), "vor 1 Tag");
    assert_eq!(ago(40 * 86_400), "09.03.2026");
    assert_eq!(Language::English.ago(at, at - TimeDelta::hours(1)), "just now", "clocks may differ");
    assert_eq!(Language::English.span(TimeDelta::seconds(90_061)), "1 d 1 h");
    assert_eq!(Language::English.span(TimeDelta::seconds(3_600)), "1 h");
    assert_eq!(Language::English.span(TimeDelta::seconds(0)), "0 s");
}

#[test]
fn plurals_are_chosen_by_number() {
    assert_eq!(Language::French.msg("ago-days").with("count", 1).to_string(), "il y a 1 jour");
    assert_eq!(Language::Spanish.msg("ago-days").with("count", 2).to_string(), "hace 2 d\u{ed}as");
    assert_eq!(Language::English.t("no-such-message"), "no-such-message");
}
