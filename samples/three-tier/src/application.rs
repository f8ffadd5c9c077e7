//! The application tier: counts a visit in the database and shows a page that
//! proves the whole chain, from the proxy that passed the request on to the
//! database that counted.

use crate::{
    Failure, database,
    environment::Environment,
    http::{self, Request, Response, header},
    peers,
    server::Server,
};
use std::{io, sync::Arc, time::Duration};

/// How long the database may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The application.
#[derive(Debug)]
pub struct Application {
    environment: Environment,
}

/// What the page shows.
struct Visit {
    database: String,
    count: String,
}

impl Application {
    /// An application that is told by this environment whom to call.
    #[must_use]
    pub const fn new(environment: Environment) -> Self {
        Self { environment }
    }

    /// Listens on `PORT_HTTP`.
    ///
    /// # Errors
    /// When it can't.
    pub fn listen(self) -> Result<Server, Failure> {
        let address = self.environment.listen_address("PORT_HTTP")?;
        let application = Arc::new(self);
        Server::start("application", address, move |connection| {
            http::serve(connection, |request| application.answer(request))
        })
    }

    fn answer(&self, request: &Request) -> Response {
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Response::text(405, "only GET and HEAD are served here\n").with("Allow", "GET, HEAD");
        }
        match request.path() {
            // Alive, whatever the database does: restarting this process would not bring that back.
            "/healthz" => Response::text(200, "ok\n"),
            "/ready" => match self.ask("PING") {
                Ok(_) => Response::text(200, "ready\n"),
                Err(error) => unavailable(&error),
            },
            "/" if request.method == "HEAD" => Response::text(200, ""),
            "/" => match self.visit() {
                Ok(visit) => self.page(request, &visit),
                Err(error) => unavailable(&error),
            },
            _ => Response::text(404, "there is nothing here; ask for /\n"),
        }
    }

    fn ask(&self, question: &str) -> io::Result<Option<String>> {
        let mut failure = io::Error::new(io::ErrorKind::NotFound, "no address of the database is known");
        for address in peers::addresses(&self.environment, "database", "db") {
            match database::ask(address, question, PATIENCE) {
                Ok(answer) => return Ok(answer),
                Err(error) => failure = io::Error::new(error.kind(), format!("the database at {address}: {error}")),
            }
        }
        Err(failure)
    }

    fn visit(&self) -> io::Result<Visit> {
        let database = self.ask("WHO")?.unwrap_or_default();
        let count = self.ask("INCR visits")?.unwrap_or_default();
        Ok(Visit { database, count })
    }

    fn page(&self, request: &Request, visit: &Visit) -> Response {
        let proxy = header(&request.headers, "Via").and_then(|via| via.rsplit(' ').next()).unwrap_or("none");
        let facts = [
            ("proxy", proxy),
            ("application", &self.environment.instance("application")),
            ("site", self.environment.site()),
            ("database", &visit.database),
            ("visits", &visit.count),
        ];
        if header(&request.headers, "Accept").is_some_and(|accept| accept.contains("text/html")) {
            return Response::page(200, "text/html; charset=utf-8", html(&facts));
        }
        let lines: String = facts.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        Response::text(200, lines)
    }
}

fn unavailable(error: &io::Error) -> Response {
    Response::text(503, format!("{error}\n"))
}

fn html(facts: &[(&str, &str)]) -> String {
    let rows: String = facts
        .iter()
        .map(|(name, value)| format!("<tr><th scope=\"row\">{name}</th><td>{}</td></tr>\n", escaped(value)))
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Hansa sample</title></head>\n\
         <body><h1>Hansa sample</h1>\n<table>\n<caption>Who answered this request</caption>\n{rows}</table>\n</body></html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
