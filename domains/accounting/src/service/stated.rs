//! What people state: accounts, the seller, price plans, exchange and tax rates.

use super::{Accounting, Page, PageRequest, ServiceError};
use crate::{
    AccountingError,
    invoice::Party,
    price::{Account, ExchangeRates, PriceList, PricePlan, TaxTable, Zone},
    store::{self, Document},
    usage::PlanId,
};
use chrono::NaiveDate;
use hansa_ontology::{Currency, ProjectId, ProjectScope, place::Area};
use hansa_repository::Connection;
use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Currency and time zone of projects that have no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defaults {
    /// The currency of their costs.
    pub currency: Currency,
    /// The time zone of their months and days.
    pub zone: Zone,
}

impl Default for Defaults {
    fn default() -> Self {
        Self { currency: Currency::EUR, zone: Zone(chrono_tz::UTC) }
    }
}

/// A project's account: what was agreed, and who gets its invoices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BillingAccount {
    /// What was agreed.
    #[serde(flatten)]
    pub account: Account,
    /// Who gets the invoices. Without it costs are shown, and nothing is billed.
    #[serde(default)]
    pub buyer: Option<Party>,
}

/// Who sells: the broker's owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seller {
    /// Who it is.
    pub party: Party,
    /// The account at its bank.
    #[serde(default)]
    pub iban: Option<String>,
    /// What stands before the year in the numbers of its invoices: `H-` gives `H-2026-000001`.
    #[serde(default)]
    pub series: String,
    /// Within how many days an invoice is to be paid.
    pub payment_days: u32,
}

/// What a currency is worth from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExchangeRate {
    /// One unit of this
    pub from: Currency,
    /// is worth so much of this,
    pub to: Currency,
    /// from this day on,
    pub day: NaiveDate,
    /// in billionths.
    pub nanos: i64,
}

/// A country's standard rate of tax from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaxRate {
    /// The country.
    pub country: Area,
    /// From this day on.
    pub day: NaiveDate,
    /// Hundredths of a percent.
    pub basis_points: u32,
}

