//! The pages as a browser without scripts meets them.

use crate::record::{Ballots, Lie, SERIES, Shelf};
use portcullis_node::{door::Doors, public::Record};
use portcullis_verdict::report::Signed;
use portcullis_web::{Limits, Server, page::report_html};
use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, LazyLock},
};

static BALLOTS: LazyLock<Ballots> = LazyLock::new(|| Ballots::make(4));

/// A server over a record, on a thread that ends with the process.
fn serve(doors: Arc<dyn Doors>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server::plain(listener, doors, Limits::default()).unwrap();
    let address = server.address();
    std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(server.run(std::future::pending()))
    });
    address
}

struct Answer {
    status: u16,
    headers: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    fn holds(&self, text: &str) {
        assert!(self.body.contains(text), "{text:?} is not in {}", self.body);
    }
}

fn get(address: SocketAddr, path: &str) -> Answer {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut whole = Vec::new();
    stream.read_to_end(&mut whole).unwrap();
    let whole = String::from_utf8_lossy(&whole).into_owned();
    let (headers, body) = whole.split_once("\r\n\r\n").unwrap();
    Answer {
        status: headers.get(9..12).unwrap().parse().unwrap(),
        headers: headers.to_owned(),
        body: body.to_owned(),
    }
}

fn truthful() -> SocketAddr {
    static ADDRESS: LazyLock<SocketAddr> =
        LazyLock::new(|| serve(Arc::new(Shelf::new(&BALLOTS, Lie::None))));
    *ADDRESS
}

#[test]
fn the_front_page_says_what_the_record_holds_without_a_script() {
    let page = get(truthful(), "/");
    assert_eq!(page.status, 200);
    page.holds("<h1>Public record of mail.example</h1>");
    page.holds("<dd>1,024</dd>");
    for witness in ["inspectorate", "newspaper", "university"] {
        page.holds(&format!("<th scope=\"row\">{witness}</th>"));
    }
    page.holds("Silences: times in which the record should have grown and did not");
    page.holds(&format!("/record/reports/{SERIES}/2"));
    page.holds("A disclosure made outside it.");
    page.holds("A wrong cell.");
    page.holds("Secrecy past its end.");
    assert!(!page.body.contains("<script"), "the front page needs none");
}

#[test]
fn a_report_page_gives_every_figure_in_words_beside_its_bar() {
    let page = get(truthful(), &format!("/record/reports/{SERIES}/2"));
    assert_eq!(page.status, 200);
    page.holds("Warrants received");
    page.holds("aria-label=\"exactly ");
    page.holds("the law allows no figure yet");
    page.holds("Figures that nothing proves");
    page.holds("512: from 512 up to 1,024 (mail.example)");
    page.holds("portcullis report verify 2.json");
    let banded = get(truthful(), "/record/reports/uk-accounts/1");
    banded.holds("aria-label=\"between 0 and 99\"");
}

#[test]
fn a_joint_report_says_whose_totals_it_gives() {
    let page = get(truthful(), "/record/reports/uk-joint/1");
    assert_eq!(page.status, 200);
    page.holds("it gives the totals of several organisations, and no one’s own");
    page.holds("mail-2.example/log/live/1");
    page.holds("aria-label=\"exactly 18\"");
}

#[test]
fn an_opened_docket_is_shown_field_by_field() {
    let front = get(truthful(), "/").body;
    let at = front.find("/record/opened/").unwrap();
    let link = front[at..].split('"').next().unwrap();
    let page = get(truthful(), link);
    assert_eq!(page.status, 200);
    page.holds("<th scope=\"row\">What it brings about</th><td>disclose</td>");
    page.holds("Communications-data notices received (cell 4)");
}

#[test]
fn a_page_may_run_one_script_and_load_nothing_from_elsewhere() {
    let page = get(truthful(), &format!("/record/reports/{SERIES}/2"));
    assert_eq!(
        page.header("content-security-policy"),
        Some(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
             connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'none'"
        )
    );
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(page.header(name), Some(value), "{name}");
    }
    assert!(page.header("permissions-policy").is_some());
    for inline in [" style=", "<style", " onclick=", " onload=", "javascript:"] {
        assert!(!page.body.contains(inline), "{inline}");
    }
    for script in page.body.split("<script").skip(1) {
        let tag = script.split('>').next().unwrap();
        assert!(tag.contains("src=\"/record/assets/check-"), "{tag}");
        assert!(tag.contains("integrity=\"sha256-"), "{tag}");
    }
}

