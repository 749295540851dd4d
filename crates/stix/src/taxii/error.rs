//! The error message (TAXII 2.1 §3.6.1).

use serde::Serialize;
use std::{borrow::Cow, collections::BTreeMap};

/// What a body of a 4xx or 5xx answer says. Written as JSON by [`ErrorMessage::to_json`].
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ErrorMessage {
    /// What happened, for people.
    pub title: Cow<'static, str>,
    /// The same with what belongs to this one request; left out if empty.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub description: Cow<'static, str>,
    /// This one error, as the server's log names it; left out if empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error_id: String,
    /// The kind of error, stable: `taxii.filter`.
    pub error_code: Cow<'static, str>,
    /// The status of the answer.
    #[serde(serialize_with = "as_text")]
    pub http_status: u16,
    /// Where more is said, a URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_details: Option<String>,
    /// Names and values for programs; left out if empty.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<&'static str, String>,
}

impl ErrorMessage {
    /// With what every error has.
    #[must_use]
    pub fn new(
        http_status: u16,
        error_code: impl Into<Cow<'static, str>>,
        title: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            title: title.into(),
            description: description.into(),
            error_id: String::new(),
            error_code: error_code.into(),
            http_status,
            external_details: None,
            details: BTreeMap::new(),
        }
    }

    /// Its bytes on the wire.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Texts and numbers alone: this cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// SPEC: §3.6.1 gives `http_status` the type string.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde calls"
)]
fn as_text<S: serde::Serializer>(status: &u16, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_a_text_and_what_is_not_said_is_left_out() {
        let mut message = ErrorMessage::new(404, "taxii.unknown", "Not Found", "");
        assert_eq!(
            String::from_utf8(message.to_json()).unwrap(),
            r#"{"title":"Not Found","error_code":"taxii.unknown","http_status":"404"}"#
        );
        message.description = "there is no \"such\" collection".into();
        message.error_id = "7".into();
        message.external_details = Some("https://node.example/docs".into());
        message.details.insert("parameter", "limit".into());
        assert_eq!(
            String::from_utf8(message.to_json()).unwrap(),
            concat!(
                r#"{"title":"Not Found","description":"there is no \"such\" collection","error_id":"7","#,
                r#""error_code":"taxii.unknown","http_status":"404","#,
                r#""external_details":"https://node.example/docs","details":{"parameter":"limit"}}"#
            )
        );
    }
}
