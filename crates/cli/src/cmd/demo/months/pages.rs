//! The companies' public pages, while the demo waits.

use super::{cast::PROVIDERS, world::World};
use crate::failure::Failure;
use portcullis_web::{Limits, Server};
use std::{net::TcpListener, sync::Arc};

/// The pages, served until this is dropped.
pub(in crate::cmd::demo) struct Pages {
    /// Whose page lies where.
    pub(super) urls: Vec<(&'static str, String)>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Pages {
    /// Serves every company's public record on a loopback address of its own, in plain HTTP, so
    /// that a browser on this machine needs no certificate.
    pub(super) fn serve(world: &World) -> Result<Self, Failure> {
        let failed =
            |error: &dyn core::fmt::Display| Failure::unable("demo.page", error.to_string());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| failed(&error))?;
        let mut urls = Vec::new();
        for word in PROVIDERS {
            let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| failed(&error))?;
            let doors = Arc::clone(&world.at(word).node);
            let server = Server::plain(listener, doors, Limits::default());
            let server = server.map_err(|error| failed(&error))?;
            urls.push((word, format!("http://{}/", server.address())));
            runtime.spawn(server.run(std::future::pending()));
        }
        Ok(Self {
            urls,
            runtime: Some(runtime),
        })
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
