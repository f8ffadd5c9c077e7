//! What a model's constraints ask of each machine.

use super::{Wish, escaped};
use crate::planner::{
    index::OfferIndex,
    requirement::{Ask, Check},
    solver::problem::{Mask, bit},
};
use hansa_ontology::{
    OfferId, ResourceModel,
    resource_model::{AllowDeny, Component, Constraints, HAS_INGRESS, MachineSize},
};
use std::collections::BTreeMap;

/// Whose constraints these are.
struct Owner<'a> {
    pointer: &'a str,
    subject: &'a str,
    applies: Mask,
}

impl Wish {
    /// Reads the constraints of the model and of its components.
    pub(super) fn add_asks(
        &mut self,
        model: &ResourceModel,
        index: &OfferIndex,
        refused: &BTreeMap<(String, OfferId), String>,
    ) {
        let all = (0..self.parts.len()).fold(0, |mask, number| mask | bit(number));
        let whole = Owner { pointer: "", subject: "the application", applies: all };
        self.ask(&whole, "/currency", Ask::Currency(self.currency), index);
        self.add_constraints(&whole, &model.constraints, index);
        if let Some(most) = model.constraints.max_price_micros() {
            let text =
                format!("the application costs at most {} an hour", hansa_ontology::Money::new(most, self.currency));
            let item = self.item("/constraints/maxPricePerHour".to_owned(), text);
            self.max_price = Some((item, most));
        }
        for (number, (name, component)) in model.components.iter().enumerate() {
            let pointer = format!("/components/{}", escaped(name));
            let subject = format!("`{name}`");
            let owner = Owner { pointer: &pointer, subject: &subject, applies: bit(number) };
            let runs = Ask::Runs(component.package.runs_on(), component.package.kind());
            self.ask(&owner, "/package", runs, index);
            let refusals = refused.iter().filter(|((component, _), _)| component == name);
            let refusals: BTreeMap<OfferId, String> =
                refusals.map(|((_, offer), reason)| (offer.clone(), reason.clone())).collect();
            if !refusals.is_empty() {
                self.ask(&owner, "/package", Ask::Admits(refusals), index);
            }
            self.add_constraints(&owner, &component.constraints, index);
            if let Some(most) = component.constraints.max_price_micros() {
                self.ask(&owner, "/constraints/maxPricePerHour", Ask::MaxPrice(most, self.currency), index);
            }
            self.add_ports(&owner, component, index);
            self.add_resources(&owner, number, component, index);
        }
        self.add_group_asks(model, index);
        self.checks.sort_by_key(|(check, _)| rank(&check.ask));
    }

    /// What groups of machines ask: also that what runs nowhere else can run there.
    fn add_group_asks(&mut self, model: &ResourceModel, index: &OfferIndex) {
        for (place, (name, group)) in model.machines.iter().enumerate() {
            let number = model.components.len() + place;
            let (pointer, subject) = (format!("/machines/{}", escaped(name)), format!("`{name}`"));
            let owner = Owner { pointer: &pointer, subject: &subject, applies: bit(number) };
            self.add_constraints(&owner, &group.constraints, index);
            if let Some(most) = group.constraints.max_price_micros() {
                self.ask(&owner, "/constraints/maxPricePerHour", Ask::MaxPrice(most, self.currency), index);
            }
            let MachineSize { cpu, memory, disk, gpus } = group.resources;
            let sizes = [
                ("cpu", cpu.map(|cpu| Ask::Cpu(cpu.0.into()))),
                ("memory", memory.map(|memory| Ask::Memory(memory.0))),
                ("disk", disk.map(|disk| Ask::Disk(disk.0))),
                ("gpus", gpus.map(|gpus| Ask::Gpus(gpus.into()))),
            ];
            for (field, ask) in sizes {
                if let Some(ask) = ask {
                    self.ask(&owner, &format!("/resources/{field}"), ask, index);
                }
            }
            let only_here = |component: &&Component| component.machines.iter().eq([name]);
            let kinds: BTreeMap<&str, Ask> = (model.components.values().filter(only_here))
                .map(|it| (it.package.kind(), Ask::Runs(it.package.runs_on(), it.package.kind())))
                .collect();
            for ask in kinds.into_values() {
                self.ask(&owner, "", ask, index);
            }
        }
    }

    fn ask(&mut self, owner: &Owner<'_>, field: &str, ask: Ask, index: &OfferIndex) -> usize {
        let item = self.item(format!("{}{field}", owner.pointer), format!("{} asks for {ask}", owner.subject));
        self.checks.push((Check::new(item, ask, index), owner.applies));
        item
    }

