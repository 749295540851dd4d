//! Vocabularies: the words the standard names (STIX 2.1, 10).
//!
//! Of an open vocabulary a producer should choose, and may choose otherwise;
//! of an enumeration it must.

mod relationship;

pub use relationship::is_suitable;

/// A list of words.
pub type Words = &'static [&'static str];

/// The types of objects that the standard defines beside the observables
/// (STIX 2.1, 4, 5 and 7).
pub const TYPES: Words = &[
    "attack-pattern",
    "campaign",
    "course-of-action",
    "extension-definition",
    "grouping",
    "identity",
    "incident",
    "indicator",
    "infrastructure",
    "intrusion-set",
    "language-content",
    "location",
    "malware",
    "malware-analysis",
    "marking-definition",
    "note",
    "observed-data",
    "opinion",
    "relationship",
    "report",
    "sighting",
    "threat-actor",
    "tool",
    "vulnerability",
];

/// The observables that the standard defines (STIX 2.1, 6).
pub const OBSERVABLES: Words = &[
    "artifact",
    "autonomous-system",
    "directory",
    "domain-name",
    "email-addr",
    "email-message",
    "file",
    "ipv4-addr",
    "ipv6-addr",
    "mac-addr",
    "mutex",
    "network-traffic",
    "process",
    "software",
    "url",
    "user-account",
    "windows-registry-key",
    "x509-certificate",
];

/// Whether `kind` is an observable that the standard defines.
pub fn is_observable(kind: &str) -> bool {
    OBSERVABLES.binary_search(&kind).is_ok()
}

/// Whether `kind` is a type that the standard defines.
pub fn is_standard(kind: &str) -> bool {
    kind == "bundle" || TYPES.binary_search(&kind).is_ok() || is_observable(kind)
}

/// Account Type Vocabulary.
pub const ACCOUNT_TYPE: Words = &[
    "facebook",
    "ldap",
    "nis",
    "openid",
    "radius",
    "skype",
    "tacacs",
    "twitter",
    "unix",
    "windows-domain",
    "windows-local",
];

/// Attack Motivation Vocabulary.
pub const ATTACK_MOTIVATION: Words = &[
    "accidental",
    "coercion",
    "dominance",
    "ideology",
    "notoriety",
    "organizational-gain",
    "personal-gain",
    "personal-satisfaction",
    "revenge",
    "unpredictable",
];

/// Attack Resource Level Vocabulary.
pub const ATTACK_RESOURCE_LEVEL: Words = &[
    "club",
    "contest",
    "government",
    "individual",
    "organization",
    "team",
];

/// Encryption Algorithm Enumeration.
pub const ENCRYPTION_ALGORITHM: Words =
    &["AES-256-GCM", "ChaCha20-Poly1305", "mime-type-indicated"];

/// Extension Types Enumeration.
pub const EXTENSION_TYPE: Words = &[
    "new-sco",
    "new-sdo",
    "new-sro",
    "property-extension",
    "toplevel-property-extension",
];

/// Grouping Context Vocabulary.
pub const GROUPING_CONTEXT: Words = &["malware-analysis", "suspicious-activity", "unspecified"];

/// Hashing Algorithm Vocabulary.
pub const HASH_ALGORITHM: Words = &[
    "MD5", "SHA-1", "SHA-256", "SHA-512", "SHA3-256", "SHA3-512", "SSDEEP", "TLSH",
];

/// Identity Class Vocabulary.
pub const IDENTITY_CLASS: Words = &[
    "class",
    "group",
    "individual",
    "organization",
    "system",
    "unknown",
];

/// Implementation Language Vocabulary.
pub const IMPLEMENTATION_LANGUAGE: Words = &[
    "applescript",
    "bash",
    "c",
    "c#",
    "c++",
    "go",
    "java",
    "javascript",
    "lua",
    "objective-c",
    "perl",
    "php",
    "powershell",
    "python",
    "ruby",
    "scala",
    "swift",
    "typescript",
    "visual-basic",
    "x86-32",
    "x86-64",
];

/// Indicator Type Vocabulary.
pub const INDICATOR_TYPE: Words = &[
    "anomalous-activity",
    "anonymization",
    "attribution",
    "benign",
    "compromised",
    "malicious-activity",
    "unknown",
];

