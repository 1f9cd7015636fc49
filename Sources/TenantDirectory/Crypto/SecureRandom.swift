import CLibCrypto

/// Random bytes that nobody can guess.
package enum SecureRandom {
    package static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            // A generator that cannot be seeded must stop the process: everything it would sign or seal is worthless.
            precondition(RAND_bytes(buffer.baseAddress, Int32(count)) == 1, "libcrypto has no source of randomness")
            initialized = count
        }
    }
}
