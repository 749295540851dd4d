//! `docs/walkthrough.md`, command by command: what the page says is what happens.

use crate::walk::Page;

#[test]
fn the_walkthrough_does_what_it_says() {
    let page = Page {
        path: "docs/walkthrough.md",
        sides: &["agency", "company"],
        addresses: &["127.0.0.1:7441", "127.0.0.1:7442"],
        least: 20,
    };
    page.does_what_it_says();
}
