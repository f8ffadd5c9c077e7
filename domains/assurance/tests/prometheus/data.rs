//! Samples of every shape: counters that begin anew, gauges, gaps, series that
//! end and begin, buckets, what is no number, what is infinite.

use hansa_test_systems::PrometheusSeries;

/// When the samples begin, milliseconds since 1970.
pub(crate) const START: i64 = 1_700_000_000_000;

/// For which times it is asked: on a sample, between two, within gaps, after the end of all, before anything.
pub(crate) const TIMES: &[i64] =
    &[START + 600_000, START + 607_123, START + 299_999, START + 905_000, START + 1_140_000, START + 30_001];

/// What Prometheus writes where a series ends.
pub(crate) const END: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// A small generator of numbers, the same each time (xorshift).
#[derive(Debug)]
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    pub(crate) fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[usize::try_from(self.below(all.len() as u64)).expect("small")]
    }

    fn part(&mut self) -> f64 {
        f64::from(u32::try_from(self.below(1 << 30)).expect("small")) / f64::from(1 << 30)
    }
}

fn series(labels: &[(&str, &str)], samples: Vec<(i64, f64)>) -> PrometheusSeries {
    (labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(), samples)
}

/// Times with this distance, shaken by some milliseconds.
fn times(numbers: &mut Numbers, from: i64, to: i64, step: i64, shake: u64) -> Vec<i64> {
    let shaken = |at: i64| START + at + i64::try_from(numbers.below(shake.max(1))).expect("small");
    (from..to).step_by(usize::try_from(step).expect("small")).map(shaken).collect()
}

pub(crate) fn data() -> Vec<PrometheusSeries> {
    let mut numbers = Numbers::new(7);
    let mut all = Vec::new();
    requests(&mut numbers, &mut all);
    load(&mut numbers, &mut all);
    odd(&mut all);
    buckets(&mut numbers, &mut all);
    micado(&mut numbers, &mut all);
    all
}

/// Counters, some of which begin anew, with other distances on each instance.
fn requests(numbers: &mut Numbers, all: &mut Vec<PrometheusSeries>) {
    for (job, instance, step, shake) in
        [("web", "1", 5_000, 0), ("web", "2", 15_000, 400), ("web", "3", 7_000, 3_000), ("db", "1", 30_000, 50)]
    {
        for code in ["200", "404", "500"] {
            let mut count = 0.0;
            let samples = times(numbers, 0, 900_000, step, shake).into_iter().map(|at| {
                if numbers.below(40) == 0 {
                    count = 0.0;
                }
                count += (numbers.part() * 20.0).floor();
                (at, count)
            });
            let samples = samples.collect();
            let labels = [("__name__", "requests_total"), ("job", job), ("instance", instance), ("code", code)];
            all.push(series(&labels, samples));
        }
    }
}

/// Gauges, with gaps and ends.
fn load(numbers: &mut Numbers, all: &mut Vec<PrometheusSeries>) {
    for (place, (job, instance)) in
        [("web", "1"), ("web", "2"), ("web", "3"), ("db", "1"), ("cache", "9")].iter().enumerate()
    {
        let mut samples: Vec<(i64, f64)> = times(numbers, 0, 1_200_000, 10_000, 900)
            .into_iter()
            .map(|at| (at, (numbers.part() - 0.3) * 100.0))
            .collect();
        match place {
            1 => samples.retain(|(at, _)| !(START + 200_000..START + 590_000).contains(at)),
            2 => samples.iter_mut().filter(|(at, _)| *at > START + 550_000).take(1).for_each(|one| one.1 = END),
            3 => {
                samples.retain(|(at, _)| *at < START + 400_000);
                samples.push((START + 401_000, END));
            }
            _ => {}
        }
        all.push(series(&[("__name__", "load"), ("job", job), ("instance", instance)], samples));
    }
    for (instance, version) in [("1", "a"), ("2", "a"), ("3", "b")] {
        let samples = times(numbers, 0, 1_200_000, 15_000, 0).into_iter().map(|at| (at, 1.0)).collect();
        let labels =
            [("__name__", "build"), ("job", "web"), ("instance", instance), ("version", version), ("zone", "z 1")];
        all.push(series(&labels, samples));
    }
}

