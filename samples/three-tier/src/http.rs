//! As much of HTTP/1.1 (RFC 9112) as the sample needs: one request a
//! connection, bodies with a length, everything bounded.

use crate::server::Timed;
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::SocketAddr,
    time::Duration,
};

/// The longest head of a message, in bytes.
const MAX_HEAD: u64 = 16 << 10;
/// The longest body, in bytes.
const MAX_BODY: u64 = 4 << 20;
/// How long a client may take to say what it wants, and to hear the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`…
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Header fields, in their order.
    pub headers: Vec<(String, String)>,
    /// The body, empty where there is none.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header fields, in their order, without those about length and connection.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The first header field of a name, case aside.
#[must_use]
pub fn header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

impl Request {
    /// A GET.
    #[must_use]
    pub fn get(target: &str) -> Self {
        Self { method: "GET".to_owned(), target: target.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    /// Path without query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

impl Response {
    /// A page of plain text.
    #[must_use]
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self::page(status, "text/plain; charset=utf-8", body)
    }

    /// A page of the given media type.
    #[must_use]
    pub fn page(status: u16, media_type: &str, body: impl Into<String>) -> Self {
        let headers = vec![("Content-Type".to_owned(), media_type.to_owned())];
        Self { status, headers, body: body.into().into_bytes() }
    }

    /// With one more header field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// Serves one connection: reads a request, answers by `answer`.
///
/// # Errors
/// When the connection fails.
pub fn serve(mut connection: Timed, answer: impl Fn(&Request) -> Response) -> io::Result<()> {
    connection.limit(PATIENCE);
    let mut reader = BufReader::new(&mut connection);
    let (head_only, response) = match read_request(&mut reader) {
        Ok(Some(request)) => (request.method == "HEAD", answer(&request)),
        Ok(None) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => (false, Response::text(400, format!("{error}\n"))),
        Err(error) => return Err(error),
    };
    drop(reader);
    connection.limit(PATIENCE);
    let mut head = format!("HTTP/1.1 {} {}\r\n", response.status, reason(response.status));
    push_headers(&mut head, &response.headers);
    head.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n", response.body.len()));
    connection.write_all(head.as_bytes())?;
    if !head_only {
        connection.write_all(&response.body)?;
    }
    connection.flush()
}

/// Sends a request and reads the answer.
///
/// # Errors
/// When nobody answers in time, or not in HTTP.
pub fn fetch(address: SocketAddr, request: &Request, limit: Duration) -> io::Result<Response> {
    let mut connection = Timed::connect(address, limit)?;
    let mut head = format!("{} {} HTTP/1.1\r\nHost: {address}\r\n", request.method, request.target);
    push_headers(&mut head, &request.headers);
    head.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n", request.body.len()));
    connection.write_all(head.as_bytes())?;
    connection.write_all(&request.body)?;
    let mut reader = BufReader::new(&mut connection);
    let lines = read_head(&mut reader)?.ok_or_else(|| invalid("there was no answer"))?;
    let (first, headers) = split_head(&lines)?;
    let status = first.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| invalid("the answer is no HTTP"))?;
    let body = if request.method == "HEAD" { Vec::new() } else { read_body(&mut reader, &headers, true)? };
    Ok(Response { status, headers: end_to_end(headers), body })
}

fn push_headers(head: &mut String, headers: &[(String, String)]) {
    for (name, value) in headers {
        // A line break in a value would begin a field of its own.
        let value: String = value.chars().filter(|c| !c.is_control()).collect();
        head.push_str(&format!("{name}: {value}\r\n"));
    }
}

fn read_request(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let Some(lines) = read_head(reader)? else {
        return Ok(None);
    };
    let (first, headers) = split_head(&lines)?;
    let mut words = first.split(' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(invalid("the request line is not `METHOD target HTTP/1.1`"));
    };
    if !version.starts_with("HTTP/1.") || !target.starts_with('/') || method.is_empty() {
        return Err(invalid("the request line is not `METHOD /path HTTP/1.1`"));
    }
    let (method, target) = (method.to_owned(), target.to_owned());
    let body = read_body(reader, &headers, false)?;
    Ok(Some(Request { method, target, headers: end_to_end(headers), body }))
}

/// The lines before the empty one; None where the connection was closed before the first.
fn read_head(reader: &mut impl BufRead) -> io::Result<Option<Vec<String>>> {
    let (mut lines, mut left) = (Vec::new(), MAX_HEAD);
    loop {
        let mut line = Vec::new();
        let read = reader.by_ref().take(left).read_until(b'\n', &mut line)?;
        left = left.saturating_sub(read as u64);
        if read == 0 && lines.is_empty() && left > 0 {
            return Ok(None);
        }
        if line.pop() != Some(b'\n') {
            return Err(invalid("the head is too long or ends early"));
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if line.is_empty() {
            return Ok(Some(lines));
        }
        lines.push(
            String::from_utf8(line).map_err(|_error: std::string::FromUtf8Error| invalid("the head is no text"))?,
        );
    }
}

type Headers = Vec<(String, String)>;

fn split_head(lines: &[String]) -> io::Result<(&str, Headers)> {
    let (first, rest) = lines.split_first().ok_or_else(|| invalid("the head is empty"))?;
    let mut headers = Headers::new();
    for line in rest {
        let (name, value) = line.split_once(':').ok_or_else(|| invalid("a header field lacks its colon"))?;
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(invalid("a header field has no name"));
        }
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    Ok((first, headers))
}

fn read_body(reader: &mut impl BufRead, headers: &Headers, to_end: bool) -> io::Result<Vec<u8>> {
    if header(headers, "Transfer-Encoding").is_some() {
        return Err(invalid("only bodies with a Content-Length are taken"));
    }
    let length = match header(headers, "Content-Length") {
        Some(text) => {
            text.parse::<u64>().map_err(|_error: std::num::ParseIntError| invalid("the Content-Length is no number"))?
        }
        None if to_end => MAX_BODY,
        None => 0,
    };
    if length > MAX_BODY {
        return Err(invalid("the body is too long"));
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    if header(headers, "Content-Length").is_some() && body.len() as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(body)
}

/// Without the fields that are about one connection (RFC 9110, 7.6.1), which are set anew.
fn end_to_end(headers: Headers) -> Headers {
    const HOP: [&str; 7] = ["connection", "content-length", "host", "keep-alive", "te", "transfer-encoding", "upgrade"];
    headers.into_iter().filter(|(name, _)| !HOP.contains(&name.to_ascii_lowercase().as_str())).collect()
}

fn invalid(message: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> io::Result<Option<Request>> {
        read_request(&mut text.as_bytes())
    }

    #[test]
    fn reads_requests() {
        let request =
            read("POST /a?b HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nContent-Length: 3\r\n\r\nabcd").unwrap().unwrap();
        assert_eq!((request.path(), request.body.as_slice()), ("/a", &b"abc"[..]));
        assert_eq!(request.headers, [("X-A".to_owned(), "1".to_owned())]);
        assert_eq!(read("").unwrap(), None);
    }

    #[test]
    fn refuses_what_is_no_request() {
        let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(20_000));
        for bad in [
            "GET /\r\n\r\n",
            "GET / HTTP/2\r\n\r\n",
            "GET http://x/ HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nbad\r\n\r\n",
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
            "GET / HTTP/1.1\r\n",
            &long,
        ] {
            assert_eq!(read(bad).unwrap_err().kind(), io::ErrorKind::InvalidData, "{bad:.60}");
        }
        assert!(read("GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc").is_err());
    }
}
