//! Looking ahead by the recent past, honestly: a forecast counts only while
//! forecasts of the same kind were lately nearer to what came than simply
//! taking the last measurement for what will come.

use crate::measure::{Measured, age, delta};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::resource_model::scaling::Prediction;

/// About how many measurements are kept of one metric: two days of one every
/// two minutes. They are stored each round.
const MOST: usize = 1_440;
/// How many recent moments the forecasts are judged by.
const JUDGED: i32 = 12;
/// Fewer moments than this prove nothing.
const FEWEST: usize = 6;

/// What is expected.
pub(super) struct Outlook {
    /// The value that is expected; none where the forecasts are no better than the measurement.
    pub(super) expected: Option<f64>,
    /// Why, in words.
    pub(super) words: String,
}

/// Notes the measurement, and looks ahead.
pub(super) fn look_ahead(
    prediction: &Prediction,
    history: &mut Vec<Measured>,
    measured: Measured,
    now: DateTime<Utc>,
) -> Outlook {
    note(prediction, history, measured);
    let ahead = delta(prediction.ahead);
    let none = |words: String| Outlook { expected: None, words };
    let (mut forecasts, mut lasts, mut judged) = (0.0, 0.0, 0_usize);
    for back in 0..JUDGED {
        // A forecast made so long ago that what it foretold has come.
        let made = now - ahead - ahead * back / 4;
        let Some(came) = at(history, made + ahead) else { continue };
        let Some(last) = at(history, made) else { continue };
        let Some(forecast) = forecast(prediction, history, made) else { continue };
        forecasts += (forecast - came).abs();
        lasts += (last - came).abs();
        judged += 1;
    }
    if judged < FEWEST {
        return none(format!("not looked ahead: {judged} forecasts can be judged, {FEWEST} are needed"));
    }
    let Some(expected) = forecast(prediction, history, now) else {
        return none("not looked ahead: the past is too short".to_owned());
    };
    let count = f64::from(u32::try_from(judged).unwrap_or(u32::MAX));
    let (error, lag) = (forecasts / count, lasts / count);
    // What can't be compared is not believed either.
    if error.partial_cmp(&lag) != Some(std::cmp::Ordering::Less) || !expected.is_finite() {
        let words = format!("not looked ahead: lately forecasts were off by {error:.3}, the measurement by {lag:.3}");
        return none(words);
    }
    let words = format!(
        "in {} {expected:.3} are expected (lately forecasts were off by {error:.3}, the measurement by {lag:.3})",
        prediction.ahead
    );
    Outlook { expected: Some(expected), words }
}

/// The span that is remembered: two seasons, or what a trend and its judgement need.
fn remembered(prediction: &Prediction) -> TimeDelta {
    let ahead = delta(prediction.ahead);
    match prediction.season {
        Some(season) => delta(season) * 2 + ahead * 8,
        None => ahead * 20,
    }
}

fn note(prediction: &Prediction, history: &mut Vec<Measured>, measured: Measured) {
    let span = remembered(prediction);
    // A little less than their share, so that samples that come as often are all kept.
    let least = span / i32::try_from(MOST).unwrap_or(i32::MAX) * 3 / 4;
    let fits = history.last().is_none_or(|last| measured.at >= last.at + least && measured.at > last.at);
    if fits {
        history.push(measured);
    }
    let first = history.partition_point(|it| it.at < measured.at - span);
    history.drain(..first);
}

/// The last value at or before a moment, if it is not too old for it.
fn at(history: &[Measured], moment: DateTime<Utc>) -> Option<f64> {
    let place = history.partition_point(|it| it.at <= moment).checked_sub(1)?;
    let found = history.get(place)?;
    let typical = spacing(history);
    (moment - found.at <= typical * 4).then_some(found.value)
}

fn spacing(history: &[Measured]) -> TimeDelta {
    let (Some(first), Some(last)) = (history.first(), history.last()) else { return TimeDelta::zero() };
    (last.at - first.at) / i32::try_from(history.len().saturating_sub(1).max(1)).unwrap_or(i32::MAX)
}

fn mean(history: &[Measured], from: DateTime<Utc>, to: DateTime<Utc>) -> Option<f64> {
    let first = history.partition_point(|it| it.at <= from);
    let last = history.partition_point(|it| it.at <= to);
    let part = history.get(first..last)?;
    let count = u32::try_from(part.len()).ok().filter(|count| *count > 0)?;
    Some(part.iter().map(|it| it.value).sum::<f64>() / f64::from(count))
}

