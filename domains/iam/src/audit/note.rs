//! Signed statements: checkpoints (C2SP tlog-checkpoint) and the list of the
//! keys that sign them, all in the form of C2SP signed-note.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::{DateTime, SecondsFormat, Utc};
use signed_note::{Note, Signer as _, StandardSigner, StandardVerifier, Verifier as _, VerifierList};
use std::collections::BTreeSet;
use tlog_tiles::{Checkpoint, Hash};

/// The first line of a key's statement.
const KEY_STATEMENT: &str = "hansa audit key v1";
/// The algorithm byte of Ed25519 in signed-note keys.
const ED25519: u8 = 1;

/// What signs checkpoints.
pub(crate) struct SigningKey {
    secret: String,
    signer: StandardSigner,
    /// The public half, as `name+id+key`.
    pub(crate) public: String,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// A new key of this log from 32 random bytes.
    pub(crate) fn from_seed(origin: &str, seed: &[u8; 32]) -> Result<Self, String> {
        use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|error| error.to_string())?;
        let public = [&[ED25519], pair.public_key().as_ref()].concat();
        let id = signed_note::key_id(origin, &public);
        let secret = [&[ED25519], seed.as_slice()].concat();
        Self::from_text(&format!("PRIVATE+KEY+{origin}+{id:08x}+{}", BASE64_STANDARD.encode(secret)))
    }

    /// A key as it is kept in its file.
    pub(crate) fn from_text(text: &str) -> Result<Self, String> {
        use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
        let secret = text.trim();
        let signer = StandardSigner::new(secret).map_err(|error| error.to_string())?;
        // A seed in base64 may itself contain `+`: the key is all that follows the id.
        let encoded = secret.splitn(5, '+').nth(4).unwrap_or_default();
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|error| error.to_string())?;
        let seed = bytes.get(1..).unwrap_or_default();
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|error| error.to_string())?;
        let public = BASE64_STANDARD.encode([&[ED25519], pair.public_key().as_ref()].concat());
        let public = format!("{}+{:08x}+{public}", signer.name(), signer.key_id());
        Ok(Self { secret: secret.to_owned(), signer, public })
    }

    /// As it is kept in its file.
    pub(crate) fn to_text(&self) -> String {
        format!("{}\n", self.secret)
    }

    /// A signed checkpoint: so many records have this root.
    pub(crate) fn checkpoint(&self, size: u64, root: Hash) -> Result<String, String> {
        let checkpoint = Checkpoint::new(self.signer.name(), size, root, "").map_err(|error| error.to_string())?;
        self.sign(&checkpoint.to_bytes(), None)
    }

    /// The statement that brings this key into use, signed by itself and by the one before it.
    pub(crate) fn statement(&self, at: DateTime<Utc>, size: u64, before: Option<&Self>) -> Result<String, String> {
        let replaces = before.map_or_else(|| "-".to_owned(), |before| format!("{:08x}", before.signer.key_id()));
        let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let text = format!("{KEY_STATEMENT}\n{}\n{}\n{at}\n{size}\n{replaces}\n", self.signer.name(), self.public);
        self.sign(text.as_bytes(), before)
    }

    fn sign(&self, text: &[u8], also: Option<&Self>) -> Result<String, String> {
        let mut note = Note::new(text, &[]).map_err(|error| error.to_string())?;
        let signers: Vec<&dyn signed_note::Signer> =
            std::iter::once(self).chain(also).map(|key| &key.signer as &dyn signed_note::Signer).collect();
        note.add_sigs(&signers).map_err(|error| error.to_string())?;
        String::from_utf8(note.to_bytes()).map_err(|error| error.to_string())
    }
}

/// A public key with its place in the list of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownKey {
    /// `name+id+key`.
    pub(crate) public: String,
    /// Its id, within the log.
    pub(crate) id: u32,
    /// How many records there were when it came into use.
    pub(crate) from: u64,
    /// The id of the key that it replaces.
    pub(crate) replaces: Option<u32>,
    /// The ids of the keys whose signatures its statement carries and that are in the list.
    pub(crate) signed_by: Vec<u32>,
}

