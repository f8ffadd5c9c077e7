//! What was drawn and emitted, put together by anything.

use super::{ServiceError, Sustainability, book::Book, count::count};
use crate::{
    SustainabilityError,
    carbon::{Footprint, Sci, sci},
    course::{Cell, Subject},
    quantity::{Carbon, Energy, Intensity},
    store::{self, Cells, Window},
};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta};
use hansa_ontology::{ApplicationId, ProjectId, SiteId, place::Area};
use hansa_repository::Connection;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::AddAssign,
    sync::Arc,
};

/// The most days that one question is about.
const DAYS: i64 = 2 * 366;
/// The most rows of an answer.
const ROWS: usize = 10_000;

/// By what energy and carbon are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dimension {
    /// The month of UTC: `2026-02`.
    Month,
    /// The day of UTC: `2026-02-28`.
    Day,
    /// The application.
    Application,
    /// Its component; none for what nobody in the machine reserved.
    Component,
    /// Who delivers.
    Provider,
    /// The site.
    Site,
    /// The offer.
    Offer,
    /// The kind of machine.
    Kind,
    /// The machine.
    Machine,
}

impl Dimension {
    /// Its name, as it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Day => "day",
            Self::Application => "application",
            Self::Component => "component",
            Self::Provider => "provider",
            Self::Site => "site",
            Self::Offer => "offer",
            Self::Kind => "kind",
            Self::Machine => "machine",
        }
    }

    pub(super) fn of(self, subject: &Subject, hour: i64) -> String {
        let time = DateTime::from_timestamp(hour, 0).unwrap_or_default();
        match self {
            Self::Month => time.format("%Y-%m").to_string(),
            Self::Day => time.date_naive().to_string(),
            Self::Application => subject.application.map(|id| id.to_string()).unwrap_or_default(),
            Self::Component => subject.component.clone().unwrap_or_default(),
            Self::Provider => subject.provider.to_string(),
            Self::Site => subject.site.to_string(),
            Self::Offer => subject.offer.to_string(),
            Self::Kind => subject.kind.to_string(),
            Self::Machine => subject.machine.to_string(),
        }
    }
}

/// Which energy and carbon, and put together by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Whose; none: everybody's.
    pub project: Option<ProjectId>,
    /// Of one application only.
    pub application: Option<ApplicationId>,
    /// From this day of UTC on.
    pub from: NaiveDate,
    /// Through this day.
    pub through: NaiveDate,
    /// What has a row of its own; nothing: one row of all.
    pub by: Vec<Dimension>,
}

/// What something drew and emitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Energy and carbon; what was modelled is the sum of the next three.
    pub footprint: Footprint,
    /// Modelled at the use that was measured, before PUE.
    pub utilised: Energy,
    /// By the power that offers state, before PUE.
    pub stated: Energy,
    /// Modelled at the use that is assumed where nobody measured it, before PUE.
    pub assumed: Energy,
    /// Machine-seconds of which no energy is known. In no other figure.
    pub energy_unknown: u64,
    /// Machine-seconds of which no embodied share is known. In no other figure.
    pub embodied_unknown: u64,
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.footprint += other.footprint;
        self.utilised += other.utilised;
        self.stated += other.stated;
        self.assumed += other.assumed;
        self.energy_unknown += other.energy_unknown;
        self.embodied_unknown += other.embodied_unknown;
    }
}

/// What has something in common, and what it drew and emitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it has in common; an empty text where that is none.
    pub of: BTreeMap<Dimension, String>,
    /// How much.
    pub figures: Figures,
}

/// What was drawn and emitted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// By what they have in common.
    pub rows: Vec<Row>,
    /// All rows.
    pub total: Figures,
    /// Who says the location-based intensities, with the energy for which each was taken.
    pub location_sources: BTreeMap<String, Energy>,
    /// The same of the market-based ones.
    pub market_sources: BTreeMap<String, Energy>,
}

impl Query {
    /// The time that it is about, in seconds since 1970.
    pub(super) fn window(&self) -> Result<(i64, i64), SustainabilityError> {
        days(self.from, self.through)
    }
}

/// The time from a day of UTC on, through another, in seconds since 1970.
pub(super) fn days(from: NaiveDate, through: NaiveDate) -> Result<(i64, i64), SustainabilityError> {
    let begin = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc().timestamp();
    if through < from {
        return Err(SustainabilityError::invalid("through", format!("must be {from} or later")));
    }
    if (through - from) > TimeDelta::days(DAYS) {
        let problem = format!("is more than {DAYS} days after from; ask for less at once");
        return Err(SustainabilityError::invalid("through", problem));
    }
    let after = through.checked_add_days(Days::new(1)).unwrap_or(through);
    Ok((begin(from), begin(after)))
}

impl Sustainability {
    /// What was drawn and emitted, until now. Carbon is computed anew each time, by
    /// what is now known of the intensities of then.
    ///
    /// # Errors
    /// When the days can't be, or more rows come out than an answer may have.
    pub async fn carbon(&self, query: &Query) -> Result<Report, ServiceError> {
        let (this, query) = (self.clone(), query.clone());
        self.database.read(move |connection| this.reported(connection, &query)).await
    }

