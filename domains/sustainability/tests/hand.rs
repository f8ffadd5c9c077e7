//! The calculations that docs/sustainability.md writes out by hand, and the same
//! against the coefficients as they are published. Within 1 %.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that can't go on says so by falling, and tells what it found"
)]

use hansa_sustainability::{
    carbon::{Inputs, Reservation, account},
    energy::{Activity, Coefficients, Embodied, Named, Storage},
    intensity::Factors,
    quantity::{Intensity, MILLION},
};
use std::path::{Path, PathBuf};

const GIB: u64 = 1 << 30;

fn close(figure: f64, hand: f64, what: &str) {
    assert!((figure - hand).abs() <= hand.abs() / 100.0, "{what}: {figure} is not within 1 % of {hand}");
}

fn grams(carbon: hansa_sustainability::quantity::Carbon) -> f64 {
    carbon.get() as f64 / 1e6
}

/// docs/sustainability.md, "By hand: a virtual machine for a month".
#[test]
fn a_virtual_machine_for_a_month() {
    let table = Coefficients::default();
    let activity = Activity {
        seconds: 720 * 3_600,
        architecture: Some("Skylake".to_owned()),
        cpu_milli: 4_000,
        utilisation: Some(300_000),
        memory: 16 * GIB,
        stored: vec![(Storage::Solid, 200_000_000_000)],
        transferred: 50_000_000_000,
    };
    let inputs = Inputs {
        measured: None,
        modelled: Some(table.model(&activity)),
        pue: table.pue("aws").clone(),
        own: hansa_sustainability::quantity::Energy::ZERO,
        location: Some(Named::new(Intensity::of(380_950), "Ember, as in codecarbon's global_energy_mix")),
        market: Some(Named::new(Intensity::of(0), "contract")),
        reservation: Some(Reservation {
            machine: Named::new(Embodied::server(2, 384, 0, 0, 0), Embodied::source()),
            seconds: 720 * 3_600,
            reserved: 4,
            total: 96,
        }),
        units: Some((1_000_000, "request".to_owned())),
    };
    let told = account(&inputs).unwrap();
    println!("{told}");
    let kwh = told.footprint.facility.get() as f64 / 3.6e12;
    close(kwh, 11.3296, "energy");
    close(grams(told.footprint.location), 4_316.0, "operational");
    assert_eq!(grams(told.footprint.market), 0.0, "the contract doesn't touch the other figure");
    close(grams(told.footprint.embodied), 1_379.1, "embodied");
    close(grams(told.sci.unwrap().score), 0.005_695, "SCI");
}

fn shared() -> Option<PathBuf> {
    hansa_test_systems::shared_data("carbon")
}

/// A column of a table, by the value of another: read here in the plainest way.
fn published(folder: &Path, file: &str, key: (&str, &str), column: &str) -> f64 {
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let place = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let (key_place, place) = (place(key.0), place(column));
    let row = lines.map(|line| line.split(',').collect::<Vec<_>>()).find(|row| row[key_place] == key.1);
    row.unwrap_or_else(|| panic!("{file} has no {}", key.1))[place].parse().unwrap()
}

/// Machine types with their cloud, processor, vCPUs, those of the largest of the family, GiB, and region.
const MACHINES: &[(&str, &str, &str, u64, u64, u64, &str)] = &[
    ("aws", "m5.xlarge", "Cascade Lake", 4, 96, 16, "us-east-1"),
    ("aws", "m6g.large", "Graviton2", 2, 64, 8, "eu-central-1"),
    ("aws", "a1.medium", "Graviton", 1, 16, 2, "us-west-2"),
    ("gcp", "e2-standard-2", "Broadwell", 2, 32, 8, "us-central1"),
];

#[test]
fn machine_types_by_the_published_tables() {
    let Some(folder) = shared() else { return };
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    for (cloud, kind, processor, cpus, largest, gib, region) in MACHINES {
        let (usage, made) = (format!("coefficients-{cloud}-use.csv"), format!("coefficients-{cloud}-embodied.csv"));
        let grid = format!("grid-emissions-factors-{cloud}.csv");
        let mut table = Coefficients::default();
        for file in [&usage, &made, &grid] {
            assert!(table.load_ccf(&read(file), file).unwrap().rows > 7, "{file}");
        }
        let activity = Activity {
            seconds: 3_600,
            architecture: Some((*processor).to_owned()),
            cpu_milli: cpus * 1_000,
            utilisation: None,
            memory: gib * 1_000_000_000,
            stored: Vec::new(),
            transferred: 0,
        };
        let told = account(&Inputs {
            measured: None,
            modelled: Some(table.model(&activity)),
            pue: table.pue(cloud).clone(),
            own: hansa_sustainability::quantity::Energy::ZERO,
            location: table.intensity.get(*region).cloned(),
            market: None,
            reservation: Some(Reservation {
                machine: table.embodied[*kind].clone(),
                seconds: 3_600,
                reserved: *cpus,
                total: *largest,
            }),
            units: None,
        })
        .unwrap();
        let key = ("Architecture", *processor);
        let (idle, full) = (published(&folder, &usage, key, "Min Watts"), published(&folder, &usage, key, "Max Watts"));
        let pue = if *cloud == "aws" { 1.135 } else { 1.1 };
        let watts = *cpus as f64 * (idle + 0.5 * (full - idle)) + *gib as f64 * 0.392;
        let tons = published(&folder, &grid, ("Region", region), "CO2e (metric ton/kWh)");
        close(grams(told.footprint.location), watts / 1_000.0 * pue * tons * 1e6, kind);
        let kilograms = published(&folder, &made, ("type", kind), "total");
        close(grams(told.footprint.embodied), kilograms * 1_000.0 / 35_040.0 * *cpus as f64 / *largest as f64, kind);
    }
}

