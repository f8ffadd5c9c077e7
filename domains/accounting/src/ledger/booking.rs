//! What charges look like in the book.

use super::{LedgerAccount, Posting, Wanted};
use crate::{
    AccountingError,
    invoice::{DocumentKind, Invoice},
    price::{BillingMonth, Charge, round},
    settle::Statement,
};
use hansa_ontology::{Money, ProjectId, ProviderId};

/// The group of a project's charges of one month.
#[must_use]
pub fn charges_group(project: &ProjectId, month: &BillingMonth) -> String {
    format!("charges/{project}/{}", month.name())
}

/// The entries of charges: what a project owes, against what was earned with the provider's service.
#[must_use]
pub fn wanted_for_charges(charges: &[Charge]) -> Vec<Wanted> {
    let paid = charges.iter().filter(|charge| charge.net_micros != 0);
    let wanted = |charge: &Charge| Wanted {
        day: charge.day,
        about: charge.id.to_string(),
        postings: vec![
            Posting::debit(LedgerAccount::Unbilled(charge.project().clone()), charge.net()),
            Posting::credit(LedgerAccount::Revenue(charge.subject.provider.clone()), charge.net()),
        ],
    };
    paid.map(wanted).collect()
}

/// The entry of an invoice: what was used becomes what is to be paid. What the
/// document rounds to whole coins goes to rounding. A credit note is the same turned round.
///
/// # Errors
/// When the sum is too large.
pub fn wanted_for_invoice(invoice: &Invoice) -> Result<Wanted, AccountingError> {
    let sign = if invoice.kind == DocumentKind::Invoice { 1 } else { -1 };
    let money = |micros: i64| Money::new(sign * micros, invoice.currency);
    let rounding = round::sum([invoice.net_micros, -invoice.exact_micros], "the rounding of an invoice")?;
    let mut postings = vec![
        Posting::debit(LedgerAccount::Receivable(invoice.project.clone()), money(invoice.payable_micros)),
        Posting::credit(LedgerAccount::Unbilled(invoice.project.clone()), money(invoice.exact_micros)),
    ];
    // Tax is charged at home, or by the law of the buyer's country.
    let country = invoice.heading.buyer.country.clone();
    let others = [(LedgerAccount::Tax(country), invoice.tax_micros), (LedgerAccount::Rounding, rounding)];
    let others = others.into_iter().filter(|(_, micros)| *micros != 0);
    postings.extend(others.map(|(account, micros)| Posting::credit(account, money(micros))));
    Ok(Wanted { day: invoice.heading.issued, about: invoice.heading.number.clone(), postings })
}

/// The entry of a statement in the book of one of its two brokers: what the
/// partner delivered is a cost, what we delivered was earned, each less what is
/// owed back by claims, and the difference is what is to be paid.
///
/// # Errors
/// When `own` is neither of them, or the statement has no digest.
pub fn wanted_for_statement(statement: &Statement, own: &ProviderId) -> Result<Wanted, AccountingError> {
    let less = |delivered: i64, credited: i64| round::sum([delivered, -credited], "what a broker has earned");
    let by_first = less(statement.by_first_micros, statement.credited_by_first_micros)?;
    let by_second = less(statement.by_second_micros, statement.credited_by_second_micros)?;
    let (partner, delivered, received) = match own {
        own if *own == statement.first => (&statement.second, by_first, by_second),
        own if *own == statement.second => (&statement.first, by_second, by_first),
        own => {
            let problem = format!("{own} is neither {} nor {}", statement.first, statement.second);
            return Err(AccountingError::invalid("statement", problem));
        }
    };
    let money = |micros| Money::new(micros, statement.currency);
    let owed = round::sum([received, -delivered], "what is owed to a partner")?;
    let postings = vec![
        Posting::debit(LedgerAccount::Cost(partner.clone()), money(received)),
        Posting::credit(LedgerAccount::Revenue(own.clone()), money(delivered)),
        Posting::credit(LedgerAccount::Settled(partner.clone()), money(owed)),
    ];
    Ok(Wanted { day: statement.through, about: statement.digest()?, postings })
}
