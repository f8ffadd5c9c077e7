//! The schema of a value: that of a property, an attribute, an input, an entry.

use super::{
    Kind, TypeId,
    constraint::{self, Constraint},
};
use crate::{
    descriptor::node::{Node, Position},
    diagnostic::Code,
    suggestion::shown,
    tosca::{grammar, report::Fault, world::World},
};

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueType {
    String,
    Integer,
    Float,
    Boolean,
    Timestamp,
    Version,
    Range,
    List,
    Map,
    Null,
    Bytes,
    /// A number with a unit.
    Scalar(Units),
    /// A type of `data_types`.
    Data(TypeId),
    /// Nobody knows; that was said where it is named.
    Unknown,
}

/// Which units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Units {
    Size,
    Time,
    Frequency,
    Bitrate,
    /// Those that a data type of 2.0 names.
    Named,
}

impl ValueType {
    /// The types of the language itself.
    pub(crate) fn primitive(name: &str) -> Option<Self> {
        Some(match name.strip_prefix("tosca:").unwrap_or(name) {
            "string" => Self::String,
            "integer" => Self::Integer,
            "float" | "number" => Self::Float,
            "boolean" => Self::Boolean,
            "timestamp" => Self::Timestamp,
            "version" => Self::Version,
            "range" => Self::Range,
            "list" => Self::List,
            "map" => Self::Map,
            "null" | "nil" => Self::Null,
            "bytes" => Self::Bytes,
            "scalar" => Self::Scalar(Units::Named),
            "scalar-unit.size" => Self::Scalar(Units::Size),
            "scalar-unit.time" => Self::Scalar(Units::Time),
            "scalar-unit.frequency" => Self::Scalar(Units::Frequency),
            "scalar-unit.bitrate" => Self::Scalar(Units::Bitrate),
            _ => return None,
        })
    }

    /// With its article, for people.
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Self::String => "text",
            Self::Integer => "a whole number",
            Self::Float => "a number",
            Self::Boolean => "`true` or `false`",
            Self::Timestamp => "a time such as 2030-01-31T12:00:00Z",
            Self::Version => "a version such as 1.2.3",
            Self::Range => "a range: a list of two numbers, the second of which may be UNBOUNDED",
            Self::List => "a list",
            Self::Map => "a map",
            Self::Null => "nothing",
            Self::Bytes => "bytes in base64",
            Self::Scalar(Units::Size) => "an amount of bytes with its unit, such as 2 GB",
            Self::Scalar(Units::Time) => "a time span with its unit, such as 30 s",
            Self::Scalar(Units::Frequency) => "a frequency with its unit, such as 2.4 GHz",
            Self::Scalar(Units::Bitrate) => "a bit rate with its unit, such as 10 Mbps",
            Self::Scalar(Units::Named) => "a number with its unit",
            Self::Data(_) => "a value of its type",
            Self::Unknown => "anything",
        }
    }
}

/// What a value must be, and what applies where there is none.
#[derive(Debug, Clone)]
pub(crate) struct Schema {
    pub(crate) at: Position,
    /// The name of the type, as it was written.
    pub(crate) type_name: String,
    pub(crate) value_type: ValueType,
    pub(crate) required: bool,
    pub(crate) default: Option<Node>,
    /// A value that can't be changed (2.0, clause 9.11).
    pub(crate) fixed: Option<Node>,
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) entry: Option<Box<Self>>,
    pub(crate) key: Option<Box<Self>>,
    pub(crate) deprecated: bool,
    pub(crate) description: Option<String>,
}

impl Schema {
    /// A schema that asks for nothing but a type.
    pub(crate) fn plain(at: Position, type_name: &str, value_type: ValueType) -> Self {
        Self {
            at,
            type_name: type_name.to_owned(),
            value_type,
            required: true,
            default: None,
            fixed: None,
            constraints: Vec::new(),
            entry: None,
            key: None,
            deprecated: false,
            description: None,
        }
    }
}

/// How deeply schemas may name schemas of entries.
const DEEPEST: usize = 16;

