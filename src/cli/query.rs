//! `hansa query`: a question to the offer graph in SPARQL.

use super::{Context, Table, arguments::QueryOptions, output::write, read_input};
use crate::{client::Request, failure::Failure};
use reqwest::{Method, header};
use serde_json::Value;

/// Asks, and shows the answer: a table for people, SPARQL JSON, or Turtle where the question constructs.
pub(super) async fn run(context: &Context, options: &QueryOptions) -> Result<(), Failure> {
    let sparql = match (&options.sparql, &options.file) {
        (Some(sparql), _) => sparql.clone().into_bytes(),
        (None, Some(file)) => read_input(file)?,
        (None, None) => {
            return Err(Failure::input("give a question, or a file with one by --file"));
        }
    };
    let request = Request::new(Method::POST, &["sparql"])
        .header("Accept", "application/sparql-results+json, text/turtle;q=0.9")
        .body("application/sparql-query", sparql);
    let answer = context.client.send(request).await?;
    let graph = answer
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("text/turtle"));
    let bytes = answer.bytes().await.map_err(crate::client::ClientError::Transport)?;
    if graph {
        return write(&bytes);
    }
    let value: Value = serde_json::from_slice(&bytes).map_err(crate::client::ClientError::NotUnderstood)?;
    context.output.show(&value, results_text)
}

/// SPARQL 1.1 Query Results JSON as a table.
fn results_text(results: &Value) -> String {
    if let Some(answer) = results.get("boolean") {
        return if answer == &Value::Bool(true) { "yes".to_owned() } else { "no".to_owned() };
    }
    let variables: Vec<&str> = results
        .pointer("/head/vars")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let rows = results.pointer("/results/bindings").and_then(Value::as_array);
    let mut table = Table::with_headings("no answer", &variables);
    for row in rows.into_iter().flatten() {
        table.cells(variables.iter().map(|name| {
            row.get(*name).and_then(|term| term.get("value")).and_then(Value::as_str).unwrap_or_default().to_owned()
        }));
    }
    table.text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_become_a_table() {
        let results = serde_json::json!({
            "head": {"vars": ["offer", "price"]},
            "results": {"bindings": [{"offer": {"type": "uri", "value": "urn:a"}, "price": {"type": "literal", "value": "1"}}, {"offer": {"type": "uri", "value": "urn:b"}}]}
        });
        assert_eq!(results_text(&results), "offer  price\nurn:a  1\nurn:b");
        assert_eq!(results_text(&serde_json::json!({"boolean": true})), "yes");
    }
}
