//! The messages of each language, compiled in and parsed once.

use super::Language;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use std::{collections::BTreeMap, sync::LazyLock};
use unic_langid::LanguageIdentifier;

type Bundle = FluentBundle<FluentResource>;

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        /// The names of the files that each language has.
        #[cfg(test)]
        pub(super) const NAMES: &[&str] = &[$($name),+];

        /// What is written in them.
        pub(super) const fn texts(language: Language) -> &'static [(&'static str, &'static str)] {
            match language {
                Language::English => &[$(($name, include_str!(concat!("../locales/en/", $name, ".ftl")))),+],
                Language::German => &[$(($name, include_str!(concat!("../locales/de/", $name, ".ftl")))),+],
                Language::French => &[$(($name, include_str!(concat!("../locales/fr/", $name, ".ftl")))),+],
                Language::Spanish => &[$(($name, include_str!(concat!("../locales/es/", $name, ".ftl")))),+],
            }
        }
    };
}

// One file for each page; `common` holds what all pages need.
files![
    "account",
    "alerts",
    "app",
    "applications",
    "audit",
    "carbon",
    "common",
    "confirm",
    "contracts",
    "costs",
    "credentials",
    "faults",
    "flavours",
    "infrastructure",
    "maintenance",
    "model",
    "moves",
    "offer",
    "offers",
    "overview",
    "partners",
    "plan",
    "projects",
    "promises",
    "remove",
    "sales",
    "settlements",
    "sheet",
    "sign-in",
    "sign-out",
    "sites",
    "systems",
];

static BUNDLES: LazyLock<BTreeMap<&'static str, Bundle>> =
    LazyLock::new(|| Language::ALL.into_iter().map(|language| (language.tag(), bundle(language))).collect());

fn bundle(language: Language) -> Bundle {
    let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![tag]);
    // Marks around arguments would be for right-to-left scripts, which no language here has.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(match language {
        Language::English => |value, _| number(Language::English, value),
        Language::German => |value, _| number(Language::German, value),
        Language::French => |value, _| number(Language::French, value),
        Language::Spanish => |value, _| number(Language::Spanish, value),
    }));
    for (name, text) in texts(language) {
        let resource = FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(resource, errors)| {
            tracing::error!(file = name, language = language.tag(), ?errors, "messages can't be read");
            resource
        });
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(file = name, language = language.tag(), ?errors, "messages stand twice");
        }
    }
    bundle
}

/// Whole numbers as the language writes them.
fn number(language: Language, value: &FluentValue<'_>) -> Option<String> {
    match value {
        FluentValue::Number(number) => Some(language.decimal(&number.value.to_string())),
        _ => None,
    }
}

/// A message with its arguments. What isn't there is shown as its key, so that
/// a page never fails for want of a word.
pub(super) fn say(language: Language, key: &str, arguments: Option<&FluentArgs<'_>>) -> String {
    let pattern = BUNDLES.get(language.tag()).and_then(|bundle| {
        let (id, attribute) = key.split_once('.').map_or((key, None), |(id, attribute)| (id, Some(attribute)));
        let message = bundle.get_message(id)?;
        let pattern = match attribute {
            Some(name) => message.get_attribute(name)?.value(),
            None => message.value()?,
        };
        let mut faults = Vec::new();
        let said = bundle.format_pattern(pattern, arguments, &mut faults).into_owned();
        if !faults.is_empty() {
            tracing::warn!(key, language = language.tag(), ?faults, "a message lacks an argument");
        }
        Some(said)
    });
    pattern.unwrap_or_else(|| {
        tracing::warn!(key, language = language.tag(), "there is no such message");
        key.to_owned()
    })
}

/// Whether there is such a message.
pub(super) fn knows(language: Language, key: &str) -> bool {
    BUNDLES.get(language.tag()).is_some_and(|bundle| bundle.has_message(key))
}
