//! Costs for others to read: the cost and usage dataset of FOCUS 1.2 (FinOps
//! Open Cost and Usage Specification), as CSV and as Parquet.

mod column;
mod csv;
mod parquet;
mod row;

pub use self::{
    column::{COLUMNS, Kind},
    csv::write_csv,
    parquet::write_parquet,
    row::FocusContext,
};
