//! `joint.json`: sessions of three and ten organisations, what they must be
//! refused for, and who is named.

use super::{
    files::{Fixed, SCHEMA, bytes, hex},
    plain, report,
};
use portcullis_ballot::{
    CellSet, ReportKey, Seed,
    joint::{Contribution, Participant, Session, Side},
    report::{Range, Totals},
};
use serde_json::{Value, json};

/// Cells 3, 4 and 15.
const CELLS: CellSet = CellSet(0x400c);
const FROM: &str = "2026-01-01";
const TO: &str = "2026-06-30";

/// An organisation and its secrets.
struct Organisation {
    seed: [u8; 32],
    origin: String,
    key: ReportKey,
    totals: Totals,
    sum: [u8; 32],
}

/// Some organisations and what they publish.
struct Round {
    all: Vec<Organisation>,
    cells: CellSet,
    attempt: u32,
    masks: Vec<Vec<[u8; 32]>>,
    openings: Vec<Vec<u8>>,
}

pub(crate) fn file() -> Value {
    let three = Round::new("three", 3, CELLS, 1);
    let ten = Round::new("ten", 10, CELLS, 2);
    let one_cell = Round::new("one cell", 3, CellSet(1 << 14), 1);
    let all_cells = Round::new("all cells", 3, CellSet(u32::MAX), 1);
    json!({
        "about": [
            "Joint reports. All bytes are hexadecimal, 64-bit numbers are decimal texts; participants are numbered from 0, in the order of their report keys' bytes.",
            "keys: report_key = k H with k = HKDF-SHA-512(no salt, seed, \"portcullis/v1/report-key\\0\" + str16(origin), 64) mod l.",
            "sessions: masks are deterministic; openings are randomised, so another participant makes others. totals are the sums over all participants, by cell.",
            "counts are those of cells 1 to 32 of one participant, its secret; the sum of its leaves opens to counts and blinding.",
            "unfit: participants with whom no session may begin, with the code of the first thing that is wrong.",
            "refused: what one published and what a verifier must say, with the participant it is pinned on.",
            "blame: both sides of a pair whose masks do not cancel, what each reveals (null: nothing), and who is at fault.",
        ],
        "keys": three.all.iter().map(|one| json!({
            "seed": hex(&one.seed), "origin": one.origin, "report_key": hex(&one.key.public()),
        })).collect::<Vec<_>>(),
        "sessions": [
            three.json("three organisations, three cells"),
            ten.json("ten organisations, second attempt"),
            one_cell.json("one cell"),
            all_cells.json("all cells"),
        ],
        "unfit": unfit(&three),
        "refused": refused(&three),
        "blame": blame(&three),
    })
}

impl Round {
    fn new(name: &str, count: usize, cells: CellSet, attempt: u32) -> Self {
        let mut all: Vec<_> = (0..count).map(Organisation::new).collect();
        all.sort_unstable_by_key(|one| one.key.public());
        let mut round = Self {
            all,
            cells,
            attempt,
            masks: vec![],
            openings: vec![],
        };
        let session = round.session();
        for (number, one) in round.all.iter().enumerate() {
            let fixed = &mut Fixed::new(&format!("{name} {number}"));
            let masks = session.masks(number, &one.key).expect("our key");
            round.masks.push(masks.commitments().to_vec());
            round.openings.push(
                session
                    .open(number, &one.key, &one.totals, fixed)
                    .expect("our totals"),
            );
        }
        round
    }

    fn participants(&self) -> Vec<Participant<'_>> {
        self.all
            .iter()
            .map(|one| Participant {
                range: Range {
                    origin: &one.origin,
                    root: bytes(&one.origin),
                    start: 0,
                    end: 512,
                    schema: SCHEMA,
                    sum: one.sum,
                },
                key: one.key.public(),
            })
            .collect()
    }

    fn session(&self) -> Session {
        Session::new(self.cells, self.attempt, FROM, TO, &self.participants()).expect("a session")
    }

    fn json(&self, name: &str) -> Value {
        let parts: Vec<_> = self
            .masks
            .iter()
            .zip(&self.openings)
            .map(|(masks, opening)| Contribution { masks, opening })
            .collect();
        let totals = self.session().total(&parts).expect("all is well");
        let mut entry = self.bare(name, &self.masks, &self.openings);
        entry["session"] = json!(hex(self.session().id()));
        entry["totals"] = totals
            .iter()
            .map(|(cell, total)| json!({"cell": cell.number(), "total": total}))
            .collect();
        for (participant, one) in entry["participants"]
            .as_array_mut()
            .expect("a list")
            .iter_mut()
            .zip(&self.all)
        {
            participant["counts"] = json!(one.totals.counts.map(|count| count.to_string()));
            participant["blinding"] = json!(hex(&one.totals.blinding.to_bytes()));
            participant["seed"] = json!(hex(&one.seed));
        }
        entry
    }

    fn bare(&self, name: &str, masks: &[Vec<[u8; 32]>], openings: &[Vec<u8>]) -> Value {
        let participants: Vec<_> = self
            .participants()
            .iter()
            .zip(masks.iter().zip(openings))
            .map(|(Participant { range, key }, (masks, opening))| {
                json!({
                    "origin": range.origin,
                    "root": hex(&range.root),
                    "start": range.start.to_string(),
                    "end": range.end.to_string(),
                    "schema": hex(&range.schema),
                    "sum": hex(&range.sum),
                    "report_key": hex(key),
                    "masks": masks.iter().map(|mask| hex(mask)).collect::<Vec<_>>(),
                    "opening": hex(opening),
                })
            })
            .collect();
        json!({
            "name": name, "mask": self.cells.0, "attempt": self.attempt,
            "from": FROM, "to": TO, "participants": participants,
        })
    }
}

