//! Who a node is on the wire: one certificate and its key.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use portcullis_core::digest::Digest;
use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The largest certificate, in DER, that is read from a file or from a stranger: ours have some 400 bytes.
pub const CERTIFICATE_BYTES_MAX: usize = 8 * 1024;

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// There is no certificate in the text, or it is longer than [`CERTIFICATE_BYTES_MAX`].
    #[error("no certificate could be read")]
    Certificate,
    /// There is no private key in the text, or it is of no kind that is known (PKCS #8, SEC 1, PKCS #1).
    #[error("no private key could be read")]
    Key,
    /// The key is not the certificate's.
    #[error("the certificate and the key do not belong together")]
    Mismatch(#[source] rustls::Error),
    /// No certificate could be made for these names.
    #[error("no certificate could be made")]
    Generate(#[source] rcgen::Error),
}

/// A TLS certificate and the private key that belongs to it. Prints its digest alone.
#[derive(Clone)]
pub struct TlsIdentity {
    certificate: CertificateDer<'static>,
    key: Zeroizing<Vec<u8>>,
}

impl TlsIdentity {
    /// From a certificate and its key in DER (the key as PKCS #8, SEC 1 or PKCS #1).
    ///
    /// # Errors
    ///
    /// [`IdentityError::Certificate`], [`IdentityError::Key`], [`IdentityError::Mismatch`].
    pub fn from_der(certificate_der: &[u8], key_der: &[u8]) -> Result<Self, IdentityError> {
        if certificate_der.is_empty() || CERTIFICATE_BYTES_MAX < certificate_der.len() {
            return Err(IdentityError::Certificate);
        }
        let identity = Self {
            certificate: CertificateDer::from(certificate_der.to_vec()),
            key: Zeroizing::new(key_der.to_vec()),
        };
        CertifiedKey::from_der(
            identity.chain(),
            identity.private_key()?,
            &crate::tls::provider(),
        )
        .map_err(IdentityError::Mismatch)?;
        Ok(identity)
    }

    /// From PEM texts; one text that holds both may be given twice. The first of each kind counts.
    ///
    /// # Errors
    ///
    /// As [`TlsIdentity::from_der`].
    pub fn from_pem(certificate_pem: &[u8], key_pem: &[u8]) -> Result<Self, IdentityError> {
        let certificate = CertificateDer::from_pem_slice(certificate_pem)
            .map_err(|_| IdentityError::Certificate)?;
        let key = PrivateKeyDer::from_pem_slice(key_pem).map_err(|_| IdentityError::Key)?;
        Self::from_der(&certificate, key.secret_der())
    }

    /// A new ECDSA P-256 key and a certificate that it signed itself, for these DNS names or IP addresses.
    /// Its dates are wide open: the register ends it, not the certificate.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Generate`] when a name is none, or the generator fails.
    pub fn generate(names: &[&str]) -> Result<Self, IdentityError> {
        let key = rcgen::KeyPair::generate().map_err(IdentityError::Generate)?;
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = rcgen::CertificateParams::new(names).map_err(IdentityError::Generate)?;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, "portcullis node");
        let certificate = params.self_signed(&key).map_err(IdentityError::Generate)?;
        Self::from_der(certificate.der(), &Zeroizing::new(key.serialize_der()))
    }

    /// SHA-256 of the certificate's DER: what the register lists.
    pub fn digest(&self) -> Digest {
        digest_of(&self.certificate)
    }

    /// The certificate in DER.
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }

    /// The private key in DER. A secret.
    pub fn key_der(&self) -> &[u8] {
        &self.key
    }

    /// The certificate in PEM.
    pub fn certificate_pem(&self) -> String {
        pem("CERTIFICATE", &self.certificate)
    }

    /// The private key in PEM. A secret.
    pub fn key_pem(&self) -> Zeroizing<String> {
        let label = match self.private_key() {
            Ok(PrivateKeyDer::Pkcs1(_)) => "RSA PRIVATE KEY",
            Ok(PrivateKeyDer::Sec1(_)) => "EC PRIVATE KEY",
            _ => "PRIVATE KEY",
        };
        Zeroizing::new(pem(label, &self.key))
    }

    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![self.certificate.clone()]
    }

    pub(crate) fn private_key(&self) -> Result<PrivateKeyDer<'static>, IdentityError> {
        PrivateKeyDer::try_from(self.key.to_vec()).map_err(|_| IdentityError::Key)
    }

    pub(crate) fn certified(&self) -> Result<Arc<CertifiedKey>, IdentityError> {
        CertifiedKey::from_der(self.chain(), self.private_key()?, &crate::tls::provider())
            .map(Arc::new)
            .map_err(IdentityError::Mismatch)
    }
}

impl core::fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("TlsIdentity").field(&self.digest()).finish()
    }
}

/// SHA-256 of a certificate's DER.
pub(crate) fn digest_of(certificate: &CertificateDer<'_>) -> Digest {
    Digest(Sha256::digest(certificate).into())
}

/// RFC 7468: base64 in lines of 64 between two boundaries.
fn pem(label: &str, der: &[u8]) -> String {
    let text = Zeroizing::new(BASE64_STANDARD.encode(der));
    let (begin, end) = (
        format!("-----BEGIN {label}-----\n"),
        format!("\n-----END {label}-----\n"),
    );
    // Room for all of it, so that nothing secret is left behind by growing.
    let mut lines = String::with_capacity(begin.len() + text.len() + text.len() / 64 + end.len());
    lines.push_str(&begin);
    for (index, symbol) in text.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            lines.push('\n');
        }
        lines.push(symbol);
    }
    lines.push_str(&end);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_generated_is_read_back_from_pem() {
        let identity = TlsIdentity::generate(&["node.example", "127.0.0.1"]).unwrap();
        let both = identity.certificate_pem() + &identity.key_pem();
        let read = TlsIdentity::from_pem(both.as_bytes(), both.as_bytes()).unwrap();
        assert_eq!(read.digest(), identity.digest());
        assert_eq!(read.key_der(), identity.key_der());
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let (a, b) = (
            TlsIdentity::generate(&["a"]).unwrap(),
            TlsIdentity::generate(&["b"]).unwrap(),
        );
        let mixed = TlsIdentity::from_der(a.certificate_der(), b.key_der());
        assert!(
            matches!(mixed, Err(IdentityError::Mismatch(_))),
            "{mixed:?}"
        );
        let no_key = TlsIdentity::from_der(a.certificate_der(), b"nothing");
        assert!(matches!(no_key, Err(IdentityError::Key)), "{no_key:?}");
        let no_certificate = TlsIdentity::from_pem(b"", a.key_pem().as_bytes());
        assert!(
            matches!(no_certificate, Err(IdentityError::Certificate)),
            "{no_certificate:?}"
        );
    }

    #[test]
    fn printing_an_identity_shows_its_digest_and_no_key() {
        let identity = TlsIdentity::generate(&["a"]).unwrap();
        assert_eq!(
            format!("{identity:?}"),
            format!("TlsIdentity({})", identity.digest())
        );
    }
}
