//! Numbers, money and time as each language writes them.

use super::Language;
use chrono::{DateTime, Datelike as _, TimeDelta, Timelike as _, Utc};
use hansa_ontology::{Money, money::Micros};
use icu_datetime::{
    DateTimeFormatter,
    fieldsets::{YMD, YMDT},
    input::{Date, DateTime as Moment, Time},
};
use icu_decimal::{DecimalFormatter, input::Decimal};
use icu_locale_core::Locale;
use std::collections::BTreeMap;

/// A no-break space: between a number and what belongs to it.
const NBSP: char = '\u{a0}';

struct Formats {
    decimal: DecimalFormatter,
    day: DateTimeFormatter<YMD>,
    minute: DateTimeFormatter<YMDT>,
}

thread_local! {
    // ICU's formatters stay with their thread.
    static FORMATS: BTreeMap<&'static str, Formats> = {
        let with = |language: Language| Formats::new(language).map(|formats| (language.tag(), formats));
        Language::ALL.into_iter().filter_map(with).collect()
    };
}

impl Formats {
    /// None only where a language's data were not compiled in; then plain forms are shown.
    fn new(language: Language) -> Option<Self> {
        // Day before month and 24 hours: the English of Europe.
        let tag = if language == Language::English { "en-GB" } else { language.tag() };
        let locale: Locale = tag.parse().ok()?;
        Some(Self {
            decimal: DecimalFormatter::try_new(
                (&locale).into(),
                icu_decimal::options::DecimalFormatterOptions::default(),
            )
            .ok()?,
            day: DateTimeFormatter::try_new((&locale).into(), YMD::medium()).ok()?,
            minute: DateTimeFormatter::try_new((&locale).into(), YMD::medium().with_time_hm()).ok()?,
        })
    }
}

impl Language {
    fn with_formats<T>(self, say: impl FnOnce(&Formats) -> Option<T>) -> Option<T> {
        FORMATS.with(|formats| say(formats.get(self.tag())?))
    }

    /// A plain decimal number, `1234.5`, with this language's separators. What is no number stays as it is.
    pub(crate) fn decimal(self, plain: &str) -> String {
        let said = self.with_formats(|formats| {
            let number = plain.parse::<Decimal>().ok()?;
            Some(formats.decimal.format(&number).to_string())
        });
        said.unwrap_or_else(|| plain.to_owned())
    }

    /// An exact amount of money, with two decimals at least and as many as it has.
    pub(crate) fn money(self, money: Money) -> String {
        let plain = Micros(money.micros).to_string();
        let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
        self.amount(&format!("{whole}.{part:0<2}"), money.currency.as_str())
    }

    /// An amount of money rounded to hundredths (half away from zero): for sums over long times.
    pub(crate) fn money_rounded(self, money: Money) -> String {
        let sign = if money.micros < 0 { "-" } else { "" };
        let hundredths = money.micros.unsigned_abs().saturating_add(5_000) / 10_000;
        self.amount(&format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100), money.currency.as_str())
    }

    fn amount(self, plain: &str, currency: &str) -> String {
        let number = self.decimal(plain);
        let sign = if currency == "EUR" { "\u{20ac}" } else { currency };
        match self {
            Self::English if sign == currency => format!("{sign}{NBSP}{number}"),
            Self::English => format!("{sign}{number}"),
            _ => format!("{number}{NBSP}{sign}"),
        }
    }

    /// A share from 0 to 1 as a percentage with at most this many decimals.
    pub(crate) fn percent(self, share: f64, decimals: usize) -> String {
        let plain = format!("{:.decimals$}", share * 100.0);
        let trimmed = if plain.contains('.') { plain.trim_end_matches('0').trim_end_matches('.') } else { &plain };
        self.percentage(trimmed)
    }

    /// A plain decimal number of percent.
    pub(crate) fn percentage(self, plain: &str) -> String {
        match self {
            Self::English => format!("{}%", self.decimal(plain)),
            _ => format!("{}{NBSP}%", self.decimal(plain)),
        }
    }

    /// Day, hour and minute in UTC.
    pub(crate) fn minute(self, at: DateTime<Utc>) -> String {
        match self.said(at, true) {
            Some(said) => format!("{said} UTC"),
            None => at.format("%Y-%m-%d %H:%M UTC").to_string(),
        }
    }

    /// The day in UTC.
    pub(crate) fn day(self, at: DateTime<Utc>) -> String {
        self.said(at, false).unwrap_or_else(|| at.format("%Y-%m-%d").to_string())
    }

    fn said(self, at: DateTime<Utc>, with_time: bool) -> Option<String> {
        let small = |number: u32| u8::try_from(number).ok();
        let date = Date::try_new_iso(at.year(), small(at.month())?, small(at.day())?).ok()?;
        if !with_time {
            return self.with_formats(|formats| Some(formats.day.format(&date).to_string()));
        }
        let time = Time::try_new(small(at.hour())?, small(at.minute())?, small(at.second())?, 0).ok()?;
        self.with_formats(|formats| Some(formats.minute.format(&Moment { date, time }).to_string()))
    }

    /// How long ago, in the largest unit that fits.
    pub(crate) fn ago(self, at: DateTime<Utc>, now: DateTime<Utc>) -> String {
        let passed = now - at;
        let (key, count) = match passed {
            passed if passed < TimeDelta::seconds(5) => return self.t("ago-now"),
            passed if passed < TimeDelta::minutes(1) => ("ago-seconds", passed.num_seconds()),
            passed if passed < TimeDelta::hours(1) => ("ago-minutes", passed.num_minutes()),
            passed if passed < TimeDelta::days(1) => ("ago-hours", passed.num_hours()),
            passed if passed < TimeDelta::days(30) => ("ago-days", passed.num_days()),
            _ => return self.day(at),
        };
        self.msg(key).with("count", count).to_string()
    }

    /// How long, in at most two units: `3 d 4 h`, `12 min`.
    pub(crate) fn span(self, span: TimeDelta) -> String {
        let seconds = span.num_seconds().max(0);
        let units = [
            ("span-days", seconds / 86_400),
            ("span-hours", seconds / 3_600 % 24),
            ("span-minutes", seconds / 60 % 60),
            ("span-seconds", seconds % 60),
        ];
        let first = units.iter().position(|(_, count)| *count > 0).unwrap_or(units.len() - 1);
        let said: Vec<String> = units
            .iter()
            .skip(first)
            .take(2)
            .enumerate()
            .filter(|(index, (_, count))| *index == 0 || *count > 0)
            .map(|(_, (key, count))| self.msg(key).with("count", *count).to_string())
            .collect();
        said.join(" ")
    }
}
