//! Rows of the cost and usage dataset of FOCUS 1.2, from charges and invoices.

use super::column::{COLUMNS, Value};
use crate::{
    AccountingError,
    invoice::{DocumentKind, Invoice, coin},
    price::{BillingMonth, Charge, ChargeKind, NANOS_PER_UNIT, round},
    usage::ResourceKind,
};
use hansa_ontology::{Currency, OfferId, ProjectId, SiteId, money::Micros};
use std::collections::BTreeMap;

/// Decimals of costs and quantities that are not whole micro-units.
const DECIMALS: u32 = 12;
/// Decimals of prices.
const PRICE_DECIMALS: u32 = 15;
const MICROS: i128 = 1_000_000;
/// Every cost of a row that has no price.
const COSTS: [&str; 5] = ["BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "PricingCurrencyEffectiveCost"];

/// What all rows of an export have in common.
#[derive(Debug, Clone, Copy)]
pub struct FocusContext<'a> {
    /// Who sends the bill, and sells: the broker's owner.
    pub issuer: &'a str,
    /// The billing month.
    pub month: &'a BillingMonth,
    /// At which site each offer is delivered.
    pub sites: &'a BTreeMap<OfferId, SiteId>,
    /// The invoice of these charges, once there is one. With it the export has
    /// the taxes and the rounding, and its billed cost adds up to what is payable.
    pub invoice: Option<&'a Invoice>,
}

/// One row: a value, or none, for each of [`COLUMNS`].
pub(super) struct Row(Vec<Value>);

impl Row {
    fn new() -> Self {
        Self(vec![Value::None; COLUMNS.len()])
    }

    /// The values, in the order of the columns.
    pub(super) fn values(&self) -> &[Value] {
        &self.0
    }

    fn set(&mut self, column: &'static str, value: impl Into<Value>) -> &mut Self {
        let place = COLUMNS.binary_search_by_key(&column, |(name, _)| name).ok();
        debug_assert!(place.is_some(), "{column}");
        if let Some(known) = place.and_then(|place| self.0.get_mut(place)) {
            *known = value.into();
        }
        self
    }

    fn number(&mut self, column: &'static str, numerator: i128, denominator: i128, decimals: u32) -> &mut Self {
        self.set(column, Value::Number(coin::decimal(numerator, denominator, decimals)))
    }

    fn cost(&mut self, columns: &[&'static str], micros: i64) -> &mut Self {
        for column in columns {
            self.set(column, Value::Number(Micros(micros).to_string()));
        }
        self
    }
}

/// Category, subcategory and name of the service, by the words of FOCUS 1.2.
const fn service(kind: ResourceKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        ResourceKind::Workload => ("Compute", "Containers", "Workloads"),
        ResourceKind::Machine => ("Compute", "Virtual Machines", "Machines"),
        ResourceKind::Cluster => ("Compute", "Containers", "Clusters"),
        ResourceKind::Server => ("Compute", "Other (Compute)", "Servers"),
        ResourceKind::Volume => ("Storage", "Block Storage", "Volumes"),
        ResourceKind::Transfer => ("Networking", "Other (Networking)", "Transfers"),
    }
}

