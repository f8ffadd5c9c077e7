//! What the orchestrator asks of partners: wishes are written down and answered
//! from what is known. Nothing here waits for a partner, except for logs.

use super::{AskedHold, LogRequest, Purchase, Refusal, Want, limit, note};
use crate::{
    FederationError, FederationManager, Method, outbox,
    partners::{Limits, Partner, PartnerState},
    store,
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_federation::wire;
use hansa_ontology::{
    Actor, ApplicationId, MachineId, Offer,
    order::{MachineStanding, MachineWish, OrderReport, OrderRequest},
};
use hansa_repository::Connection;
use serde_json::json;

/// What is known when a machine is asked for.
enum Found {
    Standing(MachineStanding),
    New(Box<Partner>),
}

impl FederationManager {
    /// Sees to it that the machine will be held at its partner, and says how it stands.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn machine_ensure(&self, wish: &MachineWish) -> Result<MachineStanding, FederationError> {
        let (now, grace) = (self.now(), self.grace());
        let asked = wish.clone();
        let found = self.database().read(move |connection| found(connection, &asked, grace, now)).await?;
        let partner = match found {
            Found::Standing(standing) => return Ok(standing),
            Found::New(partner) => partner,
        };
        let refused = |reason: String| Ok(MachineStanding::Refused { reason });
        let Some(stored) = self.partner_offer(&partner.did, &wish.offer.id).await? else {
            return refused("the partner doesn't sell this offer any more".to_owned());
        };
        if !same_terms(&stored.offer, &wish.offer) {
            return refused("the offer has changed since it was chosen".to_owned());
        }
        let purchase = Purchase::new(wish, &partner.did, stored.digest, now);
        self.database()
            .write(move |connection| {
                if let Some(known) = store::orders::purchase(connection, purchase.id)? {
                    return Ok(known.standing(partner.last_heard, grace, now));
                }
                if let Some(reason) = over_limit(connection, &partner, &purchase.offer)? {
                    return Ok(MachineStanding::Refused { reason });
                }
                store::orders::purchase_save(connection, &purchase, now)?;
                outbox::purchase_enqueue(connection, &purchase, now)?;
                Ok(MachineStanding::Pending { waits_for: purchase.waits_for })
            })
            .await
    }

    /// Writes down what is to run in a machine. The same or an older generation changes nothing.
    ///
    /// # Errors
    /// [`FederationError::NotFound`] for a machine that was never asked for;
    /// [`FederationError::Gone`] for one that was given back.
    pub async fn order_put(&self, request: OrderRequest) -> Result<(), FederationError> {
        let now = self.now();
        self.database()
            .write(move |connection| {
                let mut purchase = get(connection, request.id)?;
                if purchase.wish == Want::End {
                    return Err(FederationError::Gone(format!("the order {}", request.id)));
                }
                if request.generation <= purchase.generation() {
                    return Ok(());
                }
                purchase.wish = Want::Deliver;
                purchase.request = Some(request);
                if purchase.placed > 0 {
                    // What was refused was the older generation.
                    purchase.refused = None;
                }
                store::orders::purchase_save(connection, &purchase, now)?;
                outbox::purchase_enqueue(connection, &purchase, now)?;
                Ok(())
            })
            .await
    }

    /// The latest report of each order of an application of ours.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn order_reports(&self, application: ApplicationId) -> Result<Vec<OrderReport>, FederationError> {
        let now = self.now();
        let purchases = self
            .database()
            .read(move |connection| store::orders::purchases_of_application(connection, application))
            .await
            .map_err(FederationError::from)?;
        Ok(purchases.iter().filter_map(|purchase| purchase.report(now)).collect())
    }

    /// Gives a machine back, with all that runs in it. True when nothing of it
    /// is left, or when its partner is lost: then it is ended as soon as the
    /// partner is heard again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn machine_release(&self, machine: MachineId) -> Result<bool, FederationError> {
        let (now, grace) = (self.now(), self.grace());
        self.database()
            .write(move |connection| {
                let Some(mut purchase) = store::orders::purchase(connection, machine)? else {
                    return Ok(true);
                };
                if purchase.ended {
                    return Ok(true);
                }
                let heard = store::partners::find(connection, &purchase.partner)?.and_then(|found| found.last_heard);
                let silent = now - heard.unwrap_or(purchase.created_at).max(purchase.created_at) > grace;
                if purchase.wish != Want::End {
                    purchase.wish = Want::End;
                    store::orders::purchase_save(connection, &purchase, now)?;
                    outbox::purchase_enqueue(connection, &purchase, now)?;
                }
                Ok(silent)
            })
            .await
    }

    /// What an instance of an order of ours has written: asks the partner.
    ///
    /// # Errors
    /// [`FederationError::NotFound`] for an order that isn't there;
    /// [`FederationError::Partner`] when the partner can't be asked.
    pub async fn order_logs(
        &self,
        machine: MachineId,
        request: &LogRequest,
    ) -> Result<Vec<wire::LogLine>, FederationError> {
        let purchase = self.database().read(move |connection| get(connection, machine)).await?;
        let path = format!(
            "{}/orders/{machine}/logs?component={}&ordinal={}&tail={}",
            wire::BASE,
            outbox::query_escape(&request.component),
            request.ordinal,
            request.tail
        );
        let logs: wire::OrderLogs = self.partner_json(&purchase.partner, Method::Get, &path, None).await?;
        Ok(logs.lines)
    }

    /// The orders that this broker has at partners and that aren't ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn purchase_list(&self) -> Result<Vec<Purchase>, FederationError> {
        Ok(self.database().read(|connection| store::orders::purchases_living(connection, None)).await?)
    }

    pub(crate) fn grace(&self) -> TimeDelta {
        TimeDelta::from_std(self.options().grace).unwrap_or(TimeDelta::MAX)
    }
}