/// The schemas (JSON Schema 2020-12) of what people state, by name.
#[must_use]
pub fn schemas() -> [(&'static str, serde_json::Value); 5] {
    [
        ("BillingAccount", schema_for!(BillingAccount)),
        ("Seller", schema_for!(Seller)),
        ("PricePlan", schema_for!(PricePlan)),
        ("ExchangeRate", schema_for!(ExchangeRate)),
        ("TaxRate", schema_for!(TaxRate)),
    ]
    .map(|(name, schema)| (name, schema.to_value()))
}

impl Document for BillingAccount {
    const KIND: &'static str = "account";
    fn name(&self) -> String {
        self.account.project.to_string()
    }
    fn project(&self) -> Option<&ProjectId> {
        Some(&self.account.project)
    }
}

/// The name of the one seller.
const SELLER: &str = "seller";

impl Document for Seller {
    const KIND: &'static str = "seller";
    fn name(&self) -> String {
        SELLER.to_owned()
    }
}

impl Document for PricePlan {
    const KIND: &'static str = "price plan";
    fn name(&self) -> String {
        self.id.to_string()
    }
}

impl Document for ExchangeRate {
    const KIND: &'static str = "exchange rate";
    fn name(&self) -> String {
        format!("{}/{}/{}", self.from, self.to, self.day)
    }
}

impl Document for TaxRate {
    const KIND: &'static str = "tax rate";
    fn name(&self) -> String {
        format!("{}/{}", self.country, self.day)
    }
}

impl Accounting {
    /// States a project's account, in the place of what was stated before. What
    /// is billed already stays. Gives its new version.
    ///
    /// # Errors
    /// Names the field that can't be right; when `expected` is not its version
    /// (0: it has none yet); when the currency or the zone changes after the
    /// first invoice, which they can't.
    pub async fn account_put(&self, account: BillingAccount, expected: Option<i64>) -> Result<i64, ServiceError> {
        account.account.check()?;
        if let Some(buyer) = &account.buyer {
            buyer.check("buyer")?;
        }
        let defaults = self.defaults;
        self.change(move |connection| {
            let before = of_project(connection, &account.account.project, defaults)?.account;
            let scope = ProjectScope::Only(BTreeSet::from([before.project.clone()]));
            let same = (before.currency, before.zone) == (account.account.currency, account.account.zone);
            if !same && !store::invoice_list(connection, &scope, None, 1)?.is_empty() {
                let problem = format!("can't change after the first invoice; it stays {}", before.currency);
                return Err(AccountingError::invalid("currency, zone", problem).into());
            }
            Ok(store::document_put(connection, &account, expected)?)
        })
        .await
    }

    /// A project's account with its version; with version 0 what holds for
    /// projects for which nothing was stated.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account(&self, project: &ProjectId) -> Result<(BillingAccount, i64), ServiceError> {
        let (project, defaults) = (project.clone(), self.defaults);
        self.database
            .read(move |connection| {
                let stated = store::document_get(connection, project.as_str())?;
                Ok(stated.unwrap_or_else(|| (without_account(&project, defaults), 0)))
            })
            .await
    }

    /// The accounts that were stated, by project.
    ///
    /// # Errors
    /// When the page can't be, or the database fails.
    pub async fn account_list(
        &self,
        scope: &ProjectScope,
        page: &PageRequest,
    ) -> Result<Page<BillingAccount>, ServiceError> {
        self.documents(scope, page).await
    }

    /// States who sells. Gives the new version.
    ///
    /// # Errors
    /// Names the field that can't be right; when `expected` is not its version.
    pub async fn seller_put(&self, seller: Seller, expected: Option<i64>) -> Result<i64, ServiceError> {
        seller.party.check("party")?;
        if seller.series.len() > 20 || !seller.series.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            let problem = "must be at most 20 letters, digits and hyphens, such as H-";
            return Err(AccountingError::invalid("series", problem).into());
        }
        if seller.payment_days > 365 {
            return Err(AccountingError::invalid("paymentDays", "must be at most 365").into());
        }
        self.put(seller, expected).await
    }

    /// Who sells, with its version.
    ///
    /// # Errors
    /// `NotFound` while nobody has stated it.
    pub async fn seller(&self) -> Result<(Seller, i64), ServiceError> {
        self.database
            .read(|connection| {
                store::document_get(connection, SELLER)?.ok_or_else(|| ServiceError::missing("the seller"))
            })
            .await
    }

    /// A price plan.
    ///
    /// # Errors
    /// `NotFound` when there is none of that name.
    pub async fn plan(&self, id: &str) -> Result<PricePlan, ServiceError> {
        let id = id.to_owned();
        self.database
            .read(move |connection| match store::document_get::<PricePlan>(connection, &id)? {
                Some((plan, _)) => Ok(plan),
                None => Err(ServiceError::missing(format!("price plan {id}"))),
            })
            .await
    }

    /// States a price plan. Stated again it must be the same: a new price is a new plan.
    ///
    /// # Errors
    /// Names the field that can't be right; when another plan has its name.
    pub async fn plan_put(&self, plan: PricePlan) -> Result<(), ServiceError> {
        plan.check()?;
        if plan.id == PlanId::included() {
            let problem = format!("`{}` is what is paid with its machine; take another name", plan.id);
            return Err(AccountingError::invalid("id", problem).into());
        }
        self.put_same("price plan", plan).await
    }

    /// The price plans, by name: those of offers that were rented, and those that were stated.
    ///
    /// # Errors
    /// When the page can't be, or the database fails.
    pub async fn plan_list(&self, page: &PageRequest) -> Result<Page<PricePlan>, ServiceError> {
        self.documents(&ProjectScope::All, page).await
    }

    /// States an exchange rate; one that was stated never changes.
    ///
    /// # Errors
    /// When it is not above 0, or another one is stated for that day.
    pub async fn exchange_rate_put(&self, rate: ExchangeRate) -> Result<(), ServiceError> {
        ExchangeRates::default().state(rate.from, rate.to, rate.day, rate.nanos)?;
        self.put_same("exchange rate", rate).await
    }

    /// The exchange rates, by currencies and day.
    ///
    /// # Errors
    /// When the page can't be, or the database fails.
    pub async fn exchange_rate_list(&self, page: &PageRequest) -> Result<Page<ExchangeRate>, ServiceError> {
        self.documents(&ProjectScope::All, page).await
    }

    /// States a rate of tax; one that was stated never changes.
    ///
    /// # Errors
    /// When it is above 100 percent, or another one is stated for that day.
    pub async fn tax_rate_put(&self, rate: TaxRate) -> Result<(), ServiceError> {
        TaxTable::default().state(&rate.country, rate.day, rate.basis_points)?;
        self.put_same("tax rate", rate).await
    }

    /// The rates of tax, by country and day.
    ///
    /// # Errors
    /// When the page can't be, or the database fails.
    pub async fn tax_rate_list(&self, page: &PageRequest) -> Result<Page<TaxRate>, ServiceError> {
        self.documents(&ProjectScope::All, page).await
    }

    pub(super) async fn put<T: Document + Send + 'static>(
        &self,
        document: T,
        expected: Option<i64>,
    ) -> Result<i64, ServiceError> {
        self.change(move |connection| Ok(store::document_put(connection, &document, expected)?)).await
    }

    /// Of what never changes.
    async fn put_same<T: Document + PartialEq + Send + 'static>(
        &self,
        what: &'static str,
        document: T,
    ) -> Result<(), ServiceError> {
        self.change(move |connection| match store::document_get::<T>(connection, &document.name())? {
            Some((known, _)) if known == document => Ok(()),
            Some(_) => Err(AccountingError::Conflict { what, name: document.name() }.into()),
            None => Ok(store::document_put(connection, &document, None).map(drop)?),
        })
        .await
    }

    pub(super) async fn documents<T: Document + Send + 'static>(
        &self,
        scope: &ProjectScope,
        page: &PageRequest,
    ) -> Result<Page<T>, ServiceError> {
        let (scope, token, rows) = (scope.clone(), page.token.clone(), page.rows()?);
        let found = self
            .database
            .read(move |connection| {
                Ok::<_, ServiceError>(store::document_list::<T>(connection, &scope, token.as_deref(), rows)?)
            })
            .await?;
        Ok(Page::cut(found, rows, T::name))
    }
}

