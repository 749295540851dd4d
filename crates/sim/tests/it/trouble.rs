use crate::kit::Town;
use jiff::SignedDuration;
use portcullis_core::{
    office::Office,
    register::Revocation,
    statement::{Approval, Event, Header},
};
use portcullis_sign::Envelope;
use portcullis_sim::{
    cast::Place,
    network::{deliver_to, outcomes},
    op::Op,
    orders::OrderKind,
};
use portcullis_verdict::{Entry, bundle::EntryJson, statement};

const DAY: i64 = 86_400;

#[test]
fn a_peer_that_is_down_for_a_day_loses_nothing() {
    let mut town = Town::new(11);
    town.step(Op::Down(Place::Court));
    let case = town.draft(OrderKind::UkIntercept, Place::Mail);
    town.does(Place::Minister, case, "approved");
    town.step(Op::Advance(DAY));
    town.work();
    assert!(town.run.world.node(Place::Court).view(case).is_err());
    town.step(Op::Up(Place::Court));
    town.step(Op::Advance(301));
    town.work();
    town.does(Place::Court, case, "approved");
    assert_eq!(town.phase(Place::Minister, case), "approved");
    town.run.settle().unwrap();
}

#[test]
fn an_old_backup_with_todays_tiles_goes_on_with_the_same_log() {
    let mut town = Town::new(12);
    town.draft(OrderKind::UsSubpoena, Place::Chat);
    town.step(Op::Backup(Place::County));
    town.tick();
    town.tick();
    let before = town.run.world.node(Place::County).logs().unwrap();
    town.step(Op::Restore(Place::County, false));
    town.step(Op::Advance(120));
    town.step(Op::Sequencer(Place::County));
    let after = town.run.world.node(Place::County).logs().unwrap();
    assert_eq!(after.len(), 1);
    assert!(after[0].size >= before[0].size);
    town.run.settle().unwrap();
}

#[test]
fn an_old_backup_without_the_tiles_opens_a_new_log_and_forks_none() {
    let mut town = Town::new(13);
    town.draft(OrderKind::UsSubpoena, Place::Chat);
    town.step(Op::Backup(Place::County));
    town.tick();
    town.tick();
    town.step(Op::Restore(Place::County, true));
    town.step(Op::Advance(120));
    town.step(Op::Sequencer(Place::County));
    let logs = town.run.world.node(Place::County).logs().unwrap();
    assert_eq!(logs.len(), 2);
    assert!(logs[0].closed && !logs[1].closed);
    town.run.settle().unwrap();
}

#[test]
fn a_stolen_key_is_not_believed_however_its_words_are_dated() {
    let mut town = Town::new(14);
    let case = town.draft(OrderKind::UkIntercept, Place::Mail);
    town.does(Place::Minister, case, "approved");
    let mut judges = town
        .run
        .world
        .cast
        .holders(Place::Court, Office::JudicialCommissioner);
    let judge = judges.next().unwrap();
    drop(judges);
    town.step(Op::Advance(DAY));
    let now = town.run.world.clock.now();
    let gone = Revocation {
        since: now.saturating_sub(SignedDuration::from_hours(12)).unwrap(),
        compromised: true,
    };
    assert_eq!(town.run.revoke_key(judge, gone), "version 2");
    town.step(Op::Register(Place::Minister));
    let world = &town.run.world;
    let held = town.view(Place::Minister, case).case;
    let event = Event::Approved(Approval {
        subject: held.order_digest,
        office: Office::JudicialCommissioner,
        signed_for: None,
    });
    // Dated with the draft: long before anybody says the key was stolen.
    let header = Header {
        kind: event.kind(),
        realm: held.realm.clone(),
        case,
        author: Place::Court.member(),
        addressee: Place::Mail.member(),
        number: 0,
        previous: None,
        time: held.drafted_at,
        law: held.law,
    };
    let payload = statement::payload(&header, &event).unwrap();
    let kind = statement::payload_type(header.kind);
    let signature = world.cast.people[judge].key.sign(&kind, &payload);
    let envelope = Envelope::seal(&kind, &payload, vec![signature]).unwrap();
    let entry = Entry {
        envelope: envelope.as_bytes().to_vec(),
        inclusion: None,
    };
    let history = world.node(Place::Minister).history().unwrap();
    let body = serde_json::json!({
        "kind": "portcullis-delivery/v1",
        "realm": "live",
        "register": {
            "version": history.newest().register.version,
            "digest": history.newest().digest.to_string(),
        },
        "cases": [{
            "case": case.to_string(),
            "statements": [{
                "statement": EntryJson::from(&entry),
                "attachment": null,
                "after": [],
            }],
        }],
    });
    let seat = world.seat(Place::Minister);
    let (answer, wrong) = deliver_to(seat, &Place::Court.member(), body.to_string().as_bytes());
    assert_eq!(wrong, Vec::<String>::new());
    let (_, outcome, code) = outcomes(&answer.body).remove(0);
    assert_eq!(
        (outcome.as_str(), code.as_str()),
        ("refused", "signature.revoked")
    );
}
