//! What can be typed.

use super::OutputFormat;
use super::agent::AgentArguments;
pub(crate) use super::alert_arguments::AlertCommand;
pub(crate) use super::app_arguments::{AppCommand, WaitOptions};
use super::audit_arguments::AuditCommand;
pub(crate) use super::bench_arguments::{BenchCommand, BenchOptions};
pub(crate) use super::billing_arguments::{BillingCommand, BudgetCommand, InvoiceCommand, LedgerCommand};
pub(crate) use super::carbon_arguments::{CarbonCommand, IntensityCommand};
pub(crate) use super::fault_arguments::FaultCommand;
pub(crate) use super::federation_arguments::{
    AgreementCommand, FederationCommand, HoldCommand, KeyCommand, OrderCommand, PartnerCommand, QuarantineCommand,
};
pub(crate) use super::notify_arguments::NotifyCommand;
pub(crate) use super::owner_arguments::{
    AccountCommand, CredentialCommand, DraftCommand, GreenOptions, MaintenanceCommand, OwnerChange, ThingCommand,
};
pub(crate) use super::policy_arguments::PolicyCommand;
pub(crate) use super::service_account_arguments::ServiceAccountCommand;
pub(crate) use super::settlement_arguments::{ClaimCommand, SettlementCommand};
pub(crate) use super::sla_arguments::SlaCommand;
pub(crate) use super::system_arguments::SystemCommand;
pub(crate) use super::tenancy_arguments::{MemberCommand, PlaceCommand, QuotaCommand};
use super::tosca_arguments::TemplateValues;
pub(crate) use super::tosca_arguments::ToscaCommand;
pub(crate) use super::usage_arguments::UsageCommand;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// A federated multi-provider cloud-edge broker.
#[derive(Debug, Parser)]
#[command(name = "hansa", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Arguments {
    /// The broker to talk to.
    #[arg(long, global = true, env = "HANSA_SERVER", value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// Certificates (PEM) of further authorities that the broker and its issuer may show.
    #[arg(long, global = true, env = "HANSA_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// The project that is meant: organisation/project.
    #[arg(long, global = true, env = "HANSA_PROJECT", value_name = "PROJECT")]
    pub project: Option<String>,
    /// How answers are shown.
    #[arg(short, long, global = true, env = "HANSA_OUTPUT", value_enum, default_value_t)]
    pub output: OutputFormat,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a broker.
    Serve(ServeOptions),
    /// Run packages on a machine that a broker rents; its first boot starts this.
    #[command(hide = true)]
    Agent(AgentArguments),
    /// Log in at the broker with a browser; the token is kept for this user alone. HANSA_TOKEN goes before it.
    Login(LoginOptions),
    /// Forget the login.
    Logout,
    /// Show who one is to the broker, and one's roles.
    Whoami,
    /// One's tokens for programs: create, list, revoke.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Organisations of tenants: list, show, create, rename, close.
    #[command(subcommand)]
    Organisation(PlaceCommand),
    /// Projects, what applications and quotas belong to: list, show, create, rename, close.
    #[command(subcommand)]
    Project(PlaceCommand),
    /// Members of organisations and projects: list, set, remove.
    #[command(subcommand)]
    Member(MemberCommand),
    /// Service accounts of organisations and projects, and their tokens.
    #[command(subcommand)]
    ServiceAccount(ServiceAccountCommand),
    /// Quotas of organisations and projects: show, set.
    #[command(subcommand)]
    Quota(QuotaCommand),
    /// Show where an application would run, what it would cost and why; writes nothing.
    Plan(PlanOptions),
    /// Applications: submit, list, show, update, scale, logs, watch, remove.
    #[command(subcommand)]
    App(AppCommand),
    /// Offers of the catalogue: list, show, import, draft, withdraw.
    #[command(subcommand)]
    Offer(OfferCommand),
    /// Sites: list, show, add, change, remove.
    #[command(subcommand)]
    Site(SiteCommand),
    /// Providers: list.
    #[command(subcommand)]
    Provider(ProviderCommand),
    /// Local nodes and what is free on them: list, show, add, change, remove.
    #[command(subcommand)]
    Node(NodeCommand),
    /// Named shapes of machines: list, show, add, change, remove.
    #[command(subcommand)]
    Flavour(ThingCommand),
    /// Real systems of a site, such as clusters and clouds: list, kinds, try, connect, show, change, test, inventory, offers, disconnect.
    #[command(subcommand)]
    System(SystemCommand),
    /// Accounts of people and services: list, show, lock, unlock, end-sessions, revoke-tokens.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Credentials of infrastructure: list, show, add, rotate, remove.
    #[command(subcommand)]
    Credential(CredentialCommand),
    /// Nodes and sites that are drained: list, show, drain, resume.
    #[command(subcommand)]
    Maintenance(MaintenanceCommand),
    /// Partners, other providers' brokers: invite, accept, list, show, suspend, resume, terminate, repin, policy.
    #[command(subcommand)]
    Partner(PartnerCommand),
    /// Agreements with partners: list, show, verify.
    #[command(subcommand)]
    Agreement(AgreementCommand),
    /// What this broker and partners owe each other: list, show, make, export, payments, verify.
    #[command(subcommand)]
    Settlement(SettlementCommand),
    /// Claims for what was promised and missed, of ours and of partners: list, accept, withdraw.
    #[command(subcommand)]
    Claim(ClaimCommand),
    /// Orders, of ours at partners and of theirs here: list, show.
    #[command(subcommand)]
    Order(OrderCommand),
    /// Capacity that is held, at partners and for them: list.
    #[command(subcommand)]
    Hold(HoldCommand),
    /// What partners sent and was not taken in: list.
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// This broker towards its partners: show, verify.
    #[command(subcommand)]
    Federation(FederationCommand),
    /// This broker's keys: rotate.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Who did what, when, from where, and why it was allowed: list, show, export, verify, checkpoint, key.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// What a project has used, and what that costs: list, cost, forecast, export.
    #[command(subcommand)]
    Usage(UsageCommand),
    /// Invoices and credit notes: list, show, draft, issue, take-back.
    #[command(subcommand)]
    Invoice(InvoiceCommand),
    /// What a project may spend in a month: list, show, set, remove.
    #[command(subcommand)]
    Budget(BudgetCommand),
    /// What is stated about money by who bills: account, seller, plan, exchange-rate, tax-rate, faults.
    #[command(subcommand)]
    Billing(BillingCommand),
    /// The books: balance, entries, closings, close, check.
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// What a project drew and emitted, and how it would emit less: list, sci, advice, limit.
    #[command(subcommand)]
    Carbon(CarbonCommand),
    /// Series of carbon intensity, of prices and generation of energy: put, list, show, forecast, remove.
    #[command(subcommand)]
    Intensity(IntensityCommand),
    /// What was promised of rented machines, how it is kept, and what was missed.
    #[command(subcommand)]
    Sla(SlaCommand),
    /// What is wrong, why, and who sees to it: list, show, acknowledge, resolve.
    #[command(subcommand)]
    Fault(FaultCommand),
    /// What people want to be warned of, over what is measured: list, show, set, test, remove.
    #[command(subcommand)]
    Alert(AlertCommand),
    /// Who is told of what, by webhook or mail: add, list, test, deliveries, remove.
    #[command(subcommand)]
    Notify(NotifyCommand),
    /// What happened: list, watch.
    #[command(subcommand)]
    Event(EventCommand),
    /// Long-running operations: list, show.
    #[command(subcommand)]
    Operation(OperationCommand),
    /// Ask the offer graph a question in SPARQL 1.1 (read-only).
    Query(QueryOptions),
    /// The broker's configuration: check, show.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Resource models, offline: check, schema.
    #[command(subcommand)]
    Model(ModelCommand),
    /// Templates of TOSCA, offline: validate, show, convert.
    #[command(subcommand)]
    Tosca(ToscaCommand),
    /// Scaling policies, offline: test.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Print the completion script of a shell.
    Completion {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Show all of it: brokers of three owners, and an application that runs at all of them and survives the loss of one.
    Demo(DemoOptions),
    /// Measure this machine: imports, submit to running, events a second.
    Bench(BenchOptions),
}

