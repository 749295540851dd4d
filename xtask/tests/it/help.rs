//! The help that a newcomer meets first.

use std::process::Command;

fn says(arguments: &[&str]) -> String {
    let xtask = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .output()
        .unwrap();
    let said = [xtask.stdout, xtask.stderr].concat();
    String::from_utf8(said).unwrap()
}

#[test]
fn help_names_every_task_and_the_inner_loop() {
    let help = says(&["--help"]);
    for word in [
        "cargo xtask",
        "check",
        "test",
        "bench",
        "install",
        "cargo test -p portcullis-core",
    ] {
        assert!(help.contains(word), "`{word}` is not in:\n{help}");
    }
}

#[test]
fn without_a_task_the_help_is_shown() {
    assert!(says(&[]).contains("Usage: cargo xtask <COMMAND>"));
}
