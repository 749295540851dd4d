//! The plan of a package: what is asked, against what would leave.

use crate::{
    key::{KeyError, Recipient},
    limits::{FILE_BYTES_MAX, FILES_MAX, TOTAL_BYTES_MAX},
    path::{PackagePath, clash},
};
use jiff::Timestamp;
use portcullis_core::{
    category::Category,
    grant::Grant,
    id::{CaseId, PackageId},
    order::{ItemNumber, Span, TargetNumber},
    selector::Selector,
};
use std::{
    collections::BTreeMap,
    io::{self, Read},
};

/// Gives the bytes of a file, twice: once to measure them, once to seal them.
pub trait Content {
    /// The bytes from their beginning.
    ///
    /// # Errors
    ///
    /// When they cannot be had.
    fn open(&self) -> io::Result<Box<dyn Read + '_>>;
}

impl<const N: usize> Content for &'static [u8; N] {
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(self.as_slice()))
    }
}

impl Content for Vec<u8> {
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(self.as_slice()))
    }
}

/// A file that is to leave.
pub struct Source {
    /// Where it will lie below its item's folder.
    pub path: PackagePath,
    /// Its length in bytes, as it was found.
    pub size_bytes: u64,
    /// From when to when its data are, where somebody has said so.
    pub span: Option<Span>,
    /// Its bytes.
    pub content: Box<dyn Content>,
}

/// Which files answer which items of the order.
pub type Mapping = BTreeMap<ItemNumber, Vec<Source>>;

/// A package that a grant allows. The only way to one is [`plan`].
pub struct Plan {
    pub(crate) grant: Grant,
    pub(crate) package: PackageId,
    pub(crate) recipient: Recipient,
    pub(crate) mapping: Mapping,
}

/// One item: what is asked, and what would leave for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Row {
    /// Its number in the order.
    pub item: ItemNumber,
    /// About which target.
    pub target: TargetNumber,
    /// As the order names the target.
    pub selector: Selector,
    /// Which kind of data.
    pub category: Category,
    /// From when to when, as granted.
    pub span: Span,
    /// How many files would leave; none is an answer (law 7).
    pub files: u64,
    /// Their bytes together.
    pub size_bytes: u64,
    /// From when to when their data are, as far as somebody has said so.
    pub declared: Option<Span>,
}

/// Why a package would be more, or other, than what was granted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OutOfScope {
    /// The grant has come to its end.
    #[error("the grant ended at {0}")]
    Ended(Timestamp),
    /// The package and the case are of different realms (law 8).
    #[error("`{package}` and `{case}` are of different realms")]
    Realm {
        /// The package's id.
        package: PackageId,
        /// The case's id.
        case: CaseId,
    },
    /// The grant lists no such item.
    #[error("the grant has no item {0}")]
    Item(ItemNumber),
    /// A file with data from outside its item's time.
    #[error("`{path}` has data from {} to {}, and item {item} is granted from {} to {}",
        .declared.from(), .declared.to(), .granted.from(), .granted.to())]
    Span {
        /// The item it was mapped to.
        item: ItemNumber,
        /// The file.
        path: PackagePath,
        /// What was said of it.
        declared: Span,
        /// What the grant says.
        granted: Span,
    },
    /// Nothing was mapped, to any item or to this one.
    #[error("no file is mapped{}", .0.map(|item| format!(" to item {item}")).unwrap_or_default())]
    Empty(Option<ItemNumber>),
    /// Two files of an item that some system takes for one.
    #[error("`{path}` clashes with another file of item {item}")]
    Clash {
        /// The item.
        item: ItemNumber,
        /// The second of the two.
        path: PackagePath,
    },
    /// More than a package holds.
    #[error("the package goes over a limit: {0}")]
    TooLarge(&'static str),
    /// The grant's delivery key cannot be sealed to.
    #[error("the grant's delivery key: {0}")]
    Key(#[from] KeyError),
}

impl OutOfScope {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Ended(_) => "package.grant_ended",
            Self::Realm { .. } => "package.realm",
            Self::Item(_) | Self::Span { .. } => "package.out_of_scope",
            Self::Empty(_) => "package.empty",
            Self::Clash { .. } => "package.path_clash",
            Self::TooLarge(_) => "package.too_large",
            Self::Key(error) => error.code(),
        }
    }

    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Ended(_) => "nothing may leave any more; tell the authority",
            Self::Realm { .. } => "seal an exercise's package in the exercise's own node",
            Self::Item(_) => "map the file to an item of the order, or leave it out",
            Self::Span { .. } => "cut the file down to the time that was asked for",
            Self::Empty(_) => "where nothing is held, answer so instead of sealing nothing",
            Self::Clash { .. } => "rename one of the two, or put it in another folder",
            Self::TooLarge(_) => "split the data into several packages",
            Self::Key(error) => error.hint(),
        }
    }
}

