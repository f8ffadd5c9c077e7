//! How a cluster is made, changed and taken away.

use super::{
    Magnum,
    cluster::{Cluster, Stage, best_first},
    template::Template,
};
use hansa_pim::{Delivery, MachineOrder, Removal, connectors::keystone::kind_of_words};
use hansa_repository::system::{SystemError, SystemErrorKind};
use reqwest::Method;
use serde_json::{Value, json};

/// Minutes after which Magnum gives up on a cluster, where the owner sets nothing.
const CREATE_TIMEOUT: u32 = 60;

impl Magnum {
    pub(super) async fn ensure(&self, order: &MachineOrder) -> Result<Delivery, SystemError> {
        let found = self.named(&order.name).await?;
        if let Some(foreign) = found.iter().find(|cluster| !self.is_ours(cluster)) {
            let remedy = format!(
                "there is a cluster {} ({}) that this broker has not made, and it is left alone: rename or delete it",
                order.name, foreign.uuid
            );
            return Err(self.error(
                &format!("create the cluster {}", order.name),
                SystemErrorKind::Conflict,
                "",
                &remedy,
            ));
        }
        let ours = best_first(found);
        let Some((first, spare)) = ours.split_first() else { return self.make(order).await.map(Delivery::Pending) };
        // A request that seemed lost and was heard.
        for cluster in spare.iter().filter(|one| !matches!(one.stage(), Stage::Leaving | Stage::Stuck)) {
            self.delete(cluster).await?;
        }
        let Some(cluster) = self.detail(first).await? else {
            return Ok(Delivery::Pending(format!("the cluster {} has just gone, and is made again", order.name)));
        };
        self.go_on(order, &cluster).await
    }

    async fn make(&self, order: &MachineOrder) -> Result<String, SystemError> {
        let (template, action) = (self.template(order).await?, format!("create the cluster {}", order.name));
        let nodes = template.workers_for(order.amounts, self.nodes()).ok_or_else(|| {
            let remedy = "make a template with larger nodes";
            self.error(&action, SystemErrorKind::NoRoom, "no number of its nodes has that much", remedy)
        })?;
        let call = self.magnum.call(Method::POST, &["clusters"], action);
        // Names are not unique: a second one would be made of it.
        let mut call = call.json(&self.body(order, &template, nodes)?);
        call.may_repeat = false;
        match self.magnum.ok(&call).await {
            Ok(_) => Ok(format!("the cluster {} of the template {} is being made", order.name, template.name)),
            Err(error) => Err(of_quota(error)),
        }
    }

    fn body(&self, order: &MachineOrder, template: &Template, nodes: u32) -> Result<Value, SystemError> {
        // Those of a cluster take the place of all of its template's.
        let mut labels = template.labels.clone().unwrap_or_default();
        labels.extend(order.labels.iter().map(|(name, value)| (name.clone(), json!(value))));
        let body = json!({ "name": order.name, "cluster_template_id": template.uuid, "node_count": nodes,
            "labels": labels, "create_timeout": self.number("create-timeout")?.unwrap_or(CREATE_TIMEOUT),
            "master_count": self.number("master-count")?, "keypair": self.setting("key") });
        let given = |(name, value): (String, Value)| (!value.is_null()).then_some((name, value));
        let body = match body {
            Value::Object(fields) => Value::Object(fields.into_iter().filter_map(given).collect()),
            other => other,
        };
        Ok(body)
    }

    async fn go_on(&self, order: &MachineOrder, cluster: &Cluster) -> Result<Delivery, SystemError> {
        match cluster.stage() {
            Stage::Making => Ok(Delivery::Pending(format!("the cluster is being made ({})", cluster.told()))),
            Stage::Leaving => Ok(Delivery::Pending(format!(
                "the cluster is being deleted ({}), and made again when it is gone",
                cluster.told()
            ))),
            Stage::Stuck => {
                self.delete(cluster).await?;
                Ok(Delivery::Pending(format!("the cluster is deleted again ({}), and then made again", cluster.told())))
            }
            Stage::Failed => {
                self.delete(cluster).await?;
                let (action, told) = (format!("make the cluster {}", order.name), cluster.told());
                let kind = kind_of_words(&told).unwrap_or(SystemErrorKind::Failed);
                let remedy = "it is taken away and made again; look at its stack, its template and the quotas";
                Err(self.error(&action, kind, told, remedy))
            }
            Stage::Busy => Ok(self.ready(cluster)),
            Stage::There => {
                self.change(order, cluster).await?;
                Ok(self.ready(cluster))
            }
        }
    }

