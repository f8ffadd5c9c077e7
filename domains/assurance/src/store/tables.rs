//! The tables as diesel sees them.

diesel::table! {
    assurance_course (machine) {
        machine -> Text,
        look -> Nullable<BigInt>,
        over -> Nullable<BigInt>,
        body -> Text,
    }
}

diesel::table! {
    assurance_standing (machine, objective, began) {
        machine -> Text,
        objective -> Integer,
        began -> BigInt,
        ended -> BigInt,
        project -> Text,
        application -> Nullable<Text>,
        provider -> Text,
        judged -> Bool,
        missed -> Bool,
        body -> Text,
    }
}

diesel::table! {
    assurance_breach (sequence) {
        sequence -> BigInt,
        project -> Text,
        application -> Nullable<Text>,
        body -> Text,
    }
}

diesel::table! {
    assurance_announcement (id) {
        id -> Text,
        began -> BigInt,
        ended -> BigInt,
        body -> Text,
    }
}

diesel::table! {
    assurance_subscription (id) {
        id -> Text,
        project -> Nullable<Text>,
        name -> Text,
        cursor -> BigInt,
        body -> Text,
    }
}

diesel::table! {
    assurance_delivery (subscription, event) {
        subscription -> Text,
        event -> BigInt,
        body -> Text,
    }
}

diesel::table! {
    assurance_rule (id) {
        id -> Text,
        project -> Nullable<Text>,
        name -> Text,
        body -> Text,
    }
}

diesel::table! {
    assurance_fault (number) {
        number -> BigInt,
        project -> Nullable<Text>,
        application -> Nullable<Text>,
        kind -> Text,
        state -> Text,
        severity -> Integer,
        resolved -> Nullable<BigInt>,
        body -> Text,
    }
}