/// What is no number, what is infinite, what is one sample, what never changes, what is very large.
fn odd(all: &mut Vec<PrometheusSeries>) {
    let every = |values: &[f64]| -> Vec<(i64, f64)> {
        (0..80_usize).map(|n| (START + i64::try_from(n).expect("small") * 15_000, values[n % values.len()])).collect()
    };
    for (kind, values) in [
        ("none", vec![f64::NAN]),
        ("some", vec![1.0, f64::NAN, 3.0, -2.0]),
        ("infinite", vec![f64::INFINITY, 1.0]),
        ("least", vec![f64::NEG_INFINITY, f64::NEG_INFINITY, 5.0]),
        ("both", vec![f64::INFINITY, f64::NEG_INFINITY]),
        ("still", vec![4.0]),
        ("zero", vec![0.0, -0.0]),
        ("large", vec![1e300, 1.7e308, 1e-300]),
        ("near", vec![1e9 + 0.1, 1e9 + 0.2, 1e9 + 0.3]),
        ("down", vec![100.0, 50.0, 25.0, 12.5, 6.25]),
        ("tiny", vec![1e-7, 2.5e-9]),
    ] {
        all.push(series(&[("__name__", "odd"), ("kind", kind)], every(&values)));
    }
    all.push(series(&[("__name__", "lonely"), ("kind", "one")], vec![(START + 580_000, 42.5)]));
    all.push(series(&[("__name__", "sparse")], (0..6).map(|n| (START + n * 200_000, 10.0 + (n * n) as f64)).collect()));
    all.push(series(
        &[("__name__", "jobs_done"), ("queue", "späte"), ("empty_after", "x")],
        (0..240).map(|n| (START + n * 5_000, (n / 3) as f64)).collect(),
    ));
}

fn buckets(numbers: &mut Numbers, all: &mut Vec<PrometheusSeries>) {
    for (job, bounds) in [
        ("web", ["0.05", "0.1", "0.25", "0.5", "1", "+Inf"]),
        ("db", ["-1", "0", "1", "2.5", "1e1", "+Inf"]),
        ("broken", ["1", "2", "3", "4", "x", "5"]),
    ] {
        let mut counts = [0.0; 6];
        let mut samples: Vec<Vec<(i64, f64)>> = vec![Vec::new(); 6];
        for at in times(numbers, 0, 1_200_000, 15_000, 0) {
            for place in 0..6 {
                let more = (numbers.part() * 5.0).floor();
                (place..6).for_each(|above| counts[above] += more);
                samples[place].push((at, counts[place]));
            }
            // The counts of one scrape as they are at its end.
            for (place, count) in counts.iter().enumerate() {
                if let Some(last) = samples[place].last_mut() {
                    last.1 = *count;
                }
            }
        }
        for (bound, samples) in bounds.iter().zip(samples) {
            all.push(series(&[("__name__", "latency_bucket"), ("job", job), ("le", bound)], samples));
        }
    }
}

/// What MiCADO's policies ask.
fn micado(numbers: &mut Numbers, all: &mut Vec<PrometheusSeries>) {
    for pod in ["stressng-7b9-x1", "stressng-7b9-x2", "other-1"] {
        for (name, scale) in
            [("container_cpu_usage_seconds_total", 1.0), ("container_network_receive_bytes_total", 1e6)]
        {
            let mut count = 0.0;
            let samples = times(numbers, 0, 900_000, 15_000, 300).into_iter().map(|at| {
                count += numbers.part() * scale;
                (at, count)
            });
            let samples = samples.collect();
            let labels = [
                ("__name__", name),
                ("pod", pod),
                ("instance", "worker-1"),
                ("container_label_io_kubernetes_container_name", pod.split('-').next().unwrap_or_default()),
            ];
            all.push(series(&labels, samples));
        }
    }
    for (node, mode) in [("worker-1", "idle"), ("worker-1", "user"), ("worker-2", "idle")] {
        let mut count = 0.0;
        let samples = times(numbers, 0, 900_000, 15_000, 100).into_iter().map(|at| {
            count += numbers.part() * 15.0;
            (at, count)
        });
        let samples = samples.collect();
        let labels =
            [("__name__", "node_cpu_seconds_total"), ("node", node), ("mode", mode), ("group", "worker_cluster")];
        all.push(series(&labels, samples));
    }
}
