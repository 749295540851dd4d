//! Domain objects and relationships (STIX 2.1, 4 and 5).

use super::super::check::{self, SEEN, VERSIONED};
use super::super::form;
use super::common::{DOMAIN, KILL_CHAIN};
use super::{Check, FLOAT, Kind, Refs, Shape, TEXTS, may, must};
use crate::vocab;

const NAME: &str = "name";
const DESCRIPTION: &str = "description";
const OBJECTS: Kind = Kind::List(&Kind::Ref(Refs::Any));
const SOFTWARE: Refs = Refs::Of(&["software"]);
const MOTIVES: Kind = Kind::List(&Kind::Open(vocab::ATTACK_MOTIVATION));

pub(super) fn of(kind: &str) -> Option<&'static Shape> {
    Some(match kind {
        "attack-pattern" => &ATTACK_PATTERN,
        "campaign" => &CAMPAIGN,
        "course-of-action" => &COURSE_OF_ACTION,
        "grouping" => &GROUPING,
        "identity" => &IDENTITY,
        "incident" => &INCIDENT,
        "indicator" => &INDICATOR,
        "infrastructure" => &INFRASTRUCTURE,
        "intrusion-set" => &INTRUSION_SET,
        "location" => &LOCATION,
        "malware" => &MALWARE,
        "malware-analysis" => &MALWARE_ANALYSIS,
        "note" => &NOTE,
        "observed-data" => &OBSERVED_DATA,
        "opinion" => &OPINION,
        "relationship" => &RELATIONSHIP,
        "report" => &REPORT,
        "sighting" => &SIGHTING,
        "threat-actor" => &THREAT_ACTOR,
        "tool" => &TOOL,
        "vulnerability" => &VULNERABILITY,
        _ => return None,
    })
}

static ATTACK_PATTERN: Shape = Shape::new(
    "STIX 2.1, 4.1 Attack Pattern",
    DOMAIN,
    &[
        must(NAME, Kind::Text),
        may(DESCRIPTION, Kind::Text),
        may("aliases", TEXTS),
        may("kill_chain_phases", KILL_CHAIN),
    ],
    check::CAPEC,
);

static CAMPAIGN: Shape = Shape::new(
    "STIX 2.1, 4.2 Campaign",
    DOMAIN,
    &[
        must(NAME, Kind::Text),
        may(DESCRIPTION, Kind::Text),
        may("aliases", TEXTS),
        may("first_seen", Kind::Time),
        may("last_seen", Kind::Time),
        may("objective", Kind::Text),
    ],
    SEEN,
);

static COURSE_OF_ACTION: Shape = Shape::new(
    "STIX 2.1, 4.3 Course of Action",
    DOMAIN,
    &[must(NAME, Kind::Text), may(DESCRIPTION, Kind::Text)],
    VERSIONED,
);

static GROUPING: Shape = Shape::new(
    "STIX 2.1, 4.4 Grouping",
    DOMAIN,
    &[
        may(NAME, Kind::Text),
        may(DESCRIPTION, Kind::Text),
        must("context", Kind::Open(vocab::GROUPING_CONTEXT)),
        must("object_refs", OBJECTS),
    ],
    VERSIONED,
);

static IDENTITY: Shape = Shape::new(
    "STIX 2.1, 4.5 Identity",
    DOMAIN,
    &[
        must(NAME, Kind::Text),
        may(DESCRIPTION, Kind::Text),
        may("roles", TEXTS),
        may("identity_class", Kind::Open(vocab::IDENTITY_CLASS)),
        may("sectors", Kind::List(&Kind::Open(vocab::INDUSTRY_SECTOR))),
        may("contact_information", Kind::Text),
    ],
    VERSIONED,
);

static INCIDENT: Shape = Shape::new(
    "STIX 2.1, 4.6 Incident",
    DOMAIN,
    &[must(NAME, Kind::Text), may(DESCRIPTION, Kind::Text)],
    VERSIONED,
);

static INDICATOR: Shape = Shape::new(
    "STIX 2.1, 4.7 Indicator",
    DOMAIN,
    &[
        may(NAME, Kind::Text),
        may(DESCRIPTION, Kind::Text),
        may(
            "indicator_types",
            Kind::List(&Kind::Open(vocab::INDICATOR_TYPE)),
        ),
        must("pattern", Kind::Text),
        must("pattern_type", Kind::Open(vocab::PATTERN_TYPE)),
        may("pattern_version", Kind::Text),
        must("valid_from", Kind::Time),
        may("valid_until", Kind::Time),
        may("kill_chain_phases", KILL_CHAIN),
    ],
    &[
        check::MODIFIED,
        Check::Order("valid_from", "valid_until", true),
        Check::Rule(check::pattern),
    ],
);

