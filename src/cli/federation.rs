//! `hansa federation …`, `hansa key …`, `hansa quarantine …`: this broker
//! towards its partners, and what it did not take of them.

use super::{
    Context, Table,
    arguments::{FederationCommand, KeyCommand, QuarantineCommand},
    event,
};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{Identity, Quarantined},
};
use hansa_repository::ambient::{IdSource, RandomIds};
use reqwest::Method;

/// Does what is asked of this broker's identity.
pub(super) async fn run(context: &Context, command: &FederationCommand) -> Result<(), Failure> {
    match command {
        FederationCommand::Show => {
            let identity: Identity = context.client.json(Request::admin(Method::GET, &["federation"])).await?;
            context.output.show(&identity, identity_text)
        }
        FederationCommand::Verify { file } => super::verify::run(context.output, file),
    }
}

/// Does what is asked of keys.
pub(super) async fn run_key(context: &Context, command: &KeyCommand) -> Result<(), Failure> {
    let KeyCommand::Rotate { dry_run } = command;
    let request = Request::admin(Method::POST, &["keys", "rotate"])
        .header("Idempotency-Key", RandomIds.next().to_string())
        .query("dryRun", dry_run);
    let identity: Identity = context.client.json(request).await?;
    context.output.show(&identity, |identity| {
        let done = if *dry_run { "a new key would be made beside these" } else { "a new key signs from now on" };
        format!("{done}\n\n{}", identity_text(identity))
    })
}

/// Does what is asked of the quarantine.
pub(super) async fn run_quarantine(context: &Context, command: &QuarantineCommand) -> Result<(), Failure> {
    let QuarantineCommand::List { partner } = command;
    let request = Request::admin(Method::GET, &["quarantine"]).maybe_query("partner", partner.as_ref());
    let refused: Vec<Quarantined> = context.client.list(request, usize::MAX).await?;
    context.output.show(&refused, |refused| {
        let mut table =
            Table::new("nothing was refused", ["RECEIVED", "PARTNER", "NUMBER", "SUBJECT", "REASON"]).right(&[2]);
        for one in refused {
            table.row([
                event::time(one.received_at),
                one.partner.clone(),
                one.sequence.to_string(),
                one.subject.clone(),
                one.reason.clone(),
            ]);
        }
        table.text()
    })
}

fn identity_text(identity: &Identity) -> String {
    let mut text = format!(
        "DID       {}\nname      {}\nendpoint  {}\nprovider  {}\n\n",
        identity.did,
        identity.name,
        identity.endpoint,
        identity.provider.as_deref().unwrap_or("-")
    );
    let mut table = Table::new("there is no key", ["KEY (RFC 7638 THUMBPRINT)", "SIGNS UNTIL"]);
    for key in &identity.keys {
        let until = match (key.revoked_at, key.expires_at) {
            (Some(at), _) => format!("revoked since {}", event::time(at)),
            (None, Some(at)) => event::time(at),
            (None, None) => "it is replaced".to_owned(),
        };
        table.row([key.thumbprint.clone(), until]);
    }
    text.push_str(&table.text());
    text
}