    fn add_constraints(&mut self, owner: &Owner<'_>, constraints: &Constraints, index: &OfferIndex) {
        for area in &constraints.service_area {
            self.ask(owner, "/constraints/serviceArea", Ask::ServiceArea(area.clone()), index);
        }
        self.add_lists(owner, "location", &constraints.location, (Ask::LocationAllow, Ask::LocationDeny), index);
        self.add_lists(
            owner,
            "jurisdiction",
            &constraints.jurisdiction,
            (Ask::JurisdictionAllow, Ask::JurisdictionDeny),
            index,
        );
        self.add_lists(owner, "provider", &constraints.provider, (Ask::ProviderAllow, Ask::ProviderDeny), index);
        self.add_lists(owner, "site", &constraints.site, (Ask::SiteAllow, Ask::SiteDeny), index);
        if !constraints.kind.is_empty() {
            self.ask(owner, "/constraints/kind", Ask::Kind(constraints.kind.clone()), index);
        }
        if let Some(arch) = constraints.cpu_arch {
            self.ask(owner, "/constraints/cpuArch", Ask::CpuArch(arch), index);
        }
        if let Some(model) = &constraints.gpu_model {
            self.ask(owner, "/constraints/gpuModel", Ask::GpuModel(model.clone()), index);
        }
        for claim in &constraints.claims {
            self.ask(owner, "/constraints/claims", Ask::Claim(claim.clone()), index);
        }
        for capability in &constraints.capabilities {
            self.ask(owner, "/constraints/capabilities", Ask::Capability(capability.clone()), index);
        }
        if let Some(least) = constraints.min_availability {
            self.ask(owner, "/constraints/minAvailability", Ask::Availability(least), index);
        }
        if let Some(most) = constraints.max_carbon_intensity {
            self.ask(owner, "/constraints/maxCarbonIntensity", Ask::MaxCarbon(most), index);
        }
    }

    fn add_lists<T: Ord + Clone>(
        &mut self,
        owner: &Owner<'_>,
        field: &str,
        lists: &AllowDeny<T>,
        (allow, deny): (impl Fn(std::collections::BTreeSet<T>) -> Ask, impl Fn(std::collections::BTreeSet<T>) -> Ask),
        index: &OfferIndex,
    ) {
        if !lists.allow.is_empty() {
            self.ask(owner, &format!("/constraints/{field}/allow"), allow(lists.allow.clone()), index);
        }
        if !lists.deny.is_empty() {
            self.ask(owner, &format!("/constraints/{field}/deny"), deny(lists.deny.clone()), index);
        }
    }

    /// A public port needs a machine with a public address, a host name an entrance.
    fn add_ports(&mut self, owner: &Owner<'_>, component: &Component, index: &OfferIndex) {
        let public = component.ports.iter().find(|(_, port)| port.public);
        if let Some((name, _)) = public
            && !component.constraints.capabilities.contains("public-ip")
        {
            let field = format!("/ports/{}/public", escaped(name));
            self.ask(owner, &field, Ask::Capability("public-ip".to_owned()), index);
        }
        let hosted = component.ports.iter().find(|(_, port)| port.host.is_some());
        if let Some((name, _)) = hosted
            && !component.constraints.capabilities.contains(HAS_INGRESS)
        {
            let field = format!("/ports/{}/host", escaped(name));
            self.ask(owner, &field, Ask::Capability(HAS_INGRESS.to_owned()), index);
        }
    }

    fn add_resources(&mut self, owner: &Owner<'_>, number: usize, component: &Component, index: &OfferIndex) {
        let Some(demand) = self.parts.get(number).map(|part| part.demand) else {
            return;
        };
        let [cpu, memory, disk, gpus] = demand;
        let disk_field = if disk > component.resources.disk.0 { "/volumes" } else { "/resources/disk" };
        let asks = [
            (cpu, "/resources/cpu", Ask::Cpu(cpu)),
            (memory, "/resources/memory", Ask::Memory(memory)),
            (disk, disk_field, Ask::Disk(disk)),
            (gpus, "/resources/gpus", Ask::Gpus(gpus)),
        ];
        for (dimension, (need, field, ask)) in asks.into_iter().enumerate() {
            if need > 0 {
                let item = self.ask(owner, field, ask, index);
                if let Some(entry) = self.parts.get_mut(number).and_then(|part| part.demand_items.get_mut(dimension)) {
                    *entry = Some(item);
                }
            }
        }
    }
}

/// What tells a person most comes first.
fn rank(ask: &Ask) -> u8 {
    match ask {
        Ask::Currency(_) => 0,
        Ask::Admits(_) => 1,
        Ask::Kind(_) | Ask::Runs(..) => 2,
        Ask::ProviderAllow(_) | Ask::ProviderDeny(_) => 3,
        Ask::SiteAllow(_) | Ask::SiteDeny(_) => 4,
        Ask::LocationAllow(_) | Ask::LocationDeny(_) => 5,
        Ask::JurisdictionAllow(_) | Ask::JurisdictionDeny(_) => 6,
        Ask::ServiceArea(_) => 7,
        Ask::Capability(_) => 8,
        Ask::Claim(_) => 9,
        Ask::CpuArch(_) => 10,
        Ask::GpuModel(_) => 11,
        Ask::Availability(_) => 12,
        Ask::MaxCarbon(_) => 13,
        Ask::Cpu(_) | Ask::Memory(_) | Ask::Disk(_) | Ask::Gpus(_) => 14,
        Ask::MaxPrice(..) => 15,
    }
}
