//! Reading a file of parts, line by line.

use super::{Failure, Path};
use portcullis_sign::Envelope;
use portcullis_verdict::parts::{Contents, Head, LINE_BYTES_MAX, Part, PartsError, Reader};
use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
};

/// Reads a file of parts: its head as it was signed, and every part, each as it was listed.
pub(super) fn read_parts(
    path: &Path,
    wanted: Contents,
) -> Result<(Envelope, Head, Vec<Part>), Failure> {
    let file = File::open(path).map_err(|error| Failure::file(path, &error))?;
    let mut lines = BufReader::new(file);
    let failed = |error: &PartsError| {
        Failure::false_(error.code(), format!("`{}`: {error}", path.display()))
    };
    let first = line(&mut lines, path)?.unwrap_or_default();
    let mut reader = Reader::begin(&first, wanted).map_err(|error| failed(&error))?;
    let mut parts = Vec::new();
    while let Some(line) = line(&mut lines, path)? {
        parts.push(reader.part(&line).map_err(|error| failed(&error))?);
    }
    let (envelope, head) = reader.finish().map_err(|error| failed(&error))?;
    Ok((envelope, head, parts))
}

/// The next line without its end; none at the end of the file.
fn line(lines: &mut BufReader<File>, path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let mut line = Vec::new();
    let read = lines
        .by_ref()
        .take(LINE_BYTES_MAX as u64 + 2)
        .read_until(b'\n', &mut line);
    if read.map_err(|error| Failure::file(path, &error))? == 0 {
        return Ok(None);
    }
    if line.pop() != Some(b'\n') {
        let why = format!("`{}`: a line is too long, or cut off", path.display());
        return Err(Failure::false_("pack.malformed", why));
    }
    Ok(Some(line))
}
