//! An operator's answer: an opening of every leaf picked.

use super::{Drawn, InspectionError, Sample, Signed};
use crate::{
    bundle::Bundle,
    cell::{By, Opening as PseudonymOpening, Root, Says, Word},
    parts::{Contents, Head, Part},
    schema::Schemas,
    statement::{self, Parsed},
    text::Text,
    verify::{Against, Growing, judge_statement},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_ballot::{Blinding, Cell, Context, Leaf, Opening, Salt};
use portcullis_core::{
    digest::Digest,
    docket::dockets_of,
    id::CaseId,
    member::MemberId,
    schema::CellNumber,
    statement::{Event, Look},
};
use portcullis_tlog::{
    hash::{Hash, leaf_hash},
    tree::{LeafIndex, verify_inclusion},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most bytes of the part that holds the openings.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The name of that part.
const LEAVES: &str = "leaves";

/// One leaf, opened.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Where it stands in the log.
    pub index: u64,
    /// The log entry.
    pub leaf: Leaf,
    /// Its inclusion path to the sample's checkpoint, the leaf's sibling first.
    pub path: Vec<Hash>,
    /// Which cell it counts, if any.
    pub cell: Option<Cell>,
    /// What shows that.
    pub blinding: Blinding,
    /// What it stands for; none for a cover leaf.
    pub record: Option<Record>,
    /// The statement outside cases that it stands for; none for every other leaf.
    pub aside: Option<Aside>,
}

/// A statement outside cases, such as a root of the cell's ledger: it counts nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Aside {
    /// Its exact signed bytes.
    pub envelope: Vec<u8>,
    /// What opens the digest.
    pub opening: Opening,
}

/// What a leaf stands for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// The case.
    pub case: CaseId,
    /// SHA-256 of the statement's payload.
    pub statement: Digest,
    /// What opens the digest; none when it is said to be erased at the law's term.
    pub opening: Option<Opening>,
}

/// Everything that an operator shows.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The leaves, by index.
    pub leaves: BTreeMap<u64, Opened>,
    /// The cases that they belong to, as far as they are not erased.
    pub cases: BTreeMap<CaseId, Bundle>,
}

/// What came of one pick.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Found {
    /// Nothing was said.
    Unanswered,
    /// It counts nothing and stands for nothing.
    Cover,
    /// It stands for a statement, shown.
    Shown {
        /// The cell it counts, if any.
        cell: Option<u8>,
        /// The case.
        case: CaseId,
        /// The kind of statement.
        kind: &'static str,
        /// Whether the case tells of this look.
        recorded: bool,
    },
    /// It stands for a statement outside cases, shown.
    Aside {
        /// What it is called.
        what: &'static str,
    },
    /// It stands for a statement whose contents are said to be erased, and nothing shows that.
    ///
    /// INVARIANT: this never holds. Erasure takes the salts with the contents, so nothing that an
    /// operator still has binds the leaf to the case it names: not even its signed `erased`
    /// statement, which would excuse every other leaf as well. Who can tell is the other side.
    Erased {
        /// The cell it counts, if any.
        cell: Option<u8>,
        /// The case, as it is said.
        case: CaseId,
        /// SHA-256 of the statement's payload, as it is said.
        statement: Digest,
    },
    /// What was said of it is false.
    False(String),
}

