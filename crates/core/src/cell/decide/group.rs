//! Groups: founded, joined by two yeses, left by one no.

use super::{
    super::{
        command::Command,
        event::Fact,
        group::{Consent, GROUP_MEMBERS_MAX, GROUPS_MAX, Group, Membership},
        ids::GroupId,
        refusal::Refusal,
    },
    Answer, Wish, bound,
};
use crate::member::MemberId;
use jiff::SignedDuration;

/// How far ahead of ours another node's clock may be.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

impl Wish<'_> {
    pub(super) fn group(self, command: Command) -> Answer {
        match command {
            Command::FoundGroup {
                group,
                title,
                standing,
            } => {
                self.operator()?;
                self.fresh_group(&group)?;
                bound::title("title", &title)?;
                Ok(Some(Fact::GroupFounded {
                    group,
                    title,
                    standing,
                }))
            }
            Command::Invite {
                group,
                member,
                standing,
            } => {
                let held = self.own_group(&group)?;
                if held.members.contains_key(&member) {
                    return Err(Refusal::InvitedAlready { member });
                }
                bound::count("members", held.members.len() + 1, GROUP_MEMBERS_MAX)?;
                Ok(Some(Fact::Invited {
                    group,
                    member,
                    standing,
                }))
            }
            Command::Accept { group } => self.accept(group),
            Command::Attest {
                group,
                member,
                checked_by,
                how,
            } => {
                let held = self.own_group(&group)?;
                bound::title("checked_by", &checked_by)?;
                bound::text("how", &how)?;
                invited(held, &member)?;
                let consent = Consent::Attested { checked_by, how };
                Ok(Some(Fact::Joined {
                    group,
                    member,
                    consent,
                }))
            }
            Command::Leave { group } => {
                self.speaks()?;
                let held = self.known_group(&group)?;
                let member = self.by.member.clone();
                in_group(held, &member)?;
                Ok(Some(Fact::Left { group, member }))
            }
            Command::Expel { group, member } => {
                let held = self.own_group(&group)?;
                in_group(held, &member)?;
                Ok(Some(Fact::Left { group, member }))
            }
            Command::LearnGroup { .. } => self.learn(command),
            Command::DissolveGroup { group } => {
                self.own_group(&group)?;
                Ok(Some(Fact::GroupDissolved { group }))
            }
            _ => Ok(None),
        }
    }

    /// Members say yes where the group's owner hears it: at the owner's node.
    fn accept(self, group: GroupId) -> Answer {
        self.speaks()?;
        let held = self.known_group(&group)?;
        if held.owner != self.state.me {
            return Err(Refusal::NotOwner {
                owner: held.owner.clone(),
            });
        }
        let member = self.by.member.clone();
        invited(held, &member)?;
        Ok(Some(Fact::Joined {
            group,
            member,
            consent: Consent::Own,
        }))
    }

    /// What another's node says of its own group. Older news changes nothing.
    fn learn(self, command: Command) -> Answer {
        let Command::LearnGroup {
            group,
            title,
            members,
            said_at,
        } = command
        else {
            return Ok(None);
        };
        self.speaks()?;
        self.of_realm(group.realm_tag())?;
        bound::title("title", &title)?;
        bound::count("members", members.len(), GROUP_MEMBERS_MAX)?;
        bound::fit("said_at", said_at.duration_since(self.at) <= SKEW)?;
        let owner = self.by.member.clone();
        match self.state.groups.get(&group) {
            Some(held) if held.owner != owner || owner == self.state.me => {
                return Err(Refusal::NotOwner {
                    owner: held.owner.clone(),
                });
            }
            Some(held) if said_at <= held.changed_at => return Ok(None),
            Some(_) => {}
            None => self.fresh_group(&group)?,
        }
        Ok(Some(Fact::GroupLearned {
            group,
            owner,
            title,
            members,
            said_at,
        }))
    }

    fn fresh_group(&self, group: &GroupId) -> Result<(), Refusal> {
        self.of_realm(group.realm_tag())?;
        if self.state.groups.contains_key(group) {
            return Err(Refusal::Taken {
                name: group.to_string(),
            });
        }
        bound::count("groups", self.state.groups.len() + 1, GROUPS_MAX)
    }

    fn own_group(&self, id: &GroupId) -> Result<&Group, Refusal> {
        self.speaks()?;
        let group = self.known_group(id)?;
        if group.owner == self.by.member {
            Ok(group)
        } else {
            Err(Refusal::NotOwner {
                owner: group.owner.clone(),
            })
        }
    }
}

fn invited(group: &Group, member: &MemberId) -> Result<(), Refusal> {
    match group.members.get(member) {
        None => Err(Refusal::NotInvited {
            member: member.clone(),
        }),
        Some(Membership {
            joined: Some(_), ..
        }) => Err(Refusal::InvitedAlready {
            member: member.clone(),
        }),
        Some(Membership { joined: None, .. }) => Ok(()),
    }
}

fn in_group(group: &Group, member: &MemberId) -> Result<(), Refusal> {
    if group.members.contains_key(member) {
        Ok(())
    } else {
        Err(Refusal::NotInGroup {
            member: member.clone(),
        })
    }
}
