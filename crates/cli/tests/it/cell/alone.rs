//! One `serve` a data folder, and all commands beside it.

use super::Csirt;
use crate::{
    kit::wait,
    place::{Place, free_port},
    taxii::Client,
};

#[test]
fn a_second_serve_on_one_folder_is_refused_and_commands_work_beside_the_first() {
    let csirt = Csirt::new();
    let serving = csirt.serve();
    // Not because of its port: with another one it is refused all the same.
    let elsewhere = format!("127.0.0.1:{}", free_port());
    let refused = csirt
        .place
        .fails(1, "serve.running", &["serve", "--listen", &elsewhere]);
    assert!(refused.contains("process "), "{refused}");
    let token = csirt.token("desk", &[]);
    let mut client = Client::bearer(&csirt.address, &token);
    wait("the account to be let in", || {
        (client.get(&csirt.objects()).status == 200).then_some(())
    });
    csirt.place.says(&["cell", "stats"]);
    // Killed, it leaves its file behind and no lock.
    drop(serving);
    assert!(csirt.place.dir.join("serve.lock").exists());
    let again = csirt.serve();
    csirt
        .place
        .fails(1, "serve.running", &["serve", "--listen", &elsewhere]);
    drop(again);
}

#[test]
fn an_address_that_cannot_be_listened_on_is_answered_with_why() {
    let csirt = Csirt::new();
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap().to_string();
    let no = |address: &str, why: &str| {
        let said = csirt
            .place
            .fails(3, "listen", &["serve", "--listen", address]);
        assert!(said.contains(why), "{address}: {said}");
    };
    no("nonsense", "like 127.0.0.1:9000");
    no("192.0.2.1:9000", "not one of this machine's");
    no(&taken, "another program");
    drop(held);
}

#[test]
fn a_country_that_is_configured_wrongly_is_named_when_it_counts() {
    let csirt = Csirt::new();
    let config = csirt.place.dir.join("portcullis.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let make = ["cell", "group", "make", "partners"];
    for (country, why) in [("UK", "`GB` is meant"), ("XX", "`XX` is no country's code")] {
        let wrong = text.replace("country = \"GB\"", &format!("country = \"{country}\""));
        assert_ne!(text, wrong);
        std::fs::write(&config, wrong).unwrap();
        let said = csirt.place.fails(2, "config", &make);
        assert!(said.contains(why), "{said}");
    }
    // Nor is one taken that is typed.
    let typed = [&make[..], &["--country", "XX"]].concat();
    let said = csirt.place.fails(2, "usage", &typed);
    assert!(said.contains("ISO 3166-1 gives it to none"), "{said}");
    csirt
        .place
        .says(&[&make[..], &["--country", "NL"]].concat());
    let invite = ["cell", "group", "invite", "partners", "bank.example"];
    csirt
        .place
        .fails(2, "usage", &[&invite[..], &["--country", "ZZ"]].concat());
}

#[test]
fn a_backup_of_a_folder_that_is_served_carries_no_lock_along() {
    let csirt = Csirt::new();
    let _serving = csirt.serve();
    let (kept, again) = (
        csirt.folder.path().join("kept"),
        csirt.folder.path().join("again"),
    );
    csirt.place.says(&["backup", &kept.display().to_string()]);
    assert!(!kept.join("serve.lock").exists());
    let restored = Place::new(again);
    let said = restored.says(&["restore", &kept.display().to_string()]);
    assert!(!restored.dir.join("serve.lock").exists());
    // This node is in no register: there is none to fetch.
    assert!(!said.contains("register fetch"), "{said}");
    let config = restored.dir.join("portcullis.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let moved = format!("127.0.0.1:{}", free_port());
    std::fs::write(&config, text.replace(&csirt.address, &moved)).unwrap();
    let elsewhere = format!("127.0.0.1:{}", free_port());
    // Beside the one that it was copied from: it is another folder.
    let _beside = restored.serve_with(&["--listen", &elsewhere]);
}
