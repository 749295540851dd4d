//! Laws as values: per legal basis, who must approve what, in which time, for
//! how long, who tells the person, what is counted.
//!
//! `verdict::law` reads them from TOML files; [`floor`] refuses those that go
//! below what the house carries, whoever wrote them. Everything here has a
//! [`Clause`], and every clause says whether its text was verified.

mod approval;
pub mod floor;

use crate::{
    category::Category,
    digest::Digest,
    office::{Office, words},
    selector::SelectorKind,
    time::{Calendar, TimeRule},
};
use jiff::civil::Date;
use std::{collections::BTreeSet, sync::Arc};

/// A line of the law that a rule follows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Clause {
    /// As a lawyer cites it, such as `IPA 2016 s. 24(2)`.
    pub text: String,
    /// Whether the wording was seen in the text itself. Shown wherever the rule is shown.
    pub verified: bool,
}

impl core::fmt::Display for Clause {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.text)?;
        if self.verified {
            Ok(())
        } else {
            f.write_str(" [not verified]")
        }
    }
}

/// A law's word, such as `uk-ipa-2016`, or a rule's within it.
pub type Word = String;

/// One law file, read.
#[derive(Clone, Debug)]
pub struct Law {
    /// Its word, such as `uk-ipa-2016`.
    pub id: Word,
    /// Its title.
    pub title: String,
    /// Two letters: whose law it is.
    pub jurisdiction: String,
    /// SHA-256 of the file's bytes: what statements name.
    pub digest: Digest,
    /// Its working days.
    pub calendar: Arc<Calendar>,
    /// Its rules, in the order of the file.
    pub rules: Vec<Rule>,
}

impl Law {
    /// The rule of a word that is valid on a day.
    pub fn rule(&self, id: &str, on: Date) -> Option<&Rule> {
        self.rules
            .iter()
            .find(|rule| rule.id == id && rule.valid.holds(on))
    }
}

/// From when to when a rule is law.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Validity {
    /// The first day.
    pub from: Date,
    /// The last day, if it has ended.
    pub to: Option<Date>,
}

words! {
    /// How wide an instrument is. The floors carry the first alone; the others
    /// have words so that a law file which declares one is refused by name.
    Scope {
        /// Named targets, each by a selector from the closed list.
        Targeted = "targeted",
        /// Groups, activities, "persons who": no one in particular.
        Thematic = "thematic",
        /// Everybody's data, to be searched later.
        Bulk = "bulk",
        /// An ability to be built in, not data.
        Capability = "capability",
    }
}

impl Validity {
    /// Whether a day lies inside.
    pub fn holds(&self, on: Date) -> bool {
        self.from <= on && self.to.is_none_or(|to| on <= to)
    }

    /// Whether some day lies inside both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.to.is_none_or(|to| other.from <= to) && other.to.is_none_or(|to| self.from <= to)
    }
}

words! {
    /// What an order under a rule brings about.
    Effect {
        /// Stored data are disclosed once.
        Disclose = "disclose",
        /// The provider's own system taps; what is carried here is the order.
        Intercept = "intercept",
        /// Data are kept, not given.
        Preserve = "preserve",
    }
}

words! {
    /// The parties to a case.
    Party {
        /// Who applied.
        Authority = "authority",
        /// Who approves.
        Approver = "approver",
        /// Who holds the data.
        Provider = "provider",
        /// Who inspects.
        Overseer = "overseer",
    }
}

words! {
    /// Professions and people that laws protect.
    Protected {
        /// Members of a legislature.
        Legislator = "legislator",
        /// Items subject to legal privilege.
        LegalPrivilege = "legal_privilege",
        /// Confidential journalistic material.
        JournalisticMaterial = "journalistic_material",
        /// A journalist's source.
        JournalistSource = "journalist_source",
        /// Confidential personal records.
        PersonalRecords = "personal_records",
    }
}

/// A time rule with its clause.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Timed {
    /// How long.
    pub rule: TimeRule,
    /// Says who.
    pub clause: Clause,
}

