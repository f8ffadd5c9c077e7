//! The client against a real socket that answers what it likes: what is told
//! apart, what is bounded, what is never done.

use crate::broker::{Broker, noon, run};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_federation::{
    AddressGuard, CallError, Client, Did,
    address::Loopback,
    client::{Call, ClientOptions, Peer},
    did::resolve,
    token::UnverifiedToken,
    wire::{Hint, HintKind, ProblemKind},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use url::Url;
use uuid::Uuid;

/// What the other side does with a connection.
type Script = Arc<dyn Fn(usize, &str) -> Vec<u8> + Send + Sync>;

struct Other {
    peer: Peer,
    heard: Arc<Mutex<Vec<String>>>,
}

/// A socket that answers each request by a script; an empty answer closes the connection.
async fn other(script: Script) -> Other {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (script, noted) = (Arc::clone(&script), Arc::clone(&noted));
            tokio::spawn(async move {
                let mut text = String::new();
                let mut buffer = [0; 4_096];
                while !whole(&text) {
                    let read = stream.read(&mut buffer).await.unwrap_or(0);
                    if read == 0 {
                        return;
                    }
                    text.push_str(&String::from_utf8_lossy(&buffer[..read]));
                }
                let number = {
                    let mut noted = noted.lock().unwrap();
                    noted.push(text.clone());
                    noted.len()
                };
                let answer = script(number, &text);
                let _closed_by_client = stream.write_all(&answer).await;
                let _closed_by_client = stream.shutdown().await;
            });
        }
    });
    let did = Did::new(format!("did:web:127.0.0.1%3A{port}")).unwrap();
    let endpoint = Url::parse(&format!("http://127.0.0.1:{port}/base/")).unwrap();
    Other { peer: Peer { did, endpoint }, heard }
}

