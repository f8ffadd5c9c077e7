//! TLS of the server that partners reach: rustls, from TLS 1.2 on, with
//! aws-lc's primitives. Files are read at the start, so that a fault in them
//! is told then.

use crate::config::ServerTlsSettings;
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use std::{path::Path, sync::Arc};

/// Why TLS can't be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// A file can't be read, or holds something else.
    #[error("{field}: {} can't be used: {reason}; give a file in PEM form", path.display())]
    File {
        /// The setting.
        field: &'static str,
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Certificate and key don't belong together, or are of a kind that rustls doesn't know.
    #[error("server.tls: certificate and key can't be used together: {0}")]
    Refused(String),
}

/// What the server shows and asks for. None: no TLS.
///
/// With `client_ca` every client must show a certificate of one of these
/// authorities: there is no path that is open to others.
///
/// # Errors
/// When a file can't be used.
pub(crate) fn server(settings: &ServerTlsSettings) -> Result<Option<ServerConfig>, TlsError> {
    let (Some(certificate), Some(key)) = (&settings.certificate, &settings.key) else {
        return Ok(None);
    };
    let chain = certificates("server.tls.certificate", certificate)?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| file("server.tls.key", key, &error))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| TlsError::Refused(error.to_string()))?;
    let builder = match &settings.client_ca {
        Some(path) => builder.with_client_cert_verifier(verifier(path, provider)?),
        None => builder.with_no_client_auth(),
    };
    builder.with_single_cert(chain, key).map(Some).map_err(|error| TlsError::Refused(error.to_string()))
}

fn verifier(
    path: &Path,
    provider: Arc<rustls::crypto::CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    const FIELD: &str = "server.tls.client_ca";
    let mut roots = RootCertStore::empty();
    for certificate in certificates(FIELD, path)? {
        roots.add(certificate).map_err(|error| file(FIELD, path, &error))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| file(FIELD, path, &error))
}

fn certificates(field: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|error| file(field, path, &error))?;
    if found.is_empty() {
        return Err(file(field, path, &"it holds no certificate"));
    }
    Ok(found)
}

fn file(field: &'static str, path: &Path, reason: &dyn std::fmt::Display) -> TlsError {
    TlsError::File { field, path: path.to_path_buf(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests;
