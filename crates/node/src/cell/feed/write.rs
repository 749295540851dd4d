//! Writing an answer.

use super::{End, Head, Record, VERSION, hex};
use portcullis_core::member::MemberId;
use serde::Serialize;
use std::collections::BTreeMap;

/// An answer under way: a head, records, an end.
#[derive(Debug)]
pub struct Writer {
    head: Head,
    out: Vec<u8>,
    records: usize,
}

#[derive(Serialize)]
struct HeadLine<'a> {
    feed: u32,
    source: &'a str,
    collection: String,
    epoch: String,
    view: String,
    from: i64,
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    out: bool,
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    hears: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum RecordLine<'a> {
    Put {
        added: i64,
        at: i64,
        by: &'a str,
        publisher: &'a str,
        tlp: &'a str,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        recipients: Vec<&'a str>,
        #[serde(skip_serializing_if = "core::ops::Not::not")]
        held: bool,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        marks: BTreeMap<String, &'a str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        addressed: Vec<&'a str>,
        bytes: usize,
        #[serde(skip_serializing_if = "is_zero")]
        provenance: usize,
    },
    Remove {
        id: &'a str,
        version: i64,
        added: i64,
        at: i64,
        by: &'a str,
    },
    Forget {
        id: &'a str,
        version: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<&'a str>,
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

fn head_line(head: &Head) -> Vec<u8> {
    let line = HeadLine {
        feed: VERSION,
        source: head.source.as_str(),
        collection: head.collection.to_string(),
        epoch: hex::print(&head.epoch),
        view: hex::print(&head.view),
        from: head.from,
        out: head.out,
        hears: head.hears,
    };
    // Texts and numbers always serialise.
    let mut line = serde_json::to_vec(&line).unwrap_or_default();
    line.push(b'\n');
    line
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Writer {
    /// An answer that begins.
    pub fn new(head: &Head) -> Self {
        Self {
            head: head.clone(),
            out: head_line(head),
            records: 0,
        }
    }

    /// Names another view than the one it began with: both are as long as each other.
    pub fn set_view(&mut self, view: [u8; 32]) {
        let before = head_line(&self.head).len();
        self.head.view = view;
        self.out.splice(..before, head_line(&self.head));
    }

    /// Adds one record.
    pub fn record(&mut self, record: &Record<'_>) {
        self.records += 1;
        match record {
            Record::Put {
                added,
                mark,
                object,
                provenance,
                label,
                marks,
            } => {
                let towards = marks.groups.iter();
                let addressed = marks.recipients.iter().map(MemberId::as_str);
                let recipients = label.recipients.iter().map(MemberId::as_str);
                self.line(&RecordLine::Put {
                    added: *added,
                    at: mark.at_us,
                    by: mark.by.as_str(),
                    publisher: label.publisher.as_str(),
                    tlp: label.tlp.as_str(),
                    recipients: recipients.collect(),
                    held: label.held,
                    marks: towards
                        .map(|(group, tlp)| (group.to_string(), tlp.as_str()))
                        .collect(),
                    addressed: addressed.collect(),
                    bytes: object.len(),
                    provenance: provenance.len(),
                });
                self.block(object);
                if !provenance.is_empty() {
                    self.block(provenance);
                }
            }
            Record::Remove {
                added,
                mark,
                id,
                version,
            } => self.line(&RecordLine::Remove {
                id,
                version: *version,
                added: *added,
                at: mark.at_us,
                by: mark.by.as_str(),
            }),
            Record::Forget { id, version, mark } => self.line(&RecordLine::Forget {
                id,
                version: *version,
                at: mark.as_ref().map(|mark| mark.at_us),
                by: mark.as_ref().map(|mark| mark.by.as_str()),
            }),
            Record::State { digest, json } => {
                self.line(&RecordLine::State {
                    digest: hex::print(digest),
                    bytes: json.len(),
                });
                self.block(json);
            }
        }
    }

    /// How many bytes there are so far.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether there is no record yet.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Whether an answer of so many records, and about `bytes_max`, is full.
    pub fn is_full(&self, records_max: usize, bytes_max: usize) -> bool {
        self.records > 0 && (self.out.len() >= bytes_max || self.records >= records_max)
    }

    /// The whole answer.
    pub fn end(mut self, end: &End) -> Vec<u8> {
        self.line(&RecordLine::End {
            records: self.records,
            to: end.to,
            behind: end.behind,
            more: end.more,
        });
        self.out
    }

    fn line(&mut self, line: &impl Serialize) {
        // Texts and numbers always serialise, and a vector takes every byte.
        let _ = serde_json::to_writer(&mut self.out, line);
        self.out.push(b'\n');
    }

    fn block(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
        self.out.push(b'\n');
    }
}
