//! `leaf.json`: digests, openings, leaves that hold and leaves that must be
//! refused.

use super::{
    bad_leaf::{self, A, B, C, D},
    files::{ELSEWHERE, Fixed, ORIGIN, SCHEMA, SEED, bytes, hex},
    plain::{self, Place},
};
use curve25519_dalek::scalar::Scalar;
use portcullis_ballot::{Ahead, Batch, Cell, Context, Leaf, Opening, Salt, Seed};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const CONTEXT: Context<'_> = Context {
    origin: ORIGIN,
    schema: &SCHEMA,
};
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
        "refused": bad_leaf::all(leaves[3].leaf.as_bytes(), leaves[7].leaf.as_bytes()),
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
pub(crate) fn plainly(name: &str, values: &[(usize, i64)], blinding: Scalar) -> Vec<u8> {
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
