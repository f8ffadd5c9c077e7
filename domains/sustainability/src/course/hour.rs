//! What an hour of a machine drew, whose that was, and what of its making is owed.

use super::machine::{Machine, Stretch, Terms, overlap};
use crate::{
    carbon::share_machine,
    energy::{Activity, Claim, Coefficients, Embodied, HOUR, PowerSample, Storage, of_power, split},
    quantity::{Carbon, Energy, Intensity, MILLION, millionths},
};
use chrono::DateTime;
use hansa_ontology::{
    ApplicationId, MachineId, OfferId, OfferKind, ProjectId, ProviderId, SiteId, offer::Flavour, place::Area,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, ops::AddAssign};

const MIB: u64 = 1 << 20;
/// How far apart two samples of power may lie, in milliseconds: of more nothing is counted.
pub(crate) const PATIENCE: u64 = 5 * 60_000;
/// How many seconds a workload may be there without a reading of what it uses.
const UNSEEN: u64 = 300;
/// The server that a virtual machine or a share of a cluster is taken to be a part
/// of: two processors with 48 virtual ones each, and 384 GB.
const SERVER_MILLI: u64 = 96_000;
const SERVER_GB: u64 = 384;

/// Whose energy it is, and what carbon depends on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subject {
    pub(crate) project: ProjectId,
    pub(crate) application: Option<ApplicationId>,
    /// None: nobody in the machine reserved it; its application's all the same.
    pub(crate) component: Option<String>,
    pub(crate) provider: ProviderId,
    pub(crate) site: SiteId,
    pub(crate) country: Option<Area>,
    pub(crate) offer: OfferId,
    pub(crate) kind: OfferKind,
    pub(crate) machine: MachineId,
    /// Power usage effectiveness in millionths; none where nobody states it.
    pub(crate) pue: Option<u64>,
    /// Location-based intensity that the offer or its site states.
    pub(crate) intensity: Option<Intensity>,
}

/// What one hour of a subject drew, before PUE, by how it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cell {
    /// By a meter.
    pub(crate) measured: Energy,
    /// By coefficients, at the use of its processors that was measured.
    pub(crate) utilised: Energy,
    /// By the power that the offer states.
    pub(crate) stated: Energy,
    /// By coefficients, at the use that is assumed where nobody measured it.
    pub(crate) assumed: Energy,
    /// Its share of making the machine.
    pub(crate) embodied: Carbon,
    /// Seconds of which no energy is known.
    pub(crate) energy_unknown: u64,
    /// Seconds of which no embodied share is known.
    pub(crate) embodied_unknown: u64,
    /// What it reserves: thousandths of a virtual processor × seconds. None: counted by a
    /// version that didn't note it.
    pub(crate) held: Option<u64>,
}

impl Cell {
    /// All that was drawn, as far as it is known.
    pub(crate) fn energy(&self) -> Energy {
        self.measured + self.utilised + self.stated + self.assumed
    }
}

impl AddAssign for Cell {
    fn add_assign(&mut self, other: Self) {
        self.measured += other.measured;
        self.utilised += other.utilised;
        self.stated += other.stated;
        self.assumed += other.assumed;
        self.embodied += other.embodied;
        self.energy_unknown += other.energy_unknown;
        self.embodied_unknown += other.embodied_unknown;
        self.held = self.held.map(|held| held + other.held.unwrap_or_default()).or(other.held);
    }
}

/// What was measured around an hour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Readings {
    /// The machine's power: milliseconds since 1970, and milliwatts; in the order of time.
    pub(crate) power: Vec<(i64, u64)>,
    /// What is used of the machine's processors within the hour, in thousandths; the mean.
    pub(crate) machine: Option<u64>,
    /// What each workload uses of processors within the hour, in thousandths; the mean.
    pub(crate) workloads: BTreeMap<String, u64>,
}

/// How the part without a meter is known.
#[derive(Clone, Copy)]
enum Basis {
    Utilised,
    Stated,
    Assumed,
}

/// A workload's part of an hour.
struct Guest {
    application: Option<ApplicationId>,
    component: Option<String>,
    claim: Claim,
}

impl Machine {
    /// What an hour, or its part before `until`, drew and owes.
    pub(crate) fn hour(
        &self,
        id: MachineId,
        (hour, until): (i64, i64),
        readings: &Readings,
        coefficients: &Coefficients,
    ) -> BTreeMap<Subject, Cell> {
        let cut = (hour, (hour + HOUR).min(until));
        let mut cells: BTreeMap<Subject, Cell> = BTreeMap::new();
        let all: u64 = self.stretches.iter().map(|stretch| overlap((stretch.from, stretch.to), cut)).sum();
        let metered = metered(readings, hour, until);
        for stretch in &self.stretches {
            let seconds = overlap((stretch.from, stretch.to), cut);
            if seconds == 0 {
                continue;
            }
            let part = |amount: Energy| amount.share(seconds, all);
            let covered = metered.1.min(all * 1_000) * seconds / all;
            self.stretch(id, (stretch, cut, seconds), (part(metered.0), covered), readings, coefficients, &mut cells);
        }
        cells
    }

