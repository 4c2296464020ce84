//! `blobs.*`.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use surefoot_kernel::digest::Digest;
use surefoot_kernel::effect::EffectClass;
use surefoot_kernel::plugin::FileAccess;
use surefoot_kernel::port::BlobError;

use super::files::place;
use crate::answers::Kept;
use crate::bindings::surefoot::plugin::blobs;
use crate::bindings::surefoot::plugin::types::HostError;
use crate::encoding::{Bytes, argument, value};
use crate::grants::Place;
use crate::guest::Guest;
use crate::outside::{blob_refusal, blocking, files as outside};
use crate::refusal::Refusal;
use crate::session::{Call, Scope, Shared};

impl From<Kept> for blobs::Blob {
    fn from(Kept { digest, size }: Kept) -> Self {
        Self {
            digest: digest.to_string(),
            size,
        }
    }
}

fn granted(shared: &Shared) -> Result<(), Refusal> {
    if shared.grants.blobs {
        Ok(())
    } else {
        Err(Refusal::denied(
            "blobs are not granted; add `blobs: true` to the plugin's grants",
        ))
    }
}

fn digest(text: &str, shared: &Shared) -> Result<Digest, Refusal> {
    granted(shared)?;
    text.parse()
        .map_err(|e: surefoot_kernel::digest::InvalidDigest| Refusal::new("invalid", e.to_string()))
}

fn call(name: &'static str, class: EffectClass, arguments: Value, presumed: Option<Value>) -> Call {
    Call {
        name,
        class,
        arguments,
        attachments: Vec::new(),
        presumed,
    }
}

impl blobs::Host for Guest {
    async fn put(&mut self, content: Vec<u8>) -> wasmtime::Result<Result<blobs::Blob, HostError>> {
        self.bounded("blobs.put", content.len())?;
        let arguments = json!({"content": argument(&content, &mut Vec::new())});
        let kept = json!({"digest": Digest::of(&content), "size": content.len()});
        let call = call("blobs.put", EffectClass::Idempotent, arguments, Some(kept));
        let perform = async move |(), scope: Scope| {
            let stored = move || scope.shared.blobs.put(&content).map_err(|e| blob_refusal(&e));
            blocking(stored).await.map(|info| value(&Kept::from(info)))
        };
        let kept = self.effect::<Kept, _, _, _>(call, granted, perform).await?;
        Ok(kept.map(Into::into))
    }

    async fn get(&mut self, what: String) -> wasmtime::Result<Result<Vec<u8>, HostError>> {
        let call = call("blobs.get", EffectClass::Read, json!({"digest": what}), None);
        let prepare = move |shared: &Shared| digest(&what, shared);
        let perform = async |digest: Digest, scope: Scope| {
            let shared = scope.shared;
            blocking(move || {
                let content = shared
                    .blobs
                    .get(digest, shared.limits.payload)
                    .map_err(|e| blob_refusal(&e))?;
                Ok(value(&Bytes(shared.secrets.redact_bytes(&content).unwrap_or(content))))
            })
            .await
        };
        let content = self.effect::<Bytes, _, _, _>(call, prepare, perform).await?;
        Ok(content.map(|content| content.0))
    }

    async fn put_file(&mut self, path: String) -> wasmtime::Result<Result<blobs::Blob, HostError>> {
        let call = call("blobs.put_file", EffectClass::Idempotent, json!({"path": path}), None);
        let prepare = move |shared: &Shared| {
            granted(shared)?;
            place(&path, FileAccess::Read, shared)
        };
        let perform = async |place: Place, scope: Scope| {
            blocking(move || {
                outside::with_file(&place, |path| {
                    let info = scope.shared.blobs.put_file(path).map_err(|e| blob_refusal(&e))?;
                    Ok(value(&Kept::from(info)))
                })
            })
            .await
        };
        let kept = self.effect::<Kept, _, _, _>(call, prepare, perform).await?;
        Ok(kept.map(Into::into))
    }

