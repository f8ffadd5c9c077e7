//! The same verdicts as the parser that MiCADO relies on, but where that one is
//! known to be wrong. Needs `tests/systems/install/tosca.sh`.

use crate::{read_file, said, templates};
use hansa_test_systems::shared_data;
use hansa_test_systems::wanted;
use std::{collections::BTreeMap, path::PathBuf, process::Command};

/// Prints, for each file, whether the parser takes it. Addresses of MiCADO's types are read from a folder.
const SCRIPT: &str = r"
import logging, re, sys
import toscaparser.imports, toscaparser.tosca_template, toscaparser.utils.urlutils, toscaparser.utils.yamlparser
logging.disable(logging.CRITICAL)
load = toscaparser.utils.yamlparser.load_yaml
def local(path, a_file=True):
    found = re.match(r'https://raw.githubusercontent.com/micado-scale/tosca/[^/]+/(.*)', str(path))
    return load(sys.argv[1] + '/' + found.group(1), True) if found else load(path, a_file)
toscaparser.utils.yamlparser.load_yaml = local
toscaparser.imports.YAML_LOADER = local
toscaparser.tosca_template.YAML_LOADER = local
toscaparser.utils.urlutils.UrlUtils.validate_url = staticmethod(lambda path: '://' in str(path))
for file in sys.argv[2:]:
    try:
        toscaparser.tosca_template.ToscaTemplate(file)
        print('taken', file)
    except BaseException:
        print('refused', file)
";

/// Where it is not followed, and why.
const KNOWN: [(&str, &str); 13] = [
    ("blank_topology.yaml", "it takes a template that deploys nothing"),
    ("types.yaml", "it reads neither 1.1 nor 1.3"),
    ("two.yaml", "it doesn't read 2.0"),
    ("broad-1.3.yaml", "it reads neither 1.1 nor 1.3"),
    ("broad-2.0.yaml", "it doesn't read 2.0"),
    ("attached.yaml", "it falls where MiCADO's types name their alerting policy and don't import it"),
    ("house.yaml", "it reads neither 1.1 nor 1.3"),
    ("house-2.0.yaml", "it doesn't read 2.0"),
    ("lenient.yaml", "it takes policies as a list alone, although people write maps"),
    ("functions.yaml", "see each of the two: its own functions lack some checks, and a field `token` is no call"),
    ("empty.yaml", "it takes a template that deploys nothing"),
    ("shop.yaml", "it knows no `resources.reservations`, which Compose has"),
    ("custom_policy.yaml", "it falls"),
];

fn program() -> Option<PathBuf> {
    let cache = std::env::var_os("HANSA_TEST_CACHE").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/hansa-tests")))?;
    let python = cache.join("tosca/bin/python");
    wanted("tosca", python.is_file(), "run tests/systems/install/tosca.sh").then_some(python)
}

fn verdicts(python: &PathBuf, types: &PathBuf, files: &[PathBuf]) -> BTreeMap<String, bool> {
    let out = Command::new(python).arg("-c").arg(SCRIPT).arg(types).args(files).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let found: BTreeMap<String, bool> = text
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(word, _)| matches!(*word, "taken" | "refused"))
        .map(|(word, file)| (file.to_owned(), word == "taken"))
        .collect();
    assert_eq!(found.len(), files.len(), "{}", String::from_utf8_lossy(&out.stderr));
    found
}

fn compare(python: &PathBuf, types: &PathBuf, files: &[PathBuf], known: &[(&str, &str)]) {
    let theirs = verdicts(python, types, files);
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let outcome = read_file(file);
        let theirs = theirs[&file.display().to_string()];
        if known.iter().all(|(other, _)| *other != name) {
            assert_eq!(outcome.template.is_some(), theirs, "{}\n{}", file.display(), said(&outcome));
        }
    }
}

#[test]
fn the_verdicts_are_those_of_the_parser_that_micado_relies_on() {
    let (Some(python), Some(adt)) = (program(), shared_data("micado-adt")) else { return };
    let mut files = templates("valid");
    files.extend(templates("invalid"));
    for folder in ["accept", "reject"] {
        files.extend(std::fs::read_dir(adt.join(folder)).unwrap().map(|entry| entry.unwrap().path()));
    }
    compare(&python, &adt.join("types"), &files, &KNOWN);
}

/// Its own samples, which are installed with it.
#[test]
fn its_own_samples_are_read_as_it_reads_them() {
    let (Some(python), Some(adt)) = (program(), shared_data("micado-adt")) else { return };
    let found =
        Command::new(&python).args(["-c", "import toscaparser; print(toscaparser.__path__[0])"]).output().unwrap();
    let root = PathBuf::from(String::from_utf8(found.stdout).unwrap().trim()).join("tests/data");
    let mut folders = vec![root];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let ending = path.extension().map(|ending| ending.to_string_lossy().into_owned()).unwrap_or_default();
            if path.is_dir() && !path.ends_with("hot_output") {
                folders.push(path);
            } else if ending == "yaml" || ending == "zip" {
                files.push(path);
            }
        }
    }
    // These ask the network, lie where their imports don't lead from, or are parts of others with faults that no use shows.
    const PARTS: [(&str, &str); 8] = [
        ("csar_wordpress_invalid_script_url.zip", "it asks the network"),
        ("custom_policy.yaml", "it falls"),
        ("nested_rsyslog.yaml", "a part whose imports start from the folder above"),
        ("nested_test_kibana.yaml", "a part whose imports start from the folder above"),
        ("nested_test_wordpress.yaml", "a part whose imports start from the folder above"),
        ("tacker_defs.yaml", "a part with unknown types"),
        ("definitions_1_2.yaml", "a part with unknown types"),
        ("test_attributes_inheritance.yaml", "YAML 1.1 makes a number of `yes`"),
    ];
    compare(&python, &adt.join("types"), &files, &PARTS);
}
