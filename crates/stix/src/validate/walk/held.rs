//! What holds other values: lists, dictionaries, hashes, extensions, and
//! objects within objects.

use super::super::form;
use super::super::shape::Shape;
use super::super::shape::extension::OTHERS;
use super::kind::Listed;
use super::{Path, Walk, text};
use crate::document::{Kind as Node, Value};
use crate::id::{Id, is_kind};
use crate::vocab;

impl<'d> Walk<'d> {
    /// Whether a value is a list with something in it.
    pub(super) fn list(&mut self, value: Value<'_>, path: &Path<'_>) -> bool {
        if value.kind() != Node::List {
            self.datatype(path, "a list");
            return false;
        }
        if value.is_empty() {
            self.must(
                path,
                "stix.empty",
                "STIX 2.1, List",
                "a list holds something; leave the property out",
            );
        }
        true
    }

    /// Whether a value is an object with something in it.
    pub(crate) fn full(&mut self, value: Value<'_>, path: &Path<'_>) -> bool {
        if value.kind() != Node::Object {
            self.datatype(path, "an object");
            return false;
        }
        if value.is_empty() {
            self.must(
                path,
                "stix.empty",
                "STIX 2.1, Dictionary",
                "a dictionary holds something; leave the property out",
            );
        }
        true
    }

    pub(super) fn dictionary(&mut self, value: Value<'_>, path: &Path<'_>) -> bool {
        if !self.full(value, path) {
            return false;
        }
        for (key, _) in value.members() {
            let key = key.get();
            if !form::is_key(&key) {
                let message = "a key of a dictionary is 1 to 250 of a-z, A-Z, 0-9, `-` and `_`";
                self.must(
                    &path.name(&key),
                    "stix.dictionary-key",
                    "STIX 2.1, Dictionary",
                    message,
                );
            }
        }
        true
    }

    pub(super) fn hashes(&mut self, value: Value<'_>, path: &Path<'_>) {
        const CLAUSE: &str = "STIX 2.1, Hashes; Hashing Algorithm Vocabulary";
        if !self.dictionary(value, path) {
            return;
        }
        for (key, value) in value.members() {
            let key = key.get();
            let path = path.name(&key);
            if !self.text(value, &path) {
                continue;
            }
            match form::is_hash(&key, &text(value)) {
                Some(true) => {}
                Some(false) => self.must(
                    &path,
                    "stix.hash",
                    CLAUSE,
                    format_args!("the value is a {key} digest in its usual text form"),
                ),
                None if key.len() < 3 => self.must(
                    &path,
                    "stix.dictionary-key",
                    CLAUSE,
                    "the name of an algorithm has 3 to 250 characters",
                ),
                None => self.should(
                    &path,
                    "stix.vocabulary",
                    CLAUSE,
                    format_args!(
                        "`{key}` is not of the vocabulary: {}",
                        Listed(vocab::HASH_ALGORITHM)
                    ),
                ),
            }
        }
    }

    pub(super) fn extensions(
        &mut self,
        value: Value<'d>,
        known: &'static [(&'static str, &'static Shape)],
        path: &Path<'_>,
    ) {
        const CLAUSE: &str = "STIX 2.1, Extensions";
        if !self.full(value, path) {
            return;
        }
        for (key, value) in value.members() {
            let key = key.get();
            let path = path.name(&key);
            if !self.full(value, &path) {
                continue;
            }
            if let Some((_, shape)) = known.iter().find(|(name, _)| *name == key) {
                self.object(value, shape, &path);
            } else if Id::parse(&key).is_some_and(|id| id.kind == "extension-definition") {
                self.object(value, &OTHERS, &path);
            } else if is_kind(&key) && key.ends_with("-ext") {
                let message =
                    "an extension of one's own is named by the id of its extension definition";
                self.should(
                    &path,
                    "stix.custom",
                    "STIX 2.1, Custom Object Extensions",
                    message,
                );
            } else {
                let message = "an extension is named by the id of its extension definition, `extension-definition--…`";
                self.must(&path, "stix.extension", CLAUSE, message);
            }
        }
    }

    pub(super) fn contained(&mut self, value: Value<'d>, path: &Path<'_>) {
        if !self.full(value, path) {
            return;
        }
        self.should(
            path,
            "stix.deprecated",
            "STIX 2.1, 4.14 Observed Data",
            "`objects` is deprecated; use `object_refs`",
        );
        self.container = Some(value);
        for (key, object) in value.members() {
            let key = key.get();
            let path = path.name(&key);
            let kind = object.text_of("type");
            if object.kind() != Node::Object {
                self.datatype(&path, "an object");
            } else if kind
                .as_deref()
                .is_some_and(|kind| vocab::is_standard(kind) && !vocab::is_observable(kind))
            {
                let message = "observed data holds observables alone";
                self.must(
                    &path.name("type"),
                    "stix.reference",
                    "STIX 2.1, 4.14 Observed Data",
                    message,
                );
            } else {
                self.judge(object, &path);
            }
        }
        self.container = None;
    }

    pub(super) fn bundled(&mut self, value: Value<'d>, path: &Path<'_>) {
        if !self.list(value, path) {
            return;
        }
        for (at, object) in value.items().enumerate() {
            let path = path.index(at);
            let kind = object.text_of("type");
            if object.kind() != Node::Object {
                self.datatype(&path, "an object");
            } else if kind.as_deref() == Some("bundle") {
                self.must(
                    &path,
                    "stix.reference",
                    "STIX 2.1, 8 Bundle",
                    "a bundle holds no bundle",
                );
            } else {
                self.judge(object, &path);
            }
        }
    }
}
