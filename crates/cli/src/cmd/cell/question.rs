//! `portcullis cell ask`, `answer`, `ack`, `close` and `questions`: asking across organisations.

use super::{Desk, find, words};
use crate::{Answer as Done, failure::Failure, ui::Ui};
use clap::Args;
use portcullis_core::{
    cell::{
        CollectionId, Command, GroupId, ObjectId, QuestionId, State,
        question::{Kind, Question as Held},
    },
    member::MemberId,
};
use portcullis_node::cell::question::NewQuestion;
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path, process::ExitCode};

/// Asks members or groups a question about a threat, with a deadline.
///
/// Whoever was asked acknowledges, answers with notes, reports or sightings, or declines with a
/// reason; those who are silent are reminded. A question for the data of somebody's users is
/// refused: that takes an order, and goes through the front door.
///
/// Example:
///
///   portcullis cell ask seen "Does anybody see mail from this sender?" --group partners --by 2d
///   portcullis cell ask confirm "Is 192.0.2.7 yours?" --member bank.example --in alerts --by 4h
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Ask {
    /// What is asked for: `seen` (do you see this too?), `confirm` (is this so?), `technique`, `actor`,
    /// `impact`, `mitigation`, `sample`.
    kind: String,
    /// The question.
    text: String,
    /// A group to ask: its title or id. Repeat for several.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// A member to ask. Repeat for several.
    #[arg(long = "member", value_name = "MEMBER")]
    members: Vec<MemberId>,
    /// Until when answers help: a span from now such as `4h` or `5d`, or an instant; a day is its midnight in UTC.
    #[arg(long, value_name = "TIME", default_value = "3d")]
    by: String,
    /// An object that it is about. Repeat for several.
    #[arg(long, value_name = "OBJECT")]
    about: Vec<ObjectId>,
    /// The collection in which the question stands as a note; the one that the group reads, if it
    /// reads one alone.
    #[arg(long = "in", value_name = "COLLECTION")]
    collection: Option<String>,
}

/// Answers a question with objects that were published, or declines with a reason.
///
/// Example:
///
///   portcullis cell answer rfi_… --object sighting--… --object note--…
///   portcullis cell answer rfi_… --decline "our counsel says no"
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Answer {
    /// The question.
    question: QuestionId,
    /// Notes, reports, sightings. Repeat for several.
    #[arg(long = "object", value_name = "OBJECT")]
    objects: Vec<ObjectId>,
    /// Does not answer, and says why.
    #[arg(long, value_name = "TEXT", conflicts_with = "objects")]
    decline: Option<String>,
}

/// Says that this member has the question, and works on it.
///
/// Example: `portcullis cell ack rfi_…`
#[derive(Args)]
pub(crate) struct Ack {
    /// The question.
    question: QuestionId,
}

/// Closes a question of ours, and says what it brought.
///
/// Example: `portcullis cell close rfi_… --outcome "three banks see it; blocked" --brought indicator--…`
#[derive(Args)]
pub(crate) struct Close {
    /// The question.
    question: QuestionId,
    /// What it brought, in words.
    #[arg(long, value_name = "TEXT")]
    outcome: String,
    /// An object that came of it. Repeat for several.
    #[arg(long, value_name = "OBJECT")]
    brought: Vec<ObjectId>,
}

/// Lists questions, ours and those to us: who has answered, who is silent.
///
/// Example:
///
///   portcullis cell questions
///   portcullis cell questions rfi_… --remind
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Questions {
    /// One alone, with every member.
    question: Option<QuestionId>,
    /// Closed ones, too.
    #[arg(long)]
    all: bool,
    /// Reminds those who are silent, of the question that is named. This happens by itself at three quarters
    /// of the time and at its end.
    #[arg(long, requires = "question")]
    remind: bool,
}

impl Ask {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Done {
        if Kind::parse(&self.kind).is_none() {
            let known: Vec<_> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
            return Err(Failure::refused(
                "cell.unknown_kind",
                format!("`{}` is no kind of question about a threat", self.kind),
            )
            .hint(format!("these are: {}", known.join(", "))));
        }
        if self.groups.is_empty() && self.members.is_empty() {
            return Err(Failure::usage("nobody to ask was named").hint(
                "`--group GROUP` asks all in a group, `--member MEMBER` one; both may be repeated",
            ));
        }
        let desk = Desk::open(dir)?;
        let deadline = words::deadline(&self.by, desk.now()).map_err(Failure::usage)?;
        desk.known(&self.members)?;
        let groups = self.groups.iter().map(|word| desk.group(word));
        let groups = groups.collect::<Result<BTreeSet<GroupId>, _>>()?;
        let collection = match &self.collection {
            Some(word) => desk.collection(word)?,
            None => read_by(&desk, &groups)?,
        };
        let new = NewQuestion {
            kind: self.kind,
            text: self.text,
            about: self.about,
            groups,
            members: self.members.into_iter().collect(),
            deadline,
        };
        let about = new.about.clone();
        let question = desk.cell.ask(&desk.me, &collection, new)?;
        let done = shown(&desk, &question, "asked", ui)?;
        let away = away(&desk, &question, &about)?;
        if !away.is_empty() {
            ui.say(format_args!(
                "no account here: {}; this gets there once a node of theirs follows `{}`",
                away.join(", "),
                find::alias(&desk, &collection)
            ));
        }
        Ok(done)
    }
}

