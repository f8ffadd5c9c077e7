//! Where a request comes from, and to whom it believes to speak.

use crate::{
    config::Network,
    http::problem::{ApiError, ProblemKind},
};
use actix_web::{HttpRequest, dev::ServiceRequest, http::header};
use std::net::IpAddr;

/// The address of the client. `X-Forwarded-For` counts only as far as each hop
/// that wrote a part of it is believed: read from its end, the first address
/// that is no trusted proxy.
pub(crate) fn client_address(request: &HttpRequest, trusted: &[Network]) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(peer) {
        return Some(peer);
    }
    let told = request.headers().get_all("X-Forwarded-For").filter_map(|value| value.to_str().ok());
    let told = told.collect::<Vec<_>>().join(",");
    let mut nearest = peer;
    for hop in told.rsplit(',').map(str::trim).filter(|hop| !hop.is_empty()) {
        // What can't be read was not written by a proxy of ours: the last one that could is the client.
        let Some(address) = hop_address(hop) else { break };
        nearest = address;
        if !is_trusted(address) {
            break;
        }
    }
    Some(nearest)
}

/// An address, perhaps with a port.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let plain = hop.trim_start_matches('[').split(']').next().unwrap_or(hop);
    let address = plain.parse().ok().or_else(|| hop.parse::<std::net::SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

/// Without login, whoever can make a browser on this machine send a request is
/// the administrator. So requests to other names than this machine's are
/// refused: a page of a foreign site whose name leads here (DNS rebinding)
/// gets nothing. The paths of partners and of machines' agents have their own proof.
pub(crate) fn refuse_foreign_host(request: &ServiceRequest) -> Result<(), ApiError> {
    let path = request.path();
    let proved = ["/agent/v1/", "/federation/", "/dsp/", "/.well-known/", "/livez", "/ns", "/shapes", "/conformance/"];
    if proved.iter().any(|prefix| path.starts_with(prefix)) {
        return Ok(());
    }
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let host = host.or_else(|| request.uri().authority().map(|authority| authority.as_str()));
    // No browser leaves it out.
    if host.is_none_or(is_this_machine) {
        return Ok(());
    }
    Err(ApiError::new(
        ProblemKind::Misdirected,
        "the Host header doesn't name this machine, and this broker has no login; use http://127.0.0.1 or http://localhost, or configure a login (auth.issuers)",
    ))
}

/// Whether a Host header names this machine's loopback interface.
fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn a_forwarded_address_counts_as_far_as_it_is_believed() {
        let of = |peer: &str, told: &[&str], trusted: &[&str]| {
            let mut request = TestRequest::get().peer_addr(format!("{peer}:1").parse().unwrap());
            for told in told {
                request = request.append_header(("X-Forwarded-For", *told));
            }
            let trusted: Vec<Network> = trusted.iter().map(|network| network.parse().unwrap()).collect();
            client_address(&request.to_http_request(), &trusted).unwrap().to_string()
        };
        assert_eq!(of("192.0.2.1", &["203.0.113.9"], &[]), "192.0.2.1");
        assert_eq!(of("10.0.0.1", &["203.0.113.9"], &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(of("10.0.0.1", &["6.6.6.6, 203.0.113.9, 10.0.0.2"], &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(of("10.0.0.1", &["6.6.6.6", "203.0.113.9"], &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(of("10.0.0.1", &["nonsense, 10.0.0.2"], &["10.0.0.0/8"]), "10.0.0.2");
        assert_eq!(of("10.0.0.1", &["203.0.113.9:4711"], &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(of("10.0.0.1", &["[2001:db8::1]"], &["10.0.0.0/8"]), "2001:db8::1");
        assert_eq!(of("10.0.0.1", &[], &["10.0.0.0/8"]), "10.0.0.1");
    }

    #[test]
    fn this_machine_has_these_names_alone() {
        for good in ["localhost", "localhost:8080", "LOCALHOST.", "127.0.0.1:1", "127.8.8.8", "[::1]:80", "a.localhost"]
        {
            assert!(is_this_machine(good), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.168.0.1",
            "[::2]:80",
            "0.0.0.0",
        ] {
            assert!(!is_this_machine(bad), "{bad}");
        }
    }
}
