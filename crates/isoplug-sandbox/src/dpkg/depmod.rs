//! Lets depmod read the kernel modules while other packages are configured: decompressing them
//! takes long, and no script of a package changes them before asking for depmod itself.

use crate::{Command, Failure, Inside, Rooted};

/// Among the signs: there is one for each kernel that is taken care of and was not asked for yet,
/// and this one for as long as depmod runs.
const BUSY: &str = "busy";

/// Stands before depmod. Whoever asks for a kernel that is taken care of need not wait; any other
/// question waits, and is answered by depmod itself.
pub(super) const SHORTCUT: &str = r#"#!/bin/sh
kernels=/run/isoplug/depmod
if [ $# = 1 ] && rm "$kernels/$1" 2>/dev/null; then exit 0; fi
while [ -e "$kernels/busy" ]; do sleep 0.1; done
exec /usr/sbin/depmod "$@"
"#;

/// What depmod does while packages are configured.
pub(super) struct Beside {
    signs: Rooted,
    kernels: Vec<String>,
}

impl Beside {
    /// Finds the kernels that are unpacked and whose packages will ask for depmod.
    pub(super) fn new(inside: &Inside) -> Result<Self, Failure> {
        let names = inside.tree().names("usr/lib/modules").unwrap_or_default();
        let names = names.into_iter().filter_map(|name| name.into_string().ok());
        let kernels: Vec<String> = match is_settled(inside) {
            true => names.filter(|kernel| asks(inside, kernel)).collect(),
            false => Vec::new(),
        };
        let beside = Self { signs: inside.signs(), kernels };
        beside.mark().map_err(Failure::of("prepare for depmod"))?;
        Ok(beside)
    }

    /// The commands, one after the other.
    pub(super) fn commands(&self) -> Vec<Command> {
        let depmod = |kernel: &String| Command::new(["/usr/sbin/depmod", kernel]);
        self.kernels.iter().map(depmod).collect()
    }

    /// Says that they ended.
    pub(super) fn ended(&self) {
        // It need not be there.
        _ = self.signs.remove(BUSY);
    }

    fn mark(&self) -> std::io::Result<()> {
        let busy = self.kernels.first().map(|_| BUSY);
        let mut names = self.kernels.iter().map(String::as_str).chain(busy);
        names.try_for_each(|name| {
            // An earlier configuration may have left it; a program's link in its place goes.
            _ = self.signs.remove(name);
            self.signs.create(name, 0o644).map(|_| ())
        })
    }
}

/// Whether depmod's own configuration is there already; dpkg puts it into place late.
fn is_settled(inside: &Inside) -> bool {
    let waits = |name: &std::ffi::OsString| name.to_string_lossy().ends_with(".dpkg-new");
    !inside.tree().names("etc/depmod.d").unwrap_or_default().iter().any(waits)
}

fn asks(inside: &Inside, kernel: &str) -> bool {
    let script = format!("var/lib/dpkg/info/linux-image-{kernel}.postinst");
    let made = inside.tree().exists(&format!("usr/lib/modules/{kernel}/modules.dep"));
    let is_name =
        kernel.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.~-_".contains(&byte));
    is_name && !made && inside.text(&script).is_ok_and(|text| asks_first(&text))
}

/// Whether a script runs depmod before anything that could add to the kernel's modules.
fn asks_first(script: &str) -> bool {
    let at = |word: &str| script.find(word).unwrap_or(usize::MAX);
    at("\ndepmod $version\n") < at("\nlinux-run-hooks ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_of_debian_kernels_ask_first() {
        let script =
            "#!/bin/sh -e\nversion=6.12\n\ndepmod $version\n\nlinux-run-hooks image postinst\n";
        assert!(asks_first(script));
        assert!(!asks_first("#!/bin/sh\nlinux-run-hooks image postinst\ndepmod $version\n"));
        assert!(!asks_first("#!/bin/sh\nexit 0\n"));
    }
}