/// One signature that is asked for: any one of these offices.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Turn {
    /// Any one of them suffices.
    pub offices: Vec<Office>,
    /// Whether an official may sign somebody's decision, saying so (IPA 2016 s. 30), and who.
    pub signed_for_by: Option<Office>,
    /// Says who.
    pub clause: Clause,
}

/// The urgent path: this one now, that one later.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Urgent {
    /// Who must have approved before it is issued, in turn. Never nobody.
    pub now: Vec<Turn>,
    /// Who decides afterwards; nobody, where the law asks for no later approval.
    pub later: Option<Turn>,
    /// By when the later decision is due. Silence at this instant ends nothing by itself.
    pub decide_within: Option<Timed>,
    /// When the order has ended if nothing more is decided. Counted from issue.
    pub lapse: Timed,
    /// Whether the later approval puts the rule's ordinary duration in the place
    /// of the lapse. Where it does not, only a renewal carries the order further
    /// (IPA 2016 s. 32(2)(a) ends every urgent warrant that is not renewed).
    pub approval_lifts_lapse: bool,
    /// Whether a refused order may never be renewed.
    pub refusal_bars_renewal: bool,
    /// Grounds for which the urgent path is closed.
    pub not_for: Vec<Word>,
    /// Says who.
    pub clause: Clause,
}

/// What the law asks where a protected profession is touched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Protection {
    /// Who is protected.
    pub who: Protected,
    /// What is asked.
    pub demand: Demand,
    /// Whether it is asked on the urgent path too, before issue.
    pub on_urgent: bool,
    /// Says who.
    pub clause: Clause,
}

/// The four different things that protection can mean.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Demand {
    /// One more approver.
    Approver(Turn),
    /// A stricter test: the application carries a statement on it.
    Statement,
    /// No order at all.
    Bar,
}

/// A reason code of the law.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reason {
    /// Its code in statements.
    pub code: Word,
    /// What it says.
    pub title: String,
    /// Says who.
    pub clause: Clause,
}

/// A ground on which an order may be sought.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ground {
    /// Its code in statements.
    pub code: Word,
    /// What it says.
    pub title: String,
    /// Whether the order names the offence's provisions.
    pub offence: bool,
    /// The categories it opens; all of the rule's, if none are named.
    pub only: Vec<Category>,
    /// Says who.
    pub clause: Clause,
}

/// How an order is prolonged.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Renewal {
    /// Whose statement renews.
    pub by: Turn,
    /// Who approves it besides.
    pub approval: Vec<Turn>,
    /// By how much.
    pub duration: TimeRule,
    /// Not earlier than this long before the ordinary end. On the urgent path it
    /// does not hold: what lapses in days may be renewed on any of them.
    pub window: Option<TimeRule>,
    /// How often; `None` is as often as necessary.
    pub times_max: Option<u16>,
    /// Says who.
    pub clause: Clause,
}

words! {
    /// What a modification does.
    Change {
        /// Adds a target. Under a rule with one subject, another selector of that subject.
        AddTarget = "add_target",
        /// Adds an item or factor for a target that is already named.
        AddItem = "add_item",
        /// Removes a target.
        RemoveTarget = "remove_target",
        /// Removes an item or factor.
        RemoveItem = "remove_item",
    }
}

/// Who may change what while an order runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Modification {
    /// What is changed.
    pub change: Change,
    /// Whose statement changes it.
    pub by: Turn,
    /// Who approves besides, always.
    pub approval: Vec<Turn>,
    /// Who approves besides, where a protected profession is touched.
    pub approval_if_protected: Vec<Turn>,
    /// Says who.
    pub clause: Clause,
}

/// What a question does to the clock.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Clarification {
    /// How long the authority has to answer.
    pub answer_within: Option<Timed>,
    /// Whether silence past that frees the provider.
    pub silence_frees: bool,
    /// Says who.
    pub clause: Clause,
}

/// Secrecy under a rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SecrecyRule {
    /// None.
    None,
    /// Only where the order says so, and then with an end, at most so long.
    Ordered {
        /// The longest, counted from issue.
        longest: TimeRule,
        /// Who must have approved the secrecy itself; nobody besides the order's own
        /// approvers, where the law asks for no more.
        by: Option<Turn>,
        /// The reasons the law knows for it.
        reasons: Vec<Reason>,
        /// Says who.
        clause: Clause,
    },
    /// The law imposes it and gives it no end.
    NoEndInLaw {
        /// Says who.
        clause: Clause,
    },
}

