//! Policies, over checkpoints signed and cosigned here.

use std::fmt::Write as _;

use portcullis_tlog::checkpoint::Checkpoint;
use portcullis_tlog::note::{KeyError, NoteSigner, SignedNote, VerifyError};
use portcullis_tlog::policy::{Policy, PolicyError, PolicyTextError, RuleError};
use portcullis_tlog::tree::TreeSize;
use proptest::prelude::*;

use crate::log::{Log, ORIGIN, log_signer, witness};

/// Two sectors, as in the example of C2SP tlog-policy: two of three, and any of two.
fn two_sectors() -> String {
    let log = log_signer().vkey();
    let mut text = format!("log {log} https://log.example/\n");
    for number in 1..=5 {
        writeln!(text, "witness w{number} {}", witness(number).vkey()).unwrap();
    }
    text + "group state 2 w1 w2 w3\ngroup civic any w4 w5\ngroup both all state civic\nquorum both\n"
}

fn policy(text: &str) -> Policy {
    text.parse().unwrap()
}

fn quorum_at(times: &[(u8, u64)]) -> Option<u64> {
    let cosigners = times
        .iter()
        .map(|&(number, time)| (witness(number), time))
        .collect::<Vec<_>>();
    let cosigned = cosigners
        .iter()
        .map(|(by, time)| (by, *time))
        .collect::<Vec<_>>();
    let note = Log::of(5).cosigned(&cosigned);
    let verified = policy(&two_sectors()).verify_checkpoint(&note).unwrap();
    assert_eq!(verified.quorum_met, verified.quorum_at.is_some());
    verified.quorum_at
}

#[test]
fn the_quorum_is_met_when_its_last_needed_witness_cosigned() {
    assert_eq!(quorum_at(&[]), None);
    assert_eq!(quorum_at(&[(1, 10), (2, 20), (3, 30)]), None);
    assert_eq!(quorum_at(&[(1, 10), (4, 40)]), None);
    assert_eq!(quorum_at(&[(1, 10), (2, 20), (4, 40)]), Some(40));
    assert_eq!(quorum_at(&[(4, 5), (3, 30), (1, 10), (2, 20)]), Some(20));
    assert_eq!(quorum_at(&[(1, 10), (2, 20), (4, 40), (5, 15)]), Some(20));
}

#[test]
fn the_witnesses_come_in_the_order_of_their_times() {
    let (first, second) = (witness(2), witness(4));
    let note = Log::of(5).cosigned(&[(&second, 20), (&first, 10)]);
    let verified = policy(&two_sectors()).verify_checkpoint(&note).unwrap();
    assert_eq!(
        verified.cosigned_at,
        [("w2".to_owned(), 10), ("w4".to_owned(), 20)]
    );
    assert_eq!(
        policy(&two_sectors()).verify_quorum(&note),
        Err(PolicyError::NoQuorum)
    );
}

#[test]
fn unknown_witnesses_count_for_nothing() {
    let (known, unknown) = (witness(1), witness(9));
    let note = Log::of(5).cosigned(&[(&unknown, 1), (&known, 10)]);
    let text = two_sectors().replace("quorum both", "quorum w1");
    assert_eq!(
        policy(&text).verify_quorum(&note).unwrap().quorum_at,
        Some(10)
    );
    let text = two_sectors().replace("quorum both", "quorum w2");
    assert_eq!(
        policy(&text).verify_quorum(&note),
        Err(PolicyError::NoQuorum)
    );
}

#[test]
fn no_quorum_asks_for_no_witness() {
    let text = format!("log {}\nquorum none\n", log_signer().vkey());
    assert!(!policy(&text).asks_for_witnesses());
    let verified = policy(&text)
        .verify_quorum(&Log::of(5).checkpoint())
        .unwrap();
    assert_eq!((verified.quorum_met, verified.quorum_at), (true, None));
}

