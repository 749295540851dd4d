//! Joint reports: what one participant does in each step.
//!
//! Documents pass between the participants as files. Of a step is kept only what was opened and
//! what was revealed: whatever else it needs it makes again from the seed, the tiles and the
//! documents, and makes the same.

mod kept;

pub use kept::FailedAttempt;

use super::{OurLog, Planned, ReportFault, Wanted, root_of};
use crate::{Generator, Node, NodeError};
use portcullis_ballot::{
    ReportKey,
    joint::{Contribution, JointError, Session, Side},
};
use portcullis_core::{
    digest::Digest,
    member::MemberId,
    publication::{self, Makers, PARTICIPANTS_MIN},
};
use portcullis_tlog::{checkpoint::Origin, note::VerifierKey};
use portcullis_verdict::{
    register::judge::log_key,
    report::{
        self, Form, Joint, Line, Participant, Report, Source, Subject,
        check::session_of,
        joint::{Document, Masks, Opening, Part, Reveal, Signed},
    },
};

/// Everybody's parts, in the order of their report keys.
struct Table {
    parts: Vec<Part>,
    keys: Vec<VerifierKey>,
    /// The report as far as it is known: its lines are empty sums.
    draft: Report,
    attempt: u32,
    session: Session,
    /// Which of the parts is ours.
    me: usize,
    planned: Planned,
}

impl Node {
    /// What this node brings in: which leaves, for which report of a joint series.
    ///
    /// # Errors
    ///
    /// [`ReportFault`].
    pub fn joint_part(&self, wanted: &Wanted) -> Result<Signed, ReportFault> {
        let planned = self.plan(wanted, Makers::Several(PARTICIPANTS_MIN))?;
        planned.nothing_left_out()?;
        let counted = self.count(&planned.log, &planned.start, &planned.end)?;
        let part = Part {
            realm: self.realm.name().to_owned(),
            series: wanted.series.clone(),
            number: planned.number,
            previous: planned.previous,
            period: planned.period(),
            first_assistance: wanted.first_assistance,
            laws: planned.laws.clone(),
            source: counted.source(self, &planned)?,
            report_key: self.report_key(&planned.log).public(),
        };
        self.sign_document(&planned.log, Document::Part(Box::new(part)))
    }

    /// Round 1: the commitments to this node's masks.
    ///
    /// # Errors
    ///
    /// [`ReportFault`]; whose part is at fault is named.
    pub fn joint_masks(&self, parts: &[Signed], attempt: u32) -> Result<Signed, ReportFault> {
        let table = self.table(parts, attempt)?;
        self.shares_a_secret(&table)?;
        let key = self.report_key(&table.planned.log);
        let masks = table.session.masks(table.me, &key);
        let masks = masks.map_err(|error| table.fault(error))?;
        let document = Document::Masks(Masks {
            session: table.id(),
            origin: table.own().source.origin.clone(),
            masks: masks.commitments().to_vec(),
        });
        self.sign_document(&table.planned.log, document)
    }

    /// Round 2: this node's masked totals, once everybody's masks fit.
    ///
    /// # Errors
    ///
    /// [`ReportFault`]; the two whose masks do not fit are named. `report.joint_again` for a
    /// second session of one series and period; the same one is opened again.
    pub fn joint_opening(
        &self,
        parts: &[Signed],
        masks: &[Signed],
        attempt: u32,
    ) -> Result<Signed, ReportFault> {
        self.joint_opening_after(parts, masks, attempt, None)
    }

    /// Round 2 of a session that begins anew without those whose openings `before` are false.
    ///
    /// # Errors
    ///
    /// As [`Self::joint_opening`]; `report.joint_again` where the two differ in anybody else.
    pub fn joint_opening_after(
        &self,
        parts: &[Signed],
        masks: &[Signed],
        attempt: u32,
        before: Option<&FailedAttempt<'_>>,
    ) -> Result<Signed, ReportFault> {
        let table = self.table(parts, attempt)?;
        table.masks(masks)?;
        self.shares_a_secret(&table)?;
        self.alone(|| self.opens(&table, before))?;
        let counted = self.count(&table.planned.log, &table.planned.start, &table.planned.end)?;
        let key = self.report_key(&table.planned.log);
        let mut generator = Generator(&*self.env);
        let opening = table
            .session
            .open(table.me, &key, &counted.totals, &mut generator);
        let document = Document::Opening(Opening {
            session: table.id(),
            origin: table.own().source.origin.clone(),
            opening: opening.map_err(|error| table.fault(error))?,
            made_at: self.now(),
        });
        self.sign_document(&table.planned.log, document)
    }

