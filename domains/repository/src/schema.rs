//! The repository's own tables, as diesel sees them.

diesel::table! {
    event (sequence) {
        sequence -> BigInt,
        at -> Timestamp,
        actor -> Text,
        application -> Nullable<Text>,
        subject -> Text,
        kind -> Text,
        message -> Text,
        data -> Text,
        request -> Nullable<Text>,
        project -> Nullable<Text>,
    }
}

diesel::table! {
    follower (name) {
        name -> Text,
        sequence -> BigInt,
        generation -> BigInt,
    }
}

diesel::table! {
    closed_project (project) {
        project -> Text,
    }
}

diesel::table! {
    application_project (application) {
        application -> Text,
        project -> Text,
    }
}

diesel::table! {
    work_item (queue, key) {
        queue -> Text,
        key -> Text,
        due -> Timestamp,
        wanted -> Nullable<Timestamp>,
        lease_owner -> Nullable<Text>,
        lease_until -> Nullable<Timestamp>,
        fence -> BigInt,
        attempts -> Integer,
        last_error -> Nullable<Text>,
    }
}

diesel::table! {
    counter (name) {
        name -> Text,
        value -> BigInt,
    }
}

diesel::table! {
    operation (id) {
        id -> Text,
        kind -> Text,
        subject -> Text,
        application -> Nullable<Text>,
        actor -> Text,
        state -> Text,
        detail -> Text,
        done -> BigInt,
        total -> BigInt,
        message -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        project -> Nullable<Text>,
    }
}

diesel::table! {
    idempotency_key (actor, key) {
        actor -> Text,
        key -> Text,
        digest -> Text,
        begun_at -> Timestamp,
        status -> Nullable<Integer>,
        headers -> Nullable<Text>,
        body -> Nullable<Text>,
    }
}

diesel::table! {
    catalogue_resource (iri) {
        iri -> Text,
        class -> Text,
        document -> Text,
        statements -> Text,
        original -> Nullable<Text>,
        original_media_type -> Nullable<Text>,
        imported_at -> Timestamp,
        withdrawn -> Bool,
        generation -> BigInt,
        partner -> Nullable<Text>,
        signature -> Nullable<Text>,
        received_at -> Nullable<Timestamp>,
        holds_until -> Nullable<Timestamp>,
        units -> Nullable<BigInt>,
        units_as_of -> Nullable<Timestamp>,
    }
}

diesel::table! {
    catalogue_flavour (name) {
        name -> Text,
        document -> Text,
        version -> BigInt,
        changed_at -> Timestamp,
    }
}

diesel::table! {
    catalogue_sale (iri) {
        iri -> Text,
        state -> Text,
        document -> Text,
        units_from_nodes -> Bool,
        version -> BigInt,
        created_at -> Timestamp,
        changed_at -> Timestamp,
        changed_by -> Text,
    }
}

diesel::table! {
    catalogue_sale_version (iri, version) {
        iri -> Text,
        version -> BigInt,
        change -> Text,
        document -> Text,
        at -> Timestamp,
        changed_by -> Text,
        valid_from -> Timestamp,
        in_force -> Bool,
    }
}

diesel::table! {
    broker_identity (id) {
        id -> Text,
    }
}

diesel::table! {
    system (name) {
        name -> Text,
        kind -> Text,
        site -> Text,
        address -> Text,
        credential -> Nullable<Text>,
        trust -> Nullable<Text>,
        settings -> Text,
        created_at -> Timestamp,
        created_by -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    system_standing (system) {
        system -> Text,
        report -> Nullable<Text>,
        trouble -> Nullable<Text>,
        tried_at -> Timestamp,
    }
}

diesel::table! {
    system_offer (offer) {
        offer -> Text,
        system -> Text,
        item -> Nullable<Text>,
    }
}
