//! Reading a rule: first what would be too deep or too long for any reader,
//! then Python 3 by ruff's parser, then Python 2 among its complaints, then
//! what a rule may not do. All faults that can be told at once are told at once.

use super::{
    fault::{FaultKind, RuleFault, Trouble, place},
    limits::{DEEPEST, LONGEST, MOST_TOKENS},
    lower::Lowering,
    python2,
    syntax::Stmt,
};
use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, ParseOptions, lexer::lex, parse_unchecked};
use std::collections::BTreeSet;

/// The most faults that are told of one rule.
pub(super) const MOST_FAULTS: usize = 20;

/// The statements of a rule, or all that is wrong with it.
pub(super) fn read(text: &str) -> Result<Vec<Stmt>, Vec<RuleFault>> {
    bounded(text).map_err(|fault| vec![fault])?;
    let Some(parsed) = parse_unchecked(text, ParseOptions::from(Mode::Module)).try_into_module() else {
        return Err(vec![Trouble::new(FaultKind::Syntax, "this is no list of statements").fault(text)]);
    };
    let mut faults = python2::faults(text, parsed.tokens());
    let old: BTreeSet<u32> = faults.iter().map(|fault| fault.line).collect();
    for error in parsed.errors() {
        if faults.len() >= 2 * MOST_FAULTS {
            break;
        }
        let (line, column) = place(text, error.location.start().to_u32());
        // One complaint for a line: those behind it mostly follow from it.
        if !old.contains(&line) && !faults.iter().any(|fault| fault.line == line) {
            let (message, hint) = plain(&error.error.to_string());
            faults.push(RuleFault { line, column, kind: FaultKind::Syntax, message, hint });
        }
    }
    let mut lowering = Lowering::default();
    let statements = lowering.block(parsed.suite());
    let broken: BTreeSet<u32> = faults.iter().map(|fault| fault.line).collect();
    let further = lowering.faults.into_iter().take(10 * MOST_FAULTS).map(|trouble| trouble.fault(text));
    faults.extend(further.filter(|fault| !broken.contains(&fault.line)));
    faults.sort();
    faults.dedup();
    faults.truncate(MOST_FAULTS);
    if faults.is_empty() { Ok(statements) } else { Err(faults) }
}

/// The parser's words as a sentence of ours.
fn plain(told: &str) -> (String, Option<String>) {
    let lower = told.to_lowercase();
    let hint = if lower.contains("indent") {
        Some("lines of one block begin at one column; don't mix tabs and blanks")
    } else if lower.contains("eof") || lower.contains("got eof") {
        Some("a bracket or a quote is open")
    } else if lower.contains("separated by newlines") {
        Some("write one statement on a line")
    } else {
        None
    };
    let mut letters = told.chars();
    let first = letters.next().map(|letter| letter.to_lowercase().to_string()).unwrap_or_default();
    (format!("this is not Python 3: {first}{}", letters.as_str()), hint.map(str::to_owned))
}

/// Refuses what is too long or too deep for a tree that is walked by
/// functions that call themselves; and brackets that don't match, behind which
/// the parser would go on inside of those that are open, without end. The
/// lexer calls none of itself.
fn bounded(text: &str) -> Result<(), RuleFault> {
    if text.len() > LONGEST {
        return Err(too_much(1, format!("the rule has {} bytes; it may have {LONGEST}", text.len())));
    }
    let (mut lexer, mut line, mut blocks, mut tokens) = (lex(text, Mode::Module), 1, 0_u32, 0);
    let mut open: Vec<TokenKind> = Vec::new();
    // A token has at least one byte, but for the ends of blocks.
    for _ in 0..=text.len().saturating_mul(2) + 2 {
        tokens += 1;
        let kind = lexer.next_token();
        match kind {
            TokenKind::EndOfFile => break,
            TokenKind::Newline => (line, tokens) = (line + 1, 0),
            TokenKind::NonLogicalNewline => line += 1,
            TokenKind::Indent => blocks += 1,
            TokenKind::Dedent => blocks = blocks.saturating_sub(1),
            _ if closes(kind).is_some() && open.pop() != closes(kind) => return Err(unmatched(line)),
            _ if opens(kind) => open.push(kind),
            _ => {}
        }
        if open.len() > DEEPEST as usize || blocks > DEEPEST {
            return Err(too_much(line, format!("this is nested more than {DEEPEST} deep")));
        }
        if tokens > MOST_TOKENS {
            return Err(too_much(line, format!("this statement has more than {MOST_TOKENS} words and signs")));
        }
    }
    Ok(())
}

const fn opens(kind: TokenKind) -> bool {
    use TokenKind as T;
    matches!(kind, T::Lpar | T::Lsqb | T::Lbrace | T::FStringStart | T::TStringStart)
}

/// What a token closes.
const fn closes(kind: TokenKind) -> Option<TokenKind> {
    match kind {
        TokenKind::Rpar => Some(TokenKind::Lpar),
        TokenKind::Rsqb => Some(TokenKind::Lsqb),
        TokenKind::Rbrace => Some(TokenKind::Lbrace),
        TokenKind::FStringEnd => Some(TokenKind::FStringStart),
        TokenKind::TStringEnd => Some(TokenKind::TStringStart),
        _ => None,
    }
}

fn too_much(line: u32, message: String) -> RuleFault {
    let hint = "split it into several statements, with a variable between them";
    RuleFault { line, column: 1, kind: FaultKind::Limit, message, hint: Some(hint.to_owned()) }
}

fn unmatched(line: u32) -> RuleFault {
    let message = "this is not Python 3: a bracket closes none that is open".to_owned();
    let hint = Some("each ( [ { is closed by its own ) ] }, the last one first".to_owned());
    RuleFault { line, column: 1, kind: FaultKind::Syntax, message, hint }
}
