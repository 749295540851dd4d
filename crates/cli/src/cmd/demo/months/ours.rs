//! This program's own commands, run as a visitor would run them.

use super::cast::PROVIDERS;
use super::world::World;
use crate::failure::Failure;
use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// Where the program is, and what it is told to believe.
pub(super) struct Ours {
    program: PathBuf,
    root: PathBuf,
    /// A C2SP tlog-policy: the companies' logs, the witnesses, the quorum.
    pub(super) policy: PathBuf,
}

impl Ours {
    /// Writes the policy by which the register's witnesses are believed.
    pub(super) fn new(world: &World, root: &Path) -> Result<Self, Failure> {
        let mut lines = Vec::new();
        for part in super::cast::CAST
            .iter()
            .filter(|part| PROVIDERS.contains(&part.word))
        {
            let signer = world.keys.of_node(part).log_signer(1);
            let signer = signer.ok_or_else(|| Failure::unable("demo", "a log's key"))?;
            lines.push(format!("log {}", signer.vkey()));
        }
        let history = world.at(PROVIDERS[0]).node.history()?;
        lines.push(history.newest().register.witness_policy.clone());
        let policy = root.join("policy");
        std::fs::write(&policy, lines.join("\n"))
            .map_err(|error| Failure::file(&policy, &error))?;
        Ok(Self {
            program: std::env::current_exe()
                .map_err(|error| Failure::unable("demo", error.to_string()))?,
            root: root.to_owned(),
            policy,
        })
    }

    fn run(&self, json: bool, words: &[&str], paths: &[(&str, &Path)]) -> Result<Output, Failure> {
        let mut command = Command::new(&self.program);
        command.arg("--dir").arg(&self.root);
        if json {
            command.arg("--json");
        }
        command.args(words);
        for (flag, path) in paths {
            if !flag.is_empty() {
                command.arg(flag);
            }
            command.arg(path);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // Progress bars are for whoever watches.
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| Failure::unable("demo", error.to_string()))
    }

    /// `portcullis report verify`: its answer in one line.
    ///
    /// # Errors
    ///
    /// [`Failure`] with the code and the reason that the command gave.
    pub(super) fn verify(&self, report: &Path, logs: &[PathBuf]) -> Result<String, Failure> {
        let mut paths = vec![("", report), ("--policy", self.policy.as_path())];
        paths.extend(logs.iter().map(|log| ("--log", log.as_path())));
        let output = self.run(false, &["report", "verify"], &paths)?;
        let said = String::from_utf8_lossy(&output.stdout);
        let line = said.lines().last().unwrap_or_default().trim();
        let (outcome, rest) = line.split_once(": ").unwrap_or((line, ""));
        let (code, why) = rest.split_once(": ").unwrap_or((rest, ""));
        match (outcome, output.status.success()) {
            ("VERIFIED", true) => Ok(line.to_owned()),
            ("FALSE", false) => Err(Failure::false_(code, why)),
            ("INSUFFICIENT", false) => Err(Failure::refused(code, why)),
            _ => Err(Failure::unable("demo.verify", format!("it said: {said}"))),
        }
    }

    /// `portcullis inspect opened`, on an opened docket.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the command does not end well.
    pub(super) fn opened(&self, docket: &Path) -> Result<(), Failure> {
        let paths = [("", docket), ("--policy", self.policy.as_path())];
        let output = self.run(true, &["inspect", "opened"], &paths)?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        Err(Failure::false_("demo.opened", said))
    }

    /// `portcullis log monitor`, with a memory of its own: which log, in one line.
    ///
    /// # Errors
    ///
    /// [`Failure`] with the code of the first thing that it found.
    pub(super) fn monitor(&self, log: &Path) -> Result<String, Failure> {
        let memory = self.root.join("watched");
        let paths = [
            ("--log", log),
            ("--policy", self.policy.as_path()),
            ("--memory", memory.as_path()),
        ];
        // These months are over: that nothing came since is no news.
        let words = ["log", "monitor", "--allowance", "3153600000"];
        let output = self.run(true, &words, &paths)?;
        let said: serde_json::Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| Failure::unable("demo.monitor", error.to_string()))?;
        let row = &said["logs"][0];
        // What is proof for everybody comes first.
        let found = ["proofs_kept", "findings", "failures"]
            .iter()
            .find_map(|list| row[list].get(0));
        match found {
            None if output.status.success() => Ok(format!(
                "{} leaves of {} checked one by one",
                row["leaves_checked"],
                row["log"].as_str().unwrap_or_default()
            )),
            Some(found) => {
                let word = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
                Err(Failure::false_(word("code"), word("message")))
            }
            None => Err(Failure::unable("demo.monitor", said.to_string())),
        }
    }
}
