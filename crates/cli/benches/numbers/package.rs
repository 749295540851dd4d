//! Packages of a gibibyte, sealed under a real grant and opened again.

use crate::{
    Result, Told,
    cases::federation::{Federation, Wires},
    meter::{self, SystemEnv, speed, timed},
    report::{Figure, Row},
    town,
};
use portcullis_core::{
    grant::Grant,
    id::{CaseId, PackageId},
    realm::Realm,
    statement::Event,
};
use portcullis_node::Env as _;
use portcullis_seal::{
    folder::{FolderSink, sources},
    key::Identity,
    limits::Limits,
    open::{Expected, open},
    path::PackagePath,
    plan::{Content, Mapping, Source, plan},
    seal::Sealed,
    sink::Sink,
};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeSet,
    fs::{self, File},
    hint::black_box,
    io::{self, BufReader, Read, Write as _},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

pub(crate) const GROUP: &str = "packages";
pub(crate) const ROWS: [&str; 4] = ["seal", "open", "seal-memory", "open-memory"];
const SIZE_BYTES: u64 = 1 << 30;
const BLOCK_BYTES: usize = 64 << 10;
/// How often each thing is done; the middle one counts.
const TIMES: usize = 3;
/// The most memory that a package of any size may take.
const MEMORY_MIB_MAX: f64 = 64.0;

/// What limits sealing and opening, in GB/s of the plain bytes.
struct Anchors {
    hash_twice: f64,
    crate_seal: f64,
    crate_open: f64,
    program_seal: Option<f64>,
    program_open: Option<f64>,
}

/// Speeds in GB/s, and the peak of memory meanwhile.
struct Seen {
    speeds: Vec<f64>,
    peak_mib: f64,
}

pub(crate) fn measure(told: &Told) -> Result<Vec<Row>> {
    let wants = |row: &str| told.wants(GROUP, row);
    let folder = meter::scratch()?;
    let dir = folder.path();
    let identity = Identity::generate();
    meter::say("package: a case is brought to where items may be sealed");
    let (grant, case) = granted(&dir.join("nodes"), &identity)?;
    let mut rows = Vec::new();
    if wants("seal") || wants("open") {
        meter::say("package: a gibibyte is sealed and opened on the disk");
        let file = original(dir)?;
        let mut seals = Seen::new();
        let mut opens = Seen::new();
        for _ in 0..TIMES {
            let sealed = seals.note(|| seal_file(dir, &grant))?;
            opens.note(|| open_file(dir, &expected(&sealed, &grant, case), &identity))?;
        }
        meter::say("package: the age program, the age crate and SHA-256 by themselves");
        let anchors = anchors(dir, &file, &identity)?;
        if wants("seal") {
            rows.push(seal_row(
                "seal",
                "on disk, both passes, digests included",
                seals,
                &anchors,
            ));
        }
        if wants("open") {
            rows.push(open_row(
                "open",
                "from disk to disk, digests checked",
                opens,
                &anchors,
            ));
        }
        for name in ["original", "package.age", "identity"] {
            let path = dir.join(name);
            if path.is_dir() {
                fs::remove_dir_all(path)?;
            } else {
                fs::remove_file(path)?;
            }
        }
    }
    if wants("seal-memory") || wants("open-memory") {
        rows.extend(in_memory(dir, &grant, case, &identity, &wants)?);
    }
    Ok(rows)
}

fn in_memory(
    dir: &Path,
    grant: &Grant,
    case: CaseId,
    identity: &Identity,
    wants: &dyn Fn(&str) -> bool,
) -> Result<Vec<Row>> {
    meter::say("package: the same without a disk");
    let mut seals = Seen::new();
    for _ in 0..TIMES {
        seals.note(|| seal_zeros(grant, io::sink()))?;
    }
    let mut package = Vec::with_capacity(usize::try_from(SIZE_BYTES + (SIZE_BYTES >> 8))?);
    let sealed = seal_zeros(grant, &mut package)?;
    let expected = expected(&sealed, grant, case);
    let mut opens = Seen::new();
    for _ in 0..TIMES {
        opens.note(|| {
            let limits = Limits::default();
            Ok(open(
                package.as_slice(),
                identity,
                &expected,
                &mut Nowhere,
                &limits,
                &mut |_| (),
            )?)
        })?;
    }
    let held = Anchors {
        program_seal: None,
        program_open: None,
        ..library(dir)?
    };
    let mut rows = Vec::new();
    if wants("seal-memory") {
        rows.push(seal_row(
            "seal-memory",
            "zeros to nowhere, both passes, digests included",
            seals,
            &held,
        ));
    }
    if wants("open-memory") {
        // The package itself lies in memory, and is no memory of ours.
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let package_mib = (package.len() >> 20) as f64;
        opens.peak_mib -= package_mib;
        rows.push(open_row(
            "open-memory",
            "from memory to nowhere, digests checked",
            opens,
            &held,
        ));
    }
    Ok(rows)
}

