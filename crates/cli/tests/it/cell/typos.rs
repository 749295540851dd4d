//! Words that are spelt wrong, or mean something else than one thinks: nothing happens, and the
//! way out is said.

use super::{Csirt, indicator, uuid};
use crate::{kit::wait, taxii::Client};
use std::{io::Read as _, net::TcpListener};

fn indicator_id(number: u64) -> String {
    format!("indicator--{}", uuid(number))
}

#[test]
fn the_name_of_an_ended_account_opens_another_with_another_secret() {
    let csirt = Csirt::new();
    let former = csirt.token("desk", &["--rights", "read"]);
    let add = ["cell", "account", "add", "desk"];
    let refused = csirt.place.fails(1, "cell.taken", &add);
    assert!(refused.contains("account end desk"), "{refused}");
    csirt.place.says(&["cell", "account", "end", "desk"]);
    let token = csirt.token("desk", &["--rights", "write"]);
    let _serving = csirt.serve();
    let mut client = Client::bearer(&csirt.address, &token);
    wait("the account to be let in", || {
        (client.get(&csirt.objects()).status == 200).then_some(())
    });
    let status = Client::bearer(&csirt.address, &former)
        .get(&csirt.objects())
        .status;
    assert_eq!(status, 401);
    let added = client.post(&csirt.objects(), &super::envelope(&[indicator(1)]));
    assert_eq!(added.status, 202, "the rights are the new account's");
}

#[test]
fn an_end_before_now_is_refused_and_the_help_says_what_a_day_means() {
    let csirt = Csirt::new();
    let past = ["cell", "account", "add", "desk", "--until", "2020-01-01"];
    csirt.place.fails(1, "cell.runs_back", &past);
    let help = csirt.place.says(&["cell", "account", "add", "--help"]);
    assert!(help.contains("midnight in UTC"), "{help}");
}

#[test]
fn whoever_adds_and_does_not_read_sees_not_even_its_own() {
    let csirt = Csirt::new();
    let cell = |args: &[&str]| csirt.place.says(&[&["cell"], args].concat());
    cell(&["group", "make", "partners"]);
    let bank = ["bank.example", "--country", "GB"];
    cell(&[&["group", "invite", "partners"], &bank[..]].concat());
    let how = ["--checked-by", "desk", "--how", "a call"];
    cell(&[&["group", "attest", "partners", "bank.example"], &how[..]].concat());
    cell(&[
        "collection",
        "change",
        "indicators",
        "--writers",
        "partners",
    ]);
    let token = csirt.token("bank", &["--member", "bank.example", "--rights", "write"]);
    let _serving = csirt.serve();
    let mut bank = Client::bearer(&csirt.address, &token);
    let added = wait("the account to be let in", || {
        let added = bank.post(&csirt.objects(), &super::envelope(&[indicator(1)]));
        (added.status != 401).then_some(added.status)
    });
    assert_eq!(added, 202);
    assert_eq!(bank.get(&csirt.objects()).status, 403);
    let help = csirt
        .place
        .says(&["cell", "collection", "change", "--help"]);
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        help.contains("sees nothing there, not even what it added"),
        "{help}"
    );
}

#[test]
fn a_member_nobody_has_heard_of_is_marked_and_asked_nothing() {
    let csirt = Csirt::new();
    let file = csirt.file("a.json", &super::bundle(&[indicator(1)]));
    let import = ["cell", "import", &file, "--into", "indicators"];
    csirt.place.says(&import);
    let id = indicator_id(1);
    let mark = ["cell", "mark", &id, "--to", "bank.exampel"];
    let ask = ["cell", "ask", "seen", "Does anybody see it?"];
    let ask = [
        &ask[..],
        &["--member", "bank.exampel", "--in", "indicators"],
    ]
    .concat();
    csirt.place.fails(1, "cell.unknown_member", &mark);
    csirt.place.fails(1, "cell.unknown_member", &ask);
    let opened = csirt
        .place
        .run(&["cell", "account", "add", "x", "--member", "bank.exampel"]);
    assert_eq!(opened.exit, 0, "{}", opened.err);
    assert!(opened.err.contains("is it spelt so?"), "{}", opened.err);
    csirt.place.says(&mark);
}

