//! Group membership and roles as AARC writes them in one URN (AARC-G069, and
//! its predecessor AARC-G002, where the authority was obligatory):
//!
//! `NAMESPACE:group:GROUP[:SUBGROUP…][:role=ROLE][#AUTHORITY]`

use std::{fmt, str::FromStr};

/// The longest entitlement that is read, in bytes.
const LONGEST: usize = 1_024;

/// An entitlement, its parts decoded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entitlement {
    /// In lower case: `urn:mace:egi.eu`.
    namespace: String,
    /// The group, then its subgroups; at least one.
    groups: Vec<String>,
    role: Option<String>,
    authority: Option<String>,
}

/// The text is no such entitlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no entitlement of the form NAMESPACE:group:GROUP[:SUBGROUP][:role=ROLE][#AUTHORITY] (AARC-G069)")]
pub struct NoEntitlement;

impl Entitlement {
    /// Whether it is of this namespace; NID and delegated namespace have no case (AARC-G069, section 2.2).
    #[must_use]
    pub fn namespace_is(&self, namespace: &str) -> bool {
        self.namespace.eq_ignore_ascii_case(namespace)
    }

    /// The group, then its subgroups.
    #[must_use]
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// The role within the last of the groups.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// Who says so.
    #[must_use]
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }
}

impl FromStr for Entitlement {
    type Err = NoEntitlement;

    fn from_str(text: &str) -> Result<Self, NoEntitlement> {
        if text.len() > LONGEST || !text.is_ascii() {
            return Err(NoEntitlement);
        }
        let (name, authority) = match text.split_once('#') {
            Some((name, authority)) => (name, Some(part(authority)?)),
            None => (text, None),
        };
        let mut parts: Vec<&str> = name.split(':').collect();
        let role = match parts.last().and_then(|last| last.strip_prefix("role=")) {
            Some(role) => {
                parts.pop();
                Some(part(role)?)
            }
            None => None,
        };
        // The first `group` ends the namespace: urn, NID and a delegated name at least.
        let at = parts.iter().skip(3).position(|part| *part == "group").map(|at| at + 3).ok_or(NoEntitlement)?;
        let (namespace, groups) = parts.split_at_checked(at).ok_or(NoEntitlement)?;
        let is_urn = namespace.first().is_some_and(|first| first.eq_ignore_ascii_case("urn"));
        if !is_urn || namespace.iter().any(|part| part.is_empty() || !part.bytes().all(is_plain)) {
            return Err(NoEntitlement);
        }
        let groups = groups.iter().skip(1).map(|group| part(group)).collect::<Result<Vec<_>, _>>()?;
        // A role within the path would be a group called `role=…` to a careless reader.
        if groups.is_empty() || groups.iter().any(|group| group.starts_with("role=")) {
            return Err(NoEntitlement);
        }
        Ok(Self { namespace: namespace.join(":").to_ascii_lowercase(), groups, role, authority })
    }
}

/// Letters that need no percent-encoding in these parts (RFC 8141, section 2: pchar without `:`).
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.'
                | b'_'
                | b'~'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
                | b'@'
                | b'/'
        )
}

/// Decodes one part. A decoded `:` or `#` would read as a border, and is refused.
fn part(text: &str) -> Result<String, NoEntitlement> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
            let (high, low) = (digit().ok_or(NoEntitlement)?, digit().ok_or(NoEntitlement)?);
            bytes.push(u8::try_from(high * 16 + low).map_err(|_too_large| NoEntitlement)?);
        } else if is_plain(byte) {
            bytes.push(byte);
        } else {
            return Err(NoEntitlement);
        }
    }
    let decoded = String::from_utf8(bytes).map_err(|_no_text| NoEntitlement)?;
    let border = |letter: char| letter.is_control() || letter == ':' || letter == '#';
    if decoded.is_empty() || decoded.contains(border) { Err(NoEntitlement) } else { Ok(decoded) }
}

/// The same in its normal form: lower-case namespace, upper-case percent-encoding.
impl fmt::Display for Entitlement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:group", self.namespace)?;
        for group in &self.groups {
            f.write_str(":")?;
            encode(f, group)?;
        }
        if let Some(role) = &self.role {
            f.write_str(":role=")?;
            encode(f, role)?;
        }
        if let Some(authority) = &self.authority {
            f.write_str("#")?;
            encode(f, authority)?;
        }
        Ok(())
    }
}

