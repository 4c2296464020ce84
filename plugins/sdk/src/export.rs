//! From the exported functions of a component to the traits of a plugin: JSON in, JSON out. Used by the
//! register macros only.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use crate::bindings::{backup, deploy, notify, plugin, task, validate};

use crate::bindings::host::surefoot::plugin::types;
use crate::context::{Context, Doubt, Finding};
use crate::outcome::{Failure, Outcome};
use crate::plugin::{Backup, Deploy, Notify, Plugin, Task, Validate};

/// A plugin as the generated code wants it.
#[derive(Debug)]
pub struct Adapter<P>(PhantomData<P>);

/// Shows a line to the person who watches.
pub fn report(message: &str, fraction: Option<f64>) {
    crate::bindings::host::surefoot::plugin::progress::report(message, fraction);
}

fn failure(failure: Failure) -> types::Failure {
    types::Failure {
        code: failure.code,
        message: failure.message,
        retryable: failure.retryable,
        details: failure.details.to_string(),
    }
}

/// A panic traps, and all that the host sees of it is `unreachable`; so it is said before.
fn say_panics() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|panic| report(&panic.to_string(), None)));
}

fn call<I: DeserializeOwned, O: Serialize>(
    context: &str,
    input: &str,
    operation: fn(&Context, I) -> Result<Outcome<O>, Failure>,
) -> Result<types::Outcome, types::Failure> {
    say_panics();
    let run = || {
        let context = context_of(context)?;
        let input = input_of(input)?;
        let outcome = operation(&context, input)?;
        let outputs = serde_json::to_string(&outcome.outputs)
            .map_err(|error| Failure::new("invalid-output", format!("outputs cannot be written as JSON: {error}")))?;
        Ok(types::Outcome {
            outputs,
            observations: outcome.observations,
            artifacts: outcome.artifacts,
            summary: outcome.summary,
        })
    };
    run().map_err(failure)
}

fn context_of(text: &str) -> Result<Context, Failure> {
    serde_json::from_str(text)
        .map_err(|error| Failure::new("invalid-context", format!("the context cannot be read: {error}")))
}

fn input_of<I: DeserializeOwned>(text: &str) -> Result<I, Failure> {
    let invalid = |error: serde_json::Error| {
        // The input is generated text: a position in it would tell its author nothing.
        let text = error.to_string();
        let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(head, _)| head);
        Failure::invalid_input(format!("the step's `with` does not fit: {text}"))
    };
    serde_json::from_str(text).map_err(invalid)
}

fn reconcile<P: Plugin>(context: &str, doubt: &str) -> Result<String, types::Failure> {
    say_panics();
    let run = || {
        let context = context_of(context)?;
        let doubt: Doubt = serde_json::from_str(doubt)
            .map_err(|error| Failure::new("invalid-input", format!("the effect in doubt cannot be read: {error}")))?;
        P::reconcile(&context, &doubt)
    };
    run()
        .map(|finding: Finding| finding.to_json().to_string())
        .map_err(failure)
}

impl<P: Plugin> plugin::exports::surefoot::plugin::plugin::Guest for Adapter<P> {
    fn describe() -> String {
        P::describe().to_json().to_string()
    }

    fn reconcile(context: String, doubt: String) -> Result<String, types::Failure> {
        reconcile::<P>(&context, &doubt)
    }
}

macro_rules! export {
    ($module:ident, $trait:ident, $($operation:ident),+) => {
        impl<P: $trait> $module::exports::surefoot::plugin::$module::Guest for Adapter<P> {
            $(fn $operation(context: String, input: String) -> Result<types::Outcome, types::Failure> {
                call(&context, &input, P::$operation)
            })+
        }
    };
}

export!(backup, Backup, create, verify, restore);
export!(deploy, Deploy, stage, activate, revert);
export!(validate, Validate, check);
export!(notify, Notify, send);
export!(task, Task, run);

macro_rules! register {
    ($macro:ident, $trait:ident, $module:ident, $export:ident, $world:literal, $d:tt) => {
        #[doc = concat!("Makes a type the component's implementation of the world `", $world, "`.")]
        #[macro_export]
        macro_rules! $macro {
                    ($d plugin:ty) => {
                        const _: () = {
                            const fn implements<P: $d crate::$trait>() {}
                            implements::<$d plugin>();
                        };
                        #[cfg(target_arch = "wasm32")]
                        const _: () = {
                            type Exported = $d crate::export::Adapter<$d plugin>;
                            $d crate::export::plugin::export_plugin!(Exported with_types_in $d crate::export::plugin);
                            $d crate::export::$module::$export!(Exported with_types_in $d crate::export::$module);
                        };
                    };
                }
    };
}

register!(backup_plugin, Backup, backup, export_backup, "backup-plugin", $);
register!(deploy_plugin, Deploy, deploy, export_deploy, "deploy-plugin", $);
register!(validate_plugin, Validate, validate, export_validate, "validate-plugin", $);
register!(notify_plugin, Notify, notify, export_notify, "notify-plugin", $);
register!(task_plugin, Task, task, export_task, "task-plugin", $);

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Input {
        n: u32,
    }

    fn double(_: &Context, input: Input) -> Result<Outcome<serde_json::Value>, Failure> {
        Ok(Outcome::new(serde_json::json!({ "n": input.n * 2 }), "doubled"))
    }

    #[test]
    fn json_in_json_out() {
        let outcome = call("{}", r#"{"n": 21}"#, double).unwrap();
        assert_eq!(outcome.outputs, r#"{"n":42}"#);
    }

    #[test]
    fn unknown_keys_are_named() {
        let failure = call("{}", r#"{"n": 21, "m": 1}"#, double).unwrap_err();
        assert_eq!(failure.code, "invalid-input");
        assert_eq!(
            failure.message,
            "the step's `with` does not fit: unknown field `m`, expected `n`"
        );
    }
}
