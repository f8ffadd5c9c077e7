//! One trusted issuer: what it says about itself and its keys, kept for a
//! while, asked again when that is old or a key is unknown, and never more
//! often than is decent.

use super::{
    discovery::Metadata,
    exchange::{self, Begun, Tokens},
    http::{Http, is_secure},
    jwt::Refusal,
    keys::Keys,
    verify::{self, Purpose, Verified},
};
use crate::{IamError, IamOptions, IssuerOptions, Secret};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_repository::ambient::SharedClock;
use serde_json::Value;
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    task::JoinHandle,
    time::timeout,
};
use url::Url;

/// How long metadata and keys count as new: a key that the issuer withdraws is
/// refused from about then on.
const FRESH: TimeDelta = TimeDelta::minutes(5);
/// From this age on nobody has come for a while; whoever comes now waits for
/// newer keys, for [`PATIENCE`], or a withdrawn key would be good once more.
const QUIET: TimeDelta = TimeDelta::minutes(10);
/// How long they are used when the issuer can't be asked.
const USABLE: TimeDelta = TimeDelta::hours(24);
/// How long one question may take, with all its tries.
const ASK_WITHIN: Duration = Duration::from_secs(10);
/// How long somebody waits for newer keys while older ones could be used.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two questions, whatever the reason: tokens with invented key ids
/// cost an issuer one question in this time.
const BETWEEN: TimeDelta = TimeDelta::seconds(10);

/// A trusted issuer.
#[derive(Debug)]
pub(crate) struct Party {
    options: IssuerOptions,
    http: Http,
    clock: SharedClock,
    known: RwLock<Option<Arc<Known>>>,
    /// The last question, and what came of it.
    last: RwLock<Option<Question>>,
    /// Whoever asks the issuer holds this.
    asking: Arc<Mutex<()>>,
}

/// When an issuer had last been asked, and what came of it.
type Question = (DateTime<Utc>, Result<(), String>);

/// What an issuer told.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) metadata: Metadata,
    keys: Keys,
    at: DateTime<Utc>,
}

impl Known {
    fn age(&self, now: DateTime<Utc>) -> TimeDelta {
        now.signed_duration_since(self.at)
    }
}

impl Party {
    /// Every issuer of the settings.
    pub(crate) fn all(options: &IamOptions, clock: &SharedClock) -> Result<Vec<Arc<Self>>, IamError> {
        let http = Http::new(&options.roots)?;
        let make = |issuer: &IssuerOptions| {
            let url = Url::parse(&issuer.url).ok().filter(is_secure);
            if url.is_none() {
                return Err(IamError::invalid(
                    format!("auth.issuers.{}.url", issuer.id),
                    format!("`{}` is no https URL (http is for loopback alone)", issuer.url),
                ));
            }
            Ok(Arc::new(Self {
                options: issuer.clone(),
                http: http.clone(),
                clock: Arc::clone(clock),
                known: RwLock::default(),
                last: RwLock::default(),
                asking: Arc::default(),
            }))
        };
        options.issuers.iter().map(make).collect()
    }

    /// Its id in the settings.
    pub(crate) fn id(&self) -> &str {
        &self.options.id
    }

    /// What it was told.
    pub(crate) fn options(&self) -> &IssuerOptions {
        &self.options
    }

    /// What its accounts are kept under.
    pub(crate) fn account_issuer(&self) -> &str {
        self.options.account_issuer.as_deref().unwrap_or(&self.options.url)
    }

    /// Where a browser is sent to log in.
    pub(crate) async fn authorize_url(self: &Arc<Self>, redirect: &Url, begun: &Begun<'_>) -> Result<Url, IamError> {
        let known = self.known().await?;
        exchange::authorize_url(&self.options, &known.metadata, redirect, begun).map_err(|reason| self.failed(reason))
    }

    /// Exchanges a code, and checks who logged in. Claims of the userinfo
    /// endpoint are put beside those of the ID token, which win.
    pub(crate) async fn login(
        self: &Arc<Self>,
        redirect: &Url,
        code: &str,
        verifier: &Secret,
        nonce: &str,
    ) -> Result<Verified, IamError> {
        let known = self.known().await?;
        let got = exchange::exchange(&self.http, &self.options, &known.metadata, redirect, code, verifier).await;
        let Tokens { id_token, access_token } = got.map_err(|reason| self.failed(reason))?;
        let purpose = Purpose::Login { nonce, access_token: access_token.reveal() };
        let checked = self.verify(&id_token, purpose).await?;
        let mut verified = checked.map_err(|refusal| self.failed(format!("its ID token is refused: {refusal}")))?;
        if self.options.userinfo
            && let Some(endpoint) = &known.metadata.userinfo_endpoint
        {
            let more = self.http.json(endpoint.as_str(), Some(access_token.reveal())).await;
            self.add(&mut verified, more.map_err(|reason| self.failed(reason))?)?;
        }
        Ok(verified)
    }

    fn add(&self, verified: &mut Verified, more: Value) -> Result<(), IamError> {
        // OpenID Connect Core 1.0, section 5.3.2: or the claims would be somebody else's.
        if more.get("sub").and_then(Value::as_str) != Some(verified.subject.as_str()) {
            return Err(self.failed("its userinfo endpoint tells of another person"));
        }
        if let (Value::Object(claims), Value::Object(more)) = (&mut verified.claims, more) {
            for (name, value) in more {
                claims.entry(name).or_insert(value);
            }
        }
        Ok(())
    }

