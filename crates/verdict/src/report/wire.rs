//! The JSON of a report's payload: one way to write it, and no other is read.

use super::{
    BAND_WIDTH_MAX, Bound, COUNT_MAX, Form, Joint, LAWS_MAX, LINES_MAX, Line, PARTICIPANTS_MAX,
    PARTICIPANTS_MIN, PAYLOAD_BYTES_MAX, PROOF_BYTES_MAX, Participant, Period, Report, ReportError,
    Single, Source, Subject, TEXT_BYTES_MAX, UNPROVED_MAX, Unproved, WORD_BYTES_MAX,
};
use crate::text::Text;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{Timestamp, civil::Date};
use portcullis_core::{digest::Digest, member::MemberId};
use portcullis_tlog::{
    checkpoint::{Checkpoint, Origin},
    note::SignedNote,
    tree::TreeSize,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::collections::BTreeMap;

/// What a payload of this version says of itself.
const VERSION: &str = "report/v1";

pub(super) fn parse(bytes: &[u8]) -> Result<Report, ReportError> {
    if bytes.len() > PAYLOAD_BYTES_MAX {
        return Err(ReportError::TooLong(bytes.len()));
    }
    let head: Head = read(bytes)?;
    if head.portcullis != VERSION {
        let found = head.portcullis.chars().take(80).collect();
        return Err(ReportError::Version(found));
    }
    let report = match head.kind {
        Kind::Single => read::<SingleWire>(bytes)?.into_report()?,
        Kind::Joint => read::<JointWire>(bytes)?.into_report()?,
    };
    check(&report)?;
    if to_bytes(&report) == bytes {
        Ok(report)
    } else {
        Err(ReportError::NotCanonical)
    }
}

pub(super) fn to_bytes(report: &Report) -> Vec<u8> {
    // Plain structs with string keys: writing them to memory cannot fail.
    match &report.subject {
        Subject::Single(single) => serde_json::to_vec(&SingleWire::of(report, single)),
        Subject::Joint(joint) => serde_json::to_vec(&JointWire::of(report, joint)),
    }
    .unwrap_or_default()
}

fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, ReportError> {
    serde_json::from_slice(bytes)
        .map_err(|error| ReportError::Malformed(error.to_string().chars().take(160).collect()))
}

/// What says how to read the rest.
#[derive(Deserialize)]
struct Head {
    portcullis: String,
    kind: Kind,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Single,
    Joint,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SingleWire {
    portcullis: String,
    kind: Kind,
    realm: String,
    member: Text<MemberId>,
    origin: Text<Origin>,
    schema: Hex,
    series: String,
    number: u64,
    previous: Option<Hex>,
    period: PeriodWire,
    made_at: Text<Timestamp>,
    first_assistance: Option<Text<Date>>,
    start: BoundWire,
    end: BoundWire,
    commitment: Base64,
    laws: BTreeMap<String, Hex>,
    lines: Vec<LineWire>,
    unproved: Vec<UnprovedWire>,
    proof: Base64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JointWire {
    portcullis: String,
    kind: Kind,
    realm: String,
    series: String,
    number: u64,
    previous: Option<Hex>,
    period: PeriodWire,
    made_at: Text<Timestamp>,
    first_assistance: Option<Text<Date>>,
    attempt: u32,
    participants: Vec<ParticipantWire>,
    laws: BTreeMap<String, Hex>,
    lines: Vec<LineWire>,
    unproved: Vec<UnprovedWire>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PeriodWire {
    from: Text<Date>,
    to: Text<Date>,
    zone: String,
}

/// Public to the documents of a joint report, which carry the same.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BoundWire {
    size: u64,
    checkpoint: Option<Text<SignedNote>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LineWire {
    id: String,
    title: String,
    cells: Vec<u8>,
    law: Option<String>,
    clause: String,
    form: FormWire,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum FormWire {
    Exact { value: u64 },
    Band { low: u64, high: u64 },
    Withheld { because: String },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnprovedWire {
    title: String,
    value: String,
    unit: String,
    clause: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParticipantWire {
    member: Text<MemberId>,
    origin: Text<Origin>,
    schema: Hex,
    start: BoundWire,
    end: BoundWire,
    commitment: Base64,
    report_key: Base64,
    masks: Vec<Base64>,
    opening: Base64,
}

impl SingleWire {
    fn of(report: &Report, single: &Single) -> Self {
        let source = single.source.clone();
        Self {
            portcullis: VERSION.to_owned(),
            kind: Kind::Single,
            realm: report.realm.clone(),
            member: Text(source.member),
            origin: Text(source.origin),
            schema: Hex(source.schema.0),
            series: report.series.clone(),
            number: report.number,
            previous: report.previous.map(|digest| Hex(digest.0)),
            period: PeriodWire::from(&report.period),
            made_at: Text(report.made_at),
            first_assistance: report.first_assistance.map(Text),
            start: source.start.into(),
            end: source.end.into(),
            commitment: Base64(source.commitment.to_vec()),
            laws: laws_of(report),
            lines: report.lines.iter().map(LineWire::from).collect(),
            unproved: report.unproved.iter().map(UnprovedWire::from).collect(),
            proof: Base64(single.proof.clone()),
        }
    }

    fn into_report(self) -> Result<Report, ReportError> {
        let source = Source {
            member: self.member.0,
            origin: self.origin.0,
            schema: Digest(self.schema.0),
            start: self.start.into(),
            end: self.end.into(),
            commitment: self.commitment.point("commitment")?,
        };
        Ok(Report {
            realm: self.realm,
            series: self.series,
            number: self.number,
            previous: self.previous.map(|hex| Digest(hex.0)),
            period: self.period.into(),
            made_at: self.made_at.0,
            first_assistance: self.first_assistance.map(|date| date.0),
            laws: laws_from(self.laws),
            lines: self.lines.into_iter().map(Line::from).collect(),
            unproved: self.unproved.into_iter().map(Unproved::from).collect(),
            subject: Subject::Single(Box::new(Single {
                source,
                proof: self.proof.0,
            })),
        })
    }
}

impl JointWire {
    fn of(report: &Report, joint: &Joint) -> Self {
        Self {
            portcullis: VERSION.to_owned(),
            kind: Kind::Joint,
            realm: report.realm.clone(),
            series: report.series.clone(),
            number: report.number,
            previous: report.previous.map(|digest| Hex(digest.0)),
            period: PeriodWire::from(&report.period),
            made_at: Text(report.made_at),
            first_assistance: report.first_assistance.map(Text),
            attempt: joint.attempt,
            participants: joint.participants.iter().map(Into::into).collect(),
            laws: laws_of(report),
            lines: report.lines.iter().map(LineWire::from).collect(),
            unproved: report.unproved.iter().map(UnprovedWire::from).collect(),
        }
    }

    fn into_report(self) -> Result<Report, ReportError> {
        let participants = self.participants.into_iter();
        let joint = Joint {
            attempt: self.attempt,
            participants: participants
                .map(ParticipantWire::into_participant)
                .collect::<Result<_, _>>()?,
        };
        Ok(Report {
            realm: self.realm,
            series: self.series,
            number: self.number,
            previous: self.previous.map(|hex| Digest(hex.0)),
            period: self.period.into(),
            made_at: self.made_at.0,
            first_assistance: self.first_assistance.map(|date| date.0),
            laws: laws_from(self.laws),
            lines: self.lines.into_iter().map(Line::from).collect(),
            unproved: self.unproved.into_iter().map(Unproved::from).collect(),
            subject: Subject::Joint(joint),
        })
    }
}

fn laws_of(report: &Report) -> BTreeMap<String, Hex> {
    let laws = report.laws.iter();
    laws.map(|(id, digest)| (id.clone(), Hex(digest.0)))
        .collect()
}

pub(super) fn laws_from(laws: BTreeMap<String, Hex>) -> BTreeMap<String, Digest> {
    laws.into_iter()
        .map(|(id, hex)| (id, Digest(hex.0)))
        .collect()
}

impl From<&Period> for PeriodWire {
    fn from(period: &Period) -> Self {
        Self {
            from: Text(period.from),
            to: Text(period.to),
            zone: period.zone.clone(),
        }
    }
}

impl From<PeriodWire> for Period {
    fn from(wire: PeriodWire) -> Self {
        Self {
            from: wire.from.0,
            to: wire.to.0,
            zone: wire.zone,
        }
    }
}

impl From<Bound> for BoundWire {
    fn from(bound: Bound) -> Self {
        Self {
            size: bound.size.0,
            checkpoint: bound.checkpoint.map(Text),
        }
    }
}

impl From<BoundWire> for Bound {
    fn from(wire: BoundWire) -> Self {
        Self {
            size: TreeSize(wire.size),
            checkpoint: wire.checkpoint.map(|note| note.0),
        }
    }
}

impl From<&Line> for LineWire {
    fn from(line: &Line) -> Self {
        Self {
            id: line.id.clone(),
            title: line.title.clone(),
            cells: line.cells.clone(),
            law: line.law.clone(),
            clause: line.clause.clone(),
            form: match &line.form {
                Form::Exact { value } => FormWire::Exact { value: *value },
                Form::Band { low, high } => FormWire::Band {
                    low: *low,
                    high: *high,
                },
                Form::Withheld { because } => FormWire::Withheld {
                    because: because.clone(),
                },
            },
        }
    }
}

impl From<LineWire> for Line {
    fn from(wire: LineWire) -> Self {
        Self {
            id: wire.id,
            title: wire.title,
            cells: wire.cells,
            law: wire.law,
            clause: wire.clause,
            form: match wire.form {
                FormWire::Exact { value } => Form::Exact { value },
                FormWire::Band { low, high } => Form::Band { low, high },
                FormWire::Withheld { because } => Form::Withheld { because },
            },
        }
    }
}

impl From<&Unproved> for UnprovedWire {
    fn from(figure: &Unproved) -> Self {
        Self {
            title: figure.title.clone(),
            value: figure.value.clone(),
            unit: figure.unit.clone(),
            clause: figure.clause.clone(),
        }
    }
}

impl From<UnprovedWire> for Unproved {
    fn from(wire: UnprovedWire) -> Self {
        Self {
            title: wire.title,
            value: wire.value,
            unit: wire.unit,
            clause: wire.clause,
        }
    }
}

impl From<&Participant> for ParticipantWire {
    fn from(participant: &Participant) -> Self {
        let source = participant.source.clone();
        let base64 = |bytes: &[u8]| Base64(bytes.to_vec());
        Self {
            member: Text(source.member),
            origin: Text(source.origin),
            schema: Hex(source.schema.0),
            start: source.start.into(),
            end: source.end.into(),
            commitment: base64(&source.commitment),
            report_key: base64(&participant.report_key),
            masks: participant.masks.iter().map(|mask| base64(mask)).collect(),
            opening: base64(&participant.opening),
        }
    }
}

impl ParticipantWire {
    fn into_participant(self) -> Result<Participant, ReportError> {
        let masks = self.masks.iter().map(|mask| mask.point("masks"));
        Ok(Participant {
            source: Source {
                member: self.member.0,
                origin: self.origin.0,
                schema: Digest(self.schema.0),
                start: self.start.into(),
                end: self.end.into(),
                commitment: self.commitment.point("commitment")?,
            },
            report_key: self.report_key.point("report_key")?,
            masks: masks.collect::<Result<_, _>>()?,
            opening: self.opening.0,
        })
    }
}

/// Thirty-two bytes as 64 lower-case hex digits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hex(pub(super) [u8; 32]);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = Digest(self.0).to_string();
        serializer.serialize_str(text.trim_start_matches("sha256:"))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        format!("sha256:{text}")
            .parse()
            .map(|digest: Digest| Self(digest.0))
            .map_err(|_| D::Error::custom("a digest is 64 lower-case hex digits"))
    }
}

/// Bytes in canonical standard base64.
#[derive(Clone, Debug)]
pub(super) struct Base64(pub(super) Vec<u8>);

impl Base64 {
    pub(super) fn point(&self, field: &'static str) -> Result<[u8; 32], ReportError> {
        let bytes = <[u8; 32]>::try_from(self.0.as_slice());
        bytes.map_err(|_| ReportError::Bounds(format!("`{field}` is not 32 bytes")))
    }
}

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(&text);
        bytes
            .map(Self)
            .map_err(|_| D::Error::custom("not standard base64 in its one canonical form"))
    }
}

/// Every bound that JSON does not know.
fn check(report: &Report) -> Result<(), ReportError> {
    let bounds = |holds: bool, why: &str| {
        if holds {
            Ok(())
        } else {
            Err(ReportError::Bounds(why.to_owned()))
        }
    };
    bounds(is_word(&report.realm), "`realm` is no word")?;
    bounds(is_word(&report.series), "`series` is no word")?;
    bounds(
        (1..=COUNT_MAX).contains(&report.number),
        "`number` counts from 1",
    )?;
    bounds(
        report.previous.is_some() == (report.number > 1),
        "`previous` stands in every report but the first",
    )?;
    bounds(
        report.period.from <= report.period.to,
        "the period ends before it begins",
    )?;
    let zone = &report.period.zone;
    let zone_fits = (1..=WORD_BYTES_MAX).contains(&zone.len())
        && zone
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b));
    bounds(zone_fits, "`zone` is no zone's name")?;
    let laws = report.laws.keys();
    bounds(
        report.laws.len() <= LAWS_MAX && laws.into_iter().all(|id| is_word(id)),
        "`laws` are too many, or one is no word",
    )?;
    bounds(
        (1..=LINES_MAX).contains(&report.lines.len()),
        "a report has 1 to 64 lines",
    )?;
    bounds(
        report.unproved.len() <= UNPROVED_MAX,
        "too many unproved figures",
    )?;
    for line in &report.lines {
        check_line(line, report).map_err(|why| {
            ReportError::Bounds(format!(
                "line `{}`: {why}",
                line.id.chars().take(WORD_BYTES_MAX).collect::<String>()
            ))
        })?;
    }
    for figure in &report.unproved {
        let texts = [&figure.title, &figure.value, &figure.unit, &figure.clause];
        bounds(
            texts.into_iter().all(|text| is_text(text)),
            "an unproved figure's text is empty or too long",
        )?;
    }
    for source in report.sources() {
        check_source(source, &report.realm)?;
    }
    match &report.subject {
        Subject::Single(single) => bounds(
            (1..=PROOF_BYTES_MAX).contains(&single.proof.len()),
            "`proof` is empty or too long",
        ),
        Subject::Joint(joint) => check_joint(joint),
    }
}

fn check_line(line: &Line, report: &Report) -> Result<(), &'static str> {
    let ascending = line.cells.is_sorted_by(|a, b| a < b);
    let cells = !line.cells.is_empty() && line.cells.iter().all(|cell| (1..=32).contains(cell));
    let twice = report
        .lines
        .iter()
        .filter(|other| other.id == line.id)
        .count()
        > 1;
    if !is_word(&line.id) {
        Err("its `id` is no word")
    } else if twice {
        Err("it stands twice")
    } else if !ascending || !cells {
        Err("`cells` are not ascending numbers from 1 to 32")
    } else if !is_text(&line.title) || !is_text(&line.clause) {
        Err("its `title` or `clause` is empty or too long")
    } else if line
        .law
        .as_ref()
        .is_some_and(|law| !report.laws.contains_key(law))
    {
        Err("its law is not among `laws`")
    } else {
        check_form(&line.form, matches!(report.subject, Subject::Joint(_)))
    }
}

