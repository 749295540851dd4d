//! Personal information in real objects: how often a reviewer is asked, and
//! about what.

use std::collections::BTreeMap;
use std::io::Read;

use portcullis_stix::personal::findings;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::data;

#[derive(Deserialize)]
struct Bundle<'a> {
    #[serde(borrow)]
    objects: Vec<&'a RawValue>,
}

#[test]
fn few_objects_of_attack_are_shown_to_a_reviewer() {
    let Some(path) = data::folder("enterprise-attack.json.gz") else {
        return;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    let bundle: Bundle<'_> = serde_json::from_str(&text).unwrap();
    let mut flagged = 0;
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for object in &bundle.objects {
        let found = findings(object.get().as_bytes());
        flagged += usize::from(!found.is_empty());
        for finding in found {
            *kinds.entry(finding.kind.as_str()).or_default() += 1;
            println!(
                "{} {} {}: {}",
                finding.kind.as_str(),
                finding.path,
                finding.excerpt_masked,
                finding.why
            );
        }
    }
    println!(
        "{flagged} of {} objects of ATT&CK are flagged: {kinds:?}",
        bundle.objects.len()
    );
    assert!(flagged * 1000 < bundle.objects.len() * 2, "{flagged}");
}
