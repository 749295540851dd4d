//! `portcullis order verify` and `order bundle`: an order as one file, and the verdict on it.

use super::{file, show::printable};
use crate::{
    Answer,
    clock::SystemEnv,
    failure::{FALSE, Failure, REFUSED},
    home::Home,
    ui::Ui,
};
use clap::Args;
use jiff::Timestamp;
use portcullis_core::{digest::Digest, id::CaseId, member::MemberId};
use portcullis_node::Env as _;
use portcullis_verdict::{
    Against, Anchor, Bundle, History, Outcome, Trust, Verdict,
    bundle::BUNDLE_BYTES_MAX,
    law::{self, Calendars, LAW_BYTES_MAX, Laws},
    register::versions::{self, VERSIONS_BYTES_MAX},
    verify,
};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Answers whether an order is genuine and sufficient, now: offline, with every check by name.
///
/// One line — `GENUINE …`, `INSUFFICIENT: …` or `NOT GENUINE: …` — and then each check with the
/// clause it follows. With `--register` it needs no data folder and no network, only this program
/// and the files.
///
/// Example: `portcullis order verify bundle.json --register register.json --register-id sha256:…`
///
/// Exit codes: 0 genuine; 1 insufficient; 3 the file cannot be read; 4 not genuine.
#[derive(Args)]
pub(crate) struct Verify {
    /// A bundle's file, `-` for standard input, or a case of this node.
    #[arg(value_name = "FILE|-|CASE")]
    what: String,
    /// Prints the verdict's line alone.
    #[arg(long)]
    line: bool,
    /// Judges by this file of register versions, as `portcullis register export` writes it.
    #[arg(long, value_name = "FILE")]
    register: Option<PathBuf>,
    /// The id of the register that you trust, as people compared it.
    #[arg(long, value_name = "SHA256", requires = "register")]
    register_id: Option<Digest>,
    /// Law files besides those that come with Portcullis: every `.toml` of a folder.
    #[arg(long, value_name = "DIR", requires = "register")]
    laws: Option<PathBuf>,
    /// To which provider the order must be addressed.
    #[arg(long = "for", value_name = "MEMBER")]
    for_member: Option<MemberId>,
    /// Judges as of then.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
}

/// What was found, and what it rests on.
struct Found {
    verdict: Verdict,
    laws: Laws,
    register: String,
    /// Whether the register is one that somebody said they trust.
    compared: bool,
    /// Evidence against the register's roots.
    evidence: Vec<String>,
}

