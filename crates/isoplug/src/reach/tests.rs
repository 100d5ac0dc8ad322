//! What a folder reaches for, and what it does not.

use super::*;

fn of(folder: &Path, text: &str) -> Vec<String> {
    let name = folder.join("isoplug.toml").display().to_string();
    let table: toml::Table = toml::from_str(text).unwrap();
    let part =
        |name: &str| table.get(name).cloned().unwrap_or(toml::Value::Table(toml::Table::new()));
    let asked = reaches(&Folder {
        path: folder,
        manifest: (&name, text),
        plugins: &part("plugins").try_into().unwrap(),
        grants: &part("grants").try_into().unwrap(),
        files: vec![folder.join("isoplug.lock")],
    });
    let inside = folder.canonicalize().unwrap().display().to_string();
    asked.into_iter().map(|reach| reach.words.replace(&inside, "DIR")).collect()
}

#[test]
fn what_lies_in_the_folder_is_no_reach() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("modules")).unwrap();
    fs::write(folder.path().join("modules/a.toml"), "include = ['../b.toml', 'c.toml']").unwrap();
    let text = "[profiles.a]\ninclude = ['modules/a.toml']\nfiles = [{ target = '/x', source = 'sub/../x' }]\n\
        [grants.p]\nfiles = ['root:/**']\ninputs = { a = 'a' }\nhooks = true\n\
        [plugins]\np = { path = '/usr/lib/p.wasm' }";
    assert_eq!(of(folder.path(), text), [""; 0]);
}

const REACHING: &str = "[profiles.a]\ninclude = { force = ['modules/a.toml'] }\n\
    [[profiles.a.files]]\ntarget = '/x'\nsource = { force = 'link' }\n\
    [[profiles.a.when.arch.amd64.iso.contents]]\ntarget = '/x'\nsource = '/etc/group'\n\
    [[profiles.a.packages.debconf]]\nquestion = 'q'\nenv = 'ANSWER'\n\
    [profiles.a.networking.wifi]\nhome = { psk = { env = 'WIFI' } }\n\
    work = { psk.force = { file = '/etc/fstab' } }\n\
    [profiles.a.plugins.p.config]\nenv = 'NONE'\nfile = '/etc/services'\n\
    [sources.x]\nkeyring = '~/x'\n[sources.y]\nkeyring = '/etc/hosts'\n\
    [modules]\nm = { path = '/opt/base' }\nn = { path = 'base' }\n\
    [plugins]\np = { registry = 'r.example.com/p' }\n\
    [grants.p]\nfetch = ['https://a.example.com/**']\ninputs = { home = '/root' }\n\
    secrets = { a = { env = 'TOKEN' }, b = { file = '/etc/machine-id' }, c = { file = 'c' } }";

const REACHED: [&str; 13] = [
    "download https://a.example.com/** for plugin p",
    "read /etc/fstab",
    "read /etc/gshadow",
    "read /etc/group",
    "read /etc/hosts",
    "read /etc/machine-id for plugin p",
    "read /etc/passwd",
    "read /etc/shadow",
    "read /opt/base",
    "read /root for plugin p",
    "read the environment variable ANSWER",
    "read the environment variable TOKEN for plugin p",
    "read the environment variable WIFI",
];

#[test]
fn everything_beyond_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("modules")).unwrap();
    fs::write(at("modules/a.toml"), "include = ['../../../etc/hostname-of-nobody']").unwrap();
    fs::create_dir(at("base")).unwrap();
    std::os::unix::fs::symlink("/etc/gshadow", at("base/x")).unwrap();
    let module = "[profiles.b]\nfiles = [{ target = '/x', source = 'x' }]";
    fs::write(at("base/isoplug.toml"), module).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", at("link")).unwrap();
    std::os::unix::fs::symlink("/etc/shadow", at("isoplug.lock")).unwrap();
    let found = of(folder.path(), REACHING);
    let outside = real(&at("modules/../../../etc/hostname-of-nobody")).display().to_string();
    let mut expected = REACHED.map(str::to_owned).to_vec();
    expected.push(format!("read {outside}"));
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn another_plugin_in_its_place_is_another_reach() {
    let folder = tempfile::tempdir().unwrap();
    let fetch = vec!["https://a/**".into()];
    let grants = BTreeMap::from([("p".to_owned(), Grants { fetch, ..Grants::default() })]);
    let source = PluginSource { path: Some("p.wasm".to_owned()), ..PluginSource::default() };
    let plugins = BTreeMap::from([("p".to_owned(), source)]);
    let name = folder.path().join("isoplug.toml").display().to_string();
    let manifest = (name.as_str(), "");
    let (path, files) = (folder.path(), Vec::new());
    let asked = Folder { path, manifest, plugins: &plugins, grants: &grants, files };
    fs::write(folder.path().join("p.wasm"), "one").unwrap();
    let first = reaches(&asked);
    assert_eq!(first, reaches(&asked));
    fs::write(folder.path().join("p.wasm"), "two").unwrap();
    assert_ne!(first, reaches(&asked));
}

#[test]
fn every_key_that_names_a_file_is_known() {
    let mut keys = BTreeSet::new();
    keys_of_files(&isoplug_manifest::schema(), "", &mut keys);
    // Those of plugins and grants are typed.
    let typed = ["path", "inputs"];
    // Where the schema has an option by its whole path, its key is the last part of it.
    let last = keys.iter().filter_map(|key| key.rsplit('.').next());
    let unknown: Vec<&str> = last.filter(|key| !typed.contains(key)).collect();
    let known: Vec<String> = NAMES_OF_FILES.iter().map(|key| (*key).to_owned()).collect();
    assert!(unknown.iter().all(|key| known.iter().any(|known| known == key)), "{unknown:?}");
    assert!(keys.contains("source") && keys.contains("inputs"), "{keys:?}");
}

fn keys_of_files(schema: &serde_json::Value, key: &str, keys: &mut BTreeSet<String>) {
    match schema {
        serde_json::Value::Object(table) => {
            if table.get("format").is_some_and(|format| format == "local-path") {
                keys.insert(key.to_owned());
            }
            for (name, part) in table {
                // What a schema says of a value is not a key of the manifest.
                let word = ["additionalProperties", "items", "anyOf", "oneOf", "allOf"]
                    .contains(&name.as_str());
                keys_of_files(part, if word { key } else { name }, keys);
            }
        }
        serde_json::Value::Array(items) => {
            items.iter().for_each(|item| keys_of_files(item, key, keys))
        }
        _ => {}
    }
}
