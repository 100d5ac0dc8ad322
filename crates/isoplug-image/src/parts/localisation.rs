//! Sets language, time zone and keyboard in the files that Debian reads.

use isoplug_engine::Key;
use isoplug_formats::tree::Kind;
use isoplug_manifest::By;
use isoplug_manifest::options::Localisation;

use super::nearest::nearest;
use super::services;
use super::{Attrs, ContributeError, Contributor, Rootfs};

/// Sets language, time zone and keyboard.
#[derive(Debug, Clone, PartialEq)]
pub struct Part(pub Localisation);

impl Contributor for Part {
    fn by(&self) -> By {
        By::Part("localisation")
    }

    fn version(&self) -> u32 {
        1
    }

    fn places(&self) -> Vec<String> {
        PLACES.map(str::to_owned).to_vec()
    }

    fn key(&self, key: &mut dyn Key) {
        key.value("localisation", &self.0);
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        for text in [&self.0.locale, &self.0.timezone, &self.0.keymap] {
            if text.is_empty() || text.contains(|c: char| c.is_whitespace() || "\"\\$`".contains(c))
            {
                let reason = format!("`{text}` is not a locale, time zone or keyboard layout");
                return Err(ContributeError::refused("localisation", reason));
            }
        }
        locale(rootfs, &self.0.locale)?;
        timezone(rootfs, &self.0.timezone)?;
        keyboard(rootfs, &self.0.keymap)
    }
}

const PLACES: [&str; 7] = [
    "/etc/default/keyboard",
    "/etc/default/locale",
    "/etc/locale.conf",
    "/etc/locale.gen",
    "/etc/localtime",
    "/etc/systemd/system/isoplug-locale.service",
    "/etc/timezone",
];

/// Writes `/etc/locale.conf`, which Debian 13 reads, and the file that older ones read unless it
/// is a link to it.
fn locale(rootfs: &mut dyn Rootfs, locale: &str) -> Result<(), ContributeError> {
    let text = format!("LANG={locale}\n");
    rootfs.file("/etc/locale.conf", text.as_bytes(), Attrs::mode(0o644))?;
    let old = rootfs.entry("/etc/default/locale").map(|entry| entry.kind);
    if !matches!(old, Some(Kind::Symlink(_))) {
        rootfs.symlink("/etc/default/locale", "../locale.conf")?;
    }
    if is_compiled(rootfs, locale)? { Ok(()) } else { compile_at_boot(rootfs, locale) }
}

/// Tells whether the image has the compiled form of a locale, under its own name or with its charset
/// in it.
fn is_compiled(rootfs: &dyn Rootfs, locale: &str) -> Result<bool, ContributeError> {
    if ["C", "POSIX", "C.UTF-8"].contains(&locale) {
        return Ok(true);
    }
    let names = compiled_names(locale, &supported(rootfs)?);
    if names.iter().any(|name| rootfs.stat(&format!("/usr/lib/locale/{name}")).is_some()) {
        return Ok(true);
    }
    // The archive lists its locales by name, each ended by NUL (glibc, locale/locarchive.h).
    let archive = rootfs.read("/usr/lib/locale/locale-archive")?.unwrap_or_default();
    Ok(names.iter().any(|name| {
        let name = [name.as_bytes(), b"\0"].concat();
        archive.windows(name.len()).any(|window| window == name)
    }))
}

/// Returns the names that localedef(1) may have given a locale.
fn compiled_names(locale: &str, supported: &[(String, String)]) -> Vec<String> {
    let (base, modifier) = locale.split_once('@').unwrap_or((locale, ""));
    let (language, charset) = base.split_once('.').unwrap_or((base, ""));
    let known = supported.iter().find(|(name, _)| name == locale);
    let charset = known.map_or(charset, |(_, charset)| charset);
    let plain: String = charset.chars().filter(char::is_ascii_alphanumeric).collect();
    let modifier = if modifier.is_empty() { String::new() } else { format!("@{modifier}") };
    vec![format!("{language}.{}{modifier}", plain.to_lowercase()), locale.to_owned()]
}

/// Returns the locales that the image can compile, with their charsets.
fn supported(rootfs: &dyn Rootfs) -> Result<Vec<(String, String)>, ContributeError> {
    let bytes = rootfs.read("/usr/share/i18n/SUPPORTED")?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let pairs = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = pairs.filter_map(|line| line.trim().split_once(' '));
    Ok(pairs.map(|(name, charset)| (name.to_owned(), charset.to_owned())).collect())
}

const COMPILE: &str = "isoplug-locale.service";
const COMPILE_TEXT: &str = "[Unit]
Description=Compile the locale
DefaultDependencies=no
After=local-fs.target systemd-tmpfiles-setup.service
Before=sysinit.target
ConditionPathExists=!/usr/lib/locale/locale-archive

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/locale-gen

