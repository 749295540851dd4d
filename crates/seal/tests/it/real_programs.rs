//! With the real `age` and `tar`, on a gibibyte, with peak memory measured.
//!
//! Skipped, loudly, where the programs are missing.

use crate::kit;
use portcullis_core::digest::Digest;
use portcullis_seal::{
    folder::{FolderSink, sources},
    key::Identity,
    limits::Limits,
    manifest::Manifest,
    open::{Expected, open},
    plan::{Mapping, plan},
};
use sha2::{Digest as _, Sha256};
use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    path::Path,
    process::{Command, Stdio},
};

/// The promise of design §13.
const PEAK_KIB_MAX: u64 = 64 * 1024;

fn programs_are_here() -> bool {
    let here = |name: &str| {
        Command::new(name)
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .is_ok()
    };
    let all = here("age") && here("tar") && here("age-keygen");
    if !all {
        eprintln!(
            "SKIPPED: this test needs the programs age, age-keygen and tar (Debian: age, tar)"
        );
    }
    all
}

/// A key made by the real program: its file, and what is in it.
fn keygen(folder: &Path) -> (std::path::PathBuf, Identity) {
    let file = folder.join("key.txt");
    assert!(
        Command::new("age-keygen")
            .arg("-o")
            .arg(&file)
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    );
    let text = fs::read_to_string(&file).unwrap();
    let key = text
        .lines()
        .find(|line| line.starts_with("AGE-SECRET-KEY-1"))
        .unwrap()
        .parse()
        .unwrap();
    (file, key)
}

/// Writes `count` mebibytes and `odd` bytes that differ everywhere.
fn fill(at: &Path, count: u64, odd: usize) {
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    let mut block = kit::noise(1 << 20);
    let mut file = File::create(at).unwrap();
    for number in 0..count {
        block[..8].copy_from_slice(&number.to_le_bytes());
        file.write_all(&block).unwrap();
    }
    file.write_all(&block[..odd]).unwrap();
}

fn digest_of(at: &Path) -> Digest {
    let (mut hash, mut file, mut buffer) =
        (Sha256::new(), File::open(at).unwrap(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut buffer).unwrap() {
            0 => return Digest(hash.finalize().into()),
            count => hash.update(&buffer[..count]),
        }
    }
}

/// Every file of the manifest is below `folder` as it is below `original`, and no other.
fn assert_same(folder: &Path, original: &Path) {
    let text = fs::read(folder.join("manifest.json")).unwrap();
    let (manifest, _) = Manifest::read(text.as_slice(), &Limits::default()).unwrap();
    for (item, file) in manifest.entries() {
        let arrived = folder.join(format!("data/{item}")).join(file.path.as_str());
        assert_eq!(
            fs::metadata(&arrived).unwrap().len(),
            file.size_bytes,
            "{}",
            file.path
        );
        assert_eq!(digest_of(&arrived), file.digest, "{}", file.path);
        assert_eq!(
            digest_of(&original.join(file.path.as_str())),
            file.digest,
            "{}",
            file.path
        );
    }
    let arrived = sources(&folder.join("data")).unwrap().len() as u64;
    assert_eq!(
        (arrived, manifest.files()),
        (sources(original).unwrap().len() as u64, arrived)
    );
}

/// Runs one command of [`child`] in a process of its own and gives its answer:
/// its own words, then its peak resident memory in KiB.
fn in_child(command: &[&str]) -> (Vec<String>, u64) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "real_programs::child",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(command.join("\t").as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let words = text
        .lines()
        .find_map(|line| line.strip_prefix("answer\t"))
        .expect("an answer")
        .split('\t');
    let mut words: Vec<String> = words.map(Into::into).collect();
    let peak = words.pop().unwrap().parse().unwrap();
    (words, peak)
}

#[test]
#[ignore = "run by the others, with a command on its standard input"]
fn child() {
    let mut command = String::new();
    std::io::stdin().read_to_string(&mut command).unwrap();
    let words: Vec<&str> = command.split('\t').collect();
    let answer = match words.as_slice() {
        ["seal", folder, key, package] => {
            let identity: Identity = key.parse().unwrap();
            let mapping = Mapping::from([(1, sources(Path::new(folder)).unwrap())]);
            let grant = kit::grant(&identity.recipient());
            let plan = plan(
                &grant,
                kit::package(),
                mapping,
                kit::at("2026-02-01T00:00:00Z"),
            )
            .unwrap();
            let measured = plan.measure(&mut |_| {}).unwrap();
            let sealed = measured
                .seal(File::create(package).unwrap(), &mut |_| {})
                .unwrap();
            format!("{}\t{}", sealed.ciphertext, sealed.manifest)
        }
        ["open", package, key, ciphertext, manifest, folder] => {
            let expected = Expected {
                ciphertext: ciphertext.parse().unwrap(),
                manifest: manifest.parse().unwrap(),
                order: kit::ORDER,
                case: kit::case(),
                package: kit::package(),
            };
            let mut sink = FolderSink::new(Path::new(folder)).unwrap();
            let package = File::open(package).unwrap();
            let key = key.parse().unwrap();
            let opened = open(
                package,
                &key,
                &expected,
                &mut sink,
                &Limits::default(),
                &mut |_| {},
            )
            .unwrap();
            opened.manifest.files().to_string()
        }
        other => panic!("run by the other tests, not by hand: {other:?}"),
    };
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    println!(
        "\nanswer\t{answer}\t{}",
        peak.trim().trim_end_matches(" kB")
    );
}

