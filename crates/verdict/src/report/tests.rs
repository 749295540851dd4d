use super::*;
use proptest::prelude::*;

/// A report of one log, with every form of line. Its proof is no proof: here it is only read.
const SINGLE: &str = concat!(
    r#"{"portcullis":"report/v1","kind":"single","realm":"live","member":"mail.example","#,
    r#""origin":"mail.example/log/live/1","schema":"0101010101010101010101010101010101010101010101010101010101010101","#,
    r#""series":"uk-interception","number":1,"previous":null,"#,
    r#""period":{"from":"2026-01-01","to":"2026-06-30","zone":"Europe/London"},"#,
    r#""made_at":"2027-01-02T09:00:00Z","first_assistance":"2024-02-01","#,
    r#""start":{"size":0,"checkpoint":null},"#,
    r#""end":{"size":1,"checkpoint":"mail.example/log/live/1\n1\nAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n\n— mail.example/log/live/1 AAAAAAAA\n"},"#,
    r#""commitment":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=","#,
    r#""laws":{"uk-ipa-2016":"0303030303030303030303030303030303030303030303030303030303030303"},"#,
    r#""lines":[{"id":"uk-warrants","title":"Warrants assisted","cells":[15],"law":"uk-ipa-2016","clause":"SI 2018/349 reg. 4","form":{"kind":"band","low":0,"high":499}},"#,
    r#"{"id":"x","title":"X","cells":[3,4],"law":"uk-ipa-2016","clause":"c","form":{"kind":"exact","value":12}},"#,
    r#"{"id":"y","title":"Y","cells":[5],"law":"uk-ipa-2016","clause":"c","form":{"kind":"withheld","because":"b"}}],"#,
    r#""unproved":[{"title":"t","value":"4","unit":"days","clause":"c"}],"proof":"AAAA"}"#,
);

fn refused(from: &str, to: &str) -> ReportError {
    let text = SINGLE.replacen(from, to, 1);
    assert_ne!(text, SINGLE, "`{from}` stands in the example");
    Report::parse(text.as_bytes()).expect_err(to)
}

fn bounds(from: &str, to: &str, why: &str) {
    assert_eq!(refused(from, to), ReportError::Bounds(why.to_owned()));
}

#[test]
fn the_example_of_the_format_reads_back() {
    let report = Report::parse(SINGLE.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(report.to_bytes()).unwrap(), SINGLE);
    assert_eq!(report.path(), "report/uk-interception/1.json");
    assert_eq!(report.lines[1].mask(), 0b1100);
    let shown: Vec<_> = report
        .lines
        .iter()
        .map(|line| line.form.to_string())
        .collect();
    assert_eq!(shown, ["0–499", "12", "withheld: b"]);
    let sources: Vec<_> = report
        .sources()
        .map(|it| (it.start.size.0, it.end.size.0))
        .collect();
    assert_eq!(sources, [(0, 1)]);
}

#[test]
fn a_report_of_another_version_is_refused_as_such() {
    assert_eq!(
        refused("report/v1", "report/v2"),
        ReportError::Version("report/v2".into())
    );
    assert_eq!(refused("report/v1", "report/v2").code(), "report.version");
}

