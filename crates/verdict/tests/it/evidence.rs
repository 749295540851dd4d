//! A case's evidence: what it shows, what is missing, and every alteration.

use crate::kit::{Story, World, at, key, member, order};
use portcullis_core::statement::Event;
use portcullis_verdict::{
    Outcome,
    evidence::{Evidence, Held, Story as Told, Unpublished, tell},
    law::LAW_FILES,
    parts::{Contents, Head, Part, Reader},
    register::versions,
    schema::SCHEMA_FILES,
    text::sha256,
};
use proptest::prelude::*;
use std::sync::OnceLock;

const MADE: &str = "2026-03-04T09:00:00Z";
const APPLICATION: &[u8] = b"thirty-two bytes of salt, and so on";

struct Scene {
    world: World,
    story: Story,
    held: Held,
}

impl Scene {
    fn new() -> Self {
        let mut world = World::new();
        let mut order = order();
        order.application = sha256(APPLICATION);
        let mut story = world.case(1, order);
        story.whole();
        answered(&mut story);
        story.witnessed(&mut world);
        let law = LAW_FILES[0].1.as_bytes().to_vec();
        let held = Held {
            bundle: portcullis_verdict::Bundle {
                entries: story.entries.clone(),
            },
            register: versions::to_bytes(world.anchor(), &world.versions),
            laws: vec![law],
            ..Held::default()
        };
        Self { world, story, held }
    }

    fn lines(&self, content: &Held, by: &str) -> Vec<Vec<u8>> {
        let parts = content.to_parts();
        let head = Head {
            contents: Contents::Evidence,
            realm: "live".into(),
            member: member("mail"),
            subject: self.story.id.to_string(),
            made_at: at(MADE),
            parts: parts.iter().map(Part::listed).collect(),
        };
        let signature = key(by).sign(Contents::Evidence.payload_type(), &head.payload());
        let mut lines = vec![head.line(signature).unwrap()];
        lines.extend(parts.iter().map(Part::line));
        lines
    }

    fn told(&self, held: &Held) -> Told {
        self.read(&self.lines(held, "mail-node")).unwrap()
    }

    fn read(&self, lines: &[Vec<u8>]) -> Result<Told, String> {
        let mut reader = Reader::begin(&lines[0], Contents::Evidence).map_err(|e| e.to_string())?;
        let mut parts = Vec::new();
        for line in &lines[1..] {
            parts.push(reader.part(line).map_err(|error| error.to_string())?);
        }
        let (envelope, head) = reader.finish().map_err(|error| error.to_string())?;
        let evidence = Evidence {
            envelope,
            head,
            held: Held::from_parts(parts).map_err(|error| error.to_string())?,
        };
        tell(&evidence, Some(self.world.anchor()), at(MADE)).map_err(|error| error.to_string())
    }
}

fn answered(story: &mut Story) {
    let order = story.order_digest;
    let verdict = "GENUINE".into();
    let received = Event::Received { order, verdict };
    story.say("mail", "counsel", "2026-03-02T13:05:00Z", &received);
}

fn codes(told: &Told) -> Vec<&'static str> {
    told.false_.iter().map(|(code, _)| *code).collect()
}

#[test]
fn evidence_tells_the_verdict_every_statement_and_what_is_missing() {
    let scene = Scene::new();
    let told = scene.told(&scene.held);
    assert_eq!(codes(&told), [""; 0], "{:?}", told.false_);
    assert_eq!(
        told.verdict.outcome,
        Outcome::Genuine,
        "{}",
        told.verdict.line
    );
    assert!(told.compared && told.sealed_by.is_ok());
    let kinds: Vec<_> = told.told.iter().map(|one| one.kind).collect();
    assert_eq!(
        kinds,
        [
            "drafted", "approved", "approved", "issued", "served", "received"
        ]
    );
    assert!(told.told.iter().all(|one| one.witnessed.is_some()));
    assert_eq!(told.missing, ["the application: not in this file"]);
    let mut with = scene.held.clone();
    with.attachments.push(APPLICATION.to_vec());
    let told = scene.told(&with);
    assert_eq!(
        (told.attachments, told.missing.len(), codes(&told).len()),
        (1, 0, 0)
    );
}

