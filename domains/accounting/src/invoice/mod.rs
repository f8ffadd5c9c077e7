//! Invoices and credit notes: from charges to documents that a machine (EN
//! 16931, UBL 2.1) and a person can read. The same charges give the same bytes.

pub mod coin;
mod html;
mod labels;
mod model;
mod party;
mod ubl;
mod xml;

pub use labels::Language;
pub use model::{DocumentKind, Heading, Invoice, InvoiceLine, LineKey, TaxTotal};
pub use party::Party;
