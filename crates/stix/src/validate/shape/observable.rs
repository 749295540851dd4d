//! Cyber observables (STIX 2.1, 6), but for network traffic and processes.

use super::super::{check, form};
use super::common::OBSERVABLE;
use super::traffic::{NETWORK_TRAFFIC, PROCESS};
use super::{Check, Kind, Refs, Shape, TEXTS, WHOLE, extension, may, must};
use crate::vocab;

pub(super) const NONE: Kind = Kind::Extensions(&[]);
const TEXT: Kind = Kind::Text;
const RULES: &[Check] = &[Check::Rule(check::deterministic)];
const FILE_REF: Refs = Refs::Of(&["directory", "file"]);
const ARTIFACT_REF: Refs = Refs::Of(&["artifact"]);
const ADDRESSES: Kind = Kind::List(&Kind::Ref(Refs::Of(&["email-addr"])));

pub(super) fn of(kind: &str) -> Option<&'static Shape> {
    Some(match kind {
        "artifact" => &ARTIFACT,
        "autonomous-system" => &AUTONOMOUS_SYSTEM,
        "directory" => &DIRECTORY,
        "domain-name" => &DOMAIN_NAME,
        "email-addr" => &EMAIL_ADDR,
        "email-message" => &EMAIL_MESSAGE,
        "file" => &FILE,
        "ipv4-addr" => &IPV4_ADDR,
        "ipv6-addr" => &IPV6_ADDR,
        "mac-addr" => &MAC_ADDR,
        "mutex" => &MUTEX,
        "network-traffic" => &NETWORK_TRAFFIC,
        "process" => &PROCESS,
        "software" => &SOFTWARE,
        "url" => &URL,
        "user-account" => &USER_ACCOUNT,
        "windows-registry-key" => &WINDOWS_REGISTRY_KEY,
        "x509-certificate" => &X509_CERTIFICATE,
        _ => return None,
    })
}

static ARTIFACT: Shape = Shape::new(
    "STIX 2.1, 6.1 Artifact",
    OBSERVABLE,
    &[
        may("extensions", NONE),
        may("mime_type", Kind::Form(&form::MEDIA_TYPE)),
        may("payload_bin", Kind::Binary),
        may("url", Kind::Form(&form::URI)),
        may("hashes", Kind::Hashes),
        may(
            "encryption_algorithm",
            Kind::Enum(vocab::ENCRYPTION_ALGORITHM),
        ),
        may("decryption_key", TEXT),
    ],
    &[
        Check::OneOf(&["payload_bin", "url"]),
        Check::Needs("url", "hashes"),
        Check::Needs("decryption_key", "encryption_algorithm"),
        Check::Rule(check::deterministic),
    ],
);

static AUTONOMOUS_SYSTEM: Shape = Shape::new(
    "STIX 2.1, 6.2 Autonomous System",
    OBSERVABLE,
    &[
        may("extensions", NONE),
        must("number", WHOLE),
        may("name", TEXT),
        may("rir", TEXT),
    ],
    RULES,
);

static DIRECTORY: Shape = Shape::new(
    "STIX 2.1, 6.3 Directory",
    OBSERVABLE,
    &[
        may("extensions", NONE),
        must("path", TEXT),
        may("path_enc", Kind::Form(&form::CHARSET)),
        may("ctime", Kind::Time),
        may("mtime", Kind::Time),
        may("atime", Kind::Time),
        may("contains_refs", Kind::List(&Kind::Ref(FILE_REF))),
    ],
    RULES,
);

static DOMAIN_NAME: Shape = Shape::new(
    "STIX 2.1, 6.4 Domain Name",
    OBSERVABLE,
    &[
        may("extensions", NONE),
        must("value", Kind::Form(&form::DOMAIN)),
        may(
            "resolves_to_refs",
            Kind::List(&Kind::Ref(Refs::Of(&[
                "domain-name",
                "ipv4-addr",
                "ipv6-addr",
            ]))),
        ),
    ],
    RULES,
);

