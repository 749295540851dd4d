//! Packages at a node: who may fetch which bytes, and what must be recorded first.

use crate::{Node, NodeError, door::Problem};
use portcullis_core::{
    digest::Digest,
    grant::Grant,
    id::{CaseId, PackageId},
    member::MemberId,
    order::ItemNumber,
    statement::{Event, Recorded, Seal},
};
use portcullis_sign::SecretKey;
use std::collections::BTreeSet;

/// Whether a package's leaves are recorded, as law 4 asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReleaseReadiness {
    /// They are in a checkpoint that a quorum has cosigned.
    Recorded,
    /// They wait for a tick or for witnesses.
    Waiting,
}

impl Node {
    /// Deletes the bytes of packages whose case was erased: what a stop in between left behind.
    /// Answers how many packages that were.
    ///
    /// # Errors
    ///
    /// [`NodeError`] when our own records or files cannot be read.
    pub fn delete_orphans(&self) -> Result<usize, NodeError> {
        let mut orphans = BTreeSet::new();
        for folder in ["packages", "collected", "uploads"] {
            for path in self.blobs.list(folder)? {
                let mut words = path.split(['/', '.']);
                let Some(package) = words.find_map(|word| word.parse::<PackageId>().ok()) else {
                    continue;
                };
                let Some(case) = self.case_of(&package) else {
                    continue;
                };
                if self.store.case(&case)?.is_some_and(|record| record.erased) {
                    orphans.insert(package);
                }
            }
        }
        for package in &orphans {
            self.delete_package(package)?;
        }
        Ok(orphans.len())
    }

    /// Where a sealed package's bytes lie among the blobs.
    pub fn package_path(package: &PackageId) -> String {
        format!("packages/{package}.age")
    }

    /// Where a collected package's bytes lie among the blobs.
    pub fn collected_path(package: &PackageId) -> String {
        format!("collected/{package}.age")
    }

    /// Where a package's bytes lie while they are being collected.
    pub fn collecting_path(package: &PackageId) -> String {
        format!("collected/{package}.age.part")
    }

    /// The right to seal these items now: every signature is judged anew first.
    ///
    /// # Errors
    ///
    /// [`NodeError::NoLongerHolds`] with the verdict's line; [`NodeError::Refused`].
    pub fn grant(&self, case: CaseId, items: &BTreeSet<ItemNumber>) -> Result<Grant, NodeError> {
        self.still_holds(case)?;
        let viewed = self.view(case)?;
        let history = self.history()?;
        let authority = history
            .newest()
            .register
            .members
            .get(&viewed.case.order.authority);
        // A key that was taken out of the register is perhaps in other hands by now.
        if !authority.is_some_and(|member| {
            member
                .delivery_keys
                .contains(&viewed.case.order.delivery_key)
        }) {
            return Err(portcullis_core::case::Refusal::ForeignDeliveryKey.into());
        }
        Ok(viewed
            .case
            .grant(viewed.grounds.basis(), items, self.now())?)
    }

    fn still_holds(&self, case: CaseId) -> Result<(), NodeError> {
        let verdict = self.verdict(case)?;
        if verdict.holds() {
            Ok(())
        } else {
            Err(NodeError::NoLongerHolds(verdict.line))
        }
    }

    /// Whether a package may be released as law 4 asks.
    ///
    /// # Errors
    ///
    /// [`NodeError`] when there is no such package.
    pub fn release_readiness(
        &self,
        case: CaseId,
        package: &PackageId,
    ) -> Result<ReleaseReadiness, NodeError> {
        let sealed = self.sealed_statement(case, package)?;
        // A statement of ours gets its proof once every one of its leaves is cosigned, never before.
        let held = self.store.statement(&sealed)?;
        let recorded = held.is_some_and(|(_, statement)| statement.proof.is_some());
        Ok(if recorded {
            ReleaseReadiness::Recorded
        } else {
            ReleaseReadiness::Waiting
        })
    }