fn encode(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for byte in text.bytes() {
        if is_plain(byte) {
            write!(f, "{}", char::from(byte))?;
        } else {
            write!(f, "%{byte:02X}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Parts = (String, Vec<String>, Option<String>, Option<String>);

    fn read(text: &str) -> Option<Parts> {
        let found: Entitlement = text.parse().ok()?;
        Some((found.namespace.clone(), found.groups.clone(), found.role.clone(), found.authority))
    }

    #[test]
    fn the_forms_of_both_specifications_are_read() {
        let some = |text: &str| Some(text.to_owned());
        let groups = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        for (text, namespace, path, role, authority) in [
            // As EGI Check-in sends them.
            (
                "urn:mace:egi.eu:group:vo.example.org:role=member#aai.egi.eu",
                "urn:mace:egi.eu",
                groups(&["vo.example.org"]),
                some("member"),
                some("aai.egi.eu"),
            ),
            (
                "urn:mace:egi.eu:group:vo.example.org:admins:role=owner#aai.egi.eu",
                "urn:mace:egi.eu",
                groups(&["vo.example.org", "admins"]),
                some("owner"),
                some("aai.egi.eu"),
            ),
            // AARC-G002: the authority is there, the role is not.
            (
                "urn:geant:h-df.de:group:aai-admin#unity.helmholtz-data-federation.de",
                "urn:geant:h-df.de",
                groups(&["aai-admin"]),
                None,
                some("unity.helmholtz-data-federation.de"),
            ),
            // AARC-G069: the authority may be absent.
            (
                "urn:geant:h-df.de:group:aai-admin:role=member",
                "urn:geant:h-df.de",
                groups(&["aai-admin"]),
                some("member"),
                None,
            ),
            ("urn:geant:h-df.de:group:aai-admin", "urn:geant:h-df.de", groups(&["aai-admin"]), None, None),
            (
                "UrN:NiD:ExAmPlE.oRg:group:Minun%20Ryhm%c3%a4ni",
                "urn:nid:example.org",
                groups(&["Minun Ryhmäni"]),
                None,
                None,
            ),
            // A namespace with a part more, and a group called group.
            (
                "urn:geant:kit.edu:sub:group:group:role=a%3Db#x",
                "urn:geant:kit.edu:sub",
                groups(&["group"]),
                some("a=b"),
                some("x"),
            ),
        ] {
            assert_eq!(read(text), Some((namespace.to_owned(), path, role, authority)), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_refused() {
        for bad in [
            "",
            "urn:mace:egi.eu",
            "urn:mace:egi.eu:res:compute",
            "urn:mace:egi.eu:group:",
            "urn:mace:egi.eu:group:a:",
            "urn:mace:egi.eu:group::b",
            "urn:mace:egi.eu:group:role=member",
            "urn:mace:egi.eu:group:a:role=",
            "urn:mace:egi.eu:group:a:role=x:b",
            "urn:mace:egi.eu:group:a#",
            "urn:mace:egi.eu:group:a#b#c",
            "urn:mace:egi.eu:group:a%3Ab",
            "urn:mace:egi.eu:group:a%23b",
            "urn:mace:egi.eu:group:a%00",
            "urn:mace:egi.eu:group:a%zz",
            "urn:mace:egi.eu:group:a%2",
            "urn:mace:egi.eu:group:a%ff",
            "urn:mace:egi.eu:group:ä",
            "urn:mace:egi.eu:group:a b",
            "uri:mace:egi.eu:group:a",
            "urn:group:a",
            "urn:mace:group:a",
            "https://egi.eu/group/a",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_normal_form_is_that_of_the_specification() {
        let normal = |text: &str| text.parse::<Entitlement>().unwrap().to_string();
        assert_eq!(
            normal("UrN:NiD:ExAmPlE.oRg:group:Minun%20Ryhm%c3%a4ni"),
            "urn:nid:example.org:group:Minun%20Ryhm%C3%A4ni"
        );
    }

    proptest! {
        #[test]
        fn the_normal_form_reads_back(
            groups in prop::collection::vec("[^:#\\x00-\\x1f\\x7f-\\u{9f}]{1,20}", 1..4),
            role in prop::option::of("[a-z ä]{1,10}"),
            authority in prop::option::of("[a-z.]{1,10}"),
        ) {
            prop_assume!(groups.iter().all(|group| !group.starts_with("role=")));
            let made = Entitlement { namespace: "urn:mace:egi.eu".to_owned(), groups, role, authority };
            let text = made.to_string();
            prop_assume!(text.len() <= LONGEST);
            prop_assert_eq!(text.parse::<Entitlement>(), Ok(made));
        }
    }
}
