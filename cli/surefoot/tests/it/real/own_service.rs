//! A service that is not the sample: the example of docs/RUNBOOK.md, taken from the text word for word.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::shop::{ended, ports, repository, surefoot};

/// The first fenced block of that language after the example's heading.
fn block(text: &str, language: &str) -> String {
    let example = text
        .find("served by `python3 -m http.server`")
        .expect("the example is in docs/RUNBOOK.md");
    let fence = format!("```{language}\n");
    let start = example + text[example..].find(&fence).expect("a block of that language") + fence.len();
    let end = start + text[start..].find("```").expect("the block ends");
    text[start..end].to_owned()
}

struct Site {
    folder: tempfile::TempDir,
    port: u16,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let text = fs::read_to_string(repository().join("docs/RUNBOOK.md")).expect("docs/RUNBOOK.md");
        let script = folder.path().join("site.sh");
        fs::write(&script, block(&text, "sh")).expect("written");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("executable");
        fs::write(folder.path().join("runbook.yaml"), block(&text, "yaml")).expect("written");
        let site = Self { folder, port: ports() };
        for (version, page) in [("v1", "this is v1"), ("v2", "this is v2"), ("v3", "nobody knows")] {
            site.release(version, page);
        }
        site
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn release(&self, version: &str, page: &str) {
        let folder = self.path().join("releases").join(version);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("index.html"), page).expect("written");
    }

    fn run(&self, version: &str) -> (i32, String) {
        let port = format!("port={}", self.port);
        let arguments = ["run", "runbook.yaml", "--version", version, "--set", &port, "--yes"];
        ended(
            Command::new(surefoot())
                .current_dir(self.path())
                .args(arguments)
                .output()
                .expect("it runs"),
        )
    }

    fn page(&self) -> String {
        let url = format!("http://127.0.0.1:{}/", self.port);
        let output = Command::new("curl")
            .args(["--silent", "--max-time", "5", &url])
            .output()
            .expect("curl runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _stopped = Command::new("./site.sh").arg("stop").current_dir(self.path()).status();
    }
}

#[test]
fn the_documented_runbook_deploys_and_rolls_back_a_python_server() {
    let site = Site::new();
    for version in ["v1", "v2"] {
        let (code, text) = site.run(version);
        assert_eq!(code, 0, "{text}");
        assert_eq!(site.page(), format!("this is {version}"));
    }
    let (code, text) = site.run("v3");
    assert_eq!(code, 4, "{text}");
    assert_eq!(site.page(), "this is v2");
    let (code, text) = site.run("v9");
    assert_eq!(
        code, 3,
        "a release that is not there is refused before anything is changed: {text}"
    );
    assert_eq!(site.page(), "this is v2");
}
