/* One tenant, one cutover from the source region to the target: two owner nodes of the source, a newcomer that starts
   while it runs, a coordinator, and a second coordinator that takes the lease over and gives the cutover up (deadline,
   lease that ran out, cancel). Without a -D it is the protocol as it is built; check.py runs it with each -D below, and
   fails when a mistake is not found. The names are those of the code: the gate and its exchanges are
   `RegionRouter/Admit`, hold, acknowledgements and barrier `TenantDirectory/Hold`; the fence row stands for
   `residency.tenant` of the source's store.

   What must hold in every state that can be reached:
     noWriteAfterSwitch      no write commits in the source's store once the tenant is the target's
     nothingBehindPosition   no write lies beyond the position that was applied to the target when that is decided
     noNeedlessRefusal       the store refuses no request of a tenant that serves there
     noAdmissionAfterSwitch  (CHECK_ADMIT) no node admits a request at the source after the switch, and so none after
                             the last acknowledgement of a cutover that went through */
#define CHECKED(property, condition) property = (condition); assert(property)
bool noWriteAfterSwitch = true, nothingBehindPosition = true;
bool noNeedlessRefusal = true, noAdmissionAfterSwitch = true;

/* The directory: placement, epoch, phase of the migration, and who holds its lease. */
mtype = { SOURCE, HELD, TARGET };
mtype = { READY, CUTTING_OVER, GIVEN_UP, COMMITTED };
mtype placement = SOURCE, phase = READY;
byte epoch = 7, lease = 1;
/* The fence row of the source's store. */
bool fenced = false, moved = false;
byte fenceEpoch = 7;
/* Writes that are committed in the source, and up to which of them the target has applied. */
byte committed = 0, position = 0;

/* The nodes: row in the registry, process, link to the directory, what the mirror says, what is acknowledged. */
bool registered[2] = true, isUp[2] = true, isLinked[2] = true;
mtype known[2] = SOURCE;
byte knownEpoch[2] = 7, acknowledged[2] = 0;
/* Whether the acknowledgement names the change of this hold, and not that of an earlier one with the same epoch. */
bool namesHold[2] = false;
/* The exchange in flight: 0 none, 1 sent to the app instance, 2 its transaction has written. */
byte inFlight[2] = 0;
/* The same of no node any more: its node died, its client left and nobody counts it, or it is a background job. */
byte orphans = 0, transactions = 0;

bool newRegistered = false;
mtype newKnown = HELD;
byte newEpoch = 0, newAcknowledged = 0, newInFlight = 0;

byte requests = 3, crashes = 1, cuts = 1, jobs = 1;

#define REFUSED CHECKED(noNeedlessRefusal, placement != SOURCE || phase == GIVEN_UP)
#define COMMITS committed++; CHECKED(noWriteAfterSwitch, placement != TARGET && !moved)
#define DECIDES CHECKED(nothingBehindPosition, committed == position)
#ifdef CHECK_ADMIT
#define ADMITTED CHECKED(noAdmissionAfterSwitch, placement != TARGET)
#else
#define ADMITTED skip
#endif
#define WRITERS (transactions > 0 || inFlight[0] == 2 || inFlight[1] == 2 || newInFlight == 2)

proctype App() {
end: do
  :: atomic { jobs > 0 -> jobs--; orphans++ }
  :: atomic { orphans > 0 -> orphans--; if :: !fenced -> transactions++ :: fenced -> skip fi }
  :: atomic { transactions > 0 -> transactions--; COMMITS }
  od }

#define LOSES_EXCHANGE if :: inFlight[n] == 1 -> orphans++ :: inFlight[n] == 2 -> transactions++ :: else fi; inFlight[n] = 0

