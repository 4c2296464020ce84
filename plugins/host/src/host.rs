//! The host: the engine, the plugins it has loaded, and the three things it does with them.

mod artifact;
mod ending;
mod outcome;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use surefoot_kernel::digest::Digest;
use surefoot_kernel::effect::{EffectResult, Failure, Finding, RecordedEffect};
use surefoot_kernel::json::Json;
use surefoot_kernel::plugin::{Description, Limits};
use tokio::time::{Instant, timeout_at};
use wasmtime::component::ComponentExportIndex;
use wasmtime::{Engine, Store, UpdateDeadline};

use self::ending::Ended;
use crate::answers::readable;
use crate::attempt::{Attempt, AttemptEnd, World};
use crate::compiled::{Describe, Loaded, Operate, Plugins, Reconcile, Signature};
use crate::engine::{Bounds, Ticker, engine};
use crate::error::{HostError, failure_codes};
use crate::guest::Guest;
use crate::outside::http::HttpClients;
use crate::session::{Session, timed_out};

/// How long a plugin may take to describe itself.
const DESCRIBING: Duration = Duration::from_secs(10);
/// Its fuel for that.
const DESCRIBING_FUEL: u64 = 1_000_000_000;
/// How long calls may clean up after the attempt's time is used up.
const GRACE: Duration = Duration::from_secs(10);

/// Runs plugins. Cheap to clone; all clones share engine, compiled code and connections.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    engine: Engine,
    plugins: Plugins,
    http: Arc<HttpClients>,
    ticker: Ticker,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}

impl Host {
    /// A host that keeps compiled code in `cache_folder`, which nobody else may be able to write to.
    /// Without one, plugins are compiled once per process.
    ///
    /// # Errors
    /// The engine cannot be started, or the folder cannot be used.
    pub fn new(cache_folder: Option<PathBuf>) -> Result<Self, HostError> {
        let engine = engine()?;
        Ok(Self(Arc::new(Inner {
            plugins: Plugins::new(&engine, cache_folder)?,
            http: Arc::default(),
            ticker: Ticker::start(&engine)?,
            engine,
        })))
    }

    /// What the plugin says of itself. It gets no capability at all, not even a clock; only the script that is
    /// to be pinned beside it, if there is one.
    ///
    /// # Errors
    /// The component is no plugin of this interface, or does not answer with a description.
    pub async fn describe(&self, component: &[u8], script: Option<&str>) -> Result<Description, HostError> {
        let digest = Digest::of(component);
        let loaded = self.0.plugins.load(digest, &Arc::from(component)).await?;
        let failed = |reason: String| HostError::NotDescribed { digest, reason };
        let limits = Limits {
            fuel: DESCRIBING_FUEL,
            ..Limits::default()
        };
        let deadline = Instant::now() + DESCRIBING;
        let (ended, _) = self
            .call::<Describe>(
                &loaded,
                loaded.describe,
                (),
                (None, script.map(Arc::from)),
                &limits,
                deadline,
            )
            .await;
        let text = match ended {
            Ended::Returned((text,)) => text,
            Ended::Failed(failure) => return Err(failed(format!("{}: {}", failure.code, failure.message))),
            Ended::Diverged(_) | Ended::Interrupted => return Err(failed("it was stopped".to_owned())),
        };
        serde_json::from_str(&text).map_err(|e| failed(format!("its answer is not a description: {e}")))
    }

    /// Runs the attempt to its end. Dropping the future cancels it: processes that it runs are killed.
    pub async fn execute(&self, mut attempt: Attempt, world: World) -> AttemptEnd {
        let loaded = match self.0.plugins.load(attempt.plugin.digest, &attempt.component).await {
            Ok(loaded) => loaded,
            Err(error) => return AttemptEnd::Failed(error.to_failure()),
        };
        let Some(&operation) = loaded.operations.get(attempt.operation.as_str()) else {
            return AttemptEnd::Failed(no_operation(&attempt.operation, &loaded));
        };
        let secrets = Arc::clone(&world.secrets);
        let session = Session::of_attempt(&mut attempt, world, Arc::clone(&self.0.http));
        let deadline = session.deadline;
        let limits = &attempt.plugin.limits;
        let arguments = (attempt.context.text(), attempt.input.text());
        let called = self.call::<Operate>(
            &loaded,
            operation,
            arguments,
            (Some(session), attempt.script.clone()),
            limits,
            deadline,
        );
        let (ended, unused) = called.await;
        match (ended, unused) {
            (Ended::Diverged(divergence), _) => AttemptEnd::Diverged(divergence),
            (Ended::Interrupted, _) => AttemptEnd::Interrupted,
            // Time is not part of what a re-execution repeats; everything else is.
            (Ended::Failed(failure), _) if failure.code == failure_codes::TIMED_OUT => AttemptEnd::Failed(failure),
            (_, Some(unused)) => AttemptEnd::Diverged(Box::new(unused)),
            (Ended::Failed(failure), None) => AttemptEnd::Failed(outcome::cleaned(failure, &secrets)),
            (Ended::Returned((Ok(outcome),)), None) => match outcome::checked(outcome, limits, &secrets) {
                Ok(outcome) => AttemptEnd::Succeeded(outcome),
                Err(failure) => AttemptEnd::Failed(failure),
            },
            (Ended::Returned((Err(failure),)), None) => {
                AttemptEnd::Failed(outcome::cleaned(outcome::failure(failure, limits), &secrets))
            }
        }
    }