/// Those who were asked and may never hear it: they have no account here, and it is about nothing of
/// theirs, for which our follow of them would take it along.
fn away(desk: &Desk, question: &QuestionId, about: &[ObjectId]) -> Result<Vec<String>, Failure> {
    let state = desk.state();
    let Some(held) = state.questions().get(question) else {
        return Ok(Vec::new());
    };
    let mut goes_to = BTreeSet::new();
    for object in about {
        for of in desk.versions(object.as_str())? {
            goes_to.extend(desk.cell.account_at(&of.collection, of.number)?);
            goes_to.insert(of.label.publisher);
        }
    }
    let asked = held.asked.keys();
    let away = asked.filter(|member| !desk.reads_here(member) && !goes_to.contains(*member));
    Ok(away.map(|member| format!("`{member}`")).collect())
}

/// The collection that these groups read, if there is one alone in which a note reaches them all.
fn read_by(desk: &Desk, groups: &BTreeSet<GroupId>) -> Result<CollectionId, Failure> {
    let state = desk.state();
    let all = state.collections().iter();
    let mut read = all.filter(|(_, held)| {
        !held.closed && !groups.is_empty() && groups.is_subset(&held.settings.readers)
    });
    match (read.next(), read.next()) {
        (Some((id, _)), None) => Ok(*id),
        _ => Err(Failure::usage(
            "say in which collection the question shall stand: `--in COLLECTION`",
        )
        .hint("those asked have to read it, and are named to nobody else: `portcullis cell collection list`")),
    }
}

impl Answer {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Done {
        if self.objects.is_empty() && self.decline.is_none() {
            return Err(Failure::usage("no answer was named")
                .hint("`--object ID` names one that is published here; `--decline TEXT` says why there is none"));
        }
        let desk = Desk::open(dir)?;
        let question = self.question;
        if let Some(reason) = &self.decline {
            desk.cell.decline_question(&desk.me, question, reason)?;
            return shown(&desk, &question, "declined", ui);
        }
        for object in &self.objects {
            if desk.versions(object.as_str())?.is_empty() {
                return Err(super::not_here(object.as_str()));
            }
        }
        desk.cell.answer(&desk.me, question, self.objects)?;
        shown(&desk, &question, "answered", ui)
    }
}

impl Ack {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Done {
        let desk = Desk::open(dir)?;
        desk.cell.acknowledge(&desk.me, self.question)?;
        shown(&desk, &self.question, "acknowledged", ui)
    }
}

impl Close {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Done {
        let desk = Desk::open(dir)?;
        desk.cell
            .close_question(&desk.me, self.question, &self.outcome, self.brought)?;
        shown(&desk, &self.question, "closed", ui)
    }
}

impl Questions {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Done {
        let desk = Desk::open(dir)?;
        // Answers that came in as notes and sightings, where no `serve` has heard them.
        desk.cell.question_tick()?;
        if let Some(question) = self.question {
            if self.remind {
                desk.perform(Command::Remind { question })?;
            }
            return shown(
                &desk,
                &question,
                if self.remind { "reminded" } else { "" },
                ui,
            );
        }
        let (state, now) = (desk.state(), desk.now());
        let mut rows = Vec::new();
        for (id, held) in state.questions() {
            if held.closed.is_some() && !self.all {
                continue;
            }
            let tally = Tally::of(&desk, held);
            let late = if held.deadline < now && tally.silent + tally.have_it > 0 {
                "  LATE"
            } else {
                ""
            };
            let stands = match &held.closed {
                Some(closed) => format!("closed: {}", closed.outcome),
                None => format!("{tally}, until {}{late}", held.deadline),
            };
            ui.say(format_args!(
                "{id}  {:10} by {}  {stands}",
                held.kind.as_str(),
                held.by.member
            ));
            ui.say(format_args!("    {}", held.text));
            rows.push(json_of(&desk, id, held));
        }
        if rows.is_empty() {
            ui.say("no question is open");
        }
        ui.answer(&Value::Array(rows));
        Ok(ExitCode::SUCCESS)
    }
}

/// How those who were asked stand to a question.
#[derive(Default)]
struct Tally {
    replied: usize,
    have_it: usize,
    silent: usize,
    unknown: usize,
}