static EMAIL_ADDR: Shape = Shape::new(
    "STIX 2.1, 6.5 Email Address",
    OBSERVABLE,
    &[
        may("extensions", NONE),
        must("value", Kind::Form(&form::EMAIL)),
        may("display_name", TEXT),
        may("belongs_to_ref", Kind::Ref(Refs::Of(&["user-account"]))),
    ],
    RULES,
);

static EMAIL_MESSAGE: Shape = Shape::new(
    "STIX 2.1, 6.6 Email Message",
    OBSERVABLE,
    &[
        may("extensions", NONE),
        must("is_multipart", Kind::Bool),
        may("date", Kind::Time),
        may("content_type", TEXT),
        may("from_ref", Kind::Ref(Refs::Of(&["email-addr"]))),
        may("sender_ref", Kind::Ref(Refs::Of(&["email-addr"]))),
        may("to_refs", ADDRESSES),
        may("cc_refs", ADDRESSES),
        may("bcc_refs", ADDRESSES),
        may("message_id", TEXT),
        may("subject", TEXT),
        may("received_lines", TEXTS),
        may("additional_header_fields", Kind::Dictionary(&Kind::Texts)),
        may("body", TEXT),
        may("body_multipart", Kind::List(&Kind::Object(&MIME_PART))),
        may("raw_email_ref", Kind::Ref(ARTIFACT_REF)),
    ],
    &[
        Check::Rule(check::multipart),
        Check::Rule(check::deterministic),
    ],
);

static MIME_PART: Shape = Shape::part(
    "STIX 2.1, 6.6.2 Email MIME Component",
    &[
        may("body", TEXT),
        may("body_raw_ref", Kind::Ref(Refs::Of(&["artifact", "file"]))),
        may("content_type", TEXT),
        may("content_disposition", TEXT),
    ],
    &[Check::OneOf(&["body", "body_raw_ref"])],
);

static FILE: Shape = Shape::new(
    "STIX 2.1, 6.7 File",
    OBSERVABLE,
    &[
        may("extensions", Kind::Extensions(extension::OF_FILE)),
        may("hashes", Kind::Hashes),
        may("size", super::COUNT),
        may("name", TEXT),
        may("name_enc", Kind::Form(&form::CHARSET)),
        may("magic_number_hex", Kind::Hex),
        may("mime_type", TEXT),
        may("ctime", Kind::Time),
        may("mtime", Kind::Time),
        may("atime", Kind::Time),
        may("parent_directory_ref", Kind::Ref(Refs::Of(&["directory"]))),
        may("contains_refs", Kind::List(&Kind::Ref(Refs::Observable))),
        may("content_ref", Kind::Ref(ARTIFACT_REF)),
    ],
    &[
        Check::AnyOf(&["hashes", "name"]),
        Check::Rule(check::deterministic),
    ],
);

const MACS: Kind = Kind::List(&Kind::Ref(Refs::Of(&["mac-addr"])));
const NETWORKS: Kind = Kind::List(&Kind::Ref(Refs::Of(&["autonomous-system"])));

static IPV4_ADDR: Shape = Shape::new(
    "STIX 2.1, 6.8 IPv4 Address",
    OBSERVABLE,
    &[
        may("extensions", NONE),
        must("value", Kind::Form(&form::IPV4)),
        may("resolves_to_refs", MACS),
        may("belongs_to_refs", NETWORKS),
    ],
    RULES,
);

static IPV6_ADDR: Shape = Shape::new(
    "STIX 2.1, 6.9 IPv6 Address",
    OBSERVABLE,
    &[
        may("extensions", NONE),
        must("value", Kind::Form(&form::IPV6)),
        may("resolves_to_refs", MACS),
        may("belongs_to_refs", NETWORKS),
    ],
    RULES,
);

static MAC_ADDR: Shape = Shape::new(
    "STIX 2.1, 6.10 MAC Address",
    OBSERVABLE,
    &[
        may("extensions", NONE),
        must("value", Kind::Form(&form::MAC)),
    ],
    RULES,
);

static MUTEX: Shape = Shape::new(
    "STIX 2.1, 6.11 Mutex",
    OBSERVABLE,
    &[may("extensions", NONE), must("name", TEXT)],
    RULES,
);

