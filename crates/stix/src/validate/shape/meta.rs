//! Meta objects and bundles (STIX 2.1, 7 and 8).

use super::super::{check, form};
use super::common::{AUTHORED, DOMAIN, MARKING};
use super::{Beside, Check, Kind, Refs, Shape, may, must};
use crate::vocab;

pub(super) fn of(kind: &str) -> Option<&'static Shape> {
    Some(match kind {
        "bundle" => &BUNDLE,
        "extension-definition" => &EXTENSION_DEFINITION,
        "language-content" => &LANGUAGE_CONTENT,
        "marking-definition" => &MARKING_DEFINITION,
        _ => return None,
    })
}

static LANGUAGE_CONTENT: Shape = Shape::new(
    "STIX 2.1, 7.1 Language Content",
    DOMAIN,
    &[
        must(
            "object_ref",
            Kind::Ref(Refs::Except(&["bundle", "language-content"])),
        ),
        may("object_modified", Kind::Time),
        must("contents", Kind::Any),
    ],
    &[check::MODIFIED, Check::Rule(check::contents)],
);

static MARKING_DEFINITION: Shape = Shape::new(
    "STIX 2.1, 7.2.1 Marking Definition",
    MARKING,
    &[
        may("name", Kind::Text),
        may("definition_type", Kind::Open(vocab::DEFINITION_TYPE)),
        may("definition", Kind::Any),
    ],
    &[
        Check::Rule(check::definition),
        Check::Rule(check::marks_itself),
    ],
);

static EXTENSION_DEFINITION: Shape = Shape::new(
    "STIX 2.1, 7.3 Extension Definition",
    AUTHORED,
    &[
        must("name", Kind::Text),
        may("description", Kind::Text),
        must("schema", Kind::Text),
        must("version", Kind::Form(&form::SEMVER)),
        must(
            "extension_types",
            Kind::List(&Kind::Enum(vocab::EXTENSION_TYPE)),
        ),
        may(
            "extension_properties",
            Kind::List(&Kind::Form(&form::PROPERTY)),
        ),
    ],
    &[check::MODIFIED, Check::Rule(check::extension_properties)],
);

static BUNDLE: Shape = Shape::part(
    "STIX 2.1, 8 Bundle",
    &[
        must("type", Kind::Text),
        must("id", Kind::Text),
        may("objects", Kind::Bundled),
    ],
    &[],
)
.beside(Beside::Anything);
