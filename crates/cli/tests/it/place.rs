//! Data folders, running nodes, and a small federation of three.

use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};
use tempfile::TempDir;

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// A node's data folder.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) dir: PathBuf,
}

/// What a command answered.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    pub(crate) fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The program on this folder.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command
            .env_remove("PORTCULLIS_DIR")
            .env("PORTCULLIS_LOG", "warn");
        command.arg("--dir").arg(&self.dir);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command().args(args).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran {
            exit: status.code().unwrap_or(-1),
            out: text(stdout),
            err: text(stderr),
        }
    }

    /// What is said to people; it must succeed.
    pub(crate) fn says(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.exit, 0, "{args:?}\n{}{}", ran.out, ran.err);
        ran.out
    }

    /// What is answered to machines; it must succeed.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let ran = self.run(&[&["--json"], args].concat());
        assert_eq!(ran.exit, 0, "{args:?}\n{}{}", ran.out, ran.err);
        serde_json::from_str(&ran.out).unwrap()
    }

    /// It must fail with this exit code and this stable code; the message and hint.
    pub(crate) fn fails(&self, exit: i32, code: &str, args: &[&str]) -> String {
        let ran = self.run(&[&["--json"], args].concat());
        let answer: Value = serde_json::from_str(&ran.out)
            .unwrap_or_else(|error| panic!("{args:?}: {error}\n{}{}", ran.out, ran.err));
        assert_eq!(
            (ran.exit, answer["error"]["code"].as_str()),
            (exit, Some(code)),
            "{args:?}\n{}",
            ran.out
        );
        format!("{} {}", answer["error"]["message"], answer["error"]["hint"])
    }

    /// A file in the folder, as an argument.
    pub(crate) fn file(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    /// Makes the node; `more` are further arguments of `init`.
    pub(crate) fn init(&self, member: &str, sector: &str, roles: &[&str], more: &[&str]) -> Value {
        let listen = format!("127.0.0.1:{}", free_port());
        let title = format!("The {member}");
        let mut args = vec![
            "init", "--member", member, "--title", &title, "--sector", sector, "--listen", &listen,
        ];
        for role in roles {
            args.extend(["--role", role]);
        }
        args.extend(more);
        self.json(&args)
    }

    /// Runs the node until the answer is dropped.
    pub(crate) fn serve(&self) -> Serving {
        self.serve_with(&[])
    }

    /// The same with more arguments.
    pub(crate) fn serve_with(&self, more: &[&str]) -> Serving {
        let mut child = self
            .command()
            .arg("serve")
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let serving = Serving(child);
        let first = lines.next().expect("it says that it serves").unwrap();
        assert!(first.contains("serves on"), "{first}");
        std::thread::spawn(move || lines.for_each(drop));
        serving
    }
}

/// A running node; it ends with the test.
pub(crate) struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A registrar who is a witness, another witness of another sector, and a police force;
/// the two witnesses run.
pub(crate) struct Town {
    pub(crate) root: TempDir,
    pub(crate) registrar: Place,
    pub(crate) university: Place,
    pub(crate) police: Place,
    pub(crate) running: Vec<Serving>,
}

impl Town {
    /// Nodes with cards and roots `alpha`, `beta` (files) and `gamma` (an SSH key); no register yet.
    pub(crate) fn without_register() -> Self {
        let root = tempfile::tempdir().unwrap();
        let place = |name: &str| Place::new(root.path().join(name));
        let (registrar, university, police) =
            (place("registrar"), place("university"), place("police"));
        let card = registrar.init(
            "registrar.example",
            "oversight",
            &["overseer", "witness"],
            &["--registrar"],
        );
        let log = card["register_log"].as_str().unwrap();
        university.init(
            "university.example",
            "academia",
            &["witness"],
            &["--witness-log", log],
        );
        let officers = [
            "--authority",
            "metropolitan_police",
            "--officer",
            "applicant=applicant",
        ];
        police.init("police.example", "police", &["authority"], &officers);
        for root in ["alpha", "beta"] {
            registrar.says(&["key", "new", root]);
        }
        ssh_key(&root.path().join("gamma"));
        let running = vec![registrar.serve(), university.serve()];
        Self {
            root,
            registrar,
            university,
            police,
            running,
        }
    }

    /// The same with version 1 published and everybody a member who joined it.
    pub(crate) fn with_register() -> Self {
        let town = Self::without_register();
        town.draft("v1.json");
        town.sign("v1.json", &["alpha", "beta"]);
        let answer = town
            .registrar
            .json(&["register", "publish", &town.path("v1.json.signed")]);
        let id = answer["register"].as_str().unwrap();
        town.registrar
            .says(&["register", "export", &town.path("register.json")]);
        for place in [&town.university, &town.police] {
            place.says(&["register", "trust", id, &town.path("register.json")]);
        }
        town
    }

    /// A file beside the data folders, as an argument.
    pub(crate) fn path(&self, name: &str) -> String {
        self.root.path().join(name).display().to_string()
    }

    /// Drafts version 1 with everybody in it.
    pub(crate) fn draft(&self, name: &str) -> Value {
        let draft = self.path(name);
        let gamma = self.path("gamma.pub");
        let cards =
            [&self.registrar, &self.university, &self.police].map(|place| place.file("card.json"));
        self.registrar.json(&[
            "register",
            "new",
            &draft,
            "--root",
            "alpha",
            "--root",
            "beta",
            "--root",
            &gamma,
            "--threshold",
            "2",
            "--days",
            "365",
            "--card",
            &cards[0],
            "--card",
            &cards[1],
            "--card",
            &cards[2],
        ])
    }

    /// Signs a draft with roots whose keys the registrar keeps.
    pub(crate) fn sign(&self, draft: &str, roots: &[&str]) {
        for root in roots {
            self.registrar
                .says(&["register", "sign", &self.path(draft), "--key", root]);
        }
    }

    /// Drafts the next version, with each edit in turn, `DRAFT` standing for its file.
    pub(crate) fn next(&self, name: &str, edits: &[&[&str]]) -> String {
        let draft = self.path(name);
        self.registrar.says(&["register", "next", &draft]);
        for edit in edits {
            let words: Vec<&str> = edit
                .iter()
                .map(|word| if *word == "DRAFT" { &draft } else { *word })
                .collect();
            self.registrar
                .says(&[&["register"], words.as_slice()].concat());
        }
        draft
    }
}

/// An SSH key without passphrase, made by the real `ssh-keygen`.
pub(crate) fn ssh_key(path: &Path) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "root", "-f"])
        .arg(path)
        .status()
        .unwrap();
    assert!(made.success());
}

/// Signs a file as people with hardware keys do.
pub(crate) fn ssh_sign(key: &Path, file: &Path) {
    let signed = Command::new("ssh-keygen")
        .args(["-q", "-Y", "sign", "-n", "portcullis/v1", "-f"])
        .arg(key)
        .arg(file)
        .status()
        .unwrap();
    assert!(signed.success());
}

/// Copies a folder with everything below it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for item in std::fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let target = to.join(item.file_name());
        if item.file_type().unwrap().is_dir() {
            copy_folder(&item.path(), &target);
        } else {
            std::fs::copy(item.path(), target).unwrap();
        }
    }
}
