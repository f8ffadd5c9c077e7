//! What a volume sends and takes: files, links and their rights, whole; and what is refused.

use super::*;
use crate::connectors::copying::{Content, WAITING};
use std::os::unix::{
    fs::{PermissionsExt as _, symlink},
    net::UnixListener,
};

/// All that a volume sends, as one archive.
fn archive(volumes: &Path) -> io::Result<Vec<u8>> {
    let (sender, mut pieces) = mpsc::channel(WAITING);
    let volumes = volumes.to_owned();
    let packing = std::thread::spawn(move || pack(&volumes, "data", &sender));
    let mut all = Vec::new();
    while let Some(piece) = pieces.blocking_recv() {
        all.extend(piece?);
    }
    packing.join().unwrap();
    Ok(all)
}

fn pieces(archive: &[u8]) -> Pieces {
    let (sender, pieces) = mpsc::channel(1024);
    for piece in archive.chunks(1_000) {
        sender.blocking_send(Ok(piece.to_vec())).unwrap();
    }
    Pieces::new(pieces)
}

/// A volume with all that a program may put into one.
fn filled(volumes: &Path) {
    let data = volumes.join("data");
    fs::create_dir_all(data.join("deep/er")).unwrap();
    fs::write(data.join("deep/er/file"), b"content").unwrap();
    fs::write(data.join("n".repeat(200)), b"a long name").unwrap();
    fs::set_permissions(data.join("deep/er/file"), fs::Permissions::from_mode(0o640)).unwrap();
    let then = std::time::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    File::options().write(true).open(data.join("deep/er/file")).unwrap().set_modified(then).unwrap();
    symlink("deep/er/file", data.join("inside")).unwrap();
    symlink("/etc/passwd", data.join("outside")).unwrap();
    symlink("..", data.join("up")).unwrap();
    let sparse = File::create(data.join("sparse")).unwrap();
    sparse.set_len(64 << 20).unwrap();
    fs::create_dir(data.join("sealed")).unwrap();
    fs::write(data.join("sealed/note"), b"sealed").unwrap();
    fs::set_permissions(data.join("sealed"), fs::Permissions::from_mode(0o555)).unwrap();
}

#[test]
fn a_volume_arrives_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    filled(&from);
    drop(UnixListener::bind(from.join("data/socket")).unwrap());
    fs::create_dir(&to).unwrap();
    let sent = archive(&from).unwrap();
    assert!(sent.len() < 1 << 20, "holes are not sent: {}", sent.len());
    unpack(&to, "data", pieces(&sent)).unwrap();
    let data = to.join("data");
    assert_eq!(fs::read(data.join("deep/er/file")).unwrap(), b"content");
    let found = fs::metadata(data.join("deep/er/file")).unwrap();
    assert_eq!((found.mode() & 0o7777, found.mtime()), (0o640, 1_000_000_000));
    assert_eq!(fs::read_link(data.join("outside")).unwrap(), Path::new("/etc/passwd"), "a link stays a link");
    assert_eq!(fs::read_link(data.join("up")).unwrap(), Path::new(".."));
    let sparse = fs::metadata(data.join("sparse")).unwrap();
    assert_eq!(sparse.len(), 64 << 20);
    assert!(sparse.blocks() * 512 < 1 << 20, "holes stay holes: {}", sparse.blocks());
    assert_eq!(fs::metadata(data.join("sealed")).unwrap().mode() & 0o777, 0o555);
    assert!(!data.join("socket").exists(), "it holds nothing");
    let (before, after) = (Content::of(pieces(&sent)).unwrap(), Content::of(pieces(&archive(&to).unwrap())).unwrap());
    assert_eq!(before, after);
    assert_eq!(before.bytes, (64 << 20) + 7 + 11 + 6);
    let names = ["data".to_owned()];
    let measured = size(&from, names.iter()).unwrap().unwrap();
    assert!(measured < 1 << 20, "what lies on the disk is measured: {measured}");
}

#[test]
fn what_was_changed_on_the_way_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let content = || Content::of(pieces(&archive(folder.path()).unwrap())).unwrap();
    let data = folder.path().join("data");
    let mut known = vec![content()];
    let mut differs = |what: &str| {
        let now = content();
        assert!(!known.contains(&now), "{what}");
        known.push(now);
    };
    fs::write(data.join("deep/er/file"), b"Content").unwrap();
    differs("another letter");
    fs::set_permissions(data.join("deep/er/file"), fs::Permissions::from_mode(0o600)).unwrap();
    differs("another mode");
    fs::remove_file(data.join("outside")).unwrap();
    differs("one less");
    symlink("/etc/shadow", data.join("outside")).unwrap();
    differs("a link elsewhere");
}

#[test]
fn what_breaks_off_is_no_volume() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    filled(&from);
    let sent = archive(&from).unwrap();
    for (number, length) in [0, 512, sent.len() / 2, sent.len() - 1_024].into_iter().enumerate() {
        let place = to.join(number.to_string());
        fs::create_dir_all(&place).unwrap();
        let part = sent.get(..length).unwrap();
        assert!(unpack(&place, "data", pieces(part)).is_err(), "{length} of {}", sent.len());
        assert!(Content::of(pieces(part)).is_err(), "{length} of {}", sent.len());
    }
}

#[test]
fn nothing_is_read_or_written_outside_of_a_volume() {
    let folder = tempfile::tempdir().unwrap();
    let (from, outside) = (folder.path().join("from"), folder.path().join("outside"));
    fs::create_dir_all(&outside).unwrap();
    fs::create_dir_all(&from).unwrap();
    fs::write(outside.join("secret"), b"secret").unwrap();
    symlink(&outside, from.join("data")).unwrap();
    let said = archive(&from).unwrap_err().to_string();
    assert!(said.contains("no folder any more"), "{said}");

    let hostile = |entries: &[(&str, Option<&str>)]| {
        let mut archive = Builder::new(Vec::new());
        for (path, link) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(0);
            header.set_mode(0o644);
            header.set_entry_type(link.map_or(tar::EntryType::Regular, |_| tar::EntryType::Symlink));
            header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
            if let Some(link) = link {
                header.set_link_name_literal(link).unwrap();
            }
            header.set_cksum();
            archive.append(&header, io::empty()).unwrap();
        }
        archive.into_inner().unwrap()
    };
    let target = outside.to_string_lossy().into_owned();
    for entries in [
        &[("data/../../outside/new", None)][..],
        &[("other/new", None)],
        &[("data/way", Some(target.as_str())), ("data/way/new", None)],
    ] {
        let place = tempfile::tempdir_in(folder.path()).unwrap();
        let refused = unpack(place.path(), "data", pieces(&hostile(entries)));
        assert!(refused.is_err(), "{entries:?}");
        let found: Vec<_> = fs::read_dir(&outside).unwrap().flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(found, ["secret"], "{entries:?}");
    }
}

#[test]
fn half_a_copy_lies_beside_and_goes_with_the_volumes() {
    let folder = tempfile::tempdir().unwrap();
    let volumes = folder.path().join("1");
    for path in ["1/data", "1.copy-5/data", "1.copy-6", "10/data", "10.copy-5"] {
        fs::create_dir_all(folder.path().join(path)).unwrap();
    }
    assert_eq!(fresh(&volumes, 5), folder.path().join("1.copy-5"));
    discard(&volumes).unwrap();
    discard(&volumes).unwrap();
    let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    left.sort();
    assert_eq!(left, ["10", "10.copy-5"], "another instance's stay");
}
