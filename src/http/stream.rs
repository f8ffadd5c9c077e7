//! Server-sent events (WHATWG HTML, section 9.2) and followed text. Every
//! stream ends when the broker stops, so that stopping never hangs on a reader.

use actix_web::{HttpResponse, http::header, web::Bytes};
use futures_util::Stream;
use serde::Serialize;
use std::{convert::Infallible, time::Duration};
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tokio_util::sync::CancellationToken;

/// Between two signs of life of a stream on which nothing happens.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Messages that wait for a slow reader.
const WAITING: usize = 64;

/// Where a stream's writer puts its messages.
#[derive(Debug, Clone)]
pub(crate) struct Sink {
    sender: mpsc::Sender<Bytes>,
}

/// The reader has gone away: no reason to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReaderGone;

impl Sink {
    /// A message with an id and a kind.
    pub(crate) async fn message<T: Serialize>(&self, id: Option<i64>, kind: &str, data: &T) -> Result<(), ReaderGone> {
        let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
        let data = serde_json::to_string(data).unwrap_or_default();
        self.text(format!("{id}event: {kind}\ndata: {data}\n\n")).await
    }

    /// A sign of life.
    pub(crate) async fn alive(&self) -> Result<(), ReaderGone> {
        self.text(": alive\n\n".to_owned()).await
    }

    /// Text as it is.
    pub(crate) async fn text(&self, text: String) -> Result<(), ReaderGone> {
        self.sender.send(Bytes::from(text)).await.ok().ok_or(ReaderGone)
    }
}

/// Starts `write` and answers with what it writes, until it ends, the reader
/// goes away or the broker stops.
pub(crate) fn answer<F, W>(content_type: &'static str, shutdown: &CancellationToken, write: W) -> HttpResponse
where
    W: FnOnce(Sink) -> F,
    F: Future<Output = Result<(), ReaderGone>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(WAITING);
    let sink = Sink { sender: sender.clone() };
    let (writing, shutdown) = (write(sink), shutdown.clone());
    tokio::spawn(async move {
        tokio::select! {
            _ended = writing => {}
            () = sender.closed() => {}
            () = shutdown.cancelled() => {}
        }
    });
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, content_type))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
        // Compressing would hold messages back until there are enough of them.
        .insert_header(header::ContentEncoding::Identity)
        .streaming(body(receiver))
}

/// Server-sent events.
pub(crate) fn events<F, W>(shutdown: &CancellationToken, write: W) -> HttpResponse
where
    W: FnOnce(Sink) -> F,
    F: Future<Output = Result<(), ReaderGone>> + Send + 'static,
{
    answer("text/event-stream", shutdown, write)
}

fn body(receiver: mpsc::Receiver<Bytes>) -> impl Stream<Item = Result<Bytes, Infallible>> {
    ReceiverStream::new(receiver).map(Ok)
}
