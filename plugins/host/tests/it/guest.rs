//! Guests made to order: a list of host calls becomes a core module in WAT, and that a component.
//!
//! A call that is refused ends the operation with the refusal as its failure. What the last call
//! returned as bytes or text are the outputs, unless the script says something else.

use std::fmt::Write as _;
use std::sync::Arc;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Where results of host calls are written.
const RESULT: u32 = 64;
/// Where the operation's own result is written.
const OUTCOME: u32 = 256;
/// Where constants start.
const DATA: u32 = 1024;

/// Memory offsets within a call's result.
#[derive(Clone, Copy)]
struct Layout {
    /// Of the `host-error`.
    error: u32,
    /// Of pointer and length of what becomes the outputs.
    bytes: Option<u32>,
}

#[derive(Default)]
pub(crate) struct Script {
    world: &'static str,
    data: Vec<u8>,
    run: String,
    reconcile: String,
    describes_by_script: bool,
    describe: Option<(u32, u32)>,
    start: String,
    memory_pages: u32,
    functions: String,
}

impl Script {
    pub(crate) fn new() -> Self {
        Self {
            world: "task-plugin",
            memory_pages: 17,
            ..Self::default()
        }
    }

    /// A constant's place and length.
    fn constant(&mut self, bytes: &[u8]) -> (u32, u32) {
        while !self.data.len().is_multiple_of(8) {
            self.data.push(0);
        }
        let at = DATA + u32::try_from(self.data.len()).unwrap();
        self.data.extend_from_slice(bytes);
        (at, u32::try_from(bytes.len()).unwrap())
    }

    fn text(&mut self, text: impl AsRef<[u8]>) -> String {
        let (at, length) = self.constant(text.as_ref());
        format!("(i32.const {at}) (i32.const {length})")
    }

    fn option(&mut self, text: Option<impl AsRef<[u8]>>) -> String {
        match text {
            Some(text) => format!("(i32.const 1) {}", self.text(text)),
            None => "(i32.const 0) (i32.const 0) (i32.const 0)".to_owned(),
        }
    }

    fn list(&mut self, texts: &[&str]) -> (u32, u32) {
        let mut array = Vec::new();
        for text in texts {
            let (at, length) = self.constant(text.as_bytes());
            array.extend_from_slice(&at.to_le_bytes());
            array.extend_from_slice(&length.to_le_bytes());
        }
        self.constant(&array)
    }

    fn strings(&mut self, texts: &[&str]) -> String {
        let (at, _) = self.list(texts);
        format!("(i32.const {at}) (i32.const {})", texts.len())
    }

    fn pairs(&mut self, pairs: &[(&str, &str)]) -> String {
        let flat: Vec<&str> = pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
        let (at, _) = self.list(&flat);
        format!("(i32.const {at}) (i32.const {})", pairs.len())
    }

    fn milliseconds(timeout: Option<u64>) -> String {
        format!(
            "(i32.const {}) (i64.const {})",
            u8::from(timeout.is_some()),
            timeout.unwrap_or(0)
        )
    }

    fn call(mut self, function: &str, arguments: &str, layout: Layout) -> Self {
        let Layout { error, bytes } = layout;
        write!(self.run, "(call ${function} {arguments} (i32.const {RESULT}))").unwrap();
        write!(
            self.run,
            "(if (i32.load8_u (i32.const {RESULT})) (then (return (call $fail (i32.const {})))))",
            RESULT + error
        )
        .unwrap();
        if let Some(bytes) = bytes {
            write!(self.run, "(call $keep (i32.const {}))", RESULT + bytes).unwrap();
        }
        self
    }

    pub(crate) fn process(self, argv: &[&str]) -> Self {
        self.process_with(argv, Process::ONCE)
    }

    pub(crate) fn process_with(mut self, argv: &[&str], with: Process<'_>) -> Self {
        let arguments = [
            self.text(argv[0]),
            self.strings(&argv[1..]),
            self.pairs(with.env),
            self.option(with.cwd),
            self.option(with.stdin),
            Self::milliseconds(with.timeout),
            self.text(with.class),
        ]
        .join(" ");
        self.call(
            "process_run",
            &arguments,
            Layout {
                error: 8,
                bytes: Some(24),
            },
        )
    }

