//! Guests that try to crash, stall or fill the host: each fails with a code of its own.

use std::time::{Duration, Instant};

use surefoot_plugin_host::failure_codes as codes;

use crate::guest::Script;
use crate::stage::Stage;

#[tokio::test]
async fn an_endless_loop_runs_out_of_fuel() {
    let mut stage = Stage::new();
    stage.limits.fuel = 10_000_000;
    let failure = stage.failure(Script::new().raw("(loop $l (br $l))")).await;
    assert_eq!(failure.code, codes::OUT_OF_FUEL, "{failure:?}");
}

#[tokio::test]
async fn an_endless_loop_runs_out_of_time_and_stalls_nobody() {
    let mut stage = Stage::new();
    stage.limits.fuel = u64::MAX;
    stage.time_left = Duration::from_secs(1);
    let started = Instant::now();
    let mut ticks = 0;
    let beat = async {
        loop {
            tokio::time::sleep(Duration::from_millis(5)).await;
            ticks += 1;
        }
    };
    // One thread for both: the guest has to yield.
    let failure = tokio::select! {
        failure = stage.failure(Script::new().raw("(loop $l (br $l))")) => failure,
        () = beat => unreachable!(),
    };
    assert_eq!(failure.code, codes::TIMED_OUT, "{failure:?}");
    assert!(failure.retryable);
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    assert!(ticks >= 3, "the thread was stalled: {ticks} ticks");
}

#[tokio::test]
async fn an_endless_loop_at_the_start_runs_out_of_fuel() {
    let mut stage = Stage::new();
    stage.limits.fuel = 1_000_000;
    let failure = stage.failure(Script::new().start("(loop $l (br $l))")).await;
    assert_eq!(failure.code, codes::OUT_OF_FUEL, "{failure:?}");
}

#[tokio::test]
async fn a_memory_bomb_is_defused() {
    let stage = Stage::new();
    let bomb = "(loop $l (drop (memory.grow (i32.const 16))) (br $l))";
    let failure = stage.failure(Script::new().raw(bomb)).await;
    assert_eq!(failure.code, codes::OUT_OF_MEMORY, "{failure:?}");
}

#[tokio::test]
async fn a_large_initial_memory_is_refused() {
    let mut stage = Stage::new();
    stage.limits.memory = 1 << 20;
    let failure = stage.failure(Script::new().memory_pages(1000)).await;
    assert_eq!(failure.code, codes::OUT_OF_MEMORY, "{failure:?}");
}

#[tokio::test]
async fn deep_recursion_overflows_its_own_stack() {
    let stage = Stage::new();
    let script = Script::new()
        .functions("(func $deep (param i64) (result i64) (i64.add (call $deep (local.get 0)) (i64.const 1)))")
        .raw("(drop (call $deep (i64.const 0)))");
    let failure = stage.failure(script).await;
    assert_eq!(failure.code, codes::STACK_OVERFLOW, "{failure:?}");
}

#[tokio::test]
async fn traps_are_failures() {
    let stage = Stage::new();
    for trap in [
        "(unreachable)",
        "(drop (i32.div_u (i32.const 1) (i32.const 0)))",
        "(drop (i32.load (i32.const -1)))",
    ] {
        let failure = stage.failure(Script::new().raw(trap)).await;
        assert_eq!(failure.code, codes::TRAP, "{failure:?}");
        assert!(failure.message.contains("backtrace"), "{failure:?}");
    }
}

#[tokio::test]
async fn a_giant_output_is_too_large() {
    let stage = Stage::new();
    let two_megabytes = Script::new()
        .memory_pages(100)
        .raw("(call $output (i32.const 65536) (i32.const 2097152))");
    assert_eq!(stage.failure(two_megabytes).await.code, codes::TOO_LARGE);
    let forty_megabytes = Script::new()
        .memory_pages(900)
        .raw("(call $output (i32.const 65536) (i32.const 41943040))");
    assert_eq!(stage.failure(forty_megabytes).await.code, codes::TOO_LARGE);
}

#[tokio::test]
async fn giant_arguments_are_too_large() {
    let mut stage = Stage::trusting();
    stage.limits.payload = 100_000;
    for bytes in [200_000, 40_000_000] {
        let script = Script::new().memory_pages(900).raw(&format!(
            "(call $blobs_put (i32.const 65536) (i32.const {bytes}) (i32.const 64))"
        ));
        let failure = stage.failure(script).await;
        assert_eq!(failure.code, codes::TOO_LARGE, "{failure:?}");
    }
    assert_eq!(stage.journal.entries(), []);
}

