//! Reads from initramfs-tools' own `hook-functions` which kernel modules an initrd for most machines
//! has.
//!
//! Understands the few forms of statements in its functions `auto_add_modules` and
//! `hidden_dep_add_modules`, and refuses all others.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::draft::{Error, unknown};

/// Kernel modules that are wanted, if there are such.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Request {
    /// One by its name or alias.
    Name(String),
    /// Those of a class of `auto_add_modules`.
    Class(String),
    /// Those below a folder.
    Folder(Folder),
}

/// Kernel modules below a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Folder {
    /// The folder below that of the kernel's modules: `kernel/drivers/net`.
    pub path: String,
    /// Patterns of names of files and folders that are left out.
    pub names: Vec<String>,
    /// Those are left out whose path has one of these in it.
    pub without: Vec<String>,
    /// Only those count that use a symbol with one of these in its name; none: all count.
    pub symbols: Vec<String>,
}

impl Request {
    pub(super) fn name(name: impl AsRef<str>) -> Self {
        Self::Name(name.as_ref().to_owned())
    }
}

/// What `hook-functions` says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Classes {
    /// The kernel modules of each class.
    pub(super) classes: BTreeMap<String, Vec<Request>>,
    /// The classes that count if none is named.
    pub(super) usual: Vec<String>,
    /// Kernel modules that come along with others, which do not say so themselves.
    pub(super) hidden: BTreeMap<String, Vec<String>>,
}

impl Classes {
    /// Returns the requests with what is in the classes in place of their names.
    pub(super) fn flat(&self, requests: &[Request]) -> Vec<Request> {
        let flat = |request: &Request| match request {
            Request::Class(class) => self.classes.get(class).cloned().unwrap_or_default(),
            request => vec![request.clone()],
        };
        let mut requests: Vec<Request> = requests.iter().flat_map(flat).collect();
        requests.sort();
        requests.dedup();
        requests
    }
}

const FILE: &str = "usr/share/initramfs-tools/hook-functions";

/// Reads the text of `hook-functions`.
pub(super) fn read(text: &str) -> Result<Classes, Error> {
    let mut reading = Reading::default();
    let function = function(text, "auto_add_modules")?;
    statements(&function).iter().try_for_each(|statement| reading.statement(statement))?;
    let hidden = hidden(&self::function(text, "hidden_dep_add_modules")?)?;
    Ok(Classes { hidden, ..reading.classes })
}

fn refused(statement: &str) -> Error {
    unknown(FILE, format!("cannot understand `{statement}`"))
}

/// Returns the lines between the braces of a function.
fn function(text: &str, name: &str) -> Result<String, Error> {
    let begin = format!("\n{name}()\n{{\n");
    let body = text.split_once(&begin).and_then(|(_, rest)| rest.split_once("\n}\n"));
    Ok(body.ok_or_else(|| unknown(FILE, format!("it has no function {name}")))?.0.to_owned())
}

