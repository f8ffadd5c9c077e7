//! What a model asks of each machine, as single requirements that can be
//! checked, explained and left out one by one.

use super::index::{Entry, OfferIndex};
use chrono::{DateTime, Utc};
use hansa_ontology::{
    Currency, OfferId, OfferKind,
    money::{Micros, Money},
    offer::CpuArch,
    place::Area,
    quantity::{CpuMilli, Mebibytes},
    resource_model::{RUNS_CONTAINERS, RUNS_KUBERNETES},
};
use rust_decimal::Decimal;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ask {
    Currency(Currency),
    ServiceArea(Area),
    LocationAllow(BTreeSet<Area>),
    LocationDeny(BTreeSet<Area>),
    JurisdictionAllow(BTreeSet<Area>),
    JurisdictionDeny(BTreeSet<Area>),
    ProviderAllow(BTreeSet<String>),
    ProviderDeny(BTreeSet<String>),
    SiteAllow(BTreeSet<String>),
    SiteDeny(BTreeSet<String>),
    Kind(BTreeSet<OfferKind>),
    CpuArch(CpuArch),
    GpuModel(String),
    Claim(String),
    Capability(String),
    /// To run packages: the capability that they need, and what they are called.
    Runs(Option<&'static str>, &'static str),
    /// To take a package: the offers where it was refused, with the reasons.
    Admits(BTreeMap<OfferId, String>),
    Availability(Decimal),
    /// Of one machine, in micro-units of the plan's currency.
    MaxPrice(i64, Currency),
    MaxCarbon(Decimal),
    Cpu(u64),
    Memory(u64),
    Disk(u64),
    Gpus(u64),
}

/// A requirement: what is asked, and which item of the model asks it.
#[derive(Debug, Clone)]
pub(super) struct Check {
    pub(super) item: usize,
    pub(super) ask: Ask,
    /// For questions about the site or the provider alone, the answer for each.
    sites: Option<Vec<bool>>,
    providers: Option<Vec<bool>>,
}

impl Check {
    pub(super) fn new(item: usize, ask: Ask, index: &OfferIndex) -> Self {
        let sites = match &ask {
            Ask::LocationAllow(areas) => Some(each(index, |site| lies_in(areas, &site.country))),
            Ask::LocationDeny(areas) => Some(each(index, |site| !lies_in(areas, &site.country))),
            Ask::JurisdictionAllow(areas) => Some(each(index, |site| laws(site).any(|law| lies_in(areas, law)))),
            Ask::JurisdictionDeny(areas) => Some(each(index, |site| !laws(site).any(|law| lies_in(areas, law)))),
            Ask::SiteAllow(names) => Some(each(index, |site| named(names, site.id.as_str(), site.id.short()))),
            Ask::SiteDeny(names) => Some(each(index, |site| !named(names, site.id.as_str(), site.id.short()))),
            _ => None,
        };
        let providers = match &ask {
            Ask::JurisdictionDeny(areas) => {
                Some(index.providers.iter().map(|provider| !lies_in(areas, &provider.country)).collect())
            }
            _ => None,
        };
        Self { item, ask, sites, providers }
    }

