//! Packages that are Helm charts, rendered by the real program, of both major
//! versions that people have. The connector looks for it on its own path, so
//! these tests run in a process whose path begins with it.

use crate::world::{World, eventually, listed, with_a_control_plane, with_a_node};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hansa_ontology::resource_model::{HelmPackage, Package};
use hansa_test_systems::{
    find,
    helm::{REMEDY, Registry, helm},
    kubernetes::IMAGE,
    wanted,
};
use hansa_wdm::{Peers, WdmError, WorkloadSpec};
use k8s_openapi::{
    api::{
        apps::v1::Deployment,
        batch::v1::Job,
        core::v1::{ConfigMap, Pod},
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{ResourceExt as _, api::ListParams};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use std::{ffi::OsString, fs, path::Path, process::Command};

/// Runs the tests of this name in a process that has this program.
fn rerun(name: &str, path: OsString, more: &[(&str, &Path)]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([name, "--ignored", "--test-threads=1", "--nocapture"]).env("PATH", path).envs(more.iter().copied());
    let done = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    for line in said.lines().filter(|line| line.starts_with("figure:") || line.contains("SKIPPED")) {
        eprintln!("{line}");
    }
    assert!(done.status.success() && !said.contains("running 0 tests"), "{name}:\n{said}");
}

fn with_program(name: &str, major: u32, more: &[(&str, &Path)]) {
    let folder = helm(major);
    if !wanted("helm", folder.is_some(), REMEDY) {
        return;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = folder.into_iter().chain(std::env::split_paths(&path));
    rerun(name, std::env::join_paths(folders).unwrap(), more);
}

#[test]
fn a_chart_by_helm_3() {
    with_program("charts::inner_", 3, &[]);
}

#[test]
fn a_chart_by_helm_4() {
    with_program("charts::inner_life", 4, &[]);
}

#[test]
fn without_helm_a_chart_is_refused() {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).filter(|folder| !folder.join("helm").exists());
    rerun("charts::absent_", std::env::join_paths(folders).unwrap(), &[]);
}

#[test]
fn charts_are_fetched_from_a_registry() {
    if !wanted("helm", Registry::is_installed(), REMEDY) {
        return;
    }
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = own.signed_by(&key, &authority).unwrap().pem();
    let registry = Registry::start(&certificate, &key.serialize_pem());
    let folder = tempfile::tempdir().unwrap();
    let anchors = folder.path().join("anchors.pem");
    fs::write(&anchors, authority.pem()).unwrap();
    let address = folder.path().join("address");
    fs::write(&address, registry.address()).unwrap();
    for major in [3, 4] {
        let mut more: [(&str, &Path); 3] =
            [("SSL_CERT_FILE", &anchors), ("REGISTRY_ANCHORS", &anchors), ("REGISTRY_ADDRESS", &address)];
        with_program("charts::fetched_", major, &more);
        // Whom the broker's own anchors don't vouch for.
        more[0].1 = Path::new("/etc/ssl/certs/ca-certificates.crt");
        with_program("charts::untrusted_", major, &more);
    }
}

const VALUES: &str = "greeting: hello\nhooks: true\nbroken: false\nbig: 0\nelsewhere: ''\nthing: false\n";
const SCHEMA: &str = r#"{"type": "object", "properties": {"greeting": {"type": "string"}}}"#;
const DEPLOYMENT: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-shop
  namespace: {{ .Release.Namespace }}
spec:
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: shop
        image: IMAGE
        command: [sh, -c, 'trap exit TERM; while true; do sleep 1; done']
        env: [{name: GREETING, value: {{ .Values.greeting | quote }}}]
"#;
const CONFIG: &str = r#"
apiVersion: v1
kind: ConfigMap
metadata: {name: told, {{ with .Values.elsewhere }}namespace: {{ . }}{{ end }}}
data:
  version: {{ .Capabilities.KubeVersion.Version | quote }}
  upgrade: {{ .Release.IsUpgrade | quote }}
  networking: {{ .Capabilities.APIVersions.Has "networking.k8s.io/v1" | quote }}
  secrets: {{ lookup "v1" "Secret" "" "" | toJson | quote }}
  {{- if .Values.broken }}{{ fail "this shop needs a name" }}{{ end }}
  big: {{ repeat (int .Values.big) "0123456789" | quote }}
{{- if .Values.thing }}
---
apiVersion: hansa.test/v1
kind: Thing
metadata: {name: thing}
{{- end }}
"#;
const HOOKS: &str = r#"
{{- range $name, $on := dict "before" "pre-install,pre-upgrade" "after" "post-install,post-upgrade" "removal" "pre-delete" "probe" "test" }}
{{- if $.Values.hooks }}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ $name }}
  annotations: {helm.sh/hook: {{ $on | quote }}}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers:
      - {name: hook, image: IMAGE, command: [sh, -c, 'sleep 1; [ {{ $.Values.greeting }} != wrong ]']}
{{- end }}
{{- end }}
"#;
const CRD: &str = r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.hansa.test}
spec:
  group: hansa.test
  scope: Namespaced
  names: {kind: Thing, plural: things, singular: thing}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
