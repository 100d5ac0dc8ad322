//! Formats of paths and modes.

use super::{Finding, Verdict, require};

/// An absolute path without `.`, `..` or empty parts.
pub(super) fn target(text: &str) -> Verdict {
    let Some(inner) = text.strip_prefix('/') else {
        let finding = Finding::new("bad-path", format!("\"{text}\" is not an absolute path"));
        return Verdict::Wrong(finding.help(format!("write \"/{text}\"")));
    };
    let plain = |part: &str| !["", ".", ".."].contains(&part) && !part.contains(['\0', '\n']);
    require(inner.trim_end_matches('/').split('/').all(plain), || {
        let message = format!("\"{text}\" has an empty, `.` or `..` part, or does not name a file");
        Finding::new("bad-path", message)
    })
}

pub(super) fn octal_mode(text: &str) -> Verdict {
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777);
    require(mode.is_some() && text.len() >= 3 && !text.starts_with('+'), || {
        Finding::new("bad-mode", format!("\"{text}\" is not a mode"))
            .help("three or four octal digits, such as \"0755\"")
    })
}

/// Returns a path that was written relative to a file, relative to where that file's own name is.
pub(crate) fn beside(file: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let absolute = folder.starts_with('/') || (folder.is_empty() && file.starts_with('/'));
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("{}{}", if absolute { "/" } else { "" }, parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_beside_the_file_that_has_them() {
        let table = [
            ("isoplug.toml", "a.toml", "a.toml"),
            ("modules/x.toml", "a.toml", "modules/a.toml"),
            ("modules/x.toml", "../a.toml", "a.toml"),
            ("modules/x.toml", "../../a.toml", "../a.toml"),
            ("modules/x.toml", "/etc/a", "/etc/a"),
            ("/p/modules/x.toml", "./sub/../a.toml", "/p/modules/a.toml"),
            ("/x.toml", "a.toml", "/a.toml"),
        ];
        for (file, path, expected) in table {
            assert_eq!(beside(file, path), expected, "{path} beside {file}");
        }
    }
}
