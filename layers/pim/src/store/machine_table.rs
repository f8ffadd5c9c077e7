//! The table in which a room keeps the machines that it made. Each room has
//! one of its own, of the same shape; the shape stands here once.

/// Makes a type with the queries on one room's table of machines, for
/// [`Machines`](crate::machines::Machines). To be used in a room's
/// `store`; the room's migration makes the table with the columns named here.
#[macro_export]
macro_rules! machine_table {
    ($(#[$doc:meta])* $visibility:vis $name:ident, $table:ident, one = $one:literal, many = $many:literal) => {
        mod $table {
            diesel::table! {
                $table (machine) {
                    machine -> Text,
                    application -> Text,
                    connector -> Text,
                    request -> Text,
                    state -> Text,
                    created_at -> Timestamp,
                }
            }
        }

        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        $visibility struct $name;

        impl $crate::machines::MachineTable for $name {
            const ONE: &'static str = $one;
            const MANY: &'static str = $many;

            fn find(
                connection: &mut hansa_repository::Connection,
                machine: &str,
            ) -> Result<Option<$crate::machines::MachineRow>, hansa_repository::RepositoryError> {
                use diesel::{OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
                use $table::$table as table;
                let row: Option<$crate::machines::MachineColumns> =
                    table::table.find(machine).first(connection).optional()?;
                Ok(row.map(Into::into))
            }

            fn list(
                connection: &mut hansa_repository::Connection,
                application: Option<&str>,
            ) -> Result<Vec<$crate::machines::MachineRow>, hansa_repository::RepositoryError> {
                use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
                use $table::$table as table;
                let mut query = table::table.order(table::machine).into_boxed();
                if let Some(application) = application {
                    query = query.filter(table::application.eq(application));
                }
                let rows: Vec<$crate::machines::MachineColumns> = query.load(connection)?;
                Ok(rows.into_iter().map(Into::into).collect())
            }

            fn insert(
                connection: &mut hansa_repository::Connection,
                row: &$crate::machines::MachineRow,
            ) -> Result<(), hansa_repository::RepositoryError> {
                use diesel::{ExpressionMethods as _, RunQueryDsl as _};
                use $table::$table as table;
                diesel::insert_into(table::table)
                    .values((
                        table::machine.eq(&row.machine),
                        table::application.eq(&row.application),
                        table::connector.eq(&row.connector),
                        table::request.eq(&row.request),
                        table::state.eq(&row.state),
                        table::created_at.eq(row.created_at),
                    ))
                    .execute(connection)?;
                Ok(())
            }

            fn set_state(
                connection: &mut hansa_repository::Connection,
                machine: &str,
                state: &str,
            ) -> Result<(), hansa_repository::RepositoryError> {
                use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
                use $table::$table as table;
                diesel::update(table::table.find(machine))
                    .set(table::state.eq(state))
                    .execute(connection)?;
                Ok(())
            }

            fn delete(
                connection: &mut hansa_repository::Connection,
                machine: &str,
            ) -> Result<bool, hansa_repository::RepositoryError> {
                use diesel::{QueryDsl as _, RunQueryDsl as _};
                use $table::$table as table;
                Ok(diesel::delete(table::table.find(machine)).execute(connection)? > 0)
            }
        }
    };
}
