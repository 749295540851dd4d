//! The pre-authentication encoding: what a signature is made over.
//!
//! DSSE v1.0, protocol.md, "Signature Definition". Lengths come before what
//! they measure, so no two pairs of type and payload share an encoding.

/// The pre-authentication encoding of `payload` under `payload_type`:
///
/// ```text
/// "DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload
/// ```
///
/// where `SP` is one space and `LEN` the length in bytes, decimal, without
/// leading zeros. This is also what a file must hold, byte for byte, that is
/// signed by `ssh-keygen -Y sign`.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    )
    .into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::pae;

    #[test]
    fn the_example_of_the_specification_encodes_as_it_says() {
        // DSSE v1.0, protocol.md, "Test Vectors".
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn lengths_are_bytes_and_not_characters() {
        assert_eq!(pae("tyé", "né".as_bytes()), "DSSEv1 4 tyé 3 né".as_bytes());
        assert_eq!(pae("", b""), b"DSSEv1 0  0 ");
    }

    proptest! {
        #[test]
        fn different_statements_never_share_an_encoding(
            a in (".{0,12}", prop::collection::vec(any::<u8>(), 0..12)),
            b in (".{0,12}", prop::collection::vec(any::<u8>(), 0..12)),
        ) {
            prop_assert_eq!(a == b, pae(&a.0, &a.1) == pae(&b.0, &b.1));
        }
    }
}
