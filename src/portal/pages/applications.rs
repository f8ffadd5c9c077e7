//! The list of applications.

use crate::portal::{
    Frame, Place,
    parts::{AlsoBy, Choice, Empty, Field, FieldKind, Instant, Pager, StateMark},
};
use askama::Template;
use chrono::{DateTime, Utc};
use hansa_iam::Action;
use hansa_ontology::Money;

/// Every phase by which the list can be filtered.
pub(crate) const PHASES: [&str; 7] = ["running", "waiting", "degraded", "blocked", "deploying", "planning", "removing"];

/// An application in short.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outline {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub project: String,
    /// The stable name of its phase.
    pub phase: &'static str,
    /// Why it isn't as it should be.
    pub reason: Option<String>,
    /// Number of the wanted revision.
    pub revision: i64,
    /// What its plan costs an hour.
    pub price: Option<Money>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What the address asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Words that the name must hold.
    pub name: String,
    /// The phase.
    pub phase: String,
    /// The project.
    pub project: String,
    /// `name`, `price` or `changed`.
    pub order: String,
    /// The page, from 1.
    pub page: usize,
}

impl Wanted {
    /// Whether an application is asked for.
    fn passes(&self, one: &Outline) -> bool {
        let words = self.name.to_lowercase();
        (self.phase.is_empty() || one.phase == self.phase)
            && (self.project.is_empty() || one.project == self.project)
            && words.split_whitespace().all(|word| one.name.contains(word))
    }

    /// Sorts and cuts out one page. Gives how many there are in all.
    fn page_of(&self, mut all: Vec<Outline>, size: usize) -> (Vec<Outline>, usize) {
        all.retain(|one| self.passes(one));
        match self.order.as_str() {
            "price" => {
                all.sort_by_key(|one| (std::cmp::Reverse(one.price.map(|price| price.micros)), one.name.clone()))
            }
            "changed" => all.sort_by_key(|one| (std::cmp::Reverse(one.updated_at), one.name.clone())),
            _ => all.sort_by(|a, b| (&a.name, &a.project).cmp(&(&b.name, &b.project))),
        }
        let count = all.len();
        (all.into_iter().skip((self.page.max(1) - 1) * size).take(size).collect(), count)
    }

    /// The address of a page of the same list.
    fn href(&self, page: usize) -> String {
        let number = page.to_string();
        let parts = [
            ("name", self.name.as_str()),
            ("phase", &self.phase),
            ("project", &self.project),
            ("order", &self.order),
            ("page", if page > 1 { &number } else { "" }),
        ];
        let query: Vec<String> = parts
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        if query.is_empty() { "/applications".to_owned() } else { format!("/applications?{}", query.join("&")) }
    }
}

/// A text as a value in a query (RFC 3986, section 3.4).
pub(crate) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// The list of applications.
#[derive(Debug, Template)]
#[template(path = "applications.html")]
pub(crate) struct ApplicationsPage {
    frame: Frame,
    fields: Vec<Field>,
    rows: Vec<Row>,
    several_projects: bool,
    empty: Option<Empty>,
    pager: Pager,
    also: AlsoBy,
}

#[derive(Debug)]
struct Row {
    href: String,
    name: String,
    project: String,
    state: StateMark,
    reason: Option<String>,
    revision: i64,
    price: Option<String>,
    changed: Instant,
}

impl ApplicationsPage {
    /// Rows of a page.
    const SIZE: usize = 50;

    /// Of all that the visitor may see.
    pub(crate) fn new(frame: Frame, wanted: &Wanted, all: Vec<Outline>) -> Self {
        let language = frame.language;
        let mut projects: Vec<String> = all.iter().map(|one| one.project.clone()).collect();
        projects.sort_unstable();
        projects.dedup();
        let fields = fields(&frame, wanted, &projects);
        let any = !all.is_empty();
        let (shown, count) = wanted.page_of(all, Self::SIZE);
        let first = (wanted.page.max(1) - 1) * Self::SIZE;
        let pager = Pager {
            language,
            shown: frame
                .msg("applications-shown")
                .with("from", if shown.is_empty() { 0 } else { first + 1 })
                .with("to", first + shown.len())
                .with("count", count)
                .to_string(),
            first: (wanted.page > 2).then(|| wanted.href(1)),
            previous: (wanted.page > 1).then(|| wanted.href(wanted.page - 1)),
            next: (first + shown.len() < count).then(|| wanted.href(wanted.page.max(1) + 1)),
        };
        let empty = shown.is_empty().then(|| {
            if any {
                Empty::new(frame.t("applications-none-found"), frame.t("applications-none-found-text"))
                    .action("/applications", frame.t("applications-all"))
            } else {
                Empty::new(frame.t("overview-empty"), frame.t("overview-empty-text"))
                    .action("/applications/new", frame.t("overview-new"))
            }
        });
        let rows = shown.into_iter().map(|one| Row::new(&frame, one)).collect();
        let also = AlsoBy::new(&frame).cli(&["app", "list"]).get("/api/v1/applications");
        Self { several_projects: projects.len() > 1, frame, fields, rows, empty, pager, also }
    }
}

