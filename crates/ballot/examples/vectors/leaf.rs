//! `leaf.json`: digests, openings, leaves that hold and leaves that must be
//! refused.

use super::{
    files::{ELSEWHERE, Fixed, ORIGIN, SCHEMA, SEED, bytes, hex},
    plain::{self, Place},
};
use curve25519_dalek::scalar::Scalar;
use portcullis_ballot::{Ahead, Batch, Cell, Context, Leaf, Opening, Salt, Seed};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The order of the group, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
const CONTEXT: Context<'_> = Context {
    origin: ORIGIN,
    schema: &SCHEMA,
};
/// Where the parts of a leaf begin.
const DIGEST: usize = 33;
const C: usize = 65;
const A: usize = 97;
const B: usize = 129;
const D: usize = 161;
const F: usize = 193;
const Z1: usize = 1217;
const Z2: usize = 1249;

pub(crate) fn file() -> Value {
    let leaves: Vec<_> = made();
    let mut batch = Batch::new(&CONTEXT);
    for leaf in &leaves {
        batch.push(&leaf.leaf).expect("a leaf");
    }
    let sum = batch.verify(&mut Fixed::new("weights")).expect("proved");
    json!({
        "about": [
            "Leaves of version 1. All bytes are hexadecimal; cell 0 means none.",
            "digests: digest = SHA-256(\"portcullis/v1/leaf\\0\" + SHA-256(docket_salt + docket) + SHA-256(envelope_salt + envelope)).",
            "blindings: r = HKDF-SHA-512(no salt, seed, \"portcullis/v1/leaf-opening\\0\" + str16(origin) + digest, 64) mod l; commitment = G_cell + r H.",
            "leaves: made from seed, fresh (the 64 bytes of the generator), origin, schema, digest and cell; x is the challenge, hash the Merkle leaf hash SHA-256(00 + leaf).",
            "sum: of the commitments of all leaves.",
            "accepted: leaves that a verifier accepts, however they were made.",
            "refused: leaves that a verifier of origin and schema must refuse, with the code of the first thing that is wrong.",
            "misopened: leaves that hold, and a cell or blinding that is not theirs.",
        ],
        "digests": digests(),
        "blindings": blindings(),
        "leaves": leaves.iter().map(Made::json).collect::<Vec<_>>(),
        "sum": hex(&sum.to_bytes()),
        "accepted": accepted(),
        "refused": refused(&leaves),
        "misopened": misopened(&leaves),
    })
}

fn digests() -> Vec<Value> {
    [
        ("{}", "envelope"),
        ("", ""),
        ("{\"outcome\":\"assisted\"}", "{\"payload\":\"\"}"),
    ]
    .into_iter()
    .map(|(docket, envelope)| {
        let opening = Opening {
            docket: docket.into(),
            docket_salt: Salt(bytes("docket salt")),
            envelope_salt: Salt(bytes("envelope salt")),
        };
        let envelope_digest = opening.envelope_salt.digest(envelope.as_bytes());
        json!({
            "docket": hex(docket.as_bytes()),
            "docket_salt": hex(&opening.docket_salt.0),
            "docket_digest": hex(&opening.docket_salt.digest(docket.as_bytes())),
            "envelope": hex(envelope.as_bytes()),
            "envelope_salt": hex(&opening.envelope_salt.0),
            "envelope_digest": hex(&envelope_digest),
            "digest": hex(&opening.digest(envelope.as_bytes())),
        })
    })
    .collect()
}

fn blindings() -> Vec<Value> {
    [
        (ORIGIN, "one", 0usize),
        (ORIGIN, "two", 1),
        (ELSEWHERE, "one", 15),
        ("", "one", 32),
    ]
    .into_iter()
    .map(|(origin, digest, cell)| {
        let digest = bytes(digest);
        let blinding = Seed::new(SEED).blinding(origin, &digest).to_bytes();
        let r = Scalar::from_canonical_bytes(blinding).expect("canonical");
        let mut counted = vec![Scalar::ZERO; 32];
        if cell > 0 {
            counted[cell - 1] = Scalar::ONE;
        }
        let cells: Vec<_> = (1..33)
            .map(|number| plain::generator("G", number))
            .collect();
        json!({
            "seed": hex(&SEED),
            "origin": origin,
            "digest": hex(&digest),
            "r": hex(&blinding),
            "cell": cell,
            "commitment": hex(&plain::commit(&counted, &cells, &r)),
        })
    })
    .collect()
}

/// A leaf and what it was made of.
struct Made {
    name: String,
    fresh: Vec<u8>,
    digest: [u8; 32],
    cell: u8,
    leaf: Leaf,
}