#[test]
fn the_log_itself_must_have_signed() {
    let origin = ORIGIN.parse().unwrap();
    let checkpoint = Checkpoint::new(origin, TreeSize(5), Log::of(5).root());
    let by_witness = witness(1).cosign(&checkpoint.to_text(), 10).unwrap();
    let note = SignedNote::new(checkpoint.to_text(), vec![by_witness]).unwrap();
    let unsigned = policy(&two_sectors()).verify_checkpoint(&note);
    assert!(matches!(unsigned, Err(PolicyError::NotSignedByLog(_))));

    let stranger = NoteSigner::new(ORIGIN.parse().unwrap(), &[66; 32]);
    let note = checkpoint.sign(&stranger).unwrap();
    let unsigned = policy(&two_sectors()).verify_checkpoint(&note);
    assert!(matches!(unsigned, Err(PolicyError::NotSignedByLog(_))));

    let other = "other.example".parse().unwrap();
    let elsewhere = Checkpoint::new(other, checkpoint.size, checkpoint.root);
    let signer = NoteSigner::new("other.example".parse().unwrap(), &[1; 32]);
    let unknown = policy(&two_sectors()).verify_checkpoint(&elsewhere.sign(&signer).unwrap());
    assert!(matches!(unknown, Err(PolicyError::UnknownLog(_))));
}

#[test]
fn a_false_cosignature_of_a_known_witness_rejects_the_checkpoint() {
    let (small, large) = (Log::of(4), Log::of(5));
    let for_another = witness(1).cosign(small.checkpoint().text(), 10).unwrap();
    let note = large.checkpoint().with_signature(for_another).unwrap();
    let refused = policy(&two_sectors()).verify_checkpoint(&note);
    assert!(matches!(
        refused,
        Err(PolicyError::Signature(VerifyError::FalseSignature { .. }))
    ));
}

#[test]
fn one_of_several_logs_is_enough_and_each_signs_for_itself() {
    let other = NoteSigner::new("other.example".parse().unwrap(), &[2; 32]);
    let text = format!(
        "log {}\nlog {}\nquorum none\n",
        other.vkey(),
        log_signer().vkey()
    );
    assert!(
        policy(&text)
            .verify_quorum(&Log::of(5).checkpoint())
            .is_ok()
    );

    let origin = ORIGIN.parse().unwrap();
    let text_of = Checkpoint::new(origin, TreeSize(5), Log::of(5).root()).to_text();
    let line = other.sign(&text_of).unwrap();
    let note = SignedNote::new(text_of, vec![line]).unwrap();
    let refused = policy(&text).verify_checkpoint(&note);
    assert!(matches!(refused, Err(PolicyError::NotSignedByLog(_))));
}

#[test]
fn a_later_generation_of_a_log_is_verified_with_the_key_handed_in() {
    let key = log_signer()
        .vkey()
        .named("log.example/cases/2".parse().unwrap());
    let signer = NoteSigner::new("log.example/cases/2".parse().unwrap(), &[1; 32]);
    let origin = "log.example/cases/2".parse().unwrap();
    let note = Checkpoint::new(origin, TreeSize(5), Log::of(5).root())
        .sign(&signer)
        .unwrap();
    let policy = policy("quorum none\n");
    assert!(matches!(
        policy.verify_checkpoint(&note),
        Err(PolicyError::UnknownLog(_))
    ));
    assert!(policy.verify_quorum_as(&note, &key).is_ok());
    let older = policy.verify_checkpoint_as(&note, &log_signer().vkey());
    assert!(matches!(older, Err(PolicyError::UnknownLog(_))));
}

#[test]
fn a_policy_reads_back_whatever_its_spacing() {
    let text = two_sectors();
    assert_eq!(policy(&text).to_string(), text);
    let spaced = format!(
        "# who\n\n \t# is trusted\n{}",
        text.replace(' ', " \t ").replace('\n', " \n\n")
    );
    assert_eq!(policy(&spaced), policy(&text));
    let policy = policy(&text);
    assert_eq!(policy.logs()[0].url(), Some("https://log.example/"));
    assert_eq!(policy.witnesses()[4].name(), "w5");
}

