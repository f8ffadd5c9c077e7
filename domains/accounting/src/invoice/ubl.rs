//! Invoices and credit notes as UBL 2.1 (ISO/IEC 19845), in the core of EN 16931.

use super::{
    coin,
    model::{DocumentKind, Invoice, InvoiceLine},
    party::Party,
    xml::{Element, element, leaf},
};
use crate::{
    AccountingError,
    price::{Tax, TaxCategory},
};

const ROOT: &str = "urn:oasis:names:specification:ubl:schema:xsd:";
const AGGREGATE: &str = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2";
const BASIC: &str = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2";
/// The core without a national or sector's specialisation (BT-24).
const CORE: &str = "urn:cen.eu:en16931:2017";
/// SEPA credit transfer (UNTDID 4461, BT-81).
const TRANSFER: &str = "58";
/// An instrument that is not defined (UNTDID 4461, BT-81).
const UNDEFINED: &str = "1";

impl Invoice {
    /// The document in UBL 2.1: the same bytes for the same invoice.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn ubl(&self) -> Result<Vec<u8>, AccountingError> {
        let (name, code_name, code) = match self.kind {
            DocumentKind::Invoice => ("Invoice", "cbc:InvoiceTypeCode", "380"),
            DocumentKind::CreditNote => ("CreditNote", "cbc:CreditNoteTypeCode", "381"),
        };
        let heading = &self.heading;
        let due = leaf("cbc:DueDate", heading.due);
        let taxed = self.taxes.iter().all(|total| total.tax.category != TaxCategory::O);
        let root = element(name, [])
            .with("xmlns", format!("{ROOT}{name}-2"))
            .with("xmlns:cac", AGGREGATE)
            .with("xmlns:cbc", BASIC)
            .add([leaf("cbc:CustomizationID", CORE), leaf("cbc:ID", &heading.number)])
            .add([leaf("cbc:IssueDate", heading.issued)])
            .add((self.kind == DocumentKind::Invoice).then_some(due))
            .add([leaf(code_name, code), leaf("cbc:DocumentCurrencyCode", self.currency)])
            .add([leaf("cbc:BuyerReference", &self.project)])
            .add([element("cac:InvoicePeriod", [leaf("cbc:StartDate", self.from), leaf("cbc:EndDate", self.through)])])
            .add(self.takes_back.as_ref().map(|(number, issued)| {
                let reference = [leaf("cbc:ID", number), leaf("cbc:IssueDate", issued)];
                element("cac:BillingReference", [element("cac:InvoiceDocumentReference", reference)])
            }))
            .add([element("cac:AccountingSupplierParty", [party(&heading.seller, taxed)])])
            .add([element("cac:AccountingCustomerParty", [party(&heading.buyer, taxed)])])
            .add([self.payment_means()])
            .add([element("cac:PaymentTerms", [leaf("cbc:Note", format!("Due on {}", heading.due))])])
            .add([self.tax_total(), self.monetary_total()])
            .add((1..).zip(&self.lines).map(|(number, line)| self.line(number, line)));
        root.document("the invoice as UBL")
    }

    fn amount(&self, name: &'static str, micros: i64) -> Element {
        leaf(name, coin::shown(micros, self.currency)).with("currencyID", self.currency)
    }

    fn payment_means(&self) -> Element {
        let account = self.heading.iban.as_ref();
        let code = if account.is_some() { TRANSFER } else { UNDEFINED };
        element("cac:PaymentMeans", [leaf("cbc:PaymentMeansCode", code), leaf("cbc:PaymentID", &self.heading.number)])
            .add(account.map(|iban| element("cac:PayeeFinancialAccount", [leaf("cbc:ID", iban)])))
    }

    fn tax_total(&self) -> Element {
        let subtotals = self.taxes.iter().map(|total| {
            let amounts = [
                self.amount("cbc:TaxableAmount", total.taxable_micros),
                self.amount("cbc:TaxAmount", total.tax_micros),
            ];
            element("cac:TaxSubtotal", amounts).add([category("cac:TaxCategory", total.tax, true)])
        });
        element("cac:TaxTotal", [self.amount("cbc:TaxAmount", self.tax_micros)]).add(subtotals)
    }

    fn monetary_total(&self) -> Element {
        element(
            "cac:LegalMonetaryTotal",
            [
                self.amount("cbc:LineExtensionAmount", self.net_micros),
                self.amount("cbc:TaxExclusiveAmount", self.net_micros),
                self.amount("cbc:TaxInclusiveAmount", self.payable_micros),
                self.amount("cbc:PayableAmount", self.payable_micros),
            ],
        )
    }

    fn line(&self, number: usize, line: &InvoiceLine) -> Element {
        let (name, quantity) = match self.kind {
            DocumentKind::Invoice => ("cac:InvoiceLine", "cbc:InvoicedQuantity"),
            DocumentKind::CreditNote => ("cac:CreditNoteLine", "cbc:CreditedQuantity"),
        };
        let described = match line.of.application {
            Some(application) => format!("{}, application {application}", line.of.provider),
            None => line.of.provider.to_string(),
        };
        let quantity = leaf(quantity, line.units()).with("unitCode", &line.of.unit.code);
        element(name, [leaf("cbc:ID", number), quantity, self.amount("cbc:LineExtensionAmount", line.net_micros)])
            .add(line.discounts.iter().filter_map(|(id, micros)| self.allowance(id, *micros)))
            .add([element(
                "cac:Item",
                [
                    leaf("cbc:Description", described),
                    leaf("cbc:Name", line.name()),
                    category("cac:ClassifiedTaxCategory", line.of.tax, false),
                ],
            )])
            .add([element("cac:Price", [leaf("cbc:PriceAmount", line.price()).with("currencyID", self.currency)])])
    }

    /// A discount on a line (BG-27), where it comes to a coin.
    fn allowance(&self, id: &str, micros: i64) -> Option<Element> {
        let micros = coin::in_coins(micros, self.currency).ok().filter(|micros| *micros != 0)?;
        Some(element(
            "cac:AllowanceCharge",
            [
                leaf("cbc:ChargeIndicator", "false"),
                leaf("cbc:AllowanceChargeReason", id),
                self.amount("cbc:Amount", micros),
            ],
        ))
    }
}

