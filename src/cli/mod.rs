//! The command line: noun, then verb. Commands about a running broker use its
//! API and nothing else; `serve`, `config`, `model`, `tosca`, `policy`, `demo` and `bench` work here.

mod agent;
mod agreement;
mod alert;
mod alert_arguments;
mod app;
mod app_arguments;
mod arguments;
mod audit;
mod audit_arguments;
mod bench;
mod bench_arguments;
mod billing;
mod billing_arguments;
mod carbon;
mod carbon_arguments;
mod config;
mod download;
mod event;
mod fault;
mod fault_arguments;
mod federation;
mod federation_arguments;
mod green;
mod intensity;
mod invoice;
mod login;
mod model;
mod node;
mod notify;
mod notify_arguments;
mod offer;
mod operation;
mod order;
mod output;
mod owner;
mod owner_arguments;
mod partner;
mod plan;
mod policy;
mod policy_arguments;
mod progress;
mod query;
mod serve;
mod service_account;
mod service_account_arguments;
mod settlement;
mod settlement_arguments;
mod site;
mod sla;
mod sla_arguments;
mod system;
mod system_arguments;
mod tenancy;
mod tenancy_arguments;
mod tosca;
mod tosca_arguments;
mod tosca_files;
mod usage;
mod usage_arguments;
mod verify;

pub(crate) use arguments::DemoOptions;
pub(crate) use config::default_settings;
pub(crate) use output::{Output, OutputFormat, Table, write_text};
pub(crate) use plan::{plan_text, short};
pub(crate) use progress::{Progress, follow_operation};
pub(crate) use settlement::statement_signed;

use crate::{client::Client, failure::Failure};
use arguments::{Arguments, Command, FederationCommand, SettlementCommand};
use audit_arguments::AuditCommand;
use clap::{CommandFactory, Parser};
use std::process::ExitCode;

/// What every command about a running broker needs.
pub(crate) struct Context {
    /// The broker.
    pub client: Client,
    /// How answers are shown.
    pub output: Output,
    /// The project that is meant: `organisation/project`.
    pub project: Option<String>,
    /// Certificates of further authorities.
    pub ca_file: Option<std::path::PathBuf>,
}

impl Context {
    /// The application that is meant: a plain name is one of the chosen project.
    pub(crate) fn application(&self, reference: &str) -> String {
        match &self.project {
            Some(project)
                if !reference.contains('/') && reference.parse::<hansa_ontology::ApplicationId>().is_err() =>
            {
                format!("{project}/{reference}")
            }
            _ => reference.to_owned(),
        }
    }
}

/// Reads the arguments and does what they say.
pub(crate) fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to standard output and are a success; the rest is wrong usage.
            let code = if error.use_stderr() { 2 } else { 0 };
            return if error.print().is_ok() { ExitCode::from(code) } else { ExitCode::SUCCESS };
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            Failure::failed(format!("the program can't start its threads: {error}")).report();
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(run(arguments));
    // What still waits (a terminal's input, a blocking read) must not hold up the end.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report();
            failure.exit_code()
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let output = Output::new(arguments.output);
    match arguments.command {
        Command::Serve(options) => serve::run(&options).await,
        Command::Agent(options) => agent::run(&arguments.server, arguments.ca_file.as_deref(), options).await,
        Command::Config(command) => config::run(&command),
        Command::Model(command) => model::run(&command),
        Command::Tosca(command) => tosca::run(arguments.output, arguments.ca_file.as_deref(), command).await,
        Command::Policy(command) => policy::run(arguments.output, arguments.ca_file.as_deref(), command).await,
        Command::Demo(options) => crate::demo::run(&options).await,
        Command::Bench(options) => bench::run(&arguments.server, output, &options).await,
        Command::Completion { shell } => completion(shell),
        Command::Federation(FederationCommand::Verify { file }) => verify::run(output, &file),
        Command::Settlement(SettlementCommand::Verify { file, keys }) => settlement::run_verify(output, &file, &keys),
        Command::Audit(AuditCommand::Verify(options)) => audit::run_verify(output, &options),
        remote => {
            let client = Client::signed_in(&arguments.server, arguments.ca_file.as_deref())?;
            let context = Context { client, output, project: arguments.project, ca_file: arguments.ca_file };
            run_remote(&context, remote).await
        }
    }
}

