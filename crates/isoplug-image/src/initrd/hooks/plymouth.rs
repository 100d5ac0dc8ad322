//! plymouth: the picture that is shown while the machine starts, with all that its theme uses.

mod theme;

use isoplug_formats::tree;

use crate::initrd::classes::{Folder, Request};
use crate::initrd::draft::{Draft, Error, unknown};
use crate::initrd::known::Release;
use crate::initrd::{Purpose, fonts};
use theme::Theme;

const THEMES: &str = "usr/share/plymouth/themes";
/// Drivers of old graphics cards.
const UNWANTED: [&str; 7] = ["mga", "r128", "savage", "sis", "tdfx", "via", "panfrost"];

pub(super) fn run(release: Release, purpose: Purpose, draft: &mut Draft) -> Result<(), Error> {
    let theme = Theme::of(draft)?;
    let plugins = format!("usr/lib/{}/plymouth", draft.triplet);
    let plugin = format!("{plugins}/{}.so", theme.plugin);
    if !draft.is_file(&plugin) {
        // The hook does nothing then, but says so.
        return Ok(());
    }
    draft.program(plugin)?;
    pictures(&theme, draft);
    for program in ["bin/plymouth", "sbin/plymouthd", "libexec/plymouth/plymouthd-fd-escrow"] {
        draft.program(format!("usr/{program}"))?;
    }
    for name in usual_plugins(release, &theme) {
        draft.program(format!("{plugins}/{name}.so"))?;
    }
    draft.copy_followed(b"etc/os-release", "etc");
    if !["text", "details"].contains(&&theme.name[..]) {
        words(release, &theme, purpose, draft)?;
    }
    screens(&plugins, purpose, draft)?;
    settings(draft)
}

/// What it draws with, and the drivers of graphics cards.
fn screens(plugins: &str, purpose: Purpose, draft: &mut Draft) -> Result<(), Error> {
    if purpose.drivers.graphics != Some(false) {
        let names = UNWANTED.map(str::to_owned).to_vec();
        let path = "kernel/drivers/gpu/drm".to_owned();
        draft.requests.push(Request::Folder(Folder { path, names, ..Folder::default() }));
    }
    for name in ["frame-buffer", "drm"] {
        draft.program(format!("{plugins}/renderers/{name}.so"))?;
    }
    Ok(())
}

/// The theme's own pictures, those that it borrows, and the two themes that are always there.
fn pictures(theme: &Theme, draft: &mut Draft) {
    for name in [&theme.name[..], "details", "text"] {
        let folder = format!("{THEMES}/{name}");
        draft.copy_all(&folder, &folder);
    }
    if let Some(pictures) = &theme.pictures {
        let name = pictures.rsplit('/').next().unwrap_or_default();
        draft.copy_all(pictures, format!("{THEMES}/{name}"));
    }
}

fn usual_plugins(release: Release, theme: &Theme) -> Vec<&'static str> {
    let label = match release {
        Release::Bookworm => "label",
        Release::Trixie => "label-pango",
    };
    let has_words = !["text", "details", "tribar"].contains(&&theme.name[..]);
    ["text", "details"].into_iter().chain(has_words.then_some(label)).collect()
}

/// What words and passphrases are drawn with: fonts, the keyboard's layout and logos.
fn words(
    release: Release,
    theme: &Theme,
    purpose: Purpose,
    draft: &mut Draft,
) -> Result<(), Error> {
    required("usr/share/plymouth/debian-logo.png", "usr/share/plymouth", draft)?;
    required("etc/fonts/conf.d/60-latin.conf", "etc/fonts/conf.d", draft)?;
    draft.copy_all("etc/fonts/fonts.conf", "etc/fonts/fonts.conf");
    // The hook lets fontconfig make an index of the fonts there, which stays empty.
    for folder in ["var/cache/fontconfig", "usr/local/share/fonts"] {
        draft.folder(folder);
    }
    match release {
        Release::Bookworm => {
            let fonts = ["DejaVuSerif", "DejaVuSans"];
            copy_fonts(fonts.map(|font| format!("truetype/dejavu/{font}.ttf")).to_vec(), draft);
        }
        Release::Trixie => fallback_fonts(purpose, draft)?,
    }
    if ["spinner", "bgrt"].contains(&&theme.name[..]) {
        let fonts = ["Regular", "Light", "VF"];
        let fonts = fonts.map(|font| format!("opentype/cantarell/Cantarell-{font}.otf"));
        copy_fonts(fonts.to_vec(), draft);
    }
    draft.copy_followed(b"etc/default/keyboard", "etc/default");
    watermark(theme, draft)
}

/// Copies a file without which the hook would fail.
fn required(path: &str, folder: &str, draft: &mut Draft) -> Result<(), Error> {
    if !draft.is_file(path) {
        return Err(unknown(path, "plymouth wants it in the initrd, and there is no such file"));
    }
    draft.copy_followed(path.as_bytes(), folder);
    Ok(())
}

fn copy_fonts(fonts: Vec<String>, draft: &mut Draft) {
    for font in fonts {
        let path = format!("usr/share/fonts/{font}");
        draft.copy_all(&path, &path);
    }
}

/// The fonts that fontconfig takes, under names by which plymouth finds them without it.
fn fallback_fonts(purpose: Purpose, draft: &mut Draft) -> Result<(), Error> {
    let fonts = fonts::usual(purpose, draft)?;
    for (font, name) in [(fonts.usual, "Plymouth"), (fonts.monospace, "Plymouth-monospace")] {
        draft.copy(&font, &font);
        draft.symlink(&format!("usr/share/fonts/{name}.ttf"), &font);
    }
    Ok(())
}

fn watermark(theme: &Theme, draft: &mut Draft) -> Result<(), Error> {
    const LOGO: &str = "usr/share/desktop-base/debian-logos/logo-text-version-64.png";
    let Some((real, entry)) = draft.find(LOGO) else { return Ok(()) };
    if theme.plugin != "two-step" {
        return Ok(());
    }
    let folder = theme.folder.trim_matches('/');
    if real != LOGO.as_bytes() || folder.is_empty() {
        return Err(unknown(LOGO, "only its own mkinitramfs knows where it belongs"));
    }
    let target = tree::parts(folder.as_bytes()).chain([&b"watermark.png"[..]]);
    let (entry, target) = (entry.clone(), target.collect::<Vec<_>>().join(&b'/'));
    draft.tree.insert(target, tree::Entry::new(entry.kind, entry.mode, 0));
    Ok(())
}

/// plymouth's settings, and who is root: it looks that up.
fn settings(draft: &mut Draft) -> Result<(), Error> {
    draft.folder("etc/plymouth");
    draft.copy_all("etc/plymouth/plymouthd.conf", "etc/plymouth/plymouthd.conf");
    let defaults = "usr/share/plymouth/plymouthd.defaults";
    draft.copy_all(defaults, defaults);
    draft.append("etc/passwd", "root:x:0:0:root:/root:/bin/sh");
    draft.append("etc/nsswitch.conf", "passwd: files");
    draft.programs(draft.libraries("libnss_files"))
}
