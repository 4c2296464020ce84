//! `clock.*`: time and chance, recorded.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use surefoot_kernel::effect::EffectClass;

use crate::bindings::surefoot::plugin::clock;
use crate::encoding::{Bytes, value};
use crate::error::failure_codes;
use crate::guest::Guest;
use crate::refusal::Refusal;
use crate::session::{Call, Scope, Shared};

/// Bytes that one call of `random` may ask for.
const MOST_RANDOM: u32 = 1024;

impl Guest {
    /// A call of the clock: always granted, and without a way to refuse.
    async fn clock<T, P, F>(&mut self, name: &'static str, arguments: Value, perform: P) -> wasmtime::Result<T>
    where
        T: DeserializeOwned,
        P: FnOnce(Scope) -> F,
        F: Future<Output = Result<Value, Refusal>>,
    {
        let call = Call {
            name,
            class: EffectClass::Read,
            arguments,
            attachments: Vec::new(),
            presumed: None,
        };
        let answered = self
            .effect(call, |_: &Shared| Ok(()), |(), scope| perform(scope))
            .await?;
        answered.map_err(|refused| {
            let message = format!("{name} cannot be answered: {}", refused.message);
            self.fail(failure_codes::INVALID_CALL, message)
        })
    }
}

impl clock::Host for Guest {
    async fn now(&mut self) -> wasmtime::Result<u64> {
        let perform = async |_: Scope| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Ok(json!(u64::try_from(now.as_millis()).unwrap_or(u64::MAX)))
        };
        self.clock("clock.now", json!({}), perform).await
    }

    async fn sleep(&mut self, milliseconds: u64) -> wasmtime::Result<()> {
        let perform = async |scope: Scope| {
            tokio::time::sleep(Duration::from_millis(milliseconds).min(scope.time_left)).await;
            Ok(Value::Null)
        };
        self.clock("clock.sleep", json!({"milliseconds": milliseconds}), perform)
            .await
    }

    async fn random(&mut self, length: u32) -> wasmtime::Result<Vec<u8>> {
        if length > MOST_RANDOM {
            let message = format!("clock.random gives at most {MOST_RANDOM} bytes, and was asked for {length}");
            return Err(self.fail(failure_codes::INVALID_CALL, message));
        }
        let perform = async |_: Scope| {
            let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
            getrandom::fill(&mut bytes).map_err(|e| Refusal::new("io", format!("no random bytes: {e}")))?;
            Ok(value(&Bytes(bytes)))
        };
        let bytes: Bytes = self.clock("clock.random", json!({"length": length}), perform).await?;
        Ok(bytes.0)
    }
}
