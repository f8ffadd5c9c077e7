//! The mail server that notifications are sent by.

use super::ConfigFault;
use hansa_assurance::notification::MailTls;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The mail server, and who may be written to. Without a host no mail is sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MailSettings {
    /// Its name.
    pub host: Option<String>,
    /// Its port. Absent: 587 with `starttls`, 465 with `tls`, 25 with `none`.
    pub port: Option<u16>,
    /// How the way there is kept secret: `starttls`, `tls`, or `none` for this machine itself alone.
    pub tls: MailWay,
    /// Who this broker is there. Absent: nobody asks.
    pub user: Option<String>,
    /// A file with that one's password.
    pub password_file: Option<PathBuf>,
    /// Certificates (PEM) that are trusted there besides the system's.
    pub authorities: Option<PathBuf>,
    /// Who sends: `hansa@example.org` or `Hansa <hansa@example.org>`.
    pub sender: Option<String>,
    /// The domains under which addresses may be: `example.org`.
    pub domains: Vec<String>,
}

/// How the way to the mail server is kept secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MailWay {
    /// By STARTTLS.
    #[default]
    Starttls,
    /// From the first byte.
    Tls,
    /// Not at all.
    None,
}

impl MailSettings {
    /// How the way is kept secret, and the port.
    pub(crate) fn way(&self) -> (MailTls, u16) {
        let (tls, port) = match self.tls {
            MailWay::Starttls => (MailTls::Starttls, 587),
            MailWay::Tls => (MailTls::Tls, 465),
            MailWay::None => (MailTls::None, 25),
        };
        (tls, self.port.unwrap_or(port))
    }
}

/// Every rule that they break.
pub(super) fn check(mail: &MailSettings, faults: &mut Vec<ConfigFault>) {
    let mut fault = |field: &str, said: &str, remedy: &str| {
        faults.push(ConfigFault::new(format!("notifications.mail.{field}"), said, remedy));
    };
    let Some(host) = &mail.host else {
        if *mail != MailSettings::default() {
            fault("host", "it is missing", "name the mail server, or take away the rest of notifications.mail");
        }
        return;
    };
    let here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if mail.tls == MailWay::None && !here {
        fault("tls", "without TLS everybody on the way reads along", "give starttls or tls; none is for localhost");
    }
    if mail.sender.is_none() {
        fault("sender", "it is missing", "say who sends, such as hansa@example.org");
    }
    if mail.domains.is_empty() {
        fault("domains", "there is none", "name the domains to which mail may be sent, such as example.org");
    }
    let good = |domain: &String| {
        let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '.';
        !domain.is_empty() && domain.chars().all(letter) && !domain.starts_with('.')
    };
    if let Some(bad) = mail.domains.iter().find(|domain| !good(domain)) {
        fault("domains", &format!("`{}` is no domain", bad.escape_debug()), "give one such as example.org");
    }
    if mail.user.is_some() != mail.password_file.is_some() {
        fault("password_file", "user and password_file belong together", "give both, or none of them");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_by_its_field() {
        let good = MailSettings {
            host: Some("mail.example.org".to_owned()),
            sender: Some("hansa@example.org".to_owned()),
            domains: vec!["example.org".to_owned()],
            ..MailSettings::default()
        };
        let faults = |settings: MailSettings| {
            let mut faults = Vec::new();
            check(&settings, &mut faults);
            faults.into_iter().map(|fault| fault.field).collect::<Vec<_>>().join(" ")
        };
        assert_eq!((faults(good.clone()), faults(MailSettings::default())), (String::new(), String::new()));
        let open = MailSettings { tls: MailWay::None, ..good.clone() };
        assert_eq!(faults(open.clone()), "notifications.mail.tls");
        assert_eq!(faults(MailSettings { host: Some("127.0.0.1".to_owned()), ..open }), "");
        assert_eq!(faults(MailSettings { host: None, ..good.clone() }), "notifications.mail.host");
        assert_eq!(faults(MailSettings { sender: None, ..good.clone() }), "notifications.mail.sender");
        assert_eq!(
            faults(MailSettings { user: Some("x".to_owned()), ..good.clone() }),
            "notifications.mail.password_file"
        );
        assert_eq!(faults(MailSettings { domains: Vec::new(), ..good.clone() }), "notifications.mail.domains");
        assert_eq!(
            faults(MailSettings { domains: vec!["*".to_owned()], ..good.clone() }),
            "notifications.mail.domains"
        );
        assert_eq!((good.way().1, MailSettings { tls: MailWay::Tls, ..good }.way().1), (587, 465));
    }
}
