//! What the servers of a service are: amounts, state, facts, what is wrong.

use super::{
    Redfish,
    claim::Claim,
    power::{Power, power},
    sensors,
    session::Resource,
    wire::{at, floor, link, links, list, name_of, number, text, whole},
};
use crate::model::Amounts;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, stream};
use hansa_repository::system::{Host, HostState, Room, SystemError, SystemReport};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    net::IpAddr,
    time::{Duration, Instant},
};

/// So many servers are looked at side by side.
const ABREAST: usize = 4;
/// Members of one server's collection that are looked at.
const MEMBERS: usize = 64;
/// What has not been begun by then is left for the next look.
const LONGEST: Duration = Duration::from_secs(20);
/// Troubles of one server that are told from its event log.
const EVENTS: usize = 3;

impl Redfish {
    /// What the service has now.
    pub(super) async fn report(&self, now: DateTime<Utc>) -> Result<SystemReport, SystemError> {
        let root = self.service.root().await?;
        let mut report = SystemReport::new(now, software(root));
        for (pointer, name) in [("/Tasks", "tasks"), ("/UpdateService", "updates"), ("/EventService", "events")] {
            if at(root, pointer).is_some() {
                report.capabilities.insert(name.to_owned());
            }
        }
        if link(root, "/Links/Sessions").is_some() {
            report.capabilities.insert("sessions".to_owned());
        }
        let (paths, begun) = (self.systems().await?, Instant::now());
        let looks = paths.into_iter().map(|path| async move {
            if begun.elapsed() > LONGEST {
                return Err((path, "there was no time for it".to_owned()));
            }
            self.host(&path).await.map_err(|error| (path, error.to_string()))
        });
        let mut looks = stream::iter(looks).buffered(ABREAST);
        while let Some(look) = looks.next().await {
            match look {
                Ok((host, notes)) => {
                    report.hosts.push(host);
                    report.notes.extend(notes);
                }
                Err((path, why)) => report.notes.push(format!("server {} was not looked at: {why}", name_of(&path))),
            }
        }
        Ok(report)
    }

    async fn host(&self, path: &str) -> Result<(Host, Vec<String>), SystemError> {
        let system = self.service.get(path).await?;
        let (name, body) = (name_of(path).to_owned(), &system.body);
        let mut notes = self.events(body).await;
        // A part that can't be read is no reason not to know the rest.
        let processors = told(self.processors(body).await, &mut notes);
        let drives = told(self.drives(body).await, &mut notes);
        let nics = told(self.nics(body).await, &mut notes);
        let capacity = Room {
            cpu_milli: threads(body, &processors).saturating_mul(1_000),
            memory_mib: memory_mib(body),
            disk_mib: drives.iter().filter_map(|drive| whole(drive, "/CapacityBytes")).sum::<u64>() >> 20,
            gpus: processors.iter().filter(|one| text(one, "/ProcessorType") == Some("GPU")).count() as u64,
        };
        let sensed = sensors::read(&self.service, body, &mut notes).await;
        notes.extend(trouble_of("its health is", body));
        for (what, parts) in [("processor", &processors), ("drive", &drives), ("network card", &nics)] {
            for part in parts {
                let called = text(part, "/Name").or_else(|| text(part, "/Id")).unwrap_or_default();
                notes.extend(trouble_of(&format!("{what} {called} is"), part));
            }
        }
        let (state, taken) = self.standing(&system);
        let address = self.settings.address(&name).or_else(|| nics.iter().find_map(nic_address));
        let host = Host {
            address,
            state,
            capacity,
            used_by_others: if taken { capacity } else { Room::default() },
            labels: labels(body),
            power_watts: sensed.watts,
            temperature_celsius: sensed.celsius,
            facts: self.facts(body, &processors, &nics).await,
            name: name.clone(),
        };
        Ok((host, notes.into_iter().map(|note| format!("server {name}: {note}")).collect()))
    }

    /// Whether the server can be used, and whether others have it.
    fn standing(&self, system: &Resource) -> (HostState, bool) {
        if let Some(reason) = trouble(&system.body) {
            return (HostState::Down { reason }, false);
        }
        if !self.settings.marks {
            return (HostState::Ready, false);
        }
        match self.marks.claim(&system.body, None) {
            Claim::Foreign(tag) => (HostState::Closed { reason: format!("its asset tag is `{tag}`") }, true),
            Claim::Unknown => {
                let reason = "it keeps no asset tag; set mark to none if this broker alone uses its servers";
                (HostState::Closed { reason: reason.to_owned() }, false)
            }
            Claim::Free if power(&system.body) != Power::Off && !self.settings.take_running => {
                (HostState::Closed { reason: "it runs, and has no mark of ours".to_owned() }, true)
            }
            _ => (HostState::Ready, false),
        }
    }

    /// The network cards.
    pub(super) async fn nics(&self, system: &Value) -> Result<Vec<Value>, SystemError> {
        self.members(link(system, "/EthernetInterfaces")).await
    }

