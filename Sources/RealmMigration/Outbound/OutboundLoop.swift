import CLibCurl
import TenantDirectory

/// The thread's work: takes commands, drives libcurl, answers callers. Nothing else touches a handle of libcurl's.
struct OutboundLoop: Sendable {
    let queue: OutboundQueue
    let configuration: OutboundConfiguration

    /// libcurl's own set-up, once a process.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Runs until the queue is stopped. What is under way then fails with `stopped`.
    func run() {
        var exchanges: [OutboundQueue.ID: OutboundExchange] = [:]
        guard Self.isReady, let multi = curl_multi_init() else {
            queue.stop()
            _ = obey(nil, &exchanges)
            return
        }
        // As many idle connections as calls: a flood of hosts does not pile up sockets.
        residency_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, configuration.maxInFlight)
        queue.attach(OutboundQueue.Wake(multi: multi))
        while obey(multi, &exchanges) {
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            collect(multi, &exchanges)
            // Returns when a socket is ready, a timer of libcurl's is due, or a command came.
            curl_multi_poll(multi, nil, 0, 60_000, nil)
        }
        queue.attach(nil)
        for (_, exchange) in exchanges {
            curl_multi_remove_handle(multi, exchange.easy)
            answer(exchange.transfer, .failure(stopped(exchange.transfer)))
        }
        exchanges.removeAll()
        curl_multi_cleanup(multi)
    }

    /// Carries out what callers asked for.
    /// - Returns: whether to go on.
    private func obey(
        _ multi: UnsafeMutableRawPointer?, _ exchanges: inout [OutboundQueue.ID: OutboundExchange]
    ) -> Bool {
        let (commands, isStopped) = queue.take()
        for command in commands {
            switch command {
            case .start(let transfer):
                guard let multi, !isStopped else {
                    answer(transfer, .failure(stopped(transfer)))
                    continue
                }
                exchanges[transfer.id] = start(transfer, multi)
            case .cancel(let id):
                guard let exchange = exchanges.removeValue(forKey: id) else { continue }
                curl_multi_remove_handle(multi, exchange.easy)
                answer(
                    exchange.transfer,
                    .failure(OutboundError(.cancelled, "the call to \(exchange.transfer.origin) was cancelled")))
            }
        }
        return !isStopped
    }

    /// - Returns: `nil` when the call could not be started, and has been answered so.
    private func start(_ transfer: OutboundTransfer, _ multi: UnsafeMutableRawPointer) -> OutboundExchange? {
        let policy = AddressPolicy(allow: configuration.allow)
        guard let exchange = OutboundExchange(transfer, policy: policy, proxy: configuration.proxy) else {
            answer(transfer, .failure(OutboundError(.failed, "no memory for the call to \(transfer.origin)")))
            return nil
        }
        do throws(OutboundError) {
            try exchange.prepare(configuration)
        } catch {
            answer(transfer, .failure(error))
            return nil
        }
        guard curl_multi_add_handle(multi, exchange.easy) == CURLM_OK else {
            answer(transfer, .failure(OutboundError(.failed, "libcurl does not take the call to \(transfer.origin)")))
            return nil
        }
        return exchange
    }

    /// Answers the callers of finished transfers.
    private func collect(_ multi: UnsafeMutableRawPointer, _ exchanges: inout [OutboundQueue.ID: OutboundExchange]) {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            let result = residency_curl_result(message)
            var context: UnsafeMutablePointer<CChar>?
            residency_curl_get_context(easy, &context)
            curl_multi_remove_handle(multi, easy)
            guard let exchange = OutboundExchange.at(UnsafeMutableRawPointer(context)) else { continue }
            exchanges[exchange.transfer.id] = nil
            answer(exchange.transfer, exchange.outcome(result))
        }
    }

    private func answer(_ transfer: OutboundTransfer, _ outcome: OutboundTransfer.Outcome) {
        queue.answered(transfer.id)
        transfer.finish(outcome)
    }

    private func stopped(_ transfer: OutboundTransfer) -> OutboundError {
        OutboundError(.stopped, "no answer from \(transfer.origin): the gateway is stopping")
    }
}
