//! The manifest as JSON. Written from the types as they are and read into
//! them file by file, so that nothing holds the text as a whole.

use super::{Manifest, ManifestFile, ManifestItem, VERSION};
use crate::path::PackagePath;
use portcullis_core::{
    category::Category,
    grant::GrantKind,
    order::{ItemNumber, Span, TargetNumber},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{
    fmt::Display,
    io::{self, BufReader, BufWriter, Read, Write},
    str::FromStr,
};

/// Why a text could not be read.
pub(super) enum ReadError {
    Json(serde_json::Error),
    Version(u32),
    Totals,
}

pub(super) fn write(manifest: &Manifest, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(64 << 10, out);
    serde_json::to_writer(&mut out, &Out::of(manifest))?;
    out.write_all(b"\n")?;
    out.flush()
}

pub(super) fn read(input: impl Read) -> Result<Manifest, ReadError> {
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(64 << 10, input));
    let read = In::deserialize(&mut json)
        .and_then(|read| json.end().map(|()| read))
        .map_err(ReadError::Json)?;
    if read.version != VERSION {
        return Err(ReadError::Version(read.version));
    }
    let manifest = Manifest {
        case: read.case.0,
        package: read.package.0,
        order: read.order.0,
        grant: read.grant.0,
        items: read.items.into_iter().map(|item| item.0).collect(),
    };
    if (Totals {
        files: manifest.files(),
        bytes: manifest.size_bytes(),
    }) != read.totals
    {
        return Err(ReadError::Totals);
    }
    Ok(manifest)
}

#[derive(Serialize)]
struct Out<'a> {
    version: u32,
    case: Text<&'a portcullis_core::id::CaseId>,
    package: Text<&'a portcullis_core::id::PackageId>,
    order: Text<&'a portcullis_core::digest::Digest>,
    grant: &'static str,
    items: Items<'a>,
    totals: Totals,
}

#[derive(Serialize)]
struct OutItem<'a> {
    item: ItemNumber,
    target: TargetNumber,
    category: &'static str,
    span: OutSpan,
    files: Files<'a>,
}

#[derive(Serialize)]
struct OutSpan {
    from: Text<jiff::Timestamp>,
    to: Text<jiff::Timestamp>,
}

#[derive(Serialize)]
struct OutFile<'a> {
    path: &'a str,
    size: u64,
    digest: Text<&'a portcullis_core::digest::Digest>,
}

#[derive(Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Totals {
    files: u64,
    bytes: u64,
}

struct Items<'a>(&'a [ManifestItem]);
struct Files<'a>(&'a [ManifestFile]);

/// Something whose JSON is the string it prints and parses.
struct Text<T>(T);

impl<'a> Out<'a> {
    fn of(manifest: &'a Manifest) -> Self {
        Self {
            version: VERSION,
            case: Text(&manifest.case),
            package: Text(&manifest.package),
            order: Text(&manifest.order),
            grant: manifest.grant.as_str(),
            items: Items(&manifest.items),
            totals: Totals {
                files: manifest.files(),
                bytes: manifest.size_bytes(),
            },
        }
    }
}

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(|item| OutItem {
            item: item.item,
            target: item.target,
            category: item.category.as_str(),
            span: OutSpan {
                from: Text(item.span.from()),
                to: Text(item.span.to()),
            },
            files: Files(&item.files),
        }))
    }
}

impl Serialize for Files<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(|file| OutFile {
            path: file.path.as_str(),
            size: file.size_bytes,
            digest: Text(&file.digest),
        }))
    }
}

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?
            .parse()
            .map(Self)
            .map_err(D::Error::custom)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct In {
    version: u32,
    case: Text<portcullis_core::id::CaseId>,
    package: Text<portcullis_core::id::PackageId>,
    order: Text<portcullis_core::digest::Digest>,
    grant: Kind,
    items: Vec<Item>,
    totals: Totals,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Kind(GrantKind);

impl TryFrom<String> for Kind {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        [GrantKind::Order, GrantKind::Attested, GrantKind::Voluntary]
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .map(Self)
            .ok_or("unknown kind of grant")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InItem {
    item: ItemNumber,
    target: TargetNumber,
    category: String,
    span: InSpan,
    files: Vec<File>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InSpan {
    from: Text<jiff::Timestamp>,
    to: Text<jiff::Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InFile {
    path: String,
    size: u64,
    digest: Text<portcullis_core::digest::Digest>,
}

#[derive(Deserialize)]
#[serde(try_from = "InItem")]
struct Item(ManifestItem);

impl TryFrom<InItem> for Item {
    type Error = &'static str;

    fn try_from(read: InItem) -> Result<Self, Self::Error> {
        Ok(Self(ManifestItem {
            item: read.item,
            target: read.target,
            category: Category::parse(&read.category).ok_or("unknown category")?,
            span: Span::new(read.span.from.0, read.span.to.0)
                .ok_or("a span that ends before it begins")?,
            // In place: both are the same type in memory but for the name.
            files: read.files.into_iter().map(|file| file.0).collect(),
        }))
    }
}

#[derive(Deserialize)]
#[serde(try_from = "InFile")]
struct File(ManifestFile);

impl TryFrom<InFile> for File {
    type Error = crate::path::PathError;

    fn try_from(read: InFile) -> Result<Self, Self::Error> {
        Ok(Self(ManifestFile {
            path: PackagePath::parse(&read.path)?,
            size_bytes: read.size,
            digest: read.digest.0,
        }))
    }
}
