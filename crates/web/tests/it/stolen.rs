//! Certificates are public: whoever shows one without its key is nobody.

use crate::fake::Running;
use portcullis_node::peers::{PeerError, Peers as _};
use portcullis_web::{HttpPeers, TlsIdentity};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto::{CryptoProvider, aws_lc_rs::default_provider},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName},
    sign::{CertifiedKey, SingleCertAndKey},
};
use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::Arc,
};

/// One's certificate with another's key, which nothing of ours would put together.
fn stolen(
    provider: &CryptoProvider,
    from: &TlsIdentity,
    by: &TlsIdentity,
) -> Arc<SingleCertAndKey> {
    let key = PrivateKeyDer::try_from(by.key_der().to_vec()).unwrap();
    let key = provider.key_provider.load_private_key(key).unwrap();
    let chain = vec![CertificateDer::from(from.certificate_der().to_vec())];
    Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key)))
}

#[test]
fn a_member_certificate_without_its_key_opens_nothing() {
    let server = Running::start();
    let provider = Arc::new(default_provider());
    let mut heard = Vec::new();
    for (by, opens) in [(&server.authority, true), (&server.stranger, false)] {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from(
                server.identity.certificate_der().to_vec(),
            ))
            .unwrap();
        let config = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_cert_resolver(stolen(&provider, &server.authority, by));
        let name = ServerName::from(server.address.ip());
        let stream = TcpStream::connect(server.address).unwrap();
        let mut tls = StreamOwned::new(
            ClientConnection::new(Arc::new(config), name).unwrap(),
            stream,
        );
        let request = "POST /peer/v1/deliveries HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
        let sent = tls.write_all(request.as_bytes());
        heard.clear();
        let read = tls.read_to_end(&mut heard);
        assert_eq!(
            heard.starts_with(b"HTTP/1.1 200 "),
            opens,
            "{sent:?} {read:?}"
        );
        assert_eq!(heard.is_empty(), !opens);
    }
}

#[test]
fn a_node_certificate_without_its_key_is_a_wrong_certificate() {
    let server = Running::start();
    let provider = Arc::new(default_provider());
    let config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(stolen(&provider, &server.identity, &server.stranger));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut peer = server.peer();
    peer.endpoint = format!("https://{}", listener.local_addr().unwrap());
    let thief = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut tls = ServerConnection::new(Arc::new(config)).unwrap();
        tls.complete_io(&mut stream).unwrap_err().to_string()
    });
    let error = HttpPeers::new(server.authority.clone())
        .unwrap()
        .deliver(&peer, b"{}")
        .unwrap_err();
    assert_eq!(
        error,
        PeerError::WrongCertificate {
            member: "provider".parse().unwrap()
        }
    );
    assert!(
        thief.join().unwrap().contains("alert"),
        "the client broke the handshake off"
    );
}
