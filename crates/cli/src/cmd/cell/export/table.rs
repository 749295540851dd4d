//! Indicators as a CSV table, as `portcullis cell import` reads it again.

use portcullis_core::cell::Tlp;
use portcullis_stix::observable;
use serde_json::Value;

/// The table's columns.
pub(super) const HEAD: &str = "type,value,name,description,valid_from,valid_until,labels,tlp,id\n";

/// Why a revoked indicator is left out: a table has no column that takes it back.
pub(super) const REVOKED: &str = "it is revoked";

/// The values that objects name, a line each without the table's head, with how strictly each object is to be handled;
/// and what is left out: what names none, and what is revoked.
pub(super) fn lines(objects: &[(&[u8], Tlp)]) -> (Vec<u8>, Vec<(String, String)>) {
    let (mut lines, mut left) = (String::new(), Vec::new());
    for (bytes, tlp) in objects {
        let Ok(object) = serde_json::from_slice::<Value>(bytes) else {
            continue;
        };
        let text = |name: &str| object[name].as_str().unwrap_or_default();
        if text("type") != "indicator" {
            continue;
        }
        if object["revoked"] == true {
            left.push((text("id").to_owned(), REVOKED.to_owned()));
            continue;
        }
        let named = observable::observables(bytes);
        if named.is_empty() {
            let why = "its pattern names no single value".to_owned();
            left.push((text("id").to_owned(), why));
        }
        let labels: Vec<&str> = object["labels"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for value in named {
            let cells = [
                value.kind.as_str(),
                &value.value,
                text("name"),
                text("description"),
                text("valid_from"),
                text("valid_until"),
                &labels.join(";"),
                tlp.as_str(),
                text("id"),
            ];
            lines.push_str(&cells.map(cell).join(","));
            lines.push('\n');
        }
    }
    (lines.into_bytes(), left)
}

/// A cell, quoted where it must be (RFC 4180 §2). What a spreadsheet would take for a formula
/// gets a blank in front.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t']);
    let text = if formula {
        format!(" {text}")
    } else {
        text.to_owned()
    };
    if text.contains(['"', ',', '\n', '\r']) || formula {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let check = |text: &str, expected: &str| assert_eq!(cell(text), expected);
        check("plain", "plain");
        check("a, b", "\"a, b\"");
        check("say \"so\"", "\"say \"\"so\"\"\"");
        check("=HYPERLINK(1)", "\" =HYPERLINK(1)\"");
    }

    #[test]
    fn an_indicator_is_a_line_for_each_value_and_all_else_is_left() {
        let indicator = br#"{"type":"indicator","id":"indicator--1","pattern":"[ipv4-addr:value = '198.51.100.7' OR domain-name:value = 'a.example']","pattern_type":"stix","valid_from":"2026-11-01T00:00:00Z","name":"x"}"#;
        let hard = br#"{"type":"indicator","id":"indicator--2","pattern":"[file:size > 5]","pattern_type":"stix"}"#;
        let other = br#"{"type":"report","id":"report--1","name":"r"}"#;
        let (bytes, left) = lines(&[
            (indicator.as_slice(), Tlp::Amber),
            (hard, Tlp::Amber),
            (other, Tlp::Amber),
        ]);
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.contains("ipv4,198.51.100.7,x,"), "{text}");
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].0, "indicator--2");
    }

    #[test]
    fn what_is_revoked_is_left_out_and_each_has_its_light() {
        let indicator = |id: u8, more: &str| {
            format!(
                r#"{{"type":"indicator","id":"indicator--{id}","pattern":"[domain-name:value = 'n{id}.example']"{more}}}"#
            )
        };
        let all = [
            indicator(1, ""),
            indicator(2, ""),
            indicator(3, r#","revoked":true"#),
        ];
        let (bytes, left) = lines(&[
            (all[0].as_bytes(), Tlp::Red),
            (all[1].as_bytes(), Tlp::Green),
            (all[2].as_bytes(), Tlp::Green),
        ]);
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].ends_with(",red,indicator--1"), "{text}");
        assert!(lines[1].ends_with(",green,indicator--2"), "{text}");
        assert_eq!(left, [("indicator--3".to_owned(), REVOKED.to_owned())]);
    }
}
