//! `isoplug cache`: size, garbage collection and verification of the store.
#![cfg(test)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use insta::assert_snapshot;
use isoplug_formats::tree::sorted_names;
use isoplug_tests::archive::hex;
use isoplug_tests::served::Served;
use isoplug_tests::space::Space;

/// A store with the packages of a small archive in it.
fn filled() -> Served {
    let served = Served::default();
    assert!(served.run(&["build", "--quiet"]).starts_with("exit: 1"), "there is no system in it");
    served
}

/// Returns every blob of the store.
fn blobs(space: &Space) -> Vec<PathBuf> {
    let root = space.path("store/blobs-v1/sha256");
    let folders = sorted_names(&root).unwrap().into_iter().map(|name| root.join(name));
    let names = |folder: PathBuf| {
        sorted_names(&folder).unwrap().into_iter().map(move |name| folder.join(name))
    };
    folders.flat_map(names).collect()
}

/// Returns where the store has the package that a build needs first.
fn base(served: &Served) -> PathBuf {
    let digest = hex(&fs::read(served.archive.path("pool/main/base_1_all.deb")).unwrap());
    served.space.path("store/blobs-v1/sha256").join(&digest[..2]).join(&digest)
}

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["cache", "--help"]), @r"
    Look after the store: size, garbage collection, verification

    Usage: isoplug cache [OPTIONS] <COMMAND>
    ");
}

