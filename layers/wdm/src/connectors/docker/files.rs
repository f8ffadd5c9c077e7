//! What a workload reads while it runs: its peers' addresses and its token,
//! put into its container by the engine's archive call, which works for
//! engines on other machines too.

use crate::model::{DiscoveryToken, Peers};
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

    /// The archive to unpack at the container's root. `volumes` are new ones:
    /// whoever the image runs as may write to them, as an image without the
    /// directory would have it for root alone.
    pub(super) fn archive(&self, volumes: &[String]) -> io::Result<Vec<u8>> {
        let mut archive = Builder::new(Vec::new());
        directory(&mut archive, &format!("{DIRECTORY}/"), 0o755)?;
        for volume in volumes {
            directory(&mut archive, &format!("{}/", volume_path(volume).trim_start_matches('/')), 0o1777)?;
        }
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

/// A file under a name of its content, and a link to it: an engine unpacks
/// over what is there, and whoever reads meanwhile must not see half of it.
fn replaced(archive: &mut Builder<Vec<u8>>, name: &str, content: &[u8]) -> io::Result<()> {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    // Few names, so that old contents don't pile up in a container that runs long.
    let stored = format!(".{name}-{:02x}", hasher.finish() % 256);
    let mut header = Header::new_gnu();
    header.set_mode(0o444);
    header.set_size(content.len() as u64);
    archive.append_data(&mut header, format!("{DIRECTORY}/{stored}"), content)?;
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

    #[test]
    fn files_are_links_to_whole_contents() {
        let token = DiscoveryToken::new("secret-1");
        let files = Files::new(&Peers::new(), Some(&token)).unwrap();
        let archive = files.archive(&["data".to_owned()]).unwrap();
        let mut read = tar::Archive::new(archive.as_slice());
        let (mut contents, mut links, mut modes) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for entry in read.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().display().to_string();
            modes.insert(path.clone(), entry.header().mode().unwrap());
            if let Some(target) = entry.link_name().unwrap() {
                links.insert(path, format!("{DIRECTORY}/{}", target.display()));
            } else {
                let mut text = String::new();
                entry.read_to_string(&mut text).unwrap();
                contents.insert(path, text);
            }
        }
        assert_eq!(contents[&links["hansa/peers.json"]], "{}");
        assert_eq!(contents[&links["hansa/token"]], "secret-1");
        assert_eq!(modes["hansa/volumes/data/"], 0o1777);
        assert_eq!(files.mark(), files.clone().mark());
        assert_ne!(files.mark(), Files::new(&Peers::new(), None).unwrap().mark());
    }
}
