//! `portcullis cell collection`: what the cell serves, by which rules, and to whom.

use super::{Desk, words};
use crate::{Answer, failure::Failure, ui::Ui};
use clap::{Args, Subcommand, ValueEnum};
use portcullis_core::cell::{
    Collection as Held, CollectionId, Command, FollowId, GroupId, Mode, Settings, State, Tlp,
    follow::Source,
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path, process::ExitCode};

/// Collections: what is served, by which rules objects are taken in, and whom they reach.
///
/// A collection belongs to groups: their members read it, or add to it. Without a group it is for
/// this member's own accounts alone. Nobody else ever reads it by default.
///
/// Example:
///
///   portcullis cell collection add "Bank attacks" --group partners --default-tlp amber
///   portcullis cell collection change bank-attacks --mode strict
///   portcullis cell collection show bank-attacks
///   portcullis cell collection list
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Collection {
    Add(Add),
    List(List),
    Show(Show),
    Change(Change),
    Close(Close),
}

/// How much is asked of an object.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum ModeWord {
    /// Anything well-formed.
    Keep,
    /// What STIX 2.1 says an object MUST be.
    Must,
    /// What it SHOULD be, too, and its vocabularies.
    Strict,
}

impl From<ModeWord> for Mode {
    fn from(word: ModeWord) -> Self {
        match word {
            ModeWord::Keep => Self::Keep,
            ModeWord::Must => Self::Must,
            ModeWord::Strict => Self::Strict,
        }
    }
}

/// Makes a collection.
///
/// Example: `portcullis cell collection add "Bank attacks" --group partners --readers regulator`
#[derive(Args)]
pub(crate) struct Add {
    /// What people call it.
    title: String,
    #[command(flatten)]
    set: Set,
}

/// What may be said of a collection.
#[derive(Args, Default)]
struct Set {
    /// A short name for addresses and commands; made from the title, if not given.
    #[arg(long, value_name = "NAME")]
    alias: Option<String>,
    /// What is in it, for people.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// How much is asked of an object.
    #[arg(long)]
    mode: Option<ModeWord>,
    /// The TLP of an object without a marking: amber, if not given. A stricter one counts for what is there
    /// already, too; a wider one only for what is added from then on.
    #[arg(long, value_name = "LABEL", value_parser = words::tlp)]
    default_tlp: Option<Tlp>,
    /// A group whose members read and add: its title or id, of `portcullis cell group list`. Repeat for
    /// several; `none` takes all away.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// A group whose members read, and do not add. Repeat for several; `none`: nobody but this member's own accounts.
    #[arg(long, value_name = "GROUP")]
    readers: Vec<String>,
    /// A group whose members add. Repeat for several; `none`: nobody but this member's own accounts. Whoever adds
    /// and does not read sees nothing there, not even what it added, and deletes nothing; it asks its own back by a recall.
    #[arg(long, value_name = "GROUP")]
    writers: Vec<String>,
    /// Whether everybody with an account reads what is TLP:CLEAR: a public feed.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    open: Option<bool>,
    /// Whether an object stops going out at the instant of its `valid_until`: `true`, if not given; with
    /// `false` it goes out as long as it is here.
    #[arg(long, value_name = "BOOL")]
    honour_expiry: Option<bool>,
    /// The legal basis that an exit from here needs: a name of `portcullis cell wrapper`; `none` takes it away.
    #[arg(long, value_name = "NAME")]
    wrapper: Option<String>,
}

/// Lists the collections: short name, id, mode, what is unmarked, title.
///
/// Example: `portcullis cell collection list --all`
#[derive(Args)]
pub(crate) struct List {
    /// Closed ones, too.
    #[arg(long)]
    all: bool,
}

/// Shows a collection: its address, its rules, and who reads it today.
///
/// Example: `portcullis cell collection show bank-attacks`
#[derive(Args)]
pub(crate) struct Show {
    /// Its alias, id or title.
    collection: String,
}

