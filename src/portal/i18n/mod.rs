//! Languages: which there are, which one a visitor wants, and what is said in it.
//!
//! What a broker or a partner says in a sentence of its own (a reason, an event)
//! is English and stays so; pages mark it with `lang="en"`.

mod catalogue;
mod format;
mod message;
#[cfg(test)]
mod tests;

pub(crate) use message::Message;

use fluent_langneg::{NegotiationStrategy, convert_vec_str_to_langids_lossy, negotiate_languages};

/// A language of the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub(crate) enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
    /// French.
    French,
    /// Spanish.
    Spanish,
}

impl Language {
    /// Every language, in the order of the switch.
    pub(crate) const ALL: [Self; 4] = [Self::English, Self::German, Self::French, Self::Spanish];

    /// Its tag (BCP 47).
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
        }
    }

    /// What it calls itself.
    pub(crate) const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
            Self::French => "Fran\u{e7}ais",
            Self::Spanish => "Espa\u{f1}ol",
        }
    }

    /// The language of a tag.
    pub(crate) fn of_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// The best for what a browser accepts (RFC 9110, section 12.5.4); English where it accepts none.
    pub(crate) fn negotiated(accepted: &str) -> Self {
        let available = convert_vec_str_to_langids_lossy(Self::ALL.map(Self::tag));
        let wanted = convert_vec_str_to_langids_lossy(by_weight(accepted));
        let found = negotiate_languages(&wanted, &available, None, NegotiationStrategy::Filtering);
        found.first().and_then(|best| Self::of_tag(&best.to_string())).unwrap_or_default()
    }

    /// A text without arguments.
    pub(crate) fn t(self, key: &str) -> String {
        catalogue::say(self, key, None)
    }

    /// A text that takes arguments: `language.msg("applications-count").with("count", 3)`.
    pub(crate) fn msg(self, key: &str) -> Message {
        Message::new(self, key)
    }

    /// Whether there is such a text.
    pub(crate) fn knows(self, key: &str) -> bool {
        catalogue::knows(self, key)
    }
}

/// Languages that a browser accepts at all: a header can be long.
const MOST_ACCEPTED: usize = 32;

/// The tags of Accept-Language, the most wanted first.
fn by_weight(accepted: &str) -> Vec<&str> {
    let mut tags: Vec<(&str, f32)> = accepted
        .split(',')
        .take(MOST_ACCEPTED)
        .map(|part| {
            let (tag, rest) = part.split_once(';').unwrap_or((part, ""));
            let weight = rest.trim().strip_prefix("q=").map_or(1.0, |weight| weight.trim().parse().unwrap_or_default());
            (tag.trim(), weight)
        })
        .filter(|(tag, weight)| !tag.is_empty() && *weight > 0.0)
        .collect();
    tags.sort_by(|a, b| b.1.total_cmp(&a.1));
    tags.into_iter().map(|(tag, _)| tag).collect()
}
