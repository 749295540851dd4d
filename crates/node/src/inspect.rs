//! Being inspected: receiving a commitment, answering a sample, and the record of every look.
//!
//! Law 2.9: a case that is shown tells of it. The statement is durable, and its leaf queued,
//! before anything is handed out.

use crate::{
    Node, NodeError,
    log::{LogFault, OwnLog, Prover},
    record::opening_from_bytes,
};
use portcullis_ballot::Leaf;
use portcullis_core::{
    case::Refusal,
    digest::Digest,
    id::CaseId,
    member::MemberId,
    office::Office,
    statement::{Event, Inspection, Look},
};
use portcullis_store::PlacedLeaf;
use portcullis_tlog::{hash::leaf_hash, note::SignedNote, tree::TreeSize};
use portcullis_verdict::{
    evidence::Held,
    inspection::{
        Answer, Aside, Believing, Commitment, Drawn, InspectionError, Open, Opened, Receipt,
        Record, Sample, Signed, check_commitment, check_sample,
    },
    opened::path_of,
    parts::{Contents, Head, Part},
};
use std::collections::{BTreeMap, BTreeSet};

/// How often a look is tried again when the case moved on.
const ATTEMPTS_MAX: usize = 5;
/// The most leaves that one statement names: as long as its list may be.
const LEAVES_PER_STATEMENT: usize = 256;

impl Node {
    /// Receives an overseer's commitment to a sample of our newest log, and signs for it. The
    /// same commitment gets the same receipt, and a second one for the same draw gets none.
    ///
    /// # Errors
    ///
    /// [`NodeError::Inspection`]: it is not an inspector's, about another log, too late, or one too
    /// many.
    pub fn receive_commitment(
        &self,
        commitment: &Signed<Commitment>,
    ) -> Result<Signed<Receipt>, NodeError> {
        let says = commitment.says();
        let (_, member) = self.believing(|believing| check_commitment(commitment, believing))??;
        if member != self.me {
            let why = "commitment is about another member's log";
            return Err(InspectionError::Apart(why).into());
        }
        let key = format!("inspect/{}", commitment.digest());
        if let Some(receipt) = self.store.meta(&key)? {
            return Ok(Receipt::parse(&receipt)?);
        }
        let state = self.store.log(says.origin.as_str())?;
        if state.as_ref().is_some_and(|state| state.closed) {
            let why = "log takes no more leaves";
            return Err(InspectionError::Apart(why).into());
        }
        let size = state.map_or(0, |state| state.size);
        if says.at <= size {
            return Err(InspectionError::TooLate { size, at: says.at }.into());
        }
        // CRASH: it has its place before there is a receipt, and finds it again without one.
        let open_key = format!("inspect/open/{}", says.overseer);
        let open = self.store.meta(&open_key)?;
        let mut open = open.map_or_else(|| Ok(Open::default()), |bytes| Open::parse(&bytes))?;
        open.admit(commitment, |origin, at| -> Result<bool, NodeError> {
            let state = self.store.log(origin)?;
            Ok(state.is_some_and(|state| state.closed || at <= state.size))
        })?;
        self.store.set_meta(&open_key, &open.to_bytes())?;
        let receipt = Receipt {
            realm: self.realm.name().to_owned(),
            member: self.me.clone(),
            commitment: commitment.digest(),
            origin: says.origin.clone(),
            size,
            received_at: self.now(),
        };
        let signing = &self.keys.statements;
        let signed = receipt.signed(signing.sign(Receipt::PAYLOAD_TYPE, &receipt.payload()))?;
        self.store.set_meta(&key, signed.as_bytes())?;
        Ok(signed)
    }

