//! A month for others to read: FOCUS 1.2 as CSV and as Parquet, row by row.

use super::{Accounting, Document, ServiceError, cost::charges_of, follow::OfferSite, stated};
use crate::{
    AccountingError,
    focus::{FocusContext, write_csv, write_parquet},
    invoice::Invoice,
    price::{BillingMonth, Charge},
    store,
};
use hansa_ontology::{OfferId, ProjectId, SiteId};
use std::{collections::BTreeMap, io::Write};

/// A project's month, ready to be written. Writing blocks: do it where that is allowed.
#[derive(Debug, Clone)]
pub struct FocusExport {
    issuer: String,
    month: BillingMonth,
    sites: BTreeMap<OfferId, SiteId>,
    invoice: Option<Invoice>,
    charges: Vec<Charge>,
}

impl FocusExport {
    fn context(&self) -> FocusContext<'_> {
        FocusContext { issuer: &self.issuer, month: &self.month, sites: &self.sites, invoice: self.invoice.as_ref() }
    }

    /// Writes it as CSV.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn csv(&self, out: &mut impl Write) -> Result<(), AccountingError> {
        write_csv(&self.context(), &self.charges, out)
    }

    /// Writes it as Parquet.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn parquet(&self, out: impl Write + Send) -> Result<(), AccountingError> {
        write_parquet(&self.context(), &self.charges, out)
    }
}

impl Accounting {
    /// A project's month: with taxes and rounding once it is billed, until then
    /// what it has cost through today.
    ///
    /// # Errors
    /// When the month can't be, the seller is not stated, a price or a rate is
    /// missing, or the database fails.
    pub async fn focus_export(&self, project: &ProjectId, month: &str) -> Result<FocusExport, ServiceError> {
        let (now, defaults, project, name) = (self.clock.now(), self.defaults, project.clone(), month.to_owned());
        self.database
            .read(move |connection| {
                let account = stated::of_project(connection, &project, defaults)?.account;
                let month = BillingMonth::named(&name, account.zone.0)?;
                let mut charges = charges_of(connection, &project, &month, now, defaults)?;
                charges.retain(|charge| charge.interval.begin() <= now.timestamp());
                let stored = store::invoice_of_month(connection, &project, &month.name())?;
                let invoice = stored.map(Document::read).transpose()?.map(|document| document.invoice);
                let issuer = match &invoice {
                    Some(invoice) => invoice.heading.seller.name.clone(),
                    None => stated::seller(connection)?.party.name,
                };
                let mut sites = BTreeMap::new();
                for offer in charges.iter().filter_map(|charge| charge.subject.offer.as_ref()) {
                    if !sites.contains_key(offer)
                        && let Some((known, _)) = store::document_get::<OfferSite>(connection, offer.as_str())?
                    {
                        sites.insert(known.offer, known.site);
                    }
                }
                Ok(FocusExport { issuer, month, sites, invoice, charges })
            })
            .await
    }
}