/// Sets a collection anew. What is not named stays; groups that are named replace those there were.
///
/// `--group none` unshares it: nobody but this member's own accounts has it from then on, and nodes that
/// follow it give back what they have. What clients have polled is asked back with `portcullis cell recall`.
///
/// Example: `portcullis cell collection change bank-attacks --mode strict --wrapper cisa-2015`
#[derive(Args)]
pub(crate) struct Change {
    /// Its alias, id or title.
    collection: String,
    /// What people call it from now on.
    #[arg(long)]
    title: Option<String>,
    #[command(flatten)]
    set: Set,
}

/// Closes a collection for ever: it serves nobody and takes nothing in. Its objects stay in the journal.
///
/// Example: `portcullis cell collection close bank-attacks`
#[derive(Args)]
pub(crate) struct Close {
    /// Its alias, id or title.
    collection: String,
}

impl Collection {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        match self {
            Self::Add(command) => command.run(&desk, ui)?,
            Self::List(command) => command.run(&desk, ui),
            Self::Show(command) => command.run(&desk, ui)?,
            Self::Change(command) => command.run(&desk, ui)?,
            Self::Close(command) => command.run(&desk, ui)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Add {
    fn run(self, desk: &Desk, ui: Ui) -> Result<(), Failure> {
        let state = desk.state();
        let titled = |held: &Held| !held.closed && held.settings.title == self.title;
        if let Some((id, _)) = state.collections().iter().find(|(_, held)| titled(held)) {
            return Err(Failure::refused(
                "cell.taken",
                format!("there is a collection `{}` already: {id}", self.title),
            )
            .hint("people and commands tell collections by their titles: give this one another"));
        }
        let mut settings = Settings::titled(&self.title);
        settings.alias = alias_of(&self.title, &state);
        self.set.apply(desk, &mut settings)?;
        if settings.readers.is_empty() && !settings.open {
            settings.readers.insert(desk.own_group()?);
        }
        if settings.writers.is_empty() {
            settings.writers.insert(desk.own_group()?);
        }
        lapsed(desk, &state, &settings, ui);
        let made = open(desk, settings, ui)?;
        ui.answer(&made);
        Ok(())
    }
}

impl Set {
    /// Whether nothing was said.
    fn is_empty(&self) -> bool {
        let Self {
            alias,
            description,
            mode,
            default_tlp,
            groups,
            readers,
            writers,
            open,
            honour_expiry,
            wrapper,
        } = self;
        let texts = [alias, description, wrapper];
        texts.iter().all(|text| text.is_none())
            && (mode.is_none() && default_tlp.is_none())
            && (open.is_none() && honour_expiry.is_none())
            && [groups, readers, writers]
                .iter()
                .all(|said| said.is_empty())
    }