fn without_account(project: &ProjectId, defaults: Defaults) -> BillingAccount {
    let Defaults { currency, zone } = defaults;
    let (discounts, reservations) = (Vec::new(), Vec::new());
    let account = Account { project: project.clone(), currency, zone, discounts, reservations };
    BillingAccount { account, buyer: None }
}

/// What holds for a project.
pub(super) fn of_project(
    connection: &mut Connection,
    project: &ProjectId,
    defaults: Defaults,
) -> Result<BillingAccount, ServiceError> {
    let stated = store::document_get(connection, project.as_str())?;
    Ok(stated.map_or_else(|| without_account(project, defaults), |(account, _)| account))
}

/// Who sells.
pub(super) fn seller(connection: &mut Connection) -> Result<Seller, ServiceError> {
    let stated = store::document_get(connection, SELLER)?;
    let (seller, _) = stated.ok_or_else(|| ServiceError::conflict("nobody has stated who sells; state the seller"))?;
    Ok(seller)
}

fn all<T: Document>(connection: &mut Connection) -> Result<Vec<T>, ServiceError> {
    Ok(store::document_list(connection, &ProjectScope::All, None, i64::MAX)?)
}

/// The accounts that were stated.
pub(super) fn accounts(connection: &mut Connection) -> Result<Vec<BillingAccount>, ServiceError> {
    all(connection)
}

/// These plans, and all exchange rates.
pub(super) fn price_list(
    connection: &mut Connection,
    plans: impl IntoIterator<Item = PlanId>,
) -> Result<PriceList, ServiceError> {
    let mut prices = PriceList::default();
    for plan in plans.into_iter().collect::<BTreeSet<_>>() {
        // One that is missing is told of when it is needed.
        if let Some((plan, _)) = store::document_get::<PricePlan>(connection, plan.as_str())? {
            prices.add(plan)?;
        }
    }
    for rate in all::<ExchangeRate>(connection)? {
        prices.exchange.state(rate.from, rate.to, rate.day, rate.nanos)?;
    }
    Ok(prices)
}

/// All rates of tax.
pub(super) fn taxes(connection: &mut Connection) -> Result<TaxTable, ServiceError> {
    let mut taxes = TaxTable::default();
    for rate in all::<TaxRate>(connection)? {
        taxes.state(&rate.country, rate.day, rate.basis_points)?;
    }
    Ok(taxes)
}
