//! Amounts in the words of Kubernetes and of Docker.

use hansa_ontology::quantity::{CpuMilli, Mebibytes};

/// Processors: `900m`, `0.5`, `2`.
pub(super) fn cpu(text: &str) -> Option<CpuMilli> {
    let text = text.trim();
    let (number, scale) = match text.strip_suffix('m') {
        Some(number) => (number, 1.0),
        None => (text, 1_000.0),
    };
    let milli = number.trim().parse::<f64>().ok()? * scale;
    whole(milli).and_then(|milli| u32::try_from(milli).ok()).filter(|milli| *milli > 0).map(CpuMilli)
}

/// Memory: `128Mi`, `1G`, `512mb`, bytes; rounded up to whole MiB.
pub(super) fn memory(text: &str) -> Option<Mebibytes> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let number = number.parse::<f64>().ok()?;
    // Docker's letters without `i` are powers of 1024, Kubernetes' capitals are powers of 1000.
    let worth = match unit.trim() {
        "" | "B" | "b" => 1.0,
        "k" | "K" | "kB" | "KB" => 1e3,
        "Ki" | "KiB" | "kb" => 1024.0,
        "M" | "MB" => 1e6,
        "Mi" | "MiB" | "m" | "mb" => 1_048_576.0,
        "G" | "GB" => 1e9,
        "Gi" | "GiB" | "g" | "gb" => 1_073_741_824.0,
        "T" | "TB" => 1e12,
        "Ti" | "TiB" | "t" | "tb" => 1_099_511_627_776.0,
        _ => return None,
    };
    bytes(number * worth)
}

/// Bytes in whole MiB, rounded up.
pub(super) fn bytes(bytes: f64) -> Option<Mebibytes> {
    whole(bytes / 1_048_576.0).filter(|mebibytes| *mebibytes > 0 && *mebibytes <= 1 << 40).map(Mebibytes)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the bounds keep it exact")]
fn whole(number: f64) -> Option<u64> {
    let rounded = number.ceil();
    (rounded.is_finite() && (0.0..1e15).contains(&rounded)).then_some(rounded as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_both_notations() {
        assert_eq!(cpu("900m"), Some(CpuMilli(900)));
        assert_eq!(cpu("0.5"), Some(CpuMilli(500)));
        assert_eq!(cpu("2"), Some(CpuMilli(2_000)));
        assert_eq!(memory("128Mi"), Some(Mebibytes(128)));
        assert_eq!(memory("512mb"), Some(Mebibytes(512)));
        assert_eq!(memory("1G"), Some(Mebibytes(954)));
        assert_eq!(memory("2147483648"), Some(Mebibytes(2_048)));
        for text in ["", "x", "-1", "1XB", "0"] {
            assert_eq!((cpu(text), memory(text)), (None, None), "{text}");
        }
    }
}
