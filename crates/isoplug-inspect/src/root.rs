//! The root filesystem of a live system: one squashfs or several, one over the other.

use std::collections::BTreeMap;
use std::io;

use crate::squashfs::{Kind, Node, Squashfs, Xattrs};

/// How many symbolic links are followed.
const MOST_LINKS: usize = 16;

/// The merged tree.
#[derive(Debug, Default)]
pub struct Root {
    /// The squashfs of which it is made, with their paths on the medium, the lowest first.
    pub layers: Vec<(String, Squashfs)>,
    /// The layer and the node of each path.
    nodes: BTreeMap<String, (usize, Node)>,
}

impl Root {
    /// Lays squashfs over each other, the lowest first.
    ///
    /// # Errors
    ///
    /// When one is damaged or cannot be read.
    pub fn new(layers: Vec<(String, Squashfs)>) -> io::Result<Self> {
        let mut nodes: BTreeMap<String, (usize, Node)> = BTreeMap::new();
        for (index, (_, layer)) in layers.iter().enumerate() {
            for node in layer.nodes()? {
                let was_folder =
                    matches!(nodes.get(&node.path), Some((_, old)) if old.kind == Kind::Folder);
                if node.kind == Kind::Character(0) {
                    remove(&mut nodes, &node.path);
                    nodes.remove(&node.path);
                    continue;
                }
                if was_folder && (node.kind != Kind::Folder || is_opaque(layer, &node)) {
                    remove(&mut nodes, &node.path);
                }
                nodes.insert(node.path.clone(), (index, node));
            }
        }
        Ok(Self { layers, nodes })
    }

    /// Returns all names in byte order, the root's own first.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values().map(|(_, node)| node)
    }

    /// Tells whether there is anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Returns the name at a path, links not followed.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&Node> {
        self.nodes.get(path.trim_matches('/')).map(|(_, node)| node)
    }

    /// Returns the layer that a name is of.
    #[must_use]
    pub fn layer(&self, node: &Node) -> Option<&Squashfs> {
        let (index, _) = self.nodes.get(&node.path)?;
        self.layers.get(*index).map(|(_, layer)| layer)
    }

    /// Returns the names in a folder and below.
    pub fn below(&self, folder: &str) -> impl Iterator<Item = &Node> {
        let from = format!("{}/", folder.trim_matches('/'));
        let nodes = self.nodes.range(from.clone()..);
        nodes.take_while(move |(path, _)| path.starts_with(&from)).map(|(_, (_, node))| node)
    }

    /// Returns the names in a folder itself.
    pub fn inside(&self, folder: &str) -> impl Iterator<Item = &Node> {
        let depth = folder.trim_matches('/').len() + 1;
        self.below(folder).filter(move |node| !node.path[depth..].contains('/'))
    }

    /// Returns extended attributes.
    #[must_use]
    pub fn xattrs(&self, node: &Node) -> Xattrs {
        self.layer(node).map(|layer| layer.xattrs(node)).unwrap_or_default()
    }

    /// Returns what a path leads to, with all symbolic links followed.
    #[must_use]
    pub fn follow(&self, path: &str) -> Option<&Node> {
        let mut path = path.trim_matches('/').to_owned();
        for _ in 0..MOST_LINKS {
            match self.first_link(&path) {
                None => return self.find(&path),
                Some(next) => path = next,
            }
        }
        None
    }

    /// Returns the path with its first symbolic link replaced by the target.
    fn first_link(&self, path: &str) -> Option<String> {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for end in ends {
            if let Some(Node { kind: Kind::Link(target), .. }) = self.find(&path[..end]) {
                let target = String::from_utf8_lossy(target);
                let rest = &path[end..];
                let folder = path[..end].rsplit_once('/').map_or("", |(folder, _)| folder);
                return Some(match target.strip_prefix('/') {
                    Some(target) => plain(&format!("{target}{rest}")),
                    None => plain(&format!("{folder}/{target}{rest}")),
                });
            }
        }
        None
    }

    /// Returns the content of a file.
    ///
    /// # Errors
    ///
    /// When it is damaged or cannot be read.
    pub fn read(&self, node: &Node) -> io::Result<Vec<u8>> {
        self.layer(node).map_or(Ok(Vec::new()), |layer| layer.read(node))
    }

    /// Returns the content of a file as text, what is not UTF-8 replaced; nothing if there is none that can be read.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<String> {
        let node = self.follow(path).filter(|node| matches!(node.kind, Kind::File(_)))?;
        Some(String::from_utf8_lossy(&self.read(node).ok()?).into_owned())
    }
}

fn is_opaque(layer: &Squashfs, node: &Node) -> bool {
    layer.xattrs(node).get("trusted.overlay.opaque").is_some_and(|value| value == b"y")
}

fn remove(nodes: &mut BTreeMap<String, (usize, Node)>, folder: &str) {
    let from = format!("{folder}/");
    let below = nodes.range(from.clone()..).map(|(path, _)| path);
    let below: Vec<String> = below.take_while(|path| path.starts_with(&from)).cloned().collect();
    for path in below {
        nodes.remove(&path);
    }
}

/// Takes `.` and `..` out of a path.
fn plain(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}
