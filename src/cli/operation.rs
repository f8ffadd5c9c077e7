//! `hansa operation …`: long-running work.

use super::{Context, Progress, Table, arguments::OperationCommand, event::time, follow_operation};
use crate::{client::Request, failure::Failure, http::wire::Operation};

/// Does what is asked of operations.
pub(super) async fn run(context: &Context, command: OperationCommand) -> Result<(), Failure> {
    match command {
        OperationCommand::List { limit } => {
            let operations: Vec<Operation> = context.client.list(Request::get(&["operations"]), limit).await?;
            context.output.show(&operations, |operations| {
                let mut table =
                    Table::new("there is no operation", ["OPERATION", "KIND", "STATE", "PROGRESS", "UPDATED"]);
                for operation in operations {
                    table.row([
                        operation.id.clone(),
                        operation.kind.clone(),
                        operation.state.clone(),
                        progress(operation),
                        time(operation.updated_at),
                    ]);
                }
                table.text()
            })
        }
        OperationCommand::Show { operation, wait } if wait.wait => {
            let ended = follow_operation(&context.client, &operation, wait.timeout, &mut Progress::new()).await?;
            context.output.show(&ended, operation_text)
        }
        OperationCommand::Show { operation, .. } => {
            let operation: Operation = context.client.json(Request::get(&["operations", &operation])).await?;
            context.output.show(&operation, operation_text)
        }
    }
}

fn progress(operation: &Operation) -> String {
    format!("{}/{} {}", operation.progress.done, operation.progress.total, operation.progress.message)
}

fn operation_text(operation: &Operation) -> String {
    format!(
        "operation {}\nkind      {}\nsubject   {}\nstate     {}\nprogress  {}\nbegun     {}\nupdated   {}\n",
        operation.id,
        operation.kind,
        operation.subject,
        operation.state,
        progress(operation),
        time(operation.created_at),
        time(operation.updated_at)
    )
}
