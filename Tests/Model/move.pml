/* One tenant's data on its way from the source's store to the target's: copy, catch up, fence, marker, verify, seal,
   decide, open, switch, what follows back, purge; and the return, a cutover with the roles exchanged. Coordinators at any
   moment, whatever an older one has on its way; a source node that ends a hold by itself; an app that writes where a store
   lets it; a bug or a job that spoils a copied row. With -DLOSSES a standby takes over without the last commits of a store:
   check.py does not run that yet, for it finds a purge, or a decision, after such a loss that is not told apart from harm.
   Without a -D it is the protocol as it is built; check.py runs it with each -D below, and fails when a mistake is not
   found. The names are those of the code: `SourceStore` and `TargetStore` of `RealmMigration/Stores`, the rows are
   `residency.tenant` in the two stores. The gate and its barrier are cutover.pml's business: here the fence alone stops
   the source's writes.

   What must hold in every state that can be reached:
     nothingIsLost        what was committed in one store is in the other when that is decided, and when it opens
     oneSideWrites        no write commits in one store while the other takes some
     onlyArrivingApplies  a batch goes into a store where the tenant arrives, by this attempt, and nowhere else
     lastCopyStays        rows are deleted only where the tenant does not live and the other side has all of them
     noDifferenceSwitches a row that differs is found before the decision
     openBeforeSwitch     no node is sent to a store that is not open
     storesAgree          every store of the tenant leaves, or none (-DTWO_STORES, -DFOLLOWER) */
#define CHECKED(property, condition) property = (condition); assert(property)
bool nothingIsLost = true, oneSideWrites = true, onlyArrivingApplies = true, lastCopyStays = true;
bool noDifferenceSwitches = true, openBeforeSwitch = true, storesAgree = true;

/* The two stores: 0 where the tenant was, 1 where it goes. */
#define OTHER(s) (1 - (s))

/* The directory: where the tenant is, whether it is held, and whose hold it is: a hold ends by its own change. */
byte placement = 0, lease = 1, holder = 0;
bool held = false;

/* The tenant's row in either store, and what is there: how many of the writes. */
mtype = { OPEN, FENCED, MOVED, PURGING, NONE, ARRIVING, SEALED };
typedef Store { mtype row; byte generation; byte attempt; byte token; byte has };
Store store[2];
/* Writes that were acknowledged, and not lost by a store of its own. */
byte total = 1;
bool spoiled = false;
/* Transactions of the app that have written and not committed. */
byte writing[2];
byte writes = 2, lateWrites = 1, spoils = 1;

#ifdef GENERATION_NOT_WRITTEN  /* the directory's lease is asked, and then the store is written */
#define MINE(s, g) true
#define ASKS(g) if :: lease == g -> skip :: else -> goto out fi
#else
#define MINE(s, g) (store[s].generation == g)
#define ASKS(g) skip
#endif

/* A standby that is behind from some moment on, and takes over at another. */
Store old;
byte behind = 2, losses = 1;
bool setBack[2];
/* Waits until the standby has everything. */
#define FLUSH(s) if :: behind == s -> behind = 2 :: else fi

#ifdef LOSSES
proctype Standby() {
end: do
  :: atomic { losses > 0 && behind == 2 ->
       if :: behind = 0 :: behind = 1 fi;
       old.row = store[behind].row; old.generation = store[behind].generation; old.attempt = store[behind].attempt;
       old.token = store[behind].token; old.has = store[behind].has }
  :: atomic { behind != 2 -> behind = 2 }
  :: atomic { behind != 2 ->
       /* What the app wrote where it is served is lost by this store, and nobody else's fault. */
       if :: store[behind].row == OPEN -> total = total - (store[behind].has - old.has) :: else fi;
       store[behind].row = old.row; store[behind].generation = old.generation;
       store[behind].attempt = old.attempt; store[behind].token = old.token; store[behind].has = old.has;
       setBack[behind] = true; writing[behind] = 0; losses = 0; behind = 2 }
  od }
#endif

proctype App() {
end: do
  :: atomic { store[0].row == OPEN && (held || placement == 0) && writes > 0 ->
              writes--; writing[0]++ }
  :: atomic { writing[0] > 0 -> writing[0]--; store[0].has++; total++;
              CHECKED(oneSideWrites, store[1].row != OPEN && store[0].row != MOVED && store[0].row != PURGING) }
  :: atomic { store[1].row == OPEN && lateWrites > 0 -> lateWrites--; store[1].has++; total++;
              CHECKED(oneSideWrites, store[0].row != OPEN) }
#ifdef TARGET_UNFENCED         /* jobs of the target's region write into what arrives */
  :: atomic { store[1].has > 0 && store[1].row != OPEN && spoils > 0 -> spoils--; spoiled = true }
#endif
  od }

