//! The digest of everything a shipped plugin is made of: its own sources, the SDK's, the interface, and the exact
//! versions of what they depend on. Nothing else changes it, so that an unrelated dependency of the workspace does
//! not ask for a rebuild.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::build::PROFILE;
use crate::error::BuildError;

/// Digest (`blake3:…`) of what goes into the standard plugin `name` of the checkout at `root`.
///
/// # Errors
/// When a file cannot be read, or the lock file does not name a dependency.
pub fn digest(root: &Path, name: &str) -> Result<String, BuildError> {
    let plugin = root.join("plugins/std").join(name);
    let sdk = root.join("plugins/sdk");
    let mut hasher = Hasher::default();
    for line in PROFILE {
        hasher.field(line.as_bytes());
    }
    for folder in [plugin.join("src"), sdk.join("src"), root.join("wit")] {
        for file in files(&folder)? {
            hasher.file(root, &file)?;
        }
    }
    let mut direct = BTreeSet::new();
    for manifest in [plugin.join("Cargo.toml"), sdk.join("Cargo.toml")] {
        hasher.file(root, &manifest)?;
        direct.extend(dependencies(&read(&manifest)?));
    }
    let workspace = root.join("Cargo.toml");
    for line in read(&workspace)?.lines() {
        let key = line.split([' ', '=', '.']).next().unwrap_or("");
        if line.starts_with("edition") || direct.contains(key) {
            hasher.field(line.as_bytes());
        }
    }
    let lock = root.join("Cargo.lock");
    for package in closure(&read(&lock)?, &direct) {
        hasher.field(package.as_bytes());
    }
    Ok(hasher.finish())
}

/// BLAKE3 over length-prefixed fields, so that no two lists of fields give the same bytes.
#[derive(Default)]
struct Hasher(blake3::Hasher);

impl Hasher {
    fn field(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn file(&mut self, root: &Path, path: &Path) -> Result<(), BuildError> {
        let name = path.strip_prefix(root).unwrap_or(path);
        self.field(name.to_string_lossy().as_bytes());
        let content = std::fs::read(path).map_err(BuildError::io("reading", path))?;
        self.field(&content);
        Ok(())
    }

    fn finish(self) -> String {
        format!("blake3:{}", self.0.finalize().to_hex())
    }
}

fn read(path: &Path) -> Result<String, BuildError> {
    std::fs::read_to_string(path).map_err(BuildError::io("reading", path))
}

/// All files beneath a folder, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(folder) = pending.pop() {
        let entries = std::fs::read_dir(&folder).map_err(BuildError::io("reading", &folder))?;
        for entry in entries {
            let path = entry.map_err(BuildError::io("reading", &folder))?.path();
            if path.is_dir() {
                pending.push(path)
            } else {
                found.push(path)
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The names in a manifest's `[dependencies]`.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut section = "";
    let mut names = BTreeSet::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if section == "[dependencies]" && !line.is_empty() && !line.starts_with('#') {
            let name = line.split([' ', '=', '.']).next().unwrap_or(line);
            names.insert(name.to_owned());
        }
    }
    names
}

/// `name version checksum` of every package of a `Cargo.lock` that some direct dependencies lead to. Packages of
/// the workspace have no checksum and are left out: their sources are hashed.
fn closure(lock: &str, direct: &BTreeSet<String>) -> BTreeSet<String> {
    let mut packages: BTreeMap<&str, Vec<Package<'_>>> = BTreeMap::new();
    for block in lock.split("[[package]]").skip(1) {
        let package = Package::parse(block);
        packages.entry(package.name).or_default().push(package);
    }
    let mut pending: Vec<(&str, Option<&str>)> = direct.iter().map(|name| (name.as_str(), None)).collect();
    let mut seen = BTreeSet::new();
    let mut found = BTreeSet::new();
    while let Some((name, version)) = pending.pop() {
        if !seen.insert((name, version)) {
            continue;
        }
        let several = packages.get(name).map(Vec::as_slice).unwrap_or_default();
        for package in several
            .iter()
            .filter(|package| version.is_none_or(|version| version == package.version))
        {
            if let Some(checksum) = package.checksum {
                found.insert(format!("{name} {} {checksum}", package.version));
                pending.extend(package.dependencies.iter().copied());
            }
        }
    }
    found
}

struct Package<'a> {
    name: &'a str,
    version: &'a str,
    checksum: Option<&'a str>,
    dependencies: Vec<(&'a str, Option<&'a str>)>,
}

impl<'a> Package<'a> {
    fn parse(block: &'a str) -> Self {
        let value = |key: &str| {
            block
                .lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))
                .map(|value| value.trim_matches('"'))
        };
        let dependencies = block
            .lines()
            .filter_map(|line| line.strip_prefix(" \"")?.strip_suffix("\","))
            .map(|dependency| {
                let mut words = dependency.split(' ');
                (words.next().unwrap_or(""), words.next())
            })
            .collect();
        Self {
            name: value("name").unwrap_or(""),
            version: value("version").unwrap_or(""),
            checksum: value("checksum"),
            dependencies,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"version = 4

[[package]]
name = "a"
version = "1.0.0"
source = "registry"
checksum = "aa"
dependencies = [
 "b 2.0.0",
]

[[package]]
name = "b"
version = "1.0.0"
checksum = "b1"

[[package]]
name = "b"
version = "2.0.0"
checksum = "b2"

[[package]]
name = "plugin-x"
version = "0.1.0"
dependencies = [
 "a",
]
"#;

    #[test]
    fn the_closure_follows_exact_versions() {
        let direct = BTreeSet::from(["a".to_owned(), "plugin-x".to_owned()]);
        let found: Vec<String> = closure(LOCK, &direct).into_iter().collect();
        assert_eq!(found, ["a 1.0.0 aa", "b 2.0.0 b2"]);
    }

    #[test]
    fn only_ordinary_dependencies_count() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\n# why\nserde.workspace = true\nb = \"1\"\n[dev-dependencies]\nc = \"1\"\n";
        let names: Vec<String> = dependencies(manifest).into_iter().collect();
        assert_eq!(names, ["b", "serde"]);
    }
}
