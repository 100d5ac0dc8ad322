//! Reads the apt configuration of the build machine for the mirrors it uses (sources.list(5)).

use std::fs;
use std::path::Path;

use isoplug_formats::apt::stanza;
use isoplug_formats::tree::sorted_names;

use isoplug_manifest::distribution::Distribution;

/// One address that apt of the build machine uses, with the suites it takes from there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HostSource {
    pub(super) url: String,
    pub(super) suites: Vec<String>,
    pub(super) signed_by: String,
}

/// Returns name and text of each file that apt would read below `folder`.
pub(super) fn read(folder: &Path) -> Vec<(String, String)> {
    let parts = folder.join("sources.list.d");
    let names = sorted_names(&parts).unwrap_or_default();
    let mut files = vec![folder.join("sources.list")];
    files.extend(names.iter().map(|name| parts.join(name)));
    let text = |path: &std::path::PathBuf| {
        Some((path.to_string_lossy().into_owned(), fs::read_to_string(path).ok()?))
    };
    files.iter().filter_map(text).collect()
}

/// Reads one file: `.sources` has stanzas, `.list` has lines, anything else apt ignores.
pub(super) fn parse(name: &str, text: &str) -> Vec<HostSource> {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("sources") => stanza::stanzas(text).flat_map(of_stanza).collect(),
        Some("list") => text.lines().filter_map(of_line).collect(),
        _ => Vec::new(),
    }
}

/// Returns the addresses that serve one of a distribution's archives.
pub(super) fn of_archive(
    sources: &[HostSource],
    whose: &Distribution,
    archive: &str,
) -> Vec<String> {
    let by_path = |source: &&HostSource| source.url.rsplit('/').next() == Some(archive);
    let by_key = |source: &&HostSource| {
        let security = source.suites.iter().any(|suite| suite.contains("-security"));
        let last = source.url.rsplit('/').next();
        let own_name = whose.archives.iter().any(|one| last == Some(one.key));
        source.signed_by.contains(whose.keyring_package)
            && !own_name
            && security == archive.ends_with("-security")
    };
    let found = sources.iter().filter(by_path).chain(sources.iter().filter(by_key));
    found.map(|source| source.url.clone()).collect()
}

fn of_stanza(stanza: &str) -> Vec<HostSource> {
    let words = |name| {
        let value = stanza::field(stanza, name).unwrap_or_default();
        value.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let off = ["no", "false", "without", "off", "disable"];
    let enabled = stanza::field(stanza, "Enabled").is_none_or(|value| !off.contains(&value));
    if !enabled || !words("Types").iter().any(|kind| kind == "deb") {
        return Vec::new();
    }
    let (suites, signed_by) = (words("Suites"), words("Signed-By").join(" "));
    let urls = words("URIs").into_iter().filter_map(|url| usable(&url));
    urls.map(|url| HostSource { url, suites: suites.clone(), signed_by: signed_by.clone() })
        .collect()
}

/// Reads `deb [signed-by=…] address suite component…`.
fn of_line(line: &str) -> Option<HostSource> {
    let line = line.split('#').next()?.trim();
    let rest = line.strip_prefix("deb").filter(|rest| rest.starts_with([' ', '\t']))?.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => ("", rest),
    };
    let mut words = rest.split_whitespace();
    let url = usable(words.next()?)?;
    let signed_by = options.split_whitespace().find_map(|option| option.strip_prefix("signed-by="));
    let suites = words.take(1).map(str::to_owned).collect();
    Some(HostSource { url, suites, signed_by: signed_by.unwrap_or_default().to_owned() })
}

/// Keeps what the downloader can fetch; apt knows more, such as `cdrom:` and `mirror+file:`.
fn usable(url: &str) -> Option<String> {
    let fetchable = ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme));
    fetchable.then(|| url.trim_end_matches('/').to_owned())
}