async fn run_remote(context: &Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::Login(options) => login::run(context, &options).await,
        Command::Logout => login::run_logout(context),
        Command::Whoami => login::run_whoami(context).await,
        Command::Token(command) => login::run_token(context, command).await,
        Command::Organisation(command) => tenancy::run_organisation(context, command).await,
        Command::Project(command) => tenancy::run_project(context, command).await,
        Command::Member(command) => tenancy::run_member(context, command).await,
        Command::ServiceAccount(command) => service_account::run(context, command).await,
        Command::Quota(command) => tenancy::run_quota(context, command).await,
        Command::Plan(options) => plan::run(context, &options).await,
        Command::App(command) => app::run(context, command).await,
        Command::Offer(command) => offer::run(context, command).await,
        Command::Site(command) => site::run(context, command).await,
        Command::Provider(command) => site::run_provider(context, command).await,
        Command::Node(command) => node::run(context, command).await,
        Command::Flavour(command) => owner::run_things(context, "flavours", command, reqwest::Method::PUT).await,
        Command::System(command) => system::run(context, command).await,
        Command::Account(command) => owner::run_accounts(context, command).await,
        Command::Credential(command) => owner::run_credentials(context, command).await,
        Command::Maintenance(command) => owner::run_maintenance(context, command).await,
        Command::Partner(command) => partner::run(context, command).await,
        Command::Agreement(command) => agreement::run(context, command).await,
        Command::Settlement(command) => settlement::run(context, command).await,
        Command::Claim(command) => settlement::run_claim(context, command).await,
        Command::Order(command) => order::run(context, command).await,
        Command::Hold(command) => order::run_hold(context, &command).await,
        Command::Quarantine(command) => federation::run_quarantine(context, &command).await,
        Command::Federation(command) => federation::run(context, &command).await,
        Command::Key(command) => federation::run_key(context, &command).await,
        Command::Audit(command) => audit::run(context, command).await,
        Command::Usage(command) => usage::run(context, command).await,
        Command::Invoice(command) => invoice::run(context, command).await,
        Command::Budget(command) => invoice::run_budget(context, command).await,
        Command::Billing(command) => billing::run(context, command).await,
        Command::Ledger(command) => billing::run_ledger(context, command).await,
        Command::Carbon(command) => carbon::run(context, command).await,
        Command::Intensity(command) => intensity::run(context, command).await,
        Command::Sla(command) => sla::run(context, command).await,
        Command::Fault(command) => fault::run(context, command).await,
        Command::Alert(command) => alert::run(context, command).await,
        Command::Notify(command) => notify::run(context, command).await,
        Command::Event(command) => event::run(context, command).await,
        Command::Operation(command) => operation::run(context, command).await,
        Command::Query(options) => query::run(context, &options).await,
        Command::Serve(_)
        | Command::Agent(_)
        | Command::Config(_)
        | Command::Model(_)
        | Command::Tosca(_)
        | Command::Policy(_)
        | Command::Demo(_)
        | Command::Bench(_)
        | Command::Completion { .. } => Err(Failure::failed("this command needs no broker")),
    }
}

fn completion(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "hansa", &mut script);
    output::write(&script)
}