    async fn processors(&self, system: &Value) -> Result<Vec<Value>, SystemError> {
        self.members(link(system, "/Processors")).await
    }

    async fn drives(&self, system: &Value) -> Result<Vec<Value>, SystemError> {
        let mut drives = Vec::new();
        for storage in self.members(link(system, "/Storage")).await? {
            for path in links(&storage, "/Drives").take(MEMBERS) {
                drives.extend(self.service.find(path).await?.map(|drive| drive.body));
            }
        }
        if drives.is_empty() {
            let simple = self.members(link(system, "/SimpleStorage")).await?;
            drives.extend(simple.iter().flat_map(|storage| list(storage, "/Devices")).cloned());
        }
        Ok(drives)
    }

    /// The members of a collection; in one request where the service expands them.
    async fn members(&self, collection: Option<&str>) -> Result<Vec<Value>, SystemError> {
        let Some(collection) = collection else { return Ok(Vec::new()) };
        let expands = "/ProtocolFeaturesSupported/ExpandQuery/NoLinks";
        let expands = at(self.service.root().await?, expands).and_then(Value::as_bool) == Some(true);
        let asked = if expands { format!("{collection}?$expand=.") } else { collection.to_owned() };
        let Some(found) = self.service.find(&asked).await? else { return Ok(Vec::new()) };
        let mut members = Vec::new();
        for member in list(&found.body, "/Members").iter().take(MEMBERS) {
            match text(member, "/@odata.id") {
                Some(path) if member.as_object().is_some_and(|fields| fields.len() == 1) => {
                    members.extend(self.service.find(path).await?.map(|one| one.body));
                }
                _ => members.push(member.clone()),
            }
        }
        Ok(members)
    }

    /// The latest troubles of the server's event log. A log that can't be read is no trouble of the server.
    async fn events(&self, system: &Value) -> Vec<String> {
        let logs = self.members(link(system, "/LogServices")).await.unwrap_or_default();
        let mut entries = Vec::new();
        for log in &logs {
            let Some(place) = link(log, "/Entries") else { continue };
            if let Ok(Some(page)) = self.service.find(place).await {
                entries.extend(list(&page.body, "/Members").iter().filter(|entry| is_trouble(entry)).cloned());
            }
        }
        entries.sort_by(|a, b| text(b, "/Created").cmp(&text(a, "/Created")));
        let told = entries.iter().take(EVENTS).filter_map(|entry| {
            let at = text(entry, "/Created").unwrap_or("no time");
            Some(format!("event of {at}: {}", text(entry, "/Message")?.chars().take(200).collect::<String>()))
        });
        told.collect()
    }

    async fn facts(&self, system: &Value, processors: &[Value], nics: &[Value]) -> BTreeMap<String, String> {
        let mut facts = BTreeMap::new();
        let mut fact = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                facts.insert(name.to_owned(), value.to_owned());
            }
        };
        fact("model", text(system, "/Model"));
        fact("manufacturer", text(system, "/Manufacturer"));
        fact("serial", text(system, "/SerialNumber"));
        fact("name", text(system, "/HostName").or_else(|| text(system, "/Name")));
        fact("uuid", text(system, "/UUID"));
        fact("bios", text(system, "/BiosVersion"));
        fact("power", text(system, "/PowerState"));
        fact("health", text(system, "/Status/HealthRollup").or_else(|| text(system, "/Status/Health")));
        fact("asset-tag", text(system, "/AssetTag"));
        let model = text(system, "/ProcessorSummary/Model");
        fact("processor", model.or_else(|| processors.iter().find_map(|one| text(one, "/Model"))));
        let macs: Vec<&str> = nics.iter().filter_map(|nic| text(nic, "/MACAddress")).collect();
        fact("network-cards", Some(macs.join(", ").as_str()).filter(|text| !text.is_empty()));
        if let Some(path) = links(system, "/Links/ManagedBy").next()
            && let Ok(Some(manager)) = self.service.find(path).await
        {
            fact("controller", text(&manager.body, "/Model"));
            fact("firmware", text(&manager.body, "/FirmwareVersion"));
        }
        facts
    }
}

/// What was found; what was not becomes a note.
fn told(found: Result<Vec<Value>, SystemError>, notes: &mut Vec<String>) -> Vec<Value> {
    found.unwrap_or_else(|error| {
        notes.push(format!("a part was not looked at: {error}"));
        Vec::new()
    })
}

fn software(root: &Value) -> String {
    let version = text(root, "/RedfishVersion").unwrap_or("of an unknown version");
    let maker = text(root, "/Vendor").or_else(|| text(root, "/Product"));
    maker.map_or_else(|| format!("Redfish {version}"), |maker| format!("Redfish {version}, {maker}"))
}

fn labels(system: &Value) -> BTreeMap<String, String> {
    let known = [("manufacturer", "/Manufacturer"), ("model", "/Model"), ("system-type", "/SystemType")];
    let found = known.iter().filter_map(|(name, at)| Some(((*name).to_owned(), text(system, at)?.to_owned())));
    found.collect()
}

