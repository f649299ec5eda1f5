//! Whether a drawing is only a drawing. Icons are part of our own pages, so an SVG is read against a short list of what
//! a drawing needs; everything else is refused, be it known to be harmful or not.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Largest icon.
pub(crate) const MAX_ICON: usize = 16 * 1024;

const ELEMENTS: &[&str] = &[
    "svg",
    "g",
    "path",
    "circle",
    "ellipse",
    "rect",
    "line",
    "polyline",
    "polygon",
    "title",
    "defs",
    "linearGradient",
    "radialGradient",
    "stop",
];

const ATTRIBUTES: &[&str] = &[
    "xmlns",
    "viewBox",
    "width",
    "height",
    "role",
    "aria-hidden",
    "focusable",
    "id",
    "d",
    "x",
    "y",
    "x1",
    "x2",
    "y1",
    "y2",
    "cx",
    "cy",
    "r",
    "rx",
    "ry",
    "points",
    "transform",
    "fill",
    "fill-rule",
    "fill-opacity",
    "stroke",
    "stroke-width",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-dasharray",
    "stroke-opacity",
    "opacity",
    "offset",
    "stop-color",
    "stop-opacity",
    "gradientUnits",
    "gradientTransform",
];

/// What is wrong with an icon, as its line and one sentence; nothing when it is a plain drawing.
pub fn check_icon(svg: &str) -> Result<(), (usize, String)> {
    if svg.len() > MAX_ICON {
        return Err((1, format!("an icon has at most {MAX_ICON} bytes")));
    }
    let mut reader = Reader::from_str(svg);
    drawing(&mut reader).map_err(|what| {
        let read = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let line = svg.bytes().take(read).filter(|byte| *byte == b'\n').count() + 1;
        (line, what)
    })
}

/// Whether what is read is one drawing and nothing else.
fn drawing(reader: &mut Reader<&[u8]>) -> Result<(), String> {
    let mut depth = 0usize;
    let mut roots = 0usize;
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => {
                check_element(&element, depth)?;
                roots += usize::from(depth == 0);
                depth += 1;
            }
            Ok(Event::Empty(element)) => {
                check_element(&element, depth)?;
                roots += usize::from(depth == 0);
            }
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            // The words of a title, and white space.
            Ok(Event::Text(text)) => {
                let bytes: &[u8] = text.as_ref();
                let blank = bytes.iter().all(u8::is_ascii_whitespace);
                if depth == 0 && !blank {
                    return Err("text outside of the drawing".into());
                }
            }
            Ok(Event::Comment(_)) => {}
            Ok(Event::Eof) if depth == 0 && roots == 1 => return Ok(()),
            Ok(Event::Eof) => return Err("one complete <svg> is expected".into()),
            Ok(_) => return Err("declarations, instructions, entities and CDATA do not belong in an icon".into()),
            Err(_) => return Err("this is not well-formed".into()),
        }
    }
}

fn check_element(element: &BytesStart<'_>, depth: usize) -> Result<(), String> {
    let name = text(element.name().as_ref())?;
    if !ELEMENTS.contains(&name.as_str()) || (depth == 0) != (name == "svg") {
        return Err(format!("<{}> does not belong here", preau_domain::display_safe(&name, 40)));
    }
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|_| "this is not well-formed".to_owned())?;
        let key = text(attribute.key.as_ref())?;
        if !ATTRIBUTES.contains(&key.as_str()) {
            return Err(format!("the attribute `{}` does not belong here", preau_domain::display_safe(&key, 40)));
        }
        let value = text(attribute.value.as_ref())?;
        if key == "xmlns" && value != "http://www.w3.org/2000/svg" {
            return Err("`xmlns` is another one than SVG's".into());
        }
        // `&` begins an entity, behind which anything could be written.
        let inside = value.replace(char::is_whitespace, "").to_ascii_lowercase();
        let foreign = inside.match_indices("url(").any(|(at, _)| !inside[at..].starts_with("url(#"));
        if value.contains(['&', '<', '\\']) || foreign || (key != "xmlns" && inside.contains(':')) {
            return Err(format!("`{key}` refers to something outside of the drawing"));
        }
    }
    Ok(())
}

fn text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| "this is not UTF-8".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg(inside: &str) -> String {
        format!(r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">{inside}</svg>"#)
    }

    #[test]
    fn a_drawing_passes() {
        let drawing = r##"<!-- a dot --><title>Point</title><defs><linearGradient id="a"><stop offset="0" stop-color="#fff"/></linearGradient></defs><circle cx="12" cy="12" r="3" fill="url(#a)"/>"##;
        assert_eq!(check_icon(&svg(drawing)), Ok(()));
    }

    #[test]
    fn anything_else_does_not() {
        for bad in [
            svg("<script>alert(1)</script>"),
            svg("<SCRIPT/>"),
            svg(r#"<path d="M0 0" onclick="alert(1)"/>"#),
            svg(r#"<path d="M0 0" OnLoad="alert(1)"/>"#),
            svg("<foreignObject><p/></foreignObject>"),
            svg(r#"<image href="https://evil.example/x.png"/>"#),
            svg(r##"<use href="#a"/>"##),
            svg(r#"<a xlink:href="javascript:alert(1)"><path d="M0 0"/></a>"#),
            svg(r#"<path d="M0 0" style="background:url(//evil.example)"/>"#),
            svg("<style>@import '//evil.example'</style>"),
            svg(r#"<path d="M0 0" fill="url(https://evil.example/a.svg#b)"/>"#),
            svg(r#"<path d="M0 0" fill="URL( //evil.example)"/>"#),
            svg(r#"<path d="M0 0" fill="&#106;avascript"/>"#),
            svg(r#"<set attributeName="href" to="javascript:alert(1)"/>"#),
            svg("<![CDATA[<script>]]>"),
            svg("<?php echo 1 ?>"),
            svg("&amp;"),
            format!("<!DOCTYPE svg [<!ENTITY a 'b'>]>{}", svg("")),
            format!("<?xml-stylesheet href='//evil.example'?>{}", svg("")),
            format!("{}<svg/>", svg("")),
            format!("{}text", svg("")),
            "<svg".into(),
            "<svg><g></svg>".into(),
            "<html/>".into(),
            String::new(),
            svg(&" ".repeat(MAX_ICON)),
            r#"<svg xmlns="http://www.w3.org/1999/xhtml"/>"#.into(),
        ] {
            assert!(check_icon(&bad).is_err(), "{bad}");
        }
    }
}