/// Reads a file, or standard input where it is named `-`.
pub(crate) fn read_input(file: &std::path::Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if file.as_os_str() == "-" {
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes).map(|_| ())
    } else {
        std::fs::read(file).map(|content| bytes = content)
    };
    match read {
        Ok(()) => Ok(bytes),
        Err(error) => Err(Failure::input(format!("{} can't be read: {error}", file.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Commands as the documentation has them.
    const LINES: &[&str] = &[
        "serve --config hansa.yaml",
        "serve --dev-login",
        "login --issuer corp",
        "logout",
        "whoami",
        "token create ci --action application.read --project acme/web --expires 30days",
        "token list",
        "token revoke 0190",
        "service-account list acme",
        "service-account create acme/web ci --role use-case-user --dry-run",
        "service-account show acme ci",
        "service-account remove acme/web ci --if-version 1",
        "service-account token create acme ci deploys --only-project acme/web --expires 30days",
        "service-account token list acme ci",
        "service-account token rotate acme ci 0190",
        "service-account token revoke acme ci 0190",
        "plan app.yaml --what-if -o json",
        "app submit app.yaml --wait",
        "app list -o yaml",
        "app show shop",
        "app update shop app.yaml --wait",
        "app scale shop application=3 proxy=1",
        "app revisions shop",
        "app rollback shop --to 3 --dry-run",
        "app promote shop --wait",
        "app move shop web#0 --to south --dry-run",
        "app consolidate shop --wait",
        "app logs shop --component proxy --follow --tail 10",
        "app watch shop",
        "app remove shop --wait",
        "offer list --capability proxy",
        "offer show small",
        "offer import a.ttl b.ttl --dry-run",
        "offer withdraw small",
        "site list",
        "site show frankfurt",
        "node list",
        "node add node.yaml --dry-run",
        "node change n1 node.yaml --if-version 2",
        "node remove n1",
        "node green",
        "node green rack.u1 --idle 15m --wake 20m --dry-run",
        "site green hamburg --idle 1h --reserve 1 --if-version 2",
        "site green hamburg --off",
        "site add site.yaml",
        "site remove hamburg",
        "flavour list",
        "flavour add small.yaml",
        "offer draft add draft.yaml",
        "offer draft publish tiny",
        "offer draft price tiny 0.02 --from 2030-01-01T00:00:00Z",
        "offer draft units tiny 8",
        "credential add cloud --kind openstack --secret token.txt",
        "credential rotate cloud",
        "maintenance drain node/n1 --reason disk --deadline 2030-01-01T06:00:00Z --wait",
        "maintenance resume 0190",
        "maintenance announce frankfurt --from 2030-01-01T06:00:00Z --until 2030-01-01T08:00:00Z --reason kernel",
        "maintenance announced",
        "maintenance withdraw 0190 --dry-run",
        "sla list --application shop --from 2030-01-01T00:00:00Z --missed",
        "sla breaches --limit 5",
        "carbon savings --application shop --moves",
        "fault list --application shop --state living --severity major",
        "fault list --broker --kind host-lost",
        "fault show 12",
        "fault acknowledge 12 --note looking",
        "fault resolve 12 --note replaced --broker --dry-run",
        "notify add operators --to https://hooks.example/x --kind fault. --severity major",
        "notify list --broker",
        "notify test operators",
        "notify deliveries operators --limit 5",
        "notify remove operators --dry-run",
        "notify add people --to ops@example.org --kind alert.",
        "alert list --broker",
        "alert show memory-high",
        "alert set memory-high container_memory_usage_bytes>1e9 --for 5m --summary {{pod}} --if-version 2",
        "alert set queue hansa_faults>3 --severity critical --off --broker --dry-run",
        "alert test memory-high",
        "alert remove memory-high --dry-run",
        "partner invite --name north",
        "partner accept hansa-invite:abc",
        "partner list -o json",
        "partner show did:web:broker.example",
        "partner suspend north --reason maintenance",
        "partner resume north",
        "partner terminate north --dry-run",
        "partner repin north",
        "partner policy north policy.yaml",
        "agreement list --partner north",
        "agreement show 0190",
        "agreement verify 0190",
        "order list --state completed",
        "order show 0190",
        "hold list",
        "quarantine list --partner north",
        "federation show",
        "federation verify bundle.json",
        "key rotate",
        "event list --application shop",
        "event watch",
        "audit list --actor ann --outcome denied --limit 5",
        "audit show 7",
        "audit show 7 --proof",
        "audit export audit.jsonl",
        "audit verify audit.jsonl --against earlier.note --key hansa.audit/x+00+AA",
        "audit checkpoint",
        "audit checkpoint --since 100",
        "audit key list",
        "audit key rotate --dry-run",
        "operation show 0190",
        "query SELECT",
        "config check",
        "config show",
        "model check app.yaml",
        "model schema",
        "tosca validate app.yaml --input a=1 --inputs values.yaml --allow-network -o json",
        "tosca show app.csar",
        "tosca convert app.yaml",
        "policy test app.yaml day.csv",
        "policy test a.yaml b.yaml - --model shared --ready-after 3m --objective cpu:utilization=80 -o json --changes",
        "policy test app.csar day.jsonl --component web --interval 15s --stale-after 1m --start 2 --all --input a=1",
        "completion bash",
        "demo --once --port 9000",
        "bench",
        "bench http --path /api/v1/offers --connections 8 --time 5s",
    ];

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_of_the_documentation_is_understood() {
        for line in LINES {
            let words = std::iter::once("hansa").chain(line.split(' '));
            assert!(Arguments::try_parse_from(words).is_ok(), "{line}");
        }
        assert!(Arguments::try_parse_from(["hansa", "app", "scale", "shop", "application=many"]).is_err());
    }
}