#[test]
fn an_empty_store() {
    let space = Space::new();
    assert_snapshot!(space.run(&["cache", "size"]), @r"
    exit: 0
    --- stdout
       0 bytes        0 files  artifacts and packages
       0 bytes        0 files  records
       0 bytes        0 files  logs
       0 bytes        0 files  work folders of failed stages
       0 bytes        0 files  work in progress
       0 bytes  in [DIR]/store
    --- stderr
    ");
    assert_snapshot!(space.run(&["cache", "gc"]), @r"
    exit: 0
    --- stdout
    freed 0 bytes
    --- stderr
    ");
    assert_snapshot!(space.run(&["cache", "verify"]), @r"
    exit: 0
    --- stdout
    --- stderr
    nothing is damaged
    ");
    assert_snapshot!(space.run(&["cache", "verify", "--quiet"]), @r"
    exit: 0
    --- stdout
    --- stderr
    ");
}

#[test]
fn a_filled_store() {
    let served = filled();
    let before = blobs(&served.space);
    assert!(!before.is_empty());
    let size = served.space.ok(&["cache", "size"]);
    assert!(size.contains(&format!("{:>7} files  artifacts and packages", before.len())), "{size}");
    assert_eq!(served.space.ok(&["cache", "verify"]), "");
    // All of it was just used.
    assert_eq!(served.space.ok(&["cache", "gc"]), "freed 0 bytes");
    assert_eq!(blobs(&served.space), before);
    let freed = served.space.ok(&["cache", "gc", "--older-than", "0s"]);
    assert!(freed.ends_with("kB"), "{freed}");
    assert!(blobs(&served.space).is_empty());
    // What is gone is made again.
    served.space.run(&["build", "--quiet"]);
    assert!(blobs(&served.space).contains(&base(&served)));
}

#[test]
fn the_longest_unused_goes_first() {
    let served = filled();
    let freed = served.space.ok(&["cache", "gc", "--max-size", "0"]);
    assert_ne!(freed, "freed 0 bytes");
    assert!(blobs(&served.space).is_empty());
}

/// Returns the files of a side cache.
fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = sorted_names(folder).unwrap().into_iter().map(|name| folder.join(name));
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// A store in which a plugin left what it was compiled to, what it says of itself and a result.
fn with_plugin() -> (Served, PathBuf) {
    let served = Served::default();
    let plugin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/fixtures/hello-rust.wasm");
    fs::copy(plugin, served.space.path("hello.wasm")).unwrap();
    let manifest = served.space.read("isoplug.toml");
    served.write(&format!(
        "{manifest}\n[plugins]\nhello.path = \"hello.wasm\"\n\n[grants.hello]\n\
         files = [\"root:/etc/motd.d/**\"]\nkernel-params = [\"isoplug.hello=*\"]\n\
         merge = [\"packages.install\", \"boot.kernel-params\"]\n"
    ));
    served.space.ok(&["check"]);
    let folder = served.space.path("store/caches/plugins");
    assert_eq!(files(&folder).len(), 4);
    (served, folder)
}

#[test]
fn what_plugins_left_is_counted_and_removed() {
    let (served, folder) = with_plugin();
    let size = || served.space.ok(&["cache", "size"]);
    assert!(size().contains("4 files  plugins\n"), "{}", size());
    assert_eq!(served.space.ok(&["cache", "gc"]), "freed 0 bytes");
    assert_eq!(files(&folder).len(), 4);
    let before = served.run(&["check"]);
    for limit in [["--older-than", "0s"], ["--max-size", "0"]] {
        let freed = served.space.ok(&["cache", "gc", limit[0], limit[1]]);
        assert_ne!(freed, "freed 0 bytes");
        assert_eq!(files(&folder), Vec::<PathBuf>::new());
        // What is gone is made again.
        assert_eq!(served.run(&["check"]), before);
        assert_eq!(files(&folder).len(), 4);
    }
}

#[test]
fn what_plugins_made_stays_while_it_is_used() {
    let (served, folder) = with_plugin();
    for path in files(&folder) {
        File::open(&path).unwrap().set_modified(UNIX_EPOCH).unwrap();
    }
    served.space.ok(&["check"]);
    served.space.ok(&["cache", "gc"]);
    let left: Vec<String> = files(&folder)
        .iter()
        .map(|path| path.strip_prefix(&folder).unwrap().parent().unwrap().display().to_string())
        .collect();
    // A result needs no compiled plugin.
    assert_eq!(left, ["descriptions", "results"]);
}

#[test]
fn a_damaged_blob_is_found_and_made_again() {
    let served = filled();
    let blob = base(&served);
    let good = fs::read(&blob).unwrap();
    fs::remove_file(&blob).unwrap();
    fs::write(&blob, vec![0; good.len()]).unwrap();
    assert_snapshot!(shortened(&served.run(&["cache", "verify"])), @r"
    exit: 1
    --- stdout
    damaged, removed: [DIR]/store/blobs-v1/sha256/[AB]/[SHA256]
    --- stderr
    error: one file of the store was damaged and is removed
      try: build again: what is needed of it is fetched or made anew
    ");
    assert!(!blob.exists());
    served.space.run(&["build", "--quiet"]);
    assert_eq!(fs::read(&blob).unwrap(), good);
    assert_eq!(served.space.ok(&["cache", "verify"]), "");
}

/// Replaces the folder of a blob, which is the beginning of its digest.
fn shortened(text: &str) -> String {
    let Some(place) = text.find("/sha256/") else { return text.to_owned() };
    format!("{}/sha256/[AB]{}", &text[..place], &text[place + 10..])
}

#[test]
fn mistakes_of_typing() {
    let space = Space::new();
    assert_snapshot!(space.run(&["cache"]), @r"
    exit: 2
    --- stdout
    --- stderr
    Look after the store: size, garbage collection, verification

    Usage: isoplug cache [OPTIONS] <COMMAND>

    Commands:
      size    Print how much the store holds
      gc      Remove what was not used for long
      verify  Read everything and remove what is damaged; fails if there was any
      help    Print this message or the help of the given subcommand(s)

    Options:
          --store <DIR>   Keep artifacts in this folder [default: $ISOPLUG_STORE, else isoplug in the
                          user's cache folder]
          --mirror <URL>  Take packages from this mirror unless the manifest names one [default:
                          $ISOPLUG_MIRROR]
          --offline       Do not use the network; fail if something is not in the store
          --trust-folder  Allow the folder all that it asks for beyond itself, for this run (for CI; see
                          `isoplug trust`)
      -j, --threads <N>   How many threads compress and hash [default: one per processor]
          --json          Print events as JSON, one a line, on standard error
      -q, --quiet         Print nothing but errors and results
      -v, --verbose       Print what the stages log
          --color <WHEN>  When to colour [default: auto] [possible values: auto, always, never]
      -h, --help          Print help (see more with '--help')

    Examples:
      isoplug cache size
      isoplug cache gc --max-size 20GB
      isoplug cache gc --older-than 30d
      isoplug cache verify
    ");
    assert_snapshot!(space.run(&["cache", "vreify"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: unrecognized subcommand 'vreify'

      tip: a similar subcommand exists: 'verify'

    Usage: isoplug cache [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
    assert_snapshot!(space.run(&["cache", "gc", "--older-than", "30"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: invalid value '30' for '--older-than <TIME>': expected a unit of time: s, m, h or d

    For more information, try '--help'.
    ");
    assert_snapshot!(space.run(&["cache", "gc", "--max-size", "20TB"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: invalid value '20TB' for '--max-size <SIZE>': expected a unit of size: kB, MB, GB, KiB, MiB or GiB

    For more information, try '--help'.
    ");
    assert!(!space.path("store").exists());
}
