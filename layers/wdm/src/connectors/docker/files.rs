//! What a workload reads while it runs: its peers' addresses and its token,
//! put into its container by the engine's archive call, which works for
//! engines on other machines too.

use crate::model::{DiscoveryToken, Peers, WorkloadSpec};
use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash as _, Hasher as _},
    io,
};
use tar::{Builder, EntryType, Header};

/// The directory of the broker's files in a container.
pub(super) const DIRECTORY: &str = "hansa";

/// Path of the peers file in the container.
pub(super) fn peers_path() -> String {
    format!("/{DIRECTORY}/peers.json")
}

/// Path of the token's file in the container.
pub(super) fn token_path() -> String {
    format!("/{DIRECTORY}/token")
}

/// Path of a volume in the container.
pub(super) fn volume_path(volume: &str) -> String {
    format!("/{DIRECTORY}/volumes/{volume}")
}

/// The directory of the component's files in the container.
pub(super) fn files_path() -> String {
    format!("/{DIRECTORY}/files")
}

/// Where a volume is in the container: at its own place, or at one of ours.
pub(super) fn place_of(spec: &WorkloadSpec, volume: &str) -> String {
    let own = spec.volumes.get(volume).and_then(|volume| volume.mount.clone());
    own.unwrap_or_else(|| volume_path(volume))
}

/// What a container is told.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Files {
    peers: Vec<u8>,
    token: Option<DiscoveryToken>,
}

impl Files {
    pub(super) fn new(peers: &Peers, token: Option<&DiscoveryToken>) -> Result<Self, serde_json::Error> {
        Ok(Self { peers: serde_json::to_vec(peers)?, token: token.cloned() })
    }

    /// Equal for what is equal, within this process.
    pub(super) fn mark(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.peers.hash(&mut hasher);
        self.token.as_ref().map(DiscoveryToken::reveal).hash(&mut hasher);
        hasher.finish()
    }

    /// The archive to unpack at the root of a container that begins. `volumes`
    /// are new ones: whoever the image runs as may write to them, as an image
    /// without the directory would have it for root alone. Those with a place of
    /// their own stay as the image has that place.
    pub(super) fn first_archive(&self, spec: &WorkloadSpec, volumes: &[String]) -> io::Result<Vec<u8>> {
        let mut archive = Builder::new(Vec::new());
        directory(&mut archive, &format!("{DIRECTORY}/"), 0o755)?;
        let ours = |name: &&String| spec.volumes.get(*name).is_some_and(|volume| volume.mount.is_none());
        for volume in volumes.iter().filter(ours) {
            directory(&mut archive, &format!("{}/", volume_path(volume).trim_start_matches('/')), 0o1777)?;
        }
        for (name, set) in &spec.files {
            directory(&mut archive, &format!("{DIRECTORY}/files/{name}/"), 0o755)?;
            for (file, content) in set.contents() {
                whole(&mut archive, &format!("{DIRECTORY}/files/{name}/{file}"), &content)?;
                // Its directory is not named, so that one of the image's keeps its mode.
                if let Some(mount) = set.mount.as_deref().map(|mount| mount.trim_matches('/')) {
                    whole(&mut archive, &format!("{mount}/{file}"), &content)?;
                }
            }
        }
        self.told(archive)
    }

    /// The archive to unpack at the root of a container that runs.
    pub(super) fn archive(&self) -> io::Result<Vec<u8>> {
        let mut archive = Builder::new(Vec::new());
        directory(&mut archive, &format!("{DIRECTORY}/"), 0o755)?;
        self.told(archive)
    }

    fn told(&self, mut archive: Builder<Vec<u8>>) -> io::Result<Vec<u8>> {
        replaced(&mut archive, "peers.json", &self.peers)?;
        if let Some(token) = &self.token {
            replaced(&mut archive, "token", token.reveal().as_bytes())?;
        }
        archive.into_inner()
    }
}

fn directory(archive: &mut Builder<Vec<u8>>, path: &str, mode: u32) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Directory);
    header.set_mode(mode);
    header.set_size(0);
    archive.append_data(&mut header, path, io::empty())
}

fn whole(archive: &mut Builder<Vec<u8>>, path: &str, content: &[u8]) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_mode(0o444);
    header.set_size(content.len() as u64);
    archive.append_data(&mut header, path, content)
}

/// A file under a name of its content, and a link to it: an engine unpacks
/// over what is there, and whoever reads meanwhile must not see half of it.
fn replaced(archive: &mut Builder<Vec<u8>>, name: &str, content: &[u8]) -> io::Result<()> {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    // Few names, so that old contents don't pile up in a container that runs long.
    let stored = format!(".{name}-{:02x}", hasher.finish() % 256);
    whole(archive, &format!("{DIRECTORY}/{stored}"), content)?;
    let mut link = Header::new_gnu();
    link.set_entry_type(EntryType::Symlink);
    link.set_mode(0o777);
    link.set_size(0);
    archive.append_link(&mut link, format!("{DIRECTORY}/{name}"), &stored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeMap, io::Read as _};

    fn spec() -> WorkloadSpec {
        serde_json::from_value(serde_json::json!({
            "id": "00000000-0000-0000-0000-000000000001", "application": "00000000-0000-0000-0000-000000000002",
            "applicationName": "shop", "component": "web", "ordinal": 0, "revision": "1", "provider": "urn:t:p",
            "target": {
                "machine": "00000000-0000-0000-0000-000000000003", "site": "urn:t:s", "node": "n",
                "address": "127.0.0.1", "directory": "/d",
            },
            "package": { "container": { "image": "web" } }, "resources": {},
            "volumes": { "data": { "size": "1Mi" }, "own": { "size": "1Mi", "mount": "/var/lib/own" } },
            "files": { "conf": { "mount": "/etc/web/", "text": { "a.conf": "one" }, "base64": { "b": "AAE=" } } },
        }))
        .unwrap()
    }

    #[test]
    fn files_are_links_to_whole_contents() {
        let token = DiscoveryToken::new("secret-1");
        let files = Files::new(&Peers::new(), Some(&token)).unwrap();
        let archive = files.first_archive(&spec(), &["data".to_owned(), "own".to_owned()]).unwrap();
        let mut read = tar::Archive::new(archive.as_slice());
        let (mut contents, mut links, mut modes) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for entry in read.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().display().to_string();
            modes.insert(path.clone(), entry.header().mode().unwrap());
            if let Some(target) = entry.link_name().unwrap() {
                links.insert(path, format!("{DIRECTORY}/{}", target.display()));
            } else {
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes).unwrap();
                contents.insert(path, bytes);
            }
        }
        assert_eq!(contents[&links["hansa/peers.json"]], b"{}");
        assert_eq!(contents[&links["hansa/token"]], b"secret-1");
        assert_eq!(modes["hansa/volumes/data/"], 0o1777);
        assert!(!modes.keys().any(|path| path.contains("own")), "its place is the image's: {modes:?}");
        for (path, content) in
            [("etc/web/a.conf", &b"one"[..]), ("hansa/files/conf/b", &[0, 1]), ("etc/web/b", &[0, 1])]
        {
            assert_eq!((contents[path].as_slice(), modes[path]), (content, 0o444), "{path}");
        }
        assert!(!modes.contains_key("etc/web/"), "a directory of the image keeps its mode");
        assert_eq!(files.mark(), files.clone().mark());
        assert_ne!(files.mark(), Files::new(&Peers::new(), None).unwrap().mark());
    }
}