impl FocusContext<'_> {
    /// All rows: the charges, then taxes and rounding where there is an invoice.
    pub(super) fn rows<'c>(
        &'c self,
        charges: &'c [Charge],
    ) -> Result<impl Iterator<Item = Result<Row, AccountingError>> + 'c, AccountingError> {
        let more = self.invoice.map_or_else(|| Ok(Vec::new()), |invoice| self.invoice_rows(invoice))?;
        Ok(charges.iter().map(|charge| self.charge_row(charge)).chain(more.into_iter().map(Ok)))
    }

    fn base(&self, project: &ProjectId, currency: Currency) -> Result<Row, AccountingError> {
        let mut row = Row::new();
        let period = self.month.interval()?;
        let organisation = project.organisation();
        row.set("BillingAccountId", organisation.as_str())
            .set("BillingAccountName", organisation.as_str())
            .set("BillingAccountType", "Organisation")
            .set("SubAccountId", project.as_str())
            .set("SubAccountName", project.name())
            .set("SubAccountType", "Project")
            .set("BillingCurrency", currency.as_str())
            .set("PricingCurrency", currency.as_str())
            .set("BillingPeriodStart", Value::Time(period.begin()))
            .set("BillingPeriodEnd", Value::Time(period.end()))
            .set("ChargePeriodStart", Value::Time(period.begin()))
            .set("ChargePeriodEnd", Value::Time(period.end()))
            .set("InvoiceIssuerName", self.issuer)
            .set("ProviderName", self.issuer)
            .set("PublisherName", self.issuer);
        if let Some(invoice) = self.invoice {
            row.set("InvoiceId", invoice.heading.number.as_str());
        }
        Ok(row)
    }

    fn charge_row(&self, charge: &Charge) -> Result<Row, AccountingError> {
        let mut row = self.thing_row(charge)?;
        match &charge.credited {
            Some(credited) => {
                row.set("ChargeCategory", "Credit")
                    .set("ChargeFrequency", "One-Time")
                    .set("ChargeDescription", credited.name(&charge.subject.plan))
                    .cost(&COSTS, charge.net_micros);
            }
            None => priced(&mut row, charge),
        }
        Ok(row)
    }

    /// What is charged, of whatever kind the charge is.
    fn thing_row(&self, charge: &Charge) -> Result<Row, AccountingError> {
        let subject = &charge.subject;
        let mut row = self.base(&subject.project, charge.currency)?;
        let (category, subcategory, name) = service(subject.resource.kind);
        row.set("ChargePeriodStart", Value::Time(charge.interval.begin()))
            .set("ChargePeriodEnd", Value::Time(charge.interval.end()))
            .set("PublisherName", subject.provider.as_str())
            .set("ResourceId", subject.resource.to_string())
            .set("ResourceType", subject.resource.kind.name())
            .set("ServiceCategory", category)
            .set("ServiceSubcategory", subcategory)
            .set("ServiceName", name);
        if let Some(application) = subject.application {
            row.set("Tags", serde_json::json!({ "hansa/application": application }).to_string());
        }
        if let Some(site) = subject.offer.as_ref().and_then(|offer| self.sites.get(offer)) {
            row.set("RegionId", site.as_str()).set("RegionName", site.short());
        }
        Ok(row)
    }

    /// Rows whose cost is all that they have.
    fn plain_row(
        &self,
        invoice: &Invoice,
        category: &'static str,
        text: String,
        micros: i64,
    ) -> Result<Row, AccountingError> {
        let mut row = self.base(&invoice.project, invoice.currency)?;
        row.set("ChargeCategory", category)
            .set("ChargeFrequency", "One-Time")
            .set("ChargeDescription", text)
            .set("ServiceCategory", "Other")
            .set("ServiceSubcategory", "Other (Other)")
            .set("ServiceName", category)
            .cost(&COSTS, micros);
        Ok(row)
    }

    fn invoice_rows(&self, invoice: &Invoice) -> Result<Vec<Row>, AccountingError> {
        if invoice.kind == DocumentKind::CreditNote {
            let problem = format!("`{}` is a credit note; export the invoice", invoice.heading.number);
            return Err(AccountingError::invalid("invoice", problem));
        }
        let mut rows = Vec::new();
        let rounding = round::sum([invoice.net_micros, -invoice.exact_micros], "the rounding of an invoice")?;
        if rounding != 0 {
            let text = "rounding to the smallest coin".to_owned();
            rows.push(self.plain_row(invoice, "Adjustment", text, rounding)?);
        }
        for total in invoice.taxes.iter().filter(|total| total.tax_micros != 0) {
            let percent = coin::decimal(i128::from(total.tax.basis_points), 100, 2);
            let text = format!(
                "value added tax of {percent} percent on {}",
                coin::shown(total.taxable_micros, invoice.currency)
            );
            rows.push(self.plain_row(invoice, "Tax", text, total.tax_micros)?);
        }
        Ok(rows)
    }
}