#[test]
fn a_warning_list_that_is_none_overrides_nothing() {
    let csirt = Csirt::new();
    let id = indicator_id(1);
    let said = |list| {
        let words = ["cell", "warning", "override", &id, "--list", list];
        [&words[..], &["--reason", "it was taken over"]].concat()
    };
    let refused = csirt
        .place
        .fails(1, "cell.unknown_warning_list", &said("public-resolver"));
    assert!(refused.contains("public-resolvers"), "{refused}");
    csirt.place.says(&said("public-resolvers"));
}

#[test]
fn titles_are_given_once_and_nothing_named_changes_nothing() {
    let csirt = Csirt::new();
    let cell = |args: &[&str]| csirt.place.says(&[&["cell"], args].concat());
    let no = |exit, code, args: &[&str]| csirt.place.fails(exit, code, &[&["cell"], args].concat());
    cell(&["group", "make", "partners"]);
    no(1, "cell.taken", &["group", "make", "partners"]);
    cell(&["collection", "add", "Alerts", "--group", "partners"]);
    no(1, "cell.taken", &["collection", "add", "Alerts"]);
    no(2, "usage", &["collection", "change", "alerts"]);
    let same = cell(&["collection", "change", "alerts", "--mode", "must"]);
    assert!(same.contains("nothing was changed"), "{same}");
    let other = cell(&["collection", "change", "alerts", "--mode", "strict"]);
    assert!(other.contains("set anew"), "{other}");
    cell(&["collection", "close", "alerts"]);
    cell(&["collection", "add", "Alerts", "--group", "partners"]);
}

#[test]
fn an_owner_leaves_its_own_group_only_if_it_says_so() {
    let csirt = Csirt::new();
    let cell = |args: &[&str]| csirt.place.says(&[&["cell"], args].concat());
    cell(&["group", "make", "partners"]);
    let invite = [
        "group",
        "invite",
        "partners",
        "bank.example",
        "--country",
        "GB",
    ];
    cell(&invite);
    cell(&[
        "group",
        "attest",
        "partners",
        "bank.example",
        "--checked-by",
        "desk",
        "--how",
        "signed form",
    ]);
    let leave = ["cell", "group", "leave", "partners"];
    let refused = csirt.place.fails(1, "cell.owner_leaves", &leave);
    assert!(refused.contains("1 other member"), "{refused}");
    assert!(refused.contains("group dissolve partners"), "{refused}");
    let ourselves = ["cell", "group", "expel", "partners", "csirt.example"];
    csirt.place.fails(2, "usage", &ourselves);
    cell(&["group", "leave", "partners", "--although-owner"]);
    let shown = csirt.place.json(&["cell", "group", "show", "partners"]);
    assert_eq!(shown["members"].as_array().unwrap().len(), 1, "{shown}");
}

#[test]
fn an_identity_that_was_bound_by_mistake_is_given_free() {
    let csirt = Csirt::new();
    let identity = format!("identity--{}", uuid(9));
    let unbind = ["cell", "identity", "unbind", &identity];
    csirt.place.fails(1, "cell.not_bound", &unbind);
    csirt.place.says(&["cell", "identity", "bind", &identity]);
    csirt.place.says(&unbind);
    let listed = csirt.place.json(&["cell", "identity", "list"]);
    assert_eq!(listed, serde_json::json!([]));
}