static SOFTWARE: Shape = Shape::new(
    "STIX 2.1, 6.14 Software",
    OBSERVABLE,
    &[
        may("extensions", NONE),
        must("name", TEXT),
        may("cpe", Kind::Form(&form::CPE)),
        may("swid", TEXT),
        may("languages", Kind::List(&Kind::Form(&form::LANGUAGE))),
        may("vendor", TEXT),
        may("version", TEXT),
    ],
    RULES,
);

static URL: Shape = Shape::new(
    "STIX 2.1, 6.15 URL",
    OBSERVABLE,
    &[
        may("extensions", NONE),
        must("value", Kind::Form(&form::URI)),
    ],
    RULES,
);

static USER_ACCOUNT: Shape = Shape::new(
    "STIX 2.1, 6.16 User Account",
    OBSERVABLE,
    &[
        may("extensions", Kind::Extensions(extension::OF_USER_ACCOUNT)),
        may("user_id", TEXT),
        may("credential", TEXT),
        may("account_login", TEXT),
        may("account_type", Kind::Open(vocab::ACCOUNT_TYPE)),
        may("display_name", TEXT),
        may("is_service_account", Kind::Bool),
        may("is_privileged", Kind::Bool),
        may("can_escalate_privs", Kind::Bool),
        may("is_disabled", Kind::Bool),
        may("account_created", Kind::Time),
        may("account_expires", Kind::Time),
        may("credential_last_changed", Kind::Time),
        may("account_first_login", Kind::Time),
        may("account_last_login", Kind::Time),
    ],
    &[Check::Something, Check::Rule(check::deterministic)],
);

static WINDOWS_REGISTRY_KEY: Shape = Shape::new(
    "STIX 2.1, 6.17 Windows Registry Key",
    OBSERVABLE,
    &[
        may("extensions", NONE),
        may("key", Kind::Form(&form::REGISTRY_KEY)),
        may("values", Kind::List(&Kind::Object(&REGISTRY_VALUE))),
        may("modified_time", Kind::Time),
        may("creator_user_ref", Kind::Ref(Refs::Of(&["user-account"]))),
        may("number_of_subkeys", WHOLE),
    ],
    &[Check::Something, Check::Rule(check::deterministic)],
);

static REGISTRY_VALUE: Shape = Shape::part(
    "STIX 2.1, 6.17.2 Windows Registry Value",
    &[
        may("name", TEXT),
        may("data", TEXT),
        may("data_type", Kind::Enum(vocab::REGISTRY_DATATYPE)),
    ],
    &[Check::Something],
);

static X509_CERTIFICATE: Shape = Shape::new(
    "STIX 2.1, 6.18 X.509 Certificate",
    OBSERVABLE,
    &[
        may("extensions", NONE),
        may("is_self_signed", Kind::Bool),
        may("hashes", Kind::Hashes),
        may("version", TEXT),
        may("serial_number", TEXT),
        may("signature_algorithm", TEXT),
        may("issuer", TEXT),
        may("validity_not_before", Kind::Time),
        may("validity_not_after", Kind::Time),
        may("subject", TEXT),
        may("subject_public_key_algorithm", TEXT),
        may("subject_public_key_modulus", TEXT),
        may("subject_public_key_exponent", WHOLE),
        may("x509_v3_extensions", Kind::Object(&X509_V3)),
    ],
    &[Check::Something, Check::Rule(check::deterministic)],
);

static X509_V3: Shape = Shape::part(
    "STIX 2.1, 6.18.2 X.509 v3 Extensions",
    &[
        may("basic_constraints", TEXT),
        may("name_constraints", TEXT),
        may("policy_constraints", TEXT),
        may("key_usage", TEXT),
        may("extended_key_usage", TEXT),
        may("subject_key_identifier", TEXT),
        may("authority_key_identifier", TEXT),
        may("subject_alternative_name", TEXT),
        may("issuer_alternative_name", TEXT),
        may("subject_directory_attributes", TEXT),
        may("crl_distribution_points", TEXT),
        may("inhibit_any_policy", TEXT),
        may("private_key_usage_period_not_before", Kind::Time),
        may("private_key_usage_period_not_after", Kind::Time),
        may("certificate_policies", TEXT),
        may("policy_mappings", TEXT),
    ],
    &[Check::Something],
);
