//! Warning lists of MISP: any list is taken or refused, and one that is taken can be asked.
#![no_main]

use portcullis_stix::{
    observable::{Kind, Observable},
    warning::{HITS_MAX, Lists},
};

const VALUES: &[(Kind, &str)] = &[
    (Kind::Ipv4, "192.0.2.7"),
    (Kind::Ipv6, "2001:db8::7"),
    (Kind::Domain, "a.b.example"),
    (Kind::Url, "https://a.b.example/c?d=e"),
    (Kind::Email, "a@b.example"),
    (Kind::Md5, "d41d8cd98f00b204e9800998ecf8427e"),
    (Kind::FileName, "a.exe"),
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut lists = Lists::default();
    if lists.add(bytes).is_err() {
        assert_eq!(
            lists.names().count(),
            0,
            "a list that is refused is not there"
        );
        return;
    }
    let values: Vec<Observable> = VALUES
        .iter()
        .filter_map(|(kind, value)| Observable::new(*kind, value))
        .collect();
    assert!(lists.check(&values).len() <= HITS_MAX);
});
