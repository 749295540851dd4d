//! The one fault every operation can have: the storage below did not answer.

use std::{error::Error, sync::Arc};

/// The storage did not answer; whether a write took effect is not known.
///
/// Asking again is always safe: versions, expected sizes and keys make a
/// repetition of what was already done visible or harmless.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the store is not available")]
pub struct Unavailable(#[source] Arc<dyn Error + Send + Sync>);

impl Unavailable {
    /// A fault with its cause.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(source.into()))
    }
}
