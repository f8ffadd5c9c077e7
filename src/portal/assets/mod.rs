//! Style sheet, script and icon: compiled in, named by their content, so that
//! browsers keep them for good.

use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

/// A file of the portal.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Its media type.
    pub media_type: &'static str,
    /// What is in it.
    pub content: &'static str,
    path: String,
}

/// The style sheet.
pub(crate) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("portal", "css", "text/css; charset=utf-8", include_str!("portal.css")));
/// The script.
pub(crate) static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("portal", "js", "text/javascript; charset=utf-8", include_str!("portal.js")));
/// The icon.
pub(crate) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("hansa", "svg", "image/svg+xml", include_str!("hansa.svg")));

impl Asset {
    fn new(name: &str, ending: &str, media_type: &'static str, content: &'static str) -> Self {
        let digest = Sha256::digest(content.as_bytes());
        let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { media_type, content, path: format!("/assets/{name}-{hash}.{ending}") }
    }

    /// Where it is served; another content, another path.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

/// The asset of a path.
pub(crate) fn find(path: &str) -> Option<&'static Asset> {
    [&STYLE, &SCRIPT, &ICON].into_iter().map(|asset| &**asset).find(|asset| asset.path == path)
}
