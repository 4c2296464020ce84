//! `http.send`.

mod options;

use std::time::Duration;

use serde_json::json;
use surefoot_kernel::effect::EffectClass;

use self::options::Options;
use super::process::unknown_class;
use crate::answers::Answered;
use crate::bindings::surefoot::plugin::http;
use crate::bindings::surefoot::plugin::types::HostError;
use crate::encoding::{Bytes, argument, value};
use crate::grants::{self as granted, Target, url_granted};
use crate::guest::Guest;
use crate::outside::http::{Body, Header, Outgoing, send};
use crate::outside::{blocking, files};
use crate::refusal::Refusal;
use crate::secrets::{FillError, Place};
use crate::session::{Call, Scope, Shared};

impl http::Host for Guest {
    async fn send(&mut self, mut what: http::Request) -> wasmtime::Result<Result<http::Response, HostError>> {
        let pairs = what.headers.iter().chain(&what.options);
        let texts = pairs.map(|(name, value)| name.len() + value.len());
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
                "options": what.options,
            }),
            attachments,
            presumed: Some(json!({"status": 200, "headers": [], "body": "", "duration_ms": 0, "url": what.url})),
        };
        let url = what.url.clone();
        let prepare = move |shared: &Shared| match class {
            Some(_) => prepare(what, shared),
            None => Err(unknown_class(&what.effect_class)),
        };
        let perform = async move |(mut outgoing, ca): (Outgoing, Option<granted::Place>), scope: Scope| {
            outgoing.timeout = outgoing.timeout.min(scope.time_left);
            if let Some(ca) = ca {
                let limit = scope.shared.limits.payload;
                outgoing.ca = Some(blocking(move || files::read(&ca, 0, u64::MAX, limit)).await?);
            }
            if class == Some(EffectClass::Idempotent) {
                outgoing.key = Some(scope.key);
            }
            let granted = |method: &str, url: &reqwest::Url| may_send(&scope.shared, method, url, url.as_str());
            let answered = send(&scope.shared.http, outgoing, granted).await?;
            // Where it was sent to is told as the plugin knows it: with placeholders for secrets.
            let url = if answered.url.is_empty() { url } else { answered.url };
            let body = Bytes(
                scope
                    .shared
                    .secrets
                    .redact_bytes(&answered.body.0)
                    .unwrap_or(answered.body.0),
            );
            Ok(value(&Answered {
                status: answered.status,
                headers: answered.headers,
                body,
                duration_ms: answered.duration_ms,
                url,
            }))
        };
        let answered = self.effect::<Answered, _, _, _>(call, prepare, perform).await?;
        Ok(answered.map(|answered| http::Response {
            status: answered.status,
            headers: answered.headers,
            body: answered.body.0,
            duration_ms: answered.duration_ms,
            url: answered.url,
        }))
    }
}

/// Whether that may be sent there; `shown` is the URL without secrets.
fn may_send(shared: &Shared, method: &str, url: &reqwest::Url, shown: &str) -> Result<(), Refusal> {
    let invalid = |reason: &str| Refusal::new("invalid", format!("{shown:?} is not a URL to send to: {reason}"));
    let target = Target::of(url).map_err(invalid)?;
    if url_granted(&shared.grants.http, method, &target) {
        return Ok(());
    }
    Err(Refusal::denied(format!(
        "{method} {shown} is not granted; add it to the plugin's `http`"
    )))
}

fn prepare(what: http::Request, shared: &Shared) -> Result<(Outgoing, Option<granted::Place>), Refusal> {
    let options = Options::read(&what.options, shared)?;
    let grants = &shared.grants;
    let invalid = |reason: &str| Refusal::new("invalid", format!("{:?} is not a URL to send to: {reason}", what.url));
    let filled = shared.secrets.fill(&what.url, &grants.secrets, Place::Url)?;
    let url = reqwest::Url::parse(&filled).map_err(|e| invalid(&e.to_string()))?;
    may_send(shared, &what.method, &url, &what.url)?;
    let header = |(name, value): &(String, String)| {
        let filled = shared.secrets.fill(value, &grants.secrets, Place::Text)?;
        Ok(Header {
            name: name.clone(),
            secret: filled != *value,
            value: filled,
        })
    };
    let body = |given: Vec<u8>| {
        let content = shared.secrets.fill_bytes(given.clone(), &grants.secrets)?;
        Ok::<_, FillError>(Body {
            secret: content != given,
            content,
        })
    };
    let outgoing = Outgoing {
        url,
        headers: what.headers.iter().map(header).collect::<Result<_, FillError>>()?,
        body: what.body.map(body).transpose()?,
        method: what.method,
        timeout: what.timeout_ms.map_or(Duration::MAX, Duration::from_millis),
        key: None,
        cap: shared.payload(),
        redirects: options.redirects,
        gunzip: options.gunzip,
        ca: None,
        proxy: options.proxy,
    };
    Ok((outgoing, options.ca))
}
