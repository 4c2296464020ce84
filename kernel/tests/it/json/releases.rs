//! Whichever release of the library is built in, and with whatever features: the same texts, the same values.

use std::path::PathBuf;
use std::process::Command;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use surefoot_kernel::json::Json;

use super::properties;

/// Builds `fixtures/older-json`, which is `exchange.rs` with `serde_json` 1.0.140, and has it read texts
/// that were written here and write them again. It needs the packages of its lock file, as any build does.
fn exchanged_with_the_older_release(features: &[&str]) {
    const TEXTS: usize = 3000;
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("older-json{}", features.concat()));
    std::fs::create_dir_all(&folder).unwrap();

    let mut runner = TestRunner::deterministic();
    let mut texts = String::new();
    for _ in 0..TEXTS {
        let value = properties::value().new_tree(&mut runner).unwrap().current();
        texts.push_str(&Json(value).text());
        texts.push('\n');
    }
    let file = folder.join("texts.jsonl");
    std::fs::write(&file, texts).unwrap();

    let output = Command::new(env!("CARGO"))
        .args(["test", "--quiet", "--locked", "--lib", "--manifest-path"])
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../fixtures/older-json/Cargo.toml"
        ))
        .arg("--target-dir")
        .arg(folder.join("target"))
        .args(features)
        .args(["--", "--nocapture"])
        .env("SUREFOOT_JSON_TEXTS", &file)
        .output()
        .unwrap();
    let (told, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{told}\n{errors}");
    // It is the older one: this one writes a sign.
    assert!(
        told.contains(&format!("{TEXTS} texts; this library writes 1e16\n")),
        "{told}\n{errors}"
    );
}

#[test]
fn an_older_release_has_the_same_texts() {
    exchanged_with_the_older_release(&[]);
}

#[test]
fn an_older_release_with_other_features_has_the_same_texts() {
    exchanged_with_the_older_release(&["--features", "other-features"]);
}

/// With these features the texts stay the same, but values that were just made are no longer equal to what
/// their record gives back: a number keeps the spelling it was read with, an object the order of its members.
/// What is replayed would not be what was lived.
#[test]
fn no_dependency_switches_on_what_makes_equal_values_differ() {
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(
        read("1e2"),
        json!(100.0),
        "a dependency switches on serde_json/arbitrary_precision"
    );
    let members = read(r#"{"b":1,"a":2}"#).to_string();
    assert!(
        members.starts_with(r#"{"a""#),
        "a dependency switches on serde_json/preserve_order"
    );
    let double = read("1.7800590868057611e-307");
    assert_eq!(
        double,
        json!(1.7800590868057611e-307),
        "nothing switches on serde_json/float_roundtrip"
    );
}
