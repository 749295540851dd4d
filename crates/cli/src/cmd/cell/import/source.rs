//! Where an import's bytes come from: files, compressed or not, and standard input.

use crate::failure::Failure;
use flate2::read::MultiGzDecoder;
use portcullis_stix::table;
use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read},
    path::Path,
};

/// The most bytes of one file, unpacked: some fifteen times ATT&CK Enterprise.
pub(in crate::cmd::cell) const FILE_BYTES_MAX: u64 = 512 << 20;

/// How a gzip file begins (RFC 1952 §2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Reads a file, or standard input for `-`, unpacked if it is gzip.
pub(in crate::cmd::cell) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    if path.as_os_str() == "-" {
        return unpacked(path, io::stdin().lock());
    }
    let file = File::open(path).map_err(|error| {
        let failure = Failure::file(path, &error);
        match error.kind() {
            io::ErrorKind::NotFound => failure.hint("`-` reads standard input"),
            _ => failure,
        }
    })?;
    unpacked(path, file)
}

fn unpacked(path: &Path, from: impl Read) -> Result<Vec<u8>, Failure> {
    let mut reader = BufReader::with_capacity(1 << 16, from);
    let head = reader
        .fill_buf()
        .map_err(|error| Failure::file(path, &error))?;
    if head.starts_with(&GZIP_MAGIC) {
        bounded(path, MultiGzDecoder::new(reader))
    } else {
        bounded(path, reader)
    }
}

fn bounded(path: &Path, from: impl Read) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    from.take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::file(path, &error))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Failure::usage(format!(
            "`{}` has more than {FILE_BYTES_MAX} bytes",
            path.display()
        ))
        .hint("split it: importing in parts comes to the same"));
    }
    Ok(bytes)
}

/// What a file holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(in crate::cmd::cell) enum Format {
    /// A STIX bundle or a TAXII envelope.
    Stix,
    /// A MISP event, or several, as MISP exports them.
    Misp,
    /// A table of indicators.
    Csv,
}

/// How much of a file is looked at to see what it is.
const LOOK_BYTES: usize = 64 * 1024;

/// What a file seems to hold, by its name and how it begins.
pub(in crate::cmd::cell) fn guess(path: &Path, bytes: &[u8]) -> Option<Format> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let begins = bytes
        .iter()
        .find(|byte| !byte.is_ascii_whitespace())
        .copied()?;
    if !matches!(begins, b'{' | b'[') {
        let named = path.to_string_lossy().to_ascii_lowercase();
        let named = named.strip_suffix(".gz").unwrap_or(&named);
        let end = named.rsplit('.').next().unwrap_or_default();
        let other = begins == b'<' || matches!(end, "json" | "html" | "htm" | "xml");
        let called = matches!(end, "csv" | "tsv" | "txt" | "list" | "lst");
        return (!other && is_table(bytes, called)).then_some(Format::Csv);
    }
    let head = bytes.get(..LOOK_BYTES).unwrap_or(bytes);
    let place = |word: &[u8]| head.windows(word.len()).position(|at| at == word);
    let misp = [&b"\"Event\""[..], b"\"Attribute\"", b"\"Orgc\""]
        .into_iter()
        .filter_map(place)
        .min();
    let stix = [&b"\"objects\""[..], b"\"spec_version\"", b"\"bundle\""]
        .into_iter()
        .filter_map(place)
        .min();
    match (misp, stix) {
        (Some(misp), Some(stix)) if stix < misp => Some(Format::Stix),
        (Some(_), _) => Some(Format::Misp),
        (None, _) => Some(Format::Stix),
    }
}

