//! A person's browser: Chromium without a window, with a profile of its own,
//! led by chromedriver. It finds things as people do: by what is written on
//! them. Tests are plain functions; the client's runtime stands beside them.

mod axe;
mod driver;
mod keyboard;
mod protocol;
mod screen;

use crate::harness::{attempt, leftover_processes};
use driver::{Driver, Programs};
use fantoccini::{Client, ClientBuilder, Locator, elements::Element, error::CmdError};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::{sync::LazyLock, time::Duration};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

pub(crate) use screen::{Look, PHONE};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());

/// How long a page may take to show what is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with a profile of its own.
pub(crate) struct Browser {
    client: Client,
    /// Relative addresses begin here: the broker's URL.
    base: String,
    driver: Option<Driver>,
    folder: TempDir,
}

impl Browser {
    /// A new profile. None, loudly, where there is no browser.
    pub(crate) fn open(base: &str, look: &Look) -> Option<Self> {
        let programs = Programs::find()?;
        let folder = tempfile::Builder::new().prefix("hansa-browser-").tempdir().unwrap();
        let driver = Driver::start(&programs, folder.path());
        let profile = folder.path().join("profile");
        let capabilities = json!({
            "goog:chromeOptions": {
                "binary": programs.chromium,
                "args": [
                    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                    "--disable-background-networking", "--disable-component-update", "--disable-sync",
                    "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb",
                    format!("--accept-lang={}", look.languages), format!("--lang={}", look.languages),
                    format!("--window-size={},{}", look.width, look.height),
                    format!("--user-data-dir={}", profile.display()),
                ],
                "prefs": {
                    "intl.accept_languages": look.languages,
                    "profile.managed_default_content_settings.javascript": if look.scripts { 1 } else { 2 },
                },
            },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(capabilities) = capabilities else { unreachable!("an object was written") };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = RUNTIME.block_on(builder.capabilities(capabilities).connect(&driver.url)).unwrap();
        let browser = Self { client, base: base.to_owned(), driver: Some(driver), folder };
        browser.look(look);
        Some(browser)
    }

    /// Waits for the browser.
    #[track_caller]
    fn run<T>(&self, what: &str, command: impl Future<Output = Result<T, CmdError>>) -> T {
        RUNTIME.block_on(command).unwrap_or_else(|error| panic!("{what}: {error}\n{}", self.describe()))
    }

    /// What is on the screen, for a failure's text.
    fn describe(&self) -> String {
        let seen = RUNTIME.block_on(async {
            let url = self.client.current_url().await.map(|url| url.to_string()).unwrap_or_default();
            let script = "return document.body ? document.body.innerText : ''";
            let text = self.client.execute(script, Vec::new()).await.unwrap_or_default();
            format!("at {url} one reads:\n{}", text.as_str().unwrap_or_default())
        });
        self.shoot("failure");
        seen.chars().take(6_000).collect()
    }

    /// Opens an address: a path of the broker, or a whole URL.
    #[track_caller]
    pub(crate) fn go(&self, path: &str) {
        let url = if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() };
        self.run(&format!("open {url}"), self.client.goto(&url));
    }

    /// Where it is.
    #[track_caller]
    pub(crate) fn url(&self) -> String {
        self.run("the address", self.client.current_url()).to_string()
    }

    /// Path and query of where it is.
    #[track_caller]
    pub(crate) fn path(&self) -> String {
        let url = self.url();
        url.strip_prefix(&self.base).map_or(url.clone(), str::to_owned)
    }

    /// The page's title.
    #[track_caller]
    pub(crate) fn title(&self) -> String {
        self.run("the title", self.client.title())
    }

    /// Loads the page again. A page that loads itself again may come between.
    #[track_caller]
    pub(crate) fn reload(&self) {
        self.wait("reload", || RUNTIME.block_on(self.client.refresh()).map_err(|error| error.to_string()));
    }

    /// Goes to the page before.
    #[track_caller]
    pub(crate) fn back(&self) {
        match RUNTIME.block_on(self.client.back()) {
            Ok(()) => {}
            // A page that leads on at once ends the driver's wait for it; where that leads is seen by whoever looks.
            Err(error) if error.to_string().contains("aborted by navigation") => {}
            Err(error) => panic!("back: {error}\n{}", self.describe()),
        }
    }

    /// What a script answers.
    #[track_caller]
    pub(crate) fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.run("a script", self.client.execute(script, arguments))
    }

    /// All that can be read on the page.
    #[track_caller]
    pub(crate) fn text(&self) -> String {
        self.element("body").map(|body| self.run("the text", body.text())).unwrap_or_default()
    }

    /// The first element of a selector.
    pub(crate) fn element(&self, css: &str) -> Option<Element> {
        RUNTIME.block_on(self.client.find(Locator::Css(css))).ok()
    }

    /// What can be read in the first element of a selector.
    #[track_caller]
    pub(crate) fn text_of(&self, css: &str) -> String {
        // What changes by itself may be gone between finding and reading it.
        self.wait(css, || {
            let read = async { self.client.find(Locator::Css(css)).await?.text().await };
            RUNTIME.block_on(read).map_err(|error| error.to_string())
        })
    }

    /// Waits until something is so.
    #[track_caller]
    pub(crate) fn wait<T>(&self, what: &str, condition: impl FnMut() -> Result<T, String>) -> T {
        attempt(PATIENCE, condition)
            .unwrap_or_else(|last| panic!("{what}: not after {PATIENCE:?}; {last}\n{}", self.describe()))
    }