fn fields(frame: &Frame, wanted: &Wanted, projects: &[String]) -> Vec<Field> {
    let choice = |value: &str, label: String| Choice { value: value.to_owned(), label };
    let any = || vec![choice("", frame.t("applications-any"))];
    let mut phases = any();
    phases.extend(PHASES.iter().map(|phase| choice(phase, frame.t(&format!("state-{phase}")))));
    let orders = vec![
        choice("", frame.t("applications-by-name")),
        choice("price", frame.t("applications-by-price")),
        choice("changed", frame.t("applications-by-change")),
    ];
    let mut fields = vec![
        Field::new("name", frame.t("applications-filter-name"), FieldKind::Line("search")).value(&wanted.name),
        Field::new("phase", frame.t("applications-filter-phase"), FieldKind::Choice(phases)).value(&wanted.phase),
    ];
    if projects.len() > 1 {
        let mut choices = any();
        choices.extend(projects.iter().map(|project| choice(project, project.clone())));
        let label = frame.t("applications-project");
        fields.push(Field::new("project", label, FieldKind::Choice(choices)).value(&wanted.project));
    }
    fields.push(Field::new("order", frame.t("applications-order"), FieldKind::Choice(orders)).value(&wanted.order));
    fields
}

impl Row {
    fn new(frame: &Frame, one: Outline) -> Self {
        let language = frame.language;
        Self {
            href: format!("/applications/{}", one.id),
            name: one.name,
            project: one.project,
            state: StateMark::of(language, one.phase),
            reason: one.reason,
            revision: one.revision,
            price: one.price.map(|price| language.money(price)),
            changed: Instant::ago(language, one.updated_at, frame.now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hansa_ontology::Currency;

    fn outline(number: i64) -> Outline {
        Outline {
            id: format!("id-{number}"),
            name: format!("app-{number:04}"),
            project: if number % 2 == 0 { "acme/web".to_owned() } else { "acme/data".to_owned() },
            phase: if number % 10 == 0 { "degraded" } else { "running" },
            reason: None,
            revision: 1,
            price: Some(Money::new(number, Currency::EUR)),
            updated_at: DateTime::<Utc>::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_list_of_a_thousand_is_filtered_sorted_and_cut() {
        let all: Vec<Outline> = (0..1_000).map(outline).collect();
        let wanted = Wanted { phase: "degraded".to_owned(), order: "price".to_owned(), page: 2, ..Wanted::default() };
        let (page, count) = wanted.page_of(all.clone(), 50);
        assert_eq!((page.len(), count), (50, 100));
        assert_eq!(page.first().unwrap().name, "app-0490");
        let found = Wanted { name: "0-00 app 07".to_owned(), ..Wanted::default() };
        assert_eq!(found.page_of(all.clone(), 50).1, 0);
        assert_eq!(Wanted { name: "APP 0007".to_owned(), ..Wanted::default() }.page_of(all.clone(), 50).1, 1);
        assert_eq!(Wanted { page: usize::MAX / 100, ..Wanted::default() }.page_of(all, 50).0.len(), 0);
    }

    #[test]
    fn an_address_keeps_what_was_asked() {
        let wanted = Wanted { name: "a&b=c".to_owned(), phase: "running".to_owned(), ..Wanted::default() };
        assert_eq!(wanted.href(2), "/applications?name=a%26b%3Dc&phase=running&page=2");
        assert_eq!(Wanted::default().href(1), "/applications");
    }
}
