//! The verdict: every check by name, passed or failed, with its clause.

use crate::{
    bundle::{Bundle, Entry},
    law::Laws,
    register::{History, Judgement, Leaves, NotBelieved, Trust, judge},
    statement::{self, Parsed, StatementError},
};
use jiff::Timestamp;
use portcullis_core::{
    case::{Basis, Case, Refusal, decide},
    grant::GrantKind,
    law::{Law, Rule},
    member::MemberId,
    realm::Realm,
    statement::{Event, Kind, Statement},
};
use std::sync::Arc;

/// The answer in one word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Every signature verified by machine, and everything the law asks is there.
    Genuine,
    /// A paper order whose genuineness two named people checked.
    Attested,
    /// What is there is genuine, and it is not enough.
    Insufficient,
    /// Something is not what it claims to be.
    NotGenuine,
}

impl Outcome {
    /// The words of the verdict's line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Genuine => "GENUINE",
            Self::Attested => "ATTESTED",
            Self::Insufficient => "INSUFFICIENT",
            Self::NotGenuine => "NOT GENUINE",
        }
    }
}

/// One check of the verdict.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Check {
    /// Its stable name, such as `signature.approved`.
    pub name: String,
    /// Whether it passed.
    pub passed: bool,
    /// What was found, in a sentence.
    pub detail: String,
    /// The clause it follows, where a law asks for it.
    pub clause: Option<String>,
}

/// The answer to "is this order genuine and sufficient, now?".
#[derive(Clone, Debug)]
pub struct Verdict {
    /// In one word.
    pub outcome: Outcome,
    /// On what a grant would rest.
    pub kind: GrantKind,
    /// In one line.
    pub line: String,
    /// The stable code of the first check that failed.
    pub code: Option<String>,
    /// Every check, in the order in which it was made.
    pub checks: Vec<Check>,
    /// When it was judged.
    pub at: Timestamp,
    /// The case that the statements make, as far as they were believed.
    pub case: Option<Case>,
}

impl Verdict {
    /// Whether the order may be acted on.
    pub const fn holds(&self) -> bool {
        matches!(self.outcome, Outcome::Genuine | Outcome::Attested)
    }
}

/// What a verdict rests on besides the bundle.
#[derive(Clone, Copy, Debug)]
pub struct Against<'a> {
    /// The register's believed versions.
    pub history: &'a History,
    /// What this node believes less.
    pub trust: &'a Trust,
    /// The laws that are installed.
    pub laws: &'a Laws,
    /// In which realm we are.
    pub realm: &'a Realm,
    /// Who asks, if it is the member that the order must be addressed to.
    pub us: Option<&'a MemberId>,
    /// By which clock.
    pub now: Timestamp,
}

/// Why a statement was not believed or may not join its case.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unfit {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] StatementError),
    /// Its signature is not to be believed.
    #[error(transparent)]
    NotBelieved(#[from] NotBelieved),
    /// No installed law has the digest it names.
    #[error("the law file {0} is not installed here")]
    UnknownLaw(portcullis_core::digest::Digest),
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl Unfit {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(error) => error.code(),
            Self::NotBelieved(error) => error.code(),
            Self::UnknownLaw(_) => "law.unknown",
            Self::Refused(refusal) => refusal.code(),
        }
    }

    /// Whether it means that something is not what it claims to be, rather than not enough.
    pub const fn is_forgery(&self) -> bool {
        match self {
            Self::Unreadable(_) | Self::NotBelieved(_) => true,
            Self::UnknownLaw(_) => false,
            Self::Refused(refusal) => matches!(
                refusal,
                Refusal::OtherRealm
                    | Refusal::OtherCase
                    | Refusal::OtherLaw
                    | Refusal::OtherAddressee
                    | Refusal::OtherMember
                    | Refusal::NoParty
                    | Refusal::Gap { .. }
                    | Refusal::Fork
                    | Refusal::RunsBack
                    | Refusal::FromTheFuture { .. }
                    | Refusal::AlreadyDrafted
                    | Refusal::OtherOrder
                    | Refusal::NothingToApprove
            ),
        }
    }
}

/// The law and the rule of a case; owned, so that it outlives the look-up.
#[derive(Clone, Debug)]
pub struct Grounds {
    law: Arc<Law>,
    rule: Rule,
}

impl Grounds {
    /// Finds the rule that a draft names, as it was law when the draft was made.
    ///
    /// # Errors
    ///
    /// [`Unfit::UnknownLaw`], or [`Refusal::NotLaw`].
    pub fn find(
        laws: &Laws,
        digest: &portcullis_core::digest::Digest,
        rule: &str,
        drafted: Timestamp,
    ) -> Result<Self, Unfit> {
        let law = laws.get(digest).ok_or(Unfit::UnknownLaw(*digest))?;
        let day = drafted.to_zoned(law.calendar.zone.clone()).date();
        let found = law.rule(rule, day).ok_or_else(|| Refusal::NotLaw {
            rule: rule.to_owned(),
        })?;
        Ok(Self {
            law: Arc::clone(law),
            rule: found.clone(),
        })
    }

