//! Files as they are: what is known of them, what can be made of them, and names that are no text.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _, symlink};

use serde_json::{Value, json};
use surefoot_kernel::effect::EffectResult;
use surefoot_kernel::plugin::{FileAccess, FileGrant};
use surefoot_plugin_host::JournalEntry;

use crate::guest::Script;
use crate::stage::Stage;

/// What the last call returned.
fn returned(stage: &Stage) -> Value {
    match stage.journal.entries().pop() {
        Some(JournalEntry::Read(_, _, EffectResult::Returned { value })) => value.0,
        other => panic!("{other:?}"),
    }
}

async fn listed(stage: &Stage, script: Script) -> Vec<Value> {
    stage.outputs(script.outputs("{}")).await;
    returned(stage)["entries"].as_array().unwrap().clone()
}

fn of<'a>(entries: &'a [Value], path: &str) -> &'a Value {
    entries.iter().find(|entry| entry["path"] == path).unwrap()
}

/// Whether the file system of the working folder keeps attributes of users.
fn keeps_attributes(stage: &Stage) -> bool {
    let probe = stage.work().join("probe");
    std::fs::write(&probe, "").unwrap();
    let set = rustix::fs::setxattr(&probe, "user.a", b"x", rustix::fs::XattrFlags::empty());
    std::fs::remove_file(probe).unwrap();
    set.is_ok()
}

