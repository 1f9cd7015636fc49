// libpq as the directory and the mover use it: connections and statements by its non-blocking calls, results, COPY,
// replication, notifications.
#include <libpq-fe.h>

// Swift does not see macros that are character constants.
static const int residency_pq_sqlstate = PG_DIAG_SQLSTATE;
static const int residency_pq_message = PG_DIAG_MESSAGE_PRIMARY;
static const int residency_pq_detail = PG_DIAG_MESSAGE_DETAIL;
static const int residency_pq_schema = PG_DIAG_SCHEMA_NAME;
static const int residency_pq_table = PG_DIAG_TABLE_NAME;
static const int residency_pq_constraint = PG_DIAG_CONSTRAINT_NAME;
