//! Logins by the code flow, and logouts. `src` moves the browser; what it is
//! told to remember are two random values, never a token.

use super::{
    Iam, audit,
    principal::{self, Proof},
    session,
};
use crate::{
    IamError, NewAuditRecord, Secret, Via, audit as trail,
    oidc::{ATTEMPT_LIFE, Attempt, Begun, return_path},
    secret::{hash, same},
    session::{LoggedIn, OpenedSession, Origin},
    store::{login as store, session as sessions},
};
use hansa_repository::request;
use serde::Serialize;
use serde_json::json;
use url::Url;

/// Logins that may be under way at one time; the oldest give way.
const MOST_ATTEMPTS: i64 = 10_000;
/// The longest value of an answer's parameter, in bytes.
const LONGEST: usize = 4_096;

/// An issuer, as anybody may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IssuerView {
    /// Its id: `/login/{id}`.
    pub id: String,
    /// What people read on the button.
    pub name: String,
    /// Its issuer identifier.
    pub url: String,
    /// The client of the command line (device flow). None: it has none here.
    pub cli_client_id: Option<String>,
    /// What the command line asks for.
    pub scopes: Vec<String>,
}

/// A login that begins.
#[derive(Debug, Clone)]
pub struct LoginStart {
    /// Where the browser goes.
    pub url: Url,
    /// What the browser keeps in a cookie of ten minutes, for `/login` alone,
    /// so that nobody can finish a login in somebody else's browser.
    pub browser: Secret,
}

/// What an issuer sent the browser back with (RFC 6749, section 4.1.2; RFC 9207).
#[derive(Debug, Clone, Default)]
pub struct LoginAnswer {
    /// The id of the issuer to whose redirect URI it came.
    pub issuer: String,
    /// The code.
    pub code: Option<String>,
    /// What the login began with.
    pub state: Option<String>,
    /// Who says to have answered.
    pub iss: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
    /// The same for people.
    pub error_description: Option<String>,
}

impl Iam {
    /// The issuers, in the order of the settings.
    #[must_use]
    pub fn issuer_list(&self) -> Vec<IssuerView> {
        let view = |party: &std::sync::Arc<crate::oidc::Party>| {
            let options = party.options();
            IssuerView {
                id: options.id.clone(),
                name: options.name.clone(),
                url: options.url.clone(),
                cli_client_id: options.cli_client_id.clone(),
                scopes: options.scopes.clone(),
            }
        };
        self.inner.parties.iter().map(view).collect()
    }

    /// Begins a login at an issuer; `return_to` is a path of this broker.
    ///
    /// # Errors
    /// When there is no such issuer, or it can't be asked.
    pub async fn login_begin(&self, issuer: &str, return_to: &str) -> Result<LoginStart, IamError> {
        let party = self.party(issuer)?;
        let (state, nonce, verifier, browser) =
            (Secret::random()?, Secret::random()?, Secret::random()?, Secret::random()?);
        let begun = Begun { state: &state, nonce: &nonce, verifier: &verifier };
        let url = party.authorize_url(&self.callback(issuer)?, &begun).await?;
        let now = self.now();
        let attempt = Attempt {
            state: state.hash(),
            browser: browser.hash(),
            issuer: issuer.to_owned(),
            nonce: nonce.reveal().to_owned(),
            verifier,
            return_to: return_path(return_to),
            expires_at: now + ATTEMPT_LIFE,
        };
        self.inner
            .database
            .write_relaxed(move |connection| {
                store::attempt_prune(connection, now, MOST_ATTEMPTS)?;
                store::attempt_insert(connection, &attempt)
            })
            .await?;
        Ok(LoginStart { url, browser })
    }

    /// Finishes a login: exchanges the code, checks who it is, and opens a
    /// session under a new secret. `browser` is what the browser kept, `prior`
    /// the cookie of a session that it had.
    ///
    /// # Errors
    /// When the answer belongs to no login of this browser, comes of another
    /// issuer, or the issuer refuses or fails; then no session is opened.
    pub async fn login_finish(
        &self,
        answer: LoginAnswer,
        browser: Option<&str>,
        prior: Option<&str>,
        origin: Origin,
    ) -> Result<LoggedIn, IamError> {
        let from = origin.clone();
        let finished = self.finish(answer, browser, prior, origin).await;
        if let Err(error) = &finished {
            self.login_failed(&from, error).await;
        }
        finished
    }

    async fn finish(
        &self,
        answer: LoginAnswer,
        browser: Option<&str>,
        prior: Option<&str>,
        origin: Origin,
    ) -> Result<LoggedIn, IamError> {
        let attempt = self.attempt(&answer, browser).await?;
        // Against mix-up (RFC 9700, section 4.4.2): each issuer sends browsers
        // back to a URI of its own, whatever else it says, and a code of one is
        // never shown to another.
        if answer.issuer != attempt.issuer {
            return Err(IamError::invalid(
                "issuer",
                "another issuer answered than the one that was asked; log in again",
            ));
        }
        let party = std::sync::Arc::clone(self.party(&attempt.issuer)?);
        let known = party.known().await?;
        // And by what it says (RFC 9207, section 2.4).
        let required = known.metadata.authorization_response_iss_parameter_supported;
        match &answer.iss {
            Some(iss) if *iss != known.metadata.issuer => {
                return Err(IamError::invalid(
                    "iss",
                    "another issuer answered than the one that was asked; log in again",
                ));
            }
            None if required => {
                return Err(IamError::invalid("iss", "the issuer's answer doesn't say who it is; log in again"));
            }
            _ => {}
        }
        if let Some(error) = &answer.error {
            return Err(refused(&party, error, answer.error_description.as_deref()));
        }
        let code = answer.code.as_deref().filter(|code| !code.is_empty() && code.len() <= LONGEST);
        let code = code.ok_or_else(|| IamError::invalid("code", "the issuer's answer has no code; log in again"))?;
        let verified = party.login(&self.callback(&attempt.issuer)?, code, &attempt.verifier, &attempt.nonce).await?;
        let mut profile = self.profile(&party, &verified);
        // A login tells everything: what it doesn't name is not there any more.
        profile.grants.get_or_insert_with(|| party.options().grants.clone());
        self.open(profile, &party, attempt.return_to, prior, origin).await
    }

