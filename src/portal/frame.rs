//! What every page has around its own content: language, theme, navigation,
//! who is signed in, what was just done.

use super::{
    assets,
    i18n::{Language, Message},
    parts::Notice,
};
use chrono::{DateTime, Utc};
use hansa_iam::model::Action;
use std::collections::BTreeSet;

/// Light, dark, or as the visitor's system has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Theme {
    /// As the visitor's system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Every theme, in the order of the switch.
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// Its stable name: in the cookie, in the form, and in the page.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of a name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

/// Where in the portal a page belongs: the entry of the navigation that is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Place {
    /// Nowhere: sign in, errors.
    #[default]
    None,
    /// What runs, what it costs, what needs attention.
    Overview,
    /// Applications.
    Applications,
    /// Offers.
    Offers,
    /// The map of sites.
    Sites,
    /// What was used, what it costs, budgets and invoices.
    Costs,
    /// What was drawn and emitted.
    Carbon,
    /// What was promised of machines, and how it is kept.
    Promises,
    /// What is wrong, and who sees to it.
    Faults,
    /// What people want to be warned of, and who is told.
    Alerts,
    /// Projects, members, quotas.
    Projects,
    /// The audit trail.
    Audit,
    /// Sites, nodes, offers and capacity of this provider.
    Infrastructure,
    /// Partners.
    Partners,
    /// Agreements with partners.
    Agreements,
    /// Orders of and at partners.
    Orders,
    /// What partners and this broker owe each other.
    Settlements,
    /// One's own account and tokens.
    Account,
}

/// Address, message, place, and the permission without which it isn't shown.
type Entry = (&'static str, &'static str, Place, Action);

/// The navigation: groups of entries.
const MENU: [(&str, &[Entry]); 3] = [
    (
        "nav-group-work",
        &[
            ("/", "nav-overview", Place::Overview, Action::ApplicationRead),
            ("/applications", "nav-applications", Place::Applications, Action::ApplicationRead),
            ("/faults", "nav-faults", Place::Faults, Action::ApplicationRead),
            ("/alerts", "nav-alerts", Place::Alerts, Action::ApplicationRead),
            ("/offers", "nav-offers", Place::Offers, Action::CatalogueRead),
            ("/sites", "nav-sites", Place::Sites, Action::CatalogueRead),
        ],
    ),
    (
        "nav-group-people",
        &[
            ("/projects", "nav-projects", Place::Projects, Action::ProjectRead),
            ("/costs", "nav-costs", Place::Costs, Action::UsageRead),
            ("/promises", "nav-promises", Place::Promises, Action::ApplicationRead),
            ("/carbon", "nav-carbon", Place::Carbon, Action::UsageRead),
            ("/audit", "nav-audit", Place::Audit, Action::AuditRead),
        ],
    ),
    (
        "nav-group-provider",
        &[
            ("/infrastructure", "nav-infrastructure", Place::Infrastructure, Action::NodeRead),
            ("/partners", "nav-partners", Place::Partners, Action::PartnerRead),
            ("/agreements", "nav-agreements", Place::Agreements, Action::AgreementRead),
            ("/orders", "nav-orders", Place::Orders, Action::AgreementRead),
            ("/settlements", "nav-settlements", Place::Settlements, Action::AgreementRead),
        ],
    ),
];

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// How people call them.
    pub name: String,
    /// Whether there is a session that can be ended; not so at a broker without login.
    pub signed_in: bool,
}

/// What every page has around its own content.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// The language of the page.
    pub language: Language,
    /// Light or dark.
    pub theme: Theme,
    /// The entry of the navigation that is marked.
    pub place: Place,
    /// Path and query of this page: where the switches of language and theme lead back to.
    pub path: String,
    /// Who looks at it. None: nobody has signed in.
    pub person: Option<Person>,
    /// What they may do somewhere: which entries and buttons are shown. It
    /// grants nothing; each request is decided anew.
    pub allowed: BTreeSet<Action>,
    /// What forms carry against forgery.
    pub csrf: String,
    /// What was just done.
    pub flash: Option<Notice>,
    /// Now.
    pub now: DateTime<Utc>,
    /// The name of this broker, for people.
    pub broker: String,
    /// Where this broker is reached, `http://127.0.0.1:8080`: for the CLI and curl.
    pub address: String,
    /// Whether the broker asks for a login: then the CLI and curl need a token.
    pub login: bool,
}

/// A group of the navigation.
#[derive(Debug, Clone)]
pub(crate) struct MenuGroup {
    /// Its name.
    pub name: String,
    /// Its entries.
    pub entries: Vec<MenuEntry>,
}

/// An entry of the navigation.
#[derive(Debug, Clone)]
pub(crate) struct MenuEntry {
    /// Where it leads.
    pub href: &'static str,
    /// Its name.
    pub name: String,
    /// Whether the page belongs to it.
    pub current: bool,
}

impl Frame {
    /// A text without arguments.
    pub(crate) fn t(&self, key: &str) -> String {
        self.language.t(key)
    }

    /// A text with arguments: `frame.msg("applications-count").with("count", count)`.
    pub(crate) fn msg(&self, key: &str) -> Message {
        self.language.msg(key)
    }

    /// Whether the one who looks may do this somewhere.
    pub(crate) fn may(&self, action: Action) -> bool {
        self.allowed.contains(&action)
    }

    /// The navigation, without what isn't theirs.
    pub(crate) fn menu(&self) -> Vec<MenuGroup> {
        let group = |(name, entries): &(&str, &[Entry])| MenuGroup {
            name: self.t(name),
            entries: entries
                .iter()
                .filter(|(_, _, _, action)| self.may(*action))
                .map(|(href, name, place, _)| MenuEntry { href, name: self.t(name), current: *place == self.place })
                .collect(),
        };
        MENU.iter().map(group).filter(|group| !group.entries.is_empty()).collect()
    }

    /// The languages of the switch.
    pub(crate) const fn languages(&self) -> [Language; 4] {
        Language::ALL
    }

    /// The themes of the switch.
    pub(crate) const fn themes(&self) -> [Theme; 3] {
        Theme::ALL
    }

    /// The name of a theme.
    pub(crate) fn theme_name(&self, theme: &Theme) -> String {
        self.t(match theme {
            Theme::System => "theme-system",
            Theme::Light => "theme-light",
            Theme::Dark => "theme-dark",
        })
    }

    /// Where the style sheet is.
    pub(crate) fn style(&self) -> &'static str {
        assets::STYLE.path()
    }

    /// Where the script is.
    pub(crate) fn script(&self) -> &'static str {
        assets::SCRIPT.path()
    }

    /// Where the icon is.
    pub(crate) fn icon(&self) -> &'static str {
        assets::ICON.path()
    }
}
