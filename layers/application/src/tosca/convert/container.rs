//! Containers become components.

use super::{
    Conversion,
    environment::is_reserved,
    quantity,
    shape::{Shape, image_artifact, manifest},
};
use crate::{
    descriptor::node::{Data, Node, Position},
    tosca::{functions::contains_call, template::NodeTemplate, value::is_placeholder},
};
use hansa_ontology::quantity::Mebibytes;
use hansa_ontology::resource_model::{
    Component, ContainerPackage, KubernetesPackage, OnPeerChange, Package, Replicas, Resources, RunPolicy,
    contract::is_variable_name,
};
use std::collections::BTreeSet;

/// Settings of a container, from its properties and from what it gives its orchestrator.
pub(super) struct Settings<'a> {
    pub(super) name: &'a str,
    pub(super) node: &'a NodeTemplate,
    /// Those that went into the model.
    pub(super) used: BTreeSet<String>,
}

impl<'a> Settings<'a> {
    /// A setting: the property, or what old descriptions give the orchestrator under the same name.
    pub(super) fn take(&mut self, name: &str) -> Option<&'a Node> {
        let property = self.node.properties.get(name).filter(|value| !value.is_null());
        let found = property.or_else(|| manifest(self.node)?.given(name))?;
        self.used.insert(name.to_owned());
        Some(found)
    }
}

/// Memory of an instance where the template states none.
const ASSUMED_MEMORY: Mebibytes = Mebibytes(512);

/// Properties of a container that the model has no word for, and what to do about each.
const UNSAID: [(&str, &str); 17] = [
    ("securityContext", "the broker decides about rights; ask its owner"),
    ("privileged", "the broker decides about rights; ask its owner"),
    ("imagePullPolicy", "name the image by its digest where the same tag may change"),
    ("labels", "the broker labels what it makes itself"),
    ("tty", "leave it out"),
    ("stdin", "leave it out"),
    ("lifecycle", "let the program itself do it when it starts and ends"),
    ("networks", "components of one application reach each other"),
    ("dns", "use names that everybody can look up"),
    ("dns_search", "use whole names"),
    ("extra_hosts", "use names that everybody can look up"),
    ("env_file", "write the variables into `env`"),
    ("secrets", "give the program its secrets another way"),
    ("configs", "put the files into the image"),
    ("volumes", "state a volume in the model"),
    ("volumeMounts", "state a volume in the model"),
    ("workingDir", "set it in the image"),
];

