/// A place in a ``Slab`` and which of its tenants is meant: a key kept too long finds nobody.
package struct Slot: Sendable, Hashable {
    package let index: UInt32
    package let tenancy: UInt32

    @inlinable package init(index: UInt32, tenancy: UInt32) {
        self.index = index
        self.tenancy = tenancy
    }

    /// Both halves in one word, as the kernel carries them for us.
    @inlinable var token: UInt64 { UInt64(tenancy) << 32 | UInt64(index) }
    @inlinable init(token: UInt64) {
        self.init(index: UInt32(truncatingIfNeeded: token), tenancy: UInt32(truncatingIfNeeded: token >> 32))
    }
}

/// A request that waits somewhere, named across threads: which worker, which place, which tenant.
package struct SlotKey: Sendable, Hashable {
    package let worker: UInt16
    package let slot: UInt32
    package let tenancy: UInt32

    package init(worker: UInt16, slot: UInt32, tenancy: UInt32) {
        self.worker = worker
        self.slot = slot
        self.tenancy = tenancy
    }
}

/// Places for long-lived objects, found by ``Slot``; freed places are used again, with a new tenancy.
package struct Slab<Element> {
    @usableFromInline struct Place {
        @usableFromInline var tenant: Element?
        @usableFromInline var tenancy: UInt32
        @usableFromInline init(tenant: Element?, tenancy: UInt32) {
            self.tenant = tenant
            self.tenancy = tenancy
        }
    }

    @usableFromInline var places: [Place] = []
    @usableFromInline var free: [UInt32] = []
    package private(set) var count = 0

    package init() {}

    package mutating func insert(_ element: Element) -> Slot {
        count += 1
        if let index = free.popLast() {
            places[Int(index)].tenant = element
            return Slot(index: index, tenancy: places[Int(index)].tenancy)
        }
        places.append(Place(tenant: element, tenancy: 1))
        return Slot(index: UInt32(places.count - 1), tenancy: 1)
    }

    /// The tenant that `slot` means; nil when it has left.
    @inlinable package subscript(slot: Slot) -> Element? {
        let index = Int(slot.index)
        guard index < places.count, places[index].tenancy == slot.tenancy else { return nil }
        return places[index].tenant
    }

    /// Another tenant takes a place over, and its name with it.
    package mutating func replace(_ slot: Slot, with element: Element) {
        guard self[slot] != nil else { return }
        places[Int(slot.index)].tenant = element
    }

    /// Frees the place; a slot that is no longer true does nothing.
    package mutating func remove(_ slot: Slot) {
        guard self[slot] != nil else { return }
        places[Int(slot.index)].tenant = nil
        places[Int(slot.index)].tenancy &+= 1
        free.append(slot.index)
        count -= 1
    }

    /// All tenants, in no particular order; for shutdown and counting, not for every turn.
    package var all: [Element] { places.compactMap(\.tenant) }
}
