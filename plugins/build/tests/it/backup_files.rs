//! `backup-files` with real files.

use serde_json::json;
use surefoot_plugin_host::AttemptEnd;

use crate::stand::Stand;

crate::with_both!("backup-files": backs_up_verifies_and_restores, damaged_and_missing);

fn prepare(stand: &Stand) {
    stand.file("conf/app.env", "A=1\n");
    stand.file("conf/deep/rules.yml", "rules: []\n");
    stand.file("conf/old.bak", "x");
    stand.file("compose.yml", "services: {}\n");
    std::os::unix::fs::symlink("app.env", stand.work().join("conf/link")).unwrap();
    stand.grant(json!({"files": [{"path": ".", "access": "write"}], "blobs": true}));
}

fn backs_up_verifies_and_restores(stand: &Stand) {
    prepare(stand);
    let input = json!({"paths": ["conf", "compose.yml"], "exclude": ["*.bak"]});
    let backup = stand.run("create", input.clone()).outputs();
    assert_eq!(
        (&backup["files"], &backup["size"], &backup["skipped"]),
        (&json!(3), &json!(27), &json!(1))
    );
    let verified = stand.run("verify", json!({"backup": backup["digest"]})).outputs();
    assert_eq!(verified, json!({"verified": true, "files": 3, "size": 27}));

    stand.file("conf/app.env", "A=broken\n");
    std::fs::remove_file(stand.work().join("conf/deep/rules.yml")).unwrap();
    let restore = json!({"backup": backup["digest"]});
    assert_eq!(stand.run("restore", restore.clone()).outputs()["files"], 3);
    assert_eq!(
        std::fs::read_to_string(stand.work().join("conf/app.env")).unwrap(),
        "A=1\n"
    );
    assert_eq!(
        std::fs::read_to_string(stand.work().join("conf/deep/rules.yml")).unwrap(),
        "rules: []\n"
    );

    stand.crash_everywhere("create", &input, |end| match end {
        AttemptEnd::Succeeded(outcome) => assert_eq!(outcome.outputs.0["digest"], backup["digest"]),
        other => panic!("{other:?}"),
    });
    stand.crash_everywhere("restore", &restore, |end| {
        assert!(matches!(end, AttemptEnd::Succeeded(_)), "{end:?}")
    });
}

fn damaged_and_missing(stand: &Stand) {
    prepare(stand);
    assert_eq!(
        stand.run("create", json!({"paths": ["nothing"]})).failure().code,
        "not-found"
    );
    let backup = stand.run("create", json!({"paths": ["conf"]})).outputs();
    let digest = surefoot_kernel::digest::Digest::of(b"A=1\n");
    std::fs::write(stand.blobs().join(digest.hex()), "A=2\n").unwrap();
    for operation in ["verify", "restore"] {
        let failure = stand.run(operation, json!({"backup": backup["digest"]})).failure();
        assert_eq!(failure.code, "damaged-backup");
        assert!(failure.message.contains("conf/app.env"), "{}", failure.message);
    }
    let other = surefoot_kernel::digest::Digest::of(b"never stored").to_string();
    assert_eq!(
        stand.run("verify", json!({"backup": other})).failure().code,
        "not-found"
    );
}
