//! `install`: the programs that builds and tests call.
//!
//! Found by looking, not by asking a package manager: whoever has them from
//! elsewhere is left alone.

use crate::{
    line::Line,
    run::{Failure, Run, Stopped},
    tally::Tally,
};
use std::path::{Path, PathBuf};

/// Install the programs that builds and tests call, on Debian and its kin.
///
/// Looks for each first; on a machine that has them all it changes nothing and
/// needs no rights. What is missing comes by apt-get, with sudo unless you are
/// root.
#[derive(clap::Args)]
pub(crate) struct Install {}

/// A thing that must be there, and the Debian package that brings it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Need {
    package: &'static str,
    why: &'static str,
    found: Found,
}

/// How a need is recognised.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Found {
    /// All of these programs are on the path.
    Programs(&'static [&'static str]),
    /// One of these files is there.
    AnyFile(&'static [&'static str]),
    /// Python 3 is on the path and knows all of these modules.
    Python(&'static [&'static str]),
}

const NEEDS: &[Need] = &[
    Need {
        package: "gcc",
        why: "compiles SQLite and the curves",
        found: Found::Programs(&["cc"]),
    },
    Need {
        package: "g++",
        why: "compiles the fuzzer",
        found: Found::Programs(&["c++"]),
    },
    Need {
        package: "curl",
        why: "asks a cell as a member without a node does",
        found: Found::Programs(&["curl"]),
    },
    Need {
        package: "pkg-config",
        why: "lets build scripts look for libraries",
        found: Found::Programs(&["pkg-config"]),
    },
    Need {
        package: "ca-certificates",
        why: "lets cargo fetch dependencies",
        found: Found::AnyFile(&[
            "/etc/ssl/certs/ca-certificates.crt",
            "/etc/pki/tls/certs/ca-bundle.crt",
            "/etc/ssl/cert.pem",
        ]),
    },
    Need {
        package: "age",
        why: "opens our packages in tests, as an authority would",
        found: Found::Programs(&["age", "age-keygen"]),
    },
    Need {
        package: "tar",
        why: "unpacks them",
        found: Found::Programs(&["tar"]),
    },
    Need {
        package: "openssh-client",
        why: "signs statements in tests, as an officer would",
        found: Found::Programs(&["ssh-keygen"]),
    },
];

/// What only the tests of the public page need: without it they are skipped, and say so.
const WANTS: &[Need] = &[
    Need {
        package: "nodejs",
        why: "runs the second implementation of the record",
        found: Found::Programs(&["node"]),
    },
    Need {
        package: "npm",
        why: "brings what the public page's check is made from",
        found: Found::Programs(&["npm"]),
    },
    Need {
        package: "python3-venv",
        why: "runs the clients that members of a cell have",
        found: Found::Python(&["venv", "ensurepip"]),
    },
    Need {
        package: "chromium",
        why: "shows the public page in tests, as a reader would see it",
        found: Found::AnyFile(BROWSERS),
    },
];

/// Where a browser is found that the tests can drive.
pub(crate) const BROWSERS: &[&str] = &[
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
];

/// Where aws-lc comes without sources ready for a plain C compiler.
const NEEDS_ELSEWHERE: &[Need] = &[Need {
    package: "cmake",
    why: "builds aws-lc on this architecture",
    found: Found::Programs(&["cmake"]),
}];

/// What this machine offers.
struct Machine {
    path: Vec<PathBuf>,
    root: bool,
}

/// Looks for everything and installs what is missing.
///
/// # Errors
///
/// [`Stopped`] when something is missing and cannot be installed.
pub(crate) fn install(run: &mut Run) -> Result<(), Stopped> {
    run.perform("programs", "what builds and tests call", || {
        let machine = Machine::this();
        let missing = machine.missing();
        if missing.is_empty() {
            println!("everything is there");
            return Ok(Tally::default());
        }
        for need in &missing {
            println!("missing: {}, which {}", need.package, need.why);
        }
        match machine.plan(&missing) {
            Ok(lines) => {
                for line in lines {
                    println!("{line}");
                    let status = line.command().status();
                    if !status.is_ok_and(|status| status.success()) {
                        println!("this did not work: {line}");
                    }
                }
            }
            Err(why) if missing.iter().any(is_needed) => return Err(by_hand(&missing)(why)),
            Err(why) => println!("nothing is installed: {why}"),
        }
        let missing = machine.missing();
        let (needed, wanted): (Vec<Need>, Vec<Need>) = missing.into_iter().partition(is_needed);
        for want in wanted {
            println!("still missing: {}; what needs it is skipped", want.package);
        }
        if needed.is_empty() {
            Ok(Tally::default())
        } else {
            Err(by_hand(&needed)("still missing after installing"))
        }
    })
}

/// Whether nothing can be tested without it.
fn is_needed(need: &Need) -> bool {
    !WANTS.contains(need)
}

/// Whether this machine has everything of `programs` on its path.
pub(crate) fn has_programs(programs: &[&str]) -> bool {
    let machine = Machine::this();
    programs.iter().all(|program| machine.has(program))
}

/// Whether this machine has a browser that the tests can drive.
pub(crate) fn has_browser() -> bool {
    BROWSERS.iter().any(|file| Path::new(file).is_file())
}

/// Whether this machine has a Python that makes environments of its own.
pub(crate) fn has_python() -> bool {
    has_programs(&["python3"]) && python_knows(&["venv", "ensurepip"])
}