    pub(crate) fn http(self, method: &str, url: &str, headers: &[(&str, &str)], body: Option<&str>) -> Self {
        self.http_with(method, url, headers, body, &[])
    }

    pub(crate) fn http_with(
        mut self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
        options: &[(&str, &str)],
    ) -> Self {
        let arguments = [
            self.text(method),
            self.text(url),
            self.pairs(headers),
            self.option(body),
            Self::milliseconds(Some(2000)),
            self.text("idempotent"),
            self.pairs(options),
        ]
        .join(" ");
        self.call(
            "http_send",
            &arguments,
            Layout {
                error: 8,
                bytes: Some(20),
            },
        )
    }

    pub(crate) fn read(mut self, path: &str) -> Self {
        let arguments = format!("{} (i64.const 0) (i64.const -1)", self.text(path));
        self.call(
            "files_read",
            &arguments,
            Layout {
                error: 4,
                bytes: Some(4),
            },
        )
    }

    pub(crate) fn stat(mut self, path: &str) -> Self {
        let arguments = self.text(path);
        self.call("files_stat", &arguments, Layout { error: 8, bytes: None })
    }

    /// Goes on when it is refused.
    pub(crate) fn stat_ignoring(mut self, path: &str) -> Self {
        let arguments = self.text(path);
        write!(self.run, "(call $files_stat {arguments} (i32.const {RESULT}))").unwrap();
        self
    }

    pub(crate) fn list_all(self, path: &str) -> Self {
        self.list_after(path, None, u32::MAX)
    }

    pub(crate) fn list_after(mut self, path: &str, after: Option<&str>, limit: u32) -> Self {
        let arguments = format!("{} {} (i32.const {limit})", self.text(path), self.option(after));
        self.call("files_list", &arguments, Layout { error: 4, bytes: None })
    }

    pub(crate) fn write(mut self, path: &str, content: &str) -> Self {
        let arguments = [self.text(path), self.text(content)].join(" ");
        self.call("files_write", &arguments, Layout { error: 4, bytes: None })
    }

    pub(crate) fn make_folder(mut self, path: &str) -> Self {
        let arguments = self.text(path);
        self.call("files_make_folder", &arguments, Layout { error: 4, bytes: None })
    }

    pub(crate) fn make_link(mut self, path: &str, target: &str) -> Self {
        let arguments = [self.text(path), self.text(target)].join(" ");
        self.call("files_make_link", &arguments, Layout { error: 4, bytes: None })
    }

    pub(crate) fn make_hard_link(mut self, path: &str, existing: &str) -> Self {
        let arguments = [self.text(path), self.text(existing)].join(" ");
        self.call("files_make_hard_link", &arguments, Layout { error: 4, bytes: None })
    }

    /// Owner and group stay.
    pub(crate) fn set_metadata(mut self, path: &str, mode: u32, modified: i64, attributes: &[(&str, &str)]) -> Self {
        let path = self.text(path);
        let attributes = self.pairs(attributes);
        let arguments =
            format!("{path} (i32.const {mode}) (i32.const -1) (i32.const -1) (i64.const {modified}) {attributes}");
        self.call("files_set_metadata", &arguments, Layout { error: 4, bytes: None })
    }

    /// The script that is pinned beside the plugin becomes its outputs.
    pub(crate) fn script(mut self) -> Self {
        write!(self.run, "(call $script_source (i32.const {RESULT}))").unwrap();
        write!(self.run, "(call $keep (i32.const {}))", RESULT + 4).unwrap();
        self
    }

    pub(crate) fn remove(mut self, path: &str) -> Self {
        let arguments = self.text(path);
        self.call("files_remove", &arguments, Layout { error: 4, bytes: None })
    }

    pub(crate) fn rename(mut self, source: &str, destination: &str) -> Self {
        let arguments = [self.text(source), self.text(destination)].join(" ");
        self.call("files_rename", &arguments, Layout { error: 4, bytes: None })
    }

