//! What types alone can't say about the settings.

use super::{
    ConfigFault, NodeSettings, Settings, SiteSettings, agents, auth, billing, federation, limits, moving,
    notifications, scaling, settings::ServerSettings, sustainability,
};
use std::{collections::BTreeSet, net::TcpListener};

/// Every rule that `settings` break.
pub(crate) fn check(settings: &Settings) -> Vec<ConfigFault> {
    let mut faults = Vec::new();
    server(&settings.server, settings.auth.login(), &mut faults);
    agents::check(&settings.agents, &mut faults);
    moving::check(&settings.moving, &mut faults);
    billing::check(&settings.billing, &mut faults);
    scaling::check(&settings.scaling, &mut faults);
    notifications::check(&settings.notifications, &mut faults);
    sustainability::check(&settings.sustainability, &mut faults);
    auth::check(&settings.auth, &settings.server, &mut faults);
    limits::check(&settings.server.limits, &mut faults);
    let own = [("server.listen", Some(settings.server.listen)), ("federation.listen", settings.federation.listen)];
    for (field, port) in own.into_iter().filter_map(|(field, address)| Some((field, address?.port()))) {
        if settings.workload_ports.contains(port) {
            faults.push(ConfigFault::new(
                "workload_ports",
                format!("the range {} holds the broker's own port {port}", settings.workload_ports),
                format!("choose another range, or another port in {field}"),
            ));
        }
    }
    if let Some(url) = &settings.database.url
        && !["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme))
    {
        faults.push(ConfigFault::new(
            "database.url",
            "it names no database that Hansa knows",
            "give sqlite:PATH or postgres://user:password@host:port/name",
        ));
    }
    if let Err(fault) = tracing_subscriber::EnvFilter::try_new(&settings.log.level) {
        faults.push(ConfigFault::new(
            "log.level",
            fault.to_string(),
            "give error, warn, info, debug or trace, or directives such as info,hansa_mco=debug",
        ));
    }
    if !(1..=256).contains(&settings.workers) {
        faults.push(ConfigFault::new("workers", format!("{} is out of range", settings.workers), "give 1 to 256"));
    }
    federation::check(&settings.federation, settings.server.listen, &settings.server.tls, &mut faults);
    sites(&settings.sites, &mut faults);
    faults
}

fn server(server: &ServerSettings, login: bool, faults: &mut Vec<ConfigFault>) {
    if !server.listen.ip().is_loopback() && !login {
        faults.push(ConfigFault::new(
            "server.listen",
            format!(
                "{} is not a loopback address, and there is no login: whoever reached it could do everything",
                server.listen.ip()
            ),
            "listen on 127.0.0.1 or [::1], or say in auth.issuers who may log in (docs/identity.md)",
        ));
    }
    if !(1..=1_024).contains(&server.body_limit.0) {
        faults.push(ConfigFault::new(
            "server.body_limit",
            format!("{} is out of range", server.body_limit),
            "give 1Mi to 1Gi",
        ));
    }
    for (field, span) in
        [("server.request_timeout", server.request_timeout), ("server.shutdown_timeout", server.shutdown_timeout)]
    {
        if span.0 == 0 {
            faults.push(ConfigFault::new(field, "it is zero", "give a time such as 30s"));
        }
    }
}

fn sites(sites: &[SiteSettings], faults: &mut Vec<ConfigFault>) {
    let mut seen = BTreeSet::new();
    for (at, site) in sites.iter().enumerate() {
        if !seen.insert(&site.id) {
            faults.push(ConfigFault::new(
                format!("sites.{at}.id"),
                format!("the site {} is described twice", site.id),
                "put all its nodes under one entry",
            ));
        }
        if site.nodes.is_empty() {
            faults.push(ConfigFault::new(format!("sites.{at}.nodes"), "the site has no node", "describe at least one"));
        }
        let mut names = BTreeSet::new();
        for (number, node) in site.nodes.iter().enumerate() {
            let field = format!("sites.{at}.nodes.{number}");
            if !names.insert(&node.name) {
                faults.push(ConfigFault::new(
                    format!("{field}.name"),
                    format!("the node `{}` is described twice", node.name),
                    "give each node of a site a name of its own",
                ));
            }
            self::node(&field, node, faults);
        }
    }
}

fn node(field: &str, node: &NodeSettings, faults: &mut Vec<ConfigFault>) {
    let named = !node.name.is_empty()
        && node.name.len() <= 63
        && node.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !named {
        faults.push(ConfigFault::new(
            format!("{field}.name"),
            format!("`{}` is no name of a node", node.name),
            "use lower-case letters, digits and hyphens, at most 63",
        ));
    }
    if node.cpu.0 == 0 {
        faults.push(ConfigFault::new(format!("{field}.cpu"), "it gives no processor", "give at least 0.001"));
    }
    if node.memory.0 == 0 {
        faults.push(ConfigFault::new(format!("{field}.memory"), "it gives no memory", "give at least 1Mi"));
    }
    if let Err(error) = TcpListener::bind((node.address, 0)) {
        faults.push(ConfigFault::new(
            format!("{field}.address"),
            format!("{} is no address of this machine ({error})", node.address),
            "give an address of this machine, such as 127.0.0.1",
        ));
    }
}
