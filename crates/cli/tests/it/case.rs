//! Cases from the terminal: the queue, the docket, and a provider's answers item by item.

use crate::{
    kit::{no, ok, run, wait},
    order::{received, soon, town},
};
use serde_json::Value;

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
fn a_provider_answers_each_item_and_the_authority_sees_it() {
    let town = town();
    let (police, mail) = (town.dir("police"), town.dir("mail"));
    let case = received(&town);

    let queue = ok(
        &mail,
        &[
            "case",
            "list",
            "--phase",
            "received",
            "--peer",
            "police.example",
        ],
    );
    assert_eq!(queue["cases"][0]["case"], case.as_str());
    assert!(
        queue["cases"][0]["timer"]
            .as_str()
            .unwrap()
            .contains("order expires"),
        "{queue}"
    );
    assert_eq!(
        ok(&mail, &["case", "list", "--phase", "lapsed"])["cases"],
        serde_json::json!([])
    );
    assert_eq!(no(&mail, &["case", "list", "--after", "here"]).0, 2);

    // Whoever does not answer for the provider answers nothing; nor does an item that is not asked.
    assert_eq!(
        no(
            &mail,
            &["case", "accept", &case, "--items", "9", "--key", "response"]
        ),
        (1, "order.unknown_item".into())
    );
    assert_eq!(
        exit(
            &mail,
            &[
                "case", "accept", &case, "--items", "1,x", "--key", "response"
            ]
        ),
        Some(2)
    );
    soon(&police, &["case", "show", &case]);
    assert_eq!(
        no(
            &police,
            &[
                "case",
                "accept",
                &case,
                "--items",
                "1",
                "--key",
                "applicant"
            ]
        ),
        (1, "statement.wrong_office".into())
    );

    ok(
        &mail,
        &["case", "accept", &case, "--items", "1", "--key", "response"],
    );
    let wide = [
        "case",
        "narrow",
        &case,
        "--item",
        "2",
        "--from",
        "2025-01-01T00:00:00Z",
        "--reason",
        "more_than_one",
        "--key",
        "response",
    ];
    assert_eq!(no(&mail, &wide), (1, "case.widened".into()));
    let narrow = [
        "case",
        "narrow",
        &case,
        "--item",
        "2",
        "--from",
        "2026-01-10T00:00:00Z",
        "--reason",
        "more_than_one",
        "--key",
        "response",
    ];
    ok(&mail, &narrow);
    let output = run(
        &mail,
        &[
            "case", "decline", &case, "--items", "3", "--reason", "busy", "--key", "response",
        ],
    );
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    for part in [
        "case.unknown_reason",
        "comity: ",
        "18 USC 2703(h)",
        "house.not_held",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(
        exit(
            &mail,
            &[
                "case", "decline", &case, "--items", "3", "--key", "response"
            ]
        ),
        Some(2)
    );
    ok(
        &mail,
        &[
            "case",
            "decline",
            &case,
            "--items",
            "all",
            "--not-held",
            "--key",
            "response",
        ],
    );

    let shown = wait("the answers at the police", || {
        let shown = ok(&police, &["case", "show", &case]);
        (shown["items"]["3"] == "declined: house.not_held").then_some(shown)
    });
    assert_eq!(shown["items"]["1"], "accepted");
    assert_eq!(
        shown["items"]["2"],
        "narrowed to 2026-01-10T00:00:00Z to 2026-01-15T00:00:00Z"
    );
    let statements = shown["statements"].as_array().unwrap();
    let kinds: Vec<_> = statements
        .iter()
        .map(|statement| statement["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "drafted", "approved", "issued", "served", "received", "accepted", "narrowed",
            "declined"
        ]
    );
    assert_eq!(
        (&statements[1]["offices"][0], &statements[1]["ours"]),
        (&"magistrate_judge".into(), &false.into())
    );
    // The provider's newest words wait for its next tick, ten minutes away.
    assert_eq!(statements[7]["recorded"], false);
    assert!(
        shown["timers"]
            .as_array()
            .unwrap()
            .iter()
            .any(|timer| timer["clause"].as_str().unwrap().contains("90 days"))
    );
    let page = String::from_utf8(run(&mail, &["case", "show", &case]).stdout).unwrap();
    for part in [
        "court.example, magistrate_judge [",
        "police.example: ",
        "delivered",
        "clocks",
        "next: ",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

/// The exit code of words that are no command.
fn exit(dir: &std::path::Path, args: &[&str]) -> Option<i32> {
    run(dir, args).status.code()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
fn a_question_is_answered_once_and_what_the_law_does_not_know_is_refused_by_name() {
    let town = town();
    let (police, mail) = (town.dir("police"), town.dir("mail"));
    let case = received(&town);
    assert_eq!(
        no(
            &police,
            &[
                "case",
                "answer",
                &case,
                "--answer",
                "yes",
                "--key",
                "applicant"
            ]
        ),
        (1, "case.no_question".into())
    );
    ok(
        &mail,
        &[
            "case",
            "ask",
            &case,
            "--question",
            "which of the two mailboxes?",
            "--key",
            "response",
        ],
    );
    let twice = no(
        &mail,
        &[
            "case",
            "ask",
            &case,
            "--question",
            "and?",
            "--key",
            "response",
        ],
    );
    assert_eq!(twice, (1, "case.question_open".into()));
    assert_eq!(
        exit(
            &mail,
            &["case", "ask", &case, "--question", " ", "--key", "response"]
        ),
        Some(2)
    );
    soon(
        &police,
        &[
            "case",
            "answer",
            &case,
            "--answer",
            "the first",
            "--key",
            "applicant",
        ],
    );
    let shown: Value = wait("the answer at the provider", || {
        let shown = ok(&mail, &["case", "show", &case]);
        let last = shown["statements"]
            .as_array()
            .unwrap()
            .last()
            .cloned()
            .unwrap();
        (last["kind"] == "clarification_answered").then_some(last)
    });
    assert_eq!(shown["words"], "the first");

    ok(
        &mail,
        &[
            "case",
            "challenge",
            &case,
            "--items",
            "1",
            "--reason",
            "comity",
            "--note",
            "see the letter",
            "--key",
            "response",
        ],
    );
    assert_eq!(
        ok(&mail, &["case", "show", &case])["items"]["1"],
        "challenged: comity"
    );
    assert_eq!(
        no(
            &mail,
            &["case", "inform", "given", &case, "--key", "response"]
        ),
        (1, "information.nobody".into())
    );
    let delay = [
        "case",
        "inform",
        "delay",
        &case,
        "--reason",
        "life",
        "--until",
        "2027-01-01T00:00:00Z",
        "--key",
        "response",
    ];
    assert_eq!(no(&mail, &delay), (1, "information.nobody".into()));
    assert_eq!(
        no(&mail, &["case", "unseal", &case, "--key", "response"]),
        (1, "secrecy.none".into())
    );
    assert_eq!(
        no(
            &police,
            &["case", "confirm-destruction", &case, "--key", "applicant"]
        ),
        (1, "package.nothing_to_destroy".into())
    );
    assert_eq!(
        no(&police, &["order", "renew", &case, "--key", "applicant"]),
        (1, "order.no_renewal".into())
    );
    let change = [
        "order",
        "modify",
        &case,
        "remove-item",
        "3",
        "--key",
        "applicant",
    ];
    assert_eq!(
        no(&police, &change),
        (1, "order.no_such_modification".into())
    );
    assert_eq!(ok(&mail, &["case", "turned-away"]), serde_json::json!([]));
    let unknown = "case_00000000aaaaaaaaaaaaaaaaaaaaaaaa";
    assert_eq!(
        no(&mail, &["case", "show", unknown]),
        (1, "case.unknown".into())
    );
}
