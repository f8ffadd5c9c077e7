//! Credentials of infrastructure: kept, replaced, forgotten; never shown.

use super::{Done, Form, Visit, entered, once, version};
use crate::{
    http::{portal::page as looked_at, problem::Reply},
    portal::{
        Place,
        pages::owners::{
            Entered,
            credentials::{self as page, LIST},
        },
    },
};
use actix_web::{
    http::StatusCode,
    web::{self, Path},
};

/// Lists credentials.
pub(crate) async fn list(visit: Visit) -> Reply {
    listed(visit, StatusCode::OK, Entered::default()).await
}

async fn listed(visit: Visit, status: StatusCode, said: Entered) -> Reply {
    let all = visit.broker.credentials.credential_list().await?;
    visit.show_as(status, Place::Infrastructure, |frame| page::list(frame, &all, &said))
}

/// What was entered as a secret: lines end as on Unix, and the last one's end is no part of it.
fn secret(form: &Form) -> String {
    form.raw("secret").replace("\r\n", "\n").trim_end_matches('\n').to_owned()
}

/// Keeps a credential.
pub(crate) async fn add(form: Form) -> Reply {
    let broker = form.visit.broker.clone();
    let added = once(&form, async {
        let (name, secret) = (form.get("name"), secret(&form));
        let kept =
            broker.credentials.credential_add(name, form.get("kind"), secret.as_bytes(), form.caller().actor(), false);
        Ok(Done(LIST.to_owned(), "done-credential-added", kept.await?.name))
    });
    match added.await {
        Ok(answer) => Ok(answer),
        Err(error) => {
            // The secret is not among what is shown again.
            let status = error.kind().status();
            let said = entered(&form, &["name", "kind", "secret"], error)?.without("secret");
            listed(form.visit, status, said).await
        }
    }
}

/// Shows one, without its secret.
pub(crate) async fn show(visit: Visit, name: Path<String>) -> Reply {
    shown(visit, StatusCode::OK, &name, Entered::default()).await
}

async fn shown(visit: Visit, status: StatusCode, name: &str, said: Entered) -> Reply {
    let found = visit.broker.credentials.credential(name).await?;
    visit.show_as(status, Place::Infrastructure, |frame| page::one(frame, &found, &said))
}

/// Replaces a secret.
pub(crate) async fn rotate(form: Form, name: Path<String>) -> Reply {
    let broker = form.visit.broker.clone();
    let rotated = once(&form, async {
        let (secret, actor) = (secret(&form), form.caller().actor());
        let kept = broker.credentials.credential_rotate(&name, secret.as_bytes(), version(&form), actor, false).await?;
        Ok(Done(LIST.to_owned(), "done-credential-rotated", kept.name))
    });
    match rotated.await {
        Ok(answer) => Ok(answer),
        Err(error) => {
            let status = error.kind().status();
            let said = entered(&form, &["secret"], error)?.without("secret");
            shown(form.visit, status, &name, said).await
        }
    }
}

/// Forgets a credential.
pub(crate) async fn remove(form: Form, name: Path<String>) -> Reply {
    let broker = form.visit.broker.clone();
    once(&form, async {
        let gone = broker.credentials.credential_remove(&name, version(&form), form.caller().actor(), false).await?;
        Ok(Done(LIST.to_owned(), "done-credential-removed", gone.name))
    })
    .await
}

/// The routes of these pages.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    let at = |rest: &str| web::resource(format!("{LIST}{rest}"));
    config
        .service(at("").route(looked_at().to(list)).route(web::post().to(add)))
        .service(at("/{credential}").route(looked_at().to(show)))
        .service(at("/{credential}/secret").route(web::post().to(rotate)))
        .service(at("/{credential}/remove").route(web::post().to(remove)));
}
