//! Policies: parsing ends, whatever groups name each other.
#![no_main]

use portcullis_tlog::policy::Policy;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(policy) = Policy::parse(bytes) {
        let names: Vec<_> = policy
            .witnesses()
            .iter()
            .map(|witness| witness.name())
            .collect();
        // All witnesses together are a quorum, if any are.
        let any = names
            .iter()
            .any(|one| policy.quorum_met_by(|name| name == *one));
        assert!(!any || policy.quorum_met_by(|name| names.contains(&name)));
    }
});
