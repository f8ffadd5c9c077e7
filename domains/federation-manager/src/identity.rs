//! Who this broker is towards partners: its DID document and its keys.
