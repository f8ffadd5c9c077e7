//! What this broker publishes, as rows.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use hansa_federation::SignedDocument;
use hansa_ontology::OfferKind;
use hansa_repository::{
    Connection, RepositoryError,
    catalogue::{Class, partner::OwnCursor},
    json, time,
};
use std::collections::BTreeMap;

diesel::table! {
    federation_feed (sequence) {
        sequence -> BigInt,
        subject -> Text,
        class -> Text,
        kind -> Text,
        document -> Text,
        digest -> Text,
        site -> Nullable<Text>,
        offer_kind -> Nullable<Text>,
        latest -> Bool,
        at -> Timestamp,
    }
}

diesel::table! {
    federation_published (class) {
        class -> Text,
        generation -> BigInt,
        iri -> Text,
    }
}

/// What is put, and what is withdrawn.
pub(crate) const PUT: &str = "put";
/// As [`PUT`].
pub(crate) const WITHDRAWN: &str = "withdrawn";

/// One item of the feed.
#[derive(Debug, Clone, Insertable, Queryable, Selectable)]
#[diesel(table_name = federation_feed)]
struct Row {
    sequence: i64,
    subject: String,
    class: String,
    kind: String,
    document: String,
    digest: String,
    site: Option<String>,
    offer_kind: Option<String>,
    latest: bool,
    at: NaiveDateTime,
}

/// What is to be published.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewItem {
    pub(crate) subject: String,
    pub(crate) class: Class,
    /// What the document says; None: the subject is withdrawn.
    pub(crate) digest: Option<String>,
    pub(crate) document: SignedDocument,
    pub(crate) site: Option<String>,
    pub(crate) offer_kind: Option<OfferKind>,
}

/// What was published.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) sequence: i64,
    pub(crate) subject: String,
    pub(crate) class: String,
    pub(crate) withdrawn: bool,
    pub(crate) document: SignedDocument,
    pub(crate) site: Option<String>,
    pub(crate) offer_kind: Option<OfferKind>,
    /// Size of the document's JSON in bytes.
    pub(crate) size: usize,
}

/// Subject, number, kind, digest, site and kind of offer.
type StandingRow = (String, i64, String, String, Option<String>, Option<String>);

/// How the latest item about a subject stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) sequence: i64,
    pub(crate) withdrawn: bool,
    pub(crate) digest: String,
    pub(crate) site: Option<String>,
    pub(crate) offer_kind: Option<OfferKind>,
}

/// The number of the newest item; 0 when there is none.
pub(crate) fn head(connection: &mut Connection) -> Result<i64, RepositoryError> {
    let head: Option<i64> = federation_feed::table
        .select(federation_feed::sequence)
        .order(federation_feed::sequence.desc())
        .first(connection)
        .optional()?;
    Ok(head.unwrap_or_default())
}

/// How the latest item about each of these subjects stands.
pub(crate) fn standing(
    connection: &mut Connection,
    subjects: &[String],
) -> Result<BTreeMap<String, Standing>, RepositoryError> {
    let rows: Vec<StandingRow> = federation_feed::table
        .filter(federation_feed::subject.eq_any(subjects))
        .filter(federation_feed::latest.eq(true))
        .select((
            federation_feed::subject,
            federation_feed::sequence,
            federation_feed::kind,
            federation_feed::digest,
            federation_feed::site,
            federation_feed::offer_kind,
        ))
        .load(connection)?;
    rows.into_iter()
        .map(|(subject, sequence, kind, digest, site, offer_kind)| {
            let offer_kind = offer_kind.as_deref().map(|text| json::from_column("kind", text)).transpose()?;
            Ok((subject, Standing { sequence, withdrawn: kind == WITHDRAWN, digest, site, offer_kind }))
        })
        .collect()
}

