//! The commands that write a draft: each one edit of `verdict::register::edit`.

use super::{
    card::{Card, digest_of},
    draft::{Draft, days_from, instant, key_digest, public_key, roots},
    policy,
};
use crate::{cmd::key::parse_office, failure::Failure, home::Home, ui::Ui, wrong::one_of};
use clap::Args;
use jiff::Timestamp;
use portcullis_core::{
    digest::Digest,
    member::MemberId,
    register::{Register, Revocation, Term},
};
use portcullis_verdict::register::edit::{self, EditError};
use std::{collections::BTreeMap, path::PathBuf};

/// When something ends: a day or so many days.
#[derive(Args)]
pub(super) struct Ends {
    /// The first day on which it holds no more, or an instant.
    #[arg(long, value_name = "DATE")]
    expires: Option<String>,
    /// So many days from now.
    #[arg(long, conflicts_with = "expires")]
    days: Option<u32>,
}

impl Ends {
    fn at(&self, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
        let until = match (&self.expires, self.days) {
            (Some(text), _) => Some(instant(text, now)?),
            (None, Some(days)) => Some(days_from(now, days)?),
            (None, None) => None,
        };
        match until {
            Some(until) if until <= now => Err(Failure::usage(format!(
                "{until} is past: the register would be expired"
            ))),
            until => Ok(until),
        }
    }
}

/// Drafts version 1 from the members' cards.
///
/// One of the cards is the registrar's (`portcullis init … --registrar`): it names the
/// register's log. Every witness's node lists that log before the register exists:
/// `[witness] logs` in its `portcullis.toml`, or `portcullis init … --witness-log VKEY`.
#[derive(Args)]
pub(crate) struct New {
    /// The draft to write.
    draft: PathBuf,
    /// A root: a public key, a key's name in `officers/`, or a `.pub` file. Repeat for each.
    #[arg(long = "root", required = true, value_name = "KEY")]
    roots: Vec<String>,
    /// How many roots must sign.
    #[arg(long)]
    threshold: u16,
    #[command(flatten)]
    ends: Ends,
    /// A member's card. Repeat for each.
    #[arg(long = "card", required = true, value_name = "CARD.json")]
    cards: Vec<PathBuf>,
    /// Of how many sectors a witness must have cosigned.
    #[arg(long, default_value_t = policy::QUORUM)]
    quorum: usize,
    /// How many days the officers' terms last.
    #[arg(long, default_value_t = 365, value_name = "DAYS")]
    term_days: u32,
}

impl New {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Result<(), Failure> {
        let made = now(home)?;
        let realm = home.realm()?;
        let expires = self
            .ends
            .at(made)?
            .ok_or_else(|| Failure::usage("say when it expires: `--expires DATE` or `--days N`"))?;
        let term = Term {
            from: made,
            until: days_from(made, self.term_days)?,
        };
        let mut members = BTreeMap::new();
        let mut log = None;
        for path in &self.cards {
            let mut card = Card::read(path, &realm)?;
            if let Some(vkey) = card.register_log.take()
                && log.replace(vkey).is_some()
            {
                return Err(Failure::usage(
                    "two of the cards are registrars'; one log carries a register",
                ));
            }
            let (id, member) = card.into_member(term)?;
            if members.contains_key(&id) {
                return Err(Failure::usage(format!(
                    "`{}`: {}",
                    path.display(),
                    EditError::MemberExists(id)
                )));
            }
            members.insert(id, member);
        }
        let log = log.ok_or_else(|| {
            Failure::usage("none of the cards names a register's log")
                .hint("the registrar's node is made with `portcullis init … --registrar`")
        })?;
        let register = Register {
            realm,
            version: 1,
            previous: None,
            made,
            expires,
            roots: roots(home, &self.roots, self.threshold)?,
            witness_policy: policy::policy(&members, self.quorum)?,
            log,
            members,
        };
        let what = format!(
            "{} members, witnesses of {} sectors",
            register.members.len(),
            self.quorum
        );
        Draft {
            path: self.draft,
            register,
        }
        .saved(true, &what, ui)
    }
}

/// Drafts the version that follows the newest one this node believes, with nothing changed yet.
#[derive(Args)]
pub(crate) struct Next {
    /// The draft to write.
    draft: PathBuf,
    #[command(flatten)]
    ends: Ends,
}

impl Next {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Result<(), Failure> {
        let made = now(home)?;
        let history = home.node()?.history()?;
        let newest = history.newest();
        let expires = match self.ends.at(made)? {
            Some(expires) => expires,
            None if newest.register.expires > made => newest.register.expires,
            None => {
                let message = format!(
                    "version {} expired at {}",
                    newest.register.version, newest.register.expires
                );
                return Err(Failure::refused("register.expired", message)
                    .hint("say when the next one expires: `--expires DATE` or `--days N`"));
            }
        };
        let register = edit::next(&newest.register, newest.digest, made, expires);
        let what = format!("follows version {}", newest.register.version);
        Draft {
            path: self.draft,
            register,
        }
        .saved(true, &what, ui)
    }
}

