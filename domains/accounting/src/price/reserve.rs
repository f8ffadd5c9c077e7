//! What reservations cover, hour by hour, and what of them is not used.

use super::{
    Account, BillingDay, BillingMonth, ChargeKind, PriceList, Reservation,
    metered::{Metered, Slice},
    rating::{Line, Lines},
};
use crate::{
    AccountingError, Interval,
    usage::{Resource, Subject},
};
use std::collections::HashMap;

/// The reservations of one account in one month.
pub(super) struct Cover<'a> {
    held: Vec<Held<'a>>,
    days: &'a [BillingDay],
}

struct Held<'a> {
    reservation: &'a Reservation,
    number: u32,
    subject: u32,
    /// What of its term lies in the month.
    term: Interval,
    /// What was covered, by day and cell.
    used: HashMap<(u32, i64), u64>,
}

fn too_large() -> AccountingError {
    AccountingError::TooLarge { what: "what a reservation covers" }
}

impl<'a> Cover<'a> {
    pub(super) fn new(
        account: &'a Account,
        month: &BillingMonth,
        days: &'a [BillingDay],
        metered: &mut Metered,
        prices: &PriceList,
    ) -> Result<Self, AccountingError> {
        let whole = month.interval()?;
        let mut held = Vec::new();
        for (number, reservation) in (0..).zip(&account.reservations) {
            prices.rate(&reservation.plan, &reservation.meter)?;
            let Some(term) = reservation.term.overlap(&whole) else { continue };
            let subject = metered.subject(Subject {
                provider: reservation.provider.clone(),
                resource: Resource { kind: reservation.kind, id: reservation.id.to_string() },
                meter: reservation.meter.clone(),
                project: account.project.clone(),
                application: None,
                offer: None,
                plan: reservation.plan.clone(),
            });
            held.push(Held { reservation, number, subject, term, used: HashMap::new() });
        }
        Ok(Self { held, days })
    }

    /// Covers what it can of a slice, and gives what is left.
    pub(super) fn take(&mut self, metered: &Metered, slice: &Slice, lines: &mut Lines) -> Result<u64, AccountingError> {
        let mut left = slice.quantity;
        let subject = metered.subjects.get(slice.subject as usize);
        let (Some(subject), Some(day)) = (subject, self.days.get(slice.day as usize)) else { return Ok(left) };
        for held in &mut self.held {
            let Reservation { plan, meter, micros, .. } = held.reservation;
            if left == 0 || *plan != subject.plan || *meter != subject.meter {
                continue;
            }
            // What was used outside of its term it doesn't cover.
            let Some(within) = slice.interval.overlap(&held.term) else { continue };
            let inside = slice.interval.share(slice.quantity, &within).min(left);
            let room = held.capacity(&slice.interval, day)?;
            let used = held.used.entry((slice.day, slice.interval.cell())).or_default();
            let covered = inside.min(room.saturating_sub(*used));
            *used += covered;
            left -= covered;
            lines.add(slice.line(ChargeKind::Reserved, Some(held.number), *micros), covered)?;
        }
        Ok(left)
    }

    /// Adds what was paid for and not used, day by day.
    pub(super) fn unused(&self, lines: &mut Lines) -> Result<(), AccountingError> {
        for held in &self.held {
            for (day, on) in (0_u32..).zip(self.days) {
                let Some(term) = held.term.overlap(&on.interval) else { continue };
                let paid = held.reservation.units.checked_mul(term.seconds()).ok_or_else(too_large)?;
                let used = term.cells().filter_map(|cell| held.used.get(&(day, cell.cell()))).sum::<u64>();
                let (kind, reservation) = (ChargeKind::Unused, Some(held.number));
                let line = Line { day, subject: held.subject, kind, reservation, micros: held.reservation.micros };
                lines.add(line, paid.saturating_sub(used))?;
            }
        }
        Ok(())
    }
}

impl Held<'_> {
    /// What it covers of the cell in which an interval lies, on that day.
    fn capacity(&self, of: &Interval, day: &BillingDay) -> Result<u64, AccountingError> {
        let cell = Interval::of_seconds(of.cell(), of.cell() + crate::RESOLUTION);
        let seconds =
            cell.and_then(|cell| cell.overlap(&self.term)?.overlap(&day.interval)).map_or(0, |both| both.seconds());
        self.reservation.units.checked_mul(seconds).ok_or_else(too_large)
    }
}
