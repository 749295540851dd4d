//! Two cells in two countries: a bank's report of an attack crosses a border, a question is
//! asked and answered, and a wrong indicator is asked back.

use super::{
    Stage,
    town::{EAST, EAST_CELL, Town, WEST, WEST_CELL, wait},
};
use crate::{clock::stopwatch, failure::Failure};
use portcullis_node::cell::remote::{Endpoint, Remote as _, Request, Secret};
use portcullis_web::client::HttpRemote;
use serde_json::{Value, json};
use std::time::Instant;
use zeroize::Zeroizing;

const TAXII: &str = "application/taxii+json;version=2.1";
const AMBER: &str = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421";
const RED: &str = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";

/// The bank that is attacked, in the first country; it has an account at its cell, no node.
const ATTACKED: &str = "northbank.example";
/// A bank of the other country, with an account at that cell.
const OTHER: &str = "southbank.example";
/// The second node's own name for the collection.
const MIRROR: &str = "incoming";
const TITLE: &str = "Attacks on banks";

/// Ids of what the bank publishes: fixed, as this is a demonstration.
const IDENTITY: &str = "identity--5a1e0b1c-3f7d-4a53-9d0f-0a2a4a3f1c01";
const INDICATOR: &str = "indicator--5a1e0b1c-3f7d-4a53-9d0f-0a2a4a3f1c02";
const WRONG: &str = "indicator--5a1e0b1c-3f7d-4a53-9d0f-0a2a4a3f1c03";
const REPORT: &str = "report--5a1e0b1c-3f7d-4a53-9d0f-0a2a4a3f1c04";
const SECRET: &str = "note--5a1e0b1c-3f7d-4a53-9d0f-0a2a4a3f1c05";

/// A program of a bank that speaks TAXII and nothing else.
struct Bank {
    remote: HttpRemote,
    at: Endpoint,
    collection: String,
}

impl Bank {
    fn new(town: &Town, cell: &str, token: &str, collection: &str) -> Result<Self, Failure> {
        let config = town.at(cell).home.config.cell().unwrap_or_default();
        let address = config.plain_listen.unwrap_or_default();
        Ok(Self {
            remote: HttpRemote::new()
                .map_err(|error| Failure::unable("demo.bank", error.to_string()))?,
            at: Endpoint {
                origin: format!("http://{address}"),
                secret: Secret::Bearer(Zeroizing::new(token.to_owned())),
                ..Endpoint::default()
            },
            collection: format!("/taxii2/live/collections/{collection}"),
        })
    }

    fn call(&self, request: &Request) -> Result<(u16, Value), Failure> {
        let answer = self
            .remote
            .call(&self.at, request)
            .map_err(|error| Failure::unable("demo.bank", error.to_string()))?;
        let body = serde_json::from_slice(&answer.body).unwrap_or_default();
        Ok((answer.status, body))
    }

    fn publish(&self, objects: &[Value]) -> Result<(), Failure> {
        let request = Request {
            post: true,
            path: format!("{}/objects/", self.collection),
            accept: TAXII,
            content_type: TAXII,
            body: json!({ "objects": objects }).to_string().into_bytes(),
        };
        match self.call(&request)? {
            (202, status) if status["success_count"] == objects.len() => Ok(()),
            (code, said) => Err(Failure::unable(
                "demo.publish",
                format!("the cell answered {code}: {said}"),
            )),
        }
    }

    /// An object in its newest version, if this bank may see it.
    fn get(&self, id: &str) -> Result<Option<Value>, Failure> {
        let path = format!("{}/objects/{id}/", self.collection);
        let (code, mut said) = self.call(&Request::get(path, TAXII))?;
        Ok((code == 200).then(|| said["objects"][0].take()))
    }

    /// Waits until an object is so; answers how long that took.
    fn wait_for(
        &self,
        what: &str,
        id: &str,
        since: Instant,
        so: impl Fn(&Value) -> bool,
    ) -> Result<f64, Failure> {
        wait(what, || self.get(id).ok().flatten().filter(&so))?;
        Ok(1000.0 * since.elapsed().as_secs_f64())
    }
}

pub(super) fn tell(town: &Town, stage: &Stage) -> Result<(), Failure> {
    stage.chapter("Two cells in two countries");
    let collection = share(town, stage)?;
    let north = account(town, EAST_CELL, "northbank-soc", ATTACKED, &collection)?;
    let south = account(town, WEST_CELL, "southbank-soc", OTHER, MIRROR)?;

    let begun = stopwatch();
    north.publish(&attack(town))?;
    stage.step(
        "a bank reports an attack over TAXII, with any client: TLP:AMBER, and one note TLP:RED",
    );
    let took = south.wait_for("the report at the other cell", REPORT, begun, |_| true)?;
    let seen = south.get(INDICATOR)?.unwrap_or_default();
    same(&seen["object_marking_refs"], &json!([AMBER]), "its marking")?;
    stage.step(format_args!(
        "a bank of the other country reads it at its own cell, marking and all, after {took:.0} ms"
    ));
    if south.get(SECRET)?.is_some() {
        return Err(Failure::unable("demo.tlp", "the note TLP:RED came over"));
    }
    stage.step("the note TLP:RED did not come over: nobody is named in it");
    ask(town, stage)?;
    recall(town, &north, &south, stage)
}

