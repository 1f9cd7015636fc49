import TenantDirectory

/// The allowed moves of a tenant's row.
extension StoreRow {
    /// Whether the ticket is the one that the row was last written for.
    func isHeld(by ticket: MoveTicket) -> Bool {
        migration == ticket.migration && generation == ticket.generation && attempt == ticket.attempt
    }

    func answer(to act: StoreAct, by ticket: MoveTicket) -> StoreAnswer {
        switch act {
        case .claim: return claimed(by: ticket)
        case .decide(let epoch, let wanted): return decided(epoch, wanted, by: ticket)
        case .reassert(let epoch, let token): return reasserted(epoch, token, by: ticket)
        // Whoever is shown the token may open (H34), whenever.
        case .open(let epoch, let token): return opened(epoch, token, by: ticket)
        default: break
        }
        // What is over stays so when it is asked for again.
        if migration.isEmpty {
            switch (act, state) {
            case (.retire, .moved), (.purge, .moved), (.purged, .moved), (.giveUp, .open), (.empty, .open),
                (.emptied, .open),
                (.finish, .open):
                return .asItIs
            default: break
            }
        }
        guard isHeld(by: ticket) else { return overtaken(ticket) }
        switch act {
        case .fence(let epoch): return fenced(epoch)
        case .lift(let epoch): return lifted(epoch)
        case .seal(let epoch, let token): return sealed(epoch, token)
        case .prepare, .retire, .purge, .purged, .giveUp: return leaving(act)
        default: return arriving(act, ticket)
        }
    }

    private func claimed(by ticket: MoveTicket) -> StoreAnswer {
        if migration == ticket.migration {
            guard ticket.generation >= generation, ticket.attempt >= attempt else { return .asItIs }
            return isHeld(by: ticket) ? .asItIs : change { $0.take(ticket) }
        }
        guard migration.isEmpty else { return overtaken(ticket) }
        guard ticket.generation > generation else { return .asItIs }
        return change { row in
            row.take(ticket)
            row.token = nil
        }
    }

    private mutating func take(_ ticket: MoveTicket) {
        migration = ticket.migration
        directory = ticket.directory
        generation = ticket.generation
        attempt = ticket.attempt
    }

    private func fenced(_ epoch: Int64) -> StoreAnswer {
        switch state {
        case .open where self.epoch < epoch, .fenced where self.epoch < epoch:
            change { row in
                row.state = .fenced
                row.epoch = epoch
            }
        case .fenced where self.epoch == epoch: .asItIs
        case .open: .refused(.overtaken, "epoch \(epoch) was given up: the row is open(\(self.epoch))")
        default: misfit("be fenced")
        }
    }

    private func lifted(_ epoch: Int64) -> StoreAnswer {
        switch state {
        case .fenced: fenced(epoch)
        case .open: .refused(.mustRestart, "the row is open(\(self.epoch)), so that what was copied may not be all")
        default: misfit("have its fence lifted")
        }
    }

    private func decided(_ epoch: Int64, _ wanted: StoreDecision, by ticket: MoveTicket) -> StoreAnswer {
        // An open of this epoch or a later one is the decision, whoever wrote it.
        if state == .open, self.epoch >= epoch { return .decided(.open) }
        guard migration == ticket.migration || (migration.isEmpty && state == .moved) else { return overtaken(ticket) }
        switch (state, wanted) {
        case (.moved, _), (.purging, _):
            guard self.epoch == epoch, let token else { return misfit("be decided at epoch \(epoch)") }
            return .decided(.moved(token: token))
        // Anyone may give up: it makes a later fence and a later `moved` of this epoch fail (H14).
        case (.open, .open), (.fenced, .open):
            guard self.epoch <= epoch else { return misfit("be given up at epoch \(epoch)") }
            return change { row in
                row.state = .open
                row.epoch = epoch
            }
        case (.fenced, .moved(let token)):
            guard isHeld(by: ticket) else { return overtaken(ticket) }
            guard self.epoch == epoch else { return misfit("be decided at epoch \(epoch)") }
            return change { row in
                row.state = .moved
                row.token = token
            }
        default: return misfit("be decided")
        }
    }

