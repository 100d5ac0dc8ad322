//! Finds the files of UEFI firmware.
//!
//! Distributions describe theirs in JSON files (QEMU's docs/interop/firmware.json); those are asked
//! first, then the places where older packages put files without a description.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{Arch, DiskFormat, Firmware};

/// The two flash images of a UEFI firmware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FirmwareFiles {
    /// The code, mapped read-only.
    pub(crate) code: PathBuf,
    /// A template of the variable store; each machine writes its own copy.
    pub(crate) variables: PathBuf,
    /// The format of both files.
    pub(crate) format: DiskFormat,
    /// Whether only System Management Mode may write the variables.
    pub(crate) smm: bool,
}

/// Looks under `root` for firmware that enforces Secure Boot, or for one that does not.
pub(crate) fn find(root: &Path, arch: Arch, firmware: Firmware) -> Option<FirmwareFiles> {
    described(root, arch, firmware).or_else(|| known(root, arch, firmware))
}

/// One file of QEMU's firmware descriptions; what is not read here is left out.
#[derive(Deserialize)]
struct Description {
    mapping: Mapping,
    targets: Vec<Target>,
    features: Vec<String>,
}

#[derive(Deserialize)]
struct Mapping {
    executable: Option<FlashFile>,
    #[serde(rename = "nvram-template")]
    variables: Option<FlashFile>,
}

#[derive(Deserialize)]
struct FlashFile {
    filename: String,
    format: DiskFormat,
}

#[derive(Deserialize)]
struct Target {
    architecture: String,
    machines: Vec<String>,
}

fn described(root: &Path, arch: Arch, firmware: Firmware) -> Option<FirmwareFiles> {
    let folders = ["etc/qemu/firmware", "usr/share/qemu/firmware", "usr/local/share/qemu/firmware"];
    let mut files: Vec<PathBuf> = folders.iter().flat_map(|folder| entries(root, folder)).collect();
    files.sort_by_key(|path| path.file_name().map(ToOwned::to_owned));
    files.iter().find_map(|path| {
        let text = std::fs::read_to_string(path).ok()?;
        let description: Description = serde_json::from_str(&text).ok()?;
        description.fits(arch, firmware).then(|| description.files(root))?
    })
}

#[expect(clippy::disallowed_methods, reason = "the caller sorts the names")]
fn entries(root: &Path, folder: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(root.join(folder)) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths.filter(|path| path.extension().is_some_and(|end| end == "json")).collect()
}

impl Description {
    fn fits(&self, arch: Arch, firmware: Firmware) -> bool {
        let machine = match arch {
            Arch::Amd64 => "pc-q35-",
            Arch::Arm64 => "virt-",
        };
        let target = self.targets.iter().any(|target| {
            target.architecture == arch.qemu_name()
                && target.machines.iter().any(|pattern| pattern.starts_with(machine))
        });
        let secure = self.has("secure-boot") && self.has("enrolled-keys");
        let plain = !self.has("secure-boot") && !self.has("amd-sev-snp") && !self.has("intel-tdx");
        target && if firmware == Firmware::SecureBoot { secure } else { plain }
    }

    fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|known| known == feature)
    }

    fn files(&self, root: &Path) -> Option<FirmwareFiles> {
        let (code, variables) =
            (self.mapping.executable.as_ref()?, self.mapping.variables.as_ref()?);
        let files = FirmwareFiles {
            code: below(root, &code.filename),
            variables: below(root, &variables.filename),
            format: code.format,
            smm: self.has("requires-smm"),
        };
        let usable = code.format == variables.format;
        (usable && files.code.is_file() && files.variables.is_file()).then_some(files)
    }
}

/// Pairs of code and variables, as distributions have them.
type Pairs = &'static [(&'static str, &'static str)];

const AMD64: Pairs = &[
    ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
    ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
    ("/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"),
];