/// Keys that signatures are checked with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    origin: String,
    known: Vec<KnownKey>,
}

impl Keys {
    /// The keys of a log; `statements` in the order in which they came into use.
    ///
    /// # Errors
    /// When one of them is malformed, or isn't signed by the key that it is about.
    pub(crate) fn read(origin: &str, statements: &[String]) -> Result<Self, String> {
        let mut keys = Self { origin: origin.to_owned(), known: Vec::new() };
        for statement in statements {
            let mut key = parse_statement(origin, statement)?;
            if keys.known.iter().any(|known| known.id == key.id) {
                return Err(format!("two keys have the id {:08x}", key.id));
            }
            keys.known.push(key.clone());
            key.signed_by = keys.signers(statement)?;
            if !key.signed_by.contains(&key.id) {
                return Err(format!("the statement of key {:08x} isn't signed by it", key.id));
            }
            if let Some(last) = keys.known.last_mut() {
                *last = key;
            }
        }
        Ok(keys)
    }

    /// The keys, in the order in which they came into use.
    pub(crate) fn list(&self) -> &[KnownKey] {
        &self.known
    }

    /// Keeps only those that are among `pinned`, or that a kept one vouches for:
    /// the one that they replace, and each but once, so that a key which was
    /// replaced, and may have been stolen since, brings no other into use.
    ///
    /// # Errors
    /// When the list isn't one that only grows by replacing: two keys replace
    /// one, a key comes into use before one that stands before it, another
    /// begins anew without being pinned, or one that is pinned was left out.
    pub(crate) fn trusted(mut self, pinned: &[String]) -> Result<Self, String> {
        self.expect_succession(pinned)?;
        let mut ids: Vec<u32> = Vec::new();
        self.known.retain(|key| {
            let vouched = key.replaces.is_some_and(|before| ids.contains(&before) && key.signed_by.contains(&before));
            let good = pinned.contains(&key.public) || vouched;
            if good {
                ids.push(key.id);
            }
            good
        });
        Ok(self)
    }

    fn expect_succession(&self, pinned: &[String]) -> Result<(), String> {
        let (mut replaced, mut from) = (BTreeSet::new(), 0);
        for (place, key) in self.known.iter().enumerate() {
            if key.from < from {
                return Err(format!("key {:08x} comes into use before one that stands before it", key.id));
            }
            from = key.from;
            match key.replaces {
                Some(before) if !replaced.insert(before) => {
                    return Err(format!("key {:08x} replaces {before:08x}, which another has replaced", key.id));
                }
                None if place > 0 && !pinned.contains(&key.public) => {
                    return Err(format!("key {:08x} replaces none and isn't among those that you know", key.id));
                }
                _ => {}
            }
        }
        let listed = |public: &String| self.known.iter().any(|key| key.public == *public);
        let of_this_trail = |public: &&String| public.starts_with(&format!("{}+", self.origin));
        match pinned.iter().filter(of_this_trail).find(|public| !listed(public)) {
            // Of a list that has none of them each checkpoint is refused anyhow.
            Some(missing) if pinned.iter().any(listed) => Err(format!("it lacks {missing}, which you know")),
            _ => Ok(()),
        }
    }

    /// The ids of the keys that have signed a note, of those known.
    fn signers(&self, note: &str) -> Result<Vec<u32>, String> {
        let mut verifiers: Vec<Box<dyn signed_note::Verifier>> = Vec::new();
        for key in &self.known {
            verifiers.push(Box::new(StandardVerifier::new(&key.public).map_err(|error| error.to_string())?));
        }
        let note = Note::from_bytes(note.as_bytes()).map_err(|error| error.to_string())?;
        let (verified, _) = note.verify(&VerifierList::new(verifiers)).map_err(|error| error.to_string())?;
        Ok(verified.iter().map(signed_note::Signature::id).collect())
    }

