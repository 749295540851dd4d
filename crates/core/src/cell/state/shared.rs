//! A part of the state that its copies share until one of them changes it.
//!
//! Doors read snapshots of the state while it moves on. With this a change
//! copies the one map that it touches, not the reviews of a whole year.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

/// A value that is copied when it is changed, and only if somebody else still reads it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in crate::cell) struct Shared<T>(Arc<T>);

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_keeps_what_it_saw() {
        let mut now = Shared(Arc::new(vec![1]));
        let snapshot = now.clone();
        now.push(2);
        assert_eq!((&*snapshot, &*now), (&vec![1], &vec![1, 2]));
    }
}
