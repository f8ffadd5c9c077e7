//! E-mail: plain text over SMTP (RFC 5321), to addresses under domains that the owner allows.

use super::{MAIL, Message};
use crate::Secret;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor,
    message::{
        Mailbox, MessageBuilder,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use std::{fmt, time::Duration};

/// How long one answer of the server may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How long all of it may take.
const SENT_WITHIN: Duration = Duration::from_secs(30);
/// The most letters of what a server says that are shown.
const SAID: usize = 300;

/// How the way to the mail server is kept secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// By STARTTLS (RFC 3207); a server that doesn't offer it gets nothing.
    Starttls,
    /// From the first byte (RFC 8314, section 3.3).
    Tls,
    /// Not at all: for a server on this very machine.
    None,
}

/// The mail server, and who may be written to.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is kept secret.
    pub tls: MailTls,
    /// User and password; none: nobody asks.
    pub access: Option<(String, Secret)>,
    /// Certificates in PEM that are trusted besides the system's.
    pub trust: Option<String>,
    /// Who sends: `hansa@example.org` or `Hansa <hansa@example.org>`.
    pub sender: String,
    /// The domains under which addresses may be.
    pub domains: Vec<String>,
}

/// Why mail can't be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The sender.
    #[error("the sender `{0}` is no address such as hansa@example.org or Hansa <hansa@example.org>")]
    Sender(String),
    /// TLS.
    #[error("TLS to the mail server can't be used: {0}")]
    Tls(String),
}

/// Sends mail.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    sender: Mailbox,
    domains: Vec<String>,
    /// How long all of it may take.
    pub(super) patience: Duration,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mailer(from {} to {:?})", self.sender, self.domains)
    }
}

impl Mailer {
    /// By these settings. Nothing is connected to yet.
    ///
    /// # Errors
    /// When the sender is no address, or certificates can't be read.
    pub fn new(settings: MailSettings) -> Result<Self, MailError> {
        let MailSettings { host, port, tls, access, trust, sender, domains } = settings;
        let sender: Mailbox = sender.parse().map_err(|_says_no_more| MailError::Sender(sender))?;
        let hello = ClientId::Domain(sender.email.domain().to_owned());
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&host).port(port);
        let builder = builder.timeout(Some(ANSWER_WITHIN)).hello_name(hello).tls(match tls {
            MailTls::None => Tls::None,
            MailTls::Starttls => Tls::Required(parameters(&host, trust.as_deref())?),
            MailTls::Tls => Tls::Wrapper(parameters(&host, trust.as_deref())?),
        });
        let builder = match access {
            Some((user, password)) => builder.credentials(Credentials::new(user, password.reveal().to_owned())),
            None => builder,
        };
        Ok(Self { transport: builder.build(), sender, domains, patience: SENT_WITHIN })
    }

    /// Whether mail may be sent there; otherwise why not.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub fn address_check(&self, address: &str) -> Result<(), String> {
        let read: Address = address.parse().map_err(|_says_no_more| {
            format!("`{}` is no mail address such as ops@example.org", address.escape_debug())
        })?;
        let domain = read.domain().to_ascii_lowercase();
        let under = |allowed: &String| {
            let allowed = allowed.to_ascii_lowercase();
            domain == allowed || domain.strip_suffix(&allowed).is_some_and(|rest| rest.ends_with('.'))
        };
        if self.domains.iter().any(under) {
            return Ok(());
        }
        Err(format!("mail to {domain} is not allowed: the owner allows domains by notifications.mail.domains"))
    }

    /// Sends one, within 30 seconds. A repetition bears the same `Message-ID`.
    ///
    /// # Errors
    /// What went wrong, in words, without secrets.
    pub async fn send(&self, message: &Message) -> Result<(), String> {
        let address = message.url.strip_prefix(MAIL).unwrap_or(&message.url);
        self.address_check(address)?;
        let mail = self.mail(message, address)?;
        match tokio::time::timeout(self.patience, self.transport.send(mail)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_timeout() => {
                Err(format!("the mail server did not answer within {} s", ANSWER_WITHIN.as_secs()))
            }
            Ok(Err(error)) => {
                let said: String = error.to_string().chars().take(SAID).collect();
                Err(format!("the mail server does not take it: {said}"))
            }
            Err(_) => Err(format!("the mail server did not take it within {} s", self.patience.as_secs())),
        }
    }

    fn mail(&self, message: &Message, address: &str) -> Result<lettre::Message, String> {
        let to: Address = address.parse().map_err(|_says_no_more| "its address is none".to_owned())?;
        let text = String::from_utf8_lossy(&message.body).into_owned();
        // RFC 3834, section 5: nobody's absence is answered to a program.
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        MessageBuilder::new()
            .from(self.sender.clone())
            .to(Mailbox::new(None, to))
            .date(message.at.into())
            .message_id(Some(format!("<{}@{}>", message.delivery, self.sender.email.domain())))
            .subject(message.subject.clone())
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN)
            .body(text)
            .map_err(|error| format!("the mail can't be written: {error}"))
    }
}

fn parameters(host: &str, trust: Option<&str>) -> Result<TlsParameters, MailError> {
    // As everything else here; where somebody has chosen already, it is the same.
    let _chosen = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(pem) = trust {
        let read = Certificate::from_pem(pem.as_bytes()).map_err(|error| MailError::Tls(error.to_string()))?;
        builder = builder.add_root_certificate(read);
    }
    builder.build_rustls().map_err(|error| MailError::Tls(error.to_string()))
}
