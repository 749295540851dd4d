//! Whether one more statement may join a case.

use super::{
    Basis, CANNOT_DECRYPT, CLOCK_SKEW_SECONDS_MAX, Case, Ending, NOT_HELD, Refusal, STATEMENTS_MAX,
    Subject, SubjectKind, change_check, holds, order_check,
};
use crate::{
    law::{Change, Party, Reason, SecrecyRule, Turn},
    office::Office,
    order::{ItemNumber, Secrecy},
    statement::{
        Approval, Event, Header, Inspection, Kind, Look, Modification, Officer, Recorded, Refused,
        Withdrawal,
    },
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// How long before a deadline a promise may stand in for witnesses out of reach.
const PROMISE_LEAD: SignedDuration = SignedDuration::from_hours(1);

/// Decides whether `event`, said by `by` under `header`, may join `case` — or
/// open one, where there is none yet — by the clock `at`.
///
/// The author asks before it signs, the receiver before it keeps: one answer.
///
/// # Errors
///
/// The [`Refusal`] of the first condition broken.
#[expect(
    clippy::too_many_lines,
    reason = "one arm a statement: it reads as the table of what may be said"
)]
pub fn decide(
    case: Option<&Case>,
    basis: Basis<'_>,
    header: &Header,
    by: &Officer,
    event: &Event,
    at: Timestamp,
) -> Result<(), Refusal> {
    if by.member != header.author {
        return Err(Refusal::OtherMember);
    }
    if header.case.realm_tag() != header.realm.tag() {
        return Err(Refusal::OtherRealm);
    }
    if header.law != basis.law.digest {
        return Err(Refusal::OtherLaw);
    }
    if header.time.duration_since(at) > SignedDuration::from_secs(CLOCK_SKEW_SECONDS_MAX) {
        return Err(Refusal::FromTheFuture { time: header.time });
    }
    let Some(case) = case else {
        return match event {
            Event::Drafted(order) => {
                chain_start(header)?;
                if order.authority != header.author {
                    return Err(Refusal::NoParty);
                }
                if order.provider != header.addressee {
                    return Err(Refusal::OtherAddressee);
                }
                order_check::check(order, basis, by, header.time)
            }
            _ => Err(Refusal::NothingToApprove),
        };
    };
    head(case, header, event.kind())?;
    let turn = Say {
        case,
        basis,
        by,
        time: header.time,
    };
    match event {
        Event::Drafted(_) => Err(Refusal::AlreadyDrafted),
        Event::Approved(approval) => turn.approve(approval),
        Event::Refused(refused) => turn.refuse(refused),
        Event::Issued { order, urgent } => turn.issue(order, *urgent),
        Event::Served { order } => turn.serve(order),
        Event::Modified(modification) => turn.modify(modification),
        Event::Renewed { order } => turn.renew(order),
        Event::Received { order, .. } => turn.receive(order),
        Event::Preserved { .. } => turn.preserve(),
        Event::ClarificationAsked { items, .. } => turn.ask(items),
        Event::ClarificationAnswered { .. } => turn.answer(),
        Event::Freed => turn.free(),
        Event::Accepted { items } => turn.respond(event.kind(), items, None),
        Event::Narrowed { items, reason } => {
            turn.respond(event.kind(), &items.keys().copied().collect(), Some(reason))?;
            items
                .iter()
                .try_for_each(|(number, span)| match case.order.items.get(number) {
                    Some(item) if item.span.contains(span) => Ok(()),
                    _ => Err(Refusal::Widened { item: *number }),
                })
        }
        Event::Challenged { items, reason, .. } | Event::Declined { items, reason } => {
            turn.respond(event.kind(), items, Some(reason))
        }
        Event::Sealed(seal) => {
            turn.office(Kind::Sealed, Party::Provider, &[Office::LegalResponse])?;
            if seal.order != case.order_digest {
                return Err(Refusal::OtherOrder);
            }
            if seal.package.realm_tag() != case.realm.tag() {
                return Err(Refusal::OtherRealm);
            }
            if case.packages.contains_key(&seal.package) {
                return Err(Refusal::AlreadySaid { kind: Kind::Sealed });
            }
            case.grant(basis, &seal.items, header.time).map(drop)
        }
        Event::Released { package, recorded } => {
            turn.office(Kind::Released, Party::Provider, &[Office::ReleaseOfficer])?;
            let package = case.packages.get(package).ok_or(Refusal::UnknownPackage)?;
            if package.released.is_some() {
                return Err(Refusal::AlreadySaid {
                    kind: Kind::Released,
                });
            }
            if package.sealed_by == by.key {
                return Err(Refusal::SecondPersonNeeded);
            }
            // What was taken out of the order since it was sealed does not go out with the rest.
            let gone = |item: &&ItemNumber| !case.order.items.contains_key(item);
            if let Some(item) = package.seal.items.iter().find(gone) {
                return Err(Refusal::ItemNotOpen { item: *item });
            }
            case.in_force(basis, header.time)?;
            turn.hold()?;
            if matches!(recorded, Recorded::Promised(_)) {
                turn.promise()
            } else {
                Ok(())
            }
        }
        Event::Collected {
            package,
            ciphertext,
        } => {
            let may = [
                Office::Applicant,
                Office::SeniorOfficer,
                Office::ServingOfficer,
                Office::Node,
            ];
            turn.office(Kind::Collected, Party::Authority, &may)?;
            let package = case.packages.get(package).ok_or(Refusal::UnknownPackage)?;
            if package.released.is_none() {
                return Err(Refusal::NotReleased);
            }
            if package.collected.is_some() {
                return Err(Refusal::AlreadySaid {
                    kind: Kind::Collected,
                });
            }
            if package.seal.ciphertext == *ciphertext {
                Ok(())
            } else {
                Err(Refusal::OtherCiphertext)
            }
        }
        Event::Lapsed => turn.end(Kind::Lapsed),
        Event::Expired => turn.end(Kind::Expired),
        Event::Withdrawn(withdrawal) => turn.withdraw(*withdrawal),
        Event::DestructionInstructed { packages } => turn.instruct(packages),
        Event::DestructionConfirmed { packages } => {
            let may = [Office::Applicant, Office::SeniorOfficer];
            turn.office(Kind::DestructionConfirmed, Party::Authority, &may)?;
            let owed = |id| {
                case.packages
                    .get(id)
                    .is_some_and(|p| p.destruction_instructed && !p.destroyed)
            };
            if !packages.is_empty() && packages.iter().all(owed) {
                Ok(())
            } else {
                Err(Refusal::NothingToDestroy)
            }
        }
        Event::InformationDue => turn.information_due(),
        Event::InformationDelayed { reason, until } => turn.information_delayed(reason, *until),
        Event::InformationGiven => turn.information_given(),
        Event::Unsealed => turn.unseal(),
        Event::Inspected(inspection) => turn.inspect(inspection),
        Event::Erased => turn.erase(),
    }
}