fn check_form(form: &Form, joint: bool) -> Result<(), &'static str> {
    match form {
        Form::Exact { value } if *value > COUNT_MAX => Err("its value is too large"),
        Form::Exact { .. } => Ok(()),
        Form::Band { .. } | Form::Withheld { .. } if joint => {
            Err("a joint report shows exact totals alone")
        }
        Form::Band { low, high } => {
            let wide = high
                .checked_sub(*low)
                .is_some_and(|w| (1..BAND_WIDTH_MAX).contains(&w));
            if wide && *high <= COUNT_MAX {
                Ok(())
            } else {
                Err("its band is empty, too wide or too high")
            }
        }
        Form::Withheld { because } if is_text(because) => Ok(()),
        Form::Withheld { .. } => Err("its reason is empty or too long"),
    }
}

pub(super) fn check_source(source: &Source, realm: &str) -> Result<(), ReportError> {
    let (start, end) = (&source.start, &source.end);
    let bounds = |why: &str| Err(ReportError::Bounds(format!("`{}`: {why}", source.member)));
    let generation = source
        .origin
        .as_str()
        .strip_prefix(source.member.as_str())
        .and_then(|rest| rest.strip_prefix("/log/"))
        .and_then(|rest| rest.strip_prefix(realm))
        .and_then(|rest| rest.strip_prefix('/'));
    let number = generation.and_then(|text| text.parse::<u64>().ok().filter(|it| *it > 0));
    if number.map(|it| it.to_string()).as_deref() != generation || number.is_none() {
        return bounds("the origin is not `<member>/log/<realm>/<generation>`");
    }
    if start.size > end.size || end.size.0 > COUNT_MAX {
        return bounds("it ends before it starts");
    }
    if end.checkpoint.is_none() {
        return bounds("`end` has no checkpoint");
    }
    if start.checkpoint.is_some() != (start.size.0 > 0) {
        return bounds("`start` has a checkpoint unless it is 0");
    }
    for bound in [start, end] {
        let Some(note) = &bound.checkpoint else {
            continue;
        };
        match Checkpoint::parse(note.text()) {
            Ok(checkpoint)
                if checkpoint.origin == source.origin && checkpoint.size == bound.size => {}
            Ok(_) => return bounds("a checkpoint is of another log or size"),
            Err(_) => return bounds("a checkpoint cannot be read"),
        }
    }
    Ok(())
}

