//! Applications, sites, offers or kinds of machines beside each other, by what
//! they emitted; and the same as a file.

use super::{Visit, costs::days, tenant};
use crate::{
    http::{
        problem::{ApiError, ProblemKind, Reply},
        routes::usage::names,
        wire::CarbonComparison,
    },
    portal::{
        Place,
        pages::carbon::{self, BY, Compared},
    },
};
use actix_web::{HttpRequest, HttpResponse, http::header};
use hansa_iam::Action;
use hansa_sustainability::service::{Dimension, Query};

/// Shows a project's month, in UTC.
pub(crate) async fn show(visit: Visit, request: HttpRequest) -> Reply {
    let compared = compared(&visit, &request).await?;
    visit.show(Place::Carbon, |frame| carbon::compare(frame, &compared))
}

/// The same as CSV or JSON.
pub(crate) async fn export(visit: Visit, request: HttpRequest) -> Reply {
    let Compared { project, month, by, names, rows, .. } = compared(&visit, &request).await?;
    let rows: Vec<CarbonComparison> = rows.into_iter().map(|row| CarbonComparison::new(row, &names)).collect();
    let (ending, kind, body) = match super::parameter(&request, "format").as_deref() {
        None | Some("csv") => ("csv", "text/csv; charset=utf-8; header=present", csv(by, &rows)),
        Some("json") => {
            let written = serde_json::to_string_pretty(&rows);
            ("json", "application/json", written.map_err(|error| ApiError::default().for_operator(error))?)
        }
        Some(other) => {
            let told = format!("format: `{other}` is unknown; write csv or json");
            return Err(ApiError::new(ProblemKind::Malformed, told));
        }
    };
    // Projects and months have letters, digits, hyphens and slashes only.
    let name = format!("carbon-{}-{month}-by-{}.{ending}", project.replace('/', "-"), by.name());
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, kind))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(body))
}

async fn compared(visit: &Visit, request: &HttpRequest) -> Result<Compared, ApiError> {
    let broker = visit.broker.clone();
    let (projects, id) = tenant::project_seen(visit, request, Action::UsageRead).await?;
    let this = || broker.clock.now().format("%Y-%m").to_string();
    let month = super::parameter(request, "month").unwrap_or_else(this);
    let refuse = || ApiError::field("month", format!("`{month}` is no month; write one such as 2026-11"));
    let (from, through) = days(&month).ok_or_else(refuse)?;
    let by = super::parameter(request, "by");
    let by = BY.into_iter().find(|one| Some(one.name()) == by.as_deref()).unwrap_or(Dimension::Application);
    let project = id.to_string();
    let query = Query { project: Some(id), application: None, from, through, by: vec![by] };
    let rows = broker.sustainability.compare(&query).await?;
    let names = names(&broker, rows.iter().map(|row| &row.key)).await?;
    Ok(Compared { projects, project, month, by, names, rows })
}

/// As RFC 4180 has it. A figure that isn't known is empty.
fn csv(by: Dimension, rows: &[CarbonComparison]) -> String {
    let mut text =
        format!("{},name,processor_hours,energy_kwh,location_grams,embodied_grams,grams_each\r\n", by.name());
    for row in rows {
        let cells = [
            quoted(&row.key),
            quoted(row.application_name.as_deref().unwrap_or_default()),
            row.processor_hours.to_string(),
            row.energy_kwh.to_string(),
            row.location_grams.to_string(),
            row.embodied_grams.to_string(),
            row.grams_each.map(|grams| grams.to_string()).unwrap_or_default(),
        ];
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

fn quoted(text: &str) -> String {
    // What begins so is a formula to those who open tables.
    let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;

    #[test]
    fn a_name_stays_in_its_cell_and_what_is_not_known_is_empty() {
        let row = CarbonComparison {
            key: "urn:a,\"b\"".to_owned(),
            application_name: Some("=1+1".to_owned()),
            processor_hours: Decimal::ONE,
            energy_kwh: Decimal::TWO,
            location_grams: Decimal::ZERO,
            embodied_grams: Decimal::ZERO,
            grams_each: None,
        };
        let text = csv(Dimension::Site, &[row]);
        let (head, rest) = text.split_once("\r\n").unwrap();
        assert!(head.starts_with("site,name,"), "{head}");
        assert_eq!(rest, "\"urn:a,\"\"b\"\"\",'=1+1,1,2,0,0,\r\n");
    }
}
