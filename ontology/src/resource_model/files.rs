//! Files that a model gives its programs, and where they and volumes are found
//! in containers.

use super::{Package, Volume};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// The variable that tells an instance the directory of its file sets, and what it says.
pub const FILES_VARIABLE: (&str, &str) =
    ("HANSA_FILES", "The directory of its `files`, where it has some: `NAME/FILE` is in it.");

/// All files of a component together may be so long, in bytes as they are
/// written in the model: what every system can hold (1 MiB in Kubernetes).
pub const MOST_OF_FILES: usize = 512 * 1024;

/// What the name of a file looks like.
const FILE_NAME_PATTERN: &str = r"^\.?[A-Za-z0-9_-][A-Za-z0-9._-]{0,126}$";

/// Directories of containers that belong to their systems or to the broker.
const TAKEN: [&str; 7] = ["/dev", "/hansa", "/proc", "/run/hansa", "/sys", "/var/lib/hansa", "/var/run/hansa"];

/// Files that an instance finds: settings, pages, certificates of authorities.
/// Who may see the application sees them: they are no place for secrets.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "File set")]
pub struct FileSet {
    /// The directory of the container in which they stand besides, next to what the
    /// image has there. An absolute path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"/etc/nginx/conf.d")]
    pub mount: Option<String>,
    /// Texts, by the names of their files: letters, digits, dots, hyphens and underscores.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = { "pattern": FILE_NAME_PATTERN }))]
    pub text: BTreeMap<String, String>,
    /// Other contents in base64 (RFC 4648, 4), by the names of their files.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = { "pattern": FILE_NAME_PATTERN }))]
    pub base64: BTreeMap<String, String>,
}

impl FileSet {
    /// The names of its files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.text.keys().chain(self.base64.keys()).map(String::as_str)
    }

    /// Its files: names and contents. What is no base64 is left out; [`mount_faults`] tells of it.
    pub fn contents(&self) -> impl Iterator<Item = (&str, Cow<'_, [u8]>)> {
        let texts = self.text.iter().map(|(name, text)| (name.as_str(), Cow::Borrowed(text.as_bytes())));
        let others = self.base64.iter().filter_map(|(name, text)| Some((name.as_str(), Cow::Owned(decoded(text)?))));
        texts.chain(others)
    }
}

/// Whether it is base64 (RFC 4648, 4), which may be broken into lines.
#[must_use]
pub fn is_base64(text: &str) -> bool {
    decoded(text).is_some()
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let whole: String = text.split_ascii_whitespace().collect();
    BASE64_STANDARD.decode(whole).ok()
}

/// What is wrong with a component's files or with a place in its containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountFault {
    /// The field, from the component on.
    pub field: Vec<String>,
    /// What is wrong, to be read after the field.
    pub problem: String,
    /// What to do.
    pub remedy: &'static str,
}

impl fmt::Display for MountFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.problem, self.remedy)
    }
}

/// What is wrong with files and volumes: names that lead out of their
/// directory, places that containers can't have, more than systems can hold.
#[must_use]
pub fn mount_faults(
    package: &Package,
    volumes: &BTreeMap<String, Volume>,
    files: &BTreeMap<String, FileSet>,
) -> Vec<MountFault> {
    let mut found = Faults { list: Vec::new(), places: BTreeSet::new() };
    if let (Package::Kubernetes(_) | Package::Helm(_), false) = (package, files.is_empty()) {
        let problem = format!("say nothing to a {} package", package.kind());
        found.add(&["files"], problem, "write a ConfigMap into the package");
        return found.list;
    }
    let in_container = matches!(package, Package::Container(_));
    for (name, volume) in volumes {
        let Some(mount) = &volume.mount else { continue };
        found.mount(&["volumes", name, "mount"], mount, in_container);
        if !found.places.insert(mount.trim_end_matches('/').to_owned()) {
            let problem = format!("is the place of another volume, {mount}");
            found.add(&["volumes", name, "mount"], problem, "give one of them another place");
        }
    }
    for (name, set) in files {
        found.set(name, set, in_container);
    }
    let long: usize =
        files.values().flat_map(|set| set.text.values().chain(set.base64.values())).map(String::len).sum();
    if long > MOST_OF_FILES {
        let problem = format!("are {long} bytes together, and {MOST_OF_FILES} is the most");
        found.add(&["files"], problem, "put the great ones into the image");
    }
    found.list
}

