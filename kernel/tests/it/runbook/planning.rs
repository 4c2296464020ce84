//! From a sound runbook to a plan.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;
use surefoot_kernel::digest::Digest;
use surefoot_kernel::id::DeploymentId;
use surefoot_kernel::plan::{Deployed, OnFailure, OnNoGo, Plan, Release};
use surefoot_kernel::runbook::{PlanError, PlanRequest};
use surefoot_kernel::time::{Span, Timestamp};

use super::sound;

pub(super) const FULL: &str = r#"
apiVersion: surefoot/v1
service: shop
environment: production
description: everything at once
inputs:
  port: { default: 8080, description: where it listens }
  hosts: { default: [a, b] }
  fast: { default: false }
  ticket:
window: { from: "02:00", to: "05:00", timezone: UTC, days: [mon, tue], outside: ask }
plugins:
  http:
    allow: { http: ["GET http://127.0.0.1:${{ inputs.port }}/**"], secrets: [token] }
    limits: { memory: 32MiB, fuel: 1000000 }
  command:
    allow:
      processes: [["./bin/${{ release.version }}/run", "**"]]
      files: [{ path: "data/${{ environment }}", access: write }]
      blobs: true
  own: { source: ./own.wasm }
phases:
  - id: preflight
    kind: preflight
    name: Pre-flight
    schedule: T-30m
    budget: 30m
    steps:
      - { id: look, name: Look, uses: http/check, with: { url: "http://127.0.0.1:${{ inputs.port }}/", headers: { t: "${{ secrets.token }}" } } }
      - { id: alone, needs: [], uses: own, required: false }
      - { id: both, needs: [look, alone], uses: own, with: { all: "${{ inputs.hosts }}", was: "${{ previous.version }}", text: "was ${{ previous.version }}" } }
    checkpoint:
      name: Ready
      go_if: [look.status == 200, "inputs.ticket != ''"]
      thresholds: [{ metric: p95, target: "< 100 ms", alert_if: "> 500 ms", severity: P0, fail_limit: 2, inconclusive_limit: 1 }]
      approvals: [lead, ops]
      on_no_go: ask
      hold_limit: 1h
  - id: save
    kind: backup
    steps: [{ id: keep, uses: command, with: { program: "./bin/${{ release.version }}/run", args: [backup, "${{ deployment }}", "${{ inputs.port }}", "${{ inputs.fast }}"] } }]
  - id: live
    kind: deploy
    steps:
      - id: switch
        uses: command
        with: { program: run, args: ["${{ steps.keep.stdout }}", "${{ service }}/${{ environment }}"] }
        if: look.status == 200 && !inputs.fast
        timeout: 2m
        retry: { attempts: 3, delay: 2s, max_delay: 8s }
        on_failure: rollback
        irreversible: true
    checkpoint: { go_if: switch.exit == 0 }
rollback:
  budget: 15m
  steps: [{ id: back, uses: own, with: { to: "${{ previous.version }}", from: "${{ steps.keep.stdout }}" } }]
  checkpoint: { go_if: "true" }
"#;

fn release() -> Release {
    Release {
        version: "v2".to_owned(),
        commit: Some("abc".to_owned()),
        artifact: None,
    }
}

fn request() -> PlanRequest {
    PlanRequest {
        environment: None,
        release: release(),
        previous: Some(Deployed {
            deployment: DeploymentId::from_bytes([1; 16]),
            release: Release {
                version: "v1".to_owned(),
                commit: None,
                artifact: None,
            },
        }),
        set: BTreeMap::from([("ticket".to_owned(), "T-1".to_owned())]),
        working_folder: PathBuf::from("/srv/shop"),
        now: Timestamp(1_700_000_000_000),
    }
}