    /// Whether the offer fulfils it.
    pub(super) fn holds(&self, index: &OfferIndex, number: Option<usize>, entry: &Entry, now: DateTime<Utc>) -> bool {
        let known = |answers: &Option<Vec<bool>>, number: Option<usize>| {
            answers
                .as_ref()
                .is_none_or(|answers| number.and_then(|number| answers.get(number)).copied().unwrap_or(false))
        };
        if self.sites.is_some() || self.providers.is_some() {
            return known(&self.sites, entry.site) && known(&self.providers, entry.provider);
        }
        let offer = &entry.offer;
        let [cpu, memory, disk, gpus] = entry.capacity;
        match &self.ask {
            Ask::Currency(currency) => entry.currency == *currency,
            Ask::ServiceArea(area) => served(index, entry, area),
            Ask::ProviderAllow(names) => named(names, offer.provider.as_str(), offer.provider.short()),
            Ask::ProviderDeny(names) => !named(names, offer.provider.as_str(), offer.provider.short()),
            Ask::Kind(kinds) => kinds.contains(&offer.kind),
            Ask::CpuArch(arch) => offer.flavour.cpu_arch == *arch,
            Ask::GpuModel(model) => offer.flavour.gpu.as_ref().is_some_and(|gpu| gpu.model.eq_ignore_ascii_case(model)),
            Ask::Claim(scheme) => has_claim(entry, scheme, now),
            Ask::Capability(capability) => match number {
                Some(number) => index.capabilities.get(capability).is_some_and(|offers| offers.contains(&number)),
                None => offer.capabilities.contains(capability),
            },
            Ask::Runs(needs, _) => offer.runs(*needs),
            Ask::Admits(refusals) => !refusals.contains_key(&offer.id),
            Ask::Availability(least) => availability(entry).is_some_and(|promised| promised >= *least),
            Ask::MaxPrice(most, currency) => entry.currency == *currency && entry.price <= *most,
            Ask::MaxCarbon(most) => entry.footprint.intensity.is_some_and(|intensity| intensity <= *most),
            Ask::Cpu(need) => cpu >= *need,
            Ask::Memory(need) => memory >= *need,
            Ask::Disk(need) => disk >= *need,
            Ask::Gpus(need) => gpus >= *need,
            _ => false,
        }
    }

