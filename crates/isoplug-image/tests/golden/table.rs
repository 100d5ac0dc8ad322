//! Compares digests of what stages and contributors make of fixed inputs with a committed table.
//!
//! A digest that changes at an unchanged version means that an old store would go on giving the old
//! bytes: the version must be raised, and with it the line of the table.

const OTHER: &str = "makes other bytes than before of the same inputs: raise its version";

/// Compares `(name, version, digest)` with the lines `NAME@VERSION DIGEST` of a table.
pub(crate) fn compare(table: &str, file: &str, made: &[(String, u32, String)]) {
    let lines: Vec<&str> = table.lines().filter(|line| !line.starts_with('#')).collect();
    let mut wrong = Vec::new();
    for (name, version, digest) in made {
        let line = format!("{name}@{version} {digest}");
        if lines.contains(&line.as_str()) {
            continue;
        }
        let (same, next) = (format!("{name}@{version} "), version + 1);
        wrong.push(match lines.iter().any(|line| line.starts_with(&same)) {
            true => format!("{name} {OTHER}, and write `{name}@{next} {digest}` into {file}"),
            false => format!("write `{line}` into {file}"),
        });
    }
    for line in lines {
        let name = line.split('@').next().unwrap_or_default();
        if !made.iter().any(|(made, ..)| made == name) {
            wrong.push(format!("nothing is called {name} any more: take it out of {file}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