impl Conversion<'_> {
    /// The component of a node. None: it can't be one, which the report says.
    pub(super) fn component(&mut self, name: &str, node: &NodeTemplate) -> Option<Component> {
        let shape = self.shape(node);
        let mut settings = Settings { name, node, used: BTreeSet::new() };
        if shape == Shape::Init {
            if !self.is_step(name) {
                let why = "no container names it";
                let remedy = "name it under `requirements` of a container, as `container`";
                self.remarks.left_out(node.at, format!("the init container `{name}`"), why, remedy);
            }
            return None;
        }
        let package = match shape {
            Shape::Manifest => self.manifest_package(name, node)?,
            _ => Package::Container(self.container(&mut settings)?),
        };
        let in_container = matches!(package, Package::Container(_));
        let environment = if in_container { self.environment(&mut settings) } else { Default::default() };
        let ports = if in_container { self.ports(&mut settings) } else { Default::default() };
        let resources = self.resources(&mut settings);
        let health = if in_container { self.health(&mut settings, &ports) } else { None };
        let volumes = if in_container { self.volumes(&settings) } else { Default::default() };
        let files = if in_container { self.files(&settings) } else { Default::default() };
        let replicas = self.replicas(&mut settings, shape);
        let constraints = self.machine_constraints(name);
        self.unsaid(&settings, shape);
        Some(Component {
            package,
            resources,
            ports,
            environment,
            volumes,
            files,
            replicas,
            scaling: None,
            run: if shape == Shape::Job { RunPolicy::Once } else { RunPolicy::Service },
            defer: None,
            health,
            on_peer_change: OnPeerChange::default(),
            constraints,
            machines: BTreeSet::new(),
        })
    }

    fn container(&mut self, settings: &mut Settings<'_>) -> Option<ContainerPackage> {
        let image = self.image(settings)?;
        let (command, arguments) = self.program(settings);
        Some(ContainerPackage { image, command, arguments, init: self.steps(settings) })
    }

    /// Command and arguments.
    pub(super) fn program(&mut self, settings: &mut Settings<'_>) -> (Vec<String>, Vec<String>) {
        let command = match settings.take("command") {
            Some(list) => self.words(list, settings, "command"),
            None => match settings.take("entrypoint") {
                Some(line) => self.words(line, settings, "entrypoint"),
                None => Vec::new(),
            },
        };
        let arguments = settings.take("args").map(|list| self.words(list, settings, "args")).unwrap_or_default();
        (command, arguments)
    }

    /// The image: the property, or the artifact in its repository.
    pub(super) fn image(&mut self, settings: &mut Settings<'_>) -> Option<String> {
        let (name, node) = (settings.name, settings.node);
        let property = settings.take("image");
        let artifact = image_artifact(node);
        let found = property.or_else(|| artifact.and_then(|artifact| artifact.file.as_ref()));
        let Some(found) = found.filter(|image| !image.is_null()) else {
            let why = "it has neither the property `image` nor an artifact with a container image";
            self.remarks.left_out(node.at, format!("the container `{name}`"), why, "name its image");
            return None;
        };
        let Some(text) = found.text().filter(|_| !contains_call(found)) else {
            self.remarks.unbound(
                found.at,
                format!("the image of `{name}`"),
                "it is only known when a value is given for it",
            );
            return None;
        };
        if is_placeholder(text) {
            self.remarks.unbound(found.at, format!("the image of `{name}`"), "the template leaves it to be filled in");
        }
        let repository = artifact.filter(|_| property.is_none()).and_then(|artifact| artifact.repository.as_deref());
        let url = repository.and_then(|name| self.world.unit(self.topology.unit)?.repositories.get(name).cloned());
        let registry = url.as_deref().map(registry).filter(|registry| !registry.is_empty());
        Some(match registry {
            Some(registry) if !text.starts_with(&registry) => format!("{registry}/{text}"),
            _ => text.trim().to_owned(),
        })
    }

    /// Program and arguments: a list of texts, or one line.
    fn words(&mut self, node: &Node, settings: &Settings<'_>, field: &str) -> Vec<String> {
        let mut found = Vec::new();
        let list: Vec<String> = match &node.data {
            Data::Sequence(items) => items
                .iter()
                .filter_map(|item| {
                    let text = item.scalar().map(str::to_owned);
                    if text.is_none() {
                        self.remarks.unbound(
                            item.at,
                            format!("a part of `{field}` of `{}`", settings.name),
                            "it has no value yet",
                        );
                    }
                    text
                })
                .collect(),
            _ => node.scalar().map(split_words).unwrap_or_default(),
        };
        for word in list {
            found.push(self.references(&word, node.at, settings, field));
        }
        found
    }

    /// `$(NAME)` of Kubernetes is `${NAME}` here, its `$$` is `$`, and `${` itself is `$${`.
    fn references(&mut self, word: &str, at: Position, settings: &Settings<'_>, field: &str) -> String {
        let (mut out, mut rest) = (String::new(), word);
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            let named = after.strip_prefix('(').and_then(|inner| inner.split_once(')'));
            rest = match named {
                Some((name, behind)) => {
                    self.reference(&mut out, name, at, settings, field);
                    behind
                }
                None => {
                    let after = after.strip_prefix('$').unwrap_or(after);
                    out.push_str(if after.starts_with('{') { "$$" } else { "$" });
                    after
                }
            };
        }
        out.push_str(rest);
        out
    }

    fn reference(&mut self, out: &mut String, name: &str, at: Position, settings: &Settings<'_>, field: &str) {
        match value_of(settings.node, name) {
            // What belongs to the broker is no variable of the component's, so its value stands there.
            Some(value) if is_reserved(name) => out.push_str(&value.replace("${", "$${")),
            Some(_) => {
                out.push_str(&format!("${{{name}}}"));
                let what = format!("`${{{name}}}` in `{field}` of `{}`", settings.name);
                self.remarks.derived(at, what, "so the model writes `$(NAME)`");
            }
            None => out.push_str(&format!("$({name})")),
        }
    }

    fn resources(&mut self, settings: &mut Settings<'_>) -> Resources {
        let deploy = settings.node.properties.get("deploy").and_then(|deploy| deploy.given("resources"));
        let own = settings.take("resources");
        if deploy.is_some() {
            settings.used.insert("deploy".to_owned());
        }
        let asked = own.and_then(|own| own.given("requests")).or_else(|| deploy.and_then(|d| d.given("reservations")));
        let bound = own.and_then(|own| own.given("limits")).or_else(|| deploy.and_then(|d| d.given("limits")));
        // Old descriptions have `cpus` and `memory` without a word before them.
        let sources = [asked, bound, deploy, own];
        let find = |names: &[&str]| {
            sources.iter().flatten().find_map(|source| names.iter().find_map(|name| source.given(name)))
        };
        // What the model assumes is too little for what people have in images.
        let mut resources = Resources { memory: ASSUMED_MEMORY, ..Resources::default() };
        let what = |word: &str| format!("{word} of `{}`", settings.name);
        let amount = |node: &Node| node.scalar().map(str::to_owned);
        match find(&["cpu", "cpus"]).map(|node| (node.at, amount(node).and_then(|text| quantity::cpu(&text)))) {
            Some((_, Some(cpu))) => resources.cpu = cpu,
            Some((at, None)) => self.remarks.left_out(
                at,
                what("the processors"),
                "it is no amount that is read here",
                "write a number, or thousandths such as 250m",
            ),
            None => {}
        }
        match find(&["memory"]).map(|node| (node.at, amount(node).and_then(|text| quantity::memory(&text)))) {
            Some((_, Some(memory))) => resources.memory = memory,
            Some((at, None)) => self.remarks.left_out(
                at,
                what("the memory"),
                "it is no amount that is read here",
                "write it such as 512Mi",
            ),
            None => {}
        }
        if let Some(disk) = find(&["ephemeral-storage"]).and_then(amount).and_then(|text| quantity::memory(&text)) {
            resources.disk = disk;
        }
        if let Some(gpus) =
            find(&["nvidia.com/gpu", "amd.com/gpu"]).and_then(Node::scalar).and_then(|text| text.parse().ok())
        {
            resources.gpus = gpus;
        }
        // Requests are no limits.
        resources.burst = bound.is_none_or(|bound| bound.given("cpu").is_none() && bound.given("cpus").is_none());
        if let (Some(asked), Some(bound)) = (asked, bound)
            && !asked.same(bound)
        {
            let why = "an instance gets what it asks for, and no more";
            self.remarks.changed(bound.at, what("the limits"), why, "state what it needs at most under `requests`");
        }
        if find(&["cpu", "cpus"]).is_none() || find(&["memory"]).is_none() {
            let why = "the template doesn't say what one instance needs";
            let what = format!("{} CPU and {} of memory for `{}`", resources.cpu, resources.memory, settings.name);
            self.remarks.derived(settings.node.at, what, why);
        }
        resources
    }

    /// How many instances: what a policy, the template or its orchestrator says.
    fn replicas(&mut self, settings: &mut Settings<'_>, shape: Shape) -> Replicas {
        if shape == Shape::DaemonSet {
            let max = self.machine_count(settings.name);
            return Replicas::Range { min: 1, max: Some(max.max(1)) };
        }
        if shape == Shape::Job || shape == Shape::Manifest {
            return Replicas::Fixed(1);
        }
        if let Some(range) = self.scaled(settings.name) {
            return range;
        }
        let stated = settings.node.count.as_ref().and_then(Node::integer);
        let deploy = settings.node.properties.get("deploy").and_then(|deploy| deploy.given("replicas"));
        if deploy.is_some() {
            settings.used.insert("deploy".to_owned());
        }
        let spec = manifest(settings.node)
            .and_then(|inputs| inputs.given("spec")?.given("replicas").or_else(|| inputs.given("replicas")));
        let count = stated.or_else(|| deploy.and_then(Node::integer)).or_else(|| spec.and_then(Node::integer));
        if let Some(count) = count.and_then(|count| u32::try_from(count).ok()) {
            return Replicas::Fixed(count.min(Replicas::MOST));
        }
        let scalable = settings.node.capabilities.get("scalable").filter(|capability| capability.stated);
        let number = |name: &str| {
            let value = scalable?.properties.get(name)?.integer()?;
            u32::try_from(value).ok().map(|count| count.min(Replicas::MOST))
        };
        match (number("min_instances"), number("max_instances")) {
            (Some(min), Some(max)) if min < max => Replicas::Range { min, max: Some(max) },
            (Some(min), _) => Replicas::Fixed(min),
            _ => Replicas::Fixed(1),
        }
    }

    /// An object of Kubernetes as it is.
    fn manifest_package(&mut self, name: &str, node: &NodeTemplate) -> Option<Package> {
        let inputs = manifest(node)?;
        let mut value = inputs.to_value();
        let object = value.as_object_mut()?;
        if object.get("kind").is_none() {
            let why = "its inputs name no `kind`";
            self.remarks.left_out(node.at, format!("the object `{name}`"), why, "state `apiVersion` and `kind`");
            return None;
        }
        object.entry("apiVersion").or_insert_with(|| serde_json::json!("v1"));
        let metadata = object.entry("metadata").or_insert_with(|| serde_json::json!({}));
        if let Some(metadata) = metadata.as_object_mut() {
            let label = self.names.get(name).cloned().unwrap_or_default();
            metadata.entry("name").or_insert_with(|| serde_json::json!(label));
        }
        // JSON is YAML.
        let manifests = serde_json::to_string_pretty(&value).ok()?;
        let why = "it needs an offer that takes objects of Kubernetes";
        self.remarks.derived(node.at, format!("`{name}` is a package of Kubernetes"), why);
        Some(Package::Kubernetes(KubernetesPackage { manifests }))
    }

    /// Properties, and inputs of the orchestrator, that went nowhere.
    pub(super) fn unsaid(&mut self, settings: &Settings<'_>, shape: Shape) {
        const QUIET: [&str; 2] = ["name", "container_name"];
        if shape == Shape::Manifest {
            return;
        }
        for (name, value) in &settings.node.properties {
            if settings.used.contains(name) || QUIET.contains(&name.as_str()) || value.is_empty() {
                continue;
            }
            let remedy = UNSAID.iter().find(|(known, _)| known == name).map_or("leave it out", |(_, remedy)| remedy);
            let at = settings.node.stated.get(name).copied().unwrap_or(value.at);
            let why = "the model has no word for it";
            self.remarks.left_out(at, format!("`{name}` of `{}`", settings.name), why, remedy);
        }
        for entry in manifest(settings.node).into_iter().flat_map(Node::entries) {
            let known =
                settings.used.contains(&entry.key) || matches!(entry.key.as_str(), "kind" | "apiVersion" | "replicas");
            let only_replicas =
                entry.key == "spec" && entry.value.entries().iter().all(|inner| inner.key == "replicas");
            if !known
                && !only_replicas
                && !entry.value.is_empty()
                && entry.at.file < crate::tosca::types::builtin::FIRST
            {
                let why = "what is written for a manifest is not carried over";
                let remedy = "say it in the model, or make it an object of `tosca.nodes.MiCADO.Kubernetes`";
                self.remarks.left_out(
                    entry.at,
                    format!("`{}` in the inputs of `create` of `{}`", entry.key, settings.name),
                    why,
                    remedy,
                );
            }
        }
        self.scripts(settings);
    }

    /// Operations of the life cycle.
    fn scripts(&mut self, settings: &Settings<'_>) {
        for (interface, operations) in &settings.node.interfaces {
            if matches!(interface.as_str(), "Kubernetes" | "Swarm") {
                continue;
            }
            for (name, operation) in operations {
                let why = "a container has all that it needs in its image: scripts by interface have no meaning here";
                let what = format!("the operation `{interface}.{name}` of `{}`", settings.name);
                self.remarks.left_out(operation.at, what, why, "do it in the image");
            }
        }
    }
}