    fn stretch(
        &self,
        id: MachineId,
        (stretch, cut, seconds): (&Stretch, (i64, i64), u64),
        (measured, covered): (Energy, u64),
        readings: &Readings,
        coefficients: &Coefficients,
        cells: &mut BTreeMap<Subject, Cell>,
    ) {
        let terms = &stretch.terms;
        let within = (cut.0.max(stretch.from), cut.1.min(stretch.to.unwrap_or(i64::MAX)));
        let (guests, used) = self.guests(within, readings);
        let room = terms.flavour.as_ref().map_or(0, |flavour| u64::from(flavour.cpu_milli)) * seconds;
        let utilisation = readings.machine.map(|milli| milli * seconds).or(used).filter(|_| room > 0);
        let utilisation = utilisation.map(|used| share(used, room));
        let open = (seconds * 1_000).saturating_sub(covered);
        let modelled = modelled(terms, seconds, utilisation, coefficients);
        // Where it isn't known what each used, all goes by what is reserved.
        let idle = activity(terms, seconds, Some(0)).filter(|_| used.is_some());
        let idle = idle.map(|activity| coefficients.model(&activity).total());
        let claims: BTreeMap<usize, Claim> = guests.iter().map(|guest| guest.claim).enumerate().collect();
        let mut of = |energy: Energy, set: fn(&mut Cell) -> &mut Energy| {
            let split = split(energy, idle.unwrap_or(energy), room, &claims);
            for (place, portion) in split.portions {
                let owner = subject(terms, id, guests.get(place));
                *set(cells.entry(owner).or_default()) += portion.total();
            }
            *set(cells.entry(subject(terms, id, None)).or_default()) += split.unallocated.total();
        };
        if measured != Energy::ZERO {
            of(measured, |cell| &mut cell.measured);
        }
        match modelled {
            Some((energy, basis)) => {
                let field: fn(&mut Cell) -> &mut Energy = match basis {
                    Basis::Utilised => |cell| &mut cell.utilised,
                    Basis::Stated => |cell| &mut cell.stated,
                    Basis::Assumed => |cell| &mut cell.assumed,
                };
                of(energy.share(open, seconds * 1_000), field);
            }
            None => cells.entry(subject(terms, id, None)).or_default().energy_unknown += open.div_ceil(1_000),
        }
        embodied(terms, id, seconds, (&guests, room), cells);
        cells.retain(|_, cell| *cell != Cell::default());
        for guest in &guests {
            let held = Cell { held: Some(guest.claim.reserved), ..Cell::default() };
            *cells.entry(subject(terms, id, Some(guest))).or_default() += held;
        }
        for cell in cells.values_mut() {
            cell.held.get_or_insert_default();
        }
    }

    /// What was in it, and how much of its processors was used by all of that: thousandths
    /// × seconds, where it was measured of each.
    fn guests(&self, within: (i64, i64), readings: &Readings) -> (Vec<Guest>, Option<u64>) {
        let (mut guests, mut used, mut seen) = (Vec::new(), 0, false);
        let mut complete = true;
        for (workload, stays) in &self.stays {
            let measured = readings.workloads.get(workload).copied();
            for stay in stays {
                let seconds = overlap((stay.from, stay.to), within);
                if seconds == 0 {
                    continue;
                }
                complete &= measured.is_some() || seconds <= UNSEEN;
                seen |= measured.is_some();
                used += measured.unwrap_or_default() * seconds;
                let reserved = stay.cpu_milli.unwrap_or_default() * seconds;
                let claim = Claim { reserved, used: measured.map_or(0, |milli| milli * seconds) };
                let (application, component) = (stay.application, stay.component.clone());
                guests.push(Guest { application, component, claim });
            }
        }
        (guests, Some(used).filter(|_| complete && seen))
    }
}

/// What the meter showed in an hour, and in how many milliseconds of it.
fn metered(readings: &Readings, hour: i64, until: i64) -> (Energy, u64) {
    let sample = |(sequence, (at, milliwatts)): (u64, &(i64, u64))| {
        let at = DateTime::from_timestamp_millis(*at).unwrap_or_default();
        PowerSample { sequence, at, milliwatts: *milliwatts }
    };
    let samples: Vec<_> = (0..).zip(&readings.power).map(sample).collect();
    // Those after the hour say what was at its end.
    let last = readings.power.last().map_or(until, |(at, _)| at.div_euclid(1_000) + 1).max(until);
    let metered = of_power(&samples, PATIENCE, DateTime::from_timestamp(last, 0).unwrap_or_default());
    metered.cells.get(&hour).map(|cell| (cell.energy, cell.covered)).unwrap_or_default()
}

