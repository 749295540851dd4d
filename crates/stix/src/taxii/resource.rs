//! The resources that a server answers with (TAXII 2.1 §3.7, §4, §5), written as JSON.
//!
//! Small ones are values with a `to_json`. Pages — envelopes, manifests,
//! versions — are written piece by piece around bytes that are there already,
//! so that a page of a thousand objects is copied once and parsed never:
//! [`Page::open`], the items with `,` between, [`Page::close`]. SPEC: lists are
//! never empty (§2); a page without items is `{}`.

use crate::taxii::{media::MEDIA_TYPE, time::Micros};
use serde::{Serialize, Serializer};

/// A Discovery Resource (§4.1.1).
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Discovery {
    /// The server's name, for people.
    pub title: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whom to ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// The API root for who has no other wish; one of `api_roots`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The API roots: HTTPS URLs, or paths that begin with one `/`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub api_roots: Vec<String>,
}

/// An API Root Resource (§4.2.1). Its `versions` are TAXII 2.1 alone.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ApiRoot {
    /// Its name, for people.
    pub title: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What is spoken here.
    pub versions: [&'static str; 1],
    /// The most bytes of a request's body.
    pub max_content_length: u64,
}

/// A Collection Resource (§5.2.1) as one client sees it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Collection {
    /// A UUID, lower-case.
    pub id: String,
    /// Its name, for people.
    pub title: String,
    /// What is in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A name that stands for the id in URLs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Whether this client may get objects.
    pub can_read: bool,
    /// Whether this client may add objects.
    pub can_write: bool,
    /// What objects are kept in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media_types: Vec<String>,
}

/// A Collections Resource (§5.1.1), in the order given.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Collections {
    /// What the client may know of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub collections: Vec<Collection>,
}

/// A Status Resource (§4.3.1). Its counts are the lengths of its lists.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Status {
    /// A UUID, lower-case.
    pub id: String,
    /// When the request was made, in microseconds since 1970.
    pub request_timestamp: i64,
    /// Objects that are in the collection now, by this request or before it.
    pub successes: Vec<StatusDetails>,
    /// Objects that are not taken.
    pub failures: Vec<StatusDetails>,
    /// Objects that are neither yet.
    pub pendings: Vec<StatusDetails>,
}

/// One object of a request (§4.3.1, `status-details`).
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct StatusDetails {
    /// The object's id; empty if it had none.
    pub id: String,
    /// Its `modified`, else its `created`, else what the server calls it.
    pub version: String,
    /// What happened to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl ApiRoot {
    /// One that speaks TAXII 2.1.
    #[must_use]
    pub fn new(
        title: impl Into<String>,
        description: Option<String>,
        max_content_length: u64,
    ) -> Self {
        Self {
            title: title.into(),
            description,
            versions: [MEDIA_TYPE],
            max_content_length,
        }
    }
}

impl Discovery {
    /// Its bytes on the wire.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        to_json(self)
    }
}

impl ApiRoot {
    /// Its bytes on the wire.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        to_json(self)
    }
}

impl Collection {
    /// Its bytes on the wire.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        to_json(self)
    }
}

impl Collections {
    /// Its bytes on the wire.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        to_json(self)
    }
}

impl Status {
    /// Whether it is of no object.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.successes.is_empty() && self.failures.is_empty() && self.pendings.is_empty()
    }

    /// Its bytes on the wire: `complete`, or `pending` while objects are.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        to_json(self)
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let lists = [
            ("success_count", "successes", &self.successes),
            ("failure_count", "failures", &self.failures),
            ("pending_count", "pendings", &self.pendings),
        ];
        let total: usize = lists.iter().map(|(_, _, list)| list.len()).sum();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.id)?;
        let status = if self.pendings.is_empty() {
            "complete"
        } else {
            "pending"
        };
        map.serialize_entry("status", status)?;
        map.serialize_entry(
            "request_timestamp",
            &Micros(self.request_timestamp).to_string(),
        )?;
        map.serialize_entry("total_count", &total)?;
        for (count, name, list) in lists {
            map.serialize_entry(count, &list.len())?;
            if !list.is_empty() {
                map.serialize_entry(name, list)?;
            }
        }
        map.end()
    }
}

/// A page of one of the three lists that grow with a collection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Page {
    /// An envelope (§3.7): objects as they came in.
    Envelope,
    /// A manifest (§5.3.1): [`manifest_record`]s.
    Manifest,
    /// Versions (§5.8.1): timestamps as texts.
    Versions,
}

impl Page {
    /// What comes before the first item.
    #[must_use]
    pub fn open(self) -> &'static [u8] {
        match self {
            Self::Envelope | Self::Manifest => br#"{"objects":["#,
            Self::Versions => br#"{"versions":["#,
        }
    }

    /// What comes after the last item. `next` says where more is.
    #[must_use]
    pub fn close(next: Option<&str>) -> Vec<u8> {
        let Some(next) = next else {
            return b"]}".to_vec();
        };
        let mut bytes = br#"],"more":true,"next":"#.to_vec();
        text(&mut bytes, next);
        bytes.push(b'}');
        bytes
    }

    /// A page without items; `next` if there may be some further on.
    #[must_use]
    pub fn empty(next: Option<&str>) -> Vec<u8> {
        let Some(next) = next else {
            return b"{}".to_vec();
        };
        let mut bytes = br#"{"more":true,"next":"#.to_vec();
        text(&mut bytes, next);
        bytes.push(b'}');
        bytes
    }
}