/// The registry of a repository's address; nothing for the one that is meant without a name.
fn registry(url: &str) -> String {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/');
    let host = bare.split('/').next().unwrap_or_default();
    if matches!(
        host,
        "hub.docker.com" | "docker.io" | "registry.hub.docker.com" | "registry-1.docker.io" | "index.docker.io"
    ) {
        return String::new();
    }
    bare.to_owned()
}

/// The value of a variable of the container, where it is known and a variable can have such a name.
fn value_of<'n>(node: &'n NodeTemplate, name: &str) -> Option<&'n str> {
    let list = node.properties.get("env").map(Node::items).unwrap_or_default();
    let listed = list.iter().find(|item| item.get("name").and_then(Node::text) == Some(name));
    let mapped = || node.properties.get("environment").and_then(|map| map.get(name));
    let found = listed.and_then(|item| item.get("value")).or_else(mapped)?;
    found.scalar().filter(|_| is_variable_name(name))
}

/// A line in words, with quotes as a shell has them.
fn split_words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut any) = (Vec::new(), String::new(), None::<char>, false);
    let mut letters = line.chars();
    while let Some(c) = letters.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                any = true;
            }
            (None, '\\') => word.extend(letters.next()),
            (None, c) if c.is_whitespace() => {
                if any || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            (_, c) => word.push(c),
        }
    }
    if any || !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_registries() {
        assert_eq!(split_words("sh -c 'a b' \"c\"\\ d ''"), ["sh", "-c", "a b", "c d", ""]);
        assert_eq!(registry("https://hub.docker.com"), "");
        assert_eq!(registry("https://my-registry.example.eu/"), "my-registry.example.eu");
    }
}
