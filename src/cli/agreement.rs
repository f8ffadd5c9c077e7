//! `hansa agreement …`: contracts with partners.

use super::{Context, Table, arguments::AgreementCommand, event, plan::short, verify};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{Agreement, AgreementDetail},
};
use reqwest::Method;

/// Does what is asked of agreements.
pub(super) async fn run(context: &Context, command: AgreementCommand) -> Result<(), Failure> {
    match command {
        AgreementCommand::List { partner } => {
            let request = Request::admin(Method::GET, &["agreements"]).maybe_query("partner", partner);
            let agreements: Vec<Agreement> = context.client.list(request, usize::MAX).await?;
            context.output.show(&agreements, |agreements| list_text(agreements))
        }
        AgreementCommand::Show { agreement, bundle } => {
            let detail = get(context, &agreement).await?;
            if bundle {
                let text = serde_json::to_string_pretty(&signed(&detail)?).unwrap_or_default();
                return super::output::write(format!("{text}\n").as_bytes());
            }
            context.output.show(&detail, detail_text)
        }
        AgreementCommand::Verify { agreement } => {
            let detail = get(context, &agreement).await?;
            let bundle = serde_json::to_vec(&signed(&detail)?).unwrap_or_default();
            verify::verify(context.output, &format!("agreement {agreement}"), &bundle)
        }
    }
}

fn signed(detail: &AgreementDetail) -> Result<&serde_json::Value, Failure> {
    let agreement = &detail.agreement;
    let unsigned =
        || Failure::failed(format!("the agreement {} is not signed yet; it is {}", agreement.id, agreement.state));
    detail.bundle.as_ref().ok_or_else(unsigned)
}

async fn get(context: &Context, agreement: &str) -> Result<AgreementDetail, Failure> {
    Ok(context.client.json(Request::admin(Method::GET, &["agreements", agreement])).await?)
}

fn list_text(agreements: &[Agreement]) -> String {
    let mut table = Table::new(
        "there is no agreement",
        ["AGREEMENT", "ROLE", "PARTNER", "OFFER", "PRICE/H", "STATE", "SIGNED BY", "AGREED"],
    )
    .right(&[4]);
    for agreement in agreements {
        table.row([
            agreement.id.clone(),
            agreement.role.clone(),
            agreement.partner_name.clone(),
            short(&agreement.offer),
            agreement.price_per_hour.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            agreement.state.clone(),
            if agreement.countersigned { "both" } else { "one side" }.to_owned(),
            agreement.agreed_at.map_or_else(|| "-".to_owned(), event::time),
        ]);
    }
    table.text()
}

fn detail_text(detail: &AgreementDetail) -> String {
    let agreement = &detail.agreement;
    let rows = [
        ("agreement", agreement.id.clone()),
        ("role", agreement.role.clone()),
        ("partner", format!("{} ({})", agreement.partner_name, agreement.partner)),
        ("offer", agreement.offer.clone()),
        ("digest", agreement.offer_digest.clone()),
        ("price", agreement.price_per_hour.as_ref().map_or_else(|| "-".to_owned(), |price| format!("{price} an hour"))),
        ("state", agreement.state.clone()),
        ("reason", agreement.reason.clone().unwrap_or_else(|| "-".to_owned())),
        ("agreed", agreement.agreed_at.map_or_else(|| "-".to_owned(), event::time)),
        ("signed by", if agreement.countersigned { "both sides" } else { "one side" }.to_owned()),
    ];
    let text: String = rows.iter().map(|(name, value)| format!("{name:<10} {value}\n")).collect();
    let terms = serde_json::to_string_pretty(&detail.terms).unwrap_or_default();
    format!("{text}\n{terms}\n")
}
