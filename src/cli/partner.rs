//! `hansa partner …`: other providers' brokers.

use super::{
    Context, Table, arguments::PartnerCommand, event, federation_arguments::PartnerChange, output::write, plan::short,
    read_input,
};
use crate::{
    client::Request,
    config::{to_yaml, yaml_to_json},
    failure::Failure,
    http::wire::{self, AcceptRequest, Invitation, InviteRequest, Partner},
};
use hansa_repository::ambient::{IdSource, RandomIds};
use reqwest::Method;
use serde_json::json;
use std::path::Path;

/// Does what is asked of partners.
pub(super) async fn run(context: &Context, command: PartnerCommand) -> Result<(), Failure> {
    match command {
        PartnerCommand::Invite { name, dry_run } => invite(context, name, dry_run).await,
        PartnerCommand::Accept { invitation, dry_run } => accept(context, &invitation, dry_run).await,
        PartnerCommand::List => {
            let partners: Vec<Partner> =
                context.client.list(Request::admin(Method::GET, &path(&[])), usize::MAX).await?;
            context.output.show(&partners, |partners| list_text(partners))
        }
        PartnerCommand::Show { partner } => {
            let partner: Partner = context.client.json(Request::admin(Method::GET, &path(&[&partner]))).await?;
            context.output.show(&partner, partner_text)
        }
        PartnerCommand::Suspend { partner, reason, change } => {
            act(context, &partner, "suspend", &json!(wire::PartnerChange { reason }), &change).await
        }
        PartnerCommand::Resume { partner, change } => act(context, &partner, "resume", &json!({}), &change).await,
        PartnerCommand::Terminate { partner, reason, change } => {
            act(context, &partner, "terminate", &json!(wire::PartnerChange { reason }), &change).await
        }
        PartnerCommand::Repin { partner, keys, change } => {
            act(context, &partner, "repin", &json!(wire::RepinRequest { keys }), &change).await
        }
        PartnerCommand::Policy { partner, file: None, .. } => {
            let partner: Partner = context.client.json(Request::admin(Method::GET, &path(&[&partner]))).await?;
            context.output.show(&partner.policy, to_yaml)
        }
        PartnerCommand::Policy { partner, file: Some(file), change } => policy(context, &partner, &file, &change).await,
    }
}

fn path<'a>(rest: &[&'a str]) -> Vec<&'a str> {
    ["partners"].iter().chain(rest).copied().collect()
}

/// With a key of its own, so that a repetition on the way has no second effect.
fn post(segments: &[&str], body: &serde_json::Value) -> Request {
    Request::admin(Method::POST, &path(segments))
        .header("Idempotency-Key", RandomIds.next().to_string())
        .body("application/json", body.to_string())
}

fn matching(request: Request, change: &PartnerChange) -> Request {
    let request = request.query("dryRun", change.dry_run);
    match change.if_version {
        Some(version) => request.header("If-Match", format!("\"{version}\"")),
        None => request,
    }
}

async fn invite(context: &Context, name: Option<String>, dry_run: bool) -> Result<(), Failure> {
    let request = post(&["invite"], &json!(InviteRequest { name })).query("dryRun", dry_run);
    let invitation: Invitation = context.client.json(request).await?;
    if invitation.invitation.is_empty() && !dry_run {
        let lost = "the invitation was made, but the answer with its line got lost, and it is told once; invite again";
        return Err(Failure::failed(lost));
    }
    context.output.show(&invitation, |invitation| {
        if dry_run {
            return "an invitation would be made".to_owned();
        }
        // The line alone goes to standard output, so that it can be piped.
        eprintln!(
            "Send this line to the other owner by a way that nobody else reads. It can be used once, until {}:",
            event::time(invitation.expires_at)
        );
        invitation.invitation.clone()
    })
}

async fn accept(context: &Context, invitation: &str, dry_run: bool) -> Result<(), Failure> {
    let line = match invitation {
        "-" => String::from_utf8_lossy(&read_input(Path::new("-"))?).trim().to_owned(),
        line => line.trim().to_owned(),
    };
    let request = post(&["accept"], &json!(AcceptRequest { invitation: line })).query("dryRun", dry_run);
    let partner: Partner = context.client.json(request).await?;
    context.output.show(&partner, |partner| match dry_run {
        true => format!("{} ({}) would be a partner", partner.name, partner.did),
        false => changed_text(partner),
    })
}

async fn act(
    context: &Context,
    partner: &str,
    verb: &str,
    body: &serde_json::Value,
    change: &PartnerChange,
) -> Result<(), Failure> {
    let request = matching(post(&[partner, verb], body), change);
    let changed: Partner = context.client.json(request).await?;
    context.output.show(&changed, |partner| match change.dry_run {
        true => format!("{verb} would change {}", changed_text(partner)),
        false => changed_text(partner),
    })
}

async fn policy(context: &Context, partner: &str, file: &Path, change: &PartnerChange) -> Result<(), Failure> {
    let text = String::from_utf8_lossy(&read_input(file)?).into_owned();
    let policy = yaml_to_json(&text).map_err(|fault| Failure::input(format!("{}: {fault}", file.display())))?;
    let request = Request::admin(Method::PUT, &path(&[partner, "policy"])).body("application/json", policy.to_string());
    let name = file.display().to_string();
    let changed: Partner =
        context.client.json(matching(request, change)).await.map_err(|error| error.failure(Some(&name)))?;
    if change.dry_run {
        return write(b"the policy can be taken\n");
    }
    context.output.show(&changed, |partner| format!("the policy of {} is in force", changed_text(partner)))
}

fn changed_text(partner: &Partner) -> String {
    format!("{} ({}): {}", partner.name, partner.did, partner.state)
}

fn heard(partner: &Partner) -> String {
    partner.last_heard.map_or_else(|| "never".to_owned(), event::time)
}

fn list_text(partners: &[Partner]) -> String {
    let mut table = Table::new(
        "there is no partner; `hansa partner invite` begins",
        ["NAME", "STATE", "PROVIDER", "LAST HEARD", "FEED", "DID", "TROUBLE"],
    )
    .right(&[4]);
    for partner in partners {
        table.row([
            partner.name.clone(),
            partner.state.clone(),
            partner.provider.as_deref().map_or_else(|| "-".to_owned(), short),
            heard(partner),
            format!("{}/{}", partner.feed_position, partner.feed_head),
            partner.did.clone(),
            partner.last_error.clone().unwrap_or_default(),
        ]);
    }
    table.text()
}

fn partner_text(partner: &Partner) -> String {
    let or_dash = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let mut rows = vec![
        ("name", partner.name.clone()),
        ("DID", partner.did.clone()),
        ("endpoint", partner.endpoint.clone()),
        ("provider", or_dash(&partner.provider)),
        ("state", format!("{} since {}", partner.state, event::time(partner.since))),
        ("its view", or_dash(&partner.their_state)),
        ("reason", or_dash(&partner.reason)),
        ("keys", partner.keys.join(" ")),
        ("last heard", heard(partner)),
        ("feed", format!("{} of {}", partner.feed_position, partner.feed_head)),
        ("version", partner.version.to_string()),
    ];
    if let Some(since) = partner.unreachable_since {
        rows.push(("trouble", format!("since {}: {}", event::time(since), or_dash(&partner.last_error))));
    }
    if partner.offers_cut_off > 0 {
        rows.push(("left out", format!("{} offers more than are taken of one partner", partner.offers_cut_off)));
    }
    let text: String = rows.iter().map(|(name, value)| format!("{name:<11} {value}\n")).collect();
    format!("{text}policy:\n{}", to_yaml(&partner.policy))
}
