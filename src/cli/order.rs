//! `hansa order …`, `hansa hold …`: what is delivered across the border.

use super::{
    Context, Table,
    arguments::{HoldCommand, OrderCommand},
    event,
    plan::short,
};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{Hold, Order},
};
use reqwest::Method;

/// Does what is asked of orders.
pub(super) async fn run(context: &Context, command: OrderCommand) -> Result<(), Failure> {
    match command {
        OrderCommand::List { partner, state } => {
            let request =
                Request::admin(Method::GET, &["orders"]).maybe_query("partner", partner).maybe_query("state", state);
            let orders: Vec<Order> = context.client.list(request, usize::MAX).await?;
            context.output.show(&orders, |orders| list_text(orders))
        }
        OrderCommand::Show { order } => {
            let order: Order = context.client.json(Request::admin(Method::GET, &["orders", &order])).await?;
            context.output.show(&order, order_text)
        }
    }
}

/// Does what is asked of holds.
pub(super) async fn run_hold(context: &Context, command: &HoldCommand) -> Result<(), Failure> {
    let HoldCommand::List { partner } = command;
    let request = Request::admin(Method::GET, &["holds"]).maybe_query("partner", partner.as_ref());
    let holds: Vec<Hold> = context.client.list(request, usize::MAX).await?;
    context.output.show(&holds, |holds| {
        let mut table = Table::new("nothing is held", ["ORDER", "ROLE", "PARTNER", "OFFER", "STATE", "UNTIL"]);
        for hold in holds {
            table.row([
                hold.id.clone(),
                hold.role.clone(),
                hold.partner_name.clone(),
                short(&hold.offer),
                hold.state.clone(),
                event::time(hold.until),
            ]);
        }
        table.text()
    })
}

fn list_text(orders: &[Order]) -> String {
    let mut table = Table::new(
        "there is no order with a partner",
        ["ORDER", "ROLE", "PARTNER", "OFFER", "STATE", "RUNS", "REASON"],
    );
    for order in orders {
        table.row([
            order.id.clone(),
            order.role.clone(),
            order.partner_name.clone(),
            short(&order.offer),
            order.state.clone(),
            order.workloads.join(", "),
            order.reason.clone().unwrap_or_default(),
        ]);
    }
    table.text()
}

fn order_text(order: &Order) -> String {
    let or_dash = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let rows = [
        ("order", order.id.clone()),
        ("role", order.role.clone()),
        ("partner", format!("{} ({})", order.partner_name, order.partner)),
        ("offer", order.offer.clone()),
        ("agreement", or_dash(&order.agreement)),
        ("application", or_dash(&order.application)),
        ("state", order.state.clone()),
        ("reason", or_dash(&order.reason)),
        ("generation", order.generation.to_string()),
        ("runs", order.workloads.join(", ")),
        ("as of", order.as_of.map_or_else(|| "-".to_owned(), event::time)),
        ("created", event::time(order.created_at)),
    ];
    rows.iter().map(|(name, value)| format!("{name:<12} {value}\n")).collect()
}
