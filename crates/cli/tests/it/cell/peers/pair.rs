//! Two cells of one register that follow each other, each behind a line of its own.

use super::{at, indicator, link::Link};
use crate::{
    cell::uuid,
    kit::{Seat, Town, pause, wait},
    place::{Place, Serving, free_port},
    taxii::{Answered, Client},
};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use std::{
    collections::BTreeMap,
    fs,
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
};

/// Exact bytes of objects, by id and version.
pub(super) type Holdings = BTreeMap<(String, String), String>;

const fn cell(word: &'static str, sector: &'static str) -> Seat {
    Seat {
        word,
        roles: &["cell", "witness"],
        authority: &[],
        sector,
        officers: &[],
        tick_ms: 600_000,
    }
}

/// Both of them. The first has an account for its own people, and one for a bank without a node.
pub(super) struct Pair {
    pub(super) sides: [Side; 2],
    _town: Town,
}

/// One node.
pub(super) struct Side {
    pub(super) member: String,
    pub(super) collection: String,
    place: Place,
    serving: Arc<Mutex<Option<Serving>>>,
    restart: Option<JoinHandle<()>>,
    link: Link,
    /// Where it answers in plain HTTP.
    plain: String,
    /// Its own people's, then others'.
    clients: Vec<Client>,
}

impl Pair {
    pub(super) fn new() -> Self {
        Self::made(true)
    }

    /// The second follows the first, which follows nothing of it.
    pub(super) fn one_way() -> Self {
        Self::made(false)
    }

    fn made(each_other: bool) -> Self {
        let town = Town::found(&[cell("east", "police"), cell("west", "industry")]);
        let [mut east, mut west] = ["east", "west"].map(|word| Side::behind_a_line(&town, word));
        east.serve();
        west.serve();
        follow(&mut east, &mut west);
        if each_other {
            east.follow(&west);
        }
        let (group, bank) = ("Both", "bank.example");
        east.cell(&["group", "invite", group, bank, "--country", "GB"]);
        let by = ["--checked-by", "membership desk", "--how", "signed form"];
        east.cell(&[["group", "attest", group, bank].as_slice(), &by].concat());
        for side in [&mut east, &mut west] {
            side.open_account(&["desk", "--operator", "--rights", "speak"]);
        }
        east.open_account(&["bank", "--member", bank, "--rights", "speak"]);
        Self {
            sides: [east, west],
            _town: town,
        }
    }

    pub(super) fn cut_after(&self, bytes: i64) {
        self.sides
            .iter()
            .for_each(|side| side.link.cut_after(bytes));
    }

    pub(super) fn refuse(&self) {
        self.sides.iter().for_each(|side| side.link.refuse());
    }

    pub(super) fn slow(&self) {
        self.sides.iter().for_each(|side| side.link.slow());
    }

    pub(super) fn stall(&self) {
        self.sides.iter().for_each(|side| side.link.stall());
    }

    pub(super) fn heal(&self) {
        self.sides.iter().for_each(|side| side.link.heal());
    }

    /// Ends a node as a power cut does, a moment later, and starts it again after another; nobody
    /// waits for it.
    pub(super) fn kill(&mut self, side: usize, after_ms: u64, down_ms: u64) {
        self.sides[side].kill(after_ms, down_ms);
    }

    /// Ends a node as a power cut does, and starts it again.
    pub(super) fn restart(&mut self, side: usize) {
        self.kill(side, 0, 0);
        self.sides[side].wait_for_restart();
    }

    /// Something new from each is at the other, and so is all that came before it; both say so.
    pub(super) fn mark(&mut self, count: &mut u64) {
        for side in &mut self.sides {
            side.wait_for_restart();
        }
        for (from, to) in [(0, 1), (1, 0)] {
            *count += 1;
            let id = format!("indicator--{}", uuid(0xffff_0000 + *count));
            self.sides[from].publish(0, &[indicator(&id, &at(*count), &json!({}))]);
            let what = format!("what {} published last", self.sides[from].member);
            wait(&what, || {
                (!self.sides[to].versions(&id).is_empty()).then_some(())
            });
            self.sides[from].remove(0, &id, "all");
            wait("its end", || {
                self.sides[to].versions(&id).is_empty().then_some(())
            });
        }
        for side in &self.sides {
            wait("a node to say that it is in step", || {
                let listed = side.place.json(&["cell", "follow", "list"]);
                let seen = &listed[0]["seen"];
                let there = seen["state"] == "in-step" && seen["behind"] == 0;
                there.then(|| assert_eq!(seen["notes"], json!([]), "not taken"))
            });
        }
    }
}