    /// The software carbon intensity (ISO/IEC 21031) of what the query is about, for
    /// `units` of the functional unit. Energy of which no intensity is known is taken at
    /// `assumed`.
    ///
    /// # Errors
    /// When there are no units; when an energy, an embodied share, or an intensity for
    /// which none is to be assumed isn't known.
    pub async fn sci(
        &self,
        query: &Query,
        (units, unit): (u64, &str),
        assumed: Option<Intensity>,
    ) -> Result<(Sci, Report), ServiceError> {
        let report = self.carbon(query).await?;
        for (seconds, what) in
            [(report.total.energy_unknown, "energy"), (report.total.embodied_unknown, "embodied carbon")]
        {
            if seconds > 0 {
                let name = format!("machines for {seconds} s");
                return Err(SustainabilityError::Unknown { field: "software carbon intensity", what, name }.into());
            }
        }
        Ok((sci(&report.total.footprint, units, unit, assumed)?, report))
    }

    pub(super) fn reported(&self, connection: &mut Connection, query: &Query) -> Result<Report, ServiceError> {
        let window = query.window()?;
        let mut cells = self.cells(connection, query.project.as_ref(), window)?;
        if let Some(application) = query.application {
            cells.retain(|(subject, _), _| subject.application == Some(application));
        }
        let book = self.book(connection, &cells, window)?;
        let mut report = Report::default();
        let mut rows: BTreeMap<Vec<String>, Figures> = BTreeMap::new();
        for ((subject, hour), cell) in &cells {
            let figures = figures(&book, (subject, *hour), cell, &mut report);
            let key = query.by.iter().map(|dimension| dimension.of(subject, *hour)).collect();
            *rows.entry(key).or_default() += figures;
            report.total += figures;
        }
        if rows.len() > ROWS {
            let problem = format!("gives {} rows, and {ROWS} are the most; ask for fewer days", rows.len());
            return Err(SustainabilityError::invalid("by", problem).into());
        }
        let row =
            |(key, figures): (Vec<String>, Figures)| Row { of: query.by.iter().copied().zip(key).collect(), figures };
        report.rows = rows.into_iter().map(row).collect();
        Ok(report)
    }

    /// What is stored, and what is not counted yet.
    pub(super) fn cells(
        &self,
        connection: &mut Connection,
        project: Option<&ProjectId>,
        (from, to): (i64, i64),
    ) -> Result<Cells, ServiceError> {
        let window = Window { project: project.cloned(), site: None, from, to };
        let mut cells = store::cells_load(connection, &window)?;
        cells.extend(self.live(connection, project, (from, to))?);
        Ok(cells)
    }

    /// What is not counted yet.
    fn live(
        &self,
        connection: &mut Connection,
        project: Option<&ProjectId>,
        (from, to): (i64, i64),
    ) -> Result<Cells, ServiceError> {
        let now = self.clock.now().timestamp();
        let mut live = Cells::new();
        for (id, machine) in store::machines_open(connection, project)? {
            let mut hours = machine.hours(now.min(to), usize::MAX);
            hours.retain(|hour| *hour >= from);
            live.extend(count(connection, (&id, &machine), (&hours, now), &self.options.coefficients)?);
        }
        Ok(live)
    }

    /// What is needed for the carbon of these cells.
    pub(super) fn book(
        &self,
        connection: &mut Connection,
        cells: &Cells,
        window: (i64, i64),
    ) -> Result<Book, ServiceError> {
        let sites: BTreeSet<(SiteId, Option<Area>)> =
            cells.keys().map(|(subject, _)| (subject.site.clone(), subject.country.clone())).collect();
        let book = Book::open(connection, Arc::clone(&self.options), &sites, window)?;
        book.with_generation(connection, &sites, window, |connection| self.live(connection, None, window))
    }
}

/// What an hour drew and emitted; notes who says so.
pub(super) fn figures(book: &Book, (subject, hour): (&Arc<Subject>, i64), cell: &Cell, report: &mut Report) -> Figures {
    let facility = book.facility(subject, cell);
    let own = book.own(subject, hour).min(facility);
    let bought = facility - own;
    let emitted = |said: Option<(Intensity, String)>, sources: &mut BTreeMap<String, Energy>| match said {
        Some((intensity, source)) => {
            *sources.entry(source).or_default() += bought;
            (bought.at(intensity), Energy::ZERO)
        }
        None => (Carbon::ZERO, bought),
    };
    let (location, location_unknown) = emitted(book.location(subject, hour), &mut report.location_sources);
    let (market, market_unknown) = emitted(book.market(subject, hour), &mut report.market_sources);
    let footprint = Footprint {
        measured: cell.measured,
        modelled: cell.utilised + cell.stated + cell.assumed,
        facility,
        own,
        location,
        location_unknown,
        market,
        market_unknown,
        embodied: cell.embodied,
    };
    Figures {
        footprint,
        utilised: cell.utilised,
        stated: cell.stated,
        assumed: cell.assumed,
        energy_unknown: cell.energy_unknown,
        embodied_unknown: cell.embodied_unknown,
    }
}