fn chain_start(header: &Header) -> Result<(), Refusal> {
    match (header.number, header.previous) {
        (0, None) => Ok(()),
        (0, Some(_)) => Err(Refusal::Fork),
        (found, _) => Err(Refusal::Gap { expected: 0, found }),
    }
}

/// The checks that every further statement passes.
fn head(case: &Case, header: &Header, kind: Kind) -> Result<(), Refusal> {
    if header.realm != case.realm {
        return Err(Refusal::OtherRealm);
    }
    if header.case != case.id {
        return Err(Refusal::OtherCase);
    }
    if header.law != case.law {
        return Err(Refusal::OtherLaw);
    }
    if case.statements >= STATEMENTS_MAX && !closes(kind) {
        return Err(Refusal::CaseFull);
    }
    let overseer_speaks = kind == Kind::Unsealed;
    if case.party(&header.author).is_none() && !overseer_speaks {
        return Err(Refusal::NoParty);
    }
    if header.addressee != *case.addressee(&header.author) {
        return Err(Refusal::OtherAddressee);
    }
    let Some(chain) = case.chains.get(&header.author) else {
        return chain_start(header);
    };
    if header.number != chain.next {
        return Err(Refusal::Gap {
            expected: chain.next,
            found: header.number,
        });
    }
    if header.previous != Some(chain.last) {
        return Err(Refusal::Fork);
    }
    if header.time < chain.time {
        return Err(Refusal::RunsBack);
    }
    if case.erased.contains(&header.author) {
        return Err(Refusal::Erased);
    }
    Ok(())
}

