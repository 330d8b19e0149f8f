//! An empty app that gets the package as anybody's does: installed by npm, built by its own bundler.
//!
//! It is copied out of the repository, so that nothing above it helps. What has not changed is not done again.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::package::{Package, print_of, target};

/// An app whose pages can be served.
pub(crate) struct App {
    name: &'static str,
    folder: PathBuf,
}

impl App {
    /// Installs and builds the app of that name below `apps/`.
    pub(crate) async fn build(name: &'static str) -> Self {
        let app = Self { name, folder: target().join("packaging").join(name) };
        let building = tokio::task::spawn_blocking(move || app.prepare().map(|()| app));
        let built = building.await.expect("it ends");
        built.unwrap_or_else(|why| panic!("the app {name} cannot be built: {why}"))
    }

    /// Where its pages are: what its build has made, or what somebody wrote.
    pub(crate) fn pages(&self) -> PathBuf {
        let out = self.folder.join("out");
        if out.is_dir() { out } else { self.folder.clone() }
    }

    /// A command of npm in the app's folder.
    pub(crate) fn npm(&self, arguments: &[&str]) -> Command {
        let mut npm = Command::new("npm");
        npm.current_dir(&self.folder).args(arguments).stdin(Stdio::null()).env("NEXT_TELEMETRY_DISABLED", "1");
        npm
    }

    /// Where a file of the installed package is.
    pub(crate) fn installed(&self, file: &str) -> PathBuf {
        self.folder.join("node_modules/stillhere").join(file)
    }

    fn prepare(&self) -> Result<(), String> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/apps").join(self.name);
        fs::create_dir_all(&self.folder).map_err(|why| why.to_string())?;
        // Another test may want the same app at the same time.
        let lock = File::create(self.folder.with_extension("lock")).map_err(|why| why.to_string())?;
        lock.lock().map_err(|why| why.to_string())?;

        let package = Package::find();
        let files = files_below(&source).map_err(|why| format!("{}: {why}", source.display()))?;
        let wanted = files.iter().filter(|(path, _)| path.starts_with("package")).collect::<Vec<_>>();
        let wanted = print_of(&wanted);
        let installed = format!("{wanted} {}", package.print);
        let built = format!("{installed} {}", print_of(&files));

        let has_lock = source.join("package-lock.json").is_file();
        if has_lock {
            self.once("npm ci", &wanted, || {
                self.copy(&files)?;
                self.run(&["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"])
            })?;
        }
        self.once("npm install stillhere", &installed, || {
            // Without a package.json in the folder, npm would look for one above it, and install there.
            self.copy(&files)?;
            // npm takes a file of the same name for the same package.
            let copy = self.folder.with_file_name(format!("stillhere-{}.tgz", package.print));
            fs::copy(&package.path, &copy).map_err(|why| why.to_string())?;
            let path = copy.to_string_lossy();
            self.run(&[
                "install",
                "--no-save",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--prefer-offline",
                &path,
            ])
        })?;
        self.once("npm run build", &built, || {
            self.copy(&files)?;
            self.run(&["run", "--if-present", "build"])
        })
    }

    /// Does `work` unless it has been done for just this, and says so while it takes time.
    fn once(&self, step: &str, state: &str, work: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
        let stamp = self.folder.join(format!(".{}", step.replace(' ', "-")));
        if fs::read_to_string(&stamp).is_ok_and(|last| last == state) {
            return Ok(());
        }
        // Not by a macro: those are only shown when a test fails.
        let _ = writeln!(io::stderr(), "  {}: {step}", self.name);
        // Half of another state is no state.
        let _ = fs::remove_file(&stamp);
        work()?;
        fs::write(stamp, state).map_err(|why| why.to_string())
    }

    fn copy(&self, files: &[(String, Vec<u8>)]) -> Result<(), String> {
        for (name, bytes) in files {
            let path = self.folder.join(name);
            let folder = path.parent().unwrap_or(&self.folder);
            fs::create_dir_all(folder)
                .and_then(|()| fs::write(&path, bytes))
                .map_err(|why| format!("{name}: {why}"))?;
        }
        Ok(())
    }

    fn run(&self, arguments: &[&str]) -> Result<(), String> {
        let output = self.npm(arguments).output().map_err(|why| format!("npm does not start: {why}"))?;
        if output.status.success() {
            return Ok(());
        }
        // What npm says of its own options comes last, and is long.
        let said = [output.stderr, output.stdout].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        let said: Vec<_> = said.lines().take(40).collect();
        Err(format!("`npm {}` failed in {}:\n{}", arguments.join(" "), self.folder.display(), said.join("\n")))
    }
}

/// Every file below a folder, by its path from there, in order.
fn files_below(folder: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(inside) = folders.pop() {
        for entry in fs::read_dir(inside)? {
            let path = entry?.path();
            if path.is_dir() {
                // Somebody has tried the app out in place.
                if !path.ends_with("node_modules") && !path.ends_with("out") && !path.ends_with(".next") {
                    folders.push(path);
                }
            } else if let Ok(name) = path.strip_prefix(folder) {
                files.push((name.to_string_lossy().into_owned(), fs::read(&path)?));
            }
        }
    }
    files.sort();
    Ok(files)
}