fn made() -> Vec<Made> {
    let seed = Seed::new(SEED);
    [0, 1, 2, 15, 31, 32, 0, 15]
        .into_iter()
        .enumerate()
        .map(|(number, cell)| {
            let name = format!("leaf {number}, {}", counts(cell));
            let digest = bytes(&name);
            let fresh = Fixed::new(&name).take(64);
            let ahead = Ahead::draw(&seed, &mut Fixed::new(&name));
            let leaf = Leaf::prove(ahead, &CONTEXT, &digest, Cell::new(cell), &seed);
            Made {
                name,
                fresh,
                digest,
                cell,
                leaf,
            }
        })
        .collect()
}

fn counts(cell: u8) -> String {
    match cell {
        0 => "cover or uncounted".to_owned(),
        cell => format!("cell {cell}"),
    }
}

impl Made {
    fn json(&self) -> Value {
        let leaf = self.leaf.as_bytes();
        let points: Vec<[u8; 32]> = [C, A, B, D]
            .iter()
            .map(|at| leaf[*at..at + 32].try_into().expect("32 bytes"))
            .collect();
        let place = Place {
            origin: ORIGIN,
            schema: &SCHEMA,
            digest: &self.digest,
        };
        json!({
            "name": self.name,
            "seed": hex(&SEED),
            "fresh": hex(&self.fresh),
            "origin": ORIGIN,
            "schema": hex(&SCHEMA),
            "digest": hex(&self.digest),
            "cell": self.cell,
            "r": hex(&Seed::new(SEED).blinding(ORIGIN, &self.digest).to_bytes()),
            "x": hex(plain::leaf_challenge(&place, &points).as_bytes()),
            "leaf": hex(leaf),
            "hash": hex(&Sha256::new().chain_update([0]).chain_update(leaf).finalize()),
        })
    }
}

/// A leaf by the plain formulas.
fn plainly(name: &str, values: &[(usize, i64)], blinding: Scalar) -> Vec<u8> {
    let digest = bytes(name);
    let place = Place {
        origin: ORIGIN,
        schema: &SCHEMA,
        digest: &digest,
    };
    let mut counted = [0; 32];
    for (cell, value) in values {
        counted[cell - 1] = *value;
    }
    plain::leaf(&place, &counted, blinding, &mut Fixed::new(name))
}

fn accepted() -> Vec<Value> {
    let r = Scalar::from(12_345u32);
    [
        ("the commitment is the identity: cover with r = 0", plainly("identity", &[], Scalar::ZERO)),
        ("the commitment is a bare generator: cell 9 with r = 0", plainly("bare", &[(9, 1)], Scalar::ZERO)),
        ("a small blinding", plainly("small", &[(9, 1)], r)),
    ]
    .into_iter()
    .map(|(name, leaf)| json!({"name": name, "origin": ORIGIN, "schema": hex(&SCHEMA), "leaf": hex(&leaf)}))
    .collect()
}

