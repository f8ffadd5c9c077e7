//! The SHACL shapes, compiled once, and what they say about one resource.

use super::{ReadError, Violation, parts::Part};
use crate::vocabulary::{SHAPES_TTL, Term as Name, shorten};
use oxigraph::model::{NamedOrBlankNode, Term};
use rudof_iri::IriS;
use rudof_rdf::{
    rdf_core::{RDFFormat, SHACLPath, term::Object},
    rdf_impl::{OxigraphInMemory, ReaderMode},
};
use shacl::{
    ir::{IRComponent, IRSchema, IRShape, RecursionSemantics, ShapeLabelIdx},
    validator::{
        engine::{Engine, NativeEngine, Validate},
        nodes::FocusNodes,
        report::{ValidationOutcome, ValidationResult},
    },
};
use std::sync::LazyLock;

/// The shapes, compiled at the first use.
static SHAPES: LazyLock<Result<IRSchema, String>> = LazyLock::new(|| {
    IRSchema::from_str(SHAPES_TTL, &RDFFormat::Turtle, None, &ReaderMode::Strict).map_err(|error| error.to_string())
});

/// What the shape of `class` says against `resource`, whose triples, and no others, are in `graph`.
/// The shapes of `good` parts are taken as fulfilled.
pub(super) fn violations<'a>(
    class: Name,
    resource: Term,
    graph: &OxigraphInMemory,
    good: impl Iterator<Item = &'a Part>,
) -> Result<Vec<Violation>, ReadError> {
    let schema = SHAPES.as_ref().map_err(|reason| ReadError::Shapes { reason: reason.clone() })?;
    let shape = schema
        .get_shape(&label(class))
        .ok_or_else(|| ReadError::Shapes { reason: format!("there is no {class}Shape") })?;
    let mut engine = NativeEngine::new(RecursionSemantics::default());
    for part in good {
        remember(schema, &mut engine, part);
    }
    let focus = FocusNodes::single(resource);
    let outcome = shape
        .validate(graph, &mut engine, Some(&focus), None, schema)
        .map_err(|error| ReadError::Shapes { reason: error.to_string() })?;
    let report = Report { schema, engine: &engine };
    let mut violations = report.flatten(outcome.violations(), shape, &[]);
    violations.sort();
    violations.dedup();
    Ok(violations)
}

fn label(class: Name) -> Object {
    Object::iri(IriS::new_unchecked(&format!("{}Shape", class.iri)))
}

/// Lets the engine find in its own memory that the part fulfils its shape.
fn remember(schema: &IRSchema, engine: &mut dyn Engine<OxigraphInMemory>, part: &Part) {
    if let Some(shape) = schema.get_idx(&label(part.class)) {
        let node = match &part.node {
            NamedOrBlankNode::NamedNode(name) => Object::iri(IriS::new_unchecked(name.as_str())),
            NamedOrBlankNode::BlankNode(blank) => Object::BlankNode(blank.as_str().to_owned()),
        };
        engine.record_validation(node, *shape, ValidationOutcome::new());
    }
}

/// `sh:node` says only that a nested node does not conform; people want to
/// know which of its fields, so the nested results take that result's place.
struct Report<'a> {
    schema: &'a IRSchema,
    engine: &'a NativeEngine,
}

impl Report<'_> {
    fn flatten(&self, results: &[ValidationResult], shape: &IRShape, path: &[String]) -> Vec<Violation> {
        let mut violations = Vec::new();
        for result in results {
            let mut field = path.to_vec();
            field.extend(result.path().map(readable_path));
            match self.nested(result) {
                Some((nested, results)) => violations.extend(self.flatten(&results, nested, &field)),
                None => violations.push(self.violation(result, shape, &field)),
            }
        }
        violations
    }

    /// The nested shape and its results, if the result stands for such.
    fn nested(&self, result: &ValidationResult) -> Option<(&IRShape, Vec<ValidationResult>)> {
        let value = result.value().filter(|value| !matches!(value, Object::Literal(_)))?;
        if result.constraint_component().to_string() != NODE_CONSTRAINT {
            return None;
        }
        let components = self.schema.get_shape(result.source()?)?.components();
        let index: ShapeLabelIdx = components.iter().find_map(|component| match component {
            IRComponent::Node(node) => Some(*node.shape()),
            _ => None,
        })?;
        let engine: &dyn Engine<OxigraphInMemory> = self.engine;
        let (results, _) = engine.get_cached_outcome(value, index)?.into_parts();
        (!results.is_empty()).then_some((self.schema.get_shape_from_idx(&index)?, results))
    }

    fn violation(&self, result: &ValidationResult, shape: &IRShape, field: &[String]) -> Violation {
        // The library gives some constraints (sh:or) a text of its own where the shape has one.
        let own = result.source().and_then(|source| self.schema.get_shape(source)).and_then(IRShape::message);
        let messages = own.unwrap_or(result.message());
        let message = messages.get(None).or_else(|| messages.iter().map(|(_, text)| text).min());
        let value = result.value().and_then(|value| match value {
            Object::Iri(iri) => Some(shorten(iri.as_str())),
            Object::Literal(literal) => Some(literal.lexical_form()),
            _ => None,
        });
        let shape = match shape.id() {
            Object::Iri(iri) => shorten(iri.as_str()),
            other => other.to_string(),
        };
        Violation { field: field.join(" / "), value, message: message.cloned().unwrap_or_default(), shape }
    }
}

const NODE_CONSTRAINT: &str = "http://www.w3.org/ns/shacl#NodeConstraintComponent";

fn readable_path(path: &SHACLPath) -> String {
    match path {
        SHACLPath::Predicate { pred } => shorten(pred.as_str()),
        SHACLPath::Sequence { paths } => paths.iter().map(readable_path).collect::<Vec<_>>().join(" / "),
        other => other.to_string(),
    }
}
