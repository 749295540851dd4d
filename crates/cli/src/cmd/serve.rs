//! `portcullis serve`: the node, running.

mod alone;
mod cell;
mod follows;

use crate::{Answer, clock::pause, failure::Failure, home::Home, ui::Ui};
use clap::Args;
use portcullis_core::member::MemberId;
use portcullis_node::{Node, NodeError, peers::Peers};
use portcullis_web::{HttpPeers, Limits, Server};
use std::{
    collections::BTreeSet,
    io::ErrorKind,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::ExitCode,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// Runs the node: its doors, and the workers that sequence, deliver and keep time.
///
/// Runs until interrupted. Other commands may be used on the same folder meanwhile; what they
/// say is brought to the other members by this process. A second `serve` on one folder is refused.
/// Logs go to standard error; set `PORTCULLIS_LOG=debug` for more.
///
/// Example: `portcullis --dir csirt serve`
#[derive(Args)]
pub(crate) struct Serve {
    /// Listens here instead of where the configuration says.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Ends when standard input does: for whoever starts nodes and must not leave any behind.
    #[arg(long, hide = true)]
    until_input_ends: bool,
}

/// How often the store is asked whether anything moved.
const LOOK: Duration = Duration::from_millis(25);
/// How often it is seen whether leaves made ahead were used.
const AHEAD_LOOK: Duration = Duration::from_millis(250);
/// How often the register is asked for at its members.
const REGISTER_EVERY: Duration = Duration::from_mins(5);

impl Serve {
    pub(crate) fn run(self, dir: &Path, ui: &Ui) -> Answer {
        start_logging();
        let home = Home::open(dir)?;
        // Held until the process ends, by whatever.
        let _alone = alone::alone(dir)?;
        // Whoever knocks from now on waits in the system's queue until the doors open.
        let address = self.listen.unwrap_or_else(|| home.config.listen.clone());
        let (listener, bound) = listen(&address, "listen")?;
        let plain = cell::plain_listener(&home)?;
        let node = home.node()?;
        let peers = Arc::new(home.peers()?);
        let stop = Arc::new(AtomicBool::new(false));
        let workers = [
            worker("sequencer", &node, &peers, &stop, sequence),
            worker("courier", &node, &peers, &stop, deliver),
            worker("sweeper", &node, &peers, &stop, sweep),
            worker("register", &node, &peers, &stop, follow_register),
            worker("resync", &node, &peers, &stop, resync),
            worker("ahead", &node, &peers, &stop, make_ahead),
        ];
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| Failure::unable("runtime", error.to_string()))?;
        let failed =
            |error: portcullis_web::server::ServeError| Failure::unable("serve", error.to_string());
        let mut limits = Limits::default();
        if let Some(cell) = home.config.cell() {
            limits.taxii_content_bytes_max = cell.max_content_length;
        }
        let mut servers =
            vec![Server::tls(listener, &home.tls()?, node.clone(), limits).map_err(failed)?];
        let cell_workers = cell::workers(&home, &node, &peers, &stop)?;
        ui.say(format_args!(
            "`{}` serves on https://{bound}",
            home.config.member
        ));
        let mut plainly = None;
        if let Some((listener, address)) = plain {
            ui.say(format_args!(
                "and to this machine on http://{address}, TAXII at http://{address}/taxii2/"
            ));
            plainly = Some(address.to_string());
            // One proxy, or one busy client, may be everybody there is.
            let limits = Limits {
                connections_per_address_max: limits.connections_max,
                ..limits
            };
            servers.push(Server::plain(listener, node.clone(), limits).map_err(failed)?);
        }
        ui.answer(
            &serde_json::json!({ "member": home.config.member, "listening": bound.to_string(), "plain": plainly }),
        );
        let served = runtime.block_on(attend(servers, interrupted(self.until_input_ends)));
        stop.store(true, Ordering::SeqCst);
        for worker in workers.into_iter().flatten().chain(cell_workers) {
            let _ = worker.join();
        }
        node.sequencer_stop();
        served.map_err(failed)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Listens on an address.
fn listen(address: &str, key: &str) -> Result<(TcpListener, SocketAddr), Failure> {
    let unable = |error: std::io::Error| {
        let why = match error.kind() {
            ErrorKind::AddrInUse => "another program has the port",
            ErrorKind::PermissionDenied => "ports below 1024 are the system's",
            ErrorKind::AddrNotAvailable => "the address is not one of this machine's",
            _ => "an address is like 127.0.0.1:9000",
        };
        Failure::unable("listen", format!("cannot listen on `{address}`: {error}"))
            .hint(format!("{why}; change `{key}` in portcullis.toml"))
    };
    let listener = TcpListener::bind(address).map_err(unable)?;
    let bound = listener.local_addr().map_err(unable)?;
    Ok((listener, bound))
}

/// Runs all servers until `end` resolves, or one of them cannot go on.
async fn attend(
    servers: Vec<Server>,
    end: impl Future<Output = ()>,
) -> Result<(), portcullis_web::server::ServeError> {
    let (ending, ends) = tokio::sync::watch::channel(false);
    let mut running = tokio::task::JoinSet::new();
    for server in servers {
        let mut ends = ends.clone();
        running.spawn(server.run(async move {
            let _ = ends.wait_for(|ended| *ended).await;
        }));
    }
    let mut first = None;
    tokio::select! {
        () = end => {}
        ended = running.join_next() => first = ended,
    }
    ending.send_replace(true);
    let mut served = Ok(());
    while let Some(ended) = match first.take() {
        Some(ended) => Some(ended),
        None => running.join_next().await,
    } {
        // A server that panicked has said so already.
        served = served.and(ended.unwrap_or(Ok(())));
    }
    served
}

fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("PORTCULLIS_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let _ = tracing_subscriber::fmt()
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}

/// Resolves at Ctrl-C, at a request to terminate, and, if asked to, when standard input ends.
async fn interrupted(until_input_ends: bool) {
    let (ended, end) = tokio::sync::oneshot::channel::<()>();
    if until_input_ends {
        // A thread of its own: a read that never returns must hold up nobody's end.
        thread::spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            let _ = ended.send(());
        });
    } else {
        std::mem::forget(ended);
    }
    let terminated = async {
        #[cfg(unix)]
        if let Ok(mut terminate) =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        {
            terminate.recv().await;
            return;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
        _ = end => {}
    }
}

type Work = fn(&Arc<Node>, &Arc<HttpPeers>, &Arc<AtomicBool>);

fn worker(
    name: &str,
    node: &Arc<Node>,
    peers: &Arc<HttpPeers>,
    stop: &Arc<AtomicBool>,
    work: Work,
) -> Option<thread::JoinHandle<()>> {
    let (node, peers, stop) = (Arc::clone(node), Arc::clone(peers), Arc::clone(stop));
    let started = thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || work(&node, &peers, &stop));
    match started {
        Ok(handle) => Some(handle),
        Err(error) => {
            tracing::error!(%error, name, "a worker could not be started");
            None
        }
    }
}