impl Purchase {
    pub(crate) fn new(wish: &MachineWish, partner: &str, digest: String, now: DateTime<Utc>) -> Self {
        Self {
            id: wish.machine,
            partner: partner.to_owned(),
            application: wish.application,
            offer: wish.offer.clone(),
            digest,
            wish: Want::Hold,
            request: None,
            agreement: None,
            negotiation: None,
            hold: None,
            tried: 0,
            placed: 0,
            sent: false,
            renegotiated: 0,
            ending: false,
            ended: false,
            refused: None,
            report: None,
            lost_since: None,
            waits_for: "an agreement with the partner".to_owned(),
            begun_at: None,
            ended_at: None,
            created_at: now,
        }
    }

    /// Notes the partner's no to what is wanted now.
    pub(super) fn refuse(&mut self, reason: String) {
        self.refused = Some(Refusal { generation: self.generation(), reason });
    }

    /// Notes a hold that is asked for, before it is.
    pub(super) fn hold_asked(&mut self, until: DateTime<Utc>) {
        self.hold = Some(AskedHold { until, granted: false });
    }
}

pub(super) fn get(connection: &mut Connection, id: MachineId) -> Result<Purchase, FederationError> {
    let found = store::orders::purchase(connection, id)?;
    found.ok_or_else(|| FederationError::NotFound(format!("the order {id}")))
}

fn found(
    connection: &mut Connection,
    wish: &MachineWish,
    grace: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Found, FederationError> {
    if let Some(purchase) = store::orders::purchase(connection, wish.machine)? {
        let partner = store::partners::find(connection, &purchase.partner)?;
        let heard = partner.as_ref().and_then(|partner| partner.last_heard);
        let standing = purchase.standing(heard, grace, now);
        let left = partner.filter(|partner| matches!(partner.state, PartnerState::Draining | PartnerState::Terminated));
        return Ok(Found::Standing(match left {
            // What runs there goes on until it runs elsewhere.
            Some(partner) if !matches!(standing, MachineStanding::Lost { .. }) => MachineStanding::Refused {
                reason: format!("the federation with {} ends; what runs there has to move", partner.name),
            },
            _ => standing,
        }));
    }
    let partners = store::partners::list(connection)?;
    let sells = |partner: &&Partner| partner.provider.as_ref() == Some(&wish.offer.provider);
    let Some(partner) = partners.iter().filter(sells).max_by_key(|partner| partner.state.is_active()) else {
        let reason = "no partner sells offers of this provider".to_owned();
        return Ok(Found::Standing(MachineStanding::Refused { reason }));
    };
    if !partner.state.is_active() {
        let reason = format!("the partner {} is {}, not ACTIVE", partner.name, partner.state);
        return Ok(Found::Standing(MachineStanding::Refused { reason }));
    }
    Ok(Found::New(Box::new(partner.clone())))
}

/// Capacity changes often and an end of validity is tightened by the receiver;
/// neither is part of what was chosen.
fn same_terms(stored: &Offer, chosen: &Offer) -> bool {
    let mut stored = stored.clone();
    stored.capacity = chosen.capacity;
    stored.valid_through = chosen.valid_through;
    stored == *chosen
}

/// Why our own policy for the partner doesn't allow one more order.
fn over_limit(
    connection: &mut Connection,
    partner: &Partner,
    offer: &Offer,
) -> Result<Option<String>, FederationError> {
    let limits = &partner.policy.accepted.limits;
    if *limits == Limits::default() {
        return Ok(None);
    }
    let living = store::orders::purchases_living(connection, Some(&partner.did))?;
    let others = living.iter().map(|purchase| purchase.offer.as_ref());
    Ok(limit::exceeded(limits, offer, others)
        .map(|what| format!("our policy for the partner {} allows {what}", partner.name)))
}

/// Writes that an order was lost or found again, once each time.
pub(super) fn lost_note(
    connection: &mut Connection,
    purchase: &mut Purchase,
    lost: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), FederationError> {
    if let (Some(since), None) = (lost, purchase.lost_since) {
        purchase.lost_since = Some(since);
        note(
            connection,
            now,
            (Actor::Broker, Some(purchase.application)),
            ("order.lost", format!("order/{}", purchase.id)),
            format!("{} wasn't heard since {since}; what it runs is planned elsewhere", purchase.partner),
            json!({ "partner": purchase.partner, "since": since }),
        )?;
        store::orders::purchase_save(connection, purchase, now)?;
    } else if lost.is_none() && purchase.lost_since.take().is_some() {
        store::orders::purchase_save(connection, purchase, now)?;
    }
    Ok(())
}
