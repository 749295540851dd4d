//! Serves a truthful record and several false ones, for tests in a browser.
//!
//! `cargo run -p portcullis-web --example record [-- TILES [NAME…]]` prints one line
//! of JSON with an address for each record, or for those that are named, and serves
//! until its standard input ends.

mod fixture;

use fixture::{Ballots, Lie, Shelf};
use portcullis_web::{Limits, Server};
use std::{collections::BTreeMap, io::Read as _, net::TcpListener, sync::Arc};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tiles = std::env::args()
        .nth(1)
        .map_or(Ok(6), |tiles| tiles.parse())?;
    let only: Vec<String> = std::env::args().skip(2).collect();
    let wanted = |name: &str| only.is_empty() || only.iter().any(|word| word == name);
    let ballots = Ballots::make(tiles);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut addresses = BTreeMap::new();
    for (name, lie) in Lie::ALL.into_iter().filter(|(name, _)| wanted(name)) {
        let shelf = Arc::new(Shelf::new(&ballots, lie));
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let limits = Limits {
            connections_per_address_max: 256,
            ..Limits::default()
        };
        let server = Server::plain(listener, shelf, limits)?;
        addresses.insert(name, format!("http://{}", server.address()));
        runtime.spawn(server.run(std::future::pending()));
    }
    println!(
        "{}",
        serde_json::json!({"records": addresses, "policy": fixture::policy()})
    );
    // Whoever started us holds the other end.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
