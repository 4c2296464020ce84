//! What every test needs: a host, a folder to work in, and an attempt to run.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use surefoot_kernel::digest::Digest;
use surefoot_kernel::effect::{Failure, Outcome, RecordedEffect};
use surefoot_kernel::id::{AttemptNo, DeploymentId};
use surefoot_kernel::json::Json;
use surefoot_kernel::plugin::{FileAccess, FileGrant, Grants, Limits, PinnedPlugin};
use surefoot_kernel::port::{BlobError, BlobInfo, BlobStore, MemoryBlobs};
use surefoot_plugin_host::{Attempt, AttemptEnd, Children, Host, MemoryJournal, Mode, Secrets, World};

use crate::guest::Script;

pub(crate) fn host() -> Host {
    static HOST: OnceLock<Host> = OnceLock::new();
    HOST.get_or_init(|| Host::new(None).unwrap()).clone()
}

/// A folder to work in, and everything an attempt needs. Grants are empty.
pub(crate) struct Stage {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) grants: Grants,
    pub(crate) limits: Limits,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) journal: Arc<MemoryJournal>,
    pub(crate) children: Children,
    pub(crate) blobs: Arc<FolderBlobs>,
    pub(crate) record: Vec<RecordedEffect>,
    pub(crate) time_left: Duration,
    pub(crate) mode: Mode,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("work")).unwrap();
        Self {
            folder,
            grants: Grants::default(),
            limits: Limits::default(),
            secrets: Arc::new(Secrets::none()),
            journal: Arc::default(),
            children: Children::unannounced(),
            blobs: Arc::default(),
            record: Vec::new(),
            time_left: Duration::from_secs(20),
            mode: Mode::Live,
        }
    }

    /// May run anything, and use blobs.
    pub(crate) fn trusting() -> Self {
        let mut stage = Self::new();
        stage.grants.processes = vec![vec!["**".to_owned(), "**".to_owned()]];
        stage.grants.blobs = true;
        stage.file(".", FileAccess::Write);
        stage
    }

    pub(crate) fn file(&mut self, path: impl Into<PathBuf>, access: FileAccess) {
        self.grants.files.push(FileGrant {
            path: path.into(),
            access,
        });
    }

    pub(crate) fn secret(&mut self, name: &str, value: &str) {
        self.secrets = Arc::new(Secrets::new([(name.to_owned(), value.to_owned())]).unwrap());
        self.grants.secrets = vec![name.to_owned()];
    }

    /// The working folder.
    pub(crate) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    pub(crate) fn content(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.work().join(name)).ok()
    }

    pub(crate) fn attempt(&self, component: &Arc<[u8]>) -> Attempt {
        Attempt {
            deployment: DeploymentId::from_bytes([7; 16]),
            step: "step_one".parse().unwrap(),
            number: AttemptNo(1),
            look: None,
            plugin: PinnedPlugin {
                source: "test".to_owned(),
                version: "1.0.0".to_owned(),
                digest: Digest::of(component),
                script: None,
                grants: self.grants.clone(),
                limits: self.limits.clone(),
            },
            component: Arc::clone(component),
            script: None,
            operation: "run".to_owned(),
            context: Json::object(),
            input: Json::object(),
            record: self.record.clone(),
            time_left: self.time_left,
            working_folder: self.work(),
            mode: self.mode,
        }
    }

    pub(crate) fn world(&self) -> World {
        World {
            blobs: self.blobs.clone(),
            secrets: self.secrets.clone(),
            journal: self.journal.clone(),
            children: self.children.clone(),
        }
    }

    pub(crate) async fn run_component(&self, component: &Arc<[u8]>) -> AttemptEnd {
        host().execute(self.attempt(component), self.world()).await
    }

    pub(crate) async fn run(&self, script: Script) -> AttemptEnd {
        self.run_component(&script.build()).await
    }

    pub(crate) async fn outputs(&self, script: Script) -> serde_json::Value {
        succeeded(self.run(script).await).outputs.0
    }

    pub(crate) async fn failure(&self, script: Script) -> Failure {
        failed(self.run(script).await)
    }
}

pub(crate) fn succeeded(end: AttemptEnd) -> Outcome {
    match end {
        AttemptEnd::Succeeded(outcome) => outcome,
        AttemptEnd::Diverged(divergence) => panic!("diverged: {divergence}"),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn failed(end: AttemptEnd) -> Failure {
    match end {
        AttemptEnd::Failed(failure) => failure,
        AttemptEnd::Diverged(divergence) => panic!("diverged: {divergence}"),
        other => panic!("{other:?}"),
    }
}

/// Blobs in memory that can also come from and go to files.
#[derive(Default)]
pub(crate) struct FolderBlobs(pub(crate) MemoryBlobs);

impl BlobStore for FolderBlobs {
    fn put(&self, content: &[u8]) -> Result<BlobInfo, BlobError> {
        self.0.put(content)
    }

    fn put_file(&self, path: &Path) -> Result<BlobInfo, BlobError> {
        let content = std::fs::read(path).map_err(|e| BlobError::Io(e.to_string()))?;
        self.0.put(&content)
    }

    fn get(&self, digest: Digest, limit: u64) -> Result<Vec<u8>, BlobError> {
        self.0.get(digest, limit)
    }

    fn copy_to_file(&self, digest: Digest, path: &Path) -> Result<BlobInfo, BlobError> {
        let content = self.0.get(digest, u64::MAX)?;
        let beside = path.with_extension("partial");
        std::fs::write(&beside, &content)
            .and_then(|()| std::fs::rename(&beside, path))
            .map_err(|e| BlobError::Io(e.to_string()))?;
        self.0.verify(digest)
    }

    fn remove(&self, digest: Digest) -> Result<(), BlobError> {
        self.0.remove(digest)
    }

    fn verify(&self, digest: Digest) -> Result<BlobInfo, BlobError> {
        self.0.verify(digest)
    }
}
