//! The endpoints' paths (TAXII 2.1 §3.1).
//!
//! SPEC: a request's path must end in a slash; one that does not is answered
//! all the same, since people type API roots without it.

use crate::path::PATH_BYTES_MAX;
use portcullis_stix::taxii::filter::percent_decoded;
use std::borrow::Cow;

/// Whether a path is this door's.
pub(crate) fn is_taxii(path: &str) -> bool {
    path.strip_prefix("/taxii2")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What a path names. The API root is told apart by its realm before.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Place<'a> {
    Discovery,
    Root(&'a str),
    Status(&'a str, &'a str),
    Collections(&'a str),
    In(&'a str, &'a str, Part<'a>),
}

/// What of a collection.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Part<'a> {
    Itself,
    Manifest,
    Objects,
    Object(Cow<'a, str>),
    Versions(Cow<'a, str>),
}

impl<'a> Place<'a> {
    /// Reads a path that [`is_taxii`].
    pub(super) fn parse(path: &'a str) -> Option<Self> {
        if PATH_BYTES_MAX < path.len() {
            return None;
        }
        let rest = path.strip_prefix("/taxii2")?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let Some(rest) = rest.strip_prefix('/') else {
            return rest.is_empty().then_some(Self::Discovery);
        };
        let mut segments = rest.split('/');
        let realm = segments.next().filter(|realm| !realm.is_empty())?;
        let mut next = || segments.next();
        let place = match (next(), next(), next(), next(), next()) {
            (None, ..) => Self::Root(realm),
            (Some("status"), Some(id), None, ..) => Self::Status(realm, id),
            (Some("collections"), None, ..) => Self::Collections(realm),
            (Some("collections"), Some(id), part, object, versions) if !id.is_empty() => {
                let object = match object {
                    Some(object) => Some(percent_decoded(object).filter(|id| !id.is_empty())?),
                    None => None,
                };
                let part = match (part, object, versions) {
                    (None, ..) => Part::Itself,
                    (Some("manifest"), None, _) => Part::Manifest,
                    (Some("objects"), None, _) => Part::Objects,
                    (Some("objects"), Some(object), None) => Part::Object(object),
                    (Some("objects"), Some(object), Some("versions")) => Part::Versions(object),
                    _ => return None,
                };
                Self::In(realm, id, part)
            }
            _ => return None,
        };
        segments.next().is_none().then_some(place)
    }

    /// The API root that it lies under.
    pub(super) fn realm(&self) -> Option<&'a str> {
        match self {
            Self::Discovery => None,
            Self::Root(realm)
            | Self::Status(realm, _)
            | Self::Collections(realm)
            | Self::In(realm, ..) => Some(realm),
        }
    }

    /// What `Allow` says of it.
    pub(super) fn methods(&self) -> &'static str {
        match self {
            Self::In(_, _, Part::Objects) => "GET, HEAD, POST",
            Self::In(_, _, Part::Object(_)) => "GET, HEAD, DELETE",
            _ => "GET, HEAD",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &str = "indicator--3600ad1b-fff1-4c98-bcc9-4de3bc2e2ffb";

    #[test]
    fn each_endpoint_has_its_path_with_and_without_the_last_slash() {
        let object = || Cow::Borrowed(OBJECT);
        for (path, place) in [
            ("/taxii2".to_owned(), Place::Discovery),
            ("/taxii2/live".to_owned(), Place::Root("live")),
            (
                "/taxii2/live/status/7".to_owned(),
                Place::Status("live", "7"),
            ),
            (
                "/taxii2/live/collections".to_owned(),
                Place::Collections("live"),
            ),
            (
                "/taxii2/live/collections/c".to_owned(),
                Place::In("live", "c", Part::Itself),
            ),
            (
                "/taxii2/live/collections/c/manifest".to_owned(),
                Place::In("live", "c", Part::Manifest),
            ),
            (
                "/taxii2/live/collections/c/objects".to_owned(),
                Place::In("live", "c", Part::Objects),
            ),
            (
                format!("/taxii2/live/collections/c/objects/{OBJECT}"),
                Place::In("live", "c", Part::Object(object())),
            ),
            (
                format!("/taxii2/live/collections/c/objects/{OBJECT}/versions"),
                Place::In("live", "c", Part::Versions(object())),
            ),
            (
                "/taxii2/live/collections/c/objects/a%2D%2Db".to_owned(),
                Place::In("live", "c", Part::Object("a--b".into())),
            ),
        ] {
            assert!(is_taxii(&path), "{path}");
            assert_eq!(Place::parse(&path).as_ref(), Some(&place), "{path}");
            assert_eq!(Place::parse(&format!("{path}/")), Some(place), "{path}/");
        }
    }

    #[test]
    fn other_paths_name_nothing() {
        for path in [
            "/taxii2//",
            "/taxii2//live/",
            "/taxii2/live//",
            "/taxii2/live/status/",
            "/taxii2/live/status/7/8/",
            "/taxii2/live/other/",
            "/taxii2/live/collections//",
            "/taxii2/live/collections/c/object/",
            "/taxii2/live/collections/c/manifest/x/",
            "/taxii2/live/collections/c/objects//",
            "/taxii2/live/collections/c/objects/x/other/",
            "/taxii2/live/collections/c/objects/x/versions/y/",
            "/taxii2/live/collections/c/objects/%zz/",
        ] {
            assert_eq!(Place::parse(path), None, "{path}");
        }
        let long = format!(
            "/taxii2/live/collections/c/objects/{}/",
            "x".repeat(PATH_BYTES_MAX)
        );
        assert_eq!(Place::parse(&long), None);
        assert!(!is_taxii("/taxii") && !is_taxii("/taxii23/") && !is_taxii("/log/taxii2/"));
    }
}
