/* One tenant's data on its way from the source's store to the target's: copy, catch up, fence, marker, verify, seal,
   decide, open, switch, purge; and back again as a move of its own. A coordinator and one that takes over, at any
   moment, whatever the first has on its way; a source node that ends a hold by itself; an app that writes on both
   sides; a bug or a job that spoils a copied row. Without a -D it is the protocol as it is built; check.py runs it with
   each -D below, and fails when a mistake is not found. The names are those of the code: `SourceStore` and
   `TargetStore` of `RealmMigration/Stores`, the rows are `residency.tenant` in the two stores. The gate and its barrier
   are cutover.pml's business: here the fence alone stops the source's writes.

   What must hold in every state that can be reached:
     nothingIsLost        what was committed in the source is in the target when that is decided, and when it opens
     oneSideWrites        no write commits in one store while the other takes some
     onlyArrivingApplies  a batch goes into a store where the tenant arrives, by this attempt, and nowhere else
     lastCopyStays        rows are deleted only where the tenant does not live and the other side has all of them
     noDifferenceSwitches a row that differs is found before the decision
     openBeforeSwitch     no node is sent to a target that is not open */
#define CHECKED(property, condition) property = (condition); assert(property)
bool nothingIsLost = true, oneSideWrites = true, onlyArrivingApplies = true, lastCopyStays = true;
bool noDifferenceSwitches = true, openBeforeSwitch = true;

/* The directory. */
mtype = { SOURCE, HELD, TARGET };
mtype placement = SOURCE;
byte lease = 1;
/* Whose hold it is: the directory ends a hold by its change, and no other. */
byte holder = 0;

/* The tenant's row in either store, and what is there: how many of the writes. */
mtype = { OPEN, FENCED, MOVED, PURGING, NONE, ARRIVING, SEALED, OPENED };
mtype source = OPEN, target = NONE;
byte sourceGeneration = 0, targetGeneration = 0, targetAttempt = 0;
byte sealToken = 0, movedToken = 0;
byte committed = 1, applied = 0, back = 0;
bool sourceHasRows = true, targetHasRows = false, spoiled = false;
/* Transactions of the app in the source that have written and not committed. */
byte writing = 0;
byte writes = 2, lateWrites = 1, spoils = 1;

#ifdef GENERATION_NOT_WRITTEN  /* the directory's lease is asked, and then the store is written */
#define IN_SOURCE(g) true
#define IN_TARGET(g) true
#define ASKS(g) if :: lease == g -> skip :: else -> goto out fi
#else
#define IN_SOURCE(g) (sourceGeneration == g)
#define IN_TARGET(g) (targetGeneration == g)
#define ASKS(g) skip
#endif

proctype App() {
end: do
  :: atomic { source == OPEN && placement != TARGET && writes > 0 && sourceHasRows -> writes--; writing++ }
  :: atomic { writing > 0 -> writing--; committed++; CHECKED(oneSideWrites, target != OPENED && source != MOVED) }
  :: atomic { target == OPENED && lateWrites > 0 -> lateWrites--; back++;
              CHECKED(oneSideWrites, source == MOVED || source == PURGING) }
#ifdef TARGET_UNFENCED         /* jobs of the target's region write into what arrives */
  :: atomic { targetHasRows && target != OPENED && spoils > 0 -> spoils--; spoiled = true }
#endif
  od }

/* A source node whose hold is old: the row says what is, and where nothing is decided it stays (H14). */
proctype Node() {
  atomic { placement == HELD -> skip };
#ifdef NODE_IGNORES_DECISION
  atomic { source == FENCED || source == MOVED -> source = OPEN }
#else
  atomic { if :: source == FENCED -> source = OPEN :: else fi }
#endif
}

/* A batch is read and applied in two steps: between them anything may happen. Rows of it may be wrong. */
inline apply(g) {
  got = committed;
  ASKS(g);
  atomic {
    if :: IN_TARGET(g) && target == ARRIVING && targetAttempt == attempt ->
            CHECKED(onlyArrivingApplies, true); applied = got; targetHasRows = true;
            if :: spoils > 0 -> spoils--; spoiled = true :: skip fi
#ifdef BATCH_IGNORES_STATE
       :: !(target == ARRIVING && targetAttempt == attempt) -> CHECKED(onlyArrivingApplies, target == NONE); applied = got
#endif
#ifdef GENERATION_NOT_WRITTEN
       :: target == ARRIVING && targetAttempt != attempt -> CHECKED(onlyArrivingApplies, false)
#endif
       :: else -> goto out
    fi }
}

/* Takes away what has arrived. */
inline cleanUp(g) {
  ASKS(g);
  atomic {
    if
#ifdef CLEAN_UP_IGNORES_ROW
       :: true
#else
       :: IN_TARGET(g) && target != OPENED
#endif
          -> CHECKED(lastCopyStays, target != OPENED && source != MOVED && source != PURGING);
             target = NONE; targetHasRows = false; applied = 0; spoiled = false; sealToken = 0
       :: else -> goto out
    fi }
}

