//! All series of all tenants, and who goes when there is no room.

use super::{
    LOOKBACK, RecordError, SeriesCounts, SeriesLimits,
    limits::{is_label, is_metric},
    stream::Stream,
};
use crate::{Labels, METRIC_NAME};
use indexmap::IndexMap;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// How often what is over is taken away.
const TIDY: Duration = Duration::from_mins(1);
/// When room is made, so much of the bound: a part of this.
const ROOM_PART: usize = 16;

/// The series of a metric, in the order in which they came.
type Streams = IndexMap<Labels, Stream>;
/// Tenant, metric, labels.
type Key<'k> = (&'k str, &'k str, &'k Labels);

/// All series of all tenants.
#[derive(Debug)]
pub(super) struct Shelves {
    tenants: BTreeMap<Arc<str>, Tenant>,
    pub(super) counts: SeriesCounts,
    /// When to look next for what is over.
    tidy_at: i64,
    /// Before this nothing is idle.
    idle_from: i64,
}

#[derive(Debug)]
struct Tenant {
    metrics: BTreeMap<Arc<str>, Streams>,
    bytes: usize,
    /// Before this nothing of it is idle.
    idle_from: i64,
}

/// Where a series was.
#[derive(Debug)]
pub(super) struct Place {
    index: usize,
    /// Its labels without the name of the metric.
    pub(super) labels: Labels,
}

/// Whose bound is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Tenant,
    All,
}

impl Default for Shelves {
    fn default() -> Self {
        let (tenants, counts) = (BTreeMap::new(), SeriesCounts::default());
        Self { tenants, counts, tidy_at: i64::MIN, idle_from: i64::MIN }
    }
}

impl Tenant {
    fn streams(&self) -> impl Iterator<Item = &Stream> {
        self.metrics.values().flat_map(IndexMap::values)
    }

    /// Keeps the series of which this holds.
    fn retain(&mut self, counts: &mut SeriesCounts, mut stays: impl FnMut(&mut Stream) -> bool) {
        let bytes = &mut self.bytes;
        for streams in self.metrics.values_mut() {
            streams.retain(|_, stream| {
                let (len, before) = (stream.len(), stream.bytes());
                let stays = stays(stream);
                let (now, after) = if stays { (stream.len(), stream.bytes()) } else { (0, 0) };
                counts.samples -= len - now;
                counts.bytes -= before - after;
                *bytes -= before - after;
                counts.series -= usize::from(!stays);
                stays
            });
        }
        self.metrics.retain(|_, streams| !streams.is_empty());
    }
}

