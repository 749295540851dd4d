//! The rules of groups and of clearance against a model of them that is small
//! enough to be right at a glance.

use super::*;
use proptest::prelude::*;

const NAMES: [&str; 5] = ["csirt", "bank-a", "bank-b", "police", "bank-u"];
const STANDINGS: [(MemberKind, &str); 5] = [
    (COMPANY, "GB"),
    (COMPANY, "GB"),
    (COMPANY, "GB"),
    (AUTHORITY, "GB"),
    (COMPANY, "US"),
];

/// What somebody tries with one of two groups. The numbers are places in [`NAMES`].
#[derive(Clone, Debug)]
enum Op {
    Invite { by: usize, whom: usize },
    Accept { by: usize },
    Attest { by: usize, whom: usize },
    Leave { by: usize },
    Expel { by: usize, whom: usize },
    Dissolve { by: usize },
}

fn op() -> impl Strategy<Value = (usize, Op)> {
    let one = || 0..NAMES.len();
    let op = prop_oneof![
        6 => one().prop_map(|whom| Op::Invite { by: 0, whom }),
        1 => (one(), one()).prop_map(|(by, whom)| Op::Invite { by, whom }),
        6 => one().prop_map(|by| Op::Accept { by }),
        2 => one().prop_map(|whom| Op::Attest { by: 0, whom }),
        2 => one().prop_map(|by| Op::Leave { by }),
        1 => (one(), one()).prop_map(|(by, whom)| Op::Expel { by, whom }),
        1 => one().prop_map(|by| Op::Dissolve { by }),
    ];
    (0..2_usize, op)
}

/// A group: who was asked, who said yes, and whether it is still there.
#[derive(Clone, Default)]
struct Model {
    asked: BTreeSet<usize>,
    joined: BTreeSet<usize>,
    gone: bool,
}

impl Model {
    /// Whether `op` is allowed, and what becomes of it.
    fn takes(&mut self, op: &Op) -> bool {
        let waits =
            |model: &Self, one: &usize| model.asked.contains(one) && !model.joined.contains(one);
        let allowed = !self.gone
            && match op {
                Op::Invite { by, whom } => *by == 0 && !self.asked.contains(whom),
                Op::Accept { by } => waits(self, by),
                Op::Attest { by, whom } => *by == 0 && waits(self, whom),
                Op::Leave { by } => self.asked.contains(by),
                Op::Expel { by, whom } => *by == 0 && self.asked.contains(whom),
                Op::Dissolve { by } => *by == 0,
            };
        if allowed {
            match op {
                Op::Invite { whom, .. } => drop(self.asked.insert(*whom)),
                Op::Accept { by: one } | Op::Attest { whom: one, .. } => {
                    self.joined.insert(*one);
                }
                Op::Leave { by: one } | Op::Expel { whom: one, .. } => {
                    self.asked.remove(one);
                    self.joined.remove(one);
                }
                Op::Dissolve { .. } => self.gone = true,
            }
        }
        allowed
    }

    fn has(&self, one: usize) -> bool {
        !self.gone && self.joined.contains(&one)
    }
}

fn command(group: GroupId, op: &Op) -> (usize, Command) {
    let (kind, country) = match op {
        Op::Invite { whom, .. } => STANDINGS[*whom],
        _ => STANDINGS[0],
    };
    match op {
        Op::Invite { by, whom } => {
            let invite = Command::Invite {
                group,
                member: member(NAMES[*whom]),
                standing: standing(kind, country),
            };
            (*by, invite)
        }
        Op::Accept { by } => (*by, Command::Accept { group }),
        Op::Attest { by, whom } => {
            let attest = Command::Attest {
                group,
                member: member(NAMES[*whom]),
                checked_by: "desk".into(),
                how: "letter".into(),
            };
            (*by, attest)
        }
        Op::Leave { by } => (*by, Command::Leave { group }),
        Op::Expel { by, whom } => {
            let member = member(NAMES[*whom]);
            (*by, Command::Expel { group, member })
        }
        Op::Dissolve { by } => (*by, Command::DissolveGroup { group }),
    }
}

/// Everybody that an object reaches, by what TLP says: pairs of a member and whether as a client.
fn reached(
    groups: &[Model; 2],
    open: bool,
    label: &(Tlp, usize, bool, BTreeSet<usize>),
    apart: [Option<Tlp>; 2],
) -> BTreeSet<(usize, bool)> {
    let (tlp, publisher, held, named) = label;
    let everybody = 0..NAMES.len();
    let in_any = |one: usize| groups.iter().any(|group| group.has(one));
    let mut reached = BTreeSet::new();
    for (group, apart) in groups.iter().zip(apart) {
        for one in everybody.clone().filter(|one| group.has(*one)) {
            let tlp = apart.unwrap_or(*tlp);
            if tlp != Tlp::Red || named.contains(&one) {
                reached.insert((one, false));
            }
            if tlp <= Tlp::Amber {
                reached.insert((one, true));
            }
        }
    }
    for one in everybody.clone().filter(|one| open && !in_any(*one)) {
        if *tlp == Tlp::Clear {
            reached.extend([(one, false), (one, true)]);
        }
    }
    if *held {
        reached.retain(|(one, _)| {
            let (from, to) = (STANDINGS[*publisher], STANDINGS[*one]);
            let line = from.1 != to.1 || (from.0 == COMPANY && to.0 == AUTHORITY);
            in_any(*publisher) && in_any(*one) && !line
        });
    }
    // Whoever published it has it, if it may come in at all.
    if open || in_any(*publisher) {
        reached.insert((*publisher, false));
        reached.remove(&(*publisher, true));
        if *tlp <= Tlp::Amber && !held {
            reached.insert((*publisher, true));
        }
    }
    reached
}

