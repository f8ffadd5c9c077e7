//! What a server starts from: the override of its boot order, and the image in
//! its virtual drive.

use super::{
    session::{Resource, Service},
    settings::Settings,
    wire::{at, link, links, list, text},
};
use hansa_repository::system::{SystemError, SystemErrorKind};
use serde_json::{Value, json};

/// Says from what the server starts, as the settings wish.
pub(super) async fn prepare(service: &Service, system: &Resource, settings: &Settings) -> Result<(), SystemError> {
    if let Some(image) = &settings.media_url {
        insert(service, &system.body, image).await?;
    }
    let Some(target) = &settings.boot_target else { return Ok(()) };
    let allowed = list(&system.body, "/Boot/BootSourceOverrideTarget@Redfish.AllowableValues");
    if !allowed.is_empty() && !allowed.iter().any(|one| one == target.as_str()) {
        let allowed: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
        return Err(service.complaint(
            format!("start it from {target}"),
            SystemErrorKind::Unsupported,
            format!("it starts from {}", allowed.join(", ")),
            "change the setting bootTarget",
        ));
    }
    let enabled = if settings.boot_always { "Continuous" } else { "Once" };
    let mut boot = json!({ "BootSourceOverrideEnabled": enabled, "BootSourceOverrideTarget": target });
    if let Some(fields) = boot.as_object_mut() {
        if let Some(mode) = &settings.boot_mode {
            fields.insert("BootSourceOverrideMode".to_owned(), json!(mode));
        }
        if let Some(uri) = settings.boot_uri.as_ref().filter(|_| target == "UefiHttp") {
            fields.insert("HttpBootUri".to_owned(), json!(uri));
        }
    }
    service.patch_any(&system.path, &json!({ "Boot": boot }), &format!("start it from {target}")).await
}

/// Takes back what [`prepare`] said.
pub(super) async fn clear(service: &Service, system: &Resource, settings: &Settings) -> Result<(), SystemError> {
    if let Some(image) = &settings.media_url {
        eject(service, &system.body, image).await?;
    }
    let enabled = text(&system.body, "/Boot/BootSourceOverrideEnabled");
    if settings.boot_target.is_none() || enabled.is_none_or(|enabled| enabled == "Disabled") {
        return Ok(());
    }
    let body = json!({ "Boot": { "BootSourceOverrideEnabled": "Disabled", "BootSourceOverrideTarget": "None" } });
    match service.patch_any(&system.path, &body, "end its boot override").await {
        // Some take the one without the other, some know no end of an override: then it is the disk.
        Err(error) if matches!(error.kind, SystemErrorKind::Invalid | SystemErrorKind::Failed) => {
            let body = json!({ "Boot": { "BootSourceOverrideTarget": "Hdd" } });
            service.patch_any(&system.path, &body, "end its boot override").await
        }
        outcome => outcome,
    }
}

async fn insert(service: &Service, system: &Value, image: &str) -> Result<(), SystemError> {
    let action = "insert the image";
    let Some(drive) = drive(service, system).await? else {
        let remedy = "leave the setting mediaUrl away, or start it from the network";
        return Err(service.complaint(action, SystemErrorKind::Unsupported, "it has no virtual drive", remedy));
    };
    match (is_in(&drive.body), text(&drive.body, "/Image")) {
        (true, Some(there)) if there == image => return Ok(()),
        (true, there) => {
            let said = format!("its virtual drive holds {}", there.unwrap_or("another image"));
            return Err(service.complaint(action, SystemErrorKind::Conflict, said, "eject that if nobody needs it"));
        }
        (false, _) => {}
    }
    let body = json!({ "Image": image, "Inserted": true, "WriteProtected": true });
    match text(&drive.body, "/Actions/#VirtualMedia.InsertMedia/target") {
        Some(target) => service.post(target, &body, action).await,
        None => service.patch_any(&drive.path, &body, action).await,
    }
}

/// Ejects our image, and nobody else's.
async fn eject(service: &Service, system: &Value, image: &str) -> Result<(), SystemError> {
    let action = "eject the image";
    let Some(drive) = drive(service, system).await? else { return Ok(()) };
    if !is_in(&drive.body) || text(&drive.body, "/Image").is_some_and(|there| there != image) {
        return Ok(());
    }
    match text(&drive.body, "/Actions/#VirtualMedia.EjectMedia/target") {
        Some(target) => service.post(target, &json!({}), action).await,
        None => service.patch_any(&drive.path, &json!({ "Image": null, "Inserted": false }), action).await,
    }
}

fn is_in(drive: &Value) -> bool {
    at(drive, "/Inserted").and_then(Value::as_bool).unwrap_or_else(|| text(drive, "/Image").is_some())
}

/// The server's virtual drive for discs: its own, or, in older services, its manager's.
async fn drive(service: &Service, system: &Value) -> Result<Option<Resource>, SystemError> {
    let mut places: Vec<String> = link(system, "/VirtualMedia").map(str::to_owned).into_iter().collect();
    if places.is_empty() {
        for manager in links(system, "/Links/ManagedBy") {
            let manager = service.find(manager).await?;
            places.extend(manager.and_then(|one| link(&one.body, "/VirtualMedia").map(str::to_owned)));
        }
    }
    for place in places {
        let Some(drives) = service.find(&place).await? else { continue };
        for path in links(&drives.body, "/Members") {
            let Some(drive) = service.find(path).await? else { continue };
            if list(&drive.body, "/MediaTypes").iter().any(|kind| kind == "CD" || kind == "DVD") {
                return Ok(Some(drive));
            }
        }
    }
    Ok(None)
}