#[tokio::test]
async fn refused_calls_do_not_fill_the_host() {
    let mut stage = Stage::new();
    stage.limits.payload = 100_000;
    stage.limits.host_calls = 100;
    let storm = "(loop $l (call $blobs_put (i32.const 65536) (i32.const 90000) (i32.const 64)) (br $l))";
    let failure = stage.failure(Script::new().memory_pages(100).raw(storm)).await;
    assert_eq!(failure.code, codes::TOO_MANY_HOST_CALLS, "{failure:?}");
    let nothing = surefoot_kernel::digest::Digest::of(&[0; 90_000]);
    assert!(surefoot_kernel::port::BlobStore::verify(&*stage.blobs, nothing).is_err());
    let long = "x".repeat(80_000);
    let storm = (0..10).fold(Script::new(), |script, _| script.stat_ignoring(&long));
    let failure = stage.failure(storm.memory_pages(100)).await;
    assert_eq!(failure.code, codes::TOO_LARGE, "{failure:?}");
}

#[tokio::test]
async fn outputs_that_are_no_object_are_invalid() {
    let stage = Stage::new();
    for outputs in ["", "{", "[]", "1", "null", "{\"a\":1} x"] {
        let failure = stage.failure(Script::new().outputs(outputs)).await;
        assert_eq!(failure.code, codes::INVALID_OUTPUT, "{outputs}");
    }
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(
        stage.failure(Script::new().outputs(deep)).await.code,
        codes::INVALID_OUTPUT
    );
}

#[tokio::test]
async fn outputs_that_are_no_text_are_invalid() {
    let stage = Stage::new();
    let failure = stage.failure(Script::new().outputs([b'{', 0xff, b'}'])).await;
    assert_eq!(failure.code, codes::INVALID_OUTPUT, "{failure:?}");
    let beyond = Script::new().raw("(call $output (i32.const -16) (i32.const 1000))");
    assert_eq!(stage.failure(beyond).await.code, codes::INVALID_OUTPUT);
}

#[tokio::test]
async fn a_storm_of_host_calls_is_stopped() {
    let mut stage = Stage::new();
    stage.limits.host_calls = 100;
    let failure = stage
        .failure(Script::new().raw("(loop $l (drop (call $clock_now)) (br $l))"))
        .await;
    assert_eq!(failure.code, codes::TOO_MANY_HOST_CALLS, "{failure:?}");
    assert_eq!(stage.journal.entries().len(), 100);
}

#[tokio::test]
async fn a_storm_of_progress_is_stopped() {
    let mut stage = Stage::new();
    stage.limits.host_calls = 100;
    let storm = "(loop $l (call $progress_report (i32.const 8) (i32.const 2) (i32.const 1) (f64.const nan)) (br $l))";
    assert_eq!(
        stage.failure(Script::new().raw(storm)).await.code,
        codes::TOO_MANY_HOST_CALLS
    );
}

#[tokio::test]
async fn a_storm_of_host_calls_ends_in_time() {
    let mut stage = Stage::new();
    stage.limits.host_calls = u32::MAX;
    stage.time_left = Duration::from_millis(200);
    let storm = "(loop $l (call $clock_sleep (i64.const 1)) (br $l))";
    let failure = stage.failure(Script::new().raw(storm)).await;
    assert_eq!(failure.code, codes::TIMED_OUT, "{failure:?}");
}

#[tokio::test]
async fn sleeping_is_bounded_by_the_attempt() {
    let mut stage = Stage::new();
    stage.time_left = Duration::from_millis(200);
    let started = Instant::now();
    let failure = stage
        .failure(Script::new().sleep(3_600_000).raw("(loop $l (br $l))"))
        .await;
    assert_eq!(failure.code, codes::TIMED_OUT, "{failure:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn too_many_random_bytes_are_an_invalid_call() {
    let failure = Stage::new().failure(Script::new().random(1025)).await;
    assert_eq!(failure.code, codes::INVALID_CALL);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_host_is_unharmed_afterwards() {
    let stage = Stage::new();
    let host = crate::stage::host();
    let mut attempts = Vec::new();
    for script in [
        Script::new().raw("(unreachable)"),
        Script::new().raw("(loop $l (drop (memory.grow (i32.const 16))) (br $l))"),
        Script::new().outputs("{\"fine\":true}"),
    ] {
        let (host, attempt, world) = (host.clone(), stage.attempt(&script.build()), stage.world());
        attempts.push(tokio::spawn(async move { host.execute(attempt, world).await }));
    }
    let mut ends = Vec::new();
    for attempt in attempts {
        ends.push(attempt.await.unwrap());
    }
    assert!(
        matches!(ends[2], surefoot_plugin_host::AttemptEnd::Succeeded(_)),
        "{ends:?}"
    );
}
