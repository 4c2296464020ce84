//! The wasmtime engine: its configuration, the ticking of its epochs, and the bounds of a store.
//!
//! The configuration is part of what makes a re-execution the same: canonical NaNs, deterministic
//! relaxed SIMD, no threads, and fuel that is counted the same everywhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use surefoot_kernel::plugin::Limits;
use wasmtime::{Config, Engine, OptLevel, ResourceLimiter, Strategy};

use crate::error::HostError;

/// How often a running guest is looked at.
const TICK: Duration = Duration::from_millis(10);

pub(crate) fn engine() -> Result<Engine, HostError> {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .wasm_component_model(true)
        .wasm_memory64(false)
        .wasm_tail_call(false)
        .consume_fuel(true)
        .epoch_interruption(true)
        .max_wasm_stack(512 << 10)
        // Host functions are polled on the guest's fiber: room for TLS and JSON besides the guest.
        .async_stack_size(4 << 20);
    Engine::new(&config).map_err(|e| HostError::Engine(format!("{e:#}")))
}

/// Advances the engine's epoch while somebody runs a guest, and sleeps otherwise.
#[derive(Debug)]
pub(crate) struct Ticker {
    shared: Arc<Beat>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Beat {
    running: AtomicUsize,
    stop: AtomicBool,
}

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> Result<Self, HostError> {
        let shared = Arc::new(Beat::default());
        let (beat, engine) = (Arc::clone(&shared), engine.clone());
        let thread = thread::Builder::new()
            .name("surefoot-epoch".to_owned())
            .spawn(move || {
                while !beat.stop.load(Ordering::Acquire) {
                    if beat.running.load(Ordering::Acquire) == 0 {
                        thread::park();
                    } else {
                        thread::sleep(TICK);
                        engine.increment_epoch();
                    }
                }
            })
            .map_err(|e| HostError::Engine(format!("no thread for the epochs: {e}")))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Epochs advance until the guard is dropped.
    pub(crate) fn run(&self) -> Running {
        if self.shared.running.fetch_add(1, Ordering::AcqRel) == 0
            && let Some(thread) = &self.thread
        {
            thread.thread().unpark();
        }
        Running(Arc::clone(&self.shared))
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // Fails only if the thread panicked, which leaves nothing to be done here.
            let _ = thread.join();
        }
    }
}

/// See [`Ticker::run`].
#[derive(Debug)]
pub(crate) struct Running(Arc<Beat>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Bounds of one store, over all memories and tables of the component together.
#[derive(Debug)]
pub(crate) struct Bounds {
    memory_left: usize,
    table_left: usize,
    /// What was refused, once something was.
    pub(crate) refused: Option<String>,
}

/// Table elements of a component.
const TABLE_ELEMENTS: usize = 100_000;

impl Bounds {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            memory_left: usize::try_from(limits.memory).unwrap_or(usize::MAX),
            table_left: TABLE_ELEMENTS,
            refused: None,
        }
    }

    fn take(left: &mut usize, current: usize, desired: usize) -> bool {
        match left.checked_sub(desired.saturating_sub(current)) {
            Some(rest) => {
                *left = rest;
                true
            }
            None => false,
        }
    }
}

impl ResourceLimiter for Bounds {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if Self::take(&mut self.memory_left, current, desired) {
            return Ok(true);
        }
        let text = format!("memory of {desired} bytes is more than granted");
        self.refused = Some(text.clone());
        Err(wasmtime::Error::msg(text))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if Self::take(&mut self.table_left, current, desired) {
            return Ok(true);
        }
        let text = format!("a table of {desired} elements is more than granted");
        self.refused = Some(text.clone());
        Err(wasmtime::Error::msg(text))
    }

    fn instances(&self) -> usize {
        64
    }

    fn tables(&self) -> usize {
        64
    }

    fn memories(&self) -> usize {
        16
    }
}
