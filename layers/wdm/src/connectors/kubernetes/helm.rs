//! The `helm` program: turns a chart into manifests, on the broker's machine.
//! It gets no credential, no environment and no folder of anybody's; what it
//! may take of time, memory and output is bounded.

use hansa_kubernetes_client::bounded;
use hansa_ontology::resource_model::ChartSource;
use hansa_repository::system::{SystemError, SystemErrorKind};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, Command},
};

/// So long one rendering may take, the fetch of the chart included.
const LONGEST: Duration = Duration::from_secs(120);
/// So much it may print: what comes of a chart, in bytes.
const MOST: u64 = 8 << 20;
/// So much memory it may have, so much of the processor (in seconds), and so long a file may be.
const LIMITS: [(Resource, u64); 3] = [(Resource::Data, 1 << 30), (Resource::Cpu, 60), (Resource::Fsize, 64 << 20)];
/// Of the broker's own environment: how the network is reached, and whom TLS trusts.
const PASSED: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/// One rendering.
#[derive(Debug, Clone)]
pub(super) struct Rendering {
    pub(super) release: String,
    pub(super) namespace: String,
    pub(super) source: Chart,
    /// The values, as JSON.
    pub(super) values: String,
    pub(super) crds: bool,
    /// Something of an earlier run is there.
    pub(super) upgrade: bool,
    pub(super) cluster: Capabilities,
}

/// Where the chart comes from.
#[derive(Debug, Clone)]
pub(super) enum Chart {
    /// The packed chart itself.
    Archive(Vec<u8>),
    /// What stands behind the name of the release, and more arguments.
    Named(String, Vec<String>),
}

/// What charts ask a cluster for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Capabilities {
    /// `v1.20.2`.
    pub(super) version: String,
    /// `apps/v1`, and `example.com/v1/Thing`.
    pub(super) apis: Vec<String>,
}

impl Chart {
    /// None where the archive is no base64.
    pub(super) fn of(source: &ChartSource<'_>) -> Option<Self> {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let version = |version: &str| format!("--version={version}");
        Some(match source {
            ChartSource::Archive(text) => {
                let packed: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
                Self::Archive(STANDARD.decode(packed).ok()?)
            }
            ChartSource::Oci { reference, version: of } => Self::Named((*reference).to_owned(), vec![version(of)]),
            ChartSource::Packed(address) => Self::Named((*address).to_owned(), Vec::new()),
            ChartSource::Repository { address, name, version: of } => {
                Self::Named((*name).to_owned(), vec![format!("--repo={address}"), version(of)])
            }
        })
    }
}

/// Where the program is, by this process's own path.
pub(super) fn program() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join("helm")).find(|file| file.is_file())
}

fn failed(system: &str, kind: SystemErrorKind, said: &str, remedy: String) -> SystemError {
    let (system, action) = (system.to_owned(), "render the chart".to_owned());
    SystemError { system, kind, action, said: bounded(said), remedy }
}

/// What to say where there is no such program.
pub(super) fn absent(system: &str) -> SystemError {
    let remedy = "there is no program `helm` on the PATH of this broker (for a machine with an agent: in its image): install \
                  Helm 3 or 4 there, or bring the component as `kubernetes` manifests (helm template writes them)";
    failed(system, SystemErrorKind::Unsupported, "", remedy.to_owned())
}

/// The arguments.
fn arguments(of: &Rendering, folder: &Path) -> Vec<OsString> {
    let mut all: Vec<OsString> = vec!["template".into(), of.release.clone().into()];
    match &of.source {
        Chart::Archive(_) => all.push(folder.join("chart.tgz").into()),
        Chart::Named(chart, more) => {
            all.push(chart.into());
            all.extend(more.iter().map(Into::into));
        }
    }
    all.push(format!("--namespace={}", of.namespace).into());
    all.push(format!("--kube-version={}", of.cluster.version).into());
    all.extend(of.cluster.apis.iter().map(|api| format!("--api-versions={api}").into()));
    all.extend(["--values=-", "--skip-tests"].map(Into::into));
    all.extend(of.crds.then(|| "--include-crds".into()));
    all.extend(of.upgrade.then(|| "--is-upgrade".into()));
    all
}

