//! The resource model's schema within the API's description: made from its
//! types by the application layer, not from the handlers.

use serde_json::{Map, Value};
use std::borrow::Cow;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema},
};

/// Stands for the resource model in the handlers' descriptions; [`insert`]
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

/// The model's schema and the definitions it refers to, as components.
pub(super) fn insert(json: &mut Value) {
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
