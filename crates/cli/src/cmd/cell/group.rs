//! `portcullis cell group`: who shares with whom, and that both said yes.

use super::{Desk, words};
use crate::{Answer, failure::Failure, ui::Ui};
use clap::{Args, Subcommand, ValueEnum};
use portcullis_core::{
    cell::{Command, Consent, Group as Held, GroupId, Jurisdiction, MemberKind},
    member::MemberId,
};
use serde_json::{Value, json};
use std::{path::Path, process::ExitCode};

/// Sharing groups: an owner invites, a member accepts. The id is the same at every node.
///
/// Nobody is in a group who was not asked, and nobody sees what it shares who did not say yes. A
/// group that nobody joined reaches nobody.
///
/// Example:
///
///   portcullis cell group make partners --country GB
///   portcullis cell group invite partners bank.example --country US
///   portcullis cell collection add Alerts --group partners
///   portcullis cell group show partners
///
/// A member with a node of its own says yes by following a collection of the group, at its node:
///
///   portcullis --dir bank cell follow add --member csirt.example --collection 6ba7b810-… --into alerts
///
/// For one without a node its yes, given on paper or by voice, is entered with `attest`.
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Group {
    Make(Make),
    Invite(Invite),
    Accept(Accept),
    Attest(Attest),
    Leave(Leave),
    Expel(Expel),
    Dissolve(Dissolve),
    Show(Show),
    /// Lists the groups, ours and those of others that we are in or were told of.
    ///
    /// Example: `portcullis cell group list`
    List,
}

/// What a member is: law 10 guards the way from companies to authorities.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum KindWord {
    /// A company, a bank, an association.
    Company,
    /// A public authority.
    Authority,
}

impl From<KindWord> for MemberKind {
    fn from(word: KindWord) -> Self {
        match word {
            KindWord::Company => Self::Company,
            KindWord::Authority => Self::Authority,
        }
    }
}

/// Makes a group that this member owns and is in.
///
/// Example: `portcullis cell group make partners --country GB`
#[derive(Args)]
pub(crate) struct Make {
    /// What people call it, and how commands name it: no other group here may be called so.
    title: String,
    /// What this member is; as configured, or by its roles, if not given.
    #[arg(long)]
    kind: Option<KindWord>,
    /// Whose law this member is under: a country's two letters; as configured, if not given.
    #[arg(long, value_name = "GB", value_parser = words::country)]
    country: Option<Jurisdiction>,
}

/// Asks a member to join. It is in the group once it has accepted; until then nothing reaches it.
///
/// What it is, and whose law it is under, decide what a person looks at before it leaves.
///
/// Example: `portcullis cell group invite partners police.example --kind authority --country GB`
#[derive(Args)]
pub(crate) struct Invite {
    /// The group: its title or id.
    group: String,
    /// The member's name, letter by letter: as in the register, or as its node or accounts are called.
    member: MemberId,
    /// What it is.
    #[arg(long, default_value = "company")]
    kind: KindWord,
    /// Whose law it is under: a country's two letters.
    #[arg(long, value_name = "GB", value_parser = words::country)]
    country: Jurisdiction,
}

/// Joins a group of this node's to which this member was invited.
///
/// A member says yes at the owner's node: by following a collection of the group from its own node,
/// or by `attest`.
///
/// Example: `portcullis cell group accept partners`
#[derive(Args)]
pub(crate) struct Accept {
    /// The group: its title or id.
    group: String,
}

/// Enters the consent of a member that has no node, checked on paper or by voice.
///
/// Example: `portcullis cell group attest partners bank.example --checked-by "liaison desk" --how "signed form of 3 May"`
#[derive(Args)]
pub(crate) struct Attest {
    /// The group: its title or id.
    group: String,
    /// Whose consent.
    member: MemberId,
    /// The person who checked it.
    #[arg(long, value_name = "PERSON")]
    checked_by: String,
    /// How it was checked, so that somebody else finds it again.
    #[arg(long, value_name = "TEXT")]
    how: String,
}

/// Leaves a group, or declines its invitation: from now on nothing of it reaches this member.
///
/// Example: `portcullis cell group leave partners`
#[derive(Args)]
pub(crate) struct Leave {
    /// The group: its title or id.
    group: String,
    /// Leaves a group that this member owns: the others go on sharing, and this member's own
    /// accounts read nothing of it any more.
    #[arg(long)]
    although_owner: bool,
}