    /// Stable code of the kind of requirement.
    pub(super) fn code(&self) -> &'static str {
        match self.ask {
            Ask::Currency(_) => "currency",
            Ask::ServiceArea(_) => "service-area",
            Ask::LocationAllow(_) | Ask::LocationDeny(_) => "location",
            Ask::JurisdictionAllow(_) | Ask::JurisdictionDeny(_) => "jurisdiction",
            Ask::ProviderAllow(_) | Ask::ProviderDeny(_) => "provider",
            Ask::SiteAllow(_) | Ask::SiteDeny(_) => "site",
            Ask::Kind(_) => "kind",
            Ask::CpuArch(_) => "cpu-arch",
            Ask::GpuModel(_) => "gpu-model",
            Ask::Claim(_) => "claim",
            Ask::Capability(_) => "capability",
            Ask::Runs(..) => "package",
            Ask::Admits(_) => "refused",
            Ask::Availability(_) => "availability",
            Ask::MaxPrice(..) => "price",
            Ask::MaxCarbon(_) => "carbon",
            Ask::Cpu(_) | Ask::Memory(_) | Ask::Disk(_) | Ask::Gpus(_) => "resources",
        }
    }

    /// What is asked and what the offer has.
    pub(super) fn sentence(&self, index: &OfferIndex, entry: &Entry) -> String {
        format!("asks for {}; {}", self.ask, self.has(index, entry))
    }

    fn has(&self, index: &OfferIndex, entry: &Entry) -> String {
        let offer = &entry.offer;
        let site = entry.site.and_then(|site| index.sites.get(site));
        let [cpu, memory, disk, gpus] = entry.capacity;
        match &self.ask {
            Ask::Currency(_) => format!("the offer's price is in {}", entry.currency),
            Ask::ServiceArea(_) => match (offer.service_area.is_empty(), site) {
                (false, _) => format!("the offer serves {}", list(&offer.service_area)),
                (true, Some(site)) => {
                    format!("the offer serves its site's country, {}", site.country)
                }
                (true, None) => "the offer states no area".to_owned(),
            },
            Ask::LocationAllow(_) | Ask::LocationDeny(_) => site
                .map_or_else(|| "its site is unknown".to_owned(), |site| format!("the site lies in {}", site.country)),
            Ask::JurisdictionAllow(_) | Ask::JurisdictionDeny(_) => has_laws(index, entry),
            Ask::ProviderAllow(_) | Ask::ProviderDeny(_) => {
                format!("the provider is {}", offer.provider.short())
            }
            Ask::SiteAllow(_) | Ask::SiteDeny(_) => format!("the site is {}", offer.site.short()),
            Ask::Kind(_) => format!("the offer is a {}", offer.kind),
            Ask::CpuArch(_) => format!("the offer has {}", arch(offer.flavour.cpu_arch)),
            Ask::GpuModel(_) => offer
                .flavour
                .gpu
                .as_ref()
                .map_or_else(|| "the offer has none".to_owned(), |gpu| format!("the offer has {}", gpu.model)),
            Ask::Claim(scheme) => has_claims(entry, scheme),
            Ask::Capability(_) => format!("the offer has {}", or_none(list(&offer.capabilities))),
            Ask::Runs(..) => format!("the offer runs {}", or_none(runs(offer))),
            Ask::Admits(refusals) => refusals
                .get(&offer.id)
                .map_or_else(|| "the offer does".to_owned(), |why| format!("refused there: {why}")),
            Ask::Availability(_) => availability(entry)
                .map_or_else(|| "the offer promises none".to_owned(), |value| format!("the offer promises {value} %")),
            Ask::MaxPrice(..) => format!("the offer costs {}", Money::new(entry.price, entry.currency)),
            Ask::MaxCarbon(_) => entry.footprint.intensity.map_or_else(
                || "neither offer nor site states it".to_owned(),
                |value| match index.coming(&offer.site) {
                    Some(coming) => format!("{} says {value} g/kWh", coming.source),
                    None => format!("it is {value} g/kWh there"),
                },
            ),
            Ask::Cpu(_) => format!("the offer has {}", CpuMilli(u32::try_from(cpu).unwrap_or(u32::MAX))),
            Ask::Memory(_) => format!("the offer has {}", Mebibytes(memory)),
            Ask::Disk(_) => format!("the offer has {}", Mebibytes(disk)),
            Ask::Gpus(_) => format!("the offer has {gpus}"),
        }
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Currency(currency) => write!(f, "prices in {currency}"),
            Self::ServiceArea(area) => write!(f, "service in {area}"),
            Self::LocationAllow(areas) => write!(f, "a site in {}", either(areas)),
            Self::LocationDeny(areas) => write!(f, "a site outside {}", either(areas)),
            Self::JurisdictionAllow(areas) => {
                write!(f, "a site under the law of {}", either(areas))
            }
            Self::JurisdictionDeny(areas) => {
                write!(f, "site and provider free of the law of {}", either(areas))
            }
            Self::ProviderAllow(names) => write!(f, "the provider {}", either(names)),
            Self::ProviderDeny(names) => write!(f, "another provider than {}", either(names)),
            Self::SiteAllow(names) => write!(f, "the site {}", either(names)),
            Self::SiteDeny(names) => write!(f, "another site than {}", either(names)),
            Self::Kind(kinds) => write!(f, "a {}", either(kinds)),
            Self::CpuArch(wanted) => write!(f, "processors of {}", arch(*wanted)),
            Self::GpuModel(model) => write!(f, "graphics processors {model}"),
            Self::Claim(scheme) => write!(f, "a valid claim of {scheme}"),
            Self::Capability(capability) => write!(f, "capability {capability}"),
            Self::Runs(_, kind) => write!(f, "a machine that runs a {kind} package"),
            Self::Admits(refusals) => {
                f.write_str("a machine whose system takes its package")?;
                refusals.iter().try_for_each(|(offer, why)| write!(f, " (offer {} does not: {why})", offer.short()))
            }
            Self::Availability(least) => write!(f, "at least {least} % availability"),
            Self::MaxPrice(most, currency) => write!(f, "at most {} {currency} an hour for its machine", Micros(*most)),
            Self::MaxCarbon(most) => write!(f, "at most {most} g CO2e for each kWh"),
            Self::Cpu(need) => write!(f, "{} processors", CpuMilli(u32::try_from(*need).unwrap_or(u32::MAX))),
            Self::Memory(need) => write!(f, "{} memory", Mebibytes(*need)),
            Self::Disk(need) => write!(f, "{} disk", Mebibytes(*need)),
            Self::Gpus(need) => write!(f, "{need} graphics processors"),
        }
    }
}

