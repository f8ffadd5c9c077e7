//! An invoice as a value: made from charges, the same from the same charges.

use super::{
    coin,
    party::{Party, is_plain},
};
use crate::{
    AccountingError, hex,
    price::{BillingMonth, Charge, ChargeKind, Credited, Tax, TaxCategory, TaxParties, TaxTable, Unit, round},
    usage::{Meter, PlanId},
};
use chrono::NaiveDate;
use hansa_ontology::{ApplicationId, Currency, ProjectId, ProviderId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, sync::Arc};

/// What kind of document it is (UNTDID 1001, BT-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentKind {
    /// A commercial invoice: 380.
    Invoice,
    /// A credit note, which takes a whole invoice back: 381.
    CreditNote,
}

/// What an invoice says besides its charges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Heading {
    /// Its number, without a gap in the seller's series (BT-1).
    pub number: String,
    /// The day on which it is issued (BT-2).
    pub issued: NaiveDate,
    /// The day on which it is to be paid (BT-9).
    pub due: NaiveDate,
    /// Who sells.
    pub seller: Party,
    /// Who buys.
    pub buyer: Party,
    /// The seller's account at its bank (BT-84).
    #[serde(default)]
    pub iban: Option<String>,
}

/// One line (BG-25): charges of one service, one price and one tax rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InvoiceLine {
    /// What the charges have in common.
    #[serde(flatten)]
    pub of: LineKey,
    /// In the meter's unit.
    pub quantity: u64,
    /// What it costs before discounts, exactly: micro-units.
    pub list_micros: i64,
    /// What each discount takes off, exactly: micro-units.
    pub discounts: BTreeMap<Arc<str>, i64>,
    /// What it costs, exactly: micro-units.
    pub exact_micros: i64,
    /// The same in whole coins (BT-131).
    pub net_micros: i64,
}

/// By what charges are put together on one line, in the order of the lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LineKey {
    /// For which application.
    pub application: Option<ApplicationId>,
    /// Who delivers.
    pub provider: ProviderId,
    /// At which prices.
    pub plan: PlanId,
    /// What was counted.
    pub meter: Meter,
    /// Why it is charged.
    pub kind: ChargeKind,
    /// The reservation.
    pub reservation: Option<Arc<str>>,
    /// The price of one unit, in micro-units of the plan's currency.
    pub price_micros: i64,
    /// The plan's currency.
    pub price_currency: Currency,
    /// What one unit of the plan's currency was worth, in billionths.
    pub exchange_nanos: i64,
    /// What the price is for.
    pub unit: Arc<Unit>,
    /// How it is taxed.
    pub tax: Tax,
    /// Why it is given back; of a credit only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credited: Option<Arc<Credited>>,
}

/// What one category and rate of tax comes to (BG-23), in whole coins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaxTotal {
    /// The category and the rate.
    pub tax: Tax,
    /// What is taxed (BT-116).
    pub taxable_micros: i64,
    /// The tax (BT-117).
    pub tax_micros: i64,
}

/// An invoice or a credit note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invoice {
    /// What kind of document.
    pub kind: DocumentKind,
    /// What it says besides its charges.
    #[serde(flatten)]
    pub heading: Heading,
    /// The invoice that it takes back: its number and day (BG-3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes_back: Option<(String, NaiveDate)>,
    /// Whose use is billed (BT-10).
    pub project: ProjectId,
    /// The first day of the period (BT-73).
    pub from: NaiveDate,
    /// The last day of the period (BT-74).
    pub through: NaiveDate,
    /// The currency (BT-5).
    pub currency: Currency,
    /// The lines.
    pub lines: Vec<InvoiceLine>,
    /// The taxes.
    pub taxes: Vec<TaxTotal>,
    /// The sum of the charges, exactly: micro-units.
    pub exact_micros: i64,
    /// The sum of the lines (BT-106, BT-109), in whole coins.
    pub net_micros: i64,
    /// The tax (BT-110), in whole coins.
    pub tax_micros: i64,
    /// What is to be paid (BT-112, BT-115), in whole coins.
    pub payable_micros: i64,
}

