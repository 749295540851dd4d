//! A number that grows whenever something in the cell has changed, and whoever
//! waits for it: threads, and tasks of any runtime.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    time::Duration,
};

/// Grows with every change.
#[derive(Debug, Default)]
pub struct Watch {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    generation: u64,
    /// Tasks that wait, each under its number.
    wakers: Vec<(u64, Waker)>,
    next: u64,
}

impl Watch {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often something has changed since this process began.
    pub fn generation(&self) -> u64 {
        self.state().generation
    }

    /// Waits until the generation is another than `known`, at most `timeout`, and answers what it is then.
    pub fn wait(&self, known: u64, timeout: Duration) -> u64 {
        let state = self.state();
        let same = |state: &mut State| state.generation == known;
        let waited = self.changed.wait_timeout_while(state, timeout, same);
        waited.unwrap_or_else(PoisonError::into_inner).0.generation
    }

    /// A future that is ready when the generation is another than `known`.
    pub fn changed(&self, known: u64) -> Changed<'_> {
        Changed {
            watch: self,
            known,
            number: None,
        }
    }

    /// Something has changed.
    pub(crate) fn bump(&self) {
        let mut state = self.state();
        state.generation += 1;
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        self.changed.notify_all();
        for (_, waker) in wakers {
            waker.wake();
        }
    }
}

/// Ready when something has changed, with the new generation.
#[derive(Debug)]
pub struct Changed<'a> {
    watch: &'a Watch,
    known: u64,
    number: Option<u64>,
}

impl Future for Changed<'_> {
    type Output = u64;

    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> Poll<u64> {
        let mut state = self.watch.state();
        if state.generation != self.known {
            return Poll::Ready(state.generation);
        }
        let waits = self.number;
        let mut wakers = state.wakers.iter_mut();
        if let Some((_, waker)) = wakers.find(|(number, _)| Some(*number) == waits) {
            waker.clone_from(context.waker());
        } else {
            let number = state.next;
            state.next += 1;
            state.wakers.push((number, context.waker().clone()));
            drop(state);
            self.number = Some(number);
        }
        Poll::Pending
    }
}

impl Drop for Changed<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.watch
                .state()
                .wakers
                .retain(|(waits, _)| *waits != number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        pin::pin,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::{Context, Wake},
    };

    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_task_is_woken_once_by_a_change_and_leaves_nothing_behind() {
        let watch = Watch::default();
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(count.clone());
        let mut context = Context::from_waker(&waker);
        let mut changed = pin!(watch.changed(0));
        assert!(changed.as_mut().poll(&mut context).is_pending());
        assert!(changed.as_mut().poll(&mut context).is_pending());
        assert_eq!(watch.state().wakers.len(), 1);
        watch.bump();
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
        assert_eq!(changed.as_mut().poll(&mut context), Poll::Ready(1));
        {
            let mut unfinished = pin!(watch.changed(1));
            assert!(unfinished.as_mut().poll(&mut context).is_pending());
        }
        assert!(watch.state().wakers.is_empty());
    }

    #[test]
    fn a_thread_waits_for_a_change_and_no_longer_than_it_wants() {
        let watch = Watch::default();
        assert_eq!(watch.wait(0, Duration::from_millis(1)), 0);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| watch.wait(0, Duration::from_mins(1)));
            watch.bump();
            assert_eq!(waiting.join().unwrap(), 1);
        });
    }
}
