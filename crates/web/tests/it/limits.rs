//! What a server does not put up with.

use crate::{
    fake::{Running, WAIT, impatient, package},
    raw::Raw,
};
use portcullis_node::{door::DELIVERY_BYTES_MAX, peers::Peers as _};
use portcullis_web::{HttpPeers, Limits, Server, server::ServeError};
use std::{
    io::Read as _,
    net::{TcpListener, TcpStream},
    time::Duration,
};

const DELIVER: &str = "POST /peer/v1/deliveries HTTP/1.1\r\nhost: node.example\r\n";
const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: node.example\r\nconnection: close\r\n\r\n";

#[test]
fn ten_declared_gigabytes_are_refused_while_they_are_sent() {
    let server = Running::start();
    let mut raw = Raw::connect(&server, Some(&server.authority));
    raw.send(format!("{DELIVER}content-length: 10737418240\r\n\r\n").as_bytes());
    let (heard, sent) = raw.send_endlessly(&vec![b'x'; 65536]);
    assert!(heard.starts_with("HTTP/1.1 413 "), "{heard:?} after {sent}");
    assert!(sent < DELIVERY_BYTES_MAX, "{sent} bytes were taken");
}

#[test]
fn an_undeclared_flood_is_refused_soon_after_the_limit() {
    let server = Running::start();
    let mut raw = Raw::connect(&server, Some(&server.authority));
    raw.send(format!("{DELIVER}transfer-encoding: chunked\r\n\r\n").as_bytes());
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(65536));
    let (heard, sent) = raw.send_endlessly(chunk.as_bytes());
    assert!(heard.starts_with("HTTP/1.1 413 "), "{heard:?} after {sent}");
    assert!(
        (DELIVERY_BYTES_MAX..4 * DELIVERY_BYTES_MAX).contains(&sent),
        "{sent} bytes were taken"
    );
}

#[test]
fn a_stranger_is_refused_before_a_body_is_read() {
    let server = Running::start();
    let mut raw = Raw::connect(&server, Some(&server.stranger));
    raw.send(format!("{DELIVER}content-length: 1000\r\nconnection: close\r\n\r\n").as_bytes());
    assert!(raw.rest().starts_with("HTTP/1.1 403 "));
}

#[test]
fn a_long_head_is_refused() {
    let server = Running::start();
    let mut raw = Raw::connect(&server, None);
    raw.send(
        format!(
            "GET /healthz HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n",
            "y".repeat(20_000)
        )
        .as_bytes(),
    );
    let heard = raw.rest();
    assert!(heard.starts_with("HTTP/1.1 431 "), "{heard:?}");
}

#[test]
fn a_body_that_does_not_come_is_given_up() {
    let server = Running::start_with(impatient());
    let mut raw = Raw::connect(&server, Some(&server.authority));
    raw.send(format!("{DELIVER}content-length: 10\r\n\r\n12345").as_bytes());
    let heard = raw.rest();
    assert!(
        heard.starts_with("HTTP/1.1 408 ") && heard.contains("peer.too_slow"),
        "{heard:?}"
    );
}

