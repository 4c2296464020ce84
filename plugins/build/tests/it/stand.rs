//! A plugin on the test stand: a folder of its own, blobs in files, and the real host.

mod blobs;
pub(crate) mod web;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};
use surefoot_kernel::digest::Digest;
use surefoot_kernel::effect::{Failure, Finding, Outcome, RecordedEffect};
use surefoot_kernel::id::{AttemptNo, DeploymentId, LookNo};
use surefoot_kernel::json::Json;
use surefoot_kernel::plugin::{Grants, Limits, PinnedPlugin};
use surefoot_plugin_build::{Toolchain, Tree};
use surefoot_plugin_host::{Attempt, AttemptEnd, Children, Host, JournalEntry, MemoryJournal, Mode, Secrets, World};

use self::blobs::FolderBlobs;

/// One plugin, its folder and its blobs.
pub(crate) struct Stand {
    component: Arc<[u8]>,
    folder: tempfile::TempDir,
    blobs: Arc<FolderBlobs>,
    grants: Mutex<Value>,
}

/// A run with what was recorded of it.
pub(crate) struct Ran {
    pub(crate) end: AttemptEnd,
    pub(crate) journal: Arc<MemoryJournal>,
}

impl Ran {
    /// The outcome of a run that has to have succeeded.
    #[track_caller]
    pub(crate) fn outcome(self) -> Outcome {
        match self.end {
            AttemptEnd::Succeeded(outcome) => outcome,
            other => panic!("expected success, was {other:?}"),
        }
    }

    /// The outputs of a run that has to have succeeded.
    #[track_caller]
    pub(crate) fn outputs(self) -> Value {
        self.outcome().outputs.0
    }

    /// The failure of a run that has to have failed.
    #[track_caller]
    pub(crate) fn failure(self) -> Failure {
        match self.end {
            AttemptEnd::Failed(failure) => failure,
            other => panic!("expected a failure, was {other:?}"),
        }
    }
}

impl Stand {
    /// With the component of the repository.
    pub(crate) fn shipped(plugin: &str) -> Self {
        let component = std::fs::read(Tree::here().component(plugin)).unwrap();
        Self::with(component)
    }

    /// With a component that is built now.
    pub(crate) fn rebuilt(plugin: &str) -> Self {
        Self::with(rebuild(plugin))
    }

    fn with(component: Vec<u8>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Arc::new(FolderBlobs::new(folder.path().join("blobs")));
        std::fs::create_dir(folder.path().join("work")).unwrap();
        Self {
            component: component.into(),
            folder,
            blobs,
            grants: Mutex::new(json!({})),
        }
    }

    /// The working folder.
    pub(crate) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// The folder of the blobs.
    pub(crate) fn blobs(&self) -> PathBuf {
        self.folder.path().join("blobs")
    }

    /// A file in the working folder.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.work().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// What the plugin may do from now on.
    pub(crate) fn grant(&self, grants: Value) -> &Self {
        *self.grants.lock().unwrap() = grants;
        self
    }

    /// What it says of itself.
    pub(crate) fn describe(&self) -> surefoot_kernel::plugin::Description {
        block_on(host().describe(&self.component, None)).unwrap()
    }

    fn attempt(&self, operation: &str, input: Value) -> Attempt {
        let grants: Grants = serde_json::from_value(self.grants.lock().unwrap().clone()).unwrap();
        let deployment = DeploymentId::from_bytes([7; 16]);
        Attempt {
            deployment,
            step: "step".parse().unwrap(),
            number: AttemptNo(1),
            look: None,
            plugin: PinnedPlugin {
                source: "std".to_owned(),
                version: "0.1.0".to_owned(),
                digest: Digest::of(&self.component),
                script: None,
                grants,
                limits: Limits::default(),
            },
            component: Arc::clone(&self.component),
            script: None,
            operation: operation.to_owned(),
            context: Json(json!({
                "deployment": deployment, "environment": "shop/production", "service": "shop",
                "release": {"version": "v2", "commit": null, "artifact": null},
                "previous": {"deployment": "d1", "release": {"version": "v1", "commit": null, "artifact": null}},
                "phase": "phase", "step": "step", "operation": operation,
            })),
            input: Json(input),
            record: Vec::new(),
            time_left: Duration::from_secs(60),
            working_folder: self.work(),
            mode: Mode::Live,
        }
    }

