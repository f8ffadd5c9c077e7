//! Tables: limits, problems, states, paths.

use crate::Examples;
use hansa_federation::{
    dsp::negotiation::{Role, State, Step, next},
    limits,
    wire::ProblemKind,
};

fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> (&'static str, String) {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let rule = format!("|{}", "---|".repeat(head.len()));
    let rows = rows.into_iter().map(|row| line(&row));
    let lines: Vec<String> = [line(&head), rule].into_iter().chain(rows).collect();
    ("", lines.join("\n"))
}

fn bounds() -> (&'static str, String) {
    let kib =
        |bytes: usize| if bytes >= 1 << 20 { format!("{} MiB", bytes >> 20) } else { format!("{} KiB", bytes >> 10) };
    let rows = [
        ("a DID", format!("{} bytes", limits::DID_BYTES)),
        ("a DID document", kib(limits::DID_DOCUMENT_BYTES)),
        ("keys of a DID document or a key list", limits::KEYS.to_string()),
        ("key lists", limits::KEY_LISTS.to_string()),
        ("the protected header of a signature, encoded", kib(limits::HEADER_BYTES)),
        ("a token", kib(limits::TOKEN_BYTES)),
        ("the life of a token (exp − iat)", format!("{} s", limits::TOKEN_LIFE.as_secs())),
        ("leeway of clocks, for tokens", format!("{} s", limits::LEEWAY.as_secs())),
        ("difference of clocks that is borne", format!("{} s", limits::SKEW.as_secs())),
        ("the content of a signed document", kib(limits::DOCUMENT_BYTES)),
        ("the body of a request", kib(limits::REQUEST_BYTES)),
        ("the body of an answer, where nothing else is said", kib(limits::ANSWER_BYTES)),
        (
            "a page of the feed, of a snapshot",
            format!("{}, {} items", kib(limits::FEED_PAGE_BYTES), limits::FEED_PAGE_ITEMS),
        ),
        ("lines of a log", limits::LOG_LINES.to_string()),
    ];
    table(&["what", "at most"], rows.map(|(what, most)| vec![what.to_owned(), most]))
}

fn problems() -> (&'static str, String) {
    let meaning = |kind: ProblemKind| match kind {
        ProblemKind::Invalid => "the message is wrong; sending it again doesn't help",
        ProblemKind::Untrusted => "the token, its key or a signature isn't good",
        ProblemKind::Clock => "the token's time is past the leeway; sign again by the answer's Date",
        ProblemKind::Replayed => "the token's jti was seen; sign again",
        ProblemKind::Forbidden => "the partner's state or policy says no",
        ProblemKind::NotFound => "not there, or not the caller's",
        ProblemKind::Conflict => "the same id with other content, or a state that doesn't allow it",
        ProblemKind::SoldOut => "no unit is left",
        ProblemKind::Agreement => "the agreement doesn't cover it, or stands no longer",
        ProblemKind::Gone => "it was there, and has ended",
        ProblemKind::TooLarge => "past a bound of the table above",
        ProblemKind::Busy => "too often; `Retry-After` says when",
        ProblemKind::Unavailable => "can't now; nothing was done",
    };
    let row =
        |kind: ProblemKind| vec![format!("`{}`", kind.name()), kind.status().to_string(), meaning(kind).to_owned()];
    table(&["last part of `type`", "status", "meaning"], ProblemKind::ALL.map(row))
}

fn negotiation() -> (&'static str, String) {
    let mut rows = Vec::new();
    for state in std::iter::once(None).chain(State::ALL.map(Some)) {
        for step in Step::ALL {
            for role in Role::ALL {
                let Ok(then) = next(state, step, role) else { continue };
                let from = state.map_or("(none)", State::as_str);
                rows.push(vec![from.to_owned(), message(step).to_owned(), role.to_string(), then.to_string()]);
            }
        }
    }
    table(&["state", "message", "from the", "next state"], rows)
}

fn message(step: Step) -> &'static str {
    match step {
        Step::Request => "ContractRequestMessage",
        Step::Offer => "ContractOfferMessage",
        Step::Accept => "ContractNegotiationEventMessage ACCEPTED",
        Step::Agree => "ContractAgreementMessage",
        Step::Verify => "ContractAgreementVerificationMessage",
        Step::Finalize => "ContractNegotiationEventMessage FINALIZED",
        Step::Terminate => "ContractNegotiationTerminationMessage",
    }
}

fn paths() -> (&'static str, String) {
    let mut rows = Vec::new();
    for step in Step::ALL {
        for role in Role::ALL {
            let first = step.path(role, None);
            // The stand-in for an id would be escaped in a path.
            let later = step.path(role, Some("PID")).map(|path| path.replace("PID", "{pid}"));
            for path in [first, later].into_iter().flatten() {
                rows.push(vec![message(step).to_owned(), role.to_string(), format!("`POST {{base}}{path}`")]);
            }
        }
    }
    table(&["message", "from the", "where to"], rows)
}

pub(crate) fn examples() -> Examples {
    Examples::from([
        ("table-limits", bounds()),
        ("table-problems", problems()),
        ("table-negotiation", negotiation()),
        ("table-paths", paths()),
    ])
}
