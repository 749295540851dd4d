//! The server: it listens, lets connections in as far as the limits go, and closes in order.

mod connection;
mod patience;

use crate::{
    house::House,
    identity::{IdentityError, TlsIdentity},
    limits::Limits,
    taxii,
    turnstile::Turnstile,
};
use connection::Entrance;
use portcullis_node::door::Doors;
use std::{
    future::Future,
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

/// How long accepting rests after it failed: the usual cause, no more file descriptors, passes.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why a server does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The socket could not be used.
    #[error("the socket cannot be used")]
    Socket(#[from] io::Error),
    /// The certificate and its key could not be used.
    #[error("the TLS identity cannot be used")]
    Identity(#[from] IdentityError),
    /// Plain HTTP is for the machine itself.
    #[error("`{0}` can be reached by others: plain HTTP is served on loopback only")]
    NotLoopback(SocketAddr),
}

/// A node's doors on one socket.
pub struct Server {
    listener: std::net::TcpListener,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    doors: Arc<dyn Doors>,
    limits: Limits,
}

impl Server {
    /// Behind TLS 1.3. Clients may show a certificate; under `/peer` they must.
    ///
    /// # Errors
    ///
    /// [`ServeError::Socket`], [`ServeError::Identity`].
    pub fn tls(
        listener: std::net::TcpListener,
        identity: &TlsIdentity,
        doors: Arc<dyn Doors>,
        limits: Limits,
    ) -> Result<Self, ServeError> {
        let tls = TlsAcceptor::from(Arc::new(crate::tls::server(identity)?));
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            tls: Some(tls),
            doors,
            limits,
        })
    }

    /// In plain HTTP on a loopback address: the public doors for whoever sits at
    /// the machine. Without certificates nobody is a member.
    ///
    /// # Errors
    ///
    /// [`ServeError::Socket`], [`ServeError::NotLoopback`].
    pub fn plain(
        listener: std::net::TcpListener,
        doors: Arc<dyn Doors>,
        limits: Limits,
    ) -> Result<Self, ServeError> {
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() {
            return Err(ServeError::NotLoopback(address));
        }
        Ok(Self {
            listener,
            address,
            tls: None,
            doors,
            limits,
        })
    }

    /// Where it listens, with the port that the system chose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` resolves; then takes no more connections, lets
    /// requests in flight finish within [`Limits::shutdown_grace`], and drops the rest.
    ///
    /// # Errors
    ///
    /// [`ServeError::Socket`] if the listener cannot be used at all.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
        self.listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(self.listener)?;
        let (closing, closes) = watch::channel(false);
        let entrance = Entrance {
            tls: self.tls,
            taxii: taxii::Door::new(self.doors.clone(), self.limits),
            router: House::new(self.doors, self.limits).router(),
            limits: self.limits,
            closes,
        };
        let seats = Arc::new(Semaphore::new(self.limits.connections_max));
        let addresses = Turnstile::new(self.limits.connections_per_address_max);
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        loop {
            let seat = tokio::select! {
                biased;
                () = &mut shutdown => break,
                seat = seats.clone().acquire_owned() => seat,
            };
            let accepted = tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(_) = connections.join_next() => continue,
                accepted = listener.accept() => accepted,
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "no connection could be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Some(turn) = addresses.enter(neighbourhood(address.ip())) else {
                continue;
            };
            let entrance = entrance.clone();
            connections.spawn(async move {
                entrance.attend(stream).await;
                drop((seat, turn));
            });
        }
        drop(listener);
        closing.send_replace(true);
        let finished = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(self.limits.shutdown_grace, finished)
            .await
            .is_err()
        {
            tracing::warn!("some requests did not finish before shutdown");
            connections.shutdown().await;
        }
        Ok(())
    }
}

/// [`Server::tls`] and [`Server::run`] with the usual limits.
///
/// # Errors
///
/// As those two.
pub async fn serve(
    listener: std::net::TcpListener,
    identity: &TlsIdentity,
    doors: Arc<dyn Doors>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    Server::tls(listener, identity, doors, Limits::default())?
        .run(shutdown)
        .await
}

/// What counts as one address: an IPv4 address, or the /64 that one IPv6 host can draw from.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_ipv6_network_count_as_one() {
        let of = |text: &str| neighbourhood(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::3"), of("2001:db8:1:2:ffff::4"));
        assert_ne!(of("2001:db8:1:2::3"), of("2001:db8:1:3::3"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