/// Removes a member from a group of ours: from now on nothing reaches it. What it was served it has.
///
/// Example: `portcullis cell group expel partners bank.example`
#[derive(Args)]
pub(crate) struct Expel {
    /// The group: its title or id.
    group: String,
    /// Whom.
    member: MemberId,
}

/// Dissolves a group of ours: it reaches nobody any more, for ever. Its title is free.
///
/// Example: `portcullis cell group dissolve partners`
#[derive(Args)]
pub(crate) struct Dissolve {
    /// The group: its title or id.
    group: String,
}

/// Shows a group: who is in it, who was asked, how they said yes, and which collections it reads.
///
/// Example: `portcullis cell group show partners`
#[derive(Args)]
pub(crate) struct Show {
    /// The group: its title or id.
    group: String,
}

impl Group {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        match self {
            Self::Make(command) => command.run(&desk, ui)?,
            Self::Invite(command) => command.run(&desk, ui)?,
            Self::Accept(command) => {
                let group = desk.group(&command.group)?;
                desk.perform(Command::Accept { group })?;
                changed(&desk, &group, "this member is in it now", ui);
            }
            Self::Attest(command) => command.run(&desk, ui)?,
            Self::Leave(command) => {
                let group = desk.group(&command.group)?;
                command.meant(&desk, &group)?;
                desk.perform(Command::Leave { group })?;
                changed(&desk, &group, "this member is not in it any more", ui);
            }
            Self::Expel(command) => {
                let (group, member) = (desk.group(&command.group)?, command.member);
                if member == desk.me.member {
                    return Err(Failure::usage("this is our own name")
                        .hint("`portcullis cell group leave GROUP` leaves a group"));
                }
                desk.perform(Command::Expel {
                    group,
                    member: member.clone(),
                })?;
                changed(
                    &desk,
                    &group,
                    &format!("`{member}` is not in it any more"),
                    ui,
                );
            }
            Self::Dissolve(command) => {
                let group = desk.group(&command.group)?;
                desk.perform(Command::DissolveGroup { group })?;
                changed(&desk, &group, "it is dissolved, and reaches nobody", ui);
            }
            Self::Show(command) => {
                let group = desk.group(&command.group)?;
                show(&desk, &group, ui);
            }
            Self::List => list(&desk, ui),
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Make {
    fn run(self, desk: &Desk, ui: Ui) -> Result<(), Failure> {
        if let Some((id, _)) = (desk.state().groups().iter())
            .find(|(_, held)| !held.dissolved && held.title == self.title)
        {
            return Err(Failure::refused(
                "cell.taken",
                format!("there is a group `{}` already: {id}", self.title),
            )
            .hint("commands name groups by their titles: give this one another"));
        }
        let standing = desk.standing(self.kind.map(Into::into), self.country)?;
        let group = GroupId::new(desk.realm(), desk.draw());
        desk.perform(Command::FoundGroup {
            group,
            title: self.title.clone(),
            standing,
        })?;
        let next = format!(
            "ask others to join: `portcullis cell group invite {} MEMBER --country GB`",
            quoted(&self.title)
        );
        changed(desk, &group, &next, ui);
        Ok(())
    }
}

impl Invite {
    fn run(self, desk: &Desk, ui: Ui) -> Result<(), Failure> {
        let group = desk.group(&self.group)?;
        desk.perform(Command::Invite {
            group,
            member: self.member.clone(),
            standing: portcullis_core::cell::Standing {
                kind: self.kind.into(),
                jurisdiction: self.country,
            },
        })?;
        let next = format!(
            "`{0}` is invited; its node says yes by following a collection of the group: `portcullis cell follow add --member {1} --collection ID --into …`; without a node, you enter its yes with `portcullis cell group attest`",
            self.member, desk.me.member
        );
        changed(desk, &group, &next, ui);
        Ok(())
    }
}

impl Attest {
    fn run(self, desk: &Desk, ui: Ui) -> Result<(), Failure> {
        let group = desk.group(&self.group)?;
        let member = self.member.clone();
        desk.perform(Command::Attest {
            group,
            member: self.member,
            checked_by: self.checked_by,
            how: self.how,
        })?;
        changed(desk, &group, &format!("`{member}` is in it now"), ui);
        Ok(())
    }
}

impl Leave {
    /// Whether an owner means what it says: it owns the group as before, and is in it no more.
    fn meant(&self, desk: &Desk, id: &GroupId) -> Result<(), Failure> {
        let state = desk.state();
        let ours = state
            .groups()
            .get(id)
            .filter(|held| held.owner == desk.me.member);
        let Some(held) = ours.filter(|_| !self.although_owner) else {
            return Ok(());
        };
        let others = held
            .joined()
            .filter(|(member, _)| **member != desk.me.member)
            .count();
        let message = match others {
            0 => format!(
                "`{}` is this member's own group, and nobody else is in it",
                held.title
            ),
            others => format!(
                "`{}` is this member's own group: {} would go on sharing in it, and this member would read nothing of it",
                held.title,
                words::count(others, "other member"),
            ),
        };
        Err(Failure::refused("cell.owner_leaves", message).hint(format!(
            "to end it for all: `portcullis cell group dissolve {0}`; if it is meant: `portcullis cell group leave {0} --although-owner`",
            quoted(&self.group)
        )))
    }
}

fn quoted(title: &str) -> String {
    if title.contains(' ') {
        format!("\"{title}\"")
    } else {
        title.to_owned()
    }
}

fn changed(desk: &Desk, id: &GroupId, what: &str, ui: Ui) {
    let state = desk.state();
    if let Some(group) = state.groups().get(id) {
        ui.say(format_args!("`{}` ({id}): {what}", group.title));
        ui.answer(&json_of(id, group));
    }
}

fn show(desk: &Desk, id: &GroupId, ui: Ui) {
    let state = desk.state();
    let Some(group) = state.groups().get(id) else {
        return;
    };
    ui.say(format_args!("{}  {id}", group.title));
    ui.say(format_args!("  owner    {}", group.owner));
    if group.dissolved {
        ui.say("  DISSOLVED: it reaches nobody");
    }
    for (member, membership) in &group.members {
        let standing = membership.standing;
        let how = match &membership.joined {
            None => "invited, has not answered: reaches it not".to_owned(),
            Some((consent, at)) => format!("since {at}, {}", consent_text(consent)),
        };
        ui.say(format_args!(
            "  {member:32} {:9} {}  {how}",
            standing.kind.as_str(),
            standing.jurisdiction
        ));
    }
    let used: Vec<String> = state
        .collections()
        .values()
        .filter(|held| !held.closed && held.settings.readers.contains(id))
        .map(|held| held.settings.title.clone())
        .collect();
    ui.say(format_args!("  reads    {}", words::or_dash(&used)));
    ui.answer(&json_of(id, group));
}

fn consent_text(consent: &Consent) -> String {
    match consent {
        Consent::Founder => "founded it".into(),
        Consent::Own => "said yes itself".into(),
        Consent::Attested { checked_by, how } => {
            format!("its yes was checked by {checked_by}: {how}")
        }
        Consent::Relayed => "its owner says so".into(),
    }
}

fn list(desk: &Desk, ui: Ui) {
    let state = desk.state();
    let mut rows = Vec::new();
    for (id, group) in state.groups() {
        let joined = group.joined().count();
        let asked = group.members.len() - joined.min(group.members.len());
        let gone = if group.dissolved { "  DISSOLVED" } else { "" };
        ui.say(format_args!(
            "{:28} {id}  {}, {asked} asked{gone}",
            group.title,
            words::count(joined, "member")
        ));
        rows.push(json_of(id, group));
    }
    if rows.is_empty() {
        ui.say("there is no group; `portcullis cell group make TITLE --country GB` makes one");
    }
    ui.answer(&Value::Array(rows));
}

fn json_of(id: &GroupId, group: &Held) -> Value {
    json!({
        "id": id.to_string(),
        "title": group.title,
        "owner": group.owner.as_str(),
        "dissolved": group.dissolved,
        "members": group.members.iter().map(|(member, membership)| json!({
            "member": member.as_str(),
            "kind": membership.standing.kind.as_str(),
            "country": membership.standing.jurisdiction.to_string(),
            "since": membership.joined.as_ref().map(|(_, at)| at.to_string()),
            "consent": membership.joined.as_ref().map(|(consent, _)| consent_text(consent)),
        })).collect::<Vec<_>>(),
    })
}
