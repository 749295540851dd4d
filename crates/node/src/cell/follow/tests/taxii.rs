use super::{Bench, Request, Response, Server, Source, ids, json};
use std::sync::Mutex;

const URL: &str = "https://taxii.example/api/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/";

/// A server with objects in the order of their dates, which are whole seconds as some servers have them.
struct Taxii {
    /// Date in seconds, id, version in milliseconds.
    objects: Vec<(i64, String, i64)>,
    /// Whether it pages by `next`; else by dates alone.
    next: bool,
    /// Whether its manifest shows the same page again and again.
    stuck: bool,
    /// The most objects on its pages.
    limit_max: usize,
}

fn date(seconds: i64) -> String {
    let at = jiff::Timestamp::from_second(seconds).unwrap();
    format!("{at:.6}")
}

fn version(ms: i64) -> String {
    format!("{:.3}", jiff::Timestamp::from_millisecond(ms).unwrap())
}

fn value<'a>(path: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = path.split_once('?')?;
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

fn answer(server: &mut Taxii, request: &Request) -> Response {
    let path = &request.path;
    let limit: usize = value(path, "limit").unwrap().parse().unwrap();
    let limit = limit.min(server.limit_max);
    let after = value(path, "added_after").map(|text| {
        let at: jiff::Timestamp = text.replace("%3A", ":").parse().unwrap();
        at.as_microsecond()
    });
    let wanted: Option<Vec<&str>> = value(path, "match[id]").map(|ids| ids.split(',').collect());
    let from: usize = value(path, "next").map_or(0, |next| next.parse().unwrap());
    let all: Vec<_> = server
        .objects
        .iter()
        .filter(|(date, ..)| after.is_none_or(|after| after < date * 1_000_000))
        .filter(|(_, id, _)| wanted.as_ref().is_none_or(|ids| ids.contains(&id.as_str())))
        .skip(from)
        .collect();
    let page: Vec<_> = all.iter().take(limit).collect();
    let more = page.len() < all.len();
    let manifest = path.contains("/manifest/");
    if manifest && server.stuck {
        return json(
            200,
            r#"{"more":true,"next":"0","objects":[{"id":"indicator--1"}]}"#,
        );
    }
    let objects = page.iter().map(|(added, id, ms)| {
        if manifest {
            let (added, version) = (date(*added), version(*ms));
            format!(r#"{{"id":"{id}","date_added":"{added}","version":"{version}"}}"#)
        } else {
            let version = version(*ms);
            format!(r#"{{"type":"indicator", "id":"{id}","created":"{version}","modified":"{version}"}}"#)
        }
    });
    let objects: Vec<String> = objects.collect();
    let next = if more && server.next {
        format!(r#","next":"{}""#, from + page.len())
    } else {
        String::new()
    };
    let mut response = json(
        200,
        format!(
            r#"{{"more":{more}{next},"objects":[{}]}}"#,
            objects.join(",")
        ),
    );
    if let (Some(first), Some(last)) = (page.first(), page.last()) {
        response.headers = vec![
            ("x-taxii-date-added-first".into(), date(first.0)),
            ("x-taxii-date-added-last".into(), date(last.0)),
        ];
    }
    response
}

fn id(number: usize) -> String {
    format!("indicator--00000000-0000-4000-8000-{number:012}")
}

fn server(next: bool, limit_max: usize, dates: impl Iterator<Item = i64>) -> Server<Taxii> {
    let base = 1_780_000_000;
    let objects = dates
        .enumerate()
        .map(|(number, date)| (base + date, id(number), (base + date) * 1000))
        .collect();
    Server {
        state: Mutex::new(Taxii {
            objects,
            next,
            stuck: false,
            limit_max,
        }),
        asked: Mutex::default(),
        answer,
    }
}

fn bench() -> Bench {
    Bench::new(Source::Taxii {
        url: URL.into(),
        credential: None,
    })
}

#[test]
fn a_first_copy_has_everything_whichever_way_the_server_pages() {
    // Runs of equal dates, across the ends of pages.
    for (next, limit_max) in [(true, 1000), (true, 7), (false, 100_000)] {
        let server = server(next, limit_max, (0..3000).map(|number| number / 900));
        let bench = bench();
        assert_eq!(
            bench.settle(&server),
            3000,
            "next {next}, {limit_max} a page"
        );
        assert_eq!(bench.held().len(), 3000);
        assert_eq!(bench.settle(&server), 0, "nothing comes twice");
    }
}

#[test]
fn more_objects_of_one_date_than_a_page_has_come_over_by_larger_pages() {
    let server = server(false, 100_000, (0..2600).map(|_| 5));
    let bench = bench();
    assert_eq!(bench.settle(&server), 2600);
    let asked = server.asked.lock().unwrap();
    assert!(
        asked.iter().any(|path| path.contains("limit=4000")),
        "{asked:?}"
    );
}

#[test]
fn a_server_that_cannot_page_within_one_date_is_said_to_be_so() {
    let server = server(false, 10, (0..30).map(|_| 5));
    let bench = bench();
    for _ in 0..20 {
        bench.tick(&server);
    }
    let error = bench.cell.follows().remove(0).last_error.unwrap().1;
    assert!(error.contains("does not page within one date"), "{error}");
}

#[test]
fn what_is_added_under_a_date_that_was_seen_already_is_not_missed() {
    let server = server(true, 1000, (0..10).map(i64::from));
    let bench = bench();
    bench.settle(&server);
    // Committed late, with the newest date there was.
    let late = (1_780_000_009, id(77), 1_780_000_009_500);
    server.state.lock().unwrap().objects.push(late);
    assert_eq!(bench.settle(&server), 1);
    assert!(ids(&bench.held()).contains(id(77).as_str()));
}

#[test]
fn what_the_server_has_deleted_goes_and_what_it_has_again_comes_back() {
    let server = server(true, 4, (0..10).map(i64::from));
    let bench = bench();
    bench.settle(&server);
    // The comparison that follows each start.
    bench.settle(&server);
    assert_eq!(bench.held().len(), 10);
    let gone = server.state.lock().unwrap().objects.remove(3);
    bench.pass(3600);
    bench.settle(&server);
    assert_eq!(bench.held().len(), 9);
    assert!(!ids(&bench.held()).contains(gone.1.as_str()));
    server.state.lock().unwrap().objects.push(gone.clone());
    bench.pass(3600);
    bench.settle(&server);
    assert!(ids(&bench.held()).contains(gone.1.as_str()));
}

#[test]
fn objects_of_a_server_whose_manifest_has_no_end_come_all_the_same() {
    let server = server(true, 4, (0..10).map(i64::from));
    server.state.lock().unwrap().stuck = true;
    let bench = bench();
    bench.settle(&server);
    for late in 20..23_i64 {
        let added = 1_780_000_000 + late;
        let object = (added, id(usize::try_from(late).unwrap()), added * 1000);
        server.state.lock().unwrap().objects.push(object);
        bench.pass(3600);
        assert_eq!(bench.settle(&server), 1);
    }
    assert_eq!(bench.held().len(), 13, "nothing goes on its word");
    let notes = bench.cell.follows().remove(0).notes;
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert_eq!(notes[0].what, "the comparison with its manifest");
    assert!(notes[0].why.contains("again and again"), "{notes:?}");
    // Its manifest is right again: what it deletes is found.
    {
        let mut state = server.state.lock().unwrap();
        state.stuck = false;
        state.objects.remove(3);
    }
    bench.pass(3600);
    bench.settle(&server);
    assert_eq!(bench.held().len(), 12);
}

#[test]
fn objects_keep_their_bytes_and_a_server_does_not_speak_for_what_is_here_already() {
    let server = server(true, 1000, 0..1);
    let bench = bench();
    let version = version(1_780_000_000_000);
    let ours = format!(
        r#"{{"type":"indicator","id":"{}","created":"{version}","modified":"{version}","name":"ours"}}"#,
        id(0)
    );
    bench.publish(&[&ours]);
    assert_eq!(bench.settle(&server), 0);
    let held = bench.held();
    assert_eq!(held.into_values().next().unwrap(), ours.as_bytes());
    let server = self::server(true, 1000, 0..2);
    bench.pass(3600);
    bench.settle(&server);
    let held = bench.held();
    let theirs = held.iter().find(|((of, _), _)| *of == id(1)).unwrap().1;
    assert!(theirs.starts_with(br#"{"type":"indicator", "id""#));
}

#[test]
fn a_server_makes_no_version_of_what_is_here_by_another_way_and_none_of_tomorrow() {
    let server = server(true, 1000, 0..2);
    let bench = bench();
    let before = version(1_770_000_000_000);
    let ours = format!(
        r#"{{"type":"indicator","id":"{}","created":"{before}","modified":"{before}","name":"ours"}}"#,
        id(0)
    );
    bench.publish(&[&ours]);
    assert_eq!(bench.settle(&server), 1);
    let at = |n: usize| {
        let held = bench.held();
        let of = held.into_keys().filter(|(of, _)| *of == id(n));
        of.map(|(_, version_us)| version_us).collect::<Vec<_>>()
    };
    assert_eq!(at(0), [1_770_000_000_000_000]);
    let notes = || bench.cell.follows().remove(0).notes;
    assert_eq!(notes().len(), 1, "{:?}", notes());
    // The manifest has it, too, and nobody asks for it again.
    bench.pass(3600);
    assert_eq!(bench.settle(&server), 0);
    let add = |n, ms: i64| {
        let added = ms.min(1_790_000_000_000) / 1000;
        let mut state = server.state.lock().unwrap();
        state.objects.push((added, id(n), ms));
    };
    // What came from it, it changes; but not to what is yet to come.
    add(1, 1_785_000_000_000);
    add(1, 4_000_000_000_000);
    assert_eq!(bench.settle(&server), 1);
    assert_eq!(at(1), [1_780_000_001_000_000, 1_785_000_000_000_000]);
    let ahead = |note: &crate::cell::follow::Noted| note.why == "cell.made_ahead";
    assert!(notes().iter().any(ahead), "{:?}", notes());
}

#[test]
fn a_node_of_another_realm_is_not_read() {
    let id = "91a7b528-80eb-42ed-a74d-c6fbd5a26116";
    for (root, refused) in [
        ("taxii2/exercise-storm", true),
        ("taxii2/%65xercise-storm", true),
        ("taxii2/live", false),
        ("taxii2/root", false),
        ("exercise-storm", false),
    ] {
        let bench = Bench::new(Source::Taxii {
            url: format!("https://taxii.example/{root}/collections/{id}/"),
            credential: None,
        });
        let server = Server {
            state: Mutex::new(()),
            asked: Mutex::default(),
            answer: |(), _| json(200, "{}"),
        };
        bench.tick(&server);
        let failed = bench.cell.follows().remove(0).last_error.is_some();
        assert_eq!(failed, refused, "{root}");
        assert_eq!(server.asked.lock().unwrap().is_empty(), refused, "{root}");
    }
}

#[test]
fn pages_that_never_end_are_given_up() {
    use crate::cell::remote::{Endpoint, taxii};
    let server = Server {
        state: Mutex::new(0_u32),
        asked: Mutex::default(),
        answer: |at, _| {
            *at += 1;
            json(200, format!(r#"{{"more":true,"next":"{}"}}"#, *at % 2))
        },
    };
    let source = taxii::Source::parse(URL, Endpoint::default()).unwrap();
    assert!(taxii::by_id(&server, &source, &["indicator--1"]).is_err());
    assert!(server.asked.lock().unwrap().len() <= 200);
    let server = Server {
        state: Mutex::new(0_u32),
        asked: Mutex::default(),
        answer: |at, _| {
            *at += 1;
            let next = *at % 2;
            json(
                200,
                format!(r#"{{"more":true,"next":"{next}","objects":[{{"id":"indicator--1"}}]}}"#),
            )
        },
    };
    assert!(taxii::manifest(&server, &source, 0).is_err());
    assert!(server.asked.lock().unwrap().len() <= 20_000);
}