static INFRASTRUCTURE: Shape = Shape::new(
    "STIX 2.1, 4.8 Infrastructure",
    DOMAIN,
    &[
        must(NAME, Kind::Text),
        may(DESCRIPTION, Kind::Text),
        may(
            "infrastructure_types",
            Kind::List(&Kind::Open(vocab::INFRASTRUCTURE_TYPE)),
        ),
        may("aliases", TEXTS),
        may("kill_chain_phases", KILL_CHAIN),
        may("first_seen", Kind::Time),
        may("last_seen", Kind::Time),
    ],
    SEEN,
);

static INTRUSION_SET: Shape = Shape::new(
    "STIX 2.1, 4.9 Intrusion Set",
    DOMAIN,
    &[
        must(NAME, Kind::Text),
        may(DESCRIPTION, Kind::Text),
        may("aliases", TEXTS),
        may("first_seen", Kind::Time),
        may("last_seen", Kind::Time),
        may("goals", TEXTS),
        may("resource_level", Kind::Open(vocab::ATTACK_RESOURCE_LEVEL)),
        may("primary_motivation", Kind::Open(vocab::ATTACK_MOTIVATION)),
        may("secondary_motivations", MOTIVES),
    ],
    SEEN,
);

static LOCATION: Shape = Shape::new(
    "STIX 2.1, 4.10 Location",
    DOMAIN,
    &[
        may(NAME, Kind::Text),
        may(DESCRIPTION, Kind::Text),
        may("latitude", Kind::Float(-90.0, 90.0)),
        may("longitude", Kind::Float(-180.0, 180.0)),
        may("precision", FLOAT),
        may("region", Kind::Open(vocab::REGION)),
        may("country", Kind::Form(&form::COUNTRY)),
        may("administrative_area", Kind::Text),
        may("city", Kind::Text),
        may("street_address", Kind::Text),
        may("postal_code", Kind::Text),
    ],
    &[
        check::MODIFIED,
        Check::AnyOf(&["region", "country", "latitude"]),
        Check::Needs("latitude", "longitude"),
        Check::Needs("longitude", "latitude"),
        Check::Needs("precision", "latitude"),
    ],
);

static MALWARE: Shape = Shape::new(
    "STIX 2.1, 4.11 Malware",
    DOMAIN,
    &[
        may(NAME, Kind::Text),
        may(DESCRIPTION, Kind::Text),
        may(
            "malware_types",
            Kind::List(&Kind::Open(vocab::MALWARE_TYPE)),
        ),
        must("is_family", Kind::Bool),
        may("aliases", TEXTS),
        may("kill_chain_phases", KILL_CHAIN),
        may("first_seen", Kind::Time),
        may("last_seen", Kind::Time),
        may("operating_system_refs", Kind::List(&Kind::Ref(SOFTWARE))),
        may(
            "architecture_execution_envs",
            Kind::List(&Kind::Open(vocab::PROCESSOR_ARCHITECTURE)),
        ),
        may(
            "implementation_languages",
            Kind::List(&Kind::Open(vocab::IMPLEMENTATION_LANGUAGE)),
        ),
        may(
            "capabilities",
            Kind::List(&Kind::Open(vocab::MALWARE_CAPABILITY)),
        ),
        may(
            "sample_refs",
            Kind::List(&Kind::Ref(Refs::Of(&["artifact", "file"]))),
        ),
    ],
    &[
        check::MODIFIED,
        check::LAST_SEEN,
        Check::Rule(check::family),
    ],
);

static MALWARE_ANALYSIS: Shape = Shape::new(
    "STIX 2.1, 4.12 Malware Analysis",
    DOMAIN,
    &[
        must("product", Kind::Text),
        may("version", Kind::Text),
        may("host_vm_ref", Kind::Ref(SOFTWARE)),
        may("operating_system_ref", Kind::Ref(SOFTWARE)),
        may("installed_software_refs", Kind::List(&Kind::Ref(SOFTWARE))),
        may("configuration_version", Kind::Text),
        may("modules", TEXTS),
        may("analysis_engine_version", Kind::Text),
        may("analysis_definition_version", Kind::Text),
        may("submitted", Kind::Time),
        may("analysis_started", Kind::Time),
        may("analysis_ended", Kind::Time),
        may("result_name", Kind::Text),
        may("result", Kind::Open(vocab::MALWARE_RESULT)),
        may(
            "analysis_sco_refs",
            Kind::List(&Kind::Ref(Refs::Observable)),
        ),
        may(
            "sample_ref",
            Kind::Ref(Refs::Of(&["artifact", "file", "network-traffic"])),
        ),
    ],
    &[
        check::MODIFIED,
        Check::AnyOf(&["result", "analysis_sco_refs"]),
    ],
);

static NOTE: Shape = Shape::new(
    "STIX 2.1, 4.13 Note",
    DOMAIN,
    &[
        may("abstract", Kind::Text),
        must("content", Kind::Text),
        may("authors", TEXTS),
        must("object_refs", OBJECTS),
    ],
    VERSIONED,
);

