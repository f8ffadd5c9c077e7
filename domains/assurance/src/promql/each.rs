//! Functions of each element.

use super::{
    eval::Item,
    function::Each,
    numbers::{greatest, least},
};
use chrono::{DateTime, Datelike as _, Months, Timelike as _, Utc};

/// Applies the function to each element, with the numbers that it was given besides.
pub(super) fn vector(function: Each, items: Vec<Item>, parameters: &[f64]) -> Vec<Item> {
    let given = |place: usize, otherwise: f64| parameters.get(place).copied().unwrap_or(otherwise);
    let (first, second) = (given(0, 1.0), given(1, 1.0));
    if function == Each::Clamp && second < first {
        return Vec::new();
    }
    let apply = |item: Item| Item {
        labels: item.labels.without_metric(),
        value: if function.is_of_date() {
            date(function, item.value)
        } else {
            number(function, item.value, first, second)
        },
    };
    items.into_iter().map(apply).collect()
}

fn number(function: Each, value: f64, first: f64, second: f64) -> f64 {
    match function {
        Each::Abs => value.abs(),
        Each::Acos => value.acos(),
        Each::Acosh => value.acosh(),
        Each::Asin => value.asin(),
        Each::Asinh => value.asinh(),
        Each::Atan => value.atan(),
        Each::Atanh => value.atanh(),
        Each::Ceil => value.ceil(),
        Each::Clamp => greatest(first, least(second, value)),
        Each::ClampMax => least(first, value),
        Each::ClampMin => greatest(first, value),
        Each::Cos => value.cos(),
        Each::Cosh => value.cosh(),
        Each::Deg => value * 180.0 / std::f64::consts::PI,
        Each::Exp => value.exp(),
        Each::Floor => value.floor(),
        Each::Ln => value.ln(),
        Each::Log10 => value.log10(),
        Each::Log2 => value.log2(),
        Each::Rad => value * std::f64::consts::PI / 180.0,
        Each::Round => {
            // By the inverse, so that 0.1 rounds to what is nearest to a tenth.
            let inverse = 1.0 / first;
            (value * inverse + 0.5).floor() / inverse
        }
        Each::Sgn if value < 0.0 => -1.0,
        Each::Sgn if value > 0.0 => 1.0,
        Each::Sin => value.sin(),
        Each::Sinh => value.sinh(),
        Each::Sqrt => value.sqrt(),
        Each::Tan => value.tan(),
        Each::Tanh => value.tanh(),
        _ => value,
    }
}

/// A part of a date, in UTC; none for what is no time that a calendar has.
fn date(function: Each, value: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, reason = "what is beyond is no date")]
    let Some(time) = DateTime::<Utc>::from_timestamp(value as i64, 0).filter(|_| value.is_finite()) else {
        return f64::NAN;
    };
    let part = match function {
        Each::DayOfMonth => time.day(),
        Each::DayOfWeek => time.weekday().num_days_from_sunday(),
        Each::DayOfYear => time.ordinal(),
        Each::DaysInMonth => return days_in_month(time),
        Each::Hour => time.hour(),
        Each::Minute => time.minute(),
        Each::Month => time.month(),
        _ => return f64::from(time.year()),
    };
    f64::from(part)
}

fn days_in_month(time: DateTime<Utc>) -> f64 {
    let first = time.date_naive().with_day(1);
    let next = first.and_then(|first| first.checked_add_months(Months::new(1)));
    let days = first.zip(next).and_then(|(first, next)| i32::try_from((next - first).num_days()).ok());
    days.map_or(f64::NAN, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_dates() {
        // 2024-02-29T23:59:59Z, a Thursday.
        let leap = 1_709_251_199.9;
        for (function, expected) in [
            (Each::DayOfMonth, 29.0),
            (Each::DayOfWeek, 4.0),
            (Each::DayOfYear, 60.0),
            (Each::DaysInMonth, 29.0),
            (Each::Hour, 23.0),
            (Each::Minute, 59.0),
            (Each::Month, 2.0),
            (Each::Year, 2024.0),
        ] {
            assert_eq!(date(function, leap), expected, "{function:?}");
            assert!(date(function, f64::NAN).is_nan() && date(function, 1e300).is_nan(), "{function:?}");
        }
    }

    #[test]
    fn nothing_lies_between_bounds_that_cross() {
        let items = || vec![Item { labels: crate::Labels::empty(), value: 5.0 }];
        assert!(vector(Each::Clamp, items(), &[3.0, 1.0]).is_empty());
        assert_eq!(vector(Each::Clamp, items(), &[1.0, 3.0]).first().map(|item| item.value), Some(3.0));
        assert_eq!(vector(Each::Round, items(), &[]).first().map(|item| item.value), Some(5.0));
    }
}
