//! Network traffic and processes (STIX 2.1, 6.12 and 6.13).

use super::super::check;
use super::common::OBSERVABLE;
use super::{COUNT, Check, Kind, Refs, Shape, TEXTS, WHOLE, extension, may, must};

const TEXT: Kind = Kind::Text;
const ENDPOINT: Kind = Kind::Ref(Refs::Of(&[
    "domain-name",
    "ipv4-addr",
    "ipv6-addr",
    "mac-addr",
]));
const PORT: Kind = Kind::Integer(0, 65_535);
const PAYLOAD: Kind = Kind::Ref(Refs::Of(&["artifact"]));
const TRAFFIC: Refs = Refs::Of(&["network-traffic"]);

pub(super) static NETWORK_TRAFFIC: Shape = Shape::new(
    "STIX 2.1, 6.12 Network Traffic",
    OBSERVABLE,
    &[
        may(
            "extensions",
            Kind::Extensions(extension::OF_NETWORK_TRAFFIC),
        ),
        may("start", Kind::Time),
        may("end", Kind::Time),
        may("is_active", Kind::Bool),
        may("src_ref", ENDPOINT),
        may("dst_ref", ENDPOINT),
        may("src_port", PORT),
        may("dst_port", PORT),
        must("protocols", TEXTS),
        may("src_byte_count", COUNT),
        may("dst_byte_count", COUNT),
        may("src_packets", COUNT),
        may("dst_packets", COUNT),
        may("ipfix", Kind::Dictionary(&Kind::TextOrWhole)),
        may("src_payload_ref", PAYLOAD),
        may("dst_payload_ref", PAYLOAD),
        may("encapsulates_refs", Kind::List(&Kind::Ref(TRAFFIC))),
        may("encapsulated_by_ref", Kind::Ref(TRAFFIC)),
    ],
    &[
        Check::AnyOf(&["src_ref", "dst_ref"]),
        Check::Order("start", "end", false),
        Check::Rule(check::active),
        Check::Rule(check::deterministic),
    ],
);

pub(super) static PROCESS: Shape = Shape::new(
    "STIX 2.1, 6.13 Process",
    OBSERVABLE,
    &[
        may("extensions", Kind::Extensions(extension::OF_PROCESS)),
        may("is_hidden", Kind::Bool),
        may("pid", WHOLE),
        may("created_time", Kind::Time),
        may("cwd", TEXT),
        may("command_line", TEXT),
        may("environment_variables", Kind::Dictionary(&TEXT)),
        may("opened_connection_refs", Kind::List(&Kind::Ref(TRAFFIC))),
        may("creator_user_ref", Kind::Ref(Refs::Of(&["user-account"]))),
        may("image_ref", Kind::Ref(Refs::Of(&["file"]))),
        may("parent_ref", Kind::Ref(Refs::Of(&["process"]))),
        may("child_refs", Kind::List(&Kind::Ref(Refs::Of(&["process"])))),
    ],
    &[Check::Something, Check::Rule(check::deterministic)],
);
