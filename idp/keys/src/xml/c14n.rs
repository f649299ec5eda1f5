//! Exclusive canonicalisation without comments (W3C xml-exc-c14n), and the plain writing of a tree.
//!
//! Two trees have one canonical form only if they hold the same expanded names, values and texts in the same order: whoever
//! reads the tree that was digested reads what was signed.

use super::tree::{Child, Element};

/// Prefix and namespace, the innermost last.
pub(super) type Scope<'a> = Vec<(&'a str, &'a str)>;

/// The namespace a prefix stands for; empty for none.
fn lookup<'a>(scope: &[(&'a str, &'a str)], prefix: &str) -> &'a str {
    scope.iter().rev().find(|(one, _)| *one == prefix).map_or("", |(_, uri)| uri)
}

/// Adds the declarations of an element to those of the elements around it.
pub(super) fn enter<'a>(scope: &mut Scope<'a>, element: &'a Element) {
    scope.extend(element.declared.iter().map(|(prefix, uri)| (prefix.as_str(), uri.as_str())));
}

/// The canonical form of an element whose surroundings declare `around`. Prefixes of `inclusive` are written wherever they
/// are in scope; `left_out` is the signature an enveloped signature does not cover.
pub(super) fn exclusive(
    element: &Element,
    around: &Scope<'_>,
    inclusive: &[&str],
    left_out: Option<&Element>,
) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, element, &mut around.clone(), &mut Vec::new(), inclusive, left_out);
    out
}

/// The canonical form of an element below others whose opening is already written: `scope` is what they declare, `rendered`
/// what they wrote of it.
pub(super) fn child(out: &mut Vec<u8>, element: &Element, scope: &Scope<'_>, rendered: &Scope<'_>, inclusive: &[&str]) {
    write(out, element, &mut scope.clone(), &mut rendered.clone(), inclusive, None);
}

fn write<'a>(
    out: &mut Vec<u8>,
    element: &'a Element,
    scope: &mut Scope<'a>,
    rendered: &mut Scope<'a>,
    inclusive: &[&'a str],
    left_out: Option<&Element>,
) {
    let (outer_scope, outer_rendered) = (scope.len(), rendered.len());
    open(out, element, scope, rendered, inclusive);
    for child in &element.children {
        match child {
            Child::Text(content) => text(out, content),
            Child::Element(inner) if left_out.is_some_and(|left_out| std::ptr::eq(left_out, inner)) => {}
            Child::Element(inner) => write(out, inner, scope, rendered, inclusive, left_out),
        }
    }
    close(out, element);
    scope.truncate(outer_scope);
    rendered.truncate(outer_rendered);
}

/// The canonical form of an opening tag. What it declares and what it writes of that is added.
pub(super) fn open<'a>(
    out: &mut Vec<u8>,
    element: &'a Element,
    scope: &mut Scope<'a>,
    rendered: &mut Scope<'a>,
    inclusive: &[&'a str],
) {
    enter(scope, element);
    let attributes = element.attributes.iter().map(|attribute| attribute.prefix.as_str());
    let listed = inclusive.iter().copied().filter(|prefix| prefix.is_empty() || !lookup(scope, prefix).is_empty());
    let mut used: Vec<&str> = attributes.filter(|prefix| !prefix.is_empty()).chain(listed).collect();
    used.push(&element.prefix);
    used.retain(|prefix| *prefix != "xml");
    used.sort_unstable();
    used.dedup();
    out.push(b'<');
    name(out, &element.prefix, &element.local);
    for prefix in used {
        let uri = lookup(scope, prefix);
        if lookup(rendered, prefix) != uri {
            declaration(out, prefix, uri);
            rendered.push((prefix, uri));
        }
    }
    let mut sorted: Vec<_> = element.attributes.iter().collect();
    sorted.sort_by(|a, b| (&a.namespace, &a.local).cmp(&(&b.namespace, &b.local)));
    for one in sorted {
        out.push(b' ');
        name(out, &one.prefix, &one.local);
        value(out, &one.value);
    }
    out.push(b'>');
}

/// The canonical form of a closing tag.
pub(super) fn close(out: &mut Vec<u8>, element: &Element) {
    out.extend_from_slice(b"</");
    name(out, &element.prefix, &element.local);
    out.push(b'>');
}

/// The element as a document of its own, with all its declarations: what is sent.
pub(super) fn plain(element: &Element) -> String {
    let mut out = Vec::new();
    plainly(&mut out, element);
    String::from_utf8(out).unwrap_or_default()
}

fn plainly(out: &mut Vec<u8>, element: &Element) {
    out.push(b'<');
    name(out, &element.prefix, &element.local);
    for (prefix, uri) in &element.declared {
        declaration(out, prefix, uri);
    }
    for one in &element.attributes {
        out.push(b' ');
        name(out, &one.prefix, &one.local);
        value(out, &one.value);
    }
    if element.children.is_empty() {
        out.extend_from_slice(b"/>");
        return;
    }
    out.push(b'>');
    for child in &element.children {
        match child {
            Child::Text(content) => text(out, content),
            Child::Element(inner) => plainly(out, inner),
        }
    }
    out.extend_from_slice(b"</");
    name(out, &element.prefix, &element.local);
    out.push(b'>');
}

fn name(out: &mut Vec<u8>, prefix: &str, local: &str) {
    if !prefix.is_empty() {
        out.extend_from_slice(prefix.as_bytes());
        out.push(b':');
    }
    out.extend_from_slice(local.as_bytes());
}

fn declaration(out: &mut Vec<u8>, prefix: &str, uri: &str) {
    out.extend_from_slice(b" xmlns");
    if !prefix.is_empty() {
        out.push(b':');
        out.extend_from_slice(prefix.as_bytes());
    }
    value(out, uri);
}

/// The canonical form of the value of an attribute, with what joins it to its name.
pub(super) fn value(out: &mut Vec<u8>, content: &str) {
    out.extend_from_slice(b"=\"");
    for byte in content.bytes() {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            b'\t' => out.extend_from_slice(b"&#x9;"),
            b'\n' => out.extend_from_slice(b"&#xA;"),
            b'\r' => out.extend_from_slice(b"&#xD;"),
            other => out.push(other),
        }
    }
    out.push(b'"');
}

/// The canonical form of a text.
pub(super) fn text(out: &mut Vec<u8>, content: &str) {
    for byte in content.bytes() {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'\r' => out.extend_from_slice(b"&#xD;"),
            other => out.push(other),
        }
    }
}
