//! What was probably meant, and how what was written is shown in a message.

/// The candidate that was probably meant: the same but for case and
/// separators, a beginning of it, or a slip of the finger away.
pub(crate) fn closest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = folded(given);
    if wanted.is_empty() || wanted.len() > 100 {
        return None;
    }
    candidates
        .into_iter()
        .filter_map(|candidate| Some((likeness(&wanted, &folded(candidate))?, candidate)))
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, candidate)| candidate)
}

fn folded(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}

/// From 0 to 1; None for what nobody would mix up.
fn likeness(given: &str, candidate: &str) -> Option<f64> {
    let near = strsim::normalized_damerau_levenshtein(given, candidate);
    let begins =
        given.len() >= 3 && candidate.starts_with(given) || candidate.len() >= 3 && given.starts_with(candidate);
    if given == candidate {
        Some(1.0)
    } else if near >= 0.6 || strsim::damerau_levenshtein(given, candidate) == 1 && candidate.chars().count() > 1 {
        Some(near)
    } else {
        begins.then_some(0.6)
    }
}

/// `did you mean …?`, and what there is.
pub(crate) fn hint<'a>(
    given: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
    what: &str,
) -> Option<String> {
    let known: Vec<&str> = candidates.clone().into_iter().collect();
    if known.is_empty() {
        return None;
    }
    let list = format!("{what}: {}", listed(&known));
    Some(match closest(given, candidates) {
        Some(candidate) if known.len() > FEW => format!("did you mean `{candidate}`?"),
        Some(candidate) => format!("did you mean `{candidate}`? {list}"),
        None => list,
    })
}

/// So many candidates are listed even when one of them was probably meant.
const FEW: usize = 6;

fn listed(known: &[&str]) -> String {
    const MOST: usize = 20;
    let shown: Vec<String> = known.iter().take(MOST).map(|name| shown(name)).collect();
    let more = if known.len() > MOST { format!(" and {} more", known.len() - MOST) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// A piece of somebody's text, safe to print: no control characters, not too long.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let safe = |c: char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let mut out: String =
        text.chars().take(MOST).map(|c| if safe(c) { c.to_string() } else { c.escape_unicode().to_string() }).collect();
    if text.chars().nth(MOST).is_some() {
        out.push('…');
    }
    out
}

/// A name that obeys RFC 1123 and looks like the one given.
pub(crate) fn as_name(given: &str) -> Option<String> {
    let mut name = String::new();
    for c in given.chars().flat_map(char::to_lowercase).take(63) {
        if c.is_ascii_alphanumeric() {
            name.push(c);
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = name.trim_matches('-').to_owned();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let fields = ["replicas", "resources", "environment", "maxLatency", "health"];
        assert_eq!(closest("replica", fields), Some("replicas"));
        assert_eq!(closest("max_latency", fields), Some("maxLatency"));
        assert_eq!(closest("env", fields), Some("environment"));
        assert_eq!(closest("haelth", fields), Some("health"));
        assert_eq!(closest("image", fields), None);
        assert_eq!(closest("", fields), None);
    }

    #[test]
    fn shows_nothing_that_moves_a_cursor() {
        assert_eq!(shown("a\u{1b}[2J"), "a\\u{1b}[2J");
        assert_eq!(shown(&"x".repeat(61)).chars().count(), 61);
        assert_eq!(as_name("My Shop!"), Some("my-shop".to_owned()));
        assert_eq!(as_name("!"), None);
    }
}
