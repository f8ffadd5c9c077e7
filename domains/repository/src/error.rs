//! What can go wrong with the database, each kind with its remedy.
//!
//! SQLite tells its result codes apart by text alone once diesel has wrapped
//! them, so the fixed texts of `sqlite3_errstr` are matched here and nowhere else.

use crate::scope;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// An error of the repository.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepositoryError {
    /// What was asked for does not exist.
    #[error("{0} does not exist")]
    NotFound(String),
    /// It is not as the caller saw it.
    #[error("{0} changed in the meantime; read it again")]
    Changed(String),
    /// It clashes with what is stored.
    #[error("{message}")]
    Conflict {
        /// What clashes with what.
        message: String,
        /// What the database said.
        #[source]
        source: Option<DieselError>,
    },
    /// An argument breaks a rule.
    #[error("{field}: {message}")]
    Invalid {
        /// Which argument.
        field: String,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// Somebody else holds the database's lock for too long.
    #[error(
        "the database is locked by another writer; end the other program (a backup, a shell, a second broker on the same file) and try again"
    )]
    Busy(#[source] Option<DieselError>),
    /// There is no room left.
    #[error("the disk that holds the database is full; nothing was written; free space{} and try again", scope::under(.folder.as_deref()))]
    Full {
        /// The folder of the database, where known.
        folder: Option<String>,
        /// What the database said.
        #[source]
        source: Option<DieselError>,
    },
    /// The database cannot be reached.
    #[error("the database {database} cannot be reached: {reason}; check that it runs and that `database.url` is right")]
    Unavailable {
        /// Which database, without its password.
        database: String,
        /// What was tried and what came of it.
        reason: String,
    },
    /// The file is damaged or is no database.
    #[error(
        "the database file is damaged ({reason}); stop the broker, keep the file aside and restore the last backup"
    )]
    Corrupt {
        /// What was found.
        reason: String,
        /// What the database said.
        #[source]
        source: Option<DieselError>,
    },
    /// A newer Hansa has migrated this database.
    #[error("the database was made by a newer Hansa (unknown migrations: {}); run that version, or restore a backup from before the upgrade", .unknown.join(", "))]
    Newer {
        /// Migrations that this program does not know.
        unknown: Vec<String>,
    },
    /// A migration failed; the database is as before.
    #[error("migration {name} failed and was rolled back: {reason}")]
    Migration {
        /// Which.
        name: String,
        /// Why.
        reason: String,
    },
    /// A document for the catalogue cannot be read at all.
    #[error(transparent)]
    Document(#[from] hansa_ontology::reading::ReadError),
    /// A query over the catalogue has no answer.
    #[error(transparent)]
    Query(#[from] hansa_ontology::graph::GraphError),
    /// Everything else.
    #[error("unexpected error of the database: {message}")]
    Internal {
        /// What was being done.
        message: String,
        /// What the database said.
        #[source]
        source: Option<DieselError>,
    },
}

/// The kind of a [`RepositoryError`]: what a caller decides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was asked for does not exist.
    NotFound,
    /// It is not as the caller saw it.
    PreconditionFailed,
    /// It clashes with what is stored.
    Conflict,
    /// An argument breaks a rule.
    Invalid,
    /// An argument is too large.
    TooLarge,
    /// A query took too long.
    Timeout,
    /// Locked: try again.
    Busy,
    /// No room: an operator must help.
    Full,
    /// Not reachable: try again.
    Unavailable,
    /// Damaged: an operator must help.
    Corrupt,
    /// From a newer Hansa: an operator must help.
    Newer,
    /// A bug or an unknown failure.
    Internal,
}

impl ErrorKind {
    fn of_ontology(kind: hansa_ontology::reading::ErrorKind) -> Self {
        use hansa_ontology::reading::ErrorKind as Theirs;
        match kind {
            Theirs::Invalid => Self::Invalid,
            Theirs::TooLarge => Self::TooLarge,
            Theirs::Timeout => Self::Timeout,
            Theirs::Busy => Self::Busy,
            Theirs::Internal => Self::Internal,
        }
    }
}