fn label() -> impl Strategy<Value = (Tlp, usize, bool, BTreeSet<usize>)> {
    let one = || 0..NAMES.len();
    let named = proptest::collection::btree_set(one(), 0..3);
    (
        proptest::sample::select(Tlp::ALL.to_vec()),
        one(),
        any::<bool>(),
        named,
    )
}

fn apart() -> impl Strategy<Value = [Option<Tlp>; 2]> {
    let tlp = || proptest::option::weighted(0.3, proptest::sample::select(Tlp::ALL.to_vec()));
    [tlp(), tlp()]
}

/// Two groups at a node, an object of `label` in a collection of both, and the model of it.
struct Case {
    world: World,
    models: [Model; 2],
    groups: [GroupId; 2],
    collection: CollectionId,
}

fn case(ops: &[(usize, Op)], open: bool) -> Case {
    let mut world = World::new();
    let groups = [world.group(&[]), world.group(&[])];
    let collection = world.opens(|settings| {
        settings.readers = groups.into();
        settings.open = open;
    });
    let founded = Model {
        asked: [0].into(),
        joined: [0].into(),
        gone: false,
    };
    let mut models = [founded.clone(), founded];
    for (at, op) in ops {
        let (by, command) = command(groups[*at], op);
        let by = Caller::node(member(NAMES[by]));
        let taken = world.tries(&by, command).is_ok();
        assert_eq!(taken, models[*at].takes(op), "{op:?}");
    }
    Case {
        world,
        models,
        groups,
        collection,
    }
}

impl Case {
    /// Whom the rules let see an object of `label` that is marked apart.
    fn admitted(
        &self,
        (tlp, publisher, held, named): &(Tlp, usize, bool, BTreeSet<usize>),
        apart: [Option<Tlp>; 2],
    ) -> BTreeSet<(usize, bool)> {
        let label = Label {
            tlp: *tlp,
            bound: None,
            publisher: member(NAMES[*publisher]),
            recipients: BTreeSet::new(),
            held: *held,
        };
        let said = self.groups.iter().zip(apart);
        let marks = Marks {
            groups: said.filter_map(|(id, tlp)| Some((*id, tlp?))).collect(),
            recipients: named.iter().map(|one| member(NAMES[*one])).collect(),
        };
        let everybody = (0..NAMES.len()).flat_map(|one| [(one, false), (one, true)]);
        let sees = |(one, client): &(usize, bool)| {
            let caller = Caller {
                client: *client,
                ..Caller::node(member(NAMES[*one]))
            };
            let clearance = self
                .world
                .state
                .clearance(&caller, &self.collection, self.world.now);
            clearance.is_ok_and(|clearance| clearance.admits(&label, Some(&marks)))
        };
        everybody.filter(sees).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn an_object_reaches_whom_the_model_says(
        ops in proptest::collection::vec(op(), 0..24),
        open: bool,
        label in label(),
        apart in apart(),
    ) {
        let case = case(&ops, open);
        prop_assert_eq!(case.admitted(&label, apart), reached(&case.models, open, &label, apart));
    }

    #[test]
    fn a_stricter_label_reaches_nobody_more(
        ops in proptest::collection::vec(op(), 0..24),
        open: bool,
        label in label(),
    ) {
        let case = case(&ops, open);
        let (publisher, named) = (label.1, label.3);
        let mut wider: Option<BTreeSet<(usize, bool)>> = None;
        for tlp in Tlp::ALL {
            let free = case.admitted(&(tlp, publisher, false, named.clone()), [None; 2]);
            let held = case.admitted(&(tlp, publisher, true, named.clone()), [None; 2]);
            prop_assert!(held.is_subset(&free));
            if let Some(wider) = wider {
                prop_assert!(free.is_subset(&wider), "{}", tlp);
            }
            // A client never sees more than its member.
            for (one, client) in &free {
                prop_assert!(!client || free.contains(&(*one, false)));
            }
            wider = Some(free);
        }
    }

    #[test]
    fn groups_without_members_reach_nobody(label in label(), apart in apart()) {
        let everybody_left = [(0, Op::Leave { by: 0 }), (1, Op::Leave { by: 0 })];
        let case = case(&everybody_left, false);
        prop_assert_eq!(case.admitted(&label, apart), BTreeSet::new());
    }
}
