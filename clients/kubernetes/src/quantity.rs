//! Amounts, as the API's conventions write them.

/// A quantity in thousandths of its unit (`100m` is 100, `1Ki` is 1,024,000),
/// as the API's conventions write it; None where it is none.
#[must_use]
pub fn thousandths(text: &str) -> Option<u128> {
    let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let times: (u128, u128) = match unit {
        "" => (1_000, 1),
        "n" => (1, 1_000_000),
        "u" => (1, 1_000),
        "m" => (1, 1),
        "k" => (1_000_000, 1),
        "M" => (1_000_000_000, 1),
        "G" => (1_000_000_000_000, 1),
        "T" => (1_000_000_000_000_000, 1),
        "P" => (1_000_000_000_000_000_000, 1),
        "Ki" => (1_000 << 10, 1),
        "Mi" => (1_000 << 20, 1),
        "Gi" => (1_000 << 30, 1),
        "Ti" => (1_000 << 40, 1),
        "Pi" => (1_000 << 50, 1),
        exponent => {
            (1_000_u128.checked_mul(10_u128.checked_pow(exponent.strip_prefix(['e', 'E'])?.parse().ok()?)?)?, 1)
        }
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let scale = 10_u128.checked_pow(u32::try_from(part.len()).ok()?)?;
    let digits: u128 = format!("{whole}{part}").parse().ok()?;
    Some(digits.checked_mul(times.0)? / times.1 / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read() {
        for (text, amount) in [
            ("2", 2_000),
            ("100m", 100),
            ("1.5", 1_500),
            ("1Ki", 1_024_000),
            ("0.5Gi", 536_870_912_000),
            ("1500000u", 1_500),
            ("1e3", 1_000_000),
        ] {
            assert_eq!(thousandths(text), Some(amount), "{text}");
        }
        assert_eq!(thousandths("many"), None);
        assert_eq!(thousandths("1X"), None);
    }
}