    /// Waits until the page says this.
    #[track_caller]
    pub(crate) fn reads(&self, text: &str) {
        self.wait(&format!("`{text}` can be read"), || {
            let all = RUNTIME.block_on(async {
                let body = self.client.find(Locator::Css("body")).await?;
                body.text().await
            });
            match all {
                Ok(all) if all.contains(text) => Ok(()),
                Ok(_) => Err("it can't".to_owned()),
                Err(error) => Err(error.to_string()),
            }
        });
    }

    /// The link, button or other thing to press with this written on it: whole
    /// words before parts, what can be seen alone.
    fn named(&self, text: &str) -> Result<Element, String> {
        let is = format!("normalize-space(.)={}", quoted(text));
        let holds = format!("contains(normalize-space(.), {})", quoted(text));
        let label = format!("@aria-label={}", quoted(text));
        for test in [is, label, holds] {
            let path = format!("//*[self::a or self::button or self::summary][{test}]");
            let found = RUNTIME.block_on(self.client.find_all(Locator::XPath(&path))).unwrap_or_default();
            let shown = |element: &Element| RUNTIME.block_on(element.is_displayed()).unwrap_or(false);
            if let Some(element) = found.into_iter().find(shown) {
                return Ok(element);
            }
        }
        Err(format!("nothing to press says `{text}`"))
    }

    /// Presses what has this written on it.
    #[track_caller]
    pub(crate) fn press(&self, text: &str) {
        self.wait(&format!("press `{text}`"), || {
            let element = self.named(text)?;
            RUNTIME.block_on(element.click()).map_err(|error| error.to_string())
        });
    }

    /// Whether there is something to press that says this.
    pub(crate) fn can_press(&self, text: &str) -> bool {
        self.named(text).is_ok()
    }

    /// The field with this label.
    fn labelled(&self, label: &str) -> Result<Element, String> {
        let text = quoted(label);
        for test in [format!("normalize-space(.)={text}"), format!("contains(normalize-space(.), {text})")] {
            for path in [
                format!("//*[@id=//label[{test}]/@for]"),
                format!("//label[{test}]//*[self::input or self::select or self::textarea]"),
                format!("//*[@aria-label={text}][self::input or self::select or self::textarea]"),
            ] {
                if let Ok(element) = RUNTIME.block_on(self.client.find(Locator::XPath(&path))) {
                    return Ok(element);
                }
            }
        }
        Err(format!("no field is labelled `{label}`"))
    }

    /// Writes into the field with this label, in place of what was there.
    #[track_caller]
    pub(crate) fn fill(&self, label: &str, text: &str) {
        let field = self.wait(label, || self.labelled(label));
        self.run(label, async {
            field.clear().await?;
            field.send_keys(text).await
        });
    }

    /// Chooses the value that the field with this label offers in these words, whole or in part.
    #[track_caller]
    pub(crate) fn choose(&self, label: &str, words: &str) {
        let field = self.wait(label, || self.labelled(label));
        let path = format!("./option[contains(normalize-space(.), {})]", quoted(words));
        self.run(label, async { field.find(Locator::XPath(&path)).await?.click().await });
    }

    /// Ticks the box with this label, or takes the tick away.
    #[track_caller]
    pub(crate) fn tick(&self, label: &str) {
        let field = self.wait(label, || self.labelled(label));
        self.run(label, field.click());
    }

    /// Gives a file to the field with this label.
    #[track_caller]
    pub(crate) fn upload(&self, label: &str, file: &str) {
        let field = self.wait(label, || self.labelled(label));
        self.run(label, field.send_keys(file));
    }

    /// What the field with this label holds.
    #[track_caller]
    pub(crate) fn value(&self, label: &str) -> String {
        let field = self.wait(label, || self.labelled(label));
        self.run(label, field.prop("value")).unwrap_or_default()
    }

    /// The cookies for this page, by name, with their properties.
    #[track_caller]
    pub(crate) fn cookies(&self) -> Vec<Value> {
        self.protocol("Network.getCookies", json!({ "urls": [self.base] }))["cookies"].as_array().unwrap().clone()
    }

    /// Sets a cookie for the broker.
    #[track_caller]
    pub(crate) fn set_cookie(&self, name: &str, value: &str) {
        let set = json!({ "name": name, "value": value, "url": self.base, "httpOnly": true });
        assert_eq!(self.protocol("Network.setCookie", set)["success"], true);
    }

    /// What the browser complained of since the last question: errors of
    /// scripts, violations of the Content-Security-Policy, things not found.
    #[track_caller]
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.raw("se/log", json!({ "type": "browser" }));
        let bad = |entry: &&Value| entry["level"] == "SEVERE" || entry["level"] == "WARNING";
        let text = |entry: &Value| format!("{} {}", entry["source"], entry["message"]);
        log.as_array().into_iter().flatten().filter(bad).map(text).collect()
    }

    /// The browser has nothing to complain of.
    #[track_caller]
    pub(crate) fn is_content(&self) {
        let complaints = self.complaints();
        assert!(complaints.is_empty(), "at {} the browser says: {complaints:#?}", self.url());
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // Ends the browser in order; the driver's end would do it by force.
            if let Err(error) = RUNTIME.block_on(self.client.clone().close()) {
                crate::harness::say(&format!("the browser could not be closed: {error}"));
            }
        }
        // Before its folder: a browser would write there again.
        drop(self.driver.take());
        // Its crash handlers see the end a moment after it.
        let ended = attempt(Duration::from_secs(10), || {
            let left = leftover_processes(self.folder.path());
            if left.is_empty() { Ok(()) } else { Err(format!("{left:#?}")) }
        });
        if let Err(left) = ended {
            assert!(std::thread::panicking(), "the browser is gone, and these are not: {left}");
        }
    }
}

/// A text as XPath has it.
fn quoted(text: &str) -> String {
    if text.contains('"') { format!("'{text}'") } else { format!("\"{text}\"") }
}
