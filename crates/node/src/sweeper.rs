//! The sweeper: says what only the clock says, when it is time.

use crate::{Node, NodeError};

/// The most cases swept in one call.
const CASES_PER_CALL: usize = 64;

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Swept {
    /// Cases looked at.
    pub cases: usize,
    /// Statements made.
    pub statements: usize,
}

impl Node {
    /// Looks at the cases whose next timer has rung.
    ///
    /// # Errors
    ///
    /// [`NodeError`] when our own records cannot be read or written.
    pub fn sweeper_tick(&self) -> Result<Swept, NodeError> {
        if self.is_restoring()? {
            return Ok(Swept::default());
        }
        let now = self.now();
        let mut swept = Swept::default();
        for id in self.store.cases_due(now, CASES_PER_CALL)? {
            swept.cases += 1;
            let loaded = match self.load(&id) {
                Ok(Some(loaded)) => loaded,
                Ok(None) => continue,
                // One case whose law file is gone holds up no other.
                Err(error @ NodeError::Unfit(_)) => {
                    tracing::error!(case = %id, %error, "a case cannot be read; install its law file again");
                    continue;
                }
                Err(error) => return Err(error),
            };
            let mut growing = loaded.growing.clone();
            let mut joining = Vec::new();
            self.follow_up(&mut growing, &mut joining, now);
            swept.statements += joining.len();
            match self.commit(Some(&loaded), &growing, &joining, Vec::new(), now) {
                // Whoever moved the case has looked at its clocks too.
                Ok(()) | Err(NodeError::Contention) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(swept)
    }
}
