//! The answer to a query, and the formats in which it is handed out.

use super::GraphError;
use crate::vocabulary::{XSD, shorten};
use oxigraph::model::Term;
use serde_json::{Map, Value, json};
use std::fmt;

/// The answer to a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryAnswer {
    /// Of a SELECT.
    Rows {
        /// The variables, without question mark, in the query's order.
        variables: Vec<String>,
        /// For each row a value for each variable, if it is bound.
        rows: Vec<Vec<Option<AnswerTerm>>>,
        /// Whether there were more rows than allowed.
        truncated: bool,
    },
    /// Of an ASK.
    Boolean(bool),
    /// Of a CONSTRUCT or DESCRIBE.
    Triples {
        /// The triples as Turtle.
        turtle: String,
        /// Whether there were more triples than allowed.
        truncated: bool,
    },
}

/// One value in a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AnswerTerm {
    /// A named thing.
    Iri(String),
    /// A thing without a name; the label means something within one answer only.
    BlankNode(String),
    /// A text or a number.
    Literal {
        /// As it is written.
        value: String,
        /// The IRI of its datatype.
        datatype: String,
        /// Its language, if it is a text in one.
        language: Option<String>,
    },
}

impl From<Term> for AnswerTerm {
    fn from(term: Term) -> Self {
        match term {
            Term::NamedNode(name) => Self::Iri(name.into_string()),
            Term::BlankNode(blank) => Self::BlankNode(blank.into_string()),
            Term::Literal(literal) => Self::Literal {
                value: literal.value().to_owned(),
                datatype: literal.datatype().as_str().to_owned(),
                language: literal.language().map(str::to_owned),
            },
            // Triple terms (RDF 1.2): no offer has one, but a query can make one.
            other => Self::Literal { value: other.to_string(), datatype: XSD::STRING.iri.to_owned(), language: None },
        }
    }
}

/// As people read it in a table: IRIs with a prefix where one is known, literals without quotes.
impl fmt::Display for AnswerTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Iri(iri) => f.write_str(&shorten(iri)),
            Self::BlankNode(label) => write!(f, "_:{label}"),
            Self::Literal { value, .. } => f.write_str(value),
        }
    }
}

/// A format for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnswerFormat {
    /// SPARQL 1.1 Query Results JSON Format: of SELECT and ASK.
    Json,
    /// SPARQL 1.1 Query Results CSV Format: of SELECT.
    Csv,
    /// Turtle: of CONSTRUCT and DESCRIBE.
    Turtle,
}

impl AnswerFormat {
    /// The format's media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/sparql-results+json",
            Self::Csv => "text/csv",
            Self::Turtle => "text/turtle",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Json => "SPARQL results JSON",
            Self::Csv => "CSV",
            Self::Turtle => "Turtle",
        }
    }
}

impl QueryAnswer {
    /// Whether there was more than the limits allow.
    #[must_use]
    pub const fn truncated(&self) -> bool {
        match self {
            Self::Boolean(_) => false,
            Self::Rows { truncated, .. } | Self::Triples { truncated, .. } => *truncated,
        }
    }

    /// The format that suits the answer when the caller asks for none.
    #[must_use]
    pub const fn natural_format(&self) -> AnswerFormat {
        match self {
            Self::Rows { .. } | Self::Boolean(_) => AnswerFormat::Json,
            Self::Triples { .. } => AnswerFormat::Turtle,
        }
    }

    /// The answer in a format.
    ///
    /// # Errors
    /// When an answer of this kind can't be written so.
    pub fn write(&self, format: AnswerFormat) -> Result<String, GraphError> {
        match (self, format) {
            (Self::Rows { variables, rows, .. }, AnswerFormat::Json) => Ok(rows_json(variables, rows)),
            (Self::Rows { variables, rows, .. }, AnswerFormat::Csv) => Ok(rows_csv(variables, rows)),
            (Self::Boolean(truth), AnswerFormat::Json) => Ok(json!({"head": {}, "boolean": truth}).to_string()),
            (Self::Triples { turtle, .. }, AnswerFormat::Turtle) => Ok(turtle.clone()),
            (Self::Rows { .. }, _) => Err(unsuitable("the answer to a SELECT", format, "SPARQL results JSON or CSV")),
            (Self::Boolean(_), _) => Err(unsuitable("the answer to an ASK", format, "SPARQL results JSON")),
            (Self::Triples { .. }, _) => Err(unsuitable("the answer to a CONSTRUCT or DESCRIBE", format, "Turtle")),
        }
    }
}

fn unsuitable(answer: &'static str, format: AnswerFormat, instead: &'static str) -> GraphError {
    GraphError::Format { answer, format: format.name(), instead }
}

/// <https://www.w3.org/TR/sparql11-results-json/>
fn rows_json(variables: &[String], rows: &[Vec<Option<AnswerTerm>>]) -> String {
    let bindings: Vec<Value> = rows
        .iter()
        .map(|row| {
            let bound = variables.iter().zip(row);
            let bound = bound.filter_map(|(name, value)| Some((name.clone(), term_json(value.as_ref()?))));
            Value::Object(bound.collect::<Map<_, _>>())
        })
        .collect();
    json!({"head": {"vars": variables}, "results": {"bindings": bindings}}).to_string()
}

fn term_json(term: &AnswerTerm) -> Value {
    match term {
        AnswerTerm::Iri(iri) => json!({"type": "uri", "value": iri}),
        AnswerTerm::BlankNode(label) => json!({"type": "bnode", "value": label}),
        AnswerTerm::Literal { value, language: Some(language), .. } => {
            json!({"type": "literal", "value": value, "xml:lang": language})
        }
        AnswerTerm::Literal { value, datatype, .. } if datatype == XSD::STRING.iri => {
            json!({"type": "literal", "value": value})
        }
        AnswerTerm::Literal { value, datatype, .. } => json!({"type": "literal", "value": value, "datatype": datatype}),
    }
}

/// <https://www.w3.org/TR/sparql11-results-csv-tsv/>: RFC 4180, lines end with CRLF.
fn rows_csv(variables: &[String], rows: &[Vec<Option<AnswerTerm>>]) -> String {
    let mut text = variables.join(",") + "\r\n";
    for row in rows {
        let cells: Vec<String> = row.iter().map(|value| value.as_ref().map(cell).unwrap_or_default()).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

fn cell(term: &AnswerTerm) -> String {
    let text = match term {
        AnswerTerm::Iri(value) | AnswerTerm::Literal { value, .. } => value.clone(),
        AnswerTerm::BlankNode(label) => format!("_:{label}"),
    };
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
