//! Defences of the HTTP border, against the real server: slow clients, large
//! heads, foreign names, too many streams, and what every answer tells browsers.

use crate::harness::Broker;
use reqwest::Method;
use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

/// Longer than the server waits for a head or a body, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(45);

fn connect(broker: &Broker) -> TcpStream {
    let url = broker.url();
    let stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// All that the server says until it ends the connection.
fn until_closed(mut stream: TcpStream) -> String {
    let mut said = Vec::new();
    match stream.read_to_end(&mut said) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the connection stays open: {error}"),
    }
    String::from_utf8_lossy(&said).into_owned()
}

#[test]
fn a_client_that_sends_its_request_too_slowly_is_let_go() {
    let broker = Broker::usual();
    // Slowloris: a head that never ends.
    let mut head = connect(&broker);
    head.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-One: 1\r\n").unwrap();
    // The same with a body.
    let mut body = connect(&broker);
    body.write_all(
        b"POST /api/v1/plans HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
    )
    .unwrap();
    let idle = connect(&broker);
    let begun = Instant::now();
    until_closed(head);
    let said = until_closed(body);
    assert!(said.starts_with("HTTP/1.1 408"), "{said}");
    assert!(said.contains("urn:hansa:problem:slow"), "{said}");
    until_closed(idle);
    assert!(begun.elapsed() < PATIENCE);
    // Others were served all the while.
    broker.get("/livez");
}

#[test]
fn many_slow_clients_keep_nobody_else_waiting() {
    let broker = Broker::usual();
    let mut slow: Vec<TcpStream> = (0..200).map(|_| connect(&broker)).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").unwrap();
    }
    for _ in 0..20 {
        assert_eq!(broker.get("/api/v1/applications").status, 200);
    }
}

#[test]
fn what_is_too_long_is_refused_with_a_problem() {
    let broker = Broker::usual();
    let long = "a".repeat(9_000);
    broker.get(&format!("/api/v1/applications?name={long}")).problem(414, "uri-too-long");
    let mut call = broker.call(Method::GET, "/api/v1/applications");
    for number in 0..5 {
        call = call.header(&format!("X-Long-{number}"), &long);
    }
    call.send().problem(431, "headers-too-large");
}

#[test]
fn without_login_a_foreign_name_leads_nowhere() {
    let broker = Broker::usual();
    for host in ["evil.example", "localhost.evil.example:80", "192.0.2.1"] {
        for path in ["/", "/api/v1/applications", "/admin/v1/audit", "/openapi.json"] {
            let answer = broker.call(Method::GET, path).header("Host", host).send();
            assert_eq!(answer.status, 421, "{host} {path}");
        }
    }
    assert_eq!(broker.call(Method::GET, "/api/v1/applications").header("Host", "localhost:1").send().status, 200);
}

#[test]
fn every_answer_is_hardened() {
    let broker = Broker::usual();
    let paths =
        ["/", "/livez", "/api/v1/applications", "/api/v1/nothing", "/admin/v1/audit/99", "/openapi.json", "/docs/"];
    for path in paths {
        let answer = broker.get(path);
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
        for name in ["referrer-policy", "permissions-policy", "cache-control", "x-request-id"] {
            assert!(!answer.header(name).is_empty(), "{path} says no {name}");
        }
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("script-src 'unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
    }
    let preflight = broker
        .call(Method::OPTIONS, "/api/v1/applications")
        .header("Origin", "https://evil.example")
        .header("Access-Control-Request-Method", "POST")
        .send();
    assert_eq!(preflight.header("access-control-allow-origin"), "");
}

#[test]
fn a_caller_has_so_many_streams_and_no_more() {
    let broker = Broker::usual();
    let open = || {
        let mut stream = connect(&broker);
        stream.write_all(b"GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        (stream, String::from_utf8_lossy(&answer).into_owned())
    };
    let mut streams = Vec::new();
    for _ in 0..64 {
        let (stream, status) = open();
        assert_eq!(status, "HTTP/1.1 200");
        streams.push(stream);
    }
    assert_eq!(open().1, "HTTP/1.1 429");
    drop(streams);
    let freed = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(200));
        open().1 == "HTTP/1.1 200"
    });
    assert!(freed, "closed streams make room");
}