/// Waits a little, and answers whether to go on.
fn goes_on(stop: &AtomicBool, time: Duration) -> bool {
    pause(time);
    !stop.load(Ordering::SeqCst)
}

fn sequence(node: &Arc<Node>, peers: &Arc<HttpPeers>, stop: &Arc<AtomicBool>) {
    let mut next = None;
    let mut told = String::new();
    while goes_on(stop, LOOK) {
        if next.is_some_and(|next| node.now() < next) {
            continue;
        }
        let now = node.now();
        let soon = |seconds| {
            now.saturating_add(jiff::SignedDuration::from_secs(seconds))
                .ok()
        };
        match node.sequencer_tick(&**peers) {
            Ok(done) => {
                next = done.next;
                told = said_once(&told, done.waits.unwrap_or_default());
            }
            // A node that has joined nothing yet may be told any moment, by another command.
            Err(NodeError::NoRegister) => {
                next = soon(1);
                if let Err(error) = node.refresh() {
                    tracing::warn!(%error, "the register cannot be read");
                }
            }
            Err(error) => {
                next = soon(2);
                told = said_once(&told, error.to_string());
            }
        }
    }
}

/// Makes leaves ahead of time, spread over half a tick, and after everything else that this
/// machine has to do.
fn make_ahead(node: &Arc<Node>, _peers: &Arc<HttpPeers>, stop: &Arc<AtomicBool>) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(10) {
        tracing::debug!(%error, "leaves are made ahead at the priority of all else");
    }
    let pace = node.ahead_pace();
    let mut wait = pace;
    while goes_on(stop, wait) {
        wait = match node.ahead_tick() {
            Ok(true) => pace,
            Ok(false) => AHEAD_LOOK,
            Err(error) => {
                tracing::debug!(%error, "no leaf can be made ahead now");
                AHEAD_LOOK
            }
        };
    }
}

/// Says a trouble once, not at every try.
fn said_once(told: &str, trouble: String) -> String {
    if trouble != told && !trouble.is_empty() {
        tracing::warn!(%trouble, "the sequencer waits");
    }
    trouble
}

