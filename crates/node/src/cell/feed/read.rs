//! Reading an answer: whole, or not at all.

use super::{End, FEED_BYTES_MAX, Head, LINE_BYTES_MAX, RECORDS_MAX, Record, VERSION, hex};
use crate::cell::Stamp;
use portcullis_core::{
    cell::{GroupId, Label, Marks, Tlp, ids::OBJECT_ID_BYTES_MAX},
    member::MemberId,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// An answer, read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Feed<'a> {
    /// What it begins with.
    pub head: Head,
    /// Its records, in the source's order.
    pub records: Vec<Record<'a>>,
    /// What it ends with.
    pub end: End,
}

/// Why bytes are no answer.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// More than any answer has.
    #[error("an answer has at most {FEED_BYTES_MAX} bytes and {RECORDS_MAX} records")]
    Long,
    /// It ends before its end.
    #[error("the answer breaks off at byte {0}")]
    Short(usize),
    /// A line is not what it should be.
    #[error("line at byte {at}: {source}")]
    Line {
        /// Where the line begins.
        at: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A value is not what it should be.
    #[error("`{what}` at byte {at} cannot be read")]
    Value {
        /// Which.
        what: &'static str,
        /// Where its line begins.
        at: usize,
    },
    /// It is of another version of the format.
    #[error("version {0} of the feed is not spoken here")]
    Version(u32),
    /// It says that it had another number of records.
    #[error("the answer has {found} records and says {said}")]
    Count {
        /// How many there are.
        found: usize,
        /// How many it says.
        said: usize,
    },
}

#[derive(Deserialize)]
struct HeadLine {
    feed: u32,
    source: String,
    collection: String,
    epoch: String,
    view: String,
    from: i64,
    #[serde(default)]
    out: bool,
    #[serde(default)]
    hears: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RecordLine {
    Put {
        added: i64,
        at: i64,
        by: String,
        publisher: String,
        tlp: String,
        #[serde(default)]
        recipients: Vec<String>,
        #[serde(default)]
        held: bool,
        #[serde(default)]
        marks: BTreeMap<String, String>,
        #[serde(default)]
        addressed: Vec<String>,
        bytes: usize,
        #[serde(default)]
        provenance: usize,
    },
    Remove {
        id: String,
        version: i64,
        added: i64,
        at: i64,
        by: String,
    },
    Forget {
        id: String,
        version: i64,
        #[serde(default)]
        at: Option<i64>,
        #[serde(default)]
        by: Option<String>,
    },
    State {
        digest: String,
        bytes: usize,
    },
    End {
        records: usize,
        to: i64,
        behind: u64,
        more: bool,
    },
}

/// Reads an answer.
///
/// # Errors
///
/// [`FeedError`] wherever the bytes are not exactly one whole answer.
pub fn read(bytes: &[u8]) -> Result<Feed<'_>, FeedError> {
    if bytes.len() > FEED_BYTES_MAX {
        return Err(FeedError::Long);
    }
    let mut reader = Reader { bytes, at: 0 };
    let head = reader.head()?;
    let mut records = Vec::new();
    loop {
        let at = reader.at;
        let wrong = |what| FeedError::Value { what, at };
        let mark = |at_us, by: &str| -> Result<Stamp, FeedError> {
            let by = by.parse().map_err(|_| wrong("by"))?;
            Ok(Stamp { at_us, by })
        };
        let record = match reader.line::<RecordLine>()? {
            put @ RecordLine::Put { .. } => reader.put(put, at)?,
            RecordLine::Remove {
                id,
                version,
                added,
                at,
                by,
            } => {
                if id.len() > OBJECT_ID_BYTES_MAX {
                    return Err(wrong("id"));
                }
                Record::Remove {
                    added,
                    mark: mark(at, &by)?,
                    id,
                    version,
                }
            }
            RecordLine::Forget {
                id,
                version,
                at,
                by,
            } => {
                if id.len() > OBJECT_ID_BYTES_MAX || at.is_some() != by.is_some() {
                    return Err(wrong("forget"));
                }
                let mark = at.zip(by).map(|(at, by)| mark(at, &by)).transpose()?;
                Record::Forget { id, version, mark }
            }
            RecordLine::State { digest, bytes } => Record::State {
                digest: hex::parse(&digest).ok_or(wrong("digest"))?,
                json: reader.block(bytes)?,
            },
            RecordLine::End {
                records: said,
                to,
                behind,
                more,
            } => {
                let found = records.len();
                if found != said {
                    return Err(FeedError::Count { found, said });
                }
                if reader.at != bytes.len() {
                    return Err(wrong("end"));
                }
                let end = End { to, behind, more };
                return Ok(Feed { head, records, end });
            }
        };
        if records.len() == RECORDS_MAX + 1 {
            return Err(FeedError::Long);
        }
        records.push(record);
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn head(&mut self) -> Result<Head, FeedError> {
        let line: HeadLine = self.line()?;
        if line.feed != VERSION {
            return Err(FeedError::Version(line.feed));
        }
        let wrong = |what| FeedError::Value { what, at: 0 };
        Ok(Head {
            source: line.source.parse().map_err(|_| wrong("source"))?,
            collection: line.collection.parse().map_err(|_| wrong("collection"))?,
            epoch: hex::parse(&line.epoch).ok_or(wrong("epoch"))?,
            view: hex::parse(&line.view).ok_or(wrong("view"))?,
            from: line.from,
            out: line.out,
            hears: line.hears,
        })
    }

    fn line<T: Deserialize<'a>>(&mut self) -> Result<T, FeedError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let window = rest.get(..LINE_BYTES_MAX).unwrap_or(rest);
        let end = window.iter().position(|byte| *byte == b'\n');
        let line = end.and_then(|end| rest.get(..end));
        let line = line.ok_or(FeedError::Short(self.at))?;
        let at = self.at;
        let value =
            serde_json::from_slice(line).map_err(|source| FeedError::Line { at, source })?;
        self.at += line.len() + 1;
        Ok(value)
    }

