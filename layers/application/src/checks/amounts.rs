//! Amounts: nothing of something is not asked for, a range has room, weights weigh.

use super::{Checker, draft::Part};
use crate::{
    descriptor::node::{field, item},
    diagnostic::Code,
    finding::Finding,
};
use hansa_ontology::resource_model::{Component, HealthCheck, Objective, Package, Replicas, Weights};

impl Checker<'_> {
    pub(super) fn amounts(&mut self) {
        for part in self.draft.components.values() {
            let Some(component) = &part.component else {
                continue;
            };
            self.resources(part, component);
            self.replicas(part);
            if let Some(health) = &component.health {
                self.health(part, health);
            }
            self.package(part, &component.package);
        }
        if let Some(Objective::Weighted(Weights { price, latency, carbon })) = self.draft.objective
            && price.is_zero()
            && latency.is_zero()
            && carbon.is_zero()
        {
            let finding = Finding::key("/objective", Code::ZeroWeights, "all weights of `objective` are zero");
            self.faults.push(finding.hint("give at least one of `price`, `latency`, `carbon` a weight"));
        }
    }

    fn zero(&mut self, pointer: String, remedy: &str) {
        let message = format!("{} must be more than zero", self.subject(&pointer));
        self.faults.push(Finding::value(pointer, Code::ZeroAmount, message).hint(remedy));
    }

    fn resources(&mut self, part: &Part, component: &Component) {
        let base = field(&part.pointer, "resources");
        if component.resources.cpu.0 == 0 {
            self.zero(field(&base, "cpu"), "an instance needs a share of a processor, such as 0.1");
        }
        if component.resources.memory.0 == 0 {
            self.zero(field(&base, "memory"), "an instance needs memory, such as 64Mi");
        }
        let volumes = field(&part.pointer, "volumes");
        for (name, volume) in &component.volumes {
            if volume.size.0 == 0 {
                self.zero(field(&field(&volumes, name), "size"), "a volume needs room, such as 100Mi");
            }
        }
        if component.constraints.gpu_model.is_some() && component.resources.gpus == 0 {
            let pointer = field(&field(&part.pointer, "constraints"), "gpuModel");
            let message =
                format!("{} has no effect: the component asks for no graphics processor", self.subject(&pointer));
            let finding = Finding::key(pointer, Code::NoEffect, message);
            self.warnings.push(finding.hint("ask for one with `resources.gpus: 1`"));
        }
    }

    fn replicas(&mut self, part: &Part) {
        let Some(Replicas::Range { min, max: Some(max) }) = part.replicas else {
            return;
        };
        if min > max {
            let pointer = field(&part.pointer, "replicas");
            let message = format!("{} asks for at least {min} and at most {max}", self.subject(&pointer));
            self.faults.push(Finding::key(pointer, Code::EmptyRange, message).hint("`min` must not be above `max`"));
        }
    }

    fn health(&mut self, part: &Part, health: &HealthCheck) {
        let base = field(&part.pointer, "health");
        for (name, span) in [("interval", health.interval), ("timeout", health.timeout)] {
            if span.0 == 0 {
                self.zero(field(&base, name), "write a time span, such as 2s");
            }
        }
    }

    fn image(&mut self, pointer: String, image: &str) {
        if image.is_empty() || image.contains(char::is_whitespace) {
            let message = format!("{} must be an image reference", self.subject(&pointer));
            self.faults.push(Finding::value(pointer, Code::InvalidText, message));
        }
    }

    fn package(&mut self, part: &Part, package: &Package) {
        let base = field(&part.pointer, "package");
        match package {
            Package::Process(process) => {
                if process.command.first().is_some_and(String::is_empty) {
                    let pointer = field(&field(&field(&base, "process"), "command"), "0");
                    let message = format!("{} must name a program", self.subject(&pointer));
                    self.faults.push(Finding::value(pointer, Code::InvalidText, message));
                }
            }
            Package::Container(container) => {
                let base = field(&base, "container");
                self.image(field(&base, "image"), &container.image);
                for (index, step) in container.init.iter().enumerate() {
                    if let Some(image) = &step.image {
                        self.image(field(&item(&field(&base, "init"), index), "image"), image);
                    }
                }
            }
            Package::Kubernetes(kubernetes) => {
                if kubernetes.manifests.trim().is_empty() {
                    let pointer = field(&field(&base, "kubernetes"), "manifests");
                    let message = format!("{} must hold a manifest", self.subject(&pointer));
                    self.faults.push(Finding::value(pointer, Code::InvalidText, message));
                }
            }
            Package::Helm(helm) => {
                if let Err(fault) = helm.source() {
                    let (base, missing) = (field(&base, "helm"), fault.field.is_empty());
                    let pointer = if missing { base } else { field(&base, fault.field) };
                    let message = format!("{} {}", self.subject(&pointer), fault.problem);
                    self.faults.push(match missing {
                        true => Finding::key(pointer, Code::MissingField, message),
                        false => Finding::value(pointer, Code::InvalidText, message),
                    });
                }
            }
        }
    }
}
