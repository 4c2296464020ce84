//! `git` with the real git.

use std::process::Command;

use serde_json::json;

use crate::stand::Stand;

crate::with_both!("git": looks_at_a_working_copy);

fn git(stand: &Stand, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(stand.work())
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.invalid",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn looks_at_a_working_copy(stand: &Stand) {
    stand.grant(json!({"processes": [["git", "--no-optional-locks", "-C", "*", "status", "**"]]}));
    assert_eq!(
        stand.run("check", json!({"folder": "/nowhere"})).failure().code,
        "git-failed"
    );
    git(stand, &["init", "-q", "-b", "main"]);
    stand.file("a.txt", "a");
    git(stand, &["add", "."]);
    git(stand, &["commit", "-q", "-m", "one"]);
    let commit = git(stand, &["rev-parse", "HEAD"]);
    let outputs = stand
        .run(
            "check",
            json!({"branch": "main", "commit": commit[..12], "clean": true}),
        )
        .outputs();
    assert_eq!(
        outputs,
        json!({"branch": "main", "commit": commit, "clean": true, "changed_files": 0, "changed": []})
    );

    stand.file("with blank.txt", "b");
    stand.file("a.txt", "changed");
    let outputs = stand.run("check", json!({})).outputs();
    assert_eq!(outputs["changed"], json!(["a.txt", "with blank.txt"]));
    let failure = stand
        .run("check", json!({"clean": true, "branch": "release"}))
        .failure();
    assert_eq!(failure.code, "expectation-failed");
    assert!(
        failure.message.contains("branch: expected release, was main"),
        "{}",
        failure.message
    );
    git(stand, &["checkout", "-q", "--detach"]);
    assert_eq!(stand.run("check", json!({})).outputs()["branch"], json!(null));
}