fn whole(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn answer(status: &str, fields: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
        .into_bytes()
}

fn options() -> ClientOptions {
    ClientOptions {
        guard: AddressGuard::with_loopback(Loopback::Plain),
        timeout: Duration::from_secs(3),
        ..ClientOptions::default()
    }
}

fn client_at(broker: &Broker, now: DateTime<Utc>, options: &ClientOptions) -> Client {
    let store = Arc::clone(&broker.store);
    Client::new(options, store, Arc::new(move || now), Arc::new(|| Uuid::from_u128(9))).unwrap()
}

fn always(text: Vec<u8>) -> Script {
    Arc::new(move |_, _| text.clone())
}

fn call(text: Vec<u8>) -> Result<hansa_federation::client::Answer, CallError> {
    let broker = Broker::new("did:web:a.example");
    run(async {
        let other = other(always(text)).await;
        client_at(&broker, noon(), &options()).send(&other.peer, &Call::get("/x?y=1")).await
    })
}

fn unknown(error: &CallError) -> bool {
    matches!(error, CallError::Unknown { .. })
}

#[test]
fn a_request_is_signed_for_what_is_really_sent() {
    let broker = Broker::new("did:web:a.example");
    run(async {
        let other = other(always(answer("202 Accepted", "", ""))).await;
        let client = client_at(&broker, noon(), &options());
        let hint = serde_json::to_vec(&Hint { kind: HintKind::Offers }).unwrap();
        let mut call = Call::new(reqwest::Method::POST, "/federation/v1/inbox");
        call.body = Some(("application/json", hint));
        client.send(&other.peer, &call).await.unwrap();
        let heard = other.heard.lock().unwrap()[0].clone();
        let (head, body) = heard.split_once("\r\n\r\n").unwrap();
        let line = head.lines().next().unwrap();
        assert_eq!(line, "POST /base/federation/v1/inbox HTTP/1.1");
        assert_eq!(body, r#"{"kind":"offers"}"#);
        let field = head.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap();
        let request = hansa_federation::token::Request {
            method: "POST",
            path_and_query: "/base/federation/v1/inbox",
            body: body.as_bytes(),
        };
        let token = UnverifiedToken::from_authorization(Some(field)).unwrap();
        token.verify(&broker.keys(), &other.peer.did, request, noon()).unwrap();
    });
}

#[test]
fn failures_are_told_apart() {
    let refused = call(answer(
        "409 Conflict",
        "",
        r#"{"type":"https://w3id.org/hansa/problems/federation/sold-out","title":"t","status":409,"detail":"gone"}"#,
    ))
    .unwrap_err();
    assert_eq!(refused.problem_kind(), Some(ProblemKind::SoldOut));
    assert!(refused.to_string().contains("gone") && !refused.may_pass());

    let busy = call(answer("429 Too Many Requests", "Retry-After: 7\r\n", "")).unwrap_err();
    let CallError::Refused { retry_after, .. } = &busy else { panic!("{busy}") };
    assert_eq!(*retry_after, Some(Duration::from_secs(7)));
    assert!(busy.may_pass());

    let dsp = call(answer(
        "400 Bad Request",
        "",
        r#"{"@type":"ContractNegotiationError","code":"conflict","reason":["wrong","state"]}"#,
    ))
    .unwrap_err();
    assert_eq!(dsp.problem_kind(), Some(ProblemKind::Conflict));
    assert!(dsp.to_string().contains("wrong; state"), "{dsp}");

    assert!(matches!(call(answer("404 Not Found", "", "<html>")).unwrap_err(), CallError::Refused { status: 404, .. }));
    assert!(matches!(
        call(answer("503 Service Unavailable", "", "")).unwrap_err(),
        CallError::Refused { status: 503, .. }
    ));
    for status in ["500 Internal Server Error", "502 Bad Gateway", "504 Gateway Timeout", "408 Request Timeout"] {
        assert!(unknown(&call(answer(status, "", "")).unwrap_err()), "{status}");
    }
}

#[test]
fn an_answer_that_is_lost_or_garbled_is_unknown() {
    assert!(unknown(&call(Vec::new()).unwrap_err()), "closed without a word");
    assert!(unknown(&call(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".to_vec()).unwrap_err()), "cut off");
    assert!(unknown(&call(b"SSH-2.0-OpenSSH\r\n".to_vec()).unwrap_err()), "no HTTP");
}

#[test]
fn nobody_there_is_not_sent() {
    let broker = Broker::new("did:web:a.example");
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        drop(listener);
        let peer = Peer { did: Did::new("did:web:b.example").unwrap(), endpoint };
        let error = client_at(&broker, noon(), &options()).send(&peer, &Call::get("/x")).await.unwrap_err();
        assert!(matches!(error, CallError::NotSent { .. }), "{error}");
    });
}

#[test]
fn a_slow_partner_is_left_in_time() {
    let broker = Broker::new("did:web:a.example");
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        // One byte every 50 ms: each read is quick, the whole never ends.
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _request = stream.read(&mut [0; 4_096]).await.unwrap();
            let _gone = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n").await;
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        let peer = Peer { did: Did::new("did:web:b.example").unwrap(), endpoint };
        let options = ClientOptions { timeout: Duration::from_millis(400), ..options() };
        let begun = std::time::Instant::now();
        let error = client_at(&broker, noon(), &options).send(&peer, &Call::get("/x")).await.unwrap_err();
        assert!(unknown(&error), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(2));
    });
}

#[test]
fn an_answer_is_read_no_further_than_its_bound() {
    let broker = Broker::new("did:web:a.example");
    run(async {
        let body = "x".repeat(2_000);
        let other = other(always(answer("200 OK", "", &body))).await;
        let client = client_at(&broker, noon(), &options());
        assert!(unknown(&client.send(&other.peer, &Call::get("/x").limited(1_999)).await.unwrap_err()));
        assert_eq!(client.send(&other.peer, &Call::get("/x").limited(2_000)).await.unwrap().body.len(), 2_000);
    });
    // Chunked, without a length, for ever.
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _request = stream.read(&mut [0; 4_096]).await.unwrap();
            let _gone = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
            let chunk = format!("10000\r\n{}\r\n", "x".repeat(65_536));
            while stream.write_all(chunk.as_bytes()).await.is_ok() {}
        });
        let peer = Peer { did: Did::new("did:web:b.example").unwrap(), endpoint };
        let error = client_at(&broker, noon(), &options()).send(&peer, &Call::get("/x")).await.unwrap_err();
        assert!(error.to_string().contains("more than"), "{error}");
    });
}

#[test]
fn a_redirect_is_not_followed() {
    let broker = Broker::new("did:web:a.example");
    run(async {
        let inside = other(always(answer("200 OK", "", "{}"))).await;
        let location = format!("Location: {}\r\n", inside.peer.endpoint);
        let outside = other(always(answer("307 Temporary Redirect", &location, ""))).await;
        let client = client_at(&broker, noon(), &options());
        assert!(unknown(&client.send(&outside.peer, &Call::get("/x")).await.unwrap_err()));
        assert!(resolve(client.fetcher(), &outside.peer.did).await.is_err());
        assert!(inside.heard.lock().unwrap().is_empty());
    });
}

