//! Hostile deliveries: a member's certificate is good, and what it brings is not.

use crate::{
    cast::Place,
    dice::Dice,
    house::House,
    network::{deliver_to, outcomes},
    world::World,
};
use jiff::{SignedDuration, Timestamp};
use portcullis_core::{
    case::Case,
    id::CaseId,
    member::MemberId,
    office::Office,
    realm::Realm,
    statement::{Approval, Event, Header},
};
use portcullis_sign::{Envelope, SecretKey};
use portcullis_verdict::{Entry, bundle::EntryJson, statement};
use serde_json::{Value, json};

/// What came of an attack: its word, and the code of the refusal, or what went wrong.
type Attack = (&'static str, Result<String, String>);

type Try<'a> = fn(&Assault<'a>, &mut Dice) -> Option<Attack>;

/// One attack on a place; `None` when there is nothing to attack with.
pub fn attack(world: &World, house: &House, place: Place, dice: &mut Dice) -> Option<Attack> {
    let attacks: [Try<'_>; 9] = [
        Assault::other_realm,
        Assault::other_register,
        Assault::garbage,
        Assault::somebody_elses_case,
        Assault::under_another_case,
        Assault::changed_bytes,
        Assault::forged_author,
        Assault::stolen_key,
        Assault::case_of_another_realm,
    ];
    let assault = Assault {
        world,
        house,
        place,
    };
    // Thieves are rare: whoever is there has the first try now and then.
    if dice.chance(30)
        && let Some(tried) = assault.stolen_key(dice)
    {
        return Some(tried);
    }
    let first = dice.below(attacks.len());
    (0..attacks.len()).find_map(|n| attacks[(first + n) % attacks.len()](&assault, dice))
}

struct Assault<'a> {
    world: &'a World,
    house: &'a House,
    place: Place,
}

/// One statement as a delivery carries it.
fn sent(envelope: &[u8]) -> Value {
    let entry = Entry {
        envelope: envelope.to_vec(),
        inclusion: None,
    };
    json!({ "statement": EntryJson::from(&entry), "attachment": null, "after": [] })
}

