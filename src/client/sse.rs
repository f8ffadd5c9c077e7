//! Server-sent events (WHATWG HTML, section 9.2), as far as the API uses them.

use super::ClientError;
use futures_util::{Stream, StreamExt, stream};
use reqwest::Response;

/// One message of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Message {
    /// Its id: where to go on after a break.
    pub id: Option<String>,
    /// Its kind.
    pub event: Option<String>,
    /// What it says.
    pub data: String,
}

/// The messages of an answer, until the server ends it.
pub(crate) fn messages(answer: Response) -> impl Stream<Item = Result<Message, ClientError>> {
    let bytes = answer.bytes_stream().boxed();
    stream::unfold((bytes, Parser::default()), |(mut bytes, mut parser)| async move {
        loop {
            if let Some(message) = parser.next() {
                return Some((Ok(message), (bytes, parser)));
            }
            match bytes.next().await? {
                Ok(chunk) => parser.push(&chunk),
                Err(error) => {
                    return Some((Err(ClientError::Transport(error)), (bytes, parser)));
                }
            }
        }
    })
}

/// Cuts a stream of bytes into messages.
#[derive(Debug, Default)]
struct Parser {
    buffer: Vec<u8>,
}

impl Parser {
    fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message with data; comments and empty ones are passed over.
    fn next(&mut self) -> Option<Message> {
        loop {
            let end = self.buffer.windows(2).position(|pair| pair == b"\n\n")?;
            let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
            let message = parse(&String::from_utf8_lossy(&block));
            if !message.data.is_empty() || message.event.is_some() {
                return Some(message);
            }
        }
    }
}

fn parse(block: &str) -> Message {
    let mut message = Message::default();
    let mut lines = Vec::new();
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => message.id = Some(value.to_owned()),
            "event" => message.event = Some(value.to_owned()),
            "data" => lines.push(value),
            _ => {}
        }
    }
    message.data = lines.join("\n");
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_cut_at_empty_lines_wherever_the_bytes_break() {
        let text = ": hello\n\nid: 1\nevent: event\ndata: {\"a\":1}\n\nid: 2\ndata: x\ndata: y\n\ndata: rest";
        for size in 1..text.len() {
            let mut parser = Parser::default();
            let mut found = Vec::new();
            for chunk in text.as_bytes().chunks(size) {
                parser.push(chunk);
                while let Some(message) = parser.next() {
                    found.push((message.id.unwrap_or_default(), message.data));
                }
            }
            assert_eq!(found, [("1".to_owned(), "{\"a\":1}".to_owned()), ("2".to_owned(), "x\ny".to_owned())]);
        }
    }
}
