//! `hansa bench http`: authenticated GETs a second of a broker that runs, and
//! how long the slowest of them take.

use crate::{cli::Table, failure::Failure};
use reqwest::{StatusCode, Url, header};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// What is asked, and how often.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    /// What is asked for.
    pub url: Url,
    /// The token that is shown.
    pub token: Option<String>,
    /// Connections that ask at the same time.
    pub connections: usize,
    /// For how long.
    pub time: Duration,
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Measured {
    /// Answers, by their status.
    pub answers: BTreeMap<u16, usize>,
    /// Answers a second.
    pub per_second: f64,
    /// Half of them took at most so long, in milliseconds.
    pub p50: f64,
    /// 99 of 100.
    pub p99: f64,
    /// The slowest.
    pub slowest: f64,
}

/// Asks as often as the connections can, and measures.
///
/// # Errors
/// When the broker can't be reached.
pub(crate) async fn measure(load: &Load) -> Result<Measured, Failure> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(load.connections)
        .timeout(Duration::from_secs(30))
        .build()
        .map_err(|error| Failure::failed(error.to_string()))?;
    let load = Arc::new(load.clone());
    ask(&client, &load).await?;
    let begun = Instant::now();
    let askers: Vec<_> = (0..load.connections.max(1))
        .map(|_| {
            let (client, load) = (client.clone(), Arc::clone(&load));
            tokio::spawn(async move {
                let mut taken = Vec::new();
                while begun.elapsed() < load.time {
                    let asked = Instant::now();
                    let status = ask(&client, &load).await?;
                    taken.push((status, asked.elapsed()));
                }
                Ok::<_, Failure>(taken)
            })
        })
        .collect();
    let mut all = Vec::new();
    for asker in askers {
        all.extend(asker.await.map_err(|error| Failure::failed(error.to_string()))??);
    }
    Ok(summary(&all, begun.elapsed()))
}

async fn ask(client: &reqwest::Client, load: &Load) -> Result<StatusCode, Failure> {
    let mut request = client.get(load.url.clone());
    if let Some(token) = &load.token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let failed = |error: reqwest::Error| Failure::failed(format!("{} can't be asked: {error}", load.url));
    let answer = request.send().await.map_err(failed)?;
    let status = answer.status();
    answer.bytes().await.map_err(failed)?;
    Ok(status)
}

fn summary(all: &[(StatusCode, Duration)], took: Duration) -> Measured {
    let mut answers: BTreeMap<u16, usize> = BTreeMap::new();
    for (status, _) in all {
        *answers.entry(status.as_u16()).or_default() += 1;
    }
    let mut times: Vec<Duration> = all.iter().map(|(_, time)| *time).collect();
    times.sort_unstable();
    let quantile = |hundredths: usize| {
        let at = (times.len() * hundredths / 100).min(times.len().saturating_sub(1));
        times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
    };
    let count = u32::try_from(all.len()).unwrap_or(u32::MAX);
    Measured {
        answers,
        per_second: f64::from(count) / took.as_secs_f64().max(f64::EPSILON),
        p50: quantile(50),
        p99: quantile(99),
        slowest: quantile(100),
    }
}

impl Measured {
    /// As text for people.
    pub(crate) fn text(&self) -> String {
        let mut table = Table::new("", ["ANSWERS", "A SECOND", "P50", "P99", "SLOWEST"]).right(&[1, 2, 3, 4]);
        let answers = self.answers.iter().map(|(status, count)| format!("{count} × {status}"));
        table.row([
            answers.collect::<Vec<_>>().join(", "),
            format!("{:.0}", self.per_second),
            format!("{:.2} ms", self.p50),
            format!("{:.2} ms", self.p99),
            format!("{:.2} ms", self.slowest),
        ]);
        table.text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_hundredth_is_told() {
        let all: Vec<_> = (1..=200).map(|ms| (StatusCode::OK, Duration::from_millis(ms))).collect();
        let measured = summary(&all, Duration::from_secs(2));
        assert_eq!(measured.answers, BTreeMap::from([(200, 200)]));
        assert!((measured.per_second - 100.0).abs() < 1e-9);
        assert!((measured.p50 - 101.0).abs() < 1e-9 && (measured.p99 - 199.0).abs() < 1e-9);
        assert!((measured.slowest - 200.0).abs() < 1e-9);
        assert!(summary(&[], Duration::ZERO).p99.abs() < f64::EPSILON);
    }
}