impl Tally {
    fn of(desk: &Desk, held: &Held) -> Self {
        let mut tally = Self::default();
        for (member, reply) in &held.asked {
            let count = if reply.settled() {
                &mut tally.replied
            } else if reply.acknowledged_at.is_some() {
                &mut tally.have_it
            } else if is_known(desk, held, member) {
                &mut tally.silent
            } else {
                &mut tally.unknown
            };
            *count += 1;
        }
        tally
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counts = [
            (self.replied, "replied"),
            (
                self.have_it,
                if self.have_it == 1 {
                    "has it"
                } else {
                    "have it"
                },
            ),
            (self.silent, "silent"),
            (self.unknown, "not known here"),
        ];
        let said = counts.iter().filter(|(count, _)| *count > 0);
        let said: Vec<_> = said
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        let asked = self.replied + self.have_it + self.silent + self.unknown;
        write!(f, "{asked} asked: {}", said.join(", "))
    }
}

/// Whether this node would know if a member had said something: to a question of another node that says
/// it there.
fn is_known(desk: &Desk, held: &Held, member: &MemberId) -> bool {
    desk.reads_here(&held.by.member) || desk.reads_here(member)
}

fn shown(desk: &Desk, id: &QuestionId, what: &str, ui: Ui) -> Done {
    let state = desk.state();
    let held = state.questions().get(id).ok_or_else(|| {
        Failure::refused("cell.unknown_question", "there is no such question")
            .hint("`portcullis cell questions --all` shows them")
    })?;
    let what = if what.is_empty() {
        String::new()
    } else {
        format!("{what}: ")
    };
    ui.say(format_args!(
        "{what}{id}  {} by {}, until {}",
        held.kind.as_str(),
        held.by.member,
        held.deadline
    ));
    ui.say(format_args!("  {}", held.text));
    let replied = ["acknowledged: ", "declined: ", "answered: "].contains(&what.as_str());
    if replied && !desk.reads_here(&held.by.member) {
        let note = held.note.as_ref();
        let found = note.map(|note| desk.versions(note.as_str())).transpose()?;
        let mut found = found.into_iter().flatten();
        let stands = found.find(|found| found.label.publisher == held.by.member);
        let way = match &stands {
            Some(of) => desk.way_back(of, &of.collection, None)?,
            None => format!("this stays here: no note of `{}` is", held.by.member),
        };
        ui.say(format_args!("  {way}"));
    }
    let waits = waits(&state, held);
    if waits {
        ui.say("  waits for a person: `portcullis cell review list`");
    }
    for (member, reply) in &held.asked {
        let said = match (&reply.declined, reply.answered_at, reply.acknowledged_at) {
            (Some(reason), _, _) => format!("declined: {reason}"),
            (None, Some(at), _) => format!("answered at {at}"),
            (None, None, Some(at)) => format!("has it since {at}"),
            (None, None, None) if is_known(desk, held, member) => "SILENT".to_owned(),
            (None, None, None) => "not known here".to_owned(),
        };
        ui.say(format_args!("  {member:32} {said}"));
        for object in &reply.answers {
            ui.say(format_args!("      {object}"));
        }
    }
    if let Some(closed) = &held.closed {
        ui.say(format_args!(
            "  closed at {}: {}",
            closed.at, closed.outcome
        ));
    }
    let mut answer = json_of(desk, id, held);
    answer["waits"] = waits.into();
    ui.answer(&answer);
    Ok(ExitCode::SUCCESS)
}

/// Whether a question's note is held until a person has decided.
fn waits(state: &State, held: &Held) -> bool {
    let mut waiting = state.reviews_waiting();
    let note = held.note.as_ref();
    note.is_some_and(|note| waiting.any(|(_, review)| review.object == *note))
}

fn json_of(desk: &Desk, id: &QuestionId, held: &Held) -> Value {
    let tally = Tally::of(desk, held);
    let names = |objects: &[ObjectId]| objects.iter().map(ToString::to_string).collect::<Vec<_>>();
    json!({
        "id": id.to_string(),
        "kind": held.kind.as_str(),
        "text": held.text,
        "note": held.note.as_ref().map(ToString::to_string),
        "by": held.by.member.as_str(),
        "at": held.at.to_string(),
        "deadline": held.deadline.to_string(),
        "members": held.asked.iter().map(|(member, reply)| json!({
            "member": member.as_str(),
            "acknowledged": reply.acknowledged_at.map(|at| at.to_string()),
            "answered": reply.answered_at.map(|at| at.to_string()),
            "answers": names(&reply.answers),
            "declined": reply.declined,
        })).collect::<Vec<_>>(),
        "have_it": tally.have_it,
        "silent": tally.silent,
        "unknown": tally.unknown,
        "closed": held.closed.as_ref().map(|closed| json!({
            "at": closed.at.to_string(),
            "outcome": closed.outcome,
            "brought": names(&closed.brought),
        })),
    })
}
