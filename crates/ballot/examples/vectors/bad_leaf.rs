//! Leaves that must be refused, each with the code of what is wrong first.

use super::{
    files::{ELSEWHERE, ORIGIN, SCHEMA, bytes, hex},
    leaf::plainly,
};
use curve25519_dalek::{ristretto::CompressedRistretto, scalar::Scalar};
use serde_json::{Value, json};

/// The order of the group, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
/// Where the parts of a leaf begin.
const DIGEST: usize = 33;
pub(crate) const C: usize = 65;
pub(crate) const A: usize = 97;
pub(crate) const B: usize = 129;
pub(crate) const D: usize = 161;
const F: usize = 193;
const Z1: usize = 1217;
const Z2: usize = 1249;

/// The four points, by name.
const POINTS: [(usize, &str); 4] = [(C, "C"), (A, "A"), (B, "B"), (D, "D")];

/// A good leaf and another one, and what was made of them.
struct Bad<'a> {
    good: &'a [u8],
    other: &'a [u8],
    list: Vec<Value>,
}

pub(crate) fn all(good: &[u8], other: &[u8]) -> Vec<Value> {
    let mut bad = Bad {
        good,
        other,
        list: vec![],
    };
    bad.heads();
    bad.points();
    bad.scalars();
    bad.copies();
    bad.cheats();
    bad.contexts();
    bad.list
}

impl Bad<'_> {
    fn add(&mut self, refused: &str, name: &str, leaf: &[u8]) {
        self.add_elsewhere(refused, name, leaf, ORIGIN, &SCHEMA);
    }

    fn add_elsewhere(
        &mut self,
        refused: &str,
        name: &str,
        leaf: &[u8],
        origin: &str,
        schema: &[u8],
    ) {
        self.list.push(json!({
            "name": name, "origin": origin, "schema": hex(schema), "leaf": hex(leaf), "refused": refused,
        }));
    }

    /// The good leaf with other bytes at a place.
    fn with(&self, at: usize, bytes: &[u8]) -> Vec<u8> {
        let mut leaf = self.good.to_vec();
        leaf[at..at + bytes.len()].copy_from_slice(bytes);
        leaf
    }

    /// The good leaf with one bit changed.
    fn flipped(&self, at: usize) -> Vec<u8> {
        self.with(at, &[self.good[at] ^ 1])
    }

    fn heads(&mut self) {
        self.add("leaf.length", "nothing at all", &[]);
        self.add(
            "leaf.length",
            "the last byte is missing",
            &self.good[..1280],
        );
        self.add(
            "leaf.length",
            "one byte too many",
            &[self.good, &[0]].concat(),
        );
        self.add("leaf.version", "version 0: unproved", &self.with(0, &[0]));
        self.add("leaf.version", "version 2: not known", &self.with(0, &[2]));
        self.add(
            "leaf.version",
            "version 255: not known",
            &self.with(0, &[255]),
        );
        self.add("leaf.schema", "under another schema", &self.flipped(1));
        self.add("leaf.proof", "another digest", &self.flipped(DIGEST));
    }

    fn points(&mut self) {
        for (at, part) in POINTS {
            for (bytes, what) in no_points() {
                self.add(
                    "leaf.point",
                    &format!("{part} {what}"),
                    &self.with(at, &bytes),
                );
            }
            let name = format!("{part} is the identity");
            self.add("leaf.proof", &name, &self.with(at, &[0; 32]));
            let name = format!("{part} of another leaf");
            self.add(
                "leaf.proof",
                &name,
                &self.with(at, &self.other[at..at + 32]),
            );
        }
    }

    fn scalars(&mut self) {
        for (at, part) in [(F, "f_1"), (F + 31 * 32, "f_32"), (Z1, "z1"), (Z2, "z2")] {
            let mut carry = 0;
            let words = self.good[at..at + 32].iter().zip(ORDER);
            let more = words.map(|(byte, order)| {
                let sum = u16::from(*byte) + u16::from(order) + carry;
                carry = sum >> 8;
                sum.to_le_bytes()[0]
            });
            let more: Vec<u8> = more.collect();
            let high = self.good[at + 31] | 0x80;
            for (refused, what, leaf) in [
                (
                    "leaf.scalar",
                    "plus the order of the group",
                    self.with(at, &more),
                ),
                (
                    "leaf.scalar",
                    "with its highest bit set",
                    self.with(at + 31, &[high]),
                ),
                (
                    "leaf.scalar",
                    "is the order of the group",
                    self.with(at, &ORDER),
                ),
                (
                    "leaf.proof",
                    "with its lowest bit changed",
                    self.flipped(at),
                ),
                ("leaf.proof", "is zero", self.with(at, &[0; 32])),
            ] {
                self.add(refused, &format!("{part} {what}"), &leaf);
            }
        }
    }

    fn copies(&mut self) {
        let (good, other) = (self.good, self.other);
        let at = F + 13 * 32;
        for (name, from, parts) in [
            (
                "A and D swapped",
                A,
                [&good[D..F], &good[B..D], &good[A..B]].concat(),
            ),
            (
                "f_14 and f_15 swapped",
                at,
                [&good[at + 32..at + 64], &good[at..at + 32]].concat(),
            ),
            (
                "z1 and z2 swapped",
                Z1,
                [&good[Z2..], &good[Z1..Z2]].concat(),
            ),
            ("the proof of another leaf", A, other[A..].to_vec()),
            (
                "commitment and proof of another leaf",
                C,
                other[C..].to_vec(),
            ),
        ] {
            self.add("leaf.proof", name, &self.with(from, &parts));
        }
    }

    /// What a cheat makes by the formulas of the honest prover.
    fn cheats(&mut self) {
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
            self.add("leaf.proof", name, &plainly(name, values, r));
        }
        let all: Vec<_> = (1..33).map(|cell| (cell, 1)).collect();
        self.add("leaf.proof", "every cell once", &plainly("every", &all, r));
    }

    fn contexts(&mut self) {
        let good = self.good;
        let schema = bytes("another schema");
        let copied = self.with(1, &schema);
        for (refused, name, leaf, origin, schema) in [
            (
                "leaf.proof",
                "a leaf of another log",
                good,
                ELSEWHERE,
                &SCHEMA,
            ),
            (
                "leaf.proof",
                "a leaf of a log with no name",
                good,
                "",
                &SCHEMA,
            ),
            (
                "leaf.schema",
                "a leaf of another schema",
                good,
                ORIGIN,
                &schema,
            ),
            (
                "leaf.proof",
                "its schema changed for that of the log",
                &copied,
                ORIGIN,
                &schema,
            ),
        ] {
            self.add_elsewhere(refused, name, leaf, origin, schema);
        }
    }
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
    while CompressedRistretto(no_square).decompress().is_some() {
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
