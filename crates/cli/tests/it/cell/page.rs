//! The first ten minutes of `docs/cell.md`, as two organisations on one machine.

use crate::walk::Page;

#[test]
fn ten_minutes_with_a_cell_go_as_its_page_says() {
    let page = Page {
        path: "docs/cell.md",
        sides: &["csirt", "bank"],
        addresses: &[
            "127.0.0.1:9000",
            "127.0.0.1:9001",
            "127.0.0.1:9443",
            "127.0.0.1:9444",
        ],
        least: 30,
    };
    page.does_what_it_says();
}