/// Why the server can't be used. None: it can.
pub(super) fn trouble(system: &Value) -> Option<String> {
    let said = trouble_of("its health is", system);
    match (text(system, "/Status/State"), text(system, "/Status/Health")) {
        (Some(state @ ("Absent" | "Disabled" | "UnavailableOffline" | "Deferring" | "Updating")), _) => {
            Some(format!("its state is {state}"))
        }
        (_, Some("Critical")) => said,
        _ => None,
    }
}

/// What a part's health is, unless it is good.
fn trouble_of(what: &str, part: &Value) -> Option<String> {
    let health = text(part, "/Status/HealthRollup").filter(|health| *health != "OK");
    let health = text(part, "/Status/Health").filter(|health| *health != "OK").or(health)?;
    let why: Vec<&str> = list(part, "/Status/Conditions").iter().filter_map(|one| text(one, "/Message")).collect();
    Some(if why.is_empty() { format!("{what} {health}") } else { format!("{what} {health}: {}", why.join(" ")) })
}

fn is_trouble(entry: &Value) -> bool {
    matches!(text(entry, "/Severity"), Some("Warning" | "Critical"))
}

fn threads(system: &Value, processors: &[Value]) -> u64 {
    let summary = ["/ProcessorSummary/LogicalProcessorCount", "/ProcessorSummary/CoreCount"];
    let cpus = || processors.iter().filter(|one| matches!(text(one, "/ProcessorType"), Some("CPU") | None));
    let sum = |at: &str| cpus().filter_map(|one| whole(one, at)).sum::<u64>();
    let counted = summary.iter().filter_map(|at| whole(system, at)).chain([sum("/TotalThreads"), sum("/TotalCores")]);
    counted.chain(whole(system, "/ProcessorSummary/Count")).find(|count| *count > 0).unwrap_or(0)
}

fn memory_mib(system: &Value) -> u64 {
    number(system, "/MemorySummary/TotalSystemMemoryGiB").map_or(0, |gib| floor(gib * 1024.0))
}

/// Whether a server has this much, as far as it tells by itself.
pub(super) fn has(system: &Value, wanted: Amounts) -> bool {
    let (cpu, memory) = (threads(system, &[]).saturating_mul(1_000), memory_mib(system));
    (cpu == 0 || cpu >= wanted.cpu_milli) && (memory == 0 || memory >= wanted.memory_mib)
}

/// The address of a network card that others reach.
pub(super) fn nic_address(nic: &Value) -> Option<IpAddr> {
    let addresses = list(nic, "/IPv4Addresses").iter().chain(list(nic, "/IPv6Addresses"));
    let parsed = addresses.filter_map(|one| text(one, "/Address")?.parse::<IpAddr>().ok());
    parsed.into_iter().find(|address| match address {
        IpAddr::V4(four) => !four.is_unspecified() && !four.is_loopback() && !four.is_link_local(),
        IpAddr::V6(six) => !six.is_unspecified() && !six.is_loopback() && !six.is_unicast_link_local(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn amounts_are_taken_from_what_there_is() {
        let system = json!({"ProcessorSummary": {"Count": 2, "CoreCount": 32, "LogicalProcessorCount": null},
            "MemorySummary": {"TotalSystemMemoryGiB": 127.5}});
        assert_eq!((threads(&system, &[]), memory_mib(&system)), (32, 130_560));
        let cpu = json!({"ProcessorType": "CPU", "TotalThreads": 8});
        let gpu = json!({"ProcessorType": "GPU", "TotalThreads": 900});
        assert_eq!(threads(&json!({}), &[cpu.clone(), gpu, cpu]), 16);
        let wanted = Amounts { cpu_milli: 33_000, memory_mib: 1, disk_mib: 0, gpus: 0 };
        assert!(!has(&system, wanted) && has(&json!({}), wanted));
    }

    #[test]
    fn what_is_wrong_is_told_in_its_words() {
        let bad = json!({"Status": {"State": "Enabled", "Health": "Critical",
            "Conditions": [{"Message": "Memory DIMM A1 failed."}]}});
        assert_eq!(trouble(&bad).unwrap(), "its health is Critical: Memory DIMM A1 failed.");
        assert_eq!(trouble(&json!({"Status": {"State": "Enabled", "Health": "Warning"}})), None);
        assert_eq!(trouble(&json!({"Status": {"State": "Absent"}})).unwrap(), "its state is Absent");
    }

    #[test]
    fn the_address_is_one_that_others_reach() {
        let nic = json!({"IPv4Addresses": [{"Address": "0.0.0.0"}, {"Address": "169.254.1.2"}],
            "IPv6Addresses": [{"Address": "fe80::1"}, {"Address": "2001:db8::7"}]});
        assert_eq!(nic_address(&nic).unwrap().to_string(), "2001:db8::7");
    }
}
