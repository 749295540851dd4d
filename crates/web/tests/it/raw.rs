//! A client that writes what it is told, well-formed or not, over TLS as everybody
//! else speaks it: the server's certificate must pass the ordinary verification with itself as the only root.

use crate::fake::Running;
use portcullis_web::TlsIdentity;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName},
};
use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

pub(crate) struct Raw(StreamOwned<ClientConnection, TcpStream>);

impl Raw {
    pub(crate) fn connect(server: &Running, shown: Option<&TlsIdentity>) -> Self {
        Self::connect_by(server, shown, rustls::ALL_VERSIONS)
    }

    pub(crate) fn connect_by(
        server: &Running,
        shown: Option<&TlsIdentity>,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> Self {
        Self::connect_to(server.address, &server.identity, shown, versions)
    }

    pub(crate) fn connect_to(
        address: SocketAddr,
        identity: &TlsIdentity,
        shown: Option<&TlsIdentity>,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> Self {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from(identity.certificate_der().to_vec()))
            .unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(
            rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
        let config = match shown {
            None => config.with_no_client_auth(),
            Some(shown) => {
                let chain = vec![CertificateDer::from(shown.certificate_der().to_vec())];
                let key = PrivateKeyDer::try_from(shown.key_der().to_vec()).unwrap();
                config.with_client_auth_cert(chain, key).unwrap()
            }
        };
        let name = ServerName::from(address.ip());
        let stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        Self(StreamOwned::new(
            ClientConnection::new(Arc::new(config), name).unwrap(),
            stream,
        ))
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).unwrap();
    }

    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes)?;
        self.0.flush()
    }

    /// What is heard until it ends in `end`.
    pub(crate) fn until(&mut self, end: &str) -> String {
        let mut heard = String::new();
        while !heard.ends_with(end) {
            let mut bytes = [0; 1024];
            let read = self.0.read(&mut bytes).unwrap();
            assert!(read > 0, "closed after {heard:?}");
            heard.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        }
        heard
    }

    /// Everything until the server closes.
    pub(crate) fn rest(&mut self) -> String {
        let mut heard = Vec::new();
        match self.0.read_to_end(&mut heard) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {}
            Err(error) => panic!("after {:?}: {error}", String::from_utf8_lossy(&heard)),
        }
        String::from_utf8(heard).unwrap()
    }

    /// Sends `piece` again and again until something is heard or the server takes no more.
    /// Answers what was heard, and how many bytes had been sent.
    pub(crate) fn send_endlessly(mut self, piece: &[u8]) -> (String, usize) {
        self.0
            .sock
            .set_read_timeout(Some(Duration::from_millis(1)))
            .unwrap();
        let (mut sent, mut first) = (0, [0; 1024]);
        loop {
            if self.0.write_all(piece).is_err() {
                return (self.rest(), sent);
            }
            sent += piece.len();
            match self.0.read(&mut first) {
                Ok(read) => return (String::from_utf8(first[..read].to_vec()).unwrap(), sent),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => panic!("after {sent} bytes: {error}"),
            }
        }
    }
}
