//! The share of a machine's making that its use owes.

use crate::{
    energy::{Embodied, share_out},
    quantity::{Carbon, Energy, divided},
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

/// Shares out what a machine owes among those that reserve it; the rest is what nobody
/// reserved of its room. The parts add up exactly.
pub(crate) fn share_machine(whole: Carbon, reserved: &[u64], room: u64) -> (Vec<Carbon>, Carbon) {
    let sum: u128 = reserved.iter().copied().map(u128::from).sum();
    let free = u128::from(room).saturating_sub(sum);
    // Amounts of whole numbers are shared alike, whatever they are of.
    let (parts, rest) = share_out(Energy::of(whole.get()), reserved.iter().copied(), free);
    let carbon = |part: Energy| Carbon::of(part.get());
    (parts.into_iter().map(carbon).collect(), carbon(rest))
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

    #[test]
    fn what_a_machine_owes_is_shared_to_the_microgram() {
        let of = |reserved: &[u64], room| {
            let (parts, rest) = share_machine(Carbon::of(100), reserved, room);
            (parts.iter().map(|part| part.get()).collect::<Vec<_>>(), rest.get())
        };
        assert_eq!(of(&[1, 1], 4), (vec![25, 25], 50));
        assert_eq!(of(&[1, 1, 1], 3), (vec![34, 33, 33], 0));
        assert_eq!(of(&[2, 2], 1), (vec![50, 50], 0), "more is reserved than there is");
        assert_eq!(of(&[0], 0), (vec![0], 100), "nobody says what is reserved");
    }
}