    pub(crate) fn put(mut self, content: &str) -> Self {
        let arguments = self.text(content);
        self.call("blobs_put", &arguments, Layout { error: 8, bytes: None })
    }

    pub(crate) fn put_file(mut self, path: &str) -> Self {
        let arguments = self.text(path);
        self.call("blobs_put_file", &arguments, Layout { error: 8, bytes: None })
    }

    pub(crate) fn get(mut self, digest: &str) -> Self {
        let arguments = self.text(digest);
        self.call(
            "blobs_get",
            &arguments,
            Layout {
                error: 4,
                bytes: Some(4),
            },
        )
    }

    pub(crate) fn copy_blob(self, digest: &str, path: &str) -> Self {
        self.copy_blob_with(digest, path, false)
    }

    pub(crate) fn copy_blob_with_holes(self, digest: &str, path: &str) -> Self {
        self.copy_blob_with(digest, path, true)
    }

    pub(crate) fn copy_blob_with(mut self, digest: &str, path: &str, holes: bool) -> Self {
        let arguments = format!(
            "{} {} (i32.const {})",
            self.text(digest),
            self.text(path),
            u8::from(holes)
        );
        self.call("blobs_to_file", &arguments, Layout { error: 4, bytes: None })
    }

    pub(crate) fn now(mut self) -> Self {
        self.run.push_str("(drop (call $clock_now))");
        self
    }

    pub(crate) fn sleep(mut self, milliseconds: u64) -> Self {
        write!(self.run, "(call $clock_sleep (i64.const {milliseconds}))").unwrap();
        self
    }

    pub(crate) fn random(mut self, length: u32) -> Self {
        write!(
            self.run,
            "(call $clock_random (i32.const {length}) (i32.const {RESULT}))"
        )
        .unwrap();
        self
    }

    pub(crate) fn progress(mut self, message: &str) -> Self {
        let arguments = self.text(message);
        write!(
            self.run,
            "(call $progress_report {arguments} (i32.const 0) (f64.const 0))"
        )
        .unwrap();
        self
    }

    /// Instructions of WAT.
    pub(crate) fn raw(mut self, instructions: &str) -> Self {
        self.run.push_str(instructions);
        self
    }

    /// Further functions of WAT.
    pub(crate) fn functions(mut self, functions: &str) -> Self {
        self.functions.push_str(functions);
        self
    }

    /// These outputs, whatever came before.
    pub(crate) fn outputs(mut self, json: impl AsRef<[u8]>) -> Self {
        let (at, length) = self.constant(json.as_ref());
        write!(self.run, "(call $output (i32.const {at}) (i32.const {length}))").unwrap();
        self
    }

    /// What `describe` says.
    pub(crate) fn describing(mut self, json: &str) -> Self {
        self.describe = Some(self.constant(json.as_bytes()));
        self
    }

    /// `describe` says what its script says.
    pub(crate) fn describing_by_script(mut self) -> Self {
        self.describes_by_script = true;
        self
    }

    /// Everything so far is what `reconcile` does, and this is its answer.
    pub(crate) fn reconciling(mut self, answer: &str) -> Self {
        let (at, length) = self.constant(answer.as_bytes());
        self.reconcile = std::mem::take(&mut self.run);
        write!(self.reconcile, "(call $output (i32.const {at}) (i32.const {length}))").unwrap();
        self
    }

    /// Instructions that run when the module is instantiated.
    pub(crate) fn start(mut self, instructions: &str) -> Self {
        self.start = instructions.to_owned();
        self
    }

    pub(crate) fn memory_pages(mut self, pages: u32) -> Self {
        self.memory_pages = pages;
        self
    }