impl Verify {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let bundle = match self.bundle(dir)? {
            Ok(bundle) => bundle,
            Err(why) => return Ok(no_bundle(&why, self.line, ui)),
        };
        let found = match &self.register {
            Some(register) => self.by_file(register, dir, &bundle)?,
            None => self.by_home(dir, &bundle)?,
        };
        self.print(&found, ui);
        Ok(ExitCode::from(match found.verdict.outcome {
            // Genuine by a register that anybody may have made up is not enough to act on.
            Outcome::Genuine | Outcome::Attested if !found.compared => REFUSED,
            Outcome::Genuine | Outcome::Attested => 0,
            Outcome::Insufficient => REFUSED,
            Outcome::NotGenuine => FALSE,
        }))
    }

    /// The bundle, or why the bytes are none.
    fn bundle(&self, dir: &Path) -> Result<Result<Bundle, String>, Failure> {
        if let Ok(case) = self.what.parse::<CaseId>() {
            return Ok(Ok(Home::open(dir)?.node()?.bundle(case)?));
        }
        let bytes = if self.what == "-" {
            file::read_all(std::io::stdin().lock(), "-", BUNDLE_BYTES_MAX + 1)?
        } else {
            file::read_bounded(Path::new(&self.what), BUNDLE_BYTES_MAX + 1).or_else(|failure| {
                if failure.code == "file.too_long" {
                    Ok(vec![0; BUNDLE_BYTES_MAX + 1])
                } else {
                    Err(failure)
                }
            })?
        };
        Ok(Bundle::parse(&bytes).map_err(|error| error.to_string()))
    }

    fn now(&self, env: SystemEnv) -> Timestamp {
        self.at.unwrap_or_else(|| env.now())
    }

    fn by_home(&self, dir: &Path, bundle: &Bundle) -> Result<Found, Failure> {
        let home = Home::open(dir).map_err(|failure| {
            failure.hint("without a data folder, name the register's file: `--register FILE --register-id ID`")
        })?;
        let node = home.node()?;
        let verdict = node.judge_at(bundle, self.for_member.as_ref(), self.now(home.env))?;
        let history = node.history()?;
        Ok(Found {
            verdict,
            laws: home.laws()?,
            register: of(&history),
            compared: true,
            evidence: Vec::new(),
        })
    }

    fn by_file(&self, register: &Path, dir: &Path, bundle: &Bundle) -> Result<Found, Failure> {
        let bytes = file::read_bounded(register, VERSIONS_BYTES_MAX)?;
        let named = |error: &dyn std::fmt::Display| format!("`{}`: {error}", register.display());
        let (claimed, records) = versions::parse(&bytes)
            .map_err(|error| Failure::false_(error.code(), named(&error)))?;
        let trusted = match self.register_id {
            Some(id) => Some(Anchor(id)),
            None => Home::open(dir)
                .ok()
                .map(|home| home.anchor())
                .transpose()?
                .flatten(),
        };
        let opened = History::open(trusted.unwrap_or(claimed), &records);
        let (history, refused) = opened.map_err(|refused| {
            let first = refused.into_iter().next();
            let (code, why) = first.map_or(
                ("register.malformed", "it holds no version".to_owned()),
                |version| (version.error.code(), version.error.to_string()),
            );
            Failure::false_(code, named(&why))
                .hint("this register cannot be believed, so nothing can be judged by it")
        })?;
        // Two versions of one number are evidence against the roots: what stands before them speaks on.
        let two = refused
            .iter()
            .filter(|version| version.error.code() == "register.two_of_one_number");
        let evidence: Vec<_> = two.map(|version| version.error.to_string()).collect();
        let laws = self.installed()?;
        let realm = history.newest().register.realm.clone();
        let against = Against {
            history: &history,
            trust: &Trust::default(),
            laws: &laws,
            realm: &realm,
            us: self.for_member.as_ref(),
            now: self.now(SystemEnv),
        };
        let verdict = verify(bundle, &against);
        Ok(Found {
            verdict,
            register: of(&history),
            laws,
            compared: trusted.is_some(),
            evidence,
        })
    }

    fn installed(&self) -> Result<Laws, Failure> {
        let mut laws = law::builtin();
        let Some(folder) = &self.laws else {
            return Ok(laws);
        };
        let calendars = Calendars::builtin();
        let entries = std::fs::read_dir(folder).map_err(|error| Failure::file(folder, &error))?;
        let mut paths: Vec<_> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        paths.retain(|path| path.extension().is_some_and(|end| end == "toml"));
        paths.sort();
        for path in paths {
            let bytes = file::read_bounded(&path, LAW_BYTES_MAX)?;
            let law =
                law::parse(&path.display().to_string(), &bytes, &calendars).map_err(|errors| {
                    let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
                    Failure::refused("law.refused", lines.join("\n"))
                })?;
            laws.install(law);
        }
        Ok(laws)
    }

    fn print(&self, found: &Found, ui: Ui) {
        let verdict = &found.verdict;
        let warnings = warnings(found);
        ui.say(printable(&verdict.line));
        if self.line {
            for warning in &warnings {
                ui.note(format_args!("! {warning}"));
            }
        } else {
            for warning in &warnings {
                ui.say(format_args!("  ! {warning}"));
            }
            for check in &verdict.checks {
                let mark = if check.passed { '✓' } else { '✗' };
                let clause = check
                    .clause
                    .as_ref()
                    .map_or_else(String::new, |clause| format!("  ({clause})"));
                ui.say(printable(&format!(
                    "  {mark} {}: {}{clause}",
                    check.name, check.detail
                )));
            }
            ui.say(format_args!(
                "  judged as of {} under register {}",
                verdict.at, found.register
            ));
        }
        let checks: Vec<_> = verdict
            .checks
            .iter()
            .map(|check| serde_json::json!({ "name": check.name, "passed": check.passed, "detail": check.detail, "clause": check.clause }))
            .collect();
        ui.answer(&serde_json::json!({
            "outcome": verdict.outcome.as_str(),
            "line": verdict.line,
            "code": verdict.code,
            "at": verdict.at.to_string(),
            "case": verdict.case.as_ref().map(|case| case.id.to_string()),
            "order": verdict.case.as_ref().map(|case| case.order_digest.to_string()),
            "checks": checks,
            "warnings": warnings,
            "register": found.register,
            "register_compared": found.compared,
        }));
    }
}