impl Organisation {
    fn new(number: usize) -> Self {
        let seed = bytes(&format!("organisation {number}"));
        let origin = format!("mail-{number}.example/log/live/1");
        let secret = Seed::new(seed);
        let counts = core::array::from_fn(|k| (number * 100 + k) as u64);
        let blinding = secret.blinding(&origin, &bytes("all leaves together"));
        let cells: Vec<_> = (1..33)
            .map(|number| plain::generator("G", number))
            .collect();
        let scalars = counts.map(curve25519_dalek::scalar::Scalar::from);
        let r = curve25519_dalek::scalar::Scalar::from_canonical_bytes(blinding.to_bytes());
        Self {
            seed,
            key: secret.report_key(&origin),
            sum: plain::commit(&scalars, &cells, &r.expect("canonical")),
            totals: Totals { counts, blinding },
            origin,
        }
    }
}

/// Masks of every participant, then openings.
type Published = (Vec<Vec<[u8; 32]>>, Vec<Vec<u8>>);
/// What is wrong, who is named, what happened, and how to make it so.
type Wrong<'a> = (&'a str, &'a [usize], &'a str, &'a dyn Fn(&mut Published));

fn refused(round: &Round) -> Vec<Value> {
    let other = plain::base().compress().to_bytes();
    let again = Round::new("again", 3, CELLS, 2).openings.swap_remove(2);
    let elsewhere = of_another_range(round, 2);
    let masks: [Wrong<'_>; 5] = [
        ("pair", &[0, 2], "a mask of another's making", &|(
            masks,
            _,
        )| {
            masks[2][0] = other;
        }),
        ("pair", &[0, 1], "two masks swapped", &|(masks, _)| {
            masks[0].swap(0, 1);
        }),
        ("masks", &[1], "a mask is missing", &|(masks, _)| {
            masks[1].truncate(1);
        }),
        ("masks", &[1], "a mask too many", &|(masks, _)| {
            masks[1].push(other);
        }),
        ("masks", &[1], "a mask is no point", &|(masks, _)| {
            masks[1][0] = [0xff; 32];
        }),
    ];
    let openings: [Wrong<'_>; 8] = [
        (
            "opening",
            &[1],
            "a value with its lowest bit changed",
            &|(_, all)| all[1][0] ^= 1,
        ),
        ("opening", &[1], "S is no point", &|(_, all)| {
            all[1][96..128].fill(0xff);
        }),
        ("opening", &[1], "z is no scalar", &|(_, all)| {
            all[1][1056..].fill(0xff);
        }),
        ("opening", &[1], "the last byte is missing", &|(_, all)| {
            all[1].truncate(1087);
        }),
        ("opening", &[1], "a word too many", &|(_, all)| {
            all[1].extend([0; 32]);
        }),
        ("opening", &[0], "two openings swapped", &|(_, all)| {
            all.swap(0, 2);
        }),
        (
            "opening",
            &[2],
            "an opening of another attempt",
            &|(_, all)| all[2].clone_from(&again),
        ),
        ("opening", &[2], "an opening of another range", &|(
            _,
            all,
        )| {
            all[2].clone_from(&elsewhere);
        }),
    ];
    let all = masks.into_iter().chain(openings);
    all.map(|(refused, named, name, change)| {
        let mut published = (round.masks.clone(), round.openings.clone());
        change(&mut published);
        let mut entry = round.bare(name, &published.0, &published.1);
        entry["refused"] = json!(format!("report.joint_{refused}"));
        entry["named"] = json!(named);
        entry
    })
    .collect()
}

