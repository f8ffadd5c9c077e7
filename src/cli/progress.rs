//! Progress on standard error: a moving line for a person, plain lines otherwise.

use super::output::person_watches;
use crate::{
    client::{Client, ClientError, Request, messages},
    failure::Failure,
    http::wire::{Operation, Problem},
};
use futures_util::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// Between two tries to reach the broker again.
const RETRY: Duration = Duration::from_millis(500);

/// Tells how far something is.
pub(crate) struct Progress {
    shown: Shown,
    last: String,
}

/// Where progress is shown.
enum Shown {
    /// On a line that moves.
    Bar(ProgressBar),
    /// Line after line.
    Lines,
    /// Nowhere.
    Nobody,
}

impl Progress {
    /// Nothing was said yet.
    pub(crate) fn new() -> Self {
        if !person_watches() {
            return Self { shown: Shown::Lines, last: String::new() };
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { shown: Shown::Bar(bar), last: String::new() }
    }

    /// Tells nobody.
    pub(crate) const fn silent() -> Self {
        Self { shown: Shown::Nobody, last: String::new() }
    }

    /// Says how far it is; the same twice is said once.
    pub(crate) fn say(&mut self, message: &str) {
        if message == self.last {
            return;
        }
        message.clone_into(&mut self.last);
        match &self.shown {
            Shown::Bar(bar) => bar.set_message(message.to_owned()),
            Shown::Lines => eprintln!("{message}"),
            Shown::Nobody => {}
        }
    }

    /// Leaves the line as it was.
    pub(crate) fn finish(&self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}

/// Follows an operation until it has ended, over breaks of the connection too.
///
/// # Errors
/// When it failed, when `timeout` passed, or when the broker says that there
/// is no such operation.
pub(crate) async fn follow_operation(
    client: &Client,
    id: &str,
    timeout: Duration,
    progress: &mut Progress,
) -> Result<Operation, Failure> {
    let followed = tokio::time::timeout(timeout, follow(client, id, progress)).await;
    progress.finish();
    match followed {
        Ok(ended) => ended?.into_result(),
        Err(_) => Err(Failure::failed(format!(
            "operation {id} has not ended within {}; it goes on: `hansa operation show {id} --wait` follows it",
            humantime::format_duration(timeout)
        ))),
    }
}

async fn follow(client: &Client, id: &str, progress: &mut Progress) -> Result<Operation, Failure> {
    loop {
        match stream(client, id, progress).await {
            Ok(Some(operation)) => return Ok(operation),
            Ok(None) => {}
            Err(error) if matches!(error.status(), Some(400..=499)) => return Err(error.into()),
            Err(error) => progress.say(&format!("waiting for the broker: {error}")),
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Reads the operation's stream. None: the stream ended before the operation.
async fn stream(client: &Client, id: &str, progress: &mut Progress) -> Result<Option<Operation>, ClientError> {
    let answer = client.send(Request::get(&["operations", id, "stream"])).await?;
    let mut messages = std::pin::pin!(messages(answer));
    while let Some(message) = messages.next().await {
        let operation: Operation = serde_json::from_str(&message?.data).map_err(ClientError::NotUnderstood)?;
        progress.say(&progress_line(&operation));
        if operation.is_final() {
            return Ok(Some(operation));
        }
    }
    Ok(None)
}

fn progress_line(operation: &Operation) -> String {
    let progress = &operation.progress;
    if progress.total == 0 {
        format!("{}: {}", operation.kind, progress.message)
    } else {
        format!("{}: {}/{} {}", operation.kind, progress.done, progress.total, progress.message)
    }
}

impl Operation {
    /// The operation, or why it failed.
    fn into_result(self) -> Result<Self, Failure> {
        match &self.error {
            Some(error) => Err(ClientError::Problem(Box::new(Problem {
                detail: format!("operation {} failed: {error}", self.id),
                status: 500,
                ..Problem::default()
            }))
            .into()),
            None => Ok(self),
        }
    }
}
