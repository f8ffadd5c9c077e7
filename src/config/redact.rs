//! The effective configuration as people may see it: without secrets.

use super::{Settings, to_yaml};
use hansa_iam::Secret;

/// The settings in force as YAML, in the words of the file; passwords are replaced.
pub(crate) fn effective(settings: &Settings) -> String {
    let mut shown = settings.clone();
    shown.database.url = Some(without_password(&settings.database_url()));
    for issuer in &mut shown.auth.issuers {
        issuer.client_secret = issuer.client_secret.as_ref().map(|_| Secret::new("***"));
    }
    serde_json::to_value(&shown).map_or_else(|fault| format!("# {fault}\n"), |value| to_yaml(&value))
}

/// A URL with its password, and a password given as a parameter, replaced by `***`.
pub(crate) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (before_query, query) = rest.split_once('?').map_or((rest, None), |(before, query)| (before, Some(query)));
    let shown = match before_query.rsplit_once('@') {
        Some((user, place)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:***@{place}"),
            None => format!("{user}@{place}"),
        },
        None => before_query.to_owned(),
    };
    let query = query.map(|query| {
        let parts = query.split('&').map(|part| match part.split_once('=') {
            Some((name, _)) if name.to_lowercase().contains("password") => format!("{name}=***"),
            _ => part.to_owned(),
        });
        format!("?{}", parts.collect::<Vec<_>>().join("&"))
    });
    format!("{scheme}://{shown}{}", query.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn no_password_is_shown() {
        for (given, shown) in [
            ("postgres://ann:s3cret@db:5432/hansa", "postgres://ann:***@db:5432/hansa"),
            ("postgres://ann:s3/c@ret@db/hansa", "postgres://ann:***@db/hansa"),
            (
                "postgres://ann@db/hansa?password=s3cret&sslmode=require",
                "postgres://ann@db/hansa?password=***&sslmode=require",
            ),
            ("sqlite:/tmp/a.db", "sqlite:/tmp/a.db"),
        ] {
            assert_eq!(without_password(given), shown);
        }
    }
}