/* A second store of the app's, at the old place: it does as the first one did (H30). */
#ifdef FOLLOWER
mtype follower = OPEN;
#define FOLLOWER_BECOMES(r) follower = r; CHECKED(storesAgree, \
    !(follower == MOVED && store[0].row == OPEN) && !(follower == OPEN && store[0].row == MOVED))
#endif

/* A source node whose hold is old: the row says what is, and where nothing is decided it stays (H14). */
proctype Node() {
  atomic { held -> skip };
#ifdef NODE_IGNORES_DECISION
  atomic { store[0].row == FENCED || store[0].row == MOVED -> store[0].row = OPEN }
#else
  /* A server that was set back is not believed: whoever leads asks the target first. */
  atomic { if :: store[0].row == FENCED && !setBack[0] -> store[0].row = OPEN :: else fi }
#endif
}

/* A batch is read and applied in two steps: between them anything may happen. Rows of it may be wrong. */
inline apply(g, from, to) {
  got = store[from].has;
  ASKS(g);
  atomic {
    if :: MINE(to, g) && store[to].row == ARRIVING && store[to].attempt == attempt ->
            CHECKED(onlyArrivingApplies, true); store[to].has = got;
            if :: spoils > 0 -> spoils--; spoiled = true :: skip fi
#ifdef BATCH_IGNORES_STATE
       :: !(store[to].row == ARRIVING && store[to].attempt == attempt) ->
            CHECKED(onlyArrivingApplies, store[to].row == NONE); store[to].has = got
#endif
#ifdef GENERATION_NOT_WRITTEN
       :: store[to].row == ARRIVING && store[to].attempt != attempt -> CHECKED(onlyArrivingApplies, false)
#endif
       :: else -> goto out
    fi }
}

/* Takes away what has arrived; on the way back the row says again that the tenant is elsewhere, and all rows stay. */
inline cleanUp(g, to) {
  ASKS(g);
  atomic {
    if
#ifdef CLEAN_UP_IGNORES_ROW
       :: to == 1
#else
       :: MINE(to, g) && store[to].row != OPEN && to == 1
#endif
          -> CHECKED(lastCopyStays, store[1].row != OPEN && store[0].row != MOVED && store[0].row != PURGING);
             store[1].row = NONE; store[1].has = 0; spoiled = false; store[1].token = 0
       :: MINE(to, g) && to == 0 && (store[0].row == ARRIVING || store[0].row == SEALED) ->
             store[0].row = MOVED; store[0].token = store[1].token; spoiled = false
       :: MINE(to, g) && to == 0 && store[0].row == MOVED -> skip
       :: else -> goto out
    fi }
}

/* Takes the lease, at any moment, and writes its generation into both rows before it looks. */
inline lead(g) {
  atomic { if :: lease <= g -> lease = g :: else -> goto out fi };
#ifndef GENERATION_NOT_WRITTEN
  atomic { if :: store[0].generation <= g -> store[0].generation = g :: else -> goto out fi };
  atomic { if :: store[1].generation <= g -> store[1].generation = g :: else -> goto out fi }
#endif
}

/* Before it is said that the tenant stays where a server was set back: the seal comes off, or the target is open and the
   source says again that the tenant has left (H32). */
inline recall(g, from, to) {
#ifndef SOURCE_FORGETS
  if :: setBack[from] && store[from].row != MOVED && store[from].row != PURGING ->
          atomic { if :: MINE(to, g) && store[to].row == SEALED -> store[to].row = ARRIVING; store[to].token = 0;
                         FLUSH(to)
                      :: else fi };
          atomic { if :: MINE(from, g) && store[to].row == OPEN && store[from].row != OPEN ->
                         store[from].row = MOVED; store[from].token = store[to].token
                      :: !MINE(from, g) -> goto out
                      :: else fi }
     :: else fi
#else
  skip
#endif
}

