//! The data of one wasmtime store: the session behind host calls, and why it was stopped.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;
use surefoot_kernel::effect::Failure;

use crate::bindings::surefoot::plugin::types::HostError;
use crate::engine::Bounds;
use crate::error::failure_codes;
use crate::refusal::Refusal;
use crate::session::{Call, Scope, Session, Shared, Stop};

/// The data of one store.
pub(crate) struct Guest {
    pub(crate) bounds: Bounds,
    /// None for `describe`, which may not call the host.
    pub(crate) session: Option<Session>,
    /// The script that is pinned beside the plugin.
    pub(crate) script: Option<Arc<str>>,
    /// Set before a host call traps: the reason is more than an error's text.
    pub(crate) stop: Option<Stop>,
}

impl Guest {
    pub(crate) const fn new(bounds: Bounds, session: Option<Session>, script: Option<Arc<str>>) -> Self {
        Self {
            bounds,
            session,
            script,
            stop: None,
        }
    }

    /// Ends the instance.
    pub(crate) fn stop(&mut self, stop: Stop) -> wasmtime::Error {
        self.stop = Some(stop);
        wasmtime::Error::msg("stopped by the host")
    }

    /// Ends the instance with a failure that trying again does not mend.
    pub(crate) fn fail(&mut self, code: &str, message: impl Into<String>) -> wasmtime::Error {
        self.stop(Stop::Failed(Failure::permanent(code, message)))
    }

    pub(crate) fn session(&mut self) -> wasmtime::Result<&mut Session> {
        if self.session.is_none() {
            return Err(self.fail(
                failure_codes::INVALID_CALL,
                "the plugin calls the host where it may not, from `describe` or while it starts",
            ));
        }
        self.session.as_mut().ok_or_else(|| wasmtime::Error::msg("no session"))
    }

    /// Refuses arguments that are larger than granted.
    pub(crate) fn bounded(&mut self, call: &str, bytes: usize) -> wasmtime::Result<()> {
        let limit = self.session()?.shared.payload();
        if bytes <= limit {
            return Ok(());
        }
        Err(self.fail(
            failure_codes::TOO_LARGE,
            format!("{call} with {bytes} bytes of arguments is over the limit of {limit}; raise `payload`"),
        ))
    }

    /// See [`Session::effect`]; the answer as the type that the interface prescribes.
    pub(crate) async fn effect<T, S, P, F>(
        &mut self,
        call: Call,
        prepare: impl FnOnce(&Shared) -> Result<S, Refusal>,
        perform: P,
    ) -> wasmtime::Result<Result<T, HostError>>
    where
        T: DeserializeOwned,
        P: FnOnce(S, Scope) -> F,
        F: Future<Output = Result<Value, Refusal>>,
    {
        let name = call.name;
        let answered = self.session()?.effect(call, prepare, perform).await;
        match answered {
            Err(stop) => Err(self.stop(stop)),
            Ok(Err(Refusal { code, message })) => Ok(Err(HostError { code, message })),
            Ok(Ok(value)) => match serde_json::from_value(value) {
                Ok(answer) => Ok(Ok(answer)),
                Err(e) => Err(self.fail(
                    failure_codes::UNREADABLE_RECORD,
                    format!("the result recorded for {name} is not one: {e}"),
                )),
            },
        }
    }
}