    /// The object that a line announced, whose line begins at `line_at`.
    fn put(&mut self, line: RecordLine, line_at: usize) -> Result<Record<'a>, FeedError> {
        let wrong = |what| FeedError::Value { what, at: line_at };
        let member = |what, text: &str| text.parse::<MemberId>().map_err(|_| wrong(what));
        let RecordLine::Put {
            added,
            at,
            by,
            publisher,
            tlp,
            recipients,
            held,
            marks,
            addressed,
            bytes,
            provenance,
        } = line
        else {
            return Err(wrong("put"));
        };
        let towards = marks.iter().map(|(group, tlp)| {
            let group: GroupId = group.parse().map_err(|_| wrong("marks"))?;
            Ok((group, Tlp::parse(tlp).ok_or(wrong("marks"))?))
        });
        let addressed = addressed.iter().map(|name| member("addressed", name));
        let recipients = recipients.iter().map(|name| member("recipients", name));
        let marks = Marks {
            groups: towards.collect::<Result<_, FeedError>>()?,
            recipients: addressed.collect::<Result<_, _>>()?,
        };
        let mark = Stamp {
            at_us: at,
            by: member("by", &by)?,
        };
        let label = Label {
            tlp: Tlp::parse(&tlp).ok_or(wrong("tlp"))?,
            bound: None,
            publisher: member("publisher", &publisher)?,
            recipients: recipients.collect::<Result<_, _>>()?,
            held,
        };
        let object = self.block(bytes)?;
        let provenance = match provenance {
            0 => &[],
            some => self.block(some)?,
        };
        Ok(Record::Put {
            added,
            mark,
            object,
            provenance,
            label,
            marks,
        })
    }

    /// `len` bytes and the line's end after them.
    fn block(&mut self, len: usize) -> Result<&'a [u8], FeedError> {
        let short = FeedError::Short(self.at);
        let end = self.at.checked_add(len);
        let Some(block) = end.and_then(|end| self.bytes.get(self.at..end)) else {
            return Err(short);
        };
        if self.bytes.get(self.at + len) != Some(&b'\n') {
            return Err(short);
        }
        self.at += len + 1;
        Ok(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::feed::Writer;
    use portcullis_core::cell::CollectionId;
    use proptest::prelude::*;

    fn head() -> Head {
        Head {
            source: "bank.example".parse().unwrap(),
            collection: CollectionId::from_bytes([3; 16]),
            epoch: [1; 16],
            view: [2; 32],
            from: i64::MIN,
            out: true,
            hears: true,
        }
    }

    fn mark() -> Stamp {
        Stamp {
            at_us: 5,
            by: "bank.example".parse().unwrap(),
        }
    }

    fn label() -> Label {
        Label {
            tlp: Tlp::Red,
            bound: None,
            publisher: "bank.example".parse().unwrap(),
            recipients: ["cert.example".parse().unwrap()].into(),
            held: true,
        }
    }

    fn marks() -> Marks {
        Marks {
            groups: [(GroupId::from_bytes([5; 16]), Tlp::Green)].into(),
            recipients: ["cert.example".parse().unwrap()].into(),
        }
    }

    fn end() -> End {
        End {
            to: 9,
            behind: 1,
            more: true,
        }
    }

    fn written(objects: &[Vec<u8>]) -> Vec<u8> {
        let mut writer = Writer::new(&head());
        for object in objects {
            writer.record(&Record::Put {
                added: 8,
                mark: mark(),
                object,
                provenance: &object[..object.len() / 2],
                label: label(),
                marks: marks(),
            });
        }
        writer.record(&Record::Remove {
            added: 9,
            mark: mark(),
            id: "note--1".into(),
            version: i64::MIN,
        });
        writer.end(&end())
    }

    #[test]
    fn an_answer_that_breaks_off_anywhere_is_no_answer() {
        let whole = written(&[b"{\"a\":1}".to_vec(), b"{}".to_vec()]);
        assert!(read(&whole).is_ok());
        for len in 0..whole.len() {
            assert!(read(&whole[..len]).is_err(), "{len}");
        }
        let longer = [whole.as_slice(), b"\n"].concat();
        assert!(read(&longer).is_err());
    }

    #[test]
    fn a_record_that_was_left_out_is_missed() {
        let whole = String::from_utf8(written(&[b"{}".to_vec()])).unwrap();
        let lines: Vec<&str> = whole.lines().collect();
        let kept: Vec<&str> = lines
            .into_iter()
            .filter(|line| !line.contains("remove"))
            .collect();
        let without = kept.join("\n") + "\n";
        let refused = read(without.as_bytes());
        assert!(
            matches!(refused, Err(FeedError::Count { found: 1, said: 2 })),
            "{refused:?}"
        );
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_of_objects_they_come_out_as_they_went_in(
            objects in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..6)
        ) {
            let bytes = written(&objects);
            let feed = read(&bytes).unwrap();
            prop_assert_eq!(&feed.head, &head());
            prop_assert_eq!(feed.end, end());
            let got: Vec<Vec<u8>> = feed.records.iter().filter_map(|record| match record {
                Record::Put { object, provenance, label: label_of, marks: marks_of, .. } => {
                    assert_eq!(*provenance, &object[..object.len() / 2]);
                    assert_eq!((label_of, marks_of), (&label(), &marks()));
                    Some(object.to_vec())
                }
                _ => None,
            }).collect();
            prop_assert_eq!(got, objects);
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
            let mut begun = Writer::new(&head()).end(&end());
            begun.truncate(begun.len() / 2);
            begun.extend_from_slice(&bytes);
            let _ = read(&begun);
        }
    }
}
