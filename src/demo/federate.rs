//! How three brokers become partners: each owner's own act, and then the offers
//! find their way by themselves.

use super::{member::Member, narrator::Narrator};
use crate::{
    client::{Client, Request},
    failure::Failure,
    http::wire::{AcceptRequest, ImportReport, Invitation, InviteRequest, Offer, Partner},
};
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};

/// How long the first exchange may take.
const EXCHANGE: Duration = Duration::from_secs(30);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// Takes in each owner's offers, makes every two brokers partners, and waits
/// until each knows the offers of all.
///
/// # Errors
/// At the first step that does not show what it should.
pub(super) async fn federate(members: &[Member], narrator: &Narrator) -> Result<(), Failure> {
    import(members, narrator).await?;
    consent(members, narrator).await?;
    exchange(members, narrator).await
}

async fn import(members: &[Member], narrator: &Narrator) -> Result<(), Failure> {
    narrator.step("Each owner takes in its own offers")?;
    let mut count = 0;
    for member in members {
        let request = Request::admin(Method::POST, &["offers", "import"]).body("text/turtle", member.turtle());
        let report: ImportReport = member.client.json(request).await?;
        if !report.refused.is_empty() {
            return Err(Failure::failed(format!("some were refused: {:?}", report.refused)));
        }
        let own = member.catalogue.offers.len();
        count += own;
        narrator.say(&format!("{:<30} {own} offers", member.provider.name))?;
    }
    narrator.well(&format!("{count} offers, each checked against its shape"))
}

async fn consent(members: &[Member], narrator: &Narrator) -> Result<(), Failure> {
    narrator.step("The owners agree to federate: one invites, the other accepts")?;
    let mut pairs = 0;
    for (number, inviting) in members.iter().enumerate() {
        for invited in members.iter().skip(number + 1) {
            let body = json!(InviteRequest { name: Some(invited.provider.name.clone()) }).to_string();
            let request = Request::admin(Method::POST, &["partners", "invite"]);
            let invitation: Invitation = inviting.client.json(request.body("application/json", body)).await?;
            let body = json!(AcceptRequest { invitation: invitation.invitation }).to_string();
            let request = Request::admin(Method::POST, &["partners", "accept"]);
            let partner: Partner = invited.client.json(request.body("application/json", body)).await?;
            narrator.say(&format!("{} and {}: {}", inviting.provider.name, invited.provider.name, partner.state))?;
            pairs += 1;
        }
    }
    for member in members {
        active(&member.client, members.len() - 1).await?;
    }
    narrator.well(&format!("{pairs} partnerships; keys are exchanged and pinned"))
}

/// Waits until so many partners are active.
async fn active(client: &Client, wanted: usize) -> Result<(), Failure> {
    let begun = Instant::now();
    loop {
        let partners: Vec<Partner> = client.list(Request::admin(Method::GET, &["partners"]), usize::MAX).await?;
        let active = partners.iter().filter(|partner| partner.state == "ACTIVE").count();
        if active == wanted {
            return Ok(());
        }
        if begun.elapsed() > EXCHANGE {
            let states: Vec<String> = partners.iter().map(|p| format!("{} is {}", p.name, p.state)).collect();
            return Err(Failure::failed(format!("not all partners are active: {}", states.join(", "))));
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn exchange(members: &[Member], narrator: &Narrator) -> Result<(), Failure> {
    narrator.step("The brokers exchange their signed offers")?;
    let all: usize = members.iter().map(|member| member.catalogue.offers.len()).sum();
    let begun = Instant::now();
    for member in members {
        let partners = loop {
            let offers: Vec<Offer> = member.client.list(Request::get(&["offers"]), usize::MAX).await?;
            if offers.len() == all {
                break offers.iter().filter(|offer| offer.source.is_some()).count();
            }
            if begun.elapsed() > EXCHANGE {
                return Err(Failure::failed(format!(
                    "the broker of {} knows {} of {all} offers after {} s",
                    member.provider.name,
                    offers.len(),
                    EXCHANGE.as_secs()
                )));
            }
            tokio::time::sleep(LOOK).await;
        };
        narrator.say(&format!(
            "{:<30} {all} offers: {} own, {partners} of partners",
            member.provider.name,
            all - partners
        ))?;
    }
    narrator.well("each offer was verified, checked against its shape, stored as it was signed")
}