[Install]
WantedBy=sysinit.target
";

/// Lets the system compile a locale when it boots, since only its own programs can.
fn compile_at_boot(rootfs: &mut dyn Rootfs, locale: &str) -> Result<(), ContributeError> {
    let subject = "localisation.locale";
    if rootfs.stat("/usr/sbin/locale-gen").is_none() {
        let reason = format!("the image cannot make `{locale}`; install the package `locales`");
        return Err(ContributeError::refused(subject, reason));
    }
    let supported = supported(rootfs)?;
    let Some((_, charset)) = supported.iter().find(|(name, _)| name == locale) else {
        let nearest = nearest(locale, supported.iter().map(|(name, _)| name.as_str()));
        return Err(ContributeError::Unknown { kind: "locale", name: locale.to_owned(), nearest });
    };
    rootfs.log(&format!("{locale} is compiled at boot; the package `locales-all` has it ready"));
    rootfs.remove("/usr/lib/locale/locale-archive")?;
    let line = format!("{locale} {charset}\n");
    rootfs.file("/etc/locale.gen", line.as_bytes(), Attrs::mode(0o644))?;
    services::write(rootfs, COMPILE, COMPILE_TEXT)?;
    services::enable(rootfs, COMPILE)
}

/// Links `/etc/localtime`, and writes `/etc/timezone` where the image has one (before Debian 13).
fn timezone(rootfs: &mut dyn Rootfs, zone: &str) -> Result<(), ContributeError> {
    const ZONES: &str = "/usr/share/zoneinfo";
    let is_utc = ["UTC", "Etc/UTC"].contains(&zone);
    if rootfs.stat(&format!("{ZONES}/{zone}")).is_none() && !is_utc {
        if rootfs.stat(ZONES).is_none() {
            let reason = format!("the image knows no `{zone}`; install the package `tzdata`");
            return Err(ContributeError::refused("localisation.timezone", reason));
        }
        let (area, _) = zone.split_once('/').unwrap_or(("", zone));
        let lead = if area.is_empty() { String::new() } else { format!("{area}/") };
        let known = rootfs.list(&format!("{ZONES}/{area}"));
        let known: Vec<String> = known.iter().map(|name| format!("{lead}{name}")).collect();
        let nearest = nearest(zone, known.iter().map(String::as_str));
        return Err(ContributeError::Unknown { kind: "time zone", name: zone.to_owned(), nearest });
    }
    rootfs.symlink("/etc/localtime", &format!("{ZONES}/{zone}"))?;
    if rootfs.entry("/etc/timezone").is_some() {
        rootfs.file("/etc/timezone", format!("{zone}\n").as_bytes(), Attrs::mode(0o644))?;
    }
    Ok(())
}

/// Refuses a layout that the image does not know.
fn know_layout(rootfs: &dyn Rootfs, layout: &str, keymap: &str) -> Result<(), ContributeError> {
    let symbols = "/usr/share/X11/xkb/symbols";
    let known = rootfs.list(symbols);
    if known.is_empty()
        || layout.split(',').all(|l| rootfs.stat(&format!("{symbols}/{l}")).is_some())
    {
        return Ok(());
    }
    let nearest = nearest(layout, known.iter().map(String::as_str));
    let name = keymap.to_owned();
    Err(ContributeError::Unknown { kind: "keyboard layout", name, nearest })
}

/// Writes the file that console-setup and X read, and removes what console-setup made of the old
/// one, which it would go on using.
fn keyboard(rootfs: &mut dyn Rootfs, keymap: &str) -> Result<(), ContributeError> {
    let (layout, variant) = keymap.split_once(':').unwrap_or((keymap, ""));
    know_layout(rootfs, layout, keymap)?;
    let text = format!(
        "XKBMODEL=\"pc105\"\nXKBLAYOUT=\"{layout}\"\nXKBVARIANT=\"{variant}\"\nXKBOPTIONS=\"\"\n\
         BACKSPACE=\"guess\"\n"
    );
    let path = "/etc/default/keyboard";
    let before = rootfs.read(path)?.unwrap_or_default();
    if settings(&String::from_utf8_lossy(&before)) == settings(&text) {
        return Ok(());
    }
    rootfs.file(path, text.as_bytes(), Attrs::mode(0o644))?;
    let cached = rootfs.list("/etc/console-setup").into_iter().filter(|name| {
        name.starts_with("cached_") && (name.contains("keyboard") || name.contains(".kmap"))
    });
    cached.into_iter().try_for_each(|name| rootfs.remove(&format!("/etc/console-setup/{name}")))
}

/// Returns the lines that set something.
fn settings(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[cfg(test)]
mod tests;
