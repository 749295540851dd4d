//! How far a check got, in a file that the verifier names, under a secret of the verifier's own.
//!
//! Whoever hands out a report could hand out a state with it. So nothing that lies beside a report
//! is looked at, and what was not written under the secret of this account is not believed.

use crate::{
    failure::Failure,
    home::{fresh_seed, parse_seed, read_secret, write_secret},
    ui::Ui,
};
use portcullis_verdict::report::check::Checker;
use std::{
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Where a check may stop and go on.
pub(super) struct Saved {
    path: PathBuf,
    secret: Zeroizing<[u8; 32]>,
}

impl Saved {
    /// The state at `path`, under the secret of this account.
    pub(super) fn at(path: &Path) -> Result<Self, Failure> {
        Ok(Self {
            path: path.to_owned(),
            secret: secret()?,
        })
    }

    /// Goes on where the state stands. One that is not ours, or of another check, is left aside.
    pub(super) fn load(&self, checker: &mut Checker, ui: Ui) -> Result<(), Failure> {
        match fs::read(&self.path) {
            Ok(bytes) => {
                if let Err(error) = checker.resume(&bytes, &self.secret) {
                    let path = self.path.display();
                    ui.note(format_args!(
                        "`{path}`: {error} [{}]; the check begins again",
                        error.code()
                    ));
                }
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(Failure::file(&self.path, &error)),
        }
    }

    /// Whole or not at all: what was saved before stays until it is.
    pub(super) fn keep(&self, checker: &Checker) -> Result<(), Failure> {
        let failed = |error: io::Error| Failure::file(&self.path, &error);
        let folder = self.path.parent().filter(|it| !it.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        file.write_all(&checker.save(&self.secret))
            .map_err(failed)?;
        file.persist(&self.path)
            .map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// The check is done.
    pub(super) fn forget(&self) -> Result<(), Failure> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Failure::file(&self.path, &error))
            }
            _ => Ok(()),
        }
    }
}

/// The secret of this account, drawn when it is first needed:
/// `$XDG_STATE_HOME/portcullis/verify.key`, else below `~/.local/state`.
#[expect(
    clippy::disallowed_methods,
    reason = "where an account keeps its state is said by its environment"
)]
fn secret() -> Result<Zeroizing<[u8; 32]>, Failure> {
    let absolute = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|it| it.is_absolute())
    };
    let state = absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
        .ok_or_else(|| {
            Failure::usage("there is no folder for the verifier's secret")
                .hint("set `XDG_STATE_HOME` or `HOME`, or leave `--resume` away")
        })?;
    let folder = state.join("portcullis");
    fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
    let path = folder.join("verify.key");
    if !path.exists() {
        write_secret(&path, &fresh_seed(&crate::clock::SystemEnv))?;
    }
    let text = read_secret(&path)?;
    parse_seed(text.trim()).ok_or_else(|| {
        let why = format!("`{}` is no secret: 64 hex digits", path.display());
        Failure::unable("report.state_secret", why).hint("remove it: a new one is drawn")
    })
}
