// libpq as the directory uses it: connections and statements by its non-blocking calls, results, notifications.
#include <libpq-fe.h>

// Swift does not see macros that are character constants.
static const int residency_pq_sqlstate = PG_DIAG_SQLSTATE;
static const int residency_pq_message = PG_DIAG_MESSAGE_PRIMARY;