#[test]
fn a_wrong_line_is_named() {
    let check = |text: &str, expected| assert_eq!(text.parse::<Policy>(), Err(expected), "{text}");
    let rule = |line, source| PolicyTextError::Rule { line, source };
    let items = |line, expected| PolicyTextError::Items { line, expected };
    let (log, w1) = (log_signer().vkey(), witness(1).vkey());
    let one = format!("witness w1 {w1}\n");
    check("", rule(1, RuleError::NoQuorum));
    check("# nothing\n\n", rule(2, RuleError::NoQuorum));
    check("quorum none", PolicyTextError::NoNewline(1));
    check("\nquorum none\r\n", PolicyTextError::ControlCharacter(2));
    check(
        "quorum none\nquorum none\n",
        rule(2, RuleError::QuorumTwice),
    );
    check("quorum\n", items(1, "quorum <name|none>"));
    check(
        "quorum w1\n",
        rule(1, RuleError::NameUnknown("w1".to_owned())),
    );
    check("Quorum none\n", PolicyTextError::Keyword(1));
    check("log\n", items(1, "log <vkey> [<url>]"));
    check(
        "log key\n",
        PolicyTextError::Key {
            line: 1,
            source: KeyError::Shape,
        },
    );
    check(&format!("log {w1}\n"), rule(1, RuleError::KeyKind));
    check(&format!("witness w1 {log}\n"), rule(1, RuleError::KeyKind));
    check(
        &format!("log {log}\nlog {log}\n"),
        rule(2, RuleError::KeyTwice),
    );
    check(
        &format!("{one}witness w2 {w1}\n"),
        rule(2, RuleError::KeyTwice),
    );
    let renamed = w1.named("other.example".parse().unwrap());
    check(
        &format!("{one}witness w2 {renamed}\n"),
        rule(2, RuleError::KeyTwice),
    );
    let second = witness(2).vkey();
    check(
        &format!("{one}witness w1 {second}\n"),
        rule(2, RuleError::NameTaken("w1".to_owned())),
    );
    check(
        &format!("witness none {w1}\n"),
        rule(1, RuleError::NameTaken("none".to_owned())),
    );
    let group = "group <name> <k|all|any> <name>...";
    check(&format!("{one}group g\n"), items(2, group));
    check(&format!("{one}group g some w1\n"), items(2, group));
    check(&format!("{one}group g 01 w1\n"), items(2, group));
    check(
        &format!("{one}group g all\n"),
        rule(2, RuleError::Threshold),
    );
    check(
        &format!("{one}group g 0 w1\n"),
        rule(2, RuleError::Threshold),
    );
    check(
        &format!("{one}group g 2 w1\n"),
        rule(2, RuleError::Threshold),
    );
    check(
        &format!("{one}group g any w2\n"),
        rule(2, RuleError::NameUnknown("w2".to_owned())),
    );
    check(
        &format!("{one}group g any g\n"),
        rule(2, RuleError::NameUnknown("g".to_owned())),
    );
    check(
        &format!("{one}group g any none\n"),
        rule(2, RuleError::NameUnknown("none".to_owned())),
    );
    let twice = rule(2, RuleError::MemberTwice("w1".to_owned()));
    check(&format!("{one}group g any w1 w1\n"), twice);
    let twice = rule(3, RuleError::MemberTwice("w1".to_owned()));
    check(&format!("{one}group g any w1\ngroup h any w1\n"), twice);
}

#[test]
fn a_wrong_line_is_explained() {
    let w1 = witness(1).vkey();
    let texts = [
        "quorum none".to_owned(),
        "qourum none\n".to_owned(),
        "witness w1\n".to_owned(),
        "log example.com+00000000+AA==\n".to_owned(),
        format!("witness w1 {w1}\ngroup g 2 w1\n"),
        format!("witness w1 {w1}\nquorum w2\n"),
        format!("witness w1 {w1}\n"),
    ];
    let messages = texts.map(|text| text.parse::<Policy>().unwrap_err().to_string());
    insta::assert_snapshot!(messages.join("\n"), @r"
    line 1 does not end in a newline
    line 1 starts with none of `log`, `witness`, `group`, `quorum` and `#`
    line 1: expected `witness <name> <vkey> [<url>]`
    line 1: keys of type 00 are not supported
    line 2: a group needs between one and all of its members
    line 2: no line before this one defines `w2`
    line 1: a policy says what its quorum is, if only `quorum none`
    ");
}

proptest! {
    #[test]
    fn parsing_never_panics(bytes: Vec<u8>) {
        let _ = Policy::parse(&bytes);
    }

    #[test]
    fn lines_in_any_order_never_panic(order in prop::collection::vec(0..9_usize, 0..12)) {
        let text = two_sectors();
        let lines = text.lines().collect::<Vec<_>>();
        let mut shuffled = order.iter().map(|&at| lines[at]).collect::<Vec<_>>().join("\n");
        shuffled.push('\n');
        if let Ok(policy) = shuffled.parse::<Policy>() {
            prop_assert_eq!(policy.to_string().parse(), Ok(policy));
        }
    }
}
