//! The functions that are there, by the names that PromQL gives them.

/// A function of each element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Each {
    Abs,
    Acos,
    Acosh,
    Asin,
    Asinh,
    Atan,
    Atanh,
    Ceil,
    Clamp,
    ClampMax,
    ClampMin,
    Cos,
    Cosh,
    DayOfMonth,
    DayOfWeek,
    DayOfYear,
    DaysInMonth,
    Deg,
    Exp,
    Floor,
    Hour,
    Ln,
    Log10,
    Log2,
    Minute,
    Month,
    Rad,
    Round,
    Sgn,
    Sin,
    Sinh,
    Sqrt,
    Tan,
    Tanh,
    Year,
}

impl Each {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "abs" => Self::Abs,
            "acos" => Self::Acos,
            "acosh" => Self::Acosh,
            "asin" => Self::Asin,
            "asinh" => Self::Asinh,
            "atan" => Self::Atan,
            "atanh" => Self::Atanh,
            "ceil" => Self::Ceil,
            "clamp" => Self::Clamp,
            "clamp_max" => Self::ClampMax,
            "clamp_min" => Self::ClampMin,
            "cos" => Self::Cos,
            "cosh" => Self::Cosh,
            "day_of_month" => Self::DayOfMonth,
            "day_of_week" => Self::DayOfWeek,
            "day_of_year" => Self::DayOfYear,
            "days_in_month" => Self::DaysInMonth,
            "deg" => Self::Deg,
            "exp" => Self::Exp,
            "floor" => Self::Floor,
            "hour" => Self::Hour,
            "ln" => Self::Ln,
            "log10" => Self::Log10,
            "log2" => Self::Log2,
            "minute" => Self::Minute,
            "month" => Self::Month,
            "rad" => Self::Rad,
            "round" => Self::Round,
            "sgn" => Self::Sgn,
            "sin" => Self::Sin,
            "sinh" => Self::Sinh,
            "sqrt" => Self::Sqrt,
            "tan" => Self::Tan,
            "tanh" => Self::Tanh,
            "year" => Self::Year,
            _ => return None,
        })
    }

    /// Whether it takes the time of the query where it is given nothing.
    pub(super) const fn is_of_date(self) -> bool {
        matches!(
            self,
            Self::DayOfMonth
                | Self::DayOfWeek
                | Self::DayOfYear
                | Self::DaysInMonth
                | Self::Hour
                | Self::Minute
                | Self::Month
                | Self::Year
        )
    }
}

/// A function over a range of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    Average,
    Changes,
    Count,
    Delta,
    Deriv,
    Idelta,
    Increase,
    Irate,
    Last,
    Max,
    Min,
    PredictLinear,
    Present,
    Quantile,
    Rate,
    Resets,
    Stddev,
    Stdvar,
    Sum,
}

impl Over {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "avg_over_time" => Self::Average,
            "changes" => Self::Changes,
            "count_over_time" => Self::Count,
            "delta" => Self::Delta,
            "deriv" => Self::Deriv,
            "idelta" => Self::Idelta,
            "increase" => Self::Increase,
            "irate" => Self::Irate,
            "last_over_time" => Self::Last,
            "max_over_time" => Self::Max,
            "min_over_time" => Self::Min,
            "predict_linear" => Self::PredictLinear,
            "present_over_time" => Self::Present,
            "quantile_over_time" => Self::Quantile,
            "rate" => Self::Rate,
            "resets" => Self::Resets,
            "stddev_over_time" => Self::Stddev,
            "stdvar_over_time" => Self::Stdvar,
            "sum_over_time" => Self::Sum,
            _ => return None,
        })
    }
}
