//! When and where a job of the broker is best begun.

use super::{
    ServiceError, Sustainability,
    coming::{Hours, Quantity, Sight, constant},
};
use crate::{
    energy::Activity,
    quantity::{Intensity, MILLION, millionths},
    shift::{Begin, Course, Objective, Piece, begin},
};
use chrono::{DateTime, Utc};
use hansa_ontology::{Currency, Site, SiteId, resource_model::Minimise};
use hansa_repository::{Connection, catalogue::partner};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::Ordering,
};

const MIB: u64 = 1 << 20;

/// A job that may wait, and where it may run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobQuery {
    /// Where it would run if it were begun at once.
    pub home: SiteId,
    /// Where else it may run.
    pub elsewhere: BTreeSet<SiteId>,
    /// When it would have begun at once.
    pub ready: DateTime<Utc>,
    /// It must begin by now.
    pub latest: DateTime<Utc>,
    /// How long it runs, in seconds.
    pub seconds: u64,
    /// What all its instances reserve, in thousandths of a processor.
    pub cpu_milli: u64,
    /// What they reserve of memory, in MiB.
    pub memory_mib: u64,
    /// What is made small.
    pub minimise: Minimise,
    /// The currency in which prices of energy are compared.
    pub currency: Currency,
}

/// What is best, by what is known now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobChoice {
    /// At once, and what was chosen.
    pub begin: Begin,
    /// What it is taken to draw, before PUE, in milliwatts: by coefficients, at half use.
    pub milliwatts: u64,
    /// Whose series, or which expectations, were compared.
    pub sources: BTreeSet<String>,
}

impl Sustainability {
    /// A number that is another one whenever a series was put or forgotten by this
    /// process: what was decided by series is then to be thought over.
    #[must_use]
    pub fn series_version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    pub(super) fn series_changed(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
    }

    /// When and where a job is best begun, from now on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn job_begin(&self, query: JobQuery) -> Result<JobChoice, ServiceError> {
        let (this, now) = (self.clone(), self.clock.now().timestamp());
        self.database.read(move |connection| this.job(connection, &query, now)).await
    }

    fn job(&self, connection: &mut Connection, query: &JobQuery, now: i64) -> Result<JobChoice, ServiceError> {
        let (ready, latest) = (query.ready.timestamp(), query.latest.timestamp());
        let now = now.max(ready);
        let seconds = i64::try_from(query.seconds).unwrap_or(i64::MAX / 4);
        let window = (ready, latest.max(now).saturating_add(seconds));
        let names: Vec<String> = query.elsewhere.iter().chain([&query.home]).map(ToString::to_string).collect();
        let sites = partner::sites(connection, &names)?;
        let (courses, sources) = self.courses(connection, (&sites, query), window, now)?;
        let milliwatts = self.milliwatts(query);
        let piece = Piece { home: &query.home, ready, now, latest, seconds: query.seconds, milliwatts };
        let objective = match query.minimise {
            Minimise::Carbon => Objective::Carbon,
            Minimise::Price => Objective::Price,
        };
        Ok(JobChoice { begin: begin(&piece, objective, &courses), milliwatts, sources })
    }

    /// What is known of the sites. Where one has a series of intensity, others without
    /// count by what they state.
    fn courses(
        &self,
        connection: &mut Connection,
        (sites, query): (&BTreeMap<SiteId, Site>, &JobQuery),
        window: (i64, i64),
        now: i64,
    ) -> Result<(Vec<Course>, BTreeSet<String>), ServiceError> {
        let (mut courses, mut sources, mut some) = (Vec::new(), BTreeSet::new(), false);
        let sight = |quantity| Sight::new(&self.options, quantity, window, Some(now));
        let (mut intensities, mut prices) = (sight(Quantity::Intensity), sight(Quantity::Price(query.currency)));
        for site in sites.values() {
            let mut of = |sight: &mut Sight<'_>| {
                let found = sight.hours(connection, site)?;
                Ok::<_, ServiceError>(found.map(|Hours { series, sources: theirs }| {
                    sources.extend(theirs);
                    series
                }))
            };
            let (intensity, price) = (of(&mut intensities)?, of(&mut prices)?);
            some |= intensity.is_some();
            courses.push(Course { site: site.id.clone(), pue: self.pue(site), intensity, price });
        }
        for course in courses.iter_mut().filter(|course| some && course.intensity.is_none()) {
            if let Some(stated) = sites.get(&course.site).and_then(stated) {
                course.intensity = Some(constant(stated.get(), window)?);
                sources.insert(format!("stated with site {}", course.site));
            }
        }
        Ok((courses, sources))
    }

    pub(super) fn pue(&self, site: &Site) -> u64 {
        let stated = site.energy.as_ref().and_then(|energy| millionths("pue", energy.pue, MILLION, 10 * MILLION).ok());
        stated.unwrap_or(self.options.coefficients.default_pue.value)
    }

    fn milliwatts(&self, query: &JobQuery) -> u64 {
        let activity = Activity {
            seconds: 3_600,
            architecture: None,
            cpu_milli: query.cpu_milli,
            utilisation: None,
            memory: query.memory_mib.saturating_mul(MIB),
            stored: Vec::new(),
            transferred: 0,
        };
        u64::try_from(self.options.coefficients.model(&activity).total().get() / 3_600_000).unwrap_or(u64::MAX)
    }
}

/// The intensity that a site states once and for all.
pub(super) fn stated(site: &Site) -> Option<Intensity> {
    Intensity::of_grams(site.energy.as_ref()?.carbon_intensity).ok()
}
