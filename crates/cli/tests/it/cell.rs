//! The cell by its commands and its plain door: a TAXII server of one's own.

mod alone;
mod commands;
mod erase;
mod exit;
mod follow;
mod import;
mod kill;
mod ledger;
mod page;
mod peers;
mod share;
mod trying;
mod typos;

use crate::{
    place::{Place, Serving, free_port},
    taxii::Client,
};
use serde_json::{Value, json};
use std::{
    io::Write as _,
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// A node that is nothing but a cell, with one collection, `indicators`.
pub(crate) struct Csirt {
    pub(crate) folder: TempDir,
    pub(crate) place: Place,
    /// Where it answers in plain HTTP.
    pub(crate) address: String,
    /// The collection's id.
    pub(crate) collection: String,
}

impl Csirt {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new(folder.path().join("csirt"));
        let address = format!("127.0.0.1:{}", free_port());
        let made = place.json(&[
            "init",
            "--member",
            "csirt.example",
            "--role",
            "cell",
            "--country",
            "GB",
            "--listen",
            &format!("127.0.0.1:{}", free_port()),
            "--plain-listen",
            &address,
            "--collection",
            "Indicators",
        ]);
        let collection = made["collections"][0]["id"].as_str().unwrap().to_owned();
        Self {
            folder,
            place,
            address,
            collection,
        }
    }

    /// A path beside the data folder, as an argument: nothing is there yet.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// A file beside the data folder, as an argument.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    /// Opens an account; its token.
    pub(crate) fn token(&self, name: &str, more: &[&str]) -> String {
        let opened = self
            .place
            .json(&[&["cell", "account", "add", name], more].concat());
        opened["token"].as_str().unwrap().to_owned()
    }

    /// Runs a command with something on its standard input.
    pub(crate) fn fed(&self, input: &[u8], args: &[&str]) -> (i32, Value) {
        let mut command: Command = self.place.command();
        let mut child = command
            .arg("--json")
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // What stops reading early has read enough.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let answer = serde_json::from_str(&text).unwrap_or_else(|error| {
            panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr))
        });
        (output.status.code().unwrap_or(-1), answer)
    }

    pub(crate) fn serve(&self) -> Serving {
        self.place.serve()
    }

    /// Where objects of the collection are.
    pub(crate) fn objects(&self) -> String {
        format!("/taxii2/live/collections/{}/objects/", self.collection)
    }

    /// Every object that the client may see, page after page.
    pub(crate) fn all(&self, client: &mut Client) -> Vec<Value> {
        let (mut all, mut path) = (Vec::new(), self.objects());
        loop {
            let page = client.get(&path);
            assert_eq!(page.status, 200, "{}", String::from_utf8_lossy(&page.body));
            all.extend(page.objects());
            let body = page.json();
            let Some(next) = body["next"].as_str() else {
                return all;
            };
            path = format!("{}?next={next}", self.objects());
        }
    }
}

/// A UUID for a test's object.
pub(crate) fn uuid(number: u64) -> String {
    format!("{:08x}-0000-4000-8000-{number:012x}", number >> 48)
}

/// A valid indicator of a domain.
pub(crate) fn indicator(number: u64) -> Value {
    json!({
        "type": "indicator",
        "spec_version": "2.1",
        "id": format!("indicator--{}", uuid(number)),
        "created": "2026-11-01T09:00:00.000Z",
        "modified": "2026-11-01T09:00:00.000Z",
        "name": format!("number {number}"),
        "indicator_types": ["malicious-activity"],
        "pattern": format!("[domain-name:value = 'n{number}.bad.example']"),
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "valid_from": "2026-11-01T09:00:00Z",
    })
}

/// Objects in an envelope.
pub(crate) fn envelope(objects: &[Value]) -> Vec<u8> {
    json!({ "objects": objects }).to_string().into_bytes()
}

/// Objects in a bundle.
pub(crate) fn bundle(objects: &[Value]) -> Vec<u8> {
    let bundle =
        json!({ "type": "bundle", "id": format!("bundle--{}", uuid(1)), "objects": objects });
    bundle.to_string().into_bytes()
}
