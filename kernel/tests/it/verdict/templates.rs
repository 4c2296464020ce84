//! Filling in of templates.

use std::sync::Arc;

use serde_json::{Value, json};
use surefoot_kernel::json::Json;
use surefoot_kernel::verdict::resolve;

use super::evidence;

fn resolved(value: Value) -> Result<Value, String> {
    resolve(&Json(value), &evidence())
        .map(|json| json.0)
        .map_err(|e| e.to_string())
}

#[test]
fn a_whole_template_keeps_the_type() {
    let with = json!({
        "number": "${{ steps.smoke.passed }}", "object": "${{steps.smoke.values}}", "nested": ["${{ steps.smoke.values.p95 }}"],
        "element": "${{ steps.smoke.failed_names[1] }}", "null": "${{ steps.smoke.nothing }}", "plain": 5,
    });
    assert_eq!(
        resolved(with),
        Ok(json!({
            "number": 21, "object": {"p95": 80.5, "p50": 10}, "nested": [80.5], "element": "pay", "null": null, "plain": 5,
        }))
    );
}

#[test]
fn inside_a_text_values_become_text() {
    let with = json!(
        "${{ steps.smoke.passed }}/${{ steps.smoke.total }} in ${{ inputs.region }}${{ steps.smoke.nothing }} ${{ release.version }}"
    );
    assert_eq!(resolved(with), Ok(json!("21/22 in eu v2")));
}

#[test]
fn a_step_knows_whose_it_is_and_what_was_live() {
    assert_eq!(
        resolved(json!(["${{ deployment }}", "was-${{ previous.version }}"])),
        Ok(json!(["08080808-0808-0808-0808-080808080808", "was-v1"]))
    );
    assert!(resolved(json!("${{ deployment.id }}")).is_err());
}

#[test]
fn when_nothing_was_live_previous_is_null() {
    let with = json!({"was": "${{ previous.version }}", "text": "was ${{ previous.version }}"});
    let mut scope = evidence();
    scope.previous = None;
    let resolved = resolve(&Json(with), &scope).unwrap();
    assert_eq!(resolved.0, json!({"was": null, "text": "was "}));
}

#[test]
fn a_value_can_be_asked_for_as_text() {
    let with = json!([
        "${{ steps.smoke.passed | text }}",
        "${{steps.smoke.verified|text}}",
        "${{ steps.smoke.text | text }}",
        "${{ steps.smoke.nothing | text }}"
    ]);
    assert_eq!(resolved(with), Ok(json!(["21", "true", "All good", null])));
    assert!(resolved(json!("${{ steps.smoke.passed | upper }}")).is_err());
    assert!(resolved(json!("${{ secrets.token | text }}")).is_err());
}

#[test]
fn secrets_stay_placeholders() {
    let with = json!({"header": "Bearer ${{ secrets.token }} for ${{ inputs.region }}", "all": "${{ secrets.token }}"});
    assert_eq!(
        resolved(with),
        Ok(json!({"header": "Bearer ${{ secrets.token }} for eu", "all": "${{ secrets.token }}"}))
    );
}

#[test]
fn a_value_never_brings_a_template_along() {
    let mut scope = evidence();
    let smoke = scope.steps.get_mut(&"smoke".parse().unwrap()).unwrap();
    Arc::make_mut(smoke).outputs = Json(json!({"text": "${{ secrets.token }}", "deep": {"a": ["x ${{"]}}));
    for reference in ["steps.smoke.text", "steps.smoke.deep"] {
        let with = Json(json!(format!("${{{{ {reference} }}}}")));
        let error = resolve(&with, &scope).unwrap_err();
        assert_eq!(error.reference, reference);
        assert!(error.reason.contains("taken for a template"), "{error}");
    }
}

#[test]
fn what_cannot_be_filled_in_says_why() {
    let error = |text: &str| resolved(json!({ "a": text })).unwrap_err();
    assert_eq!(
        error("${{ steps.broken.x }}"),
        "`steps.broken.x` has no value: step broken failed: exit 1"
    );
    assert_eq!(
        error("${{ steps.left_out.x }}"),
        "`steps.left_out.x` has no value: step left_out was skipped: not wanted"
    );
    assert_eq!(
        error("${{ steps.later.x }}"),
        "`steps.later.x` has no value: step later has not run"
    );
    assert_eq!(
        error("${{ steps.smoke.x }}"),
        "`steps.smoke.x` has no value: step smoke has no `x`"
    );
    assert_eq!(
        error("${{ steps.smoke.values.x }}"),
        "`steps.smoke.values.x` has no value: step smoke.values has no `x`"
    );
    assert_eq!(
        error("a ${{ steps.smoke.values }}"),
        "`steps.smoke.values` has no value: it is a list or an object, which only a text that is nothing but the template can take"
    );
    assert_eq!(error("${{ inputs.x }}"), "`inputs.x` has no value: there is no input x");
    assert_eq!(
        error("${{ env.HOME }}"),
        "`env.HOME` has no value: `env` is not known here"
    );
    assert_eq!(
        error("${{ a + b }}"),
        "`${{ a + b }}` has no value: a template holds a path like `steps.ID.OUTPUT`, nothing else"
    );
    assert_eq!(
        error("x ${{ a"),
        "`${{ a` has no value: the template has no closing `}}`"
    );
}
