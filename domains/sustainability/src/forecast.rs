//! What an intensity, or a price, is expected to be.
//!
//! Where a source gives a forecast, that is used ([`combined`]). Else a model of the
//! series itself: its mean day (working days and weekends apart) over the last
//! weeks, and how far the latest value is from that, which fades with the lead as it
//! did in those weeks. Each expectation has the interval in which eight of ten fell.
//! Fractions are used here and nowhere in a sum that is charged or reported.

use crate::intensity::Series;
use chrono::{DateTime, Datelike as _, Timelike as _};
use chrono_tz::Tz;
use serde::Serialize;

/// Steps of an hour.
const HOUR: i64 = 3_600;
const DAY: usize = 24;

/// How a model is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How many days it looks back.
    pub days: usize,
    /// How many hours it looks ahead.
    pub horizon: usize,
    /// Whose clock days, working days and weekends go by.
    pub zone: Tz,
}

impl Default for Settings {
    /// Four weeks back, two days ahead, by UTC.
    fn default() -> Self {
        Self { days: 28, horizon: 48, zone: Tz::UTC }
    }
}

/// What is expected of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Expected {
    /// The hour's begin, in seconds since 1970.
    pub begin: i64,
    /// The expectation, in the unit of the series.
    pub value: i64,
    /// One of ten fell below it.
    pub low: i64,
    /// One of ten fell above it.
    pub high: i64,
}

/// A model of one series, made at one time.
#[derive(Debug, Clone)]
pub struct Model {
    zone: Tz,
    /// Mean by kind of day and hour.
    profile: Vec<f64>,
    /// By lead, beginning with an hour: how much of the latest deviation is left, and
    /// the tenth and ninetieth percentile of what was then wrong.
    leads: Vec<(f64, f64, f64)>,
    /// Nothing below it is expected: 0, or the least that was there, as of prices.
    floor: f64,
}

/// Working day or weekend, and the hour of the local clock. On the days on which
/// clocks are changed one hour is missing or comes twice, and nothing else happens.
fn slot(zone: Tz, begin: i64) -> usize {
    let local = DateTime::from_timestamp(begin, 0).unwrap_or_default().with_timezone(&zone);
    let weekend = local.weekday().num_days_from_monday() >= 5;
    usize::from(weekend) * DAY + usize::try_from(local.hour()).unwrap_or_default() % DAY
}

#[allow(clippy::cast_precision_loss, reason = "an expectation is no account")]
fn float(value: i64) -> f64 {
    value as f64
}

#[allow(clippy::cast_possible_truncation, reason = "saturates, and an expectation is no account")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

impl Model {
    /// Learns from what was known before `now`. None where less than two days were.
    /// `series` may have any step; hours are taken as their mean.
    #[must_use]
    pub fn learn(series: &Series, now: i64, settings: Settings) -> Option<Self> {
        let end = now.div_euclid(HOUR) * HOUR;
        let hours = i64::try_from(settings.days * DAY).unwrap_or_default();
        let known: Vec<(usize, Option<f64>)> = (0..hours)
            .map(|back| end - (hours - back) * HOUR)
            .map(|begin| (slot(settings.zone, begin), hour(series, begin)))
            .collect();
        let values = known.iter().filter(|(_, value)| value.is_some()).count();
        if values < 2 * DAY {
            return None;
        }
        let profile = profile(&known);
        let wrong: Vec<Option<f64>> = known.iter().map(|(slot, value)| Some((*value)? - profile.get(*slot)?)).collect();
        let leads = (1..=settings.horizon).map(|lead| fade(&wrong, lead)).collect();
        let floor = known.iter().filter_map(|(_, value)| *value).fold(0.0, f64::min);
        Some(Self { zone: settings.zone, profile, leads, floor })
    }

    /// Expects the hours after `now`, from the latest hour that is known before it.
    /// Nothing is expected beyond the horizon of the model.
    #[must_use]
    pub fn expect(&self, series: &Series, now: i64) -> Vec<Expected> {
        let end = now.div_euclid(HOUR) * HOUR;
        let latest = (1..=6).find_map(|back| Some((back, hour(series, end - back * HOUR)?)));
        let mean = |begin| self.profile.get(slot(self.zone, begin)).copied().unwrap_or_default();
        let (back, off) = latest.map_or((1, 0.0), |(back, value)| (back, value - mean(end - back * HOUR)));
        let late = usize::try_from(back - 1).unwrap_or_default();
        let expected = |(begin, (left, low, high)): (i64, &(f64, f64, f64))| {
            let value = (mean(begin) + left * off).max(self.floor);
            Expected {
                begin,
                value: whole(value),
                low: whole((value + low).max(self.floor)),
                high: whole((value + high).max(self.floor)),
            }
        };
        let begins = (0_i64..).map(|number| end + number * HOUR);
        begins.zip(self.leads.iter().skip(late)).map(expected).collect()
    }
}

