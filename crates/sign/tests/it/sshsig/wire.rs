//! Strings of RFC 4251 §5, written once more and independently.

pub(crate) fn string(bytes: &[u8]) -> Vec<u8> {
    let mut wire = u32::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
    wire.extend_from_slice(bytes);
    wire
}

pub(crate) fn strings(all: &[&[u8]]) -> Vec<u8> {
    all.iter().flat_map(|bytes| string(bytes)).collect()
}

/// A non-negative integer, big-endian, in its shortest form.
pub(crate) fn mpint(mut bytes: &[u8]) -> Vec<u8> {
    while let [0, rest @ ..] = bytes {
        bytes = rest;
    }
    match bytes.first() {
        Some(first) if first & 0x80 != 0 => string(&[&[0], bytes].concat()),
        _ => string(bytes),
    }
}
