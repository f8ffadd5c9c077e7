//! Descriptions that people wrote for MiCADO.

use crate::{errors, read_file, said};
use hansa_test_systems::shared_data;
use std::path::Path;

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn what_worked_there_is_read_here() {
    let Some(folder) = shared_data("micado-adt") else { return };
    for file in files(&folder.join("accept")) {
        let outcome = read_file(&file);
        assert!(!outcome.has_errors(), "{}\n{}", file.display(), said(&outcome));
        let converted = outcome.template.unwrap().convert();
        assert!(converted.model.is_some(), "{}: {:#?}", file.display(), converted.report);
    }
    let cqueue = read_file(&folder.join("accept/cqueue.yaml"));
    let lines: Vec<usize> =
        cqueue.diagnostics.iter().filter(|found| found.message.contains("Python 2")).map(|found| found.line).collect();
    assert_eq!(lines, [157, 158, 166, 173, 174]);
}

#[test]
fn what_is_wrong_is_refused_at_its_line() {
    let Some(folder) = shared_data("micado-adt") else { return };
    for (name, wanted) in [
        ("blank_topology.yaml", "15 empty"),
        ("manual-adt-cqworker-only.yaml", "43 unknown-field"),
        ("version-key-mismatch.yaml", "37 unknown-field"),
        ("wordpress-unknown-type.yaml", "88 unknown-type"),
    ] {
        let outcome = read_file(&folder.join("reject").join(name));
        assert_eq!(errors(&outcome).first().map(String::as_str), Some(wanted), "{name}\n{}", said(&outcome));
        assert!(outcome.template.is_none());
    }
    let unknown = read_file(&folder.join("reject/wordpress-unknown-type.yaml"));
    assert_eq!(errors(&unknown), ["88 unknown-type", "99 unknown-type"], "one for each use, none for its properties");
    assert!(said(&unknown).contains("did you mean `tosca.nodes.MiCADO.CloudSigma.Compute.Occo.small.NFS`"));
}

/// The published types themselves, with a template beside them that imports them from the disk.
#[test]
fn the_published_types_and_ours_agree() {
    let Some(folder) = shared_data("micado-adt") else { return };
    for file in files(&folder.join("types/custom_types/container"))
        .into_iter()
        .chain(files(&folder.join("types/custom_types/cloud")))
    {
        let outcome = read_file(&file);
        assert!(!outcome.has_errors(), "{}\n{}", file.display(), said(&outcome));
    }
}
