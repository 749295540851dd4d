//! How many passwords are hashed at once. Two run, sixteen wait, whoever comes
//! then is told to come again: a flood of wrong passwords takes two threads and
//! 24 MiB, and no more. The same credential on many connections is hashed once.

use super::Denied;
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

/// How many run at once.
pub(super) const RUNNING_MAX: usize = 2;

/// How many wait for their turn.
pub(super) const WAITING_MAX: usize = 16;

/// How many wait for the outcome of another's turn.
pub(super) const FOLLOWING_MAX: usize = 256;

pub(super) struct Gate<K> {
    inside: Mutex<Inside<K>>,
    moved: Condvar,
}

struct Inside<K> {
    running: usize,
    waiting: usize,
    following: usize,
    flights: HashMap<K, Arc<Mutex<Option<bool>>>>,
}

impl<K> Default for Gate<K> {
    fn default() -> Self {
        let inside = Inside {
            running: 0,
            waiting: 0,
            following: 0,
            flights: HashMap::new(),
        };
        Self {
            inside: Mutex::new(inside),
            moved: Condvar::new(),
        }
    }
}

impl<K: Copy + Eq + Hash> Gate<K> {
    /// What `work` says of `key`; or what the one says that is at it already.
    ///
    /// # Errors
    ///
    /// [`Denied::Busy`] when too many wait.
    pub(super) fn once(&self, key: K, work: impl FnOnce() -> bool) -> Result<bool, Denied> {
        let mut inside = self.lock();
        if let Some(flight) = inside.flights.get(&key).map(Arc::clone) {
            return self.follow(inside, &flight);
        }
        if RUNNING_MAX <= inside.running && WAITING_MAX <= inside.waiting {
            return Err(Denied::Busy);
        }
        let outcome = Arc::new(Mutex::new(None));
        inside.flights.insert(key, Arc::clone(&outcome));
        inside.waiting += 1;
        while RUNNING_MAX <= inside.running {
            inside = self.wait(inside);
        }
        inside.waiting -= 1;
        inside.running += 1;
        drop(inside);
        // Lands whatever becomes of the work, so that nobody waits for ever.
        let landing = Landing {
            gate: self,
            key,
            outcome: &outcome,
        };
        let fits = work();
        landing.with(fits);
        Ok(fits)
    }

    fn follow(
        &self,
        mut inside: MutexGuard<'_, Inside<K>>,
        flight: &Mutex<Option<bool>>,
    ) -> Result<bool, Denied> {
        if FOLLOWING_MAX <= inside.following {
            return Err(Denied::Busy);
        }
        inside.following += 1;
        loop {
            let outcome = *flight.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(fits) = outcome {
                inside.following -= 1;
                return Ok(fits);
            }
            inside = self.wait(inside);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inside<K>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, inside: MutexGuard<'a, Inside<K>>) -> MutexGuard<'a, Inside<K>> {
        self.moved
            .wait(inside)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

struct Landing<'a, K: Copy + Eq + Hash> {
    gate: &'a Gate<K>,
    key: K,
    outcome: &'a Mutex<Option<bool>>,
}

impl<K: Copy + Eq + Hash> Landing<'_, K> {
    fn with(self, fits: bool) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(fits);
    }
}

impl<K: Copy + Eq + Hash> Drop for Landing<'_, K> {
    fn drop(&mut self) {
        let mut inside = self.gate.lock();
        inside.running -= 1;
        inside.flights.remove(&self.key);
        self.outcome
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(false);
        drop(inside);
        self.gate.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::{
            Barrier,
            atomic::{AtomicUsize, Ordering},
            mpsc,
        },
        thread,
    };

    #[test]
    fn two_run_sixteen_wait_and_the_next_is_told_to_come_again() {
        let gate = &Gate::<usize>::default();
        let running = &AtomicUsize::new(0);
        let most = &AtomicUsize::new(0);
        let (open, closed) = mpsc::channel::<()>();
        let closed = &Mutex::new(closed);
        thread::scope(|scope| {
            let work = move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                // Each goes on when one permit comes.
                closed.lock().unwrap().recv().unwrap();
                running.fetch_sub(1, Ordering::SeqCst);
                true
            };
            let all: Vec<_> = (0..RUNNING_MAX + WAITING_MAX)
                .map(|key| scope.spawn(move || gate.once(key, work)))
                .collect();
            loop {
                let inside = gate.lock();
                if (inside.running, inside.waiting) == (RUNNING_MAX, WAITING_MAX) {
                    break;
                }
                drop(inside);
                thread::yield_now();
            }
            assert_eq!(gate.once(usize::MAX, || true), Err(Denied::Busy));
            for _ in &all {
                open.send(()).unwrap();
            }
            for one in all {
                assert_eq!(one.join().unwrap(), Ok(true));
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), RUNNING_MAX);
        assert_eq!(gate.once(usize::MAX, || false), Ok(false));
    }

    #[test]
    fn the_same_credential_on_many_connections_is_hashed_once() {
        let gate = &Gate::<usize>::default();
        let count = &AtomicUsize::new(0);
        let begun = &Barrier::new(2);
        thread::scope(|scope| {
            let first = scope.spawn(move || {
                gate.once(7, || {
                    begun.wait();
                    while gate.lock().following < 40 {
                        thread::yield_now();
                    }
                    count.fetch_add(1, Ordering::SeqCst);
                    true
                })
            });
            begun.wait();
            let others: Vec<_> = (0..40)
                .map(|_| scope.spawn(move || gate.once(7, || panic!("hashed twice"))))
                .collect();
            assert_eq!(first.join().unwrap(), Ok(true));
            for other in others {
                assert_eq!(other.join().unwrap(), Ok(true));
            }
        });
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn work_that_panics_lets_nobody_in_and_nobody_wait() {
        let gate = Gate::<usize>::default();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            gate.once(1, || panic!("out of memory"))
        }));
        assert!(panicked.is_err());
        let inside = gate.lock();
        assert_eq!((inside.running, inside.waiting), (0, 0));
        assert!(inside.flights.is_empty());
    }
}