#[test]
fn an_address_that_is_no_collections_is_answered_with_those_there_are() {
    let csirt = Csirt::new();
    let token = csirt.token("reader", &["--rights", "read"]);
    let kept = ["cell", "follow", "credential", "own"];
    assert_eq!(csirt.fed(token.as_bytes(), &kept).0, 0);
    let _serving = csirt.serve();
    let mut client = Client::bearer(&csirt.address, &token);
    wait("the cell to have read its journal", || {
        (client.get(&csirt.objects()).status == 200).then_some(())
    });
    let add = |url: &str, more: &[&str]| {
        let words = [
            "cell",
            "follow",
            "add",
            "--taxii",
            url,
            "--into",
            "indicators",
        ];
        csirt.place.fails(2, "usage", &[&words[..], more].concat())
    };
    let root = format!("http://{}/taxii2/live", csirt.address);
    let right = format!("{root}/collections/{}/", csirt.collection);
    let shown = &["--credential", "own"];
    for wrong in [
        format!("http://{}/taxii2/", csirt.address),
        root.clone(),
        format!("{root}/collections/"),
    ] {
        let refused = add(&wrong, shown);
        assert!(refused.contains(&right), "{wrong}: {refused}");
        assert!(add(&wrong, &[]).contains("--credential"), "{wrong}");
    }
    // The address of its objects says by itself which collection is meant, whoever asks.
    let nobody = "https://nobody.invalid/api/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116";
    let refused = add(&format!("{nobody}/objects/?limit=2"), &[]);
    assert!(refused.contains(&format!("perhaps {nobody}/")), "{refused}");
    // One that its server does not list is followed all the same, with a word of doubt.
    let other = right.replace(&csirt.collection, "00000000-0000-4000-8000-000000000000");
    let words = [
        "cell",
        "follow",
        "add",
        "--taxii",
        &other,
        "--into",
        "indicators",
    ];
    let begun = csirt.place.run(&[&words[..], shown].concat());
    assert_eq!(begun.exit, 0, "{}", begun.err);
    assert!(begun.err.contains("lists no collection"), "{}", begun.err);
    assert!(begun.err.contains(&right), "{}", begun.err);
}

#[test]
fn what_is_said_of_one_kind_of_source_is_refused_for_another() {
    let csirt = Csirt::new();
    let add = |words: &[&str]| {
        let ran = csirt
            .place
            .run(&[&["cell", "follow", "add", "--into", "indicators"], words].concat());
        assert_eq!(ran.exit, 2, "{words:?}: {}{}", ran.out, ran.err);
        ran.out + &ran.err
    };
    let taxii = "https://taxii.example/api/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/";
    let member = [
        "--member",
        "bank.example",
        "--collection",
        &csirt.collection,
    ];
    add(&["--taxii", taxii, "--both-ways"]);
    add(&[&member[..], &["--both-ways"]].concat());
    add(&[&member[..], &["--credential", "own"]].concat());
    add(&["--both-ways"]);
    add(&["--collection", &csirt.collection]);
    let page = add(&["--misp", "https://misp.example/base/events/index"]);
    assert!(page.contains("https://misp.example/base"), "{page}");
    assert_eq!(
        csirt.place.json(&["cell", "follow", "list"]),
        serde_json::json!([])
    );
}

#[test]
fn a_member_is_followed_where_a_register_says_its_address_and_never_oneself() {
    let csirt = Csirt::new();
    let add = |member, exit, code| {
        let words = ["cell", "follow", "add", "--member", member, "--collection"];
        let into = [&csirt.collection, "--into", "indicators"];
        csirt.place.fails(exit, code, &[&words[..], &into].concat())
    };
    let refused = add("bank.example", 3, "register.none");
    assert!(refused.contains("--taxii URL"), "{refused}");
    add("csirt.example", 2, "usage");
}

