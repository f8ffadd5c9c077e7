//! Python 2, told by name. MiCADO's oldest descriptions have it; under
//! MiCADO's own interpreter such a rule does nothing, with only a line in a log.

use super::{
    fault::{FaultKind, RuleFault, place},
    read::MOST_FAULTS,
};
use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_text_size::Ranged;

const NOTHING: &str = "under MiCADO's interpreter this rule did nothing";

/// A token: what it is, where it begins and ends.
type Word = (TokenKind, u32, u32);

/// What of a rule is Python 2; at most one for each line.
pub(super) fn faults(text: &str, tokens: &Tokens) -> Vec<RuleFault> {
    let words: Vec<Word> =
        tokens.iter().map(|token| (token.kind(), token.start().to_u32(), token.end().to_u32())).collect();
    let mut faults: Vec<RuleFault> = Vec::new();
    let mut begins = true;
    for (place_of, &(kind, start, end)) in words.iter().enumerate() {
        if faults.len() >= MOST_FAULTS {
            break;
        }
        let next = words.get(place_of + 1);
        let text_of = text.get(start as usize..end as usize).unwrap_or_default();
        if let Some((message, hint)) = old(text, begins, (kind, text_of, end), next) {
            let (line, column) = place(text, start);
            if !faults.iter().any(|fault| fault.line == line) {
                let hint = Some(format!("{NOTHING}; {hint}"));
                faults.push(RuleFault { line, column, kind: FaultKind::Python2, message: message.to_owned(), hint });
            }
        }
        begins = match kind {
            TokenKind::Newline | TokenKind::Semi | TokenKind::Indent | TokenKind::Dedent | TokenKind::Colon => true,
            TokenKind::NonLogicalNewline | TokenKind::Comment => begins,
            _ => false,
        };
    }
    faults
}

/// What is old about one token, and what to write instead.
fn old(
    text: &str,
    begins: bool,
    (kind, word, end): (TokenKind, &str, u32),
    next: Option<&Word>,
) -> Option<(&'static str, &'static str)> {
    let touches = next.is_some_and(|next| next.1 == end);
    let next_kind = next.map(|next| next.0);
    let next_word = next.and_then(|next| text.get(next.1 as usize..next.2 as usize)).unwrap_or_default();
    match kind {
        TokenKind::Name if begins && word == "print" && follows(next_kind) => {
            Some(("this is Python 2: `print` without brackets", "write print(...)"))
        }
        TokenKind::Name if begins && word == "exec" && follows(next_kind) => {
            Some(("this is Python 2: `exec` without brackets", "a rule can't run other code"))
        }
        TokenKind::Less if touches && next_kind == Some(TokenKind::Greater) => {
            Some(("this is Python 2: `<>`", "write !="))
        }
        TokenKind::Int if touches && matches!(next_word, "L" | "l") => {
            Some(("this is Python 2: a number with L", "leave the L out"))
        }
        TokenKind::Unknown if word == "`" => Some(("this is Python 2: backquotes", "write str(...)")),
        _ => None,
    }
}

/// What makes `print` a statement: something to print, and no bracket.
const fn follows(next: Option<TokenKind>) -> bool {
    matches!(
        next,
        Some(
            TokenKind::Name
                | TokenKind::String
                | TokenKind::FStringStart
                | TokenKind::Int
                | TokenKind::Float
                | TokenKind::None
                | TokenKind::True
                | TokenKind::False
                | TokenKind::Not
                | TokenKind::Lbrace
                | TokenKind::Newline
                | TokenKind::EndOfFile
                | TokenKind::Semi
                | TokenKind::RightShift
        )
    )
}
