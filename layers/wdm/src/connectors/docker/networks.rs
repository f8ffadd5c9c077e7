//! One network for each application: its containers find each other there by
//! name, and nobody else's do.

use super::{Inner, names};
use crate::WdmError;
use bollard::{
    models::{Network, NetworkCreateRequest},
    query_parameters::ListNetworksOptions,
};
use hansa_docker::{ANSWER, WORK};
use hansa_ontology::ApplicationId;
use hansa_repository::system::SystemErrorKind;
use std::collections::HashMap;

impl Inner {
    /// Makes the application's network where it isn't there.
    pub(super) async fn network(&self, application: ApplicationId) -> Result<(), WdmError> {
        let mut known = self.networks.lock().await;
        if known.contains(&application) {
            return Ok(());
        }
        let name = names::network(application);
        let there = self.named(&name).await?;
        if there.iter().any(|network| !names::is_ours(network.labels.as_ref(), &self.options.broker)) {
            return Err(self.foreign("network", &name));
        }
        if there.is_empty() {
            let body = NetworkCreateRequest {
                name: name.clone(),
                driver: Some("bridge".to_owned()),
                labels: Some(names::of_application(&self.options.broker, application)),
                ..NetworkCreateRequest::default()
            };
            let call = self.engine.api().create_network(body);
            match self.engine.ask(&format!("make network {name}"), WORK, call).await {
                // Or another broker on the same database was quicker.
                Err(error) if error.kind != SystemErrorKind::Conflict => return Err(error.into()),
                _ => {}
            }
        }
        if there.len() != 1 {
            self.one_alone(&name).await?;
        }
        known.insert(application);
        Ok(())
    }

    /// Engines before 25 make two networks of one name when two ask at once, and
    /// then know neither: the oldest stays, but where a younger one has a container already.
    async fn one_alone(&self, name: &str) -> Result<(), WdmError> {
        let mut all = self.named(name).await?;
        all.sort_by_key(|network| (network.created.clone(), network.id.clone()));
        let mut ids = all.into_iter().filter_map(|network| network.id);
        let Some(mut stays) = ids.next() else { return Ok(()) };
        for younger in ids {
            match self.network_delete(&younger).await {
                Err(WdmError::System(error)) if error.kind == SystemErrorKind::Conflict => {
                    self.network_delete(&std::mem::replace(&mut stays, younger)).await?;
                }
                outcome => outcome?,
            }
        }
        Ok(())
    }

    /// Networks of exactly this name: the engine's own filter takes parts of names too.
    async fn named(&self, name: &str) -> Result<Vec<Network>, WdmError> {
        let filters = HashMap::from([("name".to_owned(), vec![name.to_owned()])]);
        let options = ListNetworksOptions { filters: Some(filters) };
        let call = self.engine.api().list_networks(Some(options));
        let found = self.engine.ask("list networks", ANSWER, call).await?;
        Ok(found.into_iter().filter(|network| network.name.as_deref() == Some(name)).collect())
    }

    async fn network_delete(&self, network: &str) -> Result<(), WdmError> {
        let call = self.engine.api().remove_network(network);
        match self.engine.ask(&format!("remove network {network}"), WORK, call).await {
            Err(error) if error.kind != SystemErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Removes the application's network.
    pub(super) async fn retire(&self, application: ApplicationId) -> Result<(), WdmError> {
        let mut known = self.networks.lock().await;
        known.remove(&application);
        let filters = names::filter(&names::of_application(&self.options.broker, application));
        let options = ListNetworksOptions { filters: Some(filters) };
        let call = self.engine.api().list_networks(Some(options));
        let found = self.engine.ask("list networks", ANSWER, call).await?;
        for network in found {
            if names::is_ours(network.labels.as_ref(), &self.options.broker) {
                self.network_delete(network.name.as_deref().unwrap_or_default()).await?;
            }
        }
        Ok(())
    }
}
