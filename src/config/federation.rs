//! What a broker is told about its partners' side: who it is to them, where
//! they reach it, and how long it waits for whom.

use super::ConfigFault;
use hansa_ontology::quantity::TimeSpan;
use serde::{Deserialize, Serialize};
use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

/// The federation with other providers' brokers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FederationSettings {
    /// Whether this broker has an identity and answers partners.
    pub enabled: bool,
    /// An address for partners alone. Absent: they come to `server.listen`.
    pub listen: Option<SocketAddr>,
    /// Where partners reach this broker. Absent: the address that it listens on, where that is loopback.
    pub public_url: Option<String>,
    /// Its identity. Absent: the `did:web` of `public_url`.
    pub did: Option<String>,
    /// What partners call it. Absent: the provider's name.
    pub name: Option<String>,
    /// Where its keys are. Absent: `keys` in `data_dir`.
    pub keys_dir: Option<PathBuf>,
    /// Whether partners may be on loopback, over plain HTTP. For demos and tests.
    pub allow_loopback: bool,
    /// Private networks in which partners may be, such as `10.20.0.0/16`. Others are refused.
    pub allow_networks: Vec<String>,
    /// After this time without a word of a partner, its offers count as stale.
    pub stale_after: TimeSpan,
    /// After this time without a word of a partner, what it runs is planned again elsewhere.
    pub grace: TimeSpan,
    /// Between two looks at a partner's feed.
    pub pull_interval: TimeSpan,
    /// How long capacity is held for a partner that has not ordered yet.
    pub hold_time: TimeSpan,
    /// What one usage record covers at most.
    pub usage_period: TimeSpan,
    /// By how much a partner's claimed outage may be longer than our own measure.
    pub claim_tolerance: TimeSpan,
    /// So long after a month's end its statement waits at least.
    pub settle_after: TimeSpan,
    /// So long it waits at most for usage to be answered.
    pub settle_grace: TimeSpan,
    /// After this time a dispute is listed as overdue.
    pub dispute_deadline: TimeSpan,
    /// Offers that are taken of one partner at most.
    pub offers_limit: u32,
    /// Answers the conformance suite of the Dataspace Protocol. For tests.
    pub conformance: bool,
    /// What this broker's client trusts and shows.
    pub tls: ClientTlsSettings,
}

/// TLS of the calls to partners.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientTlsSettings {
    /// Certificates (PEM) of further authorities that are trusted.
    pub roots: Option<PathBuf>,
    /// The certificate (PEM, with its chain) that is shown to partners who ask for one.
    pub certificate: Option<PathBuf>,
    /// Its key (PEM).
    pub key: Option<PathBuf>,
}

/// TLS of the server that partners reach.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerTlsSettings {
    /// The certificate (PEM) with its chain.
    pub certificate: Option<PathBuf>,
    /// Its key (PEM).
    pub key: Option<PathBuf>,
    /// Authorities (PEM) of which whoever connects must show a certificate.
    pub client_ca: Option<PathBuf>,
}

impl Default for FederationSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: None,
            public_url: None,
            did: None,
            name: None,
            keys_dir: None,
            allow_loopback: false,
            allow_networks: Vec::new(),
            stale_after: TimeSpan::from_millis(60_000),
            grace: TimeSpan::from_millis(2 * 60_000),
            pull_interval: TimeSpan::from_millis(10_000),
            hold_time: TimeSpan::from_millis(2 * 60_000),
            usage_period: TimeSpan::from_millis(60 * 60_000),
            claim_tolerance: TimeSpan::from_millis(2 * 60_000),
            settle_after: TimeSpan::from_millis(6 * 60 * 60_000),
            settle_grace: TimeSpan::from_millis(5 * 24 * 60 * 60_000),
            dispute_deadline: TimeSpan::from_millis(30 * 24 * 60 * 60_000),
            offers_limit: 100_000,
            conformance: false,
            tls: ClientTlsSettings::default(),
        }
    }
}

/// Every rule that these settings break.
pub(super) fn check(
    federation: &FederationSettings,
    listen: SocketAddr,
    tls: &ServerTlsSettings,
    faults: &mut Vec<ConfigFault>,
) {
    addresses(federation, listen, tls, faults);
    pair("server.tls", tls.certificate.is_some(), tls.key.is_some(), faults);
    pair("federation.tls", federation.tls.certificate.is_some(), federation.tls.key.is_some(), faults);
    if tls.client_ca.is_some() && (tls.certificate.is_none() || federation.listen.is_none()) {
        faults.push(ConfigFault::new(
            "server.tls.client_ca",
            "it asks for certificates where partners and this machine's own users come to the same address, or where there is no TLS",
            "give server.tls.certificate, and partners an address of their own in federation.listen",
        ));
    }
    for (field, span) in [
        ("federation.stale_after", federation.stale_after),
        ("federation.grace", federation.grace),
        ("federation.pull_interval", federation.pull_interval),
        ("federation.hold_time", federation.hold_time),
        ("federation.usage_period", federation.usage_period),
    ] {
        if span.0 == 0 {
            faults.push(ConfigFault::new(field, "it is zero", "give a time such as 30s"));
        }
    }
    if federation.grace <= federation.pull_interval {
        faults.push(ConfigFault::new(
            "federation.grace",
            format!(
                "{} is no longer than the pull interval of {}: a partner that is well would count as lost",
                federation.grace, federation.pull_interval
            ),
            "give at least three pull intervals",
        ));
    }
    if !(1..=1_000_000).contains(&federation.offers_limit) {
        faults.push(ConfigFault::new(
            "federation.offers_limit",
            format!("{} is out of range", federation.offers_limit),
            "give 1 to 1000000",
        ));
    }
    for (at, network) in federation.allow_networks.iter().enumerate() {
        if let Err(error) = network.parse::<hansa_federation::address::Network>() {
            faults.push(ConfigFault::new(
                format!("federation.allow_networks.{at}"),
                error.to_string(),
                "give address and prefix, such as 10.20.0.0/16",
            ));
        }
    }
    if let Some(did) = &federation.did
        && let Err(error) = did.parse::<hansa_federation::Did>()
    {
        faults.push(ConfigFault::new("federation.did", error.to_string(), "give one such as did:web:broker.example"));
    }
}