    fn ready(&self, cluster: &Cluster) -> Delivery {
        let address = self.front().ok().flatten().or_else(|| cluster.address());
        Delivery::Ready { address, id: cluster.uuid.clone() }
    }

    /// Another number of nodes, or what its template's name means now. One
    /// after the other; what is used is not given up for what can't be done.
    async fn change(&self, order: &MachineOrder, cluster: &Cluster) -> Result<(), SystemError> {
        let template = match self.template(order).await {
            Ok(template) => template,
            Err(error) if error.kind == SystemErrorKind::Unsupported => return Ok(()),
            Err(error) => return Err(error),
        };
        // One that was chosen by its size stays what it is.
        let upgrade = order.item.is_some() && template.uuid != cluster.cluster_template_id;
        let nodes = template.workers_for(order.amounts, self.nodes());
        let (what, body) = if upgrade {
            ("upgrade", json!({ "cluster_template": template.uuid, "max_batch_size": 1 }))
        } else if let Some(nodes) = nodes.filter(|nodes| cluster.node_count.is_some_and(|has| has != *nodes)) {
            ("resize", json!({ "node_count": nodes }))
        } else {
            return Ok(());
        };
        let action = format!("{what} the cluster {}", order.name);
        let mut call =
            self.magnum.call(Method::POST, &["clusters", &cluster.uuid, "actions", what], action).json(&body);
        call.may_repeat = false;
        match self.magnum.ok(&call).await {
            // Somebody else is at it.
            Err(error) if error.kind == SystemErrorKind::Conflict => Ok(()),
            Err(error) => Err(SystemError { kind: SystemErrorKind::Failed, ..error }),
            Ok(_) => Ok(()),
        }
    }

    pub(super) async fn release(&self, name: &str) -> Result<Removal, SystemError> {
        let ours = self.ours(name).await?;
        let Some(first) = ours.first() else {
            self.patience.forget(name);
            self.issued.lock().await.retain(|_, issued| issued.cluster != name);
            return Ok(Removal::Gone);
        };
        if first.stage() == Stage::Leaving {
            return Ok(Removal::Pending(format!("the cluster {name} is being deleted ({})", first.told())));
        }
        if let Some(holds) = self.patience.waits_for(name, self.open(name)).await {
            return Ok(Removal::Pending(format!("the cluster {name} gives back {holds} before it goes")));
        }
        for cluster in ours.iter().filter(|cluster| cluster.stage() != Stage::Leaving) {
            self.delete(cluster).await?;
        }
        Ok(Removal::Pending(format!("the cluster {name} is being deleted ({})", first.told())))
    }

    /// Busy with itself (409) is no failure: it is asked again.
    async fn delete(&self, cluster: &Cluster) -> Result<(), SystemError> {
        let action = format!("delete the cluster {}", cluster.name);
        match self.magnum.delete(&["clusters", &cluster.uuid], action).await {
            Err(error) if error.kind == SystemErrorKind::Conflict => Ok(()),
            deleted => deleted.map(drop),
        }
    }
}

/// Magnum's own quota, which it tells by words alone (403).
fn of_quota(error: SystemError) -> SystemError {
    let said = error.said.to_lowercase();
    if said.contains("maximum clusters per project") || said.contains("resource limit") {
        let remedy = "raise the project's quota of clusters in Magnum, or end one".to_owned();
        return SystemError { kind: SystemErrorKind::Quota, remedy, ..error };
    }
    error
}
