//! What the laws that come with Portcullis say, rule by rule.

use portcullis_verdict::law::{self, Calendars, LAW_FILES};

#[test]
fn every_law_that_comes_with_portcullis_loads_and_goes_below_no_floor() {
    let calendars =
        Calendars::parse(law::CALENDAR_FILES.map(|(name, text)| (name, text.as_bytes()))).unwrap();
    for (name, text) in LAW_FILES {
        match law::parse(name, text.as_bytes(), &calendars) {
            Ok(law) => assert_eq!(name, format!("laws/{}.toml", law.id)),
            Err(faults) => panic!(
                "{}",
                faults
                    .iter()
                    .map(|fault| format!("{fault}\n"))
                    .collect::<String>()
            ),
        }
    }
}