#[test]
fn what_is_missing_or_of_another_form_is_named_with_what_would_do() {
    let csirt = Csirt::new();
    let no = |exit, code, args: &[&str], way: &str| {
        let refused = csirt.place.fails(exit, code, &[&["cell"], args].concat());
        assert!(refused.contains(way), "{args:?}: {refused}");
    };
    let object = indicator_id(7);
    let question = "rfi_00000000000000000000000000000000";
    no(2, "usage", &["ask", "seen", "Who?"], "--member MEMBER");
    no(2, "usage", &["answer", question], "--decline TEXT");
    no(2, "usage", &["mark", &object], "--to MEMBER");
    let recall = ["recall", &object, "--reason", "wrong"];
    no(1, "cell.not_found", &recall, "cell search");
    let collection = ["collection", "add", "Alerts", "--alias", "Bad Alias"];
    no(1, "cell.unfit", &collection, "bank-attacks");
    no(
        1,
        "cell.unfit",
        &["account", "add", "a b"],
        "without spaces",
    );
    no(
        1,
        "cell.unfit",
        &["identity", "bind", &object],
        "identity--",
    );
    let client = ["account", "add", "a", "--client", "--rights", "speak"];
    no(1, "cell.unfit", &client, "never speaks");
    let country = csirt
        .place
        .run(&["cell", "group", "make", "partners", "--country", "UK"]);
    assert_eq!(country.exit, 2);
    assert!((country.out + &country.err).contains("`GB` is meant"));
}

#[test]
fn a_server_that_says_nothing_holds_nobody_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let listens = std::thread::spawn(move || {
        let (mut taken, _) = silent.accept().unwrap();
        // Until the other side gives up.
        let _ = taken.read_to_end(&mut Vec::new());
    });
    let csirt = Csirt::new();
    let url = format!("http://{address}/api/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/");
    let words = [
        "cell",
        "follow",
        "add",
        "--taxii",
        &url,
        "--into",
        "indicators",
    ];
    let begun = csirt.place.run(&words);
    assert_eq!(begun.exit, 0, "{}", begun.err);
    assert!(begun.err.contains("tries again"), "{}", begun.err);
    listens.join().unwrap();
}

#[test]
fn an_incident_is_read_as_people_write_it_and_every_blank_is_named_at_once() {
    let csirt = Csirt::new();
    let template = csirt
        .place
        .says(&["cell", "incident", "template", "service-flooded"]);
    let publish = |text: &str| {
        let file = csirt.file("flood.toml", text.as_bytes());
        csirt.place.run(&[
            "cell",
            "incident",
            "publish",
            &file,
            "--into",
            "indicators",
            "--tlp",
            "amber",
        ])
    };
    let blank = publish(&template);
    for field in [
        "`name`",
        "`description`",
        "`contact`",
        "`[service] name`",
        "`[service] vectors`",
    ] {
        assert!(blank.err.contains(field), "{field}: {}", blank.err);
    }
    let filled = template
        .replace("SERVICE OF ORGANISATION FLOODED", "Portal flooded")
        .replace(
            "WHAT HAPPENED, TO WHAT, AND WHAT IT MEANS FOR OTHERS",
            "Since nine.",
        )
        .replace("FUNCTION AND NUMBER OR ADDRESS", "duty desk")
        .replace("NAME OF THE SERVICE", "portal")
        .replace("WAYS OF ATTACK", "syn flood");
    // What was uncommented has to be filled in, too.
    let uncommented = filled.replace("# demand =", "demand =");
    assert!(publish(&uncommented).err.contains("`[service] demand`"));
    let typed = filled
        .replace(
            "determination = \"suspected\"",
            "determination = \"SUSPECTED\"",
        )
        .replace("\"filter-upstream\"", "\"Filter upstream\"")
        .lines()
        .map(|line| match line.strip_prefix("noticed = ") {
            Some(time) => format!("noticed = {}\n", time.trim_matches('"')),
            None => format!("{line}\n"),
        })
        .collect::<String>();
    let published = publish(&typed);
    assert_eq!(published.exit, 0, "{}", published.err);
    let wrong = publish(&filled.replace("\"suspected\"", "\"maybe\""));
    assert!(wrong.err.contains("failed-attempt"), "{}", wrong.err);
    let wrong = publish(&filled.replace("# criticality = 50", "criticality = 500"));
    assert!(wrong.err.contains("0 to 100"), "{}", wrong.err);
}