    /// What this node reveals where its masks and those of `other` do not fit. From then on the
    /// masks of the two are known to everybody, in every session: this log takes part in none
    /// with that report key any more.
    ///
    /// # Errors
    ///
    /// [`ReportFault`]; `report.joint_no_cause` unless these two are the pair that does not fit.
    pub fn joint_reveal(
        &self,
        parts: &[Signed],
        masks: &[Signed],
        attempt: u32,
        other: &MemberId,
    ) -> Result<Signed, ReportFault> {
        let table = self.table(parts, attempt)?;
        let found = table
            .parts
            .iter()
            .position(|part| part.source.member == *other);
        let found = found.ok_or_else(|| missing("part", other.as_str()))?;
        let pair = (table.me.min(found), table.me.max(found));
        if table.unfit(masks)? != Some(pair) {
            let why = format!("the masks do not fail at this node and `{other}`");
            return Err(document("report.joint_no_cause", why));
        }
        self.alone(|| self.reveals(&table, found))?;
        let key = self.report_key(&table.planned.log);
        let mut generator = Generator(&*self.env);
        let reveal = table.session.reveal(table.me, found, &key, &mut generator);
        let document = Document::Reveal(Reveal {
            session: table.id(),
            origin: table.own().source.origin.clone(),
            other: table.part(found).source.origin.clone(),
            reveal: reveal.map_err(|error| table.fault(error))?.to_vec(),
        });
        self.sign_document(&table.planned.log, document)
    }

    /// Who is at fault where masks do not fit: nobody, if they all do.
    ///
    /// # Errors
    ///
    /// [`ReportFault`] when the documents do not belong together.
    pub fn joint_blame(
        &self,
        parts: &[Signed],
        masks: &[Signed],
        reveals: &[Signed],
        attempt: u32,
    ) -> Result<Vec<MemberId>, ReportFault> {
        let table = self.table(parts, attempt)?;
        let rows = table.rows(masks)?;
        let slices: Vec<&[[u8; 32]]> = rows.iter().map(Vec::as_slice).collect();
        let (one, two) = match table.session.check_masks(&slices) {
            Ok(()) => return Ok(Vec::new()),
            Err(JointError::Pair { one, two }) => (one, two),
            Err(error) => return Err(table.fault(error)),
        };
        let reveals = (
            table.reveal(reveals, one, two),
            table.reveal(reveals, two, one),
        );
        let side = |number: usize, other: usize, reveal| {
            // Everybody leaves itself out of its own row.
            let at = if other < number {
                other
            } else {
                other.saturating_sub(1)
            };
            let mask = rows.get(number).and_then(|row| row.get(at)).copied();
            Side {
                number,
                mask: mask.unwrap_or_default(),
                reveal,
            }
        };
        let blamed = table.session.blame(
            &side(one, two, reveals.0.as_deref()),
            &side(two, one, reveals.1.as_deref()),
        );
        let blamed = blamed.map_err(|error| table.fault(error))?;
        Ok(blamed
            .into_iter()
            .map(|at| table.part(at).source.member.clone())
            .collect())
    }

    /// Adds everything up, signs, and publishes once everybody has signed: `true` then. `signed`
    /// are the reports that others made of the same documents.
    ///
    /// # Errors
    ///
    /// [`ReportFault`]; a false opening is pinned on whose it is.
    pub fn joint_finish(
        &self,
        parts: &[Signed],
        masks: &[Signed],
        openings: &[Signed],
        signed: &[report::Signed],
        attempt: u32,
    ) -> Result<(report::Signed, bool), ReportFault> {
        let table = self.table(parts, attempt)?;
        let report = table.report(masks, openings)?;
        let payload = report.to_bytes();
        let key = self.vkey_of(table.planned.log.generation)?;
        let mut signatures = vec![report::sign(key, *self.keys.log_seed, &payload)];
        for other in signed {
            if other.payload() != payload {
                let why = "a report that was handed in is another than this one".to_owned();
                return Err(document("report.joint_other", why));
            }
            for signature in other.signatures() {
                let known = signatures.iter().any(|one| one.key == signature.key);
                let theirs = table.keys.contains(&signature.key) && other.signed_by(&signature.key);
                if !known && theirs {
                    signatures.push(signature.clone());
                }
            }
        }
        let order = |one: &report::Signature| table.keys.iter().position(|key| *key == one.key);
        signatures.sort_by_key(order);
        let complete = signatures.len() == table.keys.len();
        let signed = report::Signed::new(&report, signatures)
            .map_err(|error| NodeError::Broken(error.to_string()))?;
        if complete {
            self.alone(|| self.publish_report(&signed))?;
        }
        Ok((signed, complete))
    }

