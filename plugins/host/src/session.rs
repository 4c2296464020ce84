//! The one path that every host call takes: counted, compared with the record, granted or refused,
//! intended, performed, recorded.
//!
//! Invariants: a mutating call is performed only after its intent is durable (or when its intent
//! is in the record); no call is performed that the record answers; nothing that comes back from
//! the world is recorded or given to the plugin before secrets are taken out of it.

mod call;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use surefoot_kernel::effect::{EffectClass, EffectRequest, EffectResult, Failure, RecordedEffect};
use surefoot_kernel::id::EffectNo;
use surefoot_kernel::json::Json;
use surefoot_kernel::place::Place;
use tokio::time::{Instant, timeout};

pub(crate) use self::call::{Call, Scope, Shared, Stop};
use crate::attempt::{Attempt, Divergence, Mode, World};
use crate::error::failure_codes;
use crate::journal::JournalClosed;
use crate::outside::http::HttpClients;
use crate::refusal::Refusal;

/// How long a call may take beyond the attempt's time until it has cleaned up after itself.
const CLEANUP: Duration = Duration::from_secs(5);

/// Arguments of all calls together, in multiples of those that one may have. Long ones that are
/// kept as blobs do not count.
const ARGUMENTS: usize = 4;
/// An attempt that may take longer may as well take this long.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// What host calls are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// An attempt: compared and recorded.
    Attempt(Mode),
    /// `reconcile`: recorded like an attempt, but what it does must not matter if it is done again.
    Look(Mode),
}

/// The host's side of one running instance.
pub(crate) struct Session {
    pub(crate) shared: Arc<Shared>,
    pub(crate) deadline: Instant,
    purpose: Purpose,
    record: VecDeque<RecordedEffect>,
    next: EffectNo,
    calls_left: u32,
    /// Bytes of arguments that may still be recorded: a refused call is recorded too.
    arguments_left: usize,
}

impl Session {
    pub(crate) fn of_attempt(attempt: &mut Attempt, world: World, http: Arc<HttpClients>) -> Self {
        let record = std::mem::take(&mut attempt.record).into();
        Self::new(attempt, world, http, Purpose::Attempt(attempt.mode), record)
    }

    pub(crate) fn of_reconcile(attempt: &mut Attempt, world: World, http: Arc<HttpClients>) -> Self {
        let record = std::mem::take(&mut attempt.record).into();
        Self::new(attempt, world, http, Purpose::Look(attempt.mode), record)
    }

    fn new(
        attempt: &Attempt,
        world: World,
        http: Arc<HttpClients>,
        purpose: Purpose,
        record: VecDeque<RecordedEffect>,
    ) -> Self {
        let folder = &attempt.working_folder;
        let shared = Shared {
            deployment: attempt.deployment,
            step: attempt.step.clone(),
            attempt: attempt.number,
            look: attempt.look,
            grants: attempt.plugin.grants.clone(),
            limits: attempt.plugin.limits.clone(),
            working_folder: std::path::absolute(folder).unwrap_or_else(|_| folder.clone()),
            blobs: world.blobs,
            secrets: world.secrets,
            http,
            journal: world.journal,
            children: world.children,
        };
        Self {
            calls_left: shared.limits.host_calls,
            arguments_left: shared.payload().saturating_mul(ARGUMENTS),
            shared: Arc::new(shared),
            deadline: Instant::now() + attempt.time_left.min(LONGEST),
            purpose,
            record,
            next: EffectNo(0),
        }
    }

    pub(crate) fn progress(&mut self, message: &str, fraction: Option<f64>) -> Result<(), Stop> {
        self.count()?;
        // What a re-execution repeats has been seen before.
        if self.record.is_empty() {
            let cut: String = message.chars().take(4096).collect();
            let fraction = fraction
                .filter(|fraction| !fraction.is_nan())
                .map(|fraction| fraction.clamp(0.0, 1.0));
            self.shared
                .journal
                .progress(&self.shared.secrets.redact(&cut), fraction);
        }
        Ok(())
    }

    /// The first recorded effect that was not asked for, if any.
    pub(crate) fn unused(&mut self) -> Option<Divergence> {
        self.record.pop_front().map(|left| Divergence {
            effect: left.effect,
            expected: Some(left.request),
            actual: None,
        })
    }

