//! Organisations, projects, members and quotas on the wire.

use super::Price;
use chrono::{DateTime, Utc};
use hansa_iam::{self as iam, HeldQuota};
use hansa_ontology::{
    Currency, Money,
    money::{InvalidMoney, Micros},
    quantity::{CpuMilli, Mebibytes},
    quota::{Quota, QuotaUsage},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// An organisation of tenants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Organisation {
    /// Its name, which is given once.
    pub name: String,
    /// How people call it.
    pub title: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Its version: the ETag, and what If-Match is compared with.
    pub version: i64,
}

/// A project: what applications, quotas and costs belong to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Project {
    /// Its whole name, `organisation/project`, which is given once.
    pub name: String,
    /// How people call it.
    pub title: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Its version: the ETag, and what If-Match is compared with.
    pub version: i64,
}

/// What an organisation or a project is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewPlace {
    /// Its name: 1 to 40 of a-z, 0-9 and -, of a project without its organisation.
    pub name: String,
    /// How people call it. Absent: its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// Another title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Titled {
    /// How people call it.
    pub title: String,
}

/// Somebody who has roles in an organisation or a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Member {
    /// The account's id.
    pub account: String,
    /// The account's handle.
    pub handle: String,
    /// How people call them.
    pub name: String,
    /// Their roles there.
    pub roles: Vec<String>,
    /// Since when they are a member.
    pub created_at: DateTime<Utc>,
    /// When their roles last changed.
    pub updated_at: DateTime<Utc>,
    /// Its version: the ETag, and what If-Match is compared with.
    pub version: i64,
}

/// What became of a member's removal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MemberRemoval {
    /// The handle of whoever has no role there any more.
    pub handle: String,
    /// The service accounts there that they made, or made tokens of.
    pub service_accounts: Vec<LeftServiceAccount>,
}

/// A service account that somebody left behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LeftServiceAccount {
    /// Its handle: `ci@acme/web`.
    pub handle: String,
    /// Whether they made it; otherwise only tokens of it.
    pub made: bool,
    /// How many tokens, which they had made and so knew, are revoked with this.
    pub revoked_tokens: usize,
}

impl From<iam::Removal> for MemberRemoval {
    fn from(of: iam::Removal) -> Self {
        let left =
            |of: iam::LeftService| LeftServiceAccount { handle: of.handle, made: of.made, revoked_tokens: of.revoked };
        Self { handle: of.member.handle, service_accounts: of.services.into_iter().map(left).collect() }
    }
}

/// The roles of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MemberRoles {
    /// `use-case-administrator`, `use-case-user`, `auditor`, `billing`.
    #[schema(value_type = Vec<String>)]
    pub roles: BTreeSet<iam::Role>,
}

/// How much there may be at one time. What is absent is not limited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct QuotaLimits {
    /// Applications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applications: Option<u32>,
    /// Instances of all components.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instances: Option<u32>,
    /// Processors, such as `40` or `500m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// Memory, such as `80Gi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// The price of all plans for an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_per_hour: Option<Amount>,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Amount {
    /// A decimal number with at most 6 decimals: `2.50`.
    pub amount: String,
    /// ISO 4217: `EUR`.
    pub currency: String,
}

/// A quota and what is taken of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QuotaReport {
    /// How much there may be.
    pub limits: QuotaLimits,
    /// What is taken.
    pub used: QuotaUsed,
    /// Its version: the ETag, and what If-Match is compared with; 0 where it was never set.
    pub version: i64,
}

/// What is taken of a quota.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QuotaUsed {
    /// Applications.
    pub applications: u64,
    /// Instances, of a range its upper end.
    pub instances: u64,
    /// Thousandths of processors.
    pub cpu_milli: u64,
    /// MiB of memory.
    pub memory_mib: u64,
    /// The price of all plans for an hour, by currency.
    pub price_per_hour: Vec<Price>,
}

impl From<iam::Organisation> for Organisation {
    fn from(of: iam::Organisation) -> Self {
        Self {
            name: of.id.to_string(),
            title: of.title,
            created_at: of.created_at,
            updated_at: of.updated_at,
            version: of.version,
        }
    }
}

impl From<iam::Project> for Project {
    fn from(of: iam::Project) -> Self {
        Self {
            name: of.id.to_string(),
            title: of.title,
            created_at: of.created_at,
            updated_at: of.updated_at,
            version: of.version,
        }
    }
}

impl From<iam::Member> for Member {
    fn from(of: iam::Member) -> Self {
        Self {
            account: of.account.to_string(),
            handle: of.handle,
            name: of.name,
            roles: of.roles.iter().map(|role| role.name().to_owned()).collect(),
            created_at: of.created_at,
            updated_at: of.updated_at,
            version: of.version,
        }
    }
}

impl Amount {
    /// As money; or what is wrong.
    pub(crate) fn read(&self) -> Result<Money, String> {
        let amount: Micros = self.amount.parse().map_err(|error: InvalidMoney| error.to_string())?;
        let currency: Currency = self.currency.parse().map_err(|error: InvalidMoney| error.to_string())?;
        Ok(Money::new(amount.0, currency))
    }
}

impl QuotaLimits {
    /// As a quota; the field that is wrong and what would be right.
    pub(crate) fn read(&self) -> Result<Quota, (&'static str, String)> {
        let cpu = self.cpu.as_deref().map(str::parse::<CpuMilli>).transpose();
        let memory = self.memory.as_deref().map(str::parse::<Mebibytes>).transpose();
        let price = self.price_per_hour.as_ref().map(Amount::read);
        Ok(Quota {
            applications: self.applications,
            instances: self.instances,
            cpu: cpu.map_err(|error| ("/cpu", error.to_string()))?,
            memory: memory.map_err(|error| ("/memory", error.to_string()))?,
            price_per_hour: price.transpose().map_err(|error| ("/pricePerHour", error))?,
        })
    }
}

impl QuotaReport {
    pub(crate) fn new(held: &HeldQuota, used: &QuotaUsage) -> Self {
        let limits = &held.limits;
        Self {
            limits: QuotaLimits {
                applications: limits.applications,
                instances: limits.instances,
                cpu: limits.cpu.map(|cpu| cpu.to_string()),
                memory: limits.memory.map(|memory| memory.to_string()),
                price_per_hour: limits.price_per_hour.map(|price| Amount {
                    amount: Micros(price.micros).to_string(),
                    currency: price.currency.to_string(),
                }),
            },
            used: QuotaUsed {
                applications: used.applications,
                instances: used.instances,
                cpu_milli: used.cpu_milli,
                memory_mib: used.memory_mib,
                price_per_hour: used
                    .price_micros
                    .iter()
                    .map(|(currency, micros)| Price::new(*micros, *currency))
                    .collect(),
            },
            version: held.version,
        }
    }
}