    fn report_key(&self, log: &OurLog) -> ReportKey {
        self.seed.report_key(&log.origin)
    }

    fn sign_document(&self, log: &OurLog, document: Document) -> Result<Signed, ReportFault> {
        let key = self.vkey_of(log.generation)?;
        Ok(Signed::sign(document, key, *self.keys.log_seed))
    }

    /// Puts the parts in order and makes sure that they are those of one report, each signed by
    /// the log of a member, and each of a tree that witnesses saw.
    fn table(&self, parts: &[Signed], attempt: u32) -> Result<Table, ReportFault> {
        let mut seats = Vec::new();
        for signed in parts {
            let Document::Part(part) = signed.document() else {
                let why = format!("a {} is no part", signed.document().word());
                return Err(document("report.joint_document", why));
            };
            let key = self.joint_key(&part.source, signed)?;
            seats.push(((**part).clone(), key));
        }
        seats.sort_by_key(|(part, _)| part.report_key);
        let (parts, keys): (Vec<_>, Vec<_>) = seats.into_iter().unzip();
        let own = format!("{}/", self.keys.log_name);
        let me = parts
            .iter()
            .position(|part| part.source.origin.as_str().starts_with(&own));
        let me = me.ok_or_else(|| missing("part", self.me.as_str()))?;
        let Some(ours) = parts.get(me) else {
            return Err(missing("part", self.me.as_str()));
        };
        for part in &parts {
            agree(ours, part)?;
        }
        let wanted = Wanted {
            series: ours.series.clone(),
            period: publication::Period {
                from: ours.period.from,
                to: ours.period.to,
            },
            first_assistance: ours.first_assistance,
            unproved: Vec::new(),
        };
        // Two logs of one member would leave the third alone with it.
        let members = parts.iter().map(|part| &part.source.member);
        let members = members.collect::<std::collections::BTreeSet<_>>();
        if members.len() < parts.len() {
            let why = "a member brings in two logs".to_owned();
            return Err(document("report.joint_member", why));
        }
        let planned = self.plan(&wanted, Makers::Several(members.len()))?;
        planned.nothing_left_out()?;
        let bounds = (&planned.start, &planned.end) == (&ours.source.start, &ours.source.end);
        if !bounds || self.report_key(&planned.log).public() != ours.report_key {
            let why = "our own part is of other leaves than ours".to_owned();
            return Err(document("report.joint_document", why));
        }
        let joint = Joint {
            attempt,
            participants: parts.iter().map(participant).collect(),
        };
        let newest = parts.iter().max_by_key(|part| part.number).unwrap_or(ours);
        let (number, previous) = (newest.number, newest.previous);
        let lines = planned.joint_lines(|_| 0);
        let mut draft = planned.report(self, &wanted, lines, Subject::Joint(joint.clone()));
        (draft.number, draft.previous) = (number, previous);
        let named = |error| named(&parts, error);
        let session = session_of(&draft, &joint).map_err(named)?;
        Ok(Table {
            parts,
            keys,
            draft,
            attempt,
            session,
            me,
            planned,
        })
    }

    /// The key of a part's log, by the register; its signature and its witnesses hold.
    fn joint_key(&self, source: &Source, signed: &Signed) -> Result<VerifierKey, ReportFault> {
        let history = self.history()?;
        let newest = history.newest();
        let who = &source.member;
        let member = newest.register.members.get(who);
        let key = member
            .and_then(|member| member.log.as_deref())
            .and_then(|log| log_key(log, &source.origin).ok());
        let key = key.ok_or_else(|| {
            let why = format!("`{who}` has no log `{}` in the register", source.origin);
            document("report.joint_member", why)
        })?;
        if !signed.signed_by(&key) {
            let why = format!("`{who}`: the log has not signed its part");
            return Err(document("report.not_signed", why));
        }
        for note in [&source.start.checkpoint, &source.end.checkpoint]
            .into_iter()
            .flatten()
        {
            let mut versions = history.versions().iter().rev();
            if !versions.any(|version| version.policy.verify_quorum_as(note, &key).is_ok()) {
                let why = format!("`{who}`: no quorum of witnesses cosigned its checkpoint");
                return Err(document("report.no_quorum", why));
            }
        }
        Ok(key)
    }
}

