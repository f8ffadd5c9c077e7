//! A real broker in a folder of its own, and what a test asks of it and of the
//! machine. A test that ends, well or badly, leaves no process, no file, no
//! control group and no port behind; one that ends well proves it.

mod answer;
mod application;
mod broker;
mod call;
mod catalogue;
mod chance;
mod command;
mod forward;
mod leftovers;
mod models;
mod options;
mod ports;
mod processes;
mod provider;
mod tools;
mod visitor;
mod wait;

pub(crate) use answer::Answer;
pub(crate) use application::Page;
pub(crate) use broker::Broker;
pub(crate) use call::{Call, fetch, fetch_page};
pub(crate) use catalogue::catalogue;
pub(crate) use chance::Chance;
pub(crate) use command::{Ended, hansa, program, repository_file, say};
pub(crate) use forward::forward;
pub(crate) use leftovers::workload_directories;
pub(crate) use models::{set_replicas, set_variable, single, three_tier};
pub(crate) use options::{Engine, NodeOption, Options, Owner};
pub(crate) use ports::PortRange;
pub(crate) use processes::{Process, leftover_processes, signal};
pub(crate) use provider::{Provider, device_client, robot_client, web_client};
pub(crate) use tools::npm_fixture;
pub(crate) use visitor::without_a_gap;
pub(crate) use wait::{attempt, eventually};