/// Joins continued lines and leaves out comments.
fn statements(body: &str) -> Vec<String> {
    let joined = body.replace("\\\n", " ");
    let lines = joined.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// What is known in the middle of `auto_add_modules`.
#[derive(Default)]
struct Reading {
    classes: Classes,
    variables: BTreeMap<String, String>,
    class: Option<String>,
}

/// What has no meaning for the lists.
const FRAME: [&str; 12] = [
    "if [ \"$#\" -eq 0 ] ; then",
    "fi",
    "for arg in \"$@\" ; do",
    "case \"$arg\" in",
    "esac",
    "done",
    "local arg",
    "local arg exclude exclude_dir",
    "manual_add_modules $modules",
    "if [ -n \"$block_modules\" ]; then",
    "_call_dracut_install -s \"${blockfuncs}\" $block_modules",
    ";;",
];

/// Leaves out by file and by folder names; said as a regular expression, which is not looked into.
const EXCLUDING: &str = "/((${exclude})\\.ko|(${exclude_dir})/)";

impl Reading {
    fn statement(&mut self, statement: &str) -> Result<(), Error> {
        if FRAME.contains(&statement) {
            return Ok(());
        }
        if let Some(usual) = statement.strip_prefix("set -- ") {
            self.classes.usual = usual.split(' ').map(str::to_owned).collect();
            return Ok(());
        }
        if let Some(class) = statement.strip_suffix(')').filter(|class| !class.contains(' ')) {
            self.class = Some(class.to_owned());
            self.classes.classes.entry(class.to_owned()).or_default();
            return Ok(());
        }
        let statement = statement.strip_prefix("local ").unwrap_or(statement);
        if let Some((name, value)) = statement.split_once('=').filter(|(name, _)| is_name(name)) {
            return self.assign(name, value.trim_matches('"'), statement);
        }
        self.call(statement)
    }

    /// Takes a call of a function that asks for folders.
    fn call(&mut self, statement: &str) -> Result<(), Error> {
        let words: Vec<&str> = statement.split(' ').map(unquoted).collect();
        match words[..] {
            ["copy_modules_dir", path, ref names @ ..] => {
                let names = names.iter().map(|name| exclusion(name)).collect();
                self.add(Request::Folder(Folder { path: path.into(), names, ..Folder::default() }))
            }
            ["_call_dracut_install", "-P", EXCLUDING, "-s", symbols, ref folders @ ..] => {
                let without = self.without();
                self.folders(folders, without, symbols, statement)
            }
            ["_call_dracut_install", "-s", symbols, ref folders @ ..] => {
                self.folders(folders, Vec::new(), symbols, statement)
            }
            _ => Err(refused(statement)),
        }
    }

    /// `modules` and `block_modules` grow by what stands behind their old value; others are kept.
    fn assign(&mut self, name: &str, value: &str, statement: &str) -> Result<(), Error> {
        let grown = value.strip_prefix('$').and_then(|value| value.strip_prefix(name));
        match (name, grown) {
            ("modules" | "block_modules", None) if value.is_empty() => Ok(()),
            ("modules", Some(more)) => more.split_whitespace().try_for_each(|word| {
                let folder = word.strip_prefix('=');
                self.add(folder.map_or_else(|| Request::name(word), whole))
            }),
            ("block_modules", Some(more)) => {
                let folders: Vec<&str> = more.split_whitespace().collect();
                self.folders(&folders, Vec::new(), "${blockfuncs}", statement)
            }
            ("blockfuncs" | "exclude" | "exclude_dir", None) => {
                let value = self.expanded(value);
                self.variables.insert(name.to_owned(), value);
                Ok(())
            }
            _ => Err(refused(statement)),
        }
    }

    fn expanded(&self, text: &str) -> String {
        let variables = self.variables.iter();
        variables.fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("${{{name}}}"), value)
        })
    }

    /// Returns what [`EXCLUDING`] stands for, as parts of paths.
    fn without(&self) -> Vec<String> {
        let names = alternatives(&self.expanded("${exclude}"));
        let folders = alternatives(&self.expanded("${exclude_dir}"));
        let names = names.iter().map(|name| format!("/{name}.ko"));
        names.chain(folders.iter().map(|folder| format!("/{folder}/"))).collect()
    }

    fn folders(
        &mut self,
        folders: &[&str],
        without: Vec<String>,
        symbols: &str,
        statement: &str,
    ) -> Result<(), Error> {
        let symbols = alternatives(&self.expanded(symbols));
        for folder in folders {
            let folder = folder.strip_prefix('=').ok_or_else(|| refused(statement))?;
            self.add(Request::Folder(Folder {
                path: format!("kernel/{folder}"),
                names: Vec::new(),
                without: without.clone(),
                symbols: symbols.clone(),
            }))?;
        }
        Ok(())
    }

    fn add(&mut self, request: Request) -> Result<(), Error> {
        let class = self.class.as_ref().and_then(|class| self.classes.classes.get_mut(class));
        class.ok_or_else(|| refused("a list outside of a class"))?.push(request);
        Ok(())
    }
}

fn whole(folder: &str) -> Request {
    Request::Folder(Folder { path: format!("kernel/{folder}"), ..Folder::default() })
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn unquoted(word: &str) -> &str {
    word.trim_matches(['"', '\''])
}

/// A name that ends in `.ko` stands for compressed kernel modules too.
fn exclusion(name: &str) -> String {
    if name.ends_with(".ko") { format!("{name}*") } else { name.to_owned() }
}

/// Splits `a|b/(c|d)|e` into `a`, `b/c`, `b/d` and `e`.
fn alternatives(text: &str) -> Vec<String> {
    let inside = |part: &str| match part.strip_suffix(')').and_then(|part| part.split_once('(')) {
        Some((before, inner)) => {
            alternatives(inner).into_iter().map(|inner| format!("{before}{inner}")).collect()
        }
        None => vec![part.to_owned()],
    };
    let parts = outer_alternatives(text).into_iter();
    parts.flat_map(inside).filter(|part| !part.is_empty()).collect()
}

/// Splits at each `|` that is not between parentheses.
fn outer_alternatives(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, char) in text.char_indices() {
        match char {
            '(' => depth += 1,
            ')' => depth -= 1,
            '|' if depth == 0 => {
                found.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&text[start..]);
    found
}

/// Reads the rows `name)` and `echo more names` of a `case`.
fn hidden(body: &str) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let mut hidden = BTreeMap::new();
    let cases =
        body.split_once("case \"$module\" in\n").and_then(|(_, rest)| rest.split_once("esac"));
    let cases = cases.ok_or_else(|| unknown(FILE, "hidden_dep_add_modules has no `case`"))?.0;
    let mut name = None;
    for statement in statements(cases) {
        match (statement.strip_suffix(')'), statement.strip_prefix("echo "), &name) {
            (Some(case), _, _) => name = Some(case.to_owned()),
            (_, Some(more), Some(name)) => {
                hidden.insert(normal(name), more.split(' ').map(str::to_owned).collect());
            }
            _ if statement == ";;" => name = None,
            _ => return Err(refused(&statement)),
        }
    }
    Ok(hidden)
}

/// Returns the name of a kernel module as the kernel has it.
pub(super) fn normal(name: &str) -> String {
    name.replace('-', "_")
}

#[cfg(test)]
mod tests;