"#;

/// The chart, packed by helm itself into this folder.
fn packed(folder: &Path) -> std::path::PathBuf {
    let chart = folder.join("shop");
    fs::create_dir_all(chart.join("templates")).unwrap();
    fs::create_dir_all(chart.join("crds")).unwrap();
    let write = |name: &str, text: &str| fs::write(chart.join(name), text.replace("IMAGE", IMAGE)).unwrap();
    write("Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.2.3\n");
    write("values.yaml", VALUES);
    write("values.schema.json", SCHEMA);
    write("templates/deployment.yaml", DEPLOYMENT);
    write("templates/config.yaml", CONFIG);
    write("templates/hooks.yaml", HOOKS);
    write("crds/thing.yaml", CRD);
    let done = Command::new("helm").args(["package", "shop"]).current_dir(folder).env("HOME", folder).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    folder.join("shop-1.2.3.tgz")
}

fn spec(world: &World, values: Value) -> WorkloadSpec {
    let folder = tempfile::tempdir().unwrap();
    let archive = STANDARD.encode(fs::read(packed(folder.path())).unwrap());
    let values = values.as_object().unwrap().clone();
    let package = HelmPackage { archive: Some(archive), values, ..HelmPackage::default() };
    WorkloadSpec { package: Package::Helm(package), ..world.shell("") }
}

fn set(spec: &mut WorkloadSpec, change: impl Fn(&mut HelmPackage)) {
    let Package::Helm(package) = &mut spec.package else { panic!("a chart") };
    change(package);
}

