//! `http` against a real server.

use serde_json::json;
use surefoot_kernel::effect::EffectClass;

use crate::stand::{Stand, web};

crate::with_both!("http": checks_a_response, posts, methods_have_classes, nobody_answers);

fn health(method: &str, path: &str, body: &str) -> (u16, &'static str, String) {
    match (method, path) {
        ("GET", "/health") => (
            200,
            "application/json",
            r#"{"status": "HEALTHY", "database": {"connected": true}}"#.to_owned(),
        ),
        ("POST", "/echo") => (201, "text/plain", body.to_owned()),
        _ => (404, "text/plain", "nothing here".to_owned()),
    }
}

fn checks_a_response(stand: &Stand) {
    let url = web::serve(health);
    stand.grant(json!({"http": [format!("GET {url}/**")]}));
    let outcome = stand
        .run(
            "check",
            json!({"url": format!("{url}/health"), "expect": {
                "status": 200, "headers": {"Content-Type": "json"}, "body_contains": ["HEALTHY"],
                "json": [{"path": "$.database.connected", "equals": true}],
            }}),
        )
        .outcome();
    assert_eq!(outcome.outputs.0["status"], 200);
    assert_eq!(outcome.outputs.0["json"]["status"], "HEALTHY");
    assert_eq!(outcome.observations[0].metric, "http_duration");
    assert_eq!(outcome.observations[0].unit, "ms");

    let outputs = stand.run("check", json!({"url": format!("{url}/nothing")})).outputs();
    assert_eq!(
        (outputs["status"].clone(), outputs["body"].clone()),
        (json!(404), json!("nothing here"))
    );
    let failure = stand
        .run(
            "check",
            json!({"url": format!("{url}/nothing"), "expect": {"status": [200, 204]}}),
        )
        .failure();
    assert_eq!((failure.code.as_str(), failure.retryable), ("expectation-failed", true));
    assert!(
        failure.message.contains("expected 200 or 204, was 404"),
        "{}",
        failure.message
    );
    let failure = stand
        .run("check", json!({"url": format!("{url}/health"), "method": "DELETE"}))
        .failure();
    assert_eq!(failure.code, "denied");
}

fn posts(stand: &Stand) {
    let url = web::serve(health);
    stand.grant(json!({"http": [format!("POST {url}/echo")]}));
    let input = json!({"url": format!("{url}/echo"), "method": "post", "body": "hello", "expect": {"status": 201, "body_contains": "hello"}});
    stand.run("check", input).outputs();
}

fn methods_have_classes(stand: &Stand) {
    let url = web::serve(|_, _, _| (200, "text/plain", String::new()));
    stand.grant(json!({"http": [format!("* {url}/**")]}));
    for (method, effect, class) in [
        ("GET", None, EffectClass::Read),
        ("POST", None, EffectClass::Once),
        ("POST", Some("idempotent"), EffectClass::Idempotent),
        ("PUT", None, EffectClass::Idempotent),
        ("DELETE", None, EffectClass::Idempotent),
        ("DELETE", Some("once"), EffectClass::Once),
    ] {
        let mut input = json!({"url": format!("{url}/x"), "method": method});
        if let Some(effect) = effect {
            input["effect"] = json!(effect);
        }
        let run = stand.run("check", input);
        assert_eq!(run.journal.record()[0].request.class, class, "{method} {effect:?}");
        run.outputs();
    }
}

fn nobody_answers(stand: &Stand) {
    let url = web::nobody();
    stand.grant(json!({"http": [format!("GET {url}/**")]}));
    let failure = stand.run("check", json!({"url": format!("{url}/health")})).failure();
    assert_eq!((failure.code.as_str(), failure.retryable), ("unreachable", true));
}