fn share(part: u64, whole: u64) -> u64 {
    let millionths = u128::from(part) * u128::from(MILLION) / u128::from(whole.max(1));
    u64::try_from(millionths).unwrap_or(u64::MAX).min(MILLION)
}

fn activity(terms: &Terms, seconds: u64, utilisation: Option<u64>) -> Option<Activity> {
    let Flavour { cpu_milli, memory_mib, disk_mib, .. } = terms.flavour.as_ref()?;
    Some(Activity {
        seconds,
        architecture: None,
        cpu_milli: u64::from(*cpu_milli),
        utilisation,
        memory: memory_mib.saturating_mul(MIB),
        stored: vec![(Storage::Solid, disk_mib.saturating_mul(MIB))],
        transferred: 0,
    })
}

/// What it draws where there is no meter; none where nothing is known of it.
fn modelled(
    terms: &Terms,
    seconds: u64,
    utilisation: Option<u64>,
    coefficients: &Coefficients,
) -> Option<(Energy, Basis)> {
    let watts = terms.energy.as_ref().and_then(|energy| energy.power_watts);
    let milliwatts = watts.and_then(|watts| u64::try_from((watts * Decimal::from(1_000)).round()).ok());
    let stated = || Some((Energy::of_power(milliwatts?, seconds * 1_000), Basis::Stated));
    let model = |used: Option<u64>| Some(coefficients.model(&activity(terms, seconds, used)?).total());
    match utilisation {
        Some(_) => model(utilisation).map(|energy| (energy, Basis::Utilised)),
        None => stated().or_else(|| model(None).map(|energy| (energy, Basis::Assumed))),
    }
}

/// Whose it is: the guest's, or of nobody in the machine.
fn subject(terms: &Terms, machine: MachineId, guest: Option<&Guest>) -> Subject {
    let profile = terms.energy.as_ref();
    Subject {
        project: terms.project.clone(),
        application: guest.and_then(|guest| guest.application).or(terms.application),
        component: guest.and_then(|guest| guest.component.clone()),
        provider: terms.provider.clone(),
        site: terms.site.clone(),
        country: terms.country.clone(),
        offer: terms.offer.clone(),
        kind: terms.kind,
        machine,
        pue: profile.and_then(|profile| millionths("pue", profile.pue, MILLION, 10 * MILLION).ok()),
        intensity: profile.and_then(|profile| Intensity::of_grams(profile.carbon_intensity).ok()),
    }
}

/// Shares out what the machine owes for having been made, by what is reserved.
fn embodied(
    terms: &Terms,
    id: MachineId,
    seconds: u64,
    (guests, room): (&[Guest], u64),
    cells: &mut BTreeMap<Subject, Cell>,
) {
    let Some(whole) = terms.flavour.as_ref().map(|flavour| owed(terms.kind, flavour, seconds)) else {
        cells.entry(subject(terms, id, None)).or_default().embodied_unknown += seconds;
        return;
    };
    let reserved: Vec<u64> = guests.iter().map(|guest| guest.claim.reserved).collect();
    let (parts, rest) = share_machine(whole, &reserved, room);
    for (guest, part) in guests.iter().zip(parts) {
        cells.entry(subject(terms, id, Some(guest))).or_default().embodied += part;
    }
    cells.entry(subject(terms, id, None)).or_default().embodied += rest;
}

/// What having a machine for some seconds owes of its making. A server is its own; of
/// anything else it is not known in what it is, so that it is taken for a part of a
/// usual server, by its processors. Graphics processors are its own.
fn owed(kind: OfferKind, flavour: &Flavour, seconds: u64) -> Carbon {
    let (milli, graphics) = (u64::from(flavour.cpu_milli), flavour.gpu.as_ref().map_or(0, |gpu| u64::from(gpu.count)));
    if kind == OfferKind::BareMetal {
        let gigabytes = flavour.memory_mib.saturating_mul(MIB) / 1_000_000_000;
        let processors = milli.div_ceil(SERVER_MILLI / 2).max(1);
        let server = Embodied::server(processors, gigabytes, 0, u64::from(flavour.disk_mib > 0), graphics);
        return server.share(seconds, 1, 1);
    }
    let plain = Embodied::server(2, SERVER_GB, 0, 0, 0);
    let more = Embodied::server(2, SERVER_GB, 0, 0, graphics);
    let own = Embodied { carbon: more.carbon - plain.carbon, ..plain };
    plain.share(seconds, milli, SERVER_MILLI) + own.share(seconds, 1, 1)
}
