//! The portal: view models, templates, drawings, languages, assets. It knows
//! neither HTTP nor a database: what it shows is handed in, and what comes out
//! is text.
//!
//! How a page is made:
//!
//! 1. A view model in `pages/NAME.rs` with `#[derive(Template)]` and
//!    `#[template(path = "NAME.html")]`. Its first field is `frame: Frame`;
//!    the others are ready to be shown ([`parts`]: money, time, state, …).
//! 2. `templates/NAME.html` begins with `{% extends "layout.html" %}` and fills
//!    the blocks `title` and `main`. It holds no bare text: every word is a
//!    message, `{{ frame.t("NAME-title") }}`, or with arguments
//!    `{{ frame.msg("NAME-count").with("count", count) }}`.
//! 3. `locales/{en,de,fr,es}/NAME.ftl`, with the same messages in each, all of
//!    which begin with `NAME-`; and `NAME` in the list of [`i18n`].
//! 4. A handler in `src/http/portal/NAME.rs`.
//!
//! `templates/README.md` shows the markup that pages have in common.

pub(crate) mod assets;
pub(crate) mod drawing;
pub(crate) mod frame;
pub(crate) mod i18n;
pub(crate) mod map;
pub(crate) mod offers;
pub(crate) mod pages;
pub(crate) mod parts;
pub(crate) mod sheet;

pub(crate) use frame::{Frame, Place, Theme};
pub(crate) use i18n::Language;
