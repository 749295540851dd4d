//! One connection, from its handshake to its last byte.

use super::patience::Patience;
use crate::{
    house::{self, Shown},
    identity::digest_of,
    limits::{
        BUFFER_BYTES_MAX, HEADER_BYTES_MAX, HEADERS_MAX, LINGER_BYTES_MAX, LINGER_TIMEOUT, Limits,
    },
    taxii::{self, Answering, Knock},
};
use axum::{Router, body::Body};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ProtocolVersion;
use std::{future::poll_fn, pin::Pin, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    sync::watch,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

/// What every connection is met with.
#[derive(Clone)]
pub(super) struct Entrance {
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) router: Router,
    pub(super) taxii: Arc<taxii::Door>,
    pub(super) limits: Limits,
    pub(super) closes: watch::Receiver<bool>,
}

impl Entrance {
    /// Serves one connection to its end. Failures are the client's business and told nobody else.
    pub(super) async fn attend(self, stream: TcpStream) {
        // Small answers go out at once; without this they only go out later.
        let _ = stream.set_nodelay(true);
        let Some(acceptor) = self.tls.clone() else {
            return linger(self.converse(stream, Shown(None)).await).await;
        };
        match timeout(self.limits.handshake_timeout, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => {
                // Over TLS 1.2 a certificate crosses the wire in the clear: none counts there.
                let tls = stream.get_ref().1;
                let shown = tls
                    .peer_certificates()
                    .filter(|_| tls.protocol_version() == Some(ProtocolVersion::TLSv1_3))
                    .and_then(<[_]>::first)
                    .map(digest_of);
                linger(self.converse(stream, Shown(shown)).await.into_inner().0).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, "a handshake failed"),
            Err(_) => tracing::debug!("a handshake took too long"),
        }
    }

    /// Answers requests until either side closes; says goodbye, and gives the stream back.
    async fn converse<S>(self, stream: S, shown: Shown) -> S
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (router, taxii) = (self.router, self.taxii);
        let knock = Knock::new(shown.0);
        let service = service_fn(move |request: Request<Incoming>| {
            let path = request.uri().path();
            if taxii::is_taxii(path) || taxii::is_extra(path) {
                return taxii.answer(request, &knock);
            }
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(shown);
            Answering::router(house::answer(router.clone(), request))
        });
        let stream = TokioIo::new(Patience::new(stream, self.limits.read_timeout));
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.read_timeout)
            .max_header_size(HEADER_BYTES_MAX)
            .max_buf_size(BUFFER_BYTES_MAX)
            .max_headers(HEADERS_MAX)
            .serve_connection(stream, service);
        let ended = tokio::select! {
            biased;
            () = closing(self.closes) => None,
            ended = poll_fn(|context| connection.poll_without_shutdown(context)) => Some(ended),
        };
        let ended = if let Some(ended) = ended {
            ended
        } else {
            Pin::new(&mut connection).graceful_shutdown();
            poll_fn(|context| connection.poll_without_shutdown(context)).await
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
        let mut stream = connection.into_parts().io.into_inner();
        let _ = stream.shutdown().await;
        stream.into_inner()
    }
}

/// Resolves when the server closes.
async fn closing(mut closes: watch::Receiver<bool>) {
    // An error says that the server is gone, which is as good.
    let _ = closes.wait_for(|closing| *closing).await;
}

/// Throws away, for a moment, what the client still sends. Closing with bytes
/// unread would reset the connection and could take our last answer with it —
/// the 413 to somebody who is still sending.
async fn linger(mut stream: TcpStream) {
    let drain = async {
        let mut scrap = vec![0; 16 * 1024];
        let mut left = LINGER_BYTES_MAX;
        while let Ok(read @ 1..) = stream.read(&mut scrap).await {
            left = left.saturating_sub(read);
            if left == 0 {
                break;
            }
        }
    };
    let _ = timeout(LINGER_TIMEOUT, drain).await;
}