fn refused(leaves: &[Made]) -> Vec<Value> {
    let good = leaves[3].leaf.as_bytes().to_vec();
    let other = leaves[7].leaf.as_bytes().to_vec();
    let mut list = Vec::new();
    let mut add = |refused: &str, name: &str, leaf: Vec<u8>| {
        list.push(json!({"name": name, "origin": ORIGIN, "schema": hex(&SCHEMA), "leaf": hex(&leaf), "refused": refused}));
    };
    let with = |at: usize, bytes: &[u8]| {
        let mut leaf = good.clone();
        leaf[at..at + bytes.len()].copy_from_slice(bytes);
        leaf
    };
    let flipped = |at: usize| with(at, &[good[at] ^ 1]);

    add("leaf.length", "nothing at all", vec![]);
    add(
        "leaf.length",
        "the last byte is missing",
        good[..1280].to_vec(),
    );
    add(
        "leaf.length",
        "one byte too many",
        [good.as_slice(), &[0]].concat(),
    );
    add("leaf.version", "version 0: unproved", with(0, &[0]));
    add("leaf.version", "version 2: not known", with(0, &[2]));
    add("leaf.version", "version 255: not known", with(0, &[255]));
    add("leaf.schema", "under another schema", flipped(1));
    for (at, part) in [(C, "C"), (A, "A"), (B, "B"), (D, "D")] {
        for (bytes, what) in no_points() {
            add("leaf.point", &format!("{part} {what}"), with(at, &bytes));
        }
    }
    for (at, part) in [(F, "f_1"), (F + 31 * 32, "f_32"), (Z1, "z1"), (Z2, "z2")] {
        let mut carry = 0;
        let more: Vec<u8> = good[at..at + 32]
            .iter()
            .zip(ORDER)
            .map(|(byte, order)| {
                let sum = u16::from(*byte) + u16::from(order) + carry;
                carry = sum >> 8;
                sum.to_le_bytes()[0]
            })
            .collect();
        add(
            "leaf.scalar",
            &format!("{part} plus the order of the group"),
            with(at, &more),
        );
        add(
            "leaf.scalar",
            &format!("{part} with its highest bit set"),
            with(at + 31, &[good[at + 31] | 0x80]),
        );
        add(
            "leaf.scalar",
            &format!("{part} is the order of the group"),
            with(at, &ORDER),
        );
        add(
            "leaf.proof",
            &format!("{part} with its lowest bit changed"),
            flipped(at),
        );
        add("leaf.proof", &format!("{part} is zero"), with(at, &[0; 32]));
    }
    add("leaf.proof", "another digest", flipped(DIGEST));
    for (at, part) in [(C, "C"), (A, "A"), (B, "B"), (D, "D")] {
        add(
            "leaf.proof",
            &format!("{part} is the identity"),
            with(at, &[0; 32]),
        );
        add(
            "leaf.proof",
            &format!("{part} of another leaf"),
            with(at, &other[at..at + 32]),
        );
    }
    add(
        "leaf.proof",
        "A and D swapped",
        with(A, &[&good[D..F], &good[B..D], &good[A..B]].concat()),
    );
    add("leaf.proof", "f_14 and f_15 swapped", {
        let at = F + 13 * 32;
        with(at, &[&good[at + 32..at + 64], &good[at..at + 32]].concat())
    });
    add(
        "leaf.proof",
        "z1 and z2 swapped",
        with(Z1, &[&good[Z2..], &good[Z1..Z2]].concat()),
    );
    add(
        "leaf.proof",
        "the proof of another leaf",
        with(A, &other[A..]),
    );
    add(
        "leaf.proof",
        "commitment and proof of another leaf",
        with(C, &other[C..]),
    );
    let r = Scalar::from(12_345u32);
    for (name, values) in [
        ("cell 5 counted twice: C = 2 G_5 + r H", &[(5, 2)][..]),
        ("cell 5 counted minus once: C = -G_5 + r H", &[(5, -1)]),
        ("two cells: C = G_5 + G_6 + r H", &[(5, 1), (6, 1)]),
        (
            "one cell moved to another: C = G_5 - G_6 + r H",
            &[(5, 1), (6, -1)],
        ),
        (
            "three cells that add up to one: C = G_5 + G_6 - G_7 + r H",
            &[(5, 1), (6, 1), (7, -1)],
        ),
        ("cell 32 counted 65,535 times", &[(32, 65_535)]),
    ] {
        add("leaf.proof", name, plainly(name, values, r));
    }
    let all: Vec<_> = (1..33).map(|cell| (cell, 1)).collect();
    add("leaf.proof", "every cell once", plainly("every", &all, r));
    list.push(json!({"name": "a leaf of another log", "origin": ELSEWHERE, "schema": hex(&SCHEMA), "leaf": hex(&good), "refused": "leaf.proof"}));
    list.push(json!({"name": "a leaf of a log with no name", "origin": "", "schema": hex(&SCHEMA), "leaf": hex(&good), "refused": "leaf.proof"}));
    let schema = hex(&bytes("another schema"));
    list.push(json!({"name": "a leaf of another schema", "origin": ORIGIN, "schema": schema, "leaf": hex(&good), "refused": "leaf.schema"}));
    let copied = with(1, &bytes("another schema"));
    list.push(json!({"name": "its schema changed for that of the log", "origin": ORIGIN, "schema": schema, "leaf": hex(&copied), "refused": "leaf.proof"}));
    list
}

/// Bytes that encode no point, or not canonically (RFC 9496 §4.3.1).
fn no_points() -> Vec<([u8; 32], &'static str)> {
    let mut field = [0xff; 32];
    field[0] = 0xed;
    field[31] = 0x7f;
    let mut one = [0; 32];
    one[0] = 1;
    let mut high = [0; 32];
    high[31] = 0x80;
    let mut no_square = [0; 32];
    no_square[0] = 2;
    while curve25519_dalek::ristretto::CompressedRistretto(no_square)
        .decompress()
        .is_some()
    {
        no_square[0] += 2;
    }
    vec![
        ([0xff; 32], "is all ones"),
        (
            field,
            "is the field's prime, which would be the identity once more",
        ),
        (one, "is negative: its lowest bit is set"),
        (high, "has its highest bit set"),
        (no_square, "is on no curve: a square root is missing"),
    ]
}

fn misopened(leaves: &[Made]) -> Vec<Value> {
    let entry = |name: &str, leaf: &Made, cell: u8, r: &[u8; 32]| json!({"name": name, "leaf": hex(leaf.leaf.as_bytes()), "cell": cell, "r": hex(r), "refused": "leaf.opening"});
    let r = |leaf: &Made| Seed::new(SEED).blinding(ORIGIN, &leaf.digest).to_bytes();
    vec![
        entry("another cell", &leaves[3], 16, &r(&leaves[3])),
        entry("no cell", &leaves[3], 0, &r(&leaves[3])),
        entry("a cell for cover", &leaves[0], 1, &r(&leaves[0])),
        entry("another blinding", &leaves[3], 15, &r(&leaves[7])),
    ]
}
