use super::{
    bytes, file, list, number,
    report::{range, totals},
    text, unhex, word,
};
use portcullis_ballot::{
    CellSet, Seed,
    joint::{Contribution, JointError, Participant, Session, Side},
};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

fn session(one: &Value) -> Session {
    begin(one).unwrap()
}

fn begin(one: &Value) -> Result<Session, JointError> {
    let participants = one["participants"].as_array().unwrap();
    let participants: Vec<_> = participants
        .iter()
        .map(|one| Participant {
            range: range(one),
            key: word(one, "report_key"),
        })
        .collect();
    let cells = CellSet(u32::try_from(number(one, "mask")).unwrap());
    let attempt = u32::try_from(number(one, "attempt")).unwrap();
    Session::new(
        cells,
        attempt,
        text(one, "from"),
        text(one, "to"),
        &participants,
    )
}

fn masks(one: &Value) -> Vec<[u8; 32]> {
    let masks = one["masks"].as_array().unwrap().iter();
    masks
        .map(|mask| unhex(mask.as_str().unwrap()).try_into().unwrap())
        .collect()
}

/// The joint totals as the files write them.
fn total(one: &Value) -> Result<Value, JointError> {
    let parts: Vec<_> = list(one, "participants")
        .iter()
        .map(|one| (masks(one), bytes(one, "opening")))
        .collect();
    let parts: Vec<_> = parts
        .iter()
        .map(|(masks, opening)| Contribution { masks, opening })
        .collect();
    let totals = session(one).total(&parts)?;
    Ok(totals
        .iter()
        .map(|(cell, total)| json!({"cell": cell.number(), "total": total}))
        .collect())
}

#[test]
fn report_keys_come_from_the_seed() {
    for one in list(&file("joint.json"), "keys") {
        let key = Seed::new(word(one, "seed")).report_key(text(one, "origin"));
        assert_eq!(key.public(), word(one, "report_key"));
    }
}

#[test]
fn sessions_open_to_their_totals() {
    for one in list(&file("joint.json"), "sessions") {
        let session = session(one);
        assert_eq!(*session.id(), word(one, "session"));
        assert_eq!(
            total(one),
            Ok(one["totals"].clone()),
            "{}",
            text(one, "name")
        );
        for (number, member) in list(one, "participants").iter().enumerate() {
            let key = Seed::new(word(member, "seed")).report_key(text(member, "origin"));
            let made = session.masks(number, &key).unwrap();
            assert_eq!(made.commitments(), masks(member));
            let generator = &mut StdRng::seed_from_u64(1);
            let opening = session
                .open(number, &key, &totals(member), generator)
                .unwrap();
            let holds = session.verify_opening(number, made.commitments(), &opening);
            assert_eq!(holds, Ok(()));
        }
    }
}

#[test]
fn with_whom_no_session_may_begin_is_refused() {
    for one in list(&file("joint.json"), "unfit") {
        let said = begin(one).map(|_| ()).map_err(JointError::code);
        assert_eq!(said, Err(text(one, "refused")), "{}", text(one, "name"));
    }
}

#[test]
fn whoever_publishes_something_false_is_named() {
    for one in list(&file("joint.json"), "refused") {
        let error = total(one).unwrap_err();
        let named = match error {
            JointError::Pair { one, two } => vec![one, two],
            JointError::Masks(one) | JointError::Opening(one) => vec![one],
            other => panic!("{other} names nobody"),
        };
        assert_eq!(error.code(), text(one, "refused"), "{}", text(one, "name"));
        assert_eq!(json!(named), one["named"], "{}", text(one, "name"));
    }
}

#[test]
fn blame_falls_on_whoever_is_at_fault() {
    let file = file("joint.json");
    for one in list(&file, "blame") {
        let held = list(&file, "sessions");
        let held = held
            .iter()
            .find(|held| held["name"] == one["session"])
            .unwrap();
        let reveals: Vec<_> = list(one, "sides")
            .iter()
            .map(|side| side["reveal"].as_str().map(unhex))
            .collect();
        let sides: Vec<_> = list(one, "sides")
            .iter()
            .zip(&reveals)
            .map(|(side, reveal)| Side {
                number: usize::try_from(number(side, "participant")).unwrap(),
                mask: word(side, "mask"),
                reveal: reveal.as_deref(),
            })
            .collect();
        let named = session(held).blame(&sides[0], &sides[1]).unwrap();
        assert_eq!(json!(named), one["named"], "{}", text(one, "name"));
    }
}
