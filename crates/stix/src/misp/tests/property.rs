//! Whatever an event holds.

use super::*;

const KINDS: [&str; 38] = [
    "ip-src",
    "ip-dst",
    "ip-dst|port",
    "ip-src|port",
    "hostname|port",
    "domain",
    "hostname",
    "domain|ip",
    "url",
    "uri",
    "link",
    "md5",
    "sha1",
    "sha256",
    "sha3-256",
    "ssdeep",
    "tlsh",
    "filename",
    "filename|md5",
    "filename|sha256",
    "malware-sample",
    "attachment",
    "email",
    "email-src",
    "email-dst",
    "email-subject",
    "mutex",
    "regkey",
    "regkey|value",
    "mac-address",
    "AS",
    "port",
    "user-agent",
    "vulnerability",
    "yara",
    "text",
    "x509-fingerprint-sha1",
    "never-heard-of",
];

const VALUES: [&str; 30] = [
    "198.51.100.7",
    "198.51.100.7|443",
    "198.51.100.0/24",
    "2001:db8::1",
    "a.example",
    "a.example|198.51.100.7",
    "a.example|80",
    "http://a.example/x y?q=ä#f",
    "https://user:pw@a.example:8443/",
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "x.exe|d41d8cd98f00b204e9800998ecf8427e",
    "C:\\Windows\\x.dll",
    "/",
    "\\",
    "/x",
    "x/",
    "|",
    "a|b",
    "CVE-2021-44228",
    "AS64496",
    "443",
    "70000",
    "00:00:5e:00:53:01",
    "Someone@b.example",
    "it's \\ \"quoted\"\n",
    " ",
    "HKLM\\Run|calc.exe",
    "3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C",
];

fn any_attribute() -> impl proptest::strategy::Strategy<Value = Value> {
    use proptest::prelude::*;
    let value = prop_oneof![3 => proptest::sample::select(&VALUES[..]).prop_map(str::to_owned), 1 => r"\PC{0,20}"];
    let tag = proptest::sample::select(vec![
        "tlp:red",
        "TLP:WHITE",
        "tlp:ex:chr",
        "",
        "x y",
        "misp-galaxy:tool=\"x\"",
        "ä",
    ]);
    (proptest::sample::select(&KINDS[..]), value, any::<bool>(), any::<u8>(), proptest::option::of(tag), any::<u32>()).prop_map(
        |(kind, value, to_ids, n, tag, at)| {
            json!({"uuid": format!("00000000-0000-4000-8000-0000000001{n:02x}"), "type": kind, "category": "Other", "value": value,
                "to_ids": to_ids, "timestamp": at.to_string(), "object_relation": kind, "comment": value,
                "first_seen": if n > 128 { "2023-10-11T00:00:00.123456+02:00" } else { "" },
                "Tag": tag.map(|name| json!({"name": name})).into_iter().collect::<Vec<_>>()})
        },
    )
}

proptest::proptest! {
    #[test]
    fn whatever_an_event_holds_its_stix_is_what_the_standard_demands(
        attributes in proptest::collection::vec(any_attribute(), 0..5),
        inner in proptest::collection::vec(any_attribute(), 0..4),
        published: bool, at in 1_u32..,
    ) {
        let object = json!({"uuid": ONE, "name": "x", "timestamp": at.to_string(), "Attribute": inner});
        let source = event(&json!({"Attribute": attributes, "Object": [object], "published": published, "timestamp": at.to_string()}));
        let mapped = mapped(&source);
        for object in &mapped.objects {
            let flaws = crate::validate::validate(object, crate::validate::Mode::Must);
            proptest::prop_assert!(flaws.is_empty(), "{:?}\n{}", flaws, String::from_utf8_lossy(object));
        }
        let again = back(&mapped);
        proptest::prop_assert_eq!(&again["uuid"], EVENT);
        // Of two with one UUID the first is kept.
        let count = |event: &Value| event["Attribute"].as_array().map_or(0, Vec::len);
        proptest::prop_assert!(count(&again) <= count(&source["Event"]));
    }

    #[test]
    fn no_damage_to_an_event_or_its_stix_makes_a_panic(cut in 0_usize..2000, with in r#"[\[\]{}",:0-9a-z-]{0,6}"#, both: bool) {
        let source = event(&json!({"Attribute": [attribute(ONE, "domain|ip", "a.example|198.51.100.7", true)], "Tag": [{"name": "tlp:red"}]}));
        let text = if both {
            let objects: Vec<String> = objects(&mapped(&source)).iter().map(Value::to_string).collect();
            objects[cut % objects.len()].clone()
        } else {
            source.to_string()
        };
        let cut = cut % text.len();
        let damaged = format!("{}{with}{}", &text[..cut], &text[(cut + 1).min(text.len())..]);
        let _ = event_to_stix(damaged.as_bytes());
        let _ = stix_to_event(&[damaged.as_bytes()]);
    }
}