    async fn put_files(
        &mut self,
        paths: Vec<String>,
    ) -> wasmtime::Result<Result<Vec<Result<blobs::Blob, HostError>>, HostError>> {
        self.bounded("blobs.put_files", paths.iter().map(String::len).sum())?;
        let call = call(
            "blobs.put_files",
            EffectClass::Idempotent,
            json!({"paths": paths}),
            None,
        );
        let prepare = move |shared: &Shared| {
            granted(shared)?;
            let places = paths.iter().map(|path| place(path, FileAccess::Read, shared));
            places.collect::<Result<Vec<_>, _>>()
        };
        let perform = async |places: Vec<Place>, scope: Scope| {
            let put = move || {
                let stored = places.into_iter().map(|place| {
                    let kept = outside::with_file(&place, |path| {
                        scope.shared.blobs.put_file(path).map_err(|e| blob_refusal(&e))
                    });
                    match kept {
                        Ok(info) => Put::Kept(info.into()),
                        Err(Refusal { code, message }) => Put::Refused { code, message },
                    }
                });
                Ok(value(&stored.collect::<Vec<_>>()))
            };
            blocking(put).await
        };
        let put = self.effect::<Vec<Put>, _, _, _>(call, prepare, perform).await?;
        Ok(put.map(|put| put.into_iter().map(Into::into).collect()))
    }

    async fn to_file(&mut self, what: String, path: String, holes: bool) -> wasmtime::Result<Result<(), HostError>> {
        let arguments = json!({"digest": what, "path": path, "holes": holes});
        let call = call("blobs.to_file", EffectClass::Idempotent, arguments, Some(Value::Null));
        let prepare = move |shared: &Shared| {
            let digest = digest(&what, shared)?;
            Ok((digest, place(&path, FileAccess::Write, shared)?))
        };
        let perform = async move |(digest, place): (Digest, Place), scope: Scope| {
            blocking(move || {
                let copy = |path: &Path| {
                    let copied = scope.shared.blobs.copy_to_file(digest, path);
                    copied.map(|_| Value::Null).map_err(|e| blob_refusal(&e))
                };
                if holes {
                    outside::with_holes(&place, copy)
                } else {
                    outside::with_destination(&place, copy)
                }
            })
            .await
        };
        self.effect(call, prepare, perform).await
    }

    async fn verify(&mut self, what: String) -> wasmtime::Result<Result<Option<blobs::Blob>, HostError>> {
        let call = call("blobs.verify", EffectClass::Read, json!({"digest": what}), None);
        let prepare = move |shared: &Shared| digest(&what, shared);
        let perform = async |digest: Digest, scope: Scope| {
            blocking(move || match scope.shared.blobs.verify(digest) {
                Ok(info) => Ok(value(&Some(Kept::from(info)))),
                Err(BlobError::Missing(_) | BlobError::Damaged(..)) => Ok(Value::Null),
                Err(error) => Err(blob_refusal(&error)),
            })
            .await
        };
        let kept = self.effect::<Option<Kept>, _, _, _>(call, prepare, perform).await?;
        Ok(kept.map(|kept| kept.map(Into::into)))
    }

    async fn verify_all(&mut self, what: Vec<String>) -> wasmtime::Result<Result<Vec<String>, HostError>> {
        self.bounded("blobs.verify_all", what.iter().map(String::len).sum())?;
        let call = call("blobs.verify_all", EffectClass::Read, json!({"digests": what}), None);
        let prepare = move |shared: &Shared| {
            what.iter()
                .map(|text| digest(text, shared))
                .collect::<Result<Vec<_>, _>>()
        };
        let perform = async |digests: Vec<Digest>, scope: Scope| {
            blocking(move || {
                let mut wrong = Vec::new();
                for digest in digests {
                    match scope.shared.blobs.verify(digest) {
                        Ok(_) => {}
                        Err(BlobError::Missing(_) | BlobError::Damaged(..)) => wrong.push(digest.to_string()),
                        Err(error) => return Err(blob_refusal(&error)),
                    }
                }
                Ok(value(&wrong))
            })
            .await
        };
        self.effect::<Vec<String>, _, _, _>(call, prepare, perform).await
    }
}

/// What became of one of several files, as it is recorded.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Put {
    Kept(Kept),
    Refused { code: String, message: String },
}

impl From<Put> for Result<blobs::Blob, HostError> {
    fn from(put: Put) -> Self {
        match put {
            Put::Kept(kept) => Ok(kept.into()),
            Put::Refused { code, message } => Err(HostError { code, message }),
        }
    }
}