/// One pick and what came of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answered {
    /// The leaf's index.
    pub index: u64,
    /// What came of it.
    pub found: Found,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenedJson {
    index: u64,
    leaf: String,
    path: Vec<Text<Hash>>,
    cell: u8,
    blinding: Text<Digest>,
    record: Option<RecordJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aside: Option<AsideJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AsideJson {
    envelope: String,
    opening: OpeningJson,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordJson {
    case: Text<CaseId>,
    statement: Text<Digest>,
    opening: Option<OpeningJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpeningJson {
    docket: String,
    docket_salt: Text<Digest>,
    envelope_salt: Text<Digest>,
}

impl From<&Opened> for OpenedJson {
    fn from(opened: &Opened) -> Self {
        let opening = |opening: &Opening| OpeningJson {
            docket: STANDARD.encode(&opening.docket),
            docket_salt: Text(Digest(opening.docket_salt.0)),
            envelope_salt: Text(Digest(opening.envelope_salt.0)),
        };
        let record = opened.record.as_ref().map(|record| RecordJson {
            case: Text(record.case),
            statement: Text(record.statement),
            opening: record.opening.as_ref().map(opening),
        });
        Self {
            index: opened.index,
            leaf: STANDARD.encode(opened.leaf.as_bytes()),
            path: opened.path.iter().copied().map(Text).collect(),
            cell: opened.cell.map_or(0, Cell::number),
            blinding: Text(Digest(opened.blinding.to_bytes())),
            record,
            aside: opened.aside.as_ref().map(|aside| AsideJson {
                envelope: STANDARD.encode(&aside.envelope),
                opening: opening(&aside.opening),
            }),
        }
    }
}

impl TryFrom<OpenedJson> for Opened {
    type Error = String;

    fn try_from(json: OpenedJson) -> Result<Self, String> {
        let base64 = |text: &str| STANDARD.decode(text).map_err(|error| error.to_string());
        let leaf = Leaf::parse(&base64(&json.leaf)?).map_err(|error| error.to_string())?;
        let cell = match json.cell {
            0 => None,
            number => Some(Cell::new(number).ok_or_else(|| format!("there is no cell {number}"))?),
        };
        let blinding = Blinding::from_bytes(&json.blinding.0.0).map_err(|e| e.to_string())?;
        let opening = |json: OpeningJson| -> Result<Opening, String> {
            Ok(Opening {
                docket: base64(&json.docket)?,
                docket_salt: Salt(json.docket_salt.0.0),
                envelope_salt: Salt(json.envelope_salt.0.0),
            })
        };
        let record = |json: RecordJson| -> Result<Record, String> {
            Ok(Record {
                case: json.case.0,
                statement: json.statement.0,
                opening: json.opening.map(opening).transpose()?,
            })
        };
        let aside = |json: AsideJson| -> Result<Aside, String> {
            Ok(Aside {
                envelope: base64(&json.envelope)?,
                opening: opening(json.opening)?,
            })
        };
        let aside = json.aside.map(aside).transpose()?;
        Ok(Self {
            index: json.index,
            aside,
            leaf,
            path: json.path.into_iter().map(|hash| hash.0).collect(),
            cell,
            blinding,
            record: json.record.map(record).transpose()?,
        })
    }
}

impl Answer {
    /// As parts of a file: the openings, and each case's bundle.
    pub fn to_parts(&self) -> Vec<Part> {
        let leaves: Vec<_> = self.leaves.values().map(OpenedJson::from).collect();
        let mut parts = vec![Part {
            name: LEAVES.into(),
            bytes: serde_json::to_vec(&leaves).unwrap_or_default(),
        }];
        parts.extend(self.cases.iter().map(|(case, bundle)| Part {
            name: format!("case/{case}"),
            bytes: bundle.to_bytes(),
        }));
        parts
    }

    /// Reads an answer from its parts.
    ///
    /// # Errors
    ///
    /// [`InspectionError::Malformed`].
    pub fn from_parts(parts: &[Part]) -> Result<Self, InspectionError> {
        let malformed = |why: String| InspectionError::Malformed {
            what: "answer",
            why,
        };
        let mut answer = Self::default();
        for part in parts {
            if part.name == LEAVES {
                if ANSWER_BYTES_MAX < part.bytes.len() {
                    return Err(malformed("its openings are too long".into()));
                }
                let json: Vec<OpenedJson> = serde_json::from_slice(&part.bytes)
                    .map_err(|error| malformed(error.to_string()))?;
                for one in json {
                    let opened = Opened::try_from(one).map_err(malformed)?;
                    answer.leaves.insert(opened.index, opened);
                }
            } else if let Some(case) = part.name.strip_prefix("case/") {
                let case = case
                    .parse()
                    .map_err(|_| malformed(format!("`{}` is no case", part.name)))?;
                let bundle =
                    Bundle::parse(&part.bytes).map_err(|error| malformed(error.to_string()))?;
                answer.cases.insert(case, bundle);
            } else {
                return Err(malformed(format!("`{}` is no part of it", part.name)));
            }
        }
        Ok(answer)
    }
}

/// Checks an answer leaf by leaf: what each pick stands for, what was not answered, what is false.
///
/// A leaf's opening holds when it is in the tree of the sample's checkpoint, its proof holds, and
/// the blinding shows the cell. A leaf that counts something stands for a statement that is shown,
/// and so does its digest; the schema has the cell for the docket, and the docket is one of those
/// that the statement has, by the case's statements and the laws of `against`.
///
/// # Errors
///
/// [`InspectionError::OtherAnswer`] when it is another member's, or to another sample.
pub fn check_answer(
    head: &Head,
    answer: &Answer,
    sample: &Signed<Sample>,
    drawn: &Drawn,
    schemas: &Schemas,
    against: &Against<'_>,
) -> Result<Vec<Answered>, InspectionError> {
    let fits = head.contents == Contents::Answer
        && head.member == drawn.operator
        && head.subject == sample.digest().to_string();
    if !fits {
        return Err(InspectionError::OtherAnswer {
            member: head.member.clone(),
            subject: head.subject.clone(),
        });
    }
    let checking = Checking {
        answer,
        sample: sample.digest(),
        drawn,
        schemas,
        against,
        said: statements(answer),
        dockets: answer
            .cases
            .iter()
            .map(|(case, bundle)| (*case, dockets(bundle, &drawn.operator, against)))
            .collect(),
    };
    let found = drawn.picks.iter().map(|index| Answered {
        index: *index,
        found: checking.leaf(*index).unwrap_or_else(Found::False),
    });
    Ok(found.collect())
}

/// The statements shown, by digest.
fn statements(answer: &Answer) -> BTreeMap<(CaseId, Digest), Parsed> {
    let mut said = BTreeMap::new();
    for (case, bundle) in &answer.cases {
        for entry in &bundle.entries {
            if let Ok(parsed) = statement::parse(&entry.envelope)
                && parsed.header.case == *case
            {
                said.insert((*case, parsed.digest), parsed);
            }
        }
    }
    said
}

/// The dockets that each statement of a member has, by the statements that joined the case
/// before it; or why they cannot be told.
fn dockets(bundle: &Bundle, author: &MemberId, against: &Against<'_>) -> Dockets {
    let mut growing = Growing::new();
    let mut dockets = BTreeMap::new();
    for entry in &bundle.entries {
        let parsed = statement::parse(&entry.envelope).map_err(|error| error.to_string())?;
        let (statement, _) =
            judge_statement(&parsed, entry, against).map_err(|error| error.to_string())?;
        growing
            .replay(against.laws, &statement)
            .map_err(|error| error.to_string())?;
        if let (Some(case), Some(grounds)) = (growing.case(), growing.grounds())
            && statement.header.author == *author
        {
            let of = dockets_of(&statement, case, grounds.basis());
            let of = of.iter().map(crate::docket::to_bytes).collect();
            dockets.insert(statement.digest, of);
        }
    }
    Ok(dockets)
}

/// Of each statement the dockets it has.
type Dockets = Result<BTreeMap<Digest, BTreeSet<Vec<u8>>>, String>;

struct Checking<'a> {
    answer: &'a Answer,
    sample: Digest,
    drawn: &'a Drawn,
    schemas: &'a Schemas,
    against: &'a Against<'a>,
    said: BTreeMap<(CaseId, Digest), Parsed>,
    dockets: BTreeMap<CaseId, Dockets>,
}

impl Checking<'_> {
    fn leaf(&self, index: u64) -> Result<Found, String> {
        let Some(opened) = self.answer.leaves.get(&index) else {
            return Ok(Found::Unanswered);
        };
        let leaf = &opened.leaf;
        let checkpoint = &self.drawn.cosigned.checkpoint;
        let hash = leaf_hash(leaf.as_bytes());
        verify_inclusion(
            &hash,
            LeafIndex(index),
            checkpoint.size,
            &checkpoint.root,
            &opened.path,
        )
        .map_err(|error| format!("it is not the entry at {index}: {error}"))?;
        let schema: &[u8; 32] = leaf
            .schema()
            .try_into()
            .map_err(|_| "it has no schema".to_owned())?;
        let context = Context {
            origin: checkpoint.origin.as_str(),
            schema,
        };
        leaf.verify(&context).map_err(|error| error.to_string())?;
        leaf.opens_to_cell(opened.cell, &opened.blinding)
            .map_err(|error| error.to_string())?;
        let cell = opened.cell.map(Cell::number);
        if let Some(aside) = &opened.aside {
            return self.aside(opened, aside, cell);
        }
        match (&opened.record, cell) {
            (None, None) => Ok(Found::Cover),
            (None, Some(cell)) => Err(format!(
                "it counts in cell {cell}, and nothing that it stands for is shown"
            )),
            (Some(record), cell) => self.record(opened, record, cell, schema),
        }
    }

    fn aside(&self, opened: &Opened, aside: &Aside, cell: Option<u8>) -> Result<Found, String> {
        if let Some(cell) = cell {
            return Err(format!("it counts in cell {cell}, and belongs to no case"));
        }
        if opened.record.is_some() {
            return Err("it is said to stand for two things".into());
        }
        opened
            .leaf
            .opens_to(&aside.opening, &aside.envelope)
            .map_err(|error| error.to_string())?;
        let what = self
            .word::<Root>(&aside.envelope)
            .or_else(|_| self.word::<PseudonymOpening>(&aside.envelope))?;
        Ok(Found::Aside { what })
    }

    /// What a statement of the operator's outside cases is called.
    fn word<T: Says>(&self, envelope: &[u8]) -> Result<&'static str, String> {
        let word = Word::<T>::parse(envelope).map_err(|error| error.to_string())?;
        if *word.says().member() != self.drawn.operator {
            return Err("the statement is another member's".into());
        }
        let by = By::Register {
            history: self.against.history,
            trust: self.against.trust,
            now: self.against.now,
        };
        word.verify(&by, None).map_err(|error| error.to_string())?;
        Ok(T::WHAT)
    }

    fn record(
        &self,
        opened: &Opened,
        record: &Record,
        cell: Option<u8>,
        schema: &[u8; 32],
    ) -> Result<Found, String> {
        let case = record.case;
        let Some(opening) = &record.opening else {
            let statement = record.statement;
            return Ok(Found::Erased {
                cell,
                case,
                statement,
            });
        };
        let parsed = self
            .said
            .get(&(case, record.statement))
            .ok_or("the statement that it stands for is not shown")?;
        if parsed.header.author != self.drawn.operator {
            return Err("the statement is another member's".into());
        }
        opened
            .leaf
            .opens_to(opening, parsed.envelope.as_bytes())
            .map_err(|error| error.to_string())?;
        let docket = crate::docket::parse(&opening.docket).map_err(|error| error.to_string())?;
        match self.dockets.get(&case) {
            Some(Ok(dockets)) => {
                let of = dockets.get(&record.statement);
                if !of.is_some_and(|of| of.contains(&opening.docket)) {
                    return Err("its docket is none that the statement has".into());
                }
            }
            Some(Err(why)) => return Err(format!("its case cannot be retold: {why}")),
            None => return Err("its case is not shown".into()),
        }
        let schema = self
            .schemas
            .get(&Digest(*schema))
            .ok_or("its schema is not known here")?;
        let right = schema.cell_of(&docket).map(CellNumber::get);
        if right != cell {
            let (right, cell) = (right.unwrap_or_default(), cell.unwrap_or_default());
            return Err(format!(
                "its docket belongs to cell {right}, and it counts in {cell} (0 is none)"
            ));
        }
        Ok(Found::Shown {
            cell,
            case,
            kind: parsed.header.kind.as_str(),
            recorded: self.tells(case, &leaf_hash(opened.leaf.as_bytes())),
        })
    }

    /// Whether the case tells of the look at this leaf.
    fn tells(&self, case: CaseId, leaf: &Hash) -> bool {
        self.said.iter().any(|((of, _), said)| {
            *of == case
                && said.header.author == self.drawn.operator
                && matches!(&said.event, Event::Inspected(inspection)
                    if matches!(&inspection.look, Look::Sample { sample, leaves }
                        if *sample == self.sample && leaves.contains(&Digest(leaf.0))))
        })
    }
}

impl Answered {
    /// Whether it was shown to be what an honest operator has at that place.
    pub const fn holds(&self) -> bool {
        match &self.found {
            Found::Cover | Found::Aside { .. } => true,
            Found::Shown { recorded, .. } => *recorded,
            Found::Unanswered | Found::Erased { .. } | Found::False(_) => false,
        }
    }
}
