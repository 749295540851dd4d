//! The data types of SSH on the wire (RFC 4251 §5), read and written.

/// The bytes end too early, go on too long, or are not the only way to write
/// what they say.
#[derive(Debug)]
pub(super) struct WireError;

/// Reads from the front of a slice.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        let (front, back) = self.0.split_at_checked(length).ok_or(WireError)?;
        self.0 = back;
        Ok(front)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        self.take(N)?.try_into().map_err(|_| WireError)
    }

    pub(super) fn uint32(&mut self) -> Result<u32, WireError> {
        self.array().map(u32::from_be_bytes)
    }

    /// A `string`: its length in four bytes, and as many bytes.
    pub(super) fn string(&mut self) -> Result<&'a [u8], WireError> {
        let length = self.uint32()?;
        self.take(usize::try_from(length).map_err(|_| WireError)?)
    }

    /// A non-negative `mpint` of at most 32 bytes, filled up from the left.
    pub(super) fn scalar(&mut self) -> Result<[u8; 32], WireError> {
        let digits = match self.string()? {
            // A leading zero is there only where the sign bit would be set.
            [0, rest @ ..] if rest.first().is_some_and(|byte| byte & 0x80 != 0) => rest,
            [0, ..] => return Err(WireError),
            [first, ..] if first & 0x80 != 0 => return Err(WireError),
            digits => digits,
        };
        let start = 32_usize.checked_sub(digits.len()).ok_or(WireError)?;
        let mut scalar = [0; 32];
        scalar
            .get_mut(start..)
            .ok_or(WireError)?
            .copy_from_slice(digits);
        Ok(scalar)
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Result<(), WireError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(WireError)
        }
    }
}

/// Appends `bytes` to `out` as a `string`.
///
/// INVARIANT: `bytes` is shorter than 4 GiB; callers pass names, digests and
/// points.
pub(super) fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mpint: &[u8], expected: Option<u8>) {
        let mut wire = Vec::new();
        put_string(&mut wire, mpint);
        let scalar = Reader::new(&wire).scalar().ok();
        assert_eq!(scalar.map(|scalar| scalar[31]), expected, "{mpint:?}");
    }

    #[test]
    fn a_scalar_has_one_form() {
        check(&[], Some(0));
        check(&[1], Some(1));
        check(&[0x7f], Some(0x7f));
        check(&[0, 0x80], Some(0x80));
        check(&[0x80], None);
        check(&[0], None);
        check(&[0, 1], None);
        check(&[1; 32], Some(1));
        check(&[1; 33], None);
    }

    #[test]
    fn what_is_cut_short_or_goes_on_is_refused() {
        assert!(Reader::new(&[0, 0, 0, 2, 1]).string().is_err());
        assert!(Reader::new(&[255, 255, 255, 255]).string().is_err());
        assert!(Reader::new(&[0, 0, 0]).string().is_err());
        assert!(Reader::new(&[0]).end().is_err());
        assert!(Reader::new(&[]).end().is_ok());
    }
}
