//! Schemas within the API's description that are not made from the handlers: the
//! resource model's, by the application layer, and those of what people state to
//! accounting, by accounting.

use serde_json::{Map, Value};
use std::borrow::Cow;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema},
};

/// Stands for what its own crate describes; [`insert`] puts the real schema in its place.
macro_rules! stands_for {
    ($($schema:ident = $name:literal,)+) => {$(
        #[doc = concat!("Stands for `", $name, "`.")]
        pub(crate) struct $schema;

        impl PartialSchema for $schema {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().into()
            }
        }

        impl ToSchema for $schema {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    )+};
}

stands_for! {
    ResourceModelSchema = "ResourceModel",
    BillingAccountSchema = "BillingAccount",
    SellerSchema = "Seller",
    PricePlanSchema = "PricePlan",
    ExchangeRateSchema = "ExchangeRate",
    TaxRateSchema = "TaxRate",
    StatedBillingAccountSchema = "StatedBillingAccount",
    StatedPricePlanSchema = "StatedPricePlan",
}

/// What is stated at a path that names it: as it is shown, and this field may be left out.
const NAMED_BY_PATH: [(&str, &str, &str); 2] =
    [("StatedBillingAccount", "BillingAccount", "project"), ("StatedPricePlan", "PricePlan", "id")];

/// The schemas, and the definitions they refer to, as components.
pub(super) fn insert(json: &mut Value) {
    let Some(schemas) = json.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else {
        return;
    };
    let model = ("ResourceModel", hansa_application::json_schema());
    for (name, schema) in std::iter::once(model).chain(hansa_accounting::service::schemas()) {
        insert_one(schemas, name, schema);
    }
    for (name, shown, field) in NAMED_BY_PATH {
        let Some(mut stated) = schemas.get(shown).cloned() else { continue };
        if let Some(required) = stated.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|one| one != field);
        }
        schemas.insert(name.to_owned(), stated);
    }
}

fn insert_one(schemas: &mut Map<String, Value>, name: &str, mut schema: Value) {
    let definitions = schema.as_object_mut().and_then(|schema| {
        schema.remove("$schema");
        schema.remove("$defs")
    });
    if let Some(Value::Object(definitions)) = definitions {
        for (part, mut definition) in definitions {
            redirect(&mut definition, name);
            schemas.insert(format!("{name}.{part}"), definition);
        }
    }
    redirect(&mut schema, name);
    schemas.insert(name.to_owned(), schema);
}

/// Makes references within a schema references within the description.
fn redirect(value: &mut Value, name: &str) {
    match value {
        Value::Object(object) => redirect_object(object, name),
        Value::Array(items) => items.iter_mut().for_each(|item| redirect(item, name)),
        _ => {}
    }
}

fn redirect_object(object: &mut Map<String, Value>, name: &str) {
    for (key, value) in object.iter_mut() {
        match value {
            Value::String(reference) if key == "$ref" => {
                if let Some(part) = reference.strip_prefix("#/$defs/") {
                    *reference = format!("#/components/schemas/{name}.{part}");
                }
            }
            other => redirect(other, name),
        }
    }
}
