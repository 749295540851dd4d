//! The cell as a command has it before it: opened, read, and asked by the node's own people.

use super::{find, words};
use crate::{cmd::cell::collection, failure::Failure, home::Home, ui::Ui};
use jiff::Timestamp;
use portcullis_core::{
    cell::{
        Caller, CollectionId, Command, Event, GroupId, Jurisdiction, MemberKind, Settings,
        Standing, State, Tlp, follow::Source,
    },
    member::MemberId,
    realm::Realm,
};
use portcullis_node::{
    Env as _,
    cell::{Cell, Found},
};
use serde_json::Value;
use std::{path::Path, sync::Arc};

/// A cell, and on whose behalf a command acts.
pub(crate) struct Desk {
    pub(super) home: Home,
    pub(super) cell: Arc<Cell>,
    /// The node's own people.
    pub(super) me: Caller,
    realm: Realm,
}

impl Desk {
    /// Opens the cell in a data folder and reads all of it.
    pub(super) fn open(dir: &Path) -> Result<Self, Failure> {
        Self::of(Home::open(dir)?)
    }

    fn of(home: Home) -> Result<Self, Failure> {
        let cell = home.cell()?.ok_or_else(|| {
            Failure::refused("cell.none", "this node has no cell")
                .hint("add `[cell]` to portcullis.toml, or make a node with `portcullis init --role cell`")
        })?;
        cell.load()?;
        let (me, realm) = (cell.operator(), home.realm()?);
        Ok(Self {
            home,
            cell,
            me,
            realm,
        })
    }

    /// What the cell knows, as of now.
    pub(super) fn state(&self) -> Arc<State> {
        self.cell.state()
    }

