//! Quotas as rows.

use crate::{member::Place, quota::HeldQuota};
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use hansa_ontology::quota::{Quota, QuotaHolder};
use hansa_repository::{Connection, RepositoryError, json, time};

diesel::table! {
    iam_quota (holder) {
        holder -> Text,
        limits -> Text,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

fn column(holder: &QuotaHolder) -> String {
    match holder {
        QuotaHolder::Organisation(id) => Place::Organisation(id.clone()).to_string(),
        QuotaHolder::Project(id) => Place::Project(id.clone()).to_string(),
    }
}

/// A holder's quota; without limits where none was set.
pub(crate) fn get(connection: &mut Connection, holder: &QuotaHolder) -> Result<HeldQuota, RepositoryError> {
    let found: Option<(String, chrono::NaiveDateTime, i64)> = iam_quota::table
        .find(column(holder))
        .select((iam_quota::limits, iam_quota::updated_at, iam_quota::version))
        .first(connection)
        .optional()?;
    Ok(match found {
        None => HeldQuota { holder: holder.clone(), limits: Quota::default(), updated_at: None, version: 0 },
        Some((limits, at, version)) => HeldQuota {
            holder: holder.clone(),
            limits: json::from_column("limits of a quota", &limits)?,
            updated_at: Some(time::from_column(at)),
            version,
        },
    })
}

/// Writes a quota as it is now.
pub(crate) fn put(connection: &mut Connection, quota: &HeldQuota) -> Result<(), RepositoryError> {
    let values = (
        iam_quota::limits.eq(json::to_column("limits of a quota", &quota.limits)?),
        iam_quota::updated_at.eq(time::to_column(quota.updated_at.unwrap_or_default())),
        iam_quota::version.eq(quota.version),
    );
    let changed =
        diesel::update(iam_quota::table.find(column(&quota.holder))).set(values.clone()).execute(connection)?;
    if changed == 0 {
        diesel::insert_into(iam_quota::table)
            .values((iam_quota::holder.eq(column(&quota.holder)), values))
            .execute(connection)?;
    }
    Ok(())
}
