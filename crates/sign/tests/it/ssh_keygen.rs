//! The real `ssh-keygen`: what it signs is taken, and what it refuses is not.

use std::{
    fs,
    io::ErrorKind,
    path::Path,
    process::{Command, Output, Stdio},
};

use portcullis_sign::{
    Envelope, PublicKey, Signature, SignatureError, SshKey, pae,
    ssh::{NAMESPACE, signature_from_armour},
};
use tempfile::TempDir;

use crate::{
    sshsig::signer::{Blob, Signer},
    statement::{KIND, PAYLOAD},
};

/// A folder to run `ssh-keygen` in; `None`, loudly, where it is not installed.
fn bench() -> Option<TempDir> {
    match Command::new("ssh-keygen").arg("-?").output() {
        Ok(_) => Some(tempfile::tempdir().unwrap()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!(
                "SKIPPED: `ssh-keygen` is not installed; signatures of the real program were NOT tested"
            );
            None
        }
        Err(error) => panic!("ssh-keygen: {error}"),
    }
}

fn ssh_keygen(folder: &Path, args: &[&str], stdin: Stdio) -> Output {
    Command::new("ssh-keygen")
        .args(args)
        .current_dir(folder)
        .stdin(stdin)
        .output()
        .unwrap()
}

fn run(folder: &Path, args: &[&str]) {
    let output = ssh_keygen(folder, args, Stdio::null());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A new key of `kind`, and its signature over the statement in `namespace`.
fn sign(folder: &Path, kind: &str, namespace: &str, hash: &str) -> (PublicKey, Signature) {
    run(
        folder,
        &["-q", "-t", kind, "-N", "", "-C", "an office", "-f", "key"],
    );
    fs::write(folder.join("statement"), pae(KIND, PAYLOAD)).unwrap();
    let option = format!("hashalg={hash}");
    run(
        folder,
        &[
            "-Y",
            "sign",
            "-q",
            "-n",
            namespace,
            "-O",
            &option,
            "-f",
            "key",
            "statement",
        ],
    );
    let line = fs::read_to_string(folder.join("key.pub")).unwrap();
    let armoured = fs::read_to_string(folder.join("statement.sig")).unwrap();
    (
        PublicKey::Ssh(SshKey::from_openssh(&line).unwrap()),
        signature_from_armour(&armoured).unwrap(),
    )
}

#[test]
fn what_the_real_program_signs_is_taken() {
    for kind in ["ed25519", "ecdsa"] {
        for hash in ["sha256", "sha512"] {
            let Some(folder) = bench() else { return };
            let (key, signature) = sign(folder.path(), kind, NAMESPACE, hash);
            assert_eq!(signature.key_id, key.id());
            let envelope = Envelope::seal(KIND, PAYLOAD, vec![signature.clone()]).unwrap();
            assert_eq!(envelope.verify_by(&key), Ok(()), "{kind}, {hash}");

            let other = Envelope::seal(KIND, b"{}", vec![signature]).unwrap();
            assert_eq!(other.verify_by(&key), Err(SignatureError::BadSignature));
        }
    }
}

#[test]
fn what_the_real_program_signs_for_something_else_is_refused() {
    for namespace in ["file", "git", "portcullis/v2"] {
        let Some(folder) = bench() else { return };
        let (key, signature) = sign(folder.path(), "ed25519", namespace, "sha512");
        let envelope = Envelope::seal(KIND, PAYLOAD, vec![signature]).unwrap();
        assert_eq!(
            envelope.verify_by(&key),
            Err(SignatureError::WrongNamespace)
        );
    }
}

#[test]
fn the_signers_of_these_tests_sign_as_the_real_program_expects() {
    let Some(folder) = bench() else { return };
    let path = folder.path();
    fs::write(path.join("statement"), pae(KIND, PAYLOAD)).unwrap();
    let accepted = |armoured: String| {
        fs::write(path.join("statement.sig"), armoured).unwrap();
        let args = [
            "-Y",
            "check-novalidate",
            "-n",
            NAMESPACE,
            "-s",
            "statement.sig",
        ];
        let statement = fs::File::open(path.join("statement")).unwrap();
        ssh_keygen(path, &args, statement.into()).status.success()
    };
    for signer in Signer::one_of_each() {
        let good = Blob::good();
        assert!(
            accepted(signer.armoured(&good, &pae(KIND, PAYLOAD))),
            "{}",
            signer.public()
        );
        assert!(
            !accepted(signer.armoured(&good, &pae(KIND, b"{}"))),
            "{}",
            signer.public()
        );
    }
}
