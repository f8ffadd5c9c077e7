//! The portal's cookies: their names, and how they are set.

use crate::http::Broker;
use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};

/// How long a choice of language or theme is kept.
const CHOICE: Duration = Duration::days(365);

/// Names and properties of cookies at this broker.
///
/// Over HTTPS their names begin with `__Host-` (RFC 6265bis, section 4.1.3.2),
/// so that nobody but this very host can set them. Over plain HTTP, which is
/// served to this machine only, they carry the port instead: browsers give the
/// cookies of one port to all others, and several brokers run on one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cookies {
    secure: bool,
    port: u16,
}

impl Cookies {
    /// As this request's connection has them.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let broker = request.app_data::<actix_web::web::Data<Broker>>();
        let secure = broker.is_some_and(|broker| is_secure(broker, request));
        Self { secure, port: request.app_config().local_addr().port() }
    }

    /// Name of the cookie that holds the session.
    pub(crate) fn session(&self) -> String {
        self.named("session")
    }

    /// Name of the cookie that ties a login to the browser that began it.
    pub(crate) fn login(&self) -> String {
        self.named("login")
    }

    /// Name of the cookie that ties forms to a visitor without a session.
    pub(crate) fn visitor(&self) -> String {
        self.named("visitor")
    }

    /// Name of the cookie that tells what was just done.
    pub(crate) fn flash(&self) -> String {
        self.named("flash")
    }

    /// Name of the cookie with the chosen language.
    pub(crate) fn language(&self) -> String {
        self.named("language")
    }

    /// Name of the cookie with the chosen theme.
    pub(crate) fn theme(&self) -> String {
        self.named("theme")
    }

    /// How this broker is spoken with.
    pub(crate) const fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }

    fn named(&self, what: &str) -> String {
        if self.secure { format!("__Host-hansa-{what}") } else { format!("hansa-{}-{what}", self.port) }
    }

    /// A cookie until the browser is closed: no script reads it, no other site's form sends it.
    pub(crate) fn make(&self, name: String, value: impl Into<String>) -> Cookie<'static> {
        Cookie::build(name, value.into())
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.secure)
            .finish()
    }

    /// A cookie that keeps a choice for a year.
    pub(crate) fn choice(&self, name: String, value: impl Into<String>) -> Cookie<'static> {
        let mut cookie = self.make(name, value);
        cookie.set_max_age(CHOICE);
        cookie
    }

    /// A cookie that takes another away.
    pub(crate) fn gone(&self, name: String) -> Cookie<'static> {
        let mut cookie = self.make(name, "");
        cookie.make_removal();
        cookie
    }
}

/// Whether the browser speaks HTTPS with this broker.
fn is_secure(broker: &Broker, request: &HttpRequest) -> bool {
    // With an address of their own for partners, TLS is there; this one is plain.
    let own = broker.settings.federation.listen.is_some() && broker.settings.federation.enabled;
    // Behind a proxy that has the certificate, browsers speak HTTPS all the same.
    let proxied = broker.settings.server.public_url.as_ref().is_some_and(|url| url.starts_with("https:"));
    proxied || request.app_config().secure() || (!own && broker.settings.server.tls.certificate.is_some())
}

#[cfg(test)]
mod tests {
    use super::Cookies;

    #[test]
    fn names_say_how_they_are_protected() {
        let secure = Cookies { secure: true, port: 8443 };
        assert_eq!(secure.session(), "__Host-hansa-session");
        let cookie = secure.make(secure.session(), "x").to_string();
        for part in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(!cookie.contains("Domain"));
        let plain = Cookies { secure: false, port: 8080 };
        assert_ne!(plain.session(), Cookies { secure: false, port: 8081 }.session());
        assert!(!plain.make(plain.session(), "x").to_string().contains("Secure"));
    }
}
