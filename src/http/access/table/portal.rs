//! The portal's pages and forms.

use super::{Route, open_page, own_page};

pub(super) const ROUTES: &[Route] = &[
    own_page("GET", "/"),
    open_page("POST", "/preferences"),
    open_page("GET", "/assets/{file}"),
];
