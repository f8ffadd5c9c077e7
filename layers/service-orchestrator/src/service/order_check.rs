//! What an order must be, before anything is done for it. It comes from
//! another broker and was never read by ours: names that become directories
//! and variables are checked here.

use crate::error::OrchestratorError;
use hansa_ontology::{
    ResourceModel,
    order::OrderRequest,
    resource_model::{Component, contract::is_variable_name, mount_faults},
};

/// The longest name (RFC 1123).
const LONGEST_NAME: usize = 63;

/// Checks that an order is a delivery with sound names.
///
/// # Errors
/// `OrderRefused`, naming the field and what it should be.
pub(super) fn check(request: &OrderRequest) -> Result<(), OrchestratorError> {
    let model = &request.model;
    if request.generation < 1 {
        return Err(refused("/generation", "is below 1; generations are counted from 1"));
    }
    if model.hansa != 1 {
        return Err(refused("/model/hansa", "is not 1; this broker knows version 1 of the format"));
    }
    let Some(delivery) = &model.delivery else {
        return Err(refused("/model/delivery", "is missing; an order says which instances run in its machine"));
    };
    if !is_name(&delivery.application) {
        return Err(refused("/model/delivery/application", NAME));
    }
    if !model.rules.is_empty() {
        return Err(refused("/model/rules", "is not empty; rules are fulfilled by the one who orders"));
    }
    check_components(model)
}

const NAME: &str = "is no name: 1 to 63 lower-case letters, digits and hyphens, beginning and ending with none";

fn check_components(model: &ResourceModel) -> Result<(), OrchestratorError> {
    for (name, component) in &model.components {
        if !is_name(name) {
            return Err(refused("/model/components", &format!("has `{}`, which {NAME}", name.escape_debug())));
        }
        check_component(name, component)?;
    }
    for link in &model.links {
        let names = [Some(&link.from), Some(&link.to), link.port.as_ref()];
        if names.into_iter().flatten().any(|name| !is_name(name)) {
            return Err(refused("/model/links", &format!("names something that {NAME}")));
        }
    }
    Ok(())
}

fn check_component(name: &str, component: &Component) -> Result<(), OrchestratorError> {
    let at = |field: &str| format!("/model/components/{name}/{field}");
    for (field, names) in
        [("ports", component.ports.keys().collect::<Vec<_>>()), ("volumes", component.volumes.keys().collect())]
    {
        if names.into_iter().any(|name| !is_name(name)) {
            return Err(refused(&at(field), &format!("has something that {NAME}")));
        }
    }
    if let Some(fault) = mount_faults(&component.package, &component.volumes, &component.files).into_iter().next() {
        return Err(refused(&at(&fault.field.join("/")), &fault.to_string()));
    }
    let variables = component.volumes.values().filter_map(|volume| volume.variable.as_ref());
    if component.environment.keys().chain(variables).any(|name| !is_variable_name(name)) {
        return Err(refused(&at("environment"), "has something that is no name of a variable (POSIX 3.216)"));
    }
    if component.environment.values().any(|value| value.contains('\0')) {
        return Err(refused(&at("environment"), "has a value with a zero byte in it"));
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    !text.is_empty()
        && text.len() <= LONGEST_NAME
        && text.bytes().all(|b| plain(b) || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn refused(field: &str, message: &str) -> OrchestratorError {
    OrchestratorError::OrderRefused(format!("{field} {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn order(change: impl FnOnce(&mut Value)) -> Result<(), String> {
        let mut order = json!({
            "id": "00000000-0000-0000-0000-000000000001", "generation": 1,
            "model": {
                "hansa": 1, "name": "order-1",
                "components": { "web": { "package": { "process": { "command": ["a"] } } } },
                "delivery": {
                    "application": "shop", "offer": "urn:t:o", "instances": [{ "component": "web", "ordinal": 0 }],
                },
            },
        });
        change(&mut order);
        let request: OrderRequest = serde_json::from_value(order).unwrap();
        check(&request).map_err(|error| error.to_string())
    }

    #[test]
    fn a_sound_order_is_taken() {
        assert_eq!(order(|_| {}), Ok(()));
    }

    #[test]
    fn names_that_lead_out_of_their_directory_are_refused() {
        for bad in ["../../etc", "a/b", "A", "", "-a", &"a".repeat(64)] {
            let refused = order(|order| {
                let component = order["model"]["components"]["web"].take();
                order["model"]["components"] = json!({ bad: component });
            });
            assert!(refused.unwrap_err().starts_with("/model/components"), "{bad}");
            let volume = json!({ bad: { "size": "1Mi" } });
            assert!(order(|order| order["model"]["components"]["web"]["volumes"] = volume).is_err(), "{bad}");
            let files = json!({ "conf": { "text": { format!("../{bad}"): "" } } });
            let refused = order(|order| order["model"]["components"]["web"]["files"] = files);
            assert!(refused.unwrap_err().starts_with("/model/components/web/files/conf/text/"), "{bad}");
        }
    }

    #[test]
    fn what_is_no_delivery_is_refused() {
        assert!(order(|order| order["model"]["delivery"] = Value::Null).unwrap_err().contains("/model/delivery"));
        assert!(order(|order| order["generation"] = json!(0)).unwrap_err().contains("/generation"));
        let variable = json!({ "A=B": "c" });
        assert!(order(|order| order["model"]["components"]["web"]["environment"] = variable).is_err());
    }
}
