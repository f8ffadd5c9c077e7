//! A fault in the configuration, as a person has to read it.

use std::fmt;

/// One fault: where it is, what is wrong, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigFault {
    /// The setting, as in `server.listen` or `sites.0.nodes.1.cpu`.
    pub field: String,
    /// Where its value comes from: a file, an environment variable, the defaults.
    pub source: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: Option<String>,
}

impl ConfigFault {
    /// A fault of a field, with its remedy.
    pub(crate) fn new(field: impl Into<String>, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { field: field.into(), source: None, message: message.into(), remedy: Some(remedy.into()) }
    }
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            f.write_str(&self.message)?;
        } else {
            write!(f, "{}: {}", self.field, self.message)?;
        }
        if let Some(source) = &self.source {
            write!(f, " (from {source})")?;
        }
        self.remedy.as_ref().map_or(Ok(()), |remedy| write!(f, "; {remedy}"))
    }
}