    /// Answers a sample: every leaf picked is opened, and every case that is shown for it tells
    /// of the look first.
    ///
    /// # Errors
    ///
    /// [`NodeError::Inspection`] when the sample does not hold; nothing was shown then.
    pub fn answer_sample(&self, sample: &Signed<Sample>) -> Result<(Drawn, Answer), NodeError> {
        let says = sample.says();
        let commitment = says.commitment.says();
        let (prefix, signer) = self.own_log(commitment.origin.as_str())?;
        let first = self.first_checkpoint(&prefix, commitment.at)?;
        let drawn = self.believing(|believing| check_sample(sample, first, believing))??;
        if drawn.operator != self.me {
            let why = "sample is of another member's log";
            return Err(InspectionError::Apart(why).into());
        }
        let log = OwnLog::new(&self.store, &self.blobs, &prefix, &signer);
        let size = drawn.cosigned.checkpoint.size;
        let mut prover = log.prover_at(size, says.checkpoint.clone());
        let origin = commitment.origin.as_str();
        let placed = self.store.leaves_at(origin, &drawn.picks)?;
        let mut answer = Answer::default();
        let mut looked: BTreeMap<CaseId, BTreeSet<Digest>> = BTreeMap::new();
        for index in &drawn.picks {
            let opened = self.open_leaf(&mut prover, origin, *index, placed.get(index))?;
            if let Some(record) = &opened.record
                && record.opening.is_some()
            {
                let leaf = Digest(leaf_hash(opened.leaf.as_bytes()).0);
                looked.entry(record.case).or_default().insert(leaf);
            }
            answer.leaves.insert(*index, opened);
        }
        for (case, leaves) in looked {
            self.tell_of_sample(case, &commitment.overseer, sample.digest(), &leaves)?;
            answer.cases.insert(case, self.bundle(case)?);
        }
        Ok((drawn, answer))
    }

    /// Says, by the node's own key, that somebody looked at a case.
    ///
    /// # Errors
    ///
    /// [`NodeError::Refused`]: whose look it is not ours to tell of.
    pub fn tell_of_look(&self, case: CaseId, inspection: Inspection) -> Result<(), NodeError> {
        let event = Event::Inspected(inspection);
        for attempt in 1.. {
            let now = self.now();
            if self.is_restoring()? {
                return Err(NodeError::Restoring);
            }
            let loaded = self.load(&case)?.ok_or(NodeError::UnknownCase(case))?;
            let mut growing = loaded.growing.clone();
            let mut joining = vec![self.node_says(&mut growing, &event, now)?];
            self.follow_up(&mut growing, &mut joining, now);
            match self.commit(Some(&loaded), &growing, &joining, Vec::new(), now) {
                Err(NodeError::Contention) if attempt < ATTEMPTS_MAX => {}
                done => return done,
            }
        }
        Err(NodeError::Contention)
    }

    /// A case's evidence, without law files: those are the caller's to add. Attachments are the
    /// applications, the reasons and the promises that travelled beside statements.
    ///
    /// # Errors
    ///
    /// [`NodeError::UnknownCase`]; [`Refusal::Erased`] once the contents are gone.
    pub fn evidence(&self, case: CaseId, attachments: bool) -> Result<Held, NodeError> {
        let record = self.store.case(&case)?;
        let record = record.ok_or(NodeError::UnknownCase(case))?;
        if record.erased {
            return Err(Refusal::Erased.into());
        }
        let mut held = Held {
            bundle: self.bundle(case)?,
            register: self.export_register()?,
            schemas: vec![self.schema_bytes.to_vec()],
            ..Held::default()
        };
        for said in &record.statements {
            if attachments {
                held.attachments.extend(said.attachment.clone());
            }
            for leaf in self.store.leaves_of(&said.digest)? {
                held.opened.extend(self.opened_file(&leaf)?);
            }
        }
        Ok(held)
    }

    /// The head of a file of parts, signed by the node's own key.
    ///
    /// # Errors
    ///
    /// [`NodeError::Broken`] when there is more than a file carries.
    pub fn seal_parts(
        &self,
        contents: Contents,
        subject: String,
        parts: &[Part],
    ) -> Result<Vec<u8>, NodeError> {
        let head = Head {
            contents,
            realm: self.realm.name().to_owned(),
            member: self.me.clone(),
            subject,
            made_at: self.now(),
            parts: parts.iter().map(Part::listed).collect(),
        };
        let key = &self.keys.statements;
        head.line(key.sign(contents.payload_type(), &head.payload()))
            .map_err(|error| NodeError::Broken(error.to_string()))
    }

