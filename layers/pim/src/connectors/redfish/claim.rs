//! Whose a server is: a mark in its asset tag, the one text of a server that
//! every vendor lets a client write and that outlives us, the controller's
//! restart and the server's disks.

use super::wire::text;
use hansa_ontology::MachineId;
use serde_json::Value;

/// What begins every mark.
const PREFIX: &str = "hansa:";
/// Ends the mark of a server that was not yet told to start for its machine.
const PREPARING: char = '+';
/// So many letters of an identifier stand in a mark: with both, it has the 32 letters that all vendors take.
const LETTERS: usize = 12;
/// What vendors deliver asset tags with.
const BLANKS: [&str; 9] = [
    "none",
    "n/a",
    "na",
    "unknown",
    "empty",
    "not specified",
    "default string",
    "to be filled by o.e.m.",
    "no asset tag",
];

/// Whose a server is, by its mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Claim {
    /// Its service keeps no asset tag for servers.
    Unknown,
    /// Nobody's.
    Free,
    /// This machine's.
    Ours {
        /// It was not yet told to start for it.
        preparing: bool,
    },
    /// Another machine's of this broker.
    Sibling(String),
    /// Somebody else's: what the tag says.
    Foreign(String),
}

/// The marks of one broker.
#[derive(Debug, Clone)]
pub(super) struct Marks {
    broker: String,
}

impl Marks {
    pub(super) fn new(broker: &str) -> Self {
        Self { broker: format!("{PREFIX}{}:", tail(broker)) }
    }

    /// The mark of a machine.
    pub(super) fn mark(&self, machine: MachineId, preparing: bool) -> String {
        let mut mark = format!("{}{}", self.broker, tail(&machine.to_string()));
        if preparing {
            mark.push(PREPARING);
        }
        mark
    }

    /// Whose the server is, as a machine asks. No machine: as the broker asks.
    pub(super) fn claim(&self, system: &Value, machine: Option<MachineId>) -> Claim {
        if system.get("AssetTag").is_none() {
            return Claim::Unknown;
        }
        let Some(tag) = text(system, "/AssetTag") else { return Claim::Free };
        if BLANKS.contains(&tag.to_ascii_lowercase().as_str()) {
            return Claim::Free;
        }
        if !tag.starts_with(&self.broker) {
            return Claim::Foreign(tag.to_owned());
        }
        let ours = machine.is_some_and(|machine| tag.trim_end_matches(PREPARING) == self.mark(machine, false));
        if ours { Claim::Ours { preparing: tag.ends_with(PREPARING) } } else { Claim::Sibling(tag.to_owned()) }
    }
}

/// The end of an identifier, where UUIDs of every version differ most.
fn tail(id: &str) -> String {
    let letters: Vec<char> = id.chars().filter(char::is_ascii_alphanumeric).collect();
    letters.iter().skip(letters.len().saturating_sub(LETTERS)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    #[test]
    fn a_mark_tells_whose_the_server_is() {
        let marks = Marks::new("0192e4f0-0000-7000-8000-00aabbccddee");
        let machine = MachineId(Uuid::from_u128(0xfeed_0000_0000_1234));
        let mark = marks.mark(machine, false);
        assert_eq!(mark, "hansa:00aabbccddee:000000001234");
        assert!(marks.mark(machine, true).len() <= 32);
        let claim = |tag: Value| marks.claim(&json!({ "AssetTag": tag }), Some(machine));
        assert_eq!(claim(json!(mark)), Claim::Ours { preparing: false });
        assert_eq!(claim(json!(format!("{mark}+"))), Claim::Ours { preparing: true });
        assert_eq!(claim(json!(null)), Claim::Free);
        assert_eq!(claim(json!("To Be Filled By O.E.M.")), Claim::Free);
        assert_eq!(claim(json!("Chicago-45Z-2381")), Claim::Foreign("Chicago-45Z-2381".to_owned()));
        let other = Marks::new("another").mark(machine, false);
        assert_eq!(claim(json!(other)), Claim::Foreign(other));
        let sibling = marks.mark(MachineId(Uuid::from_u128(9)), false);
        assert_eq!(claim(json!(sibling)), Claim::Sibling(sibling));
        assert_eq!(marks.claim(&json!({}), None), Claim::Unknown);
    }
}