/// Adds a member to a draft, from its card.
#[derive(Args)]
pub(crate) struct AddMember {
    draft: PathBuf,
    /// The member's card.
    card: PathBuf,
    /// How many days its officers' terms last.
    #[arg(long, default_value_t = 365, value_name = "DAYS")]
    term_days: u32,
    /// Takes the place of the member of that name, with its keys and offices.
    #[arg(long)]
    replace: bool,
}

impl AddMember {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Result<(), Failure> {
        let from = now(home)?;
        let term = Term {
            from,
            until: days_from(from, self.term_days)?,
        };
        let mut draft = Draft::open(&self.draft)?;
        let card = Card::read(&self.card, &draft.register.realm)?;
        let (id, mut member) = card.into_member(term)?;
        let before = draft.register.members.clone();
        if self.replace {
            let old = draft
                .register
                .members
                .remove(&id)
                .ok_or_else(|| refused(&EditError::UnknownMember(id.clone())))?;
            // A revocation is for ever: a card does not take it back.
            for (digest, key) in old.keys {
                match member.keys.get_mut(&digest) {
                    Some(kept) => kept.revoked = key.revoked,
                    None if key.revoked.is_some() => drop(member.keys.insert(digest, key)),
                    None => {}
                }
            }
        }
        edit::add_member(&mut draft.register, id.clone(), member)
            .map_err(|error| refused(&error))?;
        follow_policy(&mut draft.register, &before, ui)?;
        draft.saved(false, &format!("`{id}` is a member"), ui)
    }
}

/// Takes a member out of a draft. What it signed before is judged by the versions it stood in.
#[derive(Args)]
pub(crate) struct RemoveMember {
    draft: PathBuf,
    member: MemberId,
}

impl RemoveMember {
    pub(super) fn run(self, _home: &Home, ui: Ui) -> Result<(), Failure> {
        let mut draft = Draft::open(&self.draft)?;
        let before = draft.register.members.clone();
        if draft.register.members.remove(&self.member).is_none() {
            return Err(refused(&EditError::UnknownMember(self.member)));
        }
        follow_policy(&mut draft.register, &before, ui)?;
        draft.saved(
            false,
            &format!("`{}` is no member any more", self.member),
            ui,
        )
    }
}

/// Gives a key an office for a time: a new key, or a key that is there.
///
/// Example: `portcullis register add-office v2.json court.example judge.pub judge --days 730`
#[derive(Args)]
#[command(group(one_of("end")))]
pub(crate) struct AddOffice {
    draft: PathBuf,
    member: MemberId,
    /// A public key, the name of a key in `officers/`, or a `.pub` file.
    key: String,
    office: String,
    /// The first day or instant; now, if not given.
    #[arg(long, value_name = "DATE", default_value = "now")]
    from: String,
    /// The first day or instant that is no longer inside.
    #[arg(long, value_name = "DATE", conflicts_with = "days", group = "end")]
    until: Option<String>,
    /// So many days from the first.
    #[arg(long, group = "end")]
    days: Option<u32>,
}

impl AddOffice {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Result<(), Failure> {
        let office = parse_office(&self.office)?;
        let key = public_key(home, &self.key)?;
        let now = now(home)?;
        let from = instant(&self.from, now)?;
        let until = match (&self.until, self.days) {
            (Some(text), _) => instant(text, now)?,
            (None, days) => days_from(from, days.unwrap_or_default())?,
        };
        if until <= from {
            return Err(Failure::usage(format!(
                "the term ends at {until}, before it begins at {from}"
            )));
        }
        let mut draft = Draft::open(&self.draft)?;
        let (digest, term) = (digest_of(&key), Term { from, until });
        edit::add_office(
            &mut draft.register,
            &self.member,
            digest,
            &key.to_string(),
            office,
            term,
        )
        .map_err(|error| refused(&error))?;
        draft.saved(
            false,
            &format!(
                "{digest} is {office} of `{}` from {from} until {until}",
                self.member
            ),
            ui,
        )
    }
}

/// Says where a member's node answers, and with which certificates.
#[derive(Args)]
pub(crate) struct SetEndpoint {
    draft: PathBuf,
    member: MemberId,
    /// `https://host:port`.
    url: String,
    /// The SHA-256 of a certificate, instead of those that are there. Repeat while one replaces another.
    #[arg(long, value_name = "DIGEST")]
    tls: Vec<Digest>,
}

