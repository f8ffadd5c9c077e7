//! Management, catalogue and repository: database, migrations, event log, work queue, operations, catalogue of offers.