    /// Size and root of a checkpoint that a key of this log has signed while it was in use.
    ///
    /// # Errors
    /// Why it isn't one.
    pub(crate) fn checkpoint(&self, note: &str) -> Result<(u64, Hash), String> {
        let checkpoint = read_checkpoint(note)?;
        if checkpoint.origin() != self.origin {
            return Err(format!("it is of another log, {}", checkpoint.origin()));
        }
        let size = checkpoint.size();
        let signers = self.signers(note)?;
        let in_use = |id: &u32| {
            let replaced = self.known.iter().find(|key| key.replaces == Some(*id)).is_some_and(|next| size > next.from);
            !replaced
        };
        if signers.iter().any(in_use) {
            Ok((size, *checkpoint.hash()))
        } else {
            Err("its key had been replaced by then".to_owned())
        }
    }
}

/// A checkpoint whose signature isn't checked.
pub(crate) fn read_checkpoint(note: &str) -> Result<Checkpoint, String> {
    let parsed = Note::from_bytes(note.as_bytes()).map_err(|error| error.to_string())?;
    if parsed.to_bytes() != note.as_bytes() {
        return Err("it isn't in the form of a signed note".to_owned());
    }
    Checkpoint::from_bytes(parsed.text()).map_err(|error| error.to_string())
}