fn command(program: &Path, of: &Rendering, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(arguments(of, folder)).current_dir(folder).env_clear().env("PATH", "/usr/bin:/bin");
    let passed = PASSED.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    command.envs(passed).env("HOME", folder).env("TMPDIR", folder).env("DOCKER_CONFIG", folder);
    for name in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "HELM_PLUGINS"] {
        command.env(name, folder.join(name.to_lowercase()));
    }
    command.env("KUBECONFIG", folder.join("none"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// The manifests that come of it.
pub(super) async fn render(system: &str, of: &Rendering) -> Result<String, SystemError> {
    let program = program().ok_or_else(|| absent(system))?;
    let broken = |error: std::io::Error| {
        let remedy = format!("the program {} can't be used on the broker's machine", program.display());
        failed(system, SystemErrorKind::Failed, &error.to_string(), remedy)
    };
    let folder = tempfile::Builder::new().prefix("hansa-helm-").tempdir().map_err(broken)?;
    if let Chart::Archive(packed) = &of.source {
        tokio::fs::write(folder.path().join("chart.tgz"), packed).await.map_err(broken)?;
    }
    let child = command(&program, of, folder.path()).spawn().map_err(broken)?;
    let output = match tokio::time::timeout(LONGEST, talk(child, &of.values)).await {
        Ok(output) => output.map_err(broken)?,
        Err(_) => {
            let remedy = format!("it took more than {} s; it is tried again", LONGEST.as_secs());
            return Err(failed(system, SystemErrorKind::TimedOut, "", remedy));
        }
    };
    printed(system, &output)
}

/// Gives it the values and takes what it prints. What is dropped is killed.
async fn talk(mut child: Child, values: &str) -> std::io::Result<Output> {
    limit(&child)?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // One that has ended already says why.
            drop(stdin.write_all(values.as_bytes()).await);
        }
    };
    let ((), stdout, stderr) = tokio::join!(write, read(stdout, MOST + 1), read(stderr, 64 << 10));
    let (stdout, stderr) = (stdout?, stderr?);
    if stdout.len() as u64 > MOST {
        child.start_kill()?;
    }
    Ok(Output { status: child.wait().await?, stdout, stderr })
}

async fn read(from: Option<impl AsyncRead + Unpin>, most: u64) -> std::io::Result<Vec<u8>> {
    let mut all = Vec::new();
    if let Some(from) = from {
        from.take(most).read_to_end(&mut all).await?;
    }
    Ok(all)
}

fn limit(child: &Child) -> std::io::Result<()> {
    let pid = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    for (resource, most) in LIMITS {
        let wanted = Rlimit { current: Some(most), maximum: Some(most) };
        match prlimit(pid, resource, wanted) {
            // It has ended already.
            Ok(_) | Err(rustix::io::Errno::SRCH) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn printed(system: &str, output: &Output) -> Result<String, SystemError> {
    if output.stdout.len() as u64 > MOST {
        let remedy = format!("more than {} MiB come of this chart: take it apart", MOST >> 20);
        return Err(failed(system, SystemErrorKind::Invalid, "", remedy));
    }
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    // Before it come warnings.
    let said = said.find("Error:").and_then(|at| said.get(at..)).unwrap_or(&said).trim().to_owned();
    let said = if said.is_empty() { format!("it ended with {}", output.status) } else { said };
    Err(judged(system, &said))
}

/// What its words mean: whether another try may help.
fn judged(system: &str, said: &str) -> SystemError {
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let (kind, remedy) = if has(&["x509:", "tls:"]) {
        (SystemErrorKind::Unreachable, "the chart's host is not trusted: SSL_CERT_FILE names the broker's anchors")
    } else if has(&["no such host", "connection refused", "i/o timeout", "dial tcp", "TLS handshake timeout", "EOF"]) {
        (SystemErrorKind::Unreachable, "see whether the chart's host can be reached from the broker; it is tried again")
    } else if has(&["401", "403", "unauthorized", "denied"]) {
        (SystemErrorKind::Forbidden, "charts that want a login can't be fetched: give the chart as `archive`")
    } else if has(&["429", "toomanyrequests", "500 ", "502 ", "503 ", "504 "]) {
        (SystemErrorKind::RateLimited, "it is tried again")
    } else if has(&["not found", "404", "no chart version found", "no cached repo"]) {
        (SystemErrorKind::Invalid, "name a chart and a version that are there")
    } else {
        (SystemErrorKind::Invalid, "change the chart or its `values`")
    };
    failed(system, kind, said, remedy.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendering(source: Chart) -> Rendering {
        Rendering {
            release: "web".to_owned(),
            namespace: "hansa-shop".to_owned(),
            source,
            values: "{}".to_owned(),
            crds: true,
            upgrade: false,
            cluster: Capabilities { version: "v1.20.2".to_owned(), apis: vec!["apps/v1".to_owned()] },
        }
    }

    #[test]
    fn it_is_told_all_by_arguments_and_nothing_else() {
        let chart =
            Chart::of(&ChartSource::Repository { address: "https://c.example", name: "shop", version: "1.2.3" });
        let all = arguments(&rendering(chart.unwrap()), Path::new("/t"));
        let wanted = "template web shop --repo=https://c.example --version=1.2.3 --namespace=hansa-shop \
                      --kube-version=v1.20.2 --api-versions=apps/v1 --values=- --skip-tests --include-crds";
        assert_eq!(all.join(" ".as_ref()).to_str().unwrap(), wanted);
        assert!(Chart::of(&ChartSource::Archive("not.base64")).is_none());
        assert!(matches!(Chart::of(&ChartSource::Archive("aGk=\n")), Some(Chart::Archive(packed)) if packed == b"hi"));
    }

    // Printed by Helm 3.17.2 and 4.3.1.
    #[test]
    fn what_it_says_is_understood() {
        for (said, kind) in [
            ("Error: execution error at (shop/templates/a.yaml:1:4): name is wanted", SystemErrorKind::Invalid),
            (
                "Error: failed to do request: Head \"https://127.0.0.1:1/v2/a/manifests/1.2.3\": dial tcp 127.0.0.1:1: \
                 connect: connection refused",
                SystemErrorKind::Unreachable,
            ),
        ] {
            assert_eq!(judged("edge", said).kind, kind, "{said}");
        }
    }
}
