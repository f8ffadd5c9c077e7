//! How the page looks: size, light or dark, pictures of it.

use super::Browser;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The narrowest screen that everything has to work on.
pub(crate) const PHONE: Look = Look { width: 360, height: 740, dark: false, scripts: true, languages: "en" };

/// How somebody looks at pages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// In CSS pixels.
    pub width: u32,
    /// In CSS pixels.
    pub height: u32,
    /// Whether the system is set to dark.
    pub dark: bool,
    /// Whether scripts run.
    pub scripts: bool,
    /// The languages that the person reads: `de,en`.
    pub languages: &'static str,
}

impl Default for Look {
    fn default() -> Self {
        Self { width: 1280, height: 900, dark: false, scripts: true, languages: "en" }
    }
}

impl Browser {
    /// Sets size and colours.
    #[track_caller]
    pub(crate) fn look(&self, look: &Look) {
        let size = json!({ "width": look.width, "height": look.height, "deviceScaleFactor": 1, "mobile": false });
        self.protocol("Emulation.setDeviceMetricsOverride", size);
        let scheme = if look.dark { "dark" } else { "light" };
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.protocol("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Keeps a picture of the whole page: `target/portal-screenshots/NAME.png`.
    pub(crate) fn shoot(&self, name: &str) -> PathBuf {
        let parameters = json!({ "format": "png", "captureBeyondViewport": true, "optimizeForSpeed": false });
        self.keep(name, self.protocol("Page.captureScreenshot", parameters)["data"].as_str().unwrap())
    }

    fn keep(&self, name: &str, picture: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("portal-screenshots");
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{name}.png"));
        fs::write(&file, STANDARD.decode(picture).unwrap()).unwrap();
        file
    }

    /// Nothing sticks out at the side: the page scrolls downwards alone.
    #[track_caller]
    pub(crate) fn fits(&self) {
        let width = self
            .script("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]", Vec::new());
        assert!(width[0].as_f64() <= width[1].as_f64(), "{} is wider than the screen: {width}", self.url());
    }
}