#[test]
fn what_is_missing_is_said_and_is_not_false() {
    let scene = Scene::new();
    let mut held = scene.held.clone();
    held.bundle.entries[4].inclusion = None;
    let told = scene.told(&held);
    assert_eq!(codes(&told), [""; 0]);
    let missing = told.missing.join("; ");
    assert!(
        missing.contains("`served` 1 of police.example: no proof"),
        "{missing}"
    );
    let mut held = scene.held.clone();
    held.bundle.entries.remove(0);
    let told = scene.told(&held);
    assert!(
        told.missing
            .iter()
            .any(|one| one == "statement 0 of police.example"),
        "{:?}",
        told.missing
    );
    assert_eq!(told.verdict.outcome, Outcome::NotGenuine);
    assert_eq!(codes(&told), ["verdict.not_genuine"]);
}

#[test]
fn a_law_or_a_schema_of_the_sealers_own_making_is_named() {
    let scene = Scene::new();
    assert_eq!(scene.told(&scene.held).unpublished, []);
    let mut held = scene.held.clone();
    let law = [held.laws[0].as_slice(), b"\n# ours\n"].concat();
    let schema = SCHEMA_FILES[0].1;
    let ours = [schema.as_bytes(), b"\n# ours\n"].concat();
    held.schemas = vec![schema.into(), ours.clone()];
    held.laws.push(law.clone());
    let told = scene.told(&held);
    let named = |what, bytes: &[u8]| Unpublished {
        what,
        digest: sha256(bytes),
    };
    assert_eq!(
        told.unpublished,
        [named("law", &law), named("schema", &ours)]
    );
    // It is not false, and what the statements rest on comes with the program.
    assert_eq!(codes(&told), [""; 0]);
}

#[test]
fn what_is_false_is_named() {
    let scene = Scene::new();
    // A statement that was rewritten, by whoever could seal the file.
    let mut story = scene.story.clone();
    story.forge(0, |payload| payload.replace("u/48151623", "u/48151624"));
    let mut held = scene.held.clone();
    held.bundle.entries = story.entries;
    assert!(codes(&scene.told(&held)).contains(&"proof.false"));
    // An attachment that nobody signed for.
    let mut held = scene.held.clone();
    held.attachments.push(b"something else".to_vec());
    assert_eq!(codes(&scene.told(&held)), ["statement.attachment"]);
    // A docket that is none.
    let mut held = scene.held.clone();
    held.opened.push(b"{}".to_vec());
    assert_eq!(codes(&scene.told(&held)), ["opened.malformed"]);
    // Somebody else's seal.
    let told = scene
        .read(&scene.lines(&scene.held, "chat-counsel"))
        .unwrap();
    assert_eq!(codes(&told), ["signature.unknown_key"]);
    // Another case's statement.
    let mut other = scene.world.case(2, order());
    other.draft("2026-03-02T09:00:00Z");
    let mut held = scene.held.clone();
    held.bundle.entries.extend(other.entries);
    assert!(codes(&scene.told(&held)).contains(&"statement.other_case"));
    // A register that cannot be believed.
    let mut held = scene.held.clone();
    held.register = b"{}".to_vec();
    let error = scene.read(&scene.lines(&held, "mail-node")).unwrap_err();
    assert!(error.contains("the register in the file"), "{error}");
}

fn scene() -> &'static (Scene, Vec<Vec<u8>>) {
    static SCENE: OnceLock<(Scene, Vec<Vec<u8>>)> = OnceLock::new();
    SCENE.get_or_init(|| {
        let scene = Scene::new();
        let lines = scene.lines(&scene.held, "mail-node");
        (scene, lines)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn no_byte_of_the_evidence_can_be_changed(
        line in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), to in any::<u8>(),
    ) {
        let (scene, lines) = scene();
        let mut changed = lines.clone();
        let number = line.index(lines.len());
        let at = place.index(lines[number].len());
        prop_assume!(changed[number][at] != to);
        changed[number][at] = to;
        match scene.read(&changed) {
            Ok(told) => prop_assert!(!told.false_.is_empty(), "line {} byte {}", number, at),
            Err(why) if number > 0 => {
                let name = &scene.held.to_parts()[number - 1].name;
                prop_assert!(why.contains(name.as_str()), "{}: {}", name, why);
            }
            Err(_) => {}
        }
    }
}
