//! Who sends an invoice, and who gets it.

use crate::AccountingError;
use hansa_ontology::place::Area;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A seller or a buyer (EN 16931 BG-4, BG-7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Party {
    /// The registered name (BT-27, BT-44).
    pub name: String,
    /// Street and number (BT-35, BT-50).
    pub street: String,
    /// The city (BT-37, BT-52).
    pub city: String,
    /// The post code (BT-38, BT-53).
    pub post_code: String,
    /// The country (BT-40, BT-55).
    pub country: Area,
    /// The number for the tax on value added, with its country's letters (BT-31, BT-48).
    #[serde(default)]
    pub vat_id: Option<String>,
    /// The number in a register of companies (BT-30, BT-47).
    #[serde(default)]
    pub legal_id: Option<String>,
    /// Where electronic invoices go: an address of electronic mail (BT-34, BT-49).
    #[serde(default)]
    pub email: Option<String>,
}

impl Party {
    /// Whether it can stand in a document.
    pub(crate) fn check(&self, who: &str) -> Result<(), AccountingError> {
        let required =
            [("name", &self.name), ("street", &self.street), ("city", &self.city), ("postCode", &self.post_code)];
        if let Some((field, _)) = required.iter().find(|(_, text)| text.trim().is_empty()) {
            return Err(AccountingError::invalid(format!("{who}.{field}"), "must not be empty"));
        }
        if self.country.as_str().len() != 2 || self.country.as_str() == "EU" {
            let problem = format!("`{}` is no country; write its two letters of ISO 3166-1, such as DE", self.country);
            return Err(AccountingError::invalid(format!("{who}.country"), problem));
        }
        let optional = [("vatId", &self.vat_id), ("legalId", &self.legal_id), ("email", &self.email)];
        let optional = optional.iter().filter_map(|(field, text)| text.as_ref().map(|text| (*field, text)));
        let mut all = required.into_iter().chain(optional);
        match all.find(|(_, text)| !is_plain(text)) {
            Some((field, _)) => Err(AccountingError::invalid(
                format!("{who}.{field}"),
                "must not have control characters; take them out",
            )),
            None => Ok(()),
        }
    }
}

/// Whether a text can stand in XML 1.0 on one line.
pub(super) fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'))
}
