//! Leaves out of a tree what patterns of paths name.

use isoplug_formats::tree::{Entry, Kind, Tree, TreePath, file_name, join, parent};

use super::Error;
use crate::contribute::nearest::nearest;

const OPTIONS: glob::MatchOptions = glob::MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// Removes what the patterns name, with all below it, and returns a line for each pattern that names
/// nothing. Other names of a file that goes keep its content.
pub(crate) fn exclude(tree: &mut Tree, patterns: &[String]) -> Result<Vec<String>, Error> {
    let matchers = patterns.iter().map(|pattern| matcher(pattern));
    let matchers = matchers.collect::<Result<Vec<_>, _>>()?;
    let is_named = |matcher: &glob::Pattern, path: &TreePath| {
        std::str::from_utf8(path).is_ok_and(|path| matcher.matches_with(path, OPTIONS))
    };
    let idle = patterns.iter().zip(&matchers).filter(|(_, matcher)| {
        !tree.entries.keys().any(|path| !path.is_empty() && is_named(matcher, path))
    });
    let idle = idle.map(|(pattern, _)| names_nothing(tree, pattern)).collect();
    tree.prune(|path: &TreePath, _: &Entry| {
        !path.is_empty() && matchers.iter().any(|matcher| is_named(matcher, path))
    });
    Ok(idle)
}

/// Tells whether a pattern leaves out what is at a path of the running system.
pub fn leaves_out(pattern: &str, path: &str) -> bool {
    let path = path.trim_matches('/');
    let folders = path.match_indices('/').map(|(end, _)| &path[..end]);
    let mut paths = folders.chain([path]);
    matcher(pattern).is_ok_and(|matcher| paths.any(|path| matcher.matches_with(path, OPTIONS)))
}

/// Reads a pattern; a slash at its end, which says that a folder is meant, names that folder.
fn matcher(pattern: &str) -> Result<glob::Pattern, Error> {
    let wrong = |reason| Error::Pattern { pattern: pattern.to_owned(), reason };
    glob::Pattern::new(pattern.trim_matches('/')).map_err(wrong)
}

fn names_nothing(tree: &Tree, pattern: &str) -> String {
    format!("`squashfs.exclude`: `{pattern}` names nothing in the image{}", hint(tree, pattern))
}

/// Says which path a pattern may have meant: what is most like its first part that names nothing,
/// in the folder that the parts before it lead to. Paths over a link name nothing, which is said, too.
fn hint(tree: &Tree, pattern: &str) -> String {
    if !pattern.trim_end_matches('/').contains('/') {
        return format!("; a pattern is a whole path, such as `/**/{pattern}`");
    }
    let mut folder = TreePath::new();
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let next = join(&folder, part.as_bytes());
        match tree.get(&next).map(|entry| &entry.kind) {
            Some(Kind::Directory) => folder = next,
            Some(Kind::Symlink(_)) => {
                let real = tree.resolve(&next).unwrap_or_default();
                let [next, real] = [&next, &real].map(|path| String::from_utf8_lossy(path));
                return format!("; /{next} is a link to /{real}");
            }
            _ => return nearest_in(tree, &folder, part),
        }
    }
    String::new()
}

fn nearest_in(tree: &Tree, folder: &TreePath, part: &str) -> String {
    let here = tree.entries.keys().filter(|path| parent(path) == Some(folder));
    let names = here.filter_map(|path| std::str::from_utf8(file_name(path)).ok());
    let lead = String::from_utf8_lossy(&join(folder, b"")).into_owned();
    nearest(part, names).below(&format!("/{lead}")).to_string()
}

#[cfg(test)]
mod tests {
    use isoplug_formats::tree::Content;

    use super::*;

    const CONTENT: Content = Content { digest: [7; 32], size: 5, pack: [9; 32], offset: 3 };

    fn tree() -> Tree {
        let mut tree = Tree::default();
        for path in [
            "usr/share/doc/x/copyright",
            "usr/share/man",
            "usr/lib/a.pyc",
            "usr/lib/b/c.pyc",
            "usr/bin/perl",
        ] {
            tree.insert(path, Entry::new(Kind::File(CONTENT), 0o644, 0));
        }
        let link = Entry::new(Kind::HardLink(b"usr/bin/perl".to_vec()), 0o644, 0);
        tree.insert("usr/bin/perl5.40", link);
        tree.insert("lib", Entry::new(Kind::Symlink(b"usr/lib".to_vec()), 0o777, 0));
        tree
    }

    fn without(patterns: &[&str]) -> (Tree, Vec<String>) {
        let mut tree = tree();
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        let idle = exclude(&mut tree, &patterns).unwrap();
        (tree, idle)
    }

    fn paths(tree: &Tree) -> String {
        let paths = tree.entries.keys().map(|path| String::from_utf8_lossy(path));
        paths.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_a_pattern_names_goes_with_all_below() {
        let (tree, idle) = without(&["/usr/share/doc/*", "/usr/**/*.pyc", "usr/bin/"]);
        assert_eq!(
            paths(&tree),
            " lib usr usr/lib usr/lib/b usr/share usr/share/doc usr/share/man"
        );
        assert_eq!(idle, [""; 0]);
        assert!(exclude(&mut self::tree(), &["/usr/[".to_owned()]).is_err());
    }

    #[test]
    fn another_name_of_a_file_that_is_left_out_keeps_its_content() {
        let (tree, _) = without(&["/usr/bin/perl"]);
        assert_eq!(tree.get("usr/bin/perl5.40").unwrap().kind, Kind::File(CONTENT));
    }

    #[test]
    fn a_pattern_that_names_nothing_is_told_with_the_nearest() {
        let (tree, idle) =
            without(&["/usr/share/docs", "*.pyc", "/lib/**", "/usr/shar/man/", "/lib/a.pyc"]);
        assert_eq!(tree, self::tree());
        insta::assert_snapshot!(idle.join("\n"), @r"
        `squashfs.exclude`: `/usr/share/docs` names nothing in the image; did you mean `/usr/share/doc`?
        `squashfs.exclude`: `*.pyc` names nothing in the image; a pattern is a whole path, such as `/**/*.pyc`
        `squashfs.exclude`: `/lib/**` names nothing in the image; /lib is a link to /usr/lib
        `squashfs.exclude`: `/usr/shar/man/` names nothing in the image; did you mean `/usr/share`?
        `squashfs.exclude`: `/lib/a.pyc` names nothing in the image; /lib is a link to /usr/lib
        ");
    }
}
