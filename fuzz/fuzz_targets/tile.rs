//! Tiles: paths, rows of hashes and bundles of entries.
#![no_main]

use portcullis_tlog::tile::{EntryTile, Tile, decode_bundle, encode_bundle, hashes_to_bytes};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(tile) = text.parse::<Tile>() {
            assert_eq!(tile.path(), text);
        }
        if let Ok(tile) = text.parse::<EntryTile>() {
            assert_eq!(tile.path(), text);
        }
    }
    if let Ok(entries) = decode_bundle(bytes) {
        assert_eq!(encode_bundle(&entries).as_deref(), Ok(bytes));
    }
    if let Some(row) = u16::try_from(bytes.len() / 32)
        .ok()
        .and_then(|width| Tile::new(0, 0, width))
        && let Ok(hashes) = row.hashes_in(bytes)
    {
        assert_eq!(hashes_to_bytes(&hashes), bytes);
    }
});
