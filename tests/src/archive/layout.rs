//! The shapes in which archives of others come: flat, signed beside, compressed in other ways, with fields
//! missing.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::{Context as _, Result, bail};

use super::{Archive, Package, hex, package};

/// How an archive is laid out.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The suite as in sources.list(5): a name, or a folder with a slash at its end.
    pub suite: String,
    /// The component; a flat repository has none.
    pub component: String,
    /// The endings of the indices that there are; "" is the plain one.
    pub there: Vec<&'static str>,
    /// The endings of the indices that the Release names.
    pub named: Vec<&'static str>,
    /// How it is signed.
    pub signed: Signed,
    /// What stands before the paths of packages in the index.
    pub before: &'static str,
    /// The fields of the Release besides its files.
    pub release: BTreeMap<String, String>,
}

/// How a Release file is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// InRelease.
    Inside,
    /// Release and an armored Release.gpg.
    Beside,
    /// Release and a binary Release.gpg.
    BesideBinary,
    /// Release alone.
    Not,
}

impl Layout {
    /// A suite with one component and InRelease, as most tools make it.
    pub fn suite(name: &str) -> Self {
        Self {
            suite: name.to_owned(),
            component: "main".to_owned(),
            there: vec!["", ".gz"],
            named: vec!["", ".gz"],
            signed: Signed::Inside,
            before: "",
            release: BTreeMap::new(),
        }
        .field("Suite", name)
        .field("Codename", name)
        .field("Components", "main")
        .field("Architectures", "amd64")
        .field("Date", "Sat, 21 Nov 2026 02:10:46 UTC")
    }

    /// A flat repository in this folder, as `apt-ftparchive` makes it.
    pub fn flat(folder: &str) -> Self {
        let plain = Self::suite(folder).without("Suite").without("Codename").without("Components");
        Self { component: String::new(), before: "./", ..plain }
    }

    /// Sets a field of the Release.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.release.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Leaves a field of the Release out.
    pub fn without(mut self, name: &str) -> Self {
        self.release.remove(name);
        self
    }

    /// Has and names indices with these endings.
    pub fn forms(self, forms: &[&'static str]) -> Self {
        Self { there: forms.to_vec(), named: forms.to_vec(), ..self }
    }

    /// Is signed so.
    pub fn signed(self, signed: Signed) -> Self {
        Self { signed, ..self }
    }

    fn is_flat(&self) -> bool {
        self.suite.ends_with('/')
    }

    /// Returns the folder of the Release, with a slash at its end unless it is the root.
    pub fn folder(&self) -> String {
        match self.is_flat() {
            true => self.suite.trim_start_matches("./").trim_start_matches('/').to_owned(),
            false => format!("dists/{}/", self.suite),
        }
    }

    /// Returns the path of the plain index below the folder.
    pub fn index(&self) -> String {
        match self.is_flat() {
            true => "Packages".to_owned(),
            false => format!("{}/binary-amd64/Packages", self.component),
        }
    }
}

impl Archive {
    /// Writes packages, indices and Release in this shape.
    pub fn lay_out(&self, layout: &Layout, packages: &[Package]) -> Result<()> {
        let mut index = String::new();
        for package in packages {
            let bytes = package.to_deb()?;
            let path = match layout.is_flat() {
                true => format!("{}{}", layout.folder(), package.file_name()),
                false => format!("pool/{}", package.file_name()),
            };
            self.write(&path, &bytes)?;
            index +=
                &package.stanza(&format!("{}{path}", layout.before), bytes.len(), &hex(&bytes));
            index.push('\n');
        }
        self.write_laid_out(layout, index.as_bytes())
    }

    /// Writes this text as the index, and the Release.
    pub fn write_laid_out(&self, layout: &Layout, index: &[u8]) -> Result<()> {
        let (folder, path) = (layout.folder(), layout.index());
        for form in &layout.there {
            self.write(&format!("{folder}{path}{form}"), &packed(form, index)?)?;
        }
        let mut text: String =
            layout.release.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        text += "SHA256:\n";
        for form in &layout.named {
            let bytes = packed(form, index)?;
            text += &format!(" {} {} {path}{form}\n", hex(&bytes), bytes.len());
        }
        self.sign_laid_out(layout, &text)
    }

    /// Signs this text as the Release.
    pub fn sign_laid_out(&self, layout: &Layout, text: &str) -> Result<()> {
        let folder = layout.folder();
        let name = |file: &str| format!("{folder}{file}");
        match layout.signed {
            Signed::Inside => self.write(&name("InRelease"), self.key.sign(text)?.as_bytes()),
            Signed::Beside | Signed::BesideBinary => {
                let armored = layout.signed == Signed::Beside;
                self.write(&name("Release"), text.as_bytes())?;
                self.write(&name("Release.gpg"), &self.key.sign_beside(text, armored)?)
            }
            Signed::Not => self.write(&name("Release"), text.as_bytes()),
        }
    }
}

/// Compresses as the ending says.
pub fn packed(form: &str, bytes: &[u8]) -> Result<Vec<u8>> {
    Ok(match form {
        "" => bytes.to_vec(),
        ".xz" => package::xz(bytes)?,
        ".lzma" => {
            let options = liblzma::stream::LzmaOptions::new_preset(1)?;
            let stream = liblzma::stream::Stream::new_lzma_encoder(&options)?;
            let mut out = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
            out.write_all(bytes)?;
            out.finish()?
        }
        ".gz" => by_program("gzip", bytes)?,
        ".bz2" => by_program("bzip2", bytes)?,
        ".zst" => by_program("zstd", bytes)?,
        other => bail!("no program packs {other}"),
    })
}

/// What others make is what must be read.
fn by_program(program: &str, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut child = std::process::Command::new(program)
        .arg("-c")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .with_context(|| format!("no {program}"))?;
    let mut input = child.stdin.take().context("a pipe")?;
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output()?;
    writer.join().ok().context("the thread ends")??;
    Ok(output.stdout)
}
