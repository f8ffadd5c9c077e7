//! Which addresses a partner can make this broker connect to.

use hansa_federation::{
    AddressGuard, ErrorKind,
    address::{Loopback, Network},
};
use std::net::{IpAddr, SocketAddr};
use url::Url;

fn allowed(guard: &AddressGuard, url: &str) -> bool {
    match guard.url_check(&Url::parse(url).unwrap()) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Address);
            false
        }
    }
}

const INSIDE: [&str; 34] = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.8.9.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b::7f00:1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "2001::1",
    "2002:7f00:1::1",
];

#[test]
fn addresses_inside_are_refused() {
    let guard = AddressGuard::strict();
    for text in INSIDE {
        let address: IpAddr = text.parse().unwrap();
        assert!(guard.address_check(address).is_err(), "{text}");
        let host = if address.is_ipv6() { format!("[{text}]") } else { text.to_owned() };
        assert!(!allowed(&guard, &format!("https://{host}/")), "{text}");
        assert!(guard.resolved_check("a.example", &[SocketAddr::new(address, 443)]).is_err(), "{text}");
    }
}

#[test]
fn public_addresses_are_taken() {
    let guard = AddressGuard::strict();
    for text in [
        "1.1.1.1",
        "172.15.0.1",
        "172.32.0.1",
        "100.63.0.1",
        "192.167.0.1",
        "223.255.255.254",
        "2606:4700::1111",
        "2a00:1450::1",
        "64:ff9b::101:101",
        "::ffff:1.1.1.1",
    ] {
        assert!(guard.address_check(text.parse().unwrap()).is_ok(), "{text}");
    }
    assert!(allowed(&guard, "https://a.example:8443/x"));
}

#[test]
fn other_ways_to_write_a_loopback_address_are_seen_through() {
    for url in [
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://0/",
        "https://localhost/",
        "https://LOCALHOST/",
        "https://localhost./",
        "https://x.localhost/",
        "https://[::ffff:7f00:1]/",
        "https://\u{2460}27.0.0.1/",
        "http://a.example/",
        "ftp://a.example/",
        "file:///etc/passwd",
        "gopher://a.example/",
        "https://user@a.example/",
        "https://user:pass@a.example/",
        "data:text/plain,x",
    ] {
        assert!(!allowed(&AddressGuard::strict(), url), "{url}");
    }
}

#[test]
fn loopback_is_allowed_by_degrees() {
    let (tls, plain) = (AddressGuard::with_loopback(Loopback::Tls), AddressGuard::with_loopback(Loopback::Plain));
    for host in ["127.0.0.1:7001", "[::1]:7001", "localhost:7001"] {
        assert!(allowed(&tls, &format!("https://{host}/")) && !allowed(&tls, &format!("http://{host}/")), "{host}");
        assert!(allowed(&plain, &format!("https://{host}/")) && allowed(&plain, &format!("http://{host}/")), "{host}");
    }
    // Nothing else comes with it.
    for url in [
        "http://10.0.0.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/",
        "http://1.1.1.1/",
        "http://a.example/",
        "https://0.0.0.0/",
    ] {
        assert!(!allowed(&plain, url), "{url}");
    }
}

#[test]
fn a_name_is_judged_by_all_its_addresses() {
    let at = |text: &str| SocketAddr::new(text.parse().unwrap(), 443);
    let guard = AddressGuard::strict();
    assert!(guard.resolved_check("a.example", &[at("1.1.1.1"), at("2606:4700::1111")]).is_ok());
    assert!(guard.resolved_check("a.example", &[at("1.1.1.1"), at("10.0.0.1")]).is_err(), "one bad one refuses all");
    assert!(guard.resolved_check("a.example", &[]).is_err());
    let plain = AddressGuard::with_loopback(Loopback::Plain);
    assert!(plain.resolved_check("localhost", &[at("127.0.0.1"), at("::1")]).is_ok());
    assert!(plain.resolved_check("localhost", &[at("1.1.1.1")]).is_err(), "a name server that lies about localhost");
}

#[test]
fn an_operator_can_allow_private_networks_but_not_metadata() {
    let network = |text: &str| text.parse::<Network>().unwrap();
    let guard = AddressGuard::strict().allowing([
        network("10.20.0.0/16"),
        network("fd12::/16"),
        network("169.254.0.0/16"),
        network("127.0.0.0/8"),
        network("0.0.0.0/0"),
    ]);
    for (text, wanted) in [
        ("10.20.3.4", true),
        ("10.21.0.1", true),
        ("fd12::5", true),
        ("fd13::5", false),
        ("169.254.169.254", false),
        ("127.0.0.1", false),
        ("224.0.0.1", false),
    ] {
        assert_eq!(guard.address_check(text.parse().unwrap()).is_ok(), wanted, "{text}");
    }
    let narrow = AddressGuard::strict().allowing([network("10.20.0.0/16")]);
    assert!(narrow.address_check("10.21.0.1".parse().unwrap()).is_err());
    assert!(!allowed(&narrow, "http://10.20.0.1/"), "by https only");
    for wrong in ["10.0.0.0", "10.0.0.0/33", "x/8", "::/129", "10.0.0.0/-1"] {
        assert!(wrong.parse::<Network>().is_err(), "{wrong}");
    }
}
