//! The rule by which a model is scaled: the same for a change and for its dry run.

use super::wanted;
use crate::error::OrchestratorError;
use hansa_ontology::{ResourceModel, resource_model::Replicas};
use std::collections::BTreeMap;

/// Gives components of a model another number of instances, and groups another number of machines.
///
/// # Errors
/// When no component is named, there is no such component, or the number is too large.
pub fn replicas_set(model: &mut ResourceModel, replicas: BTreeMap<String, u32>) -> Result<(), OrchestratorError> {
    let invalid = |field: String, message: String| OrchestratorError::Invalid { field, message };
    if replicas.is_empty() {
        let message = "names no component; give at least one, such as {\"web\": 3}";
        return Err(invalid("/replicas".to_owned(), message.to_owned()));
    }
    for (name, count) in replicas {
        let field = format!("/replicas/{name}");
        if wanted::targets(model).contains(name.as_str()) {
            let message = "is decided by scaling policies; change their bounds in the description";
            return Err(invalid(field, message.to_owned()));
        }
        if count > Replicas::MOST {
            let message = format!("{count} is too many; give at most {}", Replicas::MOST);
            return Err(invalid(field, message));
        }
        if let Some(component) = model.components.get_mut(&name) {
            component.replicas = Replicas::Fixed(count);
        } else if let Some(group) = model.machines.get_mut(&name) {
            group.count = Replicas::Fixed(count);
        } else {
            let known: Vec<&str> = model.components.keys().chain(model.machines.keys()).map(String::as_str).collect();
            let message = format!("there is no such component or machine group; there are {}", known.join(", "));
            return Err(invalid(field, message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_components_that_are_there_and_numbers_that_fit() {
        let mut model: ResourceModel = serde_json::from_str(
            r#"{"hansa": 1, "name": "x", "machines": {"workers": {}}, "components": {"web": {"package": {"process": {"command": ["a"]}}}}}"#,
        )
        .unwrap();
        let mut set = |name: &str, count| {
            let set = replicas_set(&mut model, BTreeMap::from([(name.to_owned(), count)]));
            set.map(|()| model.components["web"].replicas).map_err(|error| error.to_string())
        };
        assert_eq!(set("web", 3), Ok(Replicas::Fixed(3)));
        assert!(set("workers", 3).is_ok());
        assert!(set("wed", 3).unwrap_err().contains("there are web, workers"));
        assert!(set("web", 10_001).unwrap_err().contains("at most 10000"));
        assert!(replicas_set(&mut model, BTreeMap::new()).is_err());
    }
}
