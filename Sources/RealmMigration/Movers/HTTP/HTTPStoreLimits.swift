/// Bounds of what the mover asks of an app, and of what it takes from one.
package struct HTTPStoreLimits: Sendable, Equatable {
    /// For an answer to a question, such as a survey or a claim.
    package var callTimeout = Duration.seconds(10)
    /// For an answer that brings or takes rows, compares them or deletes them.
    package var batchTimeout = Duration.seconds(60)
    /// Bytes of rows that an answer is asked to bring.
    package var batchBytes = StoreBatch.targetBytes
    /// Bytes of an answer with rows, at most: a single row may be longer than a batch.
    package var maxBatchBytes = 16 << 20
    /// Bytes of any other answer.
    package var maxAnswerBytes = 4 << 20
    /// Rows that one call deletes.
    package var purgeRows: Int64 = 5_000

    package init() {}
}