#[tokio::test]
async fn folders_links_and_metadata_are_made_and_told() {
    let stage = Stage::trusting();
    let keeps = keeps_attributes(&stage);
    let attributes: &[(&str, &str)] = if keeps {
        &[("user.b", "2"), ("user.a", "1")]
    } else {
        &[]
    };
    let modified = 1_700_000_000_123_456_789;
    let script = Script::new()
        .make_folder("d/e")
        .make_folder("d/e")
        .write("d/e/f", "content")
        .make_link("d/l", "e/f")
        .make_link("d/l", "e/f")
        .make_hard_link("d/h", "d/e/f")
        .make_hard_link("d/h", "d/e/f")
        .set_metadata("d/e/f", 0o4640, modified, attributes)
        .set_metadata("d/l", 0o777, modified, &[])
        .set_metadata("d/e", 0o750, modified, &[]);
    stage.outputs(script.outputs("{}")).await;
    let file = std::fs::metadata(stage.work().join("d/e/f")).unwrap();
    assert_eq!(file.permissions().mode() & 0o7777, 0o4640);
    assert_eq!((file.mtime(), file.mtime_nsec()), (1_700_000_000, 123_456_789));

    let entries = listed(&stage, Script::new().list_all(".")).await;
    let paths: Vec<&str> = entries.iter().map(|entry| entry["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["d", "d/e", "d/e/f", "d/h", "d/l"]);
    let (one, other, link) = (of(&entries, "d/e/f"), of(&entries, "d/h"), of(&entries, "d/l"));
    assert_eq!(
        (&one["kind"], &one["size"], &one["mode"]),
        (&json!("file"), &json!(7), &json!(0o4640))
    );
    assert_eq!(one["modified"], json!(modified));
    assert_eq!(
        (one["uid"].as_u64(), one["gid"].as_u64()),
        (Some(file.uid().into()), Some(file.gid().into()))
    );
    assert!(one["hard_link"].is_string() && one["hard_link"] == other["hard_link"]);
    assert_eq!((&link["kind"], &link["target"]), (&json!("link"), &json!("e/f")));
    assert_eq!(link["modified"], json!(modified));
    if keeps {
        let names: Vec<&Value> = one["attributes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| &pair[0])
            .collect();
        assert_eq!(names, ["user.a", "user.b"]);
        stage
            .outputs(
                Script::new()
                    .set_metadata("d/e/f", 0o600, 0, &[("user.b", "2")])
                    .outputs("{}"),
            )
            .await;
        let entries = listed(&stage, Script::new().list_all(".")).await;
        assert_eq!(of(&entries, "d/e/f")["attributes"].as_array().unwrap().len(), 1);
    }
    let failure = stage
        .failure(Script::new().set_metadata("d/e/f", 0o10_0000, 0, &[]))
        .await;
    assert_eq!(failure.code, "invalid");
    assert_eq!(stage.failure(Script::new().make_folder("d/e/f")).await.code, "invalid");
    assert_eq!(stage.failure(Script::new().make_link("d/e", "x")).await.code, "invalid");
    assert_eq!(
        stage.failure(Script::new().make_hard_link("x", "d/none")).await.code,
        "not-found"
    );
}

#[tokio::test]
async fn names_that_are_no_text_have_one_spelling() {
    let stage = Stage::trusting();
    for (name, content) in [
        (&b"caf\xe9"[..], "latin"),
        (b"back\\slash", "slash"),
        ("Größe".as_bytes(), "text"),
    ] {
        std::fs::write(
            stage.work().join(OsStr::from_bytes(name)),
            format!("{{\"is\":\"{content}\"}}"),
        )
        .unwrap();
    }
    let entries = listed(&stage, Script::new().list_all(".")).await;
    let paths: Vec<&str> = entries.iter().map(|entry| entry["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["Größe", r"back\\slash", r"caf\xe9"]);
    for (path, is) in [(r"caf\xe9", "latin"), (r"back\\slash", "slash"), ("Größe", "text")] {
        assert_eq!(stage.outputs(Script::new().read(path)).await["is"], is);
    }
    for misspelt in [r"caf\xE9", r"back\slash", r"Gr\xc3\xb6\xc3\x9fe", r"caf\xe"] {
        assert_eq!(
            stage.failure(Script::new().read(misspelt)).await.code,
            "invalid",
            "{misspelt}"
        );
    }
    stage.outputs(Script::new().write(r"new\xff", "x").outputs("{}")).await;
    assert!(stage.work().join(OsStr::from_bytes(b"new\xff")).exists());
}

#[tokio::test]
async fn a_listing_comes_in_pages() {
    let stage = Stage::trusting();
    for path in ["a", "a-b", "b", "c"] {
        std::fs::create_dir_all(stage.work().join(path)).unwrap();
        std::fs::write(stage.work().join(path).join("x"), "1").unwrap();
    }
    let all: Vec<Value> = listed(&stage, Script::new().list_all(".")).await;
    for limit in 1..=9 {
        let (mut found, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = listed(&stage, Script::new().list_after(".", after.as_deref(), limit)).await;
            let more = returned(&stage)["more"] == true;
            assert!(page.len() <= limit as usize);
            after = page.last().map(|entry| entry["path"].as_str().unwrap().to_owned());
            found.extend(page);
            if !more {
                break;
            }
        }
        assert_eq!(found, all, "{limit} at a time");
    }
    assert_eq!(all.len(), 8);
    assert_eq!(
        stage.failure(Script::new().list_after(".", None, 0)).await.code,
        "invalid"
    );
}

#[tokio::test]
async fn holes_are_told_and_dug() {
    let stage = Stage::trusting();
    let sparse = std::fs::File::create(stage.work().join("sparse")).unwrap();
    sparse.set_len(8 << 20).unwrap();
    sparse.write_all_at(b"here", 4 << 20).unwrap();
    sparse.sync_all().unwrap();
    stage.outputs(Script::new().stat("sparse").outputs("{}")).await;
    let entry = returned(&stage);
    let data = entry["data"].as_array().unwrap();
    assert_eq!((data.len(), &data[0][0]), (1, &json!(4 << 20)));
    let content = std::fs::read(stage.work().join("sparse")).unwrap();
    let digest = surefoot_kernel::digest::Digest::of(&content).to_string();
    let script = Script::new()
        .put_file("sparse")
        .copy_blob(&digest, "full")
        .copy_blob_with_holes(&digest, "holes");
    stage.outputs(script.outputs("{}")).await;
    let blocks = |name: &str| std::fs::metadata(stage.work().join(name)).unwrap().blocks();
    assert_eq!(std::fs::read(stage.work().join("holes")).unwrap(), content);
    assert!(
        blocks("holes") * 8 < blocks("full"),
        "{} and {} blocks",
        blocks("holes"),
        blocks("full")
    );
    let left: Vec<_> = std::fs::read_dir(stage.work()).unwrap().collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[tokio::test]
async fn nothing_is_made_or_changed_outside_of_what_may_be_written() {
    let mut stage = Stage::new();
    std::fs::create_dir_all(stage.work().join("open")).unwrap();
    std::fs::create_dir_all(stage.work().join("shut")).unwrap();
    std::fs::write(stage.work().join("shut/secret"), "s").unwrap();
    symlink("../shut", stage.work().join("open/way-out")).unwrap();
    stage.grants.files = vec![
        FileGrant {
            path: "open".into(),
            access: FileAccess::Write,
        },
        FileGrant {
            path: "shut".into(),
            access: FileAccess::Read,
        },
    ];
    for script in [
        Script::new().make_folder("shut/x"),
        Script::new().make_folder("open/../shut/x"),
        Script::new().make_folder("open/way-out/x"),
        Script::new().make_link("shut/x", "y"),
        Script::new().make_link("open/way-out/x", "y"),
        Script::new().make_hard_link("open/x", "shut/secret"),
        Script::new().make_hard_link("open/x", "open/way-out/secret"),
        Script::new().make_hard_link("shut/x", "open/way-out"),
        Script::new().set_metadata("shut/secret", 0o777, 0, &[]),
        Script::new().set_metadata("open/way-out/secret", 0o777, 0, &[]),
        Script::new().copy_blob_with_holes(&surefoot_kernel::digest::Digest::of(b"").to_string(), "shut/x"),
    ] {
        assert_eq!(stage.failure(script).await.code, "denied");
    }
    // A link may say anything; whoever follows it is held back.
    stage
        .outputs(Script::new().make_link("open/l", "/etc/passwd").outputs("{}"))
        .await;
    assert_eq!(stage.failure(Script::new().read("open/l")).await.code, "denied");
    assert_eq!(std::fs::read_dir(stage.work().join("shut")).unwrap().count(), 1);
    assert_eq!(std::fs::metadata(stage.work().join("shut/secret")).unwrap().nlink(), 1);
}