fn parse_statement(origin: &str, statement: &str) -> Result<KnownKey, String> {
    let note = Note::from_bytes(statement.as_bytes()).map_err(|error| error.to_string())?;
    if note.to_bytes() != statement.as_bytes() {
        return Err("a key's statement isn't in the form of a signed note".to_owned());
    }
    let text = std::str::from_utf8(note.text()).map_err(|error| error.to_string())?;
    let lines: Vec<&str> = text.lines().collect();
    let [KEY_STATEMENT, named, public, _at, size, replaces] = lines.as_slice() else {
        return Err("a key's statement isn't one".to_owned());
    };
    if *named != origin {
        return Err(format!("a key is of another log, {named}"));
    }
    let verifier = StandardVerifier::new(public).map_err(|error| format!("a key is malformed: {error}"))?;
    let replaces = match *replaces {
        "-" => None,
        id => Some(u32::from_str_radix(id, 16).map_err(|error| format!("a key's statement: {error}"))?),
    };
    Ok(KnownKey {
        public: (*public).to_owned(),
        id: verifier.key_id(),
        from: size.parse().map_err(|error| format!("a key's statement: {error}"))?,
        replaces,
        signed_by: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::tree;

    const ORIGIN: &str = "hansa.test/log";

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(ORIGIN, &[seed; 32]).unwrap()
    }

    fn now() -> DateTime<Utc> {
        "2026-11-22T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_key_is_read_back_whatever_its_bytes() {
        for seed in 0..=255 {
            let key = key(seed);
            let again = SigningKey::from_text(&key.to_text()).unwrap();
            assert_eq!(again.public, key.public);
            StandardVerifier::new(&key.public).unwrap();
        }
    }

    #[test]
    fn a_checkpoint_is_signed_and_read() {
        let (key, other) = (key(1), key(2));
        let keys = Keys::read(ORIGIN, &[key.statement(now(), 0, None).unwrap()]).unwrap();
        let root = tree::leaf(b"x");
        let note = key.checkpoint(1, root).unwrap();
        assert_eq!(keys.checkpoint(&note).unwrap(), (1, root));
        assert!(keys.checkpoint(&other.checkpoint(1, root).unwrap()).is_err());
        let elsewhere = SigningKey::from_seed("hansa.test/other", &[1; 32]).unwrap();
        assert!(keys.checkpoint(&elsewhere.checkpoint(1, root).unwrap()).is_err());
        assert!(keys.checkpoint(&note.replace("\n1\n", "\n2\n")).is_err());
    }

    #[test]
    fn a_replaced_key_vouches_for_the_next_and_signs_no_more() {
        let (first, second, stranger) = (key(1), key(2), key(3));
        let list = [
            first.statement(now(), 0, None).unwrap(),
            second.statement(now(), 5, Some(&first)).unwrap(),
            stranger.statement(now(), 6, None).unwrap(),
        ];
        let keys = Keys::read(ORIGIN, &list).unwrap();
        assert_eq!(keys.list().len(), 3);
        let trusted = Keys::read(ORIGIN, &list[..2]).unwrap().trusted(std::slice::from_ref(&first.public)).unwrap();
        assert_eq!(trusted.list().len(), 2);
        let root = tree::leaf(b"x");
        assert!(trusted.checkpoint(&first.checkpoint(5, root).unwrap()).is_ok());
        assert!(trusted.checkpoint(&first.checkpoint(6, root).unwrap()).is_err());
        assert!(trusted.checkpoint(&second.checkpoint(6, root).unwrap()).is_ok());
        assert!(trusted.checkpoint(&stranger.checkpoint(6, root).unwrap()).is_err());
        assert!(keys.checkpoint(&stranger.checkpoint(6, root).unwrap()).is_ok());
        // Another broker's key, which begins anew, is for the reader to know.
        assert!(keys.clone().trusted(std::slice::from_ref(&first.public)).is_err());
        let both = keys.clone().trusted(&[first.public.clone(), stranger.public.clone()]).unwrap();
        assert_eq!(both.list().len(), 3);
        let forged = list[1].replace("\n5\n", "\n9\n");
        assert!(Keys::read(ORIGIN, &[list[0].clone(), forged]).is_err());
    }

    /// A statement as a thief of `also` would write it.
    fn forged(of: &SigningKey, size: u64, replaces: &str, also: &SigningKey) -> String {
        let text = format!("{KEY_STATEMENT}\n{ORIGIN}\n{}\n2026-11-22T00:00:00Z\n{size}\n{replaces}\n", of.public);
        of.sign(text.as_bytes(), Some(also)).unwrap()
    }

    #[test]
    fn a_replaced_key_brings_no_other_into_use() {
        let (first, second, third, thief) = (key(1), key(2), key(3), key(9));
        let id = |key: &SigningKey| format!("{:08x}", key.signer.key_id());
        let good = [
            first.statement(now(), 0, None).unwrap(),
            second.statement(now(), 5, Some(&first)).unwrap(),
            third.statement(now(), 8, Some(&second)).unwrap(),
        ];
        let (knows, root) = (std::slice::from_ref(&first.public), tree::leaf(b"x"));
        let trusted = Keys::read(ORIGIN, &good).unwrap().trusted(knows).unwrap();
        assert!(trusted.checkpoint(&third.checkpoint(9, root).unwrap()).is_ok());
        // Whoever stole the first key after it was replaced, and writes to the database.
        for (at, statement) in [
            (3, forged(&thief, 9, "-", &first)),
            (3, forged(&thief, 9, &id(&first), &first)),
            (3, forged(&thief, 9, &id(&second), &first)),
            (3, forged(&thief, 9, &id(&third), &first)),
            (3, forged(&thief, 9, "00000001", &first)),
            (1, forged(&thief, 0, "-", &first)),
            (1, forged(&thief, 5, &id(&first), &first)),
            (1, forged(&thief, 7, &id(&third), &first)),
            (3, forged(&thief, 0, &id(&third), &first)),
        ] {
            let mut list = good.to_vec();
            list.insert(at, statement);
            // Either the list is a fault, or the key is good for nothing.
            let checked = Keys::read(ORIGIN, &list).and_then(|keys| keys.trusted(knows));
            for size in [3, 9, 100] {
                let taken =
                    checked.as_ref().is_ok_and(|keys| keys.checkpoint(&thief.checkpoint(size, root).unwrap()).is_ok());
                assert!(!taken, "{size}: {}", list[at]);
            }
        }
        // A list without the keys since then, for a reader who knows one of them.
        let without = [good[0].clone(), forged(&thief, 5, &id(&first), &first)];
        let keys = Keys::read(ORIGIN, &without).unwrap();
        let fault = keys.trusted(&[first.public.clone(), second.public.clone()]).unwrap_err();
        assert!(fault.contains("which you know"), "{fault}");
        // One key under two statements, and two keys with one id, are no list.
        assert!(Keys::read(ORIGIN, &[good[0].clone(), good[0].clone()]).is_err());
    }
}
