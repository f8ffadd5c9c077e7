//! The same by CLI and curl: what a page shows or does, as commands that can be copied.

use crate::portal::{Frame, Language};
use askama::{Template, filters::HtmlSafe};

/// Where the CLI looks for a broker when nobody says.
const DEFAULT_ADDRESS: &str = "http://127.0.0.1:8080";

/// What a page shows or does, as commands.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "parts/also_by.html")]
pub(crate) struct AlsoBy {
    language: Language,
    address: String,
    login: bool,
    cli: Vec<String>,
    curl: Vec<String>,
}

impl HtmlSafe for AlsoBy {}

impl AlsoBy {
    /// Nothing yet.
    pub(crate) fn new(frame: &Frame) -> Self {
        Self {
            language: frame.language,
            address: frame.address.clone(),
            login: frame.login,
            cli: Vec::new(),
            curl: Vec::new(),
        }
    }

    /// A command of the CLI, without `hansa`: `&["app", "show", name]`. Words are quoted as a shell needs it.
    #[must_use]
    pub(crate) fn cli(mut self, words: &[&str]) -> Self {
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        self.cli.push(format!("hansa {}", words.join(" ")));
        self
    }

    /// A GET of a path of the API.
    #[must_use]
    pub(crate) fn get(self, path: &str) -> Self {
        self.request("GET", path, None, &[])
    }

    /// Any request: body as `(media type, text or @file)`, and further headers.
    #[must_use]
    pub(crate) fn request(mut self, method: &str, path: &str, body: Option<(&str, &str)>, headers: &[&str]) -> Self {
        let mut words = vec!["curl".to_owned()];
        if method != "GET" {
            words.push(format!("-X {method}"));
        }
        if self.login {
            words.push("-H \"Authorization: Bearer $HANSA_TOKEN\"".to_owned());
        }
        words.extend(headers.iter().map(|header| format!("-H {}", quoted(header))));
        if let Some((media_type, content)) = body {
            words.push(format!("-H {}", quoted(&format!("Content-Type: {media_type}"))));
            words.push(format!("--data-binary {}", quoted(content)));
        }
        words.push(quoted(&format!("{}{path}", self.address)));
        self.curl.push(words.join(" "));
        self
    }

    /// What the CLI must be told first, if anything.
    fn server(&self) -> Option<String> {
        (self.address != DEFAULT_ADDRESS).then(|| format!("export HANSA_SERVER={}", quoted(&self.address)))
    }
}

/// A word as a POSIX shell takes it literally.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=@,+%".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_takes_words_literally() {
        assert_eq!(quoted("three-tier"), "three-tier");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("x'; rm -rf ~; '"), "'x'\\''; rm -rf ~; '\\'''");
        assert_eq!(quoted("$HOME`id`"), "'$HOME`id`'");
        assert_eq!(quoted(""), "''");
    }
}
