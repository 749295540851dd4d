//! An answer's body: what the router gave, bytes that are there already, in pieces, or
//! a page that is read from the journal as it goes out.

use axum::body::Body as RouterBody;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use portcullis_node::cell::Laid;
use std::{
    pin::Pin,
    task::{Context, Poll},
    vec,
};

/// A body of any kind.
pub(crate) enum Outgoing {
    /// As a handler behind the router made it.
    Router(RouterBody),
    /// Pieces that are written as they are, without being put together first.
    Pieces {
        /// The one that goes next; most answers have no other.
        next: Option<Bytes>,
        /// Those after it.
        rest: vec::IntoIter<Bytes>,
        /// Bytes of all that are left.
        left: u64,
    },
    /// Read as it is written. What cannot be read breaks the connection off: the length was said.
    Laid(Box<Laid>),
}

impl Outgoing {
    /// Of pieces, none of them empty but for a body without any.
    pub(super) fn pieces(pieces: Vec<Bytes>) -> Self {
        let left = pieces.iter().map(|piece| piece.len() as u64).sum();
        let mut rest = pieces.into_iter();
        let next = rest.by_ref().find(|piece| !piece.is_empty());
        Self::Pieces { next, rest, left }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match self.get_mut() {
            Self::Router(body) => Pin::new(body).poll_frame(context),
            Self::Pieces { next, rest, left } => Poll::Ready(next.take().map(|piece| {
                *left = left.saturating_sub(piece.len() as u64);
                *next = rest.find(|piece| !piece.is_empty());
                Ok(Frame::data(piece))
            })),
            Self::Laid(laid) => {
                let piece = laid.piece().inspect_err(|error| {
                    tracing::error!(%error, "a page is broken off");
                });
                let piece = piece.map_err(axum::Error::new).transpose();
                Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Router(body) => body.is_end_stream(),
            Self::Pieces { next, .. } => next.is_none(),
            Self::Laid(laid) => laid.left() == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Router(body) => body.size_hint(),
            Self::Pieces { left, .. } => SizeHint::with_exact(*left),
            Self::Laid(laid) => SizeHint::with_exact(laid.left() as u64),
        }
    }
}
