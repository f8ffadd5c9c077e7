//! The HTTP border: the tenant's API, its documents, health and metrics.
//! Requests are parsed here, one call is made, and the answer is converted;
//! nothing is decided here. The only module that knows actix.

mod access;
mod admin;
mod agent;
mod call;
mod characters;
mod defence;
mod dev_login;
mod federation;
mod login;
mod meter;
mod middleware;
pub(crate) mod openapi;
mod page_token;
mod portal;
mod problem;
mod query;
mod replay;
mod routes;
mod server;
mod state;
mod stream;
#[cfg(test)]
mod tests;
mod tls;
pub(crate) mod wire;

pub(crate) use defence::Defence;
pub(crate) use meter::Meter;
pub(crate) use server::{Server, StartError, bind, start};
pub(crate) use state::{Broker, WorkerHealth};
