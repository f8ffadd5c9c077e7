//! Exports altered in every way, and each fault named.

use super::*;
use crate::audit::{note::SigningKey, tree::Frontier};

const ORIGIN: &str = "hansa.audit/test";

/// An export of `count` records with checkpoints over 4 and over all of them.
struct Sample {
    key: SigningKey,
    records: Vec<String>,
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[seed; 32]).unwrap()
}

/// Records with these contents, chained.
fn chain<'a>(contents: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut head = crate::audit::tree::NOTHING;
    let mut lines = Vec::new();
    for (place, content) in contents.into_iter().enumerate() {
        let line = format!(r#"{{"place":{place},"previous":"{}","action":"{content}"}}"#, tree::text(head));
        head = tree::leaf(line.as_bytes());
        lines.push(line);
    }
    lines
}

fn root(lines: &[String]) -> Hash {
    let mut frontier = Frontier::default();
    lines.iter().for_each(|line| frontier.push(tree::leaf(line.as_bytes())));
    frontier.root()
}

impl Sample {
    fn new(count: usize) -> Self {
        let contents: Vec<String> = (0..count).map(|at| format!("a{at}")).collect();
        Self { key: key(1), records: chain(contents.iter().map(String::as_str)) }
    }

    fn checkpoints(&self) -> Vec<String> {
        let sizes = [4, self.records.len()];
        sizes
            .into_iter()
            .filter(|size| *size <= self.records.len())
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .map(|size| self.key.checkpoint(size as u64, root(&self.records[..size])).unwrap())
            .collect()
    }

    /// The file, with these records in place of its own and these checkpoints.
    fn file(&self, records: &[String], checkpoints: &[String]) -> Vec<u8> {
        file(&self.key, records, checkpoints, self.records.len())
    }

    fn whole(&self) -> Vec<u8> {
        self.file(&self.records, &self.checkpoints())
    }
}