#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// The configuration file. Without it: ./hansa.yaml where that exists.
    #[arg(long, short, env = "HANSA_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// With the development login: whoever reaches the broker on this machine is whom they choose.
    #[arg(long)]
    pub dev_login: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LoginOptions {
    /// The issuer to log in at, where the broker has several.
    #[arg(long, value_name = "ID")]
    pub issuer: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token; it is shown once.
    Create {
        /// What it is for.
        name: String,
        /// Only this permission, such as application.read; may be repeated.
        #[arg(long, value_name = "PERMISSION")]
        action: Vec<String>,
        /// Only this project, such as acme/web; may be repeated.
        #[arg(long, value_name = "PROJECT")]
        project: Vec<String>,
        /// How long it is good, such as 30days. Without it: as long as the broker allows.
        #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
        expires: Option<std::time::Duration>,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// List one's tokens.
    List,
    /// Revoke a token: it is refused from now on.
    Revoke {
        /// Its id.
        token: String,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PlanOptions {
    /// The resource model (YAML or JSON) or a template of TOSCA; `-` for standard input.
    #[arg(value_name = "FILE")]
    pub model: PathBuf,
    #[command(flatten)]
    pub values: TemplateValues,
    /// Take no account of what is rented already.
    #[arg(long)]
    pub what_if: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OfferCommand {
    /// List offers.
    List {
        /// Only at this site (IRI or last segment).
        #[arg(long)]
        site: Option<String>,
        /// Only of this provider (IRI or last segment).
        #[arg(long)]
        provider: Option<String>,
        /// Only with this capability; may be repeated.
        #[arg(long)]
        capability: Vec<String>,
        /// At most so many.
        #[arg(long, default_value_t = 1_000)]
        limit: usize,
    },
    /// Show an offer.
    Show {
        /// IRI or last segment.
        offer: String,
        /// As RDF (Turtle).
        #[arg(long)]
        turtle: bool,
    },
    /// Take in providers, sites and offers (RDF).
    Import {
        /// Files: Turtle, N-Triples, RDF/XML or JSON-LD by their ending; `-` for Turtle on standard input.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
        /// Take in what is good when something is refused.
        #[arg(long)]
        partial: bool,
    },
    /// Offers of this broker's own, from the first draft on.
    #[command(subcommand)]
    Draft(DraftCommand),
    /// Withdraw an offer: it is not rented any more; what runs on it goes on.
    Withdraw {
        /// IRI or last segment.
        offer: String,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SiteCommand {
    /// List sites.
    List,
    /// Show a site.
    Show {
        /// IRI or last segment.
        site: String,
    },
    /// Add a site.
    Add {
        /// Its description, YAML or JSON; `-` for standard input.
        file: PathBuf,
        #[command(flatten)]
        change: OwnerChange,
    },
    /// Change a site.
    Change {
        /// IRI or last segment.
        site: String,
        /// Its description, YAML or JSON; `-` for standard input.
        file: PathBuf,
        #[command(flatten)]
        change: OwnerChange,
    },
    /// Turn hosts of a site off on which nothing is, and on again for what is to run there.
    Green(GreenOptions),
    /// Remove a site without offers and nodes.
    Remove {
        /// IRI or last segment.
        site: String,
        #[command(flatten)]
        change: OwnerChange,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProviderCommand {
    /// List providers.
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NodeCommand {
    /// List the local nodes.
    List {
        /// Only of this site (IRI or last segment).
        #[arg(long)]
        site: Option<String>,
    },
    /// Show a node with its version.
    Show {
        /// Its name.
        node: String,
    },
    /// Add a node.
    Add {
        /// Its description, YAML or JSON; `-` for standard input.
        file: PathBuf,
        #[command(flatten)]
        change: OwnerChange,
    },
    /// Change a node.
    Change {
        /// Its name.
        node: String,
        /// Its description, YAML or JSON; `-` for standard input.
        file: PathBuf,
        #[command(flatten)]
        change: OwnerChange,
    },
    /// Turn a host of a system off while nothing is on it, and on again for what is to run there.
    Green(GreenOptions),
    /// Remove an empty node.
    Remove {
        /// Its name.
        node: String,
        #[command(flatten)]
        change: OwnerChange,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct EventFilter {
    /// Only about this application (name or id).
    #[arg(long, value_name = "APPLICATION")]
    pub application: Option<String>,
    /// Only kinds that begin so, such as `workload.`.
    #[arg(long, value_name = "PREFIX")]
    pub kind: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EventCommand {
    /// List what happened, the latest last.
    List {
        #[command(flatten)]
        filter: EventFilter,
        /// At most so many of the latest.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Watch what happens from now on.
    Watch {
        #[command(flatten)]
        filter: EventFilter,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum OperationCommand {
    /// List operations, the latest first.
    List {
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Show an operation.
    Show {
        /// Its id.
        operation: String,
        #[command(flatten)]
        wait: WaitOptions,
    },
}

#[derive(Debug, Args)]
pub(crate) struct QueryOptions {
    /// The question; without it, it is read from `--file`.
    #[arg(required_unless_present = "file")]
    pub sparql: Option<String>,
    /// A file with the question; `-` for standard input.
    #[arg(long, short, conflicts_with = "sparql")]
    pub file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check the configuration: every fault, or the settings in force.
    Check(ServeOptions),
    /// Show the settings in force, without secrets.
    Show(ServeOptions),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Check resource models: every fault with line and column.
    Check {
        /// Files; `-` for standard input.
        #[arg(required = true, value_name = "FILE")]
        models: Vec<PathBuf>,
    },
    /// Print the JSON Schema of resource models.
    Schema,
}

/// `hansa demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoOptions {
    /// Check each step, clean up, and end with 0 or 1.
    #[arg(long)]
    pub once: bool,
    /// The broker's port. Without it: any free one.
    #[arg(long, default_value_t = 0)]
    pub port: u16,
}