/// Whether Python finds all of these modules.
fn python_knows(modules: &[&str]) -> bool {
    let import = format!("import {}", modules.join(", "));
    let asked = Line::new(["python3", "-c", &import]).command().output();
    asked.is_ok_and(|asked| asked.status.success())
}

/// A failure that leaves it to a person.
fn by_hand(missing: &[Need]) -> impl Fn(&str) -> Failure {
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    let packages = packages.join(" ");
    move |why| Failure {
        why: format!("{packages}: {why}; install what is named so on your system"),
        again: "cargo xtask install".to_owned(),
        ..Failure::default()
    }
}

impl Machine {
    #[expect(
        clippy::disallowed_methods,
        reason = "where programs are is a fact about the machine that runs this"
    )]
    fn this() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let id = Line::of("id -u").command().output();
        Self {
            path: std::env::split_paths(&path).collect(),
            root: id.is_ok_and(|id| id.stdout.trim_ascii() == b"0"),
        }
    }

    fn has(&self, program: &str) -> bool {
        self.path.iter().any(|dir| dir.join(program).is_file())
    }

    fn missing(&self) -> Vec<Need> {
        let plain = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));
        let elsewhere = if plain { &[] } else { NEEDS_ELSEWHERE };
        let there = |need: &&Need| match need.found {
            Found::Programs(programs) => programs.iter().all(|program| self.has(program)),
            Found::AnyFile(files) => files.iter().any(|file| Path::new(file).is_file()),
            Found::Python(modules) => self.has("python3") && python_knows(modules),
        };
        let all = NEEDS.iter().chain(elsewhere).chain(WANTS);
        all.filter(|need| !there(need)).copied().collect()
    }

    /// What to run so that nothing is missing, or why that cannot be done here.
    fn plan(&self, missing: &[Need]) -> Result<Vec<Line>, &'static str> {
        if !self.has("apt-get") {
            return Err("this system has no apt-get");
        }
        let before: &[&str] = match (self.root, self.has("sudo")) {
            (true, _) => &[],
            (false, true) => &["sudo"],
            (false, false) => return Err("installing needs root, and there is no sudo"),
        };
        let packages = missing.iter().map(|need| need.package);
        let update = before.iter().copied().chain(["apt-get", "update"]);
        let quietly = ["env", "DEBIAN_FRONTEND=noninteractive"];
        let install = ["apt-get", "install", "--yes", "--no-install-recommends"];
        let install = before.iter().copied().chain(quietly).chain(install);
        Ok(vec![Line::new(update), Line::new(install.chain(packages))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine with these programs and no others; the folder goes with the guard.
    fn machine(programs: &[&str], root: bool) -> (Machine, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        for program in programs {
            std::fs::write(folder.path().join(program), "").unwrap();
        }
        let path = vec![folder.path().to_owned()];
        (Machine { path, root }, folder)
    }

    fn packages(needs: &[Need]) -> Vec<&str> {
        needs.iter().map(|need| need.package).collect()
    }

    #[test]
    fn half_of_a_package_is_not_the_package() {
        let (machine, _folder) = machine(&["cc", "pkg-config", "age", "tar"], true);
        let missing = machine.missing();
        assert!(packages(&missing).contains(&"age"), "age-keygen is missing");
        assert!(packages(&missing).contains(&"openssh-client"));
        assert!(!packages(&missing).contains(&"gcc"));
    }

    fn named(packages: &[&str]) -> Vec<Need> {
        let named = NEEDS.iter().filter(|need| packages.contains(&need.package));
        named.copied().collect()
    }

    #[test]
    fn what_only_some_tests_want_stops_nobody() {
        let needed = |package: &str| {
            let all = NEEDS.iter().chain(WANTS);
            all.filter(|need| need.package == package).all(is_needed)
        };
        assert!(needed("gcc") && needed("age"));
        assert!(!needed("nodejs") && !needed("npm") && !needed("chromium"));
    }

    #[test]
    fn root_installs_without_sudo_and_others_with_it() {
        let plan = |programs: &[&str], root| {
            let (machine, _folder) = machine(programs, root);
            let lines = machine.plan(&named(&["age", "tar"]));
            lines.map(|lines| lines.iter().map(Line::to_string).collect::<Vec<_>>())
        };
        let install = "env DEBIAN_FRONTEND=noninteractive \
                       apt-get install --yes --no-install-recommends age tar";
        assert_eq!(
            plan(&["apt-get"], true),
            Ok(vec!["apt-get update".to_owned(), install.to_owned()])
        );
        assert_eq!(
            plan(&["apt-get", "sudo"], false),
            Ok(vec![
                "sudo apt-get update".to_owned(),
                format!("sudo {install}")
            ])
        );
    }

    #[test]
    fn where_nothing_can_be_installed_it_says_why_and_what() {
        let (no_sudo, _folder) = machine(&["apt-get"], false);
        let why = no_sudo.plan(&named(&["age"])).unwrap_err();
        assert_eq!(
            by_hand(&named(&["age"]))(why).why,
            "age: installing needs root, and there is no sudo; \
             install what is named so on your system"
        );
        let (no_apt, _folder) = machine(&["sudo"], true);
        assert_eq!(
            no_apt.plan(&named(&["age"])),
            Err("this system has no apt-get")
        );
    }
}