impl Seen {
    const fn new() -> Self {
        Self {
            speeds: Vec::new(),
            peak_mib: 0.0,
        }
    }

    fn note<T>(&mut self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        meter::forget_peak();
        let (done, time) = timed(work);
        self.peak_mib = self.peak_mib.max(meter::peak_mib().unwrap_or_default());
        self.speeds.push(speed(SIZE_BYTES, time));
        done
    }

    fn middle(&mut self) -> f64 {
        self.speeds.sort_unstable_by(f64::total_cmp);
        self.speeds
            .get(self.speeds.len() / 2)
            .copied()
            .unwrap_or_default()
    }
}

fn seal_row(name: &str, what: &str, mut seen: Seen, anchors: &Anchors) -> Row {
    let limit = by_parts(anchors.crate_seal, anchors.hash_twice);
    row(
        name,
        &format!("1 GiB sealed {what}"),
        0.35,
        &mut seen,
        anchors.crate_seal,
    )
    .note(alone(
        "sealing",
        anchors.program_seal,
        anchors.crate_seal,
        anchors,
        limit,
    ))
}

fn open_row(name: &str, what: &str, mut seen: Seen, anchors: &Anchors) -> Row {
    let limit = by_parts(anchors.crate_open, anchors.hash_twice);
    row(
        name,
        &format!("1 GiB opened {what}"),
        0.45,
        &mut seen,
        anchors.crate_open,
    )
    .note(alone(
        "opening",
        anchors.program_open,
        anchors.crate_open,
        anchors,
        limit,
    ))
}

fn row(name: &str, what: &str, goal: f64, seen: &mut Seen, held: f64) -> Row {
    let (figure, peak) = (seen.middle(), seen.peak_mib);
    let speeds: Vec<_> = seen
        .speeds
        .iter()
        .map(|speed| format!("{speed:.2}"))
        .collect();
    Row::new(
        name,
        what,
        &format!("≥ {goal} GB/s, ≤ {MEMORY_MIB_MAX:.0} MiB"),
    )
    .seen(
        Figure::new(figure, "GB/s", ""),
        Figure::new(held, "GB/s", "the age crate"),
        figure >= goal && peak <= MEMORY_MIB_MAX,
    )
    .note(format!(
        "peak of the process's memory {peak:.0} MiB; slowest to fastest: {} GB/s",
        speeds.join(", ")
    ))
}

fn alone(doing: &str, program: Option<f64>, library: f64, anchors: &Anchors, limit: f64) -> String {
    let program = program.map_or_else(String::new, |speed| {
        format!("the `age` program to /dev/null {speed:.2} GB/s; ")
    });
    format!(
        "by themselves, {doing}: {program}the age crate in memory {library:.2} GB/s; SHA-256 twice {:.2} GB/s; the crate and then the digests on one thread would be {limit:.2} GB/s",
        anchors.hash_twice,
    )
}

/// The speed of one after the other.
fn by_parts(one: f64, other: f64) -> f64 {
    1.0 / (1.0 / one + 1.0 / other)
}

/// A case in which the provider may seal item 1.
fn granted(dir: &Path, identity: &Identity) -> Result<(Grant, CaseId)> {
    let delivery_key = identity.recipient().to_string();
    let federation = Federation::build(dir, &delivery_key, Wires::InProcess)?;
    let case = federation.to_acceptance(&delivery_key)?;
    let grant = federation
        .node(town::PROVIDER)?
        .grant(case, &BTreeSet::from([1]))?;
    Ok((grant, case))
}

fn package() -> PackageId {
    let mut id = [0; 12];
    SystemEnv.fill(&mut id);
    PackageId::new(&Realm::live(), id)
}

fn expected(sealed: &(PackageId, Sealed), grant: &Grant, case: CaseId) -> Expected {
    Expected {
        ciphertext: sealed.1.ciphertext,
        manifest: sealed.1.manifest,
        order: grant.order(),
        case,
        package: sealed.0,
    }
}

/// A folder with one file that does not compress; where the file is.
fn original(dir: &Path) -> Result<std::path::PathBuf> {
    let folder = dir.join("original");
    fs::create_dir_all(&folder)?;
    let path = folder.join("mailbox.bin");
    let mut block = vec![0; 1 << 20];
    SystemEnv.fill(&mut block);
    let mut file = File::create(&path)?;
    for _ in 0..SIZE_BYTES >> 20 {
        file.write_all(&block)?;
    }
    file.sync_all()?;
    Ok(path)
}

fn seal_file(dir: &Path, grant: &Grant) -> Result<(PackageId, Sealed)> {
    let mapping = Mapping::from([(1, sources(&dir.join("original"))?)]);
    let package = package();
    let plan = plan(grant, package, mapping, SystemEnv.now())?;
    let measured = plan.measure(&mut |_| ())?;
    let file = File::create(dir.join("package.age"))?;
    Ok((package, measured.seal(file, &mut |_| ())?))
}

