//! `hansa audit …`: the trail of every decision and every event.

use super::{
    Context, Output, Table,
    audit_arguments::{AuditCommand, AuditFilter, AuditKeyCommand, VerifyOptions},
    download, event,
};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{AuditCheckpoint, AuditConsistency, AuditInclusion, AuditKey, AuditRecord, Page},
};
use hansa_iam::audit::{Earlier, Fault, InclusionProof, Verified, verify};
use reqwest::Method;
use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

fn get(path: &[&str]) -> Request {
    Request::admin(Method::GET, &[&["audit"], path].concat())
}

/// Does what is asked of the audit trail.
pub(super) async fn run(context: &Context, command: AuditCommand) -> Result<(), Failure> {
    match command {
        AuditCommand::List { filter, limit } => list(context, filter, limit).await,
        AuditCommand::Show { place, proof: false } => {
            let record: AuditRecord = context.client.json(get(&[&place.to_string()])).await?;
            context.output.show(&record, shown)
        }
        AuditCommand::Show { place, proof: true } => proof(context, place).await,
        AuditCommand::Export { file } => export(context, &file).await,
        AuditCommand::Checkpoint { list: true, .. } => checkpoints(context).await,
        AuditCommand::Checkpoint { since: Some(size), .. } => growth(context, size).await,
        AuditCommand::Checkpoint { .. } => checkpoint(context).await,
        AuditCommand::Key(AuditKeyCommand::List) => keys(context).await,
        AuditCommand::Key(AuditKeyCommand::Rotate { dry_run }) => rotate(context, dry_run).await,
        AuditCommand::Verify(options) => run_verify(context.output, &options),
    }
}

async fn list(context: &Context, filter: AuditFilter, limit: usize) -> Result<(), Failure> {
    let time = |time: chrono::DateTime<chrono::Utc>| time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let request = get(&[])
        .maybe_query("actor", filter.actor)
        .maybe_query("action", filter.action)
        .maybe_query("subject", filter.subject)
        .maybe_query("outcome", filter.outcome)
        .maybe_query("kind", filter.kind)
        .maybe_query("request", filter.request)
        .maybe_query("from", filter.from.map(time))
        .maybe_query("until", filter.until.map(time));
    let mut records: Vec<AuditRecord> = context.client.list(request, limit).await?;
    records.reverse();
    context.output.show(&records, |records| {
        let titles = ["PLACE", "AT", "WHO", "FROM", "WHAT", "ABOUT", "OUTCOME", "WHY"];
        let mut table = Table::new("nothing is recorded", titles).right(&[0]);
        for record in records {
            table.row([
                record.place.to_string(),
                event::time(record.at),
                record.actor.clone(),
                record.origin.clone().unwrap_or_default(),
                record.action.clone(),
                record.subject.clone(),
                outcome(record),
                record.policies.join(" "),
            ]);
        }
        table.text()
    })
}

fn outcome(record: &AuditRecord) -> String {
    match (&record.altered, &record.missing, record.status) {
        (Some(column), ..) => format!("ALTERED ({column})"),
        (None, Some(missing), _) => format!("denied: {missing}"),
        (None, None, Some(status)) => format!("failed: {status}"),
        (None, None, None) => record.outcome.clone().unwrap_or_else(|| "event".to_owned()),
    }
}

fn shown(record: &AuditRecord) -> String {
    let optional = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let mut lines = vec![
        format!("Record    {}", record.place),
        format!("At        {}", record.at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)),
        format!("Who       {} ({})", record.actor, record.actor_kind),
        format!("Account   {}", optional(&record.account)),
        format!("Via       {}", optional(&record.via)),
        format!("From      {}", optional(&record.origin)),
        format!("Request   {}", optional(&record.request.map(|id| id.to_string()))),
        format!("What      {}", record.action),
        format!("About     {}", record.subject),
        format!("Project   {}", optional(&record.project)),
        format!("Outcome   {}", outcome(record)),
        format!("Policies  {}", record.policies.join(" ")),
    ];
    if !record.data.is_null() {
        lines.push(format!("\n{:#}", record.data));
    }
    lines.join("\n")
}

async fn proof(context: &Context, place: u64) -> Result<(), Failure> {
    let proof: AuditInclusion = context.client.json(get(&[&place.to_string(), "proof"])).await?;
    let checked = InclusionProof {
        place: proof.place,
        line: proof.line.clone(),
        size: proof.size,
        root: proof.root.clone(),
        hashes: proof.hashes.clone(),
        checkpoint: proof.checkpoint.clone(),
    };
    if !checked.holds() {
        return Err(Failure::input(format!("the proof that the broker gives for record {place} does NOT hold")));
    }
    context.output.show(&proof, |proof| {
        let checkpoint = proof.checkpoint.as_deref().unwrap_or("(no checkpoint has this size)\n");
        format!(
            "Record {place} is among the first {} records, whose root is {}.\n\n{checkpoint}\n{}",
            proof.size, proof.root, proof.line
        )
    })
}

async fn export(context: &Context, file: &Path) -> Result<(), Failure> {
    download::save(context.client.send(get(&["export"])).await?, file).await?;
    if file.as_os_str() != "-" {
        eprintln!("written to {0}; `hansa audit verify {0}` verifies it", file.display());
    }
    Ok(())
}

