//! Multi-Cluster Manager: places in container clusters.
