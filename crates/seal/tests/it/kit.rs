//! What the tests share: a grant, a sink in memory, and packages made by hand.

use jiff::Timestamp;
use portcullis_core::{
    category::Category,
    digest::Digest,
    grant::{Grant, GrantedItem},
    id::{CaseId, PackageId},
    order::Span,
    realm::Realm,
    selector::{Selector, SelectorKind},
};
pub(crate) use portcullis_seal::plan::Mapping;
use portcullis_seal::{
    key::{Identity, Recipient},
    limits::Limits,
    manifest::Manifest,
    open::{Expected, OpenError, Opened, open},
    path::PackagePath,
    plan::{Content, Source, plan},
    seal::{Measured, Sealed},
    sink::Sink,
};
use sha2::Digest as _;
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

pub(crate) const ORDER: Digest = Digest([0x0d; 32]);

pub(crate) fn case() -> CaseId {
    CaseId::new(&Realm::live(), [1; 12])
}

pub(crate) fn package() -> PackageId {
    PackageId::new(&Realm::live(), [2; 12])
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn span(from: &str, to: &str) -> Span {
    Span::new(at(from), at(to)).unwrap()
}

/// Three items about two accounts, each for January, good until March.
pub(crate) fn grant(recipient: &Recipient) -> Grant {
    let january = span("2026-01-01T00:00:00Z", "2026-01-31T23:59:59Z");
    let item = |target, account, category| GrantedItem {
        target,
        selector: Selector::new(SelectorKind::Account, account, None, None).unwrap(),
        category,
        span: january,
    };
    let items = BTreeMap::from([
        (1, item(1, "u/1", Category::StoredContent)),
        (2, item(1, "u/1", Category::Traffic)),
        (10, item(2, "u/2", Category::BasicSubscriber)),
    ]);
    Grant::for_tests(
        case(),
        ORDER,
        items,
        recipient.to_string(),
        at("2026-03-01T00:00:00Z"),
    )
}

pub(crate) fn path(text: &str) -> PackagePath {
    PackagePath::parse(text).unwrap()
}

pub(crate) fn source(at: &str, bytes: &[u8]) -> Source {
    Source {
        path: path(at),
        size_bytes: bytes.len() as u64,
        span: None,
        content: Box::new(bytes.to_vec()),
    }
}

pub(crate) fn source_of(at: &str, size_bytes: u64, content: impl Content + 'static) -> Source {
    Source {
        path: path(at),
        size_bytes,
        span: None,
        content: Box::new(content),
    }
}

/// A long name, an empty file, one over age's chunk, and items in two places.
pub(crate) fn mapping() -> Mapping {
    let long = ["folder"; 20].join("/");
    Mapping::from([
        (
            1,
            vec![
                source("mail/inbox.mbox", &noise(200_000)),
                source("mail/empty", b""),
                source(&format!("{long}/note.txt"), b"a note"),
            ],
        ),
        (
            10,
            vec![source("subscriber.json", "{\"name\":\"…\"}".as_bytes())],
        ),
    ])
}

/// Bytes that do not repeat within the length that tests use.
pub(crate) fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = Vec::with_capacity(count + 8);
    while bytes.len() < count {
        bytes.extend(next());
    }
    bytes.truncate(count);
    bytes
}

pub(crate) fn measured(identity: &Identity, mapping: Mapping) -> Measured {
    let plan = plan(
        &grant(&identity.recipient()),
        package(),
        mapping,
        at("2026-02-01T00:00:00Z"),
    )
    .unwrap();
    plan.measure(&mut |_| {}).unwrap()
}

pub(crate) struct Package {
    pub(crate) identity: Identity,
    pub(crate) bytes: Vec<u8>,
    pub(crate) sealed: Sealed,
    pub(crate) manifest: Manifest,
}

pub(crate) fn sealed(mapping: Mapping) -> Package {
    let identity = Identity::generate();
    let measured = measured(&identity, mapping);
    let mut bytes = Vec::new();
    let sealed = measured.seal(&mut bytes, &mut |_| {}).unwrap();
    Package {
        identity,
        bytes,
        sealed,
        manifest: measured.manifest().clone(),
    }
}