    fn apply(self, desk: &Desk, settings: &mut Settings) -> Result<(), Failure> {
        let with_both = |more: Vec<String>| [self.groups.as_slice(), &more].concat();
        if let Some(readers) = groups(desk, &with_both(self.readers))? {
            settings.readers = readers;
        }
        if let Some(writers) = groups(desk, &with_both(self.writers))? {
            settings.writers = writers;
        }
        if let Some(alias) = self.alias {
            settings.alias = Some(alias);
        }
        if let Some(description) = self.description {
            settings.description = Some(description);
        }
        if let Some(mode) = self.mode {
            settings.mode = mode.into();
        }
        if let Some(tlp) = self.default_tlp {
            settings.default_tlp = tlp;
        }
        if let Some(open) = self.open {
            settings.open = open;
        }
        if let Some(honour) = self.honour_expiry {
            settings.honour_expiry = honour;
        }
        if let Some(wrapper) = self.wrapper {
            settings.wrapper = Some(wrapper).filter(|name| name != "none");
        }
        Ok(())
    }
}

/// Says it where the legal basis of a collection does not hold: one would wonder why nobody reads it.
fn lapsed(desk: &Desk, state: &State, settings: &Settings, ui: Ui) {
    let name = settings.wrapper.as_ref();
    let wrapper = name.and_then(|name| Some((name, state.wrappers().get(name)?)));
    if let Some((name, _)) = wrapper.filter(|(_, wrapper)| !wrapper.holds(desk.now())) {
        let called = settings.alias.as_ref().unwrap_or(&settings.title);
        ui.note(format!(
            "`{name}` does not hold now: `{called}` serves nobody but this member"
        ));
    }
}

/// The groups of these words; for `none` the group of this member alone. Nothing where nothing was said.
fn groups(desk: &Desk, words: &[String]) -> Result<Option<BTreeSet<GroupId>>, Failure> {
    let none = |word: &String| word == "none";
    if words.is_empty() {
        return Ok(None);
    }
    if words.iter().all(none) {
        return Ok(Some([desk.own_group()?].into()));
    }
    if words.iter().any(none) {
        return Err(
            Failure::usage("`none` and groups were named together").hint(
                "name the groups that stay, or `none` alone; a group of that title is named by its id",
            ),
        );
    }
    let groups = words.iter().map(|word| desk.group(word));
    groups.collect::<Result<_, _>>().map(Some)
}

/// Says for what another default counts, where one was set.
fn unmarked((before, after): (&State, &State), id: &CollectionId, ui: Ui) {
    let default = |state: &State| {
        let held = state.collection(id);
        held.map(|held| held.settings.default_tlp)
    };
    let (Some(was), Some(is)) = (default(before), default(after)) else {
        return;
    };
    if was < is {
        ui.say(format_args!(
            "what is there without a marking is {is} now, too; nodes that follow give back what may no longer go to them"
        ));
    } else if is < was {
        ui.say(format_args!(
            "what is there without a marking stays as strict as it is until it is published anew, with a later `modified`; \
             what comes from now on is {is}"
        ));
    }
}

/// Says what became of a collection that nobody but this member is to read: that others read
/// `before`, or that was `told` so.
fn unshared(desk: &Desk, (before, told): (&State, bool), after: &State, id: &CollectionId, ui: Ui) {
    let shared = |state: &State| {
        state.collection(id).is_some_and(|held| {
            let mut members = audience(state, &held.settings).map(|(_, member, _)| member);
            members.any(|member| *member != desk.me.member)
        })
    };
    if !(shared(before) || told) || shared(after) {
        return;
    }
    let open = after.collection(id).is_some_and(|held| held.settings.open);
    if open {
        ui.say("it is in no group now; every account still reads what is TLP:CLEAR: `--open false` ends that, too");
    } else {
        ui.say(
            "nobody but this member and its own accounts reads it now; nodes that follow it give back what they have",
        );
        ui.say("what clients have polled is asked back with `portcullis cell recall ID`");
    }
    for (follow, url) in sent_from(after, id) {
        ui.say(format_args!(
            "MISP {url} still gets what is added here: `portcullis cell follow end {follow}` ends that, \
             `pause` instead of `end` stops it for a while; what is there goes only as long as neither is said, when it is removed or recalled here"
        ));
    }
}

/// The MISP instances to which a collection is sent, each with its follow.
fn sent_from<'a>(
    state: &'a State,
    id: &'a CollectionId,
) -> impl Iterator<Item = (&'a FollowId, &'a str)> {
    let here = state.follows().iter().filter(|(_, held)| {
        let runs = !held.ended && !held.paused;
        runs && held.into == *id
    });
    here.filter_map(|(follow, held)| match &held.source {
        Source::Misp {
            url,
            both_ways: true,
            ..
        } => Some((follow, url.as_str())),
        Source::Misp { .. } | Source::Peer { .. } | Source::Taxii { .. } => None,
    })
}

/// Opens a collection and says so; what machines are told.
pub(super) fn open(desk: &Desk, settings: Settings, ui: Ui) -> Result<Value, Failure> {
    let collection = CollectionId::new(desk.realm(), desk.draw());
    let name = settings
        .alias
        .clone()
        .unwrap_or_else(|| collection.to_string());
    let title = settings.title.clone();
    desk.perform(Command::OpenCollection {
        collection,
        settings: Box::new(settings),
    })?;
    ui.say(format_args!(
        "made the collection `{title}`: {name} ({collection})"
    ));
    let state = desk.state();
    Ok(state
        .collection(&collection)
        .map_or(Value::Null, |held| json_of(desk, &state, &collection, held)))
}

impl List {
    fn run(self, desk: &Desk, ui: Ui) {
        let state = desk.state();
        let held = state
            .collections()
            .iter()
            .filter(|(_, held)| self.all || !held.closed);
        let mut rows = Vec::new();
        for (id, held) in held {
            let settings = &held.settings;
            let closed = if held.closed { "  CLOSED" } else { "" };
            ui.say(format_args!(
                "{:24} {id}  {:6} {:16} {}{closed}",
                settings.alias.as_deref().unwrap_or("–"),
                settings.mode.as_str(),
                settings.default_tlp.to_string(),
                settings.title,
            ));
            rows.push(json_of(desk, &state, id, held));
        }
        if rows.is_empty() {
            ui.say("there is no collection; `portcullis cell collection add TITLE` makes one");
        }
        ui.answer(&Value::Array(rows));
    }
}

impl Show {
    fn run(self, desk: &Desk, ui: Ui) -> Result<(), Failure> {
        let id = desk.collection(&self.collection)?;
        let state = desk.state();
        let Some(held) = state.collections().get(&id) else {
            return Ok(());
        };
        let settings = &held.settings;
        ui.say(format_args!("{}", settings.title));
        if let Some(description) = &settings.description {
            ui.say(format_args!("  {description}"));
        }
        ui.say(format_args!("  id            {id}"));
        ui.say(format_args!(
            "  alias         {}",
            settings.alias.as_deref().unwrap_or("–")
        ));
        ui.say(format_args!("  address       {}", url(desk, &id)));
        ui.say(format_args!("  since         {}", held.opened_at));
        ui.say(format_args!("  mode          {}", settings.mode.as_str()));
        ui.say(format_args!("  unmarked is   {}", settings.default_tlp));
        ui.say(format_args!(
            "  readers       {}",
            words::or_dash(&titles(&state, &settings.readers))
        ));
        ui.say(format_args!(
            "  writers       {}",
            words::or_dash(&titles(&state, &settings.writers))
        ));
        if settings.open {
            ui.say("  open          every account reads what is TLP:CLEAR");
        }
        let expiry = if settings.honour_expiry {
            "stays here"
        } else {
            "goes out"
        };
        ui.say(format_args!("  past its date {expiry}"));
        if let Some(wrapper) = &settings.wrapper {
            ui.say(format_args!("  legal basis   {wrapper}"));
        }
        ui.say("\n  who reads it today");
        for (group, member, standing) in audience(&state, settings) {
            ui.say(format_args!(
                "    {member:32} {:9} {}  by `{group}`",
                standing.kind.as_str(),
                standing.jurisdiction
            ));
        }
        ui.answer(&json_of(desk, &state, &id, held));
        Ok(())
    }
}

impl Change {
    fn run(self, desk: &Desk, ui: Ui) -> Result<(), Failure> {
        if self.title.is_none() && self.set.is_empty() {
            return Err(Failure::usage("nothing to change was named").hint(
                "such as `--mode strict`, `--group partners` or `--title \"Bank attacks\"`",
            ));
        }
        let collection = desk.collection(&self.collection)?;
        let mut state = desk.state();
        let mut settings = state.collection(&collection).map_or_else(
            || Settings::titled(&self.collection),
            |held| held.settings.clone(),
        );
        if let Some(title) = self.title {
            settings.title = title;
        }
        let none = |words: &[String]| words.iter().any(|word| word == "none");
        let told = none(&self.set.readers) || none(&self.set.groups);
        self.set.apply(desk, &mut settings)?;
        let changed = desk.perform(Command::ChangeCollection {
            collection,
            settings: Box::new(settings),
        })?;
        if changed.is_empty() {
            ui.say(format_args!(
                "`{}` is so already; nothing was changed",
                self.collection
            ));
        } else {
            ui.say(format_args!(
                "`{}` is set anew; every exit goes by it from now on",
                self.collection
            ));
        }
        let before = std::mem::replace(&mut state, desk.state());
        unmarked((&before, &state), &collection, ui);
        unshared(desk, (&before, told), &state, &collection, ui);
        if let Some(held) = state.collection(&collection) {
            lapsed(desk, &state, &held.settings, ui);
            ui.answer(&json_of(desk, &state, &collection, held));
        }
        Ok(())
    }
}

impl Close {
    fn run(self, desk: &Desk, ui: Ui) -> Result<(), Failure> {
        let collection = desk.collection(&self.collection)?;
        desk.perform(Command::CloseCollection { collection })?;
        ui.say(format_args!("`{}` is closed", self.collection));
        ui.answer(&json!({ "closed": collection.to_string() }));
        Ok(())
    }
}

/// A collection's own address.
fn url(desk: &Desk, id: &CollectionId) -> String {
    format!(
        "{}{}/collections/{id}/",
        super::desk::address(&desk.home),
        desk.home.config.realm
    )
}

fn titles(state: &State, groups: &BTreeSet<GroupId>) -> Vec<String> {
    let title = |id: &GroupId| {
        let group = state.groups().get(id);
        group.map_or_else(|| id.to_string(), |group| group.title.clone())
    };
    groups.iter().map(title).collect()
}

fn audience<'a>(
    state: &'a State,
    settings: &'a Settings,
) -> impl Iterator<
    Item = (
        &'a str,
        &'a portcullis_core::member::MemberId,
        portcullis_core::cell::Standing,
    ),