fn hour(series: &Series, begin: i64) -> Option<f64> {
    let value =
        if series.step() == HOUR { series.at(begin) } else { series.mean(begin, begin + HOUR).map(|all| all.0) };
    value.map(float)
}

/// Means by kind of day and hour. What is not known of a weekend is taken from
/// working days, and the other way round; then from the mean of all.
fn profile(known: &[(usize, Option<f64>)]) -> Vec<f64> {
    let mut sums = vec![(0.0, 0_u32); 2 * DAY];
    for (slot, value) in known {
        if let (Some(value), Some(sum)) = (value, sums.get_mut(*slot)) {
            *sum = (sum.0 + value, sum.1 + 1);
        }
    }
    let all = sums.iter().fold((0.0, 0), |all, sum| (all.0 + sum.0, all.1 + sum.1));
    let mean = |sum: &(f64, u32)| (sum.1 > 0).then(|| sum.0 / f64::from(sum.1));
    let other = |place: usize| sums.get((place + DAY) % (2 * DAY)).and_then(mean);
    let each = |(place, sum)| mean(sum).or_else(|| other(place)).or_else(|| mean(&all)).unwrap_or_default();
    sums.iter().enumerate().map(each).collect()
}

/// How much of a deviation was left after some hours (least squares, from nothing to
/// all of it), and what was then wrong.
fn fade(wrong: &[Option<f64>], lead: usize) -> (f64, f64, f64) {
    let pairs = || wrong.iter().zip(wrong.iter().skip(lead)).filter_map(|(now, then)| Some(((*now)?, (*then)?)));
    let (both, square) = pairs().fold((0.0, 0.0), |sum, (now, then)| (sum.0 + now * then, sum.1 + now * now));
    let left = if square > 0.0 { (both / square).clamp(0.0, 1.0) } else { 0.0 };
    let mut rest: Vec<f64> = pairs().map(|(now, then)| then - left * now).collect();
    let mut place = |tenths: usize| {
        let place = (rest.len() * tenths / 10).min(rest.len().checked_sub(1)?);
        Some(*rest.select_nth_unstable_by(place, f64::total_cmp).1)
    };
    let (low, high) = (place(1).unwrap_or_default(), place(9).unwrap_or_default());
    (left, low.min(0.0), high.max(0.0))
}

/// The source's own forecast where it has one, the model's where it has none. The
/// interval is the model's, moved to the source's expectation.
#[must_use]
pub fn combined(model: Vec<Expected>, source: Option<&Series>) -> Vec<Expected> {
    let Some(source) = source else { return model };
    let moved = |expected: Expected| match source.mean(expected.begin, expected.begin + HOUR) {
        Some((value, _)) => {
            let by = value - expected.value;
            Expected {
                value,
                low: (expected.low + by).max(expected.low.min(0)).min(value),
                high: expected.high + by,
                ..expected
            }
        }
        None => expected,
    };
    model.into_iter().map(moved).collect()
}

/// How good expectations were: mean absolute errors, in the unit of the series.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Skill {
    /// How many expectations were compared with what came.
    pub compared: usize,
    /// Of the model.
    pub error: f64,
    /// Of expecting what was a day before (or two, for what lies further ahead).
    pub day_before: f64,
    /// Of expecting what was a week before.
    pub week_before: f64,
    /// Share of what came that lay in the interval; eight of ten were meant to.
    pub inside: f64,
}

impl Skill {
    /// 1 less the model's error by that of plain persistence, the better one of day and
    /// week: 0 is no better, 1 is perfect, below 0 is worse.
    #[must_use]
    pub fn score(&self) -> f64 {
        let plain = self.day_before.min(self.week_before);
        if plain > 0.0 { 1.0 - self.error / plain } else { 0.0 }
    }
}

