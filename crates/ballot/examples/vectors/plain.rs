//! The formulas of `docs/spec`, written down once more and slowly, for provers
//! that lie. Nothing here is shared with the crate.

use super::files::Fixed;
use curve25519_dalek::{
    constants::RISTRETTO_BASEPOINT_POINT,
    ristretto::{CompressedRistretto, RistrettoPoint},
    scalar::Scalar,
};
use sha2::{Digest as _, Sha512};

/// H.
pub(crate) fn base() -> RistrettoPoint {
    RISTRETTO_BASEPOINT_POINT
}

/// `G_number` or `Q_number`.
pub(crate) fn generator(family: &str, number: usize) -> RistrettoPoint {
    let hash: [u8; 64] = Sha512::digest(format!("portcullis/v1/{family}{number}")).into();
    RistrettoPoint::from_uniform_bytes(&hash)
}

/// A point that is one.
pub(crate) fn point(bytes: &[u8; 32]) -> RistrettoPoint {
    CompressedRistretto(*bytes).decompress().expect("a point")
}

/// A hash as a scalar.
pub(crate) fn challenge(parts: &[&[u8]]) -> Scalar {
    let mut hash = Sha512::new();
    for part in parts {
        hash.update(part);
    }
    Scalar::from_bytes_mod_order_wide(&hash.finalize().into())
}

/// A whole number as a scalar.
pub(crate) fn whole(value: i64) -> Scalar {
    let size = Scalar::from(value.unsigned_abs());
    if value < 0 { -size } else { size }
}

/// A length in two bytes, then the text.
pub(crate) fn text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("a short text");
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

/// Random scalars.
pub(crate) fn draw(fixed: &mut Fixed, count: usize) -> Vec<Scalar> {
    (0..count)
        .map(|_| {
            let wide: [u8; 64] = fixed.take(64).try_into().expect("64 bytes");
            Scalar::from_bytes_mod_order_wide(&wide)
        })
        .collect()
}

/// Σ scalars times bases, and blinding times H, encoded.
pub(crate) fn commit(scalars: &[Scalar], bases: &[RistrettoPoint], blinding: &Scalar) -> [u8; 32] {
    let sum: RistrettoPoint = scalars.iter().zip(bases).map(|(s, g)| s * g).sum();
    (sum + base() * blinding).compress().to_bytes()
}

/// Where a plain leaf belongs.
pub(crate) struct Place<'a> {
    pub(crate) origin: &'a str,
    pub(crate) schema: &'a [u8; 32],
    pub(crate) digest: &'a [u8; 32],
}

/// x of a leaf's commitment and A, B, D.
pub(crate) fn leaf_challenge(place: &Place<'_>, points: &[[u8; 32]]) -> Scalar {
    challenge(&[
        b"portcullis/v1/leaf-proof\0",
        &text(place.origin),
        place.schema,
        place.digest,
        &points.concat(),
    ])
}

/// A leaf that counts cell k `values[k - 1]` times, "proved" by the formulas
/// of the honest prover: it verifies if at most one value is 1 and all others
/// are 0.
pub(crate) fn leaf(
    place: &Place<'_>,
    values: &[i64; 32],
    blinding: Scalar,
    fixed: &mut Fixed,
) -> Vec<u8> {
    let cells: Vec<_> = (0..33).map(|number| generator("G", number)).collect();
    let none = 1 - values.iter().sum::<i64>();
    let v: Vec<_> = [none]
        .iter()
        .chain(values)
        .map(|value| whole(*value))
        .collect();
    let mut a = draw(fixed, 33);
    a[0] = -a[1..].iter().sum::<Scalar>();
    let hidden = draw(fixed, 3);
    let signed: Vec<_> = (0..33)
        .map(|k| a[k] * (Scalar::ONE - v[k] - v[k]))
        .collect();
    let squares: Vec<_> = a.iter().map(|a| -(a * a)).collect();
    let points = [
        commit(&v[1..], &cells[1..], &blinding),
        commit(&a[1..], &cells[1..], &hidden[0]),
        commit(&signed, &cells, &hidden[1]),
        commit(&squares, &cells, &hidden[2]),
    ];
    let x = leaf_challenge(place, &points);
    let mut bytes = [
        &[1],
        place.schema.as_slice(),
        place.digest,
        &points.concat(),
    ]
    .concat();
    for k in 1..33 {
        bytes.extend((v[k] * x + a[k]).to_bytes());
    }
    bytes.extend((blinding * x + hidden[0]).to_bytes());
    bytes.extend((hidden[1] * x + hidden[2]).to_bytes());
    bytes
}

