//! A bad line: everything for one address goes through it, and comes over as it is told to.

use crate::kit::pause;
use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// How often a quiet connection is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// So many bytes go over a slow line at once: less than any answer has.
const SLOW_BYTES: usize = 700;

/// What carries the bytes between an address that others know and a node that may not be there.
pub(super) struct Link(Arc<Line>);

#[derive(Debug)]
struct Line {
    node: SocketAddr,
    /// Whoever calls is hung up on.
    refuses: AtomicBool,
    /// A few bytes at once.
    slow: AtomicBool,
    /// Nothing comes over, and nobody is told.
    still: AtomicBool,
    /// So many bytes still come over before every connection breaks; negative: no end.
    left: AtomicI64,
    /// How often all connections were broken.
    breaks: AtomicU64,
    ended: AtomicBool,
}

impl Link {
    /// A line from `known` to `node`; good until told otherwise.
    pub(super) fn new(known: SocketAddr, node: SocketAddr) -> Self {
        let listener = TcpListener::bind(known).unwrap();
        listener.set_nonblocking(true).unwrap();
        let line = Arc::new(Line {
            node,
            refuses: AtomicBool::default(),
            slow: AtomicBool::default(),
            still: AtomicBool::default(),
            left: AtomicI64::new(-1),
            breaks: AtomicU64::default(),
            ended: AtomicBool::default(),
        });
        let held = Arc::clone(&line);
        thread::spawn(move || held.answer(&listener));
        Self(line)
    }

    /// Every connection breaks after so many more bytes, in the middle of whatever is being said.
    pub(super) fn cut_after(&self, bytes: i64) {
        self.0.left.store(bytes, Ordering::SeqCst);
    }

    /// Every connection breaks now, and nobody gets a new one.
    pub(super) fn refuse(&self) {
        self.0.refuses.store(true, Ordering::SeqCst);
        self.0.breaks.fetch_add(1, Ordering::SeqCst);
    }

    /// Everything goes slowly.
    pub(super) fn slow(&self) {
        self.0.slow.store(true, Ordering::SeqCst);
    }

    /// Nothing comes over, as if the line were dead, and connections stand.
    pub(super) fn stall(&self) {
        self.0.still.store(true, Ordering::SeqCst);
    }

    /// All is well again; what was broken stays broken.
    pub(super) fn heal(&self) {
        self.0.left.store(-1, Ordering::SeqCst);
        for bad in [&self.0.refuses, &self.0.slow, &self.0.still] {
            bad.store(false, Ordering::SeqCst);
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::SeqCst);
    }
}

impl Line {
    fn answer(self: &Arc<Self>, listener: &TcpListener) {
        while !self.ended.load(Ordering::SeqCst) {
            match listener.accept() {
                Ok((caller, _)) => self.connect(&caller),
                Err(_) => pause(2),
            }
        }
    }

    fn connect(self: &Arc<Self>, caller: &TcpStream) {
        if self.refuses.load(Ordering::SeqCst) {
            return;
        }
        let Ok(node) = TcpStream::connect(self.node) else {
            return;
        };
        let breaks = self.breaks.load(Ordering::SeqCst);
        for stream in [caller, &node] {
            stream.set_nonblocking(false).unwrap();
            stream.set_nodelay(true).unwrap();
            stream.set_read_timeout(Some(LOOK)).unwrap();
        }
        for (from, to) in [(caller, &node), (&node, caller)] {
            let (line, from, to) = (
                Arc::clone(self),
                from.try_clone().unwrap(),
                to.try_clone().unwrap(),
            );
            thread::spawn(move || {
                line.carry(&from, &to, breaks);
                for end in [from, to] {
                    let _ = end.shutdown(Shutdown::Both);
                }
            });
        }
    }

    /// Carries bytes one way until the connection ends or breaks.
    fn carry(&self, mut from: &TcpStream, mut to: &TcpStream, breaks: u64) {
        let mut piece = [0; 16 * 1024];
        loop {
            let slow = self.slow.load(Ordering::SeqCst);
            let most = if slow { SLOW_BYTES } else { piece.len() };
            let read = match from.read(&mut piece[..most]) {
                Ok(0) => return,
                Ok(read) => read,
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    0
                }
                Err(_) => return,
            };
            while self.still.load(Ordering::SeqCst) && self.stands(breaks) {
                pause(5);
            }
            let (whole, breaks_here) = self.allowed(read);
            if !self.stands(breaks) || to.write_all(&piece[..whole]).is_err() {
                return;
            }
            if breaks_here {
                self.breaks.fetch_add(1, Ordering::SeqCst);
                return;
            }
            if slow && read > 0 {
                pause(3);
            }
        }
    }

    fn stands(&self, breaks: u64) -> bool {
        !self.ended.load(Ordering::SeqCst) && self.breaks.load(Ordering::SeqCst) == breaks
    }

    /// How many of so many bytes still come over, and whether the line breaks behind them.
    fn allowed(&self, bytes: usize) -> (usize, bool) {
        let wanted = i64::try_from(bytes).unwrap();
        let left = self.left.load(Ordering::SeqCst);
        if left < 0 || wanted == 0 {
            return (bytes, false);
        }
        if wanted <= left {
            self.left.store(left - wanted, Ordering::SeqCst);
            return (bytes, false);
        }
        // It is a new line that whoever calls again gets.
        self.left.store(-1, Ordering::SeqCst);
        (usize::try_from(left).unwrap(), true)
    }
}