    /// The login that an answer belongs to. It is used up by that.
    async fn attempt(&self, answer: &LoginAnswer, browser: Option<&str>) -> Result<Attempt, IamError> {
        let lost =
            || IamError::invalid("state", "this login was not begun in this browser, or took too long; log in again");
        let state = answer.state.as_deref().filter(|state| state.len() <= LONGEST).ok_or_else(lost)?;
        let (state, now) = (hash(state), self.now());
        let browser = hash(browser.ok_or_else(lost)?);
        self.inner
            .database
            .write(move |connection| {
                let attempt = store::attempt_get(connection, &state)?.ok_or_else(lost)?;
                // Left as it is for the browser that did begin it.
                if !same(&attempt.browser, &browser) {
                    return Err(lost());
                }
                store::attempt_delete(connection, &state)?;
                Ok(attempt)
            })
            .await
            .and_then(|attempt| if attempt.expires_at > now { Ok(attempt) } else { Err(lost()) })
    }

    async fn open(
        &self,
        profile: crate::account::Profile,
        party: &crate::oidc::Party,
        return_to: String,
        prior: Option<&str>,
        origin: Origin,
    ) -> Result<LoggedIn, IamError> {
        let (now, claims_valid) = (self.now(), self.inner.options.claims_valid);
        let (cookie, prior) = (Secret::random()?, prior.map(hash));
        let (hashed, issuer, iam) = (cookie.hash(), party.id().to_owned(), self.clone());
        let (from, request) = (origin.clone(), request::current());
        let (session, principal) = self
            .inner
            .database
            .write(move |connection| {
                let stored = iam.account_of(connection, &profile, now)?;
                let session = iam.session_new(stored.account.id, &issuer, origin);
                let proof = Proof { via: Via::Session(session.id.to_string()), limits: None, claimed: None };
                let principal = principal::principal(connection, &stored, proof, now, claims_valid)?;
                session::replace(connection, &session, &hashed, prior.as_deref())?;
                let opened = audit::of_session("session.open", &principal, &from, request, now);
                trail::append(connection, &NewAuditRecord { data: json!({ "issuer": issuer }), ..opened })?;
                Ok::<_, IamError>((session, principal))
            })
            .await?;
        Ok(LoggedIn { opened: OpenedSession { cookie, session }, principal, return_to })
    }

    /// Ends a session, and tells where the browser goes so that its issuer ends
    /// its own too (RP-Initiated Logout 1.0). None: the issuer has no such page.
    ///
    /// # Errors
    /// When the database fails. An issuer that can't be asked keeps nobody in.
    pub async fn logout(&self, cookie: &str) -> Result<Option<Url>, IamError> {
        let known = self.session_with_principal(cookie).await.ok();
        let ended = known.as_ref().map(|(session, principal)| {
            let origin = Origin { address: session.address.clone(), agent: None };
            audit::of_session("session.close", principal, &origin, request::current(), self.now())
        });
        let hashed = hash(cookie);
        self.inner
            .database
            .write(move |connection| {
                sessions::session_delete_by_hash(connection, &hashed)?;
                ended.iter().try_for_each(|ended| trail::append(connection, ended))
            })
            .await?;
        let session = known.map(|(session, _)| session);
        let Some(party) = session.and_then(|session| self.party(&session.issuer).ok().cloned()) else {
            return Ok(None);
        };
        let Ok(known) = party.known().await else {
            return Ok(None);
        };
        let end = known.metadata.end_session_endpoint.clone();
        Ok(end.map(|mut url| {
            // No `id_token_hint`: an ID token is a proof, and a URL is no place for one.
            let mut query = url.query_pairs_mut();
            query.append_pair("client_id", &party.options().client_id);
            if let Some(home) = self.public("/login") {
                query.append_pair("post_logout_redirect_uri", home.as_str());
            }
            drop(query);
            url
        }))
    }

    /// Where an issuer sends browsers back to.
    fn callback(&self, issuer: &str) -> Result<Url, IamError> {
        self.public(&format!("/login/callback/{issuer}")).ok_or_else(|| {
            IamError::invalid("server.public_url", "it is missing; give the URL under which browsers reach this broker")
        })
    }

    /// A path of this broker as a URL for browsers; `public_url` may have a path of its own.
    fn public(&self, path: &str) -> Option<Url> {
        let base = self.inner.options.public_url.as_ref()?;
        Url::parse(&format!("{}{path}", base.as_str().trim_end_matches('/'))).ok()
    }
}

/// What an issuer said instead of giving a code. Its own text comes from the
/// URL, so whoever made the URL made the text: only what is plain is shown.
fn refused(party: &crate::oidc::Party, error: &str, description: Option<&str>) -> IamError {
    let plain = |text: &str| {
        let known = |letter: &char| letter.is_ascii_alphanumeric() || " ._-,:;()'".contains(*letter);
        text.chars().filter(known).take(200).collect::<String>()
    };
    match error {
        "access_denied" => IamError::Forbidden { reason: "the login was declined; log in again".to_owned() },
        error => {
            let told = description.map(plain).unwrap_or_default();
            party.failed(format!("it answers `{}` {told}", plain(error)).trim_end().to_owned())
        }
    }
}
