//! The client, against the real server.

use chrono::DateTime;
use hansa_assurance::{Access, Prometheus, PrometheusError, Secret, Settings};
use hansa_test_systems::{PROMETHEUS_PASSWORD, PROMETHEUS_USER};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

fn now() -> chrono::DateTime<chrono::Utc> {
    DateTime::from_timestamp_millis(super::data::TIMES[0]).expect("a time")
}

async fn asked(settings: Settings, query: &str, tenant: Option<&str>) -> Result<f64, PrometheusError> {
    let answer = Prometheus::new(settings)?.query(query, now(), tenant).await?;
    Ok(answer.number().expect("a number").0)
}

#[tokio::test]
async fn user_and_password_open_it_and_nothing_else_does() {
    let Some(real) = hansa_test_systems::Prometheus::start_guarded() else { return };
    let with = |user: &str, password: &str| {
        let access = Access::Basic { user: user.to_owned(), password: Secret::new(password) };
        Settings::new(&real.address, access)
    };
    assert_eq!(asked(with(PROMETHEUS_USER, PROMETHEUS_PASSWORD), "time()", None).await, Ok(1_700_000_600.0));
    for settings in [
        with(PROMETHEUS_USER, "wrong-secret"),
        with("nobody", PROMETHEUS_PASSWORD),
        Settings::new(&real.address, Access::Open),
        Settings::new(&real.address, Access::Bearer(Secret::new("wrong-secret"))),
    ] {
        let error = asked(settings, "time()", None).await.expect_err("it is refused");
        assert!(matches!(error, PrometheusError::Credential { status: 401, .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
}

#[tokio::test]
async fn a_token_and_a_tenant_are_sent_where_a_gate_asks_for_them() {
    let Some(real) = hansa_test_systems::Prometheus::start() else { return };
    let gate = real.gate("token-of-the-test", "project-1");
    let with = |token: &str| Settings::new(&gate.address, Access::Bearer(Secret::new(token)));
    let status = |asked: Result<f64, PrometheusError>| match asked {
        Ok(_) => 200,
        Err(PrometheusError::Credential { status, .. }) => status,
        Err(other) => panic!("{other}"),
    };
    let asks = |token: &'static str, tenant: Option<&'static str>| asked(with(token), "vector(1)", tenant);
    assert_eq!(status(asks("token-of-the-test", Some("project-1")).await), 200);
    assert_eq!(status(asks("another", Some("project-1")).await), 401);
    assert_eq!(status(asks("token-of-the-test", Some("project-2")).await), 403);
    assert_eq!(status(asks("token-of-the-test", None).await), 403);
    let error = asks("token-of-the-test", Some("a\nb")).await.expect_err("it is no header");
    assert!(matches!(error, PrometheusError::Settings { .. }), "{error}");
}

#[tokio::test]
async fn its_own_words_are_passed_on_and_answers_are_bounded() {
    let Some(mut real) = hansa_test_systems::Prometheus::start() else { return };
    real.write(&super::data::data());
    let settings =
        || Settings { tries: 2, timeout: Duration::from_secs(20), ..Settings::new(&real.address, Access::Open) };
    let error = asked(settings(), "load +", None).await.expect_err("no PromQL").to_string();
    assert!(error.contains("(bad_data)") && error.contains("parse error: unexpected end of input"), "{error}");
    let error = asked(settings(), "load + on () load", None).await.expect_err("no match").to_string();
    assert!(error.contains("(execution)") && error.contains("found duplicate series"), "{error}");
    let error = asked(settings(), "load[1m]", None).await.expect_err("a range").to_string();
    assert!(error.contains("a range of samples"), "{error}");
    let small = Settings { answer_bytes: 200, ..settings() };
    let error = asked(small, "odd", None).await.expect_err("too large").to_string();
    assert!(error.contains("more than 200 bytes"), "{error}");
    let elsewhere = Settings { address: format!("{}/graph", real.address), ..settings() };
    let error = asked(elsewhere, "1", None).await.expect_err("no such page");
    assert!(matches!(error, PrometheusError::Failed { status: 404, .. }), "{error}");
    let gone = settings();
    real.stop();
    let error = asked(gone, "1", None).await.expect_err("nobody is there");
    assert!(matches!(error, PrometheusError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn who_never_answers_is_given_up() {
    // Takes connections, and says nothing: no Prometheus does that when asked.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", silent.local_addr().expect("an address"));
    let settings = Settings { timeout: Duration::from_millis(300), ..Settings::new(address, Access::Open) };
    let error = asked(settings, "1", None).await.expect_err("nobody answers");
    assert!(matches!(error, PrometheusError::TimedOut { .. }), "{error}");
}

/// Stands before the real one: refuses the first, as an overloaded gateway does, and passes the others on.
async fn busy_gateway(real: &str, refused: usize) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (real, seen) = (real.replace("http://", ""), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            if count.fetch_add(1, Ordering::SeqCst) < refused {
                let mut request = Vec::new();
                // To the end of the form: what isn't read would reset the connection.
                while !String::from_utf8_lossy(&request).ends_with("timeout=10000ms") {
                    assert!(client.read_buf(&mut request).await.expect("a request") > 0, "it ended too early");
                }
                let answer =
                    "HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nConnection: close\r\nContent-Length: 8\r\n\r\nso  much";
                client.write_all(answer.as_bytes()).await.expect("it is still there");
                continue;
            }
            let mut server = TcpStream::connect(&real).await.expect("the real one");
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        }
    });
    (address, seen)
}

#[tokio::test]
async fn who_is_busy_is_asked_again_and_not_for_ever() {
    let Some(real) = hansa_test_systems::Prometheus::start() else { return };
    let ask = async |refused| {
        let (address, seen) = busy_gateway(&real.address, refused).await;
        (asked(Settings::new(address, Access::Open), "vector(3)", None).await, seen.load(Ordering::SeqCst))
    };
    assert_eq!(ask(2).await, (Ok(3.0), 3));
    let (refused, tries) = ask(3).await;
    let error = refused.expect_err("it is busy for too long");
    assert!(
        matches!(error, PrometheusError::Failed { status: 503, .. }) && error.to_string().contains("so much"),
        "{error}"
    );
    assert_eq!(tries, 3);
}
