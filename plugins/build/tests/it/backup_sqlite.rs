//! `backup-sqlite` with the real sqlite3.

use std::process::Command;

use serde_json::{Value, json};
use surefoot_plugin_host::AttemptEnd;

use crate::stand::Stand;

crate::with_both!("backup-sqlite": backs_up_verifies_and_restores, survives_crashes_anywhere, what_cannot_be_relied_on);

pub(crate) fn sqlite(stand: &Stand, database: &str, statement: &str) -> String {
    let output = Command::new("sqlite3")
        .arg(stand.work().join(database))
        .arg(statement)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A database in write-ahead mode, as a service has it.
pub(crate) fn database(stand: &Stand, name: &str, orders: u32) {
    let statement = format!(
        "PRAGMA journal_mode = WAL; CREATE TABLE products (name TEXT); INSERT INTO products VALUES ('tea'), ('cup');
         CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {orders}) INSERT INTO orders SELECT i, 'order ' || i FROM n;"
    );
    sqlite(stand, name, &statement);
}

fn prepare(stand: &Stand) {
    database(stand, "shop.db", 40);
    std::fs::create_dir(stand.work().join("scratch")).unwrap();
    stand.grant(json!({
        "processes": [["sqlite3", "**"]], "files": [{"path": "scratch", "access": "write"}], "blobs": true,
    }));
}

fn create(stand: &Stand) -> Value {
    stand
        .run("create", json!({"database": "shop.db", "scratch": "scratch"}))
        .outputs()
}

fn backs_up_verifies_and_restores(stand: &Stand) {
    prepare(stand);
    let backup = create(stand);
    assert_eq!(backup["rows"], 42);
    assert_eq!(backup["tables"], json!({"orders": 40, "products": 2}));
    assert_eq!(
        std::fs::read_dir(stand.work().join("scratch")).unwrap().count(),
        0,
        "scratch files are left"
    );
    let input = json!({"backup": backup["digest"], "tables": backup["tables"], "scratch": "scratch"});
    let verified = stand.run("verify", input).outputs();
    assert_eq!(
        (&verified["verified"], &verified["rows"], &verified["size"]),
        (&json!(true), &json!(42), &backup["size"])
    );

    sqlite(
        stand,
        "shop.db",
        "DELETE FROM orders WHERE id > 3; DROP TABLE products; CREATE TABLE junk (x)",
    );
    let input =
        json!({"backup": backup["digest"], "database": "shop.db", "tables": backup["tables"], "scratch": "scratch"});
    let restored = stand.run("restore", input).outputs();
    assert_eq!(restored["tables"], backup["tables"]);
    assert_eq!(
        sqlite(stand, "shop.db", "SELECT count(*), max(note) FROM orders"),
        "40|order 9"
    );
}

fn survives_crashes_anywhere(stand: &Stand) {
    prepare(stand);
    let backup = create(stand);
    let input = json!({"database": "shop.db", "scratch": "scratch"});
    stand.crash_everywhere("create", &input, |end| match end {
        AttemptEnd::Succeeded(outcome) => assert_eq!(outcome.outputs.0["tables"], backup["tables"]),
        other => panic!("{other:?}"),
    });
    let input = json!({"backup": backup["digest"], "database": "shop.db", "scratch": "scratch"});
    stand.crash_everywhere("restore", &input, |end| match end {
        AttemptEnd::Succeeded(outcome) => assert_eq!(outcome.outputs.0["rows"], 42),
        other => panic!("{other:?}"),
    });
}

fn what_cannot_be_relied_on(stand: &Stand) {
    prepare(stand);
    let input = json!({"database": "empty.db", "scratch": "scratch"});
    assert_eq!(stand.run("create", input).failure().code, "empty-database");
    stand.file(
        "text.db",
        "this is no database, although it has a long enough text for one".repeat(20),
    );
    let input = json!({"database": "text.db", "scratch": "scratch"});
    assert_eq!(stand.run("create", input).failure().code, "backup-failed");

    let backup = create(stand);
    let input = json!({"backup": backup["digest"], "tables": {"orders": 41, "products": 2}, "scratch": "scratch"});
    let failure = stand.run("verify", input).failure();
    assert_eq!(failure.code, "different-rows");
    assert!(
        failure.message.contains("orders: expected 41 rows, was 40"),
        "{}",
        failure.message
    );

    let hex = backup["digest"].as_str().unwrap().strip_prefix("blake3:").unwrap();
    let blob = stand.blobs().join(hex);
    let mut bytes = std::fs::read(&blob).unwrap();
    bytes[5000] ^= 1;
    std::fs::write(&blob, bytes).unwrap();
    for (operation, mut input) in [("verify", json!({})), ("restore", json!({"database": "shop.db"}))] {
        input["backup"] = backup["digest"].clone();
        input["scratch"] = json!("scratch");
        assert_eq!(stand.run(operation, input).failure().code, "damaged-backup");
    }
}