/// What is said loudly, whatever the outcome.
fn warnings(found: &Found) -> Vec<String> {
    let mut warnings = Vec::new();
    if !found.compared {
        warnings.push(format!(
            "THE REGISTER WAS NOT COMPARED with one that you trust: give `--register-id`; this file says it is {}",
            found.register
        ));
    }
    warnings.extend(
        found
            .evidence
            .iter()
            .map(|why| format!("EVIDENCE AGAINST THE REGISTER'S ROOTS: {why}")),
    );
    let Some(case) = &found.verdict.case else {
        return warnings;
    };
    if !found.laws.published(&case.law) {
        warnings.push(format!(
            "THE LAW FILE IS NOT AMONG THOSE PUBLISHED with Portcullis: {} {}",
            case.order.law, case.law
        ));
    }
    if let Some(law) = found.laws.get(&case.law)
        && let Some(rule) = law.rule(&case.order.rule, law.calendar.date_of(case.drafted_at))
        && !rule.clause.verified
    {
        warnings.push(format!(
            "THE RULE'S WORDING WAS NOT SEEN by whoever wrote the law file: {}",
            rule.clause
        ));
    }
    warnings
}

fn of(history: &History) -> String {
    format!(
        "{} version {}",
        history.anchor().0,
        history.newest().register.version
    )
}

/// Bytes that are no bundle are a verdict, not a fault.
fn no_bundle(why: &str, line_only: bool, ui: Ui) -> ExitCode {
    let line = printable(&format!("NOT GENUINE: bundle.malformed: {why}"));
    ui.say(&line);
    if !line_only {
        ui.say("  ✗ bundle.readable: nothing in it was looked at");
    }
    let checks = serde_json::json!([{ "name": "bundle.readable", "passed": false, "detail": why, "clause": null }]);
    ui.answer(&serde_json::json!({ "outcome": "NOT GENUINE", "line": line, "code": "bundle.malformed", "checks": checks }));
    ExitCode::from(FALSE)
}

/// Writes an order with its approvals and proofs as one file: what `portcullis order verify` reads.
///
/// It carries no application and no note; it may be shown to the provider.
#[derive(Args)]
pub(crate) struct Write {
    case: CaseId,
    /// Where to.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Write {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let bundle = Home::open(dir)?.node()?.bundle(self.case)?;
        let bytes = bundle.to_bytes();
        std::fs::write(&self.output, &bytes)
            .map_err(|error| Failure::file(&self.output, &error))?;
        let proved = bundle
            .entries
            .iter()
            .filter(|entry| entry.inclusion.is_some())
            .count();
        let all = bundle.entries.len();
        ui.say(format_args!(
            "wrote `{}`: {all} statements, {proved} of them proved in their authors' logs",
            self.output.display()
        ));
        ui.answer(&serde_json::json!({ "file": self.output, "statements": all, "proved": proved, "bytes": bytes.len() }));
        Ok(ExitCode::SUCCESS)
    }
}
