//! What a person is told about their descriptor: where, what, and the remedy.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One thing that is wrong, or worth knowing, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// How bad it is.
    #[serde(default, skip_serializing_if = "Severity::is_error")]
    pub severity: Severity,
    /// The file, where several are read together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// The field, as a JSON Pointer (RFC 6901). Empty: the whole descriptor.
    pub pointer: String,
    /// What kind of fault it is, for programs.
    pub code: Code,
    /// What is wrong, for people: names the field.
    pub message: String,
    /// The remedy, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It keeps the whole from being taken.
    #[default]
    Error,
    /// It is taken, and probably not what is meant.
    Warning,
    /// It is taken; worth knowing.
    Note,
}

impl Severity {
    /// Whether it keeps the whole from being taken.
    #[must_use]
    pub fn is_error(&self) -> bool {
        *self == Self::Error
    }

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl Diagnostic {
    /// The fault with the line of the text that it is about, for a terminal:
    ///
    /// ```text
    /// shop.yaml:4:5: `components.web` has no field `replica` [unknown-field]
    ///   4 |     replica: 2
    ///     |     ^
    ///   hint: did you mean `replicas`?
    /// ```
    #[must_use]
    pub fn render(&self, source: &str, text: &str) -> String {
        let mut out = format!("{source}:{}:{}: {} [{}]", self.line, self.column, self.message, self.code);
        if let Some(line) = text.lines().nth(self.line.saturating_sub(1)) {
            let number = self.line.to_string();
            let shown: String = line.chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect();
            let gutter = " ".repeat(number.len());
            out.push_str(&format!("\n  {number} | {shown}"));
            if self.column <= 200 {
                out.push_str(&format!("\n  {gutter} | {}^", " ".repeat(self.column.saturating_sub(1))));
            }
        }
        if let Some(hint) = &self.hint {
            out.push_str(&format!("\n  hint: {hint}"));
        }
        out
    }
}

/// Everything that is wrong with a descriptor, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}", self.summary())]
#[serde(rename_all = "camelCase")]
pub struct Diagnostics {
    /// The faults, by line and column. Never empty.
    pub list: Vec<Diagnostic>,
    /// How many more there are than the list holds.
    pub omitted: usize,
}

impl Diagnostics {
    fn summary(&self) -> String {
        let mut lines: Vec<String> = self.list.iter().map(ToString::to_string).collect();
        if self.omitted > 0 {
            lines.push(format!("and {} more", self.omitted));
        }
        lines.join("\n")
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// What kind of fault it is. The texts are stable; new ones may come.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ #[serde(rename = $text)] $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The stable text.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// What it means, for people.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_start()),+ }
            }
        }
    };
}

