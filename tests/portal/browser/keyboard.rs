//! A person without a mouse: Tab, Enter, Space, arrows, and what has the focus.

use super::Browser;
use fantoccini::{
    actions::{InputSource as _, KeyAction, KeyActions},
    key::Key,
};
use serde_json::Value;

/// More stops than any page has.
const STOPS: usize = 400;

impl Browser {
    /// Presses one key.
    #[track_caller]
    pub(crate) fn key(&self, key: char) {
        let stroke = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key });
        self.run("a key", self.client.perform_actions(stroke));
    }

    /// Enter.
    #[track_caller]
    pub(crate) fn enter(&self) {
        self.key(Key::Enter.into());
    }

    /// Goes by Tab to what is called so, from wherever the focus is, and checks
    /// on the way that the focus can always be seen.
    #[track_caller]
    pub(crate) fn tab_to(&self, name: &str) {
        let mut seen = Vec::new();
        for _ in 0..STOPS {
            self.key(Key::Tab.into());
            let label = self.focused();
            if label == name || label.contains(name) {
                return;
            }
            seen.push(label);
        }
        panic!("no way by Tab to `{name}` at {}; the stops are {seen:#?}", self.url());
    }

    /// The accessible name of what has the focus, which is outlined.
    #[track_caller]
    pub(crate) fn focused(&self) -> String {
        let shown = self.script(
            "const e = document.activeElement; if (!e || e === document.body) return null;
             const s = getComputedStyle(e), r = e.getBoundingClientRect();
             const ring = (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== 'none';
             return [ring, r.width > 0 && r.height > 0, e.outerHTML.slice(0, 200)]",
            Vec::new(),
        );
        if shown.is_null() {
            return String::new();
        }
        assert!(shown[0] == true && shown[1] == true, "the focus can't be seen on {} at {}", shown[2], self.url());
        let element = self.run("what has the focus", self.client.active_element());
        let label = self.raw_get(&format!("element/{}/computedlabel", element.element_id().as_ref()));
        label.as_str().map(str::to_owned).unwrap_or_default()
    }

    /// The stops of the Tab key on this page, from its top.
    #[track_caller]
    pub(crate) fn stops(&self) -> Vec<String> {
        self.script(
            "document.activeElement && document.activeElement.blur(); window.scrollTo(0, 0)",
            Vec::<Value>::new(),
        );
        let mut stops = Vec::new();
        for _ in 0..STOPS {
            self.key(Key::Tab.into());
            let label = self.focused();
            if label.is_empty() && !stops.is_empty() {
                break;
            }
            stops.push(label);
        }
        stops
    }
}
