//! What a node's own client says and understands.

use crate::fake::{LARGE_BYTES, Running, package};
use portcullis_core::digest::Digest;
use portcullis_node::peers::{Answer, PART_BYTES, Peer, PeerError, Peers};
use portcullis_web::{HttpPeers, TlsIdentity};
use std::{
    io::{Read, Write},
    net::TcpListener,
    time::Duration,
};

fn as_authority(server: &Running) -> HttpPeers {
    HttpPeers::new(server.authority.clone()).unwrap()
}

#[test]
fn a_member_delivers_and_reads_what_is_public() {
    let server = Running::start();
    let (peers, peer) = (as_authority(&server), server.peer());
    let answer = peers.deliver(&peer, b"{}").unwrap();
    assert_eq!(
        answer,
        Answer {
            status: 200,
            body: br#"{"from":"authority","bytes":2}"#.to_vec()
        }
    );
    let refused = peers.deliver(&peer, b"refuse").unwrap();
    assert_eq!(refused.status, 422);
    for path in ["log/1/checkpoint", "/log/1/checkpoint"] {
        let file = Answer {
            status: 200,
            body: b"log.example\n3\nroot\n".to_vec(),
        };
        assert_eq!(peers.get(&peer, path).unwrap(), file);
    }
    assert_eq!(peers.get(&peer, "nothing").unwrap().status, 404);
    assert_eq!(
        peers.add_checkpoint(&peer, b"old 7").unwrap(),
        Answer {
            status: 409,
            body: b"9\n".to_vec()
        }
    );
    assert!(matches!(
        peers.get(&peer, "log/../x"),
        Err(PeerError::Unreachable { .. })
    ));
}

#[test]
fn a_client_with_another_certificate_is_a_stranger() {
    let server = Running::start();
    let answer = HttpPeers::new(server.stranger.clone())
        .unwrap()
        .deliver(&server.peer(), b"{}")
        .unwrap();
    assert_eq!(answer.status, 403);
    assert!(
        String::from_utf8(answer.body)
            .unwrap()
            .contains("peer.unknown_certificate")
    );
}

#[test]
fn a_server_with_another_certificate_is_somebody_else() {
    let server = Running::start();
    let peers = as_authority(&server);
    let other = Peer {
        tls: [server.stranger.digest()].into(),
        ..server.peer()
    };
    let none = Peer {
        tls: [].into(),
        ..server.peer()
    };
    for peer in [other, none] {
        let error = peers.deliver(&peer, b"{}").unwrap_err();
        assert_eq!(
            error,
            PeerError::WrongCertificate {
                member: "provider".parse().unwrap()
            }
        );
    }
    // Connections kept alive under the right certificate do not serve for a wrong one, nor the other way round.
    assert_eq!(peers.deliver(&server.peer(), b"{}").unwrap().status, 200);
    let renewed = Peer {
        tls: [Digest([7; 32]), server.identity.digest()].into(),
        ..server.peer()
    };
    assert_eq!(peers.deliver(&renewed, b"{}").unwrap().status, 200);
}

#[test]
fn a_package_moves_in_parts() {
    let server = Running::start();
    let (peers, peer) = (as_authority(&server), server.peer());
    assert_eq!(
        peers.package_part(&peer, package(1), 0, 100).unwrap(),
        b"0123456789"
    );
    assert_eq!(peers.package_part(&peer, package(1), 4, 3).unwrap(), b"456");
    assert_eq!(peers.package_part(&peer, package(1), 4, 0).unwrap(), b"");
    let part = peers
        .package_part(&peer, package(2), LARGE_BYTES - 3, PART_BYTES)
        .unwrap();
    assert_eq!(part.len(), 3);
    let part = peers
        .package_part(&peer, package(2), 11, PART_BYTES)
        .unwrap();
    assert_eq!((part.len(), part[0]), (PART_BYTES, b'1'));
    for (id, from, status) in [
        (package(1), 10, 416),
        (package(3), 0, 403),
        (package(4), 0, 404),
    ] {
        let error = peers.package_part(&peer, id, from, 5).unwrap_err();
        assert!(
            matches!(error, PeerError::Status { status: is, .. } if is == status),
            "{error:?}"
        );
    }
}