impl RepositoryError {
    /// What a caller decides by.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Changed(_) => ErrorKind::PreconditionFailed,
            Self::Conflict { .. } => ErrorKind::Conflict,
            Self::Invalid { .. } => ErrorKind::Invalid,
            Self::Busy(_) => ErrorKind::Busy,
            Self::Full { .. } => ErrorKind::Full,
            Self::Unavailable { .. } => ErrorKind::Unavailable,
            Self::Corrupt { .. } => ErrorKind::Corrupt,
            Self::Newer { .. } => ErrorKind::Newer,
            Self::Document(error) => ErrorKind::of_ontology(error.kind()),
            Self::Query(error) => ErrorKind::of_ontology(error.kind()),
            Self::Migration { .. } | Self::Internal { .. } => ErrorKind::Internal,
        }
    }

    /// Whether the same call may succeed later without anyone's help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.kind(), ErrorKind::Busy | ErrorKind::Unavailable)
    }

    /// A stored value that this program cannot read back.
    #[must_use]
    pub fn unreadable(what: &str, error: &dyn std::fmt::Display) -> Self {
        Self::Internal { message: format!("stored {what} cannot be read: {error}"), source: None }
    }

    /// A conflict that the database did not notice itself.
    #[must_use]
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict { message: message.into(), source: None }
    }

    /// An argument that breaks a rule.
    #[must_use]
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), message: message.into() }
    }
}

impl From<DieselError> for RepositoryError {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::NotFound => Self::NotFound("the record".to_owned()),
            DieselError::DatabaseError(kind, information) => {
                let (kind, message) = (*kind, information.message().to_owned());
                from_database(kind, &message, error)
            }
            DieselError::BrokenTransactionManager => Self::Unavailable {
                database: scope::database(),
                reason: "the connection broke within a transaction; it was rolled back".to_owned(),
            },
            _ => Self::Internal { message: error.to_string(), source: Some(error) },
        }
    }
}

fn from_database(kind: DatabaseErrorKind, message: &str, error: DieselError) -> RepositoryError {
    match kind {
        DatabaseErrorKind::UniqueViolation => {
            RepositoryError::Conflict { message: format!("it exists already ({message})"), source: Some(error) }
        }
        DatabaseErrorKind::ForeignKeyViolation | DatabaseErrorKind::RestrictViolation => RepositoryError::Conflict {
            message: format!("something else refers to it, or it refers to something that does not exist ({message})"),
            source: Some(error),
        },
        DatabaseErrorKind::SerializationFailure => RepositoryError::Busy(Some(error)),
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
            RepositoryError::Unavailable { database: scope::database(), reason: first_line(message) }
        }
        _ => from_text(message, Some(error)),
    }
}

/// By the fixed texts of SQLite and those of PostgreSQL in its default language.
pub(crate) fn from_text(message: &str, error: Option<DieselError>) -> RepositoryError {
    let has = |texts: &[&str]| texts.iter().any(|text| message.contains(text));
    if has(&["database is locked", "database table is locked", "lock timeout", "deadlock detected"]) {
        RepositoryError::Busy(error)
    } else if has(&["database or disk is full", "No space left on device"])
        || (has(&["disk I/O error"]) && scope::disk_is_full())
    {
        RepositoryError::Full { folder: scope::folder(), source: error }
    } else if has(&[
        "disk image is malformed",
        "file is not a database",
        "disk I/O error",
        "invalid page in block",
        "could not read block",
    ]) {
        RepositoryError::Corrupt { reason: first_line(message), source: error }
    } else if has(&[
        "unable to open database file",
        "readonly database",
        "terminating connection",
        "server closed the connection",
        "no connection to the server",
        "the database system is",
    ]) {
        RepositoryError::Unavailable { database: scope::database(), reason: first_line(message) }
    } else if has(&["invalid byte sequence for encoding", "unsupported Unicode escape sequence"]) {
        // Refused where texts come in; this is for what slips through there.
        RepositoryError::invalid("text", "it holds a character that can't be stored (U+0000); leave it out")
    } else {
        RepositoryError::Internal { message: first_line(message), source: error }
    }
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().trim().to_owned()
}