    private func sealed(_ epoch: Int64, _ token: String) -> StoreAnswer {
        switch state {
        case .arriving where self.epoch <= epoch:
            change { row in
                row.state = .sealed
                row.epoch = epoch
                row.token = token
            }
        case .sealed where self.epoch == epoch: .asItIs
        default: misfit("be sealed at epoch \(epoch)")
        }
    }

    private func opened(_ epoch: Int64, _ token: String, by ticket: MoveTicket) -> StoreAnswer {
        guard self.token == token else { return .refused(.overtaken, "the token is not the one of its seal") }
        if state == .open, self.epoch == epoch + 1 { return .asItIs }
        guard state == .sealed, self.epoch == epoch, migration == ticket.migration else { return misfit("be opened") }
        return change { row in
            row.state = .open
            row.epoch = epoch + 1
        }
    }

    /// The target is open by this token: whatever a row says that was set back, the tenant has left.
    private func reasserted(_ epoch: Int64, _ token: String, by ticket: MoveTicket) -> StoreAnswer {
        guard migration.isEmpty || migration == ticket.migration, ticket.generation >= generation else {
            return overtaken(ticket)
        }
        switch state {
        case .moved where self.epoch == epoch, .purging where self.epoch == epoch: return .asItIs
        case .open where self.epoch <= epoch, .fenced where self.epoch <= epoch:
            return change { row in
                row.take(ticket)
                row.state = .moved
                row.epoch = epoch
                row.token = token
            }
        default: return misfit("say that the tenant left at epoch \(epoch)")
        }
    }

    private func leaving(_ act: StoreAct) -> StoreAnswer {
        switch (act, state) {
        case (.prepare, .open), (.prepare, .fenced): .asItIs
        case (.retire, .moved), (.retire, .purging): .asItIs
        case (.purge, .moved): change { $0.state = .purging }
        case (.purge, .purging): .asItIs
        case (.purged, .purging):
            change { row in
                row.state = .moved
                row.migration = ""
            }
        case (.giveUp, .open), (.giveUp, .fenced):
            change { row in
                row.state = .open
                row.migration = ""
            }
        default: misfit("go that way")
        }
    }

    private func arriving(_ act: StoreAct, _ ticket: MoveTicket) -> StoreAnswer {
        switch (act, state) {
        // What was purged here may come back.
        case (.arrive, .open) where token == nil, (.arrive, .moved) where token == nil:
            change { row in
                row.state = .arriving
                row.other = ticket.source.code
            }
        case (.arrive, .arriving), (.write, .arriving), (.empty, .arriving): .asItIs
        case (.unseal, .arriving): .asItIs
        case (.unseal, .sealed):
            change { row in
                row.state = .arriving
                row.token = nil
            }
        // Claimed, and nothing more.
        case (.empty, .open) where token == nil: .asItIs
        case (.emptied, .arriving),
            (.emptied, .open) where state == .arriving || token == nil:
            change { row in
                row.state = .open
                row.migration = ""
            }
        case (.finish, .open) where token != nil: change { $0.migration = "" }
        default: misfit("take part in that")
        }
    }

    private func change(_ body: (inout StoreRow) -> Void) -> StoreAnswer {
        var row = self
        body(&row)
        return .change(row)
    }

    private func misfit(_ what: String) -> StoreAnswer {
        .refused(.overtaken, "the tenant's row is \(state.rawValue)(\(epoch)) and cannot \(what)")
    }

    private func overtaken(_ ticket: MoveTicket) -> StoreAnswer {
        let holder = migration.isEmpty ? "no migration" : "migration \(migration)"
        return .refused(
            .overtaken,
            "the tenant's row is \(state.rawValue)(\(epoch)) of \(holder), generation \(generation), attempt "
                + "\(attempt); "
                + "this is migration \(ticket.migration), generation \(ticket.generation), attempt \(ticket.attempt)")
    }
}
