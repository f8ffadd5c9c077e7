//! What holds for every operation and is therefore said once, here: what the
//! layers around the handlers may answer, the bounds of parameters that many
//! have, and words where a handler gave none.

use crate::http::access::table;
use serde_json::{Map, Value, json};

/// What may come back of any operation of the tenants' and owners' APIs.
const ALWAYS: &[u16] = &[400, 401, 403, 404, 406, 408, 421, 429, 500, 503, 504];
/// And of one that changes something.
const CHANGES: &[u16] = &[409, 412, 413, 415, 422, 502, 507];
/// What may come back of documents and health, which ask for nobody.
const DOCUMENTS: &[u16] = &[400, 406, 408, 421, 429, 500, 503, 504];

/// Completes the description.
pub(super) fn complete(json: &mut Value) {
    if let Some(whole) = json.as_object_mut() {
        whole.entry("servers").or_insert_with(|| json!([{ "url": "/", "description": "This broker" }]));
    }
    let paths = json.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                describe(operation, method, path);
                parameters(operation, method, path);
                responses(operation, method, path);
                permission(operation, method, path);
            }
        }
    }
}

/// An operation whose summary says it all says so in its description.
fn describe(operation: &mut Map<String, Value>, method: &str, path: &str) {
    let said = |operation: &Map<String, Value>, key: &str| {
        operation.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    if said(operation, "description").is_none() {
        let text = said(operation, "summary").unwrap_or_else(|| format!("{} {path}", method.to_uppercase()));
        operation.insert("description".to_owned(), text.into());
    }
}

/// What a caller needs, from the table by which requests are let through.
fn permission(operation: &mut Map<String, Value>, method: &str, path: &str) {
    if let Some(needed) = table::needed(method, path) {
        operation.insert("x-hansa-action".to_owned(), needed.into());
    }
}

/// Whether tenants or owners call it.
fn is_ours(path: &str) -> bool {
    path.starts_with("/api/") || path.starts_with("/admin/v1/")
}

fn parameters(operation: &mut Map<String, Value>, method: &str, path: &str) {
    let list = operation.entry("parameters").or_insert_with(|| json!([]));
    let Some(list) = list.as_array_mut() else { return };
    for parameter in list.iter_mut() {
        let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
        let bounds = bounds(name);
        if let (Value::Object(bounds), Some(schema)) =
            (bounds, parameter.get_mut("schema").and_then(Value::as_object_mut))
        {
            schema.extend(bounds);
        }
    }
    let has = |name: &str, list: &[Value]| list.iter().any(|one| one.get("name").is_some_and(|given| given == name));
    if is_ours(path) && method == "post" && !has("Idempotency-Key", list) {
        list.push(json!({
            "name": "Idempotency-Key",
            "in": "header",
            "description": "A key of the caller's choice: the same request under the same key is carried out once, and answered alike.",
            "schema": bounds("Idempotency-Key"),
        }));
    }
    if list.is_empty() {
        operation.remove("parameters");
    }
}

/// What a parameter of this name may be, whatever the operation.
fn bounds(name: &str) -> Value {
    match name {
        "limit" => json!({ "minimum": 1, "maximum": crate::http::query::LARGEST_LIMIT }),
        "pageToken" => json!({ "pattern": "^[A-Za-z0-9_-]+$" }),
        "If-Match" => json!({ "type": "string", "pattern": "^(\\*|\"[0-9]{1,18}\")$" }),
        "Idempotency-Key" => json!({ "type": "string", "pattern": "^[ -~]{1,255}$" }),
        "tail" | "instance" | "ordinal" => json!({ "minimum": 0, "maximum": i32::MAX }),
        _ => Value::Null,
    }
}

fn responses(operation: &mut Map<String, Value>, method: &str, path: &str) {
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let named =
        parameters.is_some_and(|all| all.iter().any(|one| one.get("name").is_some_and(|name| name == "project")));
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    let Some(responses) = responses.as_object_mut() else { return };
    // A project's name may be none.
    let changes = method != "get";
    let named = if named { &[422][..] } else { &[] };
    let partners = path.starts_with("/federation/") || path.starts_with("/dsp/");
    let documents = !is_ours(path) && !partners && table::needed(method, path).is_none();
    let statuses = if documents { DOCUMENTS } else { ALWAYS };
    for status in statuses.iter().chain(CHANGES.iter().filter(|_| changes)).chain(named) {
        responses.entry(status.to_string()).or_insert_with(|| json!({ "content": problem(path) }));
    }
    for (status, response) in responses.iter_mut() {
        let Some(response) = response.as_object_mut() else { continue };
        let unsaid = response.get("description").and_then(Value::as_str).is_none_or(str::is_empty);
        if unsaid && !response.contains_key("$ref") {
            response.insert("description".to_owned(), meaning(status).into());
        }
    }
}

/// The body of an error at this path: a problem document, and under `/dsp` what
/// the Dataspace Protocol prescribes.
fn problem(path: &str) -> Value {
    let problem = json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
    if path.starts_with("/dsp/") {
        json!({ "application/problem+json": problem, "application/json": { "schema": { "type": "object" } } })
    } else {
        json!({ "application/problem+json": problem })
    }
}

/// What a status means here.
fn meaning(status: &str) -> &'static str {
    match status {
        "200" => "Done; the answer",
        "201" => "Made",
        "202" => "Accepted: the operation tells how it goes on",
        "204" => "Done; there is nothing to say",
        "303" => "Elsewhere",
        "304" => "Unchanged since the version that the caller has",
        "400" => "The request can't be read",
        "401" => "Nobody has proved who asks",
        "403" => "The asker may not do this; the permission that is missing is named",
        "404" => "There is no such thing, or none that the asker may know of",
        "405" => "This method is not possible here",
        "406" => "No media type that is accepted can be given",
        "408" => "The request came too slowly",
        "409" => "It clashes with what is there",
        "412" => "It changed since the version that the caller saw",
        "413" => "The body is too large",
        "415" => "A body of this media type is not read here",
        "421" => "This broker is not the host that was asked for",
        "422" => "It is read and wrong: each fault is named",
        "429" => "Too many requests; `Retry-After` says when to come back",
        "500" => "A fault of the broker",
        "502" => "A partner's broker failed",
        "503" => "Not now; `Retry-After` says when to try again",
        "504" => "It took too long",
        "507" => "The disk is full",
        _ => "The answer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_operation_may_answer_is_said() {
        let mut json = json!({ "info": {}, "paths": { "/api/v1/things": {
            "post": { "summary": "Make a thing", "responses": { "202": {} } },
            "get": { "parameters": [{ "name": "limit", "in": "query", "schema": { "type": "integer" } }], "responses": { "200": { "description": "All" } } },
        } } });
        complete(&mut json);
        let post = &json["paths"]["/api/v1/things"]["post"];
        assert_eq!(post["description"], "Make a thing");
        assert!(post["responses"]["422"]["content"].is_object() && post["responses"]["202"]["description"].is_string());
        assert_eq!(post["parameters"][0]["name"], "Idempotency-Key");
        let get = &json["paths"]["/api/v1/things"]["get"];
        assert_eq!((&get["responses"]["200"]["description"], get["responses"].get("409")), (&json!("All"), None));
        assert_eq!(get["parameters"][0]["schema"]["maximum"], 500);
    }
}