pub(crate) fn expected(sealed: &Sealed) -> Expected {
    Expected {
        ciphertext: sealed.ciphertext,
        manifest: sealed.manifest,
        order: ORDER,
        case: case(),
        package: package(),
    }
}

impl Package {
    pub(crate) fn expected(&self) -> Expected {
        expected(&self.sealed)
    }

    /// Opens `bytes` as if they were what the statement signed for, ciphertext included.
    pub(crate) fn open_as_signed(&self, bytes: &[u8]) -> (Result<Opened, OpenError>, MemorySink) {
        let expected = Expected {
            ciphertext: digest(bytes),
            ..self.expected()
        };
        open_with(bytes, &self.identity, &expected, &Limits::default())
    }
}

pub(crate) fn open_with(
    bytes: &[u8],
    identity: &Identity,
    expected: &Expected,
    limits: &Limits,
) -> (Result<Opened, OpenError>, MemorySink) {
    let mut sink = MemorySink::default();
    let opened = open(bytes, identity, expected, &mut sink, limits, &mut |_| {});
    assert_eq!(
        opened.is_ok(),
        sink.committed,
        "visible exactly when everything was verified"
    );
    assert_eq!(opened.is_err(), sink.aborted);
    (opened, sink)
}

pub(crate) fn digest(bytes: &[u8]) -> Digest {
    Digest(sha2::Sha256::digest(bytes).into())
}

#[derive(Default)]
pub(crate) struct MemorySink {
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) committed: bool,
    pub(crate) aborted: bool,
}

impl Sink for MemorySink {
    fn create(&mut self, path: &PackagePath) -> io::Result<()> {
        self.files.push((path.to_string(), Vec::new()));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.files.last_mut().unwrap().1.extend(bytes);
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn commit(&mut self) -> io::Result<()> {
        self.committed = true;
        Ok(())
    }

    fn abort(&mut self) {
        self.aborted = true;
    }
}

/// One block of a tar made by hand: whatever the name, whatever the size says.
#[derive(Clone)]
pub(crate) struct Raw {
    pub(crate) name: Vec<u8>,
    pub(crate) kind: u8,
    pub(crate) link: Vec<u8>,
    pub(crate) claimed: u64,
    pub(crate) data: Vec<u8>,
}

pub(crate) fn raw(name: impl AsRef<[u8]>, data: &[u8]) -> Raw {
    raw_kind(b'0', name, data)
}

pub(crate) fn raw_kind(kind: u8, name: impl AsRef<[u8]>, data: &[u8]) -> Raw {
    Raw {
        name: name.as_ref().to_vec(),
        kind,
        link: vec![],
        claimed: data.len() as u64,
        data: data.to_vec(),
    }
}

/// A tar of these entries, with its end.
pub(crate) fn tar_of(entries: &[Raw]) -> Vec<u8> {
    let mut tar = Vec::new();
    for entry in entries {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..entry.name.len()].copy_from_slice(&entry.name);
        header.as_old_mut().linkname[..entry.link.len()].copy_from_slice(&entry.link);
        header.as_old_mut().linkflag = [entry.kind];
        header.set_size(entry.claimed);
        header.set_mode(0o644);
        header.set_cksum();
        tar.extend(header.as_bytes());
        tar.extend(&entry.data);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.extend([0; 1024]);
    tar
}

/// An age file over any bytes, to any recipients.
pub(crate) fn age_of(plain: &[u8], to: &[&Recipient]) -> Vec<u8> {
    let keys: Vec<age::x25519::Recipient> = to
        .iter()
        .map(|key| key.to_string().parse().unwrap())
        .collect();
    let encryptor =
        age::Encryptor::with_recipients(keys.iter().map(|key| key as &dyn age::Recipient)).unwrap();
    let mut bytes = Vec::new();
    let mut out = encryptor.wrap_output(&mut bytes).unwrap();
    out.write_all(plain).unwrap();
    out.finish().unwrap();
    bytes
}

pub(crate) fn manifest_bytes(manifest: &Manifest) -> Vec<u8> {
    let mut bytes = Vec::new();
    manifest.write(&mut bytes).unwrap();
    bytes
}
