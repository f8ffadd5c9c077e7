//! The tables as diesel sees them.

diesel::table! {
    accounting_course (thing) {
        thing -> Text,
        project -> Text,
        running -> Bool,
        metered_to -> BigInt,
        body -> Text,
    }
}

diesel::table! {
    accounting_lifetime (thing, began) {
        thing -> Text,
        began -> BigInt,
        ended -> BigInt,
        project -> Text,
        body -> Text,
    }
}

diesel::table! {
    accounting_fault (id) {
        id -> Text,
        project -> Nullable<Text>,
        body -> Text,
    }
}

diesel::table! {
    accounting_subject (id) {
        id -> BigInt,
        digest -> Text,
        slot -> BigInt,
        slot_digest -> Text,
        rank -> Text,
        project -> Text,
        included -> Bool,
        body -> Text,
    }
}

diesel::table! {
    accounting_record (slot, began) {
        slot -> BigInt,
        began -> BigInt,
        ended -> BigInt,
        subject -> BigInt,
        quantity -> BigInt,
        revision -> BigInt,
        standing -> Integer,
        source -> Integer,
    }
}

diesel::table! {
    accounting_document (kind, name) {
        kind -> Text,
        name -> Text,
        project -> Nullable<Text>,
        version -> BigInt,
        body -> Text,
    }
}

diesel::table! {
    accounting_entry (place) {
        place -> BigInt,
        id -> Text,
        day -> Text,
        entry_group -> Text,
        about -> Text,
        body -> Text,
    }
}

diesel::table! {
    accounting_posting (entry, side) {
        entry -> BigInt,
        side -> Integer,
        account -> Text,
        currency -> Text,
        day -> Text,
        debit -> BigInt,
        credit -> BigInt,
    }
}

diesel::table! {
    accounting_closing (through) {
        through -> Text,
        entries -> BigInt,
        digest -> Text,
    }
}

diesel::table! {
    accounting_invoice (number) {
        number -> Text,
        series -> Text,
        year -> Integer,
        serial -> BigInt,
        project -> Text,
        month -> Text,
        credit -> Bool,
        taken_back -> Bool,
        document -> Text,
    }
}

diesel::table! {
    accounting_breach (sequence) {
        sequence -> BigInt,
        project -> Text,
        told -> BigInt,
        ended -> BigInt,
        body -> Text,
    }
}

diesel::table! {
    accounting_charge (invoice, place) {
        invoice -> Text,
        place -> BigInt,
        body -> Text,
    }
}
