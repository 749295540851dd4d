//! The walk: one engine over the tables of [`shape`](super::shape).
//!
//! Every property is met once, in the order of the bytes. A path to where we
//! are lies on the stack and becomes text only when there is something to say.

mod held;
mod kind;
mod path;

use std::cmp::Ordering;
use std::fmt;

use kind::Listed;
pub(crate) use kind::text;
pub(crate) use path::Path;

use super::shape::common::{CUSTOM_DOMAIN, CUSTOM_OBSERVABLE};
use super::shape::{self, Beside, Check, Property, Shape};
use super::{FLAWS_MAX, Flaw, Severity, check, form};
use crate::document::{Kind as Node, Value};
use crate::id::{Id, is_kind};
use crate::time;

/// A rule with a function of its own: it is told the object, where it lies,
/// and what its type is.
pub(crate) type Rule = fn(&mut Walk<'_>, Value<'_>, &Path<'_>, &'static Shape);

/// What is known while an object is judged.
pub(crate) struct Walk<'d> {
    /// The id of the object judged.
    object: String,
    /// Whether recommendations are of interest.
    should: bool,
    pub(crate) flaws: Vec<Flaw>,
    /// The `objects` of observed data, while we are within.
    container: Option<Value<'d>>,
    /// How many members may still be looked at in search of one.
    lookups: u32,
}

/// The most members that are looked at in search of those which selectors and
/// references name: an honest object needs some thousands, and a hostile one
/// would have every selector search a million properties.
const LOOKUPS_MAX: u32 = 4_000_000;

impl<'d> Walk<'d> {
    pub(crate) fn new(should: bool) -> Self {
        Self {
            object: String::new(),
            should,
            flaws: Vec::new(),
            container: None,
            lookups: LOOKUPS_MAX,
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
            lookups: LOOKUPS_MAX,
        }
    }

    /// The member of that name, as long as searching is not too much to ask.
    pub(crate) fn find<'v>(&mut self, object: Value<'v>, name: &str) -> Option<Value<'v>> {
        for (key, value) in object.members() {
            self.lookups = self.lookups.checked_sub(1)?;
            if key.is(name) {
                return Some(value);
            }
        }
        None
    }

    /// The item of that place, as long as searching is not too much to ask.
    pub(crate) fn item<'v>(&mut self, list: Value<'v>, place: u32) -> Option<Value<'v>> {
        self.lookups = self.lookups.checked_sub(place)?;
        list.items().nth(place as usize)
    }

    /// Whether enough has been told, or asked, of this object.
    pub(crate) fn is_enough(&self) -> bool {
        self.flaws.len() >= FLAWS_MAX || self.lookups == 0
    }

    /// Judges a whole object: one of its own, of a bundle, or within observed
    /// data.
    pub(crate) fn judge(&mut self, object: Value<'d>, path: &Path<'_>) {
        let id = object.text_of("id");
        let outer = self.container.is_none().then(|| {
            self.lookups = LOOKUPS_MAX;
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
        let extended = self.should && is_toplevel_extended(object);
        for (key, value) in object.members() {
            let name = key.get();
            match shape.find(&name) {
                Some((bit, property)) => {
                    seen |= 1 << bit;
                    self.value(value, property, &path.name(&name), shape.clause);
                }
                None => self.beside(value, shape, path, &name, extended),
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

    /// No null and no empty list. What lies deeper in a value of others'
    /// making is theirs.
    fn filled(&mut self, value: Value<'_>, path: &Path<'_>) {
        match value.kind() {
            Node::Null => self.datatype(path, "not null; leave the property out"),
            Node::List => {
                self.list(value, path);
            }
            _ => {}
        }
    }

    /// A member that its type does not list.
    fn beside(
        &mut self,
        value: Value<'d>,
        shape: &'static Shape,
        path: &Path<'_>,
        name: &str,
        extended: bool,
    ) {
        let path = path.name(name);
        self.filled(value, &path);
        let own = match shape.beside {
            Beside::Anything => return,
            Beside::Own => true,
            Beside::Custom => false,
        };
        if !own && shape.find("type").is_none() {
            let message = "the standard knows no such property here";
            return self.should(&path, "stix.custom", shape.clause, message);
        }
        if !form::is_property(name) {
            let message =
                "the name of a property is 3 to 250 of a-z, 0-9 and `_`, and begins with a letter";
            self.must(&path, "stix.name", "STIX 2.1, Custom Properties", message);
        }
        if matches!(name, "severity" | "username" | "phone_numbers" | "action") {
            let message = "the name is reserved; choose another";
            self.must(&path, "stix.reserved", "STIX 2.1, Reserved Names", message);
        }
        if !own && !extended && !name.starts_with("x_") {
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
