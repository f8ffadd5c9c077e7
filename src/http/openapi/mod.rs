//! The APIs' descriptions (OpenAPI 3.1), made from the handlers: one for
//! tenants and partners, one for owners.

mod complete;
mod frame;
mod model;
mod split;

pub(crate) use frame::Frame;
pub(crate) use model::{
    BillingAccountSchema, ExchangeRateSchema, PricePlanSchema, ResourceModelSchema, SellerSchema,
    StatedBillingAccountSchema, StatedPricePlanSchema, TaxRateSchema,
};

use frame::AdminFrame;
use serde_json::Value;
use std::sync::LazyLock;
use utoipa::OpenApi;

/// What lies under this path is the owner's.
const ADMIN: &str = "/admin/";

/// Both descriptions, finished when somebody first asks for one.
pub(crate) struct Documents(LazyLock<Finished, Box<dyn FnOnce() -> Finished + Send>>);

struct Finished {
    tenant: Value,
    admin: Value,
    paths: Vec<(String, Vec<String>)>,
}

impl Documents {
    /// Of everything that the handlers say.
    pub(crate) fn new(api: utoipa::openapi::OpenApi) -> Self {
        Self(LazyLock::new(Box::new(move || Finished::new(&api))))
    }

    /// The tenants' and partners', as JSON.
    pub(crate) fn tenant(&self) -> &Value {
        &self.0.tenant
    }

    /// The owners', as JSON.
    pub(crate) fn admin(&self) -> &Value {
        &self.0.admin
    }

    /// The methods of whatever lies at a path; none where nothing does.
    pub(crate) fn methods(&self, path: &str) -> Vec<String> {
        let found: Vec<_> = self.0.paths.iter().filter(|(template, _)| matches(template, path)).collect();
        // A path that is said in full is that path, and none of those with a place for names.
        let exact = found.iter().find(|(template, _)| template == path).copied();
        exact.map_or_else(
            || found.iter().flat_map(|(_, methods)| methods.clone()).collect(),
            |(_, methods)| methods.clone(),
        )
    }
}

impl Finished {
    fn new(api: &utoipa::openapi::OpenApi) -> Self {
        let mut json = serde_json::to_value(api).unwrap_or_default();
        model::insert(&mut json);
        complete::complete(&mut json);
        let frame = |frame: utoipa::openapi::OpenApi| serde_json::to_value(frame).unwrap_or_default();
        let tenant = split::part(&json, &frame(Frame::openapi()), |path| !path.starts_with(ADMIN));
        let admin = split::part(&json, &frame(AdminFrame::openapi()), |path| path.starts_with(ADMIN));
        Self { tenant, admin, paths: paths_of(&json) }
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
