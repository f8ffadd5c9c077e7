//! Images made here, of this machine's static busybox: there is no registry.

use super::{ENTRY, IMAGE, network::Network};
use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Stdio},
};

/// What holds a pod's network.
pub(super) const PAUSE: &str = "hansa.test/pause:1";

/// Programs of busybox that the image has under their own names.
const NAMES: [&str; 18] = [
    "sh", "httpd", "sleep", "cat", "echo", "env", "ls", "mkdir", "nc", "printf", "seq", "tail", "test", "touch",
    "true", "false", "wget", "dd",
];

/// Makes the images and hands them to containerd.
pub(super) fn import(folder: &Path, network: &Network) {
    let root = folder.join("image");
    for part in ["root/bin", "root/tmp", "root/www", "root/etc"] {
        fs::create_dir_all(root.join(part)).expect("a folder of the image");
    }
    fs::copy("/bin/busybox", root.join("root/bin/busybox")).expect("busybox-static is installed");
    for name in NAMES {
        symlink("busybox", root.join("root/bin").join(name)).expect("a link of the image");
    }
    fs::write(root.join("root/www/index.html"), "hello from a pod\n").expect("a page");
    let archive = folder.join("images.tar");
    tar(&root.join("layer.tar"), &root.join("root"), &["."]);
    let layer = sha256(&root.join("layer.tar"));
    let mut listed = Vec::new();
    let entry = serde_json::json!(["sh", "-c", "echo entrypoint \"$@\"; exec sleep 600", "it"]);
    for (name, file, entry, command) in [
        (IMAGE, "busybox.json", serde_json::Value::Null, serde_json::json!(["sh"])),
        (PAUSE, "pause.json", serde_json::Value::Null, serde_json::json!(["sleep", "2147483647"])),
        (ENTRY, "entry.json", entry, serde_json::json!(["own"])),
    ] {
        let config = serde_json::json!({
            "architecture": architecture(), "os": "linux",
            "config": { "Env": ["PATH=/bin"], "Entrypoint": entry, "Cmd": command },
            "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{layer}")] },
        });
        fs::write(root.join(file), config.to_string()).expect("an image's configuration");
        listed.push(serde_json::json!({ "Config": file, "RepoTags": [name], "Layers": ["layer.tar"] }));
    }
    fs::write(root.join("manifest.json"), serde_json::Value::from(listed).to_string()).expect("the manifest");
    tar(&archive, &root, &["manifest.json", "layer.tar", "busybox.json", "pause.json", "entry.json"]);
    let mut command = network.command(Path::new("ctr"));
    command
        .arg("--address")
        .arg(folder.join("c.sock"))
        .args(["--namespace", "k8s.io", "images", "import"])
        .arg(&archive);
    let imported = command.stdin(Stdio::null()).output().expect("ctr");
    assert!(imported.status.success(), "ctr: {}", String::from_utf8_lossy(&imported.stderr));
}

fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" }
}

fn tar(archive: &Path, folder: &Path, what: &[&str]) {
    let mut command = Command::new("tar");
    command.args(["--owner=0", "--group=0", "-cf"]).arg(archive).arg("-C").arg(folder).args(what);
    assert!(command.status().expect("tar").success(), "tar makes no {}", archive.display());
}

fn sha256(path: &Path) -> String {
    let told = Command::new("sha256sum").arg(path).output().expect("sha256sum");
    let text = String::from_utf8(told.stdout).expect("a sum");
    text.split_whitespace().next().expect("a sum").to_owned()
}
