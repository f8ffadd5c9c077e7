//! How many streams one caller has open: each takes a task, a connection and
//! reads of the database for as long as it lasts.

use crate::http::problem::{ApiError, ProblemKind};
use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    web::Bytes,
};
use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

/// The streams that are open, by caller.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    most: u32,
    open: Arc<Mutex<HashMap<String, u32>>>,
}

impl Streams {
    pub(crate) fn new(most: u32) -> Self {
        Self { most, open: Arc::default() }
    }

    /// One more of this caller.
    ///
    /// # Errors
    /// When there are too many.
    pub(crate) fn open(&self, caller: &str) -> Result<OpenStream, ApiError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(caller.to_owned()).or_default();
        if *count >= self.most {
            return Err(ApiError::new(
                ProblemKind::TooMany,
                format!("{count} streams of yours are open, and no more are taken (server.limits.streams); close one"),
            ));
        }
        *count += 1;
        drop(open);
        Ok(OpenStream { streams: self.clone(), caller: caller.to_owned() })
    }
}

/// A stream that is open, until it is dropped.
#[derive(Debug)]
pub(crate) struct OpenStream {
    streams: Streams,
    caller: String,
}

impl OpenStream {
    /// The body, which counts as a stream for as long as it is sent.
    pub(crate) fn around(self, body: BoxBody) -> BoxBody {
        BoxBody::new(Counted { body, _open: self })
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.caller) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.caller);
            }
        }
    }
}

struct Counted {
    body: BoxBody,
    _open: OpenStream,
}

impl MessageBody for Counted {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_stream_makes_room() {
        let streams = Streams::new(2);
        let first = streams.open("ann").unwrap();
        let _second = streams.open("ann").unwrap();
        assert_eq!(streams.open("ann").unwrap_err().kind(), ProblemKind::TooMany);
        assert!(streams.open("bob").is_ok());
        drop(first.around(BoxBody::new("text")));
        assert!(streams.open("ann").is_ok());
    }
}