/// A category of tax; the breakdown says why where none is charged.
fn category(name: &'static str, tax: Tax, with_reason: bool) -> Element {
    let percent = coin::decimal(i128::from(tax.basis_points), 100, 2);
    let percent = (tax.category != TaxCategory::O).then(|| leaf("cbc:Percent", percent));
    let reason = tax.category.reason().filter(|_| with_reason);
    element(name, [leaf("cbc:ID", tax.category.code())])
        .add(percent)
        .add(reason.map(|(_, code)| leaf("cbc:TaxExemptionReasonCode", code)))
        .add(reason.map(|(text, _)| leaf("cbc:TaxExemptionReason", text)))
        .add([vat()])
}

fn vat() -> Element {
    element("cac:TaxScheme", [leaf("cbc:ID", "VAT")])
}

/// Numbers for the tax are left out where nothing is subject to it (BR-O-02).
fn party(party: &Party, taxed: bool) -> Element {
    let vat_id = party.vat_id.as_ref().filter(|_| taxed);
    let address = element(
        "cac:PostalAddress",
        [
            leaf("cbc:StreetName", &party.street),
            leaf("cbc:CityName", &party.city),
            leaf("cbc:PostalZone", &party.post_code),
            element("cac:Country", [leaf("cbc:IdentificationCode", &party.country)]),
        ],
    );
    element("cac:Party", [])
        .add(party.email.as_ref().map(|email| leaf("cbc:EndpointID", email).with("schemeID", "EM")))
        .add([address])
        .add(vat_id.map(|id| element("cac:PartyTaxScheme", [leaf("cbc:CompanyID", id), vat()])))
        .add([element("cac:PartyLegalEntity", [leaf("cbc:RegistrationName", &party.name)])
            .add(party.legal_id.as_ref().map(|id| leaf("cbc:CompanyID", id)))])
}
