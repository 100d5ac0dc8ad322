//! Writes a page that lists every installed package, from dpkg's own database.

mod page;
mod status;

use isoplug_sdk::prelude::*;

/// The plugin.
pub struct Inventory;

/// What the user can set.
#[options]
pub struct Options {
    /// The page's title. Without one, name and version of the image.
    pub title: Option<String>,
    /// The page's path in the image.
    #[default("/usr/share/doc/inventory.html")]
    pub path: String,
}

const STATUS: &str = "/var/lib/dpkg/status";

impl Contributor for Inventory {
    type Options = Options;

    fn about() -> About {
        About::new()
            .files(&["root:/usr/share/doc/*.html"])
            .reads(&[STATUS])
            .example("under a title of its own", json!({ "title": "What is in it" }))
    }

    fn furnish(options: Options, cx: &Context) -> Result<Vec<Module>> {
        let status = cx.rootfs().text(STATUS)?.ok_or("the image has no /var/lib/dpkg/status")?;
        let packages = status::installed(&status);
        let title = match options.title {
            Some(title) => title,
            None => {
                let name = cx.fact::<String>("image.name")?.unwrap_or_default();
                let version = cx.fact::<String>("image.version")?.unwrap_or_default();
                format!("{name} {version}")
            }
        };
        let module = Module::new("page");
        let page = page::page(title.trim(), &packages);
        module.file(options.path, page)?;
        cx.log(&format!("{} packages listed", packages.len()));
        Ok(vec![module])
    }
}

isoplug_sdk::contributor!(Inventory);

#[cfg(test)]
mod tests {
    use isoplug_sdk::testing::Trial;

    use super::*;

    const STATUS_TEXT: &str = "Package: zlib1g
Status: install ok installed
Section: libs
Installed-Size: 168
Architecture: amd64
Version: 1:1.3.dfsg-1
Description: compression library - runtime
 zlib is a library.

Package: gone
Status: deinstall ok config-files
Version: 1

Package: apt
Status: install ok installed
Architecture: amd64
Version: 3.0.3
Installed-Size: 4100
Homepage: https://wiki.debian.org/Apt?a=1&b=<2>
Description: commandline package manager
";

    #[test]
    fn installed_packages_are_listed_by_name() {
        let outcome = Trial::new()
            .file(STATUS, 0o644, STATUS_TEXT)
            .fact("image.name", "rescue")
            .fact("image.version", "1.0")
            .furnish::<Inventory>();
        let page = outcome.text("root:/usr/share/doc/inventory.html");
        assert!(page.contains("<h1>rescue 1.0</h1>"), "{page}");
        assert!(page.contains("2 packages, 4.3 MB installed"), "{page}");
        assert!(page.find(">apt<").unwrap() < page.find(">zlib1g<").unwrap());
        assert!(page.contains("?a=1&amp;b=&lt;2&gt;") && !page.contains("gone"), "{page}");
        assert_eq!(outcome.log, ["2 packages listed"]);
    }

    #[test]
    fn the_title_is_no_markup() {
        let options = json!({ "title": "<All>", "path": "/usr/share/doc/all.html" });
        let outcome =
            Trial::new().options(options).file(STATUS, 0o644, STATUS_TEXT).furnish::<Inventory>();
        assert!(
            outcome.text("root:/usr/share/doc/all.html").contains("<title>&lt;All&gt;</title>")
        );
    }

    #[test]
    fn an_image_without_packages_is_an_error() {
        let outcome = Trial::new().furnish::<Inventory>();
        assert_eq!(outcome.answer.unwrap_err(), "the image has no /var/lib/dpkg/status");
    }
}
