//! Handles: what people type and read in a trail. Each is given once, for ever.

use crate::GrantScope;

/// The longest handle of a person, in letters.
const LONGEST: usize = 40;

/// A handle made of what an issuer says: of the user name, else of the e-mail
/// address, else of the name. Letters `a-z`, digits, `.`, `_` and `-`; never
/// empty, never with `@`, which marks service accounts.
#[must_use]
pub fn wished(handle: Option<&str>, email: Option<&str>, name: Option<&str>) -> String {
    let local = |text: &str| text.split('@').next().unwrap_or_default().to_owned();
    let candidates = [handle.map(local), email.map(local), name.map(str::to_owned)];
    let made = candidates.into_iter().flatten().map(|text| plain(&text)).find(|text| !text.is_empty());
    match made {
        // Words that events and the audit trail use for others than people.
        Some(made) if ["local", "broker"].contains(&made.as_str()) => format!("{made}-1"),
        Some(made) => made,
        None => "person".to_owned(),
    }
}

/// The `number`th way to write a handle: itself, then `-2`, `-3`.
#[must_use]
pub fn numbered(wished: &str, number: u32) -> String {
    if number <= 1 { wished.to_owned() } else { format!("{wished}-{number}") }
}

/// The handle of a service account: `ci@acme` or `ci@acme/web`.
#[must_use]
pub fn of_service(name: &str, over: &GrantScope) -> Option<String> {
    match over {
        GrantScope::Organisation(organisation) => Some(format!("{name}@{organisation}")),
        GrantScope::Project(project) => Some(format!("{name}@{project}")),
        GrantScope::Broker | GrantScope::Partner(_) => None,
    }
}

fn plain(text: &str) -> String {
    let mut made = String::new();
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' | '.' | '_' => made.push(letter),
            '-' | ' ' if !made.is_empty() && !made.ends_with('-') => made.push('-'),
            'ä' => made.push_str("ae"),
            'ö' => made.push_str("oe"),
            'ü' => made.push_str("ue"),
            'ß' => made.push_str("ss"),
            'á' | 'à' | 'â' => made.push('a'),
            'é' | 'è' | 'ê' | 'ë' => made.push('e'),
            'í' | 'î' | 'ï' => made.push('i'),
            'ó' | 'ô' => made.push('o'),
            'ú' | 'û' | 'ù' => made.push('u'),
            'ç' => made.push('c'),
            'ñ' => made.push('n'),
            _ => {}
        }
        if made.len() >= LONGEST {
            break;
        }
    }
    made.trim_matches(['-', '.', '_']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_plain_and_never_empty() {
        assert_eq!(wished(Some("Ada.Lovelace@example.org"), None, None), "ada.lovelace");
        assert_eq!(wished(None, Some("jo@b.example"), Some("Jo B")), "jo");
        assert_eq!(wished(None, None, Some("Zoë Müller")), "zoe-mueller");
        assert_eq!(wished(Some("\u{202e}李"), None, None), "person");
        assert_eq!(wished(Some("broker"), None, None), "broker-1");
        assert_eq!(wished(Some("local"), None, None), "local-1");
        assert!(wished(Some(&"a".repeat(500)), None, None).len() <= LONGEST);
        assert_eq!(numbered("ada", 1), "ada");
        assert_eq!(numbered("ada", 3), "ada-3");
    }
}
