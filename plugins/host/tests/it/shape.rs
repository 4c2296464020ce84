//! Components that are not plugins are refused with what is wrong with them.

use std::sync::Arc;

use surefoot_kernel::digest::Digest;
use surefoot_plugin_host::{HostError, failure_codes as codes};

use crate::guest::{Script, component, foreign_component};
use crate::stage::{Stage, failed, host};

async fn refusal(bytes: &Arc<[u8]>) -> String {
    let error = host().describe(bytes, None).await.unwrap_err();
    assert!(matches!(error, HostError::InvalidPlugin { .. }), "{error}");
    let failure = failed(Stage::new().run_component(bytes).await);
    assert_eq!(failure.code, codes::INVALID_PLUGIN);
    error.to_string()
}

#[tokio::test]
async fn what_is_no_component() {
    for bytes in [&b""[..], b"#!/bin/sh", b"\0asm\x01\0\0\0", b"\0asm\x0d\0\x01\0\xff\xff"] {
        let text = refusal(&Arc::from(bytes)).await;
        assert!(text.contains("not a WebAssembly component"), "{text}");
    }
}

#[tokio::test]
async fn wasi() {
    let wit = "package wasi:clocks@0.2.9;
        interface wall { now: func() -> u64; }
        world command { import wall; }";
    let wat = r#"(module (import "wasi:clocks/wall@0.2.9" "now" (func (result i64))))"#;
    let text = refusal(&foreign_component(wat, wit, "command")).await;
    assert!(text.contains("wasi:clocks/wall@0.2.9; WASI is not provided"), "{text}");
}

#[tokio::test]
async fn other_imports() {
    let wit = "package surefoot:plugin@1.1.0;
        interface shell { run: func(); }
        world other { import shell; }";
    let wat = r#"(module (import "surefoot:plugin/shell@1.1.0" "run" (func)))"#;
    let text = refusal(&foreign_component(wat, wit, "other")).await;
    assert!(
        text.contains("none of the interfaces of surefoot:plugin/*@1.0.0"),
        "{text}"
    );
}

#[tokio::test]
async fn imports_of_another_type() {
    let wit = "package surefoot:plugin@1.0.0;
        interface clock { now: func() -> string; }
        interface plugin { describe: func() -> string; reconcile: func(a: string, b: string) -> result<string>; }
        world other { import clock; }";
    let wat = r#"(module
        (import "surefoot:plugin/clock@1.0.0" "now" (func (param i32)))
        (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable))"#;
    let text = refusal(&foreign_component(wat, wit, "other")).await;
    // Whichever is looked at first: it is no plugin of ours.
    assert!(
        text.contains("surefoot:plugin/clock@1.0.0") || text.contains("its imports are not"),
        "{text}"
    );
}

#[tokio::test]
async fn no_exports() {
    let wit = "package foreign:plugin; world nothing {}";
    let text = refusal(&foreign_component("(module)", wit, "nothing")).await;
    assert!(
        text.contains("does not export surefoot:plugin/plugin@1.0.0#describe"),
        "{text}"
    );
}

#[tokio::test]
async fn no_operations() {
    let wit = "package surefoot:plugin@1.0.0;
        interface types { record failure { code: string, message: string, retryable: bool, details: string } }
        interface plugin {
            use types.{failure};
            describe: func() -> string;
            reconcile: func(context: string, doubt: string) -> result<string, failure>;
        }
        world idle { export plugin; }";
    let wat = r#"(module (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
        (func (export "surefoot:plugin/plugin@1.0.0#describe") (result i32) unreachable)
        (func (export "surefoot:plugin/plugin@1.0.0#reconcile") (param i32 i32 i32 i32) (result i32) unreachable))"#;
    let text = refusal(&foreign_component(wat, wit, "idle")).await;
    assert!(text.contains("no operations"), "{text}");
}

#[tokio::test]
async fn exports_of_another_type() {
    let wit = "package surefoot:plugin@1.0.0;
        interface plugin { describe: func() -> u32; }
        world wrong { export plugin; }";
    let wat = r#"(module (func (export "surefoot:plugin/plugin@1.0.0#describe") (result i32) unreachable))"#;
    let text = refusal(&foreign_component(wat, wit, "wrong")).await;
    assert!(text.contains("#describe has another type"), "{text}");
}

#[tokio::test]
async fn an_operation_of_another_world() {
    let bytes = Script::new().build();
    let stage = Stage::new();
    let mut attempt = stage.attempt(&bytes);
    attempt.operation = "restore".to_owned();
    let failure = failed(host().execute(attempt, stage.world()).await);
    assert_eq!(failure.code, codes::INVALID_PLUGIN);
    assert!(
        failure.message.contains("no operation \"restore\"; it has run"),
        "{failure:?}"
    );
}

#[tokio::test]
async fn other_bytes_than_pinned() {
    let stage = Stage::new();
    let mut attempt = stage.attempt(&Script::new().outputs("{\"other\":1}").build());
    attempt.plugin.digest = Digest::of(b"another plugin");
    let failure = failed(host().execute(attempt, stage.world()).await);
    assert_eq!(failure.code, codes::INVALID_PLUGIN);
    assert!(failure.message.contains("but the plan pins"), "{failure:?}");
}

#[tokio::test]
async fn every_world_of_the_interface_is_one() {
    for (world, interface, operations) in [
        ("backup-plugin", "backup", &["create", "verify", "restore"][..]),
        ("deploy-plugin", "deploy", &["stage", "activate", "revert"]),
        ("validate-plugin", "validate", &["check"]),
        ("notify-plugin", "notify", &["send"]),
        ("task-plugin", "task", &["run"]),
    ] {
        let functions: String = operations
            .iter()
            .map(|name| {
                let export = format!("surefoot:plugin/{interface}@1.0.0#{name}");
                format!("(func (export \"{export}\") (param i32 i32 i32 i32) (result i32) unreachable)")
            })
            .collect();
        let wat = format!(
            r#"(module (memory (export "memory") 1)
            (data (i32.const 0) "\08\00\00\00\02\00\00\00{{}}")
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
            (func (export "surefoot:plugin/plugin@1.0.0#describe") (result i32) i32.const 0)
            (func (export "surefoot:plugin/plugin@1.0.0#reconcile") (param i32 i32 i32 i32) (result i32) unreachable)
            {functions})"#
        );
        let bytes = component(&wat, world);
        for operation in operations {
            let stage = Stage::new();
            let mut attempt = stage.attempt(&bytes);
            attempt.operation = (*operation).to_owned();
            let failure = failed(host().execute(attempt, stage.world()).await);
            assert_eq!(failure.code, codes::TRAP, "{world} {operation}: {failure:?}");
        }
    }
}
