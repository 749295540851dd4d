use crate::given::{at, case, commit, delivery, member, statement};
use portcullis_store::{
    Delivery, DeliveryId, DeliveryState, Store, TurnedAway, outbox::TURNED_AWAY_MAX,
};

const MAIL: &str = "mail.example";
const COURT: &str = "court.example";

/// Commits statement `n` to a case, to be delivered to `peers`, due at `n`.
fn send(store: &Store, case_number: u32, expected: u64, n: u32, peers: &[&str]) {
    let mut new = commit(case(case_number), expected, vec![statement(n, n)]);
    new.deliveries = peers.iter().map(|peer| delivery(peer, &[n])).collect();
    new.summary.updated_at = at(i64::from(n));
    store.commit_one(new).unwrap();
}

fn due(store: &Store, peer: &str, now: i64) -> Vec<Delivery> {
    store.deliveries_due(&member(peer), at(now), 10).unwrap()
}

fn statements(deliveries: &[Delivery]) -> Vec<u32> {
    let number = |digest: &portcullis_core::digest::Digest| {
        u32::from_be_bytes(digest.0[..4].try_into().unwrap())
    };
    deliveries
        .iter()
        .flat_map(|delivery| delivery.statements.iter().map(number))
        .collect()
}

pub(super) fn the_first_pending_delivery_of_each_case_has_its_turn(store: &Store) {
    send(store, 1, 0, 1, &[MAIL, COURT]);
    send(store, 1, 1, 2, &[MAIL]);
    send(store, 2, 0, 3, &[MAIL]);
    assert_eq!(statements(&due(store, MAIL, 9)), [1, 3]);
    assert_eq!(statements(&due(store, COURT, 9)), [1]);
    assert_eq!(due(store, "nobody.example", 9), []);
    assert_eq!(
        store.deliveries_due(&member(MAIL), at(9), 1).unwrap().len(),
        1
    );
    assert_eq!(due(store, MAIL, 0), [], "nothing is due before its commit");
    let first = due(store, MAIL, 9).remove(0);
    assert_eq!(
        (first.case, first.attempts, first.peer.as_str()),
        (case(1), 0, MAIL)
    );
    store.delivered(first.id).unwrap();
    assert_eq!(statements(&due(store, MAIL, 9)), [2, 3]);
    assert_eq!(statements(&due(store, COURT, 9)), [1]);
    let ids: Vec<_> = due(store, MAIL, 9)
        .iter()
        .map(|delivery| delivery.id)
        .collect();
    store.delivered_all(&ids).unwrap();
    assert_eq!(due(store, MAIL, 9), []);
    send(store, 1, 2, 4, &[MAIL]);
    assert_eq!(statements(&due(store, MAIL, 9)), [4]);
}

pub(super) fn a_postponed_delivery_holds_back_its_case_but_no_other(store: &Store) {
    send(store, 1, 0, 1, &[MAIL]);
    send(store, 1, 1, 2, &[MAIL]);
    send(store, 2, 0, 3, &[MAIL]);
    let first = due(store, MAIL, 9).remove(0);
    store
        .postponed(first.id, at(60), "peer.unreachable")
        .unwrap();
    assert_eq!(statements(&due(store, MAIL, 59)), [3]);
    assert_eq!(
        statements(&due(store, MAIL, 60)),
        [3, 1],
        "the longest due first"
    );
    assert_eq!(due(store, MAIL, 60)[1].attempts, 1);
    let status = store.delivery_status(&case(1)).unwrap();
    let code = Some("peer.unreachable".to_owned());
    assert_eq!(
        status[0].state,
        DeliveryState::Pending {
            due_at: at(60),
            code
        }
    );
    assert_eq!(
        status[1].state,
        DeliveryState::Pending {
            due_at: at(2),
            code: None
        }
    );
}

pub(super) fn what_is_turned_down_stays_listed_and_lets_the_next_pass(store: &Store) {
    send(store, 1, 0, 1, &[MAIL]);
    send(store, 1, 1, 2, &[MAIL]);
    let first = due(store, MAIL, 9).remove(0);
    store
        .turned_down(first.id, "realm.wrong", "not of this realm")
        .unwrap();
    assert_eq!(statements(&due(store, MAIL, 9)), [2]);
    let status = store.delivery_status(&case(1)).unwrap();
    let turned_down = DeliveryState::TurnedDown {
        code: "realm.wrong".into(),
        detail: "not of this realm".into(),
    };
    assert_eq!(
        (&status[0].delivery, &status[0].state),
        (&first, &turned_down)
    );
    assert_eq!(status.len(), 2);
}

pub(super) fn settling_twice_changes_nothing(store: &Store) {
    send(store, 1, 0, 1, &[MAIL]);
    send(store, 1, 1, 2, &[MAIL]);
    let id = due(store, MAIL, 9)[0].id;
    store.delivered(id).unwrap();
    store.delivered(id).unwrap();
    store.turned_down(id, "late", "").unwrap();
    store.postponed(id, at(99), "late").unwrap();
    store.delivered(DeliveryId(999)).unwrap();
    assert_eq!(
        store.delivery_status(&case(1)).unwrap()[0].state,
        DeliveryState::Delivered
    );
    assert_eq!(statements(&due(store, MAIL, 9)), [2]);
    assert_eq!(due(store, MAIL, 9)[0].attempts, 0);
}

pub(super) fn peers_and_the_next_instant_are_told(store: &Store) {
    assert_eq!(store.next_delivery().unwrap(), None);
    assert_eq!(store.peers_with_deliveries(at(9)).unwrap(), []);
    send(store, 1, 0, 1, &[MAIL, COURT]);
    send(store, 1, 1, 2, &[MAIL]);
    assert_eq!(store.next_delivery().unwrap(), Some(at(1)));
    assert_eq!(store.peers_with_deliveries(at(0)).unwrap(), []);
    assert_eq!(
        store.peers_with_deliveries(at(9)).unwrap(),
        [member(COURT), member(MAIL)]
    );
    store
        .postponed(due(store, MAIL, 9)[0].id, at(50), "busy")
        .unwrap();
    assert_eq!(store.peers_with_deliveries(at(9)).unwrap(), [member(COURT)]);
    store.delivered(due(store, COURT, 9)[0].id).unwrap();
    assert_eq!(
        store.next_delivery().unwrap(),
        Some(at(50)),
        "what waits for its turn is not next"
    );
    assert_eq!(store.peers_with_deliveries(at(50)).unwrap(), [member(MAIL)]);
}

pub(super) fn refusals_at_the_door_are_a_ring(store: &Store) {
    let entry = |n: usize| TurnedAway {
        peer: member(MAIL),
        at: at(i64::try_from(n).unwrap()),
        code: "statement.replayed".into(),
        detail: n.to_string(),
    };
    assert_eq!(store.turned_away_list(3).unwrap(), []);
    for n in 0..TURNED_AWAY_MAX + 2 {
        store.turned_away(entry(n)).unwrap();
    }
    let kept = store.turned_away_list(usize::MAX).unwrap();
    assert_eq!(
        (kept.len(), &kept[0]),
        (TURNED_AWAY_MAX, &entry(TURNED_AWAY_MAX + 1))
    );
    assert_eq!(kept.last(), Some(&entry(2)));
    assert_eq!(store.turned_away_list(2).unwrap(), kept[..2]);
}
