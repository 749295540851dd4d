//! How fast, on this machine:
//! `cargo test --release -p portcullis-seal --test it -- --ignored --nocapture --test-threads 1 speed`.
//! Never a condition of passing (design §13).

use crate::kit::{self, source_of};
use portcullis_seal::{
    folder::{FolderSink, sources},
    key::Identity,
    limits::Limits,
    open::open,
    path::PackagePath,
    plan::{Content, Mapping, plan},
    sink::Sink,
};
use std::{
    fs::{self, File},
    io::{self, Read, Write as _},
    time::Instant,
};

const SIZE_BYTES: u64 = 1 << 30;

#[expect(clippy::disallowed_methods, reason = "a benchmark reads a clock")]
fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    let seconds = start.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a gibibyte is exact")]
    let speed = SIZE_BYTES as f64 / 1e9 / seconds;
    println!("{what}: {speed:.2} GB/s");
    done
}

#[test]
#[ignore = "a benchmark: it writes gigabytes and prints numbers"]
fn speed_of_a_gibibyte_on_disk_sealed_and_opened() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("original");
    fs::create_dir(&folder).unwrap();
    let block = kit::noise(1 << 20);
    for number in 0..4 {
        let mut file = File::create(folder.join(format!("{number}.bin"))).unwrap();
        (0..(SIZE_BYTES / 4) >> 20).for_each(|_| file.write_all(&block).unwrap());
    }
    let identity = Identity::generate();
    let mapping = Mapping::from([(1, sources(&folder).unwrap())]);
    let grant = kit::grant(&identity.recipient());
    let plan = plan(
        &grant,
        kit::package(),
        mapping,
        kit::at("2026-02-01T00:00:00Z"),
    )
    .unwrap();
    let package = temp.path().join("package.age");
    let sealed = timed("seal, both passes, digests included", || {
        let measured = timed("  of which measuring", || {
            plan.measure(&mut |_| {}).unwrap()
        });
        timed("  of which writing", || {
            measured
                .seal(File::create(&package).unwrap(), &mut |_| {})
                .unwrap()
        })
    });
    let mut sink = FolderSink::new(&temp.path().join("opened")).unwrap();
    timed("open, digests included", || {
        let file = File::open(&package).unwrap();
        open(
            file,
            &identity,
            &kit::expected(&sealed),
            &mut sink,
            &Limits::default(),
            &mut |_| {},
        )
        .unwrap()
    });
}

#[test]
#[ignore = "a benchmark: it prints numbers"]
fn speed_without_a_disk_beside_what_limits_it() {
    struct Zeros;
    impl Content for Zeros {
        fn open(&self) -> io::Result<Box<dyn Read + '_>> {
            Ok(Box::new(io::repeat(0).take(SIZE_BYTES)))
        }
    }
    let block = kit::noise(64 << 10);
    let blocks = SIZE_BYTES / (64 << 10);
    timed("anchor: SHA-256 alone", || {
        let mut hash = sha2::Sha256::default();
        (0..blocks).for_each(|_| sha2::Digest::update(&mut hash, &block));
        sha2::Digest::finalize(hash)
    });
    let key = age::x25519::Identity::generate();
    let mut ciphertext = Vec::with_capacity(11 << 27);
    timed("anchor: age alone, encrypting", || {
        let recipient = key.to_public();
        let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as _)).unwrap();
        let mut out = encryptor.wrap_output(&mut ciphertext).unwrap();
        (0..blocks).for_each(|_| out.write_all(&block).unwrap());
        out.finish().unwrap();
    });
    timed("anchor: age alone, decrypting", || {
        let decryptor = age::Decryptor::new(ciphertext.as_slice()).unwrap();
        let mut plain = decryptor.decrypt(std::iter::once(&key as _)).unwrap();
        let mut buffer = vec![0; 64 << 10];
        while plain.read(&mut buffer).unwrap() > 0 {}
    });
    drop(ciphertext);
    let identity = Identity::generate();
    let mapping = Mapping::from([(1, vec![source_of("zeros", SIZE_BYTES, Zeros)])]);
    let grant = kit::grant(&identity.recipient());
    let plan = plan(
        &grant,
        kit::package(),
        mapping,
        kit::at("2026-02-01T00:00:00Z"),
    )
    .unwrap();
    let mut package = Vec::with_capacity(11 << 27);
    let sealed = timed("seal, both passes, digests included", || {
        plan.measure(&mut |_| {})
            .unwrap()
            .seal(&mut package, &mut |_| {})
            .unwrap()
    });
    timed("open, digests included", || {
        let limits = Limits::default();
        open(
            package.as_slice(),
            &identity,
            &kit::expected(&sealed),
            &mut Nowhere,
            &limits,
            &mut |_| {},
        )
        .unwrap()
    });
}

/// A sink that keeps nothing.
struct Nowhere;

impl Sink for Nowhere {
    fn create(&mut self, _: &PackagePath) -> io::Result<()> {
        Ok(())
    }

    fn write(&mut self, _: &[u8]) -> io::Result<()> {
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