fn each(index: &OfferIndex, holds: impl Fn(&hansa_ontology::Site) -> bool) -> Vec<bool> {
    index.sites.iter().map(holds).collect()
}

/// The laws that bind a site, at least its country's.
fn laws(site: &hansa_ontology::Site) -> impl Iterator<Item = &Area> {
    site.jurisdictions.iter().chain([&site.country])
}

fn lies_in(areas: &BTreeSet<Area>, inner: &Area) -> bool {
    areas.iter().any(|area| area.contains(inner))
}

fn named(names: &BTreeSet<String>, iri: &str, short: &str) -> bool {
    names.contains(iri) || names.contains(short)
}

fn served(index: &OfferIndex, entry: &Entry, area: &Area) -> bool {
    let areas = &entry.offer.service_area;
    let country = entry.site.and_then(|site| index.sites.get(site)).map(|site| &site.country);
    areas.iter().any(|served| served.contains(area))
        || (areas.is_empty() && country.is_some_and(|country| country.contains(area)))
}

fn has_claim(entry: &Entry, scheme: &str, now: DateTime<Utc>) -> bool {
    let valid = |until: Option<DateTime<Utc>>| until.is_none_or(|until| until >= now);
    entry.offer.claims.iter().any(|claim| claim.scheme.eq_ignore_ascii_case(scheme) && valid(claim.valid_through))
}

fn has_claims(entry: &Entry, scheme: &str) -> String {
    let expired = entry.offer.claims.iter().filter(|claim| claim.scheme.eq_ignore_ascii_case(scheme));
    if let Some(until) = expired.filter_map(|claim| claim.valid_through).max() {
        return format!("the offer's ended on {}", until.format("%Y-%m-%d"));
    }
    let schemes: BTreeSet<&str> = entry.offer.claims.iter().map(|claim| claim.scheme.as_str()).collect();
    format!("the offer has {}", or_none(list(&schemes)))
}

fn has_laws(index: &OfferIndex, entry: &Entry) -> String {
    let Some(site) = entry.site.and_then(|site| index.sites.get(site)) else {
        return "its site is unknown".to_owned();
    };
    let laws: BTreeSet<&Area> = laws(site).collect();
    match entry.provider.and_then(|provider| index.providers.get(provider)) {
        Some(provider) => format!("the site is under the law of {}, the provider of {}", list(&laws), provider.country),
        None => format!("the site is under the law of {}, the provider is unknown", list(&laws)),
    }
}

/// Which packages a machine of the offer runs, for people.
fn runs(offer: &hansa_ontology::Offer) -> String {
    let known = [(None, "processes"), (Some(RUNS_CONTAINERS), "containers"), (Some(RUNS_KUBERNETES), "manifests")];
    let runs = known.into_iter().filter(|(needs, _)| offer.runs(*needs)).map(|(_, name)| name);
    list(&runs.collect())
}

fn availability(entry: &Entry) -> Option<Decimal> {
    entry.offer.sla.as_ref().and_then(hansa_ontology::sla::Sla::availability)
}

fn arch(arch: CpuArch) -> &'static str {
    match arch {
        CpuArch::Amd64 => "amd64",
        CpuArch::Arm64 => "arm64",
        CpuArch::Riscv64 => "riscv64",
    }
}

fn list<T: fmt::Display>(values: &BTreeSet<T>) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn either<T: fmt::Display>(values: &BTreeSet<T>) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}