> {
    settings
        .readers
        .iter()
        .filter_map(|id| state.groups().get(id))
        .flat_map(|group| {
            let title = group.title.as_str();
            group
                .joined()
                .map(move |(member, standing)| (title, member, standing))
        })
}

fn json_of(desk: &Desk, state: &State, id: &CollectionId, held: &Held) -> Value {
    let settings = &held.settings;
    let ids =
        |groups: &BTreeSet<GroupId>| groups.iter().map(ToString::to_string).collect::<Vec<_>>();
    json!({
        "id": id.to_string(),
        "alias": settings.alias,
        "title": settings.title,
        "description": settings.description,
        "address": url(desk, id),
        "mode": settings.mode.as_str(),
        "default_tlp": settings.default_tlp.as_str(),
        "readers": ids(&settings.readers),
        "writers": ids(&settings.writers),
        "open": settings.open,
        "honour_expiry": settings.honour_expiry,
        "wrapper": settings.wrapper,
        "closed": held.closed,
        "audience": audience(state, settings).map(|(group, member, standing)| json!({
            "member": member.as_str(),
            "group": group,
            "kind": standing.kind.as_str(),
            "country": standing.jurisdiction.to_string(),
        })).collect::<Vec<_>>(),
    })
}

/// An alias made from a title, if it makes one that nobody has.
pub(super) fn alias_of(title: &str, state: &State) -> Option<String> {
    let mut alias = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            alias.push(c);
        } else if !alias.is_empty() && !alias.ends_with('-') {
            alias.push('-');
        }
    }
    let alias: String = alias.trim_end_matches('-').chars().take(48).collect();
    let letter = alias.chars().next().is_some_and(|c| c.is_ascii_lowercase());
    (letter && state.collection_named(&alias).is_none()).then_some(alias)
}
