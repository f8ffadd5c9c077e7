//! Workload Deployment Manager: packages onto machines, kept running.