const AMD64_SECURE: Pairs = &[
    ("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"),
    ("/usr/share/OVMF/OVMF_CODE.secboot.fd", "/usr/share/OVMF/OVMF_VARS.ms.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd", "/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd"),
];

const ARM64: Pairs = &[
    ("/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"),
    (
        "/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw",
        "/usr/share/edk2/aarch64/vars-template-pflash.raw",
    ),
    ("/usr/share/edk2/aarch64/QEMU_CODE.fd", "/usr/share/edk2/aarch64/QEMU_VARS.fd"),
];

const ARM64_SECURE: Pairs =
    &[("/usr/share/AAVMF/AAVMF_CODE.ms.fd", "/usr/share/AAVMF/AAVMF_VARS.ms.fd")];

fn known(root: &Path, arch: Arch, firmware: Firmware) -> Option<FirmwareFiles> {
    let pairs = match (arch, firmware) {
        (Arch::Amd64, Firmware::SecureBoot) => AMD64_SECURE,
        (Arch::Amd64, _) => AMD64,
        (Arch::Arm64, Firmware::SecureBoot) => ARM64_SECURE,
        (Arch::Arm64, _) => ARM64,
    };
    let smm = arch == Arch::Amd64 && firmware == Firmware::SecureBoot;
    let files = pairs.iter().map(|(code, variables)| FirmwareFiles {
        code: below(root, code),
        variables: below(root, variables),
        format: DiskFormat::Raw,
        smm,
    });
    files.into_iter().find(|files| files.code.is_file() && files.variables.is_file())
}

fn below(root: &Path, absolute: &str) -> PathBuf {
    root.join(absolute.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(root: &Path, path: &str, text: &str) {
        let path = below(root, path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn describe(root: &Path, file: &str, code: &str, variables: &str, features: &str) {
        let text = format!(
            r#"{{"description":"x","interface-types":["uefi"],"mapping":{{"device":"flash",
            "executable":{{"filename":"{code}","format":"qcow2"}},
            "nvram-template":{{"filename":"{variables}","format":"qcow2"}}}},
            "targets":[{{"architecture":"x86_64","machines":["pc-q35-*"]}}],
            "features":[{features}],"tags":[]}}"#
        );
        put(root, &format!("/usr/share/qemu/firmware/{file}"), &text);
        put(root, code, "");
        put(root, variables, "");
    }

    #[test]
    fn reads_descriptions() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let secure = r#""enrolled-keys","requires-smm","secure-boot""#;
        describe(root, "30-enrolled.json", "/f/SECURE.qcow2", "/f/KEYS.qcow2", secure);
        describe(root, "40-secure.json", "/f/SECURE.qcow2", "/f/EMPTY.qcow2", r#""secure-boot""#);
        describe(root, "50-plain.json", "/f/CODE.qcow2", "/f/VARS.qcow2", r#""acpi-s3""#);
        put(root, "/usr/share/qemu/firmware/00-broken.json", "{");
        let found = find(root, Arch::Amd64, Firmware::SecureBoot).unwrap();
        assert_eq!((found.variables, found.smm), (root.join("f/KEYS.qcow2"), true));
        let found = find(root, Arch::Amd64, Firmware::Uefi).unwrap();
        assert_eq!((found.code, found.smm), (root.join("f/CODE.qcow2"), false));
        assert_eq!(found.format, DiskFormat::Qcow2);
        assert_eq!(find(root, Arch::Arm64, Firmware::Uefi), None);
    }

    #[test]
    fn falls_back_to_known_places() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "/usr/share/AAVMF/AAVMF_CODE.fd", "");
        assert_eq!(find(root.path(), Arch::Arm64, Firmware::Uefi), None);
        put(root.path(), "/usr/share/AAVMF/AAVMF_VARS.fd", "");
        let found = find(root.path(), Arch::Arm64, Firmware::Uefi).unwrap();
        assert_eq!(found.variables, root.path().join("usr/share/AAVMF/AAVMF_VARS.fd"));
    }
}
