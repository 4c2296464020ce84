//! `describe`: pure, bounded, and checked.

use surefoot_kernel::effect::EffectClass;
use surefoot_plugin_host::HostError;

use crate::guest::Script;
use crate::stage::{Stage, host};

#[tokio::test]
async fn a_description_is_read() {
    let script = Script::new().describing(
        r#"{"name": "command", "version": "1.2.3", "summary": "Runs a program.", "capabilities": ["process"],
            "operations": {"run": {"summary": "Runs it.", "input": {"type": "object"}, "output": {}, "effects": ["once"]}}}"#,
    );
    let description = host().describe(&script.build(), None).await.unwrap();
    assert_eq!(
        (description.name.as_str(), description.version.as_str()),
        ("command", "1.2.3")
    );
    assert_eq!(description.operations["run"].effects, [EffectClass::Once]);
}

#[tokio::test]
async fn nonsense_is_not_a_description() {
    for text in ["", "{}", "[]", "{\"name\": 1}"] {
        let error = host()
            .describe(&Script::new().describing(text).build(), None)
            .await
            .unwrap_err();
        assert!(matches!(error, HostError::NotDescribed { .. }), "{error}");
    }
}

#[tokio::test]
async fn an_endless_start_is_stopped() {
    let script = Script::new().start("(loop $l (br $l))");
    let error = host().describe(&script.build(), None).await.unwrap_err();
    assert!(error.to_string().contains("out-of-fuel"), "{error}");
}

#[tokio::test]
async fn a_script_is_there_in_describe_too_and_for_everything_else() {
    let text = r#"{"said": "by a script"}"#;
    let script = Script::new().script();
    let component = script.build();
    let mut attempt = Stage::new().attempt(&component);
    attempt.script = Some(text.into());
    let stage = Stage::new();
    let outcome = crate::stage::succeeded(host().execute(attempt, stage.world()).await);
    assert_eq!(outcome.outputs.0["said"], "by a script");
    assert_eq!(stage.journal.entries(), [], "it is part of the plan, not an effect");

    let described = serde_json::json!({
        "name": "scripted", "version": "1.0.0", "summary": "s", "operations": {}, "capabilities": []
    });
    let describing = Script::new().describing_by_script().build();
    let description = host()
        .describe(&describing, Some(&described.to_string()))
        .await
        .unwrap();
    assert_eq!(description.name, "scripted");
}
