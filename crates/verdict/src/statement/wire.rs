//! The JSON of statements. Private: everyone else sees `core`'s types.

use crate::text::{self, Instant, Text};
use portcullis_core::{
    digest::Digest,
    id::{CaseId, PackageId},
    law::Protected,
    member::MemberId,
    office::Office,
    order::{
        DELIVERY_KEY_BYTES_MAX, ITEMS_MAX, Item, ItemNumber, Order, Secrecy, Span, TargetNumber,
    },
    selector::Selector,
    statement::{
        Approval, Event, Header, Inspection, Kind, Look, Modification, Recorded, Refused, Seal,
        Withdrawal,
    },
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};

/// The longest free text, in bytes.
const WORDS_BYTES_MAX: usize = 16 * 1024;
/// The longest code, in bytes.
const CODE_BYTES_MAX: usize = 64;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Payload {
    #[serde(with = "text::kind")]
    kind: Kind,
    realm: String,
    case: Text<CaseId>,
    author: Text<MemberId>,
    addressee: Text<MemberId>,
    number: u32,
    previous: Option<Text<Digest>>,
    time: Instant,
    law: Text<Digest>,
    body: Box<RawValue>,
}

impl Payload {
    pub(super) fn from_parts(header: &Header, event: &Event) -> Self {
        Self {
            kind: event.kind(),
            realm: header.realm.name().to_owned(),
            case: Text(header.case),
            author: Text(header.author.clone()),
            addressee: Text(header.addressee.clone()),
            number: header.number,
            previous: header.previous.map(Text),
            time: Text(header.time),
            law: Text(header.law),
            body: body_of(event),
        }
    }

