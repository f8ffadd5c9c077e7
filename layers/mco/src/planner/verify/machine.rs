//! Each machine alone: room, offer, and what each of its components asks.

use super::{Examination, count};
use crate::model::{Instance, PlannedMachine};
use hansa_ontology::{
    Offer, Site,
    place::Area,
    resource_model::{AllowDeny, Constraints, HAS_INGRESS},
};

impl Examination<'_> {
    pub(super) fn machine(&mut self, machine: &PlannedMachine) {
        let Some(offer) = self.offer(machine) else {
            return self.flaw(format!("offer {} is not known", machine.offer));
        };
        self.require(!machine.instances.is_empty(), || format!("a machine of {} is empty", machine.offer));
        let price = self.agreed(machine).unwrap_or(offer.price_plan.price_per_hour);
        let as_offered = machine.price_per_hour_micros == price.micros
            && price.currency == self.plan.currency
            && machine.site == offer.site
            && machine.provider == offer.provider
            && machine.kind == offer.kind;
        self.require(as_offered, || format!("a machine of {} is not as offered", machine.offer));
        if machine.held.is_none() {
            let now = self.options.now;
            let orderable =
                offer.valid_from.is_none_or(|from| from <= now) && offer.valid_through.is_none_or(|end| now <= end);
            self.require(orderable, || format!("{} can't be ordered now", machine.offer));
        } else {
            let known =
                self.options.held.iter().any(|held| Some(held.machine) == machine.held && held.offer == machine.offer);
            self.require(known, || format!("machine of {} is not held", machine.offer));
        }
        self.room(machine, offer);
        self.group(machine, offer);
        let model = self.model;
        for (name, component) in &model.components {
            if count(machine, name) == 0 {
                continue;
            }
            for (of, constraints) in [("the application", &model.constraints), (name.as_str(), &component.constraints)]
            {
                if let Err(field) = self.fulfils(offer, constraints) {
                    self.flaw(format!("{} breaks `{field}` of {of}", machine.offer));
                }
            }
            self.require(offer.runs(component.package.runs_on()), || {
                format!("{} does not run the package of `{name}`", machine.offer)
            });
            let stays = |ordinal: u32| {
                let instance = Instance { component: name.clone(), ordinal };
                self.options
                    .held
                    .iter()
                    .any(|held| Some(held.machine) == machine.held && held.instances.contains(&instance))
            };
            let key = (name.clone(), machine.offer.clone());
            let moved_in = machine.instances.iter().any(|it| it.component == *name && !stays(it.ordinal));
            let unwelcome = moved_in && self.options.refused.contains_key(&key);
            self.require(!unwelcome, || format!("{} has refused `{name}`", machine.offer));
            let dear =
                component.constraints.max_price_micros().is_some_and(|most| machine.price_per_hour_micros > most);
            self.require(!dear, || format!("{} costs more than `{name}` allows", machine.offer));
            let public = component.ports.values().any(|port| port.public);
            self.require(!public || offer.capabilities.contains("public-ip"), || {
                format!("{} has no public address for `{name}`", machine.offer)
            });
            let hosted = component.ports.values().any(|port| port.host.is_some());
            self.require(!hosted || offer.capabilities.contains(HAS_INGRESS), || {
                format!("{} has no entrance by a host name for `{name}`", machine.offer)
            });
        }
    }

    /// Whose machine it is, and whether what is in it may be there.
    pub(super) fn group(&mut self, machine: &PlannedMachine, offer: &Offer) {
        let model = self.model;
        let groups: Vec<&String> = model.machines.keys().filter(|name| count(machine, name) > 0).collect();
        let once = groups.len() <= 1 && groups.iter().all(|name| count(machine, name) == 1);
        self.require(once, || format!("a machine of {} is of several groups", machine.offer));
        for (name, component) in &model.components {
            let housed =
                component.machines.is_empty() || groups.iter().any(|group| component.machines.contains(*group));
            self.require(count(machine, name) == 0 || housed, || format!("`{name}` is outside of its machine groups"));
        }
        for (name, group) in groups.iter().filter_map(|name| model.machines.get_key_value(*name)) {
            if let Err(field) = self.fulfils(offer, &group.constraints) {
                self.flaw(format!("{} breaks `{field}` of {name}", machine.offer));
            }
            let dear = group.constraints.max_price_micros().is_some_and(|most| machine.price_per_hour_micros > most);
            self.require(!dear, || format!("{} costs more than `{name}` allows", machine.offer));
            let (least, has) = (group.resources, &offer.flavour);
            let large = least.cpu.is_none_or(|cpu| has.cpu_milli >= cpu.0)
                && least.memory.is_none_or(|memory| has.memory_mib >= memory.0)
                && least.disk.is_none_or(|disk| has.disk_mib >= disk.0)
                && least.gpus.is_none_or(|gpus| has.gpu.as_ref().map_or(0, |gpu| gpu.count) >= gpus);
            self.require(large, || format!("{} is too small for `{name}`", machine.offer));
        }
    }

    fn room(&mut self, machine: &PlannedMachine, offer: &Offer) {
        let (mut cpu, mut memory, mut disk, mut gpus) = (0_u64, 0_u64, 0_u64, 0_u64);
        let mut ports = std::collections::BTreeSet::new();
        for instance in &machine.instances {
            let Some(component) = self.model.components.get(&instance.component) else {
                continue;
            };
            cpu += u64::from(component.resources.cpu.0);
            memory += component.resources.memory.0;
            disk += component.resources.disk.0 + component.volumes.values().map(|volume| volume.size.0).sum::<u64>();
            gpus += u64::from(component.resources.gpus);
            for (_, port, number) in component.machine_ports() {
                let free = ports.insert((port.protocol == hansa_ontology::resource_model::Protocol::Udp, number));
                self.require(free, || format!("port {number} is wanted twice in a machine of {}", machine.offer));
            }
        }
        let flavour = &offer.flavour;
        let fits = cpu <= u64::from(flavour.cpu_milli)
            && memory <= flavour.memory_mib
            && disk <= flavour.disk_mib
            && gpus <= flavour.gpu.as_ref().map_or(0, |gpu| u64::from(gpu.count));
        self.require(fits, || format!("a machine of {} is too full", machine.offer));
    }

    /// The first field of the constraints that the offer breaks.
    fn fulfils(&self, offer: &Offer, asked: &Constraints) -> Result<(), &'static str> {
        let check = |holds: bool, field: &'static str| if holds { Ok(()) } else { Err(field) };
        let site = self.index.sites.iter().find(|site| site.id == offer.site).ok_or("site")?;
        let provider = self.index.providers.iter().find(|provider| provider.id == offer.provider);
        let flavour = &offer.flavour;
        let now = self.options.now;
        check(asked.service_area.iter().all(|area| serves(offer, site, area)), "serviceArea")?;
        check(area_allowed(&asked.location, &site.country), "location")?;
        let laws: Vec<&Area> = site.jurisdictions.iter().chain([&site.country]).collect();
        let bound = |areas: &std::collections::BTreeSet<Area>, law: &Area| areas.iter().any(|area| area.contains(law));
        let law_allowed =
            asked.jurisdiction.allow.is_empty() || laws.iter().any(|law| bound(&asked.jurisdiction.allow, law));
        let law_denied = !asked.jurisdiction.deny.is_empty()
            && (laws.iter().any(|law| bound(&asked.jurisdiction.deny, law))
                || provider.is_none_or(|provider| bound(&asked.jurisdiction.deny, &provider.country)));
        check(law_allowed && !law_denied, "jurisdiction")?;
        check(name_allowed(&asked.provider, offer.provider.as_str(), offer.provider.short()), "provider")?;
        check(name_allowed(&asked.site, offer.site.as_str(), offer.site.short()), "site")?;
        check(asked.kind.is_empty() || asked.kind.contains(&offer.kind), "kind")?;
        check(asked.cpu_arch.is_none_or(|arch| flavour.cpu_arch == arch), "cpuArch")?;
        let gpu = flavour.gpu.as_ref().map(|gpu| gpu.model.to_ascii_lowercase());
        check(asked.gpu_model.as_ref().is_none_or(|model| gpu == Some(model.to_ascii_lowercase())), "gpuModel")?;
        let claimed = |scheme: &String| {
            let own = offer.claims.iter().filter(|claim| claim.scheme.eq_ignore_ascii_case(scheme));
            own.into_iter().any(|claim| claim.valid_through.is_none_or(|end| now <= end))
        };
        check(asked.claims.iter().all(claimed), "claims")?;
        check(asked.capabilities.is_subset(&offer.capabilities), "capabilities")?;
        let promised = offer.sla.as_ref().and_then(hansa_ontology::sla::Sla::availability);
        check(
            asked.min_availability.is_none_or(|least| promised.is_some_and(|value| value >= least)),
            "minAvailability",
        )?;
        let stated = offer.energy.as_ref().or(site.energy.as_ref()).map(|energy| energy.carbon_intensity);
        let energy = self.index.coming(&offer.site).map(|coming| coming.intensity).or(stated);
        check(
            asked.max_carbon_intensity.is_none_or(|most| energy.is_some_and(|value| value <= most)),
            "maxCarbonIntensity",
        )
    }
}

fn serves(offer: &Offer, site: &Site, area: &Area) -> bool {
    if offer.service_area.is_empty() {
        return site.country.contains(area);
    }
    offer.service_area.iter().any(|served| served.contains(area))
}

fn area_allowed(lists: &AllowDeny<Area>, inner: &Area) -> bool {
    (lists.allow.is_empty() || lists.allow.iter().any(|area| area.contains(inner)))
        && !lists.deny.iter().any(|area| area.contains(inner))
}

fn name_allowed(lists: &AllowDeny<String>, iri: &str, short: &str) -> bool {
    let named = |names: &std::collections::BTreeSet<String>| names.iter().any(|name| name == iri || name == short);
    (lists.allow.is_empty() || named(&lists.allow)) && !named(&lists.deny)
}
