//! A server that closes.

use crate::{
    fake::{Running, WAIT, impatient},
    raw::Raw,
};
use portcullis_node::peers::{PeerError, Peers as _};
use portcullis_web::HttpPeers;
use std::{net::TcpStream, time::Duration};

const PATIENCE: Duration = Duration::from_secs(4);

#[test]
fn a_request_in_flight_is_finished_and_no_other_is_taken() {
    let mut server = Running::start();
    let peer = server.peer();
    let peers = HttpPeers::new(server.authority.clone()).unwrap();
    std::thread::scope(|scope| {
        let inside = scope.spawn(|| peers.deliver(&peer, WAIT));
        server.entered.recv_timeout(PATIENCE).unwrap();
        server.stop();
        while TcpStream::connect(server.address).is_ok() {
            std::thread::yield_now();
        }
        assert!(
            server.ended.try_recv().is_err(),
            "the request is still inside"
        );
        server.leave.send(()).unwrap();
        assert_eq!(inside.join().unwrap().unwrap().status, 200);
    });
    server.ended.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn a_request_that_does_not_end_is_dropped_after_the_grace() {
    let mut server = Running::start_with(impatient());
    let peer = server.peer();
    let peers = HttpPeers::new(server.authority.clone()).unwrap();
    std::thread::scope(|scope| {
        let inside = scope.spawn(|| peers.deliver(&peer, WAIT));
        server.entered.recv_timeout(PATIENCE).unwrap();
        server.stop();
        server.ended.recv_timeout(PATIENCE).unwrap();
        let error = inside.join().unwrap().unwrap_err();
        assert!(matches!(error, PeerError::Unreachable { .. }), "{error:?}");
        server.leave.send(()).unwrap();
    });
}

#[test]
fn an_idle_connection_is_closed_at_once() {
    let mut server = Running::start();
    let mut idle = Raw::connect(&server, None);
    idle.send(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n");
    assert!(idle.until("ok\n").starts_with("HTTP/1.1 200 "));
    server.stop();
    assert_eq!(idle.rest(), "");
    drop(idle);
    server.ended.recv_timeout(PATIENCE).unwrap();
}
