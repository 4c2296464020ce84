//! The options of a request: an open list of names, each at most once.

use reqwest::Url;
use surefoot_kernel::plugin::FileAccess;

use crate::calls::files;
use crate::grants::{Place, Target, url_granted};
use crate::refusal::Refusal;
use crate::session::Shared;

/// Most redirects that one request may follow.
const MOST_REDIRECTS: u32 = 20;

/// What a request asks for beyond itself.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// How many redirects are followed.
    pub(crate) redirects: u32,
    /// A compressed body is unpacked.
    pub(crate) gunzip: bool,
    /// A file with further root certificates.
    pub(crate) ca: Option<Place>,
    /// The proxy that the request goes through.
    pub(crate) proxy: Option<Url>,
}

impl Options {
    pub(crate) fn read(given: &[(String, String)], shared: &Shared) -> Result<Self, Refusal> {
        let mut options = Self::default();
        for (at, (name, value)) in given.iter().enumerate() {
            if given.iter().take(at).any(|(other, _)| other == name) {
                return Err(invalid(name, "it is given twice"));
            }
            match name.as_str() {
                "redirects" => {
                    options.redirects = value
                        .parse()
                        .ok()
                        .filter(|number| *number <= MOST_REDIRECTS)
                        .ok_or_else(|| invalid(name, &format!("{value:?} is not a number up to {MOST_REDIRECTS}")))?;
                }
                "decompress" if value == "gzip" => options.gunzip = true,
                "decompress" => return Err(invalid(name, "only `gzip` is known")),
                "ca" => options.ca = Some(files::place(value, FileAccess::Read, shared)?),
                "proxy" => options.proxy = Some(proxy(value, shared)?),
                _ => {
                    return Err(invalid(
                        name,
                        "it is not known; `redirects`, `decompress`, `ca` and `proxy` are",
                    ));
                }
            }
        }
        Ok(options)
    }
}

fn invalid(name: &str, why: &str) -> Refusal {
    Refusal::new("invalid", format!("the option {name:?} of a request: {why}"))
}

/// A proxy is granted by a pattern of the method `CONNECT`.
fn proxy(text: &str, shared: &Shared) -> Result<Url, Refusal> {
    let url = Url::parse(text).map_err(|e| invalid("proxy", &format!("{text:?} is not a URL: {e}")))?;
    let target = Target::of(&url).map_err(|why| invalid("proxy", &format!("{text:?}: {why}")))?;
    if url_granted(&shared.grants.http, "CONNECT", &target) {
        Ok(url)
    } else {
        Err(Refusal::denied(format!(
            "the proxy {text} is not granted; add `CONNECT {text}` to the plugin's `http`"
        )))
    }
}
