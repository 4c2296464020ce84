//! `sql` with the real sqlite3.

use serde_json::json;

use crate::backup_sqlite::database;
use crate::stand::Stand;

crate::with_both!("sql": asks_and_counts, wrong_answers);

fn asks_and_counts(stand: &Stand) {
    database(stand, "shop.db", 40);
    stand.grant(json!({"processes": [["sqlite3", "shop.db", "*"]]}));
    let outputs = stand
        .run(
            "check",
            json!({"database": "shop.db", "count": "orders", "expect": {"value": 40}}),
        )
        .outputs();
    assert_eq!(outputs, json!({"value": 40, "rows": 1, "count": 40}));
    let outputs = stand
        .run(
            "check",
            json!({"database": "shop.db", "query": "-- names\nSELECT name FROM products ORDER BY 1"}),
        )
        .outputs();
    assert_eq!(outputs, json!({"value": "cup", "rows": 2}));
}

fn wrong_answers(stand: &Stand) {
    database(stand, "shop.db", 40);
    stand.grant(json!({"processes": [["sqlite3", "shop.db", "*"]]}));
    let failure = stand
        .run(
            "check",
            json!({"database": "shop.db", "count": "orders", "expect": {"value": 41}}),
        )
        .failure();
    assert_eq!((failure.code.as_str(), failure.retryable), ("expectation-failed", true));
    assert!(failure.message.contains("expected 41, was 40"), "{}", failure.message);
    let failure = stand
        .run("check", json!({"database": "shop.db", "count": "nothing"}))
        .failure();
    assert_eq!(failure.code, "query-failed");
    assert!(failure.message.contains("no such table"), "{}", failure.message);
}
