//! Trees: every size and root that a log ever signed.

use portcullis_tlog::witness::AddCheckpoint;
use std::collections::BTreeMap;

/// Every tree that was signed, by origin and size.
#[derive(Clone, Debug, Default)]
pub struct Trees {
    roots: BTreeMap<(String, u64), [u8; 32]>,
    largest: BTreeMap<String, u64>,
}

impl Trees {
    /// Notes that a log showed this tree to somebody.
    ///
    /// # Errors
    ///
    /// A sentence, when the log showed another tree of this size before.
    pub fn note(&mut self, origin: &str, size: u64, root: [u8; 32]) -> Result<(), String> {
        let known = *self.roots.entry((origin.to_owned(), size)).or_insert(root);
        let largest = self.largest.entry(origin.to_owned()).or_default();
        *largest = size.max(*largest);
        if known == root {
            Ok(())
        } else {
            Err(format!("`{origin}` has two trees of size {size}"))
        }
    }

    /// Notes the tree that a log asks a witness to cosign.
    ///
    /// # Errors
    ///
    /// A sentence, when it is another tree than before, or a smaller one.
    pub fn note_request(&mut self, body: &[u8]) -> Result<(), String> {
        let request = AddCheckpoint::parse(body)
            .map_err(|error| format!("a log asks a witness for nothing: {error}"))?;
        let checkpoint = request.checkpoint();
        let (origin, size) = (checkpoint.origin.as_str(), checkpoint.size.0);
        let largest = self.largest.get(origin).copied().unwrap_or_default();
        if size < largest {
            return Err(format!("`{origin}` shows size {size} after size {largest}"));
        }
        self.note(origin, size, checkpoint.root.0)
    }
}
