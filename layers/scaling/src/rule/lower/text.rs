//! f-strings.

use super::Lowering;
use crate::rule::syntax::{Conversion, ExprKind, Piece};
use ruff_python_ast::{
    ConversionFlag, ExprFString, FStringPart, InterpolatedElement, InterpolatedStringElement,
    InterpolatedStringElements,
};

impl Lowering {
    pub(super) fn joined(&mut self, it: &ExprFString) -> Option<ExprKind> {
        let mut pieces = Vec::new();
        for part in it.value.as_slice() {
            match part {
                FStringPart::Literal(literal) => pieces.push(Piece::Text(literal.as_str().into())),
                FStringPart::FString(part) => pieces.extend(self.pieces(&part.elements)?),
            }
        }
        Some(ExprKind::Joined(pieces))
    }

    fn pieces(&mut self, elements: &InterpolatedStringElements) -> Option<Vec<Piece>> {
        let mut pieces = Vec::new();
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(literal) => pieces.push(Piece::Text((*literal.value).into())),
                InterpolatedStringElement::Interpolation(it) => {
                    let value = self.deeper(it, |lowering| lowering.value(it))?;
                    if let Some(debug) = &it.debug_text {
                        let written = format!("{}{}{}", debug.leading(), debug.expression(), debug.trailing());
                        pieces.push(Piece::Text(written.into()));
                    }
                    pieces.push(value);
                }
            }
        }
        Some(pieces)
    }

    fn value(&mut self, it: &InterpolatedElement) -> Option<Piece> {
        let value = self.expression(&it.expression)?;
        let spec = match &it.format_spec {
            None => Vec::new(),
            Some(spec) => self.pieces(&spec.elements)?,
        };
        let conversion = match it.conversion {
            // `{x=}` shows the repr, unless it is told how to show it.
            ConversionFlag::None if it.debug_text.is_some() && it.format_spec.is_none() => Conversion::Repr,
            ConversionFlag::None => Conversion::None,
            ConversionFlag::Str => Conversion::Str,
            ConversionFlag::Repr => Conversion::Repr,
            ConversionFlag::Ascii => return self.refuse(it, "a rule has no `!a`", "write !r"),
        };
        Some(Piece::Value { value, conversion, spec })
    }
}