struct Faults {
    list: Vec<MountFault>,
    places: BTreeSet<String>,
}

impl Faults {
    fn add(&mut self, field: &[&str], problem: impl Into<String>, remedy: &'static str) {
        let field = field.iter().map(|part| (*part).to_owned()).collect();
        self.list.push(MountFault { field, problem: problem.into(), remedy });
    }

    fn set(&mut self, name: &str, set: &FileSet, in_container: bool) {
        if !is_name(name) {
            self.add(&["files", name], "is no name", "use lower-case letters, digits and hyphens, at most 63");
        }
        let sound = set.mount.as_ref().filter(|mount| self.mount(&["files", name, "mount"], mount, in_container));
        for (field, files) in [("text", &set.text), ("base64", &set.base64)] {
            for (file, content) in files {
                let at = ["files", name, field, file];
                if !is_file_name(file) {
                    let remedy =
                        "use letters, digits, dots, hyphens and underscores, at most 128, and no dot first but one";
                    self.add(&at, "is no name of a file", remedy);
                } else if field == "base64" && set.text.contains_key(file) {
                    self.add(&at, "stands under `text` too", "remove one of the two");
                } else if field == "base64" && !is_base64(content) {
                    self.add(&at, "is no base64", "encode the file's bytes as `base64 FILE` does");
                } else if let Some(mount) = sound {
                    let place = format!("{}/{file}", mount.trim_end_matches('/'));
                    if !self.places.insert(place.clone()) {
                        self.add(&at, format!("has the place of another, {place}"), "give one of them another place");
                    }
                }
            }
        }
    }

    /// Whether it is a place that a container can have.
    fn mount(&mut self, field: &[&str], mount: &str, in_container: bool) -> bool {
        if !in_container {
            let remedy = "leave it out, and let the program read the variable that tells the directory";
            self.add(field, "is for containers alone", remedy);
        } else if !is_path(mount) {
            self.add(field, "is no directory of a container", "write an absolute path without `..`, such as /etc/shop");
        } else if let Some(taken) = taken(mount) {
            self.add(
                field,
                format!("lies in {taken}, which belongs to the system or the broker"),
                "choose another place",
            );
        } else {
            return true;
        }
        false
    }
}

/// Whether files and volumes may be put there in a container.
#[must_use]
pub fn is_mount(path: &str) -> bool {
    is_path(path) && taken(path).is_none()
}

/// An absolute path of a directory that can stand in every system's wish.
fn is_path(path: &str) -> bool {
    let inner = path.strip_prefix('/').map(|rest| rest.strip_suffix('/').unwrap_or(rest));
    let part = |part: &str| !matches!(part, "" | "." | "..");
    let fits = |c: char| !c.is_control() && !matches!(c, ':' | ',' | '\\');
    path.len() <= 1024 && path.chars().all(fits) && inner.is_some_and(|inner| inner.split('/').all(part))
}

/// The directory around it that is not to be had.
fn taken(path: &str) -> Option<&'static str> {
    let around = |taken: &&str| path.strip_prefix(taken).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    TAKEN.into_iter().find(|taken| around(taken))
}