#[test]
fn what_nobody_knows_or_stands_twice_is_refused() {
    for (from, to) in [
        (r#""number":1"#, r#""number":1,"more":1"#),
        (r#""number":1"#, r#""number":1,"number":1"#),
        (r#""number":1"#, r#""number":-1"#),
        (r#""number":1,"#, ""),
        (r#""kind":"single""#, r#""kind":"double""#),
        (r#""kind":"exact""#, r#""kind":"exact","low":1"#),
        (r#""schema":"01"#, r#""schema":"0A"#),
        (r#""schema":"01"#, r#""schema":""#),
        ("2026-06-30", "2026-6-30"),
        ("2027-01-02T09:00:00Z", "2027-01-02T09:00:00.000Z"),
        (r#""proof":"AAAA""#, r#""proof":"AAA""#),
        (r#""proof":"AAAA""#, r#""proof":"AAB=""#),
        ("live/1\\n1\\n", "live/1\\n01\\n"),
    ] {
        let error = refused(from, to);
        assert!(
            matches!(error.code(), "report.malformed" | "report.bounds"),
            "{to}: {error}"
        );
    }
}

#[test]
fn a_report_is_written_in_one_way() {
    for (from, to) in [
        (r#""number":1"#, r#""number": 1"#),
        ("Warrants", "\\u0057arrants"),
        (
            r#""portcullis":"report/v1","kind":"single""#,
            r#""kind":"single","portcullis":"report/v1""#,
        ),
        (
            r#""laws":{"#,
            r#""laws":{"uk-ipa-2016":"0303030303030303030303030303030303030303030303030303030303030303","#,
        ),
        (
            r#"{"from":"2026-01-01","to":"2026-06-30","zone":"Europe/London"}"#,
            r#"["2026-01-01","2026-06-30","Europe/London"]"#,
        ),
    ] {
        assert_eq!(refused(from, to), ReportError::NotCanonical, "{to}");
    }
    let spaced = format!(" {SINGLE}");
    assert_eq!(
        Report::parse(spaced.as_bytes()),
        Err(ReportError::NotCanonical)
    );
}

#[test]
fn what_is_out_of_its_bounds_is_refused() {
    bounds(r#""number":1"#, r#""number":0"#, "`number` counts from 1");
    bounds(
        r#""number":1"#,
        r#""number":2"#,
        "`previous` stands in every report but the first",
    );
    bounds("uk-interception", "../key", "`series` is no word");
    bounds("Europe/London", "Europe London", "`zone` is no zone's name");
    bounds(
        "2026-06-30",
        "2025-06-30",
        "the period ends before it begins",
    );
    bounds(
        "[3,4]",
        "[4,3]",
        "line `x`: `cells` are not ascending numbers from 1 to 32",
    );
    bounds(
        "[3,4]",
        "[3,3]",
        "line `x`: `cells` are not ascending numbers from 1 to 32",
    );
    bounds(
        "[3,4]",
        "[3,33]",
        "line `x`: `cells` are not ascending numbers from 1 to 32",
    );
    bounds(
        "[3,4]",
        "[]",
        "line `x`: `cells` are not ascending numbers from 1 to 32",
    );
    bounds(r#""id":"y""#, r#""id":"x""#, "line `x`: it stands twice");
    bounds(
        r#""high":499"#,
        r#""high":0"#,
        "line `uk-warrants`: its band is empty, too wide or too high",
    );
    bounds(
        r#""high":499"#,
        r#""high":65536"#,
        "line `uk-warrants`: its band is empty, too wide or too high",
    );
    bounds(
        r#""value":12"#,
        r#""value":9007199254740992"#,
        "line `x`: its value is too large",
    );
    bounds(
        r#""law":"uk-ipa-2016","clause":"c","form":{"kind":"exact""#,
        r#""law":"us-sca","clause":"c","form":{"kind":"exact""#,
        "line `x`: its law is not among `laws`",
    );
    bounds(
        r#""because":"b""#,
        r#""because":"a\nb""#,
        "line `y`: its reason is empty or too long",
    );
    bounds(
        r#""proof":"AAAA""#,
        r#""proof":"""#,
        "`proof` is empty or too long",
    );
    bounds(
        r#""end":{"size":1"#,
        r#""end":{"size":2"#,
        "`mail.example`: a checkpoint is of another log or size",
    );
    bounds(
        r#""start":{"size":0"#,
        r#""start":{"size":1"#,
        "`mail.example`: `start` has a checkpoint unless it is 0",
    );
    bounds(
        r#""commitment":"AgIC"#,
        r#""commitment":""#,
        "`commitment` is not 32 bytes",
    );
    let long = "x".repeat(PAYLOAD_BYTES_MAX + 1);
    assert_eq!(
        Report::parse(long.as_bytes()),
        Err(ReportError::TooLong(PAYLOAD_BYTES_MAX + 1))
    );
}

#[test]
fn a_signature_is_by_the_log_and_over_these_bytes() {
    use portcullis_tlog::note::NoteSigner;
    let key = NoteSigner::new("mail.example/log/live/1".parse().unwrap(), &[7; 32]).vkey();
    let report = Report::parse(SINGLE.as_bytes()).unwrap();
    let signature = sign(key.clone(), [7; 32], SINGLE.as_bytes());
    let signed = Signed::new(&report, vec![signature.clone()]).unwrap();
    let read = Signed::parse(&signed.to_bytes()).unwrap();
    assert_eq!(read, signed);
    assert!(read.signed_by(&key));
    let other = NoteSigner::new("mail.example/log/live/1".parse().unwrap(), &[8; 32]).vkey();
    assert!(!read.signed_by(&other));
    let changed = SINGLE.replacen(r#""value":12"#, r#""value":13"#, 1);
    let changed = Report::parse(changed.as_bytes()).unwrap();
    assert!(
        !Signed::new(&changed, vec![signature.clone()])
            .unwrap()
            .signed_by(&key)
    );
    assert_eq!(Signed::new(&report, vec![]), Err(SignedError::Signatures));
    let twice = vec![signature.clone(), signature];
    assert_eq!(Signed::new(&report, twice), Err(SignedError::Signatures));
}

#[test]
fn an_envelope_of_something_else_is_no_report() {
    use portcullis_tlog::note::NoteSigner;
    let key = NoteSigner::new("mail.example/log/live/1".parse().unwrap(), &[7; 32]).vkey();
    let report = Report::parse(SINGLE.as_bytes()).unwrap();
    let signed = Signed::new(&report, vec![sign(key, [7; 32], SINGLE.as_bytes())]).unwrap();
    let text = String::from_utf8(signed.to_bytes()).unwrap();
    let code = |text: &str| Signed::parse(text.as_bytes()).unwrap_err().code();
    assert_eq!(
        code(&text.replacen("report.v1", "order.v1", 1)),
        "report.version"
    );
    assert_eq!(code(&text.replacen("keyid", "key", 1)), "report.malformed");
    assert_eq!(
        code(&text.replacen("\"sig\"", "\"more\":1,\"sig\"", 1)),
        "report.malformed"
    );
    assert_eq!(code(&text[..text.len() - 1]), "report.malformed");
    assert_eq!(code(&" ".repeat(SIGNED_BYTES_MAX + 1)), "report.too_long");
}

proptest! {
    #[test]
    fn reading_a_changed_report_never_panics(at in 0..SINGLE.len(), byte: u8, cut in 0..SINGLE.len()) {
        let mut bytes = SINGLE.as_bytes().to_vec();
        bytes[at] = byte;
        let _ = Report::parse(&bytes).map(|report| assert_eq!(report.to_bytes(), bytes));
        prop_assert!(Report::parse(&SINGLE.as_bytes()[..cut]).is_err());
    }
}