impl Pair {
    /// What has been told is told no more: nothing goes round.
    pub(super) fn rest(&self) {
        let cursors = || {
            let listed = self
                .sides
                .each_ref()
                .map(|side| side.cell(&["follow", "list"]));
            listed.map(|listed| listed[0]["cursor"].clone())
        };
        wait("the nodes to fall silent", || {
            let before = cursors();
            pause(300);
            (before == cursors()).then_some(())
        });
    }
}

/// A collection at each, for a group of both; the second's is kept in step with the first's.
fn follow(east: &mut Side, west: &mut Side) {
    let group = east.cell(&["group", "make", "Both"]);
    let group = group["id"].as_str().unwrap();
    let west_member = &west.member;
    east.cell(&["group", "invite", group, west_member, "--country", "GB"]);
    let made = east.cell(&["collection", "add", "Alerts", "--group", group]);
    made["id"]
        .as_str()
        .unwrap()
        .clone_into(&mut east.collection);
    let made = west.cell(&["collection", "add", "Incoming"]);
    made["id"]
        .as_str()
        .unwrap()
        .clone_into(&mut west.collection);
    west.follow(east);
    wait("the group to be known", || {
        let listed = west.cell(&["group", "list"]).to_string();
        listed.contains(group).then_some(())
    });
    let change = ["collection", "change", &west.collection, "--readers", group];
    west.cell(&change);
}

impl Side {
    /// A node of the town whose address in the register is a line's, and which listens elsewhere.
    fn behind_a_line(town: &Town, word: &'static str) -> Self {
        let known = town.endpoint(word).replace("https://", "");
        let [listen, plain] = [(); 2].map(|()| format!("127.0.0.1:{}", free_port()));
        let config = town.dir(word).join("portcullis.toml");
        let mut text = fs::read_to_string(&config).unwrap();
        for (from, to) in [
            (
                format!("\nlisten = \"{known}\""),
                format!("\nlisten = \"{listen}\""),
            ),
            (
                "# plain_listen = \"127.0.0.1:9000\"".to_owned(),
                format!("plain_listen = \"{plain}\""),
            ),
            ("# country = ".to_owned(), "country = ".to_owned()),
        ] {
            assert!(text.contains(&from), "no `{from}` in {text}");
            text = text.replace(&from, &to);
        }
        fs::write(&config, text).unwrap();
        Self {
            member: format!("{word}.example"),
            collection: String::new(),
            place: Place::new(town.dir(word)),
            serving: Arc::default(),
            restart: None,
            link: Link::new(known.parse().unwrap(), listen.parse().unwrap()),
            plain,
            clients: Vec::new(),
        }
    }

    fn serve(&self) {
        *self.serving.lock().unwrap() = Some(self.place.serve());
    }

    /// What a command of its people says, in lines.
    pub(super) fn says(&self, args: &[&str]) -> String {
        self.place.says(&[&["cell"], args].concat())
    }

    fn cell(&self, args: &[&str]) -> Value {
        self.place.json(&[&["cell"], args].concat())
    }

    fn follow(&self, source: &Self) {
        let (member, collection) = (source.member.as_str(), source.collection.as_str());
        let of = [
            "follow",
            "add",
            "--member",
            member,
            "--collection",
            collection,
        ];
        self.cell(&[of.as_slice(), &["--into", &self.collection]].concat());
    }

    fn open_account(&mut self, args: &[&str]) {
        let opened = self.cell(&[&["account", "add"], args].concat());
        let token = opened["token"].as_str().unwrap();
        self.clients.push(Client::bearer(&self.plain, token));
    }

    fn kill(&mut self, after_ms: u64, down_ms: u64) {
        self.wait_for_restart();
        let (serving, place) = (Arc::clone(&self.serving), self.place.clone());
        self.restart = Some(thread::spawn(move || {
            pause(after_ms);
            drop(serving.lock().unwrap().take());
            pause(down_ms);
            *serving.lock().unwrap() = Some(place.serve());
        }));
    }

    fn wait_for_restart(&mut self) {
        if let Some(restart) = self.restart.take() {
            restart.join().unwrap();
        }
    }

    fn objects(&self) -> String {
        format!("/taxii2/live/collections/{}/objects/", self.collection)
    }

    /// Asks until the node is there and answers.
    fn insist(
        &mut self,
        account: usize,
        method: &str,
        path: &str,
        body: Option<&[u8]>,
    ) -> Answered {
        let client = &mut self.clients[account];
        wait(&format!("{method} {path}"), || {
            let answered = client.ask(method, path, body).ok()?;
            // It has just been started, or the account was opened a moment ago.
            (!matches!(answered.status, 401 | 429 | 503)).then_some(answered)
        })
    }