    /// The component's bytes.
    pub(crate) fn build(mut self) -> Arc<[u8]> {
        let describe = self.describe.unwrap_or_else(|| self.constant(b"{}"));
        let data: String = self.data.iter().fold(String::new(), |mut text, byte| {
            write!(text, "\\{byte:02x}").unwrap();
            text
        });
        let heap = DATA + u32::try_from(self.data.len()).unwrap() + 64;
        let heap = heap.next_multiple_of(16);
        let (run, reconcile, start, functions) = (&self.run, &self.reconcile, &self.start, &self.functions);
        let (describe_at, describe_length) = describe;
        let (script_at, script_length) = (RESULT + 4, RESULT + 8);
        let describing = if self.describes_by_script {
            format!(
                "(call $script_source (i32.const {RESULT}))
                 (i32.store (i32.const {OUTCOME}) (i32.load (i32.const {script_at})))
                 (i32.store (i32.const {}) (i32.load (i32.const {script_length})))",
                OUTCOME + 4
            )
        } else {
            String::new()
        };
        let pages = self.memory_pages;
        let wat = format!(
            r#"(module
  {IMPORTS}
  (memory (export "memory") {pages})
  (data (i32.const {DATA}) "{data}")
  (global $free (mut i32) (i32.const {heap}))
  (global $out (mut i32) (i32.const 8))
  (global $out_length (mut i32) (i32.const 2))
  (data (i32.const 8) "{{}}")
  (func $realloc (export "cabi_realloc") (param $old i32) (param $was i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 15)) (i32.const -16)))
    (global.set $free (i32.add (local.get $at) (local.get $size)))
    (if (i32.gt_u (global.get $free) (i32.mul (memory.size) (i32.const 65536)))
      (then (drop (memory.grow (i32.add (i32.shr_u (local.get $size) (i32.const 16)) (i32.const 1))))))
    (local.get $at))
  (func $output (param $at i32) (param $length i32)
    (global.set $out (local.get $at)) (global.set $out_length (local.get $length)))
  (func $keep (param $at i32)
    (call $output (i32.load (local.get $at)) (i32.load offset=4 (local.get $at))))
  (func $fail (param $error i32) (result i32)
    (i32.store8 (i32.const {OUTCOME}) (i32.const 1))
    (memory.copy (i32.const {outcome_code}) (local.get $error) (i32.const 16))
    (i32.store8 (i32.const {outcome_retryable}) (i32.const 0))
    (i32.store (i32.const {outcome_details}) (i32.const 8))
    (i32.store (i32.const {outcome_details_length}) (i32.const 2))
    (i32.const {OUTCOME}))
  {functions}
  (func (export "surefoot:plugin/task@1.0.0#run") (param i32 i32 i32 i32) (result i32)
    {run}
    (i32.store8 (i32.const {OUTCOME}) (i32.const 0))
    (i32.store (i32.const {outcome_code}) (global.get $out))
    (i32.store (i32.const {outcome_length}) (global.get $out_length))
    (i32.store (i32.const {outcome_observations}) (i32.const 0))
    (i32.store (i32.const {outcome_observation_count}) (i32.const 0))
    (i32.store (i32.const {outcome_artifacts}) (i32.const 0))
    (i32.store (i32.const {outcome_artifact_count}) (i32.const 0))
    (i32.store (i32.const {outcome_summary}) (i32.const 0))
    (i32.store (i32.const {outcome_summary_length}) (i32.const 0))
    (i32.const {OUTCOME}))
  (func (export "surefoot:plugin/plugin@1.0.0#describe") (result i32)
    (i32.store (i32.const {OUTCOME}) (i32.const {describe_at}))
    (i32.store (i32.const {outcome_code}) (i32.const {describe_length}))
    {describing}
    (i32.const {OUTCOME}))
  (func (export "surefoot:plugin/plugin@1.0.0#reconcile") (param i32 i32 i32 i32) (result i32)
    {reconcile}
    (i32.store8 (i32.const {OUTCOME}) (i32.const 0))
    (i32.store (i32.const {outcome_code}) (global.get $out))
    (i32.store (i32.const {outcome_length}) (global.get $out_length))
    (i32.const {OUTCOME}))
  (func $start {start})
  (start $start)
)"#,
            outcome_code = OUTCOME + 4,
            outcome_length = OUTCOME + 8,
            outcome_observations = OUTCOME + 12,
            outcome_observation_count = OUTCOME + 16,
            outcome_artifacts = OUTCOME + 20,
            outcome_artifact_count = OUTCOME + 24,
            outcome_summary = OUTCOME + 28,
            outcome_summary_length = OUTCOME + 32,
            outcome_retryable = OUTCOME + 20,
            outcome_details = OUTCOME + 24,
            outcome_details_length = OUTCOME + 28,
        );
        component(&wat, self.world)
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Process<'a> {
    pub(crate) env: &'a [(&'a str, &'a str)],
    pub(crate) cwd: Option<&'a str>,
    pub(crate) stdin: Option<&'a str>,
    pub(crate) timeout: Option<u64>,
    pub(crate) class: &'a str,
}

