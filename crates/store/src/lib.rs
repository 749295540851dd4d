//! Records, outbox, log state and blobs, behind one contract.
