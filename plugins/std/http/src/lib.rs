//! `http` (world `validate`): sends one request and checks the response.

mod input;
mod judge;
mod output;

use surefoot_sdk::http::Request;
use surefoot_sdk::{
    Context, Description, Duration, EffectClass, Failure, HostError, Outcome, Plugin, Validate, expect, schema,
};

pub use input::{Effect, Expect, Input};
pub use output::Output;

/// The plugin.
#[derive(Debug)]
pub struct HttpPlugin;

impl Plugin for HttpPlugin {
    fn describe() -> Description {
        let expect = schema::object()
            .optional(
                "status",
                schema::one_or_many(schema::integer("status"), "accepted status codes; any if absent"),
            )
            .optional(
                "headers",
                schema::map(
                    schema::text("text"),
                    "texts that headers have to contain, by header name",
                ),
            )
            .optional(
                "body_contains",
                schema::one_or_many(schema::text("text"), "texts that the body has to contain"),
            )
            .optional("json", expect::json_schema());
        let input = schema::object()
            .required("url", schema::text("what to ask"))
            .optional("method", schema::text("request method").default("GET"))
            .optional("headers", schema::map(schema::text("value"), "request headers"))
            .optional("body", schema::text("request body"))
            .optional(
                "timeout",
                schema::duration("how long the response may take").default("10s"),
            )
            .optional(
                "effect",
                schema::one_of(
                    &["once", "idempotent"],
                    "what may be done when a crash left a mutating request in doubt: ask a person, or send it again with \
                     the same Idempotency-Key; `idempotent` if absent and the method is PUT or DELETE, else `once`",
                ),
            )
            .optional("expect", expect.nested("what the response has to be"));
        let output = schema::object()
            .required("status", schema::integer("status code"))
            .required("duration_ms", schema::integer("milliseconds until the body was read"))
            .required("body", schema::text("body, cut to 4 KiB"))
            .required("json", schema::any("the body as JSON, or null"))
            .required(
                "headers",
                schema::map(schema::text("value"), "response headers by lower-case name"),
            );
        Description::new(
            "http",
            env!("CARGO_PKG_VERSION"),
            "Sends one request and checks the response.",
        )
        .capabilities(&["http"])
        .operation(
            "check",
            "Sends the request and compares the response with what is expected.",
            input,
            output,
            &[EffectClass::Read, EffectClass::Idempotent, EffectClass::Once],
        )
    }
}

impl Validate for HttpPlugin {
    type Input = Input;
    type Output = Output;

    fn check(_: &Context, input: Input) -> Result<Outcome<Output>, Failure> {
        judge::validate(&input)?;
        let method = input.method.as_deref().unwrap_or("GET").to_ascii_uppercase();
        let subject = format!("{method} {}", input.url);
        let mut request = Request::new(&method, &input.url)
            .headers(input.headers.clone())
            .timeout(Some(input.timeout.unwrap_or(Duration::seconds(10))))
            .effect(input.class(&method));
        if let Some(body) = &input.body {
            request = request.body(body.as_bytes());
        }
        let response = request.send().map_err(|error| unreachable(error, &subject))?;
        let output = judge::judge(&input, &subject, &response)?;
        let summary = format!("{subject}: {} in {} ms", output.status, output.duration_ms);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds are far below 2^52")]
        let duration = output.duration_ms as f64;
        Ok(Outcome::new(output, summary).observe("http_duration", duration, "ms"))
    }
}

/// No connection is what a check of a service meets first; it gets a code of its own.
fn unreachable(error: HostError, subject: &str) -> Failure {
    let mut failure = Failure::host(error, subject);
    if failure.code == "network" {
        failure.code = "unreachable".to_owned();
    }
    failure
}

surefoot_sdk::validate_plugin!(HttpPlugin);