    /// As `core` wants it.
    pub fn basis(&self) -> Basis<'_> {
        Basis {
            law: &self.law,
            rule: &self.rule,
        }
    }

    /// The law.
    pub fn law(&self) -> &Law {
        &self.law
    }

    /// The rule.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }
}

/// A case as it grows from judged statements: one place where a statement is
/// judged, decided on and folded in, for the verdict and for a node's intake.
#[derive(Clone, Debug, Default)]
pub struct Growing {
    case: Option<Case>,
    grounds: Option<Grounds>,
}

impl Growing {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The case so far.
    pub const fn case(&self) -> Option<&Case> {
        self.case.as_ref()
    }

    /// The law and rule it follows.
    pub const fn grounds(&self) -> Option<&Grounds> {
        self.grounds.as_ref()
    }

    /// The case and what it follows, once it is open.
    pub fn into_parts(self) -> Option<(Case, Grounds)> {
        Some((self.case?, self.grounds?))
    }

    /// Folds in a statement that was judged and decided on before: a store's own records.
    ///
    /// # Errors
    ///
    /// [`Unfit::UnknownLaw`] when a law file was taken away.
    pub fn replay(&mut self, laws: &Laws, statement: &Statement) -> Result<(), Unfit> {
        self.find_grounds(laws, &statement.header, &statement.event)?;
        let Some(grounds) = &self.grounds else {
            return Err(Refusal::NothingToApprove.into());
        };
        match &mut self.case {
            Some(case) => case.apply(grounds.basis(), statement),
            None => self.case = Case::open(grounds.basis(), statement),
        }
        Ok(())
    }

    /// Decides on a statement by a signer that was judged, and folds it in.
    ///
    /// # Errors
    ///
    /// [`Unfit::UnknownLaw`], [`Unfit::Refused`]. Nothing has changed then.
    pub fn join(
        &mut self,
        laws: &Laws,
        statement: &Statement,
        now: Timestamp,
    ) -> Result<(), Unfit> {
        self.find_grounds(laws, &statement.header, &statement.event)?;
        let Some(grounds) = &self.grounds else {
            return Err(Refusal::NothingToApprove.into());
        };
        let basis = grounds.basis();
        decide(
            self.case.as_ref(),
            basis,
            &statement.header,
            &statement.by,
            &statement.event,
            now,
        )?;
        match &mut self.case {
            Some(case) => case.apply(basis, statement),
            None => self.case = Case::open(basis, statement),
        }
        Ok(())
    }

    fn find_grounds(
        &mut self,
        laws: &Laws,
        header: &portcullis_core::statement::Header,
        event: &Event,
    ) -> Result<(), Unfit> {
        if let (None, Event::Drafted(order)) = (&self.grounds, event) {
            self.grounds = Some(Grounds::find(laws, &header.law, &order.rule, header.time)?);
        }
        Ok(())
    }
}

/// Judges one parsed statement's signature.
///
/// # Errors
///
/// [`NotBelieved`].
pub fn judge_statement(
    parsed: &Parsed,
    entry: &Entry,
    against: &Against<'_>,
) -> Result<(Statement, Judgement), NotBelieved> {
    judge_among(parsed, entry, &Leaves::default(), against)
}

/// As [`judge_statement`], one of many whose leaves were verified together before.
///
/// # Errors
///
/// [`NotBelieved`].
pub fn judge_among(
    parsed: &Parsed,
    entry: &Entry,
    leaves: &Leaves,
    against: &Against<'_>,
) -> Result<(Statement, Judgement), NotBelieved> {
    let header = &parsed.header;
    let (history, trust) = (against.history, against.trust);
    let judgement = judge::judge(
        history,
        trust,
        &header.author,
        header.time,
        &parsed.envelope,
        entry
            .inclusion
            .as_ref()
            .map(|inclusion| (inclusion, leaves)),
        against.now,
    )?;
    let statement = Statement {
        header: header.clone(),
        event: parsed.event.clone(),
        by: judgement.officer.clone(),
        digest: parsed.digest,
    };
    Ok((statement, judgement))
}

/// Answers whether the order in `bundle` is genuine and sufficient.
///
/// Offline, pure and total: it reads nothing but its arguments, and answers for
/// any bytes. See [`crate`] for an example.
pub fn verify(bundle: &Bundle, against: &Against<'_>) -> Verdict {
    let mut trial = Trial {
        checks: Vec::new(),
        failed: None,
    };
    let case = trial.hear(bundle, against);
    trial.conclude(case, against)
}

