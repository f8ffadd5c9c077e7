//! The service against both databases.

mod hosts;
mod nodes;
mod owner;
mod servers;
mod shares;

use crate::{
    MIGRATIONS, Pim,
    model::NodeState,
    testing::{self, node},
};
use hansa_repository::{Database, testing::for_each_database};

/// Runs the test with a service of two nodes of 4 processors and 4 GiB on each database.
fn with_two_nodes(test: impl AsyncFn(Pim, Database, &std::path::Path)) {
    for_each_database(&[MIGRATIONS], async |database| {
        let data = tempfile::tempdir().unwrap();
        let pim = testing::pim(&database, data.path()).await;
        let nodes = vec![node("a", 4_000, 4_096, &["proxy"]), node("b", 4_000, 4_096, &[])];
        assert_eq!(pim.node_register(nodes).await.unwrap(), Vec::<String>::new());
        test(pim, database, data.path()).await;
    });
}

async fn given(pim: &Pim) -> Vec<(String, u64, NodeState)> {
    let nodes = pim.node_list(None).await.unwrap();
    nodes.iter().map(|n| (n.node.name.clone(), n.given.cpu_milli, n.state)).collect()
}
