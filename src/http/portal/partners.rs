//! Partners: list, invite, accept, one with its policy, suspend, resume, terminate, quarantine.

use super::{Flash, Form, Visit, see_other};
use crate::{
    http::{
        admin::federation::{self, manager},
        problem::{ApiError, ProblemKind, Reply},
        wire,
    },
    portal::{
        Place,
        pages::{
            contracts,
            offers::encoded,
            partners::{self, PartnerList, Refused},
        },
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{self, Path},
};
use hansa_federation_manager::{
    FederationError, FederationManager,
    partners::{Partner, PartnerEvent, PartnerPolicy},
};

/// Entries of the quarantine that are shown.
const MOST_ENTRIES: usize = 500;

/// Lists partners.
pub(crate) async fn list(visit: Visit) -> Reply {
    listed(visit, StatusCode::OK, None).await
}

async fn listed(visit: Visit, status: StatusCode, refused: Option<Refused>) -> Reply {
    let broker = visit.broker.clone();
    let Some(manager) = &broker.federation else {
        return visit.show(Place::Partners, |frame| contracts::alone(frame, "nav-partners"));
    };
    let list = PartnerList {
        partners: manager.partner_list().await?,
        invitations: manager.invitation_list().await?,
        quarantine: manager.quarantine_list(None, 1).await?.counts,
    };
    visit.show_as(status, Place::Partners, |frame| partners::list(frame, &list, refused.as_ref()))
}

/// Makes an invitation and shows its line, once.
pub(crate) async fn invite(form: Form) -> Reply {
    let broker = form.visit.broker.clone();
    let made = manager(&broker)?.partner_invite(form.get("name"), form.caller().actor()).await?;
    form.visit.show(Place::Partners, |frame| partners::invited(frame, &made.line, made.expires_at))
}

/// Takes back an invitation that nobody has used.
pub(crate) async fn invitation_withdraw(form: Form, id: Path<String>) -> Reply {
    let broker = form.visit.broker.clone();
    manager(&broker)?.invitation_withdraw(&id, form.caller().actor()).await?;
    Ok(see_other(&form.visit.asked, "/partners", Some(Flash::done("done-invitation-withdrawn", ""))))
}

/// Accepts an invitation.
pub(crate) async fn accept(form: Form) -> Reply {
    let broker = form.visit.broker.clone();
    match manager(&broker)?.partner_accept(form.get("invitation"), form.caller().actor()).await {
        Ok(partner) => Ok(see_other(
            &form.visit.asked,
            &address(&partner.did),
            Some(Flash::done("done-partner-accepted", &partner.name)),
        )),
        Err(error) => {
            let refused = refused("invitation", form.get("invitation"), error)?;
            listed(form.visit, StatusCode::UNPROCESSABLE_ENTITY, Some(refused)).await
        }
    }
}

/// What is wrong with a field; anything else is not the form's fault.
fn refused(field: &'static str, value: &str, error: FederationError) -> Result<Refused, ApiError> {
    let error = ApiError::from(error);
    match error.kind() {
        ProblemKind::Invalid | ProblemKind::Malformed | ProblemKind::Conflict | ProblemKind::Partner => {
            Ok(Refused { field, value: value.to_owned(), error: error.to_string() })
        }
        _ => Err(error),
    }
}

fn address(did: &str) -> String {
    format!("/partners/{}", encoded(did))
}

/// Shows a partner.
pub(crate) async fn show(visit: Visit, reference: Path<String>) -> Reply {
    let broker = visit.broker.clone();
    let partner = federation::find(manager(&broker)?, &reference).await?;
    shown(visit, StatusCode::OK, &partner, None)
}

fn shown(visit: Visit, status: StatusCode, partner: &Partner, refused: Option<Refused>) -> Reply {
    let version = wire::Partner::from(partner.clone()).version;
    visit.show_as(status, Place::Partners, |frame| partners::partner(frame, partner, version, refused.as_ref()))
}

/// The partner that a form is about, unless it has changed since the form was shown.
async fn meant(manager: &FederationManager, form: &Form, reference: &str) -> Result<Partner, ApiError> {
    let partner = federation::find(manager, reference).await?;
    let now = wire::Partner::from(partner.clone()).version.to_string();
    if form.get("version") == now {
        return Ok(partner);
    }
    let told = format!("{} changed in the meantime; look at it again", partner.name);
    Err(ApiError::new(ProblemKind::PreconditionFailed, told))
}

/// Puts a partner on hold.
pub(crate) async fn suspend(form: Form, reference: Path<String>) -> Reply {
    change(form, &reference, PartnerEvent::Suspend).await
}

/// Ends a suspension.
pub(crate) async fn resume(form: Form, reference: Path<String>) -> Reply {
    change(form, &reference, PartnerEvent::Resume).await
}

/// Leaves a partner.
pub(crate) async fn terminate(form: Form, reference: Path<String>) -> Reply {
    change(form, &reference, PartnerEvent::Terminate).await
}

async fn change(form: Form, reference: &str, event: PartnerEvent) -> Reply {
    let broker = form.visit.broker.clone();
    let manager = manager(&broker)?;
    let partner = meant(manager, &form, reference).await?;
    let (did, actor) = (partner.did.as_str(), form.caller().actor());
    let reason = |field: &str| Some(form.get(field)).filter(|text| !text.is_empty()).map(str::to_owned);
    let told = match event {
        PartnerEvent::Suspend => {
            manager.partner_suspend(did, reason("reason"), actor).await?;
            "done-partner-suspended"
        }
        PartnerEvent::Resume => {
            manager.partner_resume(did, actor).await?;
            "done-partner-resumed"
        }
        _ => {
            manager.partner_terminate(did, reason("ending"), actor).await?;
            "done-partner-terminated"
        }
    };
    Ok(see_other(&form.visit.asked, &address(did), Some(Flash::done(told, &partner.name))))
}

/// Puts another policy in the place of a partner's.
pub(crate) async fn policy(form: Form, reference: Path<String>) -> Reply {
    let broker = form.visit.broker.clone();
    let manager = manager(&broker)?;
    let partner = meant(manager, &form, &reference).await?;
    let text = form.raw("policy");
    let refused = match serde_json::from_str::<PartnerPolicy>(text) {
        Err(error) => Refused {
            field: "policy",
            value: text.to_owned(),
            error: format!("the policy is not the JSON that is expected: {error}"),
        },
        Ok(policy) => match manager.partner_policy_set(&partner.did, policy, form.caller().actor()).await {
            Ok(changed) => {
                let told = Flash::done("done-partner-policy", &changed.name);
                return Ok(see_other(&form.visit.asked, &address(&changed.did), Some(told)));
            }
            Err(error) => refused("policy", text, error)?,
        },
    };
    shown(form.visit, StatusCode::UNPROCESSABLE_ENTITY, &partner, Some(refused))
}

/// Lists what partners sent and was not taken in.
pub(crate) async fn quarantine(visit: Visit, request: HttpRequest) -> Reply {
    let broker = visit.broker.clone();
    let Some(manager) = &broker.federation else {
        return visit.show(Place::Partners, |frame| contracts::alone(frame, "partners-quarantine"));
    };
    let names = federation::names(manager).await?;
    let partner = super::parameter(&request, "partner");
    let partner = match &partner {
        Some(reference) => Some(federation::find(manager, reference).await?.did),
        None => None,
    };
    let found = manager.quarantine_list(partner.as_deref(), MOST_ENTRIES).await?;
    visit.show(Place::Partners, |frame| partners::quarantine(frame, &found.items, &names, partner.as_deref()))
}

/// The routes of this page.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    let post = |path: &str, handler: actix_web::Route| web::resource(path.to_owned()).route(handler);
    config
        .service(web::resource("/partners").route(super::page().to(list)))
        .service(web::resource("/partners/quarantine").route(super::page().to(quarantine)))
        .service(post("/partners/invite", web::post().to(invite)))
        .service(post("/partners/accept", web::post().to(accept)))
        .service(post("/partners/invitations/{invitation}/withdraw", web::post().to(invitation_withdraw)))
        .service(web::resource("/partners/{partner}").route(super::page().to(show)))
        .service(post("/partners/{partner}/suspend", web::post().to(suspend)))
        .service(post("/partners/{partner}/resume", web::post().to(resume)))
        .service(post("/partners/{partner}/terminate", web::post().to(terminate)))
        .service(post("/partners/{partner}/policy", web::post().to(policy)));
}