#[test]
fn what_pages_load_is_there_never_changes_and_has_the_digest_it_says() {
    use base64::Engine as _;
    use sha2::Digest as _;
    let page = get(truthful(), "/").body;
    let tag = page
        .split("<link rel=\"stylesheet\" href=\"")
        .nth(1)
        .unwrap();
    let path = tag.split('"').next().unwrap();
    let style = get(truthful(), path);
    assert_eq!(
        style.header("content-type"),
        Some("text/css; charset=utf-8")
    );
    assert_eq!(
        style.header("cache-control"),
        Some("public, max-age=31536000, immutable")
    );
    let digest = sha2::Sha256::digest(style.body.as_bytes());
    let integrity = base64::engine::general_purpose::STANDARD.encode(digest);
    assert!(tag.contains(&format!("integrity=\"sha256-{integrity}\"")));
    assert_eq!(get(truthful(), "/record/assets/check-0.js").status, 404);
}

#[test]
fn what_is_not_there_is_a_page_that_says_so() {
    for path in [
        "/record/reports/uk-interception/3",
        "/record/reports/uk-interception/02",
        "/record/reports/another/1",
        "/record/opened/00",
        "/record/nothing",
        "/record/reports/a/b/c",
    ] {
        let page = get(truthful(), path);
        assert_eq!(page.status, 404, "{path}");
        page.holds("There is nothing at this address");
        assert!(page.header("content-security-policy").is_some());
    }
    let encoded = get(truthful(), "/record/reports/%3Cscript%3E/1");
    assert_eq!(encoded.status, 400, "no path is written in two ways");
}

#[test]
fn names_that_are_markup_are_shown_as_names() {
    let mut shelf = Shelf::new(&BALLOTS, Lie::None);
    let hostile = "<script>alert(1)</script>\"'&";
    let index = serde_json::json!({"opened": [{
        "path": format!("opened/{hostile}.json"),
        "origin": hostile, "index": 1, "opened_at": hostile
    }]});
    shelf
        .files
        .insert("opened/index.json".into(), index.to_string().into_bytes());
    let reports = serde_json::json!({"reports": [{
        "series": hostile, "number": 1, "path": hostile, "kind": hostile,
        "period": {"from": hostile, "to": hostile}
    }]});
    shelf
        .files
        .insert("report/index.json".into(), reports.to_string().into_bytes());
    let page = get(serve(Arc::new(shelf)), "/");
    assert_eq!(page.status, 200);
    assert!(!page.body.contains("<script"), "markup stays text");
    page.holds("&#60;script&#62;alert(1)");
}

#[test]
fn a_node_without_a_record_begins_with_an_empty_page() {
    let mut shelf = Shelf::new(&BALLOTS, Lie::None);
    shelf.files.clear();
    let page = get(serve(Arc::new(shelf)), "/");
    assert_eq!(page.status, 200);
    page.holds("No checkpoint has been published yet.");
    page.holds("No report has been published yet.");
}

#[test]
fn a_report_on_its_own_page_has_its_style_and_no_script() {
    let shelf = Shelf::new(&BALLOTS, Lie::None);
    let bytes = &shelf.files[&format!("report/{SERIES}/2.json")];
    let html = report_html(Signed::parse(bytes).unwrap().report());
    assert!(html.starts_with("<!doctype html>") && html.contains("<style>"));
    assert!(!html.contains("<script") && !html.contains("http://") && !html.contains("src="));
    assert!(html.contains("uk-interception report no. 2"));
    assert!(html.contains("it proves nothing by itself"));
}

#[test]
fn the_record_reads_like_the_files_it_is_made_from() {
    let shelf = Shelf::new(&BALLOTS, Lie::None);
    let record: Record = Doors::record(&shelf).unwrap();
    let log = record.log("mail.example/log/live/1").unwrap();
    assert_eq!(log.checkpoint.as_ref().unwrap().witnesses.len(), 3);
    assert_eq!(log.shape.as_ref().unwrap().tiles, 1);
    assert_eq!(record.reports.len(), 4);
    assert_eq!(record.opened[0].index, 100);
}

#[test]
fn a_page_shows_what_files_say_and_leaves_judging_to_the_check() {
    for (name, lie) in Lie::ALL {
        let page = get(
            serve(Arc::new(Shelf::new(&BALLOTS, lie))),
            &format!("/record/reports/{SERIES}/2"),
        );
        assert_eq!(page.status, 200, "{name}");
        page.holds("Warrants received");
    }
}