#[test]
fn our_small_table_agrees_with_what_is_published() {
    let Some(folder) = shared() else { return };
    let text = std::fs::read_to_string(folder.join("coefficients-aws-use.csv")).unwrap();
    let (ours, mut theirs) = (Coefficients::default(), Coefficients::default());
    theirs.processors.clear();
    assert_eq!(theirs.load_ccf(&text, "CCF").unwrap().faults, []);
    let mut compared = 0;
    for (name, processor) in &theirs.processors {
        let Some(known) = ours.processors.get(&name.replace("sky lake", "skylake")) else { continue };
        for used in [0, 500_000, MILLION] {
            let (one, other) = (known.value.microwatts(used), processor.value.microwatts(used));
            close(one as f64, other as f64, name);
        }
        compared += 1;
    }
    assert!(compared >= 9, "only {compared} are known on both sides");
}

#[test]
fn servers_by_their_parts_agree_with_what_is_published() {
    let Some(folder) = shared() else { return };
    // Memory in GB, and processors beyond the first, as the table's columns say.
    for (file, kind, processors, memory) in [
        ("coefficients-aws-embodied.csv", "a1.medium", 1, 32),
        ("coefficients-aws-embodied.csv", "m5.xlarge", 2, 384),
        ("coefficients-gcp-embodied.csv", "e2-standard-2", 2, 128),
    ] {
        let kilograms = published(&folder, file, ("type", kind), "total");
        close(grams(Embodied::server(processors, memory, 0, 0, 0).carbon) / 1_000.0, kilograms, kind);
    }
}

#[test]
fn every_region_and_every_country_is_read() {
    let Some(folder) = shared() else { return };
    let mut table = Coefficients::default();
    let mut faults = Vec::new();
    for cloud in ["aws", "azure", "gcp"] {
        let tables =
            ["coefficients-CLOUD-use.csv", "coefficients-CLOUD-embodied.csv", "grid-emissions-factors-CLOUD.csv"];
        for file in tables.map(|file| file.replace("CLOUD", cloud)) {
            let text = std::fs::read_to_string(folder.join(&file)).unwrap();
            let loaded = table.load_ccf(&text, &file).unwrap();
            assert_eq!(loaded.rows + loaded.faults.len(), text.trim().lines().count() - 1, "{file}");
            faults.extend(loaded.faults.iter().map(|fault| format!("{file}: {fault}")));
        }
    }
    // Two rows of the published table have lost their decimal point, and one a comma too.
    assert_eq!(faults.len(), 2, "{faults:#?}");
    assert!(faults[0].contains("line 21") && faults[1].contains("is it in another unit?"), "{faults:#?}");
    // A country's mix with codecarbon's factors.
    let read = |file: &str| -> serde_json::Value {
        serde_json::from_str(&std::fs::read_to_string(folder.join(file)).unwrap()).unwrap()
    };
    let (per_source, mixes) = (read("carbon_intensity_per_source.json"), read("global_energy_mix.json"));
    let fuels = [
        ("coal", "coal_TWh", "coal"),
        ("gas", "gas_TWh", "natural_gas"),
        ("oil", "oil_TWh", "petroleum"),
        ("hydro", "hydroelectricity_TWh", "hydroelectricity"),
        ("nuclear", "nuclear_TWh", "nuclear"),
        ("solar", "solar_TWh", "solar"),
        ("wind", "wind_TWh", "wind"),
    ];
    let mut factors = Factors::default();
    for (fuel, _, source) in fuels {
        factors.set(fuel, Named::new(Intensity::of(per_source[source].as_i64().unwrap() * 1_000), "codecarbon"));
    }
    for country in ["DEU", "USA", "FRA"] {
        let twh = |column: &str| mixes[country][column].as_f64().unwrap();
        let mix = fuels.iter().map(|(fuel, column, _)| (*fuel, (twh(column) * 1e6) as i128));
        let told = factors.intensity(mix).unwrap().unwrap();
        let (sum, carbon) = fuels.iter().fold((0.0, 0.0), |(sum, carbon), (_, column, source)| {
            (sum + twh(column), carbon + twh(column) * per_source[source].as_f64().unwrap())
        });
        close(told.get() as f64 / 1_000.0, carbon / sum, country);
    }
}
