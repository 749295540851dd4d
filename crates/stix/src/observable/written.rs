//! A value written as a pattern.

use super::Kind;
use crate::pattern::quoted;

/// The pattern that looks for `value`, a `kind`, as it is written: its
/// spelling is kept.
pub fn written(kind: Kind, value: &str) -> String {
    let path = match kind {
        Kind::Ipv4 => "ipv4-addr:value",
        Kind::Ipv6 => "ipv6-addr:value",
        Kind::Domain => "domain-name:value",
        Kind::Url => "url:value",
        Kind::Email => "email-addr:value",
        Kind::Mac => "mac-addr:value",
        Kind::Asn => {
            let number = super::normal(Kind::Asn, value).unwrap_or_else(|| quoted(value));
            return format!("[autonomous-system:number = {number}]");
        }
        Kind::Md5 => "file:hashes.MD5",
        Kind::Sha1 => "file:hashes.'SHA-1'",
        Kind::Sha224 => "file:hashes.'SHA-224'",
        Kind::Sha256 => "file:hashes.'SHA-256'",
        Kind::Sha384 => "file:hashes.'SHA-384'",
        Kind::Sha512 => "file:hashes.'SHA-512'",
        Kind::Sha3x256 => "file:hashes.'SHA3-256'",
        Kind::Sha3x512 => "file:hashes.'SHA3-512'",
        Kind::Ssdeep => "file:hashes.SSDEEP",
        Kind::Tlsh => "file:hashes.TLSH",
        Kind::OtherHash => "file:hashes.other",
        Kind::FileName => "file:name",
        Kind::FilePath => "directory:path",
        Kind::Mutex => "mutex:name",
        Kind::RegistryKey => "windows-registry-key:key",
        Kind::UserAccount => "user-account:account_login",
        Kind::CommandLine => "process:command_line",
        Kind::Software => "software:name",
        Kind::CertificateSerial => "x509-certificate:serial_number",
        Kind::UserAgent => {
            "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'"
        }
        Kind::EmailSubject => "email-message:subject",
    };
    format!("[{path} = {}]", quoted(value))
}
