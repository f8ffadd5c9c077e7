//! Starts and stops the server.

use super::{
    Broker, middleware,
    openapi::{Document, Frame},
    routes,
};
use actix_web::{App, HttpServer, dev::ServerHandle, web};
use std::{
    io,
    net::{SocketAddr, TcpListener},
};
use utoipa::OpenApi;
use utoipa_actix_web::{AppExt, scope};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Threads that serve requests. Each handler waits on the database, not on the processor.
const THREADS: usize = 2;

/// Why the server can't start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// The port is taken.
    #[error("port {} of {} is taken by another program; stop that program, or choose another port in server.listen (HANSA_SERVER_LISTEN={}:0 takes any free one)", .0.port(), .0.ip(), .0.ip())]
    Taken(SocketAddr),
    /// The port may not be used.
    #[error("port {} may only be used by root; choose one from 1024 on in server.listen", .0.port())]
    Forbidden(SocketAddr),
    /// Anything else.
    #[error("the server can't listen on {address}: {source}")]
    Other {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// A server that runs.
pub(crate) struct Server {
    handle: ServerHandle,
    running: tokio::task::JoinHandle<io::Result<()>>,
}

fn refusal(address: SocketAddr, source: io::Error) -> StartError {
    match source.kind() {
        io::ErrorKind::AddrInUse => StartError::Taken(address),
        io::ErrorKind::PermissionDenied => StartError::Forbidden(address),
        _ => StartError::Other { address, source },
    }
}

/// Takes the address; nothing is served yet.
///
/// # Errors
/// When the address can't be had.
pub(crate) fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).map_err(|source| refusal(address, source))
}

/// Begins to serve.
///
/// # Errors
/// When the listener can't be used.
pub(crate) fn start(broker: &Broker, listener: TcpListener) -> Result<Server, StartError> {
    let wanted = broker.settings.server.listen;
    let state = web::Data::new(broker.clone());
    let server = HttpServer::new(move || application(state.clone()))
        .workers(THREADS)
        .disable_signals()
        .shutdown_timeout(broker.settings.server.shutdown_timeout.duration().as_secs().max(1))
        .listen(listener)
        .map_err(|source| refusal(wanted, source))?
        .run();
    Ok(Server { handle: server.handle(), running: tokio::spawn(server) })
}

/// The routes with everything around them.
pub(crate) fn application(
    state: web::Data<Broker>,
) -> App<
    impl actix_web::dev::ServiceFactory<
        actix_web::dev::ServiceRequest,
        Config = (),
        Response = actix_web::dev::ServiceResponse<actix_web::body::BoxBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    let (app, api) = App::new()
        .into_utoipa_app()
        .openapi(Frame::openapi())
        .service(scope("/api/v1").configure(routes::api))
        .configure(routes::beside)
        .split_for_parts();
    let docs = SwaggerUi::new("/docs/{_:.*}").config(Config::from("/openapi.json"));
    app.app_data(state)
        .app_data(web::Data::new(Document::new(&api)))
        .service(docs)
        .default_service(web::to(routes::unknown))
        .wrap(actix_web::middleware::from_fn(middleware::around))
}

impl Server {
    /// Stops: takes no new request and waits for those under way. Streams
    /// must have been ended before.
    pub(crate) async fn stop(self) {
        self.handle.stop(true).await;
        match self.running.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the server ended with an error"),
            Err(error) => tracing::error!(%error, "the server's task ended early"),
        }
    }
}