fn file(key: &SigningKey, records: &[String], checkpoints: &[String], size: usize) -> Vec<u8> {
    let statement = key.statement("2026-11-22T00:00:00Z".parse().unwrap(), 0, None).unwrap();
    let mut head = vec![
        format!(r#"{{"hansaAuditExport":1,"origin":"{ORIGIN}","size":{size},"at":"2026-11-22T00:00:00Z"}}"#),
        serde_json::to_string(&Extra::Key(statement)).unwrap(),
    ];
    head.extend(checkpoints.iter().map(|note| serde_json::to_string(&Extra::Checkpoint(note.clone())).unwrap()));
    let head: String = head.iter().map(|line| format!("{line}\n")).collect();
    let lines = (head.lines().count() + records.len()) as u64;
    let sha256 = BASE64_STANDARD.encode(Sha256::digest(head.as_bytes()));
    let end = serde_json::to_string(&Extra::End { lines, sha256 }).unwrap();
    let records: String = records.iter().map(|line| format!("{line}\n")).collect();
    format!("{head}{records}{end}\n").into_bytes()
}

fn fault(bytes: &[u8]) -> Fault {
    verify(bytes, &[], None).unwrap_err()
}

fn found(bytes: &[u8]) -> (FaultKind, Option<u64>) {
    let fault = fault(bytes);
    (fault.kind, fault.place)
}

#[test]
fn a_good_export_is_good() {
    for count in [0, 1, 2, 4, 5, 9] {
        let sample = Sample::new(count);
        let verified = verify(sample.whole().as_slice(), &[], None).unwrap();
        assert_eq!((verified.size, verified.pinned), (count as u64, false));
        assert_eq!(verified.root, tree::text(root(&sample.records)));
        let pinned = verify(sample.whole().as_slice(), std::slice::from_ref(&sample.key.public), None).unwrap();
        assert!(pinned.pinned);
    }
}

#[test]
fn an_altered_record_is_named() {
    for count in [1, 2, 4, 5, 6, 9] {
        let sample = Sample::new(count);
        for at in 0..count {
            let mut records = sample.records.clone();
            records[at] = records[at].replace(r#":"a"#, r#":"b"#);
            let found = found(&sample.file(&records, &sample.checkpoints()));
            assert_eq!(found, (FaultKind::Altered, Some(at as u64)), "{at} of {count}");
        }
    }
}

#[test]
fn every_flipped_byte_is_found() {
    let whole = Sample::new(2).whole();
    for (at, bit) in (0..whole.len()).zip([0x01, 0x20, 0x80, 0x04].into_iter().cycle()) {
        let mut bytes = whole.clone();
        bytes[at] ^= bit;
        assert!(verify(bytes.as_slice(), &[], None).is_err(), "byte {at}, bit {bit:#x}");
    }
    for length in (0..whole.len()).step_by(11).chain([whole.len() - 1]) {
        assert!(verify(&whole[..length], &[], None).is_err(), "cut off after {length}");
    }
}

#[test]
fn a_flipped_byte_of_a_record_names_that_record() {
    let sample = Sample::new(3);
    for at in 0..3_usize {
        for byte in 0..sample.records[at].len() {
            let mut bytes = sample.records[at].clone().into_bytes();
            bytes[byte] ^= 0x01;
            let Ok(line) = String::from_utf8(bytes) else { continue };
            if line.contains('\n') {
                continue;
            }
            let mut records = sample.records.clone();
            records[at] = line;
            let fault = fault(&sample.file(&records, &sample.checkpoints()));
            assert_eq!(fault.place, Some(at as u64), "byte {byte} of record {at}: {fault}");
        }
    }
}

#[test]
fn a_missing_inserted_or_moved_record_is_named() {
    let sample = Sample::new(9);
    for at in 0..9_usize {
        let mut missing = sample.records.clone();
        missing.remove(at);
        assert_eq!(
            found(&sample.file(&missing, &sample.checkpoints())),
            (FaultKind::Missing, Some(at as u64)),
            "missing {at}"
        );
        let mut twice = sample.records.clone();
        twice.insert(at + 1, sample.records[at].clone());
        assert_eq!(
            found(&sample.file(&twice, &sample.checkpoints())),
            (FaultKind::Inserted, Some(at as u64)),
            "twice {at}"
        );
        if at < 8 {
            let mut moved = sample.records.clone();
            moved.swap(at, at + 1);
            assert_eq!(
                found(&sample.file(&moved, &sample.checkpoints())),
                (FaultKind::Reordered, Some(at as u64)),
                "moved {at}"
            );
        }
    }
}

#[test]
fn a_chain_that_was_made_anew_has_another_root() {
    let sample = Sample::new(9);
    let mut contents: Vec<String> = (0..9).map(|at| format!("a{at}")).collect();
    contents[6] = "b6".to_owned();
    let records = chain(contents.iter().map(String::as_str));
    let fault = fault(&sample.file(&records, &sample.checkpoints()));
    assert_eq!((fault.kind, fault.place), (FaultKind::Altered, Some(8)));
    assert!(fault.message.contains("or one from 4 on"), "{fault}");
    contents.swap(6, 1);
    let records = chain(contents.iter().map(String::as_str));
    assert_eq!(found(&sample.file(&records, &sample.checkpoints())), (FaultKind::Rewritten, Some(0)));
}

#[test]
fn a_forged_checkpoint_is_named() {
    let sample = Sample::new(6);
    let stranger = key(2).checkpoint(6, root(&sample.records)).unwrap();
    let checkpoints = [sample.checkpoints()[0].clone(), stranger];
    let fault = fault(&sample.file(&sample.records, &checkpoints));
    assert_eq!(fault.kind, FaultKind::ForgedCheckpoint);
    assert!(fault.message.contains("over 6 records"), "{fault}");
    assert_eq!(
        found(&sample.file(&sample.records, &sample.checkpoints()[..1])),
        (FaultKind::Truncated, Some(4)),
        "without the last checkpoint"
    );
}

#[test]
fn a_trail_of_another_key_is_refused_where_the_key_is_known() {
    let (mine, theirs) = (Sample::new(5), Sample { key: key(2), ..Sample::new(5) });
    assert!(verify(theirs.whole().as_slice(), &[], None).is_ok());
    let known = verify(theirs.whole().as_slice(), std::slice::from_ref(&mine.key.public), None).unwrap_err();
    assert_eq!(known.kind, FaultKind::ForgedCheckpoint);
    let earlier = Earlier::read(&mine.whole()).unwrap();
    assert!(verify(theirs.whole().as_slice(), &[], Some(&earlier)).is_err());
}

#[test]
fn a_tail_that_was_cut_off_is_found_with_an_earlier_checkpoint() {
    let (long, short) = (Sample::new(9), Sample::new(6));
    let checkpoint = long.checkpoints()[1].clone();
    let (note, export) = (Earlier::read(checkpoint.as_bytes()).unwrap(), Earlier::read(&long.whole()).unwrap());
    assert!(verify(short.whole().as_slice(), &[], None).is_ok(), "by itself it is consistent");
    for earlier in [&note, &export] {
        let fault = verify(short.whole().as_slice(), &[], Some(earlier)).unwrap_err();
        assert_eq!((fault.kind, fault.place), (FaultKind::Truncated, Some(6)));
        assert_eq!(verify(long.whole().as_slice(), &[], Some(earlier)).unwrap().grown_from, Some(9));
    }
    let grown = Earlier::read(short.checkpoints()[1].as_bytes()).unwrap();
    assert_eq!(verify(long.whole().as_slice(), &[], Some(&grown)).unwrap().grown_from, Some(6));
}

#[test]
fn a_trail_that_was_written_anew_is_found_with_an_earlier_export() {
    let earlier = Sample::new(6);
    let mut contents: Vec<String> = (0..9).map(|at| format!("a{at}")).collect();
    contents[3] = "b3".to_owned();
    let anew = Sample { key: key(1), records: chain(contents.iter().map(String::as_str)) };
    assert!(verify(anew.whole().as_slice(), &[], None).is_ok(), "whoever has the key can do that");
    let export = Earlier::read(&earlier.whole()).unwrap();
    let fault = verify(anew.whole().as_slice(), &[], Some(&export)).unwrap_err();
    assert_eq!((fault.kind, fault.place), (FaultKind::Rewritten, Some(3)));
    let note = Earlier::read(earlier.checkpoints()[1].as_bytes()).unwrap();
    assert_eq!(verify(anew.whole().as_slice(), &[], Some(&note)).unwrap_err().kind, FaultKind::Rewritten);
}

#[test]
fn whatever_comes_is_answered() {
    for bytes in [
        b"".as_slice(),
        b"\0",
        b"{}",
        b"{}\n",
        b"[]\n",
        &[0xff; 100],
        br#"{"hansaAuditExport":2,"origin":"x","size":0,"at":""}"#,
    ] {
        assert_eq!(fault(bytes).kind, FaultKind::Unreadable);
        assert!(Earlier::read(bytes).is_err());
    }
    let endless = vec![b'a'; 9 << 20];
    assert_eq!(fault(&endless).kind, FaultKind::Unreadable);
}