    /// Answers `call`, from the record or from the world. `prepare` decides by the grants alone
    /// and touches nothing; `perform` does it.
    pub(crate) async fn effect<S, P, F>(
        &mut self,
        call: Call,
        prepare: impl FnOnce(&Shared) -> Result<S, Refusal>,
        perform: P,
    ) -> Result<Result<Value, Refusal>, Stop>
    where
        P: FnOnce(S, Scope) -> F,
        F: Future<Output = Result<Value, Refusal>>,
    {
        self.count()?;
        let Call {
            name,
            class,
            arguments,
            attachments,
            presumed,
        } = call;
        let request = EffectRequest {
            call: name.to_owned(),
            class,
            arguments: Json(arguments),
            place: Place::HERE,
        };
        self.weigh(&request)?;
        let effect = self.next;
        self.next = effect.next();
        let mut intended = false;
        if let Some(recorded) = self.record.pop_front() {
            if let Some(result) = self.recorded(recorded, &request)? {
                return Ok(given(result, presumed));
            }
            intended = true;
        }
        if let Purpose::Attempt(Mode::Replay) | Purpose::Look(Mode::Replay) = self.purpose {
            return Err(Stop::Diverged(Box::new(Divergence {
                effect,
                expected: intended.then(|| request.clone()),
                actual: Some(request),
            })));
        }
        let scope = self.scope(effect)?;
        let ready = match self.allowed(name, class).and_then(|()| prepare(&scope.shared)) {
            // Only what is granted may take up space.
            Ok(state) => attach(&scope.shared, attachments).await.map(|()| state),
            Err(refusal) => Err(refusal),
        };
        let mut began = Instant::now();
        let result = match ready {
            Err(refusal) if !intended => return self.refuse(effect, request, refusal).await,
            Err(refusal) => Err(refusal),
            Ok(state) => {
                if class.mutates() && !intended {
                    self.shared.journal.intend(effect, request.clone()).await?;
                    began = Instant::now();
                }
                performed(perform(state, scope.clone()), &scope).await
            }
        };
        let result = self.clean(name, result);
        let recorded = to_result(&result);
        if class.mutates() || intended {
            self.shared.journal.complete(effect, recorded, began.elapsed()).await?;
        } else {
            self.shared
                .journal
                .read(effect, request, recorded, began.elapsed())
                .await?;
        }
        Ok(result)
    }

    /// Whether that class of effect may happen here at all.
    fn allowed(&self, name: &str, class: EffectClass) -> Result<(), Refusal> {
        match (self.purpose, class) {
            (Purpose::Look(_), EffectClass::Probe | EffectClass::Once) => Err(Refusal::denied(format!(
                "{name} as an effect that must not be repeated is not possible while looking at an effect in doubt; \
                 call it as `idempotent` if it only looks"
            ))),
            (Purpose::Look(_), EffectClass::Read | EffectClass::Idempotent) | (Purpose::Attempt(_), _) => Ok(()),
        }
    }

    fn count(&mut self) -> Result<(), Stop> {
        match self.calls_left.checked_sub(1) {
            Some(left) => {
                self.calls_left = left;
                Ok(())
            }
            None => Err(Stop::Failed(Failure::permanent(
                failure_codes::TOO_MANY_HOST_CALLS,
                format!(
                    "the plugin made more than {} host calls; raise `host_calls` in its limits",
                    self.shared.limits.host_calls
                ),
            ))),
        }
    }

    fn weigh(&mut self, request: &EffectRequest) -> Result<(), Stop> {
        let bytes = request.arguments.text().len();
        match self.arguments_left.checked_sub(bytes) {
            Some(left) => {
                self.arguments_left = left;
                Ok(())
            }
            None => Err(Stop::Failed(Failure::permanent(
                failure_codes::TOO_LARGE,
                format!(
                    "the arguments of the plugin's host calls are together more than {ARGUMENTS} times its limit \
                     `payload`; raise it"
                ),
            ))),
        }
    }

