//! A small tree of XML, written by quick-xml.

use crate::AccountingError;
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};
use std::borrow::Cow;

/// An element with its attributes, its text and what is in it.
pub(super) struct Element {
    name: Cow<'static, str>,
    attributes: Vec<(&'static str, String)>,
    text: Option<String>,
    children: Vec<Element>,
}

/// An element with others in it.
pub(super) fn element(name: impl Into<Cow<'static, str>>, children: impl IntoIterator<Item = Element>) -> Element {
    Element { name: name.into(), attributes: Vec::new(), text: None, children: children.into_iter().collect() }
}

/// An element with a text.
pub(super) fn leaf(name: impl Into<Cow<'static, str>>, text: impl ToString) -> Element {
    Element { text: Some(text.to_string()), ..element(name, []) }
}

impl Element {
    /// With an attribute.
    pub(super) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.attributes.push((name, value.to_string()));
        self
    }

    /// With these after what is in it already.
    pub(super) fn add(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// A document of which this is the root.
    pub(super) fn document(&self, what: &'static str) -> Result<Vec<u8>, AccountingError> {
        self.after(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)), what)
    }

    /// A page of HTML of which this is the root.
    pub(super) fn page(&self, what: &'static str) -> Result<Vec<u8>, AccountingError> {
        self.after(Event::DocType(BytesText::from_escaped("html")), what)
    }

    fn after(&self, head: Event<'_>, what: &'static str) -> Result<Vec<u8>, AccountingError> {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        writer
            .write_event(head)
            .and_then(|()| self.write(&mut writer))
            .map_err(|error| AccountingError::writing(what, error))?;
        let mut bytes = writer.into_inner();
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>) -> std::io::Result<()> {
        let mut start = BytesStart::new(self.name.as_ref());
        start.extend_attributes(self.attributes.iter().map(|(name, value)| (*name, value.as_str())));
        if self.text.is_none() && self.children.is_empty() {
            return writer.write_event(Event::Empty(start));
        }
        writer.write_event(Event::Start(start))?;
        if let Some(text) = &self.text {
            writer.write_event(Event::Text(BytesText::new(text)))?;
        }
        for child in &self.children {
            child.write(writer)?;
        }
        writer.write_event(Event::End(BytesEnd::new(self.name.as_ref())))
    }
}