#[test]
#[ignore = "run by a_chart_by_helm_3 with the program on its path"]
fn inner_life() {
    with_a_node(async |world| {
        let mut spec = spec(&world, json!({}));
        let begun = std::time::Instant::now();
        world.until_healthy(&spec).await;
        eprintln!("figure: a chart with two hooks is healthy after {:?}", begun.elapsed());
        let namespace = world.namespace().await;
        let (files, jobs) = (world.api::<ConfigMap>(&namespace), world.api::<Job>(&namespace));
        let told = files.get("told").await.unwrap();
        assert_eq!(told.labels()["hansa.internal/workload"], spec.id.to_string());
        let data = told.data.unwrap();
        assert_eq!((&*data["version"], &*data["upgrade"], &*data["networking"]), ("v1.20.2", "false", "true"));
        assert_eq!(data["secrets"], "{}", "a chart sees nothing of the cluster");
        let names: Vec<String> =
            jobs.list(&ListParams::default()).await.unwrap().iter().map(|it| it.name_any()).collect();
        assert_eq!(names, ["after", "before"], "neither that of the removal nor the test");
        let (shops, first) = (world.api::<Deployment>(&namespace), jobs.get("before").await.unwrap());
        let shop = shops.get("web-shop").await.unwrap();
        let ended = first.status.as_ref().and_then(|it| it.completion_time.clone()).unwrap();
        assert!(ended.0 <= shop.metadata.creation_timestamp.clone().unwrap().0, "the hook had come to its end");
        let pods = world.api::<Pod>(&namespace).list(&ListParams::default().labels("app=web")).await.unwrap();
        assert!(pods.iter().all(|pod| pod.labels()["hansa.internal/broker"] == world.systems.broker()));

        // A hook that fails: said, and what runs goes on.
        spec.revision = "2".to_owned();
        set(&mut spec, |package| drop(package.values.insert("greeting".to_owned(), "wrong".into())));
        world.until_said(&spec, "run the hook Job before").await;
        assert_eq!(shops.get("web-shop").await.unwrap().metadata.uid, shop.metadata.uid);

        // Another revision: an upgrade, whose hooks run anew.
        spec.revision = "3".to_owned();
        set(&mut spec, |package| drop(package.values.insert("greeting".to_owned(), "two".into())));
        world.until(&spec, |status| status.revision == "3" && status.state.is_healthy()).await;
        assert_eq!(files.get("told").await.unwrap().data.unwrap()["upgrade"], "true");
        assert_ne!(jobs.get("before").await.unwrap().metadata.uid, first.metadata.uid);

        // Without hooks: what is no longer named goes. A hook that is gone is no loss.
        spec.revision = "4".to_owned();
        set(&mut spec, |package| drop(package.values.insert("hooks".to_owned(), false.into())));
        world.until(&spec, |status| status.revision == "4" && status.state.is_healthy()).await;
        eventually("the hooks go", async || {
            jobs.list(&ListParams::default()).await.unwrap().items.is_empty().then_some(())
        })
        .await;

        // What somebody deletes comes back.
        shops.delete("web-shop", &Default::default()).await.unwrap();
        eventually("it is missed", async || {
            let seen = world.wdm.workload_observe(world.application).await.unwrap();
            let missed = |reason: &str| reason.contains("web-shop was deleted by somebody");
            seen.iter().any(|one| one.state.reason().is_some_and(missed)).then_some(())
        })
        .await;
        world.until_healthy(&spec).await;
        world.remove(&spec).await;
        world.assert_nothing_left().await;
    });
}

#[test]
#[ignore = "run by a_chart_by_helm_3 with the program on its path"]
fn inner_refusals() {
    with_a_control_plane(async |cluster| {
        let world = World::new(&cluster, &[("chartSources", "oci://registry.example/charts")]).await;
        // What the chart, the program or the broker doesn't take, in their words.
        for (values, words) in [
            (json!({ "broken": true }), "this shop needs a name"),
            (json!({ "greeting": 1 }), "greeting"),
            (json!({ "big": 2_000_000 }), "more than 8 MiB"),
            (json!({ "elsewhere": "kube-system" }), "names a namespace"),
            (json!({ "thing": true, "hooks": false }), "knows no Thing"),
        ] {
            let spec = spec(&world, values);
            world.until_said(&spec, words).await;
            world.remove(&spec).await;
        }
        let mut broken = spec(&world, json!({}));
        set(&mut broken, |package| package.archive = Some(STANDARD.encode("no chart")));
        world.until_said(&broken, "Error:").await;
        world.remove(&broken).await;
        let mut scoped = spec(&world, json!({}));
        set(&mut scoped, |package| package.crds = true);
        world.until_said(&scoped, "clusterScoped").await;
        world.remove(&scoped).await;

        // Before anything is made.
        let refused = async |spec: &WorkloadSpec| world.wdm.workload_prepare(spec).await.unwrap_err();
        let mut far = spec(&world, json!({}));
        set(&mut far, |package| {
            *package =
                HelmPackage { chart: Some("https://elsewhere.example/shop.tgz".to_owned()), ..Default::default() };
        });
        let error = refused(&far).await;
        assert!(matches!(&error, WdmError::System(it) if it.kind.is_refusal()), "{error}");
        assert!(error.to_string().contains("chartSources"), "{error}");
        let error = refused(&WorkloadSpec { package: far.package.clone(), ..world.server() }).await;
        assert!(matches!(&error, WdmError::Invalid { field, .. } if field == "ports"), "{error}");
        let long = WorkloadSpec { component: "x".repeat(54), ..far.clone() };
        let error = refused(&long).await;
        assert!(matches!(&error, WdmError::Invalid { field, .. } if field == "component"), "{error}");
        world.assert_nothing_left().await;
    });
}

