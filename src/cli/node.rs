//! `hansa node …`: the local nodes and what is free on them.

use super::{
    Context, Table,
    arguments::{NodeCommand, ThingCommand},
    green, owner,
    plan::short,
};
use crate::{client::Request, failure::Failure, http::wire::Node};
use reqwest::Method;
use rust_decimal::Decimal;

/// Does what is asked of nodes.
pub(super) async fn run(context: &Context, command: NodeCommand) -> Result<(), Failure> {
    let things = |command| owner::run_things(context, "nodes", command, Method::PATCH);
    let site = match command {
        NodeCommand::List { site } => site,
        NodeCommand::Show { node: name } => return things(ThingCommand::Show { name }).await,
        NodeCommand::Add { file, change } => return things(ThingCommand::Add { file, change }).await,
        NodeCommand::Change { node: name, file, change } => {
            return things(ThingCommand::Change { name, file, change }).await;
        }
        NodeCommand::Green(options) => return green::run(context, "nodes", options).await,
        NodeCommand::Remove { node: name, change } => return things(ThingCommand::Remove { name, change }).await,
    };
    let nodes: Vec<Node> =
        context.client.list(Request::admin(Method::GET, &["nodes"]).maybe_query("site", site), usize::MAX).await?;
    context.output.show(&nodes, |nodes| {
        let mut table = Table::new(
            "there is no local node",
            ["NODE", "SITE", "STATE", "CPU USED", "MEMORY USED", "DISK USED", "MACHINES", "CAPABILITIES"],
        )
        .right(&[3, 4, 5, 6]);
        for node in nodes {
            table.row([
                node.name.clone(),
                short(&node.site),
                node.state.clone(),
                format!("{}/{}", cpu(node.cpu_milli_used), cpu(node.cpu_milli)),
                format!("{}/{} MiB", node.memory_mib_used, node.memory_mib),
                format!("{}/{} MiB", node.disk_mib_used, node.disk_mib),
                node.machines.to_string(),
                node.capabilities.join(" "),
            ]);
        }
        table.text()
    })
}

fn cpu(milli: u64) -> String {
    Decimal::new(i64::try_from(milli).unwrap_or(i64::MAX), 3).normalize().to_string()
}
