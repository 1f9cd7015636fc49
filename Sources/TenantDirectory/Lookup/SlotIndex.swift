/// Finds slots of a table by a hash of what is in them: an open-addressed table of slot numbers, four bytes an entry.
///
/// A dictionary would keep each key a second time; with 100,000 tenants that is 15 MB.
struct SlotIndex {
    private static let empty: Int32 = -1

    /// A power of two, never more than half full. The hash of an entry is asked for when it is moved.
    private var places: [Int32]
    private(set) var count = 0

    init() { places = [Int32](repeating: Self.empty, count: 16) }

    /// The first slot with this hash that fits.
    func slot(hash: Int, where fits: (Int32) -> Bool) -> Int32? {
        var place = hash & (places.count - 1)
        while places[place] != Self.empty {
            if fits(places[place]) { return places[place] }
            place = (place + 1) & (places.count - 1)
        }
        return nil
    }

    /// Adds a slot. One slot may be added once only under a hash.
    /// - Parameter hashOf: the hash another entry was added under, by its slot.
    mutating func insert(_ slot: Int32, hash: Int, hashOf: (Int32) -> Int) {
        if 2 * (count + 1) > places.count { grow(hashOf) }
        put(slot, hash)
        count += 1
    }

    /// Removes a slot, and closes the gap.
    mutating func remove(_ slot: Int32, hash: Int, hashOf: (Int32) -> Int) {
        let mask = places.count - 1
        var place = hash & mask
        while places[place] != slot {
            guard places[place] != Self.empty else { return }
            place = (place + 1) & mask
        }
        count -= 1
        var gap = place
        var next = (place + 1) & mask
        while places[next] != Self.empty {
            let home = hashOf(places[next]) & mask
            // The entry may go into the gap where its home is not between the gap and its place.
            if (next - home) & mask >= (next - gap) & mask {
                places[gap] = places[next]
                gap = next
            }
            next = (next + 1) & mask
        }
        places[gap] = Self.empty
    }

    private mutating func grow(_ hashOf: (Int32) -> Int) {
        let old = places
        places = [Int32](repeating: Self.empty, count: 2 * old.count)
        for slot in old where slot != Self.empty { put(slot, hashOf(slot)) }
    }

    private mutating func put(_ slot: Int32, _ hash: Int) {
        var place = hash & (places.count - 1)
        while places[place] != Self.empty { place = (place + 1) & (places.count - 1) }
        places[place] = slot
    }
}
