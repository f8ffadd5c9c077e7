//! The tables as diesel sees them.

diesel::table! {
    sustainability_machine (machine) {
        machine -> Text,
        project -> Text,
        is_open -> Bool,
        counted_to -> BigInt,
        body -> Text,
    }
}

diesel::table! {
    sustainability_workload (workload) {
        workload -> Text,
        machine -> Text,
    }
}

diesel::table! {
    sustainability_reading (machine, thing, kind, at) {
        machine -> Text,
        thing -> Text,
        kind -> Integer,
        at -> BigInt,
        value -> BigInt,
    }
}

diesel::table! {
    sustainability_subject (id) {
        id -> BigInt,
        digest -> Text,
        project -> Text,
        site -> Text,
        body -> Text,
    }
}

diesel::table! {
    sustainability_cell (subject, hour) {
        subject -> BigInt,
        hour -> BigInt,
        measured -> BigInt,
        utilised -> BigInt,
        stated -> BigInt,
        assumed -> BigInt,
        embodied -> BigInt,
        energy_unknown -> BigInt,
        embodied_unknown -> BigInt,
        held -> Nullable<BigInt>,
    }
}

diesel::table! {
    sustainability_series (kind, zone, variant, month) {
        kind -> Text,
        zone -> Text,
        variant -> Text,
        month -> BigInt,
        step -> BigInt,
        source -> Text,
        body -> Text,
    }
}

diesel::table! {
    sustainability_limit (project, name) {
        project -> Text,
        name -> Text,
        told -> Nullable<Text>,
        body -> Text,
    }
}

diesel::joinable!(sustainability_cell -> sustainability_subject (subject));
diesel::allow_tables_to_appear_in_same_query!(sustainability_cell, sustainability_subject);
