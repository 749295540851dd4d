//! Saying something: load, decide, commit.

use crate::{
    Node, NodeError, env,
    record::{Joining, Loaded},
};
use jiff::Timestamp;
use portcullis_core::{
    case::{Case, Timer, decide, due, timers},
    digest::Digest,
    id::{CaseId, PackageId},
    office::Office,
    statement::{Event, Header, Officer, Standing},
};
use portcullis_sign::{Envelope, PublicKey, SecretKey};
use portcullis_store::{Commit, CommitError};
use portcullis_verdict::{
    Bundle, Entry, Verdict,
    bundle::inclusion_from_bytes,
    law::Laws,
    statement,
    verify::{Against, Grounds, Growing, Unfit, judge_statement, verify},
};

/// How often a commit is tried again when the case moved on.
const ATTEMPTS_MAX: usize = 5;

/// A statement ready to be signed elsewhere: with a hardware key, say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Prepared {
    /// Which case.
    pub case: CaseId,
    /// The DSSE payload type.
    pub payload_type: String,
    /// The exact bytes to sign, before their pre-authentication encoding.
    pub payload: Vec<u8>,
}

/// What was said, durably.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Said {
    /// In which case.
    pub case: CaseId,
    /// SHA-256 of the statement's payload.
    pub digest: Digest,
}

/// A change to a case that was decided on and is ready for the store.
pub(crate) struct Ready {
    commit: Commit,
    /// Whose bytes go once it is durable.
    gone: Vec<PackageId>,
}

/// A case to look at.
#[derive(Clone, Debug)]
pub struct Viewed {
    /// The case.
    pub case: Case,
    /// Its law and rule.
    pub grounds: Grounds,
    /// Its clocks, soonest first.
    pub timers: Vec<Timer>,
    /// Its records.
    pub record: portcullis_store::CaseRecord,
}

impl Viewed {
    /// The case's statements with who said them, in the order in which they joined it.
    ///
    /// # Errors
    ///
    /// [`NodeError::Broken`] when a record cannot be read.
    pub fn statements(&self) -> Result<Vec<portcullis_core::statement::Statement>, NodeError> {
        self.record
            .statements
            .iter()
            .map(crate::record::statement_of)
            .collect()
    }
}

