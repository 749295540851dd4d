//! At most so many at once for each key: a certificate's requests, an address's connections.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Counts who is inside, by key. Its clones count together; it remembers nobody who has left.
#[derive(Clone, Debug)]
pub(crate) struct Turnstile<K: Ord> {
    inside: Arc<Mutex<BTreeMap<K, usize>>>,
    per_key_max: usize,
}

/// A place inside, given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn<K: Ord> {
    turnstile: Turnstile<K>,
    key: K,
}

impl<K: Ord> Turnstile<K> {
    pub(crate) fn new(per_key_max: usize) -> Self {
        Self {
            inside: Arc::default(),
            per_key_max,
        }
    }

    /// A place for `key`, if one is free.
    pub(crate) fn enter(&self, key: K) -> Option<Turn<K>>
    where
        K: Clone,
    {
        let mut inside = self.inside();
        let count = inside.get(&key).copied().unwrap_or(0);
        (count < self.per_key_max).then(|| {
            inside.insert(key.clone(), count + 1);
            Turn {
                turnstile: self.clone(),
                key,
            }
        })
    }

    fn inside(&self) -> MutexGuard<'_, BTreeMap<K, usize>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Ord> Drop for Turn<K> {
    fn drop(&mut self) {
        let mut inside = self.turnstile.inside();
        match inside.get_mut(&self.key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(inside.remove(&self.key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_places_and_they_come_back() {
        let turnstile = Turnstile::new(2);
        let (first, second) = (turnstile.enter('a').unwrap(), turnstile.enter('a').unwrap());
        assert!(turnstile.enter('a').is_none());
        assert!(turnstile.enter('b').is_some());
        drop(first);
        let third = turnstile.enter('a').unwrap();
        assert!(turnstile.clone().enter('a').is_none());
        drop((second, third));
        assert!(turnstile.inside().is_empty());
    }
}