    /// The recorded result of `request`; `None` if only its intent is recorded.
    fn recorded(&self, recorded: RecordedEffect, request: &EffectRequest) -> Result<Option<EffectResult>, Stop> {
        // A call that was refused before its intent was recorded is recorded as a read.
        let refused = recorded.request.class == EffectClass::Read
            && matches!(recorded.result, Some(EffectResult::Refused { .. }));
        let same = if refused {
            recorded.request.digest() == as_read(request.clone()).digest()
        } else {
            recorded.request.digest() == request.digest()
        };
        if same {
            Ok(recorded.result)
        } else {
            Err(Stop::Diverged(Box::new(Divergence {
                effect: recorded.effect,
                expected: Some(recorded.request),
                actual: Some(request.clone()),
            })))
        }
    }

    fn scope(&self, effect: EffectNo) -> Result<Scope, Stop> {
        let time_left = self.deadline.saturating_duration_since(Instant::now());
        if time_left.is_zero() {
            return Err(Stop::Failed(timed_out()));
        }
        let shared = Arc::clone(&self.shared);
        let key = shared.key(effect);
        Ok(Scope {
            shared,
            time_left,
            effect,
            key,
        })
    }

    async fn refuse(
        &self,
        effect: EffectNo,
        request: EffectRequest,
        refusal: Refusal,
    ) -> Result<Result<Value, Refusal>, Stop> {
        let refused = self.clean(&request.call, Err(refusal));
        let recorded = to_result(&refused);
        self.shared
            .journal
            .read(effect, as_read(request), recorded, Duration::ZERO)
            .await?;
        Ok(refused)
    }

    /// Takes secrets out, and reports a denial.
    fn clean(&self, name: &str, result: Result<Value, Refusal>) -> Result<Value, Refusal> {
        let secrets = &self.shared.secrets;
        match result {
            Ok(mut value) => {
                secrets.redact_json(&mut value);
                Ok(value)
            }
            Err(Refusal { code, message }) => {
                let message = shortened(secrets.redact(&message));
                if code == Refusal::DENIED {
                    self.shared.journal.denied(name, &message);
                }
                Err(Refusal { code, message })
            }
        }
    }
}

impl From<JournalClosed> for Stop {
    fn from(_: JournalClosed) -> Self {
        Self::Interrupted
    }
}

pub(crate) fn timed_out() -> Failure {
    Failure::transient(
        failure_codes::TIMED_OUT,
        "the attempt used up its time; raise the step's `timeout` if it needs longer",
    )
}

/// Arguments may be long; a message is for people.
fn shortened(mut message: String) -> String {
    const MOST: usize = 4096;
    if let Some((at, _)) = message.char_indices().nth(MOST) {
        message.truncate(at);
        message.push('…');
    }
    message
}

fn as_read(request: EffectRequest) -> EffectRequest {
    EffectRequest {
        class: EffectClass::Read,
        ..request
    }
}

fn given(result: EffectResult, presumed: Option<Value>) -> Result<Value, Refusal> {
    match result {
        EffectResult::Returned { value } => Ok(value.0),
        EffectResult::Refused { code, message } => Err(Refusal { code, message }),
        EffectResult::Presumed => presumed.ok_or_else(|| {
            Refusal::new(
                "io",
                "the call was found to have happened, but what it returned is not known",
            )
        }),
    }
}

fn to_result(result: &Result<Value, Refusal>) -> EffectResult {
    match result {
        Ok(value) => EffectResult::Returned {
            value: Json(value.clone()),
        },
        Err(Refusal { code, message }) => EffectResult::Refused {
            code: code.clone(),
            message: message.clone(),
        },
    }
}

async fn attach(shared: &Arc<Shared>, attachments: Vec<Vec<u8>>) -> Result<(), Refusal> {
    if attachments.is_empty() {
        return Ok(());
    }
    let shared = Arc::clone(shared);
    crate::outside::blocking(move || {
        attachments.iter().try_for_each(|content| {
            shared
                .blobs
                .put(content)
                .map(drop)
                .map_err(|e| crate::outside::blob_refusal(&e))
        })
    })
    .await
}

async fn performed(work: impl Future<Output = Result<Value, Refusal>>, scope: &Scope) -> Result<Value, Refusal> {
    timeout(scope.time_left.saturating_add(CLEANUP), work)
        .await
        .unwrap_or_else(|_| Err(Refusal::new("timed-out", "the call did not end in the attempt's time")))
}