impl Assault<'_> {
    fn body(&self, realm: &str, version: i64, case: &str, envelopes: &[Vec<u8>]) -> Option<Value> {
        let history = self.world.node(self.place).history().ok()?;
        let newest = history.newest();
        let number = i64::try_from(newest.register.version).ok()? + version;
        let statements: Vec<Value> = envelopes.iter().map(|bytes| sent(bytes)).collect();
        Some(json!({
            "kind": "portcullis-delivery/v1",
            "realm": realm,
            "register": { "version": number.max(0), "digest": newest.digest.to_string() },
            "cases": [{ "case": case, "statements": statements }],
        }))
    }

    /// Brings it, and sees that nothing changed and nothing was accepted that was new.
    fn bring(&self, word: &'static str, from: &MemberId, body: &[u8]) -> Attack {
        let seat = self.world.seat(self.place);
        let before = seat.versions();
        let (answer, wrong) = deliver_to(seat, from, body);
        if let Some(wrong) = wrong.into_iter().next() {
            return (word, Err(wrong));
        }
        if !seat.is_broken() && before != seat.versions() {
            return (word, Err("it changed a case".into()));
        }
        let code = match outcomes(&answer.body).into_iter().next() {
            Some((_, outcome, code)) => format!("{outcome} {code}"),
            None => format!("status {}", answer.status),
        };
        (word, Ok(code))
    }

    /// A case that some node holds, with its envelopes and one of its parties.
    fn case(&self, dice: &mut Dice, ours: bool) -> Option<(CaseId, Vec<Vec<u8>>, Case)> {
        let mut all: Vec<(Place, CaseId)> = Vec::new();
        for at in Place::ALL {
            all.extend(self.house.cases(at).map(|case| (at, *case)));
        }
        let mut fitting = Vec::new();
        for (at, id) in all {
            let Ok(viewed) = self.world.node(at).view(id) else {
                continue;
            };
            let party = viewed.case.party(&self.place.member()).is_some();
            if party == ours && (!ours || at == self.place) {
                fitting.push((at, id, viewed.case));
            }
        }
        let (at, id, case) = dice.pick(&fitting)?.clone();
        let bundle = self.world.node(at).bundle(id).ok()?;
        let envelopes = bundle.entries.into_iter().map(|entry| entry.envelope);
        Some((id, envelopes.collect(), case))
    }

    fn somebody(&self, case: &Case) -> MemberId {
        if case.order.authority == self.place.member() {
            case.order.provider.clone()
        } else {
            case.order.authority.clone()
        }
    }

    fn realm(&self) -> &str {
        self.world.cast.realm().name()
    }

    fn other_realm(&self, dice: &mut Dice) -> Option<Attack> {
        let (id, envelopes, case) = self.case(dice, true)?;
        let body = self.body("exercise-harbour", 0, &id.to_string(), &envelopes)?;
        let body = body.to_string();
        Some(self.bring("another realm", &self.somebody(&case), body.as_bytes()))
    }

    fn case_of_another_realm(&self, dice: &mut Dice) -> Option<Attack> {
        let (_, envelopes, case) = self.case(dice, true)?;
        let realm = Realm::exercise("harbour", [1, 2, 3, 4]).ok()?;
        let id = CaseId::new(&realm, [9; 12]);
        let body = self.body(self.realm(), 0, &id.to_string(), &envelopes)?;
        let body = body.to_string();
        Some(self.bring(
            "a case of another realm",
            &self.somebody(&case),
            body.as_bytes(),
        ))
    }

    fn other_register(&self, dice: &mut Dice) -> Option<Attack> {
        let (id, envelopes, case) = self.case(dice, true)?;
        let mut body = self.body(
            self.realm(),
            [-1, 0, 1][dice.below(3)],
            &id.to_string(),
            &envelopes,
        )?;
        if dice.chance(50) {
            let other = portcullis_verdict::text::sha256(b"another register").to_string();
            body["register"]["digest"] = Value::from(other);
        } else {
            body["register"]["version"] = Value::from(0);
        }
        let body = body.to_string();
        Some(self.bring("another register", &self.somebody(&case), body.as_bytes()))
    }

    fn garbage(&self, dice: &mut Dice) -> Option<Attack> {
        let (_, _, case) = self.case(dice, true)?;
        let mut bytes = vec![0; dice.below(2000)];
        dice.fill(&mut bytes);
        let nested = "[".repeat(50_000);
        let body = if dice.chance(50) {
            &bytes[..]
        } else {
            nested.as_bytes()
        };
        Some(self.bring("garbage", &self.somebody(&case), body))
    }

    fn somebody_elses_case(&self, dice: &mut Dice) -> Option<Attack> {
        let (id, envelopes, case) = self.case(dice, false)?;
        let body = self.body(self.realm(), 0, &id.to_string(), &envelopes)?;
        let body = body.to_string();
        Some(self.bring(
            "somebody else's case",
            &case.order.authority,
            body.as_bytes(),
        ))
    }

    fn under_another_case(&self, dice: &mut Dice) -> Option<Attack> {
        let (id, _, case) = self.case(dice, true)?;
        let (other, envelopes, _) = self.case(dice, true)?;
        if id == other {
            return None;
        }
        let body = self.body(self.realm(), 0, &id.to_string(), &envelopes)?;
        let body = body.to_string();
        Some(self.bring("under another case", &self.somebody(&case), body.as_bytes()))
    }

    fn changed_bytes(&self, dice: &mut Dice) -> Option<Attack> {
        let (id, envelopes, case) = self.case(dice, true)?;
        let original = dice.pick(&envelopes)?;
        let parsed = Envelope::parse(original).ok()?;
        let mut payload = parsed.payload().to_vec();
        let at = dice.below(payload.len());
        *payload.get_mut(at)? ^= 1 << dice.below(7);
        let changed = Envelope::seal(
            parsed.payload_type(),
            &payload,
            parsed.signatures().to_vec(),
        )
        .ok()?;
        let body = self.body(
            self.realm(),
            0,
            &id.to_string(),
            &[changed.as_bytes().to_vec()],
        )?;
        let body = body.to_string();
        Some(self.bring("changed bytes", &self.somebody(&case), body.as_bytes()))
    }

    /// The next statement of `author` in the case as the victim sees it.
    fn next(case: &Case, author: Place, event: &Event, at: Timestamp) -> Header {
        let member = author.member();
        let chain = case.chains.get(&member);
        Header {
            kind: event.kind(),
            realm: case.realm.clone(),
            case: case.id,
            addressee: case.addressee(&member).clone(),
            author: member,
            number: chain.map_or(0, |chain| chain.next),
            previous: chain.map(|chain| chain.last),
            time: chain.map_or(at, |chain| chain.time.max(at)),
            law: case.law,
        }
    }

    fn signed(header: &Header, event: &Event, key: &SecretKey) -> Option<Vec<u8>> {
        let payload = statement::payload(header, event).ok()?;
        let kind = statement::payload_type(header.kind);
        let signature = key.sign(&kind, &payload);
        let envelope = Envelope::seal(&kind, &payload, vec![signature]).ok()?;
        Some(envelope.as_bytes().to_vec())
    }

    fn forged_author(&self, dice: &mut Dice) -> Option<Attack> {
        let (id, _, case) = self.case(dice, true)?;
        let subject = case.order_subject()?;
        let office = subject.next_turn()?.offices.first().copied()?;
        let author = Place::of(case.order.approvers.get(&office)?)?;
        if author == self.place {
            return None;
        }
        let event = Event::Approved(Approval {
            subject: subject.digest,
            office,
            signed_for: None,
        });
        let header = Self::next(&case, author, &event, self.world.clock.now());
        // Somebody with a good key, and not of the author.
        let strangers = self.world.cast.people.iter();
        let strangers: Vec<_> = strangers.filter(|p| p.place != author).collect();
        let stranger = dice.pick(&strangers)?;
        let envelope = Self::signed(&header, &event, &stranger.key)?;
        let body = self.body(self.realm(), 0, &id.to_string(), &[envelope])?;
        let from = stranger.place.member();
        Some(self.bring("a forged author", &from, body.to_string().as_bytes()))
    }

    fn stolen_key(&self, dice: &mut Dice) -> Option<Attack> {
        let thieves = self.world.cast.people.iter();
        let thieves: Vec<_> = thieves
            .filter(|p| p.stolen && p.revoked && p.place != self.place)
            .collect();
        let stolen = dice.pick(&thieves)?;
        self.world.fetch_register(self.place).ok()?;
        let knows = self.world.node(self.place).history().ok()?;
        let (_, entry) = knows
            .newest()
            .register
            .key(&stolen.digest())
            .map(|(id, key)| (id.clone(), key.clone()))?;
        let gone = entry.revoked?;
        let (id, _, case) = self.case(dice, true)?;
        case.party(&stolen.place.member())?;
        let event = if stolen.offices.contains(&Office::Applicant) {
            let answer = "send it to me".to_owned();
            Event::ClarificationAnswered { answer }
        } else {
            let subject = case.order_subject()?;
            let office = subject.next_turn()?.offices.first().copied()?;
            Event::Approved(Approval {
                subject: subject.digest,
                office,
                signed_for: None,
            })
        };
        // Dated before the theft, where the case lets it be.
        let before = gone
            .since
            .saturating_sub(SignedDuration::from_hours(1))
            .ok()?;
        let header = Self::next(&case, stolen.place, &event, before);
        let envelope = Self::signed(&header, &event, &stolen.key)?;
        let body = self.body(self.realm(), 0, &id.to_string(), &[envelope])?;
        let from = stolen.place.member();
        Some(self.bring("a stolen key", &from, body.to_string().as_bytes()))
    }
}
