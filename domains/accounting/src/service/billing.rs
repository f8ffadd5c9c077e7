//! Months are closed: charges become an invoice with the next number, and are
//! booked, in one transaction. What was wrong is taken back as a whole.

use super::{
    Accounting, Defaults, Page, PageRequest, Seller, ServiceError, cost::charges_of, follow::FOLLOWER, stated,
};
use crate::{
    AccountingError,
    invoice::{DocumentKind, Heading, Invoice, Party},
    ledger::{Ledger, Wanted, charges_group, wanted_for_charges, wanted_for_invoice},
    price::{BillingMonth, Charge},
    store::{self, StoredInvoice},
};
use chrono::{DateTime, Datelike as _, Days, NaiveDate, Utc};
use hansa_ontology::{Actor, Currency, Money, ProjectId, ProjectScope};
use hansa_repository::{
    Connection, RepositoryError,
    event::{self, EventFilter, Order},
    follow,
};
use serde_json::json;

/// Stands for the number of an invoice that isn't issued.
const DRAFT: &str = "DRAFT";

/// What became of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// It was billed, now or before.
    Billed(Box<Document>),
    /// Nothing was used or owed.
    Nothing,
}

/// An invoice or a credit note as it was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What it says; writes UBL and HTML.
    pub invoice: Invoice,
    /// The canonical bytes that were issued.
    pub bytes: Vec<u8>,
    /// Whether a credit note has taken it back.
    pub taken_back: bool,
}

impl Document {
    pub(super) fn read(stored: StoredInvoice) -> Result<Self, ServiceError> {
        let invoice = hansa_repository::json::from_column("invoice", &stored.document)?;
        Ok(Self { invoice, bytes: stored.document.into_bytes(), taken_back: stored.taken_back })
    }
}

impl Accounting {
    /// Bills a project's month that is over: rates it for the last time, gives
    /// the invoice the next number, and books charges and invoice. A month that
    /// is billed already gives its invoice.
    ///
    /// # Errors
    /// When the month is not over or not metered to its end, when the account
    /// has no buyer, when a price or a rate is missing, or the database fails.
    /// Then nothing is written.
    pub async fn month_close(&self, project: &ProjectId, month: &str) -> Result<Closed, ServiceError> {
        let (now, defaults, actor) = (self.clock.now(), self.defaults, self.actor.clone());
        let (project, name) = (project.clone(), month.to_owned());
        let (of, month_name) = (project.clone(), name.clone());
        let before = self.database.read(move |connection| known(connection, &of, &month_name)).await?;
        if let Some(before) = before {
            return Ok(Closed::Billed(Box::new(before)));
        }
        let of = project.clone();
        let draft = self
            .database
            .read(move |connection| {
                let draft = Draft::read(connection, &of, &name, (now, defaults))?;
                check_over(connection, &of, &draft.month, now)?;
                Ok::<_, ServiceError>(draft)
            })
            .await?;
        if draft.charges.is_empty() {
            return Ok(Closed::Nothing);
        }
        let month = draft.month;
        self.change(move |connection| {
            if let Some(before) = known(connection, &project, &month.name())? {
                return Ok(Closed::Billed(Box::new(before)));
            }
            let issued = now.with_timezone(&month.zone()).date_naive();
            let numbered = Numbered::next(connection, draft.seller.series.clone(), issued)?;
            let charges = draft.charges.clone();
            let invoice = draft.invoice(connection, numbered.number(), issued)?;
            revise(connection, &charges_group(&project, &month), &wanted_for_charges(&charges), issued)?;
            let issued = issue(connection, numbered, &invoice, &month.name(), &charges)?;
            tell(connection, &issued.invoice, (actor, now))?;
            Ok(Closed::Billed(Box::new(issued)))
        })
        .await
    }

    /// The invoice of a month as it would be now, under the number `DRAFT`:
    /// nothing is written. None: nothing was used or owed yet. Of a month that
    /// is billed it is the invoice.
    ///
    /// # Errors
    /// When seller or buyer is not stated, a price or a rate is missing, or the database fails.
    pub async fn invoice_draft(&self, project: &ProjectId, month: &str) -> Result<Option<Invoice>, ServiceError> {
        let (now, defaults, project, name) = (self.clock.now(), self.defaults, project.clone(), month.to_owned());
        self.database
            .read(move |connection| {
                if let Some(billed) = known(connection, &project, &name)? {
                    return Ok(Some(billed.invoice));
                }
                let mut draft = Draft::read(connection, &project, &name, (now, defaults))?;
                draft.charges.retain(|charge| charge.interval.begin() <= now.timestamp());
                if draft.charges.is_empty() {
                    return Ok(None);
                }
                let issued = now.with_timezone(&draft.month.zone()).date_naive();
                draft.invoice(connection, DRAFT.to_owned(), issued).map(Some)
            })
            .await
    }

