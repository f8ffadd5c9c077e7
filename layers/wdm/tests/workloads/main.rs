//! The workload manager against real processes, real files, real ports and a
//! real database. One binary, so that it is linked once.

mod endings;
mod health;
mod isolation;
mod keeping;
mod output;
mod ports;
mod removal;
mod room;