    /// Sees that what a statement of ours claims is so here, whoever prepared and signed it:
    /// that the order behind a package still holds (law 1), that a release is recorded or
    /// promised (law 4), and that an attachment is the one that was signed for.
    pub(crate) fn stands_on(
        &self,
        case: CaseId,
        event: &Event,
        attachment: Option<&[u8]>,
    ) -> Result<(), NodeError> {
        let names = |bytes| crate::intake::attachment_digest(event, bytes);
        if attachment.is_some_and(|bytes| names(bytes) == Some(false)) {
            return Err(NodeError::OtherAttachment);
        }
        match event {
            Event::Sealed(_) => self.still_holds(case),
            Event::Released { package, recorded } => {
                self.still_holds(case)?;
                let recorded = match recorded {
                    Recorded::Cosigned => {
                        self.release_readiness(case, package)? == ReleaseReadiness::Recorded
                    }
                    Recorded::Promised(digest) => {
                        let sealed = self.sealed_statement(case, package)?;
                        let made = self.store.promise(&sealed)?;
                        made.map(|made| portcullis_verdict::text::sha256(&made)) == Some(*digest)
                    }
                };
                if recorded {
                    Ok(())
                } else {
                    Err(NodeError::NotRecorded)
                }
            }
            _ => Ok(()),
        }
    }

    /// Releases a package by a second officer: recorded first, or promised where the law lets.
    ///
    /// # Errors
    ///
    /// [`NodeError::NotRecorded`] until the leaves are cosigned; [`NodeError`] otherwise.
    pub fn release(
        &self,
        case: CaseId,
        package: PackageId,
        by: &SecretKey,
        promise: bool,
    ) -> Result<crate::Said, NodeError> {
        let (event, attachment) = self.release_event(case, package, promise)?;
        self.say(Some(case), &event, by, attachment.as_deref())
    }

    /// What a release would say now — recorded first, or promised where the law lets — and the
    /// promise that goes with it: for saying it with a key that is elsewhere.
    ///
    /// # Errors
    ///
    /// As [`Self::release`].
    pub fn release_event(
        &self,
        case: CaseId,
        package: PackageId,
        promise: bool,
    ) -> Result<(Event, Option<Vec<u8>>), NodeError> {
        self.still_holds(case)?;
        let ready = self.release_readiness(case, &package)?;
        let (recorded, attachment) = match (ready, promise) {
            (ReleaseReadiness::Recorded, _) => (Recorded::Cosigned, None),
            (ReleaseReadiness::Waiting, false) => return Err(NodeError::NotRecorded),
            (ReleaseReadiness::Waiting, true) => {
                let sealed = self.sealed_statement(case, &package)?;
                let (digest, bytes) = self.make_promise(&sealed)?;
                (Recorded::Promised(digest), Some(bytes))
            }
        };
        Ok((Event::Released { package, recorded }, attachment))
    }

    /// To whom a released package of ours may be pushed, and what was signed for.
    ///
    /// # Errors
    ///
    /// [`NodeError::Refused`]: not our package, not released, or the order is no longer in force.
    pub fn push_to(
        &self,
        case: CaseId,
        package: &PackageId,
    ) -> Result<(crate::peers::Peer, Seal), NodeError> {
        use portcullis_core::case::Refusal;
        let viewed = self.view(case)?;
        if viewed.case.order.provider != self.me {
            return Err(Refusal::OtherMember.into());
        }
        let held = viewed.case.packages.get(package);
        let held = held.ok_or(Refusal::UnknownPackage)?;
        if held.released.is_none() {
            return Err(Refusal::NotReleased.into());
        }
        if held.collected.is_none() {
            self.may_still_leave(&viewed, &held.seal)?;
        }
        Ok((self.peer(&viewed.case.order.authority)?, held.seal.clone()))
    }

    /// The statement that sealed a package.
    ///
    /// # Errors
    ///
    /// [`NodeError::UnknownCase`]; [`NodeError::Refused`] when there is no such package.
    pub fn sealed_statement(&self, case: CaseId, package: &PackageId) -> Result<Digest, NodeError> {
        let record = self
            .store
            .case(&case)?
            .ok_or(NodeError::UnknownCase(case))?;
        for statement in &record.statements {
            if statement.kind == "sealed" {
                let parsed = crate::record::statement_of(statement)?;
                if matches!(&parsed.event, Event::Sealed(seal) if seal.package == *package) {
                    return Ok(statement.digest);
                }
            }
        }
        Err(portcullis_core::case::Refusal::UnknownPackage.into())
    }