    /// Now, to the microsecond.
    pub(super) fn now(&self) -> Timestamp {
        let now = self.home.env.now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    /// Asks for something to happen; what happened.
    pub(super) fn perform(&self, command: Command) -> Result<Vec<Event>, Failure> {
        Ok(self.cell.perform(&self.me, command)?)
    }

    /// The twelve bytes of a fresh id.
    pub(super) fn draw(&self) -> [u8; 12] {
        let mut random = [0; 12];
        self.home.env.fill(&mut random);
        random
    }

    pub(super) const fn realm(&self) -> &Realm {
        &self.realm
    }

    /// A fresh UUID.
    pub(super) fn uuid(&self) -> String {
        self.cell.uuid()
    }

    /// A collection by its alias, its id, or its title if no other has it.
    pub(super) fn collection(&self, word: &str) -> Result<CollectionId, Failure> {
        let state = self.state();
        if let Some(id) = state.collection_named(word) {
            return Ok(id);
        }
        let titled: Vec<CollectionId> = state
            .collections()
            .iter()
            .filter(|(_, held)| !held.closed && held.settings.title == word)
            .map(|(id, _)| *id)
            .collect();
        match titled.as_slice() {
            [one] => Ok(*one),
            [] => Err(Failure::refused(
                "cell.unknown_collection",
                format!("there is no such collection: `{word}`"),
            )
            .hint("`portcullis cell collection list` shows them; `portcullis cell collection add` makes one")),
            _ => Err(Failure::usage(format!(
                "{} are titled `{word}`",
                words::count(titled.len(), "collection")
            ))
            .hint("name it by its id: `portcullis cell collection list`")),
        }
    }

    /// A group by its id, or by its title if no other has it.
    pub(super) fn group(&self, word: &str) -> Result<GroupId, Failure> {
        let state = self.state();
        let unknown = || {
            Failure::refused(
                "cell.unknown_group",
                format!("there is no such group: `{word}`"),
            )
            .hint("`portcullis cell group list` shows them; `portcullis cell group make` makes one")
        };
        if word.starts_with("grp_") {
            let id: GroupId = word
                .parse()
                .map_err(|error| Failure::usage(format!("{error}")))?;
            return state.groups().get(&id).map(|_| id).ok_or_else(unknown);
        }
        let titled: Vec<GroupId> = state
            .groups()
            .iter()
            .filter(|(_, group)| !group.dissolved && group.title == word)
            .map(|(id, _)| *id)
            .collect();
        match titled.as_slice() {
            [one] => Ok(*one),
            [] => Err(unknown()),
            _ => Err(Failure::usage(format!(
                "{} are titled `{word}`",
                words::count(titled.len(), "group")
            ))
            .hint("name it by its id: `portcullis cell group list`")),
        }
    }

    /// Whether somebody here has heard of a member: it is in a group or was asked, has an account,
    /// is followed, or stands in the register.
    pub(super) fn knows(&self, member: &MemberId) -> Result<bool, Failure> {
        let state = self.state();
        let here = *member == self.me.member
            || (state.groups().values()).any(|group| group.members.contains_key(member))
            || (state.accounts().values()).any(|held| !held.ended && held.member == *member)
            || (state.follows().values()).any(|held| {
                matches!(&held.source, Source::Peer { member: source, .. } if source == member)
            });
        if here || self.home.anchor()?.is_none() {
            return Ok(here);
        }
        Ok(self.home.node()?.peer(member).is_ok())
    }

    /// Whether a member has at once what is said here: it is this node's own, or has an account here.
    pub(super) fn reads_here(&self, member: &MemberId) -> bool {
        let state = self.state();
        let mut accounts = state.accounts().values();
        *member == self.me.member
            || accounts.any(|account| account.member == *member && !account.ended)
    }

    /// How what is said in `collection` of an object reaches the member that published it, as the end of a
    /// sentence whose subject it is.
    pub(super) fn way_to(&self, member: &MemberId, collection: &CollectionId) -> String {
        let state = self.state();
        let follows = state.follows().values().any(|follow| {
            let theirs = matches!(&follow.source, Source::Peer { member: of, .. } if of == member);
            theirs && follow.into == *collection && !follow.ended && !follow.paused
        });
        let alias = find::alias(self, collection);
        let reads = || {
            let caller = Caller::node(member.clone());
            state.clearance(&caller, collection, self.now()).is_ok()
        };
        if self.reads_here(member) {
            format!("`{member}` has this at once")
        } else if follows && reads() {
            format!(
                "`{member}` has this as soon as `portcullis serve` has told its node, which we follow"
            )
        } else if follows {
            format!(
                "this stays here: `{member}` is in no group that reads `{alias}` (`portcullis cell collection change {alias} --readers …`)"
            )
        } else {
            format!(
                "this reaches `{member}` once its node follows `{alias}`, or ours follows it into `{alias}`"
            )
        }
    }

    /// The same of what is said of `of`: by way of the node at which its publisher has an account, where
    /// that is another one. What was `said` may be for nobody else, and stay here.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the cell cannot be read.
    pub(super) fn way_back(
        &self,
        of: &Found,
        collection: &CollectionId,
        said: Option<&str>,
    ) -> Result<String, Failure> {
        let publisher = &of.label.publisher;
        let node = if self.reads_here(publisher) {
            None
        } else {
            self.cell.account_at(&of.collection, of.number)?
        };
        let to = node.as_ref().unwrap_or(publisher);
        if let Some(said) = said
            && *to != self.me.member
            && self.is_red(said)?
            && self
                .cell
                .versions(&Caller::node(to.clone()), said)?
                .is_empty()
        {
            return Ok(format!(
                "this stays here: it is TLP:RED and names nobody (`portcullis cell mark {said} --to {to}`)"
            ));
        }
        let way = self.way_to(to, collection);
        Ok(match &node {
            Some(_) => format!("{way}; `{publisher}` has its account there"),
            None => way,
        })
    }

    fn is_red(&self, id: &str) -> Result<bool, Failure> {
        let found = self.versions(id)?;
        Ok(found.first().is_some_and(|one| one.label.tlp == Tlp::Red))
    }

    /// Refuses members nobody here has heard of: a name that is misspelt reaches nobody.
    pub(super) fn known(&self, members: &[MemberId]) -> Result<(), Failure> {
        for member in members {
            if !self.knows(member)? {
                return Err(Failure::refused(
                    "cell.unknown_member",
                    format!("nobody here has heard of `{member}`"),
                )
                .hint("it is in no group and no register, and has no account; `portcullis cell group list` and `portcullis cell account list` show names"));
            }
        }
        Ok(())
    }

    /// What this member is, and whose law it is under: as typed, else as configured.
    pub(super) fn standing(
        &self,
        kind: Option<MemberKind>,
        country: Option<Jurisdiction>,
    ) -> Result<Standing, Failure> {
        let told = self.home.config.cell().unwrap_or_default();
        let country = match (country, &told.country) {
            (Some(country), _) => country,
            (None, Some(text)) => words::country(text).map_err(|error| {
                Failure::new(
                    crate::failure::USAGE,
                    "config",
                    format!("cell.country: {error}"),
                )
            })?,
            (None, None) => {
                return Err(
                    Failure::usage("nobody said in which country this member is").hint(
                        "set `country` under `[cell]` in portcullis.toml, or add `--country GB`",
                    ),
                );
            }
        };
        let kind = match (kind, told.kind.as_deref()) {
            (Some(kind), _) => kind,
            (None, Some(word)) => MemberKind::parse(word).ok_or_else(|| {
                Failure::new(
                    crate::failure::USAGE,
                    "config",
                    format!("cell.kind: `{word}` is neither `company` nor `authority`"),
                )
            })?,
            (None, None) => self.kind_by_roles(),
        };
        Ok(Standing {
            kind,
            jurisdiction: country,
        })
    }

    /// Who applies, approves or oversees is an authority.
    fn kind_by_roles(&self) -> MemberKind {
        let public = ["authority", "approver", "overseer"];
        let roles = &self.home.config.roles;
        if roles.iter().any(|role| public.contains(&role.as_str())) {
            MemberKind::Authority
        } else {
            MemberKind::Company
        }
    }

    /// The group of this member alone; founded if there is none. Any other group is made to be
    /// joined, also one that nobody was asked to join yet.
    pub(super) fn own_group(&self) -> Result<GroupId, Failure> {
        let state = self.state();
        let title = format!("{} alone", state.me());
        let own = state.groups().iter().find(|(_, group)| {
            let alone = group.members.len() == 1 && group.members.contains_key(state.me());
            alone && group.owner == *state.me() && !group.dissolved && group.title == title
        });
        if let Some((id, _)) = own {
            return Ok(*id);
        }
        let group = GroupId::new(&self.realm, self.draw());
        let known = || {
            let mut groups = state.groups().values();
            groups.find_map(|group| group.standing(state.me()))
        };
        let standing = match self.standing(None, None) {
            Ok(standing) => standing,
            Err(failure) => known().ok_or(failure)?,
        };
        self.perform(Command::FoundGroup {
            group,
            title,
            standing,
        })?;
        Ok(group)
    }
}

/// Makes the first collections of a fresh node, for this member's own accounts; for `init`.
pub(crate) fn begin(home: &Home, titles: &[String], ui: Ui) -> Result<Vec<Value>, Failure> {
    if home.config.cell().is_none() {
        return Ok(Vec::new());
    }
    let mut made = Vec::new();
    if !titles.is_empty() {
        let desk = Desk::of(Home::open(&home.dir)?)?;
        let own = desk.own_group()?;
        for title in titles {
            let mut settings = Settings::titled(title);
            settings.alias = collection::alias_of(title, &desk.state());
            settings.readers.insert(own);
            settings.writers.insert(own);
            made.push(collection::open(&desk, settings, ui)?);
        }
    }
    next_steps(home, titles, ui);
    Ok(made)
}

/// What to type next, word by word.
fn next_steps(home: &Home, titles: &[String], ui: Ui) {
    let dir = home.dir.display();
    ui.say("");
    ui.say("next, a TAXII server of your own; it needs no register:");
    if titles.is_empty() {
        ui.say(format_args!(
            "  portcullis --dir {dir} cell collection add Indicators"
        ));
    }
    ui.say(format_args!(
        "  portcullis --dir {dir} cell account add desk"
    ));
    ui.say(format_args!("  portcullis --dir {dir} serve"));
    ui.say(format_args!("clients then find it at {}", address(home)));
}

/// Where clients begin: TAXII's discovery.
pub(super) fn address(home: &Home) -> String {
    let told = home.config.cell().unwrap_or_default();
    match told.plain_listen {
        Some(address) => format!("http://{address}/taxii2/"),
        None => format!("{}/taxii2/", home.config.endpoint),
    }
}
