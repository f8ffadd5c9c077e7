//! Which database: a file of our own, or a PostgreSQL server.

use crate::error::RepositoryError;
use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Which database. Its text forms never show a password.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite:PATH`: a file, relative to the working folder or absolute.
    Sqlite(PathBuf),
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE` as libpq takes it.
    Postgres(String),
}

impl DatabaseUrl {
    /// A SQLite file.
    #[must_use]
    pub fn sqlite(path: impl AsRef<Path>) -> Self {
        Self::Sqlite(path.as_ref().to_path_buf())
    }

    /// The connection string as libpq needs it, password included. Not for logs.
    pub(crate) fn secret(&self) -> String {
        match self {
            Self::Sqlite(path) => path.display().to_string(),
            Self::Postgres(url) => url.clone(),
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = RepositoryError;

    fn from_str(text: &str) -> Result<Self, RepositoryError> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path == ":memory:" {
                return Err(RepositoryError::invalid(
                    "database.url",
                    "names no file; write sqlite:PATH, such as sqlite:hansa-data/hansa.db",
                ));
            }
            return Ok(Self::sqlite(path));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err(RepositoryError::invalid("database.url", "is neither sqlite:PATH nor postgres://USER@HOST/DATABASE"))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&without_password(url)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

/// Cuts the password out of the authority and all parameters, which may hold one too.
fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.split_once('?').map_or(rest, |(before, _)| before);
    let (authority, path) = rest.split_once('/').map_or((rest, None), |(a, p)| (a, Some(p)));
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) => format!("{}@{host}", user.split_once(':').map_or(user, |(name, _)| name)),
        None => authority.to_owned(),
    };
    match path {
        Some(path) => format!("{scheme}://{authority}/{path}"),
        None => format!("{scheme}://{authority}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms() {
        for (text, path) in
            [("sqlite:a/b.db", "a/b.db"), ("sqlite:///var/lib/h.db", "/var/lib/h.db"), ("sqlite:/x", "/x")]
        {
            assert_eq!(text.parse::<DatabaseUrl>().unwrap(), DatabaseUrl::sqlite(path));
        }
        assert!(matches!("postgres://u@h/d".parse(), Ok(DatabaseUrl::Postgres(_))));
        for bad in ["", "sqlite:", "sqlite::memory:", "mysql://h/d", "hansa.db"] {
            let error = bad.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert!(error.starts_with("database.url: "), "{error}");
        }
    }

    #[test]
    fn never_shows_a_password() {
        for text in [
            "postgres://hansa:s3cret@db.example:5432/hansa?sslmode=disable",
            "postgres://hansa:s3cr@t@db/hansa",
            "postgresql://db/hansa?password=s3cret&user=hansa",
            "postgres://hansa:s3cret@db",
        ] {
            let url: DatabaseUrl = text.parse().unwrap();
            for shown in [format!("{url}"), format!("{url:?}")] {
                assert!(!shown.contains("s3cr") && shown.contains("db"), "{shown}");
            }
        }
    }
}