/// As [`super::NAME_PATTERN`] says.
fn is_name(name: &str) -> bool {
    let inner = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

/// Whether it can be the name of a file in a set, as [`FILE_NAME_PATTERN`] says.
#[must_use]
pub fn is_file_name(name: &str) -> bool {
    let rest = name.strip_prefix('.').unwrap_or(name);
    let inner = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'.' | b'_' | b'-');
    (1..=127).contains(&rest.len()) && rest.bytes().all(inner) && !rest.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn faults(package: Value, volumes: Value, files: Value) -> Vec<String> {
        let read = |value| serde_json::from_value(value).unwrap();
        let (volumes, files) = (serde_json::from_value(volumes).unwrap(), serde_json::from_value(files).unwrap());
        let found = mount_faults(&read(package), &volumes, &files);
        found.into_iter().map(|fault| format!("{} {}", fault.field.join("."), fault.problem)).collect()
    }

    fn in_container(volumes: Value, files: Value) -> Vec<String> {
        faults(json!({ "container": { "image": "a" } }), volumes, files)
    }

    #[test]
    fn sound_ones_pass() {
        let volumes = json!({ "data": { "size": "1Mi", "mount": "/var/lib/mysql" }, "own": { "size": "1Mi" } });
        let files = json!({
            "conf": { "mount": "/etc/shop/", "text": { "a.conf": "b", ".hidden": "" }, "base64": { "k": "AAE=\n" } },
            "more": { "mount": "/etc/shop", "text": { "b.conf": "b" } },
        });
        assert_eq!(in_container(volumes, files), Vec::<String>::new());
        let of_process = json!({ "process": { "command": ["a"] } });
        let files = json!({ "conf": { "text": { "a": "b" } } });
        assert_eq!(faults(of_process, json!({}), files), Vec::<String>::new());
    }

    #[test]
    fn nothing_leads_out_of_its_place() {
        for mount in ["", "/", "etc", "/a/../b", "/a//b", "/a/./b", "/a:b", "/a\nb", "/a//"] {
            let volumes = json!({ "v": { "size": "1Mi", "mount": mount } });
            assert!(in_container(volumes, json!({}))[0].contains("no directory"), "{mount}");
        }
        for mount in ["/hansa", "/proc/self", "/sys/", "/dev/shm", "/run/hansa/token", "/var/lib/hansa/volumes/a"] {
            let files = json!({ "f": { "mount": mount, "text": { "a": "" } } });
            assert!(in_container(json!({}), files)[0].contains("belongs to"), "{mount}");
        }
        for name in ["", ".", "..", "../a", "a/b", "...", "..a", "a\0", "ä", &"a".repeat(129)] {
            let files = json!({ "f": { "text": { name: "" } } });
            assert!(in_container(json!({}), files)[0].contains("no name of a file"), "{name:?}");
        }
        assert!(in_container(json!({}), json!({ "../f": {} }))[0].contains("is no name"));
    }

    #[test]
    fn what_can_not_be_is_told() {
        let files = json!({
            "a": { "mount": "/etc/x", "text": { "one": "1", "two": "2" }, "base64": { "one": "MQ==", "three": "?" } },
            "b": { "mount": "/etc/x/", "text": { "two": "3" } },
        });
        let found = in_container(json!({}), files);
        assert_eq!(
            found,
            [
                "files.a.base64.one stands under `text` too",
                "files.a.base64.three is no base64",
                "files.b.text.two has the place of another, /etc/x/two",
            ]
        );
        let twice = json!({ "a": { "size": "1Mi", "mount": "/d" }, "b": { "size": "1Mi", "mount": "/d/" } });
        assert_eq!(in_container(twice, json!({})), ["volumes.b.mount is the place of another volume, /d/"]);
        let process = json!({ "process": { "command": ["a"] } });
        let mounted = json!({ "a": { "mount": "/etc", "text": {} } });
        assert!(faults(process, json!({}), mounted.clone())[0].starts_with("files.a.mount is for containers"));
        let objects = json!({ "kubernetes": { "manifests": "a" } });
        assert_eq!(faults(objects, json!({}), mounted), ["files say nothing to a kubernetes package"]);
        let great = json!({ "a": { "text": { "a": "x".repeat(MOST_OF_FILES + 1) } } });
        assert!(in_container(json!({}), great)[0].starts_with("files are 524289 bytes"));
    }
}