impl Table {
    fn id(&self) -> Digest {
        Digest(*self.session.id())
    }

    fn part(&self, at: usize) -> &Part {
        // INVARIANT: only numbers of participants come here.
        self.parts
            .get(at)
            .unwrap_or_else(|| unreachable!("participant {at} has a part"))
    }

    fn own(&self) -> &Part {
        self.part(self.me)
    }

    fn fault(&self, error: JointError) -> ReportFault {
        named(&self.parts, error)
    }

    /// The document of one participant in this session.
    fn find<'d>(
        &self,
        word: &str,
        documents: &'d [Signed],
        at: usize,
    ) -> Result<&'d Document, ReportFault> {
        let part = self.part(at);
        let origin: &Origin = &part.source.origin;
        let of = |signed: &&Signed| {
            signed.document().word() == word && signed.document().origin() == origin
        };
        let found = documents.iter().find(of);
        let found = found.ok_or_else(|| missing(word, part.source.member.as_str()))?;
        let session = match found.document() {
            Document::Part(_) => None,
            Document::Masks(masks) => Some(masks.session),
            Document::Opening(opening) => Some(opening.session),
            Document::Reveal(reveal) => Some(reveal.session),
        };
        let who = &part.source.member;
        if session != Some(self.id()) {
            let why = format!(
                "the {word} of `{who}` are of another session than these parts in attempt {}",
                self.attempt
            );
            return Err(document("report.joint_session", why));
        }
        if !self.keys.get(at).is_some_and(|key| found.signed_by(key)) {
            let why = format!("`{who}`: the log has not signed its {word}");
            return Err(document("report.not_signed", why));
        }
        Ok(found.document())
    }

    /// Everybody's masks, in order.
    fn rows(&self, masks: &[Signed]) -> Result<Vec<Vec<[u8; 32]>>, ReportFault> {
        let rows = (0..self.parts.len()).map(|at| match self.find("masks", masks, at)? {
            Document::Masks(masks) => Ok(masks.masks.clone()),
            _ => Err(missing("masks", self.part(at).source.member.as_str())),
        });
        rows.collect()
    }

    /// The first pair whose masks do not fit, the smaller number first.
    fn unfit(&self, masks: &[Signed]) -> Result<Option<(usize, usize)>, ReportFault> {
        match self.masks(masks) {
            Ok(_) => Ok(None),
            Err(ReportFault::Joint {
                error: JointError::Pair { one, two },
                ..
            }) => Ok(Some((one, two))),
            Err(fault) => Err(fault),
        }
    }

    /// Everybody's masks, and that they fit.
    fn masks(&self, masks: &[Signed]) -> Result<Vec<Vec<[u8; 32]>>, ReportFault> {
        let rows = self.rows(masks)?;
        let slices: Vec<&[[u8; 32]]> = rows.iter().map(Vec::as_slice).collect();
        self.session
            .check_masks(&slices)
            .map_err(|error| self.fault(error))?;
        Ok(rows)
    }

    /// What `one` reveals towards `two`, if it does.
    fn reveal(&self, reveals: &[Signed], one: usize, two: usize) -> Option<Vec<u8>> {
        let other = &self.part(two).source.origin;
        let towards = |signed: &&Signed| matches!(signed.document(), Document::Reveal(reveal) if reveal.other == *other);
        let fitting: Vec<Signed> = reveals.iter().filter(towards).cloned().collect();
        match self.find("reveal", &fitting, one).ok()? {
            Document::Reveal(reveal) => Some(reveal.reveal.clone()),
            _ => None,
        }
    }

    /// The report that all documents together make: the same for everybody.
    fn report(&self, masks: &[Signed], openings: &[Signed]) -> Result<Report, ReportFault> {
        let rows = self.masks(masks)?;
        let mut opened = Vec::new();
        for at in 0..self.parts.len() {
            match self.find("opening", openings, at)? {
                Document::Opening(opening) => opened.push(opening),
                _ => return Err(missing("opening", self.part(at).source.member.as_str())),
            }
        }
        let contributions = rows
            .iter()
            .zip(&opened)
            .map(|(masks, opening)| Contribution {
                masks,
                opening: &opening.opening,
            });
        let totals = self.session.total(&contributions.collect::<Vec<_>>());
        let totals = totals.map_err(|error| self.fault(error))?;
        let sum = |mask: u32| {
            let inside = |cell: u8| {
                1_u32
                    .checked_shl(u32::from(cell) - 1)
                    .is_some_and(|bit| mask & bit > 0)
            };
            let counted = totals.iter().filter(|(cell, _)| inside(cell.number()));
            counted.map(|(_, total)| u64::from(*total)).sum()
        };
        let mut report = self.draft.clone();
        report.lines = self.planned.joint_lines(sum);
        if let Some(last) = opened.iter().map(|opening| opening.made_at).max() {
            report.made_at = last;
        }
        let participants = self.parts.iter().zip(rows).zip(&opened);
        report.subject = Subject::Joint(Joint {
            attempt: self.attempt,
            participants: participants
                .map(|((part, masks), opening)| Participant {
                    masks,
                    opening: opening.opening.clone(),
                    ..participant(part)
                })
                .collect(),
        });
        Ok(report)
    }
}

