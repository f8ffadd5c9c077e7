//! `hansa node …`: the local nodes and what is free on them.

use super::{Context, Table, arguments::NodeCommand, plan::short};
use crate::{client::Request, failure::Failure, http::wire::Node};
use reqwest::Method;
use rust_decimal::Decimal;

/// Does what is asked of nodes.
pub(super) async fn run(context: &Context, command: NodeCommand) -> Result<(), Failure> {
    let NodeCommand::List { site } = command;
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
