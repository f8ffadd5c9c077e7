//! The sandbox, shown from outside: attacks end within limits, generated
//! programs do too, what is told of faulty rules, and Python itself as the
//! judge of what every rule means.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that can't go on says so by falling"
)]

mod attacks;
mod differential;
mod faults;
mod generated;
mod micado;
mod python;
mod soup;
