//! Mail over the wire: the other side is a server of the test's own, which
//! writes down what comes and refuses as it is told.

use super::{
    mail::{MailSettings, MailTls, Mailer},
    tests::{event, subscription},
    *,
};
use crate::Secret;
use serde_json::Value;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// A server: what came line by line, and what it says to `RCPT`.
#[derive(Debug, Clone)]
struct Server {
    port: u16,
    came: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(recipient: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { port: listener.local_addr().unwrap().port(), came: Arc::default() };
        let came = Arc::clone(&server.came);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, recipient, Arc::clone(&came)));
            }
        });
        server
    }

    fn mailer(&self, tls: MailTls) -> Mailer {
        let access = Some(("hansa".to_owned(), Secret::new("s3cret")));
        let sender = "Hansa <hansa@broker.example>".to_owned();
        let domains = vec!["example.org".to_owned()];
        let host = "127.0.0.1".to_owned();
        Mailer::new(MailSettings { host, port: self.port, tls, access, trust: None, sender, domains }).unwrap()
    }

    fn lines(&self) -> Vec<String> {
        self.came.lock().unwrap().clone()
    }
}

async fn converse(stream: TcpStream, recipient: &'static str, came: Arc<Mutex<Vec<String>>>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut data = false;
    let _gone = write.write_all(b"220 test ESMTP\r\n").await;
    while let Ok(Some(line)) = lines.next_line().await {
        came.lock().unwrap().push(line.clone());
        let answer = match line.split(' ').next().unwrap_or_default() {
            "." => "250 kept",
            _ if data => continue,
            "EHLO" => "250-test\r\n250-8BITMIME\r\n250 AUTH PLAIN",
            "AUTH" => "235 welcome",
            "RCPT" if recipient.is_empty() => std::future::pending().await,
            "RCPT" => recipient,
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        data = answer.starts_with("354") || (data && line != ".");
        if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
            return;
        }
    }
}

fn mailed(address: &str, message: &str) -> Message {
    let one = Subscription { url: format!("{MAIL}{address}"), sealed: String::new(), ..subscription() };
    let told = Event { message: message.to_owned(), ..event("fault.opened", Some("acme/web"), json!({ "fault": 3 })) };
    one.message(&told, DateTime::UNIX_EPOCH)
}

#[tokio::test]
async fn a_mail_says_what_happened_and_a_repetition_is_known_by_its_id() {
    let server = Server::start("250 fine").await;
    let mailer = server.mailer(MailTls::None);
    let message = mailed("ops@mail.example.org", "web#0 fällt aus");
    mailer.send(&message).await.unwrap();
    let first = server.lines();
    let has = |line: &str| assert!(first.iter().any(|came| came == line), "{line} in {first:#?}");
    has("MAIL FROM:<hansa@broker.example>");
    has("RCPT TO:<ops@mail.example.org>");
    has("From: Hansa <hansa@broker.example>");
    has("Message-ID: <00000000-0000-0000-0000-000000000007-5@broker.example>");
    has("Date: Thu, 01 Jan 1970 00:00:00 +0000");
    has("Auto-Submitted: auto-generated");
    has("Content-Type: text/plain; charset=utf-8");
    has("The notification \"ops\" of acme/web asks for this mail.");
    has("Kind:        fault.opened");
    assert!(first.iter().any(|line| line.starts_with("AUTH PLAIN ")));
    assert!(!format!("{mailer:?} {message:?}").contains("s3cret"));
    mailer.send(&message).await.unwrap();
    let ids = server.lines().iter().filter(|line| line.starts_with("Message-ID")).cloned().collect::<Vec<_>>();
    assert!(ids.len() == 2 && ids[0] == ids[1], "{ids:?}");
}

#[tokio::test]
async fn nothing_that_is_told_becomes_a_header_or_another_recipient() {
    let server = Server::start("250 fine").await;
    let mailer = server.mailer(MailTls::None);
    let evil = "it broke\r\nBcc: all@example.org\r\n\r\n.\r\nRCPT TO:<all@example.org>";
    mailer.send(&mailed("ops@example.org", evil)).await.unwrap();
    let came = server.lines();
    let empty = came.iter().position(String::is_empty).unwrap();
    assert!(!came[..empty].iter().any(|line| line.starts_with("Bcc") || line.contains("RCPT TO:<all")), "{came:#?}");
    assert_eq!(came.iter().filter(|line| *line == ".").count(), 1, "the body has no end of its own: {came:#?}");
    for bad in ["ops@example.org\r\nRCPT TO:<a@b>", "ops", "a@b@example.org", "ops@example.org>", ""] {
        assert!(mailer.address_check(bad).unwrap_err().contains("no mail address"), "{bad:?}");
        assert!(mailer.send(&mailed(bad, "x")).await.is_err(), "{bad:?}");
    }
}