fn open_file(dir: &Path, expected: &Expected, identity: &Identity) -> Result<()> {
    let target = dir.join("opened");
    let mut sink = FolderSink::new(&target)?;
    let file = File::open(dir.join("package.age"))?;
    let limits = Limits::default();
    open(file, identity, expected, &mut sink, &limits, &mut |_| ())?;
    fs::remove_dir_all(target)?;
    Ok(())
}

/// Seals a gibibyte of zeros.
fn seal_zeros(grant: &Grant, out: impl io::Write + Send) -> Result<(PackageId, Sealed)> {
    struct Zeros;
    impl Content for Zeros {
        fn open(&self) -> io::Result<Box<dyn Read + '_>> {
            Ok(Box::new(io::repeat(0).take(SIZE_BYTES)))
        }
    }
    let source = Source {
        path: PackagePath::parse("zeros.bin")?,
        size_bytes: SIZE_BYTES,
        span: None,
        content: Box::new(Zeros),
    };
    let package = package();
    let mapping = Mapping::from([(1, vec![source])]);
    let measured = plan(grant, package, mapping, SystemEnv.now())?.measure(&mut |_| ())?;
    Ok((package, measured.seal(out, &mut |_| ())?))
}

/// The age program on the same file, then what [`library`] measures.
fn anchors(dir: &Path, file: &Path, identity: &Identity) -> Result<Anchors> {
    let key = dir.join("identity");
    identity.expose(|text| fs::write(&key, format!("{text}\n")))?;
    let recipient = identity.recipient().to_string();
    let run = |command: &mut Command| -> Option<Duration> {
        let command = command.stdin(Stdio::null()).stdout(Stdio::null());
        let (status, time) = timed(|| command.status());
        status.is_ok_and(|status| status.success()).then_some(time)
    };
    let seal = run(Command::new("age")
        .args(["-r", &recipient, "-o", "/dev/null"])
        .arg(file));
    let open = run(Command::new("age")
        .args(["-d", "-o", "/dev/null", "-i"])
        .arg(&key)
        .arg(dir.join("package.age")));
    if seal.is_none() || open.is_none() {
        meter::say("package: the `age` program is not here: its anchor is missing");
    }
    Ok(Anchors {
        program_seal: seal.map(|time| speed(SIZE_BYTES, time)),
        program_open: open.map(|time| speed(SIZE_BYTES, time)),
        ..library(dir)?
    })
}

/// The age crate and SHA-256 by themselves, in memory.
fn library(dir: &Path) -> Result<Anchors> {
    let mut block = vec![0; BLOCK_BYTES];
    SystemEnv.fill(&mut block);
    let blocks = SIZE_BYTES / BLOCK_BYTES as u64;
    let (_, hashing) = timed(|| {
        let mut hash = Sha256::new();
        (0..2 * blocks).for_each(|_| hash.update(black_box(&block)));
        black_box(hash.finalize())
    });
    let key = age::x25519::Identity::generate();
    let recipient = key.to_public();
    let encrypt = |out: &mut dyn io::Write| -> Result<()> {
        let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as _))?;
        let mut out = encryptor.wrap_output(out)?;
        for _ in 0..blocks {
            out.write_all(&block)?;
        }
        out.finish()?;
        Ok(())
    };
    let (sealed, sealing) = timed(|| encrypt(&mut io::sink()));
    sealed?;
    // The file stays in the page cache: reading it back costs a copy.
    let path = dir.join("anchor.age");
    encrypt(&mut File::create(&path)?)?;
    let reader = BufReader::with_capacity(1 << 20, File::open(&path)?);
    let (opened, opening) = timed(|| -> Result<()> {
        let mut plain = age::Decryptor::new(reader)?.decrypt(std::iter::once(&key as _))?;
        let mut buffer = vec![0; BLOCK_BYTES];
        while plain.read(&mut buffer)? > 0 {}
        Ok(())
    });
    opened?;
    fs::remove_file(path)?;
    Ok(Anchors {
        hash_twice: speed(SIZE_BYTES, hashing),
        crate_seal: speed(SIZE_BYTES, sealing),
        crate_open: speed(SIZE_BYTES, opening),
        program_seal: None,
        program_open: None,
    })
}

/// A sink that keeps nothing.
struct Nowhere;

impl Sink for Nowhere {
    fn create(&mut self, _: &PackagePath) -> io::Result<()> {
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        black_box(bytes);
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn commit(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn abort(&mut self) {}
}

/// What the provider says when it takes an order up.
pub(crate) fn accepted() -> Event {
    Event::Accepted {
        items: BTreeSet::from([1]),
    }
}
