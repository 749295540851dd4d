use super::{Kind, Observable, guess, key, normal, observables, refanged, written};

fn found(json: &str) -> Vec<String> {
    observables(json.as_bytes())
        .into_iter()
        .map(|one| format!("{} {}", one.kind, one.value))
        .collect()
}

fn in_pattern(pattern: &str) -> Vec<String> {
    let indicator =
        serde_json::json!({"type": "indicator", "pattern_type": "stix", "pattern": pattern});
    found(&indicator.to_string())
}

#[test]
fn a_pattern_gives_what_must_hold_and_nothing_else() {
    assert_eq!(
        in_pattern(
            "[ipv4-addr:value = '198.51.100.7' OR domain-name:value IN ('Example.COM.', 'b.example')]"
        ),
        [
            "ipv4 198.51.100.7",
            "domain b.example",
            "domain example.com"
        ]
    );
    assert_eq!(
        in_pattern("[ipv4-addr:value ISSUBSET '198.51.100.9/24']"),
        ["ipv4 198.51.100.0/24"]
    );
    assert!(
        in_pattern(
            "[ipv4-addr:value != '198.51.100.7' OR ipv4-addr:value NOT IN ('198.51.100.8')]"
        )
        .is_empty()
    );
    assert!(in_pattern("[url:value LIKE 'http://%' OR url:value MATCHES '^http']").is_empty());
    assert!(in_pattern("[ipv4-addr:value = 'no address']").is_empty());
    assert!(in_pattern("no pattern").is_empty());
}

#[test]
fn hashes_are_found_under_every_spelling_and_behind_references() {
    let digest = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855";
    let expected = [format!("sha256 {}", digest.to_lowercase())];
    for path in [
        "file:hashes.'SHA-256'",
        "file:hashes.SHA256",
        "file:hashes.'sha-256'",
        "process:image_ref.hashes.'SHA-256'",
        "x509-certificate:hashes.'SHA-256'",
    ] {
        assert_eq!(
            in_pattern(&format!("[{path} = '{digest}']")),
            expected,
            "{path}"
        );
    }
}

#[test]
fn references_are_followed_to_what_stands_behind_them() {
    assert_eq!(
        in_pattern("[network-traffic:dst_ref.value = '203.0.113.9']"),
        ["ipv4 203.0.113.9"]
    );
    assert_eq!(
        in_pattern("[network-traffic:dst_ref.value = 'c2.example']"),
        ["domain c2.example"]
    );
    assert_eq!(
        in_pattern("[email-message:from_ref.value = 'A@Example.org']"),
        ["email a@example.org"]
    );
    assert_eq!(
        in_pattern("[process:image_ref.name = 'Tool.EXE']"),
        ["file_name tool.exe"]
    );
    assert_eq!(
        in_pattern("[autonomous-system:number = 64496]"),
        ["asn 64496"]
    );
    assert_eq!(
        in_pattern(
            "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'x/1']"
        ),
        ["user_agent x/1"]
    );
}

