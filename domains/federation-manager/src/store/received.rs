//! What came from partners and stands, and what came and wasn't taken, as rows.

use crate::exchange::{Quarantined, ReceivedCapacity};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    AsChangeset, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable,
    RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use hansa_federation::SignedDocument;
use hansa_repository::{Connection, RepositoryError, json, time};
use std::collections::BTreeMap;

diesel::table! {
    federation_received (partner, subject) {
        partner -> Text,
        subject -> Text,
        class -> Text,
        sequence -> BigInt,
        digest -> Text,
        issued_at -> Timestamp,
        round -> BigInt,
    }
}

diesel::table! {
    federation_quarantine (partner, subject) {
        partner -> Text,
        subject -> Text,
        sequence -> BigInt,
        reason -> Text,
        waits -> Bool,
        content -> Text,
        content_bytes -> BigInt,
        signature -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    federation_capacity (partner) {
        partner -> Text,
        as_of -> Timestamp,
        received_at -> Timestamp,
        document -> Text,
    }
}

/// What came from a partner about one subject.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = federation_received)]
pub(crate) struct Received {
    pub(crate) partner: String,
    pub(crate) subject: String,
    pub(crate) class: String,
    pub(crate) sequence: i64,
    pub(crate) digest: String,
    issued_at: NaiveDateTime,
    pub(crate) round: i64,
}

impl Received {
    pub(crate) fn new(
        partner: &str,
        subject: &str,
        class: &str,
        sequence: i64,
        digest: String,
        issued_at: DateTime<Utc>,
        round: i64,
    ) -> Self {
        let issued_at = time::to_column(issued_at);
        let (partner, subject, class) = (partner.to_owned(), subject.to_owned(), class.to_owned());
        Self { partner, subject, class, sequence, digest, issued_at, round }
    }

    pub(crate) fn issued_at(&self) -> DateTime<Utc> {
        time::from_column(self.issued_at)
    }
}

#[derive(Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = federation_quarantine)]
struct QuarantineRow {
    partner: String,
    subject: String,
    sequence: i64,
    reason: String,
    waits: bool,
    content: String,
    content_bytes: i64,
    signature: String,
    at: NaiveDateTime,
}

/// What came from a partner about these subjects.
pub(crate) fn find(
    connection: &mut Connection,
    partner: &str,
    subjects: &[String],
) -> Result<BTreeMap<String, Received>, RepositoryError> {
    let rows: Vec<Received> = federation_received::table
        .filter(federation_received::partner.eq(partner))
        .filter(federation_received::subject.eq_any(subjects))
        .select(Received::as_select())
        .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.subject.clone(), row)).collect())
}

/// Writes down what came; `known`: there is a row already.
pub(crate) fn put(connection: &mut Connection, received: Received, known: bool) -> Result<(), RepositoryError> {
    if known {
        let found = federation_received::table.find((received.partner.clone(), received.subject.clone()));
        diesel::update(found).set(&received).execute(connection)?;
    } else {
        diesel::insert_into(federation_received::table).values(received).execute(connection)?;
    }
    Ok(())
}

/// The snapshot brought these.
pub(crate) fn seen(
    connection: &mut Connection,
    partner: &str,
    subjects: &[String],
    round: i64,
) -> Result<(), RepositoryError> {
    let found = federation_received::table
        .filter(federation_received::partner.eq(partner))
        .filter(federation_received::subject.eq_any(subjects));
    diesel::update(found).set(federation_received::round.eq(round)).execute(connection)?;
    Ok(())
}

/// Lets everything of a partner be judged anew when it comes again.
pub(crate) fn judge_anew(connection: &mut Connection, partner: &str) -> Result<(), RepositoryError> {
    let of_partner = federation_received::table.filter(federation_received::partner.eq(partner));
    diesel::update(of_partner).set(federation_received::digest.eq("")).execute(connection)?;
    Ok(())
}

/// Forgets what came about these subjects.
pub(crate) fn delete(connection: &mut Connection, partner: &str, subjects: &[String]) -> Result<(), RepositoryError> {
    let found = federation_received::table
        .filter(federation_received::partner.eq(partner))
        .filter(federation_received::subject.eq_any(subjects));
    diesel::delete(found).execute(connection)?;
    Ok(())
}

/// At most `limit` subjects that no snapshot since `round` has brought.
pub(crate) fn missed(
    connection: &mut Connection,
    partner: &str,
    round: i64,
    limit: i64,
) -> Result<Vec<String>, RepositoryError> {
    Ok(federation_received::table
        .filter(federation_received::partner.eq(partner))
        .filter(federation_received::round.lt(round))
        .select(federation_received::subject)
        .limit(limit)
        .load(connection)?)
}

/// Forgets everything that came from a partner: it is being left.
pub(crate) fn forget(connection: &mut Connection, partner: &str) -> Result<(), RepositoryError> {
    diesel::delete(federation_received::table.filter(federation_received::partner.eq(partner))).execute(connection)?;
    diesel::delete(federation_quarantine::table.filter(federation_quarantine::partner.eq(partner)))
        .execute(connection)?;
    diesel::delete(federation_capacity::table.find(partner)).execute(connection)?;
    Ok(())
}

