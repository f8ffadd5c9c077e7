//! Amounts of hosts and pods, calculated with.

use hansa_repository::system::Room;

pub(super) fn plus(one: Room, other: Room) -> Room {
    Room {
        cpu_milli: one.cpu_milli.saturating_add(other.cpu_milli),
        memory_mib: one.memory_mib.saturating_add(other.memory_mib),
        disk_mib: one.disk_mib.saturating_add(other.disk_mib),
        gpus: one.gpus.saturating_add(other.gpus),
    }
}

pub(super) fn most(one: Room, other: Room) -> Room {
    Room {
        cpu_milli: one.cpu_milli.max(other.cpu_milli),
        memory_mib: one.memory_mib.max(other.memory_mib),
        disk_mib: one.disk_mib.max(other.disk_mib),
        gpus: one.gpus.max(other.gpus),
    }
}

pub(super) fn saturated(amount: u128) -> u64 {
    u64::try_from(amount).unwrap_or(u64::MAX)
}
