//! Starts and stops the server.

use super::{
    Broker, access, admin, agent, dev_login, federation, login, middleware,
    openapi::{Documents, Frame},
    portal, routes,
    tls::{self, TlsError},
};
use crate::config::Settings;
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
/// How long a client may take to end a connection that the server ends.
const DISCONNECT: std::time::Duration = std::time::Duration::from_secs(2);

/// Why the server can't start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// The port is taken.
    #[error("port {} of {} is taken by another program; stop that program, or choose another port in server.listen (HANSA_SERVER_LISTEN={}:0 takes any free one)", .0.port(), .0.ip(), .0.ip())]
    Taken(SocketAddr),
    /// The port may not be used.
    #[error("port {} may only be used by root; choose one from 1024 on in server.listen", .0.port())]
    Forbidden(SocketAddr),
    /// Certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Anything else.
    #[error("the server can't listen on {address}: {source}")]
    Other {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// A server that runs: for everybody on this machine, and where partners have
/// an address of their own, for them.
pub(crate) struct Server {
    running: Vec<Part>,
}

struct Part {
    handle: ServerHandle,
    running: tokio::task::JoinHandle<io::Result<()>>,
}

/// Addresses that are taken and not served yet.
pub(crate) struct Listeners {
    /// For the API, and for partners where they have none of their own.
    api: TcpListener,
    /// For partners alone.
    partners: Option<TcpListener>,
}

fn refusal(address: SocketAddr, source: io::Error) -> StartError {
    match source.kind() {
        io::ErrorKind::AddrInUse => StartError::Taken(address),
        io::ErrorKind::PermissionDenied => StartError::Forbidden(address),
        _ => StartError::Other { address, source },
    }
}

/// Takes the addresses; nothing is served yet.
///
/// # Errors
/// When one of them can't be had.
pub(crate) fn bind(settings: &Settings) -> Result<Listeners, StartError> {
    let take = |address: SocketAddr| TcpListener::bind(address).map_err(|source| refusal(address, source));
    let partners = settings.federation.listen.filter(|_| settings.federation.enabled);
    Ok(Listeners { api: take(settings.server.listen)?, partners: partners.map(take).transpose()? })
}

impl Listeners {
    /// Where the API is served.
    ///
    /// # Errors
    /// When the system doesn't tell.
    pub(crate) fn api_address(&self) -> io::Result<SocketAddr> {
        self.api.local_addr()
    }

    /// Where partners are served.
    ///
    /// # Errors
    /// When the system doesn't tell.
    pub(crate) fn partners_address(&self) -> io::Result<SocketAddr> {
        self.partners.as_ref().unwrap_or(&self.api).local_addr()
    }
}

/// Begins to serve.
///
/// # Errors
/// When a listener can't be used, or a file of certificates or keys.
pub(crate) fn start(broker: &Broker, listeners: Listeners) -> Result<Server, StartError> {
    let tls = tls::server(&broker.settings.server.tls)?;
    let Listeners { api, partners } = listeners;
    Ok(Server {
        running: match partners {
            None => vec![serve(broker, Audience::All, api, tls)?],
            Some(partners) => {
                vec![serve(broker, Audience::All, api, None)?, serve(broker, Audience::Partners, partners, tls)?]
            }
        },
    })
}

/// Who comes to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// This machine's users, and partners.
    All,
    /// Partners alone: the tenants' API isn't there.
    Partners,
}

fn serve(
    broker: &Broker,
    audience: Audience,
    listener: TcpListener,
    tls: Option<rustls::ServerConfig>,
) -> Result<Part, StartError> {
    let wanted = listener.local_addr().unwrap_or(broker.settings.server.listen);
    let state = web::Data::new(broker.clone());
    let limits = broker.settings.server.limits.clone();
    let server = HttpServer::new(move || application(state.clone(), audience))
        .workers(THREADS)
        .disable_signals()
        .max_connections(usize::try_from(limits.connections).unwrap_or(usize::MAX).div_ceil(THREADS))
        .client_request_timeout(limits.head_timeout.duration())
        .client_disconnect_timeout(DISCONNECT)
        .tls_handshake_timeout(limits.head_timeout.duration())
        .keep_alive(limits.idle_timeout.duration())
        .shutdown_timeout(broker.settings.server.shutdown_timeout.duration().as_secs().max(1));
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls),
        None => server.listen(listener),
    };
    let server = server.map_err(|source| refusal(wanted, source))?.run();
    Ok(Part { handle: server.handle(), running: tokio::spawn(server) })
}

/// The routes with everything around them.
pub(crate) fn application(
    state: web::Data<Broker>,
    audience: Audience,
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
        .configure(|config| match audience {
            Audience::All => {
                config.service(scope("/api/v1").configure(routes::api));
                config.service(scope(admin::BASE).configure(admin::api)).configure(routes::beside);
                config.configure(federation::routes);
            }
            Audience::Partners => {
                config.configure(federation::routes).configure(routes::for_partners);
            }
        })
        .split_for_parts();
    let conformance = state.settings.federation.conformance;
    let docs = SwaggerUi::new("/docs/{_:.*}").config(Config::from("/openapi.json"));
    let admin_docs = SwaggerUi::new("/admin/docs/{_:.*}").config(Config::from("/admin/openapi.json"));
    app.app_data(state)
        .app_data(web::Data::new(Documents::new(api)))
        .configure(|config| {
            config.configure(agent::routes);
            if audience == Audience::All {
                config.service(docs).service(admin_docs).configure(portal::routes);
                config.configure(login::routes).configure(dev_login::routes);
            }
            if conformance {
                config.configure(federation::conformance);
            }
        })
        .default_service(web::to(routes::unknown))
        .wrap(actix_web::middleware::from_fn(access::guard))
        .wrap(actix_web::middleware::Compress::default())
        .wrap(actix_web::middleware::from_fn(middleware::around))
}

impl Server {
    /// Stops: takes no new request and waits for those under way. Streams
    /// must have been ended before.
    pub(crate) async fn stop(self) {
        for part in self.running {
            part.handle.stop(true).await;
            match part.running.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "the server ended with an error"),
                Err(error) => tracing::error!(%error, "the server's task ended early"),
            }
        }
    }
}
