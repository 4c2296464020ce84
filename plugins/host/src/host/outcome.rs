//! What a plugin reports at its end, checked and cleaned of secrets.

use serde_json::Value;
use surefoot_kernel::effect::{Failure, Observation, Outcome};
use surefoot_kernel::json::Json;
use surefoot_kernel::plugin::Limits;
use surefoot_kernel::time::Timestamp;

use super::artifact;
use crate::bindings::surefoot::plugin::types;
use crate::error::failure_codes as codes;
use crate::secrets::Secrets;

/// What an observation takes besides its texts.
const OBSERVATION: usize = 32;

pub(super) fn checked(outcome: types::Outcome, limits: &Limits, secrets: &Secrets) -> Result<Outcome, Failure> {
    let size = size(&outcome);
    if size as u64 > limits.output {
        return Err(Failure::permanent(
            codes::TOO_LARGE,
            format!(
                "outputs and observations of {size} bytes are over the limit of {}; raise `output`",
                limits.output
            ),
        ));
    }
    // A backup of many files names as many blobs: artifacts are bounded like what they were made with.
    let size = artifact::size(&outcome.artifacts);
    if size as u64 > limits.payload {
        return Err(Failure::permanent(
            codes::TOO_LARGE,
            format!(
                "artifacts of {size} bytes are over the limit of {}; raise `payload`",
                limits.payload
            ),
        ));
    }
    let invalid = |text: String| Failure::permanent(codes::INVALID_OUTPUT, text);
    let mut outputs: Value = serde_json::from_str(&outcome.outputs)
        .map_err(|e| invalid(format!("the plugin's outputs are not JSON: {e}")))?;
    if !outputs.is_object() {
        return Err(invalid("the plugin's outputs are not a JSON object".to_owned()));
    }
    secrets.redact_json(&mut outputs);
    Ok(Outcome {
        outputs: Json(outputs),
        observations: outcome
            .observations
            .into_iter()
            .map(|one| observation(one, secrets))
            .collect::<Result<_, _>>()?,
        artifacts: artifact::checked(outcome.artifacts, secrets)?,
        summary: secrets.redact(&outcome.summary),
    })
}

/// The plugin's own failure. A code that is no code becomes part of the message.
pub(super) fn failure(failure: types::Failure, limits: &Limits) -> Failure {
    let longest = usize::try_from(limits.output).unwrap_or(usize::MAX);
    let details = match serde_json::from_str(&failure.details) {
        _ if failure.details.len() > longest => cut(failure.details, 4096),
        Ok(details @ Value::Object(_)) => details,
        Ok(_) | Err(_) if failure.details.is_empty() => Value::Object(serde_json::Map::new()),
        Ok(_) | Err(_) => cut(failure.details, 4096),
    };
    let well_formed = !failure.code.is_empty()
        && failure.code.len() <= 64
        && failure
            .code
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let (code, message) = if well_formed {
        (failure.code, failure.message)
    } else {
        ("failed".to_owned(), format!("{}: {}", failure.code, failure.message))
    };
    Failure {
        code,
        message: message.chars().take(16 << 10).collect(),
        retryable: failure.retryable,
        details: Json(details),
    }
}

pub(super) fn cleaned(mut failure: Failure, secrets: &Secrets) -> Failure {
    failure.message = secrets.redact(&failure.message);
    secrets.redact_json(&mut failure.details.0);
    failure
}

fn cut(text: String, characters: usize) -> Value {
    serde_json::json!({"text": text.chars().take(characters).collect::<String>()})
}

fn size(outcome: &types::Outcome) -> usize {
    let labels = |labels: &[(String, String)]| labels.iter().map(|(k, v)| k.len() + v.len()).sum::<usize>();
    let observations = outcome.observations.iter();
    outcome.outputs.len()
        + outcome.summary.len()
        + observations
            .map(|one| one.metric.len() + one.unit.len() + labels(&one.labels) + OBSERVATION)
            .sum::<usize>()
}

fn observation(one: types::Observation, secrets: &Secrets) -> Result<Observation, Failure> {
    let time = |milliseconds: Option<u64>| milliseconds.map(i64::try_from).transpose();
    let (Ok(begin), Ok(end)) = (time(one.begin), time(one.end)) else {
        return Err(untimely(&one));
    };
    if let (Some(begin), Some(end)) = (begin, end)
        && begin > end
    {
        return Err(untimely(&one));
    }
    let mut labels: Vec<(String, String)> = one
        .labels
        .into_iter()
        .map(|(name, value)| (secrets.redact(&name), secrets.redact(&value)))
        .collect();
    labels.sort_unstable();
    Ok(Observation {
        metric: secrets.redact(&one.metric),
        value: one.value,
        unit: secrets.redact(&one.unit),
        labels,
        begin: begin.map(Timestamp),
        end: end.map(Timestamp),
    })
}

fn untimely(one: &types::Observation) -> Failure {
    let (begin, end) = (one.begin, one.end);
    let message = format!("an observation's time begins at {begin:?} and ends at {end:?}, which is no time");
    Failure::permanent(codes::INVALID_OUTPUT, message)
}
