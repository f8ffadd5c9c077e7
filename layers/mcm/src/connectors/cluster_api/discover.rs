//! What a management cluster has: the owner's templates as sizes, its classes,
//! and how the clusters stand that this broker has there.

use super::{
    ClusterApi,
    objects::{BROKER, TEMPLATE},
    standing,
};
use chrono::{DateTime, Utc};
use hansa_repository::system::{Room, SystemError, SystemFlavour, SystemImage, SystemReport};
use kube::{
    ResourceExt as _,
    api::{DynamicObject, ListParams},
};
use std::collections::BTreeSet;

/// Of so many clusters it is noted how they stand.
const NOTED: usize = 20;

impl ClusterApi {
    pub(super) async fn look_around(&self, now: DateTime<Utc>) -> Result<SystemReport, SystemError> {
        let version = self.version().await?;
        let client = self.cluster.client();
        let kubernetes = self.cluster.call("ask for its version", client.apiserver_version()).await?;
        let software = format!("Cluster API {version} on Kubernetes {}", kubernetes.git_version);
        let mut report = SystemReport::new(now, software);
        report.capabilities = ["clusters", "containers", "kubernetes"].map(str::to_owned).into();
        report.capabilities.insert(format!("cluster-api {version}"));
        let ours = ListParams::default().labels(&format!("{BROKER}={}", self.connection.broker));
        let clusters = self.cluster.call("list its clusters", self.clusters().await?.list(&ours)).await?.items;
        report.flavours = self.flavours(&clusters);
        if report.flavours.is_empty() {
            report.notes.push("it offers nothing: state clusters in the setting `templates`".to_owned());
        }
        self.classes(&mut report).await;
        report.notes.extend(clusters.iter().filter_map(|it| self.noted(it)).take(NOTED));
        Ok(report)
    }

    fn flavours(&self, clusters: &[DynamicObject]) -> Vec<SystemFlavour> {
        let of =
            |name: &str| clusters.iter().filter(|it| it.labels().get(TEMPLATE).is_some_and(|is| is == name)).count();
        let flavour = |(name, template): (&String, &super::Template)| SystemFlavour {
            name: name.clone(),
            room: Room::from(template.room()),
            units_free: template.at_most.map(|most| most.saturating_sub(u32::try_from(of(name)).unwrap_or(u32::MAX))),
        };
        self.settings.templates.iter().map(flavour).collect()
    }

    /// The classes, and templates of a class that isn't there.
    async fn classes(&self, report: &mut SystemReport) {
        let listed = async {
            let api = self.api("ClusterClass", "clusterclasses").await?;
            self.cluster.call("list its classes", api.list_metadata(&ListParams::default())).await
        };
        let classes: BTreeSet<String> = match listed.await {
            Ok(list) => list.items.iter().map(|it| it.name_any()).collect(),
            Err(error) => return report.notes.push(format!("its classes can't be seen: {error}")),
        };
        for (name, template) in &self.settings.templates {
            if template.class_namespace.is_none() && !classes.contains(&template.class) {
                let (class, namespace) = (&template.class, &self.settings.namespace);
                report
                    .notes
                    .push(format!("template {name}: there is no ClusterClass {class} in the namespace {namespace}"));
                report.flavours.retain(|flavour| flavour.name != *name);
            }
        }
        report.images = classes.into_iter().map(|name| SystemImage { id: name.clone(), name }).collect();
    }

    /// A cluster that is not as it should be.
    fn noted(&self, cluster: &DynamicObject) -> Option<String> {
        let value = serde_json::to_value(cluster).ok()?;
        let name = cluster.name_any();
        if cluster.metadata.deletion_timestamp.is_some() {
            return Some(format!("Cluster {name} is being deleted; {}", standing::held_by(&value)));
        }
        let words = standing::words(&value);
        (!words.is_empty()).then(|| format!("Cluster {name}: {words}"))
    }
}
