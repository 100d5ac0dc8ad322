//! Which stages are held to their versions by another test than the table of digests, and by which.

/// Stages whose bytes are held elsewhere, each with where.
pub(crate) const ELSEWHERE: [(&str, &str); 17] = [
    ("base", "runs the target's dpkg; builds in two stores are compared"),
    ("compare", "makes no part of an image"),
    ("contribute", "contributors.txt"),
    ("depmod", "runs the target's programs; builds in two stores are compared"),
    ("drivers", "runs the target's dpkg and compiler; builds in two stores are compared"),
    ("drivers-fit", "makes no part of an image"),
    ("fetch", "makes a list of digests that the lock names"),
    ("hooks", "runs the target's programs; builds in two stores are compared"),
    ("initrd", "takes what initrd-files chose of a real layer; compared with mkinitramfs"),
    ("initrd-files", "looks at a real layer; compared with mkinitramfs"),
    ("install-plan", "writes what the plan's own types write, with digests of the medium"),
    ("packages", "runs the target's dpkg; builds in two stores are compared"),
    ("sha512", "hashes as a test compares with the standard's example"),
    ("sign-drivers", "signs as openssl does, with which it is compared"),
    ("secrets", "makes no part of an image; its key has the table of rules"),
    ("trial", "makes no part of an image"),
    ("settled", "takes files away that state/known.toml names, which is in its key"),
];
