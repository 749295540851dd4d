use super::*;
use portcullis_core::{
    cell::{Command, Rights, decide},
    realm::Realm,
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU8, AtomicUsize, Ordering},
};

/// A generator that fills with one number after the other, and a clock that stands.
pub(super) struct Fixed(AtomicU8);

impl Fixed {
    pub(super) fn new() -> Self {
        Self::filling(1)
    }

    pub(super) fn filling(first: u8) -> Self {
        Self(AtomicU8::new(first))
    }
}

impl Env for Fixed {
    fn now(&self) -> Timestamp {
        at(0)
    }

    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
    }
}

/// Counts, and hashes by writing down.
#[derive(Clone, Default)]
struct Counting {
    verified: Arc<AtomicUsize>,
    against: Arc<Mutex<Vec<String>>>,
}

impl Hashing for Counting {
    fn hash(&self, password: &str, salt: [u8; 16]) -> String {
        format!("$argon2id${}${password}", salt[0])
    }

    fn verify(&self, password: &str, kept: &str) -> bool {
        self.verified.fetch_add(1, Ordering::Relaxed);
        self.against.lock().unwrap().push(kept.to_owned());
        kept.rsplit('$').next() == Some(password)
    }
}

impl Counting {
    fn count(&self) -> usize {
        self.verified.load(Ordering::Relaxed)
    }
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + 60 * minutes).unwrap()
}

struct World {
    accounts: Accounts,
    counting: Counting,
    state: State,
}

impl World {
    fn new() -> Self {
        let counting = Counting::default();
        Self {
            accounts: Accounts::with(&Fixed::new(), Box::new(counting.clone())),
            counting,
            state: State::new("csirt".parse().unwrap(), &Realm::live()),
        }
    }

    fn does(&mut self, command: Command) {
        let by = Caller::operator("csirt".parse().unwrap());
        for event in decide(&self.state, &by, command, at(0)).unwrap() {
            self.state.apply(&event).unwrap();
        }
    }

    fn opens(&mut self, name: &str, secret: Secret, until: Option<Timestamp>) {
        self.does(Command::OpenAccount {
            name: name.into(),
            member: "bank-a".parse().unwrap(),
            secret,
            client: false,
            operator: false,
            rights: Rights::Write,
            until,
        });
    }

    fn opens_with_password(&mut self, name: &str, password: &str) {
        let kept = self.counting.hash(password, [1; 16]);
        self.opens(name, Secret::Password(kept), None);
    }

    fn tries(&self, name: &str, password: &str, at: Timestamp) -> Result<Caller, Denied> {
        let credential = Credential::Password { name, password };
        self.accounts.authenticate(&self.state, &credential, at)
    }

    fn tries_token(&self, token: &str, at: Timestamp) -> Result<Caller, Denied> {
        self.accounts
            .authenticate(&self.state, &Credential::Token(token), at)
    }
}

#[test]
fn a_password_is_hashed_once_in_five_minutes() {
    let mut world = World::new();
    world.opens_with_password("siem", "one");
    for _ in 0..100 {
        let caller = world.tries("siem", "one", at(1)).unwrap();
        assert_eq!(caller.account.as_deref(), Some("siem"));
    }
    assert_eq!(world.counting.count(), 1);
    let credential = Credential::Password {
        name: "siem",
        password: "one",
    };
    let recognised = world.accounts.recognise(&world.state, &credential, at(5));
    assert!(matches!(recognised, Some(Ok(_))));
    assert_eq!(
        world.accounts.recognise(&world.state, &credential, at(6)),
        None
    );
    // Nor by a clock that ran back.
    assert_eq!(
        world.accounts.recognise(&world.state, &credential, at(0)),
        None
    );
    world.tries("siem", "one", at(6)).unwrap();
    assert_eq!(world.counting.count(), 2);
}

#[test]
fn a_wrong_password_is_never_remembered() {
    let mut world = World::new();
    world.opens_with_password("siem", "one");
    for _ in 0..3 {
        assert_eq!(world.tries("siem", "two", at(1)), Err(Denied::Credential));
    }
    assert_eq!(world.counting.count(), 3);
    assert_eq!(world.accounts.memory.len(), 0);
}

#[test]
fn a_changed_password_counts_at_once() {
    let mut world = World::new();
    world.opens_with_password("siem", "one");
    world.tries("siem", "one", at(1)).unwrap();
    let kept = world.counting.hash("two", [2; 16]);
    world.does(Command::SetSecret {
        name: "siem".into(),
        secret: Secret::Password(kept),
    });
    assert_eq!(world.tries("siem", "one", at(1)), Err(Denied::Credential));
    world.tries("siem", "two", at(1)).unwrap();
    // The first one again, with another salt: what was remembered of it is worth nothing.
    let kept = world.counting.hash("one", [3; 16]);
    world.does(Command::SetSecret {
        name: "siem".into(),
        secret: Secret::Password(kept),
    });
    let before = world.counting.count();
    world.tries("siem", "one", at(1)).unwrap();
    assert_eq!(world.counting.count(), before + 1);
}

