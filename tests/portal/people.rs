//! The people of the development login, and how they come in.

use crate::{
    browser::{Browser, Look},
    harness::{Broker, Options},
};

/// Runs the tenant acme.
pub(crate) const UMA: &str = "Uma Okafor";
/// Runs another tenant, globex.
pub(crate) const TESS: &str = "Tess Novak";
/// Runs the broker and its infrastructure.
pub(crate) const ADA: &str = "Ada Lindqvist";
/// Owns machines, and sees no tenant's things.
pub(crate) const INES: &str = "Ines Ferreira";
/// Has no role yet.
pub(crate) const NOAH: &str = "Noah Berg";

/// A broker at which people have to log in.
pub(crate) fn broker() -> Broker {
    Broker::start(Options { dev_login: true, ..Options::default() }).unwrap()
}

/// A browser in which this person is logged in. None, loudly, where there is no browser.
pub(crate) fn browser_of(broker: &Broker, person: &str, look: &Look) -> Option<Browser> {
    let browser = Browser::open(&broker.url(), look)?;
    browser.sign_in(person);
    Some(browser)
}

impl Browser {
    /// Logs in at the development login, from wherever the portal leads there.
    #[track_caller]
    pub(crate) fn sign_in(&self, person: &str) {
        self.go("/login");
        self.press("Sign in with");
        self.press(person);
        self.wait("the overview", || if self.path() == "/" { Ok(()) } else { Err(self.path()) });
    }
}
