//! What a plugin of each world imports of the contract.

/// Interface, function, name here, parameters, results.
type Import = (&'static str, &'static str, &'static str, &'static str, &'static str);

const CONTEXT: [Import; 13] = [
    ("context", "log", "log", "i32 i32 i32", ""),
    ("context", "report", "report", "i32 i32 i32 i32 i32 i32 i32 i32 i32 i32", ""),
    ("context", "options", "options", "i32", ""),
    ("context", "fact", "fact", "i32 i32 i32", ""),
    ("context", "seed", "seed", "i32 i32 i32 i32", ""),
    ("context", "list-input", "list_input", "i32 i32 i32", ""),
    ("context", "open-input", "open_input", "i32 i32 i32 i32 i32", ""),
    ("context", "secret", "secret", "i32 i32 i32", ""),
    ("context", "fetch", "fetch", "i32 i32 i32 i32 i32", ""),
    ("blobs", "from-string", "from_string", "i32 i32 i32", ""),
    ("blobs", "from-bytes", "from_bytes", "i32 i32 i32", ""),
    ("blobs", "[method]blob.read", "read", "i32 i64 i32 i32", ""),
    ("blobs", "[resource-drop]blob", "drop_blob", "i32", ""),
];

const ROOTFS: [Import; 2] = [
    ("rootfs", "look", "look", "i32 i32 i32", ""),
    ("rootfs", "open", "open_rootfs", "i32 i32 i32", ""),
];

const CONTRIBUTION: [Import; 8] = [
    ("contribution", "[constructor]module", "module", "i32 i32", "i32"),
    ("contribution", "[method]module.after", "after", "i32 i32 i32", ""),
    ("contribution", "[method]module.merge", "merge", "i32 i32 i32 i32 i32", ""),
    (
        "contribution",
        "[method]module.file",
        "file",
        "i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32",
        "",
    ),
    (
        "contribution",
        "[method]module.folder",
        "folder",
        "i32 i32 i32 i32 i32 i32 i32 i32 i32 i32",
        "",
    ),
    ("contribution", "[method]module.symlink", "symlink", "i32 i32 i32 i32 i32 i32 i32 i32", ""),
    ("contribution", "[method]module.remove", "remove", "i32 i32 i32 i32 i32 i32", ""),
    ("contribution", "[method]module.hook", "hook", "i32 i32 i32 i32 i32", ""),
];

fn imports(world: &str) -> Vec<Import> {
    let mut imports = CONTEXT.to_vec();
    if world != "stage" {
        imports.extend(ROOTFS);
    }
    if world == "contributor" {
        imports.extend(CONTRIBUTION);
    }
    imports
}

/// Returns the imports of a world as fields of a module.
pub(super) fn lines(world: &str, version: &str) -> String {
    let given = |word: &str, types: &str| match types {
        "" => String::new(),
        types => format!("({word} {types})"),
    };
    let line = |(interface, function, name, parameters, results)| {
        let (parameters, results) = (given("param", parameters), given("result", results));
        format!(
            "(import \"isoplug:plugin/{interface}@{version}\" \"{function}\" \
             (func ${name} {parameters} {results}))\n"
        )
    };
    imports(world).into_iter().map(line).collect()
}
