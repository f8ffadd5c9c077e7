//! The API's description (OpenAPI 3.1), made from the handlers, with the
//! resource model's schema made from its types.

use serde_json::{Map, Value};
use std::borrow::Cow;
use utoipa::{
    Modify, OpenApi, PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr, Schema,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

/// Stands for the resource model in the handlers' descriptions; [`Document`]
/// puts the real schema in its place.
pub(crate) struct ResourceModelSchema;

const RESOURCE_MODEL: &str = "ResourceModel";

impl PartialSchema for ResourceModelSchema {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().into()
    }
}

impl ToSchema for ResourceModelSchema {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed(RESOURCE_MODEL)
    }
}

/// The frame of the description.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Hansa",
        description = "A federated multi-provider cloud-edge broker: describe an application, and the broker plans, deploys, heals and scales it over the offers of many providers.\n\nErrors are problem documents (RFC 9457); `/problems` lists their types. Long work answers 202 with an operation to follow. Every POST takes an `Idempotency-Key`; every change takes `dryRun=true`."
    ),
    tags(
        (name = "plans", description = "What would run where, at what price and why"),
        (name = "applications", description = "Resource models that the broker keeps at their desired state"),
        (name = "operations", description = "Long work that a person can follow"),
        (name = "catalogue", description = "Providers, sites and offers"),
        (name = "partners", description = "Other providers' brokers, and what is agreed with and ordered of each other: the owner's side"),
        (name = "federation", description = "What partners' brokers call: `/federation/v1`, and the Dataspace Protocol 2025-1. `docs/federation.md` has the protocol"),
        (name = "events", description = "What happened"),
        (name = "health", description = "Health and metrics"),
        (name = "documents", description = "Vocabulary, shapes, schemas")
    ),
    modifiers(&PartnerToken)
)]
pub(crate) struct Frame;

/// How partners prove who they are.
struct PartnerToken;

impl Modify for PartnerToken {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("A token for this one request, signed (EdDSA) by the partner's key: iss = sub = its DID, aud = this broker's DID, jti once, exp at most 60 s after iat, htm = method, htu = path with query, bh = SHA-256 of the body (base64url)."))
            .build();
        let components = api.components.get_or_insert_default();
        components.add_security_scheme("partner", SecurityScheme::Http(scheme));
    }
}

/// The finished description.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    json: Value,
    paths: Vec<(String, Vec<String>)>,
}

impl Document {
    /// Puts the resource model's schema into what the handlers say.
    pub(crate) fn new(api: &utoipa::openapi::OpenApi) -> Self {
        let mut json = serde_json::to_value(api).unwrap_or_default();
        insert_model(&mut json);
        let paths = paths_of(&json);
        Self { json, paths }
    }

    /// As JSON.
    pub(crate) const fn json(&self) -> &Value {
        &self.json
    }

    /// The methods of whatever lies at a path; none where nothing does.
    pub(crate) fn methods(&self, path: &str) -> Vec<String> {
        let found = self.paths.iter().filter(|(template, _)| matches(template, path));
        found.flat_map(|(_, methods)| methods.clone()).collect()
    }
}

fn paths_of(json: &Value) -> Vec<(String, Vec<String>)> {
    let paths = json.get("paths").and_then(Value::as_object);
    let methods = |item: &Value| item.as_object().map(|item| item.keys().map(|method| method.to_uppercase()).collect());
    paths.into_iter().flatten().map(|(path, item)| (path.clone(), methods(item).unwrap_or_default())).collect()
}

fn matches(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given || (wanted.starts_with('{') && !given.is_empty()) => {}
            _ => return false,
        }
    }
}

/// The model's schema and the definitions it refers to, as components.
fn insert_model(json: &mut Value) {
    let mut schema = hansa_application::json_schema();
    let definitions = schema.as_object_mut().and_then(|schema| {
        schema.remove("$schema");
        schema.remove("$defs")
    });
    let Some(schemas) = json.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else {
        return;
    };
    if let Some(Value::Object(definitions)) = definitions {
        for (name, mut definition) in definitions {
            redirect(&mut definition);
            schemas.insert(format!("{RESOURCE_MODEL}.{name}"), definition);
        }
    }
    redirect(&mut schema);
    schemas.insert(RESOURCE_MODEL.to_owned(), schema);
}

/// Makes references within the schema references within the description.
fn redirect(value: &mut Value) {
    match value {
        Value::Object(object) => redirect_object(object),
        Value::Array(items) => items.iter_mut().for_each(redirect),
        _ => {}
    }
}

fn redirect_object(object: &mut Map<String, Value>) {
    for (key, value) in object.iter_mut() {
        match value {
            Value::String(reference) if key == "$ref" => {
                if let Some(name) = reference.strip_prefix("#/$defs/") {
                    *reference = format!("#/components/schemas/{RESOURCE_MODEL}.{name}");
                }
            }
            other => redirect(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn templates_match_segment_by_segment() {
        assert!(matches("/a/{b}/c", "/a/x/c"));
        assert!(!matches("/a/{b}", "/a/"));
        assert!(!matches("/a/{b}", "/a/x/c"));
    }
}
