//! `hansa:Flavour`: what one unit of an offer has.

use super::{
    description::{self, Described},
    node::{Node, Value},
};
use crate::{
    offer::{CpuArch, Flavour, Gpu},
    reading::Violation,
    vocabulary::{HANSA, SCHEMA},
};
use oxigraph::model::Term;
use rust_decimal::Decimal;

const MILLIS_PER_CPU: u32 = 1_000;
const MIB_PER_GIB: u32 = 1_024;

const ARCHITECTURES: [(&str, CpuArch); 3] =
    [("amd64", CpuArch::Amd64), ("arm64", CpuArch::Arm64), ("riscv64", CpuArch::Riscv64)];

pub(super) fn node(flavour: &Flavour) -> Node {
    let arch = ARCHITECTURES.iter().find(|(_, arch)| *arch == flavour.cpu_arch).map(|(name, _)| Value::text(*name));
    Node::of_class(HANSA::FLAVOUR)
        .text(SCHEMA::NAME, &flavour.name)
        .decimal(HANSA::VCPU, Decimal::new(i64::from(flavour.cpu_milli), 3))
        .decimal(HANSA::MEMORY_GIB, gib(flavour.memory_mib))
        .decimal(HANSA::DISK_GIB, gib(flavour.disk_mib))
        .with(HANSA::CPU_ARCH, arch)
        .with(HANSA::GPU_MODEL, flavour.gpu.as_ref().map(|gpu| Value::text(&gpu.model)))
        .with(HANSA::GPU_COUNT, flavour.gpu.as_ref().map(|gpu| Value::integer(gpu.count)))
        .with(HANSA::BANDWIDTH_MBPS, flavour.bandwidth_mbps.map(Value::integer))
}

/// A 1,024th has ten decimals, so this is exact.
fn gib(mib: u64) -> Decimal {
    Decimal::from(mib) / Decimal::from(MIB_PER_GIB)
}

pub(super) fn read(node: &Described<'_>) -> Result<Flavour, Violation> {
    let cpu = |value| description::whole_parts(value, MILLIS_PER_CPU).and_then(|millis| u32::try_from(millis).ok());
    let mib = |value| description::whole_parts(value, MIB_PER_GIB);
    Ok(Flavour {
        name: node.required(SCHEMA::NAME, "the flavour's name", description::string)?,
        cpu_milli: node.required(HANSA::VCPU, "processors with at most 3 decimals, such as 0.25", cpu)?,
        memory_mib: node.required(HANSA::MEMORY_GIB, WHOLE_MIB, mib)?,
        disk_mib: node.required(HANSA::DISK_GIB, WHOLE_MIB, mib)?,
        cpu_arch: node.required(HANSA::CPU_ARCH, "one of \"amd64\", \"arm64\", \"riscv64\"", architecture)?,
        gpu: read_gpu(node)?,
        bandwidth_mbps: node.optional(HANSA::BANDWIDTH_MBPS, "whole megabits a second", description::count)?,
    })
}

const WHOLE_MIB: &str = "GiB that are a whole number of MiB (a multiple of 1/1024), such as 0.5 or 0.0625 (64 MiB)";

fn architecture(value: &Term) -> Option<CpuArch> {
    let text = description::text(value)?;
    ARCHITECTURES.iter().find(|(name, _)| *name == text).map(|(_, arch)| *arch)
}

fn read_gpu(node: &Described<'_>) -> Result<Option<Gpu>, Violation> {
    let model = node.optional(HANSA::GPU_MODEL, "the model's name", description::string)?;
    let count = node.optional(HANSA::GPU_COUNT, "a whole number from 1", description::count)?;
    match (model, count) {
        (Some(model), Some(count)) => Ok(Some(Gpu { model, count })),
        (None, None) => Ok(None),
        _ => Err(node.violation(HANSA::GPU_MODEL, None, "give it together with hansa:gpuCount, or neither".to_owned())),
    }
}