fn addresses(
    federation: &FederationSettings,
    listen: SocketAddr,
    tls: &ServerTlsSettings,
    faults: &mut Vec<ConfigFault>,
) {
    let reached = federation.listen.unwrap_or(listen);
    let open = !reached.ip().is_loopback();
    if federation.listen.is_some() && open && tls.certificate.is_none() {
        faults.push(ConfigFault::new(
            "federation.listen",
            format!("{} can be reached from elsewhere, and partners speak plain HTTP on loopback alone", reached.ip()),
            "give server.tls.certificate and server.tls.key, or listen on loopback behind a proxy that has them",
        ));
    }
    if federation.conformance && (open || !listen.ip().is_loopback()) {
        faults.push(ConfigFault::new(
            "federation.conformance",
            "it lets whoever comes start negotiations, and the server can be reached from elsewhere",
            "use it for tests on loopback alone",
        ));
    }
    match &federation.public_url {
        Some(url) => {
            if let Some((message, remedy)) = refused_url(url) {
                faults.push(ConfigFault::new("federation.public_url", message, remedy));
            }
        }
        None if federation.enabled && federation.listen.is_some() && open => faults.push(ConfigFault::new(
            "federation.public_url",
            format!("it is missing, and {} tells partners nothing about where this broker is reached", reached.ip()),
            "give the https URL under which partners reach it",
        )),
        None => {}
    }
}

/// Why partners can't be told this URL, and what to do.
fn refused_url(text: &str) -> Option<(String, &'static str)> {
    let Ok(url) = reqwest::Url::parse(text) else {
        return Some((format!("`{text}` is no URL"), "give one such as https://broker.example"));
    };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let extra =
        url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some();
    match url.scheme() {
        _ if extra => {
            Some((format!("`{text}` has a user, a query or a fragment"), "give scheme, host, port and path alone"))
        }
        "https" => None,
        "http" if loopback => None,
        _ => Some((
            format!("`{text}` is not https, and plain HTTP is for loopback alone"),
            "give an https URL; server.tls or a proxy in front has the certificate",
        )),
    }
}

fn pair(section: &str, certificate: bool, key: bool, faults: &mut Vec<ConfigFault>) {
    let (missing, there) = match (certificate, key) {
        (true, false) => ("key", "certificate"),
        (false, true) => ("certificate", "key"),
        _ => return,
    };
    faults.push(ConfigFault::new(
        format!("{section}.{missing}"),
        format!("it is missing, and {section}.{there} is given"),
        "give both files (PEM) or none",
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(change: impl FnOnce(&mut FederationSettings, &mut ServerTlsSettings)) -> Vec<String> {
        let (mut federation, mut tls) = (FederationSettings::default(), ServerTlsSettings::default());
        change(&mut federation, &mut tls);
        let mut faults = Vec::new();
        check(&federation, SocketAddr::from(([127, 0, 0, 1], 8080)), &tls, &mut faults);
        faults.into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn the_defaults_break_no_rule() {
        assert_eq!(faults(|_, _| {}), Vec::<String>::new());
    }

    #[test]
    fn partners_are_told_https_or_loopback() {
        let of = |url: &str| faults(|federation, _| federation.public_url = Some(url.to_owned()));
        for good in
            ["https://broker.example", "https://broker.example:8443/hansa", "http://127.0.0.1:9", "http://[::1]:9"]
        {
            assert!(of(good).is_empty(), "{good}");
        }
        for bad in [
            "http://broker.example",
            "broker.example",
            "https://u:p@broker.example",
            "https://broker.example?x=1",
            "ftp://127.0.0.1",
        ] {
            assert_eq!(of(bad), ["federation.public_url"], "{bad}");
        }
    }

    #[test]
    fn an_open_address_needs_a_certificate_and_a_url() {
        let open =
            |federation: &mut FederationSettings| federation.listen = Some(SocketAddr::from(([0, 0, 0, 0], 8443)));
        assert_eq!(faults(|federation, _| open(federation)), ["federation.listen", "federation.public_url"]);
        let good = faults(|federation, tls| {
            open(federation);
            federation.public_url = Some("https://broker.example".to_owned());
            (tls.certificate, tls.key) = (Some("a.pem".into()), Some("a.key".into()));
            tls.client_ca = Some("ca.pem".into());
        });
        assert_eq!(good, Vec::<String>::new());
        let conformance = faults(|federation, tls| {
            open(federation);
            federation.public_url = Some("https://broker.example".to_owned());
            federation.conformance = true;
            tls.certificate = Some("a.pem".into());
        });
        assert_eq!(conformance, ["federation.conformance", "server.tls.key"]);
    }

    #[test]
    fn networks_are_networks() {
        let fault = faults(|federation, _| {
            federation.allow_networks = vec!["10.20.0.0/16".to_owned(), "10.20.0.0".to_owned()];
        });
        assert_eq!(fault, ["federation.allow_networks.1"]);
    }

    #[test]
    fn who_is_well_is_not_lost() {
        let fault = faults(|federation, _| federation.grace = federation.pull_interval);
        assert_eq!(fault, ["federation.grace"]);
    }
}
