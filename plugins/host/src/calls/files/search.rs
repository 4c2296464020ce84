//! `files.search`.

use std::sync::Arc;

use serde_json::json;
use surefoot_kernel::effect::EffectClass;
use surefoot_kernel::plugin::FileAccess;
use tokio::time::Instant;

use super::place;
use crate::answers::{Found, Searched};
use crate::bindings::surefoot::plugin::files;
use crate::bindings::surefoot::plugin::types::HostError;
use crate::encoding::value;
use crate::grants::Place;
use crate::guest::Guest;
use crate::outside::blocking;
use crate::outside::files::{Granted, Search, search};
use crate::session::{Call, Scope, Shared};

impl Guest {
    /// See [`files::Host::search`].
    pub(super) async fn search_lines(
        &mut self,
        path: String,
        patterns: Vec<String>,
        offset: u64,
        limit: u32,
    ) -> wasmtime::Result<Result<files::SearchResult, HostError>> {
        let size = patterns.iter().map(String::len).sum::<usize>() + path.len();
        self.bounded("files.search", size)?;
        let call = Call {
            name: "files.search",
            class: EffectClass::Read,
            arguments: json!({"path": path, "patterns": patterns, "offset": offset, "limit": limit}),
            attachments: Vec::new(),
            presumed: None,
        };
        let prepare = move |shared: &Shared| place(&path, FileAccess::Read, shared);
        let perform = async move |place: Place, scope: Scope| {
            // Dropped with this future, which ends the search of a cancelled attempt.
            let waiting = Arc::new(());
            let what = Search {
                patterns,
                offset,
                limit,
                payload: scope.shared.payload(),
                deadline: (Instant::now() + scope.time_left).into_std(),
                wanted: Arc::downgrade(&waiting),
            };
            let shared = Arc::clone(&scope.shared);
            let found = blocking(move || {
                let granted = Granted {
                    files: &shared.grants.files,
                    working_folder: &shared.working_folder,
                };
                search(&place, &granted, &shared.secrets, &what)
            });
            let found = found.await;
            drop(waiting);
            found.map(|found| value(&found))
        };
        let found = self.effect::<Searched, _, _, _>(call, prepare, perform).await?;
        Ok(found.map(Into::into))
    }
}

impl From<Searched> for files::SearchResult {
    fn from(searched: Searched) -> Self {
        let finding = |Found { pattern, offset, line }| files::Finding { pattern, offset, line };
        Self {
            findings: searched.findings.into_iter().map(finding).collect(),
            counts: searched.counts,
            begin: searched.begin,
            end: searched.end,
            lines: searched.lines,
            size: searched.size,
            identity: searched.identity,
            fingerprint: searched.fingerprint,
        }
    }
}
