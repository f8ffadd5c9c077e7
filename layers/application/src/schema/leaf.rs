//! Values that are one text or number: what their types take, they take. The
//! schema's patterns are for editors; here the types themselves decide, so that
//! nothing which passes can fail afterwards.

use crate::diagnostic::Code;
use hansa_ontology::{
    Currency,
    place::Area,
    quantity::{CpuMilli, Mebibytes, TimeSpan},
    resource_model::Moment,
};
use jsonschema::{Keyword, ValidationError, paths::Location};
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// The keyword under which the prepared schema names the type.
pub(super) const KEYWORD: &str = "x-hansa-type";

/// Definitions that are such a value.
pub(super) fn is_leaf(definition: &str) -> bool {
    matches!(definition, "CpuMilli" | "Mebibytes" | "TimeSpan" | "Moment" | "Currency" | "Area")
}

/// What a schema asks if it is a decimal number, which schemars writes in place.
pub(super) fn decimal_of(schema: &Map<String, Value>) -> Option<Value> {
    let types: Vec<&str> = schema.get("type")?.as_array()?.iter().filter_map(Value::as_str).collect();
    let decimal = types.contains(&"string") && types.contains(&"number") && schema.contains_key("pattern");
    decimal.then(|| {
        json!({
            "type": "Decimal",
            "nullable": types.contains(&"null"),
            "minimum": schema.get("minimum"),
            "maximum": schema.get("maximum"),
        })
    })
}

/// Why a value is refused.
pub(super) struct Fault {
    pub(super) code: Code,
    /// To be read after "must be".
    pub(super) wanted: String,
    pub(super) hint: Option<String>,
}

/// Holds a value against the type that the keyword's value names.
pub(super) fn judge(spec: &Value, value: &Value) -> Result<(), Fault> {
    if value.is_null() && spec.get("nullable") == Some(&Value::Bool(true)) {
        return Ok(());
    }
    match spec.get("type").and_then(Value::as_str) {
        Some("CpuMilli") => quantity::<CpuMilli>(value, CpuMilli::EXPECTED, "m"),
        Some("Mebibytes") => quantity::<Mebibytes>(value, Mebibytes::EXPECTED, "Mi"),
        Some("TimeSpan") => quantity::<TimeSpan>(value, TimeSpan::EXPECTED, "ms"),
        Some("Moment") => quantity::<Moment>(value, Moment::EXPECTED, "h"),
        Some("Currency") => capitals::<Currency>(value, "a currency code of ISO 4217, such as EUR"),
        Some("Area") => capitals::<Area>(value, "a country code of ISO 3166-1 such as DE, or a group such as EU, EEA"),
        _ => decimal(spec, value),
    }
}

fn taken<T: DeserializeOwned>(value: &Value) -> bool {
    serde_json::from_value::<T>(value.clone()).is_ok()
}

fn quantity<T: DeserializeOwned>(value: &Value, wanted: &str, unit: &str) -> Result<(), Fault> {
    if taken::<T>(value) {
        return Ok(());
    }
    let with_unit = match value {
        Value::Number(number) => Some(format!("{number}{unit}")),
        Value::String(text) => corrected_unit(text),
        _ => None,
    };
    let hint = with_unit.filter(|text| taken::<T>(&json!(text))).map(|text| format!("did you mean `{text}`?"));
    let code = if value.is_string() || value.is_number() { Code::InvalidText } else { Code::WrongType };
    Err(Fault { code, wanted: wanted.to_owned(), hint })
}

/// Units of other tools: `512MB`, `512m`, `10 sec`.
fn corrected_unit(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(end);
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "m" | "mb" | "mib" | "mi" => "Mi",
        "g" | "gb" | "gib" | "gi" => "Gi",
        "t" | "tb" | "tib" | "ti" => "Ti",
        "sec" | "secs" | "second" | "seconds" => "s",
        "minute" | "minutes" | "mins" => "m",
        "msec" | "millis" | "milliseconds" => "ms",
        _ => return None,
    };
    Some(format!("{number}{unit}"))
}

fn capitals<T: DeserializeOwned>(value: &Value, wanted: &str) -> Result<(), Fault> {
    if taken::<T>(value) {
        return Ok(());
    }
    let raised = value.as_str().map(|text| text.trim().to_uppercase());
    let hint = raised.filter(|text| taken::<T>(&json!(text))).map(|text| format!("did you mean `{text}`?"));
    let code = if value.is_string() { Code::InvalidText } else { Code::WrongType };
    Err(Fault { code, wanted: wanted.to_owned(), hint })
}

fn decimal(spec: &Value, value: &Value) -> Result<(), Fault> {
    let bound = |name: &str| spec.get(name).and_then(|bound| serde_json::from_value::<Decimal>(bound.clone()).ok());
    let fault = |code, wanted: &str| Err(Fault { code, wanted: wanted.to_owned(), hint: None });
    if !(value.is_number() || value.is_string()) {
        return fault(Code::WrongType, "a number");
    }
    let Ok(number) = serde_json::from_value::<Decimal>(value.clone()) else {
        return fault(Code::InvalidText, "a decimal number of at most 28 digits");
    };
    match (bound("minimum"), bound("maximum")) {
        (Some(least), _) if number < least => fault(Code::OutOfRange, &format!("at least {}", least.normalize())),
        (_, Some(most)) if number > most => fault(Code::OutOfRange, &format!("at most {}", most.normalize())),
        _ => Ok(()),
    }
}

struct Leaf(Value);

impl<'i> Keyword<'i> for Leaf {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        judge(&self.0, instance).map_err(|fault| ValidationError::custom(fault.wanted))
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        judge(&self.0, instance).is_ok()
    }
}

/// Makes the keyword for the validator.
#[expect(clippy::unnecessary_wraps, reason = "the validator asks for a Result")]
pub(super) fn keyword<'a>(
    _parent: &'a Map<String, Value>,
    spec: &'a Value,
    _path: Location,
) -> Result<Box<dyn for<'i> Keyword<'i>>, ValidationError<'a>> {
    Ok(Box::new(Leaf(spec.clone())))
}