    /// Takes an invoice back by a credit note. Its month can be billed again then.
    ///
    /// # Errors
    /// `NotFound` when there is no such document; when it is a credit note, or
    /// was taken back already.
    pub async fn credit_note(&self, number: &str) -> Result<Document, ServiceError> {
        let (now, defaults, actor) = (self.clock.now(), self.defaults, self.actor.clone());
        let number = number.to_owned();
        self.change(move |connection| {
            let stored = find(connection, &number)?;
            let (before, month) = (Document::read(stored.clone())?, stored.month);
            if !store::invoice_taken_back(connection, &number)? {
                return Err(ServiceError::conflict(format!("{number} was taken back already")));
            }
            let zone = stated::of_project(connection, &before.invoice.project, defaults)?.account.zone.0;
            let issued = now.with_timezone(&zone).date_naive();
            let numbered = Numbered::next(connection, stored.series, issued)?;
            let note = before.invoice.credit_note(numbered.number(), issued)?;
            let issued = issue(connection, numbered, &note, &month, &[])?;
            tell(connection, &issued.invoice, (actor, now))?;
            Ok(issued)
        })
        .await
    }

    /// One invoice or credit note.
    ///
    /// # Errors
    /// `NotFound` when there is no such document.
    pub async fn invoice(&self, number: &str) -> Result<Document, ServiceError> {
        let number = number.to_owned();
        self.database.read(move |connection| Document::read(find(connection, &number)?)).await
    }

    /// Invoices and credit notes, by number.
    ///
    /// # Errors
    /// When the page can't be, or the database fails.
    pub async fn invoice_list(&self, scope: &ProjectScope, page: &PageRequest) -> Result<Page<Document>, ServiceError> {
        let (scope, token, rows) = (scope.clone(), page.token.clone(), page.rows()?);
        let found = self
            .database
            .read(move |connection| {
                let stored = store::invoice_list(connection, &scope, token.as_deref(), rows)?;
                stored.into_iter().map(Document::read).collect::<Result<Vec<_>, ServiceError>>()
            })
            .await?;
        Ok(Page::cut(found, rows, |document| document.invoice.heading.number.clone()))
    }
}

/// What an invoice is made of, before it has a number.
struct Draft {
    project: ProjectId,
    month: BillingMonth,
    charges: Vec<Charge>,
    seller: Seller,
    buyer: Party,
    currency: Currency,
}

impl Draft {
    fn read(
        connection: &mut Connection,
        project: &ProjectId,
        month: &str,
        (now, defaults): (DateTime<Utc>, Defaults),
    ) -> Result<Self, ServiceError> {
        let account = stated::of_project(connection, project, defaults)?;
        let month = BillingMonth::named(month, account.account.zone.0)?;
        let charges = charges_of(connection, project, &month, now, defaults)?;
        let buyer = account.buyer.ok_or_else(|| {
            ServiceError::conflict(format!("the account of {project} has no buyer; state who gets its invoices"))
        })?;
        let (project, seller) = (project.clone(), stated::seller(connection)?);
        Ok(Self { project, month, charges, seller, buyer, currency: account.account.currency })
    }

    fn invoice(self, connection: &mut Connection, number: String, issued: NaiveDate) -> Result<Invoice, ServiceError> {
        let Self { project, month, charges, seller, buyer, currency } = self;
        let due = issued.checked_add_days(Days::new(u64::from(seller.payment_days))).unwrap_or(issued);
        let heading = Heading { number, issued, due, seller: seller.party, buyer, iban: seller.iban };
        let taxes = stated::taxes(connection)?;
        Ok(Invoice::new(heading, &project, &month, currency, &charges, &taxes)?)
    }
}

/// A document's place in its series.
struct Numbered {
    series: String,
    year: i32,
    serial: i64,
}

