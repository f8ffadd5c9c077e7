//! Keys in files: modes, restarts, damage, two processes.

use crate::broker::{Broker, after, noon, run};
use hansa_federation::{Did, FileKeyStore, KeyStore as _, keys::Rotation};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, time::Duration};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn open(broker: &Broker) -> Result<FileKeyStore, hansa_federation::FederationError> {
    FileKeyStore::open(broker.folder.path().join("keys"), broker.did.clone(), after(1))
}

#[test]
fn nobody_else_may_read_the_keys() {
    let broker = Broker::new("did:web:a.example");
    run(broker.store.rotate(after(1), Rotation::default())).unwrap();
    let folder = broker.folder.path().join("keys");
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 4, "two keys, the index, the lock: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    assert!(!format!("{:?}", broker.store).contains("PRIVATE"));
}

#[test]
fn keys_that_others_can_read_are_not_used() {
    for (name, wrong) in [("keys.json", 0o640), ("", 0o750)] {
        let broker = Broker::new("did:web:a.example");
        let path = broker.folder.path().join("keys").join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(wrong)).unwrap();
        let error = open(&broker).unwrap_err().to_string();
        assert!(error.contains("chmod"), "{error}");
    }
    let broker = Broker::new("did:web:a.example");
    let key = broker.keys().keys[0].public_key.thumbprint();
    let path = broker.folder.path().join("keys").join(format!("{key}.pem"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
    let again = open(&broker).unwrap();
    assert!(run(again.sign(&again.signer(noon()).unwrap(), b"x")).is_err());
}

#[test]
fn a_restart_finds_the_same_keys() {
    let broker = Broker::new("did:web:a.example");
    let key = broker.store.signer(noon()).unwrap();
    let signature = run(broker.store.sign(&key, b"x")).unwrap();
    let again = open(&broker).unwrap();
    assert_eq!(again.keys().unwrap(), broker.keys());
    assert_eq!(again.key_lists().unwrap(), broker.store.key_lists().unwrap());
    assert_eq!(run(again.sign(&key, b"x")).unwrap(), signature, "Ed25519 is deterministic");
}

#[test]
fn the_keys_of_another_broker_are_refused() {
    let broker = Broker::new("did:web:a.example");
    let other = Did::new("did:web:b.example").unwrap();
    let error = FileKeyStore::open(broker.folder.path().join("keys"), other, noon()).unwrap_err();
    assert!(error.to_string().contains("did:web:a.example"), "{error}");
}

#[test]
fn a_rotation_by_one_process_is_seen_by_the_other() {
    let broker = Broker::new("did:web:a.example");
    let other = open(&broker).unwrap();
    let new = run(broker.store.rotate(after(5), Rotation::default())).unwrap();
    assert_eq!(other.signer(after(5)).unwrap(), new);
    assert!(run(other.sign(&new, b"x")).is_ok());
    assert_eq!(other.keys().unwrap(), broker.keys());
}

#[test]
fn an_announced_key_waits_for_its_time() {
    let broker = Broker::new("did:web:a.example");
    let old = broker.store.signer(noon()).unwrap();
    let rotation = Rotation { announce: Duration::from_secs(60), overlap: Duration::from_secs(30) };
    let new = run(broker.store.rotate(noon(), rotation)).unwrap();
    assert_eq!(broker.keys().keys.len(), 2, "published at once");
    assert_eq!(broker.store.signer(after(59)).unwrap(), old);
    assert_eq!(broker.store.signer(after(60)).unwrap(), new);
    assert_eq!(broker.keys().find(&old).unwrap().expires, Some(after(90)));
    assert_eq!(broker.keys().thumbprints(after(89)).len(), 2);
    assert_eq!(broker.keys().thumbprints(after(90)).len(), 1);
}

#[test]
fn a_second_rotation_never_prolongs_a_key() {
    let broker = Broker::new("did:web:a.example");
    let first = broker.store.signer(noon()).unwrap();
    let short = Rotation { announce: Duration::ZERO, overlap: Duration::from_secs(10) };
    run(broker.store.rotate(noon(), short)).unwrap();
    run(broker.store.rotate(after(1), Rotation::default())).unwrap();
    assert_eq!(broker.keys().find(&first).unwrap().expires, Some(after(10)));
}

#[test]
fn what_a_killed_process_left_is_no_harm() {
    let broker = Broker::new("did:web:a.example");
    let folder = broker.folder.path().join("keys");
    // Killed after the new key's file, before the index: the old state stands.
    let orphan = FileKeyStore::open(broker.folder.path().join("other"), broker.did.clone(), noon()).unwrap();
    let name = format!("{}.pem", orphan.keys().unwrap().keys[0].public_key.thumbprint());
    fs::copy(broker.folder.path().join("other").join(&name), folder.join(&name)).unwrap();
    // Killed in the middle of writing the index.
    fs::write(folder.join("keys.json.new"), b"{\"did\":").unwrap();
    let again = open(&broker).unwrap();
    assert_eq!(again.keys().unwrap(), broker.keys());
    run(again.rotate(after(5), Rotation::default())).unwrap();
    assert_eq!(open(&broker).unwrap().keys().unwrap().keys.len(), 2);
}

#[test]
fn a_damaged_or_swapped_key_is_told() {
    let broker = Broker::new("did:web:a.example");
    let key = broker.store.signer(noon()).unwrap();
    let path = broker.folder.path().join("keys").join(format!("{}.pem", broker.keys().keys[0].public_key.thumbprint()));
    fs::write(&path, b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").unwrap();
    let error = run(open(&broker).unwrap().sign(&key, b"x")).unwrap_err().to_string();
    assert!(error.contains("PKCS#8") && !error.contains("AAAA"), "{error}");
    let other = Broker::new("did:web:a.example");
    let theirs = other.folder.path().join("keys").join(format!("{}.pem", other.keys().keys[0].public_key.thumbprint()));
    fs::copy(theirs, &path).unwrap();
    let error = run(open(&broker).unwrap().sign(&key, b"x")).unwrap_err().to_string();
    assert!(error.contains("another key"), "{error}");
    assert!(run(open(&broker).unwrap().sign(&other.store.signer(noon()).unwrap(), b"x")).is_err());
}
