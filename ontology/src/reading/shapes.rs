//! The SHACL shapes, compiled once, and what they say about one resource.

use super::{ReadError, Violation};
use crate::vocabulary::{SHAPES_TTL, Term as Name, shorten};
use oxigraph::model::Term;
use rudof_rdf::{
    rdf_core::{RDFFormat, SHACLPath, term::Object},
    rdf_impl::{OxigraphInMemory, ReaderMode},
};
use shacl::{
    ir::{IRComponent, IRSchema, IRShape, RecursionSemantics, ShapeLabelIdx},
    validator::{
        engine::{Engine, NativeEngine, Validate},
        nodes::FocusNodes,
        report::ValidationResult,
    },
};
use std::sync::LazyLock;

/// The shapes, compiled at the first use.
static SHAPES: LazyLock<Result<IRSchema, String>> = LazyLock::new(|| {
    IRSchema::from_str(SHAPES_TTL, &RDFFormat::Turtle, None, &ReaderMode::Strict).map_err(|error| error.to_string())
});

/// What the shape of `class` says against `resource`, whose triples, and no others, are in `graph`.
pub(super) fn violations(
    class: Name,
    resource: Term,
    graph: &OxigraphInMemory,
) -> Result<Vec<Violation>, ReadError> {
    let schema = SHAPES.as_ref().map_err(|reason| ReadError::Shapes { reason: reason.clone() })?;
    let label = Object::iri(rudof_iri::IriS::new_unchecked(&format!("{}Shape", class.iri)));
    let shape = schema
        .get_shape(&label)
        .ok_or_else(|| ReadError::Shapes { reason: format!("there is no {class}Shape") })?;
    let mut engine = NativeEngine::new(RecursionSemantics::default());
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
                None => violations.push(violation(result, shape, &field)),
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
}

const NODE_CONSTRAINT: &str = "http://www.w3.org/ns/shacl#NodeConstraintComponent";

fn violation(result: &ValidationResult, shape: &IRShape, field: &[String]) -> Violation {
    let messages = result.message();
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

fn readable_path(path: &SHACLPath) -> String {
    match path {
        SHACLPath::Predicate { pred } => shorten(pred.as_str()),
        SHACLPath::Sequence { paths } => paths.iter().map(readable_path).collect::<Vec<_>>().join(" / "),
        other => other.to_string(),
    }
}