#[test]
fn a_gibibyte_goes_through_the_real_programs_in_64_mebibytes_of_memory() {
    if !programs_are_here() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let at = |name: &str| temp.path().join(name);
    let text = |name: &str| at(name).to_str().unwrap().to_owned();
    let (key_file, key) = keygen(temp.path());
    fill(&at("original/disk.img"), 700, 0);
    fill(&at("original/mail/2026/inbox.mbox"), 300, 511);
    fill(&at("original/mail/2026/sent items – été.mbox"), 24, 1);
    fill(
        &at(&format!("original/{}/deep.bin", ["a folder"; 25].join("/"))),
        1,
        77,
    );
    fill(&at("original/empty"), 0, 0);

    let key_text = key.expose(str::to_owned);
    let (digests, sealing) =
        in_child(&["seal", &text("original"), &key_text, &text("package.age")]);
    let package_bytes = fs::metadata(at("package.age")).unwrap().len();
    assert!(package_bytes > 1 << 30);
    assert_eq!(digest_of(&at("package.age")).to_string(), digests[0]);

    fs::create_dir(at("by-programs")).unwrap();
    let mut age = Command::new("age");
    let mut age = age
        .arg("-d")
        .arg("-i")
        .arg(&key_file)
        .arg(at("package.age"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut tar = Command::new("tar");
    let tar = tar
        .arg("x")
        .arg("-C")
        .arg(at("by-programs"))
        .stdin(age.stdout.take().unwrap())
        .status()
        .unwrap();
    assert!(age.wait().unwrap().success() && tar.success());
    assert_same(&at("by-programs"), &at("original"));
    fs::remove_dir_all(at("by-programs")).unwrap();

    let (files, opening) = in_child(&[
        "open",
        &text("package.age"),
        &key_text,
        &digests[0],
        &digests[1],
        &text("by-us"),
    ]);
    assert_eq!(files, ["5"]);
    assert_same(&at("by-us"), &at("original"));
    println!("peak memory for {package_bytes} bytes: sealing {sealing} KiB, opening {opening} KiB");
    assert!(sealing <= PEAK_KIB_MAX, "sealing took {sealing} KiB");
    assert!(opening <= PEAK_KIB_MAX, "opening took {opening} KiB");
}

#[test]
fn what_the_real_programs_pack_in_the_manifest_s_order_opens() {
    if !programs_are_here() {
        return;
    }
    for format in ["gnu", "pax", "ustar"] {
        let temp = tempfile::tempdir().unwrap();
        let (_, identity) = keygen(temp.path());
        let long = ["folder"; 20].join("/");
        for (name, odd) in [
            ("a.txt", 5),
            ("b/c.bin", 200_000),
            (&format!("{long}/z"), 1),
        ] {
            fill(&temp.path().join("data/1").join(name), 0, odd);
        }
        let found = sources(&temp.path().join("data/1")).unwrap();
        let measured = kit::measured(&identity, Mapping::from([(1, found)]));
        fs::write(
            temp.path().join("manifest.json"),
            kit::manifest_bytes(measured.manifest()),
        )
        .unwrap();
        let mut tar = Command::new("tar");
        tar.current_dir(temp.path()).args([
            "c",
            "--sort=name",
            "--format",
            format,
            "manifest.json",
            "data",
        ]);
        let mut tar = tar.stdout(Stdio::piped()).spawn().unwrap();
        let mut age = Command::new("age");
        age.args(["-r", &identity.recipient().to_string()])
            .stdin(tar.stdout.take().unwrap());
        let bytes = age.output().unwrap().stdout;
        assert!(tar.wait().unwrap().success());
        let expected = Expected {
            ciphertext: kit::digest(&bytes),
            manifest: measured.manifest().digest().unwrap().0,
            order: kit::ORDER,
            case: kit::case(),
            package: kit::package(),
        };
        let (opened, sink) = kit::open_with(&bytes, &identity, &expected, &Limits::default());
        assert_eq!(opened.unwrap().manifest.files(), 3, "{format}");
        assert_eq!(sink.files.len(), 4, "{format}");
    }
}

#[test]
fn a_key_of_ours_is_a_key_of_theirs() {
    if !programs_are_here() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let identity = Identity::generate();
    let file = temp.path().join("key.txt");
    identity.expose(|text| fs::write(&file, text)).unwrap();
    let output = Command::new("age-keygen")
        .arg("-y")
        .arg(&file)
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap().trim(),
        identity.recipient().to_string()
    );
}