    pub(crate) fn delete_package(&self, package: &PackageId) -> Result<(), NodeError> {
        self.blobs.delete(&Self::package_path(package))?;
        self.blobs.delete(&Self::collected_path(package))?;
        self.blobs.delete(&Self::collecting_path(package))?;
        for part in self.upload_parts(package)? {
            self.blobs.delete(&part.0)?;
        }
        Ok(())
    }

    pub(crate) fn case_of(&self, package: &PackageId) -> Option<CaseId> {
        let bytes = self
            .store
            .meta(&format!("package/{package}"))
            .ok()
            .flatten()?;
        String::from_utf8(bytes).ok()?.parse().ok()
    }

    /// The package of a case in which `from` is the authority and we are the provider, and
    /// which has been released.
    pub(crate) fn released_to(&self, from: &MemberId, package: PackageId) -> Result<(), Problem> {
        let unknown = || Problem {
            status: 404,
            code: "package.unknown",
            detail: "no such package for you".into(),
        };
        let case = self.case_of(&package).ok_or_else(unknown)?;
        let viewed = self.view(case).map_err(|_| unknown())?;
        if viewed.case.order.authority != *from || viewed.case.order.provider != self.me {
            return Err(unknown());
        }
        let held = viewed.case.packages.get(&package).ok_or_else(unknown)?;
        if held.released.is_none() {
            let detail = "the package has not been released".into();
            return Err(Problem {
                status: 403,
                code: "package.not_released",
                detail,
            });
        }
        if held.collected.is_none()
            && let Err(error) = self.may_still_leave(&viewed, &held.seal)
        {
            return Err(Problem {
                status: 403,
                code: error.code(),
                detail: error.to_string(),
            });
        }
        Ok(())
    }

    /// Whether a released package that nobody has collected yet may still go: the order is in
    /// force, nothing of it was removed, and its signatures are believed by today's register.
    fn may_still_leave(&self, viewed: &crate::Viewed, seal: &Seal) -> Result<(), NodeError> {
        viewed.case.in_force(viewed.grounds.basis(), self.now())?;
        let gone = |item: &&ItemNumber| !viewed.case.order.items.contains_key(item);
        if let Some(item) = seal.items.iter().find(gone) {
            return Err(portcullis_core::case::Refusal::ItemNotOpen { item: *item }.into());
        }
        self.still_holds(viewed.case.id)
    }

    /// The expected size of a package that `from`, the provider, may push to us.
    pub(crate) fn pushed_by(
        &self,
        from: &MemberId,
        package: PackageId,
    ) -> Result<(CaseId, u64), Problem> {
        let unknown = || Problem {
            status: 404,
            code: "package.unknown",
            detail: "no such package expected from you".into(),
        };
        let case = self.case_of(&package).ok_or_else(unknown)?;
        let viewed = self.view(case).map_err(|_| unknown())?;
        if viewed.case.order.provider != *from || viewed.case.order.authority != self.me {
            return Err(unknown());
        }
        let held = viewed.case.packages.get(&package).ok_or_else(unknown)?;
        if held.released.is_none() {
            let detail = "the package has not been released".into();
            return Err(Problem {
                status: 403,
                code: "package.not_released",
                detail,
            });
        }
        Ok((case, held.seal.size_bytes))
    }

    /// Parts of an upload, in order: path, offset and size. Each part is one whole blob, so
    /// an upload survives a stop at any moment.
    pub(crate) fn upload_parts(
        &self,
        package: &PackageId,
    ) -> Result<Vec<(String, u64, u64)>, NodeError> {
        let mut parts = Vec::new();
        for path in self.blobs.list(&format!("uploads/{package}"))? {
            let offset = path
                .rsplit('/')
                .next()
                .and_then(|name| name.parse::<u64>().ok());
            if let (Some(offset), Some(size)) = (offset, self.blobs.size(&path)?) {
                parts.push((path, offset, size));
            }
        }
        parts.sort_by_key(|(_, offset, _)| *offset);
        Ok(parts)
    }
}
