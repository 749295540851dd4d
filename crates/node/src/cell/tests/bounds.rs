//! What one member sends leaves room for what the others do.

use super::*;

fn of_type(n: u32) -> String {
    format!(r#"{{"type":"x-{n}","id":"x-{n}--1"}}"#)
}

#[test]
fn types_run_out_for_whoever_makes_them_up_and_the_cell_goes_on() {
    let kit = Kit::new();
    let numbers: Vec<u32> = (0..17_000).collect();
    let mut failed = Vec::new();
    for part in numbers.chunks(8_500) {
        let made_up: Vec<String> = part.iter().map(|n| of_type(*n)).collect();
        failed.extend(kit.add(&made_up).failures);
    }
    assert_eq!(failed.len(), 17_000 - crate::cell::index::KINDS_MAX);
    assert!(failed.iter().all(|detail| detail.code == "cell.too_many"));
    let known = r#"{"type":"x-1","id":"x-1--2"}"#.to_owned();
    assert_eq!(kit.add(&[known, of_type(16_999)]).fresh, 1);
    let kit = kit.restarted(&kit.cell.journal.image(true).unwrap());
    assert_eq!(kit.cell.statistics().unwrap().versions, 16_385);
}
