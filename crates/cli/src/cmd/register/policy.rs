//! The witness policy that follows from the members: so many sectors, each by any of its witnesses.
//!
//! Group names hold a `/`, which no member's name does, so nothing collides.

use crate::failure::Failure;
use portcullis_core::{member::MemberId, register::Member};
use std::{collections::BTreeMap, fmt::Write as _};

/// Of how many sectors a witness must have cosigned, if nobody says otherwise.
pub(super) const QUORUM: usize = 2;

/// The text of the policy: a cosignature from each of `quorum` sectors suffices, from
/// whichever of a sector's witnesses.
///
/// # Errors
///
/// [`Failure`] when the witnesses come from too few sectors, or `quorum` is less than two.
pub(super) fn policy(
    members: &BTreeMap<MemberId, Member>,
    quorum: usize,
) -> Result<String, Failure> {
    let mut sectors: BTreeMap<&str, Vec<&MemberId>> = BTreeMap::new();
    let mut text = String::new();
    for (id, member) in members {
        if let Some(key) = &member.witness {
            sectors.entry(&member.sector).or_default().push(id);
            // Writing to a string cannot fail.
            let _ = writeln!(text, "witness {} {key}", name(id));
        }
    }
    if quorum < 2 {
        return Err(Failure::refused(
            "register.one_sector",
            "witnesses of one sector would suffice alone",
        )
        .hint("ask for at least two: `--quorum 2`"));
    }
    if sectors.len() < quorum {
        let words: Vec<_> = sectors.keys().copied().collect();
        let found = if words.is_empty() {
            "none".to_owned()
        } else {
            words.join(", ")
        };
        let message = format!(
            "witnesses of {quorum} sectors are needed; the members' witnesses are of: {found}"
        );
        return Err(Failure::refused("register.one_sector", message).hint(
            "add the card of a witness from another sector (`portcullis init … --role witness`)",
        ));
    }
    let mut groups = Vec::new();
    for (sector, witnesses) in &sectors {
        match witnesses.as_slice() {
            [alone] => groups.push(name(alone)),
            several => {
                let names: Vec<_> = several.iter().map(|id| name(id)).collect();
                let _ = writeln!(text, "group sector/{sector} any {}", names.join(" "));
                groups.push(format!("sector/{sector}"));
            }
        }
    }
    let _ = writeln!(text, "group quorum/{quorum} {quorum} {}", groups.join(" "));
    let _ = writeln!(text, "quorum quorum/{quorum}");
    Ok(text)
}

/// The policy after the members changed, asking for as many sectors as before; `None` when
/// the text before was written by hand and is left alone.
pub(super) fn follow(
    before: &BTreeMap<MemberId, Member>,
    text: &str,
    after: &BTreeMap<MemberId, Member>,
) -> Result<Option<String>, Failure> {
    let quorum = (QUORUM..=before.len())
        .find(|quorum| policy(before, *quorum).is_ok_and(|made| made == text));
    quorum.map(|quorum| policy(after, quorum)).transpose()
}

/// A witness's name in the policy: its member's; `none` alone is a word of the format.
fn name(id: &MemberId) -> String {
    if id.as_str() == "none" {
        "witness/none".to_owned()
    } else {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_tlog::{cosignature::Cosigner, policy::Policy};
    use std::collections::BTreeSet;

    fn members(list: &[(&str, &str)]) -> BTreeMap<MemberId, Member> {
        let one = |(at, (id, sector)): (usize, &(&str, &str))| {
            let seed = [u8::try_from(at).unwrap() + 1; 32];
            let witness = Cosigner::new(format!("{id}/witness").parse().unwrap(), &seed);
            let member = Member {
                title: String::new(),
                roles: BTreeSet::new(),
                authority: BTreeSet::new(),
                sector: (*sector).to_owned(),
                endpoint: String::new(),
                tls: BTreeSet::new(),
                log: None,
                witness: Some(witness.vkey().to_string()),
                delivery_keys: BTreeSet::new(),
                keys: BTreeMap::new(),
            };
            (id.parse().unwrap(), member)
        };
        list.iter().enumerate().map(one).collect()
    }

    fn met(text: &str, by: &[&str]) -> bool {
        Policy::parse(text.as_bytes())
            .unwrap()
            .quorum_met_by(|name| by.contains(&name))
    }

    #[test]
    fn two_sectors_suffice_and_never_one() {
        let text = policy(
            &members(&[("a", "x"), ("b", "x"), ("c", "y"), ("none", "z")]),
            2,
        )
        .unwrap();
        assert!(met(&text, &["b", "c"]));
        assert!(met(&text, &["a", "witness/none"]));
        assert!(!met(&text, &["a", "b"]), "{text}");
        assert!(!met(&text, &["c"]));
    }

    #[test]
    fn three_sectors_are_asked_for_when_the_registrar_says_so() {
        let text = policy(&members(&[("a", "x"), ("b", "y"), ("c", "z")]), 3).unwrap();
        assert!(!met(&text, &["a", "b"]));
        assert!(met(&text, &["a", "b", "c"]));
    }

    #[test]
    fn witnesses_of_one_sector_make_no_policy() {
        let refused = policy(&members(&[("a", "x"), ("b", "x")]), 2).unwrap_err();
        assert_eq!(refused.code, "register.one_sector");
        assert_eq!(
            policy(&members(&[("a", "x"), ("b", "y")]), 1)
                .unwrap_err()
                .code,
            "register.one_sector"
        );
    }

    #[test]
    fn a_policy_follows_its_members_and_one_written_by_hand_is_left_alone() {
        let before = members(&[("a", "x"), ("b", "y"), ("c", "z")]);
        let after = members(&[("a", "x"), ("b", "y"), ("c", "z"), ("d", "z")]);
        let text = policy(&before, 3).unwrap();
        assert_eq!(
            follow(&before, &text, &after).unwrap(),
            Some(policy(&after, 3).unwrap())
        );
        assert_eq!(
            follow(
                &before,
                &text.replace("group quorum/3 3", "group quorum/3 all"),
                &after
            )
            .unwrap(),
            None
        );
    }
}
