//! The portal in a real browser, as people use it: headless Chromium, a real
//! broker, real workloads, a real login. One program, so that it is linked once.
//!
//! Where chromium and chromedriver are absent these tests are skipped, loudly;
//! `HANSA_TEST_BROWSER=required` makes that a failure. Pictures of the pages are
//! kept in `target/portal-screenshots`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a set-up that fails has to fail the test"
)]

mod alerts;
mod borders;
mod browser;
#[allow(dead_code, unused_imports, reason = "the harness of all tests from outside; each uses its part of it")]
#[path = "../end_to_end/harness/mod.rs"]
mod harness;
mod issuers;
mod journey;
mod keyboard;
mod moves;
mod owner;
mod pages;
mod people;
mod scaling;
mod self_check;
mod systems;
mod without_scripts;