/// Participants with whom no session may begin.
fn unfit(round: &Round) -> Vec<Value> {
    let entry = round.bare("", &round.masks, &round.openings);
    let with = |name: &str, refused: &str, change: &dyn Fn(&mut Value, &mut Vec<Value>)| {
        let mut entry = entry.clone();
        let mut participants = entry["participants"].as_array().expect("a list").clone();
        for participant in &mut participants {
            let fields = participant.as_object_mut().expect("an object");
            fields.retain(|name, _| name != "masks" && name != "opening");
        }
        change(&mut entry, &mut participants);
        entry["name"] = json!(name);
        entry["refused"] = json!(format!("report.joint_{refused}"));
        entry["participants"] = Value::Array(participants);
        entry
    };
    let none = json!("ff".repeat(32));
    vec![
        with("only two", "participants", &|_, all| all.truncate(2)),
        with("nobody", "participants", &|_, all| all.clear()),
        with("no cells", "cells", &|entry, _| entry["mask"] = json!(0)),
        with("not in the order of their keys", "order", &|_, all| {
            all.swap(0, 1);
        }),
        with("one of them twice", "order", &|_, all| {
            all[1] = all[0].clone();
        }),
        with("one log twice", "repeated", &|_, all| {
            all[2]["origin"] = all[0]["origin"].clone();
        }),
        with("a range that ends before it starts", "range", &|_, all| {
            all[1]["start"] = json!("513");
        }),
        with("the identity as a report key", "key", &|_, all| {
            all[0]["report_key"] = json!("00".repeat(32));
        }),
        with("a report key that is no point", "key", &|_, all| {
            all[2]["report_key"] = none.clone();
        }),
        with("a sum that is no point", "sum", &|_, all| {
            all[1]["sum"] = none.clone();
        }),
    ]
}

/// A true opening of other leaves than the session says.
fn of_another_range(round: &Round, number: usize) -> Vec<u8> {
    let totals = Totals {
        counts: [1; 32],
        blinding: report::stray(),
    };
    let cells: Vec<_> = (1..33)
        .map(|number| plain::generator("G", number))
        .collect();
    let one = [curve25519_dalek::scalar::Scalar::ONE; 32];
    let r = curve25519_dalek::scalar::Scalar::from_canonical_bytes(totals.blinding.to_bytes());
    let mut participants = round.participants();
    participants[number].range.sum = plain::commit(&one, &cells, &r.expect("canonical"));
    let session = Session::new(round.cells, 1, FROM, TO, &participants).expect("a session");
    let fixed = &mut Fixed::new("another range");
    session
        .open(number, &round.all[number].key, &totals, fixed)
        .expect("these totals")
}

fn blame(round: &Round) -> Vec<Value> {
    let session = round.session();
    let reveal = |me: usize, other: usize| {
        let fixed = &mut Fixed::new(&format!("reveal {me} {other}"));
        session
            .reveal(me, other, &round.all[me].key, fixed)
            .expect("our key")
            .to_vec()
    };
    let (first, third) = (reveal(0, 2), reveal(2, 0));
    let mut forged = third.clone();
    forged[96] ^= 1;
    let [other_point, other_key] = lies(round, &third);
    let (good, bad) = (round.masks[2][0], plain::base().compress().to_bytes());
    [
        ("both are honest", good, Some(&first), Some(&third), vec![]),
        (
            "a bad mask, and the truth about it",
            bad,
            Some(&first),
            Some(&third),
            vec![2],
        ),
        (
            "a bad mask, and nothing revealed",
            bad,
            Some(&first),
            None,
            vec![2],
        ),
        (
            "a bad mask, and a forged proof",
            bad,
            Some(&first),
            Some(&forged),
            vec![2],
        ),
        (
            "a good mask, and another point, proved with the right key",
            good,
            Some(&first),
            Some(&other_point),
            vec![2],
        ),
        (
            "a good mask, and another key's point, proved with that key",
            good,
            Some(&first),
            Some(&other_key),
            vec![2],
        ),
        (
            "a good mask, and nothing revealed",
            good,
            Some(&first),
            None,
            vec![2],
        ),
        ("nobody reveals anything", bad, None, None, vec![0, 2]),
        (
            "the honest one refuses",
            bad,
            None,
            Some(&third),
            vec![0, 2],
        ),
    ]
    .into_iter()
    .map(|(name, mask, one, two, named)| {
        let sides = [
            Side {
                number: 0,
                mask: round.masks[0][1],
                reveal: one.map(Vec::as_slice),
            },
            Side {
                number: 2,
                mask,
                reveal: two.map(Vec::as_slice),
            },
        ];
        assert_eq!(
            session.blame(&sides[0], &sides[1]),
            Ok(named.clone()),
            "{name}"
        );
        json!({
            "name": name,
            "session": "three organisations, three cells",
            "sides": sides.map(|side| json!({
                "participant": side.number,
                "mask": hex(&side.mask),
                "reveal": side.reveal.map(hex),
            })),
            "named": named,
        })
    })
    .collect()
}

/// What the last participant reveals to the first of another point than
/// theirs: proved with its own key, and with a key of nobody's.
fn lies(round: &Round, truth: &[u8]) -> [Vec<u8>; 2] {
    let session = round.session();
    let keys = [2, 0].map(|number: usize| round.all[number].key.public());
    let (known, strange) = (&round.all[2], plain::whole(77));
    let known = plain::report_secret(&known.seed, &known.origin);
    let lie = |shared, secret| {
        let fixed = &mut Fixed::new("a lie");
        plain::reveal(session.id(), [&keys[0], &keys[1]], shared, secret, fixed)
    };
    let first_key = plain::point(&keys[1]);
    let honest = lie(first_key * known, known);
    assert_eq!(honest[..32], truth[..32], "the true point");
    [lie(plain::base(), known), lie(first_key * strange, strange)]
}