impl Numbered {
    fn next(connection: &mut Connection, series: String, issued: NaiveDate) -> Result<Self, ServiceError> {
        let year = issued.year();
        let serial = store::next_serial(connection, &series, year)?;
        Ok(Self { series, year, serial })
    }

    fn number(&self) -> String {
        format!("{}{}-{:06}", self.series, self.year, self.serial)
    }
}

fn known(connection: &mut Connection, project: &ProjectId, month: &str) -> Result<Option<Document>, ServiceError> {
    store::invoice_of_month(connection, project, month)?.map(Document::read).transpose()
}

fn find(connection: &mut Connection, number: &str) -> Result<StoredInvoice, ServiceError> {
    store::invoice_find(connection, number)?.ok_or_else(|| ServiceError::missing(format!("invoice {number}")))
}

/// Whether all of a month is known.
fn check_over(
    connection: &mut Connection,
    project: &ProjectId,
    month: &BillingMonth,
    now: DateTime<Utc>,
) -> Result<(), ServiceError> {
    let end = month.interval()?;
    if now < end.to() {
        let problem = format!("{} ends at {}; bill it then", month.name(), end.to());
        return Err(AccountingError::invalid("month", problem).into());
    }
    // The hour in which it ends may be half of the next month's.
    let metered = |course: &crate::usage::Course| course.metered_to() >= end.end();
    let unread =
        EventFilter { after: Some(follow::position(connection, FOLLOWER)?.sequence), ..EventFilter::default() };
    let unread = event::list(connection, &unread, 1, Order::OldestFirst)?;
    if unread.iter().any(|event| event.at < end.to())
        || !store::courses_running(connection, project)?.iter().all(metered)
    {
        let why = format!("{} is not metered to its end yet; try again in some minutes", month.name());
        return Err(ServiceError::conflict(why));
    }
    Ok(())
}

/// Makes the book say of a group what is wanted.
pub(super) fn revise(
    connection: &mut Connection,
    group: &str,
    wanted: &[Wanted],
    today: NaiveDate,
) -> Result<(), ServiceError> {
    let before = store::entries_of_group(connection, group)?;
    let known = before.len();
    let mut ledger = Ledger::restored(before, store::closing_list(connection)?)?;
    ledger.revise(group, wanted, today)?;
    Ok(store::entries_append(connection, ledger.entries().get(known..).unwrap_or_default())?)
}

/// Books a document and writes it down.
fn issue(
    connection: &mut Connection,
    numbered: Numbered,
    invoice: &Invoice,
    month: &str,
    charges: &[Charge],
) -> Result<Document, ServiceError> {
    let wanted = wanted_for_invoice(invoice)?;
    revise(connection, &format!("invoice/{}", invoice.heading.number), &[wanted], invoice.heading.issued)?;
    let document = String::from_utf8(invoice.bytes()?).map_err(|error| RepositoryError::Internal {
        message: format!("an invoice is no UTF-8: {error}"),
        source: None,
    })?;
    let stored = StoredInvoice {
        number: invoice.heading.number.clone(),
        series: numbered.series,
        year: numbered.year,
        serial: numbered.serial,
        project: invoice.project.to_string(),
        month: month.to_owned(),
        credit: invoice.kind == DocumentKind::CreditNote,
        taken_back: false,
        document,
    };
    store::invoice_insert(connection, stored.clone(), charges)?;
    Document::read(stored)
}

/// Tells in the log of a document that was issued.
fn tell(
    connection: &mut Connection,
    invoice: &Invoice,
    (actor, now): (Actor, DateTime<Utc>),
) -> Result<(), RepositoryError> {
    let Invoice { heading, project, from, through, currency, payable_micros, .. } = invoice;
    let (kind, what) = match invoice.kind {
        DocumentKind::Invoice => ("invoice.issued", "invoice"),
        DocumentKind::CreditNote => ("invoice.credited", "credit note"),
    };
    let payable = Money::new(*payable_micros, *currency);
    let event = event::NewEvent {
        at: now,
        actor,
        application: None,
        subject: format!("project/{project}"),
        kind: kind.to_owned(),
        message: format!("{what} {} of {payable} for {from} to {through}", heading.number),
        data: json!({
            "number": heading.number,
            "project": project,
            "takesBack": invoice.takes_back.as_ref().map(|(number, _)| number),
            "payableMicros": payable_micros,
            "currency": currency,
            "due": heading.due,
        }),
    };
    event::append(connection, &event).map(drop)
}
