//! Questions to the offer graph (SPARQL 1.1 Protocol, query operation, read-only).

use crate::http::{
    Broker,
    call::Call,
    problem::{ApiError, ProblemKind, Reply},
    query::Query,
    wire::Problem,
};
use actix_web::{HttpRequest, HttpResponse, get, http::header, post, web};
use hansa_ontology::graph::{AnswerFormat, QueryAnswer, QueryLimits};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// The question, as a query parameter or a form field.
#[derive(Debug, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Question {
    /// SPARQL 1.1: SELECT, ASK, CONSTRUCT or DESCRIBE.
    query: String,
}

/// Ask the offer graph.
#[utoipa::path(
    tag = "catalogue",
    params(Question),
    responses(
        (status = 200, body = String, content_type = "application/sparql-results+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")
    )
)]
#[get("/sparql")]
pub(crate) async fn sparql_get(broker: web::Data<Broker>, request: HttpRequest, query: Query<Question>) -> Reply {
    ask(&broker, &request, &query.0.query).await
}

/// Ask the offer graph, with the question in the body.
#[utoipa::path(
    tag = "catalogue",
    request_body(content((String = "application/sparql-query"), (Question = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, body = String, content_type = "application/sparql-results+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")
    )
)]
#[post("/sparql")]
pub(crate) async fn sparql_post(broker: web::Data<Broker>, request: HttpRequest, call: Call) -> Reply {
    let question = match call.media_type() {
        Some("application/x-www-form-urlencoded") => {
            let form = web::Query::<Question>::from_query(&String::from_utf8_lossy(call.bytes()))
                .map_err(|error| ApiError::new(ProblemKind::Malformed, format!("the form is not understood: {error}")))?
                .into_inner();
            form.query
        }
        None | Some("application/sparql-query" | "text/plain") => String::from_utf8(call.bytes().to_vec())
            .map_err(|error| ApiError::new(ProblemKind::Malformed, format!("the query is no UTF-8: {error}")))?,
        Some(other) => {
            return Err(ApiError::new(
                ProblemKind::UnsupportedMediaType,
                format!("a body of type {other} is not read here; send Content-Type: application/sparql-query"),
            ));
        }
    };
    ask(&broker, &request, &question).await
}

async fn ask(broker: &Broker, request: &HttpRequest, question: &str) -> Reply {
    let answer = broker.catalogue.query(question.to_owned(), QueryLimits::default()).await?;
    let format = chosen(request, &answer)?;
    let body = answer.write(format).map_err(|error| ApiError::new(ProblemKind::NotAcceptable, error.to_string()))?;
    let mut response = HttpResponse::Ok();
    if answer.truncated() {
        response.insert_header(("X-Hansa-Truncated", "true"));
    }
    Ok(response.insert_header((header::CONTENT_TYPE, format.media_type())).body(body))
}

/// The first accepted format that suits the answer; its natural one where anything will do.
fn chosen(request: &HttpRequest, answer: &QueryAnswer) -> Result<AnswerFormat, ApiError> {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
    let natural = answer.natural_format();
    for wanted in accept.split(',').map(|part| part.split(';').next().unwrap_or_default().trim()) {
        let format = match wanted {
            "*/*" | "application/*" | "" => natural,
            "application/json" => AnswerFormat::Json,
            other => match [AnswerFormat::Json, AnswerFormat::Csv, AnswerFormat::Turtle]
                .into_iter()
                .find(|f| f.media_type() == other)
            {
                Some(format) => format,
                None => continue,
            },
        };
        if answer.write(format).is_ok() {
            return Ok(format);
        }
    }
    Err(ApiError::new(
        ProblemKind::NotAcceptable,
        format!("this answer can be given as {}; change the Accept header", natural.media_type()),
    ))
}
