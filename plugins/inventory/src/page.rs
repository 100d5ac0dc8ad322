//! Draws packages as one HTML page that needs nothing else.

use crate::status::Package;

const STYLE: &str = "body{font:14px/1.5 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.2em .8em .2em 0;\
border-bottom:1px solid #8884}td:nth-child(4){text-align:right}\
@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}a{color:#8cf}}";

/// Returns the page.
pub fn page(title: &str, packages: &[Package<'_>]) -> String {
    let title = escaped(title);
    let kib: u64 = packages.iter().map(|package| package.installed_size).sum();
    // Tenths of a megabyte, without the code that floating-point numbers bring.
    let tenths = kib * 1024 / 100_000;
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n<h1>{title}</h1>\n\
         <p>{} packages, {}.{} MB installed</p>\n<table>\n\
         <tr><th>Package<th>Version<th>Architecture<th>KiB<th>Section<th>What it is\n",
        packages.len(),
        tenths / 10,
        tenths % 10,
    );
    packages.iter().for_each(|package| row(&mut page, package));
    page + "</table>\n"
}

fn row(page: &mut String, package: &Package<'_>) {
    let name = escaped(package.name);
    let is_link = ["http://", "https://"].iter().any(|it| package.homepage.starts_with(it));
    *page += "<tr><td>";
    *page += &match is_link {
        true => format!("<a href=\"{}\">{name}</a>", escaped(package.homepage)),
        false => name,
    };
    let columns = [package.version, package.architecture];
    columns.iter().for_each(|text| *page += &format!("<td>{}", escaped(text)));
    *page += &format!("<td>{}", package.installed_size);
    let columns = [package.section, package.summary];
    columns.iter().for_each(|text| *page += &format!("<td>{}", escaped(text)));
    page.push('\n');
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
