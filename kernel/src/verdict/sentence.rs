//! The sentences for what verdicts, skips and endings carry as data: made here and nowhere else.
//!
//! Numbers are shown to people with at most four significant digits, whole numbers in full; what is
//! recorded keeps every digit.

use serde_json::Value;

use crate::event::{Grounds, Reason, Skip, StopCause, Verdict};

/// Longest text of a value or of a condition, in characters.
const SHOWN: usize = 120;

/// Significant digits of a double for people.
const DIGITS: usize = 4;

impl Reason {
    /// What was asked: `smoke.passed == 22`, `not error_rate > 5 %`, `step migrate`.
    #[must_use]
    pub fn asked(&self) -> String {
        if let Some(condition) = &self.condition {
            return cut(condition);
        }
        match self.operator.as_str() {
            "ended" => format!("step {}", self.subject),
            "alert-if" => format!("not {} {}", self.subject, bound(&self.expected.0)),
            _ => cut(&self.subject),
        }
    }

    /// What was found: `smoke.passed was 21`. Empty if there is nothing to add to the question.
    #[must_use]
    pub fn found(&self) -> String {
        let mut said = match self.operator.as_str() {
            "succeeded" => vec![format!(
                "{} of {} succeeded",
                self.number("succeeded"),
                shown(&self.expected.0)
            )],
            "ended" => return ended(self),
            "alert-if" => return samples(self),
            "any" => vec!["nothing was asked for".to_owned()],
            "has" => match self.value("found") {
                Some(Value::Bool(true)) => vec![format!("{} is there", cut(&self.subject))],
                Some(Value::Bool(false)) => vec![format!("{} is missing", cut(&self.subject))],
                Some(_) | None => Vec::new(),
            },
            _ => values(self),
        };
        said.extend(self.why.as_deref().map(cut));
        said.join("; ")
    }

    /// Both: `smoke.passed == 22: smoke.passed was 21`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let (asked, found) = (self.asked(), self.found());
        if found.is_empty() {
            asked
        } else {
            format!("{asked}: {found}")
        }
    }

    fn number(&self, name: &str) -> u64 {
        self.value(name).and_then(Value::as_u64).unwrap_or_default()
    }
}

/// `smoke.passed was 21; limit was 22`, each with the digits that tell it from the others.
fn values(reason: &Reason) -> Vec<String> {
    let others = || {
        reason
            .actual
            .iter()
            .map(|(_, value)| &value.0)
            .chain([&reason.expected.0])
    };
    let told = |name: &str, value: &Value| format!("{} was {}", cut(name), shown_beside(value, others()));
    reason.actual.iter().map(|(name, value)| told(name, &value.0)).collect()
}

fn ended(reason: &Reason) -> String {
    let required = reason.value("required") != Some(&Value::Bool(false));
    let why = reason.why.as_deref().unwrap_or("no reason is recorded");
    match (reason.value("end").and_then(Value::as_str), required) {
        (Some("failed"), true) => format!("failed: {why}"),
        (Some("failed"), false) => format!("failed, but is not required: {why}"),
        (Some("skipped"), _) => format!("was skipped: {why}"),
        (Some("not-run"), true) => "has not run".to_owned(),
        (Some("not-run"), false) => "has not run, but is not required".to_owned(),
        (Some(other), _) => other.to_owned(),
        (None, _) => why.to_owned(),
    }
}

/// What became of a metric's samples.
fn samples(reason: &Reason) -> String {
    let metric = cut(&reason.subject);
    let expected = &reason.expected.0;
    let limit = &expected["value"];
    if !limit.is_number() {
        return "the bound is not a number".to_owned();
    }
    if let Some(unit) = reason.value("unit").and_then(Value::as_str) {
        let wanted = expected["unit"].as_str().unwrap_or_default();
        return format!("samples are in `{unit}`, the threshold is in `{wanted}`");
    }
    let (all, failures, missing) = (
        reason.number("samples"),
        reason.number("failures"),
        reason.number("missing"),
    );
    let tolerated = |name: &str| expected[name].as_u64().unwrap_or_default();
    let listed = |values: &[Value]| {
        let mut text: Vec<String> = values
            .iter()
            .map(|value| shown_beside(value, [limit].into_iter()))
            .collect();
        if failures > u64::try_from(values.len()).unwrap_or(u64::MAX) {
            text.push("…".to_owned());
        }
        text.join(", ")
    };
    let failed = reason
        .value("failed")
        .and_then(Value::as_array)
        .map_or_else(String::new, |v| listed(v));
    match reason.verdict {
        Verdict::NoGo => {
            let tolerated = match tolerated("fail_limit") {
                0 => String::new(),
                some => format!("; {some} tolerated"),
            };
            format!("{metric} was {failed}: {failures} of {all} samples{tolerated}")
        }
        Verdict::Inconclusive | Verdict::Error if all == 0 => "no samples".to_owned(),
        Verdict::Inconclusive | Verdict::Error if missing == all => format!("none of {all} samples had a value"),
        Verdict::Inconclusive | Verdict::Error => {
            let tolerated = tolerated("inconclusive_limit");
            format!("{missing} of {all} samples had no value; {tolerated} tolerated")
        }
        Verdict::Go => {
            let last = reason.value("last").map(|last| shown_beside(last, [limit].into_iter()));
            let mut text = match last {
                Some(last) if all == 1 => format!("{metric} was {last}"),
                Some(last) => format!("{metric} was {last} in the last good one of {all} samples"),
                None => format!("{all} samples"),
            };
            if failures > 0 {
                let tolerated = tolerated("fail_limit");
                text.push_str(&format!("; {failures} failed ({failed}), {tolerated} tolerated"));
            }
            if missing > 0 {
                let tolerated = tolerated("inconclusive_limit");
                text.push_str(&format!("; {missing} had no value, {tolerated} tolerated"));
            }
            text
        }
    }
}