/* From the gate to the end of a cutover. */
inline cutOver(g, from, to) {
  atomic { if :: !held && placement == from && lease == g -> held = true; holder = g :: else -> goto out fi };
#ifdef MARKER_BEFORE_FENCE
  apply(g, from, to);
#endif
#ifdef FOLLOWER
  atomic { if :: MINE(from, g) && follower == OPEN && store[from].row == OPEN -> follower = FENCED
              :: else -> goto givenUp fi };
#endif
  ASKS(g);
#ifdef FENCE_WITHOUT_DRAIN
  atomic { if :: MINE(from, g) && store[from].row == OPEN -> store[from].row = FENCED; FLUSH(from) :: else -> goto out fi };
#else
  atomic { if :: MINE(from, g) && store[from].row == OPEN && writing[from] == 0 -> store[from].row = FENCED; FLUSH(from)
              :: !MINE(from, g) || store[from].row != OPEN -> goto out fi };
#endif
#ifndef MARKER_BEFORE_FENCE
  apply(g, from, to);
#endif
  /* verify */
#ifndef VERIFY_SKIPPED
  if :: spoiled -> goto givenUp :: else fi;
#endif
  /* The slot, its snapshot and the fence are those of the server that it was prepared on (H8). */
  if :: goto givenUp :: !setBack[from] && !setBack[to] -> skip fi;
#ifndef NO_SEAL
  ASKS(g);
  atomic { if :: MINE(to, g) && store[to].row == ARRIVING && store[to].attempt == attempt ->
                   store[to].row = SEALED; store[to].token = g
              :: else -> goto out fi };
#ifndef TARGET_FORGETS
  atomic { FLUSH(to) };
#endif
#endif
  if :: goto givenUp :: skip fi;
  ASKS(g);
#ifdef TWO_STORES              /* each of the stores decides for itself */
  atomic { if :: follower == FENCED -> FOLLOWER_BECOMES(MOVED) :: else -> goto givenUp fi };
#endif
#ifdef PURGE_BEFORE_COMMIT
  atomic { if :: MINE(from, g) && store[from].row == FENCED -> store[from].has = 0;
                 CHECKED(lastCopyStays, store[to].row == OPEN) :: else -> goto out fi };
#endif
  atomic { if :: MINE(from, g) && store[from].row == FENCED -> store[from].row = MOVED; store[from].token = g;
                 CHECKED(nothingIsLost, store[to].has == total || setBack[from]);
                 CHECKED(noDifferenceSwitches, !spoiled)
              :: else -> goto givenUp fi };
  /* The answer may be lost on the way: then it is asked for again, as the other decision. */
  if :: goto givenUp :: skip fi;
#ifdef SWITCH_BEFORE_OPEN
  atomic { held -> placement = to; held = false; CHECKED(openBeforeSwitch, store[to].row == OPEN) };
#endif
forward:
  /* open: whoever has the token of the decision. */
  atomic { if :: store[to].row == SEALED && store[to].token == store[from].token && store[from].row == MOVED ->
                   store[to].row = OPEN; CHECKED(nothingIsLost, store[to].has == total)
#ifdef NO_SEAL
              :: store[to].row != OPEN -> store[to].row = OPEN; store[to].token = store[from].token;
                   CHECKED(nothingIsLost, store[to].has == total)
#endif
              :: store[to].row == OPEN -> skip
              :: else -> CHECKED(nothingIsLost, store[from].row != MOVED); goto out fi };
#ifdef FOLLOWER
  atomic { if :: follower == FENCED && store[from].row == MOVED -> FOLLOWER_BECOMES(MOVED) :: else fi };
#endif
  /* The switch in the directory. */
#ifdef RELEASE_WITHOUT_HOLD    /* whatever hold there is by now */
  atomic { if :: held -> placement = to; held = false; CHECKED(openBeforeSwitch, store[to].row == OPEN) :: else fi };
#else
  atomic { if :: held && store[to].row == OPEN -> placement = to; held = false :: else fi };
#endif
}

/* The decision against it is the same statement; who has lost it goes on to the other end. */
inline giveUp(g, from, to) {
  recall(g, from, to);
  ASKS(g);
#ifdef GIVE_UP_IGNORES_DECISION
  atomic { MINE(from, g) -> store[from].row = OPEN };
#else
  atomic { if :: MINE(from, g) && store[from].row == FENCED -> store[from].row = OPEN
              :: MINE(from, g) && store[from].row == OPEN -> skip
              :: MINE(from, g) && (store[from].row == MOVED || store[from].row == PURGING) -> goto forward
              :: else -> goto out fi };
#endif
#ifdef FOLLOWER
  atomic { if :: follower != OPEN && store[from].row == OPEN -> FOLLOWER_BECOMES(OPEN) :: else fi };
#endif
  cleanUp(g, to);
#ifdef RELEASE_WITHOUT_HOLD
  atomic { if :: held && store[from].row == OPEN -> held = false :: else fi }
#else
  atomic { if :: held && store[from].row == OPEN && holder == g -> held = false :: else fi }
#endif
}

