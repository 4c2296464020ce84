//! An effect in words: `process.run` with its argument vector, `http.send` with method and address.

use serde::Serialize;
use serde_json::Value;
use surefoot_kernel::effect::{EffectClass, EffectRequest, EffectResult};
use surefoot_kernel::id::{AttemptNo, EffectNo, Seq, StepId};
use surefoot_kernel::json::Json;
use surefoot_kernel::machine::EffectState;
use surefoot_kernel::time::Timestamp;

use super::clock;
use super::paint::printable;

/// Longest text of an argument list.
const LONGEST: usize = 200;

/// One host call, as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EffectView {
    /// The step.
    pub step: StepId,
    /// Which try.
    pub attempt: AttemptNo,
    /// Which host call of it.
    pub effect: EffectNo,
    /// The host function.
    pub call: String,
    /// Its class.
    pub class: EffectClass,
    /// Its arguments, secrets still being placeholders.
    pub arguments: Json,
    /// In words.
    pub text: String,
    /// When it was announced.
    pub at: Timestamp,
    /// The event that announced it.
    pub seq: Seq,
}

impl EffectView {
    /// From state.
    #[must_use]
    pub fn new(step: &StepId, attempt: AttemptNo, number: EffectNo, state: &EffectState) -> Self {
        Self {
            step: step.clone(),
            attempt,
            effect: number,
            call: state.request.call.clone(),
            class: state.request.class,
            arguments: state.request.arguments.clone(),
            text: request(&state.request),
            at: state.at,
            seq: state.seq,
        }
    }
}

/// What is asked, in words.
#[must_use]
pub fn request(request: &EffectRequest) -> String {
    let arguments = &request.arguments.0;
    let text = |key: &str| arguments.get(key).and_then(Value::as_str).unwrap_or_default();
    let words = match request.call.as_str() {
        "process.run" => {
            let program = std::iter::once(text("program"));
            let given = arguments.get("args").and_then(Value::as_array);
            let rest = given.into_iter().flatten().map(|value| value.as_str().unwrap_or("?"));
            let line = program.chain(rest).map(quoted).collect::<Vec<_>>().join(" ");
            match text("cwd") {
                "" => format!("run `{line}`"),
                cwd => format!("run `{line}` in {cwd}"),
            }
        }
        "http.send" => format!("send {} {}", text("method"), text("url")),
        "files.read" => format!("read file {}", text("path")),
        "files.stat" => format!("look at file {}", text("path")),
        "files.list" => format!("list folder {}", text("path")),
        "files.write" => format!("write file {}", text("path")),
        "files.remove" => format!("remove file {}", text("path")),
        "files.rename" => format!("rename {} to {}", text("source"), text("destination")),
        "blobs.put" => "store a blob".to_owned(),
        "blobs.put_file" => format!("store file {} as a blob", text("path")),
        "blobs.to_file" => format!("write blob {} to {}", short_digest(text("digest")), text("path")),
        "blobs.get" => format!("read blob {}", short_digest(text("digest"))),
        "blobs.verify" => format!("re-hash blob {}", short_digest(text("digest"))),
        "clock.now" => "read the clock".to_owned(),
        "clock.sleep" => match arguments.get("milliseconds").and_then(Value::as_u64) {
            Some(ms) => format!("wait {}", clock::length(surefoot_kernel::time::Span(ms))),
            None => "wait".to_owned(),
        },
        "clock.random" => "draw random bytes".to_owned(),
        call => format!("{call} {}", request.arguments.text()),
    };
    shortened(&printable(&words), LONGEST)
}

/// What was answered, in words.
#[must_use]
pub fn result(result: &EffectResult) -> String {
    let text = match result {
        EffectResult::Returned { value } => returned(&value.0),
        EffectResult::Refused { code, message } => format!("refused ({code}): {message}"),
        EffectResult::Presumed => "presumed done".to_owned(),
    };
    shortened(&printable(&text), LONGEST)
}

fn returned(value: &Value) -> String {
    let number = |key: &str| value.get(key).and_then(Value::as_i64);
    let took = value
        .get("duration_ms")
        .or_else(|| value.get("duration-ms"))
        .and_then(Value::as_u64)
        .map(|ms| format!(" after {}", clock::length(surefoot_kernel::time::Span(ms))))
        .unwrap_or_default();
    if let Some(signal) = number("signal") {
        return format!("killed by signal {signal}{took}");
    }
    match (number("status"), value.get("stdout").is_some()) {
        (Some(0), true) => format!("exit status 0{took}"),
        (Some(status), true) => match value.get("stderr").and_then(Value::as_str).map(str::trim) {
            Some(words) if !words.is_empty() => format!("exit status {status}{took}: {words}"),
            Some(_) | None => format!("exit status {status}{took}"),
        },
        (Some(status), false) => format!("HTTP {status}{took}"),
        (None, _) => "done".to_owned(),
    }
}

fn short_digest(digest: &str) -> String {
    digest.chars().take("blake3:".len() + 12).collect()
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,{}".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// At most `most` characters, with a mark if any are missing.
#[must_use]
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
