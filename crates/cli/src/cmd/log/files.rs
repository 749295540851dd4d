//! Where the plain files of a log are read from: a folder, or a server.

use crate::{clock::pause, cmd::log::believed::register_of, failure::Failure};
use portcullis_core::digest::Digest;
use portcullis_node::peers::{Peer, PeerError, Peers as _};
use portcullis_tlog::{
    tile::{BUNDLE_BYTES_MAX, LogFiles},
    tree::ReadError,
};
use portcullis_web::{HttpPeers, TlsIdentity};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read as _},
    net::{TcpStream, ToSocketAddrs as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How long a server may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How often a file is asked for before the check stops.
const TRIES: u32 = 4;

/// A log's files.
pub(in crate::cmd) enum Files {
    /// Below a folder.
    Folder(PathBuf),
    /// Below a prefix at a server.
    Remote {
        /// How it is called; under a certificate made for this alone, so that nobody is told who asks.
        peers: Box<HttpPeers>,
        /// Where.
        peer: Peer,
        /// `log/1`.
        prefix: String,
    },
}

impl Files {
    /// The files at a folder or a URL. A server's certificate is the one of the register in
    /// `dir`, or any, if that is wanted.
    pub(in crate::cmd) fn open(
        place: &str,
        dir: &Path,
        any_certificate: bool,
    ) -> Result<Self, Failure> {
        let Some((scheme, rest)) = place.split_once("://") else {
            return Ok(Self::Folder(place.into()));
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let endpoint = format!("{scheme}://{authority}");
        let prefix = path.trim_end_matches('/').to_owned();
        if scheme == "http" {
            return Self::remote("log", &endpoint, BTreeSet::new(), prefix);
        }
        if scheme != "https" {
            return Err(Failure::usage(format!(
                "`{place}`: a log is a folder, or lies at `https://`"
            )));
        }
        let known = register_of(dir).and_then(|(_, history)| {
            let members = &history.newest().register.members;
            members
                .iter()
                .find(|(_, member)| member.endpoint == endpoint)
                .map(|(id, member)| (id.clone(), member.tls.clone()))
        });
        match known {
            Some((member, tls)) => Self::remote(member.as_str(), &endpoint, tls, prefix),
            None if any_certificate => {
                let shown = shown_certificate(authority)
                    .map_err(|error| Failure::unable("peer.unreachable", format!("`{endpoint}`: {error}")))?;
                Self::remote("log", &endpoint, BTreeSet::from([shown]), prefix)
            }
            None => Err(Failure::usage(format!("`{endpoint}` is no member's in the register of `{}`", dir.display()))
                .hint("add `--any-certificate`: nothing rests on the certificate, everything is verified by signatures")),
        }
    }

    /// The files at a member's node.
    pub(in crate::cmd) fn at(peer: &Peer, prefix: String) -> Result<Self, Failure> {
        Self::remote(
            peer.member.as_str(),
            &peer.endpoint,
            peer.tls.clone(),
            prefix,
        )
    }

    fn remote(
        member: &str,
        endpoint: &str,
        tls: BTreeSet<Digest>,
        prefix: String,
    ) -> Result<Self, Failure> {
        let tls_error = |error: &dyn core::fmt::Display| Failure::unable("tls", error.to_string());
        let nobody = TlsIdentity::generate(&["auditor"]).map_err(|error| tls_error(&error))?;
        let peers = HttpPeers::new(nobody).map_err(|error| tls_error(&error))?;
        let member = member.parse().map_err(|error| tls_error(&error))?;
        Ok(Self::Remote {
            peers: Box::new(peers),
            peer: Peer {
                member,
                endpoint: endpoint.to_owned(),
                tls,
            },
            prefix,
        })
    }

    /// A file that need not be there.
    pub(in crate::cmd) fn maybe(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        match self.file(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(ReadError::Missing { .. }) => Ok(None),
            Err(error) => Err(read_failure(&error)),
        }
    }
}

/// A file of a log that cannot be had, as a failure of ours: what is missing or malformed is
/// the log's fault, what cannot be reached is not.
pub(in crate::cmd) fn read_failure(error: &ReadError) -> Failure {
    match error {
        ReadError::Missing { .. } => Failure::false_("log.missing", error.to_string())
            .hint("a log serves every tile of the tree that it signed"),
        ReadError::Malformed { source, .. } => {
            Failure::false_("log.tile", format!("{error}: {source}"))
        }
        ReadError::Failed { source, .. } => {
            Failure::unable("log.unreachable", format!("{error}: {source}"))
        }
    }
}

impl LogFiles for Files {
    fn file(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let missing = || ReadError::Missing {
            path: path.to_owned(),
        };
        match self {
            Self::Folder(folder) => {
                bounded(&folder.join(path), BUNDLE_BYTES_MAX).map_err(|error| {
                    if error.kind() == io::ErrorKind::NotFound {
                        missing()
                    } else {
                        ReadError::Failed {
                            path: path.to_owned(),
                            source: error.into(),
                        }
                    }
                })
            }
            Self::Remote {
                peers,
                peer,
                prefix,
            } => {
                let failed = |source| ReadError::Failed {
                    path: path.to_owned(),
                    source,
                };
                let whole = if prefix.is_empty() {
                    path.to_owned()
                } else {
                    format!("{prefix}/{path}")
                };
                let mut tries = 1;
                let answer = loop {
                    match peers.get(peer, &whole) {
                        Err(PeerError::Unreachable { .. }) if tries < TRIES => {
                            pause(Duration::from_millis(250) * tries);
                        }
                        done => break done.map_err(|error| failed(error.into()))?,
                    }
                    tries += 1;
                };
                match answer.status {
                    200 => Ok(answer.body),
                    404 => Err(missing()),
                    status => Err(failed(format!("status {status}").into())),
                }
            }
        }
    }
}

/// Reads a file of at most so many bytes.
pub(in crate::cmd) fn bounded(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(bytes_max as u64 + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() > bytes_max {
        return Err(io::Error::other(format!(
            "it has more than {bytes_max} bytes"
        )));
    }
    Ok(bytes)
}

/// The digest of whatever certificate a server shows. It proves nothing; it is pinned so that
/// one and the same server is spoken to from there on.
fn shown_certificate(authority: &str) -> io::Result<Digest> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => {
            (host, port.parse().map_err(io::Error::other)?)
        }
        _ => (authority, 443),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    let address = (host, port)
        .to_socket_addrs()?
        .next()
        .ok_or_else(|| io::Error::other("no such host"))?;
    let mut socket = TcpStream::connect_timeout(&address, HANDSHAKE)?;
    socket.set_read_timeout(Some(HANDSHAKE))?;
    socket.set_write_timeout(Some(HANDSHAKE))?;
    while connection.is_handshaking() {
        connection.complete_io(&mut socket)?;
    }
    let certificate = connection.peer_certificates().and_then(<[_]>::first);
    let certificate = certificate.ok_or_else(|| io::Error::other("it shows no certificate"))?;
    Ok(Digest(Sha256::digest(certificate).into()))
}

/// Takes any certificate whose key the server has.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