#[test]
fn a_head_that_does_not_end_and_a_silent_connection_are_closed() {
    let server = Running::start_with(impatient());
    for sent in ["GET /healthz HTTP/1.1\r\nhost: a\r\n", ""] {
        let mut raw = Raw::connect(&server, None);
        raw.send(sent.as_bytes());
        let heard = raw.rest();
        assert!(!heard.contains("200"), "{heard:?}");
    }
    let mut kept = Raw::connect(&server, None);
    kept.send(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n");
    assert!(
        kept.rest().ends_with("ok\n"),
        "the answer comes, and the close after it"
    );
}

#[test]
fn a_handshake_that_does_not_begin_is_given_up() {
    let server = Running::start_with(impatient());
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    assert_eq!(stream.read(&mut [0; 16]).unwrap(), 0);
}

#[test]
fn a_reader_that_does_not_read_loses_its_seat() {
    let server = Running::start_with(Limits {
        connections_max: 1,
        ..impatient()
    });
    let mut greedy = Raw::connect(&server, Some(&server.authority));
    let head = format!(
        "GET /peer/v1/packages/{} HTTP/1.1\r\nhost: a\r\n\r\n",
        package(2)
    );
    greedy.send(head.as_bytes());
    let mut next = Raw::connect(&server, None);
    next.send(HEALTH);
    assert!(next.rest().ends_with("ok\n"));
    drop(greedy);
}

#[test]
fn one_address_has_only_so_many_connections() {
    let server = Running::start_with(Limits {
        connections_per_address_max: 2,
        ..Limits::default()
    });
    let held: Vec<_> = (0..2)
        .map(|_| TcpStream::connect(server.address).unwrap())
        .collect();
    let mut third = TcpStream::connect(server.address).unwrap();
    third
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    // A reset is as good as an end.
    assert_eq!(third.read(&mut [0; 16]).unwrap_or(0), 0);
    drop(held);
}

#[test]
fn one_certificate_has_only_so_many_requests_and_others_are_not_touched() {
    let server = Running::start_with(Limits {
        requests_per_certificate_max: 1,
        ..Limits::default()
    });
    let (peers, peer) = (
        HttpPeers::new(server.authority.clone()).unwrap(),
        server.peer(),
    );
    std::thread::scope(|scope| {
        let first = scope.spawn(|| peers.deliver(&peer, WAIT).unwrap());
        server.entered.recv().unwrap();
        let second = peers.deliver(&server.peer(), b"{}").unwrap();
        assert_eq!(second.status, 429);
        assert!(
            String::from_utf8(second.body)
                .unwrap()
                .contains("peer.too_many_requests")
        );
        assert_eq!(
            peers
                .get(&server.peer(), "log/1/checkpoint")
                .unwrap()
                .status,
            200
        );
        server.leave.send(()).unwrap();
        assert_eq!(first.join().unwrap().status, 200);
    });
    assert_eq!(peers.deliver(&server.peer(), b"{}").unwrap().status, 200);
}

#[test]
fn tls_1_1_is_not_spoken_and_plain_http_is_not_answered() {
    let server = Running::start();
    let mut plain = TcpStream::connect(server.address).unwrap();
    plain
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    std::io::Write::write_all(&mut plain, HEALTH).unwrap();
    let mut heard = Vec::new();
    let _ = plain.read_to_end(&mut heard);
    assert!(
        !String::from_utf8_lossy(&heard).contains("HTTP"),
        "{heard:?}"
    );
    // A ClientHello of TLS 1.1 (RFC 4346 §7.4.1.2) with one suite, and no more.
    let hello = [&[3, 2], &[7; 32][..], &[0, 0, 2, 0xC0, 0x13, 1, 0]].concat();
    let length = u8::try_from(hello.len()).unwrap();
    let handshake = [&[1, 0, 0, length], &hello[..]].concat();
    let record = [&[22, 3, 1, 0, length + 4], &handshake[..]].concat();
    let mut old = TcpStream::connect(server.address).unwrap();
    old.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    std::io::Write::write_all(&mut old, &record).unwrap();
    let mut heard = Vec::new();
    let _ = old.read_to_end(&mut heard);
    assert!(
        matches!(heard.as_slice(), [21, ..]),
        "an alert, and nothing more: {heard:?}"
    );
}

#[test]
fn over_tls_1_2_everybody_is_answered_and_nobody_is_a_member() {
    let server = Running::start();
    let ask = |shown, request: &[u8]| {
        let mut raw = Raw::connect_by(&server, shown, &[&rustls::version::TLS12]);
        raw.send(request);
        raw.rest()
    };
    assert!(ask(None, HEALTH).ends_with("ok\n"));
    let deliver = format!("{DELIVER}connection: close\r\ncontent-length: 2\r\n\r\n{{}}");
    let heard = ask(Some(&server.authority), deliver.as_bytes());
    assert!(heard.starts_with("HTTP/1.1 401 "), "{heard:?}");
    assert!(heard.contains("peer.no_certificate"), "{heard:?}");
}

#[test]
fn plain_http_is_served_on_loopback_only() {
    let everywhere = TcpListener::bind("0.0.0.0:0").unwrap();
    let refused = Server::plain(everywhere, Running::doors(), Limits::default());
    assert!(matches!(refused, Err(ServeError::NotLoopback(_))));
    let here = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server::plain(here, Running::doors(), Limits::default()).unwrap();
    let address = server.address();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = runtime.spawn(server.run(async { drop(stopped.await) }));
    let ask = |request: &[u8]| {
        let mut stream = TcpStream::connect(address).unwrap();
        std::io::Write::write_all(&mut stream, request).unwrap();
        let mut heard = String::new();
        stream.read_to_string(&mut heard).unwrap();
        heard
    };
    assert!(ask(HEALTH).ends_with("ok\n"));
    let heard =
        ask(format!("{DELIVER}connection: close\r\ncontent-length: 2\r\n\r\n{{}}").as_bytes());
    assert!(heard.starts_with("HTTP/1.1 401 "), "{heard:?}");
    drop(stop);
    runtime.block_on(running).unwrap().unwrap();
}
