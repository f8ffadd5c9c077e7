//! What a broker is told: defaults, then the file, then the environment.
//!
//! [`settings`] has the words of the file, [`load`] merges the sources and
//! finds every fault at once, [`local`] describes this machine as a site.

mod agents;
mod auth;
mod billing;
mod fault;
mod federation;
mod limits;
mod load;
mod local;
mod mail;
mod moving;
mod notifications;
mod redact;
mod rules;
mod scaling;
mod settings;
mod suggest;
mod sustainability;
mod yaml;

pub(crate) use agents::AgentSettings;
pub(crate) use auth::AuthSettings;
pub(crate) use billing::BillingSettings;
pub(crate) use fault::ConfigFault;
pub(crate) use federation::{FederationSettings, ServerTlsSettings};
pub(crate) use limits::{LimitSettings, Network};
pub(crate) use load::{Loaded, load};
pub(crate) use local::{ASSUMED_COUNTRY, LocalError, local_catalogue};
pub(crate) use mail::MailSettings;
pub(crate) use moving::MovingSettings;
pub(crate) use notifications::NotificationSettings;
pub(crate) use redact::{effective, without_password};
pub(crate) use scaling::{PrometheusSettings, ScalingSettings};
pub(crate) use settings::{LogFormat, LogSettings, NodeSettings, OffersSource, PortRange, Settings, SiteSettings};
pub(crate) use sustainability::{FeedSettings, SustainabilitySettings};
pub(crate) use yaml::{to_yaml, yaml_to_json};
