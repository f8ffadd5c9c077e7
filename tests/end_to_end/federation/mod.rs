//! Several brokers of several owners, each a process with a database and a
//! machine of its own, federated by their command lines as people would.

mod applications;
mod hostile;
mod kill;
mod mesh;
mod owners;
mod partners;
mod service;
mod settlement;

pub(crate) use owners::{Owners, orders, spread};