/// `> 5 %`.
fn bound(expected: &Value) -> String {
    let relation = expected["relation"].as_str().unwrap_or("?");
    let unit = expected["unit"].as_str().unwrap_or_default();
    format!("{relation} {} {unit}", exactly(&expected["value"]))
        .trim_end()
        .to_owned()
}

impl Grounds {
    /// `ada@example.org decided`'s second half: the reason in a person's words, or what decided instead.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Person { reason } => reason.clone(),
            Self::Deadline => "nobody decided before the deadline".to_owned(),
            Self::Refusal { role, note } => format!("{role} refused: {note}"),
        }
    }
}

impl Skip {
    /// Why the step was left out.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Condition { reasons } => {
                let told: Vec<String> = reasons.iter().map(Reason::sentence).collect();
                format!("its condition is false: {}", told.join("; "))
            }
            Self::Decision { grounds } => grounds.sentence(),
        }
    }
}

impl StopCause {
    /// Why the way forward was left.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Verdict {
                phase, verdict, reason, ..
            } => match reason {
                Some(reason) => {
                    let (asked, found) = (reason.asked(), reason.found());
                    let dash = if found.is_empty() { "" } else { " — " };
                    format!("checkpoint {phase}: {verdict}: {asked}{dash}{found}")
                }
                None => format!("checkpoint {phase}: {verdict}"),
            },
            Self::Checkpoint {
                phase,
                verdict,
                grounds,
            } => {
                format!("checkpoint {phase}: {} (its verdict was {verdict})", grounds.sentence())
            }
            Self::StepFailed { step, message, .. } => format!("step {step} failed: {message}"),
            Self::Abort { reason } => reason.clone(),
            Self::Hold { grounds } => grounds.sentence(),
            Self::NoBackup => "a deploy phase needs a backup whose checkpoint is go (L1)".to_owned(),
            Self::NoRollbackSection => "the plan has no rollback section: people have to act".to_owned(),
            Self::RollbackOfRollback => "a rollback is not rolled back (L8): people have to act".to_owned(),
        }
    }
}

/// A value for people: at most [`SHOWN`] characters.
pub(crate) fn shown(value: &Value) -> String {
    shown_beside(value, std::iter::empty())
}

/// A value for people that stands beside others: a number has as many digits as tell it from those it differs from.
fn shown_beside<'v>(value: &Value, others: impl Iterator<Item = &'v Value> + Clone) -> String {
    let mut text = String::new();
    write(value, &others, &mut text);
    cut(&text)
}

/// All digits.
fn exactly(value: &Value) -> String {
    match value.as_f64() {
        Some(double) if value.is_f64() => double.to_string(),
        Some(_) | None => value.to_string(),
    }
}

/// At most [`SHOWN`] characters, with a mark where something was left out.
pub(crate) fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn write<'v>(value: &Value, others: &(impl Iterator<Item = &'v Value> + Clone), out: &mut String) {
    if out.len() > 4 * SHOWN {
        return;
    }
    match value {
        Value::Null | Value::Bool(_) => out.push_str(&value.to_string()),
        Value::Number(number) => match number.as_f64() {
            Some(double) if number.is_f64() => out.push_str(&digits(double, others.clone().filter_map(Value::as_f64))),
            Some(_) | None => out.push_str(&number.to_string()),
        },
        Value::String(text) => {
            let head: String = text.chars().take(SHOWN + 1).collect();
            out.push_str(&Value::String(head).to_string());
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().take(SHOWN).enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                write(item, others, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (at, (key, member)) in members.iter().take(SHOWN).enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                out.push_str(&Value::String(key.clone()).to_string());
                out.push_str(": ");
                write(member, others, out);
            }
            out.push('}');
        }
    }
}

/// At most [`DIGITS`] significant digits, unless that would make it look like one of `others` that it is not.
fn digits(value: f64, others: impl Iterator<Item = f64> + Clone) -> String {
    #[expect(clippy::float_cmp, reason = "equal is what would be shown as equal")]
    let looks_like = |shown: f64| others.clone().any(|other| other != value && other == shown);
    let rounded = |digits: usize| {
        format!("{value:.*e}", digits.saturating_sub(1))
            .parse::<f64>()
            .unwrap_or(value)
    };
    let shown = (DIGITS..17).map(rounded).find(|shown| !looks_like(*shown));
    shown.unwrap_or(value).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{digits, shown};

    #[test]
    fn people_see_four_digits_and_never_a_false_equality() {
        let of = |value, others: &[f64]| digits(value, others.iter().copied());
        assert_eq!(of(5.187_345_123, &[]), "5.187");
        assert_eq!(of(0.000_123_456, &[]), "0.0001235");
        assert_eq!(of(3.0, &[3.0]), "3");
        assert_eq!(of(5.000_01, &[5.0]), "5.00001");
        assert_eq!(of(4.999_99, &[5.0]), "4.99999");
        assert_eq!(of(1_234_567.8, &[]), "1235000");
        assert_eq!(of(-0.0, &[]), "-0");
    }

    #[test]
    fn whole_numbers_are_shown_in_full() {
        assert_eq!(shown(&json!(18_446_744_073_709_551_615_u64)), "18446744073709551615");
        assert_eq!(
            shown(&json!([1_234_567, 0.1, "a\"b", { "k": null }])),
            r#"[1234567, 0.1, "a\"b", {"k": null}]"#
        );
        assert_eq!(shown(&json!("x".repeat(200))).chars().count(), 121);
    }
}
