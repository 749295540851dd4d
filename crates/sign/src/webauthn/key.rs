//! A passkey's public key, with the place where it may be used.

use crate::{
    PublicKeyError, SignatureError,
    p256::{POINT_BYTES, Point},
};

/// The most bytes of a relying party's id: a domain name (RFC 1035 §2.3.4).
pub const RP_ID_BYTES_MAX: usize = 253;

/// The most bytes between two dots of a domain name (RFC 1035 §2.3.4).
const LABEL_BYTES_MAX: usize = 63;

/// The public key of a passkey (ES256), its relying party and the one origin
/// whose pages may ask for its assertions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WebAuthnKey {
    point: Point,
    rp_id: String,
    origin: String,
}

impl WebAuthnKey {
    /// A key from its parts.
    ///
    /// `point` is uncompressed, 65 bytes: `04`, x, y. `rp_id` is a lower-case
    /// domain name. `origin` is what a browser writes: `https://`, the relying
    /// party's domain or one below it, a port if it is not 443. Plain `http`
    /// is taken on `localhost` alone.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError::Point`], [`PublicKeyError::RpId`] or
    /// [`PublicKeyError::Origin`].
    pub fn new(point: &[u8], rp_id: &str, origin: &str) -> Result<Self, PublicKeyError> {
        if !is_domain(rp_id) {
            return Err(PublicKeyError::RpId);
        }
        if !is_origin_of(origin, rp_id) {
            return Err(PublicKeyError::Origin);
        }
        Ok(Self {
            point: Point::from_bytes(point)?,
            rp_id: rp_id.to_owned(),
            origin: origin.to_owned(),
        })
    }

    /// The uncompressed point: `04`, x, y.
    pub fn point(&self) -> &[u8; POINT_BYTES] {
        self.point.as_bytes()
    }

    /// The relying party: a domain name.
    pub fn rp_id(&self) -> &str {
        &self.rp_id
    }

    /// The origin, as a browser writes it in client data.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub(super) fn verify_der(&self, message: &[u8], sig: &[u8]) -> Result<(), SignatureError> {
        self.point.verify_der(message, sig)
    }
}

/// Whether `text` is a lower-case domain name in ASCII, and no address.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= RP_ID_BYTES_MAX
        && text.split('.').all(is_label)
        && !last.starts_with(|first: char| first.is_ascii_digit())
}

fn is_origin_of(origin: &str, rp_id: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let default_port = match scheme {
        "https" => 443,
        "http" if host == "localhost" => 80,
        _ => return false,
    };
    let host_fits = host
        .strip_suffix(rp_id)
        .is_some_and(|below| below.is_empty() || below.ends_with('.'));
    is_domain(host) && host_fits && port.is_none_or(|port| is_port(port, default_port))
}

fn is_port(text: &str, default_port: u16) -> bool {
    text.parse::<u16>()
        .is_ok_and(|port| port > 0 && port != default_port && port.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::{is_domain, is_origin_of};

    #[test]
    fn a_relying_party_is_a_lower_case_domain_name() {
        for good in [
            "localhost",
            "example.org",
            "a-b.example",
            "xn--bcher-kva.example",
            "4u.example",
        ] {
            assert!(is_domain(good), "{good}");
        }
        let long_label = "a".repeat(64);
        let long_name = "a.".repeat(127);
        for bad in [
            "",
            ".",
            "example.",
            ".example",
            "a..b",
            "Example.org",
            "bücher.example",
            "-a.example",
            "a-.example",
            "127.0.0.1",
            "a:b",
            "a/b",
            "a b",
            &long_label,
            &long_name,
        ] {
            assert!(!is_domain(bad), "{bad}");
        }
    }

    #[test]
    fn an_origin_is_in_its_short_form_and_within_the_relying_party() {
        for good in [
            "https://example.org",
            "https://desk.example.org",
            "https://desk.example.org:8443",
        ] {
            assert!(is_origin_of(good, "example.org"), "{good}");
        }
        assert!(is_origin_of("http://localhost:8080", "localhost"));
        assert!(is_origin_of("https://localhost", "localhost"));
        for bad in [
            "",
            "example.org",
            "https://",
            "http://example.org",
            "https://example.org/",
            "https://example.org:443",
            "https://example.org:0443",
            "https://example.org:+8443",
            "https://example.org:0",
            "https://example.org:65536",
            "https://example.org:",
            "https://Example.org",
            "HTTPS://example.org",
            "https://badexample.org",
            "https://example.org.evil.example",
            "https://user@example.org",
            "https://.example.org",
            "http://localhost",
            "android:apk-key-hash:abc",
        ] {
            assert!(!is_origin_of(bad, "example.org"), "{bad}");
        }
        assert!(!is_origin_of("http://localhost:80", "localhost"));
    }
}