/// What has a price.
fn priced(row: &mut Row, charge: &Charge) {
    let subject = &charge.subject;
    let once = charge.kind == ChargeKind::MinimumTerm;
    row.set("ChargeCategory", if once { "Adjustment" } else { "Usage" })
        .set("ChargeFrequency", if once { "One-Time" } else { "Usage-Based" })
        .set("ChargeDescription", format!("{} of {}, {}", charge.kind.name(), subject.meter, subject.plan))
        .set("SkuId", format!("{}/{}", subject.plan, subject.meter))
        .set("SkuMeter", subject.meter.as_str())
        .set("SkuPriceId", format!("{}/{}/{}", subject.plan, subject.meter, charge.price.micros));
    quantities(row, charge);
    prices(row, charge);
    commitment(row, charge);
}

fn quantities(row: &mut Row, charge: &Charge) {
    let quantity = i128::from(charge.quantity);
    row.number("PricingQuantity", quantity, i128::from(charge.unit.size), DECIMALS)
        .set("PricingUnit", charge.unit.name.as_str());
    if !matches!(charge.kind, ChargeKind::Unused | ChargeKind::MinimumTerm) {
        row.number("ConsumedQuantity", quantity, 1, 0).set("ConsumedUnit", charge.unit.of.as_str());
    }
}

/// Unit prices are exact; costs are their products, exact where that is
/// possible; what is billed is what the ledger has.
fn prices(row: &mut Row, charge: &Charge) {
    let (price, quantity, size) =
        (i128::from(charge.price.micros), i128::from(charge.quantity), i128::from(charge.unit.size));
    let exchanged = price * i128::from(charge.exchange_nanos);
    let whole = MICROS * i128::from(NANOS_PER_UNIT);
    row.set("PricingCurrency", charge.price.currency.as_str())
        .set(
            "PricingCategory",
            match charge.kind {
                ChargeKind::Reserved | ChargeKind::Unused => "Committed",
                _ if charge.spot => "Dynamic",
                _ => "Standard",
            },
        )
        .cost(&["BilledCost", "EffectiveCost"], charge.net_micros)
        .number("ListUnitPrice", exchanged, whole, PRICE_DECIMALS)
        .number("PricingCurrencyListUnitPrice", price, MICROS, PRICE_DECIMALS);
    let list = match quantity.checked_mul(exchanged) {
        Some(list) => coin::decimal(list, size * whole, DECIMALS),
        None => Micros(charge.list_micros).to_string(),
    };
    row.set("ListCost", Value::Number(list.clone()));
    if charge.discounts.is_empty() {
        row.set("ContractedCost", Value::Number(list))
            .number("ContractedUnitPrice", exchanged, whole, PRICE_DECIMALS)
            .number("PricingCurrencyContractedUnitPrice", price, MICROS, PRICE_DECIMALS)
            .number("PricingCurrencyEffectiveCost", quantity * price, size * MICROS, DECIMALS);
        return;
    }
    // After discounts, which are rounded each: from what is billed back to the unit.
    let net = i128::from(charge.net_micros);
    let nanos = i128::from(NANOS_PER_UNIT);
    let exchange = i128::from(charge.exchange_nanos);
    row.cost(&["ContractedCost"], charge.net_micros)
        .number("ContractedUnitPrice", net * size, quantity * MICROS, PRICE_DECIMALS)
        .number("PricingCurrencyEffectiveCost", net * nanos, exchange * MICROS, DECIMALS);
    match (net.checked_mul(size * nanos), quantity.checked_mul(MICROS * exchange)) {
        (Some(numerator), Some(denominator)) => {
            row.number("PricingCurrencyContractedUnitPrice", numerator, denominator, PRICE_DECIMALS)
        }
        _ => row.number("PricingCurrencyContractedUnitPrice", price, MICROS, PRICE_DECIMALS),
    };
}

fn commitment(row: &mut Row, charge: &Charge) {
    let Some(reservation) = &charge.reservation else { return };
    let status = if charge.kind == ChargeKind::Unused { "Unused" } else { "Used" };
    row.set("CommitmentDiscountId", reservation.as_ref())
        .set("CommitmentDiscountName", reservation.as_ref())
        .set("CommitmentDiscountCategory", "Usage")
        .set("CommitmentDiscountType", "Reservation")
        .set("CommitmentDiscountStatus", status)
        .number("CommitmentDiscountQuantity", i128::from(charge.quantity), i128::from(charge.unit.size), DECIMALS)
        .set("CommitmentDiscountUnit", charge.unit.name.as_str());
}