#[test]
fn an_ended_account_is_out_at_once() {
    let mut world = World::new();
    world.opens_with_password("siem", "one");
    let (token, secret) = new_token(&Fixed::new());
    world.opens("feed", secret, Some(at(10)));
    world.tries("siem", "one", at(1)).unwrap();
    world.tries_token(&token, at(9)).unwrap();
    assert_eq!(world.tries_token(&token, at(10)), Err(Denied::Credential));
    for name in ["siem", "feed"] {
        world.does(Command::EndAccount { name: name.into() });
    }
    assert_eq!(world.tries("siem", "one", at(1)), Err(Denied::Credential));
    assert_eq!(world.tries_token(&token, at(1)), Err(Denied::Credential));
}

#[test]
fn whoever_does_not_exist_costs_what_the_wrong_password_costs() {
    let mut world = World::new();
    world.opens_with_password("siem", "one");
    let (_, secret) = new_token(&Fixed::new());
    world.opens("feed", secret, None);
    world.opens_with_password("gone", "one");
    world.does(Command::EndAccount {
        name: "gone".into(),
    });
    for (name, password) in [
        ("siem", "x"),
        ("nobody", "x"),
        ("feed", "x"),
        ("gone", "one"),
    ] {
        let before = world.counting.count();
        assert_eq!(world.tries(name, password, at(1)), Err(Denied::Credential));
        assert_eq!(world.counting.count(), before + 1, "{name}");
    }
    let against = world.counting.against.lock().unwrap();
    assert!(against[1..].iter().all(|kept| kept == hash::DECOY));
}

#[test]
fn the_decoy_lets_nobody_in() {
    struct Lenient;
    impl Hashing for Lenient {
        fn hash(&self, _: &str, _: [u8; 16]) -> String {
            String::new()
        }
        fn verify(&self, _: &str, _: &str) -> bool {
            true
        }
    }
    let world = World {
        accounts: Accounts::with(&Fixed::new(), Box::new(Lenient)),
        ..World::new()
    };
    assert_eq!(world.tries("nobody", "x", at(1)), Err(Denied::Credential));
    assert_eq!(world.tries("nobody", "x", at(1)), Err(Denied::Credential));
}

#[test]
fn a_token_is_known_as_bearer_and_as_basic_and_never_hashed_slowly() {
    let mut world = World::new();
    let (token, secret) = new_token(&Fixed::filling(0xab));
    assert_eq!(*token, format!("pct_{}", "ab".repeat(32)));
    world.opens("feed", secret, None);
    assert_eq!(
        world.tries_token(&token, at(1)).unwrap().account.as_deref(),
        Some("feed")
    );
    world.tries("feed", &token, at(1)).unwrap();
    assert_eq!(world.counting.count(), 0);
    for wrong in ["", "pct_", &token[..token.len() - 1], &token.to_uppercase()] {
        assert_eq!(world.tries_token(wrong, at(1)), Err(Denied::Credential));
    }
    // Replaced, it is worth nothing.
    let (_, other) = new_token(&Fixed::filling(0xcd));
    world.does(Command::SetSecret {
        name: "feed".into(),
        secret: other,
    });
    assert_eq!(world.tries_token(&token, at(1)), Err(Denied::Credential));
    assert_eq!(world.tries("feed", &token, at(1)), Err(Denied::Credential));
}

#[test]
fn a_password_of_any_length_costs_no_more() {
    let world = World::new();
    let long = "x".repeat(PASSWORD_BYTES_MAX + 1);
    assert_eq!(world.tries("siem", &long, at(1)), Err(Denied::Credential));
    assert_eq!(world.counting.count(), 0);
    assert_eq!(hash_password(&Fixed::new(), &long), Err(PasswordUnfit));
    assert_eq!(hash_password(&Fixed::new(), "short"), Err(PasswordUnfit));
}

#[test]
fn what_is_kept_of_a_password_is_taken_by_the_rules_and_lets_in() {
    let mut world = World::new();
    let secret = hash_password(&Fixed::new(), "correct horse battery").unwrap();
    world.opens("old-tip", secret, None);
    let accounts = Accounts::new(&Fixed::new());
    let shown = |password| Credential::Password {
        name: "old-tip",
        password,
    };
    let caller = accounts.authenticate(&world.state, &shown("correct horse battery"), at(1));
    assert_eq!(caller.unwrap().rights, Rights::Write);
    let denied = accounts.authenticate(&world.state, &shown("incorrect horse"), at(1));
    assert_eq!(denied, Err(Denied::Credential));
}
