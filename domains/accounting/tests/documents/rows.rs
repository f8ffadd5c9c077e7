//! Rules of FOCUS 1.2 that focus-validator skips or has the wrong way round.

use hansa_ontology::money::Micros;
use std::collections::BTreeMap;

pub(crate) type Row = BTreeMap<String, String>;

/// Reads CSV (RFC 4180).
pub(crate) fn read(bytes: &[u8]) -> Vec<Row> {
    let text = std::str::from_utf8(bytes).unwrap();
    let mut lines = text.lines().map(fields);
    let names = lines.next().unwrap();
    lines.map(|line| names.iter().cloned().zip(line).collect()).collect()
}

fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut quoted) = (vec![String::new()], false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let field = fields.last_mut().unwrap();
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => field.push(letters.next().unwrap()),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            letter => field.push(letter),
        }
    }
    fields
}

/// The sum of an exact column, in micro-units.
pub(crate) fn sum(rows: &[Row], column: &str) -> i64 {
    rows.iter().map(|row| row[column].parse::<Micros>().unwrap().0).sum()
}

fn number(row: &Row, column: &str) -> Option<f64> {
    (!row[column].is_empty()).then(|| row[column].parse().unwrap())
}

pub(crate) fn check(rows: &[Row], invoice: Option<&str>) {
    let mut sku_of_price: BTreeMap<&str, &str> = BTreeMap::new();
    let mut category_of_service: BTreeMap<&str, &str> = BTreeMap::new();
    for row in rows {
        let is = |column: &str, value: &str| row[column] == value;
        // InvoiceId-C-004, C-005.
        assert_eq!(row["InvoiceId"], invoice.unwrap_or_default());
        // CommitmentDiscountStatus-C-003, C-004, C-005; PricingCategory-C-009; ConsumedQuantity-C-004.
        assert_eq!(is("CommitmentDiscountId", ""), is("CommitmentDiscountStatus", ""), "{row:?}");
        assert!(["", "Used", "Unused"].contains(&row["CommitmentDiscountStatus"].as_str()));
        assert_eq!(!is("CommitmentDiscountId", ""), is("PricingCategory", "Committed"));
        assert!(!is("CommitmentDiscountStatus", "Unused") || is("ConsumedQuantity", ""));
        // CommitmentDiscountQuantity-C-014, C-015.
        assert!(is("CommitmentDiscountId", "") || row["CommitmentDiscountQuantity"] == row["PricingQuantity"]);
        // ContractedCost-C-009, ListCost-C-009.
        for (price, cost) in [("ContractedUnitPrice", "ContractedCost"), ("ListUnitPrice", "ListCost")] {
            let (price, quantity) = (number(row, price), number(row, "PricingQuantity"));
            if let (Some(price), Some(quantity), Some(cost)) = (price, quantity, number(row, cost)) {
                assert!((price * quantity - cost).abs() < 1e-9 * cost.abs().max(1.0), "{row:?}");
            }
        }
        // ContractedCost-C-008, EffectiveCost-C-010.
        if is("ChargeCategory", "Tax") || is("ChargeCategory", "Credit") || is("ServiceName", "Adjustment") {
            assert!(row["BilledCost"] == row["ContractedCost"] && row["BilledCost"] == row["EffectiveCost"]);
        }
        // BillingPeriodStart-C-004, ChargePeriodStart-C-004: times as text are in order.
        assert!(
            row["BillingPeriodStart"] <= row["ChargePeriodStart"] && row["ChargePeriodStart"] < row["ChargePeriodEnd"]
        );
        assert!(row["ChargePeriodEnd"] <= row["BillingPeriodEnd"]);
        // SkuPriceId-C-008, ServiceName-C-005.
        let (sku, service) = (row["SkuId"].as_str(), row["ServiceCategory"].as_str());
        assert_eq!(*sku_of_price.entry(&row["SkuPriceId"]).or_insert(sku), sku);
        assert_eq!(*category_of_service.entry(&row["ServiceName"]).or_insert(service), service);
        // Tags-C-012: ours begin alike.
        assert!(is("Tags", "") || row["Tags"].starts_with("{\"hansa/"));
    }
    let has = |column: &str, value: &str| rows.iter().any(|row| row[column] == value);
    assert!(
        has("PricingCategory", "Dynamic") && has("CommitmentDiscountStatus", "Unused") && has("PricingCurrency", "USD")
    );
    assert_eq!(invoice.is_some(), has("ChargeCategory", "Tax"));
    assert!(has("ChargeCategory", "Credit"));
}