impl World {
    /// Reads the definition of a property, an attribute, an input or the like.
    /// `before` is the one that it refines.
    pub(crate) fn schema(
        &mut self,
        unit: usize,
        node: &Node,
        fields: grammar::Fields,
        what: &str,
        before: Option<&Schema>,
    ) -> Schema {
        self.schema_at(unit, node, fields, what, before, 0)
    }

    fn schema_at(
        &mut self,
        unit: usize,
        node: &Node,
        fields: grammar::Fields,
        what: &str,
        before: Option<&Schema>,
        depth: usize,
    ) -> Schema {
        let mut schema = before.cloned().unwrap_or_else(|| Schema::plain(node.at, "", ValueType::Unknown));
        schema.at = node.at;
        // 1.3 lets an entry schema be the name of a type alone.
        if let Some(name) = node.text() {
            let known = self.unit(unit).is_some_and(|unit| unit.scope.get(Kind::Data, name).is_some())
                || ValueType::primitive(name).is_some()
                || self.resolve(unit, Kind::Data, name).is_some();
            if !known && what.starts_with("the property") {
                // The parser that MiCADO relies on takes no notice of it.
                let message =
                    format!("{what} must be a map of fields with `type`; `{}` is taken for its default", shown(name));
                self.report.say(Fault::warning(node.at, Code::Lenient, message));
                schema.default = Some(node.clone());
                return schema;
            }
            schema.type_name = name.to_owned();
            schema.value_type = self.value_type(unit, name, node.at);
            return schema;
        }
        if !node.is_mapping() {
            if self.speaks_of(unit) {
                let message = format!("{what} must be a map of fields with `type`, not {}", node.what());
                self.report.say(Fault::error(node.at, Code::WrongType, message));
            }
            return schema;
        }
        if self.speaks_of(unit) {
            let version = self.version_of(unit);
            grammar::fields_loosely(&mut self.report, node, fields, version, what);
        }
        self.schema_type(unit, node, what, &mut schema);
        if depth < DEEPEST {
            let parts = [("entry_schema", "each entry"), ("key_schema", "each key")];
            for (index, (field, word)) in parts.into_iter().enumerate() {
                let Some(inner) = node.given(field) else { continue };
                let what = format!("{word} of {what}");
                let inner = Box::new(self.schema_at(unit, inner, grammar::SCHEMA, &what, None, depth + 1));
                if index == 0 { schema.entry = Some(inner) } else { schema.key = Some(inner) }
            }
        }
        self.schema_rest(unit, node, what, &mut schema);
        schema
    }

    fn schema_type(&mut self, unit: usize, node: &Node, what: &str, schema: &mut Schema) {
        match node.given("type") {
            Some(name) => match name.scalar() {
                Some(text) => {
                    let text = if name.text().is_none() { "null" } else { text };
                    schema.type_name = text.to_owned();
                    schema.value_type = self.value_type(unit, text, name.at);
                }
                None => {
                    let message = format!("the type of {what} must be a name, not {}", name.what());
                    self.report.say(Fault::error(name.at, Code::WrongType, message));
                }
            },
            // 2.0 lets a property take the type of the one it refines; inputs of 2.0 may have none.
            None if !schema.type_name.is_empty() => {}
            None if self.version_of(unit).is_two() && what.starts_with("the input") => {}
            None => {
                if self.speaks_of(unit) {
                    let message = format!("{what} has no `type`");
                    let hint = "name one, such as `type: string`";
                    self.report.say(Fault::error(node.at, Code::MissingField, message).hint(hint));
                }
            }
        }
    }