/// Whether a table begins here: a line of names, or lines nearly all of which are values; most of
/// them, in a file that is called like a table.
fn is_table(bytes: &[u8], called: bool) -> bool {
    let Ok(at) = "2026-01-01T00:00:00Z".parse() else {
        return false;
    };
    let defaults = table::Defaults {
        creator: "identity--00000000-0000-4000-8000-000000000000".to_owned(),
        at,
        tlp: None,
    };
    let head = match bytes.get(..LOOK_BYTES) {
        // The last line of what is looked at may be cut.
        Some(head) => {
            let end = head.iter().rposition(|byte| *byte == b'\n');
            head.get(..end.unwrap_or(head.len())).unwrap_or(head)
        }
        None => bytes,
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = lines.find(|line| !line.trim_ascii().is_empty() && !line.starts_with(b"#"));
    let header = match table::read(first.unwrap_or_default(), &defaults) {
        Ok(read) => read.indicators == 0 && read.left.is_empty(),
        // Names, though not the one that counts: reading it says so.
        Err(flaw) => return matches!(flaw, table::TableFlaw::NoValues),
    };
    let Ok(read) = table::read(head, &defaults) else {
        return false;
    };
    let part = if called { 2 } else { 10 };
    header || (read.indicators > 0 && read.left.len() * part <= read.indicators)
}

/// Refuses what is no text: a program, a picture, a table in another encoding.
pub(in crate::cmd::cell) fn text(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if bytes.contains(&0) || std::str::from_utf8(bytes).is_err() {
        return Err(
            Failure::usage(format!("`{}` is no text in UTF-8", path.display()))
                .hint("write it anew as UTF-8, and import that"),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn a_file_is_known_by_how_it_begins() {
        let check = |name: &str, text: &str, expected: Option<Format>| {
            assert_eq!(
                guess(Path::new(name), text.as_bytes()),
                expected,
                "{name}: {text}"
            );
        };
        check(
            "a.json",
            r#"{"type":"bundle","objects":[]}"#,
            Some(Format::Stix),
        );
        check(
            "a",
            r#" {"objects":[{"type":"x-a","note":"\"Event\""}]}"#,
            Some(Format::Stix),
        );
        check(
            "a.json",
            r#"{"response":[{"Event":{"info":"x"}}]}"#,
            Some(Format::Misp),
        );
        check("a.json", "\u{feff}{\"Event\":{}}", Some(Format::Misp));
        check("-", "type,value\ndomain,a.example\n", Some(Format::Csv));
        check("a", "a.example\nhxxp://b[.]example/x\n", Some(Format::Csv));
        check("a.txt", "# ours\n198.51.100.7;seen\n", Some(Format::Csv));
        check("a.csv", "ioc\nno value at all\n", Some(Format::Csv));
        check("a.csv", "type,colour\nx,red\n", Some(Format::Csv));
        check(
            "a.txt",
            "a.example\nnot one\nb.example\n",
            Some(Format::Csv),
        );
        check("a", "a.example\nnot one\nb.example\n", None);
        check("a.txt", "a page of prose", None);
        check("a", "", None);
    }

    #[test]
    fn what_only_has_commas_is_no_table() {
        let check = |name: &str, text: &str| {
            assert_eq!(guess(Path::new(name), text.as_bytes()), None, "{name}");
        };
        let lost = "\"type\": \"bundle\",\n\"objects\": [\n{\"type\": \"indicator\", \"value\": \"a.example\"}]}";
        check("a", lost);
        check("a.csv", lost);
        check("a.json", "a.example\n");
        check(
            "a.csv",
            "<html><body>\na.example\nb.example\n</body></html>",
        );
        check("error.html", "404, a.example\n");
        check(
            "a.csv",
            "Dear all, as we said,\na.example\nis bad, very bad\n",
        );
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let refused = |bytes: &[u8]| text(Path::new("a"), bytes).is_err();
        assert!(refused(b"\x7fELF\x02\x01\x01\0"));
        assert!(refused(b"a,\xff\xfe,b"));
        assert!(!refused("größer,a.example".as_bytes()));
    }

    #[test]
    fn gzip_is_unpacked_whatever_the_name() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"{\"objects\":[]}").unwrap();
        let packed = packed.finish().unwrap();
        let read = unpacked(Path::new("a.json"), &packed[..]).unwrap();
        assert_eq!(read, b"{\"objects\":[]}");
        let cut = unpacked(Path::new("a.json"), &packed[..packed.len() - 6]);
        assert_eq!(cut.unwrap_err().code, "file");
    }
}
