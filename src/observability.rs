//! What a broker tells while it runs: its log, as text for people or JSON for
//! programs, and how long rounds of reconciling take.

use crate::{
    config::{LogFormat, LogSettings},
    metrics::Metrics,
};
use std::{io::IsTerminal, sync::Arc, time::Instant};
use tracing::{Id, Subscriber, span::Attributes};
use tracing_subscriber::{
    EnvFilter, Layer, Registry, fmt,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
    util::SubscriberInitExt,
};

/// The span that the service orchestrator opens around one round of reconciling.
const RECONCILE: &str = "reconcile";

/// Begins to log on standard error. A second call changes nothing.
pub(crate) fn begin(settings: &LogSettings, metrics: &Arc<Metrics>) {
    let filter = filter(&settings.level);
    let writer: Box<dyn Layer<Registry> + Send + Sync> = match settings.format {
        LogFormat::Text => fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .boxed(),
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(std::io::stderr).boxed(),
    };
    let timing = ReconcileTiming { metrics: Arc::clone(metrics) };
    let begun = tracing_subscriber::registry().with(writer.with_filter(filter)).with(timing).try_init();
    if begun.is_err() {
        tracing::debug!("the log has begun already");
    }
}

/// The log of a program that serves nobody: `RUST_LOG`, or what is told at `info`.
pub(crate) fn begin_plain() {
    let level = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned());
    let writer = fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_target(false);
    if tracing_subscriber::registry().with(writer.with_filter(filter(&level))).try_init().is_err() {
        tracing::debug!("the log has begun already");
    }
}

/// The level asked for; what the server's own crate says at each start and stop
/// is left out, unless it is asked for by name.
fn filter(level: &str) -> EnvFilter {
    EnvFilter::try_new(format!("actix_server=warn,{level}")).unwrap_or_else(|_| EnvFilter::new("info"))
}

/// Measures rounds of reconciling by their spans, so that the orchestrator
/// need not know that anything is measured.
struct ReconcileTiming {
    metrics: Arc<Metrics>,
}

/// When a span was opened.
struct Opened(Instant);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for ReconcileTiming {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().name() == RECONCILE
            && let Some(span) = context.span(id)
        {
            span.extensions_mut().insert(Opened(Instant::now()));
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(span) = context.span(&id)
            && let Some(Opened(begun)) = span.extensions().get::<Opened>()
        {
            self.metrics.reconciled(begun.elapsed());
        }
    }
}
