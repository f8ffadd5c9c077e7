//! The share of a machine's making that its use owes.

use crate::{
    energy::Embodied,
    quantity::{Carbon, divided},
};

impl Embodied {
    /// What reserving `reserved` of `total` resources for some seconds owes:
    /// M = TE × TiR ÷ EL × RR ÷ ToR (ISO/IEC 21031, embodied emissions). Rounded once.
    /// Reserved again and again, a machine can owe more than it took to make, when it
    /// lives longer than was expected.
    #[must_use]
    pub fn share(&self, seconds: u64, reserved: u64, total: u64) -> Carbon {
        let life = i128::from(self.life_hours) * 3_600;
        let divisor = life.saturating_mul(i128::from(total));
        if divisor == 0 {
            return Carbon::ZERO;
        }
        let part = i128::from(seconds).saturating_mul(i128::from(reserved.min(total)));
        Carbon::of(divided(self.carbon.get().saturating_mul(part), divisor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_s_own_example() {
        // 1000 kg, four years, one hour: around 28 g (28.54).
        let server = Embodied::server(1, 16, 0, 0, 0);
        assert_eq!(server.share(3_600, 1, 1).grams().round_dp(2).to_string(), "28.54");
        assert_eq!(server.share(3_600, 1, 4).grams().round_dp(3).to_string(), "7.135");
        assert_eq!(server.share(4 * 365 * 86_400, 1, 1), server.carbon);
        assert_eq!(server.share(3_600, 5, 0), Carbon::ZERO);
        assert_eq!(server.share(3_600, 9, 4), server.share(3_600, 1, 1), "no more than the whole");
    }
}