    fn opened_file(&self, leaf: &PlacedLeaf) -> Result<Option<Vec<u8>>, NodeError> {
        let (prefix, signer) = self.own_log(&leaf.origin)?;
        let log = OwnLog::new(&self.store, &self.blobs, &prefix, &signer);
        let size = self.store.log(&leaf.origin)?.map_or(0, |state| state.size);
        match log.tiles().entry(leaf.index, size) {
            Ok(entry) => Ok(self.blobs.get(&path_of(&leaf_hash(&entry)))?),
            Err(LogFault::Read(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn believing<T>(&self, f: impl FnOnce(&Believing<'_>) -> T) -> Result<T, NodeError> {
        let history = self.history()?;
        Ok(f(&Believing {
            history: &history,
            trust: &self.trust,
            now: self.now(),
        }))
    }

    /// The size of the first cosigned checkpoint with so many leaves, if those of that time are
    /// kept.
    fn first_checkpoint(&self, prefix: &str, at: u64) -> Result<Option<u64>, NodeError> {
        let folder = format!("{prefix}/checkpoints");
        let paths = self.blobs.list(&folder)?;
        let sizes = paths
            .iter()
            .filter_map(|path| path.rsplit_once('/')?.1.parse::<u64>().ok());
        Ok(sizes.filter(|size| at <= *size).min())
    }

    fn open_leaf(
        &self,
        prover: &mut Prover<'_>,
        origin: &str,
        index: u64,
        placed: Option<&(Digest, PlacedLeaf)>,
    ) -> Result<Opened, NodeError> {
        let broken = |why: String| NodeError::Broken(format!("leaf {index}: {why}"));
        let entry = prover.entry(index)?;
        let leaf = Leaf::parse(&entry).map_err(|error| broken(error.to_string()))?;
        let digest = <[u8; 32]>::try_from(leaf.digest()).unwrap_or_default();
        let (mut record, mut aside) = (None, None);
        if let Some((statement, placed)) = placed {
            if let Some(word) = self.store.aside(statement)? {
                let opening = opening_from_bytes(&placed.opening);
                aside = Some(Aside {
                    envelope: word.envelope,
                    opening: opening.ok_or_else(|| broken("its opening is gone".into()))?,
                });
            } else {
                let found = self.store.statement(statement)?;
                let (case, _) = found.ok_or_else(|| broken("its statement is gone".into()))?;
                // The `erased` statement outlives its case, and is not retold without it.
                let erased = self.store.case(&case)?.is_none_or(|case| case.erased);
                let opening = opening_from_bytes(&placed.opening);
                record = Some(Record {
                    case,
                    statement: *statement,
                    opening: opening.filter(|_| !erased),
                });
            }
        }
        Ok(Opened {
            index,
            path: prover.prove(index)?.path().to_vec(),
            cell: leaf
                .cell_under(&self.seed, origin)
                .map_err(|error| broken(error.to_string()))?,
            blinding: self.seed.blinding(origin, &digest),
            leaf,
            record,
            aside,
        })
    }

    /// Tells of a sample's look, unless the case tells of it already: an answer that is made
    /// twice shows nothing twice.
    fn tell_of_sample(
        &self,
        case: CaseId,
        overseer: &MemberId,
        sample: Digest,
        leaves: &BTreeSet<Digest>,
    ) -> Result<(), NodeError> {
        let mut left = leaves.clone();
        for statement in self.view(case)?.statements()? {
            if let Event::Inspected(inspection) = &statement.event
                && let Look::Sample {
                    sample: of,
                    leaves: told,
                } = &inspection.look
                && *of == sample
                && statement.header.author == self.me
            {
                left.retain(|leaf| !told.contains(leaf));
            }
        }
        let left: Vec<Digest> = left.into_iter().collect();
        for leaves in left.chunks(LEAVES_PER_STATEMENT) {
            let leaves = leaves.iter().copied().collect();
            let inspection = Inspection {
                looker: overseer.clone(),
                office: Office::Inspector,
                look: Look::Sample { sample, leaves },
            };
            self.tell_of_look(case, inspection)?;
        }
        Ok(())
    }
}

impl<'a> OwnLog<'a> {
    /// Proofs of entries under a checkpoint that was cosigned some time ago.
    pub(crate) fn prover_at(&self, size: TreeSize, checkpoint: SignedNote) -> Prover<'a> {
        Prover::new(self.tiles(), size, checkpoint)
    }
}
