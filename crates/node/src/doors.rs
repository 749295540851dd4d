//! The node's doors: what `web` and the simulator call.

use crate::{
    Node,
    door::{Doors, Problem, PublicFile, WitnessAnswer},
};
use portcullis_core::{digest::Digest, id::PackageId, member::MemberId};
use portcullis_tlog::{
    note::{KeyKind, VerifierKey},
    policy::POLICY_ITEMS_MAX,
};

/// What of the blobs everybody may read.
const PUBLIC: [&str; 4] = ["log/", "register/log/", "report/", "opened/"];

fn fault(error: impl core::fmt::Display) -> Problem {
    tracing::error!(%error, "a door could not be answered");
    Problem {
        status: 500,
        code: "node.fault",
        detail: "this node cannot answer now; try again".into(),
    }
}

impl Doors for Node {
    fn member_of_certificate(&self, certificate: &Digest) -> Option<MemberId> {
        let history = self.history().ok()?;
        history
            .newest()
            .register
            .member_of_certificate(certificate)
            .cloned()
    }

    fn receive(&self, from: &MemberId, body: &[u8]) -> Result<Vec<u8>, Problem> {
        self.take_in(from, body)
    }

    fn witness_add_checkpoint(&self, body: &[u8]) -> WitnessAnswer {
        self.witness(body)
    }

    fn public_file(&self, path: &str) -> Option<PublicFile> {
        const TEXT: &str = "text/plain; charset=utf-8";
        if path == "register/versions" {
            let bytes = self.export_register().ok()?;
            return Some(PublicFile {
                bytes,
                media_type: "application/json",
                immutable: false,
            });
        }
        if let Some(hex) = path
            .strip_prefix("witness/")
            .and_then(|rest| rest.strip_suffix("/checkpoint"))
        {
            let bytes = self.witnessed_latest(hex)?;
            return Some(PublicFile {
                bytes,
                media_type: TEXT,
                immutable: false,
            });
        }
        if let Some(text) = self.policy_of(path) {
            return Some(PublicFile {
                bytes: text.into_bytes(),
                media_type: TEXT,
                immutable: false,
            });
        }
        if !PUBLIC.iter().any(|prefix| path.starts_with(prefix)) {
            return None;
        }
        let bytes = self.blobs.get(path).ok().flatten()?;
        let tile = path.contains("/tile/");
        let immutable = tile || path.contains("/checkpoints/") || path.contains("/shapes/");
        let ends = |end: &str| path.ends_with(end);
        let media_type = match path {
            _ if tile => "application/octet-stream",
            _ if ends(".json") => "application/json",
            _ if ends(".html") => "text/html; charset=utf-8",
            _ => TEXT,
        };
        Some(PublicFile {
            bytes,
            media_type,
            immutable,
        })
    }

    fn record(&self) -> Option<crate::public::Record> {
        Some(Node::record(self))
    }

    fn cell(&self) -> Option<std::sync::Arc<crate::cell::Cell>> {
        Node::cell(self).cloned()
    }

    fn hear_replies(&self, from: &MemberId, ask: &crate::cell::feed::Ask) -> Result<(), Problem> {
        let Some(cell) = Node::cell(self) else {
            return Ok(());
        };
        let vouch = crate::cell::follow::Vouch {
            peer_of: &|member| self.peer(member).ok(),
            verify: &|object, proof| self.verify_provenance(object, proof),
        };
        cell.hear_replies(from, ask, vouch)
    }

    fn package_size(&self, from: &MemberId, package: PackageId) -> Result<u64, Problem> {
        self.released_to(from, package)?;
        let size = self
            .blobs
            .size(&Self::package_path(&package))
            .map_err(fault)?;
        size.ok_or_else(|| Problem {
            status: 404,
            code: "package.unknown",
            detail: "its bytes are gone".into(),
        })
    }

    fn package_part(
        &self,
        from: &MemberId,
        package: PackageId,
        offset: u64,
        len: usize,
    ) -> Result<Vec<u8>, Problem> {
        let size = self.package_size(from, package)?;
        if offset > size {
            return Err(Problem {
                status: 416,
                code: "package.range",
                detail: format!("the package has {size} bytes"),
            });
        }
        let len = (len as u64).min(size - offset);
        let bytes = self
            .blobs
            .get_range(&Self::package_path(&package), offset, len)
            .map_err(fault)?;
        bytes.ok_or_else(|| Problem {
            status: 404,
            code: "package.unknown",
            detail: "its bytes are gone".into(),
        })
    }