/// What would have been expected at a moment, by what was known then.
fn forecast(prediction: &Prediction, history: &[Measured], made: DateTime<Utc>) -> Option<f64> {
    let ahead = delta(prediction.ahead);
    match prediction.season {
        Some(season) => seasonal(history, made, ahead, delta(season)),
        None => trend(history, made, ahead),
    }
}

/// The seasonal naive forecast, at the level of now: what came a season ago,
/// times how much more there is lately than there was then.
fn seasonal(history: &[Measured], made: DateTime<Utc>, ahead: TimeDelta, season: TimeDelta) -> Option<f64> {
    let before = at(history, made + ahead - season)?;
    let lately = mean(history, made - ahead * 4, made)?;
    let then = mean(history, made - season - ahead * 4, made - season)?;
    let level = if then > 0.0 { (lately / then).clamp(0.5, 2.0) } else { 1.0 };
    Some((before * level).max(0.0))
}

/// Holt's linear trend (double exponential smoothing) over the last `ahead × 10`.
fn trend(history: &[Measured], made: DateTime<Utc>, ahead: TimeDelta) -> Option<f64> {
    const LEVEL: f64 = 0.5;
    const SLOPE: f64 = 0.2;
    let first = history.partition_point(|it| it.at < made - ahead * 10);
    let last = history.partition_point(|it| it.at <= made);
    let part = history.get(first..last).filter(|part| part.len() >= 4)?;
    let mut values = part.iter();
    let start = values.next()?;
    let (mut level, mut slope, mut before) = (start.value, 0.0_f64, start.at);
    for one in values {
        let seconds = seconds(before, one.at).max(1e-6);
        let next = LEVEL.mul_add(one.value, (1.0 - LEVEL) * slope.mul_add(seconds, level));
        slope = SLOPE.mul_add((next - level) / seconds, (1.0 - SLOPE) * slope);
        (level, before) = (next, one.at);
    }
    Some(slope.mul_add(seconds(before, made + ahead), level).max(0.0))
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of days are exact")]
fn seconds(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    age(to, from).0 as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use hansa_ontology::quantity::TimeSpan;

    const MINUTE: i64 = 60;

    fn moment(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_760_000_000 + second, 0).unwrap()
    }

    /// Looks ahead every minute; gives how often a forecast counted, and the last words.
    fn watch(prediction: &Prediction, minutes: i64, load: impl Fn(i64) -> f64) -> (usize, String) {
        let (mut history, mut counted, mut words) = (Vec::new(), 0, String::new());
        for minute in 0..minutes {
            let now = moment(minute * MINUTE);
            let outlook = look_ahead(prediction, &mut history, Measured { value: load(minute), at: now }, now);
            counted += usize::from(outlook.expected.is_some());
            words = outlook.words;
            assert!(history.len() <= MOST * 4 / 3 + 1);
        }
        (counted, words)
    }

    fn trend() -> Prediction {
        Prediction { ahead: TimeSpan::from_millis(240_000), season: None }
    }

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn a_steady_rise_is_seen_coming() {
        let (counted, words) = watch(&trend(), 120, |minute| 10.0 * minute as f64);
        assert!(counted > 80, "{counted} {words}");
        assert!(words.contains("are expected"), "{words}");
    }

    #[test]
    fn what_jumps_about_is_not_believed() {
        // A walk whose every step is as likely up as down: the last value is the best guess.
        let mut step = 12_345_u64;
        let walk: Vec<f64> = std::iter::repeat_with(|| {
            step = step.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if step >> 63 == 0 { -10.0 } else { 10.0 }
        })
        .take(1_000)
        .scan(5_000.0, |at, step| {
            *at += step;
            Some(*at)
        })
        .collect();
        let (counted, words) = watch(&trend(), 1_000, |minute| walk[usize::try_from(minute).unwrap()]);
        assert!(counted < 400, "{counted} {words}");
    }

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn what_repeats_itself_is_seen_coming_and_a_short_past_is_not_enough() {
        let season = TimeSpan::from_millis(60 * 60_000);
        let prediction = Prediction { ahead: TimeSpan::from_millis(300_000), season: Some(season) };
        let load = |minute: i64| if minute % 60 < 30 { 100.0 } else { 500.0 + (minute % 7) as f64 };
        let (early, words) = watch(&prediction, 50, load);
        assert_eq!(early, 0, "{words}");
        assert!(words.contains("forecasts can be judged"), "{words}");
        let (counted, _) = watch(&prediction, 300, load);
        assert!(counted > 50, "{counted}");
    }
}