impl Shelves {
    /// The series of a tenant, of one metric or of all, in an order that stays.
    pub(super) fn streams<'s>(
        &'s self,
        tenant: &str,
        metric: Option<&'s str>,
    ) -> impl Iterator<Item = (Place, &'s Stream)> {
        let metrics = self.tenants.get(tenant).map(|tenant| &tenant.metrics);
        let (one, all) = match metric {
            Some(metric) => (metrics.and_then(|metrics| metrics.get(metric)), None),
            None => (None, metrics),
        };
        let placed = |streams: &'s Streams| {
            streams
                .iter()
                .enumerate()
                .map(|(index, (labels, stream))| (Place { index, labels: labels.clone() }, stream))
        };
        one.into_iter().chain(all.into_iter().flat_map(BTreeMap::values)).flat_map(placed)
    }

    /// The series that was at this place, wherever it is now.
    pub(super) fn again(&self, tenant: &str, metric: &str, place: &Place) -> Option<&Stream> {
        let streams = self.tenants.get(tenant)?.metrics.get(metric)?;
        let same = streams.get_index(place.index).filter(|(labels, _)| labels.is_same(&place.labels));
        same.map(|(_, stream)| stream).or_else(|| streams.get(&place.labels))
    }

    pub(super) fn record(
        &mut self,
        limits: &SeriesLimits,
        key: Key<'_>,
        at: i64,
        value: f64,
    ) -> Result<(), RecordError> {
        if at >= self.tidy_at {
            self.tidy(limits, at);
        }
        let mut may_grow = true;
        let mut index = self.index(key);
        match index.and_then(|index| self.at(key, index)) {
            None => index = Some(self.add(limits, key, at)?),
            Some(stream) if stream.last().is_some_and(|(last, _)| at <= last) => return Err(RecordError::Old),
            Some(stream) => {
                let growth = stream.growth();
                if growth > 0 {
                    may_grow = self.make_room(limits, key.0, growth, at).is_ok();
                    // To make room others may have gone, or this series itself, when it was idle.
                    index = Some(self.index(key).map_or_else(|| self.add(limits, key, at), Ok)?);
                }
            }
        }
        let Some(tenant) = self.tenants.get_mut(key.0) else { return Ok(()) };
        let streams = tenant.metrics.get_mut(key.1);
        let Some((_, stream)) = streams.zip(index).and_then(|(streams, index)| streams.get_index_mut(index)) else {
            return Ok(());
        };
        let (len, bytes) = (stream.len(), stream.bytes());
        stream.trim(at.saturating_sub(millis(limits.span)));
        let shortened = stream.push(at, value, limits.samples, may_grow);
        self.counts.shortened += u64::from(shortened);
        self.counts.samples += stream.len();
        self.counts.samples -= len;
        let grown = stream.bytes() - bytes;
        tenant.bytes += grown;
        self.counts.bytes += grown;
        Ok(())
    }

    /// The place of a series in its metric.
    fn index(&self, (tenant, metric, labels): Key<'_>) -> Option<usize> {
        self.tenants.get(tenant)?.metrics.get(metric)?.get_index_of(labels)
    }

    fn at(&self, (tenant, metric, _): Key<'_>, index: usize) -> Option<&Stream> {
        self.tenants.get(tenant)?.metrics.get(metric)?.get_index(index).map(|(_, stream)| stream)
    }

    /// Adds a series, where there is room for it; answers its place.
    fn add(&mut self, limits: &SeriesLimits, (tenant, metric, labels): Key<'_>, at: i64) -> Result<usize, RecordError> {
        if !is_metric(metric) {
            return Err(RecordError::Name(shown(metric)));
        }
        if let Some((wrong, _)) = labels.iter().find(|(name, _)| !is_label(name) || *name == METRIC_NAME) {
            return Err(RecordError::Label(shown(wrong)));
        }
        let (count, text) = (labels.len() + 1, labels.text_bytes() + METRIC_NAME.len() + metric.len());
        if count > limits.labels || text > limits.label_bytes {
            let metric = shown(metric);
            return Err(RecordError::Labels { metric, labels: limits.labels, bytes: limits.label_bytes });
        }
        let cost = Stream::cost(count, text);
        self.make_room(limits, tenant, cost, at)
            .map_err(|bound| RecordError::Full { tenant: bound == Bound::Tenant })?;
        let new = || Tenant { metrics: BTreeMap::new(), bytes: 0, idle_from: i64::MIN };
        let tenant = self.tenants.entry(tenant.into()).or_insert_with(new);
        let name: Arc<str> = match tenant.metrics.get_key_value(metric) {
            Some((known, _)) => Arc::clone(known),
            None => metric.into(),
        };
        let full = labels.with(&METRIC_NAME.into(), Arc::clone(&name));
        let stream = Stream::new(full);
        tenant.bytes += stream.bytes();
        self.counts.bytes += stream.bytes();
        self.counts.series += 1;
        Ok(tenant.metrics.entry(name).or_default().insert_full(labels.clone(), stream).0)
    }

    /// The bound that so many bytes more would pass.
    fn passed(&self, limits: &SeriesLimits, tenant: &str, needed: usize) -> Option<Bound> {
        let of_tenant = self.tenants.get(tenant).map_or(0, |tenant| tenant.bytes);
        if of_tenant.saturating_add(needed) > limits.tenant_bytes {
            return Some(Bound::Tenant);
        }
        (self.counts.bytes.saturating_add(needed) > limits.bytes).then_some(Bound::All)
    }

    /// Makes room for so many bytes: series that are idle go, the longest idle first.
    fn make_room(&mut self, limits: &SeriesLimits, tenant: &str, needed: usize, at: i64) -> Result<(), Bound> {
        while let Some(bound) = self.passed(limits, tenant, needed) {
            let (only, wanted) = match bound {
                Bound::Tenant => (Some(tenant), limits.tenant_bytes / ROOM_PART),
                Bound::All => (None, limits.bytes / ROOM_PART),
            };
            if !self.evict(only, wanted.max(needed), at) {
                return Err(bound);
            }
        }
        Ok(())
    }

    /// Takes away idle series of one tenant or of all until so many bytes are free; answers whether one went.
    fn evict(&mut self, only: Option<&str>, wanted: usize, at: i64) -> bool {
        let known_from = match only {
            Some(tenant) => self.tenants.get(tenant).map_or(i64::MAX, |tenant| tenant.idle_from),
            None => self.idle_from,
        };
        if at < known_from {
            return false;
        }
        let (mut idle, mut next) = (Vec::new(), i64::MAX);
        let of = |name: &Arc<str>| only.is_none_or(|only| **name == *only);
        for (_, tenant) in self.tenants.iter().filter(|(name, _)| of(name)) {
            for stream in tenant.streams() {
                match idle_since(stream, at) {
                    Ok(since) => idle.push((since, stream.bytes())),
                    Err(from) => next = next.min(from),
                }
            }
        }
        idle.sort_unstable();
        let mut free = 0;
        let enough = idle.iter().position(|(_, bytes)| {
            free += bytes;
            free >= wanted
        });
        let last = enough.or(idle.len().checked_sub(1)).and_then(|last| idle.get(last));
        // As long as some are idle, the next look is worth its time.
        let known_from = if enough.is_some() { i64::MIN } else { next };
        match only {
            Some(tenant) => drop(self.tenants.get_mut(tenant).map(|tenant| tenant.idle_from = known_from)),
            None => self.idle_from = known_from,
        }
        let Some(&(until, _)) = last else { return false };
        let before = self.counts.series;
        let counts = &mut self.counts;
        for (_, tenant) in self.tenants.iter_mut().filter(|(name, _)| of(name)) {
            tenant.retain(counts, |stream| !idle_since(stream, at).is_ok_and(|since| since <= until));
        }
        self.tenants.retain(|_, tenant| !tenant.metrics.is_empty());
        self.counts.evicted += u64::try_from(before - self.counts.series).unwrap_or(u64::MAX);
        true
    }

    /// Takes away what is older than the span.
    fn tidy(&mut self, limits: &SeriesLimits, at: i64) {
        self.tidy_at = at.saturating_add(millis(TIDY));
        let before = at.saturating_sub(millis(limits.span));
        for tenant in self.tenants.values_mut() {
            tenant.retain(&mut self.counts, |stream| {
                stream.trim(before);
                stream.shrink();
                stream.len() > 0
            });
        }
        self.tenants.retain(|_, tenant| !tenant.metrics.is_empty());
    }

    /// Marks the end of the series of which this holds.
    pub(super) fn end(&mut self, tenant: &str, at: i64, ends: impl Fn(&Stream) -> bool) {
        let Some(tenant) = self.tenants.get_mut(tenant) else { return };
        for stream in tenant.metrics.values_mut().flat_map(IndexMap::values_mut).filter(|stream| ends(stream)) {
            let before = stream.len();
            if stream.end(at) {
                self.counts.samples += stream.len() - before;
                (tenant.idle_from, self.idle_from) = (i64::MIN, i64::MIN);
            }
        }
    }

    /// Takes away a tenant.
    pub(super) fn forget(&mut self, tenant: &str) {
        if let Some(mut gone) = self.tenants.remove(tenant) {
            gone.retain(&mut self.counts, |_| false);
        }
    }
}

/// Since when a series is idle, or from when on it will be.
fn idle_since(stream: &Stream, at: i64) -> Result<i64, i64> {
    let Some((last, goes_on)) = stream.last() else { return Ok(i64::MIN) };
    let from = if goes_on { last.saturating_add(millis(LOOKBACK)) } else { last };
    if from <= at { Ok(last) } else { Err(from) }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// What is no name, cut for an error.
fn shown(name: &str) -> String {
    name.chars().take(100).collect()
}