    /// Checks a token that somebody came with.
    pub(crate) async fn bearer(self: &Arc<Self>, token: &str) -> Result<Verified, IamError> {
        let checked = self.verify(token, Purpose::Api).await?;
        checked.map_err(|refusal| IamError::unauthenticated(format!("the token is refused: {refusal}")))
    }

    /// A key that is not known may be a new one: then the issuer is asked again.
    async fn verify(
        self: &Arc<Self>,
        token: &str,
        purpose: Purpose<'_>,
    ) -> Result<Result<Verified, Refusal>, IamError> {
        let known = self.known().await?;
        let now = self.clock.now();
        let first = verify::verify(token, &self.options, &known.keys, purpose, now);
        match first {
            Err(refusal) if verify::is_about_keys(&refusal) => {
                let newer = self.newer_than(&known).await;
                if Arc::ptr_eq(&newer, &known) {
                    return Ok(Err(refusal));
                }
                Ok(verify::verify(token, &self.options, &newer.keys, purpose, now))
            }
            other => Ok(other),
        }
    }

    /// What the issuer told. Where that is old it is asked again, which keeps
    /// nobody waiting: not while it hangs, and not when it is down.
    pub(crate) async fn known(self: &Arc<Self>) -> Result<Arc<Known>, IamError> {
        let now = self.clock.now();
        let Some(known) = self.current().filter(|known| known.age(now) < USABLE) else {
            return self.ask(now, FRESH).await.map_err(|reason| self.failed(reason));
        };
        if known.age(now) < FRESH {
            return Ok(known);
        }
        let fails = self.last().is_some_and(|(at, came)| at >= known.at && came.is_err());
        if fails || known.age(now) < QUIET {
            self.refresh(now);
            return Ok(known);
        }
        match timeout(PATIENCE, self.ask(now, FRESH)).await {
            Ok(Ok(newer)) => Ok(newer),
            Ok(Err(_)) | Err(_) => Ok(known),
        }
    }

    async fn newer_than(self: &Arc<Self>, seen: &Arc<Known>) -> Arc<Known> {
        let now = self.clock.now();
        match self.ask(now, seen.age(now)).await {
            Ok(newer) => newer,
            Err(_) => Arc::clone(seen),
        }
    }

    /// Has the issuer asked, unless somebody does, or it was asked just now.
    fn refresh(self: &Arc<Self>, now: DateTime<Utc>) {
        if let Ok(turn) = Arc::clone(&self.asking).try_lock_owned()
            && self.just_asked(now).is_none()
        {
            drop(self.question(turn));
        }
    }

    /// Asks the issuer, unless what is known is younger than `enough`, or it
    /// was asked just now. One asks at a time; the others get what that one got.
    async fn ask(self: &Arc<Self>, now: DateTime<Utc>, enough: TimeDelta) -> Result<Arc<Known>, String> {
        let turn = Arc::clone(&self.asking).lock_owned().await;
        let known = self.current();
        if let Some(known) = known.as_ref().filter(|known| known.age(now) < enough) {
            return Ok(Arc::clone(known));
        }
        let usable = known.filter(|known| known.age(now) < USABLE);
        let asked = match self.just_asked(now) {
            Some(came) => came,
            None => self.question(turn).await.unwrap_or_else(|error| Err(format!("it can't be asked: {error}"))),
        };
        match (asked, self.current(), usable) {
            (Ok(()), Some(current), _) => Ok(current),
            (Err(_), _, Some(old)) => Ok(old),
            (Err(reason), _, None) => Err(reason),
            (Ok(()), None, _) => Err("it told nothing".to_owned()),
        }
    }

    /// Asks in a task of its own: a request that is given up, because it took
    /// too long, would otherwise leave the next one to begin anew, without end.
    fn question(self: &Arc<Self>, turn: OwnedMutexGuard<()>) -> JoinHandle<Result<(), String>> {
        let party = Arc::clone(self);
        tokio::spawn(async move {
            let came = match timeout(ASK_WITHIN, party.fetch()).await {
                Ok(came) => came,
                Err(_late) => Err(format!("it doesn't answer within {} seconds", ASK_WITHIN.as_secs())),
            };
            if let Err(reason) = &came {
                tracing::warn!(issuer = party.id(), %reason, "an issuer can't be asked; what it told before is used");
            }
            let at = party.clock.now();
            *party.last.write().unwrap_or_else(PoisonError::into_inner) = Some((at, came.clone()));
            drop(turn);
            came
        })
    }

    async fn fetch(&self) -> Result<(), String> {
        let at = self.clock.now();
        let metadata = Metadata::read(&self.http, &self.options.url).await?;
        let set = self.http.json(metadata.jwks_uri.as_str(), None).await?;
        let keys = Keys::read(&set).ok_or_else(|| format!("{} is no set of keys", metadata.jwks_uri))?;
        if keys.count() == 0 {
            return Err(format!("{} has no key that can be used", metadata.jwks_uri));
        }
        let known = Arc::new(Known { metadata, keys, at });
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Ok(())
    }

    fn last(&self) -> Option<Question> {
        self.last.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What came of the last question, where that is too near for another one.
    fn just_asked(&self, now: DateTime<Utc>) -> Option<Result<(), String>> {
        self.last().filter(|(at, _)| now.signed_duration_since(*at) < BETWEEN).map(|(_, came)| came)
    }

    fn current(&self) -> Option<Arc<Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A failure of the issuer's.
    pub(crate) fn failed(&self, reason: impl Into<String>) -> IamError {
        IamError::Issuer { issuer: self.options.id.clone(), reason: reason.into() }
    }
}