#[test]
fn observed_objects_give_what_identifies_them() {
    assert_eq!(
        found(r#"{"type":"ipv6-addr","value":"2001:DB8:0::1"}"#),
        ["ipv6 2001:db8::1"]
    );
    assert_eq!(
        found(
            r#"{"type":"file","name":"Letter.doc","hashes":{"MD5":"D41D8CD98F00B204E9800998ECF8427E","SHA-1":"short"}}"#
        ),
        [
            "md5 d41d8cd98f00b204e9800998ecf8427e",
            "file_name letter.doc"
        ]
    );
    assert_eq!(
        found(r#"{"type":"autonomous-system","number":64496}"#),
        ["asn 64496"]
    );
    assert_eq!(
        found(r#"{"type":"windows-registry-key","key":"HKLM\\Software\\Example\\"}"#),
        [r"registry_key hkey_local_machine\software\example"]
    );
    assert_eq!(
        found(r#"{"type":"x509-certificate","serial_number":"36:F7:D4"}"#),
        ["certificate_serial 36f7d4"]
    );
}

#[test]
fn the_objects_inside_old_observed_data_are_seen() {
    let data = r#"{"type":"observed-data","objects":{"0":{"type":"domain-name","value":"a.example"},"1":{"type":"observed-data"}}}"#;
    assert_eq!(found(data), ["domain a.example"]);
}

#[test]
fn other_objects_and_other_languages_give_nothing() {
    assert!(found(r#"{"type":"malware","name":"198.51.100.7"}"#).is_empty());
    assert!(found(r#"{"type":"indicator","pattern_type":"sigma","pattern":"[ipv4-addr:value = '198.51.100.7']"}"#).is_empty());
    assert!(found(r#"{"value":"198.51.100.7"}"#).is_empty());
    assert!(found("not json").is_empty());
    assert!(found(r#"{"type":"ipv4-addr","value":{"type":"x"}}"#).is_empty());
}

#[test]
fn an_escaped_type_is_still_seen() {
    assert_eq!(
        found(r#"{"type":"ipv4\u002daddr","value":"198.51.100.7"}"#),
        ["ipv4 198.51.100.7"]
    );
    assert_eq!(
        found(r#"{"typ\u0065":"ipv4-addr","value":"198.51.100.7"}"#),
        ["ipv4 198.51.100.7"]
    );
}

#[test]
fn what_people_type_is_recognised() {
    for (typed, kind, value) in [
        ("198.51.100.7", Kind::Ipv4, "198.51.100.7"),
        (" 198[.]51[.]100[.]7 ", Kind::Ipv4, "198.51.100.7"),
        ("198.51.100.7:443", Kind::Ipv4, "198.51.100.7"),
        ("198.51.100.7/32", Kind::Ipv4, "198.51.100.7"),
        ("198.51.100.9/24", Kind::Ipv4, "198.51.100.0/24"),
        ("2001:DB8:0:0::1", Kind::Ipv6, "2001:db8::1"),
        ("[2001:db8::1]:443", Kind::Ipv6, "2001:db8::1"),
        (
            "hxxps://Evil[.]Example/Path",
            Kind::Url,
            "https://evil.example/Path",
        ),
        (
            "hxxp[://]evil(dot)example",
            Kind::Url,
            "http://evil.example/",
        ),
        (
            "http://user@Example.com?Q=1",
            Kind::Url,
            "http://user@example.com/?Q=1",
        ),
        (
            "Someone[at]Example[dot]org",
            Kind::Email,
            "someone@example.org",
        ),
        ("mailto:a@b.example", Kind::Email, "a@b.example"),
        (
            "D41D8CD98F00B204E9800998ECF8427E",
            Kind::Md5,
            "d41d8cd98f00b204e9800998ecf8427e",
        ),
        ("00-00-5E-00-53-01", Kind::Mac, "00:00:5e:00:53:01"),
        ("AS64496", Kind::Asn, "64496"),
        (
            r"HKLM\Software\Run",
            Kind::RegistryKey,
            r"hkey_local_machine\software\run",
        ),
        (
            r"C:\Windows\.config\x.exe",
            Kind::FilePath,
            r"c:\windows\.config\x.exe",
        ),
        ("/etc/passwd", Kind::FilePath, "/etc/passwd"),
        ("Invoice.pdf", Kind::FileName, "invoice.pdf"),
        ("evil\\.example", Kind::Domain, "evil.example"),
        ("\"evil.example.\"", Kind::Domain, "evil.example"),
        ("evil.example/path", Kind::Domain, "evil.example"),
        (
            "xn--bcher-kva.example",
            Kind::Domain,
            "xn--bcher-kva.example",
        ),
    ] {
        let value = value.to_owned();
        assert_eq!(guess(typed), Some(Observable { kind, value }), "{typed}");
    }
    for typed in [
        "",
        "  ",
        "hello",
        "hello world",
        "1.2.3",
        "999.1.1.1",
        "a b.example",
        "12345",
        "x.1",
    ] {
        assert_eq!(guess(typed), None, "{typed}");
    }
}

#[test]
fn ranges_of_every_size_are_masked() {
    assert_eq!(
        normal(Kind::Ipv4, "203.0.113.7/0").as_deref(),
        Some("0.0.0.0/0")
    );
    assert_eq!(
        normal(Kind::Ipv4, "203.0.113.7/31").as_deref(),
        Some("203.0.113.6/31")
    );
    assert_eq!(
        normal(Kind::Ipv6, "2001:db8::7/64").as_deref(),
        Some("2001:db8::/64")
    );
    assert_eq!(
        normal(Kind::Ipv6, "2001:db8::7/128").as_deref(),
        Some("2001:db8::7")
    );
    for wrong in [
        "203.0.113.7/33",
        "203.0.113.7/",
        "203.0.113.7/+8",
        "203.0.113.07",
        "203.0.113",
    ] {
        assert_eq!(normal(Kind::Ipv4, wrong), None, "{wrong}");
    }
}

#[test]
fn keys_are_stable_and_tell_kinds_apart() {
    assert_eq!(key(Kind::Domain, "example.com"), 0x05d5_04ff_83cf_98ff);
    assert_ne!(
        key(Kind::Domain, "example.com"),
        key(Kind::FileName, "example.com")
    );
    for kind in Kind::ALL {
        assert_eq!(Kind::parse(kind.as_str()), Some(*kind));
    }
}

#[test]
fn every_kind_written_as_a_pattern_is_found_in_it_again() {
    for kind in Kind::ALL
        .iter()
        .copied()
        .filter(|kind| *kind != Kind::OtherHash)
    {
        let value = match kind {
            Kind::Ipv4 => "198.51.100.7".to_owned(),
            Kind::Ipv6 => "2001:db8::7".to_owned(),
            Kind::Domain => "a.example".to_owned(),
            Kind::Url => "https://a.example/it's".to_owned(),
            Kind::Email => "a@b.example".to_owned(),
            Kind::Mac => "00:00:5e:00:53:01".to_owned(),
            Kind::Asn => "64496".to_owned(),
            Kind::Md5 => "0".repeat(32),
            Kind::Sha1 => "0".repeat(40),
            Kind::Sha224 => "0".repeat(56),
            Kind::Sha256 | Kind::Sha3x256 => "0".repeat(64),
            Kind::Sha384 => "0".repeat(96),
            Kind::Sha512 | Kind::Sha3x512 => "0".repeat(128),
            Kind::RegistryKey => r"hkey_users\it's".to_owned(),
            Kind::CertificateSerial => "36f7d4".to_owned(),
            _ => r"some 'thing' c:\x".to_owned(),
        };
        let indicator = serde_json::json!({"type": "indicator", "pattern": written(kind, &value)});
        let seen = observables(indicator.to_string().as_bytes());
        assert_eq!(seen, [Observable { kind, value }]);
    }
}

#[test]
fn no_object_becomes_an_index_of_its_own() {
    let set: Vec<String> = (0..20_000).map(|n| format!("'{n}.example'")).collect();
    let seen = in_pattern(&format!("[domain-name:value IN ({})]", set.join(",")));
    assert_eq!(seen.len(), super::OBSERVABLES_MAX);
}

proptest::proptest! {
    #[test]
    fn a_spelling_is_its_own_spelling(kind in proptest::sample::select(Kind::ALL), text in r"\PC{0,20}|[A-Za-zİẞΣȺ0-9:.@/*\\ -]{0,24}|(HKLM|hku|a)[:\\/ ]{0,4}[a ]{0,3}[\\/ ]{0,3}|(http|ftp)://[A-Zİa.@:?#/ ]{0,12}") {
        if let Some(one) = normal(kind, &text) {
            proptest::prop_assert_eq!(normal(kind, &one), Some(one.clone()), "{:?}", text);
        }
    }

    #[test]
    fn guessing_never_panics_and_keeps_to_one_spelling(text in r"\PC{0,60}|[a-z0-9:.\[\]/@\\-]{0,40}") {
        let _ = refanged(&text);
        if let Some(one) = guess(&text) {
            proptest::prop_assert_eq!(normal(one.kind, &one.value), Some(one.value));
        }
    }
}
