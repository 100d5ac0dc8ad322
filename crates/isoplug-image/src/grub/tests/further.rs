//! Tests of submenus, of how the menu looks, and of who may change it.

use isoplug_manifest::options;

use super::*;

fn entry(id: &str, submenu: Option<&str>) -> Entry {
    let (label, params) = (format!("{id} it"), vec![format!("{id}=1")]);
    Entry { id: id.to_owned(), label, params, submenu: submenu.map(str::to_owned) }
}

#[test]
fn entries_of_a_submenu_stand_together() {
    let entries =
        vec![entry("a", Some("More, it's")), entry("b", None), entry("c", Some("More, it's"))];
    let all = Menu { entries, default: Some("c".to_owned()), ..plain() };
    check(&all).unwrap();
    let text = text_of(&all, &Look::default(), Machine::Pc, false);
    grub_reads(&text);
    let heads = text.lines().filter(|line| line.contains("menu") || *line == "}");
    let heads: String = heads.map(|line| format!("{line}\n")).collect();
    assert_eq!(heads, include_str!("submenu.txt"));
    assert!(text.contains("set default='submenu-More_2c_20it_27s>c'\n"), "{text}");
    let unknown = Menu { default: Some("d".to_owned()), ..all };
    assert_eq!(check(&unknown).unwrap_err(), "there is no menu entry `d`");
}

#[test]
fn the_disk_and_a_password() {
    let all = Menu { local_disk: true, default: Some("local-disk".to_owned()), ..plain() };
    let look = Look {
        background: true,
        theme: Some(vec!["fonts/it's.pf2".to_owned()]),
        hashed_password: Some("grub.pbkdf2.sha512.10.0A.0B".to_owned()),
    };
    let text = text_of(&all, &look, Machine::Pc, true);
    grub_reads(&text);
    assert_eq!(text, include_str!("guarded.cfg"));
    assert!(!serde_json::to_string(&look).unwrap().contains("pbkdf2"), "a hash is a secret");
}

#[test]
fn pictures_and_themes_are_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let told = |menu: options::Menu| Look::new(&menu, folder.path()).unwrap_err().to_string();
    let named = |path: &str| Some(path.to_owned());
    let picture = options::Menu { background: named("a.png"), ..options::Menu::default() };
    let theme = options::Menu { theme: named("theme"), ..options::Menu::default() };
    assert!(told(picture.clone()).contains("a.png"));
    std::fs::write(folder.path().join("a.png"), "GIF89a").unwrap();
    assert!(told(picture.clone()).ends_with("a.png cannot be shown by GRUB"));
    let large = std::fs::File::create(folder.path().join("a.png")).unwrap();
    large.set_len((64 << 20) + 1).unwrap();
    assert!(told(picture).ends_with("a.png is larger than 64 MiB"));
    std::fs::create_dir(folder.path().join("theme")).unwrap();
    assert!(told(theme.clone()).ends_with("theme has no file theme.txt, so GRUB has no theme"));
    for name in ["theme.txt", "b.pf2"] {
        std::fs::write(folder.path().join("theme").join(name), "").unwrap();
    }
    let (look, files) = Look::new(&theme, folder.path()).unwrap();
    assert_eq!(look.theme, Some(vec!["b.pf2".to_owned()]));
    assert_eq!(files[0].target, "/boot/grub/theme");
}