impl Planned {
    /// A joint report has no place to say that leaves of a closed log are left out.
    fn nothing_left_out(&self) -> Result<(), ReportFault> {
        match &self.left_out {
            None => Ok(()),
            Some((origin, from, size)) => Err(ReportFault::TwoLogs {
                origin: origin.clone(),
                from: *from,
                size: *size,
            }),
        }
    }

    fn period(&self) -> report::Period {
        report::Period {
            from: self.plan.period.from,
            to: self.plan.period.to,
            zone: self.series.zone_name.clone(),
        }
    }

    /// The lines of a joint series: exact sums.
    fn joint_lines(&self, total: impl Fn(u32) -> u64) -> Vec<Line> {
        let lines = self.series.lines.iter().map(|line| Line {
            id: line.id.clone(),
            title: line.title.clone(),
            cells: line.cells.iter().map(|cell| cell.get()).collect(),
            law: self.series.law.clone(),
            clause: line.clause.to_string(),
            form: Form::Exact {
                value: total(line.mask()),
            },
        });
        lines.collect()
    }
}

fn participant(part: &Part) -> Participant {
    Participant {
        source: part.source.clone(),
        report_key: part.report_key,
        masks: Vec::new(),
        opening: Vec::new(),
    }
}

/// Whether two parts are of one report.
fn agree(ours: &Part, other: &Part) -> Result<(), ReportFault> {
    let who = &other.source.member;
    let differs = |what: &str| {
        let why = format!("`{who}` has another {what} than we have");
        Err(document("report.joint_differs", why))
    };
    if ours.realm != other.realm {
        differs("realm")
    } else if ours.series != other.series {
        differs("series")
    } else if ours.period != other.period {
        differs("period")
    } else if ours.laws != other.laws {
        differs("version of the law")
    } else if ours.source.schema != other.source.schema {
        differs("schema of cells")
    } else if ours.first_assistance != other.first_assistance {
        differs("day of the first assistance")
    } else if ours.number == other.number && ours.previous != other.previous {
        differs("report before this one")
    } else if root_of(&other.source.end).is_none() {
        differs("kind of checkpoint")
    } else {
        Ok(())
    }
}

fn named(parts: &[Part], error: JointError) -> ReportFault {
    let member = |at: usize| {
        parts
            .get(at)
            .map_or("?", |part| part.source.member.as_str())
    };
    let who = match error {
        JointError::Order(at)
        | JointError::Repeated(at)
        | JointError::Range(at)
        | JointError::Key(at)
        | JointError::Sum(at)
        | JointError::Masks(at)
        | JointError::Opening(at) => format!("`{}`: ", member(at)),
        JointError::Pair { one, two } => format!("`{}` and `{}`: ", member(one), member(two)),
        JointError::Participants(_)
        | JointError::Cells
        | JointError::Unknown(_)
        | JointError::Totals
        | JointError::Total(_) => String::new(),
    };
    ReportFault::Joint { who, error }
}

fn document(code: &'static str, why: String) -> ReportFault {
    ReportFault::Document { code, why }
}

fn missing(word: &str, who: &str) -> ReportFault {
    document(
        "report.joint_missing",
        format!("the {word} of `{who}` are missing"),
    )
}