impl Invoice {
    /// The invoice of one project's charges of one month.
    ///
    /// # Errors
    /// When a charge belongs elsewhere, a party lacks what its tax needs, a tax
    /// rate is not known, or a sum is too large.
    pub fn new(
        heading: Heading,
        project: &ProjectId,
        month: &BillingMonth,
        currency: Currency,
        charges: &[Charge],
        taxes: &TaxTable,
    ) -> Result<Self, AccountingError> {
        check_heading(&heading)?;
        let (from, through) = (month.first(), month.last());
        if charges.is_empty() {
            return Err(AccountingError::invalid("charges", "there are none; an invoice needs at least one"));
        }
        let elsewhere = |charge: &&Charge| {
            charge.project() != project || charge.currency != currency || charge.day < from || charge.day > through
        };
        if let Some(charge) = charges.iter().find(elsewhere) {
            let problem =
                format!("{} of {} on {} does not belong on this invoice", charge.id, charge.project(), charge.day);
            return Err(AccountingError::invalid("charges", problem));
        }
        let lines = lines(&heading, currency, charges, taxes)?;
        check_taxed(&heading, &lines)?;
        let taxes = tax_totals(currency, &lines)?;
        let what = "the total of the invoice";
        let exact_micros = round::sum(lines.iter().map(|line| line.exact_micros), what)?;
        let net_micros = round::sum(lines.iter().map(|line| line.net_micros), what)?;
        let tax_micros = round::sum(taxes.iter().map(|total| total.tax_micros), what)?;
        let payable_micros = round::sum([net_micros, tax_micros], what)?;
        let (kind, project) = (DocumentKind::Invoice, project.clone());
        let takes_back = None;
        Ok(Self {
            kind,
            heading,
            takes_back,
            project,
            from,
            through,
            currency,
            lines,
            taxes,
            exact_micros,
            net_micros,
            tax_micros,
            payable_micros,
        })
    }

    /// The credit note that takes this invoice back as a whole.
    ///
    /// # Errors
    /// When it is a credit note itself, or would be issued before the invoice.
    pub fn credit_note(&self, number: String, issued: NaiveDate) -> Result<Self, AccountingError> {
        if self.kind == DocumentKind::CreditNote {
            let problem = format!("`{}` is a credit note; send a new invoice instead", self.heading.number);
            return Err(AccountingError::invalid("invoice", problem));
        }
        if issued < self.heading.issued {
            let problem = format!("must be {}, the day of the invoice, or later", self.heading.issued);
            return Err(AccountingError::invalid("issued", problem));
        }
        let takes_back = Some((self.heading.number.clone(), self.heading.issued));
        let heading = Heading { number, issued, due: issued, ..self.heading.clone() };
        check_heading(&heading)?;
        Ok(Self { kind: DocumentKind::CreditNote, heading, takes_back, ..self.clone() })
    }

    /// The canonical bytes: JSON without spaces, fields in the order of this type.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn bytes(&self) -> Result<Vec<u8>, AccountingError> {
        serde_json::to_vec(self).map_err(|error| AccountingError::writing("the invoice", error))
    }

    /// SHA-256 of the canonical bytes, in hexadecimal digits.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn digest(&self) -> Result<String, AccountingError> {
        Ok(hex(&Sha256::digest(self.bytes()?)))
    }
}

impl InvoiceLine {
    /// The price of one unit in the billing currency, as a decimal number (BT-146).
    #[must_use]
    pub fn price(&self) -> String {
        let price = i128::from(self.of.price_micros) * i128::from(self.of.exchange_nanos);
        coin::decimal(price, 1_000_000_000_000_000, 15)
    }

    /// How many units, as a decimal number (BT-129). Below 0 where it is given
    /// back: a price never is (BR-27).
    #[must_use]
    pub fn units(&self) -> String {
        let sign = if self.of.kind == ChargeKind::Credit { -1 } else { 1 };
        coin::decimal(sign * i128::from(self.quantity), i128::from(self.of.unit.size), 6)
    }

    /// What people read (BT-153).
    #[must_use]
    pub fn name(&self) -> String {
        let LineKey { plan, meter, kind, .. } = &self.of;
        match (kind, &self.of.credited) {
            (ChargeKind::Usage, _) => format!("{plan}, {meter}"),
            (_, Some(credited)) => credited.name(plan),
            _ => format!("{plan}, {meter} ({})", kind.name()),
        }
    }
}