/// A group of both countries, a collection that it shares, and a second cell that follows it.
fn share(town: &Town, stage: &Stage) -> Result<String, Failure> {
    let group = town.command(EAST_CELL, &["cell", "group", "make", "Two countries"])?;
    let group = word(&group, "id")?;
    let invite = |member: &str, country: &str| {
        let words = [
            "cell",
            "group",
            "invite",
            &group,
            member,
            "--country",
            country,
        ];
        town.command(EAST_CELL, &words)
    };
    invite(WEST_CELL, WEST)?;
    for (bank, country) in [(ATTACKED, EAST), (OTHER, WEST)] {
        invite(bank, country)?;
        let words = ["cell", "group", "attest", &group, bank];
        let how = [
            "--checked-by",
            "membership desk",
            "--how",
            "signed form (made up)",
        ];
        town.command(EAST_CELL, &[words.as_slice(), how.as_slice()].concat())?;
    }
    let words = ["cell", "collection", "add", TITLE, "--group", &group];
    let made = town.command(EAST_CELL, &words)?;
    let collection = word(&made, "id")?;
    stage.step("the first cell founds a sharing group of two countries: two cells and two banks, each of which said yes");
    let follow = [
        "cell",
        "follow",
        "add",
        "--member",
        EAST_CELL,
        "--collection",
        &collection,
    ];
    let into = ["--into", MIRROR];
    town.command(
        WEST_CELL,
        &["cell", "collection", "add", "Incoming", "--alias", MIRROR],
    )?;
    town.command(WEST_CELL, &[follow.as_slice(), into.as_slice()].concat())?;
    wait("the second cell to be in step", || {
        let listed = town.command(WEST_CELL, &["cell", "group", "list"]).ok()?;
        listed.to_string().contains(group.as_str()).then_some(())
    })?;
    let words = ["cell", "collection", "change", MIRROR, "--readers", &group];
    let mirror = word(&town.command(WEST_CELL, &words)?, "id")?;
    let follow = [
        "cell",
        "follow",
        "add",
        "--member",
        WEST_CELL,
        "--collection",
        &mirror,
    ];
    let into = ["--into", TITLE];
    town.command(EAST_CELL, &[follow.as_slice(), into.as_slice()].concat())?;
    stage.step("the two cells follow each other's collections, over mutual TLS: what one says is at the other at once");
    Ok(collection)
}

/// A bank's program, with a token at a cell.
fn account(
    town: &Town,
    cell: &str,
    name: &str,
    member: &str,
    collection: &str,
) -> Result<Bank, Failure> {
    let words = [
        "cell", "account", "add", name, "--member", member, "--rights", "speak",
    ];
    let made = town.command(cell, &words)?;
    Bank::new(town, cell, &word(&made, "token")?, collection)
}

/// What the attacked bank knows.
fn attack(town: &Town) -> Vec<Value> {
    let now = format!("{:.3}", town.at(EAST_CELL).node.now());
    let object = |kind: &str, id: &str, mark: &str, mut more: Value| {
        more["type"] = json!(kind);
        more["spec_version"] = json!("2.1");
        more["id"] = json!(id);
        more["created"] = json!(now);
        more["modified"] = json!(now);
        more["object_marking_refs"] = json!([mark]);
        if kind != "identity" {
            more["created_by_ref"] = json!(IDENTITY);
        }
        more
    };
    let indicator = |id: &str, name: &str, host: &str| {
        let pattern = format!("[domain-name:value = '{host}']");
        let more = json!({
            "name": name, "pattern": pattern, "pattern_type": "stix", "valid_from": now,
            "indicator_types": ["malicious-activity"],
        });
        object("indicator", id, AMBER, more)
    };
    vec![
        object(
            "identity",
            IDENTITY,
            AMBER,
            json!({ "name": "Bank of the North (fictional)", "identity_class": "organization" }),
        ),
        indicator(
            INDICATOR,
            "where the stolen sessions go",
            "collect.attack.example",
        ),
        indicator(WRONG, "a second address", "status.northbank.example"),
        object(
            "report",
            REPORT,
            AMBER,
            json!({
                "name": "Accounts are taken over through a false update page", "published": now,
                "report_types": ["attack-pattern"], "object_refs": [INDICATOR, WRONG],
            }),
        ),
        object(
            "note",
            SECRET,
            RED,
            json!({ "content": "which of our systems were reached", "object_refs": [REPORT] }),
        ),
    ]
}