/// Appends one `manifest-record` (§5.3.1).
pub fn manifest_record(
    bytes: &mut Vec<u8>,
    id: &str,
    date_added: i64,
    version: &str,
    media_type: &str,
) {
    bytes.extend_from_slice(br#"{"id":"#);
    text(bytes, id);
    bytes.extend_from_slice(br#","date_added":""#);
    bytes.extend_from_slice(&Micros(date_added).to_bytes());
    bytes.extend_from_slice(br#"","version":"#);
    text(bytes, version);
    bytes.extend_from_slice(br#","media_type":"#);
    text(bytes, media_type);
    bytes.push(b'}');
}

/// Appends a text as a JSON string.
pub fn text(bytes: &mut Vec<u8>, text: &str) {
    let plain = |byte: u8| (b' '..0x7F).contains(&byte) && byte != b'"' && byte != b'\\';
    if text.bytes().all(plain) {
        bytes.push(b'"');
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(b'"');
    } else {
        bytes.append(&mut to_json(text));
    }
}

fn to_json(value: &(impl Serialize + ?Sized)) -> Vec<u8> {
    // Texts, numbers and lists of them: this cannot fail.
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taxii::media::STIX_MEDIA_TYPE;
    use serde_json::{Value, json};

    fn check(bytes: &[u8], expected: &Value) {
        assert_eq!(&serde_json::from_slice::<Value>(bytes).unwrap(), expected);
    }

    #[test]
    fn what_is_not_there_is_left_out_and_lists_are_never_empty() {
        let mut discovery = Discovery {
            title: "Cell".into(),
            description: None,
            contact: None,
            default: None,
            api_roots: vec![],
        };
        check(&discovery.to_json(), &json!({"title": "Cell"}));
        discovery.default = Some("/taxii2/live/".into());
        discovery.api_roots.push("/taxii2/live/".into());
        check(
            &discovery.to_json(),
            &json!({"title": "Cell", "default": "/taxii2/live/", "api_roots": ["/taxii2/live/"]}),
        );
        check(
            &Collections {
                collections: vec![],
            }
            .to_json(),
            &json!({}),
        );
        check(&Page::empty(None), &json!({}));
    }

    #[test]
    fn an_api_root_says_what_it_speaks_and_how_much_it_takes() {
        check(
            &ApiRoot::new("Live", None, 104_857_600).to_json(),
            &json!({"title": "Live", "versions": ["application/taxii+json;version=2.1"], "max_content_length": 104_857_600}),
        );
    }

    #[test]
    fn a_collection_has_its_required_properties() {
        let collection = Collection {
            id: "91a7b528-80eb-42ed-a74d-c6fbd5a26116".into(),
            title: "Indicators".into(),
            description: None,
            alias: Some("indicators".into()),
            can_read: true,
            can_write: false,
            media_types: vec![STIX_MEDIA_TYPE.into()],
        };
        check(
            &Collections {
                collections: vec![collection],
            }
            .to_json(),
            &json!({"collections": [{
                "id": "91a7b528-80eb-42ed-a74d-c6fbd5a26116", "title": "Indicators", "alias": "indicators",
                "can_read": true, "can_write": false, "media_types": ["application/stix+json;version=2.1"],
            }]}),
        );
    }

    #[test]
    fn a_status_counts_its_lists_and_is_pending_while_objects_are() {
        let one = |id: &str, message: Option<&str>| StatusDetails {
            id: id.into(),
            version: "2018-05-27T12:02:41.312Z".into(),
            message: message.map(Into::into),
        };
        let mut status = Status {
            id: "2d086da7-4bdc-4f91-900e-d77486753710".into(),
            request_timestamp: 1_478_255_346_123_450,
            successes: vec![one("a--1", None)],
            failures: vec![one("b--2", Some("`name` is missing"))],
            pendings: vec![],
        };
        let version = "2018-05-27T12:02:41.312Z";
        let mut expected = json!({
            "id": "2d086da7-4bdc-4f91-900e-d77486753710",
            "status": "complete",
            "request_timestamp": "2016-11-04T10:29:06.123450Z",
            "total_count": 2,
            "success_count": 1, "successes": [{"id": "a--1", "version": version}],
            "failure_count": 1, "failures": [{"id": "b--2", "version": version, "message": "`name` is missing"}],
            "pending_count": 0,
        });
        check(&status.to_json(), &expected);
        status.pendings.push(one("c--3", None));
        expected["status"] = "pending".into();
        expected["total_count"] = 3.into();
        expected["pending_count"] = 1.into();
        expected["pendings"] = json!([{"id": "c--3", "version": version}]);
        check(&status.to_json(), &expected);
    }

    #[test]
    fn pages_are_written_around_their_items() {
        let page = |kind: Page, items: &str, next: Option<&str>| {
            [kind.open(), items.as_bytes(), &Page::close(next)].concat()
        };
        check(
            &page(Page::Envelope, r#"{"a":1},{"a":2}"#, None),
            &json!({"objects": [{"a": 1}, {"a": 2}]}),
        );
        check(
            &page(
                Page::Versions,
                r#""2016-11-03T12:30:59.000Z""#,
                Some("n\"1"),
            ),
            &json!({"versions": ["2016-11-03T12:30:59.000Z"], "more": true, "next": "n\"1"}),
        );
        check(&Page::empty(Some("7")), &json!({"more": true, "next": "7"}));
        let mut records = Vec::new();
        manifest_record(
            &mut records,
            "x--\"ä\"",
            1_478_255_346_000_001,
            "1",
            STIX_MEDIA_TYPE,
        );
        check(
            &page(Page::Manifest, std::str::from_utf8(&records).unwrap(), None),
            &json!({"objects": [{
                "id": "x--\"ä\"", "date_added": "2016-11-04T10:29:06.000001Z", "version": "1",
                "media_type": "application/stix+json;version=2.1",
            }]}),
        );
    }
}
