//! `inspect check`: an overseer checks an answer, leaf by leaf.

use super::{
    Answer, Failure, Home, Path, PathBuf, Ui, believing, document, parts::read_parts,
    sample::first_tick,
};
use crate::{cmd::log::files::Files, failure::FALSE};
use clap::Args;
use portcullis_verdict::{
    Against,
    inspection::{self, Answered, Found, Sample, check_answer, check_sample},
    parts::Contents,
    register::judge::judge,
    schema,
};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Checks an operator's answer to a sample, leaf by leaf.
///
/// The nonce is the one committed to, the operator had the commitment before, the checkpoint is
/// later and a quorum's, the picks are those that follow; each leaf is in the log at its place,
/// counts what is said, and stands for the statement that is shown; its docket follows from the
/// case's statements and its law, and its schema has that cell for it; and the case tells of the look. What was not answered, and what is false, is listed.
///
/// A leaf that is said to be erased is one that was not answered: ask the other side of that case.
///
/// Exit code 4 when anything is false or was not answered.
#[derive(Args)]
pub(crate) struct Check {
    /// What `portcullis inspect sample` wrote.
    sample: PathBuf,
    /// What the operator's `portcullis inspect answer` wrote.
    answer: PathBuf,
    /// The log, to see that no earlier checkpoint would have done: a folder or a URL.
    #[arg(long, value_name = "DIR|URL")]
    log: Option<String>,
    /// Takes whatever certificate the server shows: what counts is signed.
    #[arg(long)]
    any_certificate: bool,
}

impl Check {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let home = Home::open(dir)?;
        let node = home.node()?;
        let sample = Sample::parse(&document(&self.sample)?)?;
        let at = sample.says().commitment.says().at;
        let first = match &self.log {
            Some(place) => first_tick(&Files::open(place, dir, self.any_certificate)?, at)?,
            None => None,
        };
        let drawn = believing(&home, &node, |by| check_sample(&sample, first, by))?;
        let (envelope, head, parts) = read_parts(&self.answer, Contents::Answer)?;
        let history = node.history()?;
        let member = &head.member;
        judge(
            &history,
            &home.trust()?,
            member,
            head.made_at,
            &envelope,
            None,
            node.now(),
        )
        .map_err(|error| Failure::false_(error.code(), format!("the answer's seal: {error}")))?;
        let answer = inspection::Answer::from_parts(&parts)?;
        let mut schemas = schema::builtin();
        for bytes in log_schemas(self.log.as_deref(), dir, self.any_certificate)? {
            if let Ok(schema) = schema::parse("schema", &bytes) {
                schemas.install(schema);
            }
        }
        let (trust, laws, realm) = (home.trust()?, home.laws()?, home.realm()?);
        let against = Against {
            history: &history,
            trust: &trust,
            laws: &laws,
            realm: &realm,
            us: None,
            now: node.now(),
        };
        let found = check_answer(&head, &answer, &sample, &drawn, &schemas, &against)?;
        let bad = found.iter().filter(|one| !one.holds()).count();
        for one in &found {
            ui.say(format_args!("{:>9}  {}", one.index, words(one)));
        }
        ui.say(format_args!(
            "{} leaves of `{}`: {} as they should be, {bad} not",
            found.len(),
            drawn.operator,
            found.len() - bad
        ));
        if first.is_none() {
            ui.say(if self.log.is_some() {
                "not checked: that this was the first checkpoint; the log's list does not reach back so far"
            } else {
                "not checked: that this was the first checkpoint; give the log with `--log`"
            });
        }
        ui.answer(&json!({
            "first_checked": first.is_some(),
            "sample": sample.digest().to_string(),
            "operator": drawn.operator.as_str(),
            "holds": bad == 0,
            "leaves": found.iter().map(json_of).collect::<Vec<_>>(),
        }));
        Ok(ExitCode::from(if bad == 0 { 0 } else { FALSE }))
    }
}

/// The schema that the log publishes, where it is one of its own.
fn log_schemas(log: Option<&str>, dir: &Path, any: bool) -> Result<Vec<Vec<u8>>, Failure> {
    let Some(place) = log else {
        return Ok(Vec::new());
    };
    let files = Files::open(place, dir, any)?;
    Ok(files.maybe("schema")?.into_iter().collect())
}

fn words(one: &Answered) -> String {
    let cell = |cell: &Option<u8>| {
        cell.map_or_else(|| "no cell".to_owned(), |cell| format!("cell {cell}"))
    };
    match &one.found {
        Found::Unanswered => "NOT ANSWERED".into(),
        Found::Cover => "counts nothing".into(),
        Found::Aside { what } => format!("no cell: a {what}"),
        Found::Shown {
            cell: counted,
            case,
            kind,
            recorded,
        } => {
            let told = if *recorded {
                ""
            } else {
                ", and the case DOES NOT TELL of this look"
            };
            format!("{}: `{kind}` of {case}{told}", cell(counted))
        }
        Found::Erased {
            cell: counted,
            case,
            statement,
        } => format!(
            "UNANSWERED: said to be erased, {}, statement {statement} of {case}; nothing here shows that",
            cell(counted)
        ),
        Found::False(why) => format!("FALSE: {why}"),
    }
}

fn json_of(one: &Answered) -> Value {
    let (found, cell, case, detail) = match &one.found {
        Found::Unanswered => ("unanswered", None, None, None),
        Found::Cover => ("cover", None, None, None),
        Found::Aside { .. } => ("aside", None, None, None),
        Found::Shown { cell, case, .. } => ("shown", *cell, Some(case), None),
        Found::Erased { cell, case, .. } => ("erased", *cell, Some(case), None),
        Found::False(why) => ("false", None, None, Some(why)),
    };
    let statement = match &one.found {
        Found::Erased { statement, .. } => Some(statement.to_string()),
        _ => None,
    };
    json!({
        "index": one.index,
        "found": found,
        "holds": one.holds(),
        "cell": cell,
        "case": case.map(ToString::to_string),
        "statement": statement,
        "detail": detail,
    })
}
