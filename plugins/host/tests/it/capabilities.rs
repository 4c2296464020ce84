//! What is not granted does not happen, and is reported.

use std::os::unix::fs::symlink;

use surefoot_kernel::effect::{EffectClass, EffectResult};
use surefoot_kernel::plugin::FileAccess;
use surefoot_plugin_host::JournalEntry;

use crate::guest::{Process, Script};
use crate::stage::Stage;

/// The refusal that the guest got, the denial that was reported, and the class under which it is
/// recorded.
async fn denied(stage: &Stage, script: Script) -> String {
    let failure = stage.failure(script).await;
    assert_eq!(failure.code, "denied", "{failure:?}");
    let entries = stage.journal.entries();
    let reported = entries
        .iter()
        .any(|entry| matches!(entry, JournalEntry::Denied(_, text) if *text == failure.message));
    assert!(reported, "{entries:?}");
    failure.message
}

#[tokio::test]
async fn nothing_is_granted_by_default() {
    for script in [
        Script::new().process(&["touch", "proof"]),
        Script::new().http("GET", "http://127.0.0.1:1/", &[], None),
        Script::new().http("POST", "http://127.0.0.1:1/", &[], Some("x")),
        Script::new().read("proof"),
        Script::new().stat("proof"),
        Script::new().list_all("."),
        Script::new().write("proof", "x"),
        Script::new().remove("proof"),
        Script::new().rename("proof", "other"),
        Script::new().put("content"),
        Script::new().put_file("proof"),
        Script::new().get("blake3:0000000000000000000000000000000000000000000000000000000000000000"),
    ] {
        let stage = Stage::new();
        let text = denied(&stage, script).await;
        assert!(text.contains("granted"), "{text}");
        let entries = stage.journal.entries();
        let recorded = entries.iter().filter_map(|entry| match entry {
            JournalEntry::Read(_, request, EffectResult::Refused { code, .. }) => Some((request.class, code.as_str())),
            _ => None,
        });
        assert_eq!(
            recorded.collect::<Vec<_>>(),
            [(EffectClass::Read, "denied")],
            "{entries:?}"
        );
        assert!(stage.content("proof").is_none());
    }
}

#[tokio::test]
async fn arguments_are_part_of_the_grant() {
    let mut stage = Stage::new();
    stage.grants.processes = vec![vec!["echo".to_owned(), "{}".to_owned()]];
    assert_eq!(
        stage.outputs(Script::new().process(&["echo", "{}"])).await,
        serde_json::json!({})
    );
    denied(&stage, Script::new().process(&["echo", "{}", "more"])).await;
    denied(&stage, Script::new().process(&["/bin/echo", "{}"])).await;
}

#[tokio::test]
async fn loader_variables_are_denied() {
    let stage = Stage::trusting();
    for name in ["PATH", "LD_PRELOAD"] {
        let with = Process {
            env: &[(name, "x")],
            ..Process::ONCE
        };
        let text = denied(&stage, Script::new().process_with(&["true"], with)).await;
        assert!(text.contains(name), "{text}");
    }
}

#[tokio::test]
async fn processes_run_in_the_working_folder_or_a_granted_one() {
    let mut stage = Stage::new();
    stage.grants.processes = vec![vec!["**".to_owned(), "**".to_owned()]];
    std::fs::create_dir(stage.work().join("inner")).unwrap();
    let run = |cwd| {
        let with = Process {
            cwd: Some(cwd),
            ..Process::ONCE
        };
        Script::new().process_with(&["sh", "-c", "printf '{\"at\":\"%s\"}' \"$(pwd -P)\""], with)
    };
    let at = stage.outputs(run("inner")).await["at"].as_str().unwrap().to_owned();
    assert!(std::path::Path::new(&at).ends_with("work/inner"), "{at}");
    for outside in ["..", "/", "inner/../.."] {
        denied(&stage, run(outside)).await;
    }
    stage.file(stage.folder.path().to_owned(), FileAccess::Read);
    stage.outputs(run("..")).await;
    let failure = stage.failure(run("missing")).await;
    assert_eq!(failure.code, "not-found", "{failure:?}");
}

#[tokio::test]
async fn files_are_read_and_written_where_granted() {
    let mut stage = Stage::new();
    stage.file("in", FileAccess::Read);
    stage.file("out", FileAccess::Write);
    stage.file("single.json", FileAccess::Read);
    std::fs::create_dir(stage.work().join("in")).unwrap();
    std::fs::write(stage.work().join("in/a.json"), "{\"a\":1}").unwrap();
    std::fs::write(stage.work().join("single.json"), "{\"s\":1}").unwrap();
    assert_eq!(stage.outputs(Script::new().read("in/a.json")).await["a"], 1);
    assert_eq!(stage.outputs(Script::new().read("./single.json")).await["s"], 1);
    stage
        .outputs(Script::new().write("out/deep/er/x", "one").outputs("{}"))
        .await;
    assert_eq!(stage.content("out/deep/er/x").as_deref(), Some("one"));
    stage
        .outputs(Script::new().write("out/deep/er/x", "two").outputs("{}"))
        .await;
    stage
        .outputs(Script::new().rename("out/deep/er/x", "out/y").outputs("{}"))
        .await;
    assert_eq!(stage.content("out/y").as_deref(), Some("two"));
    stage
        .outputs(Script::new().remove("out/y").remove("out/y").outputs("{}"))
        .await;
    assert_eq!(stage.content("out/y"), None);
    let left: Vec<_> = std::fs::read_dir(stage.work().join("out"))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left, ["deep"], "no temporary files stay");
    denied(&stage, Script::new().write("in/b", "x")).await;
    denied(&stage, Script::new().write("single.json", "x")).await;
    denied(&stage, Script::new().read("in/../secret")).await;
    assert_eq!(stage.failure(Script::new().read("in/none")).await.code, "not-found");
    assert_eq!(stage.failure(Script::new().read("in")).await.code, "invalid");
    assert_eq!(
        stage.failure(Script::new().write("out/deep", "x")).await.code,
        "invalid"
    );
}