    fn world(&self, journal: Arc<MemoryJournal>) -> World {
        World {
            blobs: Arc::clone(&self.blobs) as _,
            secrets: Arc::new(Secrets::none()),
            journal,
            children: Children::unannounced(),
        }
    }

    /// Runs an operation, and once more from its record alone.
    #[track_caller]
    pub(crate) fn run(&self, operation: &str, input: Value) -> Ran {
        let ran = self.resume(operation, input.clone(), Vec::new(), usize::MAX);
        let replay = Attempt {
            record: ran.journal.record(),
            mode: Mode::Replay,
            ..self.attempt(operation, input)
        };
        let replayed = block_on(host().execute(replay, self.world(Arc::default())));
        // A NaN is not equal to itself, and has to be reproduced, too.
        assert_eq!(
            format!("{replayed:?}"),
            format!("{:?}", ran.end),
            "the replay ended otherwise"
        );
        ran
    }

    /// Runs an operation from a record, until the journal has taken `capacity` entries.
    pub(crate) fn resume(&self, operation: &str, input: Value, record: Vec<RecordedEffect>, capacity: usize) -> Ran {
        let journal = Arc::new(MemoryJournal::closing_after(capacity));
        let attempt = Attempt {
            record,
            ..self.attempt(operation, input)
        };
        let end = block_on(host().execute(attempt, self.world(Arc::clone(&journal))));
        Ran { end, journal }
    }

    /// Crashes after every single entry of the journal, resumes, and hands the end to `check`. An effect in doubt is
    /// issued again, so this is for operations whose effects are all idempotent.
    pub(crate) fn crash_everywhere(&self, operation: &str, input: &Value, mut check: impl FnMut(AttemptEnd)) {
        let whole = self.resume(operation, input.clone(), Vec::new(), usize::MAX);
        let is_entry = |entry: &&JournalEntry| !matches!(entry, JournalEntry::Denied(..) | JournalEntry::Progress(..));
        let entries = whole.journal.entries().iter().filter(is_entry).count();
        assert!(entries > 0, "nothing to crash in");
        for capacity in 0..entries {
            let crashed = self.resume(operation, input.clone(), Vec::new(), capacity);
            assert_eq!(crashed.end, AttemptEnd::Interrupted, "after {capacity} of {entries}");
            let resumed = self.resume(operation, input.clone(), crashed.journal.record(), usize::MAX);
            check(resumed.end);
        }
    }

    /// Asks the plugin about an effect in doubt.
    pub(crate) fn reconcile(&self, operation: &str, input: Value, doubt: &RecordedEffect) -> (Finding, String) {
        let attempt = Attempt {
            look: Some(LookNo(1)),
            ..self.attempt(operation, input)
        };
        let found = block_on(host().reconcile(attempt, doubt, self.world(Arc::default()))).unwrap();
        found.unwrap()
    }
}

/// One host for all tests, so that each component is compiled once.
fn host() -> &'static Host {
    static HOST: OnceLock<Host> = OnceLock::new();
    HOST.get_or_init(|| Host::new(None).unwrap())
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    let build = || {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    RUNTIME.get_or_init(build).block_on(future)
}

/// Builds a standard plugin, once per process.
pub(crate) fn rebuild(plugin: &str) -> Vec<u8> {
    static BUILT: Mutex<BTreeMap<String, Vec<u8>>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(component) = built.get(plugin) {
        return component.clone();
    }
    let toolchain = Toolchain::find().unwrap_or_else(|error| panic!("{error}"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("guest");
    let component = Tree::here()
        .build(&toolchain, plugin, &target)
        .unwrap_or_else(|error| panic!("{error}"));
    built.insert(plugin.to_owned(), component.clone());
    component
}
