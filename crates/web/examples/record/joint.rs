//! A joint report of three small logs, as its participants would make it.

use super::{checkpoint_of, schema, set, to_line, to_part};
use portcullis_ballot::{
    Ahead, Batch, Cell, Context, Leaf, ReportKey, Salt, Seed,
    joint::{Participant as Party, Session},
    report::{self as ballot, Totals},
};
use portcullis_tlog::{
    checkpoint::Checkpoint,
    hash::leaf_hash,
    note::{NoteSigner, SignedNote},
    tree::root_of,
};
use portcullis_verdict::report::{Joint, Participant, Report, Signed, Subject, sign};
use rand::{SeedableRng as _, rngs::StdRng};

/// How many take part.
const PARTIES: u8 = 3;
/// How many leaves each has.
const LEAVES: usize = 24;

/// One log of the three.
struct Log {
    origin: String,
    seed: u8,
    key: ReportKey,
    sum: [u8; 32],
    totals: Totals,
    checkpoint: SignedNote,
}

/// The signer of a participant's log.
fn signer(number: u8) -> NoteSigner {
    let name = format!("mail-{number}.example/log/live/1");
    NoteSigner::new(name.parse().unwrap(), &[60 + number; 32])
}

/// What a policy says of these logs.
pub(crate) fn policy_lines() -> String {
    let lines =
        (0..PARTIES).map(|number| ["log ", &signer(number).vkey().to_string(), "\n"].concat());
    lines.collect()
}

impl Log {
    fn new(number: u8) -> Self {
        let mut generator = StdRng::seed_from_u64(u64::from(number));
        let seed = Seed::new([80 + number; 32]);
        let origin = signer(number).vkey().name().to_string();
        let schema = schema();
        let context = Context {
            origin: &origin,
            schema: &schema,
        };
        let leaves: Vec<Leaf> = (0..LEAVES)
            .map(|index| {
                let digest = Salt::draw(&mut generator).0;
                let cell = u8::try_from(index % 4).unwrap();
                let ahead = Ahead::draw(&seed, &mut generator);
                Leaf::prove(ahead, &context, &digest, Cell::new(cell), &seed)
            })
            .collect();
        let mut batch = Batch::new(&context);
        for leaf in &leaves {
            batch.push(leaf).unwrap();
        }
        let array = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).unwrap();
        let pairs = leaves
            .iter()
            .map(|leaf| (array(leaf.digest()), array(leaf.commitment_bytes())));
        let hashes: Vec<_> = leaves
            .iter()
            .map(|leaf| leaf_hash(leaf.as_bytes()))
            .collect();
        let at = "2027-01-01T00:00:05Z".parse().unwrap();
        Self {
            sum: batch.verify(&mut generator).unwrap().to_bytes(),
            totals: ballot::totals(&seed, &origin, pairs).unwrap(),
            checkpoint: checkpoint_of(&signer(number), LEAVES, root_of(&hashes), at, false),
            key: seed.report_key(&origin),
            seed: number,
            origin,
        }
    }

    fn range(&self) -> ballot::Range<'_> {
        ballot::Range {
            origin: &self.origin,
            root: Checkpoint::parse(self.checkpoint.text()).unwrap().root.0,
            start: 0,
            end: LEAVES as u64,
            schema: schema(),
            sum: self.sum,
        }
    }
}

/// Makes `frame` a joint report over cells 1 to 3, and signs it for everybody;
/// `less` is taken from its first figure.
pub(crate) fn report(mut frame: Report, less: u64) -> Signed {
    let mut logs: Vec<Log> = (0..PARTIES).map(Log::new).collect();
    logs.sort_by_key(|log| log.key.public());
    let parties: Vec<Party<'_>> = logs
        .iter()
        .map(|log| Party {
            range: log.range(),
            key: log.key.public(),
        })
        .collect();
    let (from, to) = (frame.period.from.to_string(), frame.period.to.to_string());
    let session = Session::new(set(&[1, 2, 3]), 1, &from, &to, &parties).unwrap();
    let mut generator = StdRng::seed_from_u64(9);
    let participants = logs.iter().enumerate().map(|(at, log)| Participant {
        source: to_part(&log.origin, LEAVES, &log.checkpoint, log.sum),
        report_key: log.key.public(),
        masks: session.masks(at, &log.key).unwrap().commitments().to_vec(),
        opening: session
            .open(at, &log.key, &log.totals, &mut generator)
            .unwrap(),
    });
    frame.subject = Subject::Joint(Joint {
        attempt: 1,
        participants: participants.collect(),
    });
    let total = |cell: usize| {
        logs.iter()
            .map(|log| log.totals.counts[cell - 1])
            .sum::<u64>()
    };
    frame.lines = vec![
        to_line(
            "joint-orders",
            "Orders, of all three",
            &[1],
            total(1) - less,
        ),
        to_line(
            "joint-others",
            "Persons and factors, of all three",
            &[2, 3],
            total(2) + total(3),
        ),
    ];
    frame.unproved.clear();
    let payload = frame.to_bytes();
    let signatures = logs
        .iter()
        .map(|log| sign(signer(log.seed).vkey(), [60 + log.seed; 32], &payload));
    Signed::new(&frame, signatures.collect()).unwrap()
}