#[tokio::test]
async fn links_do_not_lead_out() {
    let mut stage = Stage::new();
    stage.file("box", FileAccess::Write);
    let secret = stage.folder.path().join("secret");
    std::fs::write(&secret, "{\"secret\":1}").unwrap();
    let inside = stage.work().join("box");
    std::fs::create_dir(&inside).unwrap();
    symlink(&secret, inside.join("link")).unwrap();
    symlink("../../secret", inside.join("relative")).unwrap();
    symlink(stage.folder.path(), inside.join("folder")).unwrap();
    symlink("/proc/self/root", inside.join("magic")).unwrap();
    std::fs::write(inside.join("real"), "{\"real\":1}").unwrap();
    symlink("real", inside.join("near")).unwrap();
    for path in ["box/link", "box/relative", "box/folder/secret", "box/magic/etc/passwd"] {
        denied(&stage, Script::new().read(path)).await;
    }
    denied(&stage, Script::new().write("box/folder/new", "x")).await;
    denied(&stage, Script::new().remove("box/folder/secret")).await;
    denied(&stage, Script::new().list_all("box/folder")).await;
    assert!(!stage.folder.path().join("new").exists());
    assert!(secret.exists());
    assert_eq!(stage.outputs(Script::new().read("box/near")).await["real"], 1);
    // Writing replaces a link, not what it leads to.
    stage
        .outputs(Script::new().write("box/link", "mine").outputs("{}"))
        .await;
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), "{\"secret\":1}");
    assert_eq!(stage.content("box/link").as_deref(), Some("mine"));
}

#[tokio::test]
async fn a_link_in_place_of_a_granted_file_is_not_followed_out() {
    let mut stage = Stage::new();
    stage.file("config", FileAccess::Read);
    symlink("/etc/passwd", stage.work().join("config")).unwrap();
    denied(&stage, Script::new().read("config")).await;
}

#[tokio::test]
async fn a_pipe_is_not_waited_for() {
    let mut stage = Stage::trusting();
    stage.time_left = std::time::Duration::from_secs(5);
    let script = Script::new().process(&["mkfifo", "pipe"]).read("pipe");
    assert_eq!(stage.failure(script).await.code, "invalid");
}

#[tokio::test]
async fn files_over_the_limit_are_read_in_parts() {
    let mut stage = Stage::trusting();
    stage.limits.payload = 1000;
    std::fs::write(stage.work().join("large"), vec![b'x'; 1001]).unwrap();
    assert_eq!(stage.failure(Script::new().read("large")).await.code, "too-large");
}

#[tokio::test]
async fn listings_are_sorted_and_bounded() {
    let mut stage = Stage::trusting();
    for path in ["b/2", "b/1", "a/x"] {
        std::fs::create_dir_all(stage.work().join(path).parent().unwrap()).unwrap();
        std::fs::write(stage.work().join(path), "1234").unwrap();
    }
    symlink("a", stage.work().join("link")).unwrap();
    stage.outputs(Script::new().list_all(".").outputs("{}")).await;
    let Some(JournalEntry::Read(_, _, EffectResult::Returned { value })) = stage.journal.entries().pop() else {
        panic!("{:?}", stage.journal.entries());
    };
    let listed: Vec<(String, String)> = value.0["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (
                entry["path"].as_str().unwrap().to_owned(),
                entry["kind"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let listed: Vec<(&str, &str)> = listed.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(
        listed,
        [
            ("a", "folder"),
            ("a/x", "file"),
            ("b", "folder"),
            ("b/1", "file"),
            ("b/2", "file"),
            ("link", "link")
        ]
    );
    stage.limits.payload = 300;
    stage.outputs(Script::new().list_all(".").outputs("{}")).await;
    let Some(JournalEntry::Read(_, _, EffectResult::Returned { value })) = stage.journal.entries().pop() else {
        panic!("{:?}", stage.journal.entries());
    };
    assert!(
        value.0["entries"].as_array().unwrap().len() < 6,
        "what does not fit follows on the next page"
    );
    assert_eq!(value.0["more"], true);
    stage.limits.payload = 100;
    assert_eq!(stage.failure(Script::new().list_all(".")).await.code, "too-large");
}

#[tokio::test]
async fn blobs_come_from_files_and_go_to_files() {
    let stage = Stage::trusting();
    std::fs::write(stage.work().join("data"), "{\"blob\":true}").unwrap();
    let digest = surefoot_kernel::digest::Digest::of(b"{\"blob\":true}").to_string();
    let script = Script::new()
        .put_file("data")
        .copy_blob(&digest, "new/copy")
        .get(&digest);
    assert_eq!(stage.outputs(script).await["blob"], true);
    assert_eq!(stage.content("new/copy").as_deref(), Some("{\"blob\":true}"));
    let none = surefoot_kernel::digest::Digest::of(b"none").to_string();
    assert_eq!(stage.failure(Script::new().get(&none)).await.code, "not-found");
    assert_eq!(stage.failure(Script::new().get("md5:1")).await.code, "invalid");
}
