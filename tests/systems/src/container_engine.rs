//! What Docker and Podman have in common as test systems: a socket in a
//! temporary folder, images made of one static program, and a command line.

use crate::Program;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The image that every engine of a test has: `sh`, `httpd`, `wget` and the rest of busybox.
pub const BUSYBOX: &str = "hansa-test/busybox:1";

/// A running engine. Dropping it ends it, and removes what it has made.
#[derive(Debug)]
pub struct ContainerEngine {
    /// `docker` or `podman`.
    pub name: &'static str,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) socket: PathBuf,
    /// In the order in which they are started; ended in the opposite one.
    pub(crate) programs: Vec<Program>,
    /// Starts the programs, again.
    pub(crate) begin: fn(&Path, &Path) -> Vec<Program>,
    /// Clears away what engines leave in the kernel.
    pub(crate) clear: fn(&Path),
}

impl ContainerEngine {
    pub(crate) fn start(
        name: &'static str,
        begin: fn(&Path, &Path) -> Vec<Program>,
        clear: fn(&Path),
        prepare: impl FnOnce(&Path),
    ) -> Self {
        let folder = tempfile::Builder::new().prefix("hansa-engine-").tempdir().expect("a temporary folder");
        prepare(folder.path());
        let socket = folder.path().join(format!("{name}.sock"));
        let programs = alone(|| begin(folder.path(), &socket));
        let engine = Self { name, folder, socket, programs, begin, clear };
        engine.build(BUSYBOX, "CMD [\"/bin/sh\"]");
        engine
    }

    /// Its address: `unix:///tmp/…/docker.sock`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// The file of its socket.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Makes an image of busybox with these further lines of a Dockerfile.
    ///
    /// # Panics
    /// When it can't be made.
    pub fn build(&self, image: &str, lines: &str) {
        let context = tempfile::Builder::new().prefix("hansa-image-").tempdir().expect("a temporary folder");
        let busybox = crate::program::find(&["busybox"]).expect("busybox");
        fs::copy(busybox, context.path().join("busybox")).expect("busybox can be read");
        let file = format!(
            "FROM scratch\nCOPY busybox /bin/busybox\nRUN [\"/bin/busybox\",\"--install\",\"/bin\"]\n{lines}\n"
        );
        fs::write(context.path().join("Dockerfile"), file).expect("a Dockerfile");
        let context = context.path().display().to_string();
        self.run(&["build", "--quiet", "--network", "none", "--tag", image, &context]);
    }

    /// Runs `docker` with these words against this engine, and gives what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, words: &[&str]) -> String {
        let (good, out, error) = self.try_run(words);
        assert!(good, "{} {words:?}: {error}", self.name);
        out
    }

    /// The same where failing is an answer: whether it went well, and both outputs.
    #[must_use]
    pub fn try_run(&self, words: &[&str]) -> (bool, String, String) {
        let output = Command::new("docker")
            .args(["--host", &self.address()])
            .args(words)
            .env("DOCKER_BUILDKIT", "0")
            .env("DOCKER_CONFIG", self.folder.path().join("config"))
            .stdin(Stdio::null())
            .output()
            .expect("the docker command runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        (output.status.success(), text(&output.stdout), text(&output.stderr))
    }

    /// Ends the engine as a crash or a reboot would; its data stays.
    pub fn stop(&mut self) {
        while let Some(mut program) = self.programs.pop() {
            program.stop();
        }
    }

    /// Starts it again on the same data.
    pub fn go_on(&mut self) {
        fs::remove_file(&self.socket).ok();
        self.programs = alone(|| (self.begin)(self.folder.path(), &self.socket));
    }

    /// Names of its containers, those that have ended too.
    #[must_use]
    pub fn containers(&self) -> Vec<String> {
        let listing = self.listing();
        listing.iter().filter_map(|line| line.strip_prefix("container ")).map(str::to_owned).collect()
    }

    /// Names of everything in it but the images: containers, networks of its
    /// users, volumes. Sorted.
    #[must_use]
    pub fn listing(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        let usual = ["bridge", "host", "none", "podman"];
        let lists: [(&str, &[&str]); 3] = [
            ("container", &["ps", "--all", "--format", "{{.Names}}"]),
            ("network", &["network", "ls", "--format", "{{.Name}}"]),
            ("volume", &["volume", "ls", "--format", "{{.Name}}"]),
        ];
        for (what, words) in lists {
            let names = self.run(words);
            let names = names.lines().filter(|name| !usual.contains(name));
            all.extend(names.map(|name| format!("{what} {name}")));
        }
        all.sort();
        all
    }
}

