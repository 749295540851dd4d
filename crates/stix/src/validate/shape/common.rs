//! Types and properties that many objects share (STIX 2.1, 2 and 3.2).

use super::super::{check, form};
use super::{Check, Kind, Property, Refs, Shape, TEXTS, may, must};

const MARKINGS: Kind = Kind::List(&Kind::Ref(Refs::Of(&["marking-definition"])));
const GRANULAR: Kind = Kind::List(&Kind::Object(&GRANULAR_MARKING));
pub(crate) const EXTERNAL_REFERENCES: Kind = Kind::List(&Kind::Object(&EXTERNAL_REFERENCE));
pub(crate) const KILL_CHAIN: Kind = Kind::List(&Kind::Object(&KILL_CHAIN_PHASE));
const VERSION: Kind = Kind::Enum(&["2.1"]);
const AUTHOR: Kind = Kind::Ref(Refs::Of(&["identity"]));

/// What domain objects, relationships, language content and extension
/// definitions share.
pub(crate) const DOMAIN: &[Property] = &[
    must("type", Kind::Text),
    must("spec_version", VERSION),
    must("id", Kind::Text),
    must("created", Kind::Precise(3)),
    must("modified", Kind::Precise(3)),
    may("created_by_ref", AUTHOR),
    may("revoked", Kind::Bool),
    may("labels", TEXTS),
    may("confidence", Kind::Integer(0, 100)),
    may("lang", Kind::Form(&form::LANGUAGE)),
    may("external_references", EXTERNAL_REFERENCES),
    may("object_marking_refs", MARKINGS),
    may("granular_markings", GRANULAR),
    may("extensions", Kind::Extensions(&[])),
];

/// As [`DOMAIN`], for extension definitions, whose author is named.
pub(crate) const AUTHORED: &[Property] = &[
    must("type", Kind::Text),
    must("spec_version", VERSION),
    must("id", Kind::Text),
    must("created", Kind::Precise(3)),
    must("modified", Kind::Precise(3)),
    must("created_by_ref", AUTHOR),
    may("revoked", Kind::Bool),
    may("labels", TEXTS),
    may("confidence", Kind::Integer(0, 100)),
    may("lang", Kind::Form(&form::LANGUAGE)),
    may("external_references", EXTERNAL_REFERENCES),
    may("object_marking_refs", MARKINGS),
    may("granular_markings", GRANULAR),
    may("extensions", Kind::Extensions(&[])),
];

/// What marking definitions have of the common properties.
pub(crate) const MARKING: &[Property] = &[
    must("type", Kind::Text),
    must("spec_version", VERSION),
    must("id", Kind::Text),
    must("created", Kind::Precise(3)),
    may("created_by_ref", AUTHOR),
    may("external_references", EXTERNAL_REFERENCES),
    may("object_marking_refs", MARKINGS),
    may("granular_markings", GRANULAR),
    may("extensions", Kind::Extensions(&[])),
];

/// What observables share but `extensions`, which differ from type to type.
pub(crate) const OBSERVABLE: &[Property] = &[
    must("type", Kind::Text),
    must("id", Kind::Text),
    may("spec_version", VERSION),
    may("object_marking_refs", MARKINGS),
    may("granular_markings", GRANULAR),
    may("defanged", Kind::Bool),
];

/// Domain objects and relationships of others' making.
pub(crate) static CUSTOM_DOMAIN: Shape =
    Shape::new("STIX 2.1, Custom Objects", DOMAIN, &[], check::VERSIONED)
        .beside(super::Beside::Own);

/// Observables of others' making.
pub(crate) static CUSTOM_OBSERVABLE: Shape = Shape::new(
    "STIX 2.1, Custom Objects",
    OBSERVABLE,
    &[may("extensions", Kind::Extensions(&[]))],
    &[],
)
.beside(super::Beside::Own);

static EXTERNAL_REFERENCE: Shape = Shape::part(
    "STIX 2.1, External Reference",
    &[
        must("source_name", Kind::Text),
        may("description", Kind::Text),
        may("url", Kind::Form(&form::URI)),
        may("hashes", Kind::Hashes),
        may("external_id", Kind::Text),
    ],
    &[
        Check::AnyOf(&["description", "url", "external_id"]),
        Check::Rule(check::external_id),
    ],
);

static KILL_CHAIN_PHASE: Shape = Shape::part(
    "STIX 2.1, Kill Chain Phase",
    &[
        must("kill_chain_name", Kind::Form(&form::LOWER)),
        must("phase_name", Kind::Form(&form::LOWER)),
    ],
    &[],
);

static GRANULAR_MARKING: Shape = Shape::part(
    "STIX 2.1, Granular Markings",
    &[
        may("lang", Kind::Form(&form::LANGUAGE)),
        may("marking_ref", Kind::Ref(Refs::Of(&["marking-definition"]))),
        must("selectors", Kind::List(&Kind::Text)),
    ],
    &[Check::AnyOf(&["marking_ref", "lang"])],
);
