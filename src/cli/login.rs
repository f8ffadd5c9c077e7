//! `hansa login`, `logout`, `whoami` and `token …`: who the command line is.

use super::{
    Context, Table,
    arguments::{LoginOptions, TokenCommand},
    event,
    output::write_text,
};
use crate::{
    client::{Credentials, Request, Stored},
    failure::Failure,
    http::wire::{Issuer, Login, Me, NewToken, Token},
};
use chrono::TimeDelta;
use hansa_iam::{
    IamError,
    oidc::device::{DeviceClient, DeviceLogin, DeviceTokens},
};
use hansa_repository::ambient::{Clock, IdSource, RandomIds, SystemClock};
use reqwest::Method;
use serde_json::json;

/// Logs in by the device flow, and keeps the tokens.
pub(super) async fn run(context: &Context, options: &LoginOptions) -> Result<(), Failure> {
    let login: Login = context.client.json(Request::get(&["login"]).anonymous()).await?;
    if !login.required {
        return Err(Failure::input("this broker has no login: whoever reaches it on its machine may do everything"));
    }
    let issuer = chosen(&login, options.issuer.as_deref())?;
    let client_id = issuer.cli_client_id.clone().unwrap_or_default();
    let kept = credentials(context)?;
    let client = DeviceClient::new(context.client.roots()).map_err(failed)?;
    let mut begun = client.begin(&issuer.url, &client_id, &scopes(issuer)).await.map_err(failed)?;
    eprintln!("Open {} in a browser", begun.page_with_code.as_ref().unwrap_or(&begun.page));
    eprintln!("and confirm the code {}. It is good for {} minutes.", begun.user_code, begun.expires_in.as_secs() / 60);
    let tokens = waited(&client, &mut begun).await?;
    kept.write(&Stored {
        server: context.client.server().to_string(),
        issuer: issuer.url.clone(),
        client_id,
        token_endpoint: begun.token_endpoint.clone(),
        token: tokens.bearer,
        expires_at: SystemClock.now() + TimeDelta::from_std(tokens.expires_in).unwrap_or_default(),
        refresh: tokens.refresh,
    })?;
    let me: Me = context.client.json(Request::get(&["me"])).await?;
    context.output.show(&me, |me| format!("logged in as {} ({})", me.handle, me.name))
}

/// Renewal needs a scope of its own at most issuers (OpenID Connect Core 1.0, section 11).
fn scopes(issuer: &Issuer) -> Vec<String> {
    let mut scopes = issuer.scopes.clone();
    if !scopes.iter().any(|scope| scope == "offline_access") {
        scopes.push("offline_access".to_owned());
    }
    scopes
}

fn chosen<'a>(login: &'a Login, wished: Option<&str>) -> Result<&'a Issuer, Failure> {
    let able: Vec<&Issuer> = login.issuers.iter().filter(|issuer| issuer.cli_client_id.is_some()).collect();
    let names = || able.iter().map(|issuer| format!("{} ({})", issuer.id, issuer.name)).collect::<Vec<_>>().join(", ");
    match (wished, able.as_slice()) {
        (_, []) => Err(Failure::input(
            "no issuer of this broker has a client for the command line; make a token in the portal and give it in HANSA_TOKEN",
        )),
        (None, [only]) => Ok(only),
        (None, _) => Err(Failure::input(format!("choose with --issuer: {}", names()))),
        (Some(wished), _) => able
            .iter()
            .find(|issuer| issuer.id == wished)
            .copied()
            .ok_or_else(|| Failure::input(format!("--issuer: there is no `{wished}`; choose one of: {}", names()))),
    }
}

