//! Credentials of infrastructure, without their secrets.

use super::{Entered, columns, line};
use crate::portal::{
    Frame,
    pages::offers::encoded,
    parts::{Empty, Field, FieldKind, Instant},
    sheet::{Cell, Facts, FormBox, Row, Section, Sheet, Table},
};
use hansa_iam::Credential;

/// Where the list is.
pub(crate) const LIST: &str = "/infrastructure/credentials";

fn address(name: &str) -> String {
    format!("{LIST}/{}", encoded(name))
}

/// The list, and the form for another one.
pub(crate) fn list(frame: Frame, all: &[Credential], said: &Entered) -> Sheet {
    let section = Section::plain("credentials");
    let section = if all.is_empty() {
        section.with(Empty::new(frame.t("credentials-none"), frame.t("credentials-none-text")))
    } else {
        let rows = all.iter().map(|one| {
            let (at, by) = match (&one.rotated_at, &one.rotated_by) {
                (Some(at), Some(by)) => (*at, by),
                _ => (one.created_at, &one.created_by),
            };
            Row::new([
                Cell::link(address(&one.name), &one.name),
                Cell::text(&one.kind),
                Cell::Code(one.fingerprint.clone()),
                Cell::Time(Instant::ago(frame.language, at, frame.now)),
                Cell::text(by.to_string()),
            ])
        });
        let labels =
            ["sheet-name", "credentials-kind", "credentials-fingerprint", "credentials-written", "credentials-by"];
        section.with(Table::new(frame.t("credentials-title"), columns(&frame, labels)).rows(rows))
    };
    let add = FormBox::new(&frame, LIST, frame.t("credentials-add"))
        .field(said.fill(line(&frame, "name", "sheet-name").hint(frame.t("credentials-name-hint")).required()))
        .field(said.fill(line(&frame, "kind", "credentials-kind").hint(frame.t("credentials-kind-hint")).required()))
        .field(secret(&frame, said))
        .main();
    let body = r#"{"name": "NAME", "kind": "openstack", "secret": "SECRET"}"#;
    Sheet::new(frame.clone(), frame.t("credentials-title"))
        .crumb("/infrastructure", frame.t("nav-infrastructure"))
        .intro(frame.t("credentials-intro"))
        .notice(said.notice(frame.t("credentials-refused")))
        .section(section)
        .section(Section::new("add", frame.t("credentials-add")).with(add))
        .also(|also| {
            also.cli(&["credential", "list"])
                .cli(&["credential", "add", "NAME", "--kind", "openstack", "--secret", "secret.txt"])
                .get("/admin/v1/credentials")
                .request("POST", "/admin/v1/credentials", Some(("application/json", body)), &["Idempotency-Key: KEY"])
        })
}

/// The field for a secret: nothing is ever shown in it.
fn secret(frame: &Frame, said: &Entered) -> Field {
    let mut field = Field::new("secret", frame.t("credentials-secret"), FieldKind::Lines(4))
        .hint(frame.t("credentials-secret-hint"))
        .required();
    field.autocomplete = Some("off");
    said.fill(field)
}

/// One: what is known of it, another secret for it, and its end.
pub(crate) fn one(frame: Frame, found: &Credential, said: &Entered) -> Sheet {
    let (name, version) = (found.name.as_str(), found.version.to_string());
    let path = format!("/admin/v1/credentials/{}", encoded(name));
    let time = |at| Cell::Time(Instant::minute(frame.language, at));
    let facts = Facts::new()
        .with(frame.t("credentials-kind"), Cell::text(&found.kind))
        .with(frame.t("credentials-fingerprint"), Cell::Code(found.fingerprint.clone()))
        .with(frame.t("sheet-created"), time(found.created_at))
        .with(frame.t("credentials-by"), Cell::text(found.created_by.to_string()))
        .maybe(frame.t("credentials-replaced"), found.rotated_at.map(time))
        .maybe(
            frame.t("credentials-replaced-by"),
            found.rotated_by.as_ref().map(|actor| Cell::text(actor.to_string())),
        );
    let replace = FormBox::new(&frame, format!("{}/secret", address(name)), frame.t("credentials-replace"))
        .hidden("version", &version)
        .field(secret(&frame, said))
        .main();
    let remove = FormBox::new(&frame, format!("{}/remove", address(name)), frame.t("credentials-remove"))
        .hidden("version", &version)
        .danger();
    let tag = format!("If-Match: \"{version}\"");
    Sheet::new(frame.clone(), name)
        .crumb("/infrastructure", frame.t("nav-infrastructure"))
        .crumb(LIST, frame.t("credentials-title"))
        .notice(said.notice(frame.t("credentials-refused")))
        .section(Section::plain("credential").with(facts))
        .section(
            Section::new("replace", frame.t("credentials-replace"))
                .text(frame.t("credentials-replace-text"))
                .with(replace),
        )
        .section(
            Section::new("remove", frame.t("credentials-remove")).text(frame.t("credentials-remove-text")).with(remove),
        )
        .also(|also| {
            also.cli(&["credential", "show", name])
                .cli(&["credential", "rotate", name, "--secret", "new.txt"])
                .cli(&["credential", "remove", name])
                .request(
                    "PUT",
                    &format!("{path}/secret"),
                    Some(("application/json", r#"{"secret": "SECRET"}"#)),
                    &[&tag],
                )
                .request("DELETE", &path, None, &[&tag])
        })
}
