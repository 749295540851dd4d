//! Two looks behind the seals: an inspector's sample, and a docket at the end of its secrecy.

use super::{
    cast::{HARBOUR, OVERSIGHT, id},
    ours::Ours,
    world::World,
};
use crate::{cmd::demo::Stage, failure::Failure};
use portcullis_core::{id::CaseId, office::Office, statement::Event};
use portcullis_node::Env as _;
use portcullis_tlog::note::SignedNote;
use portcullis_verdict::{
    Against, Trust,
    inspection::{
        self, Believing, Commitment, Found, Nonce, Receipt, Signed, check_answer, check_sample,
    },
    parts::{Contents, Head, Part},
    schema,
};

/// At which size of the company's record the sample is drawn: its last tick of the half-year.
const AT: u64 = 256 * super::traffic::WEEKS as u64;
/// How many leaves are drawn; about one in thirty counts something.
const COUNT: u32 = 96;

/// A sample that was committed to, and not drawn yet.
pub(super) struct Committed {
    nonce: Nonce,
    commitment: Signed<Commitment>,
    receipt: Signed<Receipt>,
}

/// The inspectorate commits to a sample while the log has not grown to its size, and the company
/// signs that it has the commitment.
pub(super) fn commit(world: &World) -> Result<Committed, Failure> {
    let node = &world.at(HARBOUR).node;
    let mut bytes = [0; 32];
    world.clock.fill(&mut bytes);
    let nonce = Nonce::new(bytes);
    let log = node.logs()?.into_iter().next();
    let origin = log.and_then(|log| log.origin.parse().ok());
    let commitment = Commitment {
        realm: node.realm().name().to_owned(),
        overseer: id(OVERSIGHT)?,
        origin: origin.ok_or_else(|| Failure::unable("demo", "no log yet"))?,
        from: 0,
        at: AT,
        count: COUNT,
        commitment: nonce.commitment(),
        made_at: world.clock.now(),
    };
    let key = world.keys.person(OVERSIGHT, Office::Inspector)?;
    let signature = key.sign(Commitment::PAYLOAD_TYPE, &commitment.payload());
    let commitment = commitment.signed(signature)?;
    let receipt = node.receive_commitment(&commitment)?;
    Ok(Committed {
        nonce,
        commitment,
        receipt,
    })
}

/// The sample is drawn, answered and checked.
pub(super) fn sample(world: &World, committed: Committed, stage: &Stage) -> Result<(), Failure> {
    stage.chapter("An inspector looks at leaves that neither side could choose");
    let (company, overseer) = (world.at(HARBOUR), world.at(OVERSIGHT));
    let path = company.dir.join(format!("log/1/checkpoints/{AT:012}"));
    let bytes = std::fs::read(&path).map_err(|error| Failure::file(&path, &error))?;
    let checkpoint = SignedNote::parse(&bytes)
        .map_err(|error| Failure::false_("log.checkpoint", error.to_string()))?;
    let sample = inspection::Sample {
        commitment: committed.commitment,
        receipt: committed.receipt,
        nonce: committed.nonce,
        checkpoint,
        made_at: world.clock.now(),
    };
    let key = world.keys.person(OVERSIGHT, Office::Inspector)?;
    let signature = key.sign(inspection::Sample::PAYLOAD_TYPE, &sample.payload());
    let sample = sample.signed(signature)?;
    stage.step(format_args!(
        "{OVERSIGHT} shows the nonce that it committed to in December: with January's root it picks {COUNT} leaves"
    ));
    let (_, answer) = company.node.answer_sample(&sample)?;
    world.deliver()?;
    let parts = answer.to_parts();
    let head = Head {
        contents: Contents::Answer,
        realm: company.node.realm().name().to_owned(),
        member: company.node.me().clone(),
        subject: sample.digest().to_string(),
        made_at: company.node.now(),
        parts: parts.iter().map(Part::listed).collect(),
    };
    let (history, trust) = (overseer.node.history()?, Trust::default());
    let now = overseer.node.now();
    let drawn = check_sample(
        &sample,
        Some(AT),
        &Believing {
            history: &history,
            trust: &trust,
            now,
        },
    )?;
    let against = Against {
        history: &history,
        trust: &trust,
        laws: overseer.node.laws(),
        realm: overseer.node.realm(),
        us: None,
        now,
    };
    let schemas = schema::builtin();
    let found = check_answer(&head, &answer, &sample, &drawn, &schemas, &against)?;
    if let Some(bad) = found.iter().find(|one| !one.holds()) {
        let why = format!("leaf {}: {:?}", bad.index, bad.found);
        return Err(Failure::false_("demo.sample", why));
    }
    let of = |kind: fn(&Found) -> bool| found.iter().filter(|one| kind(&one.found)).count();
    let covers = of(|found| matches!(found, Found::Cover));
    let shown = of(|found| matches!(found, Found::Shown { recorded: true, .. }));
    stage.step(format_args!(
        "{covers} count nothing; {shown} stand for statements of {} cases, each in the right cell, and each look recorded first",
        answer.cases.len()
    ));
    Ok(())
}

/// The docket of a secret case is asked for while its secrecy runs.
pub(super) fn too_early(world: &World, case: CaseId, stage: &Stage) -> Result<(), Failure> {
    stage.refused(
        "the docket of the case under a court's secrecy, opened in January",
        &["secrecy.still"],
        unsealed(world, case).map(|()| "unsealed".to_owned()),
    )
}

/// Its secrecy has ended: the docket is opened, and checked as anybody would.
pub(super) fn unseal(
    world: &World,
    ours: &Ours,
    case: CaseId,
    stage: &Stage,
) -> Result<(), Failure> {
    stage.chapter("The end of secrecy");
    unsealed(world, case)?;
    let seat = world.at(HARBOUR);
    let unsealing = seat.node.open_dockets(case)?;
    stage.step(format_args!(
        "the court's secrecy ended on 1 March 2026: {HARBOUR} opens the {} dockets of that case, and no target with them",
        unsealing.opened.len()
    ));
    for path in &unsealing.opened {
        ours.opened(&seat.dir.join(path))?;
    }
    stage.step("`portcullis inspect opened`: each is its leaf's, in the log, and counted where the schema has it");
    Ok(())
}

fn unsealed(world: &World, case: CaseId) -> Result<(), Failure> {
    let office = Office::LegalResponse;
    world
        .say(HARBOUR, office, Some(case), &Event::Unsealed, None)
        .map(drop)
}
