//! The pages of the development login: plain HTML, no script, a style sheet of
//! their own, and a policy that lets nothing else in.

use super::{
    message::DevResponse,
    people::{PEOPLE, Person},
};

/// What these pages may load and where their forms go.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Somebody is to be chosen.
pub(super) fn choose(action: &str, hidden: &[(&str, &str)], intro: &str, heading: &str) -> DevResponse {
    let hidden: String = hidden
        .iter()
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value)))
        .collect();
    let people: String = PEOPLE.iter().map(button).collect();
    let refuse = if hidden.contains("user_code") {
        "<p><button class=\"no\" name=\"person\" value=\"\">No, this was not me</button></p>"
    } else {
        ""
    };
    let body = format!(
        "<p>{}</p><form method=\"post\" action=\"{}\">{hidden}<ul>{people}</ul>{refuse}</form>",
        escape(intro),
        escape(action)
    );
    page(200, heading, &body)
}

fn button(person: &Person) -> String {
    format!(
        "<li><button name=\"person\" value=\"{}\"><strong>{}</strong><span>{}</span></button></li>",
        escape(person.name),
        escape(person.full_name),
        escape(person.task)
    )
}

/// The code of a device is to be typed.
pub(super) fn ask_code(action: &str, wrong: Option<&str>) -> DevResponse {
    let (told, described) = match wrong {
        Some(text) => (
            format!("<p id=\"wrong\" class=\"wrong\" role=\"alert\">{}</p>", escape(text)),
            " aria-invalid=\"true\" aria-describedby=\"wrong\"",
        ),
        None => (String::new(), ""),
    };
    let body = format!(
        "<form method=\"get\" action=\"{}\"><label for=\"code\">The code that the command line shows</label>{told}\
         <input id=\"code\" name=\"user_code\" autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" \
         placeholder=\"BCDF-GHJK\" required{described}><button class=\"yes\">Continue</button></form>",
        escape(action)
    );
    page(if wrong.is_some() { 400 } else { 200 }, "Let a device in", &body)
}

/// Something is said and nothing asked.
pub(super) fn told(status: u16, heading: &str, text: &str) -> DevResponse {
    page(status, heading, &format!("<p>{}</p>", escape(text)))
}

fn page(status: u16, heading: &str, body: &str) -> DevResponse {
    let heading = escape(heading);
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{heading} · Hansa development login</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"stylesheet\" href=\"style.css\"></head><body><main><h1>{heading}</h1>{body}\
         <p class=\"note\">This login is for development, on this machine alone. It asks for no password: \
         whoever comes is whom they choose.</p></main></body></html>"
    );
    let headers = vec![
        ("Content-Type", "text/html; charset=utf-8".to_owned()),
        ("Content-Security-Policy", POLICY.to_owned()),
        ("X-Frame-Options", "DENY".to_owned()),
        ("X-Content-Type-Options", "nosniff".to_owned()),
        ("Referrer-Policy", "same-origin".to_owned()),
        ("Cache-Control", "no-store".to_owned()),
    ];
    DevResponse { status, headers, body: html }
}

/// The style sheet.
pub(super) fn style() -> DevResponse {
    let headers = vec![
        ("Content-Type", "text/css; charset=utf-8".to_owned()),
        ("X-Content-Type-Options", "nosniff".to_owned()),
        ("Cache-Control", "max-age=3600".to_owned()),
    ];
    DevResponse { status: 200, headers, body: STYLE.to_owned() }
}

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#16232e;--soft:#4a5a66;--paper:#f6f7f5;--card:#fff;--line:#8a979f;--accent:#0b5c74}\
@media (prefers-color-scheme:dark){:root{--ink:#e9eef0;--soft:#b3c0c7;--paper:#10181e;--card:#1a252d;--line:#6d7d87;--accent:#7fd0e6}}\
*{box-sizing:border-box}body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}\
main{max-width:34rem;margin:0 auto;padding:2rem 1rem}h1{font-size:1.5rem;margin:0 0 1rem}\
ul{list-style:none;margin:1rem 0;padding:0;display:grid;gap:.5rem}\
button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.75rem 1rem;\
min-height:2.75rem;cursor:pointer;text-align:left}li button{width:100%;display:grid;gap:.1rem}li span,.note{color:var(--soft)}\
button:hover{border-color:var(--accent)}:focus-visible{outline:3px solid var(--accent);outline-offset:2px}\
label{display:block;margin:0 0 .5rem}input{font:inherit;font-size:1.25rem;letter-spacing:.1em;color:inherit;background:var(--card);\
border:1px solid var(--line);border-radius:.5rem;padding:.5rem .75rem;margin:0 .5rem .5rem 0;max-width:100%}\
.wrong{border-left:4px solid #c0392b;padding-left:.75rem}.note{font-size:.9rem;border-top:1px solid var(--line);padding-top:1rem;margin-top:2rem}";

/// Text within HTML.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
