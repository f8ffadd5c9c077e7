//! Where workloads look up their peers, and with which token: the Workload
//! Deployment Manager asks for it in its own words, security makes and checks it.

use crate::config::Settings;
use hansa_iam::WorkloadTokens;
use hansa_ontology::WorkloadId;
use hansa_wdm::{DiscoveryToken, DiscoveryTokens};
use reqwest::Url;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The tokens of workloads.
#[derive(Debug)]
pub(super) struct Tokens(pub(super) WorkloadTokens);

impl DiscoveryTokens for Tokens {
    fn token(&self, workload: WorkloadId) -> DiscoveryToken {
        DiscoveryToken::new(self.0.make(workload).reveal())
    }
}

/// The lookup as workloads of this machine reach it: where the broker listens;
/// over TLS by the name that its certificate is for.
pub(super) fn url(settings: &Settings, public: &Url, address: SocketAddr) -> String {
    // With an address of their own, partners alone are served over TLS.
    let tls = settings.server.tls.certificate.is_some() && settings.federation.listen.is_none();
    let base = if tls { public.as_str().trim_end_matches('/').to_owned() } else { format!("http://{}", here(address)) };
    format!("{base}/api/v1/applications/{{application}}/endpoints")
}

/// An address that listens on all interfaces is none that one can ask.
fn here(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

#[cfg(test)]
mod tests {
    use super::here;

    #[test]
    fn workloads_ask_where_somebody_answers() {
        for (listens, asked) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("192.0.2.1:1", "192.0.2.1:1"),
        ] {
            assert_eq!(here(listens.parse().unwrap()).to_string(), asked);
        }
    }
}