impl SetEndpoint {
    pub(super) fn run(self, _home: &Home, ui: Ui) -> Result<(), Failure> {
        let mut draft = Draft::open(&self.draft)?;
        let unknown = || refused(&EditError::UnknownMember(self.member.clone()));
        let member = draft
            .register
            .members
            .get_mut(&self.member)
            .ok_or_else(unknown)?;
        member.endpoint.clone_from(&self.url);
        if !self.tls.is_empty() {
            member.tls = self.tls.iter().copied().collect();
        }
        draft.saved(
            false,
            &format!("`{}` answers at {}", self.member, self.url),
            ui,
        )
    }
}

/// Says of how many sectors a witness must have cosigned, and writes the witness policy anew.
#[derive(Args)]
pub(crate) struct SetQuorum {
    draft: PathBuf,
    sectors: usize,
}

impl SetQuorum {
    pub(super) fn run(self, _home: &Home, ui: Ui) -> Result<(), Failure> {
        let mut draft = Draft::open(&self.draft)?;
        draft.register.witness_policy = policy::policy(&draft.register.members, self.sectors)?;
        draft.saved(
            false,
            &format!("witnesses of {} sectors are needed", self.sectors),
            ui,
        )
    }
}

/// Ends a key before its time.
///
/// With `--compromised`, everything it signed that was not witnessed before `--since` is void,
/// whatever date it bears; without, what it signed before stays good.
#[derive(Args)]
pub(crate) struct Revoke {
    draft: PathBuf,
    /// The key's digest, `sha256:…`; or the key itself.
    key: String,
    /// Since when it is not to be believed: a day, an instant, or `now`.
    #[arg(long, value_name = "TIME")]
    since: String,
    /// It fell into other hands.
    #[arg(long)]
    compromised: bool,
}

impl Revoke {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Result<(), Failure> {
        let mut draft = Draft::open(&self.draft)?;
        let key = key_digest(home, &self.key)?;
        let since = instant(&self.since, now(home)?)?;
        let revocation = Revocation {
            since,
            compromised: self.compromised,
        };
        edit::revoke(&mut draft.register, key, revocation).map_err(|error| refused(&error))?;
        draft.saved(false, &format!("{key} is revoked since {since}"), ui)
    }
}

/// Replaces the roots. The version then needs enough of the old roots and of the new.
#[derive(Args)]
pub(crate) struct RotateRoots {
    draft: PathBuf,
    /// A root: a public key, a key's name in `officers/`, or a `.pub` file. Repeat for each.
    #[arg(long = "root", required = true, value_name = "KEY")]
    roots: Vec<String>,
    /// How many roots must sign.
    #[arg(long)]
    threshold: u16,
}

impl RotateRoots {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Result<(), Failure> {
        let mut draft = Draft::open(&self.draft)?;
        edit::rotate_roots(
            &mut draft.register,
            roots(home, &self.roots, self.threshold)?,
        );
        draft.saved(
            false,
            &format!("{} of {} new roots", self.threshold, self.roots.len()),
            ui,
        )
    }
}

/// Says when the version expires. Under an expired register nothing is GENUINE.
#[derive(Args)]
pub(crate) struct Renew {
    draft: PathBuf,
    #[command(flatten)]
    ends: Ends,
}

impl Renew {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Result<(), Failure> {
        let until = self.ends.at(now(home)?)?;
        let until = until
            .ok_or_else(|| Failure::usage("say when it expires: `--expires DATE` or `--days N`"))?;
        let mut draft = Draft::open(&self.draft)?;
        draft.register.expires = until;
        draft.saved(false, &format!("it expires at {until}"), ui)
    }
}

/// The witness policy after the members changed.
fn follow_policy(
    register: &mut Register,
    before: &BTreeMap<MemberId, portcullis_core::register::Member>,
    ui: Ui,
) -> Result<(), Failure> {
    match policy::follow(before, &register.witness_policy, &register.members)? {
        Some(text) => register.witness_policy = text,
        None => ui.note("the witness policy was written by hand and stays; look at `witness_policy` in the draft, or use `portcullis register set-quorum`"),
    }
    Ok(())
}

fn refused(error: &EditError) -> Failure {
    let code = match error {
        EditError::UnknownMember(_) => "register.unknown_member",
        EditError::MemberExists(_) => "register.member_exists",
        EditError::UnknownKey(_) => "register.unknown_key",
        EditError::KeyExists(_) => "register.key_exists",
    };
    let hint = match error {
        EditError::UnknownMember(_) => "`portcullis register add-member DRAFT CARD.json` adds one",
        EditError::MemberExists(_) => "`--replace` puts a new card in the old one's place",
        EditError::UnknownKey(_) => "`portcullis register show` lists keys with their digests",
        EditError::KeyExists(_) => "one key belongs to one member; a person with two has two keys",
    };
    Failure::refused(code, error.to_string()).hint(hint)
}

/// The instant it is, to the millisecond.
fn now(home: &Home) -> Result<Timestamp, Failure> {
    use portcullis_node::Env as _;
    let now = home.env.now();
    Timestamp::from_millisecond(now.as_millisecond())
        .map_err(|error| Failure::unable("clock", error.to_string()))
}
