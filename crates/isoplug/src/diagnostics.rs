//! Draws the manifest's diagnostics on the source lines that they are about.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use isoplug_manifest::plain;
use isoplug_manifest::{Diagnostic, Diagnostics, Label, Severity, Texts};

/// Draws each diagnostic, errors and warnings in the order given. What others wrote shows as what it is.
pub(crate) fn draw(diagnostics: &Diagnostics, colored: bool) -> String {
    let renderer = if colored { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let draw_one = |diagnostic: &Diagnostic| {
        let diagnostic = shown(diagnostic);
        let drawn = renderer.render(&[group(&diagnostic, &diagnostics.texts)]);
        format!("{drawn}\n{}", help_of_nowhere(&diagnostic))
    };
    diagnostics.list.iter().map(draw_one).collect::<Vec<_>>().join("\n")
}

/// Returns a diagnostic whose words do nothing but show.
fn shown(diagnostic: &Diagnostic) -> Diagnostic {
    let shown = |text: &str| plain::shown(text).into_owned();
    let mut diagnostic = diagnostic.clone();
    diagnostic.message = shown(&diagnostic.message);
    diagnostic.code = shown(&diagnostic.code).into();
    diagnostic.help = diagnostic.help.as_deref().map(shown);
    for label in &mut diagnostic.labels {
        label.text = shown(&label.text);
    }
    diagnostic
}

fn group<'a>(diagnostic: &'a Diagnostic, texts: &'a Texts) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(&*diagnostic.code);
    let mut group = Group::with_title(title).elements(snippets(&diagnostic.labels, texts));
    if let Some(help) = diagnostic.help.as_ref().filter(|_| !diagnostic.labels.is_empty()) {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    group
}

/// Returns the help of a diagnostic without a place, for which there is no margin to hang it on.
fn help_of_nowhere(diagnostic: &Diagnostic) -> String {
    match &diagnostic.help {
        Some(help) if diagnostic.labels.is_empty() => format!("  help: {help}\n"),
        _ => String::new(),
    }
}

/// Returns one snippet for each text that a label points into, in the order of the labels.
fn snippets<'a>(
    labels: &'a [Label],
    texts: &'a Texts,
) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let mut ids = Vec::new();
    for label in labels {
        if !ids.contains(&label.origin.text) {
            ids.push(label.origin.text);
        }
    }
    let snippet = |id| {
        let text = texts.get(id);
        let here = labels.iter().filter(move |label| label.origin.text == id);
        let source =
            Snippet::source(drawable(&texts.shown(id))).path(plain::shown_line(&text.name));
        source.annotations(here.map(annotation))
    };
    ids.into_iter().map(snippet).collect()
}

/// Returns a text whose lines do nothing but show, each byte where it was. The renderer has signs for control
/// characters of ASCII; for others, such as those of C1, there are question marks.
fn drawable(text: &str) -> String {
    let mut drawn = String::with_capacity(text.len());
    for each in text.chars() {
        let is_shown = each.is_ascii() || plain::is_plain(each.encode_utf8(&mut [0; 4]));
        match is_shown {
            true => drawn.push(each),
            false => drawn.extend(std::iter::repeat_n('?', each.len_utf8())),
        }
    }
    drawn
}

fn annotation(label: &Label) -> annotate_snippets::Annotation<'_> {
    let kind = if label.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
    let annotation = kind.span(label.origin.span.clone());
    if label.text.is_empty() { annotation } else { annotation.label(label.text.as_str()) }
}

#[cfg(test)]
mod tests {
    use isoplug_manifest::Origin;

    use super::*;

    #[test]
    fn a_mistake_is_drawn_on_its_line() {
        let mut texts = Texts::default();
        let text = texts.add("isoplug.toml", "[image]\nnam = \"x\"\n");
        let origin = Origin { text, span: 8..11 };
        let diagnostic = Diagnostic::error("unknown-key", "`nam` is not an option of `image`")
            .at(&origin, "no such option")
            .help("did you mean `name`?");
        let diagnostics = Diagnostics { list: vec![diagnostic], texts };
        insta::assert_snapshot!(draw(&diagnostics, false), @r#"
        error[unknown-key]: `nam` is not an option of `image`
         --> isoplug.toml:2:1
          |
        2 | nam = "x"
          | ^^^ no such option
          |
          = help: did you mean `name`?
        "#);
    }
}
