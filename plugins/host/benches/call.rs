//! What a plugin costs: compiled for the first time, loaded from the cache on disk, and called.

#![expect(clippy::unwrap_used, reason = "benchmark")]

#[path = "../tests/it/guest.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod guest;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use surefoot_kernel::digest::Digest;
use surefoot_kernel::id::{AttemptNo, DeploymentId};
use surefoot_kernel::json::Json;
use surefoot_kernel::plugin::{Grants, Limits, PinnedPlugin};
use surefoot_kernel::port::MemoryBlobs;
use surefoot_plugin_host::{Attempt, AttemptEnd, Children, Host, MemoryJournal, Mode, Secrets, World};

use self::guest::Script;

fn attempt(component: &Arc<[u8]>) -> Attempt {
    Attempt {
        deployment: DeploymentId::from_bytes([1; 16]),
        step: "noop".parse().unwrap(),
        number: AttemptNo(1),
        look: None,
        plugin: PinnedPlugin {
            source: "bench".to_owned(),
            version: "1.0.0".to_owned(),
            digest: Digest::of(component),
            script: None,
            grants: Grants::default(),
            limits: Limits::default(),
        },
        component: Arc::clone(component),
        script: None,
        operation: "run".to_owned(),
        context: Json::object(),
        input: Json::object(),
        record: Vec::new(),
        time_left: Duration::from_secs(60),
        working_folder: "/".into(),
        mode: Mode::Live,
    }
}

fn world() -> World {
    World {
        blobs: Arc::new(MemoryBlobs::default()),
        secrets: Arc::new(Secrets::none()),
        journal: Arc::new(MemoryJournal::default()),
        children: Children::unannounced(),
    }
}

fn calls(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut group = c.benchmark_group("plugin");
    for (name, script) in [
        ("instantiate and call a no-op", Script::new()),
        ("the same with one read effect", Script::new().now()),
        (
            "the same with 100 read effects",
            (0..100).fold(Script::new(), |script, _| script.now()),
        ),
    ] {
        let component = script.build();
        let host = Host::new(None).unwrap();
        let (attempt, world) = (attempt(&component), world());
        group.bench_function(name, |b| {
            b.iter(|| {
                let world = World {
                    journal: Arc::new(MemoryJournal::default()),
                    ..world.clone()
                };
                let end = runtime.block_on(host.execute(attempt.clone(), world));
                assert!(matches!(black_box(end), AttemptEnd::Succeeded(_)));
            });
        });
    }
    group.finish();
}

fn loading(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut group = c.benchmark_group("load");
    group.sample_size(20);
    let component = Script::new().build();
    let run = |host: Host| {
        let end = runtime.block_on(host.execute(attempt(&component), world()));
        assert!(matches!(black_box(end), AttemptEnd::Succeeded(_)));
    };
    group.bench_function("start a host, compile, call", |b| {
        b.iter(|| run(Host::new(None).unwrap()))
    });
    let folder = tempfile::tempdir().unwrap();
    run(Host::new(Some(folder.path().to_owned())).unwrap());
    group.bench_function("start a host, load native code from disk, call", |b| {
        b.iter(|| run(Host::new(Some(folder.path().to_owned())).unwrap()));
    });
    group.finish();
}

criterion_group!(benches, calls, loading);
criterion_main!(benches);
