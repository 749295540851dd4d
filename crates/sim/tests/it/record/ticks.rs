use super::text;
use crate::kit::Town;
use jiff::{SignedDuration, Timestamp};
use portcullis_sim::{cast::Place, op::Op, world::TICK};
use portcullis_tlog::note::SignedNote;
use portcullis_verdict::monitor::shape::LogShape;

const PLACE: Place = Place::Chat;

fn size(town: &Town) -> u64 {
    let logs = town.run.world.node(PLACE).logs().unwrap();
    logs.last().map_or(0, |log| log.size)
}

fn sequence(town: &mut Town, after: SignedDuration) {
    town.step(Op::Advance(u32::try_from(after.as_secs()).unwrap().into()));
    town.step(Op::Sequencer(PLACE));
}

/// Sizes and times, as the log says them.
fn ticks(town: &Town) -> Vec<(u64, Timestamp)> {
    let text = text(town.run.world.node(PLACE), "log/1/ticks");
    let parse = |line: &str| {
        let (size, at) = line.split_once(' ').unwrap();
        (size.parse().unwrap(), at.parse().unwrap())
    };
    text.lines().map(parse).collect()
}

#[test]
fn an_idle_log_grows_by_a_full_tile_of_cover_at_every_tick() {
    let mut town = Town::new(31);
    town.step(Op::Sequencer(PLACE));
    assert_eq!(size(&town), 256, "an empty log begins at once");
    town.step(Op::Sequencer(PLACE));
    assert_eq!(size(&town), 256, "and goes on at the tick");
    for tick in 2..=4 {
        sequence(&mut town, TICK);
        assert_eq!(size(&town), 256 * tick);
    }
    let node = town.run.world.node(PLACE);
    assert_eq!(node.store().queued_count().unwrap(), 0);
    let sizes: Vec<_> = ticks(&town).into_iter().map(|(size, _)| size).collect();
    assert_eq!(sizes, [256, 512, 768, 1024]);
    for size in sizes {
        let kept = text(node, &format!("log/1/checkpoints/{size:012}"));
        assert!(kept.contains(&format!("\n{size}\n")));
    }
    assert_eq!(
        text(node, "log/1/checkpoints/000000001024"),
        text(node, "log/1/checkpoint")
    );
}

#[test]
fn a_time_in_which_a_node_did_not_run_is_not_filled_in_and_shows() {
    let mut town = Town::new(32);
    town.step(Op::Sequencer(PLACE));
    sequence(&mut town, TICK);
    // Down for five ticks and a bit.
    town.step(Op::Crash(PLACE));
    let bit = SignedDuration::from_secs(100);
    sequence(&mut town, TICK * 5 + bit);
    assert_eq!(
        size(&town),
        512,
        "the next tick is on the grid, and not now"
    );
    sequence(&mut town, TICK - bit);
    assert_eq!(size(&town), 768, "one tile, whatever was missed");
    let ticks = ticks(&town);
    let gap = ticks[2].1.duration_since(ticks[1].1);
    assert!(gap >= TICK * 6 - SignedDuration::from_secs(60), "{ticks:?}");
    for (_, at) in &ticks[1..] {
        let off = at.as_second().rem_euclid(TICK.as_secs());
        assert!(
            off < 60,
            "every tick but the first is on the grid: {ticks:?}"
        );
    }
}

#[test]
fn what_a_stop_left_unpublished_is_published_at_the_next_call() {
    let mut town = Town::new(33);
    town.step(Op::Sequencer(PLACE));
    let kept = "log/1/checkpoints/000000000256";
    let node = town.run.world.node(PLACE);
    let (checkpoint, ticks) = (text(node, kept), text(node, "log/1/ticks"));
    for path in [kept, "log/1/ticks", "log/1/checkpoint"] {
        node.blobs().delete(path).unwrap();
    }
    town.step(Op::Crash(PLACE));
    // The lease of the process that stopped runs out.
    sequence(&mut town, SignedDuration::from_mins(2));
    let node = town.run.world.node(PLACE);
    assert_eq!(text(node, kept), checkpoint);
    assert_eq!(text(node, "log/1/checkpoint"), checkpoint);
    assert_eq!(text(node, "log/1/ticks"), ticks);
    assert_eq!(size(&town), 256);
}

#[test]
fn a_shape_is_signed_and_another_one_holds_from_where_the_log_stands_then() {
    let mut town = Town::new(34);
    town.step(Op::Sequencer(PLACE));
    let node = town.run.world.node(PLACE);
    let key = node.keys().log_signer(1).unwrap().vkey();
    let shape = LogShape::verify(text(node, "log/1/shape").as_bytes(), &key).unwrap();
    assert_eq!((shape.since.0, shape.tiles), (0, 1));
    assert_eq!(shape.tick_ms, u64::try_from(TICK.as_millis()).unwrap());
    assert_eq!(shape.schema, node.schema().id.0);
    let origin = shape.origin.to_string();
    assert_eq!(shape.report_key, node.seed().report_key(&origin).public());
    let schema = text(node, "log/1/schema");
    assert_eq!(
        portcullis_verdict::text::sha256(schema.as_bytes()).0,
        shape.schema
    );
    let policy = text(node, "log/1/policy");
    let policy = portcullis_tlog::policy::Policy::parse(policy.as_bytes()).unwrap();
    let checkpoint = SignedNote::parse(text(node, "log/1/checkpoint").as_bytes()).unwrap();
    assert_eq!(
        policy.verify_quorum(&checkpoint).unwrap().checkpoint.size.0,
        256
    );
    // Our own log by its generation, every other member's by its registered name.
    let mut listed: Vec<String> = policy
        .logs()
        .iter()
        .map(|log| log.key().to_string())
        .collect();
    assert_eq!(listed.remove(0), key.to_string());
    let history = node.history().unwrap();
    let members = history.newest().register.members.values();
    let logs: Vec<String> = members.filter_map(|member| member.log.clone()).collect();
    let own = key.named(node.keys().log_name.parse().unwrap()).to_string();
    assert!(logs.contains(&own));
    let others: Vec<_> = logs.into_iter().filter(|log| *log != own).collect();
    assert!(!others.is_empty());
    assert_eq!(listed, others);
    town.run
        .world
        .restart_with(PLACE, |parts| parts.shape.tiles = 3)
        .unwrap();
    sequence(&mut town, SignedDuration::from_mins(2));
    assert_eq!(size(&town), 256);
    sequence(&mut town, TICK);
    assert_eq!(size(&town), 256 + 768);
    let node = town.run.world.node(PLACE);
    let wider = LogShape::verify(text(node, "log/1/shape").as_bytes(), &key).unwrap();
    assert_eq!((wider.since.0, wider.tiles), (256, 3));
    let first = text(node, "log/1/shapes/000000000000");
    assert_eq!(LogShape::verify(first.as_bytes(), &key).unwrap(), shape);
    assert_eq!(
        text(node, "log/1/shapes/000000000256"),
        text(node, "log/1/shape")
    );
}