    fn upload_offset(&self, from: &MemberId, package: PackageId) -> Result<u64, Problem> {
        let (_, size) = self.pushed_by(from, package)?;
        if self
            .blobs
            .exists(&Self::collected_path(&package))
            .map_err(fault)?
        {
            return Ok(size);
        }
        let parts = self.upload_parts(&package).map_err(fault)?;
        Ok(parts.iter().map(|(_, _, size)| size).sum())
    }

    fn upload_part(
        &self,
        from: &MemberId,
        package: PackageId,
        offset: u64,
        bytes: &[u8],
    ) -> Result<u64, Problem> {
        let (_, size) = self.pushed_by(from, package)?;
        let stands = self.upload_offset(from, package)?;
        let end = offset.saturating_add(bytes.len() as u64);
        if offset != stands || end > size || bytes.is_empty() {
            let detail = format!("the upload stands at {stands} of {size} bytes");
            return Err(Problem {
                status: 409,
                code: "package.offset",
                detail,
            });
        }
        self.blobs
            .put(&format!("uploads/{package}/{offset:020}"), bytes.to_vec())
            .map_err(fault)?;
        if end == size {
            self.assemble(&package).map_err(fault)?;
        }
        Ok(end)
    }
}

impl Node {
    /// The tlog-policy for one generation of our log, as the register has it now: its key, the
    /// keys of the other members' logs, and the register's witnesses.
    ///
    /// Other logs stand under their registered names, without generation, as the register does
    /// not say in which they are: readers of reports know `host/path` in every generation.
    fn policy_of(&self, path: &str) -> Option<String> {
        let generation = path.strip_prefix("log/")?.strip_suffix("/policy")?;
        let generation = generation.parse().ok().filter(|number| *number > 0)?;
        let own = self.keys.log_signer(generation)?.vkey();
        let history = self.history().ok()?;
        let register = &history.newest().register;
        let mut logs = vec![own];
        let listed = register.members.values();
        for log in listed.filter_map(|member| member.log.as_deref()?.parse().ok()) {
            let log: VerifierKey = log;
            // SPEC: tlog-policy lists a key once; two members with one key are one log.
            let known = |other: &VerifierKey| other.public_key() == log.public_key();
            if log.kind() == KeyKind::Note
                && logs.len() < POLICY_ITEMS_MAX
                && !logs.iter().any(known)
            {
                logs.push(log);
            }
        }
        let logs = logs.iter().map(|log| format!("log {log}\n"));
        Some(logs.collect::<String>() + &register.witness_policy)
    }

    /// Puts an upload's parts together once all are there.
    fn assemble(&self, package: &PackageId) -> Result<(), crate::NodeError> {
        let parts = self.upload_parts(package)?;
        let mut reader = Parts {
            node: self,
            paths: parts.iter().map(|(path, ..)| path.clone()).collect(),
            open: Vec::new(),
            at: 0,
        };
        self.blobs
            .put_reader(&Self::collected_path(package), &mut reader)?;
        self.blobs.sync([Self::collected_path(package).as_str()])?;
        for (path, ..) in parts {
            self.blobs.delete(&path)?;
        }
        Ok(())
    }
}

/// The parts of an upload, one after the other.
struct Parts<'a> {
    node: &'a Node,
    paths: std::collections::VecDeque<String>,
    open: Vec<u8>,
    at: usize,
}

impl std::io::Read for Parts<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.at == self.open.len() {
            let Some(path) = self.paths.pop_front() else {
                return Ok(0);
            };
            let bytes = self.node.blobs.get(&path).map_err(std::io::Error::other)?;
            self.open = bytes.ok_or_else(|| std::io::Error::other("a part is gone"))?;
            self.at = 0;
        }
        let rest = self.open.get(self.at..).unwrap_or_default();
        let n = rest.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(rest) {
            *to = *from;
        }
        self.at += n;
        Ok(n)
    }
}