/// What brings a case to its end is said in a full one too: whoever fills a case keeps
/// nobody from refusing, ending or erasing it. Each is said once of a thing, so the
/// bound holds but for a few.
const fn closes(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Refused
            | Kind::Lapsed
            | Kind::Withdrawn
            | Kind::Expired
            | Kind::DestructionInstructed
            | Kind::DestructionConfirmed
            | Kind::Preserved
            | Kind::Freed
            | Kind::InformationDue
            | Kind::Erased
    )
}

/// Somebody about to say something.
struct Say<'a> {
    case: &'a Case,
    basis: Basis<'a>,
    by: &'a Officer,
    time: Timestamp,
}

impl Say<'_> {
    fn office(&self, kind: Kind, party: Party, needed: &[Office]) -> Result<(), Refusal> {
        let here = self.case.party(&self.by.member) == Some(party);
        if here && needed.iter().any(|office| self.by.offices.contains(office)) {
            Ok(())
        } else {
            Err(Refusal::NotYours {
                kind,
                needed: needed.to_vec(),
            })
        }
    }

    /// An officer whom the law names, of any party but the provider: nobody orders itself.
    fn turn(&self, turn: &Turn) -> Result<(), Refusal> {
        let provider = self.case.party(&self.by.member) == Some(Party::Provider);
        if !provider && holds(turn, self.by) {
            Ok(())
        } else {
            Err(Refusal::WrongOffice {
                needed: turn.offices.clone(),
                clause: turn.clause.clone(),
            })
        }
    }

    fn subject(&self, digest: crate::digest::Digest) -> Result<&Subject, Refusal> {
        self.case
            .subjects
            .iter()
            .find(|subject| subject.digest == digest)
            .ok_or(Refusal::NothingToApprove)
    }

    /// An approver in the office that the order asks its member for.
    fn in_office(
        &self,
        subject: &Subject,
        turn: &Turn,
        office: Office,
        for_another: bool,
    ) -> Result<(), Refusal> {
        let wrong = || Refusal::WrongOffice {
            needed: turn.offices.clone(),
            clause: turn.clause.clone(),
        };
        let signs_for = for_another
            && turn
                .signed_for_by
                .is_some_and(|official| self.by.offices.contains(&official));
        if !turn.offices.contains(&office) || !(self.by.offices.contains(&office) || signs_for) {
            return Err(wrong());
        }
        if subject.author == self.by.key {
            return Err(Refusal::OwnOrder);
        }
        if subject
            .approvals
            .iter()
            .any(|given| given.key == self.by.key)
        {
            return Err(Refusal::SamePerson);
        }
        if self.case.order.approvers.get(&office) != Some(&self.by.member) {
            return Err(Refusal::OtherApprover { office });
        }
        if self.by.member == self.case.order.authority && !office.may_be_internal() {
            return Err(Refusal::OwnOrder);
        }
        Ok(())
    }

    /// A subject is decided on while it may still take effect.
    fn decidable(&self, subject: &Subject) -> Result<(), Refusal> {
        if subject.refused.is_some() {
            return Err(Refusal::ApproverRefused);
        }
        if self.case.issued.is_some() {
            return self.case.in_force(self.basis, self.time);
        }
        match self.case.ended {
            Some((Ending::Withdrawn, _)) => Err(Refusal::Withdrawn),
            Some(_) => Err(Refusal::ApproverRefused),
            None => Ok(()),
        }
    }

    fn approve(&self, approval: &Approval) -> Result<(), Refusal> {
        let subject = self.subject(approval.subject)?;
        self.decidable(subject)?;
        let turn = subject.next_turn().ok_or(Refusal::NothingToApprove)?;
        if subject.kind == SubjectKind::Order
            && subject.approvals.len() >= subject.turns_before
            && self.case.issued.is_none()
        {
            return Err(Refusal::NotIssued);
        }
        // Another change may have taken its place meanwhile.
        if let SubjectKind::Modification(modification) = &subject.kind {
            change_check::check(self.case, self.basis, modification)?;
        }
        self.in_office(
            subject,
            turn,
            approval.office,
            approval.signed_for.is_some(),
        )
    }

    fn refuse(&self, refused: &Refused) -> Result<(), Refusal> {
        let subject = self.subject(refused.subject)?;
        self.decidable(subject)?;
        let turn = subject.next_turn().ok_or(Refusal::NothingToApprove)?;
        Self::reason(&self.basis.rule.approver_reasons, &refused.reason)?;
        self.in_office(subject, turn, refused.office, false)
    }

    fn reason(known: &[Reason], code: &str) -> Result<(), Refusal> {
        if known.iter().any(|reason| reason.code == code) {
            Ok(())
        } else {
            Err(Refusal::UnknownReason {
                reason: code.into(),
            })
        }
    }

    fn issue(&self, order: &crate::digest::Digest, urgent: bool) -> Result<(), Refusal> {
        if *order != self.case.order_digest {
            return Err(Refusal::OtherOrder);
        }
        if self.case.issued.is_some() {
            return Err(Refusal::AlreadySaid { kind: Kind::Issued });
        }
        let subject = self.case.order_subject().ok_or(Refusal::NothingToApprove)?;
        self.decidable(subject)?;
        if urgent != self.case.order.urgency.is_some() {
            return Err(Refusal::NotUrgent);
        }
        if !subject.takes_effect()
            && let Some(turn) = subject.next_turn()
        {
            return Err(Refusal::ApprovalMissing {
                needed: turn.offices.clone(),
                clause: turn.clause.clone(),
            });
        }
        self.turn(&self.basis.rule.issues)
    }

    fn serve(&self, order: &crate::digest::Digest) -> Result<(), Refusal> {
        if *order != self.case.order_digest {
            return Err(Refusal::OtherOrder);
        }
        if self.case.served.is_some() {
            return Err(Refusal::AlreadySaid { kind: Kind::Served });
        }
        self.case.in_force(self.basis, self.time)?;
        if let (Some(limit), Some(issue)) = (&self.basis.rule.serve_within, self.case.issued)
            && limit.rule.end_from(issue.at, &self.basis.law.calendar)? <= self.time
        {
            return Err(Refusal::Unserved {
                clause: limit.clause.clone(),
            });
        }
        self.turn(&self.basis.rule.serves)
    }

    fn modify(&self, modification: &Modification) -> Result<(), Refusal> {
        self.case.in_force(self.basis, self.time)?;
        let change = modification.change();
        let law = self
            .basis
            .rule
            .modifications
            .iter()
            .find(|known| known.change == change);
        let law = law.ok_or(Refusal::NoSuchModification { change })?;
        self.turn(&law.by)?;
        let widens = matches!(change, Change::AddTarget | Change::AddItem);
        let internal = law.by.offices.iter().any(|office| office.may_be_internal());
        let own = self
            .case
            .order_subject()
            .is_some_and(|subject| subject.author == self.by.key);
        // Nobody widens what they asked for themselves, nor does the authority where the law
        // names somebody outside it.
        let alone = law.approval.is_empty();
        if widens && alone && (own || (!internal && self.by.member == self.case.order.authority)) {
            return Err(Refusal::OwnOrder);
        }
        change_check::check(self.case, self.basis, modification)
    }

    fn renew(&self, order: &crate::digest::Digest) -> Result<(), Refusal> {
        if *order != self.case.order_digest {
            return Err(Refusal::OtherOrder);
        }
        self.case.in_force(self.basis, self.time)?;
        let renewal = self.basis.rule.renewal.as_ref().ok_or(Refusal::NoRenewal)?;
        let renewals = self
            .case
            .subjects
            .iter()
            .filter(|subject| subject.kind == SubjectKind::Renewal);
        let before = renewals.filter(|subject| subject.refused.is_none()).count();
        if renewal
            .times_max
            .is_some_and(|max| before >= usize::from(max))
        {
            return Err(Refusal::NoRenewal);
        }
        if self.case.renewal_is_pending() {
            return Err(Refusal::AlreadySaid {
                kind: Kind::Renewed,
            });
        }
        // What lapses in days may be renewed on any of them.
        let in_days = self.case.runs_to_lapse(self.basis.rule).is_some();
        if let (Some(window), Some(end), false) =
            (&renewal.window, self.case.ends_at(self.basis)?, in_days)
        {
            let from = window.start_before(end, &self.basis.law.calendar)?;
            if self.time < from {
                return Err(Refusal::RenewalTooEarly {
                    from,
                    clause: renewal.clause.clone(),
                });
            }
        }
        self.turn(&renewal.by)
    }

    fn receive(&self, order: &crate::digest::Digest) -> Result<(), Refusal> {
        self.office(
            Kind::Received,
            Party::Provider,
            &[Office::Node, Office::LegalResponse],
        )?;
        if *order != self.case.order_digest {
            return Err(Refusal::OtherOrder);
        }
        if self.case.served.is_none() {
            return Err(Refusal::NotServed);
        }
        if self.case.received.is_some() {
            return Err(Refusal::AlreadySaid {
                kind: Kind::Received,
            });
        }
        Ok(())
    }

    fn preserve(&self) -> Result<(), Refusal> {
        self.office(
            Kind::Preserved,
            Party::Provider,
            &[Office::Node, Office::LegalResponse],
        )?;
        if self.case.received.is_none() {
            return Err(Refusal::NotReceived);
        }
        Ok(())
    }

    fn ask(&self, items: &BTreeSet<ItemNumber>) -> Result<(), Refusal> {
        self.office(
            Kind::ClarificationAsked,
            Party::Provider,
            &[Office::LegalResponse],
        )?;
        if self.case.received.is_none() {
            return Err(Refusal::NotReceived);
        }
        self.case.in_force(self.basis, self.time)?;
        self.known(items)?;
        if self.open_question().is_some() {
            Err(Refusal::QuestionOpen)
        } else {
            Ok(())
        }
    }

    fn open_question(&self) -> Option<Timestamp> {
        self.case
            .questions
            .last()
            .filter(|question| question.answered.is_none())
            .map(|question| question.asked)
    }

    fn answer(&self) -> Result<(), Refusal> {
        let may = [
            Office::Applicant,
            Office::SeniorOfficer,
            Office::ServingOfficer,
        ];
        self.office(Kind::ClarificationAnswered, Party::Authority, &may)?;
        self.open_question().map(drop).ok_or(Refusal::NoQuestion)
    }

    fn free(&self) -> Result<(), Refusal> {
        self.office(Kind::Freed, Party::Provider, &[Office::Node])?;
        if self.case.freed.is_some() {
            return Err(Refusal::AlreadySaid { kind: Kind::Freed });
        }
        let asked = self.open_question().ok_or(Refusal::NoQuestion)?;
        let law = self
            .basis
            .rule
            .clarification
            .as_ref()
            .filter(|law| law.silence_frees);
        let within = law
            .and_then(|law| law.answer_within.as_ref())
            .ok_or(Refusal::NotDue)?;
        let end = within.rule.end_from(asked, &self.basis.law.calendar)?;
        if end <= self.time {
            Ok(())
        } else {
            Err(Refusal::NotDue)
        }
    }

    fn known(&self, items: &BTreeSet<ItemNumber>) -> Result<(), Refusal> {
        match items
            .iter()
            .find(|item| !self.case.order.items.contains_key(item))
        {
            Some(item) => Err(Refusal::UnknownItem { item: *item }),
            None => Ok(()),
        }
    }

    fn respond(
        &self,
        kind: Kind,
        items: &BTreeSet<ItemNumber>,
        reason: Option<&String>,
    ) -> Result<(), Refusal> {
        self.office(kind, Party::Provider, &[Office::LegalResponse])?;
        if self.case.received.is_none() {
            return Err(Refusal::NotReceived);
        }
        self.case.in_force(self.basis, self.time)?;
        if items.is_empty() {
            return Err(Refusal::NoItems);
        }
        self.known(items)?;
        if let Some(reason) = reason
            && reason != NOT_HELD
            && reason != CANNOT_DECRYPT
        {
            Self::reason(&self.basis.rule.provider_reasons, reason)?;
        }
        let sealed = |item: &ItemNumber| {
            self.case
                .packages
                .values()
                .any(|package| package.seal.items.contains(item))
        };
        match items.iter().find(|item| sealed(item)) {
            Some(item) => Err(Refusal::ItemNotOpen { item: *item }),
            None => Ok(()),
        }
    }

    fn hold(&self) -> Result<(), Refusal> {
        let (Some(hold), Some(received)) = (&self.basis.rule.hold, self.case.received) else {
            return Ok(());
        };
        if self.case.order.urgency.is_some() {
            return Ok(());
        }
        let until = hold.rule.end_from(received, &self.basis.law.calendar)?;
        if until <= self.time {
            Ok(())
        } else {
            Err(Refusal::Held {
                until,
                clause: hold.clause.clone(),
            })
        }
    }

    fn promise(&self) -> Result<(), Refusal> {
        let emergency = self.case.order.urgency.is_some() && self.basis.rule.urgent.is_some();
        let deadline = super::timer::answer_deadline(self.case, self.basis)?;
        let presses = deadline.is_some_and(|end| end.duration_since(self.time) <= PROMISE_LEAD);
        if emergency || presses {
            Ok(())
        } else {
            Err(Refusal::NoPromise)
        }
    }

    fn end(&self, kind: Kind) -> Result<(), Refusal> {
        if !self.by.offices.contains(&Office::Node) {
            return Err(Refusal::NotYours {
                kind,
                needed: vec![Office::Node],
            });
        }
        if self.case.noted_end.contains(&self.by.member) {
            return Err(Refusal::AlreadySaid { kind });
        }
        match self.case.ended {
            Some((Ending::Lapsed, _)) if kind == Kind::Lapsed => return Ok(()),
            Some((Ending::Expired, _)) if kind == Kind::Expired => return Ok(()),
            Some(_) => return Err(Refusal::NotDue),
            None => {}
        }
        let end = self.case.ends_at(self.basis)?.ok_or(Refusal::NotIssued)?;
        let lapses = self.case.lapses(self.basis.rule);
        if end <= self.time && lapses == (kind == Kind::Lapsed) {
            Ok(())
        } else {
            Err(Refusal::NotDue)
        }
    }

    fn withdraw(&self, withdrawal: Withdrawal) -> Result<(), Refusal> {
        if let Some((ending, _)) = self.case.ended {
            return Err(match ending {
                Ending::Refused => Refusal::ApproverRefused,
                Ending::Withdrawn => Refusal::Withdrawn,
                Ending::Lapsed | Ending::Expired => Refusal::AlreadySaid {
                    kind: Kind::Expired,
                },
            });
        }
        match (withdrawal, &self.basis.rule.cancels) {
            (Withdrawal::Withdrawn, _) => {
                let may = [Office::Applicant, Office::SeniorOfficer];
                self.office(Kind::Withdrawn, Party::Authority, &may)
            }
            (Withdrawal::Cancelled, Some(turn)) => self.turn(turn),
            (Withdrawal::Cancelled, None) => Err(Refusal::NotYours {
                kind: Kind::Withdrawn,
                needed: vec![Office::Applicant],
            }),
        }
    }

    fn instruct(&self, packages: &BTreeSet<crate::id::PackageId>) -> Result<(), Refusal> {
        let provider = self.office(
            Kind::DestructionInstructed,
            Party::Provider,
            &[Office::Node, Office::LegalResponse],
        );
        if provider.is_err() && self.case.party(&self.by.member) != Some(Party::Approver) {
            return provider;
        }
        let crossed = |id| {
            self.case
                .packages
                .get(id)
                .is_some_and(|p| p.released.is_some() && !p.destruction_instructed)
        };
        if packages.is_empty() || !packages.iter().all(crossed) || self.case.ended.is_none() {
            return Err(Refusal::NothingToDestroy);
        }
        Ok(())
    }

    fn informs(&self, kind: Kind, needed: &[Office]) -> Result<(), Refusal> {
        let law = &self.basis.rule.information;
        let party = law.by.ok_or_else(|| Refusal::NoInformation {
            clause: law.clause.clone(),
        })?;
        self.office(kind, party, needed)?;
        if self.case.informed.given.is_some() {
            return Err(Refusal::AlreadySaid {
                kind: Kind::InformationGiven,
            });
        }
        Ok(())
    }

    fn information_due(&self) -> Result<(), Refusal> {
        self.informs(Kind::InformationDue, &[Office::Node])?;
        if self.case.informed.due.is_some() {
            return Err(Refusal::AlreadySaid {
                kind: Kind::InformationDue,
            });
        }
        match super::timer::information_due_at(self.case, self.basis)? {
            Some(due) if due <= self.time => Ok(()),
            _ => Err(Refusal::NotDue),
        }
    }

    fn information_delayed(&self, reason: &str, until: Timestamp) -> Result<(), Refusal> {
        let may = [
            Office::Applicant,
            Office::SeniorOfficer,
            Office::LegalResponse,
            Office::GovernmentAttorney,
        ];
        self.informs(Kind::InformationDelayed, &may)?;
        let law = &self.basis.rule.information;
        let refuse = |why| {
            Err(Refusal::NoDelay {
                clause: law.clause.clone(),
                why,
            })
        };
        let Some(longest) = law.delay_longest else {
            return refuse("it provides for none");
        };
        Self::reason(&law.delay_reasons, reason)?;
        if until <= self.time {
            return refuse("it ends before it begins");
        }
        if longest.end_from(self.time, &self.basis.law.calendar)? < until {
            return refuse("it is longer than the longest term");
        }
        Ok(())
    }

    fn information_given(&self) -> Result<(), Refusal> {
        let may = [
            Office::Applicant,
            Office::SeniorOfficer,
            Office::LegalResponse,
            Office::GovernmentAttorney,
        ];
        self.informs(Kind::InformationGiven, &may)?;
        match self.basis.rule.secrecy {
            SecrecyRule::NoEndInLaw { .. } => Err(Refusal::SecretWithoutEnd),
            SecrecyRule::None | SecrecyRule::Ordered { .. } => self.secrecy_over(),
        }
    }

    fn secrecy_over(&self) -> Result<(), Refusal> {
        match self.case.secrecy_ends() {
            Some(until) if self.time < until => Err(Refusal::StillSecret { until }),
            _ => Ok(()),
        }
    }

    fn unseal(&self) -> Result<(), Refusal> {
        let may = [
            Office::Inspector,
            Office::Applicant,
            Office::SeniorOfficer,
            Office::LegalResponse,
            Office::Node,
        ];
        if !may.iter().any(|office| self.by.offices.contains(office)) {
            return Err(Refusal::NotYours {
                kind: Kind::Unsealed,
                needed: may.to_vec(),
            });
        }
        let overseer = self
            .by
            .standing
            .roles
            .contains(&crate::member::Role::Overseer);
        if self.case.party(&self.by.member).is_none() && !overseer {
            return Err(Refusal::NoParty);
        }
        if self.case.unsealed.is_some() {
            return Err(Refusal::AlreadySaid {
                kind: Kind::Unsealed,
            });
        }
        match self.case.order.secrecy {
            Secrecy::None => Err(Refusal::NothingSecret),
            Secrecy::NoEndInLaw => Err(Refusal::SecretWithoutEnd),
            Secrecy::Until(_) => self.secrecy_over(),
        }
    }

    /// A look is told by the member at whose node it was: its own people's in an office that
    /// they hold, an overseer's inspector's under the document that the overseer signed.
    fn inspect(&self, inspection: &Inspection) -> Result<(), Refusal> {
        let (looker, office) = (&inspection.looker, inspection.office);
        let known = if *looker == self.by.member {
            self.by.offices.contains(&office) || self.by.offices.contains(&Office::Node)
        } else {
            office == Office::Inspector && inspection.look.request().is_some()
        };
        let something = match &inspection.look {
            Look::Case { .. } => true,
            Look::Sample { leaves, .. } => !leaves.is_empty(),
        };
        if known && something {
            Ok(())
        } else {
            Err(Refusal::ForeignLook)
        }
    }

    fn erase(&self) -> Result<(), Refusal> {
        if !self.by.offices.contains(&Office::Node) {
            return Err(Refusal::NotYours {
                kind: Kind::Erased,
                needed: vec![Office::Node],
            });
        }
        match super::timer::erasure_at(self.case, self.basis)? {
            Some(term) if term <= self.time => Ok(()),
            _ => Err(Refusal::NotDue),
        }
    }
}
