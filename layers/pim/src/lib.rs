//! Physical Infrastructure Manager: nodes, their free resources, bare metal.
