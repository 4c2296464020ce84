//! Every kind of finding, over the runbooks in `fixtures/runbooks`.

use surefoot_kernel::runbook::{Severity, check};

use super::catalog;

macro_rules! findings {
    ($($name:ident $file:literal $valid:literal;)*) => {$(
        #[test]
        fn $name() {
            let text = include_str!(concat!("../../../../fixtures/runbooks/", $file, ".yaml"));
            let (runbook, findings) = check(text, &catalog::standard());
            let errors = findings.iter().any(|finding| finding.severity == Severity::Error);
            assert_eq!(runbook.is_some(), !errors);
            assert_eq!(runbook.is_some(), $valid, "{}", super::told(text, &findings));
            insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
                insta::assert_snapshot!(stringify!($name), super::told(text, &findings));
            });
        }
    )*};
}

findings! {
    syntax "invalid/01-syntax" false;
    duplicate_key "invalid/02-duplicate-key" false;
    unknown_keys "invalid/03-unknown-keys" false;
    wrong_types "invalid/04-wrong-types" false;
    missing_keys "invalid/05-missing-keys" false;
    quantities "invalid/06-quantities" false;
    names "invalid/07-names" false;
    plugins "invalid/08-plugins" false;
    templates "invalid/09-templates" false;
    conditions "invalid/10-conditions" false;
    needs "invalid/11-needs" false;
    inputs_of_steps "invalid/12-inputs-of-steps" false;
    secrets "invalid/13-secrets" false;
    laws "invalid/14-laws" false;
    window "invalid/15-window" false;
    no_timezone "invalid/16-no-timezone" false;
    alias_bomb "invalid/17-alias-bomb" false;
    two_documents "invalid/18-two-documents" false;
    a_list "invalid/19-a-list" false;
    empty "invalid/20-empty" false;
    warnings "doubtful/01-warnings" true;
}

/// The example of the reference is a runbook without a single finding.
#[test]
fn the_documented_example_is_sound() {
    let reference = include_str!("../../../../docs/RUNBOOK.md");
    let (_, rest) = reference.split_once("```yaml\napiVersion").unwrap();
    let text = format!("apiVersion{}", rest.split_once("```").unwrap().0);
    let (runbook, findings) = check(&text, &catalog::standard());
    assert_eq!(super::told(&text, &findings), "");
    assert!(runbook.is_some());
}

/// The reference lists every code that the snapshots show.
#[test]
fn every_code_is_documented() {
    let reference = include_str!("../../../../docs/RUNBOOK.md");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/runbook/snapshots");
    let mut seen = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for line in text
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()))
        {
            let code = line.split(": ").nth(1).unwrap().trim_start_matches("warning ");
            assert!(
                reference.contains(&format!("`{code}`")),
                "{code} is not in docs/RUNBOOK.md"
            );
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen} findings");
}

#[test]
fn the_sample_runbook_is_sound() {
    let text = include_str!("../../../../fixtures/quickstart/runbook.yaml");
    let (runbook, findings) = check(text, &catalog::Anything);
    assert_eq!(super::told(text, &findings), "");
    assert!(runbook.is_some());
}
