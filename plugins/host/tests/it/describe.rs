//! `describe`: pure, bounded, and checked.

use surefoot_kernel::effect::EffectClass;
use surefoot_plugin_host::HostError;

use crate::guest::Script;
use crate::stage::host;

#[tokio::test]
async fn a_description_is_read() {
    let script = Script::new().describing(
        r#"{"name": "command", "version": "1.2.3", "summary": "Runs a program.", "capabilities": ["process"],
            "operations": {"run": {"summary": "Runs it.", "input": {"type": "object"}, "output": {}, "effects": ["once"]}}}"#,
    );
    let description = host().describe(&script.build()).await.unwrap();
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
            .describe(&Script::new().describing(text).build())
            .await
            .unwrap_err();
        assert!(matches!(error, HostError::NotDescribed { .. }), "{error}");
    }
}

#[tokio::test]
async fn an_endless_start_is_stopped() {
    let script = Script::new().start("(loop $l (br $l))");
    let error = host().describe(&script.build()).await.unwrap_err();
    assert!(error.to_string().contains("out-of-fuel"), "{error}");
}