async fn waited(client: &DeviceClient, begun: &mut DeviceLogin) -> Result<DeviceTokens, Failure> {
    let patience = begun.expires_in;
    let asked = async {
        loop {
            tokio::time::sleep(begun.interval).await;
            if let Some(tokens) = client.poll(begun).await? {
                return Ok::<_, IamError>(tokens);
            }
        }
    };
    tokio::select! {
        ended = tokio::time::timeout(patience, asked) => match ended {
            Ok(tokens) => tokens.map_err(failed),
            Err(_) => Err(Failure::failed("nobody confirmed the code in time; run `hansa login` again")),
        },
        _ = tokio::signal::ctrl_c() => Err(Failure::interrupted()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: IamError) -> Failure {
    Failure::failed(error.to_string())
}

fn credentials(context: &Context) -> Result<Credentials, Failure> {
    Credentials::of(context.client.server())
        .ok_or_else(|| Failure::failed("there is no place to keep a login; set HOME or XDG_CONFIG_HOME"))
}

/// Forgets the login.
pub(super) fn run_logout(context: &Context) -> Result<(), Failure> {
    let server = context.client.server().to_string();
    match credentials(context)?.remove()? {
        true => write_text(&format!("logged out of {server}\n")),
        false => write_text(&format!("nobody was logged in at {server}\n")),
    }
}

/// Shows who one is to the broker.
pub(super) async fn run_whoami(context: &Context) -> Result<(), Failure> {
    let me: Me = context.client.json(Request::get(&["me"])).await?;
    context.output.show(&me, |me| {
        let mut text = format!("{} ({}), by {}\n", me.handle, me.name, me.via);
        let mut table = Table::new("no role", ["ROLE", "OVER"]);
        for grant in &me.grants {
            table.row([grant.role.clone(), grant.over.clone()]);
        }
        text.push_str(&table.text());
        text
    })
}

/// Does what is asked of one's tokens.
pub(super) async fn run_token(context: &Context, command: TokenCommand) -> Result<(), Failure> {
    match command {
        TokenCommand::Create { name, action, project, expires, dry_run } => {
            let new = new_token(name, action, project, expires);
            let request = Request::new(Method::POST, &["tokens"])
                .query("dryRun", dry_run)
                .header("Idempotency-Key", RandomIds.next().to_string())
                .body("application/json", json!(new).to_string());
            let token: Token = context.client.json(request).await?;
            context.output.show(&token, |token| made(token, dry_run))
        }
        TokenCommand::List => {
            let tokens: Vec<Token> = context.client.list(Request::get(&["tokens"]), usize::MAX).await?;
            context.output.show(&tokens, |tokens| list_text(tokens))
        }
        TokenCommand::Revoke { token, dry_run } => {
            let request = Request::new(Method::DELETE, &["tokens", &token]).query("dryRun", dry_run);
            let token: Token = context.client.json(request).await?;
            context.output.show(&token, |token| match dry_run {
                true => format!("{} would be revoked", token.name),
                false => format!("{} is revoked", token.name),
            })
        }
    }
}

/// A token as it is asked for; what isn't named limits nothing.
pub(super) fn new_token(
    name: String,
    actions: Vec<String>,
    projects: Vec<String>,
    expires: Option<std::time::Duration>,
) -> NewToken {
    let life = expires.map(|life| TimeDelta::from_std(life).unwrap_or(TimeDelta::MAX));
    let limit = |values: Vec<String>| (!values.is_empty()).then_some(values);
    NewToken {
        name,
        actions: limit(actions),
        projects: limit(projects),
        expires_at: life.and_then(|life| SystemClock.now().checked_add_signed(life)),
    }
}

/// The token alone goes to standard output, so that it can be piped.
pub(super) fn made(token: &Token, dry_run: bool) -> String {
    let until = event::time(token.expires_at);
    match &token.secret {
        Some(secret) => {
            eprintln!("This token is shown this once. It is good until {until}; give it in HANSA_TOKEN:");
            secret.clone()
        }
        None if dry_run => format!("a token {} until {until} would be made", token.name),
        None => format!("the token {} was made before, and its secret is told once", token.name),
    }
}

pub(super) fn list_text(tokens: &[Token]) -> String {
    let mut table = Table::new("no tokens", ["ID", "NAME", "STATE", "EXPIRES", "LAST USED"]);
    for token in tokens {
        let used = token.used_at.map_or_else(|| "never".to_owned(), event::time);
        table.row([token.id.clone(), token.name.clone(), token.state.clone(), event::time(token.expires_at), used]);
    }
    table.text()
}