    /// Asks the plugin whether an effect in doubt has happened. While it looks it may read, and call
    /// what is `idempotent`; all of that is recorded as effects of the look. `attempt` is the one that the
    /// doubt belongs to, with the look's number and, for a replay, what is recorded of the look.
    ///
    /// A plugin that cannot tell, fails, or answers nonsense has found [`Finding::Unknown`]. `None` if nothing
    /// more could be recorded: then nothing was found at all.
    ///
    /// # Errors
    /// The component is no plugin of this interface.
    pub async fn reconcile(
        &self,
        mut attempt: Attempt,
        doubt: &RecordedEffect,
        world: World,
    ) -> Result<Option<(Finding, String)>, HostError> {
        let loaded = self.0.plugins.load(attempt.plugin.digest, &attempt.component).await?;
        let secrets = Arc::clone(&world.secrets);
        let session = Session::of_reconcile(&mut attempt, world, Arc::clone(&self.0.http));
        let deadline = session.deadline;
        let asked = json!({
            "operation": attempt.operation,
            "input": attempt.input,
            "effect": doubt.effect,
            "request": doubt.request,
        });
        let arguments = (attempt.context.text(), Json(asked).text());
        let limits = &attempt.plugin.limits;
        let (ended, _) = self
            .call::<Reconcile>(
                &loaded,
                loaded.reconcile,
                arguments,
                (Some(session), attempt.script.clone()),
                limits,
                deadline,
            )
            .await;
        let (finding, reason) = match ended {
            Ended::Returned((Ok(answer),)) => finding(&answer, &doubt.request.call),
            Ended::Returned((Err(failure),)) => (
                Finding::Unknown,
                format!("the plugin could not look: {}: {}", failure.code, failure.message),
            ),
            Ended::Failed(failure) => (
                Finding::Unknown,
                format!("the plugin could not look: {}: {}", failure.code, failure.message),
            ),
            Ended::Diverged(divergence) => (Finding::Unknown, divergence.to_string()),
            Ended::Interrupted => return Ok(None),
        };
        Ok(Some((finding, secrets.redact(&reason))))
    }

    /// Calls one function of a fresh instance; also tells which recorded effect was not asked for.
    async fn call<T: Signature>(
        &self,
        loaded: &Loaded,
        function: ComponentExportIndex,
        arguments: T::Params,
        (session, script): (Option<Session>, Option<Arc<str>>),
        limits: &Limits,
        deadline: Instant,
    ) -> (Ended<T::Results>, Option<crate::attempt::Divergence>) {
        let mut store = Store::new(&self.0.engine, Guest::new(Bounds::new(limits), session, script));
        let _running = self.0.ticker.run();
        let work = async {
            configure(&mut store, limits, deadline)?;
            let instance = loaded.instance.instantiate_async(&mut store).await?;
            let function = instance
                .get_func(&mut store, function)
                .ok_or_else(|| wasmtime::Error::msg("the function is gone"))?;
            let function = function.typed::<T::Params, T::Results>(&store)?;
            function.call_async(&mut store, arguments).await
        };
        let called = timeout_at(deadline + GRACE, work).await;
        let guest = store.data_mut();
        let ended = match called {
            Ok(Ok(results)) => Ended::Returned(results),
            Ok(Err(error)) => ending::of(&error, guest, limits),
            Err(_) => Ended::Failed(timed_out()),
        };
        let unused = guest.session.as_mut().and_then(Session::unused);
        (ended, unused)
    }
}

fn configure(store: &mut Store<Guest>, limits: &Limits, deadline: Instant) -> wasmtime::Result<()> {
    store.limiter(|guest| &mut guest.bounds);
    store.set_fuel(limits.fuel)?;
    // What a host call copies: its arguments, or the outputs, and some room to say that they are too large.
    let copied = limits
        .payload
        .max(limits.output)
        .saturating_mul(2)
        .saturating_add(1 << 20);
    store.set_hostcall_fuel(usize::try_from(copied).unwrap_or(usize::MAX));
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        if Instant::now() < deadline {
            Ok(UpdateDeadline::Yield(1))
        } else {
            Ok(UpdateDeadline::Interrupt)
        }
    });
    Ok(())
}

fn no_operation(operation: &str, loaded: &Loaded) -> Failure {
    let known: Vec<&str> = loaded.operations.keys().copied().collect();
    Failure::permanent(
        failure_codes::INVALID_PLUGIN,
        format!(
            "plugin {} has no operation {operation:?}; it has {}",
            loaded.digest,
            known.join(", ")
        ),
    )
}

/// The answer of `reconcile`.
#[derive(Deserialize)]
struct Answer {
    finding: String,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    reason: String,
}

fn finding(answer: &str, call: &str) -> (Finding, String) {
    let answer: Answer = match serde_json::from_str(answer) {
        Ok(answer) => answer,
        Err(e) => return (Finding::Unknown, format!("the plugin's answer is not one: {e}")),
    };
    let reason: String = answer.reason.chars().take(4096).collect();
    match answer.finding.as_str() {
        "applied" if answer.result.is_null() => (Finding::Applied { result: None }, reason),
        "applied" => match serde_json::from_value::<EffectResult>(answer.result) {
            Ok(result) if readable(call, &result) => (Finding::Applied { result: Some(result) }, reason),
            Ok(_) | Err(_) => (
                Finding::Applied { result: None },
                format!("{reason} (the result that the plugin gave is not one of {call}, and is left out)"),
            ),
        },
        "not-applied" => (Finding::NotApplied, reason),
        "unknown" => (Finding::Unknown, reason),
        other => (
            Finding::Unknown,
            format!("the plugin's finding {other:?} is none that there is; {reason}"),
        ),
    }
}