proctype Node(byte n) {
end: do
  /* The feed, or the push: the higher epoch is taken, and is on the mirror's disk before anything follows from it. */
  :: atomic { isUp[n] && isLinked[n] && epoch > knownEpoch[n] -> known[n] = placement; knownEpoch[n] = epoch }
  /* Admit looks at the gate and counts in one step. */
  :: atomic { isUp[n] && known[n] == SOURCE && requests > 0 && inFlight[n] == 0 ->
              requests--; inFlight[n] = 1; ADMITTED }
  :: atomic { inFlight[n] == 1 -> if :: fenced -> inFlight[n] = 0; REFUSED :: else -> inFlight[n] = 2 fi }
  :: atomic { inFlight[n] == 2 -> inFlight[n] = 0; COMMITS }
#ifdef CLIENT_GONE            /* the client leaves, and the exchange is not counted any more */
  :: atomic { inFlight[n] == 1 -> inFlight[n] = 0; orphans++ }
  :: atomic { inFlight[n] == 2 -> inFlight[n] = 0; transactions++ }
#endif
  /* Drained: acknowledge. */
  :: atomic { isUp[n] && isLinked[n] && known[n] == HELD && inFlight[n] == 0 && acknowledged[n] != knownEpoch[n] ->
              acknowledged[n] = knownEpoch[n]; namesHold[n] = true }
  :: atomic { isUp[n] && crashes > 0 -> crashes--; isUp[n] = false; LOSES_EXCHANGE }                    /* kill -9 */
#ifdef STORE_DECIDES         /* the hold is too long and the directory away: the fence row says what was decided */
  :: atomic { isUp[n] && !isLinked[n] && known[n] == HELD && fenceEpoch <= knownEpoch[n] ->
              if :: moved -> known[n] = TARGET
                 :: else -> fenced = false; fenceEpoch = knownEpoch[n]; known[n] = SOURCE fi;
              knownEpoch[n] = knownEpoch[n] + 1 }
#endif
#ifdef STOP_REMOVES_ROW      /* a stopped node has no row and starts from its mirror all the same */
  :: atomic { isUp[n] && isLinked[n] && crashes > 0 && inFlight[n] == 0 ->
              crashes--; isUp[n] = false; registered[n] = false }
#endif
#ifdef SIGTERM_DEADLINE       /* the drain's deadline has passed: the rest is cut, and the row removed */
  :: atomic { isUp[n] && isLinked[n] && crashes > 0 ->
              crashes--; isUp[n] = false; registered[n] = false; LOSES_EXCHANGE }
#endif
#ifdef REGION_LEAVES_EARLY    /* a reload takes the region out of the row before its last request is done */
  :: atomic { isUp[n] && isLinked[n] && registered[n] && inFlight[n] > 0 -> registered[n] = false; known[n] = HELD }
#endif
#ifdef ACK_BEFORE_MIRROR      /* the mirror's commit was not on disk: it comes back with what it knew before the hold */
  :: atomic { !isUp[n] && !isLinked[n] && registered[n] && known[n] == HELD -> known[n] = SOURCE; knownEpoch[n] = 7 }
#endif
  :: atomic { isLinked[n] && cuts > 0 -> cuts--; isLinked[n] = false }
  :: atomic { !isUp[n] && !isLinked[n] ->                                               /* starts from the mirror */
#ifdef STOP_REMOVES_ROW
       isUp[n] = true
#else
       if :: registered[n] -> isUp[n] = true :: else fi
#endif
     }
  :: atomic { !isUp[n] && isLinked[n] -> isUp[n] = true; registered[n] = true;
              if :: epoch > knownEpoch[n] -> known[n] = placement; knownEpoch[n] = epoch :: else fi }
  od }

proctype Newcomer() {
#ifdef READ_THEN_REGISTER
  atomic { newKnown = placement; newEpoch = epoch }; newRegistered = true;
#else
#ifndef SAME_NODE_ID          /* it takes the row of a node that still runs, and acknowledges in its name */
  newRegistered = true;
#endif
  atomic { newKnown = placement; newEpoch = epoch };
#endif
end: do
  :: atomic { epoch > newEpoch -> newKnown = placement; newEpoch = epoch }
  :: atomic { newKnown == SOURCE && requests > 0 && newInFlight == 0 -> requests--; newInFlight = 1; ADMITTED }
  :: atomic { newInFlight == 1 -> if :: fenced -> newInFlight = 0; REFUSED :: else -> newInFlight = 2 fi }
  :: atomic { newInFlight == 2 -> newInFlight = 0; COMMITS }
  :: atomic { newKnown == HELD && newInFlight == 0 && newAcknowledged != newEpoch -> newAcknowledged = newEpoch;
#ifdef SAME_NODE_ID
              acknowledged[0] = newEpoch; namesHold[0] = true
#endif
            }
  od }

#ifdef NEVER_PASS_OVER
#define SILENT(n) false
#else
#define SILENT(n) (!isUp[n] || !isLinked[n])
#endif
#ifdef EPOCH_REUSED           /* the epoch follows from the directory alone, and alone names the acknowledgement */
#define NAMES_HOLD(n) true
#else
#define NAMES_HOLD(n) namesHold[n]
#endif
#define ACKNOWLEDGED(n) (!registered[n] || (acknowledged[n] == holdEpoch && NAMES_HOLD(n)) || SILENT(n))