static OBSERVED_DATA: Shape = Shape::new(
    "STIX 2.1, 4.14 Observed Data",
    DOMAIN,
    &[
        must("first_observed", Kind::Time),
        must("last_observed", Kind::Time),
        must("number_observed", Kind::Integer(1, 999_999_999)),
        may("objects", Kind::Container),
        may("object_refs", OBJECTS),
    ],
    &[
        check::MODIFIED,
        Check::Order("first_observed", "last_observed", false),
        Check::OneOf(&["objects", "object_refs"]),
    ],
);

static OPINION: Shape = Shape::new(
    "STIX 2.1, 4.15 Opinion",
    DOMAIN,
    &[
        may("explanation", Kind::Text),
        may("authors", TEXTS),
        must("opinion", Kind::Enum(vocab::OPINION)),
        must("object_refs", OBJECTS),
    ],
    VERSIONED,
);

static REPORT: Shape = Shape::new(
    "STIX 2.1, 4.16 Report",
    DOMAIN,
    &[
        must(NAME, Kind::Text),
        may(DESCRIPTION, Kind::Text),
        may("report_types", Kind::List(&Kind::Open(vocab::REPORT_TYPE))),
        must("published", Kind::Time),
        must("object_refs", OBJECTS),
    ],
    VERSIONED,
);

static THREAT_ACTOR: Shape = Shape::new(
    "STIX 2.1, 4.17 Threat Actor",
    DOMAIN,
    &[
        must(NAME, Kind::Text),
        may(DESCRIPTION, Kind::Text),
        may(
            "threat_actor_types",
            Kind::List(&Kind::Open(vocab::THREAT_ACTOR_TYPE)),
        ),
        may("aliases", TEXTS),
        may("first_seen", Kind::Time),
        may("last_seen", Kind::Time),
        may("roles", Kind::List(&Kind::Open(vocab::THREAT_ACTOR_ROLE))),
        may("goals", TEXTS),
        may(
            "sophistication",
            Kind::Open(vocab::THREAT_ACTOR_SOPHISTICATION),
        ),
        may("resource_level", Kind::Open(vocab::ATTACK_RESOURCE_LEVEL)),
        may("primary_motivation", Kind::Open(vocab::ATTACK_MOTIVATION)),
        may("secondary_motivations", MOTIVES),
        may("personal_motivations", MOTIVES),
    ],
    SEEN,
);

static TOOL: Shape = Shape::new(
    "STIX 2.1, 4.18 Tool",
    DOMAIN,
    &[
        must(NAME, Kind::Text),
        may(DESCRIPTION, Kind::Text),
        may("tool_types", Kind::List(&Kind::Open(vocab::TOOL_TYPE))),
        may("aliases", TEXTS),
        may("kill_chain_phases", KILL_CHAIN),
        may("tool_version", Kind::Text),
    ],
    VERSIONED,
);

static VULNERABILITY: Shape = Shape::new(
    "STIX 2.1, 4.19 Vulnerability",
    DOMAIN,
    &[must(NAME, Kind::Text), may(DESCRIPTION, Kind::Text)],
    check::CVE,
);

const LINKED: Refs = Refs::Except(&[
    "bundle",
    "extension-definition",
    "language-content",
    "marking-definition",
    "relationship",
    "sighting",
]);

static RELATIONSHIP: Shape = Shape::new(
    "STIX 2.1, 5.1 Relationship",
    DOMAIN,
    &[
        must("relationship_type", Kind::Form(&form::RELATIONSHIP)),
        may(DESCRIPTION, Kind::Text),
        must("source_ref", Kind::Ref(LINKED)),
        must("target_ref", Kind::Ref(LINKED)),
        may("start_time", Kind::Time),
        may("stop_time", Kind::Time),
    ],
    &[
        check::MODIFIED,
        Check::Order("start_time", "stop_time", true),
        Check::Rule(check::suitable),
    ],
);

static SIGHTING: Shape = Shape::new(
    "STIX 2.1, 5.2 Sighting",
    DOMAIN,
    &[
        may(DESCRIPTION, Kind::Text),
        may("first_seen", Kind::Time),
        may("last_seen", Kind::Time),
        may("count", Kind::Integer(0, 999_999_999)),
        must(
            "sighting_of_ref",
            Kind::Ref(Refs::Except(vocab::NOT_DOMAIN)),
        ),
        may(
            "observed_data_refs",
            Kind::List(&Kind::Ref(Refs::Of(&["observed-data"]))),
        ),
        may(
            "where_sighted_refs",
            Kind::List(&Kind::Ref(Refs::Of(&["identity", "location"]))),
        ),
        may("summary", Kind::Bool),
    ],
    SEEN,
);