/// Puts something into quarantine. True: it wasn't there with this reason.
pub(crate) fn quarantine_put(connection: &mut Connection, entry: &Quarantined) -> Result<bool, RepositoryError> {
    let found = federation_quarantine::table.find((entry.partner.clone(), entry.subject.clone()));
    let before: Option<String> = found.clone().select(federation_quarantine::reason).first(connection).optional()?;
    let row = QuarantineRow {
        partner: entry.partner.clone(),
        subject: entry.subject.clone(),
        sequence: entry.sequence,
        reason: entry.reason.clone(),
        waits: entry.waits,
        content: entry.content.clone(),
        content_bytes: entry.content_bytes,
        signature: entry.signature.clone(),
        at: time::to_column(entry.at),
    };
    match &before {
        Some(_) => diesel::update(found).set(row).execute(connection)?,
        None => diesel::insert_into(federation_quarantine::table).values(row).execute(connection)?,
    };
    Ok(before.as_deref() != Some(entry.reason.as_str()))
}

/// Takes subjects out of quarantine: something good came, or they are withdrawn.
pub(crate) fn quarantine_clear(
    connection: &mut Connection,
    partner: &str,
    subjects: &[String],
) -> Result<usize, RepositoryError> {
    let found = federation_quarantine::table
        .filter(federation_quarantine::partner.eq(partner))
        .filter(federation_quarantine::subject.eq_any(subjects));
    Ok(diesel::delete(found).execute(connection)?)
}

/// Keeps the newest `keep` entries of a partner.
pub(crate) fn quarantine_trim(connection: &mut Connection, partner: &str, keep: i64) -> Result<(), RepositoryError> {
    let of_partner = federation_quarantine::table.filter(federation_quarantine::partner.eq(partner));
    let old: Vec<String> = of_partner
        .order((federation_quarantine::at.desc(), federation_quarantine::sequence.desc()))
        .offset(keep)
        .select(federation_quarantine::subject)
        .load(connection)?;
    for some in old.chunks(500) {
        quarantine_clear(connection, partner, some)?;
    }
    Ok(())
}

/// Whether something waits for what it refers to.
pub(crate) fn quarantine_waits(connection: &mut Connection, partner: &str) -> Result<bool, RepositoryError> {
    let found: Option<String> = federation_quarantine::table
        .filter(federation_quarantine::partner.eq(partner))
        .filter(federation_quarantine::waits.eq(true))
        .select(federation_quarantine::subject)
        .first(connection)
        .optional()?;
    Ok(found.is_some())
}

/// What is in quarantine, of one partner or of all, the newest first.
pub(crate) fn quarantine_list(
    connection: &mut Connection,
    partner: Option<&str>,
    limit: i64,
) -> Result<Vec<Quarantined>, RepositoryError> {
    let mut query = federation_quarantine::table.select(QuarantineRow::as_select()).into_boxed();
    if let Some(partner) = partner {
        query = query.filter(federation_quarantine::partner.eq(partner.to_owned()));
    }
    let order = (federation_quarantine::at.desc(), federation_quarantine::subject.asc());
    let rows: Vec<QuarantineRow> = query.order(order).limit(limit).load(connection)?;
    Ok(rows
        .into_iter()
        .map(|row| Quarantined {
            partner: row.partner,
            subject: row.subject,
            sequence: row.sequence,
            reason: row.reason,
            waits: row.waits,
            content: row.content,
            content_bytes: row.content_bytes,
            signature: row.signature,
            at: time::from_column(row.at),
        })
        .collect())
}

/// How many entries each partner has in quarantine.
pub(crate) fn quarantine_counts(connection: &mut Connection) -> Result<BTreeMap<String, i64>, RepositoryError> {
    let rows: Vec<(String, i64)> = federation_quarantine::table
        .group_by(federation_quarantine::partner)
        .select((federation_quarantine::partner, diesel::dsl::count_star()))
        .load(connection)?;
    Ok(rows.into_iter().collect())
}

/// The last capacity report of a partner.
pub(crate) fn capacity(
    connection: &mut Connection,
    partner: &str,
) -> Result<Option<ReceivedCapacity>, RepositoryError> {
    let found: Option<(NaiveDateTime, NaiveDateTime, String)> = federation_capacity::table
        .find(partner)
        .select((federation_capacity::as_of, federation_capacity::received_at, federation_capacity::document))
        .first(connection)
        .optional()?;
    found
        .map(|(as_of, received_at, document)| {
            let document = json::from_column("capacity report", &document)?;
            Ok(ReceivedCapacity {
                as_of: time::from_column(as_of),
                received_at: time::from_column(received_at),
                document,
            })
        })
        .transpose()
}

/// Keeps a partner's last capacity report.
pub(crate) fn capacity_put(
    connection: &mut Connection,
    partner: &str,
    as_of: DateTime<Utc>,
    received_at: DateTime<Utc>,
    document: &SignedDocument,
) -> Result<(), RepositoryError> {
    let values = (
        federation_capacity::as_of.eq(time::to_column(as_of)),
        federation_capacity::received_at.eq(time::to_column(received_at)),
        federation_capacity::document.eq(json::to_column("capacity report", document)?),
    );
    let found = federation_capacity::table.find(partner);
    if diesel::update(found).set(values.clone()).execute(connection)? == 0 {
        diesel::insert_into(federation_capacity::table)
            .values((federation_capacity::partner.eq(partner), values.0, values.1, values.2))
            .execute(connection)?;
    }
    Ok(())
}