fn deliver(node: &Arc<Node>, peers: &Arc<HttpPeers>, stop: &Arc<AtomicBool>) {
    let busy: Arc<Mutex<BTreeSet<MemberId>>> = Arc::default();
    let mut seen = None;
    while goes_on(stop, LOOK) {
        let now = node.now();
        let due = node
            .store()
            .next_delivery()
            .ok()
            .flatten()
            .is_some_and(|next| next <= now);
        let changes = node.store().changes().ok();
        if !due && changes == seen {
            continue;
        }
        seen = changes;
        let Ok(members) = node.store().peers_with_deliveries(now) else {
            continue;
        };
        for member in members {
            let fresh = busy
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(member.clone());
            if !fresh {
                continue;
            }
            let (node, peers, stop, busy) = (
                Arc::clone(node),
                Arc::clone(peers),
                Arc::clone(stop),
                Arc::clone(&busy),
            );
            // One peer that is slow or down holds up nobody else.
            let spawned = thread::Builder::new()
                .name(format!("to {member}"))
                .spawn(move || {
                    bring(&node, &member, &*peers, &stop);
                    busy.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .remove(&member);
                });
            if let Err(error) = spawned {
                tracing::error!(%error, "a courier could not be started");
            }
        }
    }
}

/// Brings everything that is due to one member.
fn bring(node: &Node, member: &MemberId, peers: &dyn Peers, stop: &AtomicBool) {
    while !stop.load(Ordering::SeqCst) {
        match node.courier_tick(member, peers) {
            Ok(round) => {
                if round.refused > 0 {
                    tracing::warn!(%member, refused = round.refused, "deliveries were refused; see `portcullis case show`");
                }
                if round.delivered == 0 {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%member, %error, "the outbox cannot be worked on");
                return;
            }
        }
    }
}

fn sweep(node: &Arc<Node>, _peers: &Arc<HttpPeers>, stop: &Arc<AtomicBool>) {
    match node.delete_orphans() {
        Ok(0) => {}
        Ok(packages) => tracing::warn!(
            packages,
            "bytes of erased cases were left behind by a stop, and are deleted now"
        ),
        Err(error) => tracing::warn!(%error, "the files cannot be compared with the cases"),
    }
    while goes_on(stop, 8 * LOOK) {
        match node.sweeper_tick() {
            Ok(_) | Err(NodeError::NoRegister) => {}
            Err(error) => {
                tracing::warn!(%error, "the clocks of cases cannot be read");
                pause(Duration::from_secs(2));
            }
        }
    }
}

/// How long nothing may have arrived before a restored node holds itself to be in step.
const QUIET: Duration = Duration::from_secs(10);

/// After a restore from a backup: asks peers for what they kept, until all have answered
/// and nothing more arrives.
fn resync(node: &Arc<Node>, peers: &Arc<HttpPeers>, stop: &Arc<AtomicBool>) {
    // The sequencer marks the node too, when witnesses know more of our log than we do.
    while goes_on(stop, 10 * LOOK) {
        get_in_step(node, peers, stop);
    }
}

fn get_in_step(node: &Arc<Node>, peers: &Arc<HttpPeers>, stop: &Arc<AtomicBool>) {
    while node.is_restoring().unwrap_or(false) {
        let done = match node.request_resync(&**peers) {
            Ok(done) => done,
            Err(error) => {
                tracing::warn!(%error, "peers cannot be asked yet for what a restore lost");
                if !goes_on(stop, Duration::from_secs(2)) {
                    return;
                }
                continue;
            }
        };
        if !done.silent.is_empty() {
            tracing::warn!(silent = ?done.silent, "restored from a backup; waiting for members to answer");
            if !goes_on(stop, Duration::from_secs(2)) {
                return;
            }
            continue;
        }
        let mut seen = node.arrivals();
        loop {
            if !goes_on(stop, QUIET) {
                return;
            }
            let now = node.arrivals();
            if now == seen {
                break;
            }
            seen = now;
        }
        match node.end_restoring() {
            Ok(()) => tracing::info!("in step with the others again"),
            Err(error) => tracing::warn!(%error, "the end of the restore could not be noted"),
        }
    }
}

/// Keeps the register new: takes what other commands stored, and asks members for theirs.
fn follow_register(node: &Arc<Node>, peers: &Arc<HttpPeers>, stop: &Arc<AtomicBool>) {
    let mut versions = 0;
    let mut waited = Duration::ZERO;
    while goes_on(stop, Duration::from_millis(250)) {
        waited += Duration::from_millis(250);
        let stored = node.store().registers().map_or(0, |records| records.len());
        if stored != versions {
            versions = stored;
            if let Err(error) = node.refresh() {
                tracing::warn!(%error, "the register cannot be read");
            }
        }
        if waited < REGISTER_EVERY && !node.register_is_behind() {
            continue;
        }
        waited = Duration::ZERO;
        let Ok(history) = node.history() else {
            continue;
        };
        let members: Vec<MemberId> = history.newest().register.members.keys().cloned().collect();
        for member in members.iter().filter(|member| *member != node.me()) {
            let fetched = node
                .peer(member)
                .and_then(|peer| node.fetch_register(&peer, &**peers));
            match fetched {
                Ok(version) => tracing::debug!(%member, version, "the register was compared"),
                Err(error) => {
                    tracing::debug!(%member, %error, "the register could not be compared");
                }
            }
        }
    }
}
