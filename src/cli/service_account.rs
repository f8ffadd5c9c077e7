//! `hansa service-account …`: programs that act in their own name.

use super::{
    Context, Table, event,
    login::{list_text, made, new_token},
    service_account_arguments::{ServiceAccountCommand, ServiceAccountName, ServiceTokenCommand},
    tenancy::{keyed, on, within},
};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{NewServiceAccount, ServiceAccount, Token},
};
use reqwest::Method;
use serde_json::json;

/// Where the service accounts of a place lie.
const ACCOUNTS: &str = "service-accounts";

/// Does what is asked of service accounts.
pub(super) async fn run(context: &Context, command: ServiceAccountCommand) -> Result<(), Failure> {
    match command {
        ServiceAccountCommand::List { place } => {
            let request = Request::get(&within(&place, &[ACCOUNTS]));
            let found: Vec<ServiceAccount> = context.client.list(request, usize::MAX).await?;
            context.output.show(&found, |found| {
                let mut table = Table::new("there is no service account", ["HANDLE", "ROLE", "STATE", "SINCE"]);
                for one in found {
                    let since = event::time(one.created_at);
                    table.row([one.handle.clone(), one.role.clone(), one.state.clone(), since]);
                }
                table.text()
            })
        }
        ServiceAccountCommand::Create { place, name, role, dry_run } => {
            let request = keyed(Request::new(Method::POST, &within(&place, &[ACCOUNTS])), dry_run);
            let body = json!(NewServiceAccount { name, role }).to_string();
            let made: ServiceAccount = context.client.json(request.body("application/json", body)).await?;
            context.output.show(&made, text)
        }
        ServiceAccountCommand::Show(account) => {
            let found: ServiceAccount = context.client.json(Request::get(&account.path(&[]))).await?;
            context.output.show(&found, text)
        }
        ServiceAccountCommand::Remove { account, condition } => {
            context.client.send(on(Request::new(Method::DELETE, &account.path(&[])), &condition)).await?;
            let done = if condition.dry_run { "can be removed" } else { "is removed; its tokens are refused" };
            let ServiceAccountName { place, account } = account;
            context
                .output
                .show(&json!({"account": account, "place": place}), |_| format!("{account} of {place} {done}"))
        }
        ServiceAccountCommand::Token(command) => run_token(context, command).await,
    }
}

async fn run_token(context: &Context, command: ServiceTokenCommand) -> Result<(), Failure> {
    match command {
        ServiceTokenCommand::List(account) => {
            let request = Request::get(&account.path(&["tokens"]));
            let tokens: Vec<Token> = context.client.list(request, usize::MAX).await?;
            context.output.show(&tokens, |tokens| list_text(tokens))
        }
        ServiceTokenCommand::Create { account, name, action, only_project, expires, dry_run } => {
            let new = new_token(name, action, only_project, expires);
            let request = keyed(Request::new(Method::POST, &account.path(&["tokens"])), dry_run);
            let token: Token = context.client.json(request.body("application/json", json!(new).to_string())).await?;
            context.output.show(&token, |token| made(token, dry_run))
        }
        ServiceTokenCommand::Rotate { account, token, dry_run } => {
            let path = account.path(&["tokens", &token, "rotate"]);
            let token: Token = context.client.json(keyed(Request::new(Method::POST, &path), dry_run)).await?;
            context.output.show(&token, |token| made(token, dry_run))
        }
        ServiceTokenCommand::Revoke { account, token, dry_run } => {
            let request = Request::new(Method::DELETE, &account.path(&["tokens", &token]));
            let token: Token = context.client.json(request.query("dryRun", dry_run)).await?;
            context.output.show(&token, |token| match dry_run {
                true => format!("{} would be revoked", token.name),
                false => format!("{} is revoked", token.name),
            })
        }
    }
}

impl ServiceAccountName {
    fn path<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        let mut path = within(&self.place, &[ACCOUNTS, &self.account]);
        path.extend(more);
        path
    }
}

fn text(account: &ServiceAccount) -> String {
    format!("{}\nrole     {}\nstate    {}\nversion  {}", account.handle, account.role, account.state, account.version)
}