    /// Adds objects, again and again until they were taken.
    pub(super) fn publish(&mut self, account: usize, objects: &[String]) {
        let envelope = format!("{{\"objects\":[{}]}}", objects.join(","));
        let answered = self.insist(account, "POST", &self.objects(), Some(envelope.as_bytes()));
        let status = answered.json();
        assert_eq!(answered.status, 202, "{status}");
        assert_eq!(status["success_count"], objects.len(), "{status}");
    }

    /// Removes versions of an object; it may have gone the first time.
    pub(super) fn remove(&mut self, account: usize, id: &str, versions: &str) {
        let path = format!("{}{id}/?match[version]={versions}", self.objects());
        let status = self.insist(account, "DELETE", &path, None).status;
        assert!(matches!(status, 200 | 404), "{path}: {status}");
    }

    /// Asks an object back; it may have been done the first time.
    pub(super) fn recall(&mut self, account: usize, id: &str) {
        let body = json!({ "object": id, "reason": "our own scanner" }).to_string();
        let path = "/cell/v1/recalls";
        self.insist(account, "POST", path, Some(body.as_bytes()));
        // A node that has just been started says so, and lists no part for the whole.
        let mine = self.insist(account, "GET", path, None).json();
        let recalls = mine["recalls"].as_array().unwrap();
        assert!(
            recalls.iter().any(|recall| recall["object"] == id),
            "{mine}"
        );
    }

    /// Says something that is no TAXII, once.
    pub(super) fn say(&mut self, account: usize, path: &str, body: &Value) -> Value {
        let answered = self.insist(account, "POST", path, Some(body.to_string().as_bytes()));
        let said = answered.json();
        assert_eq!(answered.status, 200, "{said}");
        said
    }

    pub(super) fn ask_until_answered(&mut self, path: &str) -> Value {
        self.asked_by(0, path)
    }

    /// What an account is answered.
    pub(super) fn asked_by(&mut self, account: usize, path: &str) -> Value {
        let answered = self.insist(account, "GET", path, None);
        assert_eq!(answered.status, 200, "{}", answered.json());
        answered.json()
    }

    /// The versions of an object that are here.
    pub(super) fn versions(&mut self, id: &str) -> Vec<String> {
        let path = format!("{}{id}/?match[version]=all", self.objects());
        let answered = self.insist(0, "GET", &path, None);
        if answered.status == 404 {
            return Vec::new();
        }
        let of = |object: &Value| object["modified"].as_str().unwrap().to_owned();
        answered.objects().iter().map(of).collect()
    }

    /// Everything that is here, each version once, to the byte.
    pub(super) fn held(&mut self) -> Holdings {
        #[derive(Deserialize)]
        struct Page {
            next: Option<String>,
            #[serde(default)]
            objects: Vec<Box<RawValue>>,
        }
        let mut held = Holdings::new();
        let mut query = "?match[version]=all".to_owned();
        loop {
            let path = format!("{}{query}", self.objects());
            let answered = self.insist(0, "GET", &path, None);
            let page: Page = serde_json::from_slice(&answered.body).unwrap();
            for object in page.objects {
                let read: Value = serde_json::from_str(object.get()).unwrap();
                let text = |name: &str| read[name].as_str().unwrap().to_owned();
                let version = (text("id"), text("modified"));
                let before = held.insert(version, object.get().to_owned());
                assert_eq!(before, None, "it is there twice");
            }
            let Some(next) = page.next else {
                return held;
            };
            query = format!("?match[version]=all&next={next}");
        }
    }

    /// What others said of ours, by its id.
    pub(super) fn notices(&mut self) -> Vec<String> {
        let told = self.ask_until_answered("/cell/v1/notices");
        let notices = told["notices"].as_array().unwrap().iter();
        notices
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Waits until a member has answered every recall of ours, as what it did about them.
    pub(super) fn wait_for_confirmation(&mut self, member: &str) {
        wait("every recall to be confirmed", || {
            let told = self.ask_until_answered("/cell/v1/recalls");
            let recalls = told["recalls"].as_array().unwrap().iter();
            let mut asked = recalls
                .filter(|recall| recall["by"] != member)
                .flat_map(|recall| {
                    recall["asked"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .filter(|asked| asked["member"] == member)
                });
            asked
                .all(|asked| asked["confirmed"]["how"].is_string())
                .then_some(())
        });
    }
}