impl Drop for ContainerEngine {
    fn drop(&mut self) {
        // With the engine's own hands as far as it still lives.
        for (list, remove) in [
            (&["ps", "--all", "--quiet"][..], &["rm", "--force", "--volumes"][..]),
            (&["network", "ls", "--quiet", "--filter", "type=custom"][..], &["network", "rm"][..]),
        ] {
            let (_, ids, _) = self.try_run(list);
            let ids: Vec<&str> = ids.lines().collect();
            for some in ids.chunks(50) {
                let words: Vec<&str> = remove.iter().copied().chain(some.iter().copied()).collect();
                drop(self.try_run(&words));
            }
        }
        self.stop();
        alone(|| (self.clear)(self.folder.path()));
    }
}

/// Engines make and remove the same chains of the kernel's packet filter as
/// they come and go: on this machine one at a time.
fn alone<T>(work: impl FnOnce() -> T) -> T {
    let lock = fs::File::create(std::env::temp_dir().join("hansa-test-engines.lock")).expect("a lock file");
    lock.lock().expect("a lock");
    work()
}

/// Ends what an engine that was ended by force has left running: its own
/// helpers, known by the folder in their command lines.
pub(crate) fn end_below(folder: &Path) {
    let folder = folder.display().to_string();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&line).contains(&folder) {
            quietly("kill", &["-KILL", &entry.file_name().to_string_lossy()]);
        }
    }
}

/// Unmounts what is mounted below a folder, the deepest first.
pub(crate) fn unmount_below(folder: &Path) {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let below: Vec<&str> = mounts
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .filter(|path| Path::new(path).starts_with(folder))
        .collect();
    for path in below.iter().rev() {
        quietly("umount", &["--lazy", path]);
    }
}

/// Runs a command whose failure matters to nobody.
pub(crate) fn quietly(program: &str, words: &[&str]) {
    drop(Command::new(program).args(words).stdout(Stdio::null()).stderr(Stdio::null()).status());
}

/// Whether a program of that name runs anywhere on this machine.
pub(crate) fn runs(name: &str) -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok())
        .any(|stat| stat.contains(&format!("({name})")) && !stat.contains(") Z "))
}

/// Takes away the chains whose names begin like this, and the rules that lead into them.
pub(crate) fn chains_remove(beginning: &str) {
    for table in ["filter", "nat"] {
        let saved = Command::new("iptables-save").args(["-t", table]).output().map(|output| output.stdout);
        let saved = String::from_utf8_lossy(&saved.unwrap_or_default()).into_owned();
        let leads = |line: &&str| line.starts_with("-A ") && line.contains(beginning);
        for rule in saved.lines().filter(leads) {
            let rule = rule.replacen("-A ", "-D ", 1);
            let command = format!("iptables -t {table} {rule}");
            quietly("sh", &["-c", &command]);
        }
        let chains = saved.lines().filter_map(|line| line.strip_prefix(':')?.split(' ').next());
        for chain in chains.filter(|chain| chain.starts_with(beginning)) {
            quietly("iptables", &["-t", table, "-F", chain]);
            quietly("iptables", &["-t", table, "-X", chain]);
        }
    }
}