/// A verdict in the making.
struct Trial {
    checks: Vec<Check>,
    failed: Option<(bool, String, String)>,
}

impl Trial {
    fn pass(&mut self, name: impl Into<String>, detail: impl Into<String>, clause: Option<String>) {
        self.checks.push(Check {
            name: name.into(),
            passed: true,
            detail: detail.into(),
            clause,
        });
    }

    fn fail(
        &mut self,
        name: impl Into<String>,
        code: &str,
        forgery: bool,
        detail: String,
        clause: Option<String>,
    ) {
        self.failed
            .get_or_insert((forgery, code.to_owned(), detail.clone()));
        self.checks.push(Check {
            name: name.into(),
            passed: false,
            detail,
            clause,
        });
    }

    fn unfit(&mut self, name: String, unfit: &Unfit) {
        self.fail(
            name,
            unfit.code(),
            unfit.is_forgery(),
            unfit.to_string(),
            None,
        );
    }

    fn hear(&mut self, bundle: &Bundle, against: &Against<'_>) -> Option<(Case, Grounds)> {
        let newest = &against.history.newest().register;
        if against.history.is_expired(against.now) {
            let error = NotBelieved::RegisterExpired {
                version: newest.version,
                at: newest.expires,
            };
            self.fail(
                "register.current",
                error.code(),
                true,
                error.to_string(),
                None,
            );
            return None;
        }
        self.pass(
            "register.current",
            format!("version {}, until {}", newest.version, newest.expires),
            None,
        );
        if bundle.entries.is_empty() {
            self.fail(
                "bundle.statements",
                "bundle.empty",
                true,
                "the bundle holds no statement".into(),
                None,
            );
            return None;
        }
        let mut growing = Growing::new();
        let inclusions = bundle
            .entries
            .iter()
            .filter_map(|entry| entry.inclusion.as_ref());
        let leaves = Leaves::verified_together(inclusions);
        for entry in &bundle.entries {
            if !self.statement(entry, &leaves, &mut growing, against) {
                break;
            }
        }
        growing.into_parts()
    }

    /// Hears one statement; false when the rest need not be heard.
    fn statement(
        &mut self,
        entry: &Entry,
        leaves: &Leaves,
        growing: &mut Growing,
        against: &Against<'_>,
    ) -> bool {
        let parsed = match statement::parse(&entry.envelope) {
            Ok(parsed) => parsed,
            Err(error) => {
                self.fail(
                    "statement.readable",
                    error.code(),
                    true,
                    error.to_string(),
                    None,
                );
                return false;
            }
        };
        let kind = parsed.header.kind;
        if parsed.header.realm != *against.realm {
            self.unfit("realm.ours".into(), &Refusal::OtherRealm.into());
            return false;
        }
        let (statement, judgement) = match judge_among(&parsed, entry, leaves, against) {
            Ok(judged) => judged,
            Err(error) => {
                self.unfit(format!("signature.{kind}"), &error.into());
                return false;
            }
        };
        let offices: Vec<_> = judgement
            .officer
            .offices
            .iter()
            .map(|office| office.as_str())
            .collect();
        let by = format!("{} of {}", offices.join(", "), judgement.officer.member);
        let judged = match judgement.included_at {
            Some(at) => format!("{by}; witnessed {at}"),
            None => format!("{by}; no proof of inclusion, so judged as of now"),
        };
        self.pass(format!("signature.{kind}"), judged, None);
        if let Err(unfit) = growing.join(against.laws, &statement, against.now) {
            self.unfit(format!("rule.{kind}"), &unfit);
            return false;
        }
        let clause = growing
            .grounds()
            .map(|grounds| clause_of(&statement, grounds.rule()));
        self.pass(
            format!("rule.{kind}"),
            format!("said {}", statement.header.time),
            clause.flatten(),
        );
        if kind == Kind::Drafted {
            return self.draft(&statement, growing, against);
        }
        true
    }

    fn draft(&mut self, statement: &Statement, growing: &Growing, against: &Against<'_>) -> bool {
        let Some(grounds) = growing.grounds() else {
            return false;
        };
        let law = grounds.law();
        if against.laws.published(&law.digest) {
            self.pass(
                "law.published",
                format!("{} is a published law file", law.id),
                None,
            );
        } else {
            self.pass(
                "law.published",
                format!("{} is NOT among the published law files", law.id),
                None,
            );
        }
        match against.us {
            Some(us) if *us != statement.header.addressee => {
                let detail = format!(
                    "the order is addressed to `{}`, not to `{us}`",
                    statement.header.addressee
                );
                self.fail(
                    "order.addressed_to_us",
                    Refusal::OtherAddressee.code(),
                    true,
                    detail,
                    None,
                );
                false
            }
            Some(us) => {
                self.pass("order.addressed_to_us", us.to_string(), None);
                true
            }
            None => true,
        }
    }

