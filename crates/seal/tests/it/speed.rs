//! How fast, on this machine: `cargo test --release -p portcullis-seal -- --ignored --nocapture speed`.
//! Never a condition of passing (design §13).

use crate::kit::{self, source_of};
use portcullis_seal::{
    folder::{FolderSink, sources},
    key::Identity,
    limits::Limits,
    open::open,
    plan::{Content, Mapping, plan},
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
        (0..SIZE_BYTES / 4 >> 20).for_each(|_| file.write_all(&block).unwrap());
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
fn speed_of_a_gibibyte_sealed_without_a_disk() {
    struct Zeros;
    impl Content for Zeros {
        fn open(&self) -> io::Result<Box<dyn Read + '_>> {
            Ok(Box::new(io::repeat(0).take(SIZE_BYTES)))
        }
    }
    let identity = Identity::generate();
    let mapping = Mapping::from([(1, vec![source_of("zeros", SIZE_BYTES, Zeros)])]);
    let measured = kit::measured(&identity, mapping);
    timed("writing to nowhere", || {
        measured.seal(io::sink(), &mut |_| {}).unwrap()
    });
}