proctype Coordinator(byte g) {
  byte got, attempt = g; bool hasLeft;
  lead(g);
  recall(g, 0, 1);
  hasLeft = (store[0].row == MOVED || store[0].row == PURGING);
#ifdef TAKEOVER_IGNORES_DECISION
  hasLeft = false;
#endif
  if :: hasLeft -> goto forward :: else fi;
  /* What was begun before is taken away; it may begin anew. */
  if :: g > 1 -> ASKS(g); atomic { if :: MINE(0, g) && store[0].row == FENCED -> store[0].row = OPEN
#ifdef TAKEOVER_IGNORES_DECISION
                                      :: MINE(0, g) -> store[0].row = OPEN
#endif
                                      :: MINE(0, g) && store[0].row == OPEN -> skip :: else -> goto out fi };
#ifdef FOLLOWER
                 atomic { if :: follower != OPEN -> FOLLOWER_BECOMES(OPEN) :: else fi };
#endif
                 cleanUp(g, 1);
                 atomic { if :: held && store[0].row == OPEN -> held = false :: else fi };
                 if :: goto out :: skip fi
     :: else fi;
  /* prepare: there is no row of the tenant. */
  ASKS(g);
  atomic { if :: MINE(1, g) && store[1].row == NONE && store[1].has == 0 -> store[1].row = ARRIVING; store[1].attempt = attempt
              :: else -> goto out fi };
  /* copying, catchingUp */
  apply(g, 0, 1);
  if :: apply(g, 0, 1) :: skip fi;
  cutOver(g, 0, 1);
  /* purging, entered by the row; then the rows go. */
  if :: goto out :: skip fi;
  ASKS(g);
#ifndef PURGE_IN_MOVED
  atomic { if :: MINE(0, g) && store[0].row == MOVED -> store[0].row = PURGING
              :: MINE(0, g) && store[0].row == PURGING -> skip :: else -> goto out fi };
#else
  if :: store[0].row == MOVED -> skip :: else -> goto out fi;
#endif
  ASKS(g);
  /* The target is looked at before each deletion: open, and by that token (H31). */
#ifndef TARGET_FORGETS
  if :: store[1].row == OPEN && store[1].token == store[0].token && placement == 1 -> skip :: else -> goto out fi;
#endif
#ifdef PURGE_IN_MOVED
  atomic { store[0].has = 0; CHECKED(lastCopyStays, store[1].row == OPEN && store[1].has == total && placement == 1) };
#else
  atomic { if :: MINE(0, g) && store[0].row == PURGING -> store[0].has = 0;
                 CHECKED(lastCopyStays, store[1].row == OPEN && store[1].has == total && placement == 1)
              :: else fi };
#endif
  goto out;
givenUp:
  giveUp(g, 0, 1);
out: skip }

#ifndef ONE_WAY
/* The return, before the purge: what is written at the new place has followed, and the roles are exchanged (H22, H36). */
proctype Return(byte g) {
  byte got, attempt = g;
  atomic { placement == 1 && !held -> skip };
  lead(g);
  /* A stream of a server that was set back is not gone on with: the return is a second move. */
  if :: setBack[0] || setBack[1] -> goto out :: else fi;
  /* What follows is applied where the row says that the tenant has left. */
  got = store[1].has;
  atomic { if :: MINE(0, g) && store[0].row == MOVED -> store[0].has = got :: else -> goto out fi };
  /* turn: one statement, and from `purging` there is no return. */
  atomic { if :: MINE(0, g) && store[0].row == MOVED -> store[0].row = ARRIVING; store[0].attempt = attempt
              :: else -> goto out fi };
  apply(g, 1, 0);
  cutOver(g, 1, 0);
  goto out;
givenUp:
  giveUp(g, 1, 0);
out: skip }
#endif

init { atomic {
  store[0].row = OPEN; store[0].has = 1; store[1].row = NONE;
  run App(); run Node(); run Coordinator(1); run Coordinator(2);
#ifndef ONE_WAY
  run Return(3);
#endif
#ifdef LOSSES
  run Standby();
#endif
} }
