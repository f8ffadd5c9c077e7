//! What the living applications of a holder take of its quota.

use super::{application, application_revision};
use diesel::{ExpressionMethods as _, JoinOnDsl as _, QueryDsl as _, RunQueryDsl as _, TextExpressionMethods as _};
use hansa_ontology::{
    ApplicationId, Currency, Money, ProjectId, ResourceModel,
    quota::{QuotaHolder, QuotaUsage},
};
use hansa_repository::{Connection, RepositoryError, json, text};

/// Instances, processors, memory; the price an hour and its currency.
type Taken = (Option<i64>, Option<i64>, Option<i64>, Option<i64>, Option<String>);

/// What a holder's applications take, except one of them.
pub(crate) fn usage(
    connection: &mut Connection,
    holder: &QuotaHolder,
    except: Option<ApplicationId>,
) -> Result<QuotaUsage, RepositoryError> {
    let except = except.map(|id| id.to_string()).unwrap_or_default();
    let mut query = application::table
        .filter(application::live_name.is_not_null())
        .filter(application::id.ne(except.clone()))
        .filter(application::instances.is_not_null())
        .select((
            application::instances,
            application::cpu_milli,
            application::memory_mib,
            application::price_micros,
            application::price_currency,
        ))
        .into_boxed();
    query = match holder {
        QuotaHolder::Project(project) => query.filter(application::project.eq(project.to_string())),
        QuotaHolder::Organisation(organisation) => query.filter(application::project.like(format!("{organisation}/%"))),
    };
    let rows: Vec<Taken> = query.load(connection)?;
    let mut sum = uncounted(connection, holder, &except)?;
    for (instances, cpu, memory, micros, currency) in rows {
        let count = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok()).unwrap_or_default();
        let currency: Option<Currency> =
            currency.map(|code| text::from_column("currency of an application", &code)).transpose()?;
        let one = QuotaUsage {
            applications: 1,
            instances: count(instances),
            cpu_milli: count(cpu),
            memory_mib: count(memory),
            ..QuotaUsage::default()
        };
        sum = sum.plus(&one.with_price(micros.zip(currency).map(|(micros, currency)| Money::new(micros, currency))));
    }
    Ok(sum)
}

/// What rows take that were last written when there were no quotas.
fn uncounted(connection: &mut Connection, holder: &QuotaHolder, except: &str) -> Result<QuotaUsage, RepositoryError> {
    let mut query = application::table
        .inner_join(application_revision::table.on(application_revision::application.eq(application::id)))
        .filter(application_revision::revision.eq(application::revision))
        .filter(application::live_name.is_not_null())
        .filter(application::id.ne(except.to_owned()))
        .filter(application::instances.is_null())
        .select(application_revision::model)
        .into_boxed();
    query = match holder {
        QuotaHolder::Project(project) => query.filter(application::project.eq(project.to_string())),
        QuotaHolder::Organisation(organisation) => query.filter(application::project.like(format!("{organisation}/%"))),
    };
    let models: Vec<String> = query.load(connection)?;
    let mut sum = QuotaUsage::default();
    for model in models {
        let model: ResourceModel = json::from_column("model of an application", &model)?;
        sum = sum.plus(&QuotaUsage::of(&model));
    }
    Ok(sum)
}

/// Writes down what the plan in force costs an hour.
pub(crate) fn price_set(connection: &mut Connection, id: ApplicationId, price: Money) -> Result<(), RepositoryError> {
    diesel::update(application::table.find(id.to_string()))
        .set((application::price_micros.eq(price.micros), application::price_currency.eq(price.currency.to_string())))
        .execute(connection)?;
    Ok(())
}

/// How many applications live in a project.
///
/// # Errors
/// When the database fails.
pub fn applications_living(connection: &mut Connection, project: &ProjectId) -> Result<u64, RepositoryError> {
    let count: i64 = application::table
        .filter(application::project.eq(project.as_str()))
        .filter(application::live_name.is_not_null())
        .count()
        .get_result(connection)?;
    Ok(u64::try_from(count).unwrap_or_default())
}