/// Holds a mapping against a grant at the instant `at`.
///
/// # Errors
///
/// [`OutOfScope`], the first that applies; items in their order.
pub fn plan(
    grant: &Grant,
    package: PackageId,
    mapping: Mapping,
    at: Timestamp,
) -> Result<Plan, OutOfScope> {
    if at >= grant.until() {
        return Err(OutOfScope::Ended(grant.until()));
    }
    if package.realm_tag() != grant.case().realm_tag() {
        return Err(OutOfScope::Realm {
            package,
            case: grant.case(),
        });
    }
    if mapping.is_empty() {
        return Err(OutOfScope::Empty(None));
    }
    let recipient = grant.delivery_key().parse::<Recipient>()?;
    let mut mapping = mapping;
    for (item, sources) in &mut mapping {
        sources.sort_by(|one, next| one.path.cmp(&next.path));
        examine(grant, *item, sources)?;
    }
    let plan = Plan {
        grant: grant.clone(),
        package,
        recipient,
        mapping,
    };
    if plan.files() > FILES_MAX {
        return Err(OutOfScope::TooLarge("files"));
    }
    if plan.size_bytes() > TOTAL_BYTES_MAX {
        return Err(OutOfScope::TooLarge("bytes of all files"));
    }
    Ok(plan)
}

fn examine(grant: &Grant, item: ItemNumber, sources: &[Source]) -> Result<(), OutOfScope> {
    let granted = grant.items().get(&item).ok_or(OutOfScope::Item(item))?.span;
    if sources.is_empty() {
        return Err(OutOfScope::Empty(Some(item)));
    }
    for source in sources {
        if let Some(declared) = source
            .span
            .filter(|span| span.from() < granted.from() || granted.to() < span.to())
        {
            return Err(OutOfScope::Span {
                item,
                path: source.path.clone(),
                declared,
                granted,
            });
        }
        if source.size_bytes > FILE_BYTES_MAX {
            return Err(OutOfScope::TooLarge("bytes of one file"));
        }
    }
    match clash(sources.iter().map(|source| &source.path)) {
        Some(path) => Err(OutOfScope::Clash {
            item,
            path: path.clone(),
        }),
        None => Ok(()),
    }
}

impl Plan {
    /// What is asked against what would leave: every item of the grant, in its order.
    pub fn comparison(&self) -> Vec<Row> {
        let row = |(item, granted): (&ItemNumber, &portcullis_core::grant::GrantedItem)| {
            let sources = self
                .mapping
                .get(item)
                .map(Vec::as_slice)
                .unwrap_or_default();
            Row {
                item: *item,
                target: granted.target,
                selector: granted.selector.clone(),
                category: granted.category,
                span: granted.span,
                files: sources.len() as u64,
                size_bytes: sources
                    .iter()
                    .map(|source| source.size_bytes)
                    .fold(0, u64::saturating_add),
                declared: sources.iter().filter_map(|source| source.span).reduce(hull),
            }
        };
        self.grant.items().iter().map(row).collect()
    }

    /// To whom it would be sealed: the key that the grant names.
    pub const fn recipient(&self) -> &Recipient {
        &self.recipient
    }

    /// The number of files that would leave.
    pub fn files(&self) -> u64 {
        self.mapping
            .values()
            .map(|sources| sources.len() as u64)
            .sum()
    }

    /// Their bytes together.
    pub fn size_bytes(&self) -> u64 {
        self.mapping
            .values()
            .flatten()
            .map(|source| source.size_bytes)
            .fold(0, u64::saturating_add)
    }
}

/// The shortest span that holds both.
fn hull(one: Span, other: Span) -> Span {
    Span::new(one.from().min(other.from()), one.to().max(other.to())).unwrap_or(one)
}
