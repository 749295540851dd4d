//! Blobs, in memory and in a folder.

use portcullis_store::{BlobError, Blobs};
use std::io::{self, Read};

fn on_each(check: impl Fn(&Blobs)) {
    check(&Blobs::memory());
    let folder = tempfile::tempdir().unwrap();
    check(&Blobs::folder(&folder.path().join("made/if/need/be")).unwrap());
}

#[test]
fn a_blob_is_given_back_whole_or_in_part() {
    on_each(|blobs| {
        assert_eq!(blobs.get("tile/0/000").unwrap(), None);
        assert_eq!(
            (
                blobs.size("tile/0/000").unwrap(),
                blobs.exists("tile/0/000").unwrap()
            ),
            (None, false)
        );
        assert_eq!(blobs.get_range("tile/0/000", 0, 1).unwrap(), None);
        blobs.put("tile/0/000", *b"first").unwrap();
        blobs.put("tile/0/000", *b"0123456789").unwrap();
        assert_eq!(blobs.get("tile/0/000").unwrap().unwrap(), b"0123456789");
        assert_eq!(
            (
                blobs.size("tile/0/000").unwrap(),
                blobs.exists("tile/0/000").unwrap()
            ),
            (Some(10), true)
        );
        let range = |offset, length| {
            blobs
                .get_range("tile/0/000", offset, length)
                .unwrap()
                .unwrap()
        };
        assert_eq!(range(2, 3), b"234");
        assert_eq!(range(8, 9), b"89");
        assert_eq!(range(8, u64::MAX), b"89");
        assert_eq!(
            (range(10, 1), range(99, 1), range(3, 0)),
            (vec![], vec![], vec![])
        );
        blobs.put("empty", *b"").unwrap();
        assert_eq!(blobs.get("empty").unwrap(), Some(vec![]));
    });
}

#[test]
fn blobs_are_listed_by_the_words_of_their_paths_and_deleted_once_or_twice() {
    on_each(|blobs| {
        for path in ["b/2", "a/1", "b/10", "bc/1", "b/2x/3"] {
            blobs.put(path, path).unwrap();
        }
        assert_eq!(blobs.list("b").unwrap(), ["b/10", "b/2", "b/2x/3"]);
        assert_eq!(
            blobs.list("").unwrap(),
            ["a/1", "b/10", "b/2", "b/2x/3", "bc/1"]
        );
        assert_eq!(blobs.list("nothing").unwrap(), [""; 0]);
        blobs.delete("b/2").unwrap();
        blobs.delete("b/2").unwrap();
        assert_eq!(blobs.list("b").unwrap(), ["b/10", "b/2x/3"]);
    });
}

#[test]
fn a_path_never_leaves_the_folder() {
    on_each(|blobs| {
        for path in ["../secret", "a/../../secret", "a//b", "a/./b", "a\0b"] {
            let refused = blobs.put(path, *b"x");
            assert!(
                matches!(refused, Err(BlobError::Path { .. })),
                "{path:?}: {refused:?}"
            );
            assert!(
                matches!(blobs.get(path), Err(BlobError::Path { .. })),
                "{path:?}"
            );
        }
    });
}

#[test]
fn a_stream_of_any_size_is_stored_whole() {
    on_each(|blobs| {
        for size in [0, 1, (8 << 20) - 1, 8 << 20, (8 << 20) + 1, 20 << 20] {
            let mut reader = io::repeat(7).take(size);
            assert_eq!(blobs.put_reader("package", &mut reader).unwrap(), size);
            let stored = blobs.get("package").unwrap().unwrap();
            assert!(
                stored.len() as u64 == size && stored.iter().all(|byte| *byte == 7),
                "{size}"
            );
        }
    });
}

#[test]
fn a_stream_that_breaks_leaves_what_was_there() {
    struct Breaks;
    impl Read for Breaks {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the line went dead"))
        }
    }
    on_each(|blobs| {
        blobs.put("package", *b"before").unwrap();
        let broken = blobs.put_reader("package", &mut io::repeat(7).take(20 << 20).chain(Breaks));
        assert!(matches!(broken, Err(BlobError::Read(_))), "{broken:?}");
        assert_eq!(blobs.get("package").unwrap().unwrap(), b"before");
        assert_eq!(
            blobs.list("").unwrap(),
            ["package"],
            "no part is left to be seen"
        );
    });
}

#[test]
fn blobs_can_be_synced() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::folder(folder.path()).unwrap();
    blobs.put("a/b/c", *b"x").unwrap();
    blobs.put("d", *b"x").unwrap();
    blobs.sync(["a/b/c", "d"]).unwrap();
    assert!(matches!(
        blobs.sync(["missing"]),
        Err(BlobError::Unavailable(_))
    ));
    Blobs::memory().sync(["missing"]).unwrap();
}
