//! One cell follows another's collection, as it would any TAXII server's.

use super::{Csirt, bundle, indicator, uuid};
use crate::{kit::wait, taxii::Client};
use serde_json::json;

#[test]
fn a_collection_of_any_taxii_server_is_kept_in_step_after_any_break() {
    let (source, follower) = (Csirt::new(), Csirt::new());
    let token = source.token("reader", &["--rights", "read"]);
    let objects: Vec<_> = (0..1_500).map(indicator).collect();
    let file = source.file("a.json", &bundle(&objects));
    source
        .place
        .says(&["cell", "import", &file, "--into", "indicators"]);
    let serving = source.serve();
    let (exit, _) = follower.fed(
        token.as_bytes(),
        &["cell", "follow", "credential", "source"],
    );
    assert_eq!(exit, 0);
    let url = format!(
        "http://{}/taxii2/live/collections/{}/",
        source.address, source.collection
    );
    let add = [
        "cell",
        "follow",
        "add",
        "--taxii",
        &url,
        "--credential",
        "source",
        "--into",
        "indicators",
        "--every",
        "1",
    ];
    let begun = follower.place.json(&add);
    follower.place.fails(1, "cell.followed_already", &add);
    let _following = follower.serve();
    let count = || {
        follower.place.json(&["cell", "stats"])["objects"]
            .as_u64()
            .unwrap()
    };
    wait("the first copy", || (count() == 1_500).then_some(()));

    drop(serving);
    let late = source.file("b.json", &bundle(&[indicator(2_000)]));
    source
        .place
        .says(&["cell", "import", &late, "--into", "indicators"]);
    wait("the break to be seen", || {
        let listed = follower.place.json(&["cell", "follow", "list"]);
        (listed[0]["seen"]["state"] == "failing").then_some(())
    });
    let _serving = source.serve();
    wait("what came meanwhile", || (count() == 1_501).then_some(()));
    let shown = follower
        .place
        .json(&["cell", "show", &format!("indicator--{}", uuid(2_000))]);
    assert_eq!(shown["object"], indicator(2_000));

    let id = begun["follow"].as_str().unwrap();
    follower.place.says(&["cell", "follow", "end", id]);
    assert_eq!(follower.place.json(&["cell", "follow", "list"]), json!([]));
    let mut client = Client::bearer(&follower.address, &follower.token("desk", &[]));
    wait("the account to be let in", || {
        (client.get(&follower.objects()).status == 200).then_some(())
    });
    assert_eq!(follower.all(&mut client).len(), 1_501);
}
