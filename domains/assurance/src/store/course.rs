//! Rentals and announcements as rows.

use super::{
    AT_ONCE,
    tables::{assurance_announcement, assurance_course},
};
use crate::sla::{Announcement, Course};
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use hansa_ontology::MachineId;
use hansa_repository::{Connection, RepositoryError, json};
use std::collections::BTreeMap;

/// Rentals by their machines.
pub(crate) type Courses = BTreeMap<MachineId, Course>;

const COURSE: &str = "course of a rental";
const ANNOUNCEMENT: &str = "announced maintenance";

fn read(bodies: &[String]) -> Result<Courses, RepositoryError> {
    let course = |body: &String| json::from_column::<Course>(COURSE, body).map(|course| (course.machine, course));
    bodies.iter().map(course).collect()
}

/// What is known of these machines.
pub(crate) fn courses_get(
    connection: &mut Connection,
    machines: impl IntoIterator<Item = MachineId>,
) -> Result<Courses, RepositoryError> {
    let names: Vec<String> = machines.into_iter().map(|machine| machine.to_string()).collect();
    let mut found = Courses::new();
    for some in names.chunks(AT_ONCE) {
        let bodies: Vec<String> = assurance_course::table
            .filter(assurance_course::machine.eq_any(some.to_vec()))
            .select(assurance_course::body)
            .load(connection)?;
        found.extend(read(&bodies)?);
    }
    Ok(found)
}

/// Some of those that have to be looked at by now.
pub(crate) fn courses_to_look_at(
    connection: &mut Connection,
    now: i64,
    limit: i64,
) -> Result<Courses, RepositoryError> {
    let bodies: Vec<String> = assurance_course::table
        .filter(assurance_course::look.le(now))
        .order((assurance_course::look, assurance_course::machine))
        .limit(limit)
        .select(assurance_course::body)
        .load(connection)?;
    read(&bodies)
}

/// Writes one in the place of what was known, with when it is to be looked at
/// again; none: it was over then.
pub(crate) fn courses_put(
    connection: &mut Connection,
    course: &Course,
    look: Option<i64>,
    now: i64,
) -> Result<(), RepositoryError> {
    let name = course.machine.to_string();
    diesel::delete(assurance_course::table.find(&name)).execute(connection)?;
    diesel::insert_into(assurance_course::table)
        .values((
            assurance_course::machine.eq(name),
            assurance_course::look.eq(look),
            assurance_course::over.eq(look.is_none().then_some(now)),
            assurance_course::body.eq(json::to_column(COURSE, course)?),
        ))
        .execute(connection)?;
    Ok(())
}

pub(crate) fn announcement_insert(connection: &mut Connection, one: &Announcement) -> Result<(), RepositoryError> {
    diesel::insert_into(assurance_announcement::table)
        .values((
            assurance_announcement::id.eq(one.id.to_string()),
            assurance_announcement::began.eq(one.from.timestamp()),
            assurance_announcement::ended.eq(one.until.timestamp()),
            assurance_announcement::body.eq(json::to_column(ANNOUNCEMENT, one)?),
        ))
        .execute(connection)?;
    Ok(())
}

pub(crate) fn announcement_find(
    connection: &mut Connection,
    id: &str,
) -> Result<Option<Announcement>, RepositoryError> {
    let body: Option<String> =
        assurance_announcement::table.find(id).select(assurance_announcement::body).first(connection).optional()?;
    body.map(|body| json::from_column(ANNOUNCEMENT, &body)).transpose()
}

pub(crate) fn announcement_delete(connection: &mut Connection, id: &str) -> Result<(), RepositoryError> {
    diesel::delete(assurance_announcement::table.find(id)).execute(connection)?;
    Ok(())
}

/// Those that end after a second.
pub(crate) fn announcements_since(
    connection: &mut Connection,
    second: i64,
) -> Result<Vec<Announcement>, RepositoryError> {
    let bodies: Vec<String> = assurance_announcement::table
        .filter(assurance_announcement::ended.gt(second))
        .order((assurance_announcement::began, assurance_announcement::id))
        .select(assurance_announcement::body)
        .load(connection)?;
    bodies.iter().map(|body| json::from_column(ANNOUNCEMENT, body)).collect()
}

/// All of them, by id, which grows with time.
pub(crate) fn announcements_list(
    connection: &mut Connection,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Announcement>, RepositoryError> {
    let mut query = assurance_announcement::table.select(assurance_announcement::body).into_boxed();
    if let Some(after) = after {
        query = query.filter(assurance_announcement::id.gt(after.to_owned()));
    }
    let bodies: Vec<String> = query.order(assurance_announcement::id).limit(limit).load(connection)?;
    bodies.iter().map(|body| json::from_column(ANNOUNCEMENT, body)).collect()
}
