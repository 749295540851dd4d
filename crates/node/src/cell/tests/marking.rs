//! What is marked with something that nobody here knows is as strict as can be, until it is known.

use super::changes::{accept, changes_of};
use super::*;
use crate::cell::{
    Change,
    batch::{Batch, Op},
    marking::Reads,
    write,
};
use portcullis_core::cell::{Label, Tlp};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The id of a marking definition.
fn marking(n: u32) -> String {
    format!("marking-definition--00000000-0000-4000-8000-{n:012x}")
}

/// A marking definition that says this in its members.
fn defined(n: u32, says: &str) -> String {
    let id = marking(n);
    format!(
        r#"{{"type":"marking-definition","spec_version":"2.1","id":"{id}","created":"2026-01-01T00:00:00Z",{says}}}"#
    )
}

const STATEMENT: &str =
    r#""definition_type":"statement","definition":{"statement":"Copyright 2026, Example"}"#;

/// A marking definition of a light.
fn of_light(n: u32, tlp: &str) -> String {
    defined(
        n,
        &format!(r#""definition_type":"tlp","definition":{{"tlp":"{tlp}"}}"#),
    )
}

/// An indicator that names markings.
fn marked(n: u32, markings: &[&str]) -> String {
    let quoted: Vec<String> = markings.iter().map(|id| format!("\"{id}\"")).collect();
    with(
        n,
        0,
        &format!(r#","object_marking_refs":[{}]"#, quoted.join(",")),
    )
}

#[test]
fn why_an_object_is_as_strict_as_it_is_is_told_marking_by_marking() {
    let kit = Kit::with(|settings| {
        settings.mode = Mode::Keep;
        settings.default_tlp = Tlp::Green;
    });
    let operator = kit.cell.operator();
    let green = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da";
    let names = [marking(1), marking(2), marking(3), marking(4), marking(4)];
    let mut named: Vec<&str> = names.iter().map(String::as_str).collect();
    named.insert(0, green);
    kit.add_as(&kit.a(), &[marked(1, &named), marked(2, &[])]);
    kit.add_as(&operator, &[defined(1, STATEMENT)]);
    let iep = r#""definition_type":"iep","definition":{"tlp":"green"}"#;
    kit.add_as(&kit.a(), &[defined(2, iep)]);
    kit.add_as(&kit.b(), &[of_light(3, "green")]);
    let many: Vec<String> = (100..200).map(marking).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    kit.add_as(&kit.a(), &[marked(3, &many)]);
    let lit = |n: u32| {
        let found = kit.cell.versions(&kit.a(), &id(n)).unwrap();
        kit.cell.why_lit(&found[0]).unwrap()
    };
    let first = lit(1);
    let expected = [
        (green.to_owned(), Reads::Light(Tlp::Green)),
        (marking(1), Reads::Words),
        (marking(2), Reads::NotUnderstood(member("bank-a"))),
        (marking(3), Reads::Stranger(member("bank-b"))),
        (marking(4), Reads::Undefined),
    ];
    assert_eq!(first.markings, expected);
    assert_eq!((first.tlp, first.too_many), (Tlp::AmberStrict, false));
    assert_eq!(first.unread().count(), 3);
    let plain = lit(2);
    assert_eq!((plain.tlp, plain.default), (Tlp::Green, Tlp::Green));
    assert_eq!(plain.markings, []);
    let third = lit(3);
    assert_eq!((third.tlp, third.too_many), (Tlp::Red, true));
    // What is defined since is known, and says so.
    kit.add_as(&kit.a(), &[of_light(4, "green")]);
    assert_eq!(lit(1).unread().count(), 2);
    // Of what a stranger has defined here, our own word stands in another collection.
    let other = kit.cell.new_collection();
    let mut settings = Settings::titled("definitions");
    settings.mode = Mode::Keep;
    settings.readers = [kit.group].into();
    let open = Command::OpenCollection {
        collection: other,
        settings: Box::new(settings),
    };
    kit.cell.perform(&operator, open).unwrap();
    let envelope = format!("{{\"objects\":[{}]}}", of_light(3, "green"));
    let source = Source::Imported;
    let status = kit.cell.add(&operator, &other, envelope.into(), source);
    assert_eq!(status.unwrap().failures, []);
    assert_eq!(lit(1).unread().count(), 1);
}

/// The light of each object as it stands now.
fn lights(kit: &Kit) -> BTreeMap<String, Tlp> {
    let index = kit.cell.index();
    let Some(shelf) = index.shelf(&kit.collection) else {
        return BTreeMap::new();
    };
    let live = (0u64..)
        .zip(shelf.from(0))
        .filter(|(_, entry)| entry.is_live());
    let numbers: Vec<u64> = live.map(|(number, _)| number).collect();
    drop(index);
    let each = numbers.into_iter().map(|number| {
        let entry = kit.cell.entry(&kit.collection, number).unwrap();
        (entry.id, entry.label.tlp)
    });
    each.collect()
}

fn light(kit: &Kit, n: u32) -> Tlp {
    lights(kit)[&id(n)]
}

/// How many entries there are, superseded ones too.
fn entries(kit: &Kit) -> usize {
    let index = kit.cell.index();
    index
        .shelf(&kit.collection)
        .map_or(0, crate::cell::index::Shelf::len)
}

/// Another collection of the same group.
fn beside(kit: &Kit) -> CollectionId {
    let collection = kit.cell.new_collection();
    let mut settings = Settings::titled("beside");
    settings.readers = [kit.group].into();
    settings.writers = [kit.group].into();
    settings.mode = Mode::Keep;
    let settings = Box::new(settings);
    let command = Command::OpenCollection {
        collection,
        settings,
    };
    kit.cell.perform(&kit.cell.operator(), command).unwrap();
    collection
}

fn restart(kit: &Kit) -> Kit {
    kit.restarted(&kit.cell.journal.image(true).unwrap())
}

#[test]
fn what_names_a_marking_that_is_not_known_is_amber_strict_until_it_is() {
    for (definition, known) in [
        (defined(1, STATEMENT), Tlp::Green),
        (of_light(1, "white"), Tlp::Clear),
        (of_light(1, "red"), Tlp::Red),
        (
            defined(
                1,
                r#""extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"extension_type":"property-extension","tlp_2_0":"amber"}}"#,
            ),
            Tlp::Amber,
        ),
        // What cannot be read is no reason to show it.
        (
            defined(
                1,
                r#""extensions":{"extension-definition--1":{"extension_type":"property-extension","permitted":"all"}}"#,
            ),
            Tlp::AmberStrict,
        ),
        (of_light(1, "orange"), Tlp::AmberStrict),
    ] {
        let kit = Kit::with(|settings| {
            settings.mode = Mode::Keep;
            settings.default_tlp = Tlp::Green;
        });
        let capitals = marking(1).replace("marking-definition", "Marking-Definition");
        kit.add(&[
            marked(1, &[&marking(1)]),
            with(
                2,
                0,
                &format!(
                    r#","granular_markings":[{{"marking_ref":"{}","selectors":["name"]}}]"#,
                    marking(1)
                ),
            ),
            marked(
                3,
                &[
                    &capitals,
                    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
                ],
            ),
            marked(
                4,
                &[
                    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
                    &marking(1),
                ],
            ),
            indicator(5, 0),
        ]);
        let at = |kit: &Kit| [1, 2, 3, 4, 5].map(|n| light(kit, n));
        let strict = Tlp::AmberStrict;
        assert_eq!(at(&kit), [strict, strict, strict, Tlp::Red, Tlp::Green]);
        let client = Caller {
            client: true,
            ..kit.b()
        };
        let sees = |kit: &Kit, caller: &Caller| {
            let page = kit
                .cell
                .page(caller, &kit.collection, &Query::default(), View::Objects);
            objects(&page.unwrap()).len()
        };
        assert_eq!((sees(&kit, &client), sees(&kit, &kit.b())), (1, 4));
        let kit = restart(&kit);
        kit.add(std::slice::from_ref(&definition));
        let both = if known == Tlp::Green {
            Tlp::Clear
        } else {
            known
        };
        assert_eq!(
            at(&kit),
            [known, known, both, Tlp::Red, Tlp::Green],
            "{definition}"
        );
        let again = restart(&kit);
        assert_eq!(lights(&again), lights(&kit));
        assert_eq!(entries(&again), entries(&kit), "nothing is left to do");
    }
}

#[test]
fn a_default_that_is_stricter_stays() {
    let kit = Kit::with(|settings| {
        settings.mode = Mode::Keep;
        settings.default_tlp = Tlp::Red;
    });
    kit.add(&[marked(1, &[&marking(1)])]);
    assert_eq!(light(&kit, 1), Tlp::Red);
    kit.add(&[of_light(1, "green")]);
    assert_eq!(light(&kit, 1), Tlp::Green);
}

/// Sets what is not marked in the kit's collection.
fn set_default(kit: &Kit, default: Tlp) {
    let state = kit.cell.state();
    let held = state.collection(&kit.collection).unwrap();
    let settings = Settings {
        default_tlp: default,
        ..held.settings.clone()
    };
    let change = Command::ChangeCollection {
        collection: kit.collection,
        settings: Box::new(settings),
    };
    kit.cell.perform(&kit.cell.operator(), change).unwrap();
}

#[test]
fn a_stricter_default_reaches_what_is_here_already_and_a_wider_one_does_not() {
    const GREEN: &str = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da";
    // More of them go in frames of their own, before the last few.
    for more in [0, 900] {
        let kit = Kit::with(|settings| {
            settings.mode = Mode::Keep;
            settings.default_tlp = Tlp::Green;
        });
        kit.add(&[
            indicator(1, 0),
            indicator(1, 9),
            marked(2, &[GREEN]),
            defined(1, STATEMENT),
            marked(3, &[&marking(1)]),
            marked(4, &[&marking(2)]),
        ]);
        kit.add_as(&kit.cell.operator(), &many(100..100 + more));
        let client = Caller {
            client: true,
            ..kit.b()
        };
        let sees = |kit: &Kit, caller: &Caller| {
            let page = kit
                .cell
                .page(caller, &kit.collection, &Query::default(), View::Objects);
            objects(&page.unwrap()).len()
        };
        let more = more as usize;
        assert_eq!(
            (sees(&kit, &client), sees(&kit, &kit.b())),
            (4 + more, 5 + more)
        );
        kit.clock.pass(1_000);
        let upto = kit
            .cell
            .page(&kit.b(), &kit.collection, &Query::default(), View::Objects);
        let upto = upto.unwrap().last_added;
        let count = entries(&kit);
        set_default(&kit, Tlp::AmberStrict);
        // Both versions, the definition itself, what is marked with words alone, and the rest.
        assert_eq!(entries(&kit), count + 4 + more);
        let at = |kit: &Kit| [1, 2, 3, 4].map(|n| light(kit, n));
        let strict = Tlp::AmberStrict;
        assert_eq!(at(&kit), [strict, Tlp::Green, strict, strict]);
        assert_eq!((sees(&kit, &client), sees(&kit, &kit.b())), (1, 5 + more));
        let since = Query {
            added_after_us: upto,
            ..Query::default()
        };
        let page = kit
            .cell
            .page(&kit.b(), &kit.collection, &since, View::Objects);
        assert!(
            !objects(&page.unwrap()).is_empty(),
            "whoever has read past them is told"
        );
        set_default(&kit, Tlp::Red);
        let red = Tlp::Red;
        assert_eq!(at(&kit), [red, Tlp::Green, red, red]);
        assert_eq!((sees(&kit, &client), sees(&kit, &kit.b())), (1, 1));
        let kit = restart(&kit);
        assert_eq!(at(&kit), [red, Tlp::Green, red, red]);
        assert_eq!((sees(&kit, &client), sees(&kit, &kit.b())), (1, 1));
        let count = entries(&kit);
        set_default(&kit, Tlp::Clear);
        assert_eq!((at(&kit)[0], entries(&kit)), (red, count));
        set_default(&kit, Tlp::Green);
        assert_eq!(entries(&kit), count, "nothing is less strict than that");
    }
}

#[test]
fn who_may_not_set_a_default_makes_nothing_stricter() {
    let kit = Kit::with(|settings| {
        settings.mode = Mode::Keep;
        settings.default_tlp = Tlp::Green;
    });
    kit.add(&many(0..100));
    let settings = kit
        .cell
        .state()
        .collection(&kit.collection)
        .unwrap()
        .settings
        .clone();
    let change = Command::ChangeCollection {
        collection: kit.collection,
        settings: Box::new(Settings {
            default_tlp: Tlp::Red,
            ..settings
        }),
    };
    let refused = kit.cell.perform(&kit.a(), change).unwrap_err();
    assert_eq!(refused.code(), "cell.operator_needed");
    assert_eq!((entries(&kit), light(&kit, 1)), (100, Tlp::Green));
}

#[test]
fn within_one_envelope_the_order_makes_no_difference_and_nothing_is_added_twice() {
    let kit = Kit::new();
    let sent = [
        marked(1, &[&marking(1)]),
        marked(2, &[&marking(1), &marking(2)]),
        defined(1, STATEMENT),
        of_light(2, "green"),
    ];
    assert_eq!(kit.add(&sent).fresh, 4);
    assert_eq!((light(&kit, 1), light(&kit, 2)), (Tlp::Amber, Tlp::Green));
    assert_eq!(entries(&kit), 4);
}

#[test]
fn whoever_has_read_past_an_object_is_told_of_it_when_its_marking_is_known() {
    let kit = Kit::new();
    kit.add(&[marked(1, &[&marking(1)]), indicator(2, 0)]);
    let client = Caller {
        client: true,
        ..kit.b()
    };
    let read = |after| {
        let query = Query {
            added_after_us: after,
            ..Query::default()
        };
        kit.cell
            .page(&client, &kit.collection, &query, View::Objects)
            .unwrap()
    };
    let first = read(None);
    assert_eq!(objects(&first), [indicator(2, 0)]);
    kit.clock.pass(1_000);
    kit.add(&[defined(1, STATEMENT)]);
    let then = read(first.last_added);
    assert_eq!(
        objects(&then),
        [defined(1, STATEMENT), marked(1, &[&marking(1)])]
    );
}

#[test]
fn a_definition_counts_for_its_publishers_objects_and_for_others_if_it_was_first() {
    let kit = Kit::new();
    kit.add(&[marked(1, &[&marking(1)])]);
    // What another says under this id opens nothing while its own publisher says nothing.
    kit.add_as(&kit.b(), &[of_light(1, "white"), marked(2, &[&marking(1)])]);
    assert_eq!(
        (light(&kit, 1), light(&kit, 2)),
        (Tlp::AmberStrict, Tlp::Clear)
    );
    // Here the id is taken; in a collection beside, its publisher says what it meant.
    let beside = beside(&kit);
    let envelope = Bytes::from(format!("{{\"objects\":[{}]}}", of_light(1, "red")));
    let added = kit.cell.add(&kit.a(), &beside, envelope, Source::Published);
    assert_eq!(added.unwrap().fresh, 1);
    assert_eq!((light(&kit, 1), light(&kit, 2)), (Tlp::Red, Tlp::Clear));
    let kit = restart(&kit);
    kit.add(&[marked(3, &[&marking(1)])]);
    assert_eq!((light(&kit, 1), light(&kit, 3)), (Tlp::Red, Tlp::Red));
}

/// A definition of bank-a's, and nothing that follows from it: its adder stopped right after its frame.
fn say_alone(kit: &Kit, definition: &str) {
    let state = kit.cell.state();
    let context = write::Context::new(&state, &kit.collection, None, false);
    let read = write::prepare_all(&context, &[definition.as_bytes()]);
    let mut turn = kit.cell.turn().unwrap();
    let mut frame = write::FrameOf::new(&state, kit.cell.me(), kit.collection);
    for object in read.into_iter().map(Result::unwrap) {
        let candidate = write::Candidate {
            label: state.label(&kit.collection, &kit.a().member, Tlp::Amber.into(), false),
            object,
            markings: Vec::new(),
            stamp: None,
            proof: 0,
            op: Op::Put,
            marked: false,
        };
        frame.put(&mut turn, None, candidate).unwrap();
    }
    let appended = turn.append(&[], &[frame.batch], &frame.data).unwrap();
    kit.cell.settle(appended).unwrap();
}

#[test]
fn what_is_lit_anew_at_once_is_bounded_by_the_bytes_of_its_rows() {
    let kit = Kit::new();
    kit.add(&[1, 2, 3].map(|n| {
        let values: Vec<String> = (0..500).map(|m| format!("'{m}.n{n}.example'")).collect();
        let many = format!("[domain-name:value IN ({})]", values.join(","));
        marked(n, &[&marking(1)]).replace(&format!("[domain-name:value = 'n{n}.example']"), &many)
    }));
    say_alone(&kit, &of_light(1, "green"));
    let (_, stale) = kit.cell.index().stale();
    assert_eq!(stale.len(), 3);
    // Each row has 500 values, of eight bytes each.
    assert_eq!(kit.cell.relight_part(&stale, None, 1).unwrap(), 1);
    assert_eq!(kit.cell.index().stale().1, stale[1..]);
    assert_eq!(kit.cell.relight_part(&stale[1..], None, 11_000).unwrap(), 2);
    assert_eq!([1, 2, 3].map(|n| light(&kit, n)), [Tlp::Green; 3]);
}

#[test]
fn what_cannot_be_lit_anew_fails_nobody() {
    let kit = Kit::new();
    kit.add(&[marked(1, &[&marking(1)]), indicator(2, 0)]);
    // No more labels are left, and what was said next would need another.
    let mut batch = Batch::new(kit.collection);
    let left = usize::from(u16::MAX) - kit.cell.index().labels.values().len();
    batch.labels = (0..left)
        .map(|n| Label {
            tlp: Tlp::Red,
            bound: None,
            publisher: member(&format!("bank-{n}")),
            recipients: [].into(),
            held: false,
        })
        .collect();
    let turn = kit.cell.turn().unwrap();
    let appended = { turn }.append(&[], &[batch], &[]).unwrap();
    kit.cell.settle(appended).unwrap();
    assert_eq!(kit.add(&[of_light(1, "green")]).fresh, 1);
    assert!(!kit.cell.index().is_lit());
    assert_eq!(light(&kit, 1), Tlp::AmberStrict);
    // Nor does a start, nor anything else that is done each second.
    let kit = restart(&kit);
    assert!(kit.cell.ready());
    kit.cell.review_tick().unwrap();
    assert_eq!(kit.add(&[indicator(3, 0)]).fresh, 1);
}

#[test]
fn without_its_publishers_word_the_nodes_own_counts_and_a_strangers_closes_alone() {
    let kit = Kit::new();
    let named = [marked(1, &[&marking(1)]), marked(2, &[&marking(2)])];
    kit.add(&named);
    kit.add_as(&kit.b(), &[of_light(1, "white"), of_light(2, "red")]);
    let at = |kit: &Kit| [1, 2].map(|n| light(kit, n));
    assert_eq!(at(&kit), [Tlp::AmberStrict, Tlp::Red]);
    let beside = beside(&kit);
    for n in [1, 2] {
        let envelope = Bytes::from(format!("{{\"objects\":[{}]}}", of_light(n, "green")));
        let operator = kit.cell.operator();
        let added = kit
            .cell
            .add(&operator, &beside, envelope, Source::Published);
        assert_eq!(added.unwrap().fresh, 1);
    }
    assert_eq!(at(&kit), [Tlp::Green; 2]);
    assert_eq!(at(&restart(&kit)), [Tlp::Green; 2]);
}

#[test]
fn what_a_followed_server_defines_is_its_word_for_what_it_brings_and_not_the_nodes() {
    let kit = Kit::new();
    let operator = kit.cell.operator();
    kit.add_as(
        &operator,
        &[marked(1, &[&marking(1)]), marked(2, &[&marking(2)])],
    );
    kit.add_as(&operator, &[of_light(2, "green")]);
    kit.add(&[marked(3, &[&marking(1)])]);
    let beside = beside(&kit);
    let put = |object: String| Change::Put {
        bytes: object.into(),
        stamp: crate::cell::Stamp {
            at_us: 1,
            by: member("taxii.example"),
        },
        publisher: kit.cell.me().clone(),
        tlp: Tlp::Clear,
        held: false,
        marks: portcullis_core::cell::Marks::default(),
        provenance: Bytes::new(),
    };
    let said = [of_light(1, "white"), of_light(2, "red")];
    let brought = [marked(4, &[&marking(1)]), marked(5, &[&marking(2)])];
    let changes: Vec<Change> = said.into_iter().map(put).collect();
    kit.cell.accept(&beside, &changes, Vec::new()).unwrap();
    let changes: Vec<Change> = brought.into_iter().map(put).collect();
    accept(&kit, &changes);
    let strict = Tlp::AmberStrict;
    let expected = [strict, Tlp::Green, strict, Tlp::Clear, Tlp::Red];
    let at = |kit: &Kit| [1, 2, 3, 4, 5].map(|n| light(kit, n));
    assert_eq!(at(&kit), expected);
    let kit = restart(&kit);
    assert_eq!(at(&kit), expected);
    // To say something beside what it brought does not make it the node's own word.
    let address = Command::Mark {
        object: marking(1).parse().unwrap(),
        publisher: kit.cell.me().clone(),
        group: kit.group,
        tlp: Some(Tlp::Green),
    };
    kit.cell.perform(&kit.cell.operator(), address).unwrap();
    assert_eq!(at(&kit), expected);
    assert_eq!(at(&restart(&kit)), expected);
}

#[test]
fn what_a_server_defines_that_a_peer_follows_is_not_the_peers_word() {
    let kit = Kit::new();
    let put = |object: String, by: &str| Change::Put {
        bytes: object.into(),
        stamp: crate::cell::Stamp {
            at_us: 1,
            by: member(by),
        },
        publisher: member("far"),
        tlp: Tlp::Clear,
        held: false,
        marks: portcullis_core::cell::Marks::default(),
        provenance: Bytes::new(),
    };
    // Of the peer's own node, and of a server that it follows: both are brought as the peer's.
    let far = ["taxii.example", "far"];
    let server = [put(of_light(1, "red"), far[0])];
    kit.cell.accept(&beside(&kit), &server, Vec::new()).unwrap();
    accept(&kit, &[put(of_light(1, "green"), far[1])]);
    accept(
        &kit,
        &[
            put(marked(1, &[&marking(1)]), far[1]),
            put(marked(2, &[&marking(1)]), far[0]),
        ],
    );
    let at = |kit: &Kit| [1, 2].map(|n| light(kit, n));
    assert_eq!(at(&kit), [Tlp::Green, Tlp::Red]);
    assert_eq!(at(&restart(&kit)), [Tlp::Green, Tlp::Red]);
}

#[test]
fn what_names_more_markings_than_are_looked_up_is_red_whatever_they_say() {
    let (before, after) = (Kit::new(), Kit::new());
    let ids: Vec<String> = (1..=65).map(marking).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut twice = ids[..64].to_vec();
    twice.extend(&ids[..64]);
    let objects = [marked(1, &ids), marked(2, &twice)];
    let definitions: Vec<String> = (1..=65).map(|n| of_light(n, "green")).collect();
    before.add(&definitions);
    before.add(&objects);
    after.add(&objects);
    assert_eq!(
        [light(&after, 1), light(&after, 2)],
        [Tlp::Red, Tlp::AmberStrict]
    );
    after.add(&definitions);
    for kit in [&before, &after, &restart(&after)] {
        assert_eq!([light(kit, 1), light(kit, 2)], [Tlp::Red, Tlp::Green]);
    }
}

#[test]
fn of_what_names_a_marking_only_what_is_here_is_remembered() {
    let kit = Kit::new();
    kit.add(&[marked(1, &[&marking(1)])]);
    let namings = |kit: &Kit| kit.cell.index().namings();
    let by = |tlp| Command::Mark {
        object: id(1).parse().unwrap(),
        publisher: member("bank-a"),
        group: kit.group,
        tlp: Some(tlp),
    };
    for at in 0..2_500 {
        let tlp = if at % 2 == 0 { Tlp::Red } else { Tlp::Green };
        kit.cell.perform(&kit.a(), by(tlp)).unwrap();
    }
    assert_eq!(entries(&kit), 2_501, "each adds it anew");
    assert!(namings(&kit) <= 1_024, "{}", namings(&kit));
    kit.add(&[of_light(1, "green")]);
    assert_eq!(light(&kit, 1), Tlp::Green);
}

#[test]
fn what_another_process_adds_counts_here_and_what_it_left_undone_is_done() {
    let kit = Kit::new();
    kit.add(&[marked(1, &[&marking(1)])]);
    let other = Kit {
        clock: kit.clock.clone(),
        cell: open(&kit.clock, kit.cell.journal.clone(), "csirt"),
        ..kit
    };
    other.add(&[of_light(1, "green")]);
    kit.cell.catch_up().unwrap();
    assert_eq!((light(&kit, 1), light(&other, 1)), (Tlp::Green, Tlp::Green));
    // A definition whose adder stopped right after its frame.
    kit.add(&[marked(2, &[&marking(2)])]);
    say_alone(&kit, &of_light(2, "red"));
    assert_eq!(light(&kit, 2), Tlp::AmberStrict);
    let restarted = restart(&kit);
    assert_eq!(light(&restarted, 2), Tlp::Red, "by the next start");
    kit.cell.review_tick().unwrap();
    assert_eq!(light(&kit, 2), Tlp::Red, "or by who runs on");
}

#[test]
fn what_says_more_of_an_object_loses_nothing_of_its_marking() {
    let kit = Kit::new();
    kit.add(&[marked(1, &[&marking(1)])]);
    let address = Command::Mark {
        object: id(1).parse().unwrap(),
        publisher: member("bank-a"),
        group: kit.group,
        tlp: Some(Tlp::Red),
    };
    kit.cell.perform(&kit.a(), address).unwrap();
    assert_eq!(light(&kit, 1), Tlp::AmberStrict);
    kit.add(&[of_light(1, "green")]);
    assert_eq!(light(&kit, 1), Tlp::Green);
    assert_eq!(kit.shown(&Query::default()), [of_light(1, "green")]);
}

#[test]
fn a_follower_that_does_not_have_the_definition_shows_no_more_than_it_must() {
    let (source, follower) = (Kit::new(), Kit::new());
    source.add(&[of_light(1, "green"), marked(1, &[&marking(1)])]);
    let all = changes_of(&source, i64::MIN);
    let changes: Vec<Change> = all.into_iter().map(|(_, change)| change).collect();
    // The definition is not for it.
    accept(&follower, &changes[1..]);
    assert_eq!(light(&follower, 1), Tlp::AmberStrict);
    accept(&follower, &changes[..1]);
    assert_eq!(light(&follower, 1), Tlp::Green);
}

#[test]
fn who_hears_it_from_a_follower_learns_what_that_one_learned() {
    let (source, near, far) = (Kit::new(), Kit::new(), Kit::new());
    source.add(&[defined(1, STATEMENT), marked(1, &[&marking(1)])]);
    let told = |kit: &Kit| -> Vec<Change> {
        let all = changes_of(kit, i64::MIN).into_iter();
        all.map(|(_, change)| change).collect()
    };
    let changes = told(&source);
    accept(&near, &changes[1..]);
    accept(&far, &told(&near));
    assert_eq!(light(&far, 1), Tlp::AmberStrict);
    accept(&near, &changes[..1]);
    accept(&far, &told(&near));
    assert_eq!((light(&near, 1), light(&far, 1)), (Tlp::Amber, Tlp::Amber));
    // And it is told once.
    let known = entries(&far);
    accept(&far, &told(&near));
    assert_eq!(entries(&far), known);
    // What comes from two is as wide as one of them says, and not narrower than it was said.
    let Change::Put { stamp, .. } = &changes[1] else {
        panic!()
    };
    let strict = Change::Put {
        bytes: marked(1, &[&marking(1)]).into(),
        stamp: stamp.clone(),
        publisher: member("bank-a"),
        tlp: Tlp::AmberStrict,
        held: false,
        marks: portcullis_core::cell::Marks::default(),
        provenance: Bytes::new(),
    };
    accept(&far, &[strict]);
    assert_eq!(light(&far, 1), Tlp::Amber);
}

/// What one object is, and by whom it comes.
#[derive(Clone, Debug)]
struct Sent {
    /// `a`, or else `b`.
    by_a: bool,
    text: String,
}

const MEANINGS: [&str; 6] = ["statement", "white", "green", "amber", "red", "unread"];

fn definition(n: u32, says: &str) -> String {
    match says {
        "statement" => defined(n, STATEMENT),
        "unread" => defined(n, r#""definition_type":"iep","definition":{"tlp":"green"}"#),
        light => of_light(n, light),
    }
}

/// Five definitions, and objects that name some of them and one that never comes.
fn world() -> impl Strategy<Value = Vec<Sent>> {
    let definitions = proptest::collection::vec((0..MEANINGS.len(), any::<bool>()), 5);
    let objects = proptest::collection::vec(
        (
            proptest::collection::btree_set(1..7_u32, 0..3),
            any::<bool>(),
            any::<bool>(),
        ),
        1..8,
    );
    (definitions, objects).prop_map(|(definitions, objects)| {
        let definitions = (1..).zip(definitions).map(|(n, (says, by_a))| Sent {
            by_a,
            text: definition(n, MEANINGS[says]),
        });
        let objects = (1..).zip(objects).map(|(n, (names, by_a, green))| {
            let mut names: Vec<String> = names.into_iter().map(marking).collect();
            if green {
                names.push("marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da".into());
            }
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            Sent {
                by_a,
                text: marked(n, &names),
            }
        });
        definitions.chain(objects).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn whatever_comes_first_and_wherever_it_is_cut_the_lights_are_those_of_all_at_once(
        world in world(),
        order in any::<[u16; 12]>(),
        steps in proptest::collection::vec((0..4_usize, 0..6_u8), 0..20),
    ) {
        let once = Kit::new();
        for by_a in [true, false] {
            let sent = world.iter().filter(|sent| sent.by_a == by_a);
            let sent: Vec<String> = sent.map(|sent| sent.text.clone()).collect();
            let caller = if by_a { once.a() } else { once.b() };
            // Whose definitions the other's objects name may come after.
            once.add_as(&caller, &sent);
        }
        let mut shuffled: Vec<(u16, Sent)> = (0..).zip(world)
            .map(|(at, sent)| (order[at as usize % 12].rotate_left(at), sent)).collect();
        shuffled.sort_by_key(|(at, _)| *at);
        let mut left = shuffled.into_iter().map(|(_, sent)| sent).peekable();
        let (mut kit, mut follower, mut relay) = (Kit::new(), Kit::new(), Kit::new());
        let mut steps = steps.into_iter();
        let (mut heard, mut relayed) = (i64::MIN, i64::MIN);
        while left.peek().is_some() {
            let (count, then) = steps.next().unwrap_or((100, 5));
            let by_a = left.peek().is_some_and(|sent| sent.by_a);
            let mut envelope = Vec::new();
            while envelope.len() <= count && left.peek().is_some_and(|sent| sent.by_a == by_a) {
                envelope.extend(left.next().map(|sent| sent.text));
            }
            let caller = if by_a { kit.a() } else { kit.b() };
            prop_assert_eq!(kit.add_as(&caller, &envelope).fresh, envelope.len());
            match then {
                0 => kit = restart(&kit),
                1 => follower = restart(&follower),
                2 => heard = hear(&kit, &follower, heard, count + 1),
                3 => relayed = hear(&follower, &relay, relayed, count + 1),
                4 => relay = restart(&relay),
                _ => {}
            }
        }
        prop_assert_eq!(lights(&kit), lights(&once));
        hear(&kit, &follower, heard, usize::MAX);
        prop_assert_eq!(lights(&follower), lights(&once));
        hear(&follower, &relay, relayed, usize::MAX);
        prop_assert_eq!(lights(&relay), lights(&once));
        prop_assert_eq!(lights(&restart(&relay)), lights(&once));
    }
}

/// The follower takes in at most so many changes after those it knows; answers up to where.
fn hear(source: &Kit, follower: &Kit, after_us: i64, count: usize) -> i64 {
    let changes = changes_of(source, after_us);
    let heard = changes.iter().take(count).map(|(added, _)| *added).last();
    let changes: Vec<Change> = changes
        .into_iter()
        .take(count)
        .map(|(_, change)| change)
        .collect();
    accept(follower, &changes);
    heard.unwrap_or(after_us)
}
