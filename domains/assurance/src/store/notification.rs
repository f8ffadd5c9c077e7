//! Subscriptions and what was sent, as rows.

use super::tables::{assurance_delivery, assurance_subscription};
use crate::notification::{Delivery, Subscription};
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use hansa_ontology::ProjectId;
use hansa_repository::{Connection, RepositoryError, json};

const SUBSCRIPTION: &str = "subscription";
const DELIVERY: &str = "delivery";

fn read(bodies: &[String]) -> Result<Vec<Subscription>, RepositoryError> {
    bodies.iter().map(|body| json::from_column(SUBSCRIPTION, body)).collect()
}

/// Writes one in the place of what was known.
pub(crate) fn subscription_put(connection: &mut Connection, one: &Subscription) -> Result<(), RepositoryError> {
    let id = one.id.to_string();
    diesel::delete(assurance_subscription::table.find(&id)).execute(connection)?;
    diesel::insert_into(assurance_subscription::table)
        .values((
            assurance_subscription::id.eq(id),
            assurance_subscription::project.eq(one.project.as_ref().map(ProjectId::to_string)),
            assurance_subscription::name.eq(&one.name),
            assurance_subscription::cursor.eq(one.cursor),
            assurance_subscription::body.eq(json::to_column(SUBSCRIPTION, one)?),
        ))
        .execute(connection)?;
    Ok(())
}

pub(crate) fn subscription_find(
    connection: &mut Connection,
    id: &str,
) -> Result<Option<Subscription>, RepositoryError> {
    let body: Option<String> =
        assurance_subscription::table.find(id).select(assurance_subscription::body).first(connection).optional()?;
    body.map(|body| json::from_column(SUBSCRIPTION, &body)).transpose()
}

/// Those of a project, or of the broker itself, by name.
pub(crate) fn subscriptions_of(
    connection: &mut Connection,
    project: Option<&ProjectId>,
) -> Result<Vec<Subscription>, RepositoryError> {
    use assurance_subscription::{body, name, project as of, table};
    let query = table.select(body).into_boxed();
    let query = match project {
        Some(project) => query.filter(of.eq(project.to_string())),
        None => query.filter(of.is_null()),
    };
    read(&query.order(name).load::<String>(connection)?)
}

/// All of them.
pub(crate) fn subscriptions(connection: &mut Connection) -> Result<Vec<Subscription>, RepositoryError> {
    let bodies: Vec<String> = assurance_subscription::table.select(assurance_subscription::body).load(connection)?;
    read(&bodies)
}

/// Forgets one, with what was sent.
pub(crate) fn subscription_delete(connection: &mut Connection, id: &str) -> Result<(), RepositoryError> {
    let sent = assurance_delivery::table.filter(assurance_delivery::subscription.eq(id));
    diesel::delete(sent).execute(connection)?;
    diesel::delete(assurance_subscription::table.find(id)).execute(connection)?;
    Ok(())
}

/// Writes down what became of an event, and forgets the oldest of these: `kept` stay.
pub(crate) fn delivery_put(
    connection: &mut Connection,
    id: &str,
    one: &Delivery,
    kept: i64,
) -> Result<(), RepositoryError> {
    use assurance_delivery::{body, event, subscription, table};
    diesel::delete(table.find((id, one.event))).execute(connection)?;
    diesel::insert_into(table)
        .values((subscription.eq(id), event.eq(one.event), body.eq(json::to_column(DELIVERY, one)?)))
        .execute(connection)?;
    let oldest: Option<i64> = table
        .filter(subscription.eq(id))
        .order(event.desc())
        .offset(kept)
        .limit(1)
        .select(event)
        .first(connection)
        .optional()?;
    if let Some(oldest) = oldest {
        diesel::delete(table.filter(subscription.eq(id)).filter(event.le(oldest))).execute(connection)?;
    }
    Ok(())
}

/// What became of events, the newest first.
pub(crate) fn deliveries(
    connection: &mut Connection,
    id: &str,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Delivery>, RepositoryError> {
    use assurance_delivery::{body, event, subscription, table};
    let mut query = table.filter(subscription.eq(id.to_owned())).select(body).into_boxed();
    if let Some(before) = before {
        query = query.filter(event.lt(before));
    }
    let bodies: Vec<String> = query.order(event.desc()).limit(limit).load(connection)?;
    bodies.iter().map(|text| json::from_column(DELIVERY, text)).collect()
}