/* A hold's epoch is one above the highest of the directory, the fence row and the nodes that answer. */
inline hold() {
  atomic { phase == READY; holdEpoch = epoch;
#ifndef EPOCH_REUSED
    if :: fenceEpoch > holdEpoch -> holdEpoch = fenceEpoch :: else fi;
    if :: isUp[0] && isLinked[0] && knownEpoch[0] > holdEpoch -> holdEpoch = knownEpoch[0] :: else fi;
    if :: isUp[1] && isLinked[1] && knownEpoch[1] > holdEpoch -> holdEpoch = knownEpoch[1] :: else fi;
#endif
    holdEpoch++; epoch = holdEpoch; placement = HELD; phase = CUTTING_OVER } }

proctype Coordinator() { byte holdEpoch; bool awaitsNewcomer;
#ifdef LIST_THEN_HOLD
  awaitsNewcomer = newRegistered; hold();
#else
  hold(); awaitsNewcomer = newRegistered;
#endif
  /* The barrier passes. */
  do :: atomic { ACKNOWLEDGED(0) && ACKNOWLEDGED(1) && (!awaitsNewcomer || newAcknowledged == holdEpoch) -> break }
     :: epoch != holdEpoch || phase != CUTTING_OVER -> goto out od;
  /* The fence goes up, then the position is read. */
#ifdef NO_WALL3
  position = committed;
#else
#ifdef POSITION_BEFORE_FENCE
  position = committed; atomic { !WRITERS -> fenced = true; fenceEpoch = holdEpoch };
#else
#ifdef FENCE_WITHOUT_DRAIN
  atomic { if :: fenceEpoch >= holdEpoch -> goto out :: else -> fenced = true; fenceEpoch = holdEpoch fi };
#else
#ifdef FENCE_WITHOUT_EPOCH
  atomic { !WRITERS -> fenced = true };
#else
  atomic { if :: fenceEpoch >= holdEpoch -> goto out
              :: fenceEpoch < holdEpoch && !WRITERS -> fenced = true; fenceEpoch = holdEpoch fi };
#endif
#endif
  position = committed;
#endif
#endif
  /* The stream is applied up to the position, the rows are verified, the decision is written. */
#ifdef STORE_DECIDES
  atomic { if :: fenced && fenceEpoch == holdEpoch && !moved -> moved = true; DECIDES :: else -> goto out fi };
#endif
  /* Release to the target. */
  atomic { if :: phase == CUTTING_OVER && epoch == holdEpoch && lease == 1 ->
                 placement = TARGET; epoch++; phase = COMMITTED; DECIDES
              :: else fi };
out: skip }

proctype GivesUp() {
  atomic { if :: phase == CUTTING_OVER -> lease = 2 :: skip -> goto out fi };
#ifdef GIVEUP_WITHOUT_LEASE
  lease = 1;
#endif
#ifdef GIVEUP_DIRECTORY_FIRST
  atomic { if :: phase == CUTTING_OVER -> placement = SOURCE; epoch++; phase = READY :: else -> goto out fi };
  fenced = false; fenceEpoch = epoch;
#else
  atomic { if :: phase == CUTTING_OVER -> skip :: else -> goto out fi };
  atomic { if :: moved -> placement = TARGET; epoch++; phase = COMMITTED; goto out     /* decided: finish it */
              :: else -> fenced = false; fenceEpoch = epoch fi };
  /* Release to the source. */
  atomic { if :: phase == CUTTING_OVER -> placement = SOURCE; epoch++; phase = READY :: else fi };
#endif
out: skip }

init { atomic {
#ifdef FIRST_TRY_LOST
  /* A hold of epoch 8 was pushed, and its commit was lost: node 0 has acknowledged it, and serves on by the row. */
  knownEpoch[0] = 9; acknowledged[0] = 8;
#endif
#ifdef CALM                   /* nothing dies, nothing is cut, nobody but requests writes */
  crashes = 0; cuts = 0; jobs = 0;
#endif
#ifdef ONE_CRASH
  cuts = 0; jobs = 0;
#endif
#ifdef ONE_CUT
  crashes = 0; jobs = 0;
#endif
  run App(); run Node(0); run Node(1); run Newcomer(); run Coordinator(); run GivesUp() } }
