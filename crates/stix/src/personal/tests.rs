use serde_json::{Value, json};

use super::{FINDINGS_MAX, Kind, findings};

fn found(object: &Value) -> Vec<(String, Kind, String)> {
    let mut found: Vec<_> = findings(object.to_string().as_bytes())
        .into_iter()
        .map(|finding| (finding.path, finding.kind, finding.excerpt_masked))
        .collect();
    // The order of an object's members is whatever it was built with.
    found.sort();
    found
}

fn kinds(text: &str) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = found(&json!({"type": "report", "description": text}))
        .into_iter()
        .map(|(_, kind, _)| kind)
        .collect();
    kinds.sort();
    kinds
}

#[test]
fn people_in_free_text_are_found() {
    for (text, kind) in [
        ("Ask jane.roe@bank.co.uk about it", Kind::Email),
        ("Reach us under +44 20 7946 0018 at night", Kind::Phone),
        ("His number is +1 (202) 555-0143.", Kind::Phone),
        ("+442079460018", Kind::Phone),
        ("at (202) 555-0143 or", Kind::Phone),
        ("202-555-0143", Kind::Phone),
        ("ring 07700 900 123 then", Kind::Phone),
        ("Tel: 030 901820", Kind::Phone),
        ("card 4111 1111 1111 1111 was", Kind::PaymentCard),
        ("378282246310005", Kind::PaymentCard),
        ("5555-5555-5555-4444", Kind::PaymentCard),
        ("pay to GB82 WEST 1234 5698 7654 32 now", Kind::Iban),
        ("DE89370400440532013000", Kind::Iban),
        ("NL91ABNA0417164300.", Kind::Iban),
        ("Her NI number AB123456C leaked", Kind::NationalInsurance),
        ("QQ is none but AB 12 34 56 C is", Kind::NationalInsurance),
        ("SSN 123-45-6789", Kind::SocialSecurity),
        (
            "lives at 10 Downing Street, London SW1A 2AA",
            Kind::PostalAddress,
        ),
        (
            "1600 Pennsylvania Avenue NW, Washington, DC 20500",
            Kind::PostalAddress,
        ),
        ("Lindenstraße 5, 10117 Berlin", Kind::PostalAddress),
        ("the accounts of Mrs Jones were", Kind::Name),
        ("Dr. Maria Weber-Lang wrote", Kind::Name),
    ] {
        assert_eq!(kinds(text), [kind], "{text}");
    }
}

#[test]
fn technical_text_is_left_alone() {
    for text in [
        "CVE-2017-0144 and CVE-2021-44228 in 2.14.1, KB4012598, MS17-010, RFC 5737",
        "d41d8cd98f00b204e9800998ecf8427e e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "12345678901234567890123456789012 1111111111111111 0000000000000000",
        "198.51.100.7, 203.0.113.0/24, 2001:db8::1, 192.168.100.200:8080",
        "on 2021-03-04T12:34:56.789012Z, 2021-03-04, 04/03/2021, 20210304, 1614861296",
        "550e8400-e29b-41d4-a716-446655440000 {00021401-0000-0000-C000-000000000046}",
        "version 10.0.19041.1234, build 7601.24214.180801-1700, 6.1.7601.17514",
        "abuse@isp.net, security@vendor.com, no-reply@shop.de, someone@example.com, image@2x.png, git@github.com",
        "(Citation: @handle) user@localhost @mention a@b",
        "calls 1234 functions; call 0x7ffabcd1234; phone home every 3600000 ms",
        "ports 4443, 8443, 50050; event IDs 4624, 4625, 4688; 0x80070005; T1583.001; S-1-5-21-1004336348-1177238915-682003330-512",
        "+0000 +0100 UTC+2, C++ 11, +5",
        "Dr. Web found it; Mr Robot; Drive; Missing",
        "aGVsbG8+12345678901/AB+4412345678==",
        "4012888888881882 is wrong at the end; 4111111111111112 too",
        "GB82WEST12345698765433 has the wrong sum; AB123456C is a part number",
        "000-12-3456, 666-12-3456, 912-12-3456, 123-00-4567 and 123-45-0000 were never issued",
        "12 Angry Men watched in one street",
    ] {
        assert_eq!(kinds(text), [], "{text}");
    }
}

#[test]
fn what_an_indicator_looks_for_is_the_threat_itself() {
    let indicator = |name: &str, description: &str| {
        found(
            &json!({"type": "indicator", "pattern_type": "stix", "name": name, "description": description,
            "pattern": "[email-addr:value = 'mallory.evil@mail.net']"}),
        )
    };
    assert_eq!(
        indicator("Mallory.Evil@mail.net", "sent by mallory.evil@mail.net"),
        []
    );
    let victim = indicator("mallory.evil@mail.net", "sent to jane.roe@bank.net");
    assert_eq!(
        victim,
        [(
            "description".to_owned(),
            Kind::Email,
            "j***.r**@b***.n**".to_owned()
        )]
    );
}

#[test]
fn people_as_objects_are_found_and_organisations_are_not() {
    let person = json!({"type": "identity", "identity_class": "individual", "name": "Jane Roe", "contact_information": "room 5"});
    assert_eq!(
        found(&person),
        [
            (
                "contact_information".to_owned(),
                Kind::Person,
                "r*** 5".to_owned()
            ),
            ("name".to_owned(), Kind::Person, "J*** R**".to_owned())
        ]
    );
    let firm = json!({"type": "identity", "identity_class": "organization", "name": "Roe & Sons", "contact_information": "soc@roe.net"});
    assert_eq!(found(&firm), []);
    let account =
        json!({"type": "user-account", "display_name": "Jane Roe", "account_login": "jroe"});
    assert_eq!(found(&account)[0].1, Kind::AccountName);
    assert_eq!(
        found(&json!({"type": "user-account", "display_name": "SYSTEM"})),
        []
    );
    let address =
        json!({"type": "email-addr", "value": "jane.roe@bank.net", "display_name": "Jane"});
    assert_eq!(found(&address).len(), 2);
    assert_eq!(
        found(&json!({"type": "email-addr", "value": "info@bank.net"})),
        []
    );
}

#[test]
fn excerpts_give_nobody_away() {
    let text = "Call +44 20 7946 0018, card 4111 1111 1111 1111";
    let found = found(&json!({"type": "note", "content": text}));
    let excerpts: Vec<&str> = found
        .iter()
        .map(|(_, _, excerpt)| excerpt.as_str())
        .collect();
    assert_eq!(excerpts, ["+** ** **** **18", "**** **** **** **11"]);
}

#[test]
fn nested_text_has_its_path() {
    let object = json!({"type": "malware", "external_references": [{"description": "x"}, {"description": "by jane@bank.net", "url": "mailto:joe@bank.net"}]});
    assert_eq!(found(&object)[0].0, "external_references[1].description");
    assert_eq!(found(&object).len(), 1);
    let cited = json!({"type": "malware", "external_references": [{"description": "Dr. Jane Roe. (2021). On things."}]});
    assert_eq!(found(&cited), []);
}

#[test]
fn findings_are_bounded_and_no_json_has_none() {
    let many: Vec<String> = (0..1000).map(|n| format!("jane{n}@bank.net")).collect();
    assert_eq!(
        found(&json!({"type": "note", "content": many.join(" ")})).len(),
        FINDINGS_MAX
    );
    assert!(findings(b"not json").is_empty());
    assert!(findings(b"[]").is_empty());
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in r"\PC{0,80}|[0-9A-Z+@. ()\-]{0,80}") {
        let _ = kinds(&text);
    }
}