/// Industry Sector Vocabulary.
pub const INDUSTRY_SECTOR: Words = &[
    "aerospace",
    "agriculture",
    "automotive",
    "chemical",
    "commercial",
    "communications",
    "construction",
    "dams",
    "defense",
    "education",
    "emergency-services",
    "energy",
    "entertainment",
    "financial-services",
    "government",
    "government-local",
    "government-national",
    "government-public-services",
    "government-regional",
    "healthcare",
    "hospitality-leisure",
    "infrastructure",
    "insurance",
    "manufacturing",
    "mining",
    "non-profit",
    "nuclear",
    "pharmaceuticals",
    "retail",
    "technology",
    "telecommunications",
    "transportation",
    "utilities",
    "water",
];

/// Infrastructure Type Vocabulary.
pub const INFRASTRUCTURE_TYPE: Words = &[
    "amplification",
    "anonymization",
    "botnet",
    "command-and-control",
    "control-system",
    "exfiltration",
    "firewall",
    "hosting-malware",
    "hosting-target-lists",
    "phishing",
    "reconnaissance",
    "routers-switches",
    "staging",
    "unknown",
    "workstation",
];

/// Malware Result Vocabulary.
pub const MALWARE_RESULT: Words = &["benign", "malicious", "suspicious", "unknown"];

/// Malware Capabilities Vocabulary.
pub const MALWARE_CAPABILITY: Words = &[
    "accesses-remote-machines",
    "anti-debugging",
    "anti-disassembly",
    "anti-emulation",
    "anti-memory-forensics",
    "anti-sandbox",
    "anti-vm",
    "captures-input-peripherals",
    "captures-output-peripherals",
    "captures-system-state-data",
    "cleans-traces-of-infection",
    "commits-fraud",
    "communicates-with-c2",
    "compromises-data-availability",
    "compromises-data-integrity",
    "compromises-system-availability",
    "controls-local-machine",
    "degrades-security-software",
    "degrades-system-updates",
    "determines-c2-server",
    "emails-spam",
    "escalates-privileges",
    "evades-av",
    "exfiltrates-data",
    "fingerprints-host",
    "hides-artifacts",
    "hides-executing-code",
    "infects-files",
    "infects-remote-machines",
    "installs-other-components",
    "persists-after-system-reboot",
    "prevents-artifact-access",
    "prevents-artifact-deletion",
    "probes-network-environment",
    "self-modifies",
    "steals-authentication-credentials",
    "violates-system-operational-integrity",
];

/// Malware Type Vocabulary.
pub const MALWARE_TYPE: Words = &[
    "adware",
    "backdoor",
    "bootkit",
    "bot",
    "ddos",
    "downloader",
    "dropper",
    "exploit-kit",
    "keylogger",
    "ransomware",
    "remote-access-trojan",
    "resource-exploitation",
    "rogue-security-software",
    "rootkit",
    "screen-capture",
    "spyware",
    "trojan",
    "unknown",
    "virus",
    "webshell",
    "wiper",
    "worm",
];

/// Network Socket Address Family Enumeration.
pub const ADDRESS_FAMILY: Words = &[
    "AF_APPLETALK",
    "AF_BTH",
    "AF_INET",
    "AF_INET6",
    "AF_IPX",
    "AF_IRDA",
    "AF_NETBIOS",
    "AF_UNSPEC",
];

/// Network Socket Type Enumeration.
pub const SOCKET_TYPE: Words = &[
    "SOCK_DGRAM",
    "SOCK_RAW",
    "SOCK_RDM",
    "SOCK_SEQPACKET",
    "SOCK_STREAM",
];

/// Opinion Enumeration.
pub const OPINION: Words = &[
    "agree",
    "disagree",
    "neutral",
    "strongly-agree",
    "strongly-disagree",
];

/// Pattern Type Vocabulary.
pub const PATTERN_TYPE: Words = &["pcre", "sigma", "snort", "stix", "suricata", "yara"];

/// Processor Architecture Vocabulary.
pub const PROCESSOR_ARCHITECTURE: Words = &[
    "alpha", "arm", "ia-64", "mips", "powerpc", "sparc", "x86", "x86-64",
];

/// Region Vocabulary.
pub const REGION: Words = &[
    "africa",
    "americas",
    "antarctica",
    "asia",
    "australia-new-zealand",
    "caribbean",
    "central-america",
    "central-asia",
    "eastern-africa",
    "eastern-asia",
    "eastern-europe",
    "europe",
    "latin-america-caribbean",
    "melanesia",
    "micronesia",
    "middle-africa",
    "northern-africa",
    "northern-america",
    "northern-europe",
    "oceania",
    "polynesia",
    "south-america",
    "south-eastern-asia",
    "southern-africa",
    "southern-asia",
    "southern-europe",
    "western-africa",
    "western-asia",
    "western-europe",
];

