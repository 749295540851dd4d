use super::{bytes, file, list, number, text, word};
use portcullis_ballot::{
    Ahead, Batch, Blinding, Cell, Context, Leaf, LeafError, Opening, Salt, Seed, Sum,
};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

fn cell(value: &Value) -> Option<Cell> {
    Cell::new(u8::try_from(number(value, "cell")).unwrap())
}

#[test]
fn digests_open_to_docket_and_envelope() {
    for one in list(&file("leaf.json"), "digests") {
        let opening = Opening {
            docket: bytes(one, "docket"),
            docket_salt: Salt(word(one, "docket_salt")),
            envelope_salt: Salt(word(one, "envelope_salt")),
        };
        let envelope = bytes(one, "envelope");
        assert_eq!(opening.digest(&envelope), word(one, "digest"));
        assert_eq!(
            opening.docket_salt.digest(&opening.docket),
            word(one, "docket_digest")
        );
        assert_eq!(
            opening.envelope_salt.digest(&envelope),
            word(one, "envelope_digest")
        );
    }
}

#[test]
fn blindings_come_from_the_seed() {
    for one in list(&file("leaf.json"), "blindings") {
        let blinding =
            Seed::new(word(one, "seed")).blinding(text(one, "origin"), &word(one, "digest"));
        assert_eq!(blinding.to_bytes(), word(one, "r"));
    }
}

/// Gives away the bytes of a vector, and no more.
struct Fresh(std::vec::IntoIter<u8>);

impl rand_core::TryRng for Fresh {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Self::Error> {
        to.fill_with(|| self.0.next().expect("64 bytes are enough"));
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Fresh {}

#[test]
fn leaves_are_made_again_and_hold() {
    let file = file("leaf.json");
    let mut sum = Sum::zero();
    for one in list(&file, "leaves") {
        let (origin, schema, digest) = (
            text(one, "origin"),
            word(one, "schema"),
            word(one, "digest"),
        );
        let context = Context {
            origin,
            schema: &schema,
        };
        let seed = Seed::new(word(one, "seed"));
        let ahead = Ahead::draw(&seed, &mut Fresh(bytes(one, "fresh").into_iter()));
        let leaf = Leaf::prove(ahead, &context, &digest, cell(one), &seed);
        assert_eq!(leaf.as_bytes(), bytes(one, "leaf"), "{}", text(one, "name"));
        assert_eq!(leaf.verify(&context), Ok(()));
        assert_eq!(leaf.cell_under(&seed, origin), Ok(cell(one)));
        let blinding = Blinding::from_bytes(&word(one, "r")).unwrap();
        assert_eq!(leaf.opens_to_cell(cell(one), &blinding), Ok(()));
        let hash: [u8; 32] = Sha256::new()
            .chain_update([0])
            .chain_update(leaf.as_bytes())
            .finalize()
            .into();
        assert_eq!(hash, word(one, "hash"));
        sum.add_commitment(leaf.commitment_bytes().try_into().unwrap())
            .unwrap();
    }
    assert_eq!(sum.to_bytes(), word(&file, "sum"));
}

/// What a verifier says of an entry alone, and in a batch of one.
fn verify(one: &Value) -> Result<(), LeafError> {
    let schema = word(one, "schema");
    let context = Context {
        origin: text(one, "origin"),
        schema: &schema,
    };
    let leaf = Leaf::parse(&bytes(one, "leaf"))?;
    let alone = leaf.verify(&context);
    let mut batch = Batch::new(&context);
    let together = batch
        .push(&leaf)
        .and_then(|()| Ok(batch.verify(&mut StdRng::seed_from_u64(1))?));
    assert_eq!(together.map(|_| ()), alone, "{}", text(one, "name"));
    alone
}

#[test]
fn what_must_be_accepted_is_and_what_must_be_refused_is() {
    let file = file("leaf.json");
    for one in list(&file, "accepted") {
        assert_eq!(verify(one), Ok(()), "{}", text(one, "name"));
    }
    let refused = list(&file, "refused");
    for one in refused {
        let said = verify(one).map_err(LeafError::code);
        assert_eq!(said, Err(text(one, "refused")), "{}", text(one, "name"));
    }
    for code in ["length", "version", "schema", "point", "scalar", "proof"] {
        assert!(
            refused
                .iter()
                .any(|one| text(one, "refused") == format!("leaf.{code}"))
        );
    }
}

#[test]
fn what_opens_to_another_cell_is_refused() {
    for one in list(&file("leaf.json"), "misopened") {
        let leaf = Leaf::parse(&bytes(one, "leaf")).unwrap();
        let blinding = Blinding::from_bytes(&word(one, "r")).unwrap();
        let said = leaf
            .opens_to_cell(cell(one), &blinding)
            .map_err(LeafError::code);
        assert_eq!(said, Err(text(one, "refused")));
    }
}
