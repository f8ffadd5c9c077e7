//! What owners of infrastructure do in the portal: maintenance, offers from
//! the first draft on, flavours, credentials. The work is that of the owners'
//! API (`http::admin`), with its words where something is refused.

mod credentials;
mod flavours;
mod maintenance;
mod sale;
mod sales;
mod systems;

use super::{Flash, Form, Visit, see_other};
use crate::{
    http::{
        Broker,
        problem::{ApiError, ProblemKind, Reply},
        replay::{self, serialise},
        wire::Price,
    },
    portal::pages::owners::Entered,
};
use actix_web::web;
use chrono::{DateTime, NaiveDateTime, Utc};
use hansa_repository::OwnerChange;
use std::collections::BTreeSet;

/// What a form has done: where it leads, what is told there, and of what.
pub(super) struct Done(pub(super) String, pub(super) &'static str, pub(super) String);

/// Does what a form asks for once, however often the very same form comes, and leads on.
pub(super) async fn once(form: &Form, work: impl Future<Output = Result<Done, ApiError>>) -> Reply {
    let written = async {
        let Done(to, told, name) = work.await?;
        serialise(&(to, told, name))
    };
    let (_, answer) = replay::remembered(&form.visit.broker, &form.caller().actor(), &form.key(), written).await?;
    let (to, told, name): (String, String, String) =
        serde_json::from_str(&answer).map_err(|error| ApiError::default().for_operator(error))?;
    Ok(see_other(&form.visit.asked, &to, Some(Flash::done(&told, &name))))
}

/// What was entered, with what is wrong at its field, to be corrected. The
/// first name is that of the field which stands for the whole. What is not the
/// form's fault stays an error.
pub(super) fn entered(form: &Form, names: &[&str], error: ApiError) -> Result<Entered, ApiError> {
    let entered = Entered::of(names.iter().map(|name| (*name, form.raw(name).replace("\r\n", "\n"))));
    refused(entered, names, error)
}

/// As [`entered`], of what came in an address.
fn refused(mut entered: Entered, names: &[&str], error: ApiError) -> Result<Entered, ApiError> {
    if !matches!(error.kind(), ProblemKind::Invalid | ProblemKind::Malformed | ProblemKind::Conflict) {
        return Err(error);
    }
    if error.faults().is_empty() {
        entered.refuse(names.first().copied(), error.to_string());
    }
    for fault in error.faults() {
        let field = fault.pointer.as_deref().and_then(|pointer| pointer.trim_start_matches('/').split('/').next());
        let field = names.iter().copied().find(|name| Some(*name) == field);
        entered.refuse(field, fault.detail.clone());
    }
    Ok(entered)
}

/// Who changes what the form shows, unless it has changed since.
fn change(form: &Form) -> OwnerChange {
    OwnerChange {
        actor: form.caller().actor(),
        now: form.visit.broker.clock.now(),
        expected: version(form),
        dry_run: false,
    }
}

/// The version that the form was shown with.
pub(super) fn version(form: &Form) -> Option<i64> {
    form.get("version").parse().ok()
}

/// What stands in a field, where something does.
fn given(form: &Form, field: &str) -> Option<String> {
    Some(form.get(field)).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A whole number that may be left out.
fn number<T: std::str::FromStr>(form: &Form, field: &str) -> Result<Option<T>, ApiError> {
    let Some(text) = given(form, field) else { return Ok(None) };
    let refuse = || ApiError::field(&format!("/{field}"), format!("`{text}` is no whole number such as 4"));
    text.parse().ok().map(Some).ok_or_else(refuse)
}

/// As [`number`], where there has to be one.
fn needed<T: std::str::FromStr>(form: &Form, field: &str) -> Result<T, ApiError> {
    number(form, field)?.ok_or_else(|| ApiError::field(&format!("/{field}"), "give a whole number such as 4"))
}

/// Words with commas, white space or both between them.
fn words(form: &Form, field: &str) -> BTreeSet<String> {
    let between = |letter: char| letter == ',' || letter.is_whitespace();
    form.get(field).split(between).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A price such as `0.02 EUR`; the broker's currency where none is said.
fn price(form: &Form, broker: &Broker) -> Price {
    let text = form.get("pricePerHour");
    let (amount, currency) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let currency = currency.trim();
    let currency = if currency.is_empty() { broker.settings.currency.to_string() } else { currency.to_owned() };
    Price { amount: amount.to_owned(), currency }
}

/// A time of UTC as browsers send it, or with its zone (RFC 3339).
fn instant(text: &str, field: &str) -> Result<Option<DateTime<Utc>>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(exact) = DateTime::parse_from_rfc3339(text) {
        return Ok(Some(exact.with_timezone(&Utc)));
    }
    let read = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"].iter().find_map(|f| NaiveDateTime::parse_from_str(text, f).ok());
    let refuse =
        || ApiError::field(&format!("/{field}"), format!("`{text}` is no time such as 2030-01-01T06:00, in UTC"));
    read.map(|read| Some(read.and_utc())).ok_or_else(refuse)
}

/// The routes of these pages.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .configure(maintenance::routes)
        .configure(sales::routes)
        .configure(sale::routes)
        .configure(flavours::routes)
        .configure(systems::routes)
        .configure(credentials::routes);
}
