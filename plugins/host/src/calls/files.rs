//! `files.*`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use surefoot_kernel::effect::EffectClass;
use surefoot_kernel::plugin::FileAccess;

use super::encoding::{Bytes, argument, value};
use crate::bindings::surefoot::plugin::files;
use crate::bindings::surefoot::plugin::types::HostError;
use crate::grants::{Place, granted_place};
use crate::guest::Guest;
use crate::outside::{blocking, files as outside};
use crate::session::{Call, Refusal, Scope, Shared};

/// [`files::Entry`] as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listed {
    pub(crate) path: String,
    pub(crate) kind: String,
    pub(crate) size: u64,
}

impl From<Listed> for files::Entry {
    fn from(Listed { path, kind, size }: Listed) -> Self {
        Self { path, kind, size }
    }
}

/// The granted place of `path`, or why it is none.
pub(super) fn place(path: &str, access: FileAccess, shared: &Shared) -> Result<Place, Refusal> {
    granted_place(&shared.grants.files, &shared.working_folder, path, access).ok_or_else(|| {
        let doing = match access {
            FileAccess::Read => "reading",
            FileAccess::Write => "writing",
        };
        Refusal::denied(format!(
            "{doing} {path:?} is not granted; add it to the plugin's `files`"
        ))
    })
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

    async fn list_all(&mut self, path: String) -> wasmtime::Result<Result<Vec<files::Entry>, HostError>> {
        let call = call("files.list", EffectClass::Read, json!({"path": path}));
        let prepare = move |shared: &Shared| place(&path, FileAccess::Read, shared);
        let perform = async |place: Place, scope: Scope| {
            let limit = scope.shared.limits.payload;
            blocking(move || outside::list(&place, limit).map(|entries| value(&entries))).await
        };
        let entries = self.effect::<Vec<Listed>, _, _, _>(call, prepare, perform).await?;
        Ok(entries.map(|entries| entries.into_iter().map(Into::into).collect()))
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