impl Process<'_> {
    pub(crate) const ONCE: Self = Self {
        env: &[],
        cwd: None,
        stdin: None,
        timeout: None,
        class: "once",
    };
}

/// A core module as a component of a world of our interface.
pub(crate) fn component(wat: &str, world: &str) -> Arc<[u8]> {
    foreign_component(wat, include_str!("../../../../wit/plugin.wit"), world)
}

/// A core module as a component of a world of any other.
pub(crate) fn foreign_component(wat: &str, wit: &str, world: &str) -> Arc<[u8]> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("plugin.wit", wit).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    encode(wat, &resolve, world)
}

fn encode(wat: &str, resolve: &Resolve, world: wit_parser::WorldId) -> Arc<[u8]> {
    let mut module = wat::parse_str(wat).map_err(|e| format!("{e}\n{wat}")).unwrap();
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).unwrap();
    let encoder = ComponentEncoder::default().module(&module).unwrap();
    encoder.validate(true).encode().unwrap().into()
}

const IMPORTS: &str = r#"
  (import "surefoot:plugin/process@1.0.0" "run" (func $process_run
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 i32 i32)))
  (import "surefoot:plugin/http@1.0.0" "send" (func $http_send
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 i32 i32 i32 i32)))
  (import "surefoot:plugin/files@1.0.0" "read" (func $files_read (param i32 i32 i64 i64 i32)))
  (import "surefoot:plugin/files@1.0.0" "stat" (func $files_stat (param i32 i32 i32)))
  (import "surefoot:plugin/files@1.0.0" "list-all" (func $files_list (param i32 i32 i32 i32 i32 i32 i32)))
  (import "surefoot:plugin/files@1.0.0" "write" (func $files_write (param i32 i32 i32 i32 i32)))
  (import "surefoot:plugin/files@1.0.0" "make-folder" (func $files_make_folder (param i32 i32 i32)))
  (import "surefoot:plugin/files@1.0.0" "make-link" (func $files_make_link (param i32 i32 i32 i32 i32)))
  (import "surefoot:plugin/files@1.0.0" "make-hard-link" (func $files_make_hard_link (param i32 i32 i32 i32 i32)))
  (import "surefoot:plugin/files@1.0.0" "set-metadata"
    (func $files_set_metadata (param i32 i32 i32 i32 i32 i64 i32 i32 i32)))
  (import "surefoot:plugin/script@1.0.0" "source" (func $script_source (param i32)))
  (import "surefoot:plugin/files@1.0.0" "remove" (func $files_remove (param i32 i32 i32)))
  (import "surefoot:plugin/files@1.0.0" "rename" (func $files_rename (param i32 i32 i32 i32 i32)))
  (import "surefoot:plugin/blobs@1.0.0" "put" (func $blobs_put (param i32 i32 i32)))
  (import "surefoot:plugin/blobs@1.0.0" "get" (func $blobs_get (param i32 i32 i32)))
  (import "surefoot:plugin/blobs@1.0.0" "put-file" (func $blobs_put_file (param i32 i32 i32)))
  (import "surefoot:plugin/blobs@1.0.0" "to-file" (func $blobs_to_file (param i32 i32 i32 i32 i32 i32)))
  (import "surefoot:plugin/clock@1.0.0" "now" (func $clock_now (result i64)))
  (import "surefoot:plugin/clock@1.0.0" "sleep" (func $clock_sleep (param i64)))
  (import "surefoot:plugin/clock@1.0.0" "random" (func $clock_random (param i32 i32)))
  (import "surefoot:plugin/progress@1.0.0" "report" (func $progress_report (param i32 i32 i32 f64)))
"#;
