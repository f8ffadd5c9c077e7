//! A document of XML as a tree: what the EC2 dialect answers and what libvirt
//! says of its domains is read by the names of elements.

use quick_xml::{Reader, XmlVersion, events::Event};

/// An element.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Element {
    /// Its name without the prefix of its namespace.
    pub(crate) name: String,
    /// Its attributes, by names without prefixes.
    attributes: Vec<(String, String)>,
    children: Vec<Self>,
    text: String,
}

impl Element {
    /// Reads a document; else why it is none.
    pub(crate) fn parse(document: &str) -> Result<Self, String> {
        let mut reader = Reader::from_str(document);
        let mut open = vec![Self::default()];
        loop {
            let event = reader.read_event().map_err(|error| error.to_string())?;
            let empty = matches!(event, Event::Empty(_));
            match event {
                Event::Start(start) | Event::Empty(start) => {
                    let mut element = Self { name: start.local_name().as_ref().to_owned(), ..Self::default() };
                    for attribute in start.attributes() {
                        let attribute = attribute.map_err(|error| error.to_string())?;
                        let value =
                            attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
                        element.attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
                    }
                    open.push(element);
                    if empty {
                        close(&mut open);
                    }
                }
                Event::End(_) => close(&mut open),
                Event::Text(text) => said(&mut open, &text.xml10_content()),
                Event::CData(text) => said(&mut open, &text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let letter = reference.resolve_char_ref().map_err(|error| error.to_string())?;
                    match (letter, quick_xml::escape::resolve_predefined_entity(reference.as_ref())) {
                        (Some(letter), _) => said(&mut open, letter.encode_utf8(&mut [0; 4])),
                        (None, Some(text)) => said(&mut open, text),
                        (None, None) => return Err("an entity that is not known".to_owned()),
                    }
                }
                Event::Eof => break,
                Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => {}
            }
        }
        let document = open.pop().filter(|_| open.is_empty()).ok_or("an element is not closed")?;
        document.children.into_iter().next().ok_or_else(|| "there is no element in it".to_owned())
    }

    /// The first element at the end of this path of names.
    pub(crate) fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |element, name| element.children.iter().find(|child| child.name == name))
    }

    /// What stands in the first element at the end of this path, unless that is nothing.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.at(path).map(|element| element.text.trim()).filter(|text| !text.is_empty())
    }

    /// All elements with the last name of this path, in the first at the path before it.
    pub(crate) fn all<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Self> {
        let (place, last) = path.rsplit_once('/').map_or((Some(self), path), |(before, last)| (self.at(before), last));
        place.into_iter().flat_map(|place| &place.children).filter(move |child| child.name == last)
    }

    /// An attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What stands in it.
    #[cfg(test)]
    pub(crate) fn content(&self) -> &str {
        self.text.trim()
    }
}

fn close(open: &mut Vec<Element>) {
    if let Some(done) = open.pop()
        && let Some(parent) = open.last_mut()
    {
        parent.children.push(done);
    }
}

fn said(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_by_names() {
        let text = r#"<?xml version="1.0"?><a xmlns:h="urn:x"><h:b id="1 &lt; 2">x &amp; &#121;</h:b>
            <list><item>1</item><item>2</item></list><none/><c><![CDATA[<raw>]]></c></a>"#;
        let root = Element::parse(text).unwrap();
        assert_eq!((root.name.as_str(), root.text("b"), root.text("none")), ("a", Some("x & y"), None));
        assert_eq!(root.at("b").unwrap().attribute("id"), Some("1 < 2"));
        assert_eq!(root.all("list/item").map(Element::content).collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(root.text("c"), Some("<raw>"));
        assert!(Element::parse("<a><b></a>").is_err() && Element::parse("").is_err());
    }
}
