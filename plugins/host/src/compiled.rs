//! Compiled plugins: checked once, kept in memory by digest, and on disk as a cache of native code.
//!
//! The component's bytes are the truth. Native code is only taken from a folder of our own and
//! only if a key in that folder vouches for it; everything else is compiled again.

mod folder;
mod native;
mod shape;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use surefoot_kernel::digest::Digest;
use tokio::sync::OnceCell;
use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker};

use self::folder::NativeFolder;
pub(crate) use self::shape::{Describe, Loaded, Operate, Reconcile, Signature};
use crate::bindings;
use crate::error::HostError;
use crate::guest::Guest;

/// Plugins kept in memory.
const KEPT: usize = 64;
/// Bytes of the largest component.
const LARGEST: usize = 64 << 20;

type Slot = Arc<OnceCell<Arc<Loaded>>>;

pub(crate) struct Plugins {
    engine: Engine,
    linker: Arc<Linker<Guest>>,
    folder: Option<Arc<NativeFolder>>,
    loaded: Mutex<HashMap<Digest, Slot>>,
}

impl Plugins {
    pub(crate) fn new(engine: &Engine, cache_folder: Option<PathBuf>) -> Result<Self, HostError> {
        let mut linker = Linker::new(engine);
        bindings::Host_::add_to_linker::<_, HasSelf<_>>(&mut linker, |guest: &mut Guest| guest)
            .map_err(|e| HostError::Engine(format!("the interface cannot be linked: {e:#}")))?;
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let folder = cache_folder
            .map(|folder| NativeFolder::open(folder, hasher.finish()))
            .transpose()?;
        Ok(Self {
            engine: engine.clone(),
            linker: Arc::new(linker),
            folder: folder.map(Arc::new),
            loaded: Mutex::default(),
        })
    }

    /// The plugin of that digest. The bytes are looked at when it is not in memory yet.
    pub(crate) async fn load(&self, digest: Digest, bytes: &Arc<[u8]>) -> Result<Arc<Loaded>, HostError> {
        let slot = self.slot(digest);
        if let Some(loaded) = slot.get() {
            return Ok(Arc::clone(loaded));
        }
        let compile = || async {
            let (engine, linker, folder) = (self.engine.clone(), Arc::clone(&self.linker), self.folder.clone());
            let bytes = Arc::clone(bytes);
            let work = move || compile(&engine, &linker, folder.as_deref(), digest, &bytes);
            tokio::task::spawn_blocking(work)
                .await
                .map_err(|e| HostError::invalid(digest, format!("it was not compiled: {e}")))?
        };
        slot.get_or_try_init(compile).await.cloned()
    }

    fn slot(&self, digest: Digest) -> Slot {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if loaded.len() >= KEPT && !loaded.contains_key(&digest) {
            loaded.clear();
        }
        Arc::clone(loaded.entry(digest).or_default())
    }
}

fn compile(
    engine: &Engine,
    linker: &Linker<Guest>,
    folder: Option<&NativeFolder>,
    digest: Digest,
    bytes: &[u8],
) -> Result<Arc<Loaded>, HostError> {
    if bytes.len() > LARGEST {
        let text = format!("its {} bytes are over the limit of {LARGEST}", bytes.len());
        return Err(HostError::invalid(digest, text));
    }
    let actual = Digest::of(bytes);
    if actual != digest {
        return Err(HostError::WrongBytes { pinned: digest, actual });
    }
    let component = match folder.and_then(|folder| folder.load(engine, digest)) {
        Some(component) => component,
        None => {
            let component = Component::from_binary(engine, bytes)
                .map_err(|e| HostError::invalid(digest, format!("it is not a WebAssembly component: {e:#}")))?;
            if let Some(folder) = folder {
                folder.store(digest, &component);
            }
            component
        }
    };
    Loaded::check(engine, linker, digest, component).map(Arc::new)
}
