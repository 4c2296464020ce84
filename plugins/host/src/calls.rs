//! Host calls, one file per interface: how each is encoded in the record, what it needs to be
//! granted, and how its result is decoded for the plugin.

mod blobs;
mod clock;
mod files;
mod http;
mod process;

use surefoot_kernel::effect::EffectClass;

use crate::bindings::surefoot::plugin::{progress, script, types};
use crate::guest::Guest;

impl types::Host for Guest {}

impl progress::Host for Guest {
    async fn report(&mut self, message: String, fraction: Option<f64>) -> wasmtime::Result<()> {
        let reported = self.session()?.progress(&message, fraction);
        reported.map_err(|stop| self.stop(stop))
    }
}

impl script::Host for Guest {
    async fn source(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(self.script.as_deref().map(ToOwned::to_owned))
    }
}

/// The class that a plugin gives to a mutating call.
fn class_of(text: &str) -> Option<EffectClass> {
    match text {
        "idempotent" => Some(EffectClass::Idempotent),
        "probe" => Some(EffectClass::Probe),
        "once" => Some(EffectClass::Once),
        _ => None,
    }
}