#[test]
fn an_upload_goes_on_where_it_stands() {
    let server = Running::start();
    let (peers, peer) = (as_authority(&server), server.peer());
    assert_eq!(peers.upload_offset(&peer, package(5)), Ok(0));
    let part = vec![7; PART_BYTES];
    assert_eq!(
        peers.upload_part(&peer, package(5), 0, &part),
        Ok(PART_BYTES as u64)
    );
    let error = peers.upload_part(&peer, package(5), 0, &part).unwrap_err();
    assert!(
        matches!(&error, PeerError::Status { status: 409, detail, .. } if detail.contains("upload.offset"))
    );
    assert_eq!(
        peers.upload_offset(&peer, package(5)),
        Ok(PART_BYTES as u64)
    );
    assert_eq!(
        peers.upload_part(&peer, package(5), PART_BYTES as u64, b"end"),
        Ok(PART_BYTES as u64 + 3)
    );
    let too_much = vec![7; PART_BYTES + 1];
    let error = peers
        .upload_part(&peer, package(5), PART_BYTES as u64 + 3, &too_much)
        .unwrap_err();
    assert!(
        matches!(error, PeerError::Status { status: 413, .. }),
        "{error:?}"
    );
}

#[test]
fn plain_http_and_silence_are_unreachable() {
    let server = Running::start();
    let quick =
        HttpPeers::with_timeout(server.authority.clone(), Duration::from_millis(300)).unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for endpoint in [
        "http://node.example".to_owned(),
        "node.example".to_owned(),
        format!("https://{}", silent.local_addr().unwrap()),
        format!("https://{closed}"),
    ] {
        let error = quick
            .deliver(
                &Peer {
                    endpoint,
                    ..server.peer()
                },
                b"{}",
            )
            .unwrap_err();
        assert!(matches!(error, PeerError::Unreachable { .. }), "{error:?}");
    }
}

/// Answers one request on loopback in plain HTTP with `head`, then with `piece` until nobody listens.
fn answering(head: &'static str, piece: Vec<u8>) -> Peer {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let _ = stream.read(&mut [0; 4096]);
        stream.write_all(head.as_bytes()).unwrap();
        while !piece.is_empty() && stream.write_all(&piece).is_ok() {}
    });
    Peer {
        member: "provider".parse().unwrap(),
        endpoint,
        tls: [].into(),
    }
}

#[test]
fn an_answer_without_end_is_cut_off() {
    let peers = HttpPeers::new(TlsIdentity::generate(&["a"]).unwrap()).unwrap();
    let peer = answering(
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
        vec![b'x'; 65536],
    );
    let error = peers.get(&peer, "log/1/checkpoint").unwrap_err();
    assert!(
        matches!(&error, PeerError::Status { status: 200, detail, .. } if detail.contains("longer")),
        "{error:?}"
    );
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    let peers = HttpPeers::new(TlsIdentity::generate(&["a"]).unwrap()).unwrap();
    let head =
        "HTTP/1.1 307 Elsewhere\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(
        peers
            .deliver(&answering(head, Vec::new()), b"{}")
            .unwrap()
            .status,
        307
    );
}

#[test]
fn a_part_that_was_not_asked_for_is_not_taken() {
    let peers = HttpPeers::new(TlsIdentity::generate(&["a"]).unwrap()).unwrap();
    for head in [
        "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 0-1/10\r\ncontent-length: 2\r\n\r\n01",
        "HTTP/1.1 206 Partial Content\r\ncontent-length: 2\r\n\r\n01",
        "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 4-7/10\r\ncontent-length: 4\r\n\r\n4567",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n01",
    ] {
        let error = peers
            .package_part(&answering(head, Vec::new()), package(1), 4, 2)
            .unwrap_err();
        assert!(matches!(error, PeerError::Status { .. }), "{error:?}");
    }
    let head = "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 4-5/10\r\ncontent-length: 2\r\n\r\n45";
    assert_eq!(
        peers
            .package_part(&answering(head, Vec::new()), package(1), 4, 2)
            .unwrap(),
        b"45"
    );
}