    pub(super) fn into_parts(self) -> Result<(Header, Event), String> {
        let event = event_of(self.kind, self.body.get())?;
        let header = Header {
            kind: self.kind,
            realm: text::realm(&self.realm).map_err(|error| error.to_string())?,
            case: self.case.0,
            author: self.author.0,
            addressee: self.addressee.0,
            number: self.number,
            previous: self.previous.map(|text| text.0),
            time: self.time.0,
            law: self.law.0,
        };
        Ok((header, event))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApprovedBody {
    subject: Text<Digest>,
    #[serde(with = "text::office")]
    office: Office,
    signed_for: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RefusedBody {
    subject: Text<Digest>,
    #[serde(with = "text::office")]
    office: Office,
    reason: String,
    note: Option<Text<Digest>>,
    destroy: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuedBody {
    order: Text<Digest>,
    urgent: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderBody {
    order: Text<Digest>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "change", rename_all = "snake_case")]
enum ModifiedBody {
    AddTarget {
        target: TargetNumber,
        selector: SelectorJson,
    },
    AddItem {
        item: ItemJson,
    },
    RemoveTarget {
        target: TargetNumber,
    },
    RemoveItem {
        item: ItemNumber,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceivedBody {
    order: Text<Digest>,
    verdict: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PreservedBody {
    until: Option<Instant>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedBody {
    items: Vec<ItemNumber>,
    question: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnsweredBody {
    answer: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemsBody {
    items: Vec<ItemNumber>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NarrowedBody {
    items: Vec<NarrowedItem>,
    reason: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NarrowedItem {
    item: ItemNumber,
    from: Instant,
    to: Instant,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChallengedBody {
    items: Vec<ItemNumber>,
    reason: String,
    note: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeclinedBody {
    items: Vec<ItemNumber>,
    reason: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedBody {
    package: Text<PackageId>,
    items: Vec<ItemNumber>,
    ciphertext: Text<Digest>,
    size_bytes: u64,
    manifest: Text<Digest>,
    order: Text<Digest>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleasedBody {
    package: Text<PackageId>,
    promise: Option<Text<Digest>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CollectedBody {
    package: Text<PackageId>,
    ciphertext: Text<Digest>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WithdrawnBody {
    cancelled: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackagesBody {
    packages: Vec<Text<PackageId>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DelayedBody {
    reason: String,
    until: Instant,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InspectedBody {
    looker: Text<MemberId>,
    #[serde(with = "text::office")]
    office: Office,
    why: WhyJson,
    request: Option<Text<Digest>>,
    leaves: Vec<Text<Digest>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WhyJson {
    Case,
    Sample,
}

impl From<&Inspection> for InspectedBody {
    fn from(inspection: &Inspection) -> Self {
        let (why, leaves) = match &inspection.look {
            Look::Case { .. } => (WhyJson::Case, Vec::new()),
            Look::Sample { leaves, .. } => (WhyJson::Sample, leaves.iter().copied().collect()),
        };
        Self {
            looker: Text(inspection.looker.clone()),
            office: inspection.office,
            why,
            request: inspection.look.request().copied().map(Text),
            leaves: leaves.into_iter().map(Text).collect(),
        }
    }
}

impl TryFrom<InspectedBody> for Inspection {
    type Error = String;

    fn try_from(body: InspectedBody) -> Result<Self, String> {
        let request = body.request.map(|text| text.0);
        let leaves: Vec<_> = body.leaves.into_iter().map(|leaf| (leaf.0, ())).collect();
        let look = match (body.why, request) {
            (WhyJson::Case, request) if leaves.is_empty() => Look::Case { request },
            (WhyJson::Sample, Some(sample)) => Look::Sample {
                sample,
                leaves: ordered(leaves)?.into_keys().collect(),
            },
            _ => return Err("a look at a case names no leaves, a sample its digest".into()),
        };
        Ok(Self {
            looker: body.looker.0,
            office: body.office,
            look,
        })
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "one arm a kind of statement: the table of design §4"
)]
fn body_of(event: &Event) -> Box<RawValue> {
    fn raw(body: &impl Serialize) -> Box<RawValue> {
        // Bodies are plain structs with string keys: writing them to memory cannot fail.
        serde_json::value::to_raw_value(body).unwrap_or_else(|_| RawValue::NULL.to_owned())
    }
    match event {
        Event::Drafted(order) => raw(&OrderFile::from(&**order)),
        Event::Approved(a) => raw(&ApprovedBody {
            subject: Text(a.subject),
            office: a.office,
            signed_for: a.signed_for.clone(),
        }),
        Event::Refused(r) => raw(&RefusedBody {
            subject: Text(r.subject),
            office: r.office,
            reason: r.reason.clone(),
            note: r.note.map(Text),
            destroy: r.destroy,
        }),
        Event::Issued { order, urgent } => raw(&IssuedBody {
            order: Text(*order),
            urgent: *urgent,
        }),
        Event::Served { order } | Event::Renewed { order } => raw(&OrderBody {
            order: Text(*order),
        }),
        Event::Modified(modification) => raw(&ModifiedBody::from(modification)),
        Event::Received { order, verdict } => raw(&ReceivedBody {
            order: Text(*order),
            verdict: verdict.clone(),
        }),
        Event::Preserved { until } => raw(&PreservedBody {
            until: until.map(Text),
        }),
        Event::ClarificationAsked { items, question } => raw(&AskedBody {
            items: items.iter().copied().collect(),
            question: question.clone(),
        }),
        Event::ClarificationAnswered { answer } => raw(&AnsweredBody {
            answer: answer.clone(),
        }),
        Event::Accepted { items } => raw(&ItemsBody {
            items: items.iter().copied().collect(),
        }),
        Event::Narrowed { items, reason } => {
            let item = |(item, span): (&ItemNumber, &Span)| NarrowedItem {
                item: *item,
                from: Text(span.from()),
                to: Text(span.to()),
            };
            raw(&NarrowedBody {
                items: items.iter().map(item).collect(),
                reason: reason.clone(),
            })
        }
        Event::Challenged {
            items,
            reason,
            note,
        } => raw(&ChallengedBody {
            items: items.iter().copied().collect(),
            reason: reason.clone(),
            note: note.clone(),
        }),
        Event::Declined { items, reason } => raw(&DeclinedBody {
            items: items.iter().copied().collect(),
            reason: reason.clone(),
        }),
        Event::Sealed(seal) => raw(&SealedBody {
            package: Text(seal.package),
            items: seal.items.iter().copied().collect(),
            ciphertext: Text(seal.ciphertext),
            size_bytes: seal.size_bytes,
            manifest: Text(seal.manifest),
            order: Text(seal.order),
        }),
        Event::Released { package, recorded } => {
            let promise = match recorded {
                Recorded::Cosigned => None,
                Recorded::Promised(digest) => Some(Text(*digest)),
            };
            raw(&ReleasedBody {
                package: Text(*package),
                promise,
            })
        }
        Event::Collected {
            package,
            ciphertext,
        } => raw(&CollectedBody {
            package: Text(*package),
            ciphertext: Text(*ciphertext),
        }),
        Event::Withdrawn(withdrawal) => raw(&WithdrawnBody {
            cancelled: *withdrawal == Withdrawal::Cancelled,
        }),
        Event::DestructionInstructed { packages } | Event::DestructionConfirmed { packages } => {
            raw(&PackagesBody {
                packages: packages.iter().copied().map(Text).collect(),
            })
        }
        Event::InformationDelayed { reason, until } => raw(&DelayedBody {
            reason: reason.clone(),
            until: Text(*until),
        }),
        Event::Inspected(inspection) => raw(&InspectedBody::from(inspection)),
        Event::Freed
        | Event::Lapsed
        | Event::Expired
        | Event::InformationDue
        | Event::InformationGiven
        | Event::Unsealed
        | Event::Erased => raw(&Nothing {}),
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "one arm a kind of statement: the table of design §4"
)]
fn event_of(kind: Kind, body: &str) -> Result<Event, String> {
    fn read<T: DeserializeOwned>(body: &str) -> Result<T, String> {
        serde_json::from_str(body).map_err(|error| error.to_string())
    }
    Ok(match kind {
        Kind::Drafted => Event::Drafted(Box::new(read::<OrderFile>(body)?.try_into()?)),
        Kind::Approved => {
            let body: ApprovedBody = read(body)?;
            let signed_for = body
                .signed_for
                .map(|name| words(&name, CODE_BYTES_MAX * 4))
                .transpose()?;
            Event::Approved(Approval {
                subject: body.subject.0,
                office: body.office,
                signed_for,
            })
        }
        Kind::Refused => {
            let body: RefusedBody = read(body)?;
            Event::Refused(Refused {
                subject: body.subject.0,
                office: body.office,
                reason: code(&body.reason)?,
                note: body.note.map(|text| text.0),
                destroy: body.destroy,
            })
        }
        Kind::Issued => {
            let body: IssuedBody = read(body)?;
            Event::Issued {
                order: body.order.0,
                urgent: body.urgent,
            }
        }
        Kind::Served => Event::Served {
            order: read::<OrderBody>(body)?.order.0,
        },
        Kind::Modified => Event::Modified(read::<ModifiedBody>(body)?.try_into()?),
        Kind::Renewed => Event::Renewed {
            order: read::<OrderBody>(body)?.order.0,
        },
        Kind::Received => {
            let body: ReceivedBody = read(body)?;
            Event::Received {
                order: body.order.0,
                verdict: words(&body.verdict, WORDS_BYTES_MAX)?,
            }
        }
        Kind::Preserved => Event::Preserved {
            until: read::<PreservedBody>(body)?.until.map(|text| text.0),
        },
        Kind::ClarificationAsked => {
            let body: AskedBody = read(body)?;
            let items = if body.items.is_empty() {
                BTreeSet::new()
            } else {
                numbers(body.items)?
            };
            Event::ClarificationAsked {
                items,
                question: words(&body.question, WORDS_BYTES_MAX)?,
            }
        }
        Kind::ClarificationAnswered => Event::ClarificationAnswered {
            answer: words(&read::<AnsweredBody>(body)?.answer, WORDS_BYTES_MAX)?,
        },
        Kind::Freed => read::<Nothing>(body).map(|_| Event::Freed)?,
        Kind::Accepted => Event::Accepted {
            items: numbers(read::<ItemsBody>(body)?.items)?,
        },
        Kind::Narrowed => {
            let body: NarrowedBody = read(body)?;
            let spans = body
                .items
                .iter()
                .map(|item| Ok((item.item, span(item.from, item.to)?)));
            Event::Narrowed {
                items: ordered(spans.collect::<Result<_, String>>()?)?,
                reason: code(&body.reason)?,
            }
        }
        Kind::Challenged => {
            let body: ChallengedBody = read(body)?;
            Event::Challenged {
                items: numbers(body.items)?,
                reason: code(&body.reason)?,
                note: words(&body.note, WORDS_BYTES_MAX)?,
            }
        }
        Kind::Declined => {
            let body: DeclinedBody = read(body)?;
            Event::Declined {
                items: numbers(body.items)?,
                reason: code(&body.reason)?,
            }
        }
        Kind::Sealed => {
            let body: SealedBody = read(body)?;
            Event::Sealed(Seal {
                package: body.package.0,
                items: numbers(body.items)?,
                ciphertext: body.ciphertext.0,
                size_bytes: body.size_bytes,
                manifest: body.manifest.0,
                order: body.order.0,
            })
        }
        Kind::Released => {
            let body: ReleasedBody = read(body)?;
            let recorded = body
                .promise
                .map_or(Recorded::Cosigned, |digest| Recorded::Promised(digest.0));
            Event::Released {
                package: body.package.0,
                recorded,
            }
        }
        Kind::Collected => {
            let body: CollectedBody = read(body)?;
            Event::Collected {
                package: body.package.0,
                ciphertext: body.ciphertext.0,
            }
        }
        Kind::Lapsed => read::<Nothing>(body).map(|_| Event::Lapsed)?,
        Kind::Withdrawn => Event::Withdrawn(if read::<WithdrawnBody>(body)?.cancelled {
            Withdrawal::Cancelled
        } else {
            Withdrawal::Withdrawn
        }),
        Kind::Expired => read::<Nothing>(body).map(|_| Event::Expired)?,
        Kind::DestructionInstructed => Event::DestructionInstructed {
            packages: packages(body)?,
        },
        Kind::DestructionConfirmed => Event::DestructionConfirmed {
            packages: packages(body)?,
        },
        Kind::InformationDue => read::<Nothing>(body).map(|_| Event::InformationDue)?,
        Kind::InformationDelayed => {
            let body: DelayedBody = read(body)?;
            Event::InformationDelayed {
                reason: code(&body.reason)?,
                until: body.until.0,
            }
        }
        Kind::InformationGiven => read::<Nothing>(body).map(|_| Event::InformationGiven)?,
        Kind::Unsealed => read::<Nothing>(body).map(|_| Event::Unsealed)?,
        Kind::Inspected => Event::Inspected(read::<InspectedBody>(body)?.try_into()?),
        Kind::Erased => read::<Nothing>(body).map(|_| Event::Erased)?,
    })
}

fn words(text: &str, bytes_max: usize) -> Result<String, String> {
    let fine = |c: char| !c.is_control() || c == '\n' || c == '\t';
    if text.trim().is_empty() {
        return Err("a text is empty".into());
    }
    if text.len() > bytes_max {
        return Err(format!(
            "a text has {} bytes; {bytes_max} are carried",
            text.len()
        ));
    }
    if text.chars().all(fine) {
        Ok(text.into())
    } else {
        Err("a text has control characters".into())
    }
}

fn code(text: &str) -> Result<String, String> {
    let plain =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'.' | b'-');
    if (1..=CODE_BYTES_MAX).contains(&text.len()) && text.bytes().all(plain) {
        Ok(text.into())
    } else {
        Err(format!(
            "`{}` is no code: 1 to 64 of a–z, 0–9, `_`, `-` and `.`",
            text.chars().take(80).collect::<String>()
        ))
    }
}

/// Numbers in ascending order, each once: one way to write a set.
fn numbers(list: Vec<u16>) -> Result<BTreeSet<u16>, String> {
    ordered(list.into_iter().map(|n| (n, ())).collect()).map(|map| map.into_keys().collect())
}

fn ordered<K: Ord + Copy, V>(list: Vec<(K, V)>) -> Result<BTreeMap<K, V>, String> {
    if list.is_empty() || list.len() > ITEMS_MAX {
        return Err(format!(
            "a list has {} entries; 1 to {ITEMS_MAX} are carried",
            list.len()
        ));
    }
    if list.is_sorted_by(|(a, _), (b, _)| a < b) {
        Ok(list.into_iter().collect())
    } else {
        Err("a list is not in ascending order, each once".into())
    }
}

fn packages(body: &str) -> Result<BTreeSet<PackageId>, String> {
    let body: PackagesBody = serde_json::from_str(body).map_err(|error| error.to_string())?;
    ordered(body.packages.into_iter().map(|id| (id.0, ())).collect())
        .map(|map| map.into_keys().collect())
}

fn span(from: Instant, to: Instant) -> Result<Span, String> {
    Span::new(from.0, to.0).ok_or_else(|| "a time span ends before it begins".into())
}

/// An order as people write it: the body of a draft, and the file that
/// `portcullis order draft` reads.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderFile {
    law: String,
    rule: String,
    authority: Text<MemberId>,
    provider: Text<MemberId>,
    approvers: Vec<ApproverJson>,
    targets: Vec<TargetJson>,
    items: Vec<ItemJson>,
    grounds: Vec<String>,
    offence: Option<String>,
    urgency: Option<String>,
    protected: Vec<ProtectedJson>,
    delivery_key: String,
    secrecy: SecrecyJson,
    application: Text<Digest>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApproverJson {
    #[serde(with = "text::office")]
    office: Office,
    member: Text<MemberId>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetJson {
    target: TargetNumber,
    selector: SelectorJson,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SelectorJson {
    #[serde(with = "text::selector_kind")]
    kind: portcullis_core::selector::SelectorKind,
    value: String,
    at: Option<Instant>,
    port: Option<u16>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemJson {
    item: ItemNumber,
    target: TargetNumber,
    #[serde(with = "text::category")]
    category: portcullis_core::category::Category,
    from: Instant,
    to: Instant,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProtectedJson {
    #[serde(with = "text::protected")]
    who: Protected,
    stated: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum SecrecyJson {
    None,
    NoEndInLaw,
    Until(Instant),
}

/// Reads an order from JSON text.
///
/// # Errors
///
/// A sentence that says what is wrong.
pub fn order_from_json(bytes: &[u8]) -> Result<Order, String> {
    serde_json::from_slice::<OrderFile>(bytes)
        .map_err(|error| error.to_string())?
        .try_into()
}

/// Writes an order as JSON text.
pub fn order_to_json(order: &Order) -> String {
    serde_json::to_string_pretty(&OrderFile::from(order)).unwrap_or_default()
}

impl From<&Order> for OrderFile {
    fn from(order: &Order) -> Self {
        Self {
            law: order.law.clone(),
            rule: order.rule.clone(),
            authority: Text(order.authority.clone()),
            provider: Text(order.provider.clone()),
            approvers: order
                .approvers
                .iter()
                .map(|(office, member)| ApproverJson {
                    office: *office,
                    member: Text(member.clone()),
                })
                .collect(),
            targets: order
                .targets
                .iter()
                .map(|(target, selector)| TargetJson {
                    target: *target,
                    selector: selector.into(),
                })
                .collect(),
            items: order.items.iter().map(ItemJson::from).collect(),
            grounds: order.grounds.iter().cloned().collect(),
            offence: order.offence.clone(),
            urgency: order.urgency.clone(),
            protected: order
                .protected
                .iter()
                .map(|who| ProtectedJson {
                    who: *who,
                    stated: order.stated.contains(who),
                })
                .collect(),
            delivery_key: order.delivery_key.clone(),
            secrecy: match order.secrecy {
                Secrecy::None => SecrecyJson::None,
                Secrecy::Until(end) => SecrecyJson::Until(Text(end)),
                Secrecy::NoEndInLaw => SecrecyJson::NoEndInLaw,
            },
            application: Text(order.application),
        }
    }
}

impl TryFrom<OrderFile> for Order {
    type Error = String;

    fn try_from(file: OrderFile) -> Result<Self, String> {
        if file.delivery_key.len() > DELIVERY_KEY_BYTES_MAX {
            return Err("the delivery key is too long".into());
        }
        let approvers: Vec<_> = file
            .approvers
            .into_iter()
            .map(|a| (a.office, a.member.0))
            .collect();
        let targets: Vec<(TargetNumber, Selector)> = file
            .targets
            .into_iter()
            .map(|t| Ok((t.target, t.selector.try_into()?)))
            .collect::<Result<_, String>>()?;
        let items: Vec<_> = file
            .items
            .into_iter()
            .map(<(ItemNumber, Item)>::try_from)
            .collect::<Result<_, String>>()?;
        let grounds: BTreeSet<String> = file
            .grounds
            .iter()
            .map(|g| code(g))
            .collect::<Result<_, _>>()?;
        if grounds.len() != file.grounds.len() || !file.grounds.is_sorted() {
            return Err("the grounds are not in ascending order, each once".into());
        }
        let protected: Vec<_> = file
            .protected
            .into_iter()
            .map(|p| (p.who, p.stated))
            .collect();
        let protected: BTreeMap<Protected, bool> = if protected.is_empty() {
            BTreeMap::new()
        } else {
            ordered(protected)?
        };
        Ok(Self {
            law: code(&file.law)?,
            rule: code(&file.rule)?,
            authority: file.authority.0,
            provider: file.provider.0,
            approvers: if approvers.is_empty() {
                BTreeMap::new()
            } else {
                ordered(approvers)?
            },
            targets: ordered(targets)?,
            items: ordered(items)?,
            grounds,
            offence: file
                .offence
                .map(|text| words(&text, WORDS_BYTES_MAX))
                .transpose()?,
            urgency: file
                .urgency
                .map(|text| words(&text, WORDS_BYTES_MAX))
                .transpose()?,
            stated: protected
                .iter()
                .filter(|(_, stated)| **stated)
                .map(|(who, _)| *who)
                .collect(),
            protected: protected.into_keys().collect(),
            delivery_key: file.delivery_key,
            secrecy: match file.secrecy {
                SecrecyJson::None => Secrecy::None,
                SecrecyJson::NoEndInLaw => Secrecy::NoEndInLaw,
                SecrecyJson::Until(end) => Secrecy::Until(end.0),
            },
            application: file.application.0,
        })
    }
}

impl From<&Selector> for SelectorJson {
    fn from(selector: &Selector) -> Self {
        Self {
            kind: selector.kind(),
            value: selector.value().to_owned(),
            at: selector.at().map(Text),
            port: selector.port(),
        }
    }
}

impl TryFrom<SelectorJson> for Selector {
    type Error = String;

    fn try_from(json: SelectorJson) -> Result<Self, String> {
        Self::new(
            json.kind,
            &json.value,
            json.at.map(|text| text.0),
            json.port,
        )
        .map_err(|error| error.to_string())
    }
}

impl From<(&ItemNumber, &Item)> for ItemJson {
    fn from((number, item): (&ItemNumber, &Item)) -> Self {
        let (from, to) = (Text(item.span.from()), Text(item.span.to()));
        Self {
            item: *number,
            target: item.target,
            category: item.category,
            from,
            to,
        }
    }
}

impl TryFrom<ItemJson> for (ItemNumber, Item) {
    type Error = String;

    fn try_from(json: ItemJson) -> Result<Self, String> {
        let what = Item {
            target: json.target,
            category: json.category,
            span: span(json.from, json.to)?,
        };
        Ok((json.item, what))
    }
}

impl From<&Modification> for ModifiedBody {
    fn from(modification: &Modification) -> Self {
        match modification {
            Modification::AddTarget { target, selector } => Self::AddTarget {
                target: *target,
                selector: selector.into(),
            },
            Modification::AddItem { item, what } => Self::AddItem {
                item: (item, what).into(),
            },
            Modification::RemoveTarget { target } => Self::RemoveTarget { target: *target },
            Modification::RemoveItem { item } => Self::RemoveItem { item: *item },
        }
    }
}

impl TryFrom<ModifiedBody> for Modification {
    type Error = String;

    fn try_from(body: ModifiedBody) -> Result<Self, String> {
        Ok(match body {
            ModifiedBody::AddTarget { target, selector } => Self::AddTarget {
                target,
                selector: selector.try_into()?,
            },
            ModifiedBody::AddItem { item } => {
                let (item, what) = item.try_into()?;
                Self::AddItem { item, what }
            }
            ModifiedBody::RemoveTarget { target } => Self::RemoveTarget { target },
            ModifiedBody::RemoveItem { item } => Self::RemoveItem { item },
        })
    }
}