fn check_heading(heading: &Heading) -> Result<(), AccountingError> {
    if heading.number.trim().is_empty() || !is_plain(&heading.number) {
        return Err(AccountingError::invalid("number", "must be a number of the seller's series, such as 2026-0001"));
    }
    if heading.due < heading.issued {
        return Err(AccountingError::invalid("due", format!("must be {} or later", heading.issued)));
    }
    if heading.iban.as_deref().is_some_and(|iban| iban.is_empty() || !iban.bytes().all(|b| b.is_ascii_alphanumeric())) {
        return Err(AccountingError::invalid("iban", "must be letters and digits without spaces"));
    }
    heading.seller.check("seller")?;
    heading.buyer.check("buyer")
}

/// What the rules of a category want to know of the parties (BR-S-02, BR-AE-02, BR-O-02, BR-CO-26).
fn check_taxed(heading: &Heading, lines: &[InvoiceLine]) -> Result<(), AccountingError> {
    let outside = lines.iter().any(|line| line.of.tax.category == TaxCategory::O);
    match (&heading.seller.vat_id, &heading.seller.legal_id) {
        (None, _) if !outside => Err(AccountingError::invalid("seller.vatId", "must be stated where tax is charged")),
        (_, None) if outside => {
            Err(AccountingError::invalid("seller.legalId", "must be stated where nothing is subject to tax"))
        }
        _ => Ok(()),
    }
}

fn lines(
    heading: &Heading,
    currency: Currency,
    charges: &[Charge],
    taxes: &TaxTable,
) -> Result<Vec<InvoiceLine>, AccountingError> {
    let parties = TaxParties {
        seller: &heading.seller.country,
        buyer: &heading.buyer.country,
        business: heading.buyer.vat_id.is_some(),
    };
    let mut by_key: BTreeMap<LineKey, Vec<&Charge>> = BTreeMap::new();
    for charge in charges {
        let key = LineKey {
            application: charge.subject.application,
            provider: charge.subject.provider.clone(),
            plan: charge.subject.plan.clone(),
            meter: charge.subject.meter.clone(),
            kind: charge.kind,
            reservation: charge.reservation.clone(),
            price_micros: charge.price.micros,
            price_currency: charge.price.currency,
            exchange_nanos: charge.exchange_nanos,
            unit: Arc::clone(&charge.unit),
            tax: taxes.on(parties, charge.day)?,
            credited: charge.credited.clone(),
        };
        by_key.entry(key).or_default().push(charge);
    }
    by_key.into_iter().map(|(of, charges)| line(of, &charges, currency)).collect()
}

fn line(of: LineKey, charges: &[&Charge], currency: Currency) -> Result<InvoiceLine, AccountingError> {
    let what = "a line of the invoice";
    let quantity: u128 = charges.iter().map(|charge| u128::from(charge.quantity)).sum();
    let quantity = u64::try_from(quantity).ok().ok_or(AccountingError::TooLarge { what })?;
    let list_micros = round::sum(charges.iter().map(|charge| charge.list_micros), what)?;
    let exact_micros = round::sum(charges.iter().map(|charge| charge.net_micros), what)?;
    let mut discounts: BTreeMap<Arc<str>, i64> = BTreeMap::new();
    for discount in charges.iter().flat_map(|charge| &charge.discounts) {
        let sum = discounts.entry(Arc::clone(&discount.id)).or_default();
        *sum = round::sum([*sum, discount.micros], what)?;
    }
    let net_micros = coin::in_coins(exact_micros, currency)?;
    Ok(InvoiceLine { of, quantity, list_micros, discounts, exact_micros, net_micros })
}

fn tax_totals(currency: Currency, lines: &[InvoiceLine]) -> Result<Vec<TaxTotal>, AccountingError> {
    let what = "the tax of the invoice";
    let mut taxable: BTreeMap<Tax, i64> = BTreeMap::new();
    for line in lines {
        let sum = taxable.entry(line.of.tax).or_default();
        *sum = round::sum([*sum, line.net_micros], what)?;
    }
    let coin = coin::smallest(currency);
    let total = |(tax, taxable_micros): (Tax, i64)| {
        let factors = [i128::from(taxable_micros), i128::from(tax.basis_points)];
        let coins = round::product(&factors, 10_000 * i128::from(coin), what)?;
        let tax_micros = coins.checked_mul(coin).ok_or(AccountingError::TooLarge { what })?;
        Ok(TaxTotal { tax, taxable_micros, tax_micros })
    };
    taxable.into_iter().map(total).collect()
}