/// Measures skill over a stretch: a model is made anew each day and asked every six
/// hours, with what was known then.
#[must_use]
pub fn skill(series: &Series, from: i64, to: i64, settings: Settings) -> Skill {
    let (mut compared, mut sums, mut inside) = (0_u32, [0.0_f64; 3], 0_u32);
    let mut model = None;
    for now in (from..to).step_by(6 * 3_600) {
        if model.is_none() || now.rem_euclid(86_400) < 6 * HOUR {
            model = Model::learn(series, now, settings).or(model);
        }
        for expected in model.iter().flat_map(|model| model.expect(series, now)) {
            let at = |begin: i64| hour(series, begin);
            let days = (expected.begin - now).div_euclid(86_400) + 1;
            let (Some(came), Some(day), Some(week)) =
                (at(expected.begin), at(expected.begin - days * 86_400), at(expected.begin - 7 * 86_400))
            else {
                continue;
            };
            compared += 1;
            let errors = [float(expected.value) - came, day - came, week - came];
            sums.iter_mut().zip(errors).for_each(|(sum, error)| *sum += error.abs());
            inside += u32::from((float(expected.low)..=float(expected.high)).contains(&came));
        }
    }
    let of = |sum: f64| sum / f64::from(compared.max(1));
    let [error, day_before, week_before] = sums.map(of);
    let compared = usize::try_from(compared).unwrap_or_default();
    Skill { compared, error, day_before, week_before, inside: of(f64::from(inside)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hours with the sun at noon, working days above weekends.
    fn sunny(hours: i64, zone: Tz) -> Series {
        let value = |begin: i64| {
            let slot = slot(zone, begin);
            400_000 - i64::from(slot % DAY == 12) * 100_000 - i64::from(slot >= DAY) * 50_000
        };
        let values: Vec<i64> = (0..hours).map(|hour| value(hour * HOUR)).collect();
        Series::of_values(0, HOUR, &values).unwrap()
    }

    #[test]
    fn what_repeats_is_expected_exactly() {
        let series = sunny(24 * 70, Tz::UTC);
        let now = 24 * 35 * HOUR;
        let model = Model::learn(&series, now, Settings::default()).unwrap();
        let all = model.expect(&series, now);
        assert_eq!(all.len(), 48);
        assert!(all.iter().all(|one| Some(one.value) == series.at(one.begin) && one.low == one.value));
        let skill = skill(&series, now, now + 14 * 86_400, Settings::default());
        assert!(skill.error < 1.0 && skill.score() >= 0.0 && skill.inside > 0.99, "{skill:?}");
    }

    #[test]
    fn nothing_of_what_comes_is_known_beforehand() {
        let series = sunny(24 * 70, Tz::UTC);
        let now = 24 * 35 * HOUR;
        let changed: Vec<i64> =
            series.steps().map(|(begin, value)| if begin < now { value.unwrap() } else { 7 }).collect();
        let changed = Series::of_values(0, HOUR, &changed).unwrap();
        let told = |series: &Series| Model::learn(series, now, Settings::default()).unwrap().expect(series, now);
        assert_eq!(told(&series), told(&changed));
    }

    #[test]
    fn a_deviation_fades_and_holes_do_no_harm() {
        let mut points: Vec<crate::intensity::Point> = sunny(24 * 40, Tz::UTC)
            .steps()
            .map(|(begin, value)| {
                // Windy every second day.
                let value = value.unwrap() - i64::from((begin / 86_400) % 2 == 0) * 60_000;
                crate::intensity::Point { begin, measured: true, said: 0, value }
            })
            .collect();
        points.retain(|point| (point.begin / HOUR) % 17 != 3);
        let series = Series::new(HOUR, points).unwrap();
        let now = 24 * 35 * HOUR + 6 * HOUR;
        let model = Model::learn(&series, now, Settings::default()).unwrap();
        let all = model.expect(&series, now);
        assert!(all.iter().all(|one| one.low <= one.value && one.value <= one.high));
        assert!(model.leads[0].0 > 0.8 && model.leads[23].0 < 0.2, "much is left after an hour, little after a day");
        assert!(Model::learn(&series, 24 * HOUR, Settings::default()).is_none(), "a day is too little");
    }

    #[test]
    fn days_on_which_clocks_change_keep_their_noon() {
        // Noon of Berlin's clock, from winter into summer.
        let zone = Tz::Europe__Berlin;
        let series = sunny(24 * 365, zone);
        // 29 March 1970 had no summer time there; 1980 was the first year.
        let begin = DateTime::parse_from_rfc3339("2026-03-01T00:00:00Z").unwrap().timestamp();
        let values: Vec<i64> = (0..24 * 60)
            .map(|hour| if slot(zone, begin + hour * HOUR) % DAY == 12 { 300_000 } else { 400_000 })
            .collect();
        let spring = Series::of_values(begin, HOUR, &values).unwrap();
        let now = begin + 24 * 40 * HOUR;
        let settings = Settings { zone, days: 7, ..Settings::default() };
        let all = Model::learn(&spring, now, settings).unwrap().expect(&spring, now);
        assert!(all.iter().all(|one| Some(one.value) == spring.at(one.begin)));
        assert!(Model::learn(&series, 24 * 35 * HOUR, settings).is_some());
    }

    #[test]
    fn prices_may_be_negative() {
        let values: Vec<i64> = (0..24 * 40).map(|hour| if hour % 24 == 12 { -20_000 } else { 80_000 }).collect();
        let series = Series::of_values(0, HOUR, &values).unwrap();
        let now = 24 * 35 * HOUR;
        let all = Model::learn(&series, now, Settings::default()).unwrap().expect(&series, now);
        assert_eq!((all[12].value, all[13].value), (-20_000, 80_000));
    }

    #[test]
    fn the_source_s_own_forecast_goes_first() {
        let series = sunny(24 * 70, Tz::UTC);
        let now = 24 * 35 * HOUR;
        let all = Model::learn(&series, now, Settings::default()).unwrap().expect(&series, now);
        let own = Series::of_values(now, HOUR, &[123_000]).unwrap();
        let both = combined(all.clone(), Some(&own));
        assert_eq!((both[0].value, &both[1..]), (123_000, &all[1..]));
        assert_eq!(combined(all.clone(), None), all);
    }
}
