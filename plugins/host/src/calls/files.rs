//! `files.*`.

mod entry;
mod search;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use serde_json::{Value, json};
use surefoot_kernel::effect::EffectClass;
use surefoot_kernel::plugin::FileAccess;

use crate::answers::{Listed, Metadata, Page};
use crate::bindings::surefoot::plugin::files;
use crate::bindings::surefoot::plugin::types::HostError;
use crate::encoding::{Bytes, argument, value};
use crate::grants::{Place, granted_place, unspell};
use crate::guest::Guest;
use crate::outside::{blocking, files as outside};
use crate::refusal::Refusal;
use crate::session::{Call, Scope, Shared};

/// The granted place of `path`, or why it is none.
pub(super) fn place(path: &str, access: FileAccess, shared: &Shared) -> Result<Place, Refusal> {
    let name = named(path)?;
    granted_place(
        &shared.grants.files,
        &shared.working_folder,
        (Path::new(&name), path),
        access,
    )
    .ok_or_else(|| {
        let doing = match access {
            FileAccess::Read => "reading",
            FileAccess::Write => "writing",
        };
        Refusal::denied(format!(
            "{doing} {path:?} is not granted; add it to the plugin's `files`"
        ))
    })
}

fn named(text: &str) -> Result<OsString, Refusal> {
    unspell(text).map_err(|misspelt| Refusal::new("invalid", misspelt.to_string()))
}

fn call(name: &'static str, class: EffectClass, arguments: Value) -> Call {
    Call {
        name,
        class,
        arguments,
        attachments: Vec::new(),
        presumed: class.mutates().then_some(Value::Null),
    }
}

impl files::Host for Guest {
    async fn read(&mut self, path: String, offset: u64, length: u64) -> wasmtime::Result<Result<Vec<u8>, HostError>> {
        let arguments = json!({"path": path, "offset": offset, "length": length});
        let call = call("files.read", EffectClass::Read, arguments);
        let prepare = move |shared: &Shared| place(&path, FileAccess::Read, shared);
        let perform = async move |place: Place, scope: Scope| {
            let limit = scope.shared.limits.payload;
            let content = blocking(move || outside::read(&place, offset, length, limit)).await?;
            Ok(value(&Bytes(
                scope.shared.secrets.redact_bytes(&content).unwrap_or(content),
            )))
        };
        let content = self.effect::<Bytes, _, _, _>(call, prepare, perform).await?;
        Ok(content.map(|content| content.0))
    }

    async fn stat(&mut self, path: String) -> wasmtime::Result<Result<Option<files::Entry>, HostError>> {
        let call = call("files.stat", EffectClass::Read, json!({"path": path}));
        let prepare = move |shared: &Shared| place(&path, FileAccess::Read, shared);
        let perform =
            async |place: Place, _: Scope| blocking(move || outside::stat(&place).map(|entry| value(&entry))).await;
        let entry = self.effect::<Option<Listed>, _, _, _>(call, prepare, perform).await?;
        Ok(entry.map(|entry| entry.map(Into::into)))
    }

    async fn list_all(
        &mut self,
        path: String,
        after: Option<String>,
        limit: u32,
    ) -> wasmtime::Result<Result<files::Listing, HostError>> {
        let arguments = json!({"path": path, "after": after, "limit": limit});
        let call = call("files.list", EffectClass::Read, arguments);
        let prepare = move |shared: &Shared| {
            after.as_deref().map(named).transpose()?;
            Ok((place(&path, FileAccess::Read, shared)?, after))
        };
        let perform = async move |(place, after): (Place, Option<String>), scope: Scope| {
            let room = scope.shared.limits.payload;
            let list = move || outside::list(&place, after.as_deref(), limit, room);
            blocking(list).await.map(|page| value(&page))
        };
        let page = self.effect::<Page, _, _, _>(call, prepare, perform).await?;
        Ok(page.map(Into::into))
    }

    async fn search(
        &mut self,
        path: String,
        patterns: Vec<String>,
        offset: u64,
        limit: u32,
    ) -> wasmtime::Result<Result<files::SearchResult, HostError>> {
        self.search_lines(path, patterns, offset, limit).await
    }

    async fn write(&mut self, path: String, content: Vec<u8>) -> wasmtime::Result<Result<(), HostError>> {
        self.bounded("files.write", content.len())?;
        let mut attachments = Vec::new();
        let arguments = json!({"path": path, "content": argument(&content, &mut attachments)});
        let call = Call {
            attachments,
            ..call("files.write", EffectClass::Idempotent, arguments)
        };
        let prepare = move |shared: &Shared| place(&path, FileAccess::Write, shared);
        let perform = async move |place: Place, _: Scope| {
            blocking(move || outside::write(&place, &content).map(|()| Value::Null)).await
        };
        self.effect(call, prepare, perform).await
    }