#[test]
fn addresses_inside_are_not_connected_to() {
    let broker = Broker::new("did:web:a.example");
    run(async {
        let other = other(always(answer("200 OK", "", "{}"))).await;
        let strict = client_at(&broker, noon(), &ClientOptions::default());
        let error = strict.send(&other.peer, &Call::get("/x")).await.unwrap_err();
        assert!(matches!(error, CallError::NotSent { .. }), "{error}");
        assert!(resolve(strict.fetcher(), &other.peer.did).await.is_err());
        // A name that looks public, with an address inside: judged where the connection is made.
        let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_ascii_lowercase();
        let url = Url::parse(&format!("https://{hostname}:1/")).unwrap();
        let error = strict.fetcher().get(&url, 10).await.unwrap_err();
        assert!(
            error.to_string().contains("refused")
                || error.to_string().contains("not public")
                || error.to_string().contains("lookup"),
            "{error}"
        );
        assert!(other.heard.lock().unwrap().is_empty());
    });
}

#[test]
fn a_partner_whose_clock_differs_is_answered_by_its_clock() {
    let broker = Broker::new("did:web:a.example");
    let theirs = noon() + TimeDelta::minutes(5);
    let keys = broker.keys();
    run(async {
        let script = move |_: usize, text: &str| {
            let field = text.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap();
            let path = text.split(' ').nth(1).unwrap().to_owned();
            let request = hansa_federation::token::Request { method: "GET", path_and_query: &path, body: b"" };
            let token = UnverifiedToken::from_authorization(Some(field)).unwrap();
            let host = text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
            let audience = Did::new(format!("did:web:{}", host.replace(':', "%3A"))).unwrap();
            match token.verify(&keys, &audience, request, theirs) {
                Ok(_) => answer("200 OK", "", "{}"),
                Err(error) => {
                    let kind = ProblemKind::from(error.kind());
                    let body =
                        serde_json::to_string(&hansa_federation::wire::Problem::new(kind, error.to_string())).unwrap();
                    answer(
                        "401 Unauthorized",
                        &format!("Date: {}\r\n", theirs.format("%a, %d %b %Y %H:%M:%S GMT")),
                        &body,
                    )
                }
            }
        };
        let other = other(Arc::new(script)).await;
        let client = client_at(&broker, noon(), &options());
        client.send(&other.peer, &Call::get("/x")).await.unwrap();
        assert_eq!(client.skew(&other.peer.did), TimeDelta::minutes(5));
        assert_eq!(other.heard.lock().unwrap().len(), 2, "once refused, once by its clock");
        client.send(&other.peer, &Call::get("/x")).await.unwrap();
        assert_eq!(other.heard.lock().unwrap().len(), 3, "the difference is remembered");
    });
}

#[test]
fn a_clock_that_is_far_off_is_not_followed() {
    let broker = Broker::new("did:web:a.example");
    run(async {
        let body = serde_json::to_string(&hansa_federation::wire::Problem::new(ProblemKind::Clock, "x")).unwrap();
        let other = other(always(answer("401 Unauthorized", "Date: Sat, 21 Nov 2026 13:00:00 GMT\r\n", &body))).await;
        let client = client_at(&broker, noon(), &options());
        let error = client.send(&other.peer, &Call::get("/x")).await.unwrap_err();
        assert_eq!(error.problem_kind(), Some(ProblemKind::Clock));
        assert_eq!(client.skew(&other.peer.did), TimeDelta::zero());
    });
}

#[test]
fn a_did_document_is_fetched_and_checked() {
    let broker = Arc::new(Mutex::new(None::<Broker>));
    let held = Arc::clone(&broker);
    run(async {
        let script = move |_: usize, text: &str| {
            assert!(text.starts_with("GET /.well-known/did.json "), "{text}");
            assert!(!text.contains("authorization"), "nothing is signed for a stranger");
            let held = held.lock().unwrap();
            let broker = held.as_ref().unwrap();
            let base = Url::parse("http://127.0.0.1:1/").unwrap();
            let document = hansa_federation::DidDocument::new(&broker.keys(), &base);
            answer("200 OK", "", &serde_json::to_string(&document).unwrap())
        };
        let other = other(Arc::new(script)).await;
        *broker.lock().unwrap() = Some(Broker::new(other.peer.did.as_str()));
        let asking = Broker::new("did:web:a.example");
        let client = client_at(&asking, noon(), &options());
        let document = resolve(client.fetcher(), &other.peer.did).await.unwrap();
        assert_eq!(document.keys().unwrap(), broker.lock().unwrap().as_ref().unwrap().keys());
        *broker.lock().unwrap() = Some(Broker::new("did:web:elsewhere.example"));
        assert!(resolve(client.fetcher(), &other.peer.did).await.is_err(), "it names another DID");
    });
}
