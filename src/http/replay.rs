//! Idempotency keys of requests that no layer below remembers: the first
//! answer is kept, and given again to the same request under the same key.

use super::{
    Broker,
    call::Call,
    problem::{ApiError, ProblemKind, Reply},
};
use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use hansa_ontology::Actor;
use hansa_repository::{
    RepositoryError,
    idempotency::{self, Begin, StoredAnswer},
};
use hansa_service_orchestrator::IdempotencyKey;
use std::sync::{Mutex, PoisonError};

/// Does `work` once for the call's key, and answers its JSON with 200.
pub(crate) async fn once(broker: &Broker, call: &Call, work: impl Future<Output = Result<String, ApiError>>) -> Reply {
    let (status, body) = match &call.key {
        Some(key) => remembered(broker, &call.actor, key, work).await?,
        None => (200, work.await?),
    };
    Ok(json(status, body))
}

/// Does `work` once for a key of an actor's: its status and its answer, the same each time.
pub(crate) async fn remembered(
    broker: &Broker,
    who: &Actor,
    key: &IdempotencyKey,
    work: impl Future<Output = Result<String, ApiError>>,
) -> Result<(u16, String), ApiError> {
    let (actor, now) = (who.clone(), broker.clock.now());
    let (name, digest) = (key.key.clone(), key.digest.clone());
    let begun =
        broker.database.write(move |connection| idempotency::begin(connection, &actor, &name, &digest, now)).await?;
    match begun {
        Begin::Replay(answer) => Ok((answer.status, answer.body)),
        Begin::Mismatch => Err(ApiError::new(
            ProblemKind::KeyReused,
            format!("the idempotency key `{}` was used for another request; use a new key", key.key),
        )),
        Begin::InFlight => Err(ApiError::new(
            ProblemKind::Conflict,
            format!("a request with the idempotency key `{}` is under way; try again when it has ended", key.key),
        )),
        Begin::New => first(broker, who.clone(), key.key.clone(), work).await,
    }
}

/// As [`once`], where the first answer tells a secret: `work` gives what is kept
/// for a repetition, without it, and what is told now and stored nowhere.
pub(crate) async fn once_told(
    broker: &Broker,
    call: &Call,
    work: impl Future<Output = Result<(String, String), ApiError>>,
) -> Reply {
    let told = Mutex::new(None);
    let answer = once(broker, call, async {
        let (kept, whole) = work.await?;
        *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(whole);
        Ok(kept)
    })
    .await?;
    let told = told.lock().unwrap_or_else(PoisonError::into_inner).take();
    Ok(match told {
        Some(whole) => HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::CONTENT_TYPE, "application/json"))
            .body(whole),
        None => answer,
    })
}

/// The first request under a key. A failed one is forgotten, so that it can be repeated.
async fn first(
    broker: &Broker,
    actor: Actor,
    key: String,
    work: impl Future<Output = Result<String, ApiError>>,
) -> Result<(u16, String), ApiError> {
    match work.await {
        Ok(body) => {
            let answer = StoredAnswer { status: 200, headers: Vec::new(), body: body.clone() };
            broker.database.write(move |connection| idempotency::finish(connection, &actor, &key, &answer)).await?;
            Ok((200, body))
        }
        Err(error) => {
            let forgotten: Result<(), RepositoryError> =
                broker.database.write(move |connection| idempotency::forget(connection, &actor, &key)).await;
            if let Err(failure) = forgotten {
                tracing::warn!(%failure, "an idempotency key stays until it is abandoned");
            }
            Err(error)
        }
    }
}

fn json(status: u16, body: String) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    HttpResponse::build(status).insert_header((header::CONTENT_TYPE, "application/json")).body(body)
}

/// An answer as JSON text.
pub(crate) fn serialise<T: serde::Serialize>(value: &T) -> Result<String, ApiError> {
    serde_json::to_string(value).map_err(|error| ApiError::default().for_operator(error))
}