/// Report Type Vocabulary.
pub const REPORT_TYPE: Words = &[
    "attack-pattern",
    "campaign",
    "identity",
    "indicator",
    "intrusion-set",
    "malware",
    "observed-data",
    "threat-actor",
    "threat-report",
    "tool",
    "vulnerability",
];

/// Threat Actor Type Vocabulary.
pub const THREAT_ACTOR_TYPE: Words = &[
    "activist",
    "competitor",
    "crime-syndicate",
    "criminal",
    "hacker",
    "insider-accidental",
    "insider-disgruntled",
    "nation-state",
    "sensationalist",
    "spy",
    "terrorist",
    "unknown",
];

/// Threat Actor Role Vocabulary.
pub const THREAT_ACTOR_ROLE: Words = &[
    "agent",
    "director",
    "independent",
    "infrastructure-architect",
    "infrastructure-operator",
    "malware-author",
    "sponsor",
];

/// Threat Actor Sophistication Vocabulary.
pub const THREAT_ACTOR_SOPHISTICATION: Words = &[
    "advanced",
    "expert",
    "innovator",
    "intermediate",
    "minimal",
    "none",
    "strategic",
];

/// Tool Type Vocabulary.
pub const TOOL_TYPE: Words = &[
    "credential-exploitation",
    "denial-of-service",
    "exploitation",
    "information-gathering",
    "network-capture",
    "remote-access",
    "unknown",
    "vulnerability-scanning",
];

/// Windows Integrity Level Enumeration.
pub const INTEGRITY_LEVEL: Words = &["high", "low", "medium", "system"];

/// Windows PE Binary Vocabulary.
pub const PE_TYPE: Words = &["dll", "exe", "sys"];

/// Windows Registry Datatype Enumeration.
pub const REGISTRY_DATATYPE: Words = &[
    "REG_BINARY",
    "REG_DWORD",
    "REG_DWORD_BIG_ENDIAN",
    "REG_DWORD_LITTLE_ENDIAN",
    "REG_EXPAND_SZ",
    "REG_FULL_RESOURCE_DESCRIPTION",
    "REG_INVALID_TYPE",
    "REG_LINK",
    "REG_MULTI_SZ",
    "REG_NONE",
    "REG_QWORD",
    "REG_RESOURCE_LIST",
    "REG_RESOURCE_REQUIREMENTS_LIST",
    "REG_SZ",
];

/// Windows Service Start Type Enumeration.
pub const SERVICE_START_TYPE: Words = &[
    "SERVICE_AUTO_START",
    "SERVICE_BOOT_START",
    "SERVICE_DEMAND_START",
    "SERVICE_DISABLED",
    "SERVICE_SYSTEM_ALERT",
];

/// Windows Service Type Enumeration.
pub const SERVICE_TYPE: Words = &[
    "SERVICE_FILE_SYSTEM_DRIVER",
    "SERVICE_KERNEL_DRIVER",
    "SERVICE_WIN32_OWN_PROCESS",
    "SERVICE_WIN32_SHARE_PROCESS",
];

/// Windows Service Status Enumeration.
pub const SERVICE_STATUS: Words = &[
    "SERVICE_CONTINUE_PENDING",
    "SERVICE_PAUSED",
    "SERVICE_PAUSE_PENDING",
    "SERVICE_RUNNING",
    "SERVICE_START_PENDING",
    "SERVICE_STOPPED",
    "SERVICE_STOP_PENDING",
];

/// TLP 1 (TLP Marking Object Type).
pub const TLP: Words = &["white", "green", "amber", "red"];

/// What a marking definition defines (Marking Definition).
pub const DEFINITION_TYPE: Words = &["statement", "tlp"];

/// Standard types that are not domain objects.
pub const NOT_DOMAIN: Words = &[
    "artifact",
    "autonomous-system",
    "directory",
    "domain-name",
    "email-addr",
    "email-message",
    "file",
    "ipv4-addr",
    "ipv6-addr",
    "mac-addr",
    "mutex",
    "network-traffic",
    "process",
    "software",
    "url",
    "user-account",
    "windows-registry-key",
    "x509-certificate",
    "bundle",
    "extension-definition",
    "language-content",
    "marking-definition",
    "relationship",
    "sighting",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_searched_by_halves_is_sorted() {
        assert!(TYPES.is_sorted() && OBSERVABLES.is_sorted());
        assert!(is_observable("x509-certificate") && !is_observable("indicator"));
    }
}