/// Appends an item, which gets the next number, and takes the place of what was said of its subject.
pub(crate) fn append(connection: &mut Connection, item: &NewItem, now: DateTime<Utc>) -> Result<i64, RepositoryError> {
    let sequence = head(connection)? + 1;
    let before = federation_feed::table
        .filter(federation_feed::subject.eq(&item.subject))
        .filter(federation_feed::latest.eq(true));
    diesel::update(before).set(federation_feed::latest.eq(false)).execute(connection)?;
    let row = Row {
        sequence,
        subject: item.subject.clone(),
        class: item.class.to_string(),
        kind: if item.digest.is_some() { PUT } else { WITHDRAWN }.to_owned(),
        document: json::to_column("document", &item.document)?,
        digest: item.digest.clone().unwrap_or_default(),
        site: item.site.clone(),
        offer_kind: item.offer_kind.map(|kind| json::to_column("kind", &kind)).transpose()?,
        latest: true,
        at: time::to_column(now),
    };
    diesel::insert_into(federation_feed::table).values(row).execute(connection)?;
    Ok(sequence)
}

/// The items after a number up to another, in order.
pub(crate) fn range(connection: &mut Connection, after: i64, upto: i64) -> Result<Vec<Item>, RepositoryError> {
    let rows: Vec<Row> = federation_feed::table
        .filter(federation_feed::sequence.gt(after))
        .filter(federation_feed::sequence.le(upto))
        .order(federation_feed::sequence.asc())
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::into_item).collect()
}

/// The items after a number that stand, in order.
pub(crate) fn live(connection: &mut Connection, after: i64, limit: i64) -> Result<Vec<Item>, RepositoryError> {
    let rows: Vec<Row> = federation_feed::table
        .filter(federation_feed::sequence.gt(after))
        .filter(federation_feed::latest.eq(true))
        .filter(federation_feed::kind.eq(PUT))
        .order(federation_feed::sequence.asc())
        .limit(limit)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::into_item).collect()
}

/// The item about a subject that stands.
pub(crate) fn find(connection: &mut Connection, subject: &str) -> Result<Option<Item>, RepositoryError> {
    let row: Option<Row> = federation_feed::table
        .filter(federation_feed::subject.eq(subject))
        .filter(federation_feed::latest.eq(true))
        .filter(federation_feed::kind.eq(PUT))
        .select(Row::as_select())
        .first(connection)
        .optional()?;
    row.map(Row::into_item).transpose()
}

/// How far our own resources of a class were followed.
pub(crate) fn cursor(connection: &mut Connection, class: Class) -> Result<OwnCursor, RepositoryError> {
    let found: Option<(i64, String)> = federation_published::table
        .find(class.to_string())
        .select((federation_published::generation, federation_published::iri))
        .first(connection)
        .optional()?;
    Ok(found.map(|(generation, iri)| OwnCursor { generation, iri }).unwrap_or_default())
}

/// Notes how far our own resources of a class were followed.
pub(crate) fn cursor_put(connection: &mut Connection, class: Class, cursor: &OwnCursor) -> Result<(), RepositoryError> {
    let values = (federation_published::generation.eq(cursor.generation), federation_published::iri.eq(&cursor.iri));
    if diesel::update(federation_published::table.find(class.to_string())).set(values).execute(connection)? == 0 {
        diesel::insert_into(federation_published::table)
            .values((
                federation_published::class.eq(class.to_string()),
                federation_published::generation.eq(cursor.generation),
                federation_published::iri.eq(&cursor.iri),
            ))
            .execute(connection)?;
    }
    Ok(())
}

impl Row {
    fn into_item(self) -> Result<Item, RepositoryError> {
        Ok(Item {
            sequence: self.sequence,
            subject: self.subject,
            class: self.class,
            withdrawn: self.kind == WITHDRAWN,
            size: self.document.len(),
            document: json::from_column("document", &self.document)?,
            site: self.site,
            offer_kind: self.offer_kind.as_deref().map(|text| json::from_column("kind", text)).transpose()?,
        })
    }
}
