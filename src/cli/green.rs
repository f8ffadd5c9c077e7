//! `hansa node green …`, `hansa site green …`: where idle nodes are turned off.

use super::{
    Context, Table,
    owner::{changing, show},
    owner_arguments::GreenOptions,
};
use crate::{client::Request, failure::Failure, http::wire::GreenMode};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

/// Turns green mode on or off for one of `things` (`nodes`, `sites`); lists where it is on when none is named.
pub(super) async fn run(context: &Context, things: &str, options: GreenOptions) -> Result<(), Failure> {
    let GreenOptions { name, idle, reserve, wake, off, change } = options;
    let Some(name) = name else { return list(context).await };
    let path = [things, name.as_str(), "green"];
    if off {
        return show(context, changing(Method::DELETE, &path, &change)).await;
    }
    let body = json!({ "idleSeconds": idle.as_secs(), "reserve": reserve, "wakeSeconds": wake.as_secs() });
    show(context, changing(Method::PUT, &path, &change).body("application/json", body.to_string())).await
}

async fn list(context: &Context) -> Result<(), Failure> {
    let modes: Vec<GreenMode> = context.client.list(Request::admin(Method::GET, &["green"]), usize::MAX).await?;
    context.output.show(&modes, |modes| {
        let mut table =
            Table::new("green mode is off everywhere", ["OF", "IDLE", "STAY ON", "WAKE WITHIN", "VERSION"]).right(&[2]);
        for mode in modes {
            table.row([
                mode.target.clone(),
                span(mode.idle_seconds),
                mode.reserve.to_string(),
                span(mode.wake_seconds),
                mode.version.to_string(),
            ]);
        }
        table.text()
    })
}

fn span(seconds: i64) -> String {
    humantime::format_duration(Duration::from_secs(u64::try_from(seconds).unwrap_or(0))).to_string()
}
