//! A small archive that the kernel unpacks behind the initrd: format `newc`.

/// Makes an archive of files; the folders above them are made.
#[must_use]
pub fn cpio(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut folders: Vec<&str> = Vec::new();
    for (path, bytes) in files {
        for (at, _) in path.match_indices('/') {
            if !folders.contains(&&path[..at]) {
                folders.push(&path[..at]);
                entry(&mut archive, &path[..at], 0o40_755, &[]);
            }
        }
        entry(&mut archive, path, 0o100_600, bytes);
    }
    entry(&mut archive, "TRAILER!!!", 0, &[]);
    archive
}

fn entry(archive: &mut Vec<u8>, name: &str, mode: u32, bytes: &[u8]) {
    let inode = archive.len() / 4 + 1;
    let links = if mode & 0o40_000 == 0 { 1 } else { 2 };
    let (size, name_size) = (bytes.len(), name.len() + 1);
    // inode, mode, uid, gid, links, time, size, 4 numbers of devices, size of the name, sum
    let header = format!(
        "070701{inode:08x}{mode:08x}{0:08x}{0:08x}{links:08x}{0:08x}{size:08x}{0:08x}{0:08x}{0:08x}{0:08x}{name_size:08x}{0:08x}",
        0
    );
    archive.extend(header.as_bytes());
    archive.extend(name.as_bytes());
    archive.push(0);
    archive.resize(archive.len().next_multiple_of(4), 0);
    archive.extend(bytes);
    archive.resize(archive.len().next_multiple_of(4), 0);
}