/// Bits of one band, which may be no bits at all.
pub(crate) struct Bits {
    pub(crate) weights: Vec<u64>,
    pub(crate) values: Vec<i64>,
}

/// A report over one line of one cell, by the formulas of the honest prover.
/// `statement` is what the challenge binds; with `bits` the line is a band.
pub(crate) fn report(
    statement: &[u8],
    cell: usize,
    counts: &[u64; 32],
    blinding: Scalar,
    bits: Option<&Bits>,
    fixed: &mut Fixed,
) -> Vec<u8> {
    let cells: Vec<_> = (1..33).map(|number| generator("G", number)).collect();
    let mut s = draw(fixed, 32);
    let hidden = draw(fixed, 5);
    let a = draw(fixed, bits.map_or(0, |bits| bits.values.len()));
    let weights = bits.map_or(&[][..], |bits| &bits.weights);
    s[cell - 1] = weights
        .iter()
        .zip(&a)
        .map(|(w, a)| Scalar::from(*w) * a)
        .sum();
    let mut points = vec![commit(&s, &cells, &hidden[0])];
    let values = bits.map_or(&[][..], |bits| &bits.values);
    let b: Vec<_> = values.iter().map(|value| whole(*value)).collect();
    if !b.is_empty() {
        let bases: Vec<_> = (0..b.len()).map(|number| generator("Q", number)).collect();
        let signed: Vec<_> = a
            .iter()
            .zip(&b)
            .map(|(a, b)| a * (Scalar::ONE - b - b))
            .collect();
        let squares: Vec<_> = a.iter().map(|a| -(a * a)).collect();
        points.push(commit(&b, &bases, &hidden[1]));
        points.push(commit(&a, &bases, &hidden[2]));
        points.push(commit(&signed, &bases, &hidden[3]));
        points.push(commit(&squares, &bases, &hidden[4]));
    }
    let x = challenge(&[b"portcullis/v1/report\0", statement, &points.concat()]);
    let mut bytes = points[0].to_vec();
    for (count, s) in counts.iter().zip(&s) {
        bytes.extend((Scalar::from(*count) * x + s).to_bytes());
    }
    bytes.extend((blinding * x + hidden[0]).to_bytes());
    if !b.is_empty() {
        bytes.extend(points[1..].concat());
        for (a, b) in a.iter().zip(&b) {
            bytes.extend((b * x + a).to_bytes());
        }
        bytes.extend((hidden[1] * x + hidden[2]).to_bytes());
        bytes.extend((hidden[3] * x + hidden[4]).to_bytes());
    }
    bytes
}

/// What one side of a pair reveals, by the formulas of the honest one: it
/// holds if `shared` is `secret` times the other's key, and `secret` the key
/// behind its own.
pub(crate) fn reveal(
    session: &[u8; 32],
    keys: [&[u8; 32]; 2],
    shared: RistrettoPoint,
    secret: Scalar,
    fixed: &mut Fixed,
) -> Vec<u8> {
    let other = point(keys[1]);
    let nonce = draw(fixed, 1)[0];
    let points = [shared, base() * nonce, other * nonce].map(|point| point.compress().to_bytes());
    let label = b"portcullis/v1/joint-blame\0";
    let c = challenge(&[label, session, keys[0], keys[1], &points.concat()]);
    [points.concat().as_slice(), (nonce + c * secret).as_bytes()].concat()
}

/// The secret behind a report key.
pub(crate) fn report_secret(seed: &[u8; 32], origin: &str) -> Scalar {
    let mut wide = [0; 64];
    let info = [b"portcullis/v1/report-key\0", text(origin).as_slice()].concat();
    let expanded = hkdf::Hkdf::<Sha512>::new(None, seed).expand(&info, &mut wide);
    expanded.expect("64 bytes are few");
    Scalar::from_bytes_mod_order_wide(&wide)
}