    async fn make_folder(&mut self, path: String) -> wasmtime::Result<Result<(), HostError>> {
        let call = call("files.make_folder", EffectClass::Idempotent, json!({"path": path}));
        let prepare = move |shared: &Shared| place(&path, FileAccess::Write, shared);
        let perform =
            async |place: Place, _: Scope| blocking(move || outside::make_folder(&place).map(|()| Value::Null)).await;
        self.effect(call, prepare, perform).await
    }

    async fn make_link(&mut self, path: String, target: String) -> wasmtime::Result<Result<(), HostError>> {
        let arguments = json!({"path": path, "target": target});
        let call = call("files.make_link", EffectClass::Idempotent, arguments);
        let prepare = move |shared: &Shared| Ok((place(&path, FileAccess::Write, shared)?, named(&target)?));
        let perform = async |(place, target): (Place, OsString), _: Scope| {
            blocking(move || outside::make_link(&place, &target).map(|()| Value::Null)).await
        };
        self.effect(call, prepare, perform).await
    }

    async fn make_hard_link(&mut self, path: String, existing: String) -> wasmtime::Result<Result<(), HostError>> {
        let arguments = json!({"path": path, "existing": existing});
        let call = call("files.make_hard_link", EffectClass::Idempotent, arguments);
        // Who may write one name of a file may write the file: both have to be granted for that.
        let prepare = move |shared: &Shared| {
            Ok((
                place(&path, FileAccess::Write, shared)?,
                place(&existing, FileAccess::Write, shared)?,
            ))
        };
        let perform = async |(place, existing): (Place, Place), _: Scope| {
            blocking(move || outside::make_hard_link(&place, &existing).map(|()| Value::Null)).await
        };
        self.effect(call, prepare, perform).await
    }

    async fn set_metadata(&mut self, path: String, what: files::Metadata) -> wasmtime::Result<Result<(), HostError>> {
        let size = what
            .extended_attributes
            .iter()
            .map(|(name, value)| name.len() + value.len());
        self.bounded("files.set_metadata", size.sum())?;
        let what = Metadata::from(what);
        let arguments = json!({"path": path, "metadata": what});
        let call = call("files.set_metadata", EffectClass::Idempotent, arguments);
        let prepare = move |shared: &Shared| Ok((place(&path, FileAccess::Write, shared)?, wanted(what)?));
        let perform = async |(place, wanted): (Place, outside::Wanted), _: Scope| {
            blocking(move || outside::set_metadata(&place, &wanted).map(|()| Value::Null)).await
        };
        self.effect(call, prepare, perform).await
    }

    async fn remove(&mut self, path: String) -> wasmtime::Result<Result<(), HostError>> {
        let call = call("files.remove", EffectClass::Idempotent, json!({"path": path}));
        let prepare = move |shared: &Shared| place(&path, FileAccess::Write, shared);
        let perform =
            async |place: Place, _: Scope| blocking(move || outside::remove(&place).map(|()| Value::Null)).await;
        self.effect(call, prepare, perform).await
    }

    async fn rename(&mut self, source: String, destination: String) -> wasmtime::Result<Result<(), HostError>> {
        let arguments = json!({"source": source, "destination": destination});
        let call = call("files.rename", EffectClass::Probe, arguments);
        let prepare = move |shared: &Shared| {
            Ok((
                place(&source, FileAccess::Write, shared)?,
                place(&destination, FileAccess::Write, shared)?,
            ))
        };
        let perform = async |(source, destination): (Place, Place), _: Scope| {
            blocking(move || outside::rename(&source, &destination).map(|()| Value::Null)).await
        };
        self.effect(call, prepare, perform).await
    }
}

/// What is to be set, with the names that the spellings of its attributes stand for.
fn wanted(what: Metadata) -> Result<outside::Wanted, Refusal> {
    let mut attributes = BTreeMap::new();
    for (name, value) in what.attributes {
        if attributes.insert(named(&name)?, value.0).is_some() {
            return Err(Refusal::new("invalid", format!("attribute {name:?} is named twice")));
        }
    }
    Ok(outside::Wanted {
        mode: what.mode,
        uid: what.uid,
        gid: what.gid,
        modified: what.modified,
        attributes,
    })
}
