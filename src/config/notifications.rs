//! Where notifications may be sent.

use super::{ConfigFault, mail, mail::MailSettings};
use serde::{Deserialize, Serialize};

/// Where notifications may be sent besides public addresses, and by which mail server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NotificationSettings {
    /// To this machine itself, over plain HTTP. For demos and tests: tenants reach what listens there.
    pub allow_loopback: bool,
    /// To private networks, such as `10.20.0.0/16`. Others are refused.
    pub allow_networks: Vec<String>,
    /// The mail server. Without it there is no mail.
    pub mail: MailSettings,
}

/// Every rule that they break.
pub(super) fn check(notifications: &NotificationSettings, faults: &mut Vec<ConfigFault>) {
    mail::check(&notifications.mail, faults);
    for (place, network) in notifications.allow_networks.iter().enumerate() {
        if let Err(error) = network.parse::<hansa_federation::address::Network>() {
            let field = format!("notifications.allow_networks.{place}");
            faults.push(ConfigFault::new(field, error.to_string(), "give address and prefix, such as 10.20.0.0/16"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_networks_are_taken() {
        let faults = |network: &str| {
            let mut faults = Vec::new();
            let settings =
                NotificationSettings { allow_networks: vec![network.to_owned()], ..NotificationSettings::default() };
            check(&settings, &mut faults);
            faults.len()
        };
        assert_eq!((faults("10.20.0.0/16"), faults("10.20.0.0"), faults("example.org")), (0, 1, 1));
    }
}
