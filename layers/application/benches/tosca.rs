//! How long reading a template takes: one of usual size, and one of 5,000 nodes.

use criterion::{Criterion, criterion_group, criterion_main};
use hansa_application::tosca::{Inputs, NoFiles, Offline, Source, read};
use std::{fmt::Write, hint::black_box};

const HEAD: &str = "tosca_definitions_version: tosca_simple_yaml_1_2
imports: [https://raw.githubusercontent.com/micado-scale/tosca/main/micado_types.yaml]
topology_template:
  node_templates:
    worker:
      type: tosca.nodes.MiCADO.EC2.Compute
      properties: { region_name: eu-west-2, image_id: x, instance_type: t2.medium }
      capabilities: { host: { properties: { num_cpus: 2, mem_size: 2 GB } } }
";

/// A template of so many containers, each of which calls the one before.
fn template(nodes: usize) -> String {
    let mut text = HEAD.to_owned();
    for number in 0..nodes {
        let before = number.saturating_sub(1);
        let written = write!(
            text,
            "    c{number}:
      type: tosca.nodes.MiCADO.Container.Application.Docker.Deployment
      properties:
        image: registry.example/c:1
        env:
        - name: PEER_HOST
          value: c{before}
        - name: MODE
          value: fast
        ports:
        - containerPort: 8080
        resources:
          requests: {{ cpu: 100m, memory: 128Mi }}
      requirements:
      - host: worker
"
        );
        debug_assert!(written.is_ok());
    }
    text
}

fn reading(criterion: &mut Criterion) {
    for nodes in [3, 5_000] {
        let text = template(nodes);
        let source = Source { name: "a.yaml", bytes: text.as_bytes(), files: &NoFiles };
        criterion.bench_function(&format!("read {nodes} nodes"), |bencher| {
            bencher.iter(|| black_box(read(&source, &Offline, &Inputs::default())));
        });
        criterion.bench_function(&format!("read and convert {nodes} nodes"), |bencher| {
            bencher.iter(|| {
                let outcome = read(&source, &Offline, &Inputs::default());
                black_box(outcome.template.map(hansa_application::tosca::ServiceTemplate::convert))
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = reading
}
criterion_main!(benches);
