import Testing

@testable import TenantDirectory

@Suite("The index of slots")
struct SlotIndexTests {
    @Test("finds what a dictionary finds, over many random steps and few hashes", arguments: [1, 3, 16, 1000])
    func againstDictionary(hashes: Int) {
        // The content of a slot is its number; its hash is one of a few.
        func hash(_ slot: Int32) -> Int { Int(slot) % hashes }
        var index = SlotIndex()
        var model: Set<Int32> = []
        for _ in 0..<4000 {
            let slot = Int32.random(in: 0..<200)
            if model.contains(slot), Bool.random() {
                index.remove(slot, hash: hash(slot), hashOf: hash)
                model.remove(slot)
            } else if !model.contains(slot) {
                index.insert(slot, hash: hash(slot), hashOf: hash)
                model.insert(slot)
            }
            #expect(index.count == model.count)
        }
        for slot in Int32(0)..<200 {
            #expect((index.slot(hash: hash(slot)) { $0 == slot } != nil) == model.contains(slot))
        }
    }

    @Test("does nothing for a slot that is not there")
    func absent() {
        var index = SlotIndex()
        index.remove(5, hash: 5) { Int($0) }
        #expect(index.count == 0)
        index.insert(1, hash: 5) { _ in 5 }
        index.remove(2, hash: 5) { _ in 5 }
        #expect(index.count == 1)
    }
}
