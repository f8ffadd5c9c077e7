//! Each name that the mapping uses, once. A name that the mapping doesn't use
//! is dead code, and the compiler says so.

/// A prefix and the namespace it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    /// The prefix without its colon.
    pub name: &'static str,
    /// The namespace.
    pub namespace: &'static str,
}

/// A name of a vocabulary: a class, a property or an individual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term {
    /// With a prefix: `hansa:vcpu`.
    pub curie: &'static str,
    /// The whole IRI.
    pub iri: &'static str,
}

impl std::fmt::Display for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.curie)
    }
}

macro_rules! vocabularies {
    ($($prefix:ident = $name:literal $namespace:literal { $($term:ident = $local:literal,)* })+) => {
        $(
            #[allow(non_snake_case, reason = "a vocabulary reads as HANSA::VCPU")]
            pub(crate) mod $prefix {
                use super::Term;
                $(pub(crate) const $term: Term = Term {
                    curie: concat!($name, ":", $local),
                    iri: concat!($namespace, $local),
                };)*
                #[cfg(test)]
                #[allow(dead_code, reason = "only our own vocabulary is counted through")]
                pub(crate) const ALL: &[Term] = &[$($term,)*];
            }
        )+
        /// Every prefix, in the order in which documents declare them.
        pub(crate) const PREFIXES: &[Prefix] = &[$(Prefix { name: $name, namespace: $namespace },)+];
    };
}

vocabularies! {
    HANSA = "hansa" "https://w3id.org/hansa/ns#" {
        PROVIDER = "Provider",
        SITE = "Site",
        LATENCY = "Latency",
        ENERGY_PROFILE = "EnergyProfile",
        OFFER = "Offer",
        BARE_METAL_OFFER = "BareMetalOffer",
        VIRTUAL_MACHINE_OFFER = "VirtualMachineOffer",
        CONTAINER_OFFER = "ContainerOffer",
        FLAVOUR = "Flavour",
        CAPACITY = "Capacity",
        PRICE_PLAN = "PricePlan",
        SLA = "SLA",
        SERVICE_LEVEL_OBJECTIVE = "ServiceLevelObjective",
        REMEDY = "Remedy",
        COMPLIANCE_CLAIM = "ComplianceClaim",
        ORDER = "Order",
        OPERATE = "operate",
        PROVIDE = "provide",

        AT_SITE = "atSite",
        JURISDICTION = "jurisdiction",
        LATENCY_TO = "latencyTo",
        TO_SITE = "toSite",
        ENERGY = "energy",
        CARBON_INTENSITY = "carbonIntensity",
        PUE = "pue",
        RENEWABLE_SHARE = "renewableShare",
        POWER_WATTS = "powerWatts",
        FLAVOUR_OF = "flavour",
        VCPU = "vcpu",
        MEMORY_GIB = "memoryGiB",
        DISK_GIB = "diskGiB",
        CPU_ARCH = "cpuArch",
        GPU_MODEL = "gpuModel",
        GPU_COUNT = "gpuCount",
        BANDWIDTH_MBPS = "bandwidthMbps",
        CAPACITY_OF = "capacity",
        AVAILABLE_UNITS = "availableUnits",
        AS_OF = "asOf",
        PRICE_PLAN_OF = "pricePlan",
        PRICING_MODEL = "pricingModel",
        SLA_OF = "sla",
        OBJECTIVE = "objective",
        CREDIT_CAP_PERCENT = "creditCapPercent",
        METRIC = "metric",
        TARGET = "target",
        WINDOW = "window",
        PERCENTILE = "percentile",
        REMEDY_OF = "remedy",
        THRESHOLD = "threshold",
        CREDIT_PERCENT = "creditPercent",
        CLAIM = "claim",
        SCHEME = "scheme",
        CAPABILITY = "capability",
        SERVICE_AREA = "serviceArea",

        ON_DEMAND = "OnDemand",
        RESERVED = "Reserved",
        SPOT = "Spot",
        AVAILABILITY = "Availability",
        ROUND_TRIP_TIME = "RoundTripTime",
        THROUGHPUT = "Throughput",
        ERROR_RATE = "ErrorRate",
        PROVISIONING_TIME = "ProvisioningTime",
        REPAIR_TIME = "RepairTime",
        HOUR = "Hour",
        DAY = "Day",
        WEEK = "Week",
        MONTH = "Month",
        YEAR = "Year",
    }
    CRED = "cred" "https://www.w3.org/2018/credentials#" {
        EVIDENCE = "evidence",
    }
    DCAT = "dcat" "http://www.w3.org/ns/dcat#" {
        DATASET = "Dataset",
        CENTROID = "centroid",
    }
    DCTERMS = "dcterms" "http://purl.org/dc/terms/" {
        TITLE = "title",
    }
    GEO = "geo" "http://www.opengis.net/ont/geosparql#" {
        WKT_LITERAL = "wktLiteral",
    }
    ODRL = "odrl" "http://www.w3.org/ns/odrl/2/" {
        HAS_POLICY = "hasPolicy",
        OFFER = "Offer",
        ASSIGNER = "assigner",
        PERMISSION = "permission",
        ACTION = "action",
        USE = "use",
        COMPENSATE = "compensate",
    }
    QUDT = "qudt" "http://qudt.org/schema/qudt/" {
        NUMERIC_VALUE = "numericValue",
        HAS_UNIT = "hasUnit",
    }
    RDF = "rdf" "http://www.w3.org/1999/02/22-rdf-syntax-ns#" {
        TYPE = "type",
    }
    SCHEMA = "schema" "https://schema.org/" {
        NAME = "name",
        ADDRESS_COUNTRY = "addressCountry",
        PROVIDER = "provider",
        PRICE = "price",
        PRICE_CURRENCY = "priceCurrency",
        UNIT_CODE = "unitCode",
        VALID_FROM = "validFrom",
        VALID_THROUGH = "validThrough",
        ISSUED_BY = "issuedBy",
        POSITION = "position",
    }
    UNIT = "unit" "http://qudt.org/vocab/unit/" {
        PERCENT = "PERCENT",
        MILLI_SEC = "MilliSEC",
        SEC = "SEC",
        MIN = "MIN",
        MEGA_BIT_PER_SEC = "MegaBIT-PER-SEC",
    }
    XSD = "xsd" "http://www.w3.org/2001/XMLSchema#" {
        STRING = "string",
        DECIMAL = "decimal",
        INTEGER = "integer",
        DATE_TIME = "dateTime",
        ANY_URI = "anyURI",
    }
}

/// The prefix of a name, by its short form.
pub(crate) fn prefix_of(curie: &str) -> Option<&'static Prefix> {
    let (name, _) = curie.split_once(':')?;
    PREFIXES.iter().find(|prefix| prefix.name == name)
}

/// An IRI as people read it: with a prefix where one is known.
pub(crate) fn shorten(iri: &str) -> String {
    let short = PREFIXES.iter().find_map(|prefix| {
        let local = iri.strip_prefix(prefix.namespace)?;
        let plain = !local.is_empty() && local.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        plain.then(|| format!("{}:{local}", prefix.name))
    });
    short.unwrap_or_else(|| iri.to_owned())
}