impl Node {
    /// Says `event` in `case` — or in a new one, for a draft — with a key at hand.
    ///
    /// # Errors
    ///
    /// [`NodeError`]; nothing was said then, but for `Unavailable`, which means "perhaps".
    pub fn say(
        &self,
        case: Option<CaseId>,
        event: &Event,
        by: &SecretKey,
        attachment: Option<&[u8]>,
    ) -> Result<Said, NodeError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let prepared = self.prepare(case, event, &by.public())?;
            let signature = by.sign(&prepared.payload_type, &prepared.payload);
            let envelope =
                Envelope::seal(&prepared.payload_type, &prepared.payload, vec![signature])
                    .map_err(|error| NodeError::Broken(error.to_string()))?;
            match self.complete(envelope.as_bytes(), attachment) {
                Err(NodeError::Contention) if attempts < ATTEMPTS_MAX => {}
                done => return done,
            }
        }
    }

    /// Decides on `event` and writes the payload that `key` is to sign.
    ///
    /// # Errors
    ///
    /// [`NodeError`]: the rules say no, or the key is none of ours.
    pub fn prepare(
        &self,
        case: Option<CaseId>,
        event: &Event,
        key: &PublicKey,
    ) -> Result<Prepared, NodeError> {
        let now = self.now();
        if self.is_restoring()? {
            return Err(NodeError::Restoring);
        }
        let officer = self.officer(key, now)?;
        let loaded = match case {
            Some(id) => Some(self.load(&id)?.ok_or(NodeError::UnknownCase(id))?),
            None => None,
        };
        let growing = loaded.map_or_else(Growing::new, |loaded| loaded.growing);
        let header = self.header(growing.case(), event, now)?;
        match (growing.case(), growing.grounds(), event) {
            (Some(case), Some(grounds), _) => {
                decide(Some(case), grounds.basis(), &header, &officer, event, now)?;
            }
            (_, _, Event::Drafted(order)) => {
                let grounds = Grounds::find(&self.laws, &header.law, &order.rule, now)?;
                decide(None, grounds.basis(), &header, &officer, event, now)?;
            }
            _ => return Err(portcullis_core::case::Refusal::NothingToApprove.into()),
        }
        let payload = statement::payload(&header, event).map_err(Unfit::from)?;
        Ok(Prepared {
            case: header.case,
            payload_type: statement::payload_type(header.kind),
            payload,
        })
    }

    /// Takes a statement that was signed, here or elsewhere, and commits it.
    ///
    /// # Errors
    ///
    /// [`NodeError`]; [`NodeError::Contention`] when the case has moved on since it was
    /// prepared: prepare and sign again.
    pub fn complete(&self, envelope: &[u8], attachment: Option<&[u8]>) -> Result<Said, NodeError> {
        let now = self.now();
        let parsed = statement::parse(envelope).map_err(Unfit::from)?;
        let (case, digest) = (parsed.header.case, parsed.digest);
        if parsed.header.author != self.me {
            return Err(portcullis_core::case::Refusal::OtherMember.into());
        }
        if self.is_restoring()? {
            return Err(NodeError::Restoring);
        }
        let loaded = self.load(&case)?;
        let entry = Entry {
            envelope: envelope.to_vec(),
            inclusion: None,
        };
        let (statement, _) = self
            .against(now, |against| judge_statement(&parsed, &entry, against))?
            .map_err(Unfit::from)?;
        let mut growing = loaded
            .as_ref()
            .map_or_else(Growing::new, |loaded| loaded.growing.clone());
        growing.join(&self.laws, &statement, now)?;
        self.stands_on(case, &statement.event, attachment)?;
        let attachment = attachment.map(<[u8]>::to_vec);
        let mut joining = vec![Joining {
            parsed,
            statement,
            inclusion: None,
            attachment,
            ours: true,
        }];
        self.follow_up(&mut growing, &mut joining, now);
        self.commit(loaded.as_ref(), &growing, &joining, Vec::new(), now)?;
        Ok(Said { case, digest })
    }

    /// Commits what is joining, with the proofs that came along; nothing, if nothing did.
    pub(crate) fn commit(
        &self,
        loaded: Option<&Loaded>,
        growing: &Growing,
        joining: &[Joining],
        proofs: Vec<(Digest, Vec<u8>)>,
        now: Timestamp,
    ) -> Result<(), NodeError> {
        let ready = self.ready(loaded, growing, joining, proofs, now)?;
        self.commit_all(ready).into_iter().collect()
    }

    /// What is joining as one commit, with the proofs that came along; nothing, if nothing did.
    pub(crate) fn ready(
        &self,
        loaded: Option<&Loaded>,
        growing: &Growing,
        joining: &[Joining],
        proofs: Vec<(Digest, Vec<u8>)>,
        now: Timestamp,
    ) -> Result<Option<Ready>, NodeError> {
        let before = loaded.map(|loaded| &loaded.record);
        let Some(mut commit) = self.commit_of(before, growing, joining, now)? else {
            return Ok(None);
        };
        commit.proofs = proofs;
        // CRASH: a package that leads to a case without it is no package; a package of a case
        // that nothing leads to could never be fetched.
        for new in joining {
            if let Event::Sealed(seal) = &new.statement.event {
                let (key, case) = (
                    format!("package/{}", seal.package),
                    new.statement.header.case,
                );
                self.store.set_meta(&key, case.to_string().as_bytes())?;
            }
        }
        let mut gone = Vec::new();
        for new in joining.iter().filter(|new| new.ours) {
            if let Event::DestructionConfirmed { packages } = &new.statement.event {
                gone.extend(packages.iter().copied());
            }
        }
        if commit.erase
            && let Some(case) = growing.case()
        {
            gone.extend(case.packages.keys().copied());
        }
        Ok(Some(Ready { commit, gone }))
    }

    /// Makes commits of several cases, durable together; an answer for each, in order.
    pub(crate) fn commit_all(
        &self,
        ready: impl IntoIterator<Item = Ready>,
    ) -> Vec<Result<(), NodeError>> {
        let (commits, gone): (Vec<_>, Vec<_>) = ready
            .into_iter()
            .map(|ready| (ready.commit, ready.gone))
            .unzip();
        if commits.is_empty() {
            return Vec::new();
        }
        let answers = self.store.commit(commits);
        let done = |(answer, gone): (Result<u64, CommitError>, Vec<PackageId>)| {
            answer?;
            // CRASH: what was signed is made true at once; a stop in between is repeated by
            // hand. After an erasure, bytes left behind are found by `delete_orphans`.
            gone.iter()
                .try_for_each(|package| self.delete_package(package))
        };
        answers.into_iter().zip(gone).map(done).collect()
    }

    /// Adds what only the clock says and is due now, signed by the node's own key.
    pub(crate) fn follow_up(
        &self,
        growing: &mut Growing,
        joining: &mut Vec<Joining>,
        now: Timestamp,
    ) {
        if self.is_restoring().unwrap_or(true) {
            return;
        }
        for _ in 0..ATTEMPTS_MAX {
            let (Some(case), Some(grounds)) = (growing.case(), growing.grounds()) else {
                return;
            };
            let events = due(case, grounds.basis(), &self.me, now).unwrap_or_else(|error| {
                tracing::warn!(case = %case.id, %error, "the clock cannot be read for a case");
                Vec::new()
            });
            // What is refused now — the case is full, say — keeps nothing else from being said.
            let said = events.iter().find_map(|event| match self.node_says(growing, event, now) {
                Ok(new) => Some(new),
                Err(error) => {
                    tracing::warn!(%error, kind = %event.kind(), "the node's own statement is refused");
                    None
                }
            });
            match said {
                Some(new) => joining.push(new),
                None => return,
            }
        }
    }

    /// A statement by the node's own key, joined to the growing case.
    pub(crate) fn node_says(
        &self,
        growing: &mut Growing,
        event: &Event,
        now: Timestamp,
    ) -> Result<Joining, NodeError> {
        let header = self.header(growing.case(), event, now)?;
        let key = &self.keys.statements;
        let payload = statement::payload(&header, event).map_err(Unfit::from)?;
        let payload_type = statement::payload_type(header.kind);
        let envelope = Envelope::seal(
            &payload_type,
            &payload,
            vec![key.sign(&payload_type, &payload)],
        )
        .map_err(|error| NodeError::Broken(error.to_string()))?;
        let parsed = statement::parse(envelope.as_bytes()).map_err(Unfit::from)?;
        let entry = Entry {
            envelope: envelope.as_bytes().to_vec(),
            inclusion: None,
        };
        let (statement, _) = self
            .against(now, |against| judge_statement(&parsed, &entry, against))?
            .map_err(Unfit::from)?;
        growing.join(&self.laws, &statement, now)?;
        Ok(Joining {
            parsed,
            statement,
            inclusion: None,
            attachment: None,
            ours: true,
        })
    }

    fn header(
        &self,
        case: Option<&Case>,
        event: &Event,
        now: Timestamp,
    ) -> Result<Header, NodeError> {
        let kind = event.kind();
        let Some(case) = case else {
            let Event::Drafted(order) = event else {
                return Err(portcullis_core::case::Refusal::NothingToApprove.into());
            };
            let law = law_named(&self.laws, &order.law)?;
            return Ok(Header {
                kind,
                realm: self.realm.clone(),
                case: env::draw_case(&*self.env, &self.realm),
                author: self.me.clone(),
                addressee: order.provider.clone(),
                number: 0,
                previous: None,
                time: now,
                law,
            });
        };
        let chain = case.chains.get(&self.me);
        Ok(Header {
            kind,
            realm: self.realm.clone(),
            case: case.id,
            author: self.me.clone(),
            addressee: case.addressee(&self.me).clone(),
            number: chain.map_or(0, |chain| chain.next),
            previous: chain.map(|chain| chain.last),
            time: chain.map_or(now, |chain| chain.time.max(now)),
            law: case.law,
        })
    }

    /// The officer of ours who holds a key now.
    fn officer(&self, key: &PublicKey, now: Timestamp) -> Result<Officer, NodeError> {
        let digest = Digest(*key.id().as_bytes());
        let history = self.history()?;
        let ours = || NodeError::KeyNotOurs(self.me.clone());
        let member = history
            .newest()
            .register
            .members
            .get(&self.me)
            .ok_or_else(ours)?;
        let entry = member
            .keys
            .get(&digest)
            .filter(|entry| entry.revoked.is_none())
            .ok_or_else(ours)?;
        let offices = entry.offices_at(now);
        if offices.is_empty() {
            return Err(ours());
        }
        let standing = Standing {
            roles: member.roles.clone(),
            authority: member.authority.clone(),
            delivery_keys: member.delivery_keys.clone(),
        };
        Ok(Officer {
            member: self.me.clone(),
            key: digest,
            offices,
            standing,
        })
    }

    /// Whether one of our keys in the register holds an office now: for choosing keys by hand.
    ///
    /// # Errors
    ///
    /// [`NodeError`] when it does not.
    pub fn offices_of(
        &self,
        key: &PublicKey,
    ) -> Result<std::collections::BTreeSet<Office>, NodeError> {
        Ok(self.officer(key, self.now())?.offices)
    }

    /// A case to look at.
    ///
    /// # Errors
    ///
    /// [`NodeError::UnknownCase`] when there is none, or it was erased.
    pub fn view(&self, id: CaseId) -> Result<Viewed, NodeError> {
        let loaded = self.load(&id)?.ok_or(NodeError::UnknownCase(id))?;
        let (case, grounds) = loaded
            .growing
            .into_parts()
            .ok_or(NodeError::UnknownCase(id))?;
        let timers =
            timers(&case, grounds.basis()).map_err(portcullis_core::case::Refusal::from)?;
        Ok(Viewed {
            case,
            grounds,
            timers,
            record: loaded.record,
        })
    }

    /// The case's statements with what proves them, as a bundle for `order verify`.
    ///
    /// # Errors
    ///
    /// [`NodeError::UnknownCase`].
    pub fn bundle(&self, id: CaseId) -> Result<Bundle, NodeError> {
        let record = self
            .store
            .case(&id)?
            .filter(|record| !record.erased)
            .ok_or(NodeError::UnknownCase(id))?;
        let entry = |statement: &portcullis_store::StatementRecord| Entry {
            envelope: statement.envelope.clone(),
            inclusion: statement
                .proof
                .as_deref()
                .and_then(|proof| inclusion_from_bytes(proof).ok()),
        };
        Ok(Bundle {
            entries: record.statements.iter().map(entry).collect(),
        })
    }

    /// The verdict on a case now: every signature judged anew under today's register.
    ///
    /// # Errors
    ///
    /// [`NodeError`] when there is no such case or no register.
    pub fn verdict(&self, id: CaseId) -> Result<Verdict, NodeError> {
        let bundle = self.bundle(id)?;
        self.judge(&bundle, None)
    }

    /// The verdict on any bundle by this node's register and laws; `us` says to whom the
    /// order must be addressed.
    ///
    /// # Errors
    ///
    /// [`NodeError::NoRegister`].
    pub fn judge(
        &self,
        bundle: &Bundle,
        us: Option<&portcullis_core::member::MemberId>,
    ) -> Result<Verdict, NodeError> {
        self.judge_at(bundle, us, self.now())
    }

    /// The same as of another instant: with today's register and laws, by that clock.
    ///
    /// # Errors
    ///
    /// [`NodeError::NoRegister`].
    pub fn judge_at(
        &self,
        bundle: &Bundle,
        us: Option<&portcullis_core::member::MemberId>,
        at: Timestamp,
    ) -> Result<Verdict, NodeError> {
        self.against(at, |against| verify(bundle, &Against { us, ..*against }))
    }
}

fn law_named(laws: &Laws, id: &str) -> Result<Digest, NodeError> {
    let law = laws
        .by_id(id)
        .ok_or_else(|| portcullis_core::case::Refusal::NotLaw {
            rule: id.to_owned(),
        })?;
    Ok(law.digest)
}