fn plan(set: &[(&str, &str)]) -> Result<Plan, PlanError> {
    let mut request = request();
    request.set.extend(
        set.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    sound(FULL).plan(request)
}

#[test]
fn everything_known_is_filled_in() {
    let plan = plan(&[("port", "9090")]).unwrap();
    assert_eq!(plan.environment.to_string(), "shop/production");
    assert_eq!(plan.runbook, Digest::of(FULL.as_bytes()));
    let with = |phase: usize, step: usize| plan.phases[phase].steps[step].with.0.clone();
    assert_eq!(
        with(0, 0),
        json!({"url": "http://127.0.0.1:9090/", "headers": {"t": "${{ secrets.token }}"}})
    );
    // Another deployment may run this plan to come back to its release.
    assert_eq!(
        with(0, 2),
        json!({"all": ["a", "b"], "was": "${{ previous.version }}", "text": "was ${{ previous.version }}"})
    );
    assert_eq!(
        with(1, 0),
        json!({"program": "./bin/v2/run", "args": ["backup", "${{ deployment | text }}", "9090", "false"]})
    );
    assert_eq!(
        with(2, 0),
        json!({"program": "run", "args": ["${{ steps.keep.stdout | text }}", "shop/production"]})
    );
    let back = &plan.rollback.as_ref().unwrap().steps[0];
    assert_eq!(
        back.with.0,
        json!({"to": "${{ previous.version }}", "from": "${{ steps.keep.stdout }}"})
    );
    let grants = |name: &str| &plan.plugins[&name.parse().unwrap()].grants;
    assert_eq!(grants("http").http, ["GET http://127.0.0.1:9090/**"]);
    assert_eq!(grants("command").processes, [["./bin/v2/run", "**"]]);
    assert_eq!(grants("command").files[0].path, PathBuf::from("data/production"));
    assert_eq!(plan.plugins[&"http".parse().unwrap()].limits.memory, 32 << 20);
    assert_eq!(plan.plugins[&"own".parse().unwrap()].source, "./own.wasm");
    assert_eq!(plan.inputs["port"].0, json!(9090));
}

#[test]
fn the_shape_of_phases_and_steps_is_kept() {
    let plan = plan(&[]).unwrap();
    let first = &plan.phases[0];
    assert_eq!(
        (first.schedule, first.budget, first.name.as_str()),
        (Some(-1_800_000), Some(Span::minutes(30)), "Pre-flight")
    );
    let needs = |phase: usize, step: usize| -> Vec<String> {
        plan.phases[phase].steps[step]
            .needs
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    assert!(needs(0, 0).is_empty() && needs(0, 1).is_empty());
    assert_eq!(needs(0, 2), ["look", "alone"]);
    assert!(!first.steps[1].required && first.steps[0].required);
    assert_eq!(first.steps[0].outputs.as_ref().map(Vec::len), Some(5));
    assert_eq!(first.steps[1].outputs, None);
    assert_eq!(first.steps[0].timeout, Span::minutes(10));
    let checkpoint = &first.checkpoint;
    assert_eq!(
        (
            checkpoint.go_if.len(),
            checkpoint.thresholds[0].fail_limit,
            checkpoint.on_no_go
        ),
        (2, 2, OnNoGo::Ask)
    );
    assert_eq!(plan.phases[1].checkpoint.on_no_go, OnNoGo::Rollback);
    assert_eq!(plan.phases[1].checkpoint.name, "save");
    let switch = &plan.phases[2].steps[0];
    assert_eq!(
        (switch.retry.attempts, switch.on_failure, switch.irreversible),
        (3, OnFailure::Rollback, true)
    );
    assert_eq!(plan.rollback.as_ref().unwrap().checkpoint.on_no_go, OnNoGo::Ask);
}

#[test]
fn a_plan_survives_its_json() {
    let plan = plan(&[]).unwrap();
    let text = serde_json::to_string(&plan).unwrap();
    let again: Plan = serde_json::from_str(&text).unwrap();
    assert_eq!((again.digest(), again == plan), (plan.digest(), true));
}

#[test]
fn the_same_request_gives_the_same_plan() {
    assert_eq!(plan(&[]).unwrap().digest(), plan(&[]).unwrap().digest());
    assert_ne!(plan(&[]).unwrap().digest(), plan(&[("port", "1")]).unwrap().digest());
}

#[test]
fn inputs_take_the_type_of_their_default() {
    let inputs = |set: &[(&str, &str)]| plan(set).map(|plan| plan.inputs).map_err(|e| e.to_string());
    assert_eq!(inputs(&[("hosts", "[x, 1]")]).unwrap()["hosts"].0, json!(["x", 1]));
    assert_eq!(inputs(&[("fast", "true")]).unwrap()["fast"].0, json!(true));
    assert_eq!(inputs(&[("ticket", "007")]).unwrap()["ticket"].0, json!("007"));
    let errors = [
        (
            "port",
            "high",
            "input port has to be a number, as its default is; it was set to \"high\"",
        ),
        (
            "fast",
            "yes",
            "input fast has to be true or false, as its default is; it was set to \"yes\"",
        ),
        (
            "hosts",
            "a",
            "input hosts has to be a list like [a, b], as its default is; it was set to \"a\"",
        ),
        (
            "prot",
            "1",
            "the runbook has no input prot; it has fast, hosts, port, ticket",
        ),
        (
            "ticket",
            "${{ secrets.token }}",
            "input ticket holds `${{`, which would be taken for a template",
        ),
        (
            "hosts",
            "[\"${{ secrets.token }}\"]",
            "input hosts holds `${{`, which would be taken for a template",
        ),
    ];
    for (name, value, error) in errors {
        assert_eq!(inputs(&[(name, value)]), Err(error.to_owned()));
    }
}

#[test]
fn what_is_missing_is_named() {
    let mut without = request();
    without.set.clear();
    assert_eq!(
        sound(FULL).plan(without),
        Err(PlanError::MissingInputs(vec!["ticket".to_owned()]))
    );
    let mut named = request();
    named.environment = Some("staging".parse().unwrap());
    assert_eq!(sound(FULL).plan(named).unwrap().environment.to_string(), "shop/staging");
    let mut relative = request();
    relative.working_folder = PathBuf::from("shop");
    assert!(matches!(sound(FULL).plan(relative), Err(PlanError::RelativeFolder(_))));
}

#[test]
fn a_release_cannot_bring_a_template() {
    let mut sly = request();
    sly.release.version = "${{ secrets.token }}".to_owned();
    assert!(matches!(sound(FULL).plan(sly), Err(PlanError::Template { .. })));
}
