use super::*;
use recall::Complied;

fn recall(world: &World, asked: BTreeSet<MemberId>) -> Command {
    Command::Recall {
        recall: id(),
        object: object(INDICATOR),
        publisher: member("bank-a"),
        versions: vec![3],
        under: None,
        reason: "a false positive".into(),
        asked,
        due: world.now + SignedDuration::from_hours(72),
        since: None,
    }
}

fn id() -> RecallId {
    RecallId::new(&Realm::live(), [50; 12])
}

fn confirm(how: Complied, note: Option<&str>) -> Command {
    Command::ConfirmRecall {
        recall: id(),
        how,
        note: note.map(Into::into),
    }
}

#[test]
fn everybody_that_was_served_is_asked_and_confirms_or_stands_open() {
    let mut world = World::new();
    let command = recall(&world, members(["bank-a", "bank-b", "fusion"]));
    world.speaks("bank-a", command);
    let open = |world: &World| -> Vec<String> {
        let recall = &world.state.recalls()[&id()];
        recall.open().map(ToString::to_string).collect()
    };
    assert_eq!(
        open(&world),
        ["bank-b", "fusion"],
        "whoever asks does not ask itself"
    );
    world.speaks("bank-b", confirm(Complied::Removed, None));
    assert_eq!(open(&world), ["fusion"]);
    let fusion = Caller::node(member("fusion"));
    assert_eq!(
        world.refused(&fusion, confirm(Complied::Kept, None)).code(),
        "cell.unfit"
    );
    assert!(!world.state.recalls()[&id()].overdue(world.now));
    world.later(72 * 3_600);
    assert!(world.state.recalls()[&id()].overdue(world.now));
    world.does(&fusion, confirm(Complied::Kept, Some("evidence in a case")));
    assert!(!world.state.recalls()[&id()].overdue(world.now));
    // Whoever kept it may remove it after all; the same word twice is one.
    world.does(&fusion, confirm(Complied::Removed, None));
    assert_eq!(
        world.tries(&fusion, confirm(Complied::Removed, None)),
        Ok(vec![])
    );
    assert_eq!(world.state.recalls_of(INDICATOR).count(), 1);
    assert!(world.state.recalls()[&id()].covers(3) && !world.state.recalls()[&id()].covers(4));
}

#[test]
fn only_the_publisher_asks_back_and_only_the_asked_answer() {
    let mut world = World::new();
    let command = recall(&world, members(["bank-b"]));
    let b = Caller::node(member("bank-b"));
    assert_eq!(
        world.refused(&b, command.clone()).code(),
        "cell.not_publisher"
    );
    assert_eq!(
        world.refused(&b, confirm(Complied::Removed, None)).code(),
        "cell.unknown_recall"
    );
    let a = Caller::node(member("bank-a"));
    world.does(&a, command.clone());
    assert_eq!(world.refused(&a, command).code(), "cell.taken");
    let c = Caller::node(member("bank-c"));
    assert_eq!(
        world.refused(&c, confirm(Complied::Removed, None)).code(),
        "cell.not_asked"
    );
    let analyst = Caller {
        rights: Rights::Write,
        ..b.clone()
    };
    assert_eq!(
        world
            .refused(&analyst, confirm(Complied::Removed, None))
            .code(),
        "cell.rights_missing"
    );
    // Served while the recall was on its way: asked, too. What was said stays said.
    world.does(&b, confirm(Complied::Removed, None));
    let widen = Command::WidenRecall {
        recall: id(),
        asked: members(["bank-a", "bank-b", "bank-c"]),
    };
    assert_eq!(
        world.refused(&c, widen.clone()).code(),
        "cell.operator_needed"
    );
    world.operates(widen.clone());
    let operator = world.operator();
    assert_eq!(world.tries(&operator, widen), Ok(vec![]));
    let open: Vec<_> = world.state.recalls()[&id()].open().cloned().collect();
    assert_eq!(open, [member("bank-c")]);
    world.does(&c, confirm(Complied::NotHeld, None));
}
