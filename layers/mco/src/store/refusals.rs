//! Who refused what, and until when they aren't asked again, as rows.

use super::{offer_refusal, package_refusal};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use hansa_ontology::{ApplicationId, OfferId, order::Instance};
use hansa_repository::{Connection, RepositoryError, text, time};
use std::collections::BTreeMap;

/// A package that was refused where an offer puts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PackageRefusal {
    pub(crate) instance: Instance,
    pub(crate) offer: OfferId,
    /// Fingerprint of what was refused: what is changed is tried anew.
    pub(crate) revision: String,
    pub(crate) reason: String,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = package_refusal)]
struct PackageRefusalRow {
    application: String,
    component: String,
    ordinal: i32,
    offer: String,
    revision: String,
    reason: String,
    until: NaiveDateTime,
}

/// Notes that a package was refused, in the place of what was noted before.
pub(crate) fn package_refusal_put(
    connection: &mut Connection,
    application: ApplicationId,
    refusal: &PackageRefusal,
    until: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let PackageRefusal { instance, offer, revision, reason } = refusal;
    let row = PackageRefusalRow {
        application: application.to_string(),
        component: instance.component.clone(),
        ordinal: i32::try_from(instance.ordinal).unwrap_or(i32::MAX),
        offer: offer.to_string(),
        revision: revision.clone(),
        reason: reason.clone(),
        until: time::to_column(until),
    };
    let key = (&row.application, &row.component, row.ordinal, &row.offer);
    diesel::delete(package_refusal::table.find(key)).execute(connection)?;
    diesel::insert_into(package_refusal::table).values(&row).execute(connection)?;
    Ok(())
}

/// What is refused now.
pub(crate) fn package_refusal_list(
    connection: &mut Connection,
    application: ApplicationId,
    now: DateTime<Utc>,
) -> Result<Vec<PackageRefusal>, RepositoryError> {
    let rows: Vec<PackageRefusalRow> = package_refusal::table
        .filter(package_refusal::application.eq(application.to_string()))
        .filter(package_refusal::until.gt(time::to_column(now)))
        .select(PackageRefusalRow::as_select())
        .load(connection)?;
    rows.into_iter()
        .map(|row| {
            let ordinal = u32::try_from(row.ordinal).unwrap_or_default();
            Ok(PackageRefusal {
                instance: Instance { component: row.component, ordinal },
                offer: text::from_column("offer of a refusal", &row.offer)?,
                revision: row.revision,
                reason: row.reason,
            })
        })
        .collect()
}

/// Notes that an offer was refused by who sells it, and until when it isn't asked again.
pub(crate) fn refusal_put(
    connection: &mut Connection,
    application: ApplicationId,
    offer: &OfferId,
    reason: &str,
    until: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let key = (application.to_string(), offer.to_string());
    diesel::delete(offer_refusal::table.find(key.clone())).execute(connection)?;
    diesel::insert_into(offer_refusal::table)
        .values((
            offer_refusal::application.eq(key.0),
            offer_refusal::offer.eq(key.1),
            offer_refusal::reason.eq(reason),
            offer_refusal::until.eq(time::to_column(until)),
        ))
        .execute(connection)?;
    Ok(())
}

pub(crate) fn refusal_list(
    connection: &mut Connection,
    application: ApplicationId,
    now: DateTime<Utc>,
) -> Result<BTreeMap<OfferId, String>, RepositoryError> {
    let rows: Vec<(String, String)> = offer_refusal::table
        .filter(offer_refusal::application.eq(application.to_string()))
        .filter(offer_refusal::until.gt(time::to_column(now)))
        .select((offer_refusal::offer, offer_refusal::reason))
        .load(connection)?;
    rows.into_iter().map(|(offer, reason)| Ok((text::from_column("offer of a refusal", &offer)?, reason))).collect()
}
