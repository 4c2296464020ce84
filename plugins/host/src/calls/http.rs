//! `http.send`.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use surefoot_kernel::effect::EffectClass;

use super::encoding::{Bytes, argument, value};
use super::process::unknown_class;
use crate::bindings::surefoot::plugin::http;
use crate::bindings::surefoot::plugin::types::HostError;
use crate::grants::{Target, url_granted};
use crate::guest::Guest;
use crate::outside::http::{Outgoing, send};
use crate::secrets::{FillError, Place};
use crate::session::{Call, Refusal, Scope, Shared};

/// [`http::Response`] as it is recorded.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) duration_ms: u64,
}

impl http::Host for Guest {
    async fn send(&mut self, mut what: http::Request) -> wasmtime::Result<Result<http::Response, HostError>> {
        let texts = what.headers.iter().map(|(name, value)| name.len() + value.len());
        let size = texts.sum::<usize>() + what.url.len() + what.body.as_ref().map_or(0, Vec::len);
        self.bounded("http.send", size)?;
        what.method.make_ascii_uppercase();
        let class = match what.method.as_str() {
            "GET" | "HEAD" | "OPTIONS" => Some(EffectClass::Read),
            _ => super::class_of(&what.effect_class),
        };
        let mut attachments = Vec::new();
        let body = what.body.as_deref().map(|body| argument(body, &mut attachments));
        let call = Call {
            name: "http.send",
            class: class.unwrap_or(EffectClass::Once),
            arguments: json!({
                "method": what.method,
                "url": what.url,
                "headers": what.headers,
                "body": body,
                "timeout_ms": what.timeout_ms,
            }),
            attachments,
            presumed: Some(json!({"status": 200, "headers": [], "body": "", "duration_ms": 0})),
        };
        let prepare = move |shared: &Shared| match class {
            Some(_) => prepare(what, shared),
            None => Err(unknown_class(&what.effect_class)),
        };
        let perform = async move |mut outgoing: Outgoing, scope: Scope| {
            outgoing.timeout = outgoing.timeout.min(scope.time_left);
            if class == Some(EffectClass::Idempotent) {
                outgoing.key = Some(scope.key);
            }
            let answered = send(&scope.shared.http, outgoing).await?;
            let body = Bytes(
                scope
                    .shared
                    .secrets
                    .redact_bytes(&answered.body.0)
                    .unwrap_or(answered.body.0),
            );
            Ok(value(&Answered { body, ..answered }))
        };
        let answered = self.effect::<Answered, _, _, _>(call, prepare, perform).await?;
        Ok(answered.map(|answered| http::Response {
            status: answered.status,
            headers: answered.headers,
            body: answered.body.0,
            duration_ms: answered.duration_ms,
        }))
    }
}

fn prepare(what: http::Request, shared: &Shared) -> Result<Outgoing, Refusal> {
    let grants = &shared.grants;
    let invalid = |reason: &str| Refusal::new("invalid", format!("{:?} is not a URL to send to: {reason}", what.url));
    let filled = shared.secrets.fill(&what.url, &grants.secrets, Place::Url)?;
    let url = reqwest::Url::parse(&filled).map_err(|e| invalid(&e.to_string()))?;
    let target = Target::of(&url).map_err(invalid)?;
    if !url_granted(&grants.http, &what.method, &target) {
        return Err(Refusal::denied(format!(
            "{} {} is not granted; add it to the plugin's `http`",
            what.method, what.url
        )));
    }
    Ok(Outgoing {
        url,
        headers: what
            .headers
            .iter()
            .map(|(name, value)| Ok((name.clone(), shared.secrets.fill(value, &grants.secrets, Place::Text)?)))
            .collect::<Result<_, FillError>>()?,
        body: what
            .body
            .map(|body| shared.secrets.fill_bytes(body, &grants.secrets))
            .transpose()?,
        method: what.method,
        timeout: what.timeout_ms.map_or(Duration::MAX, Duration::from_millis),
        key: None,
        cap: shared.payload(),
    })
}
