//! Invoices and credit notes for people: one page of HTML that needs nothing
//! else, and prints.

use super::{
    coin,
    labels::{Labels, Language},
    model::{DocumentKind, Invoice, InvoiceLine},
    party::Party,
    xml::{Element, element, leaf},
};
use crate::AccountingError;

const STYLE: &str = "body { font: 10pt sans-serif; max-width: 60em; margin: 2em auto; color: #111; background: #fff }
table { border-collapse: collapse; width: 100%; margin: 1em 0 }
th, td { border-bottom: 1px solid #767676; padding: .3em .5em; text-align: left; vertical-align: top }
.amount { text-align: right; white-space: nowrap }
.parties { display: flex; gap: 4em }
thead { display: table-header-group }
tr { break-inside: avoid }
@page { size: A4; margin: 2cm }";

impl Invoice {
    /// The document as a page to read and to print: the same bytes for the same invoice.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn html(&self, language: Language) -> Result<Vec<u8>, AccountingError> {
        let labels = language.labels();
        let title = match self.kind {
            DocumentKind::Invoice => labels.invoice,
            DocumentKind::CreditNote => labels.credit_note,
        };
        let title = format!("{title} {}", self.heading.number);
        let head = element(
            "head",
            [
                element("meta", []).with("charset", "utf-8"),
                element("meta", []).with("name", "viewport").with("content", "width=device-width"),
                leaf("title", &title),
                leaf("style", STYLE),
            ],
        );
        let main = element(
            "main",
            [
                leaf("h1", title),
                element("div", [party(labels.seller, &self.heading.seller), party(labels.buyer, &self.heading.buyer)])
                    .with("class", "parties"),
                self.facts(labels),
                self.lines_table(labels),
                self.totals(labels),
            ],
        );
        let page = element("html", [head, element("body", [main])]).with("lang", language.code());
        page.page("the invoice as HTML")
    }

    fn money(&self, micros: i64) -> String {
        format!("{} {}", coin::shown(micros, self.currency), self.currency)
    }

    fn facts(&self, labels: &Labels) -> Element {
        let row = |name: &str, text: String| element("tr", [header(name, "row"), leaf("td", text)]);
        let before = self.takes_back.as_ref();
        let rows = element(
            "tbody",
            [
                row(labels.issued, self.heading.issued.to_string()),
                row(labels.period, format!("{} – {}", self.from, self.through)),
                row(labels.project, self.project.to_string()),
            ],
        )
        .add(before.map(|(number, issued)| row(labels.takes_back, format!("{number}, {issued}"))))
        .add([row(labels.due, self.heading.due.to_string())])
        .add(self.heading.iban.as_ref().map(|iban| row(labels.account, iban.clone())));
        element("table", [rows])
    }

    fn lines_table(&self, labels: &Labels) -> Element {
        let names = [labels.line, labels.service, labels.quantity, labels.price, labels.tax_rate, labels.net];
        let head = element("tr", names.map(|name| header(name, "col")));
        let rows = (1..).zip(&self.lines).map(|(number, line)| self.line_row(number, line, labels));
        element("table", [leaf("caption", labels.services), element("thead", [head]), element("tbody", rows)])
    }

    fn line_row(&self, number: usize, line: &InvoiceLine, labels: &Labels) -> Element {
        let application = line.of.application.map(|id| format!("; {} {id}", labels.application)).unwrap_or_default();
        let discounts: Vec<String> = line
            .discounts
            .iter()
            .map(|(id, micros)| format!("; {id} -{}", coin::decimal(i128::from(*micros), 1_000_000, 6)))
            .collect();
        let service = format!("{}; {}{application}{}", line.name(), line.of.provider, discounts.concat());
        let tax = format!("{} {} %", line.of.tax.category.code(), percent(line.of.tax.basis_points));
        element(
            "tr",
            [
                leaf("td", number),
                leaf("td", service),
                amount(format!("{} {}", line.units(), line.of.unit.name)),
                amount(format!("{} {}", line.price(), self.currency)),
                amount(tax),
                amount(self.money(line.net_micros)),
            ],
        )
    }

    fn totals(&self, labels: &Labels) -> Element {
        let row = |name: String, micros: i64| element("tr", [header(&name, "row"), amount(self.money(micros))]);
        let taxes = self.taxes.iter().map(|total| {
            let reason = total.tax.category.reason().map(|(text, _)| format!(" ({text})")).unwrap_or_default();
            let rate = percent(total.tax.basis_points);
            row(format!("{} {} {rate} %{reason}", labels.tax, total.tax.category.code()), total.tax_micros)
        });
        let rows = element("tbody", [row(labels.net.to_owned(), self.net_micros)])
            .add(taxes)
            .add([row(labels.payable.to_owned(), self.payable_micros)]);
        element("table", [leaf("caption", labels.totals), rows])
    }
}

fn percent(basis_points: u32) -> String {
    coin::decimal(i128::from(basis_points), 100, 2)
}

fn header(name: &str, scope: &'static str) -> Element {
    leaf("th", name).with("scope", scope)
}

fn amount(text: String) -> Element {
    leaf("td", text).with("class", "amount")
}

fn party(title: &str, party: &Party) -> Element {
    let place = format!("{} {}, {}", party.post_code, party.city, party.country);
    let numbers = [&party.vat_id, &party.legal_id].into_iter().flatten().cloned();
    let lines = [party.name.clone(), party.street.clone(), place].into_iter().chain(numbers);
    element("section", [leaf("h2", title)]).add(lines.map(|line| leaf("div", line)))
}