async fn newest(context: &Context, limit: usize) -> Result<Vec<AuditCheckpoint>, Failure> {
    Ok(context.client.list(get(&["checkpoints"]), limit).await?)
}

async fn checkpoint(context: &Context) -> Result<(), Failure> {
    let newest = newest(context, 1).await?.pop();
    let newest = newest.ok_or_else(|| Failure::failed("there is no checkpoint yet: nothing has been recorded"))?;
    context.output.show(&newest, |newest| newest.note.trim_end().to_owned())
}

async fn checkpoints(context: &Context) -> Result<(), Failure> {
    let newest = newest(context, 50).await?;
    context.output.show(&newest, |newest| {
        let mut table = Table::new("there is no checkpoint yet", ["RECORDS", "AT", "ROOT"]).right(&[0]);
        for one in newest {
            let root = one.note.lines().nth(2).unwrap_or_default().to_owned();
            table.row([one.size.to_string(), event::time(one.at), root]);
        }
        table.text()
    })
}

async fn growth(context: &Context, from: u64) -> Result<(), Failure> {
    let proof: AuditConsistency = context.client.json(get(&["consistency"]).query("from", from)).await?;
    let checked = hansa_iam::audit::ConsistencyProof {
        from: proof.from,
        from_root: proof.from_root.clone(),
        to: proof.to,
        to_root: proof.to_root.clone(),
        hashes: proof.hashes.clone(),
    };
    if !checked.holds() {
        return Err(Failure::input(format!(
            "the proof that the trail has only grown since {from} records does NOT hold"
        )));
    }
    context.output.show(&proof, |proof| {
        format!(
            "The trail has only grown from {} records to {}.\nroot of {}: {}\nroot of {}: {}",
            proof.from, proof.to, proof.from, proof.from_root, proof.to, proof.to_root
        )
    })
}

async fn keys(context: &Context) -> Result<(), Failure> {
    let keys: Page<AuditKey> = context.client.json(get(&["keys"])).await?;
    context.output.show(&keys.items, |keys| {
        let mut table = Table::new("there is no key yet", ["ID", "FROM RECORD", "REPLACES", "PUBLIC KEY"]).right(&[1]);
        for key in keys {
            let replaces = key.replaces.clone().unwrap_or_else(|| "-".to_owned());
            table.row([key.id.clone(), key.from.to_string(), replaces, key.public.clone()]);
        }
        table.text()
    })
}

async fn rotate(context: &Context, dry_run: bool) -> Result<(), Failure> {
    let request = Request::admin(Method::POST, &["audit", "keys", "rotate"]).query("dryRun", dry_run);
    let key: AuditKey = context.client.json(request).await?;
    context.output.show(&key, |key| {
        if dry_run { format!("{} would be replaced", key.public) } else { format!("{} signs from now on", key.public) }
    })
}

/// Verifies an export; nothing is asked of any broker.
///
/// # Errors
/// The first fault, with exit code 2.
pub(super) fn run_verify(output: Output, options: &VerifyOptions) -> Result<(), Failure> {
    let name = options.file.display().to_string();
    let keys = options.key.iter().map(|key| known_key(key)).collect::<Result<Vec<_>, _>>()?;
    let earlier = match &options.against {
        Some(file) => Some(
            Earlier::read(&super::read_input(file)?).map_err(|fault| failed(&file.display().to_string(), &fault))?,
        ),
        None => None,
    };
    let input: Box<dyn BufRead> = if name == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        let opened = File::open(&options.file);
        Box::new(BufReader::with_capacity(
            1 << 20,
            opened.map_err(|error| Failure::input(format!("{name} can't be read: {error}")))?,
        ))
    };
    let verified = verify(input, &keys, earlier.as_ref()).map_err(|fault| failed(&name, &fault))?;
    output.show(&verified, |verified| told(&name, verified))
}

fn failed(name: &str, fault: &Fault) -> Failure {
    Failure::input(format!("{name} is NOT what the broker sealed: {fault}"))
}

/// A key as it is typed, or the file that holds it.
fn known_key(text: &str) -> Result<String, Failure> {
    let is_key = |text: &str| text.split('+').count() >= 3;
    if is_key(text) {
        return Ok(text.to_owned());
    }
    let read = std::fs::read_to_string(text).map_err(|error| {
        Failure::input(format!("--key: {text} is no public key, and no file can be read there: {error}"))
    })?;
    let key = read.trim().to_owned();
    if is_key(&key) {
        Ok(key)
    } else {
        Err(Failure::input(format!("--key: the file {text} holds no public key (name+id+key)")))
    }
}

fn told(name: &str, verified: &Verified) -> String {
    let mut lines = vec![
        format!(
            "{name} is what the broker sealed: {} records, {} signed checkpoints.",
            verified.size, verified.checkpoints
        ),
        format!("trail  {}", verified.origin),
        format!("root   {}", verified.root),
    ];
    lines.extend(verified.keys.iter().map(|key| format!("key    {key}")));
    match verified.grown_from {
        Some(size) => lines.push(format!("It has only grown since the earlier one, which had {size} records.")),
        None => {
            lines.push("Whether its tail was cut off shows only against an earlier checkpoint (--against).".to_owned())
        }
    }
    if !verified.pinned {
        lines.push("The keys are those of the file: give one that you know with --key.".to_owned());
    }
    lines.join("\n")
}
