//! The tables of fields.

use super::{Field, Fields};
use crate::tosca::version::Version::{V1_0, V1_3, V2_0};

/// A field of every version.
const fn all(name: &'static str) -> Field {
    Field(name, V1_0, V2_0)
}

/// A field of 1.x.
const fn one(name: &'static str) -> Field {
    Field(name, V1_0, V1_3)
}

/// A field of 2.0.
const fn two(name: &'static str) -> Field {
    Field(name, V2_0, V2_0)
}

/// Of a TOSCA file.
pub(crate) const FILE: Fields = &[
    all("tosca_definitions_version"),
    all("dsl_definitions"),
    all("description"),
    all("metadata"),
    all("repositories"),
    all("imports"),
    all("artifact_types"),
    all("data_types"),
    all("capability_types"),
    all("interface_types"),
    all("relationship_types"),
    all("node_types"),
    all("group_types"),
    all("policy_types"),
    one("namespace"),
    one("tosca_default_namespace"),
    one("template_name"),
    one("template_author"),
    one("template_version"),
    one("topology_template"),
    one("relationship_templates"),
    two("profile"),
    two("service_template"),
    two("functions"),
];

/// Of topology_template or service_template.
pub(crate) const TOPOLOGY: Fields = &[
    all("description"),
    all("inputs"),
    all("node_templates"),
    all("relationship_templates"),
    all("groups"),
    all("policies"),
    all("outputs"),
    all("substitution_mappings"),
    all("workflows"),
    two("metadata"),
];

/// Of a node template.
pub(crate) const NODE_TEMPLATE: Fields = &[
    all("type"),
    all("description"),
    all("metadata"),
    all("directives"),
    all("properties"),
    all("attributes"),
    all("requirements"),
    all("capabilities"),
    all("interfaces"),
    all("artifacts"),
    all("node_filter"),
    all("copy"),
    one("derived_from"),
    // MiCADO's own.
    Field("occurrences", V1_3, V1_3),
    Field("instance_count", V1_3, V1_3),
    two("count"),
];

/// Of a relationship template.
pub(crate) const RELATIONSHIP_TEMPLATE: Fields = &[
    all("type"),
    all("description"),
    all("metadata"),
    all("properties"),
    all("attributes"),
    all("interfaces"),
    all("copy"),
    one("alias"),
    one("derived_from"),
];

/// Of a requirement.
pub(crate) const REQUIREMENT: Fields = &[
    all("capability"),
    all("node"),
    all("relationship"),
    all("node_filter"),
    one("occurrences"),
    two("count"),
    two("directives"),
    two("allocation"),
    two("optional"),
];

/// Of the relationship of a requirement.
pub(crate) const RELATIONSHIP: Fields =
    &[all("type"), all("properties"), all("interfaces"), all("attributes"), all("metadata"), all("description")];

/// Of a capability.
pub(crate) const CAPABILITY: Fields = &[all("properties"), all("attributes"), one("occurrences"), two("directives")];

/// Of an operation.
pub(crate) const OPERATION: Fields =
    &[all("description"), all("implementation"), all("inputs"), all("outputs"), all("metadata")];

/// Of an implementation.
pub(crate) const IMPLEMENTATION: Fields = &[
    all("primary"),
    all("dependencies"),
    all("operation_host"),
    all("timeout"),
    all("file"),
    all("type"),
    all("repository"),
    all("description"),
    all("properties"),
];

/// Of an artifact.
pub(crate) const ARTIFACT: Fields = &[
    all("type"),
    all("file"),
    all("repository"),
    all("description"),
    all("metadata"),
    all("deploy_path"),
    all("artifact_version"),
    all("version"),
    all("checksum"),
    all("checksum_algorithm"),
    all("properties"),
    all("mime_type"),
];

/// Of a policy.
pub(crate) const POLICY: Fields = &[
    all("type"),
    all("description"),
    all("metadata"),
    all("properties"),
    all("targets"),
    all("triggers"),
    one("reservation"),
];

/// Of a group.
pub(crate) const GROUP: Fields = &[
    all("type"),
    all("description"),
    all("metadata"),
    all("attributes"),
    all("properties"),
    all("members"),
    all("interfaces"),
    one("targets"),
];

/// Of an input.
pub(crate) const INPUT: Fields = &[
    all("type"),
    all("description"),
    all("metadata"),
    all("required"),
    all("default"),
    all("status"),
    all("entry_schema"),
    one("constraints"),
    Field("key_schema", V1_3, V2_0),
    Field("value", V1_3, V2_0),
    two("validation"),
    two("mapping"),
];

