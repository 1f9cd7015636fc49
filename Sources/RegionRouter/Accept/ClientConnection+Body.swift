import NIOCore

// The request's body, on its way to the app or to nowhere.
extension ClientConnection {
    /// The exchange has an app connection: head first, then what is there of the body, in one go where possible.
    func appIsReady(_ app: AppConnection) {
        if record.connectedAt == nil { record.connectedAt = loop.now }
        let start = outgoing(for: app.server)
        // Most requests are a head and nothing more.
        if body.hasEnded, heldBody == nil { return app.writeWhole(start) }
        app.write(start)
        if case .exchange(let exchange) = phase, let held = heldBody {
            heldBody = nil
            app.write(held)
            app.flush(requestEnded: true)
            return exchange.requestEnded()
        }
        let sent = record.requestBytes
        pumpBody()
        if record.requestBytes == sent, !body.hasEnded { app.flush(requestEnded: false) }
        sayContinue()
        readIfWaiting()
    }

    /// The head as it goes to a server: an app instance is called by its own name where the configuration says so.
    private func outgoing(for server: UpstreamServer) -> ByteBuffer {
        guard loop.shared.configuration.hostHeader == .instance, server.kind == .app,
            var start = outgoing.getSlice(at: outgoing.readerIndex, length: outgoingHost.lowerBound),
            let rest = outgoing.getSlice(
                at: outgoing.readerIndex + outgoingHost.upperBound,
                length: outgoing.readableBytes - outgoingHost.upperBound)
        else { return outgoing }
        start.writeBytes(server.authority)
        start.writeImmutableBuffer(rest)
        return start
    }

    /// Where the value of `Host` stands in ``outgoing``: behind a request line whose parts are known.
    private var outgoingHost: Range<Int> {
        let target = head.path.count + (head.hasQuery ? head.query.count + 1 : 0)
        let start = head.methodRange.count + 1 + target + " HTTP/1.1\r\nHost: ".utf8.count
        return start..<start + outgoingHostCount
    }

    /// Hands the app what has come of the body, as far as it takes it.
    func pumpBody() {
        guard case .exchange(let exchange) = phase, !body.hasEnded, let app = exchange.app else { return }
        let isChunked = head.framing == .chunked
        var wrote = false
        do throws(RouterError) {
            while app.isWritable, var data = try body.take(&input) {
                record.requestBytes += data.readableBytes
                wrote = true
                if isChunked { ChunkWriter.write(&data) { app.write($0) } } else { app.write(data) }
            }
        } catch {
            return bodyFailed(error)
        }
        if wrote { deadline = .now() + times.body }
        guard body.hasEnded else {
            if wrote { app.flush(requestEnded: false) }
            return
        }
        deadline = nil
        if isChunked { app.write(ChunkWriter.end) }
        app.flush(requestEnded: true)
        exchange.requestEnded()
    }

    /// The client waits for a word before it sends the body (RFC 9110 §10.1.1), and the app is there to take it.
    func sayContinue() {
        guard head.expectsContinue, !saidContinue, !body.hasEnded, body.received == 0, input.readableBytes == 0,
            !responseStarted
        else { return }
        saidContinue = true
        context?.writeAndFlush(
            ClientConnection.wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
    }

    /// The client waits for a 100 that it has not been given: it may never send its body, or send it all the same.
    var mayKeepBody: Bool {
        head.expectsContinue && !saidContinue && !body.hasEnded && body.received == 0 && input.readableBytes == 0
    }

    func bodyTimedOut() {
        bodyFailed(RouterError(.requestTimeout, "The request's body did not arrive in time."))
    }

    /// The body cannot be had to its end: the app will not get it, and the connection cannot go on.
    private func bodyFailed(_ error: RouterError) {
        keepAlive = false
        let exchange = self.exchange
        let started = responseStarted
        if started {
            exchange?.clientLeft()
            closeNow()
        } else {
            respond(error)
            exchange?.clientLeft()
        }
    }

    // MARK: Dropping it

    /// The app has answered before it had the whole body. The rest is read and dropped, so that the client can read
    /// the answer.
    func discardRequest() {
        endRecord(status: record.status)
        responseStarted = false
        beginDiscarding()
    }

    func beginDiscarding() {
        if mayKeepBody { return endConnection() }
        phase = .discarding
        deadline = .now() + times.body
        advance()
    }

    func pumpDiscarded() {
        do throws(RouterError) {
            while try body.take(&input) != nil {
                deadline = .now() + times.body
            }
        } catch {
            return closeNow()
        }
        guard body.hasEnded else { return }
        nextRequest()
    }

    // MARK: Tunnels

    func tunnelBegan() {
        guard case .exchange(let exchange) = phase else { return }
        phase = .tunnel(exchange)
        deadline = nil
        flushResponse()
        advance()
    }

    func pumpTunnel() {
        guard case .tunnel(let exchange) = phase, let app = exchange.app, app.isWritable else { return }
        record.requestBytes += input.readableBytes
        let data = input
        input = ByteBuffer()
        app.writeTunnel(data)
    }
}