#[test]
#[ignore = "run by a_chart_by_helm_3 with the program on its path"]
fn inner_kinds() {
    with_a_control_plane(async |cluster| {
        // No pod runs here: what the chart defines and what it has of that are what counts.
        let world = World::new(&cluster, &[("clusterScoped", "yes")]).await;
        let mut spec = spec(&world, json!({ "thing": true, "hooks": false }));
        set(&mut spec, |package| package.crds = true);
        let labels = format!("hansa.internal/broker={}", world.systems.broker());
        eventually("the chart's things are there", async || {
            drop(world.wdm.workload_apply(&spec, &Peers::new()).await);
            let made = listed::<CustomResourceDefinition>(&world.client, &labels).await;
            let shops = listed::<Deployment>(&world.client, &labels).await;
            (made.len() == 1 && shops.len() == 1).then_some(())
        })
        .await;
        world.remove(&spec).await;
        assert!(listed::<CustomResourceDefinition>(&world.client, &labels).await.is_empty());
        world.assert_nothing_left().await;
    });
}

#[test]
#[ignore = "run by without_helm_a_chart_is_refused without the program on its path"]
fn absent_program() {
    assert!(find(&["helm"]).is_none());
    with_a_control_plane(async |cluster| {
        let world = World::new(&cluster, &[]).await;
        let package = HelmPackage { archive: Some(STANDARD.encode("a chart")), ..HelmPackage::default() };
        let spec = WorkloadSpec { package: Package::Helm(package), ..world.shell("") };
        let error = world.wdm.workload_prepare(&spec).await.unwrap_err();
        assert!(matches!(&error, WdmError::System(it) if it.kind.is_refusal()), "{error}");
        assert!(error.to_string().contains("install Helm"), "{error}");
        world.assert_nothing_left().await;
    });
}

/// The registry, once the chart is in it.
fn pushed() -> String {
    let address = fs::read_to_string(std::env::var_os("REGISTRY_ADDRESS").unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut push = Command::new("helm");
    push.arg("push").arg(packed(folder.path())).arg(format!("{address}/charts"));
    push.arg("--ca-file").arg(std::env::var_os("REGISTRY_ANCHORS").unwrap()).env("HOME", folder.path());
    let pushed = push.output().unwrap();
    assert!(pushed.status.success(), "{pushed:?}");
    address
}

fn of_registry(world: &World, address: &str, version: &str) -> WorkloadSpec {
    let chart = Some(format!("{address}/charts/shop"));
    let values = json!({ "hooks": false }).as_object().unwrap().clone();
    let package = HelmPackage { chart, version: Some(version.to_owned()), values, ..HelmPackage::default() };
    WorkloadSpec { package: Package::Helm(package), ..world.shell("") }
}

#[test]
#[ignore = "run by charts_are_fetched_from_a_registry with the program on its path"]
fn fetched_chart() {
    let address = pushed();
    with_a_control_plane(async |cluster| {
        let world = World::new(&cluster, &[("chartSources", &address)]).await;
        let absent = of_registry(&world, &address, "9.9.9");
        let said = world.until_said(&absent, "Error:").await;
        assert!(said.contains("9.9.9"), "{said}");
        world.remove(&absent).await;
        let spec = of_registry(&world, &address, "1.2.3");
        let labels = format!("hansa.internal/broker={}", world.systems.broker());
        eventually("the chart is fetched and applied", async || {
            drop(world.wdm.workload_apply(&spec, &Peers::new()).await);
            (listed::<Deployment>(&world.client, &labels).await.len() == 1).then_some(())
        })
        .await;
        world.remove(&spec).await;
        world.assert_nothing_left().await;
    });
    let left = fs::read_dir(std::env::temp_dir()).unwrap().flatten();
    let left: Vec<OsString> =
        left.map(|it| it.file_name()).filter(|it| it.to_string_lossy().starts_with("hansa-helm-")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
#[ignore = "run by charts_are_fetched_from_a_registry with the program on its path"]
fn untrusted_registry() {
    let address = pushed();
    with_a_control_plane(async |cluster| {
        let world = World::new(&cluster, &[("chartSources", "any")]).await;
        let spec = of_registry(&world, &address, "1.2.3");
        let said = world.until_said(&spec, "can't be reached").await;
        assert!(said.contains("certificate"), "{said}");
        world.remove(&spec).await;
        world.assert_nothing_left().await;
    });
}
