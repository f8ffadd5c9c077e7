//! Parsing, refusing and evaluating a query, within limits.

use super::{AnswerTerm, GraphError, QueryAnswer, QueryLimits};
use crate::vocabulary::PREFIXES;
use oxigraph::{
    io::{RdfFormat, RdfSerializer},
    model::{NamedNode, Triple},
    sparql::{
        CancellationToken, DefaultServiceHandler, QueryEvaluationError, QueryResults, QuerySolutionIter,
        QueryTripleIter, SparqlEvaluator,
    },
    store::Store,
};
use spargebra::{Query, SparqlParser, algebra::GraphPattern};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

/// The parser and the evaluator are recursive; the text is short (see
/// [`QueryLimits::length`]), but each of its bytes may open a bracket. Memory
/// of a stack is taken only where it is touched.
const STACK_BYTES: usize = 512 << 20;

/// How many queries are being answered. The evaluator looks at its
/// cancellation token when it reads a triple, but not while it multiplies what
/// it has read: a query that sorts or counts the product of unconnected
/// patterns goes on after it was given up. So those are counted too, and their
/// number is bounded.
#[derive(Clone, Default)]
pub(super) struct Slots(Arc<AtomicUsize>);

/// At most so many queries at the same time, with those that were given up.
pub(super) const MOST_QUERIES: usize = 4;

/// One query being answered.
struct Slot(Arc<AtomicUsize>);

impl Slots {
    fn take(&self) -> Result<Slot, GraphError> {
        let taken = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |taken| (taken < MOST_QUERIES).then_some(taken + 1));
        taken.map(|_| Slot(Arc::clone(&self.0))).map_err(|most| GraphError::Busy { most })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Evaluates on a thread of its own and gives up on it when the time is over.
pub(super) fn answer(
    store: &Store,
    slots: &Slots,
    sparql: &str,
    limits: &QueryLimits,
) -> Result<QueryAnswer, GraphError> {
    let slot = slots.take()?;
    let (sender, receiver) = mpsc::channel();
    let token = CancellationToken::new();
    let (store, sparql, limits, cancelled) = (store.clone(), sparql.to_owned(), *limits, token.clone());
    thread::Builder::new()
        .name("offer-query".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let answer = parse(&sparql).and_then(|query| evaluate(&store, query, &limits, cancelled));
            drop(slot);
            // Nobody listens any more when the time was over before the answer.
            drop(sender.send(answer));
        })
        .map_err(GraphError::store)?;
    receiver.recv_timeout(limits.time).unwrap_or_else(|_| {
        token.cancel();
        Err(GraphError::Timeout { limit: limits.time })
    })
}

fn parser() -> SparqlParser {
    PREFIXES.iter().fold(SparqlParser::new(), |parser, prefix| {
        parser.clone().with_prefix(prefix.name, prefix.namespace).unwrap_or(parser)
    })
}

fn parse(sparql: &str) -> Result<Query, GraphError> {
    let query = parser().parse_query(sparql).map_err(|error| match parser().parse_update(sparql) {
        Ok(_) => GraphError::ReadOnly,
        Err(_) => GraphError::Syntax { reason: error.to_string() },
    })?;
    if asks_elsewhere(&query) { Err(GraphError::Service) } else { Ok(query) }
}

/// Whether the query asks another server. In the normal form (SPARQL algebra
/// expressions) the operator stands outside of quotes, whatever the query's text looks like.
fn asks_elsewhere(query: &Query) -> bool {
    let normal = query.to_sse();
    let mut quoted = false;
    let mut escaped = false;
    let outside: String = normal
        .chars()
        .filter(|character| {
            let inside = quoted;
            match character {
                '"' if !escaped => quoted = !quoted,
                _ => {}
            }
            escaped = quoted && *character == '\\' && !escaped;
            !inside
        })
        .collect();
    outside.contains("(service ")
}

/// A second door: should the first one miss a SERVICE, nothing is asked all the same.
struct NoService;

impl DefaultServiceHandler for NoService {
    type Error = QueryEvaluationError;

    fn handle(
        &self,
        service_name: &NamedNode,
        _: &GraphPattern,
        _: Option<&oxiri::Iri<String>>,
    ) -> Result<QuerySolutionIter<'static>, Self::Error> {
        Err(QueryEvaluationError::UnsupportedService(service_name.clone()))
    }
}

fn evaluate(
    store: &Store,
    query: Query,
    limits: &QueryLimits,
    token: CancellationToken,
) -> Result<QueryAnswer, GraphError> {
    let failed = |error| evaluation_error(error, limits);
    let evaluator = SparqlEvaluator::new().with_default_service_handler(NoService).with_cancellation_token(token);
    let mut prepared = evaluator.for_query(query);
    if prepared.dataset().is_default_dataset() {
        // Each resource is a graph of its own; people ask across them.
        prepared.dataset_mut().set_default_graph_as_union();
    }
    match prepared.on_store(store).execute().map_err(failed)? {
        QueryResults::Boolean(truth) => Ok(QueryAnswer::Boolean(truth)),
        QueryResults::Solutions(solutions) => rows(solutions, limits.rows).map_err(failed),
        QueryResults::Graph(triples) => turtle(triples, limits),
    }
}

fn rows(solutions: QuerySolutionIter<'_>, limit: usize) -> Result<QueryAnswer, QueryEvaluationError> {
    let variables = solutions.variables().iter().map(|variable| variable.as_str().to_owned()).collect();
    let mut rows: Vec<Vec<Option<AnswerTerm>>> = Vec::new();
    for solution in solutions {
        if rows.len() == limit {
            return Ok(QueryAnswer::Rows { variables, rows, truncated: true });
        }
        rows.push(solution?.values().iter().map(|value| value.clone().map(AnswerTerm::from)).collect());
    }
    Ok(QueryAnswer::Rows { variables, rows, truncated: false })
}

fn turtle(found: QueryTripleIter<'_>, limits: &QueryLimits) -> Result<QueryAnswer, GraphError> {
    let mut triples: Vec<Triple> = Vec::new();
    let mut truncated = false;
    for triple in found {
        if triples.len() == limits.rows {
            truncated = true;
            break;
        }
        triples.push(triple.map_err(|error| evaluation_error(error, limits))?);
    }
    // The serializer writes what follows on each other together.
    triples.sort_by_cached_key(ToString::to_string);
    triples.dedup();
    let mut serializer = RdfSerializer::from_format(RdfFormat::Turtle);
    for prefix in PREFIXES {
        serializer = serializer.with_prefix(prefix.name, prefix.namespace).map_err(GraphError::store)?;
    }
    let mut writer = serializer.for_writer(Vec::new());
    for triple in &triples {
        writer.serialize_triple(triple).map_err(GraphError::store)?;
    }
    let bytes = writer.finish().map_err(GraphError::store)?;
    Ok(QueryAnswer::Triples { turtle: String::from_utf8(bytes).map_err(GraphError::store)?, truncated })
}

fn evaluation_error(error: QueryEvaluationError, limits: &QueryLimits) -> GraphError {
    match error {
        QueryEvaluationError::Cancelled => GraphError::Timeout { limit: limits.time },
        QueryEvaluationError::UnsupportedService(_) => GraphError::Service,
        QueryEvaluationError::Dataset(source) => GraphError::Store { source },
        other => GraphError::Evaluation { reason: other.to_string() },
    }
}
