//! What everybody may read: health, and the descriptions and words of the APIs.

use super::{Object::Broker, Route, on, open};
use hansa_iam::Action;

pub(super) const ROUTES: &[Route] = &[
    open("/livez"),
    open("/readyz"),
    // Not even from this machine without a token: a proxy in front of the broker is on this machine too.
    on("GET", "/metrics", Action::MetricsRead, Broker),
    open("/openapi.json"),
    open("/admin/openapi.json"),
    open("/docs"),
    open("/docs/{_:.*}"),
    open("/admin/docs"),
    open("/admin/docs/{_:.*}"),
    open("/ns"),
    open("/shapes"),
    open("/model.schema.json"),
    open("/problems"),
];
