//! Ports of one test alone. The tests of one process, and those of several
//! processes on one machine, get ranges that don't meet.

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::atomic::{AtomicU16, Ordering},
};

/// Where ranges are taken from: below the system's own choice (32768 and up)
/// and beside the broker's default (20000 to 29999).
const FIRST: u16 = 10_000;
/// How many ranges there are.
const RANGES: u16 = 160;
/// How many ports a range has, its marker and the broker's own included.
const LENGTH: u16 = 60;

/// A range of ports that belongs to one test while this lives.
#[derive(Debug)]
pub(crate) struct PortRange {
    first: u16,
    /// Listens on the port below the range: the sign that the range is taken.
    _marker: TcpListener,
}

impl PortRange {
    /// A range that nobody has.
    pub(crate) fn take() -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        // Test processes that run at the same time begin at different places.
        let seed = u16::try_from(std::process::id() % u32::from(RANGES)).unwrap();
        for _ in 0..RANGES {
            let number = (seed + NEXT.fetch_add(1, Ordering::Relaxed)) % RANGES;
            let marker = FIRST + number * LENGTH;
            if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, marker)) {
                let range = Self { first: marker + 1, _marker: listener };
                // What a killed test run left there, or another program, is none of this test's.
                if range.taken().is_empty() {
                    return range;
                }
            }
        }
        panic!("no free range of ports from {FIRST} on");
    }

    /// The first port.
    pub(crate) const fn first(&self) -> u16 {
        self.first
    }

    /// The last port of workloads.
    pub(crate) const fn last(&self) -> u16 {
        self.first + LENGTH - 3
    }

    /// The port of a broker that has to come back where it was.
    pub(crate) const fn own(&self) -> u16 {
        self.first + LENGTH - 2
    }

    /// Those on which somebody listens.
    pub(crate) fn taken(&self) -> Vec<u16> {
        (self.first..=self.last()).filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_err()).collect()
    }
}
