//! The words on invoices, in each language of the portal.

/// A language of invoices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
    /// French.
    Fr,
    /// Spanish.
    Es,
}

pub(super) struct Labels {
    pub(super) invoice: &'static str,
    pub(super) credit_note: &'static str,
    pub(super) seller: &'static str,
    pub(super) buyer: &'static str,
    pub(super) issued: &'static str,
    pub(super) period: &'static str,
    pub(super) project: &'static str,
    pub(super) takes_back: &'static str,
    pub(super) due: &'static str,
    pub(super) account: &'static str,
    pub(super) services: &'static str,
    pub(super) line: &'static str,
    pub(super) service: &'static str,
    pub(super) application: &'static str,
    pub(super) quantity: &'static str,
    pub(super) price: &'static str,
    pub(super) tax_rate: &'static str,
    pub(super) net: &'static str,
    pub(super) totals: &'static str,
    pub(super) tax: &'static str,
    pub(super) payable: &'static str,
}

impl Language {
    /// Its code (BCP 47).
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Fr => "fr",
            Self::Es => "es",
        }
    }

    pub(super) const fn labels(self) -> &'static Labels {
        match self {
            Self::En => &EN,
            Self::De => &DE,
            Self::Fr => &FR,
            Self::Es => &ES,
        }
    }
}

const EN: Labels = Labels {
    invoice: "Invoice",
    credit_note: "Credit note",
    seller: "Seller",
    buyer: "Buyer",
    issued: "Issued",
    period: "Period",
    project: "Project",
    takes_back: "Takes back invoice",
    due: "Due",
    account: "Account (IBAN)",
    services: "Services",
    line: "No.",
    service: "Service",
    application: "application",
    quantity: "Quantity",
    price: "Price of one",
    tax_rate: "VAT",
    net: "Net",
    totals: "Totals",
    tax: "VAT",
    payable: "Amount due",
};

const DE: Labels = Labels {
    invoice: "Rechnung",
    credit_note: "Stornorechnung",
    seller: "Verkäufer",
    buyer: "Käufer",
    issued: "Ausgestellt",
    period: "Zeitraum",
    project: "Projekt",
    takes_back: "Storniert Rechnung",
    due: "Fällig",
    account: "Konto (IBAN)",
    services: "Leistungen",
    line: "Nr.",
    service: "Leistung",
    application: "Anwendung",
    quantity: "Menge",
    price: "Einzelpreis",
    tax_rate: "USt.",
    net: "Netto",
    totals: "Summen",
    tax: "USt.",
    payable: "Zahlbetrag",
};

const FR: Labels = Labels {
    invoice: "Facture",
    credit_note: "Avoir",
    seller: "Vendeur",
    buyer: "Acheteur",
    issued: "Émise le",
    period: "Période",
    project: "Projet",
    takes_back: "Annule la facture",
    due: "Échéance",
    account: "Compte (IBAN)",
    services: "Prestations",
    line: "N°",
    service: "Prestation",
    application: "application",
    quantity: "Quantité",
    price: "Prix unitaire",
    tax_rate: "TVA",
    net: "Montant HT",
    totals: "Totaux",
    tax: "TVA",
    payable: "Net à payer",
};

const ES: Labels = Labels {
    invoice: "Factura",
    credit_note: "Factura rectificativa",
    seller: "Vendedor",
    buyer: "Comprador",
    issued: "Emitida",
    period: "Período",
    project: "Proyecto",
    takes_back: "Anula la factura",
    due: "Vencimiento",
    account: "Cuenta (IBAN)",
    services: "Servicios",
    line: "N.º",
    service: "Servicio",
    application: "aplicación",
    quantity: "Cantidad",
    price: "Precio unitario",
    tax_rate: "IVA",
    net: "Base imponible",
    totals: "Totales",
    tax: "IVA",
    payable: "Importe a pagar",
};
