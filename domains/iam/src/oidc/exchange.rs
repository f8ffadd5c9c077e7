//! The code flow itself, by the openidconnect crate: where the browser is sent,
//! and what a code is exchanged for.

use super::{discovery::Metadata, http::Http};
use crate::{IssuerOptions, Secret};
use openidconnect::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet, IssuerUrl,
    JsonWebKeySet, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, TokenResponse as _, TokenUrl,
    core::{CoreAuthenticationFlow, CoreClient},
};
use url::Url;

type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet, EndpointNotSet>;

/// What a login sends along.
pub(crate) struct Begun<'a> {
    pub(crate) state: &'a Secret,
    pub(crate) nonce: &'a Secret,
    pub(crate) verifier: &'a Secret,
}

/// What a code was exchanged for.
pub(crate) struct Tokens {
    pub(crate) id_token: String,
    pub(crate) access_token: Secret,
}

fn client(options: &IssuerOptions, metadata: &Metadata, redirect: &Url) -> Result<Client, String> {
    let wrong = |error: url::ParseError| error.to_string();
    // Keys stay elsewhere: this client only builds requests and reads answers.
    let client = CoreClient::new(
        ClientId::new(options.client_id.clone()),
        IssuerUrl::new(metadata.issuer.clone()).map_err(wrong)?,
        JsonWebKeySet::default(),
    );
    let client = match &options.client_secret {
        Some(secret) => client.set_client_secret(ClientSecret::new(secret.reveal().to_owned())),
        None => client,
    };
    let auth = if metadata.secret_in_body() { AuthType::RequestBody } else { AuthType::BasicAuth };
    Ok(client
        .set_auth_type(auth)
        .set_auth_uri(AuthUrl::from_url(metadata.authorization_endpoint.clone()))
        .set_token_uri(TokenUrl::from_url(metadata.token_endpoint.clone()))
        .set_redirect_uri(RedirectUrl::from_url(redirect.clone())))
}

/// Where the browser is sent to log in.
pub(crate) fn authorize_url(
    options: &IssuerOptions,
    metadata: &Metadata,
    redirect: &Url,
    begun: &Begun<'_>,
) -> Result<Url, String> {
    let (state, nonce) = (begun.state.reveal().to_owned(), begun.nonce.reveal().to_owned());
    let verifier = PkceCodeVerifier::new(begun.verifier.reveal().to_owned());
    let client = client(options, metadata, redirect)?;
    let request = client.authorize_url(
        CoreAuthenticationFlow::AuthorizationCode,
        move || CsrfToken::new(state),
        move || Nonce::new(nonce),
    );
    let scopes = options.scopes.iter().filter(|scope| *scope != "openid").map(|scope| Scope::new(scope.clone()));
    // S256 (RFC 7636, section 4.2).
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    let (url, _, _) = request.add_scopes(scopes).set_pkce_challenge(challenge).url();
    Ok(url)
}

/// Exchanges a code for tokens. Once: a code is good for one exchange.
pub(crate) async fn exchange(
    http: &Http,
    options: &IssuerOptions,
    metadata: &Metadata,
    redirect: &Url,
    code: &str,
    verifier: &Secret,
) -> Result<Tokens, String> {
    let client = client(options, metadata, redirect)?;
    let send = |request| http.send(request);
    let asked = client
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(verifier.reveal().to_owned()))
        .request_async(&send)
        .await;
    let answer = asked.map_err(|error| match error {
        RequestTokenError::ServerResponse(told) => format!("it refuses the code: {}", told.error()),
        RequestTokenError::Request(failure) => failure.to_string(),
        // The answer may hold tokens, and is not repeated.
        RequestTokenError::Parse(..) => "its token endpoint answers in an unknown form".to_owned(),
        RequestTokenError::Other(reason) => reason,
    })?;
    let id_token = answer.id_token().ok_or("it gave no ID token; allow the scope `openid` for this client")?;
    Ok(Tokens { id_token: id_token.to_string(), access_token: Secret::new(answer.access_token().secret().clone()) })
}
