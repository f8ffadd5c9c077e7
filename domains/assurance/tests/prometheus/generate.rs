//! Queries that nobody wrote: from the grammar, the same each time.

use super::data::Numbers;

/// Makes queries. What makes much of the last digit (cosines of large numbers,
/// powers within a remainder, deviations of what is nearly the same) is left out:
/// the two programs round it differently.
#[derive(Debug)]
pub(crate) struct Generator(Numbers);

const SELECTORS: &[&str] = &[
    "load",
    "load{job='web'}",
    "load{instance!='1'}",
    "requests_total",
    "requests_total{code=~'2..|5..'}",
    "requests_total{job='db'}",
    "build",
    "odd{kind=~'s.*|down'}",
    "odd{kind!='near'}",
    "jobs_done",
    "sparse",
    "lonely",
    "nothing",
    "latency_bucket{job='web'}",
    "{job='web',instance=~'1|2'}",
];
const RANGES: &[&str] = &["30s", "1m", "2m", "5m", "70s", "13s", "14m"];
const STEPS: &[&str] = &["10s", "30s", "17s", "1m", ""];
const SHIFTS: &[&str] = &["", "", "", "", " offset 20s", " offset -7s", " @ 1700000500", " @ end()"];
const OVER: &[&str] = &[
    "rate",
    "irate",
    "increase",
    "delta",
    "idelta",
    "deriv",
    "avg_over_time",
    "min_over_time",
    "max_over_time",
    "sum_over_time",
    "count_over_time",
    "last_over_time",
    "present_over_time",
    "stddev_over_time",
    "stdvar_over_time",
    "changes",
    "resets",
];
const EACH: &[&str] = &["abs", "ceil", "floor", "sqrt", "ln", "sgn", "sort", "round", "deg"];
const GROUPS: &[&str] =
    &["", " by (job)", " by (job, instance)", " without (instance)", " without (code, le)", " by (kind)"];
const AGGREGATES: &[&str] = &["sum", "avg", "min", "max", "count", "stddev", "stdvar", "group"];
const CALCULATIONS: &[&str] = &["+", "-", "*", "/", "%", "atan2"];
const COMPARISONS: &[&str] = &["==", "!=", ">", "<", ">=", "<="];
const SETS: &[&str] = &["and", "or", "unless"];
const MATCHINGS: &[&str] = &[
    "",
    " on (job)",
    " on (job, instance)",
    " ignoring (code)",
    " ignoring (version, zone)",
    " on (job, instance) group_left",
    " on (job, instance) group_right",
    " on (instance) group_left (version)",
    " ignoring (code) group_left",
];
const NUMBERS: &[&str] =
    &["0", "1", "2.5", "-3", "100", "0.5", "1e3", "NaN", "Inf", "time()", "pi()", "scalar(sum(load))"];

impl Generator {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(Numbers::new(seed))
    }

    /// A query that gives numbers with labels, or rarely one number.
    pub(crate) fn query(&mut self) -> String {
        if self.0.below(20) == 0 { self.scalar(3) } else { self.vector(3) }
    }

    fn scalar(&mut self, depth: u64) -> String {
        match self.0.below(if depth == 0 { 1 } else { 4 }) {
            1 => format!("scalar({})", self.vector(depth - 1)),
            2 => format!("({} {} {})", self.scalar(depth - 1), self.0.of(CALCULATIONS), self.scalar(depth - 1)),
            3 => format!("({} {} bool {})", self.scalar(depth - 1), self.0.of(COMPARISONS), self.scalar(depth - 1)),
            _ => (*self.0.of(NUMBERS)).to_owned(),
        }
    }

    fn vector(&mut self, depth: u64) -> String {
        if depth == 0 {
            return format!("{}{}", self.0.of(SELECTORS), self.0.of(SHIFTS));
        }
        let less = depth - 1;
        match self.0.below(14) {
            0 | 1 => self.over(less),
            2 => format!("{}({})", self.0.of(EACH), self.vector(less)),
            3 | 4 => format!("{}{} ({})", self.0.of(AGGREGATES), self.0.of(GROUPS), self.vector(less)),
            5 => {
                let op = *self.0.of(&["topk", "bottomk", "quantile"]);
                // Whole elements are chosen by values that are all different.
                let of = if op == "quantile" { self.vector(less) } else { "load".to_owned() };
                format!("{op}{} ({}, {of})", self.0.of(GROUPS), self.0.of(&["0.5", "1", "2", "3"]))
            }
            6 => format!("({} {} {})", self.vector(less), self.0.of(CALCULATIONS), self.scalar(less)),
            7 => format!("({} {} {})", self.scalar(less), self.0.of(CALCULATIONS), self.vector(less)),
            8 => {
                let as_number = *self.0.of(&["", " bool"]);
                format!("({} {}{as_number} {})", self.vector(less), self.0.of(COMPARISONS), self.scalar(less))
            }
            9 | 10 => {
                let all = if self.0.below(3) == 0 { COMPARISONS } else { CALCULATIONS };
                let op = *self.0.of(all);
                format!("({} {op}{} {})", self.vector(less), self.0.of(MATCHINGS), self.vector(less))
            }
            11 => {
                let matching = *self.0.of(MATCHINGS.get(..5).unwrap_or_default());
                format!("({} {}{matching} {})", self.vector(less), self.0.of(SETS), self.vector(less))
            }
            12 => format!("-({})", self.vector(less)),
            _ => self.labels(less),
        }
    }

    fn over(&mut self, depth: u64) -> String {
        let range = if self.0.below(4) == 0 {
            format!("({})[{}:{}]{}", self.vector(depth), self.0.of(RANGES), self.0.of(STEPS), self.0.of(SHIFTS))
        } else {
            format!("{}[{}]{}", self.0.of(SELECTORS), self.0.of(RANGES), self.0.of(SHIFTS))
        };
        match self.0.below(12) {
            // Prometheus 2.42 forgets `@` where another argument is calculated: here these are numbers.
            0 => format!("quantile_over_time({}, {range})", self.0.of(&["0", "0.3", "0.99", "2"])),
            1 => format!("predict_linear({range}, {})", self.0.of(&["0", "60", "-3.5"])),
            2 => format!("absent_over_time({range})"),
            _ => format!("{}({range})", self.0.of(OVER)),
        }
    }

    fn labels(&mut self, depth: u64) -> String {
        let of = self.vector(depth);
        match self.0.below(5) {
            0 => format!("label_replace({of}, 'job', 'x$1', 'instance', '(.)')"),
            1 => format!("label_join({of}, 'joined', '-', 'job', 'instance', 'code', 'kind')"),
            2 => format!("clamp({of}, {}, {})", self.scalar(1), self.scalar(1)),
            3 => format!("absent({of})"),
            _ => format!("histogram_quantile({}, {of})", self.0.of(&["0.5", "0.9", "0.999"])),
        }
    }
}
