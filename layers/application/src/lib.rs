//! Describes an application: reads descriptors into a ResourceModel, with every fault and its place at once.
