//! A cell that is killed in the middle of everything loses nothing it acknowledged.

use super::{Csirt, envelope, indicator};
use crate::{kit::pause, taxii::Client};
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// How often it is killed; `PORTCULLIS_KILLS` says another number.
const KILLS: u64 = 20;
/// Clients that write at once.
const WRITERS: u64 = 3;

#[expect(
    clippy::disallowed_methods,
    reason = "who runs the test says how long it may take"
)]
fn kills() -> u64 {
    let said = std::env::var("PORTCULLIS_KILLS").ok();
    said.and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

#[test]
fn nothing_acknowledged_is_lost_however_often_it_is_killed() {
    let csirt = Csirt::new();
    let token = csirt.token("desk", &[]);
    let acknowledged: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let number = Arc::new(AtomicU64::new(0));
    for round in 0..kills() {
        let serving = csirt.serve();
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let (address, path, token) =
                    (csirt.address.clone(), csirt.objects(), token.clone());
                let (acknowledged, number) = (acknowledged.clone(), number.clone());
                thread::spawn(move || {
                    write_until_it_ends(&address, &path, &token, &acknowledged, &number);
                })
            })
            .collect();
        // Another moment each time: while it still reads its journal, in the midst of a write, between two.
        pause(60 + round * 37 % 240);
        drop(serving);
        for writer in writers {
            writer.join().unwrap();
        }
    }
    let _serving = csirt.serve();
    let mut client = Client::bearer(&csirt.address, &token);
    let held: BTreeSet<String> = crate::kit::wait("the cell to have read its journal", || {
        (client.get(&csirt.objects()).status == 200).then(|| csirt.all(&mut client))
    })
    .iter()
    .map(|object| object["id"].as_str().unwrap().to_owned())
    .collect();
    let acknowledged = acknowledged.lock().unwrap();
    assert!(
        acknowledged.len() as u64 > kills(),
        "only {} were acknowledged",
        acknowledged.len()
    );
    let lost: Vec<_> = acknowledged.difference(&held).collect();
    assert!(
        lost.is_empty(),
        "{} of {} are lost: {lost:?}",
        lost.len(),
        acknowledged.len()
    );
}

/// Adds envelopes, one after the other, until nobody answers.
fn write_until_it_ends(
    address: &str,
    path: &str,
    token: &str,
    acknowledged: &Mutex<BTreeSet<String>>,
    number: &AtomicU64,
) {
    let mut client = Client::bearer(address, token);
    loop {
        let first = number.fetch_add(5, Ordering::SeqCst);
        let objects: Vec<_> = (first..first + 5).map(indicator).collect();
        let Ok(answered) = client.ask("POST", path, Some(&envelope(&objects))) else {
            return;
        };
        match answered.status {
            202 => {}
            // It has just been started and reads its journal.
            503 => {
                pause(5);
                continue;
            }
            status => panic!("{status}: {}", String::from_utf8_lossy(&answered.body)),
        }
        let status = answered.json();
        assert_eq!(status["success_count"], 5, "{status}");
        let ids = status["successes"].as_array().unwrap().iter();
        let ids = ids.map(|one| one["id"].as_str().unwrap().to_owned());
        acknowledged.lock().unwrap().extend(ids);
    }
}