proctype Coordinator(byte g) {
  byte got, attempt = g; bool isMoved;
  /* Takes the lease, at any moment, and writes its generation into both rows before it looks. */
  atomic { if :: lease <= g -> lease = g :: else -> goto out fi };
#ifndef GENERATION_NOT_WRITTEN
  atomic { if :: sourceGeneration <= g -> sourceGeneration = g :: else -> goto out fi };
  atomic { if :: targetGeneration <= g -> targetGeneration = g :: else -> goto out fi };
#endif
  isMoved = (source == MOVED || source == PURGING);
#ifdef TAKEOVER_IGNORES_DECISION
  isMoved = false;
#endif
  if :: isMoved -> goto forward :: else fi;
  /* What was begun before is taken away; it may begin anew. */
  if :: g > 1 -> ASKS(g); atomic { if :: IN_SOURCE(g) && source == FENCED -> source = OPEN
#ifdef TAKEOVER_IGNORES_DECISION
                                      :: IN_SOURCE(g) -> source = OPEN
#endif
                                      :: IN_SOURCE(g) && source == OPEN -> skip :: else -> goto out fi };
                 cleanUp(g);
                 atomic { if :: placement == HELD && source == OPEN -> placement = SOURCE :: else fi };
                 if :: goto out :: skip fi
     :: else fi;
  /* prepare: there is no row of the tenant. */
  ASKS(g);
  atomic { if :: IN_TARGET(g) && target == NONE && !targetHasRows -> target = ARRIVING; targetAttempt = attempt
              :: else -> goto out fi };
  /* copying, catchingUp */
  apply(g);
  if :: apply(g) :: skip fi;
  /* cuttingOver: the gate, the fence, the marker. */
  atomic { if :: placement == SOURCE && lease == g -> placement = HELD; holder = g :: else -> goto out fi };
#ifdef MARKER_BEFORE_FENCE
  apply(g);
#endif
  ASKS(g);
#ifdef FENCE_WITHOUT_DRAIN
  atomic { if :: IN_SOURCE(g) && source == OPEN -> source = FENCED :: else -> goto out fi };
#else
  atomic { if :: IN_SOURCE(g) && source == OPEN && writing == 0 -> source = FENCED
              :: !IN_SOURCE(g) || source != OPEN -> goto out fi };
#endif
#ifndef MARKER_BEFORE_FENCE
  apply(g);
#endif
  /* verify */
#ifndef VERIFY_SKIPPED
  if :: spoiled -> goto givenUp :: else fi;
#endif
  if :: goto givenUp :: skip fi;
  /* seal, decide */
  ASKS(g);
  atomic { if :: IN_TARGET(g) && target == ARRIVING && targetAttempt == attempt -> target = SEALED; sealToken = g
              :: else -> goto out fi };
  if :: goto givenUp :: skip fi;
  ASKS(g);
#ifdef PURGE_BEFORE_COMMIT
  atomic { if :: IN_SOURCE(g) && source == FENCED -> sourceHasRows = false;
                 CHECKED(lastCopyStays, target == OPENED) :: else -> goto out fi };
#endif
  atomic { if :: IN_SOURCE(g) && source == FENCED -> source = MOVED; movedToken = g;
                 CHECKED(nothingIsLost, applied == committed); CHECKED(noDifferenceSwitches, !spoiled)
              :: else -> goto givenUp fi };
  /* The answer may be lost on the way: then it is asked for again, as the other decision. */
  if :: goto givenUp :: skip fi;
#ifdef SWITCH_BEFORE_OPEN
  atomic { placement == HELD -> placement = TARGET; CHECKED(openBeforeSwitch, target == OPENED) };
#endif
forward:
  /* open: whoever has the token. */
  atomic { if :: target == SEALED && sealToken == movedToken -> target = OPENED; CHECKED(nothingIsLost, applied == committed)
              :: target == OPENED -> skip
              :: else -> CHECKED(nothingIsLost, false) fi };
  /* The switch in the directory. */
  atomic { if :: placement == HELD -> placement = TARGET; CHECKED(openBeforeSwitch, target == OPENED) :: else fi };
  /* purging, entered by the row; then the rows go. */
  if :: goto out :: skip fi;
  ASKS(g);
  atomic { if :: IN_SOURCE(g) && source == MOVED -> source = PURGING :: IN_SOURCE(g) && source == PURGING -> skip
              :: else -> goto out fi };
  ASKS(g);
  atomic { if :: IN_SOURCE(g) && source == PURGING -> sourceHasRows = false;
                 CHECKED(lastCopyStays, target == OPENED && targetHasRows && placement == TARGET)
              :: else fi };
  goto out;
givenUp:
  /* The decision against it is the same statement; who has lost it goes on to the other end. */
  ASKS(g);
#ifdef GIVE_UP_IGNORES_DECISION
  atomic { IN_SOURCE(g) -> source = OPEN };
#else
  atomic { if :: IN_SOURCE(g) && source == FENCED -> source = OPEN
              :: IN_SOURCE(g) && source == OPEN -> skip
              :: IN_SOURCE(g) && (source == MOVED || source == PURGING) -> goto forward
              :: else -> goto out fi };
#endif
  cleanUp(g);
#ifdef RELEASE_WITHOUT_HOLD
  atomic { if :: placement == HELD && source == OPEN -> placement = SOURCE :: else fi };
#else
  atomic { if :: placement == HELD && source == OPEN && holder == g -> placement = SOURCE :: else fi };
#endif
out: skip }

init { atomic { run App(); run Node(); run Coordinator(1); run Coordinator(2) } }