/// A question across the border, and its answer.
fn ask(town: &Town, stage: &Stage) -> Result<(), Failure> {
    let about = [
        "cell",
        "ask",
        "seen",
        "Who else has traffic to this address?",
    ];
    let to = ["--member", WEST_CELL, "--in", TITLE, "--by", "4h"];
    let asked = town.command(EAST_CELL, &[about.as_slice(), to.as_slice()].concat())?;
    let question = word(&asked, "id")?;
    stage.step("the first cell asks the second: who else has traffic to this address? An answer helps for four hours");
    wait("the question at the other cell", || {
        town.command(WEST_CELL, &["cell", "questions", &question])
            .ok()
    })?;
    let words = [
        "cell",
        "sight",
        INDICATOR,
        "--count",
        "12",
        "--note",
        "two banks, since Monday",
    ];
    let sighted = town.command(WEST_CELL, &words)?;
    let words = [
        "cell",
        "answer",
        &question,
        "--object",
        &word(&sighted, "id")?,
    ];
    town.command(WEST_CELL, &words)?;
    wait("the answer", || {
        let shown = town
            .command(EAST_CELL, &["cell", "questions", &question])
            .ok()?;
        shown.to_string().contains("sighting--").then_some(())
    })?;
    stage.step("it answers with a sighting, twelve times at two banks, and the answer is back");
    let refused = town.command(
        EAST_CELL,
        &[
            "cell",
            "ask",
            "seen",
            "Whose account is it? Please send the log-ins of this user",
            "--member",
            WEST_CELL,
            "--in",
            TITLE,
        ],
    );
    stage.refused(
        "the cell asks for the data of somebody's users",
        &["cell.ask_for_user_data"],
        refused.map(|said| said.to_string()),
    )
}

/// A wrong indicator is asked back.
fn recall(town: &Town, north: &Bank, south: &Bank, stage: &Stage) -> Result<(), Failure> {
    if south.get(WRONG)?.is_none() {
        return Err(Failure::unable(
            "demo.recall",
            "the wrong indicator never came over",
        ));
    }
    let begun = stopwatch();
    let reason = "our own status page, not the attacker's";
    let asked = json!({ "object": WRONG, "reason": reason }).to_string();
    let request = Request::post_json("/cell/v1/recalls", asked.into_bytes());
    let recall = match north.call(&request)? {
        (200..300, said) => word(&said, "id")?,
        (code, said) => {
            let why = format!("the cell answered {code}: {said}");
            return Err(Failure::unable("demo.recall", why));
        }
    };
    stage.step("one of the addresses was its own: the bank recalls the indicator, with the reason");
    let gone = wait("the recall at the other cell", || {
        let left = south.get(WRONG).ok()?;
        let revoked = left.as_ref().is_some_and(|left| left["revoked"] == true);
        (left.is_none() || revoked).then_some(revoked)
    })?;
    let took = 1000.0 * begun.elapsed().as_secs_f64();
    let sees = if gone {
        "sees it revoked"
    } else {
        "finds it gone"
    };
    stage.step(format_args!(
        "the other country's bank {sees} after {took:.0} ms"
    ));
    let shown = wait("the second cell to confirm", || {
        let shown = town
            .command(EAST_CELL, &["cell", "recalls", &recall])
            .ok()?;
        let members = shown["members"].as_array()?.clone();
        let cell = members.iter().find(|one| one["member"] == WEST_CELL)?;
        (!cell["confirmed"].is_null()).then_some(members)
    })?;
    for one in &shown {
        let said = one["confirmed"]["how"].as_str().unwrap_or("not yet");
        stage.line(format_args!(
            "{}: {said}",
            one["member"].as_str().unwrap_or_default()
        ));
    }
    stage.step("who was served it is known, was asked, and has confirmed or is listed as not yet");
    let who = town.command(EAST_CELL, &["cell", "who", INDICATOR])?;
    let served = who["served"].as_array().map_or(0, Vec::len);
    if served == 0 {
        return Err(Failure::unable(
            "demo.who",
            format!("nobody was served it: {who}"),
        ));
    }
    stage.step(format_args!(
        "`cell who` names what was served to whom and when ({served} so far), under one leaf a tick of the public record"
    ));
    Ok(())
}

fn word(answer: &Value, field: &str) -> Result<String, Failure> {
    answer[field]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| Failure::unable("demo.command", format!("no `{field}` in {answer}")))
}

fn same(found: &Value, expected: &Value, what: &str) -> Result<(), Failure> {
    if found == expected {
        return Ok(());
    }
    Err(Failure::unable(
        "demo.changed",
        format!("{what} came over as {found}"),
    ))
}
