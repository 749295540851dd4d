//! What members of a cell check: evidence of what was served, proofs of origin, signed words.
#![no_main]

use portcullis_verdict::cell::{Batch, Evidence, Opening, Proof, Root, Word};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(evidence) = Evidence::parse(bytes) {
        let again = Evidence::parse(&evidence.to_bytes()).expect("what was written is read");
        assert_eq!(again, evidence);
    }
    if let Ok(proof) = Proof::parse(bytes) {
        let again = Proof::parse(&proof.to_bytes()).expect("what was written is read");
        assert_eq!(again, proof);
        let _ = proof.holds(bytes);
    }
    let _ = Word::<Batch>::parse(bytes);
    let _ = Word::<Root>::parse(bytes);
    let _ = Word::<Opening>::parse(bytes);
});