    fn conclude(mut self, heard: Option<(Case, Grounds)>, against: &Against<'_>) -> Verdict {
        if let Some((case, grounds)) = &heard
            && self.failed.is_none()
        {
            self.sufficient(case, grounds, against.now);
        }
        let kind = GrantKind::Order;
        let (outcome, line, code) = match (&self.failed, &heard) {
            (None, Some((case, grounds))) => (Outcome::Genuine, genuine(case, grounds), None),
            (Some((forgery, code, detail)), _) => {
                let outcome = if *forgery {
                    Outcome::NotGenuine
                } else {
                    Outcome::Insufficient
                };
                (
                    outcome,
                    format!("{}: {code}: {detail}", outcome.as_str()),
                    Some(code.clone()),
                )
            }
            (None, None) => (
                Outcome::NotGenuine,
                "NOT GENUINE: bundle.empty".into(),
                Some("bundle.empty".into()),
            ),
        };
        let case = heard.map(|(case, _)| case);
        Verdict {
            outcome,
            kind,
            line,
            code,
            checks: self.checks,
            at: against.now,
            case,
        }
    }

    /// What the law asks of the order as a whole, now.
    fn sufficient(&mut self, case: &Case, grounds: &Grounds, now: Timestamp) {
        let basis = grounds.basis();
        if let Some(subject) = case.order_subject() {
            for (turn, given) in subject.turns.iter().zip(&subject.approvals) {
                let detail = format!("{} of {} at {}", given.office, given.member, given.at);
                self.pass("order.approval", detail, Some(turn.clause.to_string()));
            }
            let needed = if case.order.urgency.is_some() {
                subject.turns_before
            } else {
                subject.turns.len()
            };
            let missing = subject
                .turns
                .iter()
                .take(needed)
                .skip(subject.approvals.len());
            if subject.refused.is_none() && case.ended.is_none() {
                for turn in missing {
                    let (needed, clause) = (turn.offices.clone(), turn.clause.clone());
                    let refusal = Refusal::ApprovalMissing { needed, clause };
                    self.fail(
                        "order.approval",
                        refusal.code(),
                        false,
                        refusal.to_string(),
                        Some(turn.clause.to_string()),
                    );
                }
            }
            if case.later_approval_is_owed()
                && let Some(turn) = subject.next_turn()
            {
                let detail = format!("urgent: the later approval is owed ({})", turn.clause);
                self.pass("order.urgent", detail, Some(turn.clause.to_string()));
            }
        }
        match case.in_force(basis, now) {
            Ok(()) => {
                let until = case.ends_at(basis).ok().flatten();
                let until = until.map_or_else(String::new, |end| format!("until {end}"));
                self.pass(
                    "order.in_force",
                    until,
                    Some(basis.rule.duration.clause.to_string()),
                );
            }
            Err(refusal) => self.fail(
                "order.in_force",
                refusal.code(),
                false,
                refusal.to_string(),
                None,
            ),
        }
        if let (Some(served), Some(limit)) = (case.served, &basis.rule.serve_within) {
            self.pass(
                "order.served_in_time",
                format!("served {served}"),
                Some(limit.clause.to_string()),
            );
        }
    }
}

fn genuine(case: &Case, grounds: &Grounds) -> String {
    let order = &case.order;
    let until = case
        .ends_at(grounds.basis())
        .ok()
        .flatten()
        .map_or_else(String::new, |end| format!(", in force until {end}"));
    let unverified = if grounds.rule().clause.verified {
        ""
    } else {
        " [rule not verified]"
    };
    let (targets, items) = (
        count(order.targets.len(), "target"),
        count(order.items.len(), "item"),
    );
    format!(
        "GENUINE {}/{}{unverified} from {} to {}: {targets}, {items}{until}",
        order.law, order.rule, order.authority, order.provider,
    )
}

fn count(n: usize, what: &str) -> String {
    if n == 1 {
        format!("1 {what}")
    } else {
        format!("{n} {what}s")
    }
}

/// The clause that asks for a statement, where one does.
fn clause_of(statement: &Statement, rule: &Rule) -> Option<String> {
    let clause = match statement.event.kind() {
        Kind::Drafted => &rule.applies.clause,
        Kind::Issued => &rule.issues.clause,
        Kind::Served => &rule.serves.clause,
        Kind::Renewed => &rule.renewal.as_ref()?.clause,
        Kind::Lapsed => &rule.urgent.as_ref()?.lapse.clause,
        Kind::Expired => &rule.duration.clause,
        Kind::Approved | Kind::Refused => &rule.clause,
        Kind::Withdrawn => &rule.cancels.as_ref()?.clause,
        _ => return None,
    };
    Some(clause.to_string())
}
