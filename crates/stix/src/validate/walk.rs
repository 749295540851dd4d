//! The walk: one engine over the tables of [`shape`](super::shape).
//!
//! Every property is met once, in the order of the bytes. A path to where we
//! are lies on the stack and becomes text only when there is something to say.

use std::cmp::Ordering;
use std::fmt;

use super::shape::common::{CUSTOM_DOMAIN, CUSTOM_OBSERVABLE};
use super::shape::extension::OTHERS;
use super::shape::{self, Beside, Check, Form, Kind, Property, Refs, Shape, Words};
use super::{FLAWS_MAX, Flaw, Severity, check, form};
use crate::document::{Kind as Node, Value};
use crate::id::{Id, is_kind};
use crate::{time, vocab};

/// A rule with a function of its own: it is told the object, where it lies,
/// and what its type is.
pub(crate) type Rule = fn(&mut Walk<'_>, Value<'_>, &Path<'_>, &'static Shape);

/// Where in an object we are.
pub(crate) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
}

enum Step<'p> {
    Name(&'p str),
    Index(usize),
}

impl<'p> Path<'p> {
    pub(crate) const ROOT: Path<'static> = Path {
        parent: None,
        step: Step::Name(""),
    };

    pub(crate) fn name(&'p self, name: &'p str) -> Path<'p> {
        Path {
            parent: Some(self),
            step: Step::Name(name),
        }
    }

    pub(crate) fn index(&'p self, index: usize) -> Path<'p> {
        Path {
            parent: Some(self),
            step: Step::Index(index),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(parent) = self.parent else {
            return Ok(());
        };
        parent.fmt(f)?;
        if parent.parent.is_some() {
            f.write_str(".")?;
        }
        match self.step {
            Step::Name(name) => f.write_str(name),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// What is known while an object is judged.
pub(crate) struct Walk<'d> {
    /// The id of the object judged.
    object: String,
    /// Whether recommendations are of interest.
    should: bool,
    pub(crate) flaws: Vec<Flaw>,
    /// The `objects` of observed data, while we are within.
    container: Option<Value<'d>>,
}

impl<'d> Walk<'d> {
    pub(crate) fn new(should: bool) -> Self {
        Self {
            object: String::new(),
            should,
            flaws: Vec::new(),
            container: None,
        }
    }

    pub(crate) fn must(
        &mut self,
        path: &Path<'_>,
        rule: &'static str,
        clause: &'static str,
        message: impl fmt::Display,
    ) {
        self.flaw(path, rule, clause, &message, Severity::Error);
    }

    pub(crate) fn should(
        &mut self,
        path: &Path<'_>,
        rule: &'static str,
        clause: &'static str,
        message: impl fmt::Display,
    ) {
        if self.should {
            self.flaw(path, rule, clause, &message, Severity::Warning);
        }
    }

    /// Whether recommendations are of interest.
    pub(crate) fn advises(&self) -> bool {
        self.should
    }

    fn flaw(
        &mut self,
        path: &Path<'_>,
        rule: &'static str,
        clause: &'static str,
        message: &dyn fmt::Display,
        severity: Severity,
    ) {
        if self.flaws.len() < FLAWS_MAX {
            self.flaws.push(Flaw {
                object: self.object.clone(),
                property: path.to_string(),
                rule,
                message: message.to_string(),
                clause,
                severity,
            });
        }
    }

    /// A walk over a part, with flaws of its own.
    pub(crate) fn inner<'e>(&self) -> Walk<'e> {
        Walk {
            object: self.object.clone(),
            should: self.should,
            flaws: Vec::new(),
            container: None,
        }
    }

    /// Judges a whole object: one of its own, of a bundle, or within observed
    /// data.
    pub(crate) fn judge(&mut self, object: Value<'d>, path: &Path<'_>) {
        let id = object.text_of("id");
        let outer = self.container.is_none().then(|| {
            let id = id
                .as_deref()
                .unwrap_or("")
                .chars()
                .take(crate::header::ID_LEN_MAX);
            std::mem::replace(&mut self.object, id.collect())
        });
        if let Some(kind) = object.text_of("type") {
            self.judge_as(object, &kind, path);
        } else {
            let message = "an object has a string `type`, such as `indicator`";
            let clause = "STIX 2.1, Common Properties";
            self.must(&path.name("type"), "stix.type", clause, message);
        }
        if let Some(outer) = outer {
            self.object = outer;
        }
    }

    fn judge_as(&mut self, object: Value<'d>, kind: &str, path: &Path<'_>) {
        const CLAUSE: &str = "STIX 2.1, Common Properties";
        let shape = shape::of(kind);
        if shape.is_none() && (!is_kind(kind) || kind == "action") {
            let message = "the name of a type is 3 to 250 of a-z, 0-9 and single `-`, begins with a letter and is not `action`";
            self.must(
                &path.name("type"),
                "stix.type",
                "STIX 2.1, Custom Objects",
                message,
            );
        }
        let shape = shape.unwrap_or_else(|| self.custom(object, kind, path));
        self.object(object, shape, path);
        let Some(id) = object.get("id").and_then(Value::text) else {
            return;
        };
        match Id::parse(&id.get()) {
            None => self.must(
                &path.name("id"),
                "stix.id",
                "STIX 2.1, Identifier",
                format_args!("an id is `{kind}--` and a UUID of RFC 4122"),
            ),
            Some(id) if id.kind != kind => self.must(
                &path.name("id"),
                "stix.id",
                CLAUSE,
                format_args!("the id begins with its object's type: `{kind}--`"),
            ),
            Some(_) => {}
        }
        if let Some(markings) = object.get("granular_markings") {
            check::selectors(self, object, markings, path);
        }
    }

    /// The shape of a type that the standard does not define: what its
    /// extension says it is, else what its properties say.
    fn custom(&mut self, object: Value<'d>, kind: &str, path: &Path<'_>) -> &'static Shape {
        let mut said = None;
        if let Some(extensions) = object.get("extensions") {
            for (_, extension) in extensions.members() {
                let new = extension.text_of("extension_type");
                said = said.or(match new.as_deref() {
                    Some("new-sco") => Some(&CUSTOM_OBSERVABLE),
                    Some("new-sdo" | "new-sro") => Some(&CUSTOM_DOMAIN),
                    _ => None,
                });
            }
        }
        if said.is_none() && !kind.starts_with("x-") {
            let message = "a type of one's own is introduced by an extension definition; without one, begin its name with `x-`";
            self.should(
                &path.name("type"),
                "stix.custom",
                "STIX 2.1, Custom Objects",
                message,
            );
        }
        let versioned = || object.get("created").is_some() || object.get("modified").is_some();
        said.unwrap_or_else(|| {
            if versioned() {
                &CUSTOM_DOMAIN
            } else {
                &CUSTOM_OBSERVABLE
            }
        })
    }

    /// Judges the members of an object by its shape.
    pub(crate) fn object(&mut self, object: Value<'d>, shape: &'static Shape, path: &Path<'_>) {
        let mut seen = 0_u64;
        for (key, value) in object.members() {
            let name = key.get();
            match shape.find(&name) {
                Some((bit, property)) => {
                    seen |= 1 << bit;
                    self.value(value, property, &path.name(&name), shape.clause);
                }
                None => self.beside(object, value, shape, path, &name),
            }
        }
        for name in shape.missing(seen) {
            self.must(
                &path.name(name),
                "stix.required",
                shape.clause,
                format_args!("`{name}` is required; add it"),
            );
        }
        for check in shape.checks {
            self.check(object, shape, seen, check, path);
        }
    }

    fn value(
        &mut self,
        value: Value<'d>,
        property: &'static Property,
        path: &Path<'_>,
        clause: &'static str,
    ) {
        self.kind(value, &property.kind, path, clause);
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one arm for each kind, each of a line or three"
    )]
    pub(crate) fn kind(
        &mut self,
        value: Value<'d>,
        kind: &'static Kind,
        path: &Path<'_>,
        clause: &'static str,
    ) {
        match kind {
            Kind::Any => {}
            Kind::Text => {
                self.text(value, path, clause);
            }
            Kind::Open(words) => {
                if self.text(value, path, clause) && self.should && !is_word(value, words) {
                    self.should(
                        path,
                        "stix.vocabulary",
                        clause,
                        format_args!(
                            "`{}` is not of the vocabulary: {}",
                            short(value),
                            Listed(words)
                        ),
                    );
                }
            }
            Kind::Enum(words) => {
                if self.text(value, path, clause) && !is_word(value, words) {
                    self.must(
                        path,
                        "stix.enum",
                        clause,
                        format_args!("`{}` is none of: {}", short(value), Listed(words)),
                    );
                }
            }
            Kind::Bool => {
                if !matches!(value.kind(), Node::True | Node::False) {
                    self.datatype(path, "`true` or `false`");
                }
            }
            Kind::Integer(from, to) => self.integer(value, *from, *to, path, clause),
            Kind::Float(from, to) => match number(value) {
                None => self.datatype(path, "a number"),
                Some(number) if !(*from..=*to).contains(&number) => {
                    self.must(
                        path,
                        "stix.range",
                        clause,
                        format_args!("the number lies from {from} to {to}"),
                    );
                }
                Some(_) => {}
            },
            Kind::Time => {
                self.time(value, 0, path);
            }
            Kind::Precise(digits) => {
                self.time(value, *digits, path);
            }
            Kind::Hex => {
                if self.text(value, path, clause) && !form::is_hex(&text(value)) {
                    self.must(
                        path,
                        "stix.hex",
                        "STIX 2.1, Hexadecimal",
                        "write pairs of hexadecimal digits",
                    );
                }
            }
            Kind::Binary => {
                if self.text(value, path, clause) && !form::is_base64(&text(value)) {
                    self.must(
                        path,
                        "stix.binary",
                        "STIX 2.1, Binary",
                        "write base64 with its padding",
                    );
                }
            }
            Kind::Form(form) => self.form(value, form, path, clause),
            Kind::Ref(refs) => self.reference(value, *refs, path, clause),
            Kind::List(item) => {
                if self.list(value, path) {
                    for (at, value) in value.items().enumerate() {
                        self.kind(value, item, &path.index(at), clause);
                    }
                }
            }
            Kind::Texts => {
                if value.kind() == Node::List {
                    for (at, value) in value.items().enumerate() {
                        self.text(value, &path.index(at), clause);
                    }
                } else {
                    self.text(value, path, clause);
                }
            }
            Kind::Hashes => self.hashes(value, path, clause),
            Kind::Dictionary(kind) => {
                if self.dictionary(value, path) {
                    for (key, value) in value.members() {
                        let key = key.get();
                        self.kind(value, kind, &path.name(&key), clause);
                    }
                }
            }
            Kind::Object(shape) => {
                if value.kind() == Node::Object {
                    self.object(value, shape, path);
                } else {
                    self.datatype(path, "an object");
                }
            }
            Kind::Extensions(known) => self.extensions(value, known, path),
            Kind::Container => self.contained(value, path),
            Kind::Bundled => self.bundled(value, path),
        }
    }

    pub(crate) fn datatype(&mut self, path: &Path<'_>, what: &str) {
        self.must(
            path,
            "stix.datatype",
            "STIX 2.1, Common Data Types",
            format_args!("the value is {what}"),
        );
    }

    pub(crate) fn text(&mut self, value: Value<'_>, path: &Path<'_>, _: &'static str) -> bool {
        let is = matches!(value.kind(), Node::Text | Node::Escaped);
        if !is {
            self.datatype(path, "a string");
        }
        is
    }

    fn integer(
        &mut self,
        value: Value<'_>,
        from: i64,
        to: i64,
        path: &Path<'_>,
        clause: &'static str,
    ) {
        if value.kind() != Node::Number
            || value
                .raw()
                .bytes()
                .any(|byte| matches!(byte, b'.' | b'e' | b'E'))
        {
            return self.datatype(path, "a whole number");
        }
        if !value
            .raw()
            .parse()
            .is_ok_and(|number: i64| (from..=to).contains(&number))
        {
            self.must(
                path,
                "stix.range",
                clause,
                format_args!("the number lies from {from} to {to}"),
            );
        }
    }

    fn time(&mut self, value: Value<'_>, digits: usize, path: &Path<'_>) {
        const CLAUSE: &str = "STIX 2.1, Timestamp";
        if !matches!(value.kind(), Node::Text | Node::Escaped) {
            return self.datatype(path, "a timestamp, `2026-01-31T12:00:00.000Z`");
        }
        let text = text(value);
        if let Err(flaw) = time::read(text.as_bytes()) {
            return self.must(path, "stix.timestamp", CLAUSE, flaw);
        }
        // `….ddd` and `Z` behind the 19 characters of the whole seconds.
        if digits > 0 && text.len() < 19 + 1 + digits + 1 {
            self.must(
                path,
                "stix.timestamp",
                "STIX 2.1, Common Properties",
                format_args!(
                    "the timestamp is precise to the millisecond: write {digits} fraction digits"
                ),
            );
        }
    }

    fn form(
        &mut self,
        value: Value<'_>,
        form: &'static Form,
        path: &Path<'_>,
        clause: &'static str,
    ) {
        if !self.text(value, path, clause) || (!form.must && !self.should) {
            return;
        }
        let text = text(value);
        if (form.holds)(&text) {
            return;
        }
        let message = format_args!("the value is {}", form.what);
        if form.must {
            self.must(path, form.rule, form.clause, message);
        } else {
            self.should(path, form.rule, form.clause, message);
        }
    }

    fn reference(&mut self, value: Value<'_>, refs: Refs, path: &Path<'_>, clause: &'static str) {
        if !matches!(value.kind(), Node::Text | Node::Escaped) {
            return self.datatype(path, "the id of an object, a string");
        }
        let text = text(value);
        let within = self
            .container
            .and_then(|objects| objects.get(&text))
            .and_then(|object| object.text_of("type"));
        let id = Id::parse(&text);
        let Some(kind) = within.as_deref().or(id.map(|id| id.kind)) else {
            let message =
                "a reference is the id of an object: its type, `--` and a UUID of RFC 4122";
            return self.must(path, "stix.id", "STIX 2.1, Identifier", message);
        };
        let admitted = match refs {
            Refs::Any => kind != "bundle",
            Refs::Of(kinds) => kinds.contains(&kind),
            Refs::Except(kinds) => !kinds.contains(&kind),
            Refs::Observable => vocab::is_observable(kind) || !vocab::is_standard(kind),
        };
        if !admitted {
            let wanted = match refs {
                Refs::Of(kinds) => Listed(kinds).to_string(),
                Refs::Except(kinds) => format!("another type than {}", Listed(kinds)),
                Refs::Observable => "an observable".to_owned(),
                Refs::Any => "an object that is not a bundle".to_owned(),
            };
            self.must(
                path,
                "stix.reference",
                clause,
                format_args!("a `{kind}` cannot stand here; refer to {wanted}"),
            );
        }
    }

    /// Whether a value is a list with something in it.
    fn list(&mut self, value: Value<'_>, path: &Path<'_>) -> bool {
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

    fn dictionary(&mut self, value: Value<'_>, path: &Path<'_>) -> bool {
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

    fn hashes(&mut self, value: Value<'_>, path: &Path<'_>, clause: &'static str) {
        const CLAUSE: &str = "STIX 2.1, Hashes; Hashing Algorithm Vocabulary";
        if !self.dictionary(value, path) {
            return;
        }
        for (key, value) in value.members() {
            let key = key.get();
            let path = path.name(&key);
            if !self.text(value, &path, clause) {
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

    fn extensions(
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

    fn contained(&mut self, value: Value<'d>, path: &Path<'_>) {
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

    fn bundled(&mut self, value: Value<'d>, path: &Path<'_>) {
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

    /// A member that its type does not list.
    fn beside(
        &mut self,
        object: Value<'d>,
        value: Value<'d>,
        shape: &'static Shape,
        path: &Path<'_>,
        name: &str,
    ) {
        let own = match shape.beside {
            Beside::Anything => return,
            Beside::Own => true,
            Beside::Custom => false,
        };
        let whole = own || shape.find("type").is_some();
        let path = path.name(name);
        if !whole {
            return self.should(
                &path,
                "stix.custom",
                shape.clause,
                "the standard knows no such property here",
            );
        }
        if !form::is_property(name) {
            let message =
                "the name of a property is 3 to 250 of a-z, 0-9 and `_`, and begins with a letter";
            self.must(&path, "stix.name", "STIX 2.1, Custom Properties", message);
        }
        if matches!(name, "severity" | "username" | "phone_numbers" | "action") {
            self.must(
                &path,
                "stix.reserved",
                "STIX 2.1, Reserved Names",
                "the name is reserved; choose another",
            );
        }
        match value.kind() {
            Node::Null => self.datatype(&path, "not null; leave the property out"),
            Node::List if value.is_empty() => {
                self.must(
                    &path,
                    "stix.empty",
                    "STIX 2.1, List",
                    "a list holds something; leave the property out",
                );
            }
            _ => {}
        }
        if !own && self.should && !name.starts_with("x_") && !is_toplevel_extended(object) {
            let message = "a property of one's own is introduced by an extension definition; without one, begin its name with `x_`";
            self.should(&path, "stix.custom", "STIX 2.1, Custom Properties", message);
        }
    }

    fn check(
        &mut self,
        object: Value<'d>,
        shape: &'static Shape,
        seen: u64,
        check: &'static Check,
        path: &Path<'_>,
    ) {
        let has = |name: &str| {
            shape
                .find(name)
                .is_some_and(|(bit, _)| seen & 1 << bit != 0)
        };
        match check {
            Check::AnyOf(names) => {
                if !names.iter().any(|name| has(name)) {
                    self.must(
                        path,
                        "stix.required",
                        shape.clause,
                        format_args!("one of these is required: {}", Listed(names)),
                    );
                }
            }
            Check::Something => {
                if seen & shape.inner == 0 {
                    self.must(
                        path,
                        "stix.required",
                        shape.clause,
                        "at least one of the type's own properties is required",
                    );
                }
            }
            Check::OneOf(names) => {
                let count = names.iter().filter(|name| has(name)).count();
                if count != 1 {
                    self.must(
                        path,
                        "stix.combination",
                        shape.clause,
                        format_args!("exactly one of these is there: {}", Listed(names)),
                    );
                }
            }
            Check::Needs(name, other) => {
                if has(name) && !has(other) {
                    self.must(
                        &path.name(other),
                        "stix.combination",
                        shape.clause,
                        format_args!("`{name}` needs `{other}` beside it"),
                    );
                }
            }
            Check::Order(first, then, after) => {
                if has(first) && has(then) {
                    self.order(object, shape, [first, then], *after, path);
                }
            }
            Check::Rule(rule) => rule(self, object, path, shape),
        }
    }

    fn order(
        &mut self,
        object: Value<'_>,
        shape: &'static Shape,
        [first, then]: [&str; 2],
        after: bool,
        path: &Path<'_>,
    ) {
        let (Some(early), Some(late)) = (object.text_of(first), object.text_of(then)) else {
            return;
        };
        let wrong = match time::compare(&early, &late) {
            Some(Ordering::Greater) => true,
            Some(Ordering::Equal) => after,
            Some(Ordering::Less) | None => false,
        };
        if wrong {
            let how = if after { "after" } else { "not before" };
            self.must(
                &path.name(then),
                "stix.order",
                shape.clause,
                format_args!("`{then}` is {how} `{first}`"),
            );
        }
    }
}

/// Whether an extension adds properties at the top of the object.
fn is_toplevel_extended(object: Value<'_>) -> bool {
    object.get("extensions").is_some_and(|extensions| {
        extensions.members().any(|(_, extension)| {
            extension.text_of("extension_type").as_deref() == Some("toplevel-property-extension")
        })
    })
}

/// The string that a value is; empty for other values.
pub(crate) fn text(value: Value<'_>) -> std::borrow::Cow<'_, str> {
    value.text().map(crate::json::Text::get).unwrap_or_default()
}

fn is_word(value: Value<'_>, words: Words) -> bool {
    words.contains(&&*text(value))
}

/// The beginning of a string, for a message.
fn short(value: Value<'_>) -> String {
    text(value).chars().take(64).collect()
}

fn number(value: Value<'_>) -> Option<f64> {
    let is = value.kind() == Node::Number;
    value
        .raw()
        .parse()
        .ok()
        .filter(|number: &f64| is && number.is_finite())
}

/// Words in backticks with commas between, the first twelve of them.
struct Listed(Words);

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, word) in self.0.iter().take(12).enumerate() {
            write!(f, "{}`{word}`", if at > 0 { ", " } else { "" })?;
        }
        f.write_str(if self.0.len() > 12 { ", …" } else { "" })
    }
}
