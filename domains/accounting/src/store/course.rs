//! Courses, lifetimes and faults as rows.

use super::{
    insert_all,
    tables::{accounting_course, accounting_fault, accounting_lifetime},
};
use crate::usage::{Course, Lifetime};
use chrono::{DateTime, Utc};
use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _,
    Selectable, SelectableHelper as _, TextExpressionMethods as _, dsl,
};
use hansa_ontology::{ProjectId, ProjectScope};
use hansa_repository::{Connection, RepositoryError, json};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The name space of the ids of faults (RFC 9562, version 5).
const FAULTS: Uuid = Uuid::from_u128(0x4d2f_70b1_55c8_5a3e_9be1_26f0_8c4d_71aa);
/// How many names one statement asks for.
const AT_ONCE: usize = 500;

/// Something that could not be metered as it was told, or is not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// When.
    pub at: DateTime<Utc>,
    /// Of which thing, as the log names it: `machine/<id>`.
    pub thing: String,
    /// Whose; none where that is not known.
    pub project: Option<ProjectId>,
    /// What, for people.
    pub problem: String,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = accounting_course)]
struct Row {
    thing: String,
    project: String,
    running: bool,
    metered_to: i64,
    body: String,
}

impl Row {
    fn new(thing: &str, course: &Course) -> Result<Self, RepositoryError> {
        Ok(Self {
            thing: thing.to_owned(),
            project: course.terms().map(|terms| terms.project.to_string()).unwrap_or_default(),
            running: course.is_running(),
            metered_to: course.metered_to(),
            body: json::to_column("course of a thing", course)?,
        })
    }

    fn into_course(self) -> Result<(String, Course), RepositoryError> {
        let course = json::from_column("course of a thing", &self.body)?;
        Ok((self.thing, course))
    }
}

/// Courses by the names of their things.
pub(crate) type Courses = BTreeMap<String, Course>;

/// What is known of these things.
pub(crate) fn courses_get(connection: &mut Connection, things: &[String]) -> Result<Courses, RepositoryError> {
    let mut found = Courses::new();
    for some in things.chunks(AT_ONCE) {
        let rows: Vec<Row> = accounting_course::table
            .filter(accounting_course::thing.eq_any(some.to_vec()))
            .select(Row::as_select())
            .load(connection)?;
        for row in rows {
            found.extend([row.into_course()?]);
        }
    }
    Ok(found)
}

/// Writes courses in the place of what was known.
pub(crate) fn courses_put(connection: &mut Connection, courses: &Courses) -> Result<(), RepositoryError> {
    let things: Vec<&str> = courses.keys().map(String::as_str).collect();
    for some in things.chunks(AT_ONCE) {
        let known = accounting_course::table.filter(accounting_course::thing.eq_any(some.to_vec()));
        diesel::delete(known).execute(connection)?;
    }
    let rows = courses.iter().map(|(thing, course)| Row::new(thing, course)).collect::<Result<Vec<_>, _>>()?;
    insert_all!(connection, accounting_course::table, rows);
    Ok(())
}

/// Forgets what has ended before an hour and never comes back under its name;
/// machines may, and what is in them needs their terms.
pub(crate) fn courses_forget(connection: &mut Connection, before: i64) -> Result<(), RepositoryError> {
    let over = accounting_course::running.eq(false).and(accounting_course::metered_to.lt(before));
    let machine = accounting_course::thing.like("machine/%");
    diesel::delete(accounting_course::table.filter(over.and(dsl::not(machine)))).execute(connection)?;
    Ok(())
}

/// Some of what runs and is not metered up to this hour.
pub(crate) fn courses_to_go_on(connection: &mut Connection, hour: i64, limit: i64) -> Result<Courses, RepositoryError> {
    let rows: Vec<Row> = accounting_course::table
        .filter(accounting_course::running.eq(true).and(accounting_course::metered_to.lt(hour)))
        .order((accounting_course::metered_to, accounting_course::thing))
        .limit(limit)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::into_course).collect()
}

/// What of a project runs.
pub(crate) fn courses_running(
    connection: &mut Connection,
    project: &ProjectId,
) -> Result<Vec<Course>, RepositoryError> {
    let rows: Vec<Row> = accounting_course::table
        .filter(accounting_course::project.eq(project.as_str()).and(accounting_course::running.eq(true)))
        .order(accounting_course::thing)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_course().map(|(_, course)| course)).collect()
}

/// Writes down lives that have ended; what was written before stays.
pub(crate) fn lifetimes_put(
    connection: &mut Connection,
    thing: &str,
    lives: &[Lifetime],
) -> Result<(), RepositoryError> {
    for life in lives {
        let (began, Some(ended)) = (life.from.timestamp(), life.to.map(|to| to.timestamp())) else { continue };
        diesel::delete(accounting_lifetime::table.find((thing, began))).execute(connection)?;
        diesel::insert_into(accounting_lifetime::table)
            .values((
                accounting_lifetime::thing.eq(thing),
                accounting_lifetime::began.eq(began),
                accounting_lifetime::ended.eq(ended),
                accounting_lifetime::project.eq(life.terms.project.as_str()),
                accounting_lifetime::body.eq(json::to_column("lifetime", life)?),
            ))
            .execute(connection)?;
    }
    Ok(())
}

/// The lives of a project that ended in a stretch, its borders included.
pub(crate) fn lifetimes_list(
    connection: &mut Connection,
    project: &ProjectId,
    (from, to): (i64, i64),
) -> Result<Vec<Lifetime>, RepositoryError> {
    let bodies: Vec<String> = accounting_lifetime::table
        .filter(accounting_lifetime::project.eq(project.as_str()))
        .filter(accounting_lifetime::ended.between(from, to))
        .order((accounting_lifetime::thing, accounting_lifetime::began))
        .select(accounting_lifetime::body)
        .load(connection)?;
    bodies.iter().map(|body| json::from_column("lifetime", body)).collect()
}

/// Writes down what went wrong, each once.
pub(crate) fn faults_put(connection: &mut Connection, faults: &[Fault]) -> Result<(), RepositoryError> {
    for fault in faults {
        let body = json::to_column("fault", fault)?;
        // By time, so that the newest are found by their ids.
        let micros = u64::try_from(fault.at.timestamp_micros()).unwrap_or_default();
        let id = format!("{micros:020}-{}", Uuid::new_v5(&FAULTS, body.as_bytes()).simple());
        diesel::delete(accounting_fault::table.find(&id)).execute(connection)?;
        diesel::insert_into(accounting_fault::table)
            .values((
                accounting_fault::id.eq(id),
                accounting_fault::project.eq(fault.project.as_ref().map(ToString::to_string)),
                accounting_fault::body.eq(body),
            ))
            .execute(connection)?;
    }
    Ok(())
}

/// What went wrong, the newest first, before an id of the page before.
pub(crate) fn faults_list(
    connection: &mut Connection,
    scope: &ProjectScope,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<(String, Fault)>, RepositoryError> {
    let mut query = accounting_fault::table.select((accounting_fault::id, accounting_fault::body)).into_boxed();
    if let ProjectScope::Only(projects) = scope {
        let names: Vec<String> = projects.iter().map(ToString::to_string).collect();
        query = query.filter(accounting_fault::project.eq_any(names));
    }
    if let Some(before) = before {
        query = query.filter(accounting_fault::id.lt(before.to_owned()));
    }
    let rows: Vec<(String, String)> = query.order(accounting_fault::id.desc()).limit(limit).load(connection)?;
    rows.into_iter().map(|(id, body)| Ok((id, json::from_column("fault", &body)?))).collect()
}
