//! An order that this broker gives to a partner: what is wanted, and what is
//! known of it.

use super::step::{AgreementView, HoldView, Known, OrderView, Wish};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{
    ApplicationId, MachineId, Offer,
    order::{MachineStanding, OrderReport, OrderRequest, OrderState},
};
use serde::{Deserialize, Serialize};

/// What is wanted of an order, without its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Want {
    /// Capacity that is kept for it.
    Hold,
    /// That it is delivered.
    Deliver,
    /// That nothing of it is left.
    End,
}

impl Want {
    /// Its name in columns.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Deliver => "deliver",
            Self::End => "end",
        }
    }
}

/// A hold that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AskedHold {
    /// Until when.
    pub until: DateTime<Utc>,
    /// Whether the partner has granted it.
    pub granted: bool,
}

/// The partner's no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// Which generation was refused; 0: the hold or the agreement.
    pub generation: i64,
    /// Its reason.
    pub reason: String,
}

/// An order that this broker gives to a partner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Purchase {
    /// The order, and our machine.
    pub id: MachineId,
    /// The partner's DID.
    pub partner: String,
    /// For which application of ours.
    pub application: ApplicationId,
    /// The offer as it was chosen.
    pub offer: Box<Offer>,
    /// The digest of the offer's signed document.
    pub digest: String,
    /// What is wanted.
    pub wish: Want,
    /// What is to be delivered.
    pub request: Option<OrderRequest>,
    /// The agreement that it goes under.
    pub agreement: Option<String>,
    /// The negotiation that is waited for: our pid.
    pub negotiation: Option<String>,
    /// The hold that was asked for.
    pub hold: Option<AskedHold>,
    /// The highest generation that was sent, perhaps in vain.
    pub tried: i64,
    /// The highest generation that the partner has confirmed.
    pub placed: i64,
    /// An order was sent at any time, perhaps in vain.
    pub sent: bool,
    /// How often a new agreement was needed because the partner's view of the old one differed.
    pub renegotiated: u32,
    /// The partner was told to end it, and has confirmed.
    pub ending: bool,
    /// Nothing of it is left at the partner.
    pub ended: bool,
    /// The partner's no.
    pub refused: Option<Refusal>,
    /// The last report.
    pub report: Option<OrderReport>,
    /// Since when the partner counts as lost.
    pub lost_since: Option<DateTime<Utc>>,
    /// What is waited for, for people.
    pub waits_for: String,
    /// When it was first sent: our own measure of its use begins.
    pub begun_at: Option<DateTime<Utc>>,
    /// When the partner confirmed its end: our own measure of its use ends.
    pub ended_at: Option<DateTime<Utc>>,
    /// When it was first wished for.
    pub created_at: DateTime<Utc>,
}

impl Purchase {
    /// The generation that is wanted. 0: nothing is ordered yet.
    #[must_use]
    pub fn generation(&self) -> i64 {
        self.request.as_ref().map_or(0, |request| request.generation)
    }

    /// The wish as the rules take it.
    #[must_use]
    pub fn wish(&self) -> Wish {
        match self.wish {
            Want::End => Wish::End,
            Want::Deliver => Wish::Deliver { generation: self.generation() },
            Want::Hold => Wish::Hold,
        }
    }

    /// What is known, as the rules take it.
    #[must_use]
    pub fn known(&self) -> Known {
        Known {
            agreement: if self.agreement.is_some() { AgreementView::Active } else { AgreementView::Missing },
            hold: match self.hold {
                None => HoldView::None,
                Some(AskedHold { until, granted: true }) => HoldView::Held { until },
                Some(AskedHold { until, granted: false }) => HoldView::Asked { until },
            },
            order: OrderView {
                tried: self.tried,
                placed: self.placed,
                sent: self.sent,
                ending: self.ending,
                ended: self.ended,
                state: self.report.as_ref().map(|report| report.state),
            },
            refused: self.refused.as_ref().is_some_and(|refusal| refusal.generation >= self.generation()),
        }
    }

    /// How the machine stands for the planner. `heard`: when the partner was
    /// heard last; `grace`: after which silence it counts as lost.
    #[must_use]
    pub fn standing(&self, heard: Option<DateTime<Utc>>, grace: TimeDelta, now: DateTime<Utc>) -> MachineStanding {
        let refused = self.known().refused;
        if let Some(refusal) = self.refused.as_ref().filter(|_| refused && self.placed == 0) {
            return MachineStanding::Refused { reason: refusal.reason.clone() };
        }
        if self.wish == Want::End || self.ended {
            return MachineStanding::Refused { reason: "the order is being ended, or has ended".to_owned() };
        }
        if let Some(lost) = lost(heard, self.created_at, grace, now) {
            return lost;
        }
        match (self.wish, self.hold) {
            (Want::Deliver, _) => MachineStanding::Ordered,
            (_, Some(AskedHold { until, granted: true })) if until > now => MachineStanding::Held { until },
            _ => MachineStanding::Pending { waits_for: self.waits_for.clone() },
        }
    }

    /// The report for the planner: the partner's last, or what is to be said
    /// before there is one. None: nothing is ordered yet.
    #[must_use]
    pub fn report(&self, now: DateTime<Utc>) -> Option<OrderReport> {
        let request = self.request.as_ref()?;
        let refusal = self.refused.as_ref().filter(|refusal| refusal.generation >= request.generation);
        let mut report = self.report.clone().unwrap_or_else(|| OrderReport {
            id: self.id,
            generation: 0,
            state: OrderState::Acknowledged,
            reason: (!self.waits_for.is_empty()).then(|| self.waits_for.clone()),
            workloads: Vec::new(),
            as_of: now,
        });
        if let Some(refusal) = refusal {
            report.generation = request.generation;
            report.state = OrderState::Failed;
            report.reason = Some(refusal.reason.clone());
        }
        Some(report)
    }

    /// What the order costs in an hour, in micro-units of its currency.
    #[must_use]
    pub fn price(&self) -> hansa_ontology::Money {
        self.offer.price_plan.price_per_hour
    }
}

/// The partner is lost when it wasn't heard for longer than the grace time, and
/// not since this order was first wished for either.
fn lost(
    heard: Option<DateTime<Utc>>,
    wished: DateTime<Utc>,
    grace: TimeDelta,
    now: DateTime<Utc>,
) -> Option<MachineStanding> {
    let since = heard.map_or(wished, |heard| heard.max(wished));
    (now - since > grace).then(|| MachineStanding::Lost {
        since,
        reason: format!("the partner wasn't heard for {} s", (now - since).num_seconds()),
    })
}