/// Who tells the person, and when.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Information {
    /// Who tells; nobody, where the law provides for none.
    pub by: Option<Party>,
    /// How long after collection it is due.
    pub within: Option<TimeRule>,
    /// The longest a delay may last each time; `None`: the law knows no delay.
    pub delay_longest: Option<TimeRule>,
    /// The reasons for which it may be delayed.
    pub delay_reasons: Vec<Reason>,
    /// Says who.
    pub clause: Clause,
}

/// What may be published of it, by whom, in which form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Publication {
    /// Who publishes.
    pub by: Party,
    /// What is counted.
    pub counted: Vec<Word>,
    /// The width of the bands; `None` is exact. 500 means 0–499, 500–999, …
    pub band: Option<u32>,
    /// The period, in months.
    pub period_months: u32,
    /// How long after the period's end at the earliest.
    pub delay_months: u32,
    /// How long after the first ever at the earliest.
    pub first_embargo_months: u32,
    /// Whether joint totals with others are provided for.
    pub joint: bool,
    /// Says who.
    pub clause: Clause,
}

/// One legal basis, whole.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    /// Its word within the law.
    pub id: Word,
    /// Its title.
    pub title: String,
    /// Its own clause.
    pub clause: Clause,
    /// When it is law.
    pub valid: Validity,
    /// How wide it is: targeted, or refused by the floors.
    pub scope: Scope,
    /// What it brings about.
    pub effect: Effect,
    /// Kinds of authority that may apply, as the register marks them.
    pub applicants: Vec<Word>,
    /// Which office applies, and the clause that says so.
    pub applies: Turn,
    /// What may be asked for.
    pub categories: BTreeSet<Category>,
    /// How targets may be named.
    pub selectors: BTreeSet<SelectorKind>,
    /// How many targets at most.
    pub targets_max: u16,
    /// To how many persons or sets of premises all targets together may belong.
    /// Selectors of kind `person` and `premises` are counted against it.
    pub subjects_max: u16,
    /// Why it may be asked.
    pub grounds: Vec<Ground>,
    /// Whether the order itself names offence provisions, whatever the ground.
    pub offence_in_order: bool,
    /// Who approves, in turn.
    pub approval: Vec<Turn>,
    /// The urgent path, if there is one.
    pub urgent: Option<Urgent>,
    /// Protected professions.
    pub protections: Vec<Protection>,
    /// Who issues.
    pub issues: Turn,
    /// Who serves.
    pub serves: Turn,
    /// Unserved by then, it is void. Counted from issue.
    pub serve_within: Option<Timed>,
    /// How long it is in force. Counted from issue.
    pub duration: Timed,
    /// How it is prolonged.
    pub renewal: Option<Renewal>,
    /// How it is changed.
    pub modifications: Vec<Modification>,
    /// Who must cancel it when it is no longer needed.
    pub cancels: Option<Turn>,
    /// By when the provider answers. Counted from receipt.
    pub answer_within: Option<Timed>,
    /// By when in an emergency. Counted from receipt.
    pub answer_within_urgent: Option<Timed>,
    /// Not released before. Counted from receipt.
    pub hold: Option<Timed>,
    /// Whether data are preserved at once on receipt.
    pub preserve_on_receipt: Option<Clause>,
    /// What a question does.
    pub clarification: Option<Clarification>,
    /// Secrecy.
    pub secrecy: SecrecyRule,
    /// Information to the person.
    pub information: Information,
    /// Reason codes for approvers.
    pub approver_reasons: Vec<Reason>,
    /// Reason codes for providers.
    pub provider_reasons: Vec<Reason>,
    /// What is counted.
    pub counted: Vec<Word>,
    /// What may be published.
    pub publications: Vec<Publication>,
    /// When contents, packages and salts are erased. Counted from the case's end.
    pub retention: Timed,
}