codes! {
    /// The bytes are no UTF-8.
    Encoding = "encoding",
    /// The text is no YAML.
    Syntax = "syntax",
    /// There is nothing in it.
    Empty = "empty",
    /// It holds more than this broker reads.
    TooLarge = "too-large",
    /// It is nested more deeply than this broker reads.
    TooDeep = "too-deep",
    /// A second YAML document.
    SeveralDocuments = "several-documents",
    /// A field stands twice in one mapping.
    DuplicateKey = "duplicate-key",
    /// A key that is no text.
    KeyNotText = "key-not-text",
    /// A YAML tag outside the core schema.
    UnknownTag = "unknown-tag",
    /// A merge key `<<` whose value is no mapping.
    InvalidMerge = "invalid-merge",
    /// Infinity, not-a-number, or a value that its tag does not allow.
    InvalidScalar = "invalid-scalar",
    /// A field that the format doesn't have.
    UnknownField = "unknown-field",
    /// A field that must be there.
    MissingField = "missing-field",
    /// Text where a number belongs, and the like.
    WrongType = "wrong-type",
    /// A word outside the list of allowed ones.
    UnknownValue = "unknown-value",
    /// A choice among alternatives that chooses none, several, or an unknown one.
    WrongVariant = "wrong-variant",
    /// A number too small or too large.
    OutOfRange = "out-of-range",
    /// Fewer entries than needed.
    TooFew = "too-few",
    /// The same entry twice.
    DuplicateEntry = "duplicate-entry",
    /// A text in the wrong form: a quantity, an area, a currency, a path.
    InvalidText = "invalid-text",
    /// A name that is no label of RFC 1123.
    InvalidName = "invalid-name",
    /// A component that the model doesn't have.
    UnknownComponent = "unknown-component",
    /// A port that the component doesn't have.
    UnknownPort = "unknown-port",
    /// A port that this use can't have: a probe over UDP.
    UnfitPort = "unfit-port",
    /// Two ports with one number.
    PortClash = "port-clash",
    /// A component that is set against itself.
    SelfReference = "self-reference",
    /// The same link twice.
    DuplicateLink = "duplicate-link",
    /// A least above the most.
    EmptyRange = "empty-range",
    /// Replicas without an upper bound.
    UnboundedReplicas = "unbounded-replicas",
    /// An `everywhere` component with a fixed number of instances.
    FixedReplicas = "fixed-replicas",
    /// Rules or constraints that cannot hold together.
    Contradiction = "contradiction",
    /// A scaling policy that can't decide anything, or a rule that can't run.
    InvalidScaling = "invalid-scaling",
    /// A job that can't wait as it says.
    InvalidDeferral = "invalid-deferral",
    /// An update that leaves no time for what it asks.
    InvalidUpdate = "invalid-update",
    /// A service level that can't be measured.
    InvalidServiceLevel = "invalid-service-level",
    /// An amount of nothing.
    ZeroAmount = "zero-amount",
    /// An environment variable whose name POSIX doesn't allow, or a value that no environment can hold.
    InvalidVariable = "invalid-variable",
    /// An environment variable that belongs to the broker.
    ReservedVariable = "reserved-variable",
    /// Two things that would set one environment variable.
    VariableClash = "variable-clash",
    /// A `${NAME}` that stands for nothing.
    UnknownReference = "unknown-reference",
    /// Weights that weigh nothing.
    ZeroWeights = "zero-weights",
    /// A warning: a link to a component without ports.
    NothingToCall = "nothing-to-call",
    /// A warning: something that has no effect.
    NoEffect = "no-effect",
    /// It is wrong in a way that no check above foresaw.
    Invalid = "invalid",
    /// TOSCA: a version of the language that is not read.
    UnknownVersion = "unknown-version",
    /// TOSCA: a type that nothing defines.
    UnknownType = "unknown-type",
    /// TOSCA: types that derive from each other in a circle.
    DerivationCycle = "derivation-cycle",
    /// TOSCA: a template, input, group, requirement or the like that isn't there.
    UnknownName = "unknown-name",
    /// TOSCA: a function with arguments that it does not take.
    InvalidFunction = "invalid-function",
    /// TOSCA: values that stand for each other in a circle.
    CircularReference = "circular-reference",
    /// TOSCA: a value that a constraint of its type forbids.
    ConstraintViolated = "constraint-violated",
    /// TOSCA: an import that can't be had.
    ImportMissing = "import-missing",
    /// TOSCA: files that import each other in a circle.
    ImportCycle = "import-cycle",
    /// TOSCA: a package (CSAR) that can't be opened.
    InvalidPackage = "invalid-package",
    /// TOSCA: a place that its author left to be filled in.
    Placeholder = "placeholder",
    /// TOSCA: something that is read and has no meaning to this broker.
    NoMeaning = "no-meaning",
    /// TOSCA: a notation that other readers took and the standard doesn't have.
    Lenient = "lenient",
}

impl Code {
    /// Whether only templates of TOSCA have it.
    #[must_use]
    pub fn is_of_tosca(self) -> bool {
        self.meaning().starts_with("TOSCA: ")
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
