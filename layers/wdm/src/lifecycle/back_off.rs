//! How long a workload that ended waits until it is started again.

use chrono::TimeDelta;

/// Never longer.
const LONGEST: i64 = 30;
/// So long in health, and earlier ends are forgotten.
pub(super) const FORGOTTEN: TimeDelta = TimeDelta::seconds(60);

/// 0, 1, 2, 4, 8, 16, 30, 30 … seconds after the first, second, third … end in a row.
pub(super) fn delay(crashes: u32) -> TimeDelta {
    let seconds = match crashes {
        0 | 1 => 0,
        more => 1_i64.checked_shl(more - 2).filter(|one| *one > 0).map_or(LONGEST, |wait| wait.min(LONGEST)),
    };
    TimeDelta::seconds(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_half_a_minute() {
        let delays: Vec<i64> = (1..=9).map(|crashes| delay(crashes).num_seconds()).collect();
        assert_eq!(delays, [0, 1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(delay(65), TimeDelta::seconds(LONGEST));
        assert_eq!(delay(u32::MAX), TimeDelta::seconds(LONGEST));
    }
}