/// Of an output.
pub(crate) const OUTPUT: Fields = &[
    all("type"),
    all("description"),
    all("metadata"),
    all("required"),
    all("default"),
    all("status"),
    all("entry_schema"),
    all("value"),
    one("constraints"),
    all("key_schema"),
    two("validation"),
    two("mapping"),
];

/// Of substitution_mappings.
pub(crate) const SUBSTITUTION: Fields = &[
    all("node_type"),
    all("properties"),
    all("attributes"),
    all("capabilities"),
    all("requirements"),
    all("interfaces"),
    all("substitution_filter"),
    all("inputs"),
    all("outputs"),
];

/// Of a property definition.
pub(crate) const SCHEMA: Fields = &[
    all("type"),
    all("description"),
    all("required"),
    all("default"),
    all("status"),
    all("metadata"),
    all("entry_schema"),
    all("key_schema"),
    all("external_schema"),
    one("constraints"),
    one("external-schema"),
    two("validation"),
    two("value"),
];

/// Of a repository.
pub(crate) const REPOSITORY: Fields = &[all("description"), all("url"), all("metadata"), one("credential")];

/// Of an import.
pub(crate) const IMPORT: Fields = &[
    all("repository"),
    all("description"),
    all("metadata"),
    one("file"),
    one("namespace_prefix"),
    one("namespace_uri"),
    two("url"),
    two("profile"),
    two("namespace"),
];

/// Of a node type.
pub(crate) const NODE_TYPE: Fields = &[
    all("derived_from"),
    all("version"),
    all("metadata"),
    all("description"),
    all("attributes"),
    all("properties"),
    all("requirements"),
    all("capabilities"),
    all("interfaces"),
    all("artifacts"),
    one("directives"),
];

/// Of a capability type.
pub(crate) const CAPABILITY_TYPE: Fields = &[
    all("derived_from"),
    all("version"),
    all("metadata"),
    all("description"),
    all("properties"),
    all("attributes"),
    one("valid_source_types"),
    two("valid_source_node_types"),
    two("valid_relationship_types"),
];

/// Of a relationship type.
pub(crate) const RELATIONSHIP_TYPE: Fields = &[
    all("derived_from"),
    all("version"),
    all("metadata"),
    all("description"),
    all("properties"),
    all("attributes"),
    all("interfaces"),
    one("valid_target_types"),
    one("credential"),
    two("valid_capability_types"),
    two("valid_target_node_types"),
    two("valid_source_node_types"),
];

/// Of an artifact type.
pub(crate) const ARTIFACT_TYPE: Fields = &[
    all("derived_from"),
    all("version"),
    all("metadata"),
    all("description"),
    all("mime_type"),
    all("file_ext"),
    all("properties"),
];

/// Of a data type.
pub(crate) const DATA_TYPE: Fields = &[
    all("derived_from"),
    all("version"),
    all("metadata"),
    all("description"),
    all("properties"),
    all("key_schema"),
    all("entry_schema"),
    one("constraints"),
    one("type"),
    two("validation"),
    two("data_type"),
    two("units"),
    two("canonical_unit"),
    two("prefixes"),
];

/// Of a policy type.
pub(crate) const POLICY_TYPE: Fields = &[
    all("derived_from"),
    all("version"),
    all("metadata"),
    all("description"),
    all("properties"),
    all("targets"),
    all("triggers"),
    one("reservation"),
    one("type"),
];

/// Of a group type.
pub(crate) const GROUP_TYPE: Fields = &[
    all("derived_from"),
    all("version"),
    all("metadata"),
    all("description"),
    all("attributes"),
    all("properties"),
    all("members"),
    one("requirements"),
    one("capabilities"),
    one("interfaces"),
];

/// Of a requirement definition.
pub(crate) const REQUIREMENT_DEFINITION: Fields = &[
    all("capability"),
    all("node"),
    all("relationship"),
    all("description"),
    all("metadata"),
    all("node_filter"),
    one("occurrences"),
    two("count_range"),
];

/// Of a capability definition.
pub(crate) const CAPABILITY_DEFINITION: Fields = &[
    all("type"),
    all("description"),
    all("metadata"),
    all("properties"),
    all("attributes"),
    one("valid_source_types"),
    one("occurrences"),
    two("valid_source_node_types"),
    two("valid_relationship_types"),
];