fn check_joint(joint: &Joint) -> Result<(), ReportError> {
    let parties = joint.participants.as_slice();
    let number = (PARTICIPANTS_MIN..=PARTICIPANTS_MAX).contains(&parties.len());
    let ordered = parties.is_sorted_by(|a, b| a.report_key < b.report_key);
    let mut origins = parties
        .iter()
        .map(|one| &one.source.origin)
        .collect::<Vec<_>>();
    origins.sort_unstable();
    let apart = origins.is_sorted_by(|a, b| a < b);
    let mut members = parties
        .iter()
        .map(|one| &one.source.member)
        .collect::<Vec<_>>();
    members.sort_unstable();
    // Two logs of one member are no two makers: the third would be alone among them.
    let apart = apart && members.is_sorted_by(|a, b| a < b);
    let masks = parties
        .iter()
        .all(|one| one.masks.len() + 1 == parties.len());
    let openings = parties
        .iter()
        .all(|one| one.opening.len() <= PROOF_BYTES_MAX);
    if joint.attempt == 0 || !number || !ordered || !apart || !masks || !openings {
        Err(ReportError::Bounds(
            "a joint report has 3 to 50 participants of different members in the order of their report keys, each with a mask for every other".to_owned(),
        ))
    } else {
        Ok(())
    }
}

/// 1 to 64 of `a–z`, `0–9`, `-`, `_` and `.`, beginning with a letter or digit: it may stand in a path.
pub(super) fn is_word(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let starts = text.bytes().next().is_some_and(plain);
    let inside = text.bytes().all(|b| plain(b) || b"-_.".contains(&b));
    starts && inside && text.len() <= WORD_BYTES_MAX
}

fn is_text(text: &str) -> bool {
    (1..=TEXT_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}