#[tokio::test]
async fn only_domains_that_the_owner_allows_are_written_to() {
    let mailer = Server::start("250 fine").await.mailer(MailTls::None);
    for good in ["ops@example.org", "ops@EXAMPLE.org", "ops@deep.mail.example.org"] {
        mailer.address_check(good).unwrap();
    }
    for bad in ["ops@example.com", "ops@badexample.org", "ops@example.org.evil.net"] {
        assert!(mailer.address_check(bad).unwrap_err().contains("notifications.mail.domains"), "{bad}");
    }
}

#[tokio::test]
async fn a_refusal_is_told_as_the_server_says_it() {
    for (answer, words) in [("451 4.3.0 later", "451"), ("550 5.1.1 nobody here", "550")] {
        let server = Server::start(answer).await;
        let said = server.mailer(MailTls::None).send(&mailed("ops@example.org", "x")).await.unwrap_err();
        assert!(said.contains(words) && !said.contains("s3cret"), "{said}");
        assert!(!server.lines().iter().any(|line| line == "."), "nothing was sent");
    }
}

#[tokio::test]
async fn a_password_never_goes_over_a_way_that_is_not_secret_where_tls_is_wanted() {
    let server = Server::start("250 fine").await;
    let said = server.mailer(MailTls::Starttls).send(&mailed("ops@example.org", "x")).await.unwrap_err();
    assert!(said.contains("does not take it"), "{said}");
    assert!(!server.lines().iter().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")), "{said}");
}

/// A server that speaks TLS from the first byte, once: what it was told before it said that this is enough.
fn secret_server(key: &rcgen::CertifiedKey<rcgen::KeyPair>) -> (u16, std::thread::JoinHandle<Vec<String>>) {
    use std::io::{BufRead as _, Write as _};
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let secret = rustls::pki_types::PrivateKeyDer::try_from(key.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let chain = vec![key.cert.der().clone()];
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, secret).unwrap());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let session = rustls::ServerConnection::new(config).unwrap();
        let mut stream = std::io::BufReader::new(rustls::StreamOwned::new(session, stream));
        let mut came = Vec::new();
        let mut answer = "220 test";
        loop {
            if write!(stream.get_mut(), "{answer}\r\n").is_err() {
                return came;
            }
            let mut line = String::new();
            match stream.read_line(&mut line) {
                Ok(length) if length > 0 => came.push(line.trim_end().to_owned()),
                _ => return came,
            }
            answer = if line.starts_with("EHLO") { "250-test\r\n250 AUTH PLAIN" } else { "451 enough" };
        }
    });
    (port, serving)
}

#[tokio::test]
async fn over_tls_only_a_server_whose_certificate_is_trusted_hears_anything() {
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    for trusted in [true, false] {
        let (port, serving) = secret_server(&key);
        let mailer = Mailer::new(MailSettings {
            host: "localhost".to_owned(),
            port,
            tls: MailTls::Tls,
            access: Some(("hansa".to_owned(), Secret::new("s3cret"))),
            trust: trusted.then(|| key.cert.pem()),
            sender: "hansa@broker.example".to_owned(),
            domains: vec!["example.org".to_owned()],
        });
        let said = mailer.unwrap().send(&mailed("ops@example.org", "x")).await.unwrap_err();
        let came = serving.join().unwrap();
        assert_eq!(came.iter().any(|line| line.starts_with("AUTH PLAIN")), trusted, "{said}: {came:?}");
        assert_eq!(said.contains("451"), trusted, "{said}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_holds_nobody_up_for_ever() {
    let server = Server::start("").await;
    let mut mailer = server.mailer(MailTls::None);
    mailer.patience = Duration::from_millis(300);
    let said = mailer.send(&mailed("ops@example.org", "x")).await.unwrap_err();
    assert!(said.contains("did not take it within"), "{said}");
    assert!(server.lines().iter().any(|line| line.starts_with("RCPT")), "it came so far");
}

#[test]
fn a_mail_s_subject_is_one_line_and_short() {
    let long = mailed("ops@example.org", &"é".repeat(500));
    assert_eq!(long.subject.chars().count(), 151);
    assert!(long.subject.starts_with("[Hansa] fault.opened: é"));
    let web: Value =
        serde_json::from_slice(&subscription().message(&event("a.b", None, json!({})), DateTime::UNIX_EPOCH).body)
            .unwrap();
    assert_eq!(web["event"]["kind"], "a.b", "a webhook stays JSON");
}