    fn schema_rest(&mut self, unit: usize, node: &Node, what: &str, schema: &mut Schema) {
        if let Some(required) = node.given("required") {
            schema.required = match required.scalar().map(str::to_ascii_lowercase).as_deref() {
                Some("true" | "yes" | "on") => true,
                Some("false" | "no" | "off") => false,
                _ => {
                    if self.speaks_of(unit) && !super::super::functions::is_call(required) {
                        let message = format!("`required` of {what} must be `true` or `false`");
                        self.report.say(Fault::error(required.at, Code::WrongType, message));
                    }
                    schema.required
                }
            };
        }
        if let Some(default) = node.given("default") {
            schema.default = Some(default.clone());
        }
        schema.fixed = node.given("value").cloned().or_else(|| schema.fixed.take());
        schema.deprecated = node.get("status").and_then(Node::text) == Some("deprecated");
        if let Some(text) = node.get("description").and_then(Node::text) {
            schema.description = Some(text.trim().to_owned());
        }
        let constraints = constraint::read(self, unit, node, schema, what);
        schema.constraints.extend(constraints);
    }

    /// The type of values that a name stands for. Says where there is none.
    pub(crate) fn value_type(&mut self, unit: usize, name: &str, at: Position) -> ValueType {
        // What a file defines goes before what the language has.
        if let Some(id) = self.unit(unit).and_then(|unit| unit.scope.get(Kind::Data, name)) {
            return ValueType::Data(id);
        }
        if let Some(primitive) = ValueType::primitive(name) {
            return primitive;
        }
        match self.resolve(unit, Kind::Data, name) {
            Some(id) => ValueType::Data(id),
            None => {
                self.unknown_type(unit, Kind::Data, name, at);
                ValueType::Unknown
            }
        }
    }

    /// Says that a type isn't there.
    pub(crate) fn unknown_type(&mut self, unit: usize, kind: Kind, name: &str, at: Position) {
        if !self.speaks_of(unit) || self.missing_imports(unit, name) {
            return;
        }
        let message = format!("there is no {} `{}`", kind.word(), shown(name));
        let hint = self.type_hint(unit, kind, name);
        self.report.say(Fault::error(at, Code::UnknownType, message).hint(hint));
    }

    fn type_hint(&self, unit: usize, kind: Kind, name: &str) -> String {
        let own = self.unit(unit).into_iter().flat_map(|unit| unit.scope.names(kind)).map(|(name, _)| name);
        // 2.0 sees the normative types only by what it imports.
        let seen = !self.version_of(unit).is_two();
        let base = self.types.base.names(kind).map(|(name, _)| name).filter(|_| seen);
        let words = ["string", "integer", "float", "boolean", "list", "map", "timestamp", "version", "range"];
        let primitive = if kind == Kind::Data { &words[..] } else { &[] };
        let known: Vec<&str> = own.chain(base).chain(primitive.iter().copied()).take(self.report.room()).collect();
        if let Some(close) = nearest(name, &known) {
            return format!("did you mean `{close}`?");
        }
        if self.version_of(unit).is_two() {
            "TOSCA 2.0 has no types of its own: import a profile, such as `- profile: org.oasis-open.simple:2.0`"
                .to_owned()
        } else {
            format!("define it under `{}`, or import the file that does", kind.section())
        }
    }
}

/// The known type that was probably meant: the likeliest by its letters, or one
/// that has all parts of the name.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let parts: Vec<&str> = name.split(['.', ':']).collect();
    let has_all = |candidate: &&&str| {
        let theirs: Vec<&str> = candidate.split(['.', ':']).collect();
        let mut rest = theirs.iter();
        parts.len() > 2 && parts.iter().all(|part| rest.any(|their| their == part))
    };
    let whole = known.iter().filter(has_all).min_by_key(|candidate| candidate.len()).copied();
    // What all names of a kind begin with says nothing about likeness.
    let bare = |name: &'a str| {
        name.strip_prefix("tosca.").and_then(|rest| rest.split_once('.')).map_or(name, |(_, rest)| rest)
    };
    let given = name.strip_prefix("tosca.").and_then(|rest| rest.split_once('.')).map_or(name, |(_, rest)| rest);
    let close = || crate::suggestion::closest(given, known.iter().map(|name| bare(name)));
    whole.or_else(|| close().and_then(|close| known.iter().find(|name| bare(name) == close)).copied())
}
