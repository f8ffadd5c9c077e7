//! Virtual Infrastructure Platform manager: virtual machines.
